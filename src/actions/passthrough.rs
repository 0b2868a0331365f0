//! Requests of the caller's own to the vendor, below its API root. Not journaled: the caller sees the answer and
//! knows what it meant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use super::{Actions, Error, refusal};
use crate::connectors::action::Passthrough;
use crate::connectors::manifest::FeatureKey;
use crate::connectors::vendor_http::Answer;
use crate::domain::{ErrorCode, Refusal};
use crate::store::Writer;
use crate::sync::NotOpened;

/// What the caller asks for.
#[derive(Debug, Clone)]
pub struct Forward {
    pub integration: Uuid,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    /// Each body that was given; more than one is refused.
    pub bodies: Vec<Body>,
}

#[derive(Debug, Clone)]
pub enum Body {
    Json(Value),
    Base64(String),
    Multipart(Vec<Part>),
}

#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub value: Option<String>,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub base64: Option<String>,
}

/// Ours to say, or the connection's.
const RESERVED: [&str; 14] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

const LARGEST: usize = 25 * 1024 * 1024;

impl Actions {
    pub async fn forward(&self, writer: &Writer, forward: Forward) -> Result<Result<Answer, Vec<Refusal>>, Error> {
        let found = writer.integration(forward.integration).await?;
        let Some(row) = found else {
            return Ok(Err(vec![
                Refusal::new(ErrorCode::NotFound, "there is no such integration").at(&["input", "integrationId"]),
            ]));
        };
        if row.paused {
            let refusal = Refusal::new(ErrorCode::IntegrationPaused, "the integration is paused; resume it first");
            return Ok(Err(vec![refusal.at(&["input", "integrationId"])]));
        }
        let manifest = self.engine().manifest(&row.connector);
        if !manifest.is_some_and(|manifest| manifest.offers(FeatureKey::Passthrough)) {
            let refusal = Refusal::new(ErrorCode::ActionNotSupported, "this connector has no passthrough");
            return Ok(Err(vec![refusal.at(&["input", "integrationId"])]));
        }
        let request = match prepare(&forward, &format!("hiregraph-{}", self.engine().ids().uuid().simple())) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(vec![refusal])),
        };
        let work = match self.engine().open(forward.integration, None).await {
            Ok(work) => work,
            Err(NotOpened::Gone) => {
                return Ok(Err(vec![Refusal::new(ErrorCode::NotFound, "there is no such integration")]));
            }
            Err(NotOpened::Ours(failure)) => return Err(failure.into()),
            Err(NotOpened::Vendor(failure)) => return Ok(Err(vec![refusal::of(&failure)])),
        };
        let answered = work.connector.passthrough(&work.account, request).await;
        Ok(answered.map_err(|failure| vec![refusal::of(&failure)]))
    }
}

fn prepare(forward: &Forward, boundary: &str) -> Result<Passthrough, Refusal> {
    let (path, trailing_slash) = path(&forward.path)?;
    let mut headers = HeaderMap::new();
    for (at, (name, value)) in forward.headers.iter().enumerate() {
        let refuse = |message: &str| Err(Refusal::input(&["input", "headers", &at.to_string()], message));
        let (Ok(known), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) else {
            return refuse("is no header");
        };
        if RESERVED.contains(&known.as_str()) || known.as_str().starts_with("proxy-") {
            return refuse("is set by this service and cannot be given");
        }
        headers.append(known, value);
    }
    let body = match forward.bodies.as_slice() {
        [] => Bytes::new(),
        [body] => bytes(body, boundary, &mut headers)?,
        _ => return Err(Refusal::input(&["input"], "takes one of json, base64 and multipart, or none")),
    };
    if body.len() > LARGEST {
        return Err(Refusal::input(&["input"], "the body is larger than 25 MB"));
    }
    Ok(Passthrough {
        method: forward.method.clone(),
        path,
        trailing_slash,
        query: forward.query.clone(),
        headers,
        body,
    })
}

/// The decoded segments of a path below the vendor's API root. Nothing that could leave it passes, also when it is
/// encoded, or encoded twice.
fn path(text: &str) -> Result<(Vec<String>, bool), Refusal> {
    let refuse = |message: &str| Err(Refusal::input(&["input", "path"], message));
    if text.contains("://") || text.starts_with("//") {
        return refuse("must be a path below the vendor's API root, not a URL");
    }
    if text.contains(['?', '#']) {
        return refuse("must not hold a query or a fragment; use `query`");
    }
    let trimmed = text.strip_prefix('/').unwrap_or(text);
    let (trimmed, trailing) = trimmed.strip_suffix('/').map_or((trimmed, false), |rest| (rest, true));
    let mut segments = Vec::new();
    for raw in trimmed.split('/') {
        let mut segment = raw.to_owned();
        // What a second decoder on the way would make of it counts too.
        for _ in 0..3 {
            match percent_decode_str(&segment).decode_utf8() {
                Ok(decoded) if decoded == segment => break,
                Ok(decoded) => segment = decoded.into_owned(),
                Err(_) => return refuse("must be UTF-8"),
            }
            if segment.contains(['/', '\\'])
                || segment == "."
                || segment == ".."
                || segment.chars().any(char::is_control)
            {
                return refuse("must not leave the vendor's API root");
            }
        }
        let climbs = segment.is_empty() || segment == "." || segment == ".." || segment.contains(['/', '\\']);
        if climbs || segment.chars().any(char::is_control) {
            return refuse("must not be empty, hold empty segments, or leave the vendor's API root");
        }
        match percent_decode_str(raw).decode_utf8() {
            Ok(once) => segments.push(once.into_owned()),
            Err(_) => return refuse("must be UTF-8"),
        }
    }
    Ok((segments, trailing))
}

fn bytes(body: &Body, boundary: &str, headers: &mut HeaderMap) -> Result<Bytes, Refusal> {
    let decode =
        |field: &[&str], text: &str| STANDARD.decode(text).map_err(|_| Refusal::input(field, "must be base64"));
    Ok(match body {
        Body::Json(value) => {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            value.to_string().into()
        }
        Body::Base64(text) => decode(&["input", "base64"], text)?.into(),
        Body::Multipart(parts) => {
            let mut body = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                let at = at.to_string();
                let field = ["input", "multipart", at.as_str()];
                let content = match (&part.value, &part.base64) {
                    (Some(value), None) => value.clone().into_bytes(),
                    (None, Some(text)) => decode(&field, text)?,
                    _ => return Err(Refusal::input(&field, "needs exactly one of value and base64")),
                };
                let plain = |text: &str| !text.chars().any(char::is_control);
                let names = [Some(&part.name), part.file_name.as_ref(), part.content_type.as_ref()];
                if !names.into_iter().flatten().all(|text| plain(text)) {
                    return Err(Refusal::input(&field, "must not hold control characters"));
                }
                let quoted = |text: &str| text.replace('"', "%22");
                body.extend(
                    format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"", quoted(&part.name)).bytes(),
                );
                if let Some(name) = &part.file_name {
                    body.extend(format!("; filename=\"{}\"", quoted(name)).bytes());
                }
                if let Some(kind) = &part.content_type {
                    body.extend(format!("\r\ncontent-type: {kind}").bytes());
                }
                body.extend(b"\r\n\r\n");
                body.extend(content);
                body.extend(b"\r\n");
            }
            body.extend(format!("--{boundary}--\r\n").bytes());
            let kind = format!("multipart/form-data; boundary={boundary}");
            let kind =
                HeaderValue::try_from(kind).map_err(|_| Refusal::input(&["input", "multipart"], "cannot be sent"))?;
            headers.insert(CONTENT_TYPE, kind);
            body.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() {
        let good = |text: &str| path(text).map(|(segments, slash)| (segments.join("|"), slash)).ok();
        assert_eq!(good("/employees/7/files/"), Some(("employees|7|files".to_owned(), true)));
        assert_eq!(good("jobs/a%20b"), Some(("jobs|a b".to_owned(), false)));
        for bad in [
            "",
            "/",
            "..",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/%252e%252e/b",
            "/a/..%2fb",
            "/a%2fb",
            "/a/%5c..",
            "//evil.example/a",
            "https://evil.example/",
            "/a?b=c",
            "/a#b",
            "/a//b",
            "/a/./b",
            "/a/%00",
            "/a/%ff",
            "/a\\..\\b",
        ] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_of_ours_cannot_be_given() {
        let forward = |name: &str| Forward {
            integration: Uuid::nil(),
            method: Method::GET,
            path: "/a".to_owned(),
            query: Vec::new(),
            headers: vec![(name.to_owned(), "x".to_owned())],
            bodies: Vec::new(),
        };
        assert!(prepare(&forward("X-Request-Sort"), "b").is_ok());
        for name in ["Authorization", "HOST", "Transfer-Encoding", "proxy-x", "a b", "connection"] {
            assert!(prepare(&forward(name), "b").is_err(), "{name}");
        }
    }
}
