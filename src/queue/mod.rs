//! Wakes background work. A job is a wake-up and carries nothing: the truth about what is due stands in our
//! tables, so that an announcement that is lost, late or doubled costs time and never data.

pub mod shared;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// Says that there may be something to do. Cheap to clone; several calls before anybody looks are one.
#[derive(Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// When the loop last went round, in milliseconds since 1970; for the readiness check.
#[derive(Clone, Default)]
pub struct Heartbeat(Arc<AtomicI64>);

impl Heartbeat {
    pub fn last(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Work that can be due.
pub trait Work: Send + Sync {
    type Error: std::fmt::Display + Send;

    /// Begins what is due, and does not wait for its end.
    fn begin(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// How long until something is due; none when nothing is planned.
    fn next(&self) -> impl Future<Output = Result<Option<Duration>, Self::Error>> + Send;

    fn now(&self) -> i64;
}

/// The engine within one process, over the due times in our own tables. `scan`: so often it looks without having
/// been woken, for what other processes announced.
pub async fn run<W: Work>(work: &W, wake: &Wake, beat: &Heartbeat, scan: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        beat.0.store(work.now(), Ordering::Relaxed);
        let next = async {
            work.begin().await?;
            work.next().await
        };
        let wait = match next.await {
            // Something that is due already could not be begun for want of room: an end of work wakes.
            Ok(next) => next.filter(|wait| !wait.is_zero()).unwrap_or(scan).min(scan),
            Err(error) => {
                error!(%error, "due work could not be begun");
                scan
            }
        };
        tokio::select! {
            () = wake.0.notified() => {}
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}
