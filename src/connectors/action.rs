//! Writing to a vendor, as data. An action is a row of steps that its vendor names one by one, each from what the
//! earlier ones found; the engine writes down what is about to be sent and what was answered, so that a step can be
//! resumed without being sent twice. Nothing here is sent or kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use futures::StreamExt;
use futures::stream;
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use crate::domain::{ActionKind, AttachmentType, Gender, RecordType, Refusal, SalaryPeriod, Snapshot};
use crate::net::{Body, Opener};

/// What is to be written, with the vendor's own ids. Kept in the journal as it is; the bytes of attachments lie
/// beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// For CREATE_CANDIDATE and CREATE_APPLICATION.
    pub person: Option<Person>,
    /// Remote id of the job: of a creation, else of the application that is written to.
    pub job: Option<String>,
    /// Remote id of the stage: where a creation lands, or where a move goes.
    pub stage: Option<String>,
    /// Remote id of the candidate that is written to.
    pub candidate: Option<String>,
    /// Remote id of the application that is written to.
    pub application: Option<String>,
    pub attachments: Vec<Attachment>,
    pub source: Option<String>,
    /// Nobody named the source: it is the integration's own.
    pub source_by_default: bool,
    pub gdpr_consent: Option<bool>,
    /// ADD_NOTE_TO_APPLICATION.
    pub note: Option<String>,
    /// ADD_RESULT_LINK_TO_APPLICATION.
    pub link: Option<ResultLink>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2, upper case, known to exist.
    pub country: Option<String>,
    pub state: Option<String>,
    pub street: Option<String>,
    pub zip_code: Option<String>,
    pub gender: Option<Gender>,
    pub availability_date: Option<NaiveDate>,
    pub salary: Option<Salary>,
}

/// In the vendor's currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Salary {
    pub period: SalaryPeriod,
    pub amount: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// A file name without path.
    pub name: String,
    pub r#type: AttachmentType,
    pub content_type: String,
    pub size: u64,
    /// BLAKE3 of the bytes, in hexadecimal digits.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultLink {
    pub label: String,
    pub url: String,
    pub prefix: Option<String>,
    pub attributes: Vec<(String, String)>,
}

/// An action as far as it is.
pub struct Action<'a> {
    pub kind: ActionKind,
    pub input: &'a Input,
    pub created_at: DateTime<Utc>,
    /// In the order in which they were begun; the last one may be the one that is carried out.
    pub taken: &'a [Taken],
}

/// A step that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    pub name: String,
    pub state: TakenState,
    /// What the step found, in the vendor's own form; null until it is done.
    pub memo: Value,
    /// When it was about to be sent, for the last time. None when it is known not to have arrived.
    pub sent_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenState {
    Open,
    Done,
    /// Given up; only a step that the action can do without.
    Failed,
}

impl Action<'_> {
    pub fn taken(&self, name: &str) -> Option<&Taken> {
        self.taken.iter().find(|taken| taken.name == name)
    }

    /// What a step found, if it is done.
    pub fn memo(&self, name: &str) -> Option<&Value> {
        self.taken(name).filter(|taken| taken.state == TakenState::Done).map(|taken| &taken.memo)
    }

    /// Whether a step is over, well or not.
    pub fn is_over(&self, name: &str) -> bool {
        self.taken(name).is_some_and(|taken| taken.state != TakenState::Open)
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    Done(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Unique within the action, shown to the operator, e.g. `create candidate`, `attach file 1`.
    pub name: String,
    pub kind: StepKind,
    /// The position of the attachment that it sends: when it fails for good, the action goes on without it.
    pub attachment: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Reads, or asks whether something is finished: repeated as often as one likes.
    Read,
    /// Writes: never sent again before [`super::Connector::find`] says that it did not arrive.
    Write,
}

impl Step {
    pub fn read(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: StepKind::Read, attachment: None }
    }

    pub fn write(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: StepKind::Write, attachment: None }
    }

    pub fn for_attachment(mut self, position: usize) -> Self {
        self.attachment = Some(position);
        self
    }
}

/// What an action that is done has touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Remote ids.
    pub candidate: Option<String>,
    pub application: Option<String>,
    /// What to read at the vendor, so that the mirror has it.
    pub touched: Vec<(RecordType, String)>,
}

/// What came of carrying a step out.
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    Done {
        memo: Value,
        warnings: Vec<Warning>,
    },
    /// Not finished at the vendor: carry the step out again after this time. For steps that read.
    Wait(Duration),
}

impl Acted {
    pub fn done(memo: Value) -> Self {
        Self::Done { memo, warnings: Vec::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub message: String,
    /// Path of the input, below the mutation's arguments.
    #[serde(default)]
    pub field: Vec<String>,
}

/// Why a step was not carried out.
#[derive(Debug, Clone)]
pub enum Unacted {
    /// For good, and in words for the caller: the job is closed, the vendor refuses a value.
    Refused(Refusal),
    Vendor(Error),
}

impl From<Error> for Unacted {
    fn from(error: Error) -> Self {
        Self::Vendor(error)
    }
}

/// Whether a write whose answer was lost arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// With the memo that its answer would have given.
    Arrived(Value),
    /// The vendor shows that it never arrived: it may be sent.
    Missing,
    /// The vendor cannot show it yet: ask again after this time.
    Unclear(Duration),
}

/// The bytes of an action's attachments, which are read while they are sent.
pub trait Files: Send + Sync {
    fn open(&self, position: usize) -> Opener;
}

/// An attachment between `before` and `after`, as the body of a request.
pub fn body_of(files: &dyn Files, (position, size): (usize, u64), [before, after]: [Bytes; 2]) -> Body {
    let open = files.open(position);
    let around = [&before, &after].map(|bytes| bytes.len() as u64);
    let length = around.iter().sum::<u64>() + size;
    let piece = |bytes: &Bytes| stream::iter((!bytes.is_empty()).then(|| Ok(bytes.clone())));
    Body::pieces(length, Arc::new(move || piece(&before).chain(open()).chain(piece(&after)).boxed()))
}

/// Records that were asked for singly.
#[derive(Debug, Default)]
pub struct Fetched {
    pub records: Vec<Snapshot>,
    /// What the vendor confirms to have no longer.
    pub gone: Vec<(RecordType, String)>,
    /// A type of join records and the remote id of what they belong to: all that it has of them is in `records`.
    pub complete: Vec<(RecordType, String)>,
}

/// A request of the caller's own, below the vendor's API root.
#[derive(Debug, Clone)]
pub struct Passthrough {
    pub method: Method,
    /// Decoded segments of the path, none of them empty, `.` or `..`.
    pub path: Vec<String>,
    pub trailing_slash: bool,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}
