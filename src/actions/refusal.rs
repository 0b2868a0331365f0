//! What a vendor's failure is to the caller: a code, with the vendor's error as its words.

use crate::connectors::{Error, ErrorKind};
use crate::domain::{ErrorCode, Refusal};

pub fn of(error: &Error) -> Refusal {
    let code = match error.kind {
        ErrorKind::Auth => ErrorCode::IntegrationCredentialsInvalid,
        ErrorKind::Permission => ErrorCode::IntegrationPermissionMissing,
        ErrorKind::NotFound => ErrorCode::RemoteNotFound,
        ErrorKind::Invalid => ErrorCode::RemoteInputInvalid,
        ErrorKind::RateLimited => ErrorCode::RemoteRateLimited,
        ErrorKind::Unavailable if error.may_have_arrived => ErrorCode::RemoteTimeout,
        ErrorKind::Unavailable => ErrorCode::RemoteUnavailable,
        ErrorKind::Shape => ErrorCode::RemoteUnknown,
        ErrorKind::Unsupported => ErrorCode::ActionNotSupported,
    };
    Refusal::new(code, error.public.clone())
}
