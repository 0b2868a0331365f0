//! What the simulated account holds. Ids are the vendor's: uuids for persons, applicants and posts, numbers
//! written as text for the rest.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};

pub type Text = Cow<'static, str>;

/// What a record can be served as instead, see [`super::Account::serve_as`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    Post,
    Applicant,
    JobApplication,
    Person,
    MasterData,
    OrganizationUnit,
}

/// A key pair and its grid.
#[derive(Clone, Debug)]
pub struct Key {
    pub secret: String,
    /// `<category>:read` and `<category>:write`.
    pub permissions: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub struct Person {
    /// None only where a tenant of old has persons without one.
    pub uuid: Option<String>,
    pub person_id: String,
    pub personnel_number: String,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    /// Numbers of organization units; a person may have several, or none.
    pub units: Vec<String>,
    pub is_active: bool,
}

impl Person {
    pub fn id(&self) -> &str {
        self.uuid.as_deref().unwrap_or(&self.person_id)
    }
}

#[derive(Clone, Debug)]
pub struct Unit {
    pub uuid: String,
    pub name: String,
    pub parent: Option<String>,
    pub is_active: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Address {
    pub street: Option<Text>,
    pub street_number: Option<Text>,
    pub additional_data: Option<Text>,
    pub zip_code: Option<Text>,
    pub city: Option<Text>,
    pub state: Option<Text>,
    /// Alpha-3.
    pub country: Option<Text>,
    pub phone: Option<Text>,
}

#[derive(Clone, Debug)]
pub struct Establishment {
    pub name: String,
    pub number: String,
    pub address: Address,
}

#[derive(Clone, Debug, Default)]
pub struct Post {
    /// None for posts that are known by their key alone.
    pub uuid: Option<String>,
    pub name: String,
    pub display_name: Option<String>,
    pub is_active: bool,
    pub unit_number: Option<String>,
    pub unit_uuid: Option<String>,
    /// The id of a person.
    pub contact: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_email: Option<String>,
    pub scope_of_activities: Option<String>,
    pub image_url: Option<String>,
    /// Name of the section, title, description.
    pub sections: Vec<(String, Option<String>, Option<String>)>,
    pub offers: Vec<Offer>,
    pub sources: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Offer {
    pub id: String,
    pub suffix: Option<String>,
    pub description: Option<String>,
    /// Ids of permanent establishments.
    pub establishments: Vec<String>,
    pub place_of_work_type: Option<String>,
    pub employment_contract: Option<String>,
    pub working_time_model: Option<String>,
    pub career_level: Option<String>,
    pub job_portal: Option<String>,
    pub priority: Option<i64>,
    pub publication_date: Option<NaiveDate>,
    pub valid_until_date: Option<NaiveDate>,
    pub is_active: bool,
    /// Served under the names of 1.24.
    pub is_legacy: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Applicant {
    pub first_name: Text,
    pub last_name: Text,
    pub email: Option<String>,
    pub title: Option<Text>,
    pub salutation: Option<Text>,
    pub gender: Option<Text>,
    pub address: Address,
    pub birthday: Option<NaiveDate>,
    pub earliest_possible_join_date: Option<NaiveDate>,
    /// Served under the names of 1.24.
    pub is_legacy: bool,
}

#[derive(Clone, Debug)]
pub struct JobApplication {
    /// The uuid of an applicant.
    pub applicant: String,
    /// The key of a post.
    pub post: String,
    pub offer: Option<String>,
    pub status: Text,
    pub created_at: DateTime<Utc>,
    pub source: Option<Text>,
    pub desired_salary: Option<u32>,
    pub permission_to_store: Option<Text>,
    pub has_privacy_terms_accepted: Option<bool>,
    pub remark: Option<Text>,
    pub documents: Vec<Document>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub id: u64,
    pub name: Text,
    pub content_type: Text,
    /// None: a text that the simulator makes up.
    pub content: Option<Bytes>,
}

impl JobApplication {
    /// A new one, as the vendor begins them (§6, row 14).
    pub fn new(applicant: &str, post_key: &str, created_at: DateTime<Utc>) -> Self {
        Self {
            applicant: applicant.to_owned(),
            post: post_key.to_owned(),
            offer: None,
            status: "applied".into(),
            created_at,
            source: None,
            desired_salary: None,
            permission_to_store: None,
            has_privacy_terms_accepted: None,
            remark: None,
            documents: Vec::new(),
        }
    }
}
