//! How fast an account may be asked: so many requests a second, so many at once, and none at all until the
//! time that the vendor named.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::super::error::{Error, ErrorKind, Retry};

/// Longer than this nobody waits in a request: the caller is told and comes back.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

const WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Budget {
    /// None: as many as one likes.
    per_second: Option<usize>,
    /// When the latest requests began or will begin, at most `per_second` of them.
    starts: Mutex<VecDeque<Instant>>,
    slots: Semaphore,
    /// Set by a `Retry-After`, for all requests of the account.
    paused_until: Mutex<Option<Instant>>,
}

impl Budget {
    pub fn new(per_second: Option<u32>, concurrency: usize) -> Self {
        Self {
            per_second: per_second.and_then(|count| usize::try_from(count.max(1)).ok()),
            starts: Mutex::default(),
            slots: Semaphore::new(concurrency.max(1)),
            paused_until: Mutex::default(),
        }
    }

    /// Waits for a turn; the request is under way as long as the permit lives.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        let slot = self.slots.acquire().await.map_err(|_| Error::new(ErrorKind::Unavailable, "shutting down"))?;
        if let Some(start) = self.next_start() {
            tokio::time::sleep_until(start).await;
        }
        loop {
            // Looked at last, and again after a wait: another request may have been told to stop meanwhile.
            let pause = self.pause_left();
            if pause.is_zero() {
                return Ok(slot);
            }
            if pause > LONGEST_PAUSE {
                return Err(rate_limited(pause));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Nobody asks for this long.
    pub fn pause(&self, time: Duration) {
        let Some(until) = Instant::now().checked_add(time) else { return };
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some(paused.map_or(until, |known| known.max(until)));
    }

    fn pause_left(&self) -> Duration {
        let until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Books the next start: never more than `per_second` within any window of one second.
    fn next_start(&self) -> Option<Instant> {
        let per_second = self.per_second?;
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut start = now;
        if starts.len() >= per_second
            && let Some(oldest) = starts.pop_front()
        {
            start = now.max(oldest + WINDOW);
        }
        starts.push_back(start);
        Some(start)
    }
}

/// The vendor asks for a pause that nobody here waits out.
pub fn rate_limited(pause: Duration) -> Error {
    Error::new(ErrorKind::RateLimited, format!("the vendor asks to wait for {} seconds", pause.as_secs().max(1)))
        .retry(Retry::After(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_its_share() {
        let budget = Budget::new(Some(5), 4);
        let begin = Instant::now();
        let mut starts = Vec::new();
        for _ in 0..17 {
            drop(budget.turn().await.unwrap());
            starts.push((Instant::now() - begin).as_secs());
        }
        assert_eq!(starts, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_and_a_long_one_is_an_error() {
        let budget = Budget::new(None, 4);
        let begin = Instant::now();
        budget.pause(Duration::from_secs(7));
        drop(budget.turn().await.unwrap());
        assert_eq!((Instant::now() - begin).as_secs(), 7);

        budget.pause(Duration::from_secs(600));
        let error = budget.turn().await.unwrap_err();
        assert_eq!((error.kind, error.retry), (ErrorKind::RateLimited, Retry::After(Duration::from_secs(600))));
    }
}
