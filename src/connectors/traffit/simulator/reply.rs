//! One call and its answer, apart from any HTTP library's shape, with the error bodies of §1.10.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

/// A file that came in a multipart body (§4.5).
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// One request, read to its end.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Text parts and files of a multipart body, by part name.
    pub(super) texts: Vec<(String, String)>,
    pub(super) files: Vec<(String, Upload)>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.header(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    pub(super) fn text(&self, part: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name == part).map(|(_, text)| text.as_str())
    }

    /// The JSON object of the body; an empty body is an empty object.
    pub(super) fn object(&self) -> Result<serde_json::Map<String, Value>, Reply> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(serde_json::Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err(Reply::fail(400, "Invalid json message received")),
        }
    }
}

pub(super) enum Content {
    Empty,
    Json(String),
    Raw(String, Bytes),
    /// Breaks off before the first byte: the connection closes.
    Broken,
}

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(body.to_string()) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    pub(super) fn raw(status: u16, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), content: Content::Raw(content_type.to_owned(), bytes.into()) }
    }

    pub(super) fn broken() -> Self {
        Self { status: 200, headers: Vec::new(), content: Content::Broken }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn fail(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"code": status, "message": message}))
    }

    pub(super) fn not_found() -> Self {
        Self::fail(404, "Not Found")
    }

    pub(super) fn not_allowed() -> Self {
        Self::fail(405, "Method Not Allowed")
    }

    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = format!(r#"{{"error":{},"error_description":{}}}"#, json!(error), json!(description));
        Self { status, headers: Vec::new(), content: Content::Json(body) }
    }

    /// Symfony's form errors (§1.10).
    pub(super) fn invalid(field: &str, message: &str) -> Self {
        let children = json!({field: {"errors": [message]}});
        Self::json(400, &json!({"code": 400, "message": "Validation Failed", "errors": {"children": children}}))
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let (content_type, body) = match self.content {
            Content::Empty => (None, Body::empty()),
            Content::Json(text) => (Some("application/json".to_owned()), Body::from(text)),
            Content::Raw(content_type, bytes) => (Some(content_type), Body::from(bytes)),
            Content::Broken => {
                let cut = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("closed by a fault")) });
                (None, Body::from_stream(cut))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(http::header::CONTENT_TYPE, value);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
