//! The inbox of what vendors sent: taken up by one process at a time an integration, under a lease, and done only
//! together with the run that tells of it.

mod receive;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};
use uuid::Uuid;

use super::commit::for_update;
use super::convert::millis;
use super::entity::{sync_run, sync_run_model, vendor_inbox};
use super::sql::Sql;
use super::wake::{Job, announce};
use super::{Counts, Error, Result, Store, Stored};
use crate::domain::{RecordType, SyncKind, SyncState};

pub use receive::{Received, Receiving};

/// So long what is done is kept, at least: the same may be received once more, and is known then.
const DONE_KEPT: i64 = 2 * receive::BUCKET;
/// So long runs over single records are shown.
const RUNS_KEPT: i64 = 7 * 24 * 3_600_000;

/// Permission to take up an integration's inbox and to change its subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxLease {
    pub integration: Uuid,
    fence: i64,
}

/// What is to be done in an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxState {
    pub reconcile: bool,
    /// Failures one after the other.
    pub failures: u32,
}

/// One delivery that is taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub token: Uuid,
    pub event: String,
    pub body: Vec<u8>,
    received_at: i64,
}

/// A run over single records, as it is told once it is over.
#[derive(Debug, Clone)]
pub struct TargetedRun<'a> {
    pub id: Uuid,
    pub state: SyncState,
    pub began: DateTime<Utc>,
    pub stored: &'a Stored,
    /// Of each type that was to be read.
    pub models: &'a [RecordType],
    pub error: Option<&'a str>,
}

impl Store {
    /// Makes the inbox of an integration. False when there is no such integration.
    pub async fn open_inbox(&self, integration: Uuid) -> Result<bool> {
        let tx = self.0.database.begin().await?;
        if !lock_integration(&tx, integration).await? {
            return Ok(false);
        }
        let row = vendor_inbox::ActiveModel {
            integration_id: Set(integration),
            due_at: Set(None),
            held_until: Set(None),
            failures: Set(0),
            reconcile: Set(false),
            lease_owner: Set(None),
            lease_until: Set(None),
            lease_fence: Set(0),
        };
        let insert = vendor_inbox::Entity::insert(row).on_conflict_do_nothing();
        insert.exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Asks for a comparison of the subscriptions with the vendor's.
    pub async fn want_subscriptions(&self, integration: Uuid, now: DateTime<Utc>) -> Result<()> {
        if !self.open_inbox(integration).await? {
            return Ok(());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE vendor_inboxes SET reconcile = ").bind(true);
        sql.push(", due_at = COALESCE(due_at, ").bind(millis(now)).push(") WHERE integration_id = ").bind(integration);
        self.0.database.execute(sql.statement()).await?;
        announce(self.0.database.write(), Job::Inbox(integration), None).await
    }

    /// Inboxes in which something is to be done now and that nobody takes up.
    pub async fn due_inboxes(&self, now: DateTime<Utc>, most: u64) -> Result<Vec<Uuid>> {
        let now = millis(now);
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT v.integration_id FROM vendor_inboxes v JOIN integrations i ON i.id = v.integration_id ");
        sql.push("WHERE i.paused = ").bind(false).push(" AND i.invalid = ").bind(false);
        sql.push(" AND v.due_at <= ").bind(now).push(" AND (v.held_until IS NULL OR v.held_until <= ").bind(now);
        sql.push(") AND (v.lease_until IS NULL OR v.lease_until < ").bind(now).push(") ORDER BY v.due_at LIMIT ");
        sql.bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// When the next inbox is due that nobody takes up now.
    pub async fn next_inbox_due(&self, now: DateTime<Utc>) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT MIN(CASE WHEN v.held_until > v.due_at THEN v.held_until ELSE v.due_at END) ");
        sql.push("FROM vendor_inboxes v JOIN integrations i ON i.id = v.integration_id WHERE v.due_at IS NOT NULL");
        sql.push(" AND i.paused = ").bind(false).push(" AND i.invalid = ").bind(false);
        sql.push(" AND (v.lease_until IS NULL OR v.lease_until < ").bind(millis(now)).push(")");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// Takes the lease of an inbox unless somebody else holds it.
    pub async fn lease_inbox(&self, integration: Uuid, owner: Uuid, now: DateTime<Utc>) -> Result<Option<InboxLease>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE vendor_inboxes SET lease_fence = lease_fence + 1, lease_owner = ").bind(owner);
        sql.push(", lease_until = ").bind(millis(now + self.0.lease));
        sql.push(" WHERE integration_id = ").bind(integration);
        sql.push(" AND (lease_until IS NULL OR lease_until < ").bind(millis(now)).push(") RETURNING lease_fence");
        let tx = self.0.database.begin().await?;
        let row = tx.query_one_raw(sql.statement()).await?;
        tx.commit().await?;
        let fence = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        Ok(fence.map(|fence| InboxLease { integration, fence }))
    }

    pub async fn renew_inbox(&self, lease: &InboxLease, now: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE vendor_inboxes SET lease_until = ").bind(millis(now + self.0.lease));
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND lease_fence = ").bind(lease.fence);
        match self.0.database.execute(sql.statement()).await?.rows_affected() {
            0 => Err(Error::LeaseLost),
            _ => Ok(()),
        }
    }

    /// Hands an inbox back. What came in meanwhile stays due. A renewal that is still on its way comes too late by the
    /// new number.
    pub async fn release_inbox(&self, lease: &InboxLease, now: DateTime<Utc>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        lock_inbox(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("DELETE FROM vendor_deliveries WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND done_at < ").bind(millis(now) - DONE_KEPT);
        tx.execute_raw(sql.statement()).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE vendor_inboxes SET lease_until = NULL, lease_fence = lease_fence + 1 WHERE integration_id = ");
        sql.bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends all leases of inboxes: for an embedded database, which no other process works on, at start.
    pub async fn release_inboxes(&self) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE vendor_inboxes SET lease_until = NULL WHERE lease_until IS NOT NULL");
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    pub async fn inbox(&self, lease: &InboxLease) -> Result<InboxState> {
        let found = vendor_inbox::Entity::find_by_id(lease.integration).one(self.reader()).await?;
        let row = found.filter(|row| row.lease_fence == lease.fence).ok_or(Error::LeaseLost)?;
        Ok(InboxState { reconcile: row.reconcile, failures: u32::try_from(row.failures).unwrap_or(0) })
    }

    /// What is not done, the oldest first.
    pub async fn pending_deliveries(&self, lease: &InboxLease, most: i64) -> Result<Vec<Pending>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT token, event, body, received_at FROM vendor_deliveries WHERE integration_id = ");
        sql.bind(lease.integration).push(" AND done_at IS NULL ORDER BY received_at LIMIT ").bind(most);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let read = |row: &sea_orm::QueryResult| {
            let body: Option<Vec<u8>> = row.try_get_by_index(2)?;
            Ok(Pending {
                token: row.try_get_by_index(0)?,
                event: row.try_get_by_index(1)?,
                body: body.unwrap_or_default(),
                received_at: row.try_get_by_index(3)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Notes what was done: deliveries that were not received again meanwhile lose their body.
    pub async fn end_deliveries(
        &self,
        lease: &InboxLease,
        done: &[Pending],
        run: Option<TargetedRun<'_>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tx = self.0.database.begin().await?;
        lock_both(&tx, lease).await?;
        let tokens: Vec<Uuid> = done.iter().map(|delivery| delivery.token).collect();
        if let Some(last) = done.iter().map(|delivery| delivery.received_at).max() {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE vendor_deliveries SET body = NULL, done_at = ").bind(millis(now));
            sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND done_at IS NULL");
            sql.push(" AND received_at <= ").bind(last).push(" AND ").one_of("token", &tokens);
            tx.execute_raw(sql.statement()).await?;
        }
        if let Some(run) = run {
            note_run(&tx, lease.integration, run, now).await?;
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE vendor_inboxes SET failures = 0, held_until = NULL, due_at = CASE WHEN reconcile = ");
        sql.bind(true).push(" OR EXISTS (SELECT 1 FROM vendor_deliveries d WHERE d.integration_id = ");
        sql.bind(lease.integration).push(" AND d.done_at IS NULL) THEN ").bind(millis(now));
        sql.push(" ELSE NULL END WHERE integration_id = ").bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that the vendor failed: nothing is tried again before `until`.
    pub async fn hold_inbox(
        &self,
        lease: &InboxLease,
        until: DateTime<Utc>,
        run: Option<TargetedRun<'_>>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tx = self.0.database.begin().await?;
        lock_both(&tx, lease).await?;
        if let Some(run) = run {
            note_run(&tx, lease.integration, run, now).await?;
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE vendor_inboxes SET failures = failures + 1, held_until = ").bind(millis(until));
        sql.push(" WHERE integration_id = ").bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that the subscriptions were compared with the vendor's.
    pub async fn end_reconciling(&self, lease: &InboxLease) -> Result<()> {
        let tx = self.0.database.begin().await?;
        lock_inbox(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE vendor_inboxes SET reconcile = ").bind(false);
        sql.push(" WHERE integration_id = ").bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn lock_integration(tx: &DatabaseTransaction, integration: Uuid) -> Result<bool> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT 1 FROM integrations WHERE id = ").bind(integration);
    for_update(&mut sql);
    Ok(tx.query_one_raw(sql.statement()).await?.is_some())
}

/// Fails when the lease is no longer the latest, or the inbox gone.
pub(super) async fn lock_inbox(tx: &DatabaseTransaction, lease: &InboxLease) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT 1 FROM vendor_inboxes WHERE integration_id = ").bind(lease.integration);
    sql.push(" AND lease_fence = ").bind(lease.fence);
    for_update(&mut sql);
    tx.query_one_raw(sql.statement()).await?.map(drop).ok_or(Error::LeaseLost)
}

/// The integration first, as every writer takes it.
pub(super) async fn lock_both(tx: &DatabaseTransaction, lease: &InboxLease) -> Result<()> {
    if !lock_integration(tx, lease.integration).await? {
        return Err(Error::LeaseLost);
    }
    lock_inbox(tx, lease).await
}

/// Written when it is over: a run that is not would be taken for one that a worker has to go on with.
async fn note_run(tx: &DatabaseTransaction, integration: Uuid, run: TargetedRun<'_>, now: DateTime<Utc>) -> Result<()> {
    let began = millis(run.began);
    let row = sync_run::ActiveModel {
        integration_id: Set(integration),
        id: Set(run.id),
        kind: Set(SyncKind::Targeted.as_str().to_owned()),
        state: Set(run.state.as_str().to_owned()),
        models: Set(None),
        queued_at: Set(began),
        started_at: Set(Some(began)),
        finished_at: Set(Some(millis(now))),
        progressed_at: Set(Some(millis(now))),
        progress: Set(None),
        confirm_deletions: Set(None),
    };
    sync_run::Entity::insert(row).exec_without_returning(tx).await?;
    let mut models: Vec<RecordType> = run.models.iter().chain(run.stored.keys()).copied().collect();
    models.sort_unstable();
    models.dedup();
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = models.into_iter().map(|model| {
        let counts = run.stored.get(&model).copied().unwrap_or(Counts::default());
        sync_run_model::ActiveModel {
            integration_id: Set(integration),
            run_id: Set(run.id),
            model: Set(model.as_str().to_owned()),
            state: Set(run.state.as_str().to_owned()),
            fetched: Set(number(counts.fetched)),
            created: Set(number(counts.created)),
            updated: Set(number(counts.updated)),
            unchanged: Set(number(counts.unchanged)),
            deleted: Set(number(counts.deleted)),
            expected: Set(None),
            error: Set(run.error.map(str::to_owned)),
            held_deletions: Set(None),
        }
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        sync_run_model::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let old = "SELECT id FROM sync_runs WHERE integration_id = ";
    for (table, column) in [("sync_run_models", "run_id"), ("sync_runs", "id")] {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push(&format!("DELETE FROM {table} WHERE integration_id = ")).bind(integration);
        sql.push(&format!(" AND {column} IN ({old}")).bind(integration);
        sql.push(" AND kind = ").bind(SyncKind::Targeted.as_str());
        sql.push(" AND finished_at < ").bind(millis(now) - RUNS_KEPT).push(")");
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}
