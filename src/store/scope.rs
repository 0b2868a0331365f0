//! An integration that is to mirror other records than before.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::commit::{Feed, for_type};
use super::entity::{RecordRow, model_status, sync_run};
use super::lease::Lease;
use super::runs::end_run;
use super::signals::Channel;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::{ChangeKind, RecordType, SyncState};

/// Rows that one transaction erases.
const STEP: i64 = 5000;

impl Store {
    /// The next run reads everything, and a run that is under way, by other rules, is cancelled: what its worker still
    /// writes is refused.
    pub async fn begin_anew(&self, integration: Uuid, now: DateTime<Utc>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE integrations SET last_full_at = NULL, lease_fence = lease_fence + 1, lease_until = NULL");
        sql.push(" WHERE id = ").bind(integration);
        tx.execute_raw(sql.statement()).await?;
        let running = sync_run::Entity::find()
            .filter(sync_run::Column::IntegrationId.eq(integration))
            .filter(sync_run::Column::FinishedAt.is_null())
            .filter(sync_run::Column::State.eq(SyncState::Running.as_str()));
        let mut said = Vec::new();
        for run in running.all(&tx).await? {
            end_run(&tx, integration, run.id, SyncState::Cancelled, now).await?;
            said.push((Channel::Runs, run.id.to_string()));
        }
        model_status::Entity::update_many()
            .col_expr(model_status::Column::ReadUntil, sea_orm::sea_query::Expr::value(None::<i64>))
            .filter(model_status::Column::IntegrationId.eq(integration))
            .exec(&tx)
            .await?;
        self.commit_saying(tx, &said).await
    }

    /// Erases all records of these types, with a change entry for each that was there.
    pub async fn forget_types(&self, integration: Uuid, types: &[RecordType], now: DateTime<Utc>) -> Result<()> {
        for of in types {
            while for_type!(*of, R => self.forget_some::<R>(integration, now).await?) {}
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("DELETE FROM due_children WHERE integration_id = ").bind(integration);
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    /// False when nothing is left.
    async fn forget_some<R: RecordRow>(&self, integration: Uuid, now: DateTime<Utc>) -> Result<bool> {
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, &Lease::beside(integration), now).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT t.id, t.remote_deleted_at IS NULL FROM ").push(R::TABLE).push(" t WHERE t.integration_id = ");
        sql.bind(integration).push(" LIMIT ").bind(STEP);
        let mut ids: Vec<Uuid> = Vec::new();
        for row in tx.query_all_raw(sql.statement()).await? {
            let id = row.try_get_by_index(0)?;
            ids.push(id);
            if row.try_get_by_index(1)? {
                feed.note(R::TYPE, id, ChangeKind::Deleted, Vec::new());
            }
        }
        if ids.is_empty() {
            return Ok(false);
        }
        for (table, column) in [(R::TABLE, "id"), ("payloads", "record_id")] {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("DELETE FROM ").push(table).push(" WHERE integration_id = ").bind(integration).push(" AND ");
            sql.one_of(column, &ids);
            tx.execute_raw(sql.statement()).await?;
        }
        feed.commit(tx, self, Vec::new()).await?;
        Ok(true)
    }
}
