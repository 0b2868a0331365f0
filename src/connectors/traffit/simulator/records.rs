//! The vendor's records as the account holds them. Times are what the vendor keeps: naive, Warsaw wall clock
//! (§1.9), so that a wall-clock time that never existed can be held too. Nothing here knows JSON but the
//! free fields.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::NaiveDateTime;
use serde_json::{Map, Value};

/// An employee (§4.1).
#[derive(Clone, Debug, Default)]
pub struct Candidate {
    pub name: Cow<'static, str>,
    pub lastname: Cow<'static, str>,
    /// `None` is omitted, `Some("")` is served as an empty string: both occur.
    pub email: Option<String>,
    pub mobile: Option<String>,
    pub status: Cow<'static, str>,
    /// The label; its dictionary id is looked up when served.
    pub source: Option<Cow<'static, str>>,
    pub owner: Option<i64>,
    pub created_by: Option<i64>,
    pub updated_by: Option<i64>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Form and custom fields by key; wins over what `profile` gives.
    pub fields: Map<String, Value>,
    pub tags: Vec<i64>,
    pub files: Vec<File>,
    /// Seeded people derive unset form fields from this number when served; 0 derives nothing.
    pub(super) profile: u64,
}

impl Candidate {
    pub fn new(name: &str, lastname: &str, email: &str) -> Self {
        Self {
            name: name.to_owned().into(),
            lastname: lastname.to_owned().into(),
            email: (!email.is_empty()).then(|| email.to_owned()),
            status: "active".into(),
            ..Self::default()
        }
    }
}

/// A file of an employee (§4.5).
#[derive(Clone, Debug)]
pub struct File {
    pub id: i64,
    /// `None`: named after its owner.
    pub name: Option<String>,
    pub content_type: Cow<'static, str>,
    pub uploaded_at: NaiveDateTime,
    /// `None`: a small text derived from the id.
    pub content: Option<Bytes>,
    pub is_public: bool,
    /// The upload's `dictionary_file_type`.
    pub label: Option<String>,
}

/// How a job's `responsible_person` is served (§5.1).
#[derive(Clone, Debug, Default)]
pub enum Responsible {
    #[default]
    Nobody,
    /// `[{id,email}]`
    Users(Vec<i64>),
    /// `{id,email}`
    Single(i64),
    /// `[{user:{id}}]`
    Wrapped(Vec<i64>),
    /// `{user:{id}}`
    WrappedSingle(i64),
}

/// A recruitment (§5.1).
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub name: String,
    pub nr_ref: Option<String>,
    pub client: Option<i64>,
    /// As served. A job whose workflow is unknown still moves people through the first workflow.
    pub workflow_id: Option<i64>,
    pub is_closed: bool,
    pub is_confidential: bool,
    pub closing_date: Option<NaiveDateTime>,
    /// Stays `active` on closed jobs.
    pub status: String,
    pub responsible: Responsible,
    pub created_by: Option<i64>,
    pub updated_by: Option<i64>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Custom fields by SID.
    pub fields: Map<String, Value>,
}

impl Job {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), status: "active".to_owned(), ..Self::default() }
    }
}

/// One row of the stage ledger (§5.8).
#[derive(Clone, Debug)]
pub struct LedgerRow {
    pub id: i64,
    pub employee: i64,
    pub recruitment: i64,
    pub state: i64,
    pub date: NaiveDateTime,
    /// `None`: the current stage.
    pub end_date: Option<NaiveDateTime>,
    pub created_by: Option<i64>,
    pub updated_by: Option<i64>,
}

/// What an activity says (§4.6).
#[derive(Clone, Debug)]
pub enum Said {
    Imported,
    /// A stage change; the rejection reason's id when it was one.
    Moved {
        ledger: i64,
        rejection: Option<i64>,
    },
    /// A note from the seed; the number picks text and encoding.
    SeededNote(u8),
    SeededMail(u8),
    Note(Box<str>),
}

#[derive(Clone, Debug)]
pub struct Activity {
    pub id: i64,
    pub employee: i64,
    pub at: NaiveDateTime,
    pub by: Option<i64>,
    pub said: Said,
}

/// One row a candidate and origin (§5.9).
#[derive(Clone, Debug)]
pub struct SourceRow {
    pub id: i64,
    pub employee: i64,
    /// Position in the table of origins.
    pub origin: u8,
    pub recruitment: Option<i64>,
}

/// A workflow and its states (§5.5).
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    pub name: String,
    pub updated_at: NaiveDateTime,
    pub states: Vec<State>,
}

#[derive(Clone, Debug, Default)]
pub struct State {
    pub id: i64,
    pub name: String,
    /// `start`, `screening`, …, `end-good`, `end-bad`, `wait`.
    pub kind: String,
    pub sid: Option<String>,
    pub order: i64,
    pub time_limit: Option<i64>,
    pub is_rejection: bool,
}

impl State {
    pub fn new(id: i64, name: &str, kind: &str, order: i64) -> Self {
        Self { id, name: name.to_owned(), kind: kind.to_owned(), order, ..Self::default() }
    }
}

/// A user (§5.10).
#[derive(Clone, Debug, Default)]
pub struct User {
    pub username: String,
    pub name: Option<String>,
    pub lastname: Option<String>,
    pub email: Option<String>,
    pub is_active: bool,
    pub updated_at: NaiveDateTime,
}

/// A published advert (§2.1).
#[derive(Clone, Debug, Default)]
pub struct Advert {
    pub advert_id: i64,
    pub recruitment: i64,
    pub name: String,
    pub language: String,
    /// `(field_id, value)` in the order served.
    pub values: Vec<(String, Value)>,
    pub locations: Vec<Value>,
    pub options: Map<String, Value>,
    pub valid_start: NaiveDateTime,
    pub valid_end: NaiveDateTime,
    pub awarded: bool,
    pub has_form: bool,
}

/// A form field that the tenant configured (§1.8).
#[derive(Clone, Debug)]
pub struct CustomField {
    /// With its leading `_`.
    pub sid: String,
    pub label: String,
    /// Empty for text fields.
    pub choices: Vec<String>,
    pub multiple: bool,
}

/// Records that can be served as any JSON, see `Account::serve_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    Employee,
    Recruitment,
    History,
    Activity,
    Source,
    User,
    Workflow,
    Client,
    JobPost,
}
