//! Connected accounts: made, changed, opened for work, erased.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::connect_links::complete;
use super::convert::millis;
use super::entity::{Json, integration};
use super::keys::Integrations;
use super::sql::Sql;
use super::wake::{Job, announce};
use super::webhooks::{Happening, happened, lock_lanes, note_state, state_of};
use super::{Result, Store};
use crate::domain::{DataRules, Ids, IntegrationState, SyncScope, WebhookEvent};

/// What there is in memory of all integrations: their ids, and which key was used when.
#[derive(Default)]
pub(super) struct Known {
    integrations: Mutex<Option<(i64, Arc<Integrations>)>>,
    pub used_keys: Mutex<HashMap<Uuid, i64>>,
}

/// The share that a run may mark as deleted unless the settings say otherwise. Who tidies up an account deletes less
/// of it at once; a permission that was taken away, a filter and a broken list hide more.
pub const MAX_DELETED_SHARE: f64 = 0.3;

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub interval: Duration,
    pub scope: SyncScope,
    pub cutoff_date: Option<NaiveDate>,
    /// Of candidates and applications that are created without one.
    pub default_source: Option<String>,
    /// The largest share of a type's records that a run may mark as deleted; 1: any.
    pub max_deleted_share: f64,
    /// What must not be stored; changed by [`Store::set_rules`] alone.
    pub rules: DataRules,
}

pub struct NewIntegration {
    pub id: Uuid,
    pub connector: String,
    pub name: String,
    pub organization_name: String,
    pub email: Option<String>,
    pub origin_id: Option<String>,
    pub credentials: HashMap<String, SecretString>,
    pub settings: Settings,
    /// The link by which it is connected; made completed with it.
    pub link: Option<Uuid>,
    pub now: DateTime<Utc>,
}

/// What is needed to work on an account.
pub struct Connection {
    pub connector: String,
    pub credentials: HashMap<String, SecretString>,
    pub settings: Settings,
    /// Until then the vendor asked not to be asked.
    pub pause_until: Option<DateTime<Utc>>,
}

/// What its columns say together.
pub fn integration_state(row: &integration::Model) -> IntegrationState {
    state_from(row.paused, row.invalid, row.first_synced_at.is_some())
}

pub(super) fn state_from(paused: bool, invalid: bool, synced: bool) -> IntegrationState {
    match (paused, invalid, synced) {
        (true, ..) => IntegrationState::Paused,
        (_, true, _) => IntegrationState::Invalid,
        (.., false) => IntegrationState::SettingUp,
        _ => IntegrationState::Active,
    }
}

impl Store {
    /// False when its link was completed meanwhile: then nothing is made.
    pub async fn create_integration(&self, new: NewIntegration, ids: &dyn Ids) -> Result<bool> {
        let credentials = self.seal(&new.credentials, new.id, ids)?;
        let created = Happening {
            event: WebhookEvent::IntegrationCreated,
            integration: Some(new.id),
            details: json!({ "connector": new.connector, "state": IntegrationState::SettingUp }),
            now: new.now,
        };
        let row = integration::ActiveModel {
            id: Set(new.id),
            connector: Set(new.connector),
            name: Set(new.name),
            organization_name: Set(new.organization_name),
            end_user_email: Set(new.email),
            end_user_origin_id: Set(new.origin_id),
            credentials: Set(credentials),
            paused: Set(false),
            invalid: Set(false),
            state_reason: Set(None),
            created_at: Set(millis(new.now)),
            first_synced_at: Set(None),
            last_full_at: Set(None),
            failures: Set(0),
            auth_failing_since: Set(None),
            sync_interval: Set(interval(new.settings.interval)),
            sync_scope: Set(new.settings.scope.as_str().to_owned()),
            cutoff_date: Set(new.settings.cutoff_date.map(|date| date.to_string())),
            default_source: Set(new.settings.default_source),
            vendor_pause_until: Set(None),
            next_sync_at: Set(Some(millis(new.now))),
            lease_owner: Set(None),
            lease_until: Set(None),
            lease_fence: Set(0),
            erased: Set(false),
            data_rules: Set((!new.settings.rules.is_empty()).then_some(Json(new.settings.rules))),
            max_deleted_share: Set(Some(new.settings.max_deleted_share)),
        };
        let tx = self.0.database.begin().await?;
        integration::Entity::insert(row).exec_without_returning(&tx).await?;
        if let Some(link) = new.link
            && !complete(&tx, link, new.id, new.now).await?
        {
            return Ok(false);
        }
        Self::count_integrations_changed(&tx).await?;
        happened(&tx, created).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that an account could not be connected, or this one not connected again. `details`: ids and codes, never
    /// personal data.
    pub async fn note_connect_failed(
        &self,
        integration: Option<Uuid>,
        details: Value,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tx = self.0.database.begin().await?;
        happened(&tx, Happening { event: WebhookEvent::ConnectFailed, integration, details, now }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Opens an account's secrets, for work on it.
    pub async fn connection_of(&self, integration: Uuid) -> Result<Option<Connection>> {
        let Some(row) = integration::Entity::find_by_id(integration).one(self.reader()).await? else {
            return Ok(None);
        };
        let plain = self.0.keyring.open(&row.credentials, integration)?;
        let credentials: HashMap<String, String> =
            serde_json::from_slice(&plain).map_err(|_| super::Error::Corrupt("sealed credentials"))?;
        let settings = settings(&row);
        Ok(Some(Connection {
            connector: row.connector,
            credentials: credentials.into_iter().map(|(key, value)| (key, value.into())).collect(),
            settings,
            pause_until: row.vendor_pause_until.and_then(DateTime::from_timestamp_millis),
        }))
    }

    pub(super) fn seal(&self, credentials: &HashMap<String, SecretString>, of: Uuid, ids: &dyn Ids) -> Result<Vec<u8>> {
        let plain: HashMap<&str, &str> =
            credentials.iter().map(|(key, value)| (key.as_str(), value.expose_secret())).collect();
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| super::Error::Corrupt("credentials"))?);
        Ok(self.0.keyring.seal(&plain, of, ids)?)
    }

    /// New credentials make an integration that was invalid good again.
    pub async fn set_credentials(
        &self,
        integration: Uuid,
        credentials: &HashMap<String, SecretString>,
        ids: &dyn Ids,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sealed = self.seal(credentials, integration, ids)?;
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET credentials = ").bind(sealed).push(", invalid = ").bind(false);
        sql.push(", auth_failing_since = NULL, state_reason = NULL WHERE id = ").bind(integration);
        self.change_state(integration, sql, now).await
    }

    /// Carries out what may change an integration's state, and notes the new one.
    async fn change_state(&self, integration: Uuid, sql: Sql, now: DateTime<Utc>) -> Result<()> {
        let tx = self.0.database.begin().await?;
        let Some((before, _)) = state_of(&tx, integration).await? else { return Ok(()) };
        tx.execute_raw(sql.statement()).await?;
        note_state(&tx, integration, before, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn set_settings(&self, integration: Uuid, settings: &Settings) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET sync_interval = ").bind(interval(settings.interval));
        sql.push(", sync_scope = ").bind(settings.scope.as_str());
        sql.push(", cutoff_date = ").bind(settings.cutoff_date.map(|date| date.to_string()));
        sql.push(", default_source = ").bind(settings.default_source.as_deref());
        sql.push(", max_deleted_share = ").bind(settings.max_deleted_share);
        sql.push(" WHERE id = ").bind(integration);
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    /// The vendor asks not to be asked before this time: for all processes that work on the account.
    pub async fn keep_vendor_pause(&self, integration: Uuid, until: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET vendor_pause_until = ").bind(millis(until));
        sql.push(" WHERE id = ").bind(integration);
        sql.push(" AND (vendor_pause_until IS NULL OR vendor_pause_until < ").bind(millis(until)).push(")");
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    pub async fn rename_integration(&self, integration: Uuid, name: &str) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET name = ").bind(name).push(" WHERE id = ").bind(integration);
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    /// When it goes on, what has become due meanwhile is done at once.
    pub async fn pause_integration(&self, integration: Uuid, paused: bool, now: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET paused = ").bind(paused).push(" WHERE id = ").bind(integration);
        self.change_state(integration, sql, now).await
    }

    /// For a time that has come.
    pub async fn schedule_sync(&self, integration: Uuid, at: DateTime<Utc>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE integrations SET next_sync_at = ").bind(millis(at)).push(" WHERE id = ").bind(integration);
        let tx = self.0.database.begin().await?;
        tx.execute_raw(sql.statement()).await?;
        announce(&tx, Job::Sync(integration), None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Erases everything of an integration. False when there was none.
    pub async fn erase_integration(&self, integration: Uuid, now: DateTime<Utc>) -> Result<bool> {
        // First the row itself: whoever works on it loses its lease and writes nothing more.
        let tx = self.0.database.begin().await?;
        let erased = integration::Entity::delete_many()
            .filter(integration::Column::Id.eq(integration))
            .exec(&tx)
            .await?
            .rows_affected
            > 0;
        Self::count_integrations_changed(&tx).await?;
        lock_lanes(&tx, "integration_id", integration).await?;
        for table in TABLES {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("DELETE FROM ").push(table).push(" WHERE integration_id = ").bind(integration);
            tx.execute_raw(sql.statement()).await?;
        }
        if erased {
            let event = WebhookEvent::IntegrationDeleted;
            happened(&tx, Happening { event, integration: Some(integration), details: json!({}), now }).await?;
        }
        tx.commit().await?;
        self.0.database.forget_log().await?;
        Ok(erased)
    }

    /// All integrations, as of the given state of their counter.
    pub(super) async fn all_integrations(&self, version: i64) -> Result<Arc<Integrations>> {
        let known = self.0.known.integrations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((known_version, ids)) = known
            && known_version == version
        {
            return Ok(ids);
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT id FROM integrations ORDER BY created_at, id");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let ids: Integrations = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let ids = Arc::new(ids);
        *self.0.known.integrations.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, ids.clone()));
        Ok(ids)
    }
}

/// The tables that hold what belongs to an integration.
/// The inbox goes first: whoever receives a delivery locks it, and then writes nothing more.
const TABLES: [&str; 33] = [
    "vendor_inboxes",
    "vendor_deliveries",
    "vendor_subscriptions",
    "targeted_records",
    "users",
    "jobs",
    "candidates",
    "applications",
    "application_stages",
    "job_stages",
    "tags",
    "candidate_tags",
    "hiring_team_members",
    "payloads",
    "due_children",
    "changes",
    "custom_fields",
    "model_status",
    "sync_runs",
    "sync_run_models",
    "sync_seen",
    "held_deletions",
    "actions",
    "action_steps",
    "action_files",
    "created_records",
    "tombstones",
    "webhook_lanes",
    "webhook_deliveries",
    "webhook_attempts",
    "webhook_events",
    "vendor_requests",
    "connect_links",
];

fn interval(interval: Duration) -> i64 {
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn settings(row: &integration::Model) -> Settings {
    Settings {
        interval: Duration::from_millis(u64::try_from(row.sync_interval).unwrap_or(0)),
        scope: SyncScope::parse(&row.sync_scope).unwrap_or(SyncScope::All),
        cutoff_date: row.cutoff_date.as_deref().and_then(|date| date.parse().ok()),
        default_source: row.default_source.clone(),
        max_deleted_share: row.max_deleted_share.unwrap_or(MAX_DELETED_SHARE),
        rules: row.data_rules.as_ref().map(|json| json.0.clone()).unwrap_or_default(),
    }
}
