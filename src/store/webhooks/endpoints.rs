//! Endpoints: made, changed, removed; their secrets, which are sealed with the endpoint's id, and their health.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder,
};
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::convert::millis;
use super::super::entity::{Json, webhook_endpoint, webhook_lane};
use super::super::keys::Access;
use super::super::sql::Sql;
use super::super::{Result, Store};
use super::dispatch::Ends;
use super::lanes::lock_lanes;
use crate::domain::{Ids, Scope, WebhookEvent};

/// So long both secrets sign after a rotation.
const BOTH_SIGN: TimeDelta = TimeDelta::days(1);
/// An endpoint to which nothing could be delivered for so long is disabled.
const PATIENCE: TimeDelta = TimeDelta::days(5);
const PREFIX: &str = "whsec_";
/// Deliveries that are removed in one transaction.
const PORTION: u64 = 500;

pub struct NewEndpoint {
    pub id: Uuid,
    pub url: String,
    pub events: Vec<WebhookEvent>,
    pub query: Option<String>,
    pub scopes: Vec<Scope>,
    /// None: all.
    pub integrations: Option<Vec<Uuid>>,
    pub now: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct EndpointUpdate {
    pub url: Option<String>,
    pub events: Option<Vec<WebhookEvent>>,
    /// Some(None) removes it.
    pub query: Option<Option<String>>,
    pub enabled: Option<bool>,
    pub rotate_secret: bool,
}

pub struct Updated {
    pub endpoint: webhook_endpoint::Model,
    /// The new one, shown this once.
    pub secret: Option<SecretString>,
    /// Whether it was disabled for so long that part of what happened meanwhile is gone.
    pub missed: bool,
}

/// What came of the last attempts at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Works,
    Fails,
    /// It said that it is gone for good.
    Gone,
}

impl Store {
    /// Makes an endpoint, which begins at the present end of all that happens, and says its secret for the only time.
    pub(in crate::store) async fn create_endpoint(
        &self,
        new: NewEndpoint,
        ids: &dyn Ids,
    ) -> Result<(SecretString, webhook_endpoint::Model)> {
        let (secret, sealed) = self.fresh_secret(new.id, ids)?;
        let tx = self.0.database.begin().await?;
        let ends = Ends::read(&tx).await?;
        let row = webhook_endpoint::Model {
            id: new.id,
            url: new.url,
            events: Json(new.events),
            query: new.query,
            scopes: Json(new.scopes),
            integrations: new.integrations.map(Json),
            enabled: true,
            disabled_reason: None,
            created_at: millis(new.now),
            secret: sealed,
            previous_secret: None,
            previous_until: None,
            failing_since: None,
            change_cursor: ends.changes,
            event_cursor: ends.events,
            next_seq: 1,
        };
        let active = webhook_endpoint::ActiveModel {
            id: Set(row.id),
            url: Set(row.url.clone()),
            events: Set(row.events.clone()),
            query: Set(row.query.clone()),
            scopes: Set(row.scopes.clone()),
            integrations: Set(row.integrations.clone()),
            enabled: Set(row.enabled),
            disabled_reason: Set(None),
            created_at: Set(row.created_at),
            secret: Set(row.secret.clone()),
            previous_secret: Set(None),
            previous_until: Set(None),
            failing_since: Set(None),
            change_cursor: Set(row.change_cursor),
            event_cursor: Set(row.event_cursor),
            next_seq: Set(row.next_seq),
        };
        webhook_endpoint::Entity::insert(active).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok((secret, row))
    }

    /// None when there is no such endpoint.
    pub(in crate::store) async fn update_endpoint(
        &self,
        id: Uuid,
        update: EndpointUpdate,
        ids: &dyn Ids,
        now: DateTime<Utc>,
    ) -> Result<Option<Updated>> {
        let tx = self.0.database.begin().await?;
        let Some(mut row) = locked(&tx, id).await? else { return Ok(None) };
        let ends = Ends::read(&tx).await?;
        let heard_changes = row.hears(WebhookEvent::RecordChanged);
        if let Some(events) = update.events {
            row.events = Json(events);
        }
        if !heard_changes {
            // Changes that nobody wanted then are not told of now.
            row.change_cursor = ends.changes;
        }
        if let Some(url) = update.url.filter(|url| *url != row.url) {
            row.url = url;
            row.failing_since = None;
        }
        if let Some(query) = update.query {
            row.query = query;
        }
        let secret = match update.rotate_secret {
            true => {
                let (secret, sealed) = self.fresh_secret(id, ids)?;
                row.previous_secret = Some(std::mem::replace(&mut row.secret, sealed));
                row.previous_until = Some(millis(now + BOTH_SIGN));
                Some(secret)
            }
            false => None,
        };
        let mut missed = false;
        match update.enabled {
            Some(true) if !row.enabled => {
                (row.enabled, row.disabled_reason, row.failing_since) = (true, None, None);
                missed = ends.catch_up(&mut row);
            }
            Some(false) => (row.enabled, row.disabled_reason) = (false, None),
            Some(true) | None => {}
        }
        save(&tx, &row).await?;
        if update.enabled == Some(true) {
            begin_anew(&tx, id, now).await?;
        }
        tx.commit().await?;
        Ok(Some(Updated { endpoint: row, secret, missed }))
    }

    /// Removes an endpoint with all that was to be delivered to it. False when there was none.
    pub(in crate::store) async fn delete_endpoint(&self, id: Uuid) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE webhook_endpoints SET enabled = ").bind(false).push(" WHERE id = ").bind(id);
        if self.0.database.execute(sql.statement()).await?.rows_affected() == 0 {
            return Ok(false);
        }
        // Nothing new is made any more. In portions, so that no writer waits long; broken off, it can be asked again.
        loop {
            let tx = self.0.database.begin().await?;
            lock_lanes(&tx, "endpoint_id", id).await?;
            webhook_lane::Entity::delete_many().filter(webhook_lane::Column::EndpointId.eq(id)).exec(&tx).await?;
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("SELECT id FROM webhook_deliveries WHERE endpoint_id = ").bind(id).push(" ORDER BY seq LIMIT ");
            sql.bind(i64::try_from(PORTION).unwrap_or(i64::MAX));
            let found = tx.query_all_raw(sql.statement()).await?;
            let found: Vec<Uuid> = found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
            if found.is_empty() {
                webhook_endpoint::Entity::delete_by_id(id).exec(&tx).await?;
                tx.commit().await?;
                return Ok(true);
            }
            super::purge::remove(&tx, &found).await?;
            tx.commit().await?;
        }
    }

    pub(in crate::store) async fn endpoint(&self, id: Uuid) -> Result<Option<webhook_endpoint::Model>> {
        Ok(webhook_endpoint::Entity::find_by_id(id).one(self.reader()).await?)
    }

    /// In the order in which they were made.
    pub async fn endpoints(&self) -> Result<Vec<webhook_endpoint::Model>> {
        let endpoints = webhook_endpoint::Entity::find()
            .order_by_asc(webhook_endpoint::Column::CreatedAt)
            .order_by_asc(webhook_endpoint::Column::Id);
        Ok(endpoints.all(self.reader()).await?)
    }

    /// The secrets that sign now, the newest first.
    pub(super) fn signing(
        &self,
        endpoint: &webhook_endpoint::Model,
        now: DateTime<Utc>,
    ) -> Result<Vec<Zeroizing<Vec<u8>>>> {
        let previous = endpoint.previous_secret.as_ref();
        let previous = previous.filter(|_| endpoint.previous_until.is_some_and(|until| until > millis(now)));
        let sealed = std::iter::once(&endpoint.secret).chain(previous);
        sealed.map(|sealed| Ok(self.0.keyring.open(sealed, endpoint.id)?)).collect()
    }

    fn fresh_secret(&self, of: Uuid, ids: &dyn Ids) -> Result<(SecretString, Vec<u8>)> {
        let mut bytes = Zeroizing::new([0; 32]);
        ids.fill(bytes.as_mut());
        let sealed = self.0.keyring.seal(bytes.as_ref(), of, ids)?;
        Ok((format!("{PREFIX}{}", STANDARD.encode(bytes.as_ref())).into(), sealed))
    }

    /// Notes how an endpoint is doing. True when it was disabled by that.
    pub async fn note_health(&self, endpoint: Uuid, health: Health, why: &str, now: DateTime<Utc>) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        match health {
            Health::Works => {
                sql.push("UPDATE webhook_endpoints SET failing_since = NULL WHERE id = ").bind(endpoint);
                sql.push(" AND failing_since IS NOT NULL");
                self.0.database.execute(sql.statement()).await?;
                return Ok(false);
            }
            Health::Fails => {
                sql.push("UPDATE webhook_endpoints SET failing_since = COALESCE(failing_since, ").bind(millis(now));
                sql.push(") WHERE id = ").bind(endpoint);
                self.0.database.execute(sql.statement()).await?;
            }
            Health::Gone => {}
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE webhook_endpoints SET enabled = ").bind(false).push(", disabled_reason = ").bind(why);
        sql.push(" WHERE id = ").bind(endpoint).push(" AND enabled = ").bind(true);
        if health == Health::Fails {
            sql.push(" AND failing_since <= ").bind(millis(now - PATIENCE));
        }
        Ok(self.0.database.execute(sql.statement()).await?.rows_affected() > 0)
    }
}

impl webhook_endpoint::Model {
    pub fn hears(&self, event: WebhookEvent) -> bool {
        self.events.0.contains(&event)
    }

    /// Whether it may hear of this integration. What concerns none is for those that hear of all.
    pub fn covers(&self, integration: Option<Uuid>) -> bool {
        match (&self.integrations, integration) {
            (None, _) => true,
            (Some(Json(some)), Some(one)) => some.contains(&one),
            (Some(_), None) => false,
        }
    }

    /// What its query may reach of one integration.
    pub fn access(&self, integration: Uuid) -> Arc<Access> {
        Arc::new(Access {
            key: self.id,
            name: "webhook endpoint".to_owned(),
            scopes: self.scopes.0.clone(),
            restricted: Some(vec![integration]),
            expires_at: None,
            integrations: Arc::new(std::iter::once(integration).collect()),
            is_token: false,
        })
    }
}

async fn locked(tx: &DatabaseTransaction, id: Uuid) -> Result<Option<webhook_endpoint::Model>> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT * FROM webhook_endpoints WHERE id = ").bind(id);
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
    let row = tx.query_one_raw(sql.statement()).await?;
    Ok(row.map(|row| webhook_endpoint::Model::from_query_result(&row, "")).transpose()?)
}

async fn save(tx: &DatabaseTransaction, row: &webhook_endpoint::Model) -> Result<()> {
    let active = webhook_endpoint::ActiveModel {
        id: Set(row.id),
        url: Set(row.url.clone()),
        events: Set(row.events.clone()),
        query: Set(row.query.clone()),
        enabled: Set(row.enabled),
        disabled_reason: Set(row.disabled_reason.clone()),
        secret: Set(row.secret.clone()),
        previous_secret: Set(row.previous_secret.clone()),
        previous_until: Set(row.previous_until),
        failing_since: Set(row.failing_since),
        change_cursor: Set(row.change_cursor),
        event_cursor: Set(row.event_cursor),
        ..Default::default()
    };
    webhook_endpoint::Entity::update_many()
        .set(active)
        .filter(webhook_endpoint::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is pending at an endpoint that was switched on is due at once, with all its attempts before it.
async fn begin_anew(tx: &DatabaseTransaction, endpoint: Uuid, now: DateTime<Utc>) -> Result<()> {
    lock_lanes(tx, "endpoint_id", endpoint).await?;
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE webhook_lanes SET due_at = ").bind(millis(now)).push(" WHERE endpoint_id = ").bind(endpoint);
    tx.execute_raw(sql.statement()).await?;
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE webhook_deliveries SET tries = 0, next_attempt_at = ").bind(millis(now));
    sql.push(" WHERE endpoint_id = ").bind(endpoint).push(" AND state = 'PENDING'");
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}
