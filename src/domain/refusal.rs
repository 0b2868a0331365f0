//! Expected failures, as data: a closed code, a text that can be acted on, the input at fault.

use serde::{Deserialize, Serialize};

use super::enums::closed_enum;

closed_enum!(
    /// Why something that was asked for was not done.
    ErrorCode {
        InputInvalid = "INPUT_INVALID",
        NotFound = "NOT_FOUND",
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
        AttachmentTooLarge = "ATTACHMENT_TOO_LARGE",
        AttachmentUrlRefused = "ATTACHMENT_URL_REFUSED",
        AttachmentUrlUnreachable = "ATTACHMENT_URL_UNREACHABLE",
        IntegrationPaused = "INTEGRATION_PAUSED",
        IntegrationCredentialsInvalid = "INTEGRATION_CREDENTIALS_INVALID",
        IntegrationPermissionMissing = "INTEGRATION_PERMISSION_MISSING",
        ActionNotSupported = "ACTION_NOT_SUPPORTED",
        FieldNotSupported = "FIELD_NOT_SUPPORTED",
        RemoteInputInvalid = "REMOTE_INPUT_INVALID",
        RemoteNotFound = "REMOTE_NOT_FOUND",
        RemoteRateLimited = "REMOTE_RATE_LIMITED",
        RemoteUnavailable = "REMOTE_UNAVAILABLE",
        RemoteTimeout = "REMOTE_TIMEOUT",
        RemoteUnknown = "REMOTE_UNKNOWN",
        JobClosed = "JOB_CLOSED",
        ApplicationAlreadyExists = "APPLICATION_ALREADY_EXISTS",
        StageNotInJob = "STAGE_NOT_IN_JOB",
        ActionInProgress = "ACTION_IN_PROGRESS",
    }
);

impl ErrorCode {
    /// What it means, and what to do about it.
    pub const fn explained(self) -> (&'static str, &'static str) {
        match self {
            Self::InputInvalid => {
                ("A value of the input cannot be used.", "Correct the value that `field` names; nothing was changed.")
            }
            Self::NotFound => (
                "There is no such thing, or it may not be seen with this key.",
                "Check the id, and the integrations that the key is restricted to.",
            ),
            Self::IdempotencyKeyReused => {
                ("The idempotency key was used before with another input.", "Use a new key for a new input.")
            }
            Self::AttachmentTooLarge => ("An attachment is larger than allowed.", "Send a smaller file."),
            Self::AttachmentUrlRefused => (
                "The address of an attachment may not be downloaded from: it is not https, or not public.",
                "Give a public https address, or send the file as `data`.",
            ),
            Self::AttachmentUrlUnreachable => (
                "An attachment could not be downloaded.",
                "Check that the address answers without a login, then try again.",
            ),
            Self::IntegrationPaused => ("The integration is paused.", "Resume it by `updateIntegration`."),
            Self::IntegrationCredentialsInvalid => (
                "The vendor refuses the credentials.",
                "Follow the `fix` of the failed test, then enter the credentials again.",
            ),
            Self::IntegrationPermissionMissing => (
                "The credentials are good, but may not do this at the vendor.",
                "Grant the permission at the vendor that the message names.",
            ),
            Self::ActionNotSupported => {
                ("The vendor has no such action.", "See `Connector.coverage` for what it supports.")
            }
            Self::FieldNotSupported => {
                ("The vendor has no such field.", "See `Connector.coverage` for what it supports.")
            }
            Self::RemoteInputInvalid => {
                ("The vendor refuses the input.", "`vendorMessage` has the vendor's own words; correct the input.")
            }
            Self::RemoteNotFound => (
                "The vendor has no such record any more.",
                "Wait for the next sync, or ask for one by `syncIntegration`.",
            ),
            Self::RemoteRateLimited => ("The vendor limits how often it may be asked.", "Try again later."),
            Self::RemoteUnavailable => ("The vendor cannot be reached, or fails.", "Try again later."),
            Self::RemoteTimeout => ("The vendor did not answer in time.", "Try again later."),
            Self::RemoteUnknown => (
                "The vendor answered in a way that its reference does not know.",
                "The log names the endpoint; report it if it stays.",
            ),
            Self::JobClosed => ("The job takes no applications any more.", "Choose a job whose status is OPEN."),
            Self::ApplicationAlreadyExists => {
                ("The candidate has applied for this job already.", "Use the existing application.")
            }
            Self::StageNotInJob => ("The stage is not one of the job's pipeline.", "Choose one of `Job.stages`."),
            Self::ActionInProgress => (
                "A write that concerns the record is not over yet.",
                "Try again when it has ended; `Query.actions` shows it.",
            ),
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::RemoteRateLimited | Self::RemoteUnavailable | Self::RemoteTimeout | Self::ActionInProgress => true,
            Self::InputInvalid
            | Self::NotFound
            | Self::IdempotencyKeyReused
            | Self::AttachmentTooLarge
            | Self::AttachmentUrlRefused
            | Self::AttachmentUrlUnreachable
            | Self::IntegrationPaused
            | Self::IntegrationCredentialsInvalid
            | Self::IntegrationPermissionMissing
            | Self::ActionNotSupported
            | Self::FieldNotSupported
            | Self::RemoteInputInvalid
            | Self::RemoteNotFound
            | Self::RemoteUnknown
            | Self::JobClosed
            | Self::ApplicationAlreadyExists
            | Self::StageNotInJob => false,
        }
    }
}

/// One expected failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: ErrorCode,
    pub message: String,
    /// The path of the input at fault, in the graph's names.
    pub field: Vec<String>,
    pub vendor_message: Option<String>,
}

impl Refusal {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: Vec::new(), vendor_message: None }
    }

    /// An input that cannot be used; `field` is its path below the mutation's arguments.
    pub fn input(field: &[&str], message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InputInvalid, message).at(field)
    }

    pub fn vendor_message(mut self, message: Option<String>) -> Self {
        self.vendor_message = message;
        self
    }

    pub fn at(mut self, field: &[&str]) -> Self {
        self.field = field.iter().map(|part| (*part).to_owned()).collect();
        self
    }
}
