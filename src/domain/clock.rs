//! Where time, identifiers and chance come from: passed in, never taken from the environment, so that
//! every behaviour can be repeated. `clippy.toml` bans the direct calls and names these instead.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// The time of day. One per process, shared by everything that asks for it.
pub trait Clock: Send + Sync + 'static {
    /// UTC, truncated to milliseconds: what is stored equals what was asked.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> DateTime<Utc> {
        truncate(Utc::now())
    }
}

/// A clock that stands still until it is moved; for tests and for reproducible simulations.
#[derive(Debug)]
pub struct FrozenClock(Mutex<DateTime<Utc>>);

impl FrozenClock {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(truncate(now)))
    }

    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += TimeDelta::from_std(by).unwrap_or(TimeDelta::zero());
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Fresh identifiers and random bytes.
pub trait Ids: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes, fit for secrets.
    fn fill(&self, bytes: &mut [u8]);

    /// A fresh UUIDv8 for things that are made here and not mirrored: integrations, runs, keys.
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        Uuid::new_v8(bytes)
    }
}

/// The operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's randomness is read")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}

/// A repeatable sequence, for tests only: its secrets can be guessed.
#[derive(Debug)]
pub struct SeededIds(Mutex<u64>);

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed << 32))
    }
}

impl Ids for SeededIds {
    fn fill(&self, bytes: &mut [u8]) {
        let mut counter = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *counter += 1;
        let mut reader = blake3::Hasher::new().update(&counter.to_be_bytes()).finalize_xof();
        reader.fill(bytes);
    }
}

fn truncate(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}
