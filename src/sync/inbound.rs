//! What vendors call about: received at once, kept, and taken up later, one claimer at a time an integration, beside
//! whatever sync is under way. The same claimer looks after the integration's subscriptions.

mod address;
mod batch;
mod looked;
mod receive;
mod subscribe;
mod work;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;

use super::{Engine, Error};
use crate::domain::IntegrationId;
use crate::store::{self, InboxLease};

pub use receive::{Incoming, Receipt};

/// So long connecting an account waits for its subscriptions.
const PATIENCE: Duration = Duration::from_secs(20);

/// Inboxes that one process takes up at once.
const AT_ONCE: usize = 8;

impl Engine {
    /// Takes up inboxes that are due, as many as there is room for. Returns how many were begun.
    pub async fn begin_inboxes(&self, stop: &CancellationToken) -> Result<usize, Error> {
        let room = AT_ONCE.saturating_sub(self.0.inboxes.len());
        if room == 0 || stop.is_cancelled() {
            return Ok(0);
        }
        let most = u64::try_from(room).unwrap_or(1);
        let mut begun = 0;
        for integration in self.store().due_inboxes(self.clock().now(), most).await? {
            let Some(lease) = self.store().lease_inbox(integration, self.0.owner, self.clock().now()).await? else {
                continue;
            };
            begun += 1;
            let (engine, stop) = (self.clone(), stop.clone());
            self.0.inboxes.spawn(async move {
                engine.take_up_inbox(lease, &stop).await;
                // There may be more to do, here or for whoever had no room.
                engine.wake();
            });
        }
        Ok(begun)
    }

    /// Waits for what is under way in this process.
    pub async fn settle_inboxes(&self) {
        self.0.inboxes.close();
        self.0.inboxes.wait().await;
        self.0.inboxes.reopen();
    }

    /// When an inbox becomes due, at the earliest.
    pub async fn next_inbox_due(&self) -> Result<Option<Duration>, Error> {
        let now = self.clock().now();
        let next = self.store().next_inbox_due(now).await?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now.timestamp_millis()).unwrap_or(0))))
    }

    /// Works on an inbox until nothing is left to do, the lease is lost or the process stops.
    async fn take_up_inbox(&self, lease: InboxLease, stop: &CancellationToken) {
        let integration = IntegrationId(lease.integration);
        let worked = tokio::select! {
            worked = self.work_inbox(&lease) => worked,
            () = self.keep("an inbox", || self.store().renew_inbox(&lease, self.clock().now())) => Err(store::Error::LeaseLost.into()),
            () = stop.cancelled() => Ok(()),
        };
        match worked {
            Ok(()) => {}
            Err(Error::Store(store::Error::LeaseLost)) => {
                warn!(%integration, "the lease of an inbox was lost");
                return;
            }
            Err(error) => {
                error!(%integration, %error, "the work on an inbox was broken off");
                // It would fail again at once: the lease is left to run out first.
                return;
            }
        }
        if let Err(error) = self.store().release_inbox(&lease, self.clock().now()).await {
            // Its lease runs out, and then somebody finds it.
            warn!(%integration, %error, "an inbox could not be handed back");
        }
    }

    /// Compares the subscriptions with the vendor's at once, unless somebody is at it. Whoever connects an account is
    /// not kept waiting for long: the first sync asks once more.
    pub(super) async fn subscribe_now(&self, integration: Uuid) -> Result<(), Error> {
        self.store().want_subscriptions(integration, self.clock().now()).await?;
        if let Some(lease) = self.store().lease_inbox(integration, self.0.owner, self.clock().now()).await? {
            let stop = CancellationToken::new();
            let working = self.take_up_inbox(lease, &stop);
            if tokio::time::timeout(PATIENCE, working).await.is_err() {
                warn!(integration = %IntegrationId(integration), "the vendor takes long to take webhooks");
            }
        }
        Ok(())
    }
}
