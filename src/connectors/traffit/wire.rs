//! What TRAFFIT sends, under its own names. Tolerant where the reference is inferred: numbers may come as
//! text, absent and null are the same, and fields that nobody reads are not named. Relations are left out
//! by TRAFFIT when they are null (guide §1.9).

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::domain::text::present;

/// A vendor id: a whole number, also accepted as digits in a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Id(pub String);

impl Id {
    pub fn read(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => whole(number).and_then(|number| u64::try_from(number).ok()),
            Value::String(text) => text.trim().parse::<u64>().ok(),
            _ => None,
        };
        number.map(|number| Self(number.to_string()))
    }

    /// The `id` of a row, also of one that cannot be understood otherwise.
    pub fn of(row: &Value) -> Option<Self> {
        Self::read(row.get("id")?)
    }

    /// For ordering: ids grow with time.
    pub fn number(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| wrong(&value, "an id"))
    }
}

/// A reference: `{"id": n}`, sometimes with a label; a bare id is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(pub Id);

impl Reference {
    pub fn read(value: &Value) -> Option<Self> {
        Id::of(value).or_else(|| Id::read(value)).map(Self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| wrong(&value, "a reference with an id"))
    }
}

/// `/users/`, guide §5.10.
#[derive(Debug, Deserialize)]
pub struct User {
    pub id: Id,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub lastname: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
}

/// `/employees/`, guide §4.1.
#[derive(Debug, Deserialize)]
pub struct Employee {
    pub id: Id,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub lastname: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub mobile: Option<String>,
    #[serde(default, deserialize_with = "dictionary_value")]
    pub source: Option<String>,
}

/// `/workflows/{id}`, guide §5.5.
#[derive(Debug, Deserialize)]
pub struct Workflow {
    pub id: Id,
    pub states: Vec<Value>,
}

/// A state of a workflow, or as a ledger row names it.
#[derive(Debug, Deserialize)]
pub struct State {
    pub id: Id,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "integer")]
    pub order: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub is_rejection: Option<bool>,
}

/// A row of `/recruitments/`, guide §5.1.
#[derive(Debug, Deserialize)]
pub struct RecruitmentRow {
    pub id: Id,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, rename = "nrRef", alias = "nr_ref", deserialize_with = "text")]
    pub nr_ref: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub is_confidential: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub is_closed: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub closing_date: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub created_at: Option<String>,
}

/// `/recruitments/{id}`: what the list does not tell, and what may be newer than there.
#[derive(Debug, Deserialize)]
pub struct RecruitmentDetail {
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, rename = "nrRef", alias = "nr_ref", deserialize_with = "text")]
    pub nr_ref: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub created_at: Option<String>,
    #[serde(default, deserialize_with = "optional_reference")]
    pub workflow_id: Option<Id>,
    #[serde(default, deserialize_with = "text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub is_closed: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub closing_date: Option<String>,
    /// An array of `{id,email}`, a single object, or `{user:{id}}`.
    #[serde(default)]
    pub responsible_person: Value,
}

/// What the ledger stream needs to choose the current row, guide §5.8.
#[derive(Debug, Deserialize)]
pub struct LedgerKey {
    /// Left out, as every relation that is null, when the person or the recruitment is no more (guide §1.9).
    #[serde(default)]
    pub employee: Option<Reference>,
    #[serde(default)]
    pub recruitment: Option<Reference>,
    #[serde(default, deserialize_with = "text")]
    pub end_date: Option<String>,
}

/// An open row of `/employees/recruitment_history`.
#[derive(Debug, Deserialize)]
pub struct LedgerRow {
    #[serde(default, deserialize_with = "text")]
    pub date: Option<String>,
    #[serde(default)]
    pub workflow_state: Option<State>,
}

/// `/employees/{id}/tags`, guide §4.7. The shape was never captured: where a tag has no `name`, TRAFFIT's
/// other `{id,value}` items are what it most likely looks like.
#[derive(Debug, Deserialize)]
pub struct Tag {
    pub id: Id,
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub value: Option<String>,
}

/// What the adverts stream needs to choose among posts, guide §2.1.
#[derive(Debug, Deserialize)]
pub struct PostKey {
    pub advert: PostKeyAdvert,
}

#[derive(Debug, Deserialize)]
pub struct PostKeyAdvert {
    /// Left out when the advert belongs to no recruitment (guide §1.9).
    #[serde(default)]
    pub recruitment: Option<Reference>,
}

/// A row of `/public/job_posts/published`. `options` is an empty array when there are none.
#[derive(Debug, Deserialize)]
pub struct Post {
    pub advert: Advert,
    #[serde(default, deserialize_with = "text")]
    pub url: Option<String>,
    #[serde(default)]
    pub options: Value,
}

#[derive(Debug, Deserialize)]
pub struct Advert {
    #[serde(default)]
    pub locations: Value,
    #[serde(default)]
    pub values: Option<Vec<AdvertValue>>,
}

#[derive(Debug, Deserialize)]
pub struct AdvertValue {
    #[serde(default, deserialize_with = "text")]
    pub field_id: Option<String>,
    #[serde(default)]
    pub value: Value,
}

/// `POST /oauth2/token`, guide §1.3.
#[derive(Deserialize)]
pub struct TokenAnswer {
    pub access_token: secrecy::SecretString,
    #[serde(default, deserialize_with = "integer")]
    pub expires_in: Option<i64>,
    /// What was granted, separated by spaces.
    #[serde(default, deserialize_with = "text")]
    pub scope: Option<String>,
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
pub fn plain_text(value: &Value) -> Result<Option<String>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(present(Some(text.as_str()))),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(()),
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    plain_text(&value).map_err(|()| wrong(&value, "text"))
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    match &value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        Value::String(text) => match text.trim() {
            "" => Ok(None),
            "0" | "false" => Ok(Some(false)),
            "1" | "true" => Ok(Some(true)),
            _ => Err(wrong(&value, "a flag")),
        },
        _ => Err(wrong(&value, "a flag")),
    }
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => whole(number),
        _ => None,
    };
    number.map(Some).ok_or_else(|| wrong(&value, "an integer"))
}

/// PHP writes a whole number as `5.0` once it was computed.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let exact = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
    number.as_i64().or_else(|| number.as_f64().and_then(exact))
}

fn optional_reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Id>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    match &value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        _ => Reference::read(&value).map(|to| Some(to.0)).ok_or_else(|| wrong(&value, "an id")),
    }
}

/// A dictionary item `{id,value}`, whose `value` may be missing; its label alone is accepted.
fn dictionary_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let label = match &value {
        Value::Object(item) => item.get("value").unwrap_or(&Value::Null),
        // PHP's form of an empty object.
        Value::Array(items) if items.is_empty() => &Value::Null,
        other => other,
    };
    plain_text(label).map_err(|()| wrong(label, "text"))
}
