//! What HR WORKS sends, under its own names, in both generations of its API: 2.10, and the names of 1.24 that
//! old tenants may still have (quirk 3). No attribute is required by the vendor's document, so all are
//! optional here; absent and null are the same; numbers may come as text and the other way round.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::de::{DeserializeOwned, Error, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::text::present;

/// `POST /authentication` (§1.3).
#[derive(Deserialize)]
pub struct TokenAnswer {
    pub token: SecretString,
}

/// A person's base data or master data (§4.1).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub person_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub first_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub last_name: Option<String>,
    /// Only in master data.
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
}

impl Person {
    pub fn into_id(self) -> Option<String> {
        self.uuid.or(self.person_id)
    }
}

/// §4.2.
#[derive(Debug, Deserialize)]
pub struct OrganizationUnit {
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub number: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
}

/// How a post is known: by its uuid; by its key where that was all there was (1.24).
#[derive(Debug, Deserialize)]
pub struct PostKey {
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub key: Option<String>,
}

impl PostKey {
    pub fn of(row: &Value) -> Option<Self> {
        Self::deserialize(row).ok()
    }

    pub fn id(&self) -> Option<&str> {
        self.uuid.as_deref().or(self.key.as_deref())
    }
}

/// §3.1.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    #[serde(flatten)]
    pub known_as: PostKey,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub display_name: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub is_active: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub organization_unit_number: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub organization_unit_uuid: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub contact_information: ContactInformation,
    #[serde(default, deserialize_with = "text")]
    pub scope_of_activities: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub scope_of_activities_key: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub post_descriptions: BTreeMap<String, Option<Section>>,
    #[serde(default, deserialize_with = "nullable")]
    pub post_offers: Vec<PostOffer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactInformation {
    #[serde(default, deserialize_with = "nullable")]
    pub contact_person: Person,
}

/// One of the five sections of a post's description.
#[derive(Debug, Deserialize)]
pub struct Section {
    #[serde(default, deserialize_with = "text")]
    pub title: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
}

/// §3.2.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostOffer {
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub permanent_establishments: Vec<PermanentEstablishment>,
    #[serde(default, deserialize_with = "text")]
    pub place_of_work_type_key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub employment_contract_key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub working_time_model_key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub career_level: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub career_level_key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub publication_date: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub valid_until_date: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub is_active: Option<bool>,
    /// 1.24, for the place of work.
    #[serde(default, deserialize_with = "flag")]
    pub home_office_available: Option<bool>,
    /// 1.24, for contract and working time.
    #[serde(default, deserialize_with = "text")]
    pub employment_type_key: Option<String>,
}

/// §4.3.
#[derive(Debug, Deserialize)]
pub struct PermanentEstablishment {
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub address: Address,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    #[serde(default, deserialize_with = "text")]
    pub street: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub street_number: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub additional_data: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub zip_code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub city: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub state: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub international_country_code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub phone: Option<String>,
}

/// §3.3.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applicant {
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub first_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub last_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub title: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub address: Address,
    /// 1.24; later `address.phone`.
    #[serde(default, deserialize_with = "text")]
    pub phone: Option<String>,
}

/// The applicant of a job application, as far as an application needs it.
#[derive(Debug, Default, Deserialize)]
pub struct ApplicantKey {
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
}

/// §3.4, without what nobody reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobApplication {
    #[serde(default, deserialize_with = "text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub applicant: ApplicantKey,
    #[serde(default, deserialize_with = "text")]
    pub post_uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub post_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub post_offer_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub status_identifier: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub creation_date_and_time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub how_did_you_hear_about_us: Option<String>,
    /// Null as long as none is known, which is not the same as none.
    #[serde(default)]
    pub application_documents: Option<Vec<Value>>,
}

fn wrong<E: Error>(value: &Value, expected: &'static str) -> E {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    E::invalid_type(Unexpected::Other(found), &expected)
}

/// Text with something in it; a number is taken as its digits.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(present(Some(text))),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(wrong(&value, "text")),
    }
}

/// The `id` or other identifier of a row that cannot be understood otherwise.
pub fn text_of(row: &Value, key: &str) -> Option<String> {
    text(row.get(key)?).ok().flatten()
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    match &value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::String(text) => match text.trim() {
            "" => Ok(None),
            "false" => Ok(Some(false)),
            "true" => Ok(Some(true)),
            _ => Err(wrong(&value, "a flag")),
        },
        _ => Err(wrong(&value, "a flag")),
    }
}

/// Null is as good as absent.
fn nullable<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
