//! One run: its streams in the manifest's order, each ending well or not, and what that makes of the run.

use std::collections::HashMap;

use chrono::DateTime;
use metrics::{counter, histogram};
use tracing::{info, warn};

use super::accounts::{NotOpened, Work};
use super::outcome::{self, Ended};
use super::pulse::Pulse;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::connectors::{self, Carried, ErrorKind, Manifest, Problem};
use crate::domain::{IntegrationId, RecordType, SyncKind, SyncState};
use crate::store::runs::{EndRun, EndStream, Run};
use crate::store::{self, Cause, Lease};

/// A run that is being carried out.
pub(super) struct Running<'a> {
    pub lease: &'a Lease,
    pub run: Run,
    pub work: Work,
    pub pulse: &'a Pulse,
    /// What streams left for later ones.
    pub carried: Carried,
    /// By the stream, what of its facts could not be read.
    pub unread_facts: HashMap<&'static str, Vec<Problem>>,
}

impl Running<'_> {
    pub fn manifest(&self) -> &'static Manifest {
        self.work.connector.manifest()
    }

    /// Whether a stream is part of this run.
    pub fn wants(&self, stream: &Stream) -> bool {
        let rules = &self.work.settings.rules;
        let is_stored = match &stream.reads {
            Reads::Carry { needed_by } => {
                let streams = self.manifest().streams;
                return streams.iter().any(|other| needed_by.contains(&other.name) && self.wants(other));
            }
            Reads::Pages(models) => models.iter().any(|model| rules.stores(*model)),
            Reads::Children { parent, replaces, .. } => rules.stores(*parent) && rules.stores(*replaces),
        };
        let asked = self.run.models.as_ref();
        is_stored && asked.is_none_or(|asked| stream.models().iter().any(|model| asked.contains(model)))
    }

    pub fn is_over(&self, stream: &str) -> bool {
        let progress = &self.run.progress;
        progress.done.iter().chain(&progress.failed).any(|name| name == stream)
    }
}

impl Engine {
    /// Carries a run out, from its beginning or from where it was broken off.
    pub(super) async fn carry_out(&self, lease: &Lease, run: Run) -> Result<(), Error> {
        let pulse = self.pulse();
        tokio::select! {
            ended = self.read_all(lease, run.clone(), &pulse) => ended,
            () = self.stands_still(&pulse) => {
                let reason = "the sync made no progress for 15 minutes and was given up; it begins anew by its schedule";
                self.finish(lease, &run, SyncState::TimedOut, Some(reason)).await
            }
        }
    }

    async fn read_all(&self, lease: &Lease, run: Run, pulse: &Pulse) -> Result<(), Error> {
        let integration = IntegrationId(lease.integration);
        let (run_id, kind) = (run.id, run.kind);
        if self.store().has_unreadable(lease.integration).await? {
            // What the vendor allows can be part of the token, and it may allow more by now.
            self.forget(lease.integration);
        }
        let work = match self.open(lease.integration, Some(Cause::Run(run.id))).await {
            Ok(work) => work,
            Err(NotOpened::Gone) => return Err(store::Error::LeaseLost.into()),
            Err(NotOpened::Ours(error)) => return Err(error),
            Err(NotOpened::Vendor(error)) => {
                let state = Ended::failed(&error).state;
                return self.finish(lease, &run, state, Some(&error.public)).await;
            }
        };
        let (carried, unread_facts) = (Carried::default(), HashMap::new());
        let mut running = Running { lease, run, work, pulse, carried, unread_facts };
        let models: Vec<RecordType> = {
            let streams = running.manifest().streams.iter().filter(|stream| running.wants(stream));
            let rules = &running.work.settings.rules;
            streams.flat_map(Stream::models).filter(|model| rules.stores(*model)).collect()
        };
        let now = self.clock().now();
        self.store().begin_run(lease, run_id, &models, now).await?;
        running.run.started_at.get_or_insert(now.timestamp_millis());
        if kind == SyncKind::Full {
            self.store().want_subscriptions(lease.integration, now).await?;
            self.wake();
        }
        info!(%integration, run = %run_id, %kind, resumed = running.run.state == SyncState::Running, "sync begins");
        let ended = match self.streams(&mut running).await {
            Err(Error::Store(store::Error::LeaseLost)) => return self.was_cancelled(&running.run).await,
            ended => ended?,
        };
        let reason = ended.as_ref().map(|error| error.public.clone());
        let states = self.store().run_models(lease.integration, run_id).await?;
        let states: Vec<_> = states.iter().filter_map(|model| SyncState::parse(&model.state)).collect();
        let state = match &ended {
            Some(error) if error.kind == ErrorKind::Auth => SyncState::AuthenticationFailed,
            _ => outcome::of_run(&states),
        };
        self.finish(lease, &running.run, state, reason.as_deref()).await
    }

    /// A run that somebody cancelled is over; else the lease is lost, or the integration gone.
    async fn was_cancelled(&self, run: &Run) -> Result<(), Error> {
        match self.store().find_run(run.integration, run.id).await? {
            Some(found) if found.state == SyncState::Cancelled => {
                info!(run = %run.id, "sync cancelled");
                Ok(())
            }
            _ => Err(store::Error::LeaseLost.into()),
        }
    }

    async fn finish(&self, lease: &Lease, run: &Run, state: SyncState, reason: Option<&str>) -> Result<(), Error> {
        let now = self.clock().now();
        let integration = IntegrationId(lease.integration);
        let interval = match self.store().connection_of(lease.integration).await? {
            Some(connection) => connection.settings.interval,
            None => return Err(store::Error::LeaseLost.into()),
        };
        let Some(history) = self.store().history(lease.integration).await? else {
            return Err(store::Error::LeaseLost.into());
        };
        let since = history.auth_failing_since.and_then(DateTime::from_timestamp_millis);
        let well = matches!(state, SyncState::Succeeded | SyncState::PartiallyFailed);
        let failures = if well { 0 } else { history.failures + 1 };
        let whole = well && run.models.is_none();
        let next = outcome::next_sync(now, interval, failures, run.id);
        let last_try = since.map(outcome::last_try).filter(|at| *at > now);
        let refused = state == SyncState::AuthenticationFailed;
        let end = EndRun {
            run: run.id,
            state,
            next_sync_at: last_try.filter(|_| refused).map_or(next, |at| at.min(next)),
            reason,
            invalid: outcome::is_given_up(since, now),
            first_sync_done: whole,
            full_since: run.started_at.filter(|_| whole && run.kind == SyncKind::Full),
            now,
        };
        self.store().finish_run(lease, end).await?;
        if let Some(started) = run.started_at.and_then(DateTime::from_timestamp_millis) {
            let took = (now - started).to_std().unwrap_or_default();
            histogram!("hiregraph_sync_seconds", "kind" => run.kind.as_str()).record(took);
        }
        counter!("hiregraph_syncs_total", "kind" => run.kind.as_str(), "state" => state.as_str()).increment(1);
        match state {
            SyncState::Succeeded => info!(%integration, run = %run.id, %state, "sync ended"),
            _ => warn!(%integration, run = %run.id, %state, reason, "sync ended"),
        }
        Ok(())
    }

    /// Reads the streams that are left. An error of the whole run is returned: the rest is not tried then.
    async fn streams(&self, running: &mut Running<'_>) -> Result<Option<connectors::Error>, Error> {
        // Streams whose facts are missing, with the reason.
        let mut lacking: HashMap<&str, connectors::Error> = HashMap::new();
        for stream in running.manifest().streams {
            if !running.wants(stream) || running.is_over(stream.name) {
                continue;
            }
            if let Reads::Carry { needed_by } = &stream.reads {
                if needed_by.iter().all(|name| running.is_over(name)) {
                    continue;
                }
                match self.read_facts(running, stream).await? {
                    Ok(()) => {}
                    Err(error) if error.kind == ErrorKind::Auth => return Ok(Some(error)),
                    Err(error) => lacking.extend(needed_by.iter().map(|name| (*name, error.clone()))),
                }
                continue;
            }
            let models = stream.models();
            self.store().begin_stream(running.lease, running.run.id, &models).await?;
            let ended = match lacking.get(stream.name) {
                Some(error) => Ended::failed(error),
                None => match self.read_stream(running, stream).await? {
                    Ok(ended) => ended,
                    Err(error) => {
                        let ended = Ended::failed(&error);
                        if error.kind == ErrorKind::Auth {
                            self.end_stream(running, stream, &ended).await?;
                            return Ok(Some(error));
                        }
                        ended
                    }
                },
            };
            self.end_stream(running, stream, &ended).await?;
        }
        Ok(None)
    }

    async fn end_stream(&self, running: &mut Running<'_>, stream: &Stream, ended: &Ended) -> Result<(), Error> {
        let mut progress = std::mem::take(&mut running.run.progress);
        let over = if ended.state == SyncState::Failed { &mut progress.failed } else { &mut progress.done };
        over.push(stream.name.to_owned());
        progress.forget_stream();
        running.run.progress = progress;
        if let Some(error) = &ended.error {
            let integration = IntegrationId(running.lease.integration);
            warn!(%integration, run = %running.run.id, stream = stream.name, error, "a stream was not read well");
        }
        if !ended.readable {
            // What the vendor allows can be part of the token: the next run asks for a new one.
            self.forget(running.lease.integration);
        }
        let end = EndStream {
            run: running.run.id,
            stream: stream.name,
            models: &stream.models(),
            state: ended.state,
            error: ended.error.as_deref(),
            readable: ended.readable,
            read_until: running.run.started_at.unwrap_or_default(),
            progress: &running.run.progress,
            now: self.clock().now(),
        };
        Ok(self.store().end_stream(running.lease, end).await?)
    }
}
