//! From what happened to deliveries. An endpoint's cursors move in the transaction that writes its deliveries, and only
//! from where they were read: of two dispatchers at once one writes, the other finds that it was late.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::super::commit::portions;
use super::super::convert::millis;
use super::super::entity::{Json, change, webhook_delivery, webhook_endpoint, webhook_event, webhook_lane};
use super::super::sql::Sql;
use super::super::{Error, Result, Store};
use crate::domain::{DeliveryState, WebhookEvent};

/// The numbers of the last change and the last event, and of the last of each that was purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    pub changes: i64,
    pub events: i64,
    changes_purged: i64,
    events_purged: i64,
}

impl Ends {
    pub(super) async fn read(connection: &impl ConnectionTrait) -> Result<Self> {
        let mut sql = Sql::new(connection.get_database_backend());
        let value = |name: &str| format!("(SELECT value FROM counters WHERE name = '{name}')");
        let names = ["changes", "webhook_events", "changes_purged", "webhook_events_purged"].map(value);
        sql.push("SELECT ").push(&names.join(", "));
        let row = connection.query_one_raw(sql.statement()).await?.ok_or(Error::Corrupt("the counters"))?;
        let number = |at: usize| row.try_get_by_index::<i64>(at);
        Ok(Self { changes: number(0)?, events: number(1)?, changes_purged: number(2)?, events_purged: number(3)? })
    }

    /// Moves cursors to the end when part of what comes after them is gone. True when that left something out.
    pub(super) fn catch_up(&self, endpoint: &mut webhook_endpoint::Model) -> bool {
        let changes = endpoint.hears(WebhookEvent::RecordChanged) && endpoint.change_cursor < self.changes_purged;
        let events = endpoint.event_cursor < self.events_purged;
        if changes {
            endpoint.change_cursor = self.changes;
        }
        if events {
            endpoint.event_cursor = self.events;
        }
        changes || events
    }
}

pub struct NewDelivery {
    pub id: Uuid,
    pub integration: Option<Uuid>,
    pub event: WebhookEvent,
    pub first_change: Option<i64>,
    pub payload: Value,
}

/// How far an endpoint's cursors go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    pub changes: i64,
    pub events: i64,
}

impl Store {
    pub async fn webhook_ends(&self) -> Result<Ends> {
        Ends::read(self.reader()).await
    }

    /// Enabled endpoints.
    pub async fn enabled_endpoints(&self) -> Result<Vec<webhook_endpoint::Model>> {
        let enabled = webhook_endpoint::Entity::find()
            .filter(webhook_endpoint::Column::Enabled.eq(true))
            .order_by_asc(webhook_endpoint::Column::Id);
        Ok(enabled.all(self.reader()).await?)
    }

    /// Changes that an endpoint may hear of, in their order.
    pub async fn changes_for(
        &self,
        endpoint: &webhook_endpoint::Model,
        until: i64,
        most: u64,
    ) -> Result<Vec<change::Model>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.* FROM changes t WHERE t.seq > ").bind(endpoint.change_cursor);
        sql.push(" AND t.seq <= ").bind(until);
        if let Some(Json(some)) = &endpoint.integrations {
            sql.push(" AND ").one_of("t.integration_id", some);
        }
        sql.push(" ORDER BY t.seq LIMIT ").bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        rows.iter().map(|row| Ok(change::Model::from_query_result(row, "")?)).collect()
    }

    /// Events, in their order.
    pub async fn events_after(&self, cursor: i64, most: u64) -> Result<Vec<webhook_event::Model>> {
        let events = webhook_event::Entity::find()
            .filter(webhook_event::Column::Seq.gt(cursor))
            .order_by_asc(webhook_event::Column::Seq)
            .limit(most);
        Ok(events.all(self.reader()).await?)
    }

    /// How many deliveries of an endpoint wait, counted up to `most`.
    pub async fn waiting_deliveries(&self, endpoint: Uuid, most: u64) -> Result<u64> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = ").bind(endpoint);
        sql.push(" AND state = 'PENDING' LIMIT ").bind(i64::try_from(most).unwrap_or(i64::MAX)).push(") AS waiting");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Writes deliveries and how far the endpoint is with them. False, and nothing is written, when somebody else was
    /// faster or it is disabled by now.
    pub async fn dispatch(
        &self,
        endpoint: &webhook_endpoint::Model,
        advance: Advance,
        deliveries: Vec<NewDelivery>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let tx = self.0.database.begin().await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE webhook_endpoints SET change_cursor = ").bind(advance.changes);
        sql.push(", event_cursor = ").bind(advance.events).push(", next_seq = next_seq + ");
        sql.bind(i64::try_from(deliveries.len()).unwrap_or(i64::MAX)).push(" WHERE id = ").bind(endpoint.id);
        sql.push(" AND change_cursor = ").bind(endpoint.change_cursor);
        sql.push(" AND event_cursor = ").bind(endpoint.event_cursor).push(" AND enabled = ").bind(true);
        sql.push(" RETURNING next_seq");
        let Some(row) = tx.query_one_raw(sql.statement()).await? else {
            tx.rollback().await?;
            return Ok(false);
        };
        let next: i64 = row.try_get_by_index(0)?;
        let first = next - i64::try_from(deliveries.len()).unwrap_or(i64::MAX);
        open_lanes(&tx, endpoint.id, deliveries.iter().map(|new| (lane(new.integration), new.integration)), now)
            .await?;
        let rows: Vec<_> = (first..).zip(deliveries).map(|(seq, new)| row_of(endpoint.id, seq, new, now)).collect();
        for some in portions(&rows, 500) {
            webhook_delivery::Entity::insert_many(some.iter().cloned()).exec_without_returning(&tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// What concerns no integration goes in a lane of its own: no integration has the nil id.
fn lane(integration: Option<Uuid>) -> Uuid {
    integration.unwrap_or_default()
}

fn row_of(endpoint: Uuid, seq: i64, new: NewDelivery, now: DateTime<Utc>) -> webhook_delivery::ActiveModel {
    webhook_delivery::ActiveModel {
        id: Set(new.id),
        endpoint_id: Set(endpoint),
        seq: Set(seq),
        lane: Set(lane(new.integration)),
        integration_id: Set(new.integration),
        event: Set(new.event.as_str().to_owned()),
        state: Set(DeliveryState::Pending.as_str().to_owned()),
        attempts: Set(0),
        tries: Set(0),
        next_attempt_at: Set(Some(millis(now))),
        last_status: Set(None),
        last_error: Set(None),
        created_at: Set(millis(now)),
        first_change: Set(new.first_change),
        payload: Set(Json(new.payload)),
    }
}

/// Makes lanes that are not there. One that is there is locked all the same: whoever is about to remove it because
/// nothing in it is pending must be through with that first.
pub(super) async fn open_lanes(
    tx: &DatabaseTransaction,
    endpoint: Uuid,
    lanes: impl Iterator<Item = (Uuid, Option<Uuid>)>,
    now: DateTime<Utc>,
) -> Result<()> {
    let lanes: std::collections::BTreeMap<Uuid, Option<Uuid>> = lanes.collect();
    let rows: Vec<_> = lanes
        .into_iter()
        .map(|(lane, integration)| webhook_lane::ActiveModel {
            endpoint_id: Set(endpoint),
            lane: Set(lane),
            integration_id: Set(integration),
            due_at: Set(millis(now)),
            lease: Set(None),
            lease_until: Set(None),
        })
        .collect();
    for some in portions(&rows, 500) {
        let key = [webhook_lane::Column::EndpointId, webhook_lane::Column::Lane];
        let same =
            sea_orm::sea_query::OnConflict::columns(key).update_column(webhook_lane::Column::IntegrationId).to_owned();
        webhook_lane::Entity::insert_many(some.iter().cloned()).on_conflict(same).exec_without_returning(tx).await?;
    }
    Ok(())
}
