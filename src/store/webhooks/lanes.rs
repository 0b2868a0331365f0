//! Carrying deliveries out: a lane is leased, its pending deliveries are read in their order, and what came of them is
//! noted for many lanes in one transaction. What an older holder of a lane notes is refused.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::commit::portions;
use super::super::convert::millis;
use super::super::entity::{webhook_attempt, webhook_delivery, webhook_endpoint};
use super::super::read::Key;
use super::super::sql::Sql;
use super::super::{Result, Store};
use crate::domain::DeliveryState;

/// Permission to carry the deliveries of a lane out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    pub endpoint: Uuid,
    pub lane: Uuid,
    lease: Uuid,
}

/// What a lane's holder is to do next.
pub struct LaneWork {
    pub endpoint: webhook_endpoint::Model,
    /// The secrets that sign now, the newest first.
    pub secrets: Vec<Zeroizing<Vec<u8>>>,
    /// In their order, those that are due.
    pub deliveries: Vec<webhook_delivery::Model>,
    /// Whether nothing else is pending in the lane.
    pub is_all: bool,
}

pub struct LaneNotes {
    pub lane: Lane,
    pub attempted: Vec<Attempted>,
    /// Whether the holder keeps the lane.
    pub goes_on: bool,
}

/// What came of one request.
pub struct Attempted {
    pub delivery: Uuid,
    pub integration: Option<Uuid>,
    /// Counted from 1.
    pub attempt: i32,
    pub at: DateTime<Utc>,
    pub took: Duration,
    pub status: Option<u16>,
    pub outcome: Outcome,
}

pub enum Outcome {
    Delivered,
    /// It is tried again then.
    Failed(DateTime<Utc>, String),
    GivenUp(String),
}

impl Outcome {
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Failed(_, error) | Self::GivenUp(error) => Some(error),
        }
    }
}

/// What a due lane is, of an endpoint `e`.
fn due(sql: &mut Sql, now: i64) {
    sql.push("e.enabled = ").bind(true).push(" AND l.due_at <= ").bind(now);
    sql.push(" AND (l.lease_until IS NULL OR l.lease_until < ").bind(now).push(")");
}

impl Store {
    /// Leases lanes that are due: at most `room`, and at most `each` of an endpoint with those that are held already.
    pub async fn lease_lanes(
        &self,
        lease: Uuid,
        (room, each): (u64, u64),
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Lane>> {
        let (now, number) = (millis(now), |count: u64| i64::try_from(count).unwrap_or(i64::MAX));
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT 1 FROM webhook_lanes l JOIN webhook_endpoints e ON e.id = l.endpoint_id WHERE ");
        due(&mut sql, now);
        sql.push(" LIMIT 1");
        // Nothing is written, and nobody kept waiting, when nothing is due.
        if self.0.database.fresh_rows(sql.statement()).await?.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE webhook_lanes SET lease = ").bind(lease).push(", lease_until = ").bind(millis(until));
        sql.push(" WHERE (endpoint_id, lane) IN (SELECT c.endpoint_id, c.lane FROM (");
        sql.push("SELECT l.endpoint_id, l.lane, l.due_at, COALESCE(h.held, 0) AS held, ");
        sql.push("ROW_NUMBER() OVER (PARTITION BY l.endpoint_id ORDER BY l.due_at, l.lane) AS nth ");
        sql.push("FROM webhook_lanes l JOIN webhook_endpoints e ON e.id = l.endpoint_id LEFT JOIN (");
        sql.push("SELECT endpoint_id, COUNT(*) AS held FROM webhook_lanes WHERE lease_until >= ").bind(now);
        sql.push(" GROUP BY endpoint_id) h ON h.endpoint_id = l.endpoint_id WHERE ");
        due(&mut sql, now);
        sql.push(") c WHERE c.nth + c.held <= ").bind(number(each));
        sql.push(" ORDER BY c.nth, c.due_at, c.lane LIMIT ").bind(number(room));
        // Once more: of two workers at once the second finds the first one's lease.
        sql.push(") AND (lease_until IS NULL OR lease_until < ").bind(now).push(") RETURNING endpoint_id, lane");
        let tx = self.0.database.begin().await?;
        let rows = tx.query_all_raw(sql.statement()).await?;
        tx.commit().await?;
        let lane = |row: &sea_orm::QueryResult| -> Result<Lane> {
            Ok(Lane { endpoint: row.try_get_by_index(0)?, lane: row.try_get_by_index(1)?, lease })
        };
        rows.iter().map(lane).collect()
    }

    /// When the next lane is due, or can be taken from a holder that is silent.
    pub async fn next_lane_due(&self) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT MIN(COALESCE(l.lease_until, l.due_at)) FROM webhook_lanes l ");
        sql.push("JOIN webhook_endpoints e ON e.id = l.endpoint_id WHERE e.enabled = ").bind(true);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// The endpoint as it is now, and the lane's next deliveries that are due, at most `most`. None when the endpoint
    /// is gone or disabled.
    pub async fn lane_work(&self, lane: &Lane, most: u64, now: DateTime<Utc>) -> Result<Option<LaneWork>> {
        let endpoint = self.endpoint(lane.endpoint).await?.filter(|endpoint| endpoint.enabled);
        let Some(endpoint) = endpoint else { return Ok(None) };
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.* FROM webhook_deliveries t WHERE t.endpoint_id = ").bind(lane.endpoint);
        sql.push(" AND t.lane = ").bind(lane.lane).push(" AND t.state = 'PENDING' ORDER BY t.seq LIMIT ");
        sql.bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in &rows {
            let delivery = webhook_delivery::Model::from_query_result(row, "")?;
            // Those behind it wait for it.
            if delivery.next_attempt_at.is_some_and(|at| at > millis(now)) {
                break;
            }
            deliveries.push(delivery);
        }
        let secrets = self.signing(&endpoint, now)?;
        let is_all = deliveries.len() == rows.len() && u64::try_from(rows.len()).is_ok_and(|count| count < most);
        Ok(Some(LaneWork { endpoint, secrets, deliveries, is_all }))
    }

    /// Notes what came of attempts. Answers, for each lane, whether its lease was still the latest: if not, nothing of
    /// it was noted.
    pub async fn note_lanes(&self, notes: &[&LaneNotes], until: DateTime<Utc>) -> Result<Vec<bool>> {
        let tx = self.0.database.begin().await?;
        let held = held(&tx, notes).await?;
        let is_held = |notes: &LaneNotes| held.get(&key(&notes.lane)) == Some(&notes.lane.lease);
        let kept: Vec<&LaneNotes> = notes.iter().copied().filter(|notes| is_held(notes)).collect();
        note_outcomes(&tx, &kept).await?;
        note_attempts(&tx, &kept).await?;
        let (go_on, ended): (Vec<&LaneNotes>, Vec<&LaneNotes>) = kept.iter().partition(|notes| notes.goes_on);
        renew(&tx, &keys(&go_on), until).await?;
        release(&tx, &keys(&ended)).await?;
        tx.commit().await?;
        Ok(notes.iter().map(|notes| is_held(notes)).collect())
    }

    /// Ends the leases of all lanes: for an embedded database, at start.
    pub async fn release_lanes(&self) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE webhook_lanes SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL");
        self.0.database.execute(sql.statement()).await.map(drop)
    }
}

/// Locks all lanes of an endpoint or an integration in the order in which everybody takes them. `column`: which.
pub async fn lock_lanes(tx: &DatabaseTransaction, column: &str, id: Uuid) -> Result<()> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT 1 FROM webhook_lanes WHERE ").push(column).push(" = ").bind(id);
    sql.push(" ORDER BY endpoint_id, lane FOR UPDATE");
    tx.query_all_raw(sql.statement()).await?;
    Ok(())
}

/// A lane as a pair of ids.
fn key(lane: &Lane) -> Key {
    Key { integration: lane.endpoint, id: lane.lane }
}

fn keys(notes: &[&LaneNotes]) -> Vec<Key> {
    notes.iter().map(|notes| key(&notes.lane)).collect()
}

/// Appends that a row of `webhook_lanes` is one of these.
fn among(sql: &mut Sql, lanes: &[Key]) {
    sql.push("(endpoint_id, lane) IN (SELECT p.integration_id, p.id FROM ").keys(lanes).push(")");
}

/// Locks the lanes and reads their leases.
async fn held(tx: &DatabaseTransaction, notes: &[&LaneNotes]) -> Result<HashMap<Key, Uuid>> {
    let lanes: Vec<Key> = notes.iter().map(|notes| key(&notes.lane)).collect();
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT endpoint_id, lane, lease FROM webhook_lanes WHERE lease IS NOT NULL AND ");
    among(&mut sql, &lanes);
    sql.push(" ORDER BY endpoint_id, lane");
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
    let mut held = HashMap::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        held.insert(
            Key { integration: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? },
            row.try_get_by_index(2)?,
        );
    }
    Ok(held)
}

async fn note_outcomes(tx: &DatabaseTransaction, notes: &[&LaneNotes]) -> Result<()> {
    let mut delivered: BTreeMap<Option<u16>, Vec<Uuid>> = BTreeMap::new();
    for attempted in notes.iter().flat_map(|notes| &notes.attempted) {
        let (state, next, error) = match &attempted.outcome {
            Outcome::Delivered => {
                delivered.entry(attempted.status).or_default().push(attempted.delivery);
                continue;
            }
            Outcome::Failed(at, error) => (DeliveryState::Pending, Some(millis(*at)), error),
            Outcome::GivenUp(error) => (DeliveryState::Failed, None, error),
        };
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1, state = ");
        sql.bind(state.as_str()).push(", next_attempt_at = ").bind(next);
        sql.push(", last_status = ").bind(attempted.status.map(i32::from)).push(", last_error = ").bind(error.clone());
        sql.push(" WHERE id = ").bind(attempted.delivery);
        tx.execute_raw(sql.statement()).await?;
    }
    for (status, ids) in delivered {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1, state = 'DELIVERED', ");
        sql.push("next_attempt_at = NULL, last_error = NULL, last_status = ").bind(status.map(i32::from));
        sql.push(" WHERE ").one_of("id", &ids);
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}

async fn note_attempts(tx: &DatabaseTransaction, notes: &[&LaneNotes]) -> Result<()> {
    let attempts = notes.iter().flat_map(|notes| &notes.attempted);
    let rows: Vec<_> = attempts
        .map(|attempted| webhook_attempt::ActiveModel {
            delivery_id: Set(attempted.delivery),
            attempt: Set(attempted.attempt),
            integration_id: Set(attempted.integration),
            at: Set(millis(attempted.at)),
            duration: Set(i64::try_from(attempted.took.as_millis()).unwrap_or(i64::MAX)),
            status: Set(attempted.status.map(i32::from)),
            error: Set(attempted.outcome.error().map(str::to_owned)),
        })
        .collect();
    for some in portions(&rows, 500) {
        let insert = webhook_attempt::Entity::insert_many(some.iter().cloned()).on_conflict_do_nothing();
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn renew(tx: &DatabaseTransaction, lanes: &[Key], until: DateTime<Utc>) -> Result<()> {
    if lanes.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE webhook_lanes SET lease_until = ").bind(millis(until)).push(" WHERE ");
    among(&mut sql, lanes);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

/// Hands lanes back: those without anything pending go, the others are due when their first delivery is.
async fn release(tx: &DatabaseTransaction, lanes: &[Key]) -> Result<()> {
    const PENDING: &str = "FROM webhook_deliveries d WHERE d.endpoint_id = webhook_lanes.endpoint_id \
                           AND d.lane = webhook_lanes.lane AND d.state = 'PENDING'";
    if lanes.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("DELETE FROM webhook_lanes WHERE NOT EXISTS (SELECT 1 ").push(PENDING).push(") AND ");
    among(&mut sql, lanes);
    tx.execute_raw(sql.statement()).await?;
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE webhook_lanes SET lease = NULL, lease_until = NULL, due_at = COALESCE((SELECT d.next_attempt_at ");
    sql.push(PENDING).push(" ORDER BY d.seq LIMIT 1), due_at) WHERE ");
    among(&mut sql, lanes);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}
