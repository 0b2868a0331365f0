//! What is told of every request that an account's `VendorHttp` sends, attempt by attempt. Whoever opens an account
//! hands in who is to hear of it; a connector knows nothing of that, and nothing that is told is secret or personal.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// One request as it may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub at: DateTime<Utc>,
    pub took: Duration,
    pub method: String,
    pub url: String,
    /// None when there was no answer.
    pub status: Option<u16>,
    /// Bodies are told of what writes, of what failed, and of requests of a caller's own.
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    /// Why there was no answer.
    pub error: Option<String>,
}

pub trait RequestLog: Send + Sync + 'static {
    /// Called while the vendor's answer is waited for: must neither wait nor fail.
    fn note(&self, sent: Sent);
}
