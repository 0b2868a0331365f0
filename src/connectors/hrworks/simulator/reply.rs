//! One call and its answer, apart from any HTTP library's shape, with the error bodies of §1.8.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

/// One request, read to its end.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where the caller found us: what absolute links begin with.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("127.0.0.1"))
    }

    fn pairs(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let query = self.query.as_deref().unwrap_or_default().as_bytes();
        url::form_urlencoded::parse(query).map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// The last value of a query key.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.pairs().filter(|(known, _)| known == name).map(|(_, value)| value).last()
    }

    /// All values of a repeated query key (§1.6).
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        self.pairs().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// All pairs but those of a key, encoded again.
    pub(super) fn query_without(&self, name: &str) -> String {
        let kept = self.pairs().filter(|(known, _)| known != name);
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Reply> {
        match self.value(name).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(Reply::refuse(400, "InvalidParameterTypeError", &format!("{name} is no boolean"))),
        }
    }

    pub(super) fn object(&self) -> Result<serde_json::Map<String, Value>, Reply> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err(Reply::refuse(400, "InvalidPayloadError", "The payload is not a JSON object")),
        }
    }

    /// The records of `{"data":[…]}`.
    pub(super) fn records(&self) -> Result<Vec<Value>, Reply> {
        let missing = || Reply::refuse(400, "MissingParameterError", "data is missing");
        match self.object()?.remove("data") {
            Some(Value::Array(records)) if !records.is_empty() => Ok(records),
            Some(Value::Array(_)) | None => Err(missing()),
            Some(_) => Err(Reply::refuse(400, "InvalidParameterTypeError", "data is no array")),
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

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// `ApiError`.
    pub(super) fn refuse(status: u16, kind: &str, message: &str) -> Self {
        Self::json(status, &error(status, kind, message))
    }

    pub(super) fn no_endpoint() -> Self {
        Self::refuse(404, "InvalidEndpointError", "The endpoint does not exist")
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

pub(super) fn error(status: u16, kind: &str, message: &str) -> Value {
    json!({"errorCode": status, "type": kind, "errorMessage": message})
}
