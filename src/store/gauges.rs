//! What whoever runs the service watches: how many integrations are in which state, how stale the stalest is, and what
//! waits. Read when it is scraped, from indexes of what is unfinished.

use chrono::{DateTime, Utc};

use super::database::Pool;
use super::integrations::state_from;
use super::sql::Sql;
use super::{Result, Store, millis};
use crate::domain::IntegrationState;

#[derive(Debug, Clone, PartialEq)]
pub struct Gauges {
    /// By state.
    pub integrations: Vec<(&'static str, u64)>,
    /// Milliseconds since the stalest active integration was read.
    pub stalest: i64,
    /// What waits or is under way, by queue.
    pub queues: [(&'static str, u64); 4],
    pub pools: Vec<Pool>,
}

const QUEUES: [(&str, &str); 4] = [
    ("syncs", "SELECT COUNT(*) FROM sync_runs WHERE finished_at IS NULL"),
    ("actions", "SELECT COUNT(*) FROM actions WHERE finished_at IS NULL"),
    ("vendor_webhooks", "SELECT COUNT(*) FROM vendor_inboxes WHERE due_at IS NOT NULL"),
    ("deliveries", "SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'PENDING'"),
];

impl Store {
    pub async fn gauges(&self, now: DateTime<Utc>) -> Result<Gauges> {
        let mut queues = QUEUES.map(|(name, _)| (name, 0));
        for (queue, (_, sql)) in queues.iter_mut().zip(QUEUES) {
            queue.1 = self.counted(sql).await?;
        }
        Ok(Gauges {
            integrations: self.by_state().await?,
            stalest: self.stalest(now).await?,
            queues,
            pools: self.0.database.pools(),
        })
    }

    async fn counted(&self, sql: &str) -> Result<u64> {
        let mut counted = Sql::new(self.0.database.backend());
        counted.push(sql);
        let rows = self.0.database.fresh_rows(counted.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn by_state(&self) -> Result<Vec<(&'static str, u64)>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT paused, invalid, first_synced_at IS NOT NULL, COUNT(*) FROM integrations GROUP BY 1, 2, 3");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        // Every state is told, so that one that is left is seen to be empty.
        let mut states: Vec<_> = IntegrationState::ALL.iter().map(|state| (state.as_str(), 0)).collect();
        for row in rows {
            let state = state_from(row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let count: i64 = row.try_get_by_index(3)?;
            for known in &mut states {
                known.1 += if known.0 == state.as_str() { u64::try_from(count).unwrap_or(0) } else { 0 };
            }
        }
        Ok(states)
    }

    /// A model that was read is younger than its integration.
    async fn stalest(&self, now: DateTime<Utc>) -> Result<i64> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push(
            "SELECT MIN(COALESCE((SELECT MAX(m.last_synced_at) FROM model_status m WHERE m.integration_id = i.id)",
        );
        sql.push(", i.created_at)) FROM integrations i WHERE i.paused = ").bind(false);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let oldest: Option<i64> = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        Ok(oldest.map_or(0, |at| millis(now).saturating_sub(at)))
    }
}
