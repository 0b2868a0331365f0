//! Receiving: many deliveries that come at once are one transaction. Whoever comes first writes for all who came
//! meanwhile, so that a disk is waited for once and not a thousand times a second.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use tokio::sync::{Mutex as Turn, oneshot};
use uuid::Uuid;

use super::super::commit::{for_update, portions};
use super::super::convert::millis;
use super::super::sql::Sql;
use super::super::wake::{Job, announce};
use super::super::{Error, Result, Store};

/// The same body for the same subscription is one delivery for so long.
pub(super) const BUCKET: i64 = 5 * 60_000;

/// One delivery whose sender is known.
#[derive(Debug, Clone)]
pub struct Received {
    pub integration: Uuid,
    pub subscription: Uuid,
    pub event: String,
    pub body: Bytes,
    /// Fresh.
    pub token: Uuid,
    pub now: DateTime<Utc>,
}

/// Deliveries that wait to be written.
#[derive(Default)]
pub struct Receiving {
    waiting: Mutex<Vec<Waiting>>,
    turn: Turn<()>,
}

struct Waiting {
    delivery: Received,
    /// Whether it was kept: not when its integration has gone.
    told: oneshot::Sender<std::result::Result<bool, String>>,
}

impl Store {
    /// Keeps a delivery. False when its integration has gone.
    pub async fn receive(&self, delivery: Received) -> Result<bool> {
        loop {
            let (told, mut answer) = oneshot::channel();
            self.receiving().push(Waiting { delivery: delivery.clone(), told });
            let written = tokio::select! {
                biased;
                answer = &mut answer => Some(answer),
                turn = self.0.receiving.turn.lock() => {
                    self.write_waiting().await;
                    drop(turn);
                    None
                }
            };
            let written = match written {
                Some(written) => written,
                None => answer.await,
            };
            // Else whoever wrote was broken off, and nothing was kept.
            if let Ok(kept) = written {
                return kept.map_err(Error::Refused);
            }
        }
    }

    fn receiving(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.0.receiving.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_waiting(&self) {
        let waiting = std::mem::take(&mut *self.receiving());
        if waiting.is_empty() {
            return;
        }
        let deliveries: Vec<&Received> = waiting.iter().map(|waiting| &waiting.delivery).collect();
        let kept = self.keep(&deliveries).await.map_err(|error| error.to_string());
        for waiting in waiting {
            let kept = match &kept {
                Ok(known) => Ok(known.contains(&waiting.delivery.integration)),
                Err(error) => Err(error.clone()),
            };
            // Who does not wait any more need not know.
            let _ = waiting.told.send(kept);
        }
    }

    /// Writes deliveries; answers with the integrations that there are.
    async fn keep(&self, deliveries: &[&Received]) -> Result<Vec<Uuid>> {
        let mut integrations: Vec<Uuid> = deliveries.iter().map(|delivery| delivery.integration).collect();
        integrations.sort_unstable();
        integrations.dedup();
        let tx = self.0.database.begin().await?;
        // The inboxes' rows and not the integrations': a page that is being committed must not hold up who calls us.
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT integration_id FROM vendor_inboxes WHERE ").one_of("integration_id", &integrations);
        sql.push(" ORDER BY integration_id");
        for_update(&mut sql);
        let rows = tx.query_all_raw(sql.statement()).await?;
        let known: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let rows = rows_of(deliveries, &known);
        for some in portions(&rows, 256) {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("INSERT INTO vendor_deliveries (integration_id, subscription_id, fingerprint, bucket, event, ");
            sql.push("token, body, received_at, done_at) VALUES ");
            for (index, row) in some.iter().enumerate() {
                sql.push(if index > 0 { ", (" } else { "(" }).bind(row.delivery.integration);
                sql.push(", ").bind(row.delivery.subscription).push(", ").bind(row.fingerprint.to_vec());
                sql.push(", ").bind(row.bucket).push(", ").bind(row.delivery.event.clone());
                sql.push(", ").bind(row.delivery.token).push(", ").bind(row.delivery.body.to_vec());
                sql.push(", ").bind(millis(row.delivery.now)).push(", NULL)");
            }
            // What is done already is done once more: two changes of one record make the same body.
            sql.push(" ON CONFLICT (integration_id, subscription_id, fingerprint, bucket) DO UPDATE SET ");
            sql.push("token = excluded.token, body = excluded.body, received_at = excluded.received_at, ");
            sql.push("done_at = NULL");
            tx.execute_raw(sql.statement()).await?;
        }
        if let Some(now) = rows.iter().map(|row| millis(row.delivery.now)).max() {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE vendor_inboxes SET due_at = COALESCE(due_at, ").bind(now).push(") WHERE ");
            sql.one_of("integration_id", &known);
            tx.execute_raw(sql.statement()).await?;
            let mut subscriptions: Vec<Uuid> = rows.iter().map(|row| row.delivery.subscription).collect();
            subscriptions.sort_unstable();
            subscriptions.dedup();
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE vendor_subscriptions SET last_received_at = ").bind(now).push(" WHERE ");
            sql.one_of("integration_id", &known).push(" AND ").one_of("id", &subscriptions);
            tx.execute_raw(sql.statement()).await?;
        }
        for integration in &known {
            announce(&tx, Job::Inbox(*integration), None).await?;
        }
        tx.commit().await?;
        Ok(known)
    }
}

struct Row<'a> {
    delivery: &'a Received,
    fingerprint: [u8; 32],
    bucket: i64,
}

/// One row a delivery; of the same that came twice the last.
fn rows_of<'a>(deliveries: &[&'a Received], known: &[Uuid]) -> Vec<Row<'a>> {
    let mut rows = std::collections::BTreeMap::new();
    for delivery in deliveries.iter().filter(|delivery| known.contains(&delivery.integration)) {
        let fingerprint = *blake3::hash(&delivery.body).as_bytes();
        let bucket = millis(delivery.now).div_euclid(BUCKET);
        let key = (delivery.integration, delivery.subscription, fingerprint, bucket);
        rows.insert(key, Row { delivery, fingerprint, bucket });
    }
    rows.into_values().collect()
}
