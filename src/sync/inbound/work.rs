//! One inbox: its subscriptions, then what was received, batch by batch. A batch is done in the transaction that
//! tells of it; broken off before, it is done once more and changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};
use uuid::Uuid;

use super::batch;
use super::subscribe::passes;
use crate::connectors::webhook::Hints;
use crate::connectors::{self, ErrorKind};
use crate::domain::{IntegrationId, RecordType, SyncKind, SyncState};
use crate::store::{self, Cause, InboxLease, Pending, Stored, TargetedRun};
use crate::sync::accounts::{NotOpened, Work};
use crate::sync::{Engine, Error, SyncRequest};

/// Deliveries that are looked at together.
const AT_ONCE: i64 = 500;

/// What a batch led to.
struct Told<'a> {
    /// The run that tells of it.
    run: Uuid,
    hints: &'a Hints,
    models: Vec<RecordType>,
    began: DateTime<Utc>,
    stored: Stored,
}

impl Engine {
    pub(super) async fn work_inbox(&self, lease: &InboxLease) -> Result<(), Error> {
        loop {
            let state = self.store().inbox(lease).await?;
            let work = match self.open(lease.integration, None).await {
                Ok(work) => work,
                Err(NotOpened::Gone) => return Err(store::Error::LeaseLost.into()),
                Err(NotOpened::Ours(error)) => return Err(error),
                Err(NotOpened::Vendor(error)) => return self.hold(lease, &error, state.failures, None).await,
            };
            if state.reconcile {
                self.store().end_reconciling(lease).await?;
                self.reconcile(lease, &work).await?;
            }
            let pending = self.store().pending_deliveries(lease, AT_ONCE).await?;
            if pending.is_empty() {
                return Ok(self.store().end_deliveries(lease, &[], None, self.clock().now()).await?);
            }
            if !self.batch(lease, &work, &pending, state.failures).await? {
                return Ok(());
            }
        }
    }

    /// Follows what some deliveries hint at. False when the vendor failed and has to be left alone for a while.
    async fn batch(&self, lease: &InboxLease, work: &Work, pending: &[Pending], failures: u32) -> Result<bool, Error> {
        let mut hints = Hints::default();
        for delivery in pending {
            hints.add(work.connector.hints(&delivery.event, &delivery.body));
        }
        let run = self.ids().uuid();
        let work = work.logged(self.noting(lease.integration, Some(Cause::Run(run))));
        let (models, began) = (batch::models(&hints), self.clock().now());
        let mut told = Told { run, hints: &hints, models, began, stored: Stored::new() };
        match self.follow(lease.integration, &work, &hints, &mut told.stored).await? {
            Ok(missing) => {
                let why = (!missing.is_empty()).then(|| {
                    let count = missing.len();
                    format!("{count} records could not be read singly; a run over what changed reads them")
                });
                self.end_batch(lease, pending, told, why.as_deref()).await?;
                Ok(true)
            }
            Err(error) if passes(&error) => {
                self.hold(lease, &error, failures, Some(told)).await?;
                Ok(false)
            }
            Err(error) => {
                self.end_batch(lease, pending, told, Some(&error.public)).await?;
                Ok(true)
            }
        }
    }

    /// `why`: what could not be read singly.
    async fn end_batch(
        &self,
        lease: &InboxLease,
        pending: &[Pending],
        told: Told<'_>,
        why: Option<&str>,
    ) -> Result<(), Error> {
        let integration = lease.integration;
        if told.hints.unclear || why.is_some() {
            // Before the deliveries are done, so that nothing is lost in between.
            let kind = if told.hints.vanished { SyncKind::Full } else { SyncKind::Delta };
            self.queue_run(SyncRequest::all(integration, kind)).await?;
        }
        let state = match why {
            None => SyncState::Succeeded,
            Some(_) if told.stored.is_empty() => SyncState::Failed,
            Some(_) => SyncState::PartiallyFailed,
        };
        let (integration_id, deliveries) = (IntegrationId(integration), pending.len());
        match why {
            None => info!(integration = %integration_id, deliveries, "webhooks followed"),
            Some(why) => warn!(integration = %integration_id, deliveries, why, "webhooks could not be followed"),
        }
        let run = (!told.models.is_empty()).then(|| told.run(state, why));
        Ok(self.store().end_deliveries(lease, pending, run, self.clock().now()).await?)
    }

    async fn hold(
        &self,
        lease: &InboxLease,
        error: &connectors::Error,
        failures: u32,
        told: Option<Told<'_>>,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let pause = batch::pause(error, failures, self.0.options.first_pause);
        let until = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
        warn!(integration = %IntegrationId(lease.integration), error = error.public, ?pause, "webhooks wait for the vendor");
        let state = match error.kind {
            ErrorKind::Auth => SyncState::AuthenticationFailed,
            _ => SyncState::Failed,
        };
        let run = told.as_ref().filter(|told| !told.models.is_empty());
        let run = run.map(|told| told.run(state, Some(&error.public)));
        Ok(self.store().hold_inbox(lease, until, run, now).await?)
    }
}

impl Told<'_> {
    fn run<'a>(&'a self, state: SyncState, error: Option<&'a str>) -> TargetedRun<'a> {
        TargetedRun { id: self.run, state, began: self.began, stored: &self.stored, models: &self.models, error }
    }
}
