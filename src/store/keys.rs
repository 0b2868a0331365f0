//! API keys: kept as hashes, looked up at every request, also for the access tokens that were made with them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::convert::millis;
use super::entity::{Json, api_key};
use super::read::Key;
use super::sql::Sql;
use super::tokens::{self, Claims};
use super::{Result, Store};
use crate::domain::{IdSpace, Ids, IntegrationId, Scope};

/// What the holder of a credential may do, as verified at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Its own, or that of the access token.
    pub key: Uuid,
    /// Of the key.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// None: all, also those that come later.
    pub restricted: Option<Vec<Uuid>>,
    pub expires_at: Option<DateTime<Utc>>,
    /// The integrations that it sees now.
    pub integrations: Arc<Integrations>,
    /// Whether it is an access token, which makes no further credential.
    pub is_token: bool,
}

/// Integrations, also by what the ids of their records begin with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Integrations {
    ids: Vec<Uuid>,
    leading: HashMap<[u8; 4], Vec<Uuid>>,
}

impl FromIterator<Uuid> for Integrations {
    fn from_iter<I: IntoIterator<Item = Uuid>>(ids: I) -> Self {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut leading: HashMap<[u8; 4], Vec<Uuid>> = HashMap::with_capacity(ids.len());
        for id in &ids {
            leading.entry(IdSpace::new(IntegrationId(*id)).leading()).or_default().push(*id);
        }
        Self { ids, leading }
    }
}

impl Integrations {
    pub fn ids(&self) -> &[Uuid] {
        &self.ids
    }

    /// Where a record of this id can lie: nearly always one place, or none.
    pub(super) fn of_record(&self, id: Uuid) -> impl Iterator<Item = Key> + '_ {
        let mut leading = [0; 4];
        leading.copy_from_slice(&id.as_bytes()[..4]);
        let places = self.leading.get(&leading).map_or(&[][..], Vec::as_slice);
        places.iter().map(move |integration| Key { integration: *integration, id })
    }
}

impl Access {
    /// ADMIN includes every other scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether there is such an integration, as of the beginning of the request, and it may be seen.
    pub fn sees(&self, integration: Uuid) -> bool {
        self.integrations.ids.contains(&integration)
    }

    /// Whether it may be seen if there is one: also one that was connected by this very request.
    pub(super) fn may_see(&self, integration: Uuid) -> bool {
        self.restricted.is_none() || self.sees(integration)
    }

    /// To what of it an access token was made for.
    fn narrow(&mut self, claims: Claims) {
        let Claims { scopes, integrations, expires_at, .. } = claims;
        self.scopes = scopes.into_iter().filter(|scope| self.has(*scope)).collect();
        let mine = integrations.into_iter().filter(|id| self.restricted.as_ref().is_none_or(|some| some.contains(id)));
        self.restricted = Some(mine.collect());
        let ends = DateTime::from_timestamp_millis(expires_at);
        self.expires_at = self.expires_at.into_iter().chain(ends).min();
        self.is_token = true;
    }

    /// Whether a key for `integrations` reaches nothing that this one does not.
    pub(super) fn covers(&self, integrations: Option<&[Uuid]>) -> bool {
        match (&self.restricted, integrations) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => theirs.iter().all(|id| mine.contains(id)),
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewKey {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub integrations: Option<Vec<Uuid>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

const PREFIX: &str = "hgk_";
/// How much of a key is shown in lists.
const SHOWN: usize = 12;

impl Store {
    /// Makes a key and says it, for the only time.
    pub async fn create_key(&self, new: NewKey, ids: &dyn Ids) -> Result<(SecretString, api_key::Model)> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        ids.fill(bytes.as_mut());
        let secret = format!("{PREFIX}{}", data_encoding::BASE32_NOPAD.encode(bytes.as_ref()).to_lowercase());
        let row = api_key::Model {
            id: new.id,
            name: new.name,
            prefix: secret.chars().take(SHOWN).collect(),
            hash: hash(&secret),
            scopes: Json(new.scopes),
            integrations: new.integrations.map(Json),
            created_at: millis(new.now),
            expires_at: new.expires_at.map(millis),
            last_used_at: None,
            revoked_at: None,
        };
        let active = api_key::ActiveModel {
            id: Set(row.id),
            name: Set(row.name.clone()),
            prefix: Set(row.prefix.clone()),
            hash: Set(row.hash.clone()),
            scopes: Set(row.scopes.clone()),
            integrations: Set(row.integrations.clone()),
            created_at: Set(row.created_at),
            expires_at: Set(row.expires_at),
            last_used_at: Set(None),
            revoked_at: Set(None),
        };
        api_key::Entity::insert(active).exec_without_returning(self.connection()).await?;
        Ok((secret.into(), row))
    }

    /// What this key or access token may do; none when it is unknown, or it or its key is revoked or expired.
    pub async fn access(&self, secret: &SecretString, now: DateTime<Utc>) -> Result<Option<Access>> {
        let secret = secret.expose_secret();
        let claims = match secret.starts_with(tokens::PREFIX) {
            true => Claims::verified(secret, &self.0.keyring).filter(|claims| claims.expires_at > millis(now)),
            false => None,
        };
        if claims.is_none() && !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT k.id, k.name, k.scopes, k.integrations, k.expires_at, k.revoked_at, k.last_used_at, ");
        sql.push("(SELECT value FROM counters WHERE name = 'integrations') FROM api_keys k WHERE ");
        match &claims {
            Some(claims) => sql.push("k.id = ").bind(claims.key),
            None => sql.push("k.hash = ").bind(hash(secret)),
        };
        // Never from a replica: a revoked key is refused at once.
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let expires_at: Option<i64> = row.try_get_by_index(4)?;
        let revoked_at: Option<i64> = row.try_get_by_index(5)?;
        if revoked_at.is_some() || expires_at.is_some_and(|at| at <= millis(now)) {
            return Ok(None);
        }
        let all = self.all_integrations(row.try_get_by_index(7)?).await?;
        let scopes: Json<Vec<Scope>> = row.try_get_by_index(2)?;
        let restricted: Option<Json<Vec<Uuid>>> = row.try_get_by_index(3)?;
        let key: Uuid = row.try_get_by_index(0)?;
        self.note_use(key, row.try_get_by_index(6)?, millis(now));
        let mut access = Access {
            key,
            name: row.try_get_by_index(1)?,
            scopes: scopes.0,
            restricted: restricted.map(|json| json.0),
            expires_at: expires_at.and_then(DateTime::from_timestamp_millis),
            integrations: all,
            is_token: false,
        };
        if let Some(claims) = claims {
            access.narrow(claims);
        }
        if let Some(some) = &access.restricted {
            let seen = access.integrations.ids.iter().copied().filter(|id| some.contains(id)).collect();
            access.integrations = Arc::new(seen);
        }
        Ok(Some(access))
    }

    /// Kept in memory and written by [`Store::write_key_uses`]: a query must not wait for a writer.
    fn note_use(&self, key: Uuid, last: Option<i64>, now: i64) {
        if last.is_none_or(|last| now - last >= 60_000) {
            self.0.known.used_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key, now);
        }
    }

    /// Writes when keys were last used; called now and then, and at the end.
    pub async fn write_key_uses(&self) -> Result<()> {
        let used = std::mem::take(&mut *self.0.known.used_keys.lock().unwrap_or_else(PoisonError::into_inner));
        for (key, at) in used {
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("UPDATE api_keys SET last_used_at = ").bind(at).push(" WHERE id = ").bind(key);
            self.0.database.execute(sql.statement()).await?;
        }
        Ok(())
    }

    pub async fn key(&self, id: Uuid) -> Result<Option<api_key::Model>> {
        Ok(api_key::Entity::find_by_id(id).one(self.reader()).await?)
    }

    pub async fn keys(&self) -> Result<Vec<api_key::Model>> {
        let keys = api_key::Entity::find().order_by_asc(api_key::Column::CreatedAt).order_by_asc(api_key::Column::Id);
        Ok(keys.all(self.reader()).await?)
    }

    /// Whether there was such a key that was not revoked yet; the key as it is now.
    pub async fn revoke_key(&self, id: Uuid, now: DateTime<Utc>) -> Result<Option<api_key::Model>> {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, sea_orm::sea_query::Expr::val(millis(now)))
            .filter(api_key::Column::Id.eq(id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(api_key::Entity::find_by_id(id).one(self.reader()).await?)
    }
}

/// The secret has 256 random bits: a plain fast hash is as good as a slow one.
fn hash(secret: &str) -> Vec<u8> {
    blake3::hash(secret.as_bytes()).as_bytes().to_vec()
}
