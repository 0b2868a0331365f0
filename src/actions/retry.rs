//! When a step is tried again: pure rules.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::connectors::{Error, Retry};

/// So long after its beginning an action is tried.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// In units of the first pause, which is a second.
const PAUSES: [u32; 9] = [1, 5, 30, 120, 600, 1800, 3600, 7200, 14400];

/// What the vendor refuses for good is sent so often, in case it was a mood.
pub const REFUSALS: u32 = 3;

/// The pause before the next attempt; none when there is to be no other.
pub fn pause(
    error: &Error,
    attempts: u32,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
    first: Duration,
) -> Option<Duration> {
    if is_over(begun, now) {
        return None;
    }
    let usual = usual(attempts, first);
    match error.retry {
        Retry::Never => None,
        Retry::After(asked) => Some(asked.max(first)),
        Retry::BackOff => Some(usual),
    }
}

pub fn is_over(begun: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - begun >= PATIENCE
}

pub fn usual(attempts: u32, first: Duration) -> Duration {
    let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    first.saturating_mul(PAUSES[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::ErrorKind;

    #[test]
    fn attempts_go_on_for_a_day_with_growing_pauses() {
        let first = Duration::from_secs(1);
        let begun = DateTime::from_timestamp(0, 0).unwrap();
        let busy = Error::new(ErrorKind::Unavailable, "busy");
        let pauses: Vec<_> =
            (1..=4).map(|attempts| pause(&busy, attempts, begun, begun, first).unwrap().as_secs()).collect();
        assert_eq!(pauses, [1, 5, 30, 120]);
        assert_eq!(pause(&busy, 50, begun, begun, first).unwrap().as_secs(), 14400);
        assert_eq!(pause(&busy, 5, begun, begun + TimeDelta::hours(24), first), None);
        assert_eq!(pause(&Error::new(ErrorKind::Invalid, "no"), 1, begun, begun, first), None);
    }
}
