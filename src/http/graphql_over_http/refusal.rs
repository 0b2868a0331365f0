//! Requests that never reach GraphQL, as data: a status, a code and what was wrong where.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::accept::MediaType;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
}

impl Kind {
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// What `extensions.code` says.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: Kind,
    /// Shown to the caller; never repeats values of the request.
    message: String,
    /// The parameter at fault: `query`, `operationName`, `variables` or `extensions`.
    parameter: Option<&'static str>,
    /// For the `allow` header that a 405 owes.
    allow: Option<&'static str>,
}

impl Refusal {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), parameter: None, allow: None }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, message)
    }

    pub(super) fn parameter(parameter: &'static str, message: impl Into<String>) -> Self {
        Self { parameter: Some(parameter), ..Self::bad_request(message) }
    }

    pub(super) fn method(message: impl Into<String>, allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(Kind::MethodNotAllowed, message) }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// As the list of errors of a GraphQL answer.
    pub fn errors(&self) -> Value {
        let mut extensions = json!({ "code": self.kind.code() });
        if let Some(parameter) = self.parameter {
            extensions["parameter"] = parameter.into();
        }
        json!([{ "message": self.message, "extensions": extensions }])
    }

    pub fn respond(&self, media: MediaType) -> Response {
        let body = json!({ "errors": self.errors() });
        let mut response =
            (self.kind.status(), [(header::CONTENT_TYPE, media.content_type())], body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
