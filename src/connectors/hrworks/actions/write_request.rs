//! The vendor's write requests (§2): a write is answered by the id of its request; that is asked after until it is
//! finished; and a finished one may have failed.

use serde_json::Value;

use crate::connectors::action::Unacted;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::hrworks::client::{Client, get};
use crate::connectors::hrworks::refusal::{Refusal, Type};
use crate::connectors::hrworks::wire::text_of;
use crate::connectors::vendor_http::Call;
use crate::domain::{self, ErrorCode};

/// Of applications and files.
pub const REQUEST: &str = "/applicant-management/job-applications/jobs/{id}";

/// Words of an end; what is none of them is pending. Only `finished` is documented.
const ENDS: [&str; 5] = ["finished", "done", "completed", "failed", "error"];
const BAD_ENDS: [&str; 2] = ["failed", "error"];

/// Longest vendor's text that is passed on, in characters.
const LONGEST: usize = 500;

#[derive(Debug, PartialEq)]
pub enum Polled {
    Pending,
    /// `result`, as far as there is one.
    Succeeded(Value),
    Failed(Failure),
    /// HR WORKS knows no such request, or not any more.
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The vendor's own; they may name persons.
    pub words: Option<String>,
    /// Whether the same may be taken another time. Nothing of a failed request was carried out.
    pub passes: bool,
}

impl Failure {
    pub fn refusal(self, code: ErrorCode, message: &str) -> domain::Refusal {
        domain::Refusal { vendor_message: self.words, ..domain::Refusal::new(code, message) }
    }
}

/// Sends a write; gives the id of its request. `what`: for the caller, in the case that it is refused.
pub async fn start(client: Client<'_>, call: Call, what: &str) -> Result<String, Unacted> {
    let answer = client.0.send(call).await?;
    if answer.status.is_success() {
        let body: Value = answer.json().map_err(|error| error.may_have_arrived(true))?;
        if let Some(id) = text_of(&body, "jobId") {
            return Ok(id);
        }
        if Refusal::of(&body).kind.is_none() {
            return Err(Error::shape(&answer.endpoint, "jobId", "present").may_have_arrived(true).into());
        }
    }
    let refusal = Refusal::read(&answer.body);
    let words = refusal.message.clone();
    let error = refusal.error_of_write(&answer);
    match error.kind {
        ErrorKind::Invalid => {
            let message = format!("HR WORKS does not take {what}");
            let refused = domain::Refusal::new(ErrorCode::RemoteInputInvalid, message);
            Err(Unacted::Refused(domain::Refusal { vendor_message: words, ..refused }))
        }
        ErrorKind::NotFound => {
            let message = format!("HR WORKS has nothing any more that it could add {what} to");
            Err(Unacted::Refused(domain::Refusal::new(ErrorCode::RemoteNotFound, message)))
        }
        _ => Err(error.into()),
    }
}

/// `endpoint`: where the kind of write is asked after.
pub async fn poll(client: Client<'_>, endpoint: &'static str, id: &str) -> Result<Polled, Error> {
    let answer = client.0.send(get(endpoint).with("id", id)).await?;
    if answer.status.is_success() {
        let body: Value = answer.json()?;
        return match Refusal::of(&body).kind {
            Some(_) => Err(Refusal::of(&body).error(&answer)),
            None => Ok(read(&body)),
        };
    }
    let refusal = Refusal::read(&answer.body);
    let unknown = match refusal.kind {
        Some(kind) => kind == Type::InvalidJobId,
        None => matches!(answer.status.as_u16(), 404 | 410),
    };
    if unknown { Ok(Polled::Unknown) } else { Err(refusal.error(&answer)) }
}

/// The status alone says whether it is finished; what is in it, whether it went well.
fn read(body: &Value) -> Polled {
    let status = body.get("status").and_then(Value::as_str).unwrap_or_default().trim().to_ascii_lowercase();
    if !ENDS.contains(&status.as_str()) {
        return Polled::Pending;
    }
    let nothing = Value::Null;
    let response = body.get("apiResponse").unwrap_or(&nothing);
    let list = |name: &str| response.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (general, data) = (list("generalErrors"), list("dataErrors"));
    let result = response.get("result").filter(|result| !result.is_null());
    if general.is_empty() && data.is_empty() && (result.is_some() || !BAD_ENDS.contains(&status.as_str())) {
        return Polled::Succeeded(result.cloned().unwrap_or_default());
    }
    let general_errors: Vec<Refusal> = general.iter().map(Refusal::of).collect();
    let passes = data.is_empty() && !general.is_empty() && general_errors.iter().all(Refusal::passes);
    let of_general = general_errors.into_iter().filter_map(|error| error.message);
    let of_records = data.iter().flat_map(|record| texts(record, "errors"));
    let words: Vec<String> = of_general.chain(of_records).collect();
    let words = (!words.is_empty()).then(|| words.join("; ").chars().take(LONGEST).collect());
    Polled::Failed(Failure { words, passes })
}

/// Of a record's `errors` or `warnings`, which are `{number, text}` both.
pub fn texts(record: &Value, list: &str) -> Vec<String> {
    let entries = record.get(list).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| text_of(entry, "text").or_else(|| text_of(entry, "number"))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_in_a_finished_request_decides_about_it() {
        let failed = |words: Option<&str>, passes| Polled::Failed(Failure { words: words.map(str::to_owned), passes });
        let internal = json!({"errorCode": 500, "type": "InternalServerError", "errorMessage": "Oh"});
        let invalid = json!({"errorCode": 400, "type": "InvalidParameterError", "errorMessage": "No"});
        let records = json!([{"recordId": 1, "errors": [{"number": 8, "text": "missing"}, {"number": 9}]}]);
        for (body, expected) in [
            (json!({"status": "pending"}), Polled::Pending),
            (json!({"status": "pending", "apiResponse": {}, "responseType": "x"}), Polled::Pending),
            (json!({"status": "queued", "apiResponse": {"result": "x"}}), Polled::Pending),
            (json!({}), Polled::Pending),
            (json!({"status": "finished", "apiResponse": {"result": "url"}}), Polled::Succeeded(json!("url"))),
            (json!({"status": "Finished", "apiResponse": {"result": []}}), Polled::Succeeded(json!([]))),
            (json!({"status": "failed", "apiResponse": {"result": "url"}}), Polled::Succeeded(json!("url"))),
            (json!({"status": "done"}), Polled::Succeeded(Value::Null)),
            (json!({"status": "error"}), failed(None, false)),
            (json!({"status": "finished", "apiResponse": {"dataErrors": records}}), failed(Some("missing; 9"), false)),
            (json!({"status": "finished", "apiResponse": {"generalErrors": [internal]}}), failed(Some("Oh"), true)),
            (
                json!({"status": "finished", "apiResponse": {"generalErrors": [internal, invalid], "result": null}}),
                failed(Some("Oh; No"), false),
            ),
            (
                json!({"status": "finished", "apiResponse": {"generalErrors": [internal], "dataErrors": records}}),
                failed(Some("Oh; missing; 9"), false),
            ),
        ] {
            assert_eq!(read(&body), expected, "{body}");
        }
    }
}
