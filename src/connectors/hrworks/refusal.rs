//! What HR WORKS's refusals mean. The `type` of the body decides; the status only where there is none
//! (§1.8, quirk 2). Texts of the vendor may name persons and are for the log only.

use serde::Deserialize;
use serde_json::Value;

use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::Answer;

/// Where HR WORKS's administrators find what messages tell them to change.
pub const SETTINGS: &str = "Settings → Integrations → HR WORKS-API";

/// The closed list of types, as far as they decide something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    InvalidCredentials,
    InvalidCustomerNumber,
    /// The token is missing, broken or expired.
    Bearer,
    PermissionDenied,
    InvalidEndpoint,
    InvalidParameter,
    /// No write request is known by that id (§2).
    InvalidJobId,
    /// The request is wrong in another way.
    InvalidRequest,
    TooManyRequests,
    InternalServerError,
}

impl Type {
    fn read(text: &str) -> Option<Self> {
        Some(match text.strip_suffix("Error").unwrap_or(text) {
            "InvalidCredentials" => Self::InvalidCredentials,
            "InvalidCustomerNumber" => Self::InvalidCustomerNumber,
            "InvalidBearerToken" | "MissingAuthorizationHeader" | "MalformedAuthorizationHeader" => Self::Bearer,
            "PermissionDenied" => Self::PermissionDenied,
            "InvalidEndpoint" => Self::InvalidEndpoint,
            "InvalidParameter" => Self::InvalidParameter,
            "InvalidJobId" => Self::InvalidJobId,
            "MissingParameter" | "InvalidParameterType" | "InvalidPayload" => Self::InvalidRequest,
            "TooManyRequests" => Self::TooManyRequests,
            "InternalServer" => Self::InternalServerError,
            _ => return None,
        })
    }
}

/// A body of the form `{errorCode, type, errorMessage}`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub kind: Option<Type>,
    /// May name persons.
    pub message: Option<String>,
}

impl Refusal {
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).map(|body| Self::of(&body)).unwrap_or_default()
    }

    pub fn of(body: &Value) -> Self {
        #[derive(Deserialize)]
        struct Body {
            r#type: Option<String>,
            #[serde(rename = "errorMessage")]
            message: Option<String>,
        }
        let Ok(body) = Body::deserialize(body) else { return Self::default() };
        Self {
            kind: body.r#type.as_deref().and_then(Type::read),
            message: body.message.map(|text| text.chars().take(200).collect()),
        }
    }

    /// Whether the token is what HR WORKS does not take. A bare 401 says the same.
    pub fn is_of_token(&self, status: u16) -> bool {
        self.kind == Some(Type::Bearer) || (self.kind.is_none() && status == 401)
    }

    /// Whether a path that names a record says that there is none (§6, row 12).
    pub fn is_of_record(&self, status: u16) -> bool {
        match self.kind {
            Some(kind) => kind == Type::InvalidParameter,
            None => matches!(status, 404 | 410),
        }
    }

    /// Whether it lies with HR WORKS, so that the same may be done later.
    pub fn passes(&self) -> bool {
        matches!(self.kind, Some(Type::TooManyRequests | Type::InternalServerError))
    }

    /// The error that a refused request ends in.
    pub fn error(self, answer: &Answer) -> Error {
        self.error_of(answer, Access::Read)
    }

    /// The same for a request that writes.
    pub fn error_of_write(self, answer: &Answer) -> Error {
        self.error_of(answer, Access::Write)
    }

    fn error_of(self, answer: &Answer, access: Access) -> Error {
        let (endpoint, status) = (answer.endpoint.as_str(), answer.status.as_u16());
        let error = match (self.kind, status) {
            (Some(Type::InvalidCredentials), _) => wrong_key_pair(),
            (Some(Type::InvalidCustomerNumber), _) => Error::new(
                ErrorKind::Auth,
                format!(
                    "HR WORKS says that the key pair or the contract has expired: make a new key pair under {SETTINGS}"
                ),
            ),
            (Some(Type::Bearer), _) | (None, 401) => Error::new(
                ErrorKind::Auth,
                format!("HR WORKS refuses the access token: check under {SETTINGS} that the key pair still exists"),
            ),
            (Some(Type::PermissionDenied), _) | (None, 403) => denied(endpoint, access),
            (Some(Type::InvalidEndpoint), _) => {
                Error::new(ErrorKind::Shape, format!("HR WORKS does not know the endpoint {endpoint}"))
            }
            (Some(Type::InvalidParameter | Type::InvalidJobId | Type::InvalidRequest), _) | (None, 400 | 409 | 422) => {
                Error::new(ErrorKind::Invalid, format!("HR WORKS refuses the request to {endpoint}"))
            }
            (Some(Type::TooManyRequests), _) => {
                Error::new(ErrorKind::RateLimited, "HR WORKS limits how often it may be asked")
            }
            (Some(Type::InternalServerError), _) => {
                Error::new(ErrorKind::Unavailable, format!("{endpoint} of HR WORKS failed")).may_have_arrived(true)
            }
            (None, 404 | 410) => Error::new(ErrorKind::NotFound, format!("HR WORKS has nothing at {endpoint}")),
            (None, _) => {
                Error::new(ErrorKind::Shape, format!("{endpoint} answered with the unexpected status {status}"))
            }
        };
        error.private(format!("status {status}: {}", self.message.unwrap_or_default()))
    }
}

pub fn wrong_key_pair() -> Error {
    Error::new(
        ErrorKind::Auth,
        format!(
            "HR WORKS refuses the key pair: copy Access Key and Secret Access Key again, check under {SETTINGS} that the \
             key pair still exists, and that it belongs to the chosen environment"
        ),
    )
}

/// The column of the grid of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn denied(endpoint: &str, access: Access) -> Error {
    let access = match access {
        Access::Read => "read",
        Access::Write => "write",
    };
    let what = match category_of(endpoint) {
        Some(category) => format!("tick \"{category} – {access}\" of the key pair in HR WORKS under {SETTINGS}"),
        None => format!("check the permissions of the key pair in HR WORKS under {SETTINGS}"),
    };
    Error::new(ErrorKind::Permission, format!("the key pair may not use {endpoint}: {what}"))
}

/// The row of the key pair's permissions that opens an endpoint (§1.2).
pub fn category_of(endpoint: &str) -> Option<&'static str> {
    let first = endpoint.trim_start_matches('/').split('/').next()?;
    match first {
        "applicant-management" => Some("Applicant Management"),
        "persons" => Some("Persons"),
        "organization-units" | "permanent-establishments" => Some("General"),
        "webhooks" => Some("Utility"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn the_type_decides_and_the_status_only_without_one() {
        let of = |name: &str| format!(r#"{{"errorCode":1,"type":"{name}","errorMessage":"Dana Scully"}}"#);
        let cases = [
            (403, of("InvalidCredentialsError"), ErrorKind::Auth, false),
            (400, of("InvalidCustomerNumberError"), ErrorKind::Auth, false),
            (403, of("InvalidBearerTokenError"), ErrorKind::Auth, true),
            (401, of("InvalidBearerTokenError"), ErrorKind::Auth, true),
            (400, of("MissingAuthorizationHeaderError"), ErrorKind::Auth, true),
            (401, of("MalformedAuthorizationHeaderError"), ErrorKind::Auth, true),
            (401, of("PermissionDeniedError"), ErrorKind::Permission, false),
            (404, of("InvalidEndpointError"), ErrorKind::Shape, false),
            (404, of("InvalidParameterError"), ErrorKind::Invalid, false),
            (400, of("MissingParameterError"), ErrorKind::Invalid, false),
            (400, of("InvalidParameterTypeError"), ErrorKind::Invalid, false),
            (400, of("InvalidPayloadError"), ErrorKind::Invalid, false),
            (400, of("InvalidJobIdError"), ErrorKind::Invalid, false),
            (400, of("InternalServerError"), ErrorKind::Unavailable, false),
            (403, of("TooManyRequestsError"), ErrorKind::RateLimited, false),
            (401, String::new(), ErrorKind::Auth, true),
            (401, of("NewError"), ErrorKind::Auth, true),
            (403, of("NewError"), ErrorKind::Permission, false),
            (403, "<html>".into(), ErrorKind::Permission, false),
            (404, String::new(), ErrorKind::NotFound, false),
            (410, "[]".into(), ErrorKind::NotFound, false),
            (400, "{}".into(), ErrorKind::Invalid, false),
            (418, String::new(), ErrorKind::Shape, false),
        ];
        for (status, body, kind, of_token) in cases {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: Bytes::from(body.clone()),
                endpoint: "/persons".into(),
            };
            let refusal = Refusal::read(&answer.body);
            assert_eq!(refusal.is_of_token(status), of_token, "{status} {body}");
            let error = refusal.error(&answer);
            assert_eq!(error.kind, kind, "{status} {body}");
            assert!(!error.public.contains("Scully"));
        }
    }

    #[test]
    fn a_denied_endpoint_names_the_row_to_tick() {
        for (endpoint, row) in [
            ("/applicant-management/posts", "\"Applicant Management – read\""),
            ("/persons/master-data", "\"Persons – read\""),
            ("/organization-units", "\"General – read\""),
        ] {
            assert!(denied(endpoint, Access::Read).public.contains(row));
            assert!(denied(endpoint, Access::Write).public.contains(&row.replace("read", "write")));
        }
        assert!(!denied("/other", Access::Read).public.contains('"'));
    }
}
