//! What TRAFFIT's answer to a write means. Its refusals have several shapes (§1.10); its words are shown to the
//! caller whose input is refused, and to nobody else.

use http::StatusCode;
use serde_json::Value;

use super::plan::is_creation;
use crate::connectors::action::Unacted;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Refusal as Words, status_error};
use crate::connectors::vendor_http::Answer;
use crate::domain::{ActionKind, ErrorCode, Refusal};

/// The body of an answer that says yes, null when there is none.
pub fn accepted(answer: &Answer, kind: ActionKind) -> Result<Value, Unacted> {
    if !answer.status.is_success() {
        return Err(refused(answer, kind));
    }
    body(answer).map_err(Unacted::Vendor)
}

/// A page in the place of an answer says nothing of whether the write was carried out.
pub fn body(answer: &Answer) -> Result<Value, Error> {
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    answer.json().map_err(|error| error.may_have_arrived(true))
}

pub fn refused(answer: &Answer, kind: ActionKind) -> Unacted {
    let words = Words::read(&answer.body);
    match answer.status {
        StatusCode::BAD_REQUEST
        | StatusCode::CONFLICT
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => Unacted::Refused(invalid(&words, kind)),
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            let text = format!("TRAFFIT has nothing at {} for this id", answer.endpoint);
            let refusal = Refusal::new(ErrorCode::RemoteNotFound, text);
            Unacted::Refused(Refusal { vendor_message: words.message, ..refusal })
        }
        _ => Unacted::Vendor(status_error(answer, words.code.as_deref()).private(words.private())),
    }
}

/// An error of a step that only reads.
pub fn of_read(error: Error) -> Unacted {
    match error.kind {
        ErrorKind::NotFound => Unacted::Refused(Refusal::new(ErrorCode::RemoteNotFound, error.public)),
        _ => Unacted::Vendor(error),
    }
}

pub fn invalid(words: &Words, kind: ActionKind) -> Refusal {
    let by_field: Vec<String> = words.fields.iter().map(|(field, said)| format!("{field}: {said}")).collect();
    let said = if by_field.is_empty() { words.message.clone() } else { Some(by_field.join("; ")) };
    let refusal = Refusal::new(ErrorCode::RemoteInputInvalid, "TRAFFIT refuses a value");
    let refusal = match words.fields.iter().find_map(|(field, _)| path(field, kind)) {
        Some(path) => refusal.at(path),
        None => refusal,
    };
    Refusal { vendor_message: said, ..refusal }
}

/// TRAFFIT's name of a field as the path of our input.
fn path(field: &str, kind: ActionKind) -> Option<&'static [&'static str]> {
    let creates = is_creation(kind);
    Some(match field.split('.').next_back()? {
        "email" if creates => &["input", "candidate", "emailAddress"],
        "name" if creates => &["input", "candidate", "firstName"],
        "lastname" if creates => &["input", "candidate", "lastName"],
        "file" | "dictionary_file_type" if creates => &["input", "attachments"],
        "file" if kind == ActionKind::AddAttachmentToApplication => &["input", "attachment"],
        "dictionary_file_type" => &["input", "attachment", "type"],
        "content" if kind == ActionKind::AddNoteToApplication => &["input", "content"],
        _ => return None,
    })
}
