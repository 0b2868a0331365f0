//! Takes up what is due: one integration at a time, under its lease. Jobs are wake-ups only; what is to be
//! done stands in the store.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};
use uuid::Uuid;

use super::{Engine, Error, SyncRequest};
use crate::domain::IntegrationId;
use crate::store::{self, Lease};

/// Integrations that one process works on at once.
pub const AT_ONCE: usize = 8;

impl Engine {
    /// Starts work on integrations that have been due for `overdue`, as many as there is room for. Returns how many
    /// were begun.
    pub async fn begin_due(
        &self,
        overdue: Duration,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<usize, Error> {
        let room = self.0.room.available_permits();
        if room == 0 || stop.is_cancelled() {
            return Ok(0);
        }
        let (now, most) = (self.clock().now(), u64::try_from(room).unwrap_or(1));
        let mut begun = 0;
        for integration in self.store().due_integrations(now, now - overdue, most).await? {
            let Ok(place) = self.0.room.clone().try_acquire_owned() else { break };
            let Some(lease) = self.store().lease(integration, self.0.owner, self.clock().now()).await? else {
                continue;
            };
            begun += 1;
            let (engine, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move {
                engine.work(lease, &stop).await;
                drop(place);
                // There may be more to do, here or for whoever had no room.
                engine.wake();
            });
        }
        Ok(begun)
    }

    /// Works on this integration, unless somebody else does, until nothing is left to do.
    pub async fn begin_one(&self, integration: Uuid, stop: &CancellationToken) -> Result<(), Error> {
        let place = tokio::select! {
            place = self.0.room.acquire() => place,
            () = stop.cancelled() => return Ok(()),
        };
        // The room is never closed.
        let Ok(_place) = place else { return Ok(()) };
        if let Some(lease) = self.store().lease(integration, self.0.owner, self.clock().now()).await? {
            self.work(lease, stop).await;
        }
        Ok(())
    }

    /// Works on one integration until nothing is left to do, the lease is lost or the process stops.
    async fn work(&self, lease: Lease, stop: &CancellationToken) {
        let integration = IntegrationId(lease.integration);
        let worked = tokio::select! {
            worked = self.runs(&lease) => worked,
            () = self.keep("a sync", || self.store().renew(&lease, self.clock().now())) => Err(store::Error::LeaseLost.into()),
            () = stop.cancelled() => Ok(()),
        };
        match worked {
            Ok(()) => {}
            Err(Error::Store(store::Error::LeaseLost)) => warn!(%integration, "the lease was lost"),
            Err(error) => {
                error!(%integration, %error, "a sync was broken off");
                // It would fail again at once: the lease is left to run out first.
                return;
            }
        }
        // When it is lost, somebody else has it.
        let _ = self.store().release(&lease).await;
    }

    /// Renews a lease; ends when it is lost.
    pub(super) async fn keep<F>(&self, of: &str, renew: impl Fn() -> F)
    where
        F: Future<Output = store::Result<()>>,
    {
        loop {
            tokio::time::sleep(self.store().lease_time() / 3).await;
            match renew().await {
                Ok(()) => {}
                Err(store::Error::LeaseLost) => return,
                Err(error) => warn!(of, %error, "the lease could not be renewed"),
            }
        }
    }

    async fn runs(&self, lease: &Lease) -> Result<(), Error> {
        loop {
            let run = match self.store().next_run(lease).await? {
                Some(run) => run,
                None if self.is_due(lease.integration).await? => {
                    let integration = lease.integration;
                    let Some(history) = self.store().history(integration).await? else { return Ok(()) };
                    let kind = self.scheduled(integration, &history);
                    self.queue_run(SyncRequest::all(integration, kind)).await?;
                    continue;
                }
                None => return Ok(()),
            };
            self.carry_out(lease, run).await?;
        }
    }

    async fn is_due(&self, integration: Uuid) -> Result<bool, Error> {
        let now = self.clock().now();
        Ok(self.store().next_sync_at(integration).await?.is_some_and(|at| at <= now.timestamp_millis()))
    }

    /// When something becomes due by its schedule, at the earliest.
    pub async fn next_due(&self) -> Result<Option<Duration>, Error> {
        let now = self.clock().now().timestamp_millis();
        let next = self.store().next_due().await?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
    }
}
