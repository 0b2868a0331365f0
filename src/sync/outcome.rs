//! What became of streams and runs: pure rules.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::vanishing::Doubt;
use crate::connectors::{self, ErrorKind, Retry};
use crate::domain::SyncState;

/// Credentials that were refused for so long are tried no more.
const REFUSED_FOR: TimeDelta = TimeDelta::days(3);

/// Reads that are tried again, at most.
pub const ATTEMPTS: u32 = 4;

/// Longer pauses that a vendor asks for end the run instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub state: SyncState,
    /// For the operator and the end customer.
    pub error: Option<String>,
    /// Whether the vendor lets it be read at all.
    pub readable: bool,
}

impl Ended {
    pub fn well() -> Self {
        Self { state: SyncState::Succeeded, error: None, readable: true }
    }

    pub fn partly(error: String) -> Self {
        Self { state: SyncState::PartiallyFailed, error: Some(error), readable: true }
    }

    /// The same with what is doubtful about it.
    pub fn doubting(self, doubts: &[Doubt]) -> Self {
        if doubts.is_empty() {
            return self;
        }
        let told = self.error.into_iter().chain(doubts.iter().map(ToString::to_string)).collect::<Vec<_>>();
        Self { error: Some(told.join("; ")), state: SyncState::PartiallyFailed, readable: self.readable }
    }

    pub fn failed(error: &connectors::Error) -> Self {
        // Answers that fail or make no sense are no refusal: they may be better next time.
        let readable = !matches!(error.kind, ErrorKind::Permission | ErrorKind::NotFound | ErrorKind::Unsupported);
        let state = if error.kind == ErrorKind::Auth { SyncState::AuthenticationFailed } else { SyncState::Failed };
        Self { state, error: Some(error.public.clone()), readable }
    }
}

/// How long to wait before a failed read is tried again; none when that is of no use.
pub fn pause(error: &connectors::Error, attempt: u32, first: Duration) -> Option<Duration> {
    if attempt >= ATTEMPTS {
        return None;
    }
    match error.retry {
        Retry::Never => None,
        Retry::After(pause) => (pause <= LONGEST_PAUSE).then_some(pause),
        Retry::BackOff => Some(first.saturating_mul(4_u32.saturating_pow(attempt.saturating_sub(1)))),
    }
}

/// A run is what its streams are together.
pub fn of_run(states: &[SyncState]) -> SyncState {
    if states.contains(&SyncState::AuthenticationFailed) {
        SyncState::AuthenticationFailed
    } else if states.iter().all(|state| *state == SyncState::Succeeded) {
        SyncState::Succeeded
    } else if states.iter().all(|state| *state == SyncState::Failed) {
        SyncState::Failed
    } else {
        SyncState::PartiallyFailed
    }
}

/// When credentials that have been refused since then are tried for the last time.
pub fn last_try(failing_since: DateTime<Utc>) -> DateTime<Utc> {
    failing_since + REFUSED_FOR
}

/// Whether credentials that were refused since then, and again now, are given up.
pub fn is_given_up(failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    failing_since.is_some_and(|since| last_try(since) <= now)
}

/// A vendor that fails run after run is left alone for so long at most, unless the interval is longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(6 * 3600);

/// The next time: an interval later, twice as long after each further run that failed (`failures` in a row), give or
/// take a twentieth, so that many integrations spread out.
pub fn next_sync(now: DateTime<Utc>, interval: Duration, failures: i64, run: Uuid) -> DateTime<Utc> {
    let doubled = u32::try_from(failures.saturating_sub(1).clamp(0, 16)).unwrap_or(0);
    let pause = interval.saturating_mul(2_u32.pow(doubled)).min(LONGEST_BACK_OFF.max(interval));
    let share = f64::from(run.as_bytes()[15]) / 255.0 - 0.5;
    now + TimeDelta::from_std(pause.mul_f64(1.0 + share / 10.0)).unwrap_or(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_what_its_streams_are_together() {
        use SyncState::{AuthenticationFailed, Failed, PartiallyFailed, Succeeded};
        let cases = [
            (vec![Succeeded, Succeeded], Succeeded),
            (vec![Succeeded, Failed], PartiallyFailed),
            (vec![PartiallyFailed, Succeeded], PartiallyFailed),
            (vec![Failed, Failed], Failed),
            (vec![Succeeded, AuthenticationFailed], AuthenticationFailed),
            (vec![], Succeeded),
        ];
        for (states, expected) in cases {
            assert_eq!(of_run(&states), expected, "{states:?}");
        }
    }

    #[test]
    fn a_failing_vendor_is_left_alone_for_longer_and_longer() {
        let now = "2026-06-01T10:00:00Z".parse().unwrap();
        let mut middle = [0; 16];
        middle[15] = 127;
        let minutes = |interval: u64, failures| {
            let next = next_sync(now, Duration::from_secs(interval * 60), failures, Uuid::from_bytes(middle));
            ((next - now).num_minutes() + 9) / 10 * 10
        };
        let hourly: Vec<_> = (0..=5).map(|failures| minutes(60, failures)).collect();
        assert_eq!(hourly, [60, 60, 120, 240, 360, 360]);
        assert_eq!(minutes(24 * 60, 3), 24 * 60);
    }

    #[test]
    fn pauses_grow_and_end() {
        let first = Duration::from_secs(2);
        let busy = connectors::Error::new(ErrorKind::Unavailable, "busy");
        let pauses: Vec<_> = (1..=4).map(|attempt| pause(&busy, attempt, first).map(|pause| pause.as_secs())).collect();
        assert_eq!(pauses, [Some(2), Some(8), Some(32), None]);
        assert_eq!(pause(&connectors::Error::new(ErrorKind::Permission, "no"), 1, first), None);
        let asked = |seconds| busy.clone().retry(Retry::After(Duration::from_secs(seconds)));
        assert_eq!(pause(&asked(60), 1, first), Some(Duration::from_secs(60)));
        assert_eq!(pause(&asked(3600), 1, first), None);
    }
}
