//! TRAFFIT's endpoints: canonical paths (§1.7 of the reference: the slash at the end matters), page headers,
//! and what its refusals mean.

use bytes::Bytes;
use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use serde_json::{Value, json};

use super::auth::SETTINGS;
use super::paging::{Headers, Listed, PAGE_SIZE, Paging};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::{Answer, Call, VendorHttp};
use crate::domain::text::present;

pub const USERS: &str = "/users/";
pub const USER: &str = "/users/{id}";
pub const WORKFLOWS: &str = "/workflows";
pub const WORKFLOW: &str = "/workflows/{id}";
pub const RECRUITMENTS: &str = "/recruitments/";
pub const RECRUITMENT: &str = "/recruitments/{id}";
pub const MEMBERS: &str = "/recruitments/{id}/employees";
pub const EMPLOYEES: &str = "/employees/";
pub const EMPLOYEE: &str = "/employees/{id}";
pub const TAGS: &str = "/employees/{id}/tags";
pub const LEDGER: &str = "/employees/recruitment_history";
pub const JOB_STATES: &str = "/recruitments/{id}/states";
pub const REJECTIONS: &str = "/recruitments/{id}/rejections";
pub const FILES: &str = "/employees/{id}/files";
pub const ACTIVITIES: &str = "/employees/{id}/activities";
/// The jobs of one person, with the state in each; the shape was never captured (§5.8).
pub const JOBS_OF: &str = "/employees/{id}/recruitments";
pub const UPLOAD: &str = "/employees/{id}/files/";
pub const NOTES: &str = "/employees/{id}/notes";
pub const MEMBER: &str = "/recruitments/{id}/employees/{candidate}";
pub const MOVE: &str = "/employees/{id}/recruitments/{job}/states/{state}/_move";
pub const REJECT: &str = "/employees/{id}/recruitments/{job}/states/_move_to_reject_state";
const FILE_CONTENT: &str = "/employees/{id}/files/{file}/content";
/// The slash at the end as in the vendor's documents.
pub const WEBHOOKS: &str = "/webhooks/";
pub const WEBHOOK: &str = "/webhooks/{id}";
pub const FEED: &str = "/public/job_posts/published";

/// The root of the integration API.
pub const BASE: &str = "/api/integration/v2";

const JSON: &str = "application/json";

const SIZE: HeaderName = HeaderName::from_static("x-request-page-size");
const PAGE: HeaderName = HeaderName::from_static("x-request-current-page");
const SORT: HeaderName = HeaderName::from_static("x-request-sort");
const FILTER: HeaderName = HeaderName::from_static("x-request-filter");
const METADATA: HeaderName = HeaderName::from_static("x-response-metadata");

/// Requests of one page of work that are under way together; the account's budget counts besides.
pub const AT_ONCE: usize = 4;

/// Pages of one list, in order, and what comes after them.
pub struct Pages {
    pub lists: Vec<Listed>,
    pub next: Option<Paging>,
}

impl Pages {
    pub fn into_rows(self) -> impl Iterator<Item = Value> {
        self.lists.into_iter().flat_map(|listed| listed.rows)
    }
}

/// One account's TRAFFIT.
#[derive(Clone, Copy)]
pub struct Client<'a>(pub &'a VendorHttp);

impl Client<'_> {
    /// One page of a list of the integration API.
    pub async fn page(&self, endpoint: &'static str, paging: &Paging) -> Result<Listed, Error> {
        self.listed(integration(endpoint), PAGE_SIZE, paging).await
    }

    /// The next pages of a list: the first alone, and as soon as their number is known several at once.
    pub async fn pages(&self, endpoint: &'static str, paging: &Paging) -> Result<Pages, Error> {
        self.several(|| integration(endpoint), paging).await
    }

    /// The next pages of the rows that changed on this day or later (§1.5); without one, of all.
    pub async fn pages_since(
        &self,
        endpoint: &'static str,
        day: Option<NaiveDate>,
        paging: &Paging,
    ) -> Result<Pages, Error> {
        self.several(|| changed(integration(endpoint), day), paging).await
    }

    /// One page of the rows that changed on this day or later; without one, of all.
    pub async fn page_since(
        &self,
        endpoint: &'static str,
        day: Option<NaiveDate>,
        paging: &Paging,
    ) -> Result<Listed, Error> {
        self.listed(changed(integration(endpoint), day), PAGE_SIZE, paging).await
    }

    /// The next pages of what belongs to `id`.
    pub async fn pages_of(&self, endpoint: &'static str, id: &str, paging: &Paging) -> Result<Pages, Error> {
        self.several(|| integration(endpoint).with("id", id), paging).await
    }

    async fn several(&self, call: impl Fn() -> Call, paging: &Paging) -> Result<Pages, Error> {
        let asked = stream::iter(paging.ahead(AT_ONCE));
        let answers: Vec<Listed> = asked
            .map(|at| {
                let call = call();
                async move { self.listed(call, PAGE_SIZE, &at).await }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut pages = Pages { lists: Vec::with_capacity(answers.len()), next: Some(paging.clone()) };
        for listed in answers {
            // The list ended earlier than it said, or is to be read again.
            let Some(at) = pages.next.take_if(|at| at.pass == paging.pass) else { break };
            pages.next = at.next(&listed);
            pages.lists.push(listed);
        }
        Ok(pages)
    }

    /// One page of what belongs to `id`.
    pub async fn page_of(&self, endpoint: &'static str, id: &str, paging: &Paging) -> Result<Listed, Error> {
        self.listed(integration(endpoint).with("id", id), PAGE_SIZE, paging).await
    }

    /// One page of the rows whose field has this value (§1.5). Whoever asks looks at the rows: a filter may be ignored.
    pub async fn page_where(
        &self,
        endpoint: &'static str,
        (field, value): (&str, Value),
        paging: &Paging,
    ) -> Result<Listed, Error> {
        let filter = json!({field: {"value": value, "comparison": "="}});
        // JSON with letters beyond ASCII is no header value.
        self.listed(integration(endpoint).header(FILTER, &ascii(&filter)), PAGE_SIZE, paging).await
    }

    /// One page of a list with the highest ids first. Whether they really descend is for the reader to see (§1.5).
    pub async fn newest(&self, endpoint: &'static str, paging: &Paging) -> Result<Listed, Error> {
        let call = paged(integration(endpoint), PAGE_SIZE, paging);
        listed(&self.answer(call.header(SORT, &json!({"id": "DESC"}).to_string())).await?)
    }

    /// The bytes of a candidate's file; none when there is no such file.
    pub async fn content(&self, candidate: &str, file: &str) -> Result<Option<Bytes>, Error> {
        let call = integration(FILE_CONTENT).with("id", candidate).with("file", file).header(ACCEPT, "*/*");
        match self.answer(call).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whatever TRAFFIT answers to a write, but "not now".
    pub async fn write(&self, call: Call) -> Result<Answer, Error> {
        self.0.send(call.below(BASE).header(ACCEPT, JSON)).await
    }

    /// The first row of a list, to see whether it may be read.
    pub async fn probe(&self, endpoint: &'static str) -> Result<Option<Value>, Error> {
        let listed = self.listed(integration(endpoint), 1, &Paging::default()).await?;
        Ok(listed.rows.into_iter().next())
    }

    /// One page of the career page's feed; its sort header has a shape of its own.
    pub async fn feed(&self, paging: &Paging) -> Result<Listed, Error> {
        let call = paged(Call::get(FEED).anonymous().header(ACCEPT, JSON), PAGE_SIZE, paging)
            .header(SORT, &json!({"sort_by": "id", "direction": "ASC"}).to_string());
        listed(&self.answer(call).await?)
    }

    /// One object; an error of kind `NotFound` when TRAFFIT has it no longer.
    pub async fn item(&self, endpoint: &'static str, id: &str) -> Result<Value, Error> {
        let answer = self.answer(integration(endpoint).with("id", id)).await?;
        match answer.json()? {
            item @ Value::Object(_) => Ok(item),
            _ => Err(Error::shape(endpoint, "the body", "an object")),
        }
    }

    /// Whether TRAFFIT says that it has no such object (any more).
    pub async fn is_gone(&self, endpoint: &'static str, id: &str) -> Result<bool, Error> {
        match self.answer(integration(endpoint).with("id", id)).await {
            Ok(_) => Ok(false),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The labels of a list's fields, by key; fields without one are left out (§1.8). None at all where the metadata
    /// are refused, or the list itself is answered in their place: a label is no reason to miss a record.
    pub async fn labels(&self, endpoint: &'static str) -> Result<Vec<(String, String)>, Error> {
        let call = paged(integration(endpoint), 1, &Paging::default()).header(METADATA, "true");
        let metadata: Value = match self.answer(call).await {
            Ok(answer) => answer.json()?,
            Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::NotFound) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let Some(Value::Object(fields)) = metadata.get("fields") else { return Ok(Vec::new()) };
        let labels = fields.iter().filter_map(|(key, field)| {
            let label = present(field.get("name")?.as_str())?;
            Some((key.clone(), label))
        });
        Ok(labels.collect())
    }

    async fn listed(&self, call: Call, size: u32, paging: &Paging) -> Result<Listed, Error> {
        let call = paged(call, size, paging).header(SORT, &json!({"id": "ASC"}).to_string());
        listed(&self.answer(call).await?)
    }

    async fn answer(&self, call: Call) -> Result<Answer, Error> {
        let answer = self.0.send(call).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let refusal = Refusal::read(&answer.body);
        Err(status_error(&answer, refusal.code.as_deref()).private(refusal.private()))
    }
}

fn changed(call: Call, day: Option<NaiveDate>) -> Call {
    let Some(day) = day else { return call };
    call.header(FILTER, &json!({"updated_at": {"value": day.to_string(), "comparison": ">="}}).to_string())
}

/// TRAFFIT's documents send the content type even with a GET (§1.4).
fn integration(endpoint: &'static str) -> Call {
    Call::get(endpoint).below(BASE).header(CONTENT_TYPE, JSON).header(ACCEPT, JSON)
}

/// JSON text in which every letter beyond ASCII is written as `\uXXXX`.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn paged(call: Call, size: u32, paging: &Paging) -> Call {
    call.header(SIZE, &size.to_string()).header(PAGE, &paging.page.to_string())
}

fn listed(answer: &Answer) -> Result<Listed, Error> {
    let headers = Headers {
        total: answer.number("x-result-total-count"),
        total_pages: answer.number("x-result-total-pages"),
        page_size: answer.number("x-result-page-size"),
    };
    Ok(Listed::new(answer.rows()?, &headers))
}

/// What a refusal says, whichever of TRAFFIT's three shapes it has (§1.10): `{error, error_description}`,
/// `{code, message, errors}`, or the message alone or one level deeper.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// A short known word such as `invalid_client`; never free text.
    pub code: Option<String>,
    /// May name persons: for the log, and for the one whose write is refused.
    pub message: Option<String>,
    /// Fields that a form refuses, with TRAFFIT's words for each.
    pub fields: Vec<(String, String)>,
}

const KNOWN_CODES: [&str; 10] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "expired_token",
    "insufficient_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "malformed_token",
];

impl Refusal {
    pub fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let inner = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
        let text = |key: &str| inner.get(key).and_then(Value::as_str);
        let code = ["error", "code"].into_iter().find_map(text).filter(|code| KNOWN_CODES.contains(code));
        let first = inner.get("errors").and_then(|errors| errors.get(0));
        let message = ["error_description", "message", "error"]
            .into_iter()
            .find_map(text)
            .or_else(|| first.and_then(|first| first.as_str().or_else(|| first.get("message")?.as_str())))
            .or_else(|| body.as_str());
        let fields = inner.get("errors").map(form_errors).unwrap_or_default();
        let message = message.map(|text| text.chars().take(200).collect());
        Self { code: code.map(str::to_owned), message, fields }
    }

    /// For [`Error::private`].
    pub fn private(self) -> String {
        [self.code, self.message].into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

/// `{"children": {field: {"errors": [words]}}}`, or `{field: [words]}`; deeper forms are flattened.
fn form_errors(errors: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Some(fields) = errors.get("children").unwrap_or(errors).as_object() else { return found };
    for (field, of_field) in fields {
        let words = match of_field.get("errors").unwrap_or(of_field) {
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            Value::String(words) => words.clone(),
            _ => String::new(),
        };
        if !words.is_empty() {
            found.push((field.clone(), words.chars().take(200).collect()));
        }
        if of_field.get("children").is_some() {
            found.extend(form_errors(of_field).into_iter().map(|(inner, words)| (format!("{field}.{inner}"), words)));
        }
    }
    found
}

/// What a status means that is neither success nor "not now".
pub fn status_error(answer: &Answer, code: Option<&str>) -> Error {
    let (endpoint, status) = (answer.endpoint.as_str(), answer.status.as_u16());
    match status {
        401 => Error::new(
            ErrorKind::Auth,
            format!("TRAFFIT refuses the access token: check under {SETTINGS} that the API client still exists"),
        ),
        403 => {
            let missing = match scope_of(endpoint) {
                Some(scope) => format!("tick the scope {scope} of the API client in TRAFFIT under {SETTINGS}"),
                None => format!("check the API client's scopes in TRAFFIT under {SETTINGS}"),
            };
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            Error::new(ErrorKind::Permission, format!("TRAFFIT does not let us use {endpoint}{code}: {missing}"))
        }
        404 | 410 => Error::new(ErrorKind::NotFound, format!("TRAFFIT has nothing at {endpoint} for this id")),
        400 | 409 | 422 => Error::new(ErrorKind::Invalid, format!("TRAFFIT refuses the request to {endpoint}")),
        _ => Error::new(ErrorKind::Shape, format!("{endpoint} answered with the unexpected status {status}")),
    }
}

/// The scope that opens an endpoint (§1.2).
pub fn scope_of(endpoint: &str) -> Option<&'static str> {
    let first = endpoint.trim_start_matches('/').split('/').next()?;
    match first {
        "users" => Some("user"),
        "workflows" => Some("workflow"),
        "recruitments" => Some("recruitment"),
        "employees" => Some("employee"),
        "webhooks" => Some("webhook"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_of_refusals_are_read_and_free_text_is_no_code() {
        let cases = [
            (
                r#"{"error":"invalid_token","error_description":"The token"}"#,
                Some("invalid_token"),
                "invalid_token: The token",
            ),
            (r#"{"code":409,"message":"jan@example.com exists"}"#, None, "jan@example.com exists"),
            (r#"{"message":"Only this"}"#, None, "Only this"),
            (
                r#"{"error":{"code":"invalid_scope","message":"Nested"}}"#,
                Some("invalid_scope"),
                "invalid_scope: Nested",
            ),
            (r#"{"errors":[{"message":"First"}]}"#, None, "First"),
            (r#"{"errors":["Plain"]}"#, None, "Plain"),
            (r#"{"error":"Jan Kowalski is blocked"}"#, None, "Jan Kowalski is blocked"),
            (r#""just text""#, None, "just text"),
            ("<html>", None, ""),
            ("", None, ""),
            ("[]", None, ""),
        ];
        for (body, code, private) in cases {
            let refusal = Refusal::read(body.as_bytes());
            assert_eq!(refusal.code.as_deref(), code, "{body}");
            assert_eq!(refusal.private(), private, "{body}");
        }
    }
}
