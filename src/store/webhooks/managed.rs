//! Endpoints and deliveries as their administrator sees them: those that reach nothing which the administrator's key
//! does not.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
};
use secrecy::SecretString;
use std::sync::Arc;
use uuid::Uuid;

use super::super::convert::millis;
use super::super::entity::{webhook_delivery, webhook_endpoint};
use super::super::keys::Access;
use super::super::page::{Order, Position, SortKey, SortValue, Window};
use super::super::read::{Page, Row, finish, window as cut};
use super::super::scoped::{Admin, Scoped};
use super::super::sql::Sql;
use super::super::{Result, Store};
use super::dispatch::open_lanes;
use super::{EndpointUpdate, NewEndpoint, Updated};
use crate::domain::{DeliveryState, Ids, Scope};

/// What became of a wish to deliver again.
pub enum Redelivered {
    Due(Box<webhook_delivery::Model>),
    /// Its endpoint is disabled.
    Disabled,
    Unknown,
}

impl Admin {
    pub async fn webhook_endpoints(&self) -> Result<Vec<webhook_endpoint::Model>> {
        let mut endpoints = self.store().endpoints().await?;
        endpoints.retain(|endpoint| self.covers_endpoint(endpoint));
        Ok(endpoints)
    }

    pub async fn webhook_endpoint(&self, id: Uuid) -> Result<Option<webhook_endpoint::Model>> {
        Ok(self.store().endpoint(id).await?.filter(|endpoint| self.covers_endpoint(endpoint)))
    }

    fn covers_endpoint(&self, endpoint: &webhook_endpoint::Model) -> bool {
        self.access().covers(endpoint.integrations.as_ref().map(|json| json.0.as_slice()))
    }

    /// What an endpoint of this administrator with these scopes may reach.
    pub fn narrowed(&self, scopes: Vec<Scope>) -> Scoped {
        self.store().scoped(Arc::new(Access { scopes, ..self.access().clone() }))
    }

    pub async fn create_endpoint(
        &self,
        new: NewEndpoint,
        ids: &dyn Ids,
    ) -> Result<(SecretString, webhook_endpoint::Model)> {
        self.store().create_endpoint(new, ids).await
    }

    pub async fn update_endpoint(
        &self,
        id: Uuid,
        update: EndpointUpdate,
        ids: &dyn Ids,
        now: DateTime<Utc>,
    ) -> Result<Option<Updated>> {
        match self.webhook_endpoint(id).await? {
            Some(_) => self.store().update_endpoint(id, update, ids, now).await,
            None => Ok(None),
        }
    }

    pub async fn delete_endpoint(&self, id: Uuid) -> Result<bool> {
        Ok(self.webhook_endpoint(id).await?.is_some() && self.store().delete_endpoint(id).await?)
    }

    /// The newest first.
    pub async fn webhook_deliveries(&self, endpoint: Uuid, window: &Window) -> Result<Page<webhook_delivery::Model>> {
        let order = Order { key: SortKey::Seq, descending: true };
        let database = &self.store().0.database;
        let mut sql = Sql::new(database.backend());
        sql.push("SELECT t.* FROM webhook_deliveries t WHERE t.endpoint_id = ").bind(endpoint);
        cut(&mut sql, &order, window);
        let rows = database.fresh_rows(sql.statement()).await?;
        let rows = rows.iter().map(|row| {
            let record = webhook_delivery::Model::from_query_result(row, "")?;
            let position = Position { value: SortValue::Number(record.seq), id: record.id };
            Ok(Row { position, record: Arc::new(record) })
        });
        Ok(finish(rows.collect::<Result<_>>()?, window))
    }

    pub async fn count_webhook_deliveries(&self, endpoint: Uuid) -> Result<u64> {
        let all = webhook_delivery::Entity::find().filter(webhook_delivery::Column::EndpointId.eq(endpoint));
        Ok(all.count(self.store().reader()).await?)
    }

    /// Those of these deliveries that there are, and whose endpoint may be seen.
    pub async fn webhook_deliveries_by_ids(&self, ids: &[Uuid]) -> Result<Vec<webhook_delivery::Model>> {
        let endpoints: Vec<Uuid> = self.webhook_endpoints().await?.iter().map(|endpoint| endpoint.id).collect();
        let mut sql = Sql::new(self.store().0.database.backend());
        sql.push("SELECT t.* FROM webhook_deliveries t WHERE ").one_of("t.id", ids);
        sql.push(" AND ").one_of("t.endpoint_id", &endpoints);
        let rows = self.store().0.database.fresh_rows(sql.statement()).await?;
        rows.iter().map(|row| Ok(webhook_delivery::Model::from_query_result(row, "")?)).collect()
    }

    /// Makes a delivery due at once, whatever became of it. One that is over goes in a lane of its own: it neither
    /// waits for others, nor do they for it.
    pub async fn redeliver(&self, id: Uuid, now: DateTime<Utc>) -> Result<Redelivered> {
        let Some(mut row) = self.webhook_deliveries_by_ids(&[id]).await?.pop() else {
            return Ok(Redelivered::Unknown);
        };
        if !self.webhook_endpoint(row.endpoint_id).await?.is_some_and(|endpoint| endpoint.enabled) {
            return Ok(Redelivered::Disabled);
        }
        if row.state != DeliveryState::Pending.as_str() {
            row.lane = row.id;
        }
        (row.state, row.tries) = (DeliveryState::Pending.as_str().to_owned(), 0);
        row.next_attempt_at = Some(millis(now));
        self.store().put_delivery_back(&row, now).await?;
        Ok(Redelivered::Due(Box::new(row)))
    }
}

impl Store {
    async fn put_delivery_back(&self, row: &webhook_delivery::Model, now: DateTime<Utc>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        open_lanes(&tx, row.endpoint_id, std::iter::once((row.lane, row.integration_id)), now).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE webhook_lanes SET due_at = ").bind(millis(now)).push(" WHERE endpoint_id = ");
        sql.bind(row.endpoint_id).push(" AND lane = ").bind(row.lane);
        tx.execute_raw(sql.statement()).await?;
        webhook_delivery::Entity::update_many()
            .set(webhook_delivery::ActiveModel {
                lane: Set(row.lane),
                state: Set(row.state.clone()),
                tries: Set(row.tries),
                next_attempt_at: Set(row.next_attempt_at),
                ..Default::default()
            })
            .filter(webhook_delivery::Column::Id.eq(row.id))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
