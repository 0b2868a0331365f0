//! Sync runs: queued, worked on, finished. A run that was broken off is found unfinished and taken up again.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait,
    FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::commit::forget_targeted;
use super::convert::millis;
use super::entity::{Json, counter, integration, sync_run, sync_run_model, sync_seen};
use super::lease::Lease;
use super::signals::Channel;
use super::sql::Sql;
use super::wake::{Job, announce};
use super::webhooks::{Happening, happened, note_state, state_of};
use super::{Error, Result, Store};
use crate::domain::{NodeId, NodeType, RecordType, SyncKind, SyncState, WebhookEvent};

pub use super::commit::{RunStep, Seen};

/// How far a run is: enough to go on after a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Streams that were read to their end, deletions included.
    pub done: Vec<String>,
    /// Streams that failed.
    #[serde(default)]
    pub failed: Vec<String>,
    /// The stream that is being read.
    pub stream: Option<String>,
    /// Where in it: none at its beginning.
    pub cursor: Option<String>,
    /// Pages of it that were committed.
    #[serde(default)]
    pub page: i64,
    /// Whether all of its pages were committed, and only what is gone must still be found out.
    #[serde(default)]
    pub complete: bool,
    /// What of it could not be read: not gone, though no page shows it.
    #[serde(default)]
    pub problems: Problems,
}

/// Records that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    pub ids: HashSet<Uuid>,
    /// Those whose id could not be read: each may be any record.
    pub unidentified: usize,
    /// The first of them, in words.
    pub first: Option<String>,
}

impl Progress {
    /// What was noted of the stream that is being read; those that are over stay.
    pub fn forget_stream(&mut self) {
        let (done, failed) = (std::mem::take(&mut self.done), std::mem::take(&mut self.failed));
        *self = Self { done, failed, ..Self::default() };
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub integration: Uuid,
    pub id: Uuid,
    pub kind: SyncKind,
    pub state: SyncState,
    pub models: Option<Vec<RecordType>>,
    pub progress: Progress,
    pub started_at: Option<i64>,
    /// Whether everything goes that it finds gone, however much that is.
    pub confirm_deletions: bool,
}

#[derive(Debug, Clone)]
pub struct NewRun {
    pub integration: Uuid,
    pub id: Uuid,
    pub kind: SyncKind,
    /// None: all.
    pub models: Option<Vec<RecordType>>,
    pub confirm_deletions: bool,
    pub now: DateTime<Utc>,
}

impl Run {
    fn of(row: sync_run::Model) -> Result<Self> {
        Ok(Self {
            integration: row.integration_id,
            id: row.id,
            kind: SyncKind::parse(&row.kind).ok_or(Error::Corrupt("the kind of a sync run"))?,
            state: SyncState::parse(&row.state).ok_or(Error::Corrupt("the state of a sync run"))?,
            models: row.models.map(|json| json.0),
            progress: row.progress.map(|json| json.0).unwrap_or_default(),
            started_at: row.started_at,
            confirm_deletions: row.confirm_deletions.unwrap_or(false),
        })
    }
}

impl Store {
    /// Queues a run, unless one of that kind waits already: then that one, and true.
    pub async fn enqueue_run(&self, new: NewRun) -> Result<(Uuid, bool)> {
        let tx = self.0.database.begin().await?;
        // The integration's row decides between two callers at once.
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT id FROM integrations WHERE id = ").bind(new.integration);
        if sql.backend() == DbBackend::Postgres {
            sql.push(" FOR UPDATE");
        }
        if tx.query_one_raw(sql.statement()).await?.is_none() {
            return Err(Error::LeaseLost);
        }
        let waiting = sync_run::Entity::find()
            .filter(sync_run::Column::IntegrationId.eq(new.integration))
            .filter(sync_run::Column::FinishedAt.is_null())
            .filter(sync_run::Column::State.eq(SyncState::Queued.as_str()))
            .filter(sync_run::Column::Kind.eq(new.kind.as_str()))
            .all(&tx)
            .await?;
        let does_it = |waiting: &&sync_run::Model| {
            let confirms = waiting.confirm_deletions.unwrap_or(false);
            waiting.models.as_ref().map(|json| &json.0) == new.models.as_ref() && (confirms || !new.confirm_deletions)
        };
        if let Some(waiting) = waiting.iter().find(does_it) {
            tx.commit().await?;
            return Ok((waiting.id, true));
        }
        let row = sync_run::ActiveModel {
            integration_id: Set(new.integration),
            id: Set(new.id),
            kind: Set(new.kind.as_str().to_owned()),
            state: Set(SyncState::Queued.as_str().to_owned()),
            models: Set(new.models.map(Json)),
            queued_at: Set(millis(new.now)),
            started_at: Set(None),
            finished_at: Set(None),
            progressed_at: Set(None),
            progress: Set(None),
            confirm_deletions: Set(Some(new.confirm_deletions)),
        };
        sync_run::Entity::insert(row).exec_without_returning(&tx).await?;
        announce(&tx, Job::Sync(new.integration), None).await?;
        tx.commit().await?;
        Ok((new.id, false))
    }

    /// Integrations that have something to do now and that nobody works on. What became due after `since` is left to
    /// whoever was told of it.
    pub async fn due_integrations(&self, now: DateTime<Utc>, since: DateTime<Utc>, most: u64) -> Result<Vec<Uuid>> {
        let (now, since) = (millis(now), millis(since));
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT i.id FROM integrations i WHERE i.paused = ").bind(false);
        sql.push(" AND (i.lease_until IS NULL OR i.lease_until < ").bind(now).push(")");
        sql.push(" AND (i.next_sync_at <= ").bind(since);
        sql.push(" OR EXISTS (SELECT 1 FROM sync_runs r WHERE r.integration_id = i.id AND r.finished_at IS NULL");
        sql.push(" AND (r.queued_at <= ").bind(since).push(" OR r.state <> ").bind(SyncState::Queued.as_str());
        sql.push(")))");
        sql.push(" ORDER BY i.next_sync_at, i.id LIMIT ").bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// When the next integration is due by its schedule.
    pub async fn next_due(&self) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT MIN(next_sync_at) FROM integrations WHERE paused = ").bind(false);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// The run to work on: the one that was broken off, else the one that waits longest. None while the integration
    /// is paused.
    pub async fn next_run(&self, lease: &Lease) -> Result<Option<Run>> {
        let goes_on = integration::Entity::find_by_id(lease.integration).filter(integration::Column::Paused.eq(false));
        if goes_on.count(self.reader()).await? == 0 {
            return Ok(None);
        }
        let unfinished = sync_run::Entity::find()
            .filter(sync_run::Column::IntegrationId.eq(lease.integration))
            .filter(sync_run::Column::FinishedAt.is_null())
            .order_by_asc(Expr::col(sync_run::Column::State).eq(SyncState::Queued.as_str()))
            .order_by_asc(sync_run::Column::QueuedAt)
            .limit(1)
            .one(self.reader())
            .await?;
        unfinished.map(Run::of).transpose()
    }

    /// Begins a run or takes it up again. Its counts begin at zero for each of `models`; those of a run that
    /// was begun before stay.
    pub async fn begin_run(&self, lease: &Lease, run: Uuid, models: &[RecordType], now: DateTime<Utc>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE sync_runs SET state = ").bind(SyncState::Running.as_str());
        sql.push(", started_at = COALESCE(started_at, ").bind(millis(now)).push("), progressed_at = ");
        sql.bind(millis(now)).push(" WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND id = ").bind(run).push(" AND finished_at IS NULL");
        if tx.execute_raw(sql.statement()).await?.rows_affected() == 0 {
            return Err(Error::LeaseLost);
        }
        forget_targeted(&tx, lease.integration).await?;
        let rows = models.iter().map(|model| sync_run_model::ActiveModel {
            integration_id: Set(lease.integration),
            run_id: Set(run),
            model: Set(model.as_str().to_owned()),
            state: Set(SyncState::Queued.as_str().to_owned()),
            fetched: Set(0),
            created: Set(0),
            updated: Set(0),
            unchanged: Set(0),
            deleted: Set(0),
            expected: Set(None),
            error: Set(None),
            held_deletions: Set(None),
        });
        sync_run_model::Entity::insert_many(rows).on_conflict_do_nothing().exec_without_returning(&tx).await?;
        self.commit_saying(tx, &[(Channel::Runs, run.to_string())]).await?;
        Ok(())
    }

    /// What the run has seen of a stream so far.
    pub async fn seen(&self, lease: &Lease, run: Uuid, stream: &str) -> Result<Vec<Uuid>> {
        let pages = sync_seen::Entity::find()
            .filter(sync_seen::Column::IntegrationId.eq(lease.integration))
            .filter(sync_seen::Column::RunId.eq(run))
            .filter(sync_seen::Column::Stream.eq(stream))
            .all(self.reader())
            .await?;
        pages
            .iter()
            .flat_map(|page| page.ids.chunks(16))
            .map(|id| Uuid::from_slice(id).map_err(|_| Error::Corrupt("the ids that a run has seen")))
            .collect()
    }

    /// Notes that a stream begins: its models run.
    pub async fn begin_stream(&self, lease: &Lease, run: Uuid, models: &[RecordType]) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        model_states(&tx, lease, run, models, SyncState::Running, None).await?;
        self.commit_saying(tx, &[(Channel::Runs, run.to_string())]).await?;
        Ok(())
    }

    /// Notes a stream's end. What it has seen is forgotten.
    pub async fn end_stream(&self, lease: &Lease, end: EndStream<'_>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        sync_seen::Entity::delete_many()
            .filter(sync_seen::Column::IntegrationId.eq(lease.integration))
            .filter(sync_seen::Column::RunId.eq(end.run))
            .filter(sync_seen::Column::Stream.eq(end.stream))
            .exec(&tx)
            .await?;
        for model in end.models {
            model_states(&tx, lease, end.run, &[*model], end.state, end.error).await?;
            status(&tx, lease, *model, &end).await?;
        }
        note_progress(&tx, (lease.integration, end.run), Some(end.progress), end.now).await?;
        self.commit_saying(tx, &[(Channel::Runs, end.run.to_string())]).await?;
        Ok(())
    }

    /// Ends a run. False when it had been ended already, by a cancellation, say: then nothing is written.
    pub async fn finish_run(&self, lease: &Lease, end: EndRun<'_>) -> Result<bool> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        if !end_run(&tx, lease.integration, end.run, end.state, end.now).await? {
            return Ok(false);
        }
        let before = state_of(&tx, lease.integration).await?.map(|(state, _)| state);
        let invalid = end.invalid && end.state == SyncState::AuthenticationFailed;
        let mut sql = Sql::new(tx.get_database_backend());
        // Nobody tries by itself what was refused for long: new credentials set a time again.
        sql.push("UPDATE integrations SET next_sync_at = ").bind((!invalid).then(|| millis(end.next_sync_at)));
        sql.push(", state_reason = ").bind(end.reason.map(str::to_owned));
        match end.state {
            SyncState::AuthenticationFailed => {
                sql.push(", auth_failing_since = COALESCE(auth_failing_since, ").bind(millis(end.now)).push(")");
                sql.push(", invalid = ").bind(invalid).push(", failures = failures + 1");
            }
            SyncState::Succeeded | SyncState::PartiallyFailed => {
                sql.push(", auth_failing_since = NULL, failures = 0, invalid = ").bind(false);
            }
            // A vendor that does not answer says nothing of the credentials.
            SyncState::Failed | SyncState::TimedOut => drop(sql.push(", failures = failures + 1")),
            SyncState::Cancelled | SyncState::Queued | SyncState::Running => {}
        }
        if let Some(began) = end.full_since {
            sql.push(", last_full_at = ").bind(began);
        }
        if end.first_sync_done {
            sql.push(", first_synced_at = COALESCE(first_synced_at, ").bind(millis(end.now)).push(")");
        }
        sql.push(" WHERE id = ").bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        if !invalid {
            announce(&tx, Job::Sync(lease.integration), Some(end.next_sync_at)).await?;
        }
        if let Some(before) = before {
            note_state(&tx, lease.integration, before, end.now).await?;
        }
        self.commit_saying(tx, &[(Channel::Runs, end.run.to_string())]).await?;
        Ok(true)
    }

    /// Ends a run that nobody works on any more, or that somebody is working on: its worker notices.
    pub(super) async fn cancel_run(&self, integration: Uuid, run: Uuid, now: DateTime<Utc>) -> Result<bool> {
        let tx = self.0.database.begin().await?;
        // The integration first, as every writer takes it. What is due already would begin the same again at once.
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE integrations SET next_sync_at = CASE WHEN next_sync_at <= ").bind(millis(now));
        sql.push(" THEN ").bind(millis(now)).push(" + sync_interval ELSE next_sync_at END WHERE id = ");
        sql.bind(integration);
        tx.execute_raw(sql.statement()).await?;
        if !end_run(&tx, integration, run, SyncState::Cancelled, now).await? {
            return Ok(false);
        }
        self.commit_saying(tx, &[(Channel::Runs, run.to_string())]).await?;
        Ok(true)
    }

    /// What its runs came to so far; none when there is no such integration.
    pub async fn history(&self, integration: Uuid) -> Result<Option<History>> {
        let found = integration::Entity::find_by_id(integration)
            .select_only()
            .column(integration::Column::Connector)
            .column(integration::Column::AuthFailingSince)
            .column(integration::Column::Failures)
            .column(integration::Column::LastFullAt)
            .into_model::<History>();
        Ok(found.one(self.reader()).await?)
    }

    /// All of these record types are mirrored as of before this moment; none when one was never read well.
    pub async fn read_until(&self, lease: &Lease, models: &[RecordType]) -> Result<Option<i64>> {
        let words: Vec<String> = models.iter().map(|model| model.as_str().to_owned()).collect();
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT MIN(read_until), COUNT(read_until) FROM model_status WHERE integration_id = ");
        sql.bind(lease.integration).push(" AND ").one_of("model", &words);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let known: i64 = row.try_get_by_index(1)?;
        Ok(if usize::try_from(known) == Ok(models.len()) { row.try_get_by_index(0)? } else { None })
    }

    /// When its schedule wants it synced; none while it is paused.
    pub async fn next_sync_at(&self, integration: Uuid) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT next_sync_at FROM integrations WHERE id = ").bind(integration);
        sql.push(" AND paused = ").bind(false);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// What a run counted so far.
    pub async fn run_models(&self, integration: Uuid, run: Uuid) -> Result<Vec<sync_run_model::Model>> {
        Ok(sync_run_model::Entity::find()
            .filter(sync_run_model::Column::IntegrationId.eq(integration))
            .filter(sync_run_model::Column::RunId.eq(run))
            .all(self.reader())
            .await?)
    }

    pub async fn find_run(&self, integration: Uuid, run: Uuid) -> Result<Option<Run>> {
        sync_run::Entity::find_by_id((integration, run)).one(self.reader()).await?.map(Run::of).transpose()
    }

    /// Goes up when integrations come or go.
    pub(super) async fn count_integrations_changed(tx: &DatabaseTransaction) -> Result<()> {
        counter::Entity::update_many()
            .col_expr(counter::Column::Value, Expr::col(counter::Column::Value).add(1))
            .filter(counter::Column::Name.eq("integrations"))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// How many parents' children are to be read, for a progress bar.
    pub async fn expect_parents(&self, lease: &Lease, run: Uuid, model: RecordType, expected: u64) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE sync_run_models SET expected = fetched + ").bind(i64::try_from(expected).unwrap_or(i64::MAX));
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND run_id = ").bind(run);
        sql.push(" AND model = ").bind(model.as_str());
        tx.execute_raw(sql.statement()).await?;
        self.commit_saying(tx, &[(Channel::Runs, run.to_string())]).await?;
        Ok(())
    }
}

/// What the runs of an integration came to so far.
#[derive(Debug, Clone, FromQueryResult)]
pub struct History {
    pub connector: String,
    pub auth_failing_since: Option<i64>,
    /// Runs in a row that came to no good end.
    pub failures: i64,
    /// When the last full run began that came to a good end.
    pub last_full_at: Option<i64>,
}

pub struct EndStream<'a> {
    pub run: Uuid,
    pub stream: &'a str,
    pub models: &'a [RecordType],
    pub state: SyncState,
    pub error: Option<&'a str>,
    /// Whether the models can be read at all: false when the vendor refuses it.
    pub readable: bool,
    /// What changed at the vendor before this is mirrored, when the stream ended well.
    pub read_until: i64,
    pub progress: &'a Progress,
    pub now: DateTime<Utc>,
}

pub struct EndRun<'a> {
    pub run: Uuid,
    pub state: SyncState,
    pub next_sync_at: DateTime<Utc>,
    pub reason: Option<&'a str>,
    /// Whether the credentials were refused for so long that nobody tries them any more.
    pub invalid: bool,
    pub first_sync_done: bool,
    /// When it began, if it read everything and came to a good end.
    pub full_since: Option<i64>,
    pub now: DateTime<Utc>,
}

/// Notes that a run goes on, and how far it is. A run that was cancelled or given up meanwhile takes nothing more.
pub(super) async fn note_progress(
    tx: &DatabaseTransaction,
    (integration, run): (Uuid, Uuid),
    progress: Option<&Progress>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE sync_runs SET progressed_at = ").bind(millis(now));
    if let Some(progress) = progress {
        sql.push(", progress = ").bind(Json(progress.clone()));
    }
    sql.push(" WHERE integration_id = ").bind(integration).push(" AND id = ").bind(run);
    sql.push(" AND finished_at IS NULL");
    match tx.execute_raw(sql.statement()).await?.rows_affected() {
        0 => Err(Error::LeaseLost),
        _ => Ok(()),
    }
}

/// Fails when the lease is no longer the latest.
pub(super) async fn held(tx: &DatabaseTransaction, lease: &Lease) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT 1 FROM integrations WHERE id = ").bind(lease.integration);
    sql.push(" AND lease_fence = ").bind(lease.fence.unwrap_or(-1));
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
    tx.query_one_raw(sql.statement()).await?.map(drop).ok_or(Error::LeaseLost)
}

async fn model_states(
    tx: &DatabaseTransaction,
    lease: &Lease,
    run: Uuid,
    models: &[RecordType],
    state: SyncState,
    error: Option<&str>,
) -> Result<()> {
    let words: Vec<String> = models.iter().map(|model| model.as_str().to_owned()).collect();
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE sync_run_models SET state = ").bind(state.as_str());
    sql.push(", error = ").bind(error.map(str::to_owned));
    if state == SyncState::Running {
        // A run that is taken up again finds it out anew.
        sql.push(", held_deletions = NULL");
    }
    sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND run_id = ").bind(run);
    sql.push(" AND ").one_of("model", &words);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

async fn status(tx: &DatabaseTransaction, lease: &Lease, model: RecordType, end: &EndStream<'_>) -> Result<()> {
    let good = matches!(end.state, SyncState::Succeeded | SyncState::PartiallyFailed);
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("INSERT INTO model_status (integration_id, model, last_synced_at, read_until, readable, error) VALUES (");
    sql.bind(lease.integration).push(", ").bind(model.as_str()).push(", ");
    sql.bind(good.then(|| millis(end.now))).push(", ").bind(good.then_some(end.read_until)).push(", ");
    sql.bind(end.readable).push(", ");
    sql.bind(end.error.map(str::to_owned)).push(") ON CONFLICT (integration_id, model) DO UPDATE SET ");
    sql.push("last_synced_at = COALESCE(excluded.last_synced_at, model_status.last_synced_at), ");
    sql.push("read_until = COALESCE(excluded.read_until, model_status.read_until), ");
    sql.push("readable = excluded.readable, error = excluded.error");
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

pub(super) async fn end_run(
    tx: &DatabaseTransaction,
    integration: Uuid,
    run: Uuid,
    state: SyncState,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE sync_runs SET state = ").bind(state.as_str()).push(", progress = NULL, finished_at = ");
    sql.bind(millis(now)).push(" WHERE integration_id = ").bind(integration).push(" AND id = ").bind(run);
    sql.push(" AND finished_at IS NULL");
    sql.push(" RETURNING kind");
    let ended = tx.query_one_raw(sql.statement()).await?;
    if let Some(row) = &ended {
        let open = [SyncState::Queued, SyncState::Running].map(|state| state.as_str().to_owned());
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE sync_run_models SET state = ").bind(state.as_str());
        sql.push(" WHERE integration_id = ").bind(integration).push(" AND run_id = ").bind(run).push(" AND ");
        sql.one_of("state", &open);
        tx.execute_raw(sql.statement()).await?;
        sync_seen::Entity::delete_many()
            .filter(sync_seen::Column::IntegrationId.eq(integration))
            .filter(sync_seen::Column::RunId.eq(run))
            .exec(tx)
            .await?;
        let id = NodeId::new(NodeType::SyncRun, run).to_string();
        let details = json!({ "syncRunId": id, "kind": row.try_get_by_index::<String>(0)?, "state": state });
        let event = WebhookEvent::SyncFinished;
        happened(tx, Happening { event, integration: Some(integration), details, now }).await?;
    }
    Ok(ended.is_some())
}
