//! Deletions that are held back: which records of a type vanished in a mass, until a later run decides. One row a
//! type, never of more ids than the type has records.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::entity::held_deletion;
use super::lease::Lease;
use super::models::table;
use super::runs::held;
use super::signals::Channel;
use super::sql::Sql;
use super::{Error, Result, Store};
use crate::domain::RecordType;

/// What a run found gone and did not mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vanished {
    pub run: Uuid,
    pub ids: HashSet<Uuid>,
}

/// Ids that are looked for at once.
const STEP: usize = 5000;

impl Store {
    /// What is held back of a type, as far as it is there still.
    pub async fn vanished(&self, lease: &Lease, of: RecordType) -> Result<Option<Vanished>> {
        let key = (lease.integration, of.as_str().to_owned());
        let Some(row) = held_deletion::Entity::find_by_id(key).one(self.reader()).await? else { return Ok(None) };
        let wrong = |_| Error::Corrupt("the ids of deletions that are held back");
        let ids = row.ids.chunks(16).map(|id| Uuid::from_slice(id).map_err(wrong)).collect::<Result<Vec<_>>>()?;
        let ids = self.untouched(lease, of, &ids).await?.into_iter().collect();
        Ok(Some(Vanished { run: row.run_id, ids }))
    }

    /// Holds back the deletion of these records, and of no others of their type.
    pub async fn hold_deletions(&self, lease: &Lease, run: Uuid, of: RecordType, ids: &[Uuid]) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        held_deletion::Entity::delete_many()
            .filter(held_deletion::Column::IntegrationId.eq(lease.integration))
            .filter(held_deletion::Column::Model.eq(of.as_str()))
            .exec(&tx)
            .await?;
        let row = held_deletion::ActiveModel {
            integration_id: Set(lease.integration),
            model: Set(of.as_str().to_owned()),
            run_id: Set(run),
            ids: Set(ids.iter().flat_map(|id| *id.as_bytes()).collect()),
        };
        held_deletion::Entity::insert(row).exec_without_returning(&tx).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE sync_run_models SET held_deletions = ").bind(count).push(" WHERE integration_id = ");
        sql.bind(lease.integration).push(" AND run_id = ").bind(run).push(" AND model = ").bind(of.as_str());
        tx.execute_raw(sql.statement()).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("INSERT INTO model_status (integration_id, model, readable, held_deletions) VALUES (");
        sql.bind(lease.integration).push(", ").bind(of.as_str()).push(", ").bind(true).push(", ").bind(count);
        sql.push(") ON CONFLICT (integration_id, model) DO UPDATE SET held_deletions = excluded.held_deletions");
        tx.execute_raw(sql.statement()).await?;
        self.commit_saying(tx, &[(Channel::Runs, run.to_string())]).await
    }

    /// Nothing of a type is held back any more.
    pub async fn forget_vanished(&self, lease: &Lease, of: RecordType) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        forget(&tx, lease.integration, of).await?;
        Ok(tx.commit().await?)
    }

    /// How many records of a type are there.
    pub async fn count_living(&self, lease: &Lease, of: RecordType) -> Result<u64> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT COUNT(*) FROM ").push(table(of)).push(" WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND remote_deleted_at IS NULL");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Those of `ids` that are there, and that were not read singly since the run began.
    pub async fn untouched(&self, lease: &Lease, of: RecordType, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(STEP) {
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("SELECT t.id FROM ").push(table(of)).push(" t WHERE t.integration_id = ").bind(lease.integration);
            sql.push(" AND t.remote_deleted_at IS NULL AND ").one_of("t.id", some);
            sql.push(" AND NOT EXISTS (SELECT 1 FROM targeted_records m WHERE ");
            sql.push("m.integration_id = t.integration_id AND m.record_id = t.id)");
            for row in self.0.database.fresh_rows(sql.statement()).await? {
                found.push(row.try_get_by_index(0)?);
            }
        }
        Ok(found)
    }
}

/// Takes back that something of a type is held back.
pub(super) async fn forget(tx: &DatabaseTransaction, integration: Uuid, of: RecordType) -> Result<()> {
    for text in ["DELETE FROM held_deletions", "UPDATE model_status SET held_deletions = NULL"] {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push(text).push(" WHERE integration_id = ").bind(integration).push(" AND model = ").bind(of.as_str());
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}
