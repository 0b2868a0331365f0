//! Links to the page on which an end customer connects its account: kept as hashes, completed once and with what they
//! connect, good only as long as the key that they were made with.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::convert::millis;
use super::entity::connect_link;
use super::keys::Access;
use super::scoped::Operator;
use super::sql::Sql;
use super::wake::{Job, announce};
use super::webhooks::{note_state, state_of};
use super::{Error, Result, Store};
use crate::domain::Ids;

pub struct NewConnectLink {
    pub connector: Option<String>,
    pub organization_name: String,
    pub email: Option<String>,
    pub origin_id: Option<String>,
    /// The one to reconnect.
    pub integration: Option<Uuid>,
    pub redirect_url: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

/// A link, and what its maker may still do.
pub struct ConnectLink {
    pub row: connect_link::Model,
    pub maker: Maker,
}

pub enum Maker {
    /// May do what the link is for.
    Able(Operator),
    /// Its key was revoked, has expired, or may not do it.
    Unable,
}

/// New credentials for an account, by a link.
pub struct Reconnection<'a> {
    pub link: Uuid,
    pub integration: Uuid,
    pub credentials: &'a HashMap<String, SecretString>,
    pub now: DateTime<Utc>,
}

impl Store {
    /// Makes a link and says its token, for the only time.
    pub async fn create_connect_link(&self, key: Uuid, new: NewConnectLink, ids: &dyn Ids) -> Result<SecretString> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        ids.fill(bytes.as_mut());
        let token = data_encoding::BASE32_NOPAD.encode(bytes.as_ref()).to_lowercase();
        let row = connect_link::ActiveModel {
            id: Set(ids.uuid()),
            token_hash: Set(hash(&token)),
            key_id: Set(key),
            connector: Set(new.connector),
            organization_name: Set(new.organization_name),
            end_user_email: Set(new.email),
            end_user_origin_id: Set(new.origin_id),
            integration_id: Set(new.integration),
            reconnects: Set(new.integration.is_some()),
            redirect_url: Set(new.redirect_url),
            created_at: Set(millis(new.now)),
            expires_at: Set(millis(new.expires_at)),
            completed_at: Set(None),
            busy_until: Set(None),
        };
        connect_link::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(token.into())
    }

    /// Never from a replica: what was completed or revoked is so at once.
    pub async fn connect_link(&self, token: &SecretString, now: DateTime<Utc>) -> Result<Option<ConnectLink>> {
        let found = connect_link::Entity::find()
            .filter(connect_link::Column::TokenHash.eq(hash(token.expose_secret())))
            .one(self.reader())
            .await?;
        let Some(row) = found else { return Ok(None) };
        let scoped = self.access_of_key(row.key_id, now).await?.map(|access| self.scoped(Arc::new(access)));
        let operator = scoped.and_then(|scoped| match row.integration_id.filter(|_| row.reconnects) {
            Some(integration) => scoped.operate().ok().filter(|_| scoped.access().sees(integration)),
            None => scoped.connect().ok(),
        });
        Ok(Some(ConnectLink { row, maker: operator.map_or(Maker::Unable, Maker::Able) }))
    }

    /// What the holder of a key may do now; none when it is unknown, revoked or expired.
    async fn access_of_key(&self, key: Uuid, now: DateTime<Utc>) -> Result<Option<Access>> {
        let Some(row) = self.key(key).await? else { return Ok(None) };
        if row.revoked_at.is_some() || row.expires_at.is_some_and(|at| at <= millis(now)) {
            return Ok(None);
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT value FROM counters WHERE name = 'integrations'");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let counter = rows.first().ok_or(Error::Corrupt("a counter"))?.try_get_by_index(0)?;
        let all = self.all_integrations(counter).await?;
        let restricted = row.integrations.map(|json| json.0);
        let integrations = match &restricted {
            Some(some) => Arc::new(all.ids().iter().copied().filter(|id| some.contains(id)).collect()),
            None => all,
        };
        Ok(Some(Access {
            key: row.id,
            name: row.name,
            scopes: row.scopes.0,
            restricted,
            expires_at: row.expires_at.and_then(DateTime::from_timestamp_millis),
            integrations,
            // It makes no further credential.
            is_token: true,
        }))
    }

    /// Begins an attempt to connect by a link: one at a time. False while another is under way, and once it is
    /// completed.
    pub async fn take_connect_link(&self, link: Uuid, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE connect_links SET busy_until = ").bind(millis(until)).push(" WHERE id = ").bind(link);
        sql.push(" AND completed_at IS NULL AND (busy_until IS NULL OR busy_until <= ").bind(millis(now)).push(")");
        Ok(self.0.database.execute(sql.statement()).await?.rows_affected() > 0)
    }

    /// The attempt that was to end by then is over.
    pub async fn release_connect_link(&self, link: Uuid, until: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE connect_links SET busy_until = NULL WHERE id = ").bind(link);
        sql.push(" AND busy_until = ").bind(millis(until));
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    /// As [`Store::set_credentials`], and completes the link with it. False when that was completed meanwhile, or
    /// there is no such integration any more: then nothing is changed.
    pub async fn reconnect_integration(&self, new: Reconnection<'_>, ids: &dyn Ids) -> Result<bool> {
        let sealed = self.seal(new.credentials, new.integration, ids)?;
        let tx = self.0.database.begin().await?;
        let Some((before, _)) = state_of(&tx, new.integration).await? else { return Ok(false) };
        if !complete(&tx, new.link, new.integration, new.now).await? {
            return Ok(false);
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE integrations SET credentials = ").bind(sealed).push(", invalid = ").bind(false);
        sql.push(", auth_failing_since = NULL, state_reason = NULL, next_sync_at = ").bind(millis(new.now));
        sql.push(" WHERE id = ").bind(new.integration);
        tx.execute_raw(sql.statement()).await?;
        note_state(&tx, new.integration, before, new.now).await?;
        announce(&tx, Job::Sync(new.integration), None).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes links that ended before this time: they name their end user.
    pub async fn purge_connect_links(&self, before: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("DELETE FROM connect_links WHERE expires_at < ").bind(millis(before));
        self.0.database.execute(sql.statement()).await.map(drop)
    }
}

/// Completes a link in the transaction of what it connects. False when it was completed before.
pub(super) async fn complete(
    tx: &DatabaseTransaction,
    link: Uuid,
    integration: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE connect_links SET completed_at = ").bind(millis(now));
    sql.push(", integration_id = ").bind(integration);
    sql.push(", connector = (SELECT i.connector FROM integrations i WHERE i.id = ").bind(integration);
    sql.push(") WHERE id = ").bind(link);
    sql.push(" AND completed_at IS NULL");
    Ok(tx.execute_raw(sql.statement()).await?.rows_affected() > 0)
}

/// A token has 256 random bits: a plain fast hash is as good as a slow one.
fn hash(token: &str) -> Vec<u8> {
    blake3::hash(token.as_bytes()).as_bytes().to_vec()
}
