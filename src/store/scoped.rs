//! What the holder of a verified credential can reach. Permission returns a handle: whoever lacks a scope has
//! no method to call.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use secrecy::SecretString;
use uuid::Uuid;

use super::changes::{Among, Changes, ChangesOf};
use super::entity::{
    RecordRow, action, action_step, api_key, custom_field, integration, sync_run, sync_run_model, vendor_subscription,
};
use super::keys::{Access, NewKey};
use super::models::ModelCount;
use super::page::{Order, Position, SortKey, SortValue, Window};
use super::read::{ByParent, Columns, Filter, Join, Key, Link, Listing, Page, Row};
use super::signals::{Channel, Ear};
use super::sql::Sql;
use super::tokens::Claims;
use super::{KeyringError, Result, Store, millis};
use crate::domain::{Ids, IntegrationField, Payload, RecordType, Scope, SyncKind};

/// What the credential is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    #[error("this needs the scope {0}")]
    Scope(Scope),
    /// It is restricted to some integrations.
    #[error("this needs a key for all integrations")]
    Everything,
    /// It is an access token.
    #[error("this needs an API key, not an access token")]
    Key,
}

/// One caller's view of the store.
#[derive(Clone)]
pub struct Scoped {
    store: Store,
    access: Arc<Access>,
}

/// Which actions a list holds.
#[derive(Debug, Clone, Copy)]
pub enum ActionsOf {
    /// Of one integration, or of all that the caller sees.
    Visible(Option<Uuid>),
    Application(Key),
}

/// Reads records.
#[derive(Clone)]
pub struct Records(Scoped);

/// Reads accounts: their state, freshness and runs.
#[derive(Clone)]
pub struct Accounts(Scoped);

/// Connects, changes and syncs accounts.
#[derive(Clone)]
pub struct Operator(Scoped);

/// Writes to vendors.
#[derive(Clone)]
pub struct Writer(Scoped);

/// Manages keys, and whom to tell what by webhooks.
#[derive(Clone)]
pub struct Admin(Scoped);

/// Makes access tokens of its own key.
#[derive(Clone)]
pub struct Issuer(Scoped);

impl Store {
    pub fn scoped(&self, access: Arc<Access>) -> Scoped {
        Scoped { store: self.clone(), access }
    }
}

impl Scoped {
    /// Hears from now on where to look. Names things that the caller may not see, and shows nothing of them.
    pub fn listen(&self, channel: Channel) -> Ear {
        self.store.listen(channel)
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn records(&self) -> Result<Records, Missing> {
        self.holding(&[Scope::RecordsRead]).map(Records)
    }

    pub fn accounts(&self) -> Result<Accounts, Missing> {
        self.holding(&[Scope::RecordsRead, Scope::Operate]).map(Accounts)
    }

    pub fn operate(&self) -> Result<Operator, Missing> {
        self.holding(&[Scope::Operate]).map(Operator)
    }

    pub fn write(&self) -> Result<Writer, Missing> {
        self.holding(&[Scope::RecordsWrite]).map(Writer)
    }

    /// For requests of the caller's own.
    pub fn passthrough(&self) -> Result<Writer, Missing> {
        self.holding(&[Scope::Passthrough]).map(Writer)
    }

    /// Reads what became of writes.
    pub fn actions(&self) -> Result<Accounts, Missing> {
        self.holding(&[Scope::RecordsRead, Scope::RecordsWrite, Scope::Operate]).map(Accounts)
    }

    /// To connect accounts: a key for some integrations could not see, or erase, what it makes.
    pub fn connect(&self) -> Result<Operator, Missing> {
        let operator = self.operate()?;
        if self.access.restricted.is_some() { Err(Missing::Everything) } else { Ok(operator) }
    }

    pub fn admin(&self) -> Result<Admin, Missing> {
        self.holding(&[Scope::Admin]).map(Admin)
    }

    /// To make access tokens: any key may, and no token.
    pub fn issue(&self) -> Result<Issuer, Missing> {
        if self.access.is_token { Err(Missing::Key) } else { Ok(Issuer(self.clone())) }
    }

    /// One of these scopes; else the first is named as missing.
    fn holding(&self, scopes: &[Scope]) -> Result<Self, Missing> {
        match scopes {
            [first, ..] if !scopes.iter().any(|scope| self.access.has(*scope)) => Err(Missing::Scope(*first)),
            _ => Ok(self.clone()),
        }
    }

    fn visible(&self, integration: Option<Uuid>) -> &[Uuid] {
        let all = self.access.integrations.ids();
        match integration {
            None => all,
            Some(one) => all.iter().position(|id| *id == one).map_or(&[], |at| &all[at..=at]),
        }
    }

    fn visible_keys(&self, keys: &[Key]) -> Vec<Key> {
        keys.iter().copied().filter(|key| self.access.may_see(key.integration)).collect()
    }
}

impl Records {
    /// A page of one integration's records, or of all visible ones'.
    pub async fn page<R: RecordRow>(
        &self,
        integration: Option<Uuid>,
        columns: &Columns<R>,
        listing: &Listing,
    ) -> Result<Page<R>> {
        let integrations = self.0.visible(integration);
        self.0.store.page(integrations, columns, listing).await
    }

    pub async fn count<R: RecordRow>(&self, integration: Option<Uuid>, filter: &Filter) -> Result<u64> {
        self.0.store.count::<R>(self.0.visible(integration), filter).await
    }

    /// Where a record with this id can lie.
    pub fn locate(&self, id: Uuid) -> Vec<Key> {
        self.0.access.integrations.of_record(id).collect()
    }

    /// Entries of the change feed after a number, or from the oldest on.
    pub async fn changes(&self, of: &ChangesOf, after: Option<i64>, limit: u64) -> Result<Changes> {
        let access = &self.0.access;
        let visible: Vec<Uuid>;
        let among = match (&of.integrations, &access.restricted) {
            (None, None) => Among::All,
            (None, Some(_)) => Among::These(access.integrations.ids()),
            (Some(some), _) => {
                let ids = access.integrations.ids().iter().copied();
                visible = ids.filter(|id| some.contains(id)).collect();
                Among::These(&visible)
            }
        };
        self.0.store.changes(among, of.types.as_deref(), after, limit).await
    }

    pub async fn by_keys<R: RecordRow>(&self, keys: &[Key], columns: &Columns<R>) -> Result<HashMap<Uuid, Arc<R>>> {
        self.0.store.by_keys(&self.0.visible_keys(keys), columns).await
    }

    pub async fn pages_by_parent<R: RecordRow>(
        &self,
        parents: &[Key],
        link: Link,
        columns: &Columns<R>,
        listing: &Listing,
    ) -> Result<ByParent<Page<R>>> {
        self.0.store.pages_by_parent(&self.0.visible_keys(parents), link, columns, listing).await
    }

    pub async fn counts_by_parent<R: RecordRow>(
        &self,
        parents: &[Key],
        link: Link,
        filter: &Filter,
    ) -> Result<ByParent<u64>> {
        self.0.store.counts_by_parent::<R>(&self.0.visible_keys(parents), link, filter).await
    }

    pub async fn joined<J: RecordRow, T: RecordRow>(
        &self,
        parents: &[Key],
        join: Join,
        columns: &Columns<J>,
        far: &Columns<T>,
    ) -> Result<ByParent<Vec<(Arc<J>, Arc<T>)>>> {
        self.0.store.joined(&self.0.visible_keys(parents), join, columns, far).await
    }

    /// The vendor's payloads; needs the scope for raw data, unless only the operator's custom fields are
    /// taken from them.
    pub async fn payloads(&self, keys: &[Key]) -> Result<HashMap<Uuid, Arc<Payload>>> {
        self.0.store.payloads(&self.0.visible_keys(keys)).await
    }

    pub fn remote_data(&self) -> Result<(), Missing> {
        self.0.holding(&[Scope::RemoteDataRead]).map(drop)
    }

    /// Payloads of the records of a type that changed last, to look for fields in, and what the vendor calls its
    /// own fields.
    pub async fn latest_payloads(
        &self,
        integration: Uuid,
        of: RecordType,
        most: i64,
    ) -> Result<Vec<(Payload, Vec<IntegrationField>)>> {
        if !self.0.access.sees(integration) {
            return Ok(Vec::new());
        }
        let fields = match of {
            RecordType::Job | RecordType::Candidate | RecordType::Application => "t.integration_fields",
            _ => "NULL",
        };
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT b.body, r.fields FROM (SELECT t.integration_id, t.id, ").push(fields);
        sql.push(" AS fields FROM ").push(super::models::table(of));
        sql.push(" t WHERE t.integration_id = ").bind(integration).push(" AND t.remote_deleted_at IS NULL");
        sql.push(" ORDER BY t.changed_at DESC, t.id LIMIT ").bind(most).push(") r JOIN payloads b ON ");
        sql.push("b.integration_id = r.integration_id AND b.record_id = r.id ORDER BY r.id");
        let rows = self.0.store.0.database.rows(sql.statement()).await?;
        let read = |row: &sea_orm::QueryResult| {
            let body: super::entity::Json<Payload> = row.try_get_by_index(0)?;
            let fields = match fields {
                "NULL" => Vec::new(),
                _ => row.try_get_by_index::<super::entity::Json<Vec<IntegrationField>>>(1)?.0,
            };
            Ok((body.0, fields))
        };
        rows.iter().map(read).collect()
    }

    pub async fn custom_fields(&self, integrations: &[Uuid]) -> Result<Vec<custom_field::Model>> {
        let visible = integrations.iter().copied().filter(|id| self.0.access.may_see(*id));
        Ok(custom_field::Entity::find()
            .filter(custom_field::Column::IntegrationId.is_in(visible))
            .order_by_asc(custom_field::Column::Key)
            .all(self.0.store.reader())
            .await?)
    }
}

impl Accounts {
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub async fn by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<integration::Model>>> {
        let visible = ids.iter().copied().filter(|id| self.0.access.may_see(*id));
        let found = integration::Entity::find()
            .filter(integration::Column::Id.is_in(visible))
            .all(self.0.store.reader())
            .await?;
        Ok(found.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }

    /// In the order in which they were connected.
    pub async fn page(&self, window: &Window) -> Result<Page<integration::Model>> {
        let order = Order { key: SortKey::CreatedAt, descending: false };
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT t.* FROM integrations t WHERE ").one_of("t.id", self.0.access.integrations.ids());
        self.rows(sql, &order, window, |row: &integration::Model| (row.created_at, row.id)).await
    }

    pub fn count(&self) -> usize {
        self.0.access.integrations.ids().len()
    }

    /// The latest first.
    pub async fn runs(&self, integration: Uuid, window: &Window) -> Result<Page<sync_run::Model>> {
        if !self.0.access.may_see(integration) {
            return Ok(Page::default());
        }
        let order = Order { key: SortKey::QueuedAt, descending: true };
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT t.* FROM sync_runs t WHERE t.integration_id = ").bind(integration);
        self.rows(sql, &order, window, |row: &sync_run::Model| (row.queued_at, row.id)).await
    }

    pub async fn count_runs(&self, integration: Uuid) -> Result<u64> {
        use sea_orm::PaginatorTrait;
        if !self.0.access.may_see(integration) {
            return Ok(0);
        }
        let runs = sync_run::Entity::find().filter(sync_run::Column::IntegrationId.eq(integration));
        Ok(runs.count(self.0.store.reader()).await?)
    }

    pub async fn run(&self, id: Uuid) -> Result<Option<sync_run::Model>> {
        Ok(self.runs_by_ids(&[id]).await?.into_iter().next())
    }

    /// Those of these runs that there are and that may be seen.
    pub async fn runs_by_ids(&self, ids: &[Uuid]) -> Result<Vec<sync_run::Model>> {
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT t.* FROM sync_runs t WHERE ").one_of("t.integration_id", self.0.access.integrations.ids());
        sql.push(" AND ").one_of("t.id", ids);
        let rows = self.0.store.0.database.fresh_rows(sql.statement()).await?;
        rows.iter().map(|row| Ok(sync_run::Model::from_query_result(row, "")?)).collect()
    }

    pub async fn run_models(&self, runs: &[(Uuid, Uuid)]) -> Result<HashMap<Uuid, Vec<sync_run_model::Model>>> {
        let visible = runs.iter().filter(|(integration, _)| self.0.access.may_see(*integration));
        let found = sync_run_model::Entity::find()
            .filter(sync_run_model::Column::IntegrationId.is_in(visible.clone().map(|(integration, _)| *integration)))
            .filter(sync_run_model::Column::RunId.is_in(visible.map(|(_, run)| *run)))
            .all(self.0.store.reader())
            .await?;
        let mut by_run: HashMap<Uuid, Vec<sync_run_model::Model>> = HashMap::new();
        for row in found {
            by_run.entry(row.run_id).or_default().push(row);
        }
        Ok(by_run)
    }

    pub async fn models(&self, integrations: &[Uuid], counted: bool) -> Result<HashMap<Uuid, Vec<ModelCount>>> {
        let visible: Vec<Uuid> = integrations.iter().copied().filter(|id| self.0.access.may_see(*id)).collect();
        self.0.store.model_counts(&visible, counted).await
    }

    /// The latest run of each integration that was over more than single records.
    pub async fn last_runs(&self, integrations: &[Uuid]) -> Result<HashMap<Uuid, Arc<sync_run::Model>>> {
        let visible: Vec<Uuid> = integrations.iter().copied().filter(|id| self.0.access.may_see(*id)).collect();
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT t.* FROM sync_runs t WHERE ").one_of("t.integration_id", &visible);
        sql.push(" AND t.id = (SELECT r.id FROM sync_runs r WHERE r.integration_id = t.integration_id ");
        sql.push("AND r.kind <> ").bind(SyncKind::Targeted.as_str()).push(" ");
        sql.push("ORDER BY r.queued_at DESC, r.id DESC LIMIT 1)");
        let rows = self.0.store.0.database.fresh_rows(sql.statement()).await?;
        let rows = rows.iter().map(|row| sync_run::Model::from_query_result(row, ""));
        rows.map(|row| Ok(row.map(|row| (row.integration_id, Arc::new(row)))?)).collect()
    }

    /// The subscriptions to each integration's vendor's events, the oldest first.
    pub async fn vendor_subscriptions(
        &self,
        integrations: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<vendor_subscription::Model>>> {
        let visible: Vec<Uuid> = integrations.iter().copied().filter(|id| self.0.access.may_see(*id)).collect();
        self.0.store.subscriptions_of(&visible).await
    }

    pub async fn custom_fields(&self, integrations: &[Uuid]) -> Result<Vec<custom_field::Model>> {
        Records(self.0.clone()).custom_fields(integrations).await
    }

    pub async fn action(&self, id: Uuid) -> Result<Option<action::Model>> {
        let visible = self.0.access.integrations.ids().iter().copied();
        let found = action::Entity::find()
            .filter(action::Column::IntegrationId.is_in(visible))
            .filter(action::Column::Id.eq(id));
        Ok(found.one(self.0.store.reader()).await?)
    }

    /// Those of these actions that there are and that may be seen.
    pub async fn actions_by_ids(&self, ids: &[Uuid]) -> Result<Vec<action::Model>> {
        let visible = self.0.access.integrations.ids().iter().copied();
        let found = action::Entity::find()
            .filter(action::Column::IntegrationId.is_in(visible))
            .filter(action::Column::Id.is_in(ids.iter().copied()));
        Ok(found.all(self.0.store.reader()).await?)
    }

    pub async fn action_steps(&self, action: Key) -> Result<Vec<action_step::Model>> {
        if !self.0.access.sees(action.integration) {
            return Ok(Vec::new());
        }
        self.0.store.action_steps(action.integration, action.id).await
    }

    /// The latest first; of one integration, or of one application, or all.
    pub async fn actions(&self, of: ActionsOf, window: &Window) -> Result<Page<action::Model>> {
        let order = Order { key: SortKey::CreatedAt, descending: true };
        let sql = self.actions_sql("SELECT t.* FROM actions t WHERE ", of);
        self.rows(sql, &order, window, |row: &action::Model| (row.created_at, row.id)).await
    }

    pub async fn count_actions(&self, of: ActionsOf) -> Result<u64> {
        let sql = self.actions_sql("SELECT COUNT(*) FROM actions t WHERE ", of);
        let rows = self.0.store.0.database.fresh_rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn actions_sql(&self, begin: &str, of: ActionsOf) -> Sql {
        let mut sql = Sql::new(self.0.store.0.database.backend());
        let integrations = match of {
            ActionsOf::Visible(integration) => self.0.visible(integration),
            ActionsOf::Application(key) => self.0.visible(Some(key.integration)),
        };
        sql.push(begin).one_of("t.integration_id", integrations);
        if let ActionsOf::Application(key) = of {
            sql.push(" AND t.application_id = ").bind(key.id);
        }
        sql
    }

    /// A page of rows of a table of ours, of which `sql` has said all but the window.
    async fn rows<M: FromQueryResult>(
        &self,
        mut sql: Sql,
        order: &Order,
        window: &Window,
        place: fn(&M) -> (i64, Uuid),
    ) -> Result<Page<M>> {
        super::read::window(&mut sql, order, window);
        let rows = self.0.store.0.database.fresh_rows(sql.statement()).await?;
        let rows = rows.iter().map(|row| {
            let record = M::from_query_result(row, "")?;
            let (value, id) = place(&record);
            Ok(Row { position: Position { value: SortValue::Number(value), id }, record: Arc::new(record) })
        });
        Ok(super::read::finish(rows.collect::<Result<_>>()?, window))
    }
}

impl Operator {
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// The whole store, for the engines' entry points: they take this handle as proof of permission.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// An integration that the operator may see now: one of an unrestricted key's, also when it was made a
    /// moment ago.
    pub async fn integration(&self, id: Uuid) -> Result<Option<integration::Model>> {
        if self.0.access.restricted.as_ref().is_some_and(|some| !some.contains(&id)) {
            return Ok(None);
        }
        Ok(integration::Entity::find_by_id(id).one(self.0.store.reader()).await?)
    }

    /// Sets a custom field; one of that key is replaced.
    pub async fn set_custom_field(&self, field: custom_field::Model) -> Result<()> {
        let row = custom_field::ActiveModel {
            integration_id: Set(field.integration_id),
            model: Set(field.model),
            key: Set(field.key),
            source: Set(field.source),
            label: Set(field.label),
        };
        let key = [custom_field::Column::IntegrationId, custom_field::Column::Model, custom_field::Column::Key];
        let replace = sea_orm::sea_query::OnConflict::columns(key)
            .update_columns([custom_field::Column::Source, custom_field::Column::Label])
            .to_owned();
        custom_field::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(self.0.store.connection())
            .await?;
        Ok(())
    }

    pub async fn remove_custom_field(&self, integration: Uuid, model: RecordType, key: &str) -> Result<bool> {
        let id = (integration, model.as_str().to_owned(), key.to_owned());
        let removed = custom_field::Entity::delete_by_id(id).exec(self.0.store.connection()).await?;
        Ok(removed.rows_affected > 0)
    }

    /// Of those of these records that there are and that may be seen: the integration, and the vendor's id.
    pub async fn remote_ids(&self, of: RecordType, ids: &[Uuid]) -> Result<HashMap<Uuid, (Uuid, Option<String>)>> {
        let keys: Vec<Key> = ids.iter().flat_map(|id| self.0.access.integrations.of_record(*id)).collect();
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT t.id, t.integration_id, t.remote_id FROM ").keys(&keys).push(" CROSS JOIN ");
        sql.push(super::models::table(of)).push(" t WHERE t.integration_id = p.integration_id AND t.id = p.id");
        let rows = self.0.store.0.database.fresh_rows(sql.statement()).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok((row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?)))
        };
        rows.iter().map(read).collect()
    }

    /// Where a record with this id can lie.
    pub fn locate(&self, id: Uuid) -> Vec<Key> {
        self.0.access.integrations.of_record(id).collect()
    }

    /// False when it is no run of a visible integration that can still be cancelled.
    pub async fn cancel_run(&self, integration: Uuid, run: Uuid, now: DateTime<Utc>) -> Result<bool> {
        if !self.0.access.sees(integration) {
            return Ok(false);
        }
        self.0.store.cancel_run(integration, run, now).await
    }
}

impl Writer {
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub async fn integration(&self, id: Uuid) -> Result<Option<integration::Model>> {
        if !self.0.access.sees(id) {
            return Ok(None);
        }
        Ok(integration::Entity::find_by_id(id).one(self.0.store.reader()).await?)
    }

    /// A record that an input names, deleted or not.
    pub async fn record<R: RecordRow>(&self, id: Uuid) -> Result<Option<Arc<R>>> {
        let keys: Vec<Key> = self.0.access.integrations.of_record(id).collect();
        Ok(self.0.store.by_keys(&keys, &Columns::<R>::all()).await?.remove(&id))
    }

    /// Whether a stage is one of a job's pipeline.
    pub async fn is_stage_of(&self, job: Key, stage: Uuid) -> Result<bool> {
        let mut sql = Sql::new(self.0.store.0.database.backend());
        sql.push("SELECT 1 FROM job_stages t WHERE t.integration_id = ").bind(job.integration);
        sql.push(" AND t.job_id = ").bind(job.id).push(" AND t.stage_id = ").bind(stage);
        sql.push(" AND t.remote_deleted_at IS NULL LIMIT 1");
        Ok(!self.0.store.0.database.rows(sql.statement()).await?.is_empty())
    }
}

impl Issuer {
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// A token for these, as far as the key reaches, whenever it is used; and when it ends.
    pub fn token(
        &self,
        scopes: Vec<Scope>,
        integrations: Vec<Uuid>,
        until: DateTime<Utc>,
    ) -> Result<(SecretString, DateTime<Utc>)> {
        let Access { key, expires_at, .. } = *self.0.access;
        let until = expires_at.map_or(until, |at| at.min(until));
        let claims = Claims { key, expires_at: millis(until), scopes, integrations };
        let token = claims.signed(&self.0.store.0.keyring).ok_or(KeyringError::Malformed)?;
        Ok((token, until))
    }
}

impl Admin {
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    /// Those that reach nothing which this one does not.
    pub async fn keys(&self) -> Result<Vec<api_key::Model>> {
        let mut keys = self.0.store.keys().await?;
        keys.retain(|key| self.covers(key));
        Ok(keys)
    }

    fn covers(&self, key: &api_key::Model) -> bool {
        self.0.access.covers(key.integrations.as_ref().map(|json| json.0.as_slice()))
    }

    pub async fn create_key(&self, new: NewKey, ids: &dyn Ids) -> Result<(SecretString, api_key::Model)> {
        self.0.store.create_key(new, ids).await
    }

    pub async fn revoke_key(&self, id: Uuid, now: DateTime<Utc>) -> Result<Option<api_key::Model>> {
        let known = self.0.store.key(id).await?;
        if !known.is_some_and(|key| self.covers(&key)) {
            return Ok(None);
        }
        self.0.store.revoke_key(id, now).await
    }
}
