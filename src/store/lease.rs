//! Who works on an integration: one holder at a time, with a fencing number that makes what an older holder
//! still writes fail.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::convert::millis;
use super::sql::Sql;
use super::{Error, Result, Store};

/// Permission to write an integration's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub integration: Uuid,
    /// None: beside whoever holds the lease, for single records.
    pub(super) fence: Option<i64>,
}

impl Lease {
    /// For commits of single records, beside whoever holds the lease of the integration.
    pub fn beside(integration: Uuid) -> Self {
        Self { integration, fence: None }
    }
}

impl Store {
    /// So long a lease holds without being renewed.
    pub fn lease_time(&self) -> Duration {
        self.0.lease
    }

    /// Takes the lease unless somebody else holds it.
    pub async fn lease(&self, integration: Uuid, owner: Uuid, now: DateTime<Utc>) -> Result<Option<Lease>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET lease_fence = lease_fence + 1, lease_owner = ").bind(owner);
        sql.push(", lease_until = ").bind(millis(now + self.0.lease)).push(" WHERE id = ").bind(integration);
        sql.push(" AND (lease_until IS NULL OR lease_until < ").bind(millis(now)).push(") RETURNING lease_fence");
        let tx = self.0.database.begin().await?;
        let row = sea_orm::ConnectionTrait::query_one_raw(&tx, sql.statement()).await?;
        tx.commit().await?;
        let fence = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        Ok(fence.map(|fence| Lease { integration, fence: Some(fence) }))
    }

    pub async fn renew(&self, lease: &Lease, now: DateTime<Utc>) -> Result<()> {
        self.set_lease_end(lease, Some(millis(now + self.0.lease))).await
    }

    /// Gives it up. A renewal that is still on its way comes too late by the new number.
    pub async fn release(&self, lease: &Lease) -> Result<()> {
        self.set_lease_end(lease, None).await
    }

    async fn set_lease_end(&self, lease: &Lease, until: Option<i64>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET lease_until = ").bind(until);
        if until.is_none() {
            sql.push(", lease_fence = lease_fence + 1");
        }
        sql.push(" WHERE id = ").bind(lease.integration);
        sql.push(" AND lease_fence = ").bind(lease.fence.unwrap_or(-1));
        match self.0.database.execute(sql.statement()).await?.rows_affected() {
            0 => Err(Error::LeaseLost),
            _ => Ok(()),
        }
    }

    /// Ends all leases: for an embedded database, which no other process works on, at start.
    pub async fn release_all(&self) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET lease_until = NULL WHERE lease_until IS NOT NULL");
        self.0.database.execute(sql.statement()).await.map(drop)
    }
}
