//! What can go wrong at a vendor: a kind, what to do about it, a text that may be shown and one that may
//! not. Vendors classify; `VendorHttp` and the sync engine decide about repeating.

use std::fmt;
use std::time::Duration;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The vendor refuses the credentials.
    Auth,
    /// The credentials are good but may not do this.
    Permission,
    NotFound,
    /// The vendor refuses what was sent.
    Invalid,
    RateLimited,
    /// No answer, or an answer that says "try again".
    Unavailable,
    /// An answer that is not what the vendor's reference says.
    Shape,
    /// The vendor has no such ability.
    Unsupported,
}

/// What the caller may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// Not before this time has passed.
    After(Duration),
    /// With growing pauses.
    BackOff,
}

/// Two messages that never mix: `public` is written for the operator and the end customer and holds no
/// secret, no body and no person's data; `private` is for the log's debug level.
#[derive(Clone)]
pub struct Error {
    pub kind: ErrorKind,
    pub retry: Retry,
    pub public: String,
    pub private: String,
    /// Whether the request may have reached the vendor, so that a write may have taken effect.
    pub may_have_arrived: bool,
}

impl Error {
    pub fn new(kind: ErrorKind, public: impl Into<String>) -> Self {
        let retry = match kind {
            ErrorKind::RateLimited | ErrorKind::Unavailable => Retry::BackOff,
            _ => Retry::Never,
        };
        Self { kind, retry, public: public.into(), private: String::new(), may_have_arrived: false }
    }

    /// The vendor answered something other than its reference says; names the endpoint and the field.
    pub fn shape(endpoint: &str, field: &str, expected: &str) -> Self {
        Self::new(ErrorKind::Shape, format!("{endpoint} answered an unexpected shape: {field} is not {expected}"))
    }

    pub fn private(mut self, context: impl Into<String>) -> Self {
        self.private = context.into();
        self
    }

    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    pub fn may_have_arrived(mut self, may: bool) -> Self {
        self.may_have_arrived = may;
        self
    }
}

/// For logs: never shown to a caller.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("connectors::Error")
            .field("kind", &self.kind)
            .field("retry", &self.retry)
            .field("public", &self.public)
            .field("may_have_arrived", &self.may_have_arrived)
            .finish_non_exhaustive()
    }
}
