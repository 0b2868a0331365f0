//! Subscriptions to vendors' events. A row stands before the vendor hears of it, so that a delivery can be verified
//! even when the vendor's answer was lost. What it is verified by cannot be read back in clear.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::convert::millis;
use super::entity::vendor_subscription;
use super::inbox::{InboxLease, lock_both, lock_inbox};
use super::sql::Sql;
use super::{Error, Result, Store};
use crate::domain::{Ids, SubscriptionState};

/// How deliveries of a subscription are verified.
#[derive(Debug, Clone)]
pub enum Verified {
    /// By a secret in the URL, of which the hash is kept.
    Hash([u8; 32]),
    /// By a signature that is made with this key.
    Key(SecretString),
}

pub struct NewSubscription {
    pub id: Uuid,
    pub event: String,
    pub public_url: String,
    pub verified: Verified,
    pub now: DateTime<Utc>,
}

/// What the door needs to know of a subscription.
pub struct Subscription {
    pub connector: String,
    pub event: String,
    pub verified: Verified,
}

impl Store {
    /// None when there is no such subscription.
    pub async fn subscription(&self, integration: Uuid, id: Uuid) -> Result<Option<Subscription>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT i.connector, s.event, s.secret_hash, s.signing_key FROM vendor_subscriptions s ");
        sql.push("JOIN integrations i ON i.id = s.integration_id WHERE s.integration_id = ").bind(integration);
        sql.push(" AND s.id = ").bind(id);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (hash, key): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let verified = match (hash, key) {
            (Some(hash), _) => {
                Verified::Hash(hash.try_into().map_err(|_| Error::Corrupt("the hash of a webhook's secret"))?)
            }
            (None, Some(sealed)) => {
                let plain = self.0.keyring.open(&sealed, integration)?;
                let text = std::str::from_utf8(&plain).map_err(|_| Error::Corrupt("the key of a webhook"))?;
                Verified::Key(text.into())
            }
            (None, None) => return Err(Error::Corrupt("a webhook without a secret")),
        };
        let (connector, event) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(Some(Subscription { connector, event, verified }))
    }

    /// The oldest first.
    pub async fn subscriptions(&self, integration: Uuid) -> Result<Vec<vendor_subscription::Model>> {
        Ok(vendor_subscription::Entity::find()
            .filter(vendor_subscription::Column::IntegrationId.eq(integration))
            .order_by_asc(vendor_subscription::Column::CreatedAt)
            .order_by_asc(vendor_subscription::Column::Id)
            .all(self.reader())
            .await?)
    }

    /// Those of each integration, the oldest first.
    pub(super) async fn subscriptions_of(
        &self,
        integrations: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<vendor_subscription::Model>>> {
        let found = vendor_subscription::Entity::find()
            .filter(vendor_subscription::Column::IntegrationId.is_in(integrations.iter().copied()))
            .order_by_asc(vendor_subscription::Column::CreatedAt)
            .order_by_asc(vendor_subscription::Column::Id)
            .all(self.reader())
            .await?;
        let mut by_integration: HashMap<Uuid, Vec<vendor_subscription::Model>> = HashMap::new();
        for row in found {
            by_integration.entry(row.integration_id).or_default().push(row);
        }
        Ok(by_integration)
    }

    /// Writes subscriptions down before the vendor is told of them.
    pub async fn add_subscriptions(&self, lease: &InboxLease, new: Vec<NewSubscription>, ids: &dyn Ids) -> Result<()> {
        let mut rows = Vec::with_capacity(new.len());
        for one in new {
            let (secret_hash, signing_key) = match &one.verified {
                Verified::Hash(hash) => (Some(hash.to_vec()), None),
                Verified::Key(key) => {
                    let sealed = self.0.keyring.seal(key.expose_secret().as_bytes(), lease.integration, ids)?;
                    (None, Some(sealed))
                }
            };
            rows.push(vendor_subscription::ActiveModel {
                integration_id: Set(lease.integration),
                id: Set(one.id),
                event: Set(one.event),
                state: Set(SubscriptionState::Unsubscribed.as_str().to_owned()),
                remote_id: Set(None),
                public_url: Set(one.public_url),
                secret_hash: Set(secret_hash),
                signing_key: Set(signing_key),
                error: Set(None),
                created_at: Set(millis(one.now)),
                last_received_at: Set(None),
            });
        }
        if rows.is_empty() {
            return Ok(());
        }
        let tx = self.0.database.begin().await?;
        lock_both(&tx, lease).await?;
        vendor_subscription::Entity::insert_many(rows).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What became of a subscription at the vendor.
    pub async fn set_subscription(
        &self,
        lease: &InboxLease,
        id: Uuid,
        state: SubscriptionState,
        remote_id: Option<&str>,
        error: Option<&str>,
    ) -> Result<()> {
        let tx = self.0.database.begin().await?;
        lock_inbox(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE vendor_subscriptions SET state = ").bind(state.as_str());
        sql.push(", remote_id = ").bind(remote_id.map(str::to_owned));
        sql.push(", error = ").bind(error.map(str::to_owned));
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND id = ").bind(id);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes subscriptions off, one of which another took the place. When that one was called last stays known.
    pub async fn remove_subscriptions(&self, lease: &InboxLease, removed: &[Uuid]) -> Result<()> {
        if removed.is_empty() {
            return Ok(());
        }
        let tx = self.0.database.begin().await?;
        lock_inbox(&tx, lease).await?;
        let backend = tx.get_database_backend();
        let mut sql = Sql::new(backend);
        sql.push("UPDATE vendor_subscriptions SET last_received_at = (SELECT MAX(o.last_received_at) FROM ");
        sql.push("vendor_subscriptions o WHERE o.integration_id = vendor_subscriptions.integration_id AND ");
        sql.push("o.event = vendor_subscriptions.event) WHERE integration_id = ").bind(lease.integration);
        tx.execute_raw(sql.statement()).await?;
        let mut sql = Sql::new(backend);
        sql.push("DELETE FROM vendor_subscriptions WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND ").one_of("id", removed);
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(())
    }
}
