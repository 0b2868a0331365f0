//! What has lived its time goes, in small portions, so that no writer waits long.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::super::convert::millis;
use super::super::entity::{webhook_attempt, webhook_delivery, webhook_event};
use super::super::sql::Sql;
use super::super::{Result, Store};

impl Store {
    /// Removes deliveries and events from before this time, at most `most` of each. Returns how many.
    pub async fn purge_webhooks(&self, before: DateTime<Utc>, most: u64) -> Result<u64> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT id FROM webhook_deliveries WHERE created_at < ").bind(millis(before));
        sql.push(" ORDER BY created_at LIMIT ").bind(most);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let deliveries: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let mut sql = Sql::new(self.0.database.backend());
        // The oldest lie first: with the first that is young enough the search ends.
        sql.push("SELECT seq, at FROM webhook_events ORDER BY seq LIMIT ").bind(most);
        let mut events = Vec::new();
        for row in self.0.database.fresh_rows(sql.statement()).await? {
            if row.try_get_by_index::<i64>(1)? >= millis(before) {
                break;
            }
            events.push(row.try_get_by_index::<i64>(0)?);
        }
        if deliveries.is_empty() && events.is_empty() {
            return Ok(0);
        }
        let tx = self.0.database.begin().await?;
        remove(&tx, &deliveries).await?;
        if let Some(last) = events.last() {
            webhook_event::Entity::delete_many().filter(webhook_event::Column::Seq.lte(*last)).exec(&tx).await?;
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE counters SET value = ").bind(*last).push(" WHERE name = 'webhook_events_purged'");
            sql.push(" AND value < ").bind(*last);
            tx.execute_raw(sql.statement()).await?;
        }
        tx.commit().await?;
        Ok(u64::try_from(deliveries.len() + events.len()).unwrap_or(u64::MAX))
    }
}

/// Removes deliveries with their attempts. A lane that is empty by that is removed by whoever takes it next.
pub(super) async fn remove(tx: &DatabaseTransaction, deliveries: &[Uuid]) -> Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let (attempts, rows) = (webhook_attempt::Entity::delete_many(), webhook_delivery::Entity::delete_many());
    rows.filter(webhook_delivery::Column::Id.is_in(deliveries.iter().copied())).exec(tx).await?;
    attempts.filter(webhook_attempt::Column::DeliveryId.is_in(deliveries.iter().copied())).exec(tx).await?;
    Ok(())
}
