//! From the query string or the body to a request. Checks shapes only; the document is read by `document`.

use std::borrow::Cow;

use async_graphql::{Name, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::refusal::{Kind, Refusal};

/// Reads `application/x-www-form-urlencoded` parameters; `variables` and `extensions` are JSON objects in text.
/// An empty parameter other than `query` counts as left out.
pub fn parse_get(uri_query: Option<&str>) -> Result<Request, Refusal> {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(uri_query.unwrap_or_default().as_bytes()) {
        let Some(name) = known(&name) else { continue };
        let value = match name {
            _ if value.is_empty() => Value::Null,
            "variables" | "extensions" => json_text(name, &value)?,
            _ => Value::String(value.into_owned()),
        };
        if parameters.insert(name.to_owned(), value).is_some() {
            return Err(Refusal::parameter(name, format!("the parameter `{name}` is given more than once")));
        }
    }
    request(parameters)
}

/// Reads a JSON object. Checks the headers that say what the body is.
pub fn parse_post(headers: &HeaderMap, body: &[u8]) -> Result<Request, Refusal> {
    check_content_type(headers)?;
    check_content_encoding(headers)?;
    if body.is_empty() {
        return Err(Refusal::bad_request("the request has no body: expected a JSON object with `query`"));
    }
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("the body is not valid JSON: {error}")))?;
    match body {
        Value::Object(parameters) => request(parameters),
        Value::Array(_) => Err(Refusal::bad_request(
            "the body is a JSON array: batches are not supported, send one operation a request",
        )),
        other => {
            Err(Refusal::bad_request(format!("the body is {}: expected a JSON object with `query`", described(&other))))
        }
    }
}

/// Reads the payload of a message.
pub fn parse_message(payload: Value) -> Result<Request, Refusal> {
    match payload {
        Value::Object(parameters) => request(parameters),
        other => Err(Refusal::bad_request(format!(
            "the payload is {}: expected a JSON object with `query`",
            described(&other)
        ))),
    }
}

fn known(name: &str) -> Option<&'static str> {
    ["query", "operationName", "variables", "extensions"].into_iter().find(|known| *known == name)
}

fn json_text(name: &'static str, text: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| Refusal::parameter(name, format!("the parameter `{name}` is not valid JSON: {error}")))
}

fn request(mut parameters: Map<String, Value>) -> Result<Request, Refusal> {
    let query = text(&mut parameters, "query")?;
    // By its hash a document can be found that was not sent.
    let hashed = parameters.get("extensions").and_then(|extensions| extensions.get("persistedQuery"));
    let hashed = hashed.is_some_and(|persisted| !persisted.is_null());
    match &query {
        None if !hashed => return Err(Refusal::parameter("query", "the parameter `query` is missing")),
        Some(query) if query.trim().is_empty() && !hashed => {
            return Err(Refusal::parameter("query", "the parameter `query` is empty"));
        }
        _ => {}
    }
    let mut request = Request::new(query.unwrap_or_default());
    request.operation_name = text(&mut parameters, "operationName")?;
    if let Some(variables) = object(&mut parameters, "variables")? {
        for (name, value) in variables {
            request.variables.insert(Name::new(name), convert("variables", value)?);
        }
    }
    if let Some(extensions) = object(&mut parameters, "extensions")? {
        for (name, value) in extensions {
            request.extensions.insert(name, convert("extensions", value)?);
        }
    }
    Ok(request)
}

fn text(parameters: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(mistyped(name, "a string", &other)),
    }
}

fn object(parameters: &mut Map<String, Value>, name: &'static str) -> Result<Option<Map<String, Value>>, Refusal> {
    match parameters.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(mistyped(name, "an object", &other)),
    }
}

fn convert(name: &'static str, value: Value) -> Result<async_graphql::Value, Refusal> {
    async_graphql::Value::from_json(value)
        .map_err(|error| Refusal::parameter(name, format!("the parameter `{name}` cannot be read: {error}")))
}

fn mistyped(name: &'static str, wanted: &str, got: &Value) -> Refusal {
    Refusal::parameter(name, format!("the parameter `{name}` must be {wanted}, not {}", described(got)))
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |got: Cow<'static, str>| {
        Err(Refusal::new(
            Kind::UnsupportedMediaType,
            format!("{got}: expected `content-type: application/json` in utf-8"),
        ))
    };
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return refuse("the request has no content-type".into());
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !essence.eq_ignore_ascii_case("application/json") {
        return refuse("the content-type is not supported".into());
    }
    let foreign = parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .any(|(_, charset)| !charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if foreign { refuse("the charset is not supported".into()) } else { Ok(()) }
}

/// A compressed body that a layer before us unpacked has lost this header.
fn check_content_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Refusal::new(
            Kind::UnsupportedMediaType,
            "the content-encoding is not supported: send the body as it is",
        )),
        _ => Ok(()),
    }
}
