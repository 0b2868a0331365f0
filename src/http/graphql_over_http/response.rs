//! From the executor's answer to status, headers and bytes.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use super::accept::MediaType;
use crate::http::room::OVERLOADED;

pub(super) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// 503 when there was no room for it. 400 when the request never ran and the caller takes
/// `application/graphql-response+json`; 200 otherwise.
pub fn respond(media: MediaType, mut response: Response) -> axum::response::Response {
    let refused = is_refused(&response);
    let status = match media {
        _ if refused && has_code(&response, OVERLOADED) => StatusCode::SERVICE_UNAVAILABLE,
        MediaType::GraphqlResponse if refused => StatusCode::BAD_REQUEST,
        MediaType::GraphqlResponse | MediaType::Json => StatusCode::OK,
    };
    let headers = std::mem::take(&mut response.http_headers);
    let (status, bytes) = match write(&mut response) {
        Ok(bytes) => (status, bytes),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, UNSERIALIZABLE.as_bytes().to_vec()),
    };
    let mut http = (status, headers, bytes).into_response();
    let headers = http.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    http
}

/// As JSON; every error has its code.
pub fn write(response: &mut Response) -> serde_json::Result<Vec<u8>> {
    if is_refused(response) {
        response.errors.iter_mut().for_each(default_code);
        return serde_json::to_vec(&WithoutData { errors: &response.errors, extensions: &response.extensions });
    }
    serde_json::to_vec(response)
}

/// Whether nothing ran. async-graphql tells a request error from a field error by nothing but the path: a field error has one, also where
/// it empties `data` up to the root.
pub fn is_refused(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

fn has_code(response: &Response, code: &str) -> bool {
    let code = Value::String(code.to_owned());
    let of = |error: &ServerError| error.extensions.as_ref().is_some_and(|known| known.get("code") == Some(&code));
    response.errors.iter().any(of)
}

/// `data` must be absent, not null, when nothing ran.
#[derive(Serialize)]
struct WithoutData<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// Documents that do not parse were given their code before they came here, so what has none failed validation.
fn default_code(error: &mut ServerError) {
    if error.extensions.as_ref().is_none_or(|extensions| extensions.get("code").is_none()) {
        set_code(error, VALIDATION_FAILED);
    }
}

/// An error of the request as a whole.
pub fn coded(message: impl Into<String>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

pub(super) fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
}

pub(super) const UNSERIALIZABLE: &str =
    r#"{"errors":[{"message":"the answer could not be written as JSON","extensions":{"code":"INTERNAL"}}]}"#;
