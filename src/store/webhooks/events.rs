//! What happened is written in the transaction of its cause, as the last thing in it: numbers are taken from a row that
//! stays locked until the commit, so that they become visible in their order.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::convert::millis;
use super::super::entity::{Json, webhook_event};
use super::super::integrations::state_from;
use super::super::sql::Sql;
use super::super::{Error, Result};
use crate::domain::{IntegrationState, WebhookEvent};

pub struct Happening {
    pub event: WebhookEvent,
    pub integration: Option<Uuid>,
    /// Ids and states: never personal data.
    pub details: Value,
    pub now: DateTime<Utc>,
}

pub async fn happened(tx: &DatabaseTransaction, happening: Happening) -> Result<()> {
    // Nobody hears what happened before it asked.
    if number(tx, "SELECT COUNT(*) FROM webhook_endpoints").await? == 0 {
        return Ok(());
    }
    let after_change = number(tx, "SELECT value FROM counters WHERE name = 'changes'").await?;
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'webhook_events' RETURNING value";
    let event = webhook_event::ActiveModel {
        seq: Set(number(tx, next).await?),
        event: Set(happening.event.as_str().to_owned()),
        integration_id: Set(happening.integration),
        at: Set(millis(happening.now)),
        after_change: Set(after_change),
        details: Set(Json(happening.details)),
    };
    webhook_event::Entity::insert(event).exec_without_returning(tx).await?;
    Ok(())
}

async fn number(tx: &DatabaseTransaction, text: &str) -> Result<i64> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push(text);
    let row = tx.query_one_raw(sql.statement()).await?.ok_or(Error::Corrupt("a counter"))?;
    Ok(row.try_get_by_index(0)?)
}

/// An integration's state and the reason of it, with its row locked. None when there is no such integration.
pub async fn state_of(
    tx: &DatabaseTransaction,
    integration: Uuid,
) -> Result<Option<(IntegrationState, Option<String>)>> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT paused, invalid, first_synced_at, state_reason FROM integrations WHERE id = ").bind(integration);
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
    let Some(row) = tx.query_one_raw(sql.statement()).await? else { return Ok(None) };
    let first_synced_at: Option<i64> = row.try_get_by_index(2)?;
    let state = state_from(row.try_get_by_index(0)?, row.try_get_by_index(1)?, first_synced_at.is_some());
    Ok(Some((state, row.try_get_by_index(3)?)))
}

/// Notes an integration's new state, if it has one.
pub async fn note_state(
    tx: &DatabaseTransaction,
    integration: Uuid,
    before: IntegrationState,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some((state, reason)) = state_of(tx, integration).await? else { return Ok(()) };
    if state == before {
        return Ok(());
    }
    // What else stands as a reason is that of a run that failed.
    let reason = reason.filter(|_| state == IntegrationState::Invalid);
    let details = json!({ "from": before, "to": state, "reason": reason });
    let event = WebhookEvent::IntegrationStateChanged;
    happened(tx, Happening { event, integration: Some(integration), details, now }).await
}
