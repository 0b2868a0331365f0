//! Whether a run still makes progress. One that does not is given up, so that the next can begin.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Engine;

/// A run that makes no progress for so long has timed out.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// When a run last made progress: a page was answered, or written. Milliseconds since 1970.
pub(super) struct Pulse(AtomicI64);

impl Engine {
    pub(super) fn pulse(&self) -> Pulse {
        Pulse(AtomicI64::new(self.clock().now().timestamp_millis()))
    }

    pub(super) fn beat(&self, pulse: &Pulse) {
        pulse.0.store(self.clock().now().timestamp_millis(), Ordering::Relaxed);
    }

    /// Ends when the pulse has been still for too long.
    pub(super) async fn stands_still(&self, pulse: &Pulse) {
        loop {
            tokio::time::sleep(self.0.options.patrol).await;
            let still = self.clock().now().timestamp_millis() - pulse.0.load(Ordering::Relaxed);
            if u64::try_from(still).is_ok_and(|still| Duration::from_millis(still) >= PATIENCE) {
                return;
            }
        }
    }
}
