//! How long a server wants to be left alone.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// The pause that `Retry-After` asks for, in seconds or until a date.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        // A year is as good as any longer time, and can be added to a clock.
        return Some(Duration::from_secs(seconds.min(31_536_000)));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}
