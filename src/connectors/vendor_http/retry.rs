//! When to ask again: pure rules.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;

use super::answer::Answer;
use crate::net;

/// How often a safe request is sent at most.
pub const ATTEMPTS: u32 = 3;

/// Answers that another attempt may turn into a good one.
pub fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// The pause that the vendor asks for, in seconds or until a date.
pub fn retry_after(answer: &Answer, now: DateTime<Utc>) -> Option<Duration> {
    if !matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    net::retry_after(&answer.headers, now)
}

/// 200 ms, 400 ms, 800 ms …, each times 0.5 to 1.5 as `seed` has it, so that many do not come back at once.
pub fn pause_before(attempt: u32, seed: u64) -> Duration {
    let hash = blake3::hash(&[u64::from(attempt).to_be_bytes(), seed.to_be_bytes()].concat());
    let jitter = f64::from(hash.as_bytes()[0]) / 255.0 + 0.5;
    Duration::from_millis(200).saturating_mul(1 << attempt.saturating_sub(1).min(6)).mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-06-01T10:00:00Z").unwrap().to_utc();
        let cases = [
            (429, Some("7"), Some(7)),
            (503, Some(" 0 "), Some(0)),
            (429, Some("Mon, 01 Jun 2026 10:01:30 GMT"), Some(90)),
            (429, Some("Mon, 01 Jun 2026 09:00:00 GMT"), Some(0)),
            (429, Some("soon"), None),
            (429, Some("-5"), None),
            (429, None, None),
            (500, Some("7"), None),
            (200, Some("7"), None),
        ];
        for (status, header, expected) in cases {
            let mut headers = http::HeaderMap::new();
            if let Some(text) = header {
                headers.insert("retry-after", text.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers, body: Bytes::new(), endpoint: "/x".into() };
            assert_eq!(retry_after(&answer, now).map(|pause| pause.as_secs()), expected, "{status} {header:?}");
        }
    }

    #[test]
    fn pauses_grow_and_differ() {
        for seed in 0..50 {
            assert!((100..=300).contains(&pause_before(1, seed).as_millis()));
            assert!((200..=600).contains(&pause_before(2, seed).as_millis()));
        }
        assert_ne!(pause_before(1, 1), pause_before(1, 2));
    }
}
