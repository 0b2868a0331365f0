//! What a caller may ask of this process: how much in a second, for how long, and which documents. Counts in this process
//! only: beside other processes a key has as much again in each.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use uuid::Uuid;

use super::graphql_over_http::Documents;

#[derive(Clone)]
pub struct Guards {
    /// Of one key; 0: as many as come.
    pub requests_per_second: u32,
    /// So long a request may take, from its key on. A subscription may last; only its beginning is a request.
    pub request_timeout: Duration,
    /// Requests that are in hand at once.
    pub requests_at_once: usize,
    /// Queries that are carried out at once.
    pub queries_at_once: usize,
    pub documents: Arc<Documents>,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            requests_per_second: 10_000,
            request_timeout: Duration::from_secs(90),
            requests_at_once: 1000,
            queries_at_once: 16,
            documents: Arc::default(),
        }
    }
}

/// Requests of each key. Only keys that were found are counted, so that it holds no more than there are.
pub(super) struct Rate(Option<DefaultKeyedRateLimiter<Uuid>>);

impl Rate {
    /// So many in a second, at once or spread over it; 0: without end.
    pub fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|most| DefaultKeyedRateLimiter::keyed(Quota::per_second(most))))
    }

    /// One more request, or in how many seconds to try again.
    pub fn admit(&self, key: Uuid) -> Result<(), u64> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(&key).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_allowance() {
        let rate = Rate::new(3);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        // However slowly this runs, a thousand do not take five minutes.
        let refused: Vec<_> = (0..1000).filter_map(|_| rate.admit(one).err()).collect();
        assert!(!refused.is_empty() && refused.iter().all(|wait| *wait == 1), "{refused:?}");
        assert_eq!(rate.admit(other), Ok(()));
        let endless = Rate::new(0);
        assert!((0..1000).all(|_| endless.admit(one).is_ok()));
    }
}
