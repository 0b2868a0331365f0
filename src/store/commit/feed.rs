//! The change entries of one transaction, numbered without gaps within their integration. The integration's
//! row is locked from the first to the last, so that numbers become visible in their order.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set};
use uuid::Uuid;

use super::{for_update, portions};
use crate::domain::{ChangeKind, RecordType};
use crate::store::convert::millis;
use crate::store::entity::{Json, change};
use crate::store::lease::Lease;
use crate::store::sql::Sql;
use crate::store::{Error, Result};

pub struct Feed {
    integration: Uuid,
    seq: i64,
    pub now: DateTime<Utc>,
    entries: Vec<change::ActiveModel>,
}

impl Feed {
    /// Fails when the lease is no longer the latest.
    pub async fn open(tx: &DatabaseTransaction, lease: &Lease, now: DateTime<Utc>) -> Result<Self> {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT change_seq FROM integrations WHERE id = ").bind(lease.integration);
        if let Some(fence) = lease.fence {
            sql.push(" AND lease_fence = ").bind(fence);
        }
        for_update(&mut sql);
        let row = tx.query_one_raw(sql.statement()).await?.ok_or(Error::LeaseLost)?;
        Ok(Self { integration: lease.integration, seq: row.try_get_by_index(0)?, now, entries: Vec::new() })
    }

    pub fn note(&mut self, of: RecordType, record: Uuid, kind: ChangeKind, changed_fields: Vec<String>) {
        self.seq += 1;
        self.entries.push(change::ActiveModel {
            integration_id: Set(self.integration),
            seq: Set(self.seq),
            at: Set(millis(self.now)),
            model: Set(of.as_str().to_owned()),
            kind: Set(kind.as_str().to_owned()),
            record_id: Set(record),
            changed_fields: Set(Json(changed_fields)),
        });
    }

    /// Writes the entries, if there are any.
    pub async fn close(self, tx: &DatabaseTransaction) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        for some in portions(&self.entries, 1000) {
            change::Entity::insert_many(some.iter().cloned()).exec_without_returning(tx).await?;
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE integrations SET change_seq = ").bind(self.seq);
        sql.push(" WHERE id = ").bind(self.integration);
        tx.execute_raw(sql.statement()).await?;
        Ok(())
    }
}
