//! The nine record types as every vendor's data is mapped to them. Field names in camel case are the names
//! of the graph. Empty text from a vendor is absent here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::id::Id;
use super::{ApplicationOutcome, ContactType, EmploymentType, HiringTeamRole, JobStatus, RecordType, RemoteWorkStatus};

/// Says which record type a Rust type is.
pub trait Typed: Send + Sync + 'static {
    const TYPE: RecordType;
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub remote_id: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub remote_id: String,
    pub name: Option<String>,
    /// The requisition code that people use.
    pub code: Option<String>,
    /// As the vendor gives it, usually HTML.
    pub description: Option<String>,
    pub confidential: Option<bool>,
    pub status: Option<JobStatus>,
    pub status_raw: Option<String>,
    pub category: Option<String>,
    pub department: Option<String>,
    pub employment_type: Option<EmploymentType>,
    pub employment_type_raw: Option<String>,
    pub experience_level: Option<String>,
    pub remote_work_status: Option<RemoteWorkStatus>,
    pub remote_work_status_raw: Option<String>,
    pub location: Option<Location>,
    pub post_url: Option<String>,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub remote_created_at: Option<DateTime<Utc>>,
    pub contact: Option<Id<User>>,
    pub integration_fields: Vec<IntegrationField>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub remote_id: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub source: Option<String>,
    pub phone_numbers: Vec<PhoneNumber>,
    pub email_addresses: Vec<EmailAddress>,
    pub location: Option<Location>,
    pub remote_created_at: Option<DateTime<Utc>>,
    pub integration_fields: Vec<IntegrationField>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub remote_id: String,
    pub outcome: Option<ApplicationOutcome>,
    pub rejected_at: Option<DateTime<Utc>>,
    pub remote_created_at: Option<DateTime<Utc>>,
    pub current_stage: Option<Id<ApplicationStage>>,
    pub job: Option<Id<Job>>,
    pub candidate: Option<Id<Candidate>>,
    pub integration_fields: Vec<IntegrationField>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationStage {
    pub remote_id: String,
    pub name: Option<String>,
    /// Position among all stages of the vendor, where it has one order for all.
    pub global_index: Option<i32>,
}

/// A stage in one job's pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStage {
    /// 0-based position in the job's pipeline.
    pub index: Option<i32>,
    pub job: Id<Job>,
    pub stage: Id<ApplicationStage>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub remote_id: String,
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateTag {
    pub candidate: Id<Candidate>,
    pub tag: Id<Tag>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HiringTeamMember {
    pub roles: Vec<HiringTeamRole>,
    pub job: Id<Job>,
    pub user: Id<User>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    pub city: Option<String>,
    pub country: Option<String>,
    pub raw: Option<String>,
    pub state: Option<String>,
    pub street1: Option<String>,
    pub street2: Option<String>,
    pub zip_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneNumber {
    pub number: String,
    pub r#type: Option<ContactType>,
    pub type_raw: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAddress {
    pub address: String,
    pub r#type: Option<ContactType>,
    pub type_raw: Option<String>,
}

/// A vendor field that has no unified counterpart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationField {
    pub key: String,
    /// What the vendor's users see.
    pub label: Option<String>,
    pub value: Value,
}

/// The vendor's payloads of one record, keyed by the endpoint that they came from, e.g. `/recruitments/{id}`.
pub type Payload = BTreeMap<String, Value>;

/// One record of any type; serialized as its own fields alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Record {
    User(User),
    Job(Job),
    Candidate(Candidate),
    Application(Application),
    ApplicationStage(ApplicationStage),
    JobStage(JobStage),
    Tag(Tag),
    CandidateTag(CandidateTag),
    HiringTeamMember(HiringTeamMember),
}

/// A record as it was just read at its vendor.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Made by the integration's [`super::IdSpace`].
    pub id: Uuid,
    pub record: Record,
    pub payload: Payload,
}

macro_rules! record_types {
    ($($name:ident),+) => {
        $(
            impl Typed for $name {
                const TYPE: RecordType = RecordType::$name;
            }
            impl From<$name> for Record {
                fn from(record: $name) -> Self {
                    Self::$name(record)
                }
            }
        )+

        impl Record {
            pub fn record_type(&self) -> RecordType {
                match self { $(Self::$name(_) => RecordType::$name),+ }
            }

            /// The record's own fields under their names in the graph.
            pub fn fields(&self) -> Value {
                // Serialization of these plain types cannot fail; an empty object would only name no field.
                serde_json::to_value(self).unwrap_or_default()
            }
        }
    };
}

record_types!(User, Job, Candidate, Application, ApplicationStage, JobStage, Tag, CandidateTag, HiringTeamMember);

impl Snapshot {
    pub fn new<T: Typed + Into<Record>>(id: Id<T>, record: T, payload: Payload) -> Self {
        Self { id: id.uuid(), record: record.into(), payload }
    }
}

impl Record {
    /// The vendor's own identifier; none for join records.
    pub fn remote_id(&self) -> Option<&str> {
        match self {
            Self::User(record) => Some(&record.remote_id),
            Self::Job(record) => Some(&record.remote_id),
            Self::Candidate(record) => Some(&record.remote_id),
            Self::Application(record) => Some(&record.remote_id),
            Self::ApplicationStage(record) => Some(&record.remote_id),
            Self::Tag(record) => Some(&record.remote_id),
            Self::JobStage(_) | Self::CandidateTag(_) | Self::HiringTeamMember(_) => None,
        }
    }
}
