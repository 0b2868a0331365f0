//! What callers ask for, in the graph's words.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{ActionKind, AttachmentType, Gender, SalaryPeriod};

/// A write with what belongs to every one.
#[derive(Debug, Clone)]
pub struct Request {
    pub write: Write,
    pub idempotency_key: Option<String>,
}

/// Serialized only to tell one input from another.
#[derive(Debug, Clone, Serialize)]
pub enum Write {
    CreateCandidate(CreateInput),
    CreateApplication(CreateInput),
    AddAttachmentToApplication {
        application: Uuid,
        attachment: AttachmentInput,
    },
    AddAttachmentToCandidate {
        candidate: Uuid,
        attachment: AttachmentInput,
    },
    MoveApplicationToStage {
        application: Uuid,
        stage: Uuid,
    },
    AddResultLinkToApplication {
        application: Uuid,
        label: String,
        url: String,
        prefix: Option<String>,
        attributes: Vec<(String, String)>,
    },
    AddNoteToApplication {
        application: Uuid,
        content: String,
    },
}

impl Write {
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::CreateCandidate(_) => ActionKind::CreateCandidate,
            Self::CreateApplication(_) => ActionKind::CreateApplication,
            Self::AddAttachmentToApplication { .. } => ActionKind::AddAttachmentToApplication,
            Self::AddAttachmentToCandidate { .. } => ActionKind::AddAttachmentToCandidate,
            Self::MoveApplicationToStage { .. } => ActionKind::MoveApplicationToStage,
            Self::AddResultLinkToApplication { .. } => ActionKind::AddResultLinkToApplication,
            Self::AddNoteToApplication { .. } => ActionKind::AddNoteToApplication,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct CreateInput {
    pub integration: Uuid,
    pub person: PersonInput,
    pub job: Uuid,
    pub stage: Option<Uuid>,
    pub attachments: Vec<AttachmentInput>,
    pub source: Option<String>,
    pub gdpr_consent: Option<bool>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct PersonInput {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub title: Option<String>,
    pub phone: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub state: Option<String>,
    pub street: Option<String>,
    pub zip_code: Option<String>,
    pub gender: Option<Gender>,
    /// None inside: what was given is no date.
    pub availability_date: Option<Option<NaiveDate>>,
    pub salary: Option<(SalaryPeriod, f64)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct AttachmentInput {
    pub name: String,
    pub r#type: AttachmentType,
    pub content_type: Option<String>,
    pub content: Content,
}

#[derive(Debug, Clone, Serialize)]
pub enum Content {
    /// Base64.
    Data(String),
    Url(String),
    /// Neither or both were given.
    Unclear,
}
