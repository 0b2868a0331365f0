//! Connecting an account, testing it again, changing it, and erasing it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounts::NotOpened;
use super::request::SyncRequest;
use super::{Engine, Error};
use crate::connectors::manifest::{CredentialField, CredentialFormat, FeatureKey, Reads};
use crate::connectors::{Check, Checks, Connector, ErrorKind, Manifest, RequestLog};
use crate::domain::{DataRules, ErrorCode, Omittable, RecordType, Refusal, SyncKind, SyncScope};
use crate::store::entity::connect_link;
use crate::store::{ChildStream, MAX_DELETED_SHARE, NewIntegration, Operator, Reconnection, Settings};

/// Schedules closer than this would only wear the vendor down.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);
const LONGEST_INTERVAL: Duration = Duration::from_secs(30 * 24 * 3600);
const USUAL_INTERVAL: Duration = Duration::from_secs(3600);
const LONGEST_NAME: usize = 200;
const LONGEST_LINE: usize = 500;

#[derive(Debug, Clone, Default)]
pub struct Connect {
    pub connector: String,
    pub name: Option<String>,
    pub organization_name: String,
    pub email: Option<String>,
    pub origin_id: Option<String>,
    pub credentials: Value,
    pub interval: Option<Duration>,
    pub scope: Option<SyncScope>,
    pub cutoff_date: Option<NaiveDate>,
    pub default_source: Option<String>,
    pub max_deleted_share: Option<f64>,
    pub excluded_models: Option<Vec<RecordType>>,
    pub excluded_fields: Option<Vec<String>>,
}

/// What came of an attempt to connect.
#[derive(Debug, Default)]
pub struct Connected {
    pub integration: Option<Uuid>,
    pub tests: Vec<Check>,
    pub refusals: Vec<Refusal>,
}

#[derive(Debug, Clone, Default)]
pub struct Update {
    pub name: Option<String>,
    pub interval: Option<Duration>,
    pub scope: Option<SyncScope>,
    /// Some(None) removes it.
    pub cutoff_date: Option<Option<NaiveDate>>,
    /// Some(None) removes it.
    pub default_source: Option<Option<String>>,
    pub max_deleted_share: Option<f64>,
    pub excluded_models: Option<Vec<RecordType>>,
    /// As in `candidate.phoneNumbers`.
    pub excluded_fields: Option<Vec<String>>,
    pub paused: Option<bool>,
    pub credentials: Option<Value>,
}

impl Engine {
    /// Tests the credentials and, when the vendor takes them, keeps them and queues the first sync. What the
    /// account may not read is told by the tests and does not keep it from being connected.
    pub async fn connect(&self, operator: &Operator, connect: Connect) -> Result<Connected, Error> {
        self.connect_by(operator, connect, None, Checks::default()).await
    }

    /// As [`Engine::connect`], by a link: completed with what it connects. Nothing is connected when it was completed
    /// meanwhile. `checks` hears of the tests as they end.
    pub(super) async fn connect_by(
        &self,
        operator: &Operator,
        connect: Connect,
        link: Option<Uuid>,
        checks: Checks,
    ) -> Result<Connected, Error> {
        let Some(connector) = self.registry().get(&connect.connector).cloned() else {
            return Ok(refused(vec![self.no_such_connector()]));
        };
        let manifest = connector.manifest();
        let mut refusals = Vec::new();
        let name = connect.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name =
            name.map_or_else(|| format!("{} at {}", connect.organization_name.trim(), manifest.name), str::to_owned);
        check_name(&mut refusals, &["input", "name"], &name);
        check_name(&mut refusals, &["input", "endUser", "organizationName"], connect.organization_name.trim());
        check_line(&mut refusals, &["input", "endUser", "email"], connect.email.as_deref());
        check_line(&mut refusals, &["input", "endUser", "originId"], connect.origin_id.as_deref());
        let usual = Settings {
            interval: USUAL_INTERVAL,
            scope: SyncScope::All,
            cutoff_date: None,
            default_source: None,
            max_deleted_share: MAX_DELETED_SHARE,
            rules: DataRules::default(),
        };
        let wanted = Wanted {
            interval: connect.interval,
            scope: connect.scope,
            cutoff_date: connect.cutoff_date.map(Some),
            default_source: connect.default_source.map(Some),
            max_deleted_share: connect.max_deleted_share,
            excluded_models: connect.excluded_models,
            excluded_fields: connect.excluded_fields,
        };
        let settings = settings(&mut refusals, manifest, &usual, wanted);
        let credentials = credentials(&mut refusals, manifest.credentials, &connect.credentials, None);
        if !refusals.is_empty() {
            return Ok(refused(refusals));
        }
        let id = self.ids().uuid();
        let log = Arc::new(self.held_back(id));
        let tried = self.try_credentials(connector.as_ref(), id, credentials.clone(), log.clone(), checks);
        let (tests, refusals) = tried.await;
        if !refusals.is_empty() {
            self.note_failed(None, manifest.slug, connect.origin_id.as_deref(), &refusals).await?;
            return Ok(Connected { integration: None, tests, refusals });
        }
        let new = NewIntegration {
            id,
            connector: connect.connector,
            name,
            organization_name: connect.organization_name.trim().to_owned(),
            email: connect.email,
            origin_id: connect.origin_id,
            credentials,
            settings,
            link,
            now: self.clock().now(),
        };
        if !self.store().create_integration(new, self.ids()).await? {
            return Ok(Connected { integration: None, tests, refusals });
        }
        log.let_go();
        self.keep_readable(id, &tests).await?;
        // Before the first sync reads, so that nothing is missed in between.
        self.subscribe_now(id).await?;
        self.queue_run(SyncRequest::all(id, SyncKind::Full)).await?;
        tracing::info!(integration = %crate::domain::IntegrationId(id), connector = manifest.slug, owner = %operator.access().key, "integration connected");
        Ok(Connected { integration: Some(id), tests, refusals })
    }

    /// Puts new credentials, all of them, in the place of an account's old ones once the vendor takes them.
    pub(super) async fn reconnect_by(
        &self,
        link: &connect_link::Model,
        given: &Value,
        checks: Checks,
    ) -> Result<Connected, Error> {
        let at = &["input", "integrationId"];
        let Some(integration) = link.integration_id else { return Ok(refused(vec![no_such_integration(at)])) };
        let Some(connection) = self.store().connection_of(integration).await? else {
            return Ok(refused(vec![no_such_integration(at)]));
        };
        let Some(connector) = self.registry().get(&connection.connector).cloned() else {
            return Err(Error::UnknownConnector(connection.connector));
        };
        let mut refusals = Vec::new();
        // None of the old ones: they would be sent to wherever the new ones lead.
        let credentials = credentials(&mut refusals, connector.manifest().credentials, given, None);
        if !refusals.is_empty() {
            return Ok(refused(refusals));
        }
        let log = Arc::new(self.noting(integration, None));
        let tried = self.try_credentials(connector.as_ref(), integration, credentials.clone(), log, checks);
        let (tests, refusals) = tried.await;
        if !refusals.is_empty() {
            let origin_id = link.end_user_origin_id.as_deref();
            self.note_failed(Some(integration), &connection.connector, origin_id, &refusals).await?;
            return Ok(Connected { integration: None, tests, refusals });
        }
        let new = Reconnection { link: link.id, integration, credentials: &credentials, now: self.clock().now() };
        if !self.store().reconnect_integration(new, self.ids()).await? {
            return Ok(Connected { integration: None, tests, refusals });
        }
        self.forget(integration);
        self.keep_readable(integration, &tests).await?;
        self.wake();
        tracing::info!(integration = %crate::domain::IntegrationId(integration), connector = connection.connector, "integration connected again");
        Ok(Connected { integration: Some(integration), tests, refusals })
    }

    pub(super) fn no_such_connector(&self) -> Refusal {
        let known: Vec<_> = self.manifests().map(|manifest| manifest.slug).collect();
        let message = format!("there is no connector of this name; there are {}", known.join(", "));
        Refusal::input(&["input", "connector"], message)
    }

    /// What the tests say of single record types.
    async fn keep_readable(&self, integration: Uuid, tests: &[Check]) -> Result<(), Error> {
        for (model, test) in tests.iter().filter_map(|test| Some((test.model?, test))) {
            let error = (!test.passed).then_some(test.message.as_str());
            self.store().set_readable(integration, model, error).await?;
        }
        Ok(())
    }

    async fn note_failed(
        &self,
        integration: Option<Uuid>,
        connector: &str,
        origin_id: Option<&str>,
        refusals: &[Refusal],
    ) -> Result<(), Error> {
        let codes: Vec<_> = refusals.iter().map(|refusal| refusal.code).collect();
        let details = json!({ "connector": connector, "originId": origin_id, "errors": codes });
        self.store().note_connect_failed(integration, details, self.clock().now()).await?;
        self.wake();
        Ok(())
    }

    /// Runs the tests with credentials that are not kept yet. Refusals: when the vendor does not take them.
    async fn try_credentials(
        &self,
        connector: &dyn Connector,
        integration: Uuid,
        credentials: HashMap<String, SecretString>,
        log: Arc<dyn RequestLog>,
        mut checks: Checks,
    ) -> (Vec<Check>, Vec<Refusal>) {
        let account = match self.open_with(connector, integration, credentials) {
            Ok(account) => account.logged(log),
            Err(error) => return (Vec::new(), vec![Refusal::input(&["input", "credentials"], error.public)]),
        };
        connector.check(&account, &mut checks).await;
        let tests = checks.ended();
        let refusals = tests.first().filter(|test| !test.passed).map(credentials_refused).into_iter().collect();
        (tests, refusals)
    }

    /// Runs the tests of a connected account again.
    pub async fn test(&self, operator: &Operator, integration: Uuid) -> Result<Result<Vec<Check>, Refusal>, Error> {
        if !operator.access().sees(integration) {
            return Ok(Err(no_such_integration(&["id"])));
        }
        // By a new token: what was allowed at the vendor meanwhile need not be part of the old one.
        self.forget(integration);
        match self.open(integration, None).await {
            Ok(work) => Ok(Ok(work.connector.checks(&work.account).await)),
            Err(NotOpened::Gone) => Ok(Err(no_such_integration(&["id"]))),
            Err(NotOpened::Vendor(error)) => {
                Ok(Err(Refusal::new(ErrorCode::IntegrationCredentialsInvalid, error.public).at(&["id"])))
            }
            Err(NotOpened::Ours(error)) => Err(error),
        }
    }

    /// All of it or nothing: new credentials are tested before anything is written.
    pub async fn update(&self, operator: &Operator, integration: Uuid, update: Update) -> Result<Vec<Refusal>, Error> {
        let found = match operator.access().sees(integration) {
            true => self.store().connection_of(integration).await?,
            false => None,
        };
        let Some(connection) = found else { return Ok(vec![no_such_integration(&["input", "id"])]) };
        let Some(connector) = self.registry().get(&connection.connector).cloned() else {
            return Err(Error::UnknownConnector(connection.connector));
        };
        let mut refusals = Vec::new();
        if let Some(name) = &update.name {
            check_name(&mut refusals, &["input", "name"], name.trim());
        }
        let wanted = Wanted {
            interval: update.interval,
            scope: update.scope,
            cutoff_date: update.cutoff_date,
            default_source: update.default_source,
            max_deleted_share: update.max_deleted_share,
            excluded_models: update.excluded_models,
            excluded_fields: update.excluded_fields,
        };
        let new_settings = settings(&mut refusals, connector.manifest(), &connection.settings, wanted);
        let new_credentials = update.credentials.as_ref().map(|given| {
            credentials(&mut refusals, connector.manifest().credentials, given, Some(&connection.credentials))
        });
        if refusals.is_empty()
            && let Some(credentials) = &new_credentials
        {
            let log = Arc::new(self.noting(integration, None));
            let checks = Checks::default();
            let tried = self.try_credentials(connector.as_ref(), integration, credentials.clone(), log, checks);
            refusals.extend(tried.await.1);
        }
        if !refusals.is_empty() {
            return Ok(refusals);
        }
        if let Some(name) = &update.name {
            self.store().rename_integration(integration, name.trim()).await?;
        }
        let (rules, old_rules) = (&new_settings.rules, &connection.settings.rules);
        let other_records = (new_settings.scope, new_settings.cutoff_date)
            != (connection.settings.scope, connection.settings.cutoff_date)
            || RecordType::ALL.iter().any(|of| old_rules.is_lifted(rules, *of));
        if new_settings != connection.settings {
            self.store().set_settings(integration, &new_settings).await?;
            if rules != old_rules {
                let children = child_streams(connector.manifest());
                self.store().set_rules(integration, rules, &children, self.clock().now()).await?;
            }
            if other_records {
                self.store().begin_anew(integration, self.clock().now()).await?;
            }
            if new_settings.scope == SyncScope::CreatedOnly && connection.settings.scope != SyncScope::CreatedOnly {
                self.store().erase_not_created(integration).await?;
            }
            if cuts_off(&new_settings, &connection.settings) {
                let types = connector.manifest().told_types();
                self.store().forget_types(integration, &types, self.clock().now()).await?;
            }
        }
        if let Some(credentials) = &new_credentials {
            self.store().set_credentials(integration, credentials, self.ids(), self.clock().now()).await?;
            self.forget(integration);
        }
        if let Some(paused) = update.paused {
            self.store().pause_integration(integration, paused, self.clock().now()).await?;
        }
        let goes_on = update.paused == Some(false) || new_credentials.is_some() || other_records;
        if new_settings.interval != connection.settings.interval || goes_on {
            self.store().schedule_sync(integration, self.clock().now()).await?;
        }
        self.wake();
        Ok(refusals)
    }

    /// Erases an integration with all its records, logs and secrets.
    pub async fn delete(&self, operator: &Operator, integration: Uuid) -> Result<Result<(), Refusal>, Error> {
        if !operator.access().sees(integration) {
            return Ok(Err(no_such_integration(&["id"])));
        }
        self.unsubscribe_all(integration).await;
        if !self.store().erase_integration(integration, self.clock().now()).await? {
            return Ok(Err(no_such_integration(&["id"])));
        }
        self.forget(integration);
        self.wake();
        tracing::info!(integration = %crate::domain::IntegrationId(integration), "integration erased");
        Ok(Ok(()))
    }
}

fn refused(refusals: Vec<Refusal>) -> Connected {
    Connected { refusals, ..Connected::default() }
}

fn credentials_refused(test: &Check) -> Refusal {
    let message = match &test.fix {
        Some(fix) => format!("{} {fix}", test.message),
        None => test.message.clone(),
    };
    let code = match test.kind {
        Some(ErrorKind::Unavailable) => ErrorCode::RemoteUnavailable,
        Some(ErrorKind::RateLimited) => ErrorCode::RemoteRateLimited,
        Some(ErrorKind::Permission) => ErrorCode::IntegrationPermissionMissing,
        Some(
            ErrorKind::Auth | ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Shape | ErrorKind::Unsupported,
        )
        | None => ErrorCode::IntegrationCredentialsInvalid,
    };
    Refusal::new(code, message).at(&["input", "credentials"])
}

pub(super) fn no_such_integration(field: &[&str]) -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such integration").at(field)
}

pub(super) fn check_name(refusals: &mut Vec<Refusal>, field: &[&str], name: &str) {
    if name.is_empty() {
        refusals.push(Refusal::input(field, "must not be empty"));
    } else if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let message = format!("must be one line of at most {LONGEST_NAME} characters");
        refusals.push(Refusal::input(field, message));
    }
}

pub(super) fn check_line(refusals: &mut Vec<Refusal>, field: &[&str], text: Option<&str>) {
    if text.is_some_and(|text| text.chars().count() > LONGEST_LINE || text.chars().any(char::is_control)) {
        let message = format!("must be one line of at most {LONGEST_LINE} characters");
        refusals.push(Refusal::input(field, message));
    }
}

/// What of the settings is to change; `Some(None)` removes.
struct Wanted {
    interval: Option<Duration>,
    scope: Option<SyncScope>,
    cutoff_date: Option<Option<NaiveDate>>,
    default_source: Option<Option<String>>,
    max_deleted_share: Option<f64>,
    excluded_models: Option<Vec<RecordType>>,
    excluded_fields: Option<Vec<String>>,
}

fn settings(refusals: &mut Vec<Refusal>, manifest: &Manifest, now: &Settings, wanted: Wanted) -> Settings {
    let Wanted { interval, scope, cutoff_date, default_source, max_deleted_share, excluded_models, excluded_fields } =
        wanted;
    let default_source = default_source.map(|name| name.map(|name| name.trim().to_owned()));
    let settings = Settings {
        interval: interval.unwrap_or(now.interval),
        scope: scope.unwrap_or(now.scope),
        cutoff_date: cutoff_date.unwrap_or(now.cutoff_date),
        default_source: default_source.unwrap_or_else(|| now.default_source.clone()),
        max_deleted_share: max_deleted_share.unwrap_or(now.max_deleted_share),
        rules: rules(refusals, &now.rules, excluded_models, excluded_fields),
    };
    let at = |name| ["input", "syncSettings", name];
    if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&settings.interval) {
        refusals.push(Refusal::input(&at("interval"), "must be between PT1M and P30D"));
    }
    if !(settings.max_deleted_share > 0.0 && settings.max_deleted_share <= 1.0) {
        let message = "must be greater than 0 and at most 1, where 1 lets any number of records go at once";
        refusals.push(Refusal::input(&at("maxDeletedShare"), message));
    }
    match settings.scope {
        SyncScope::All | SyncScope::CreatedOnly => {}
        SyncScope::SinceCutoff if !manifest.tells_changes() => {
            let message = format!("{} cannot tell what changed since a date", manifest.name);
            refusals.push(Refusal::new(ErrorCode::FieldNotSupported, message).at(&at("scope")));
        }
        SyncScope::SinceCutoff if settings.cutoff_date.is_none() => {
            let message = format!("is required with the scope {}", settings.scope);
            refusals.push(Refusal::input(&at("cutoffDate"), message));
        }
        SyncScope::SinceCutoff => {}
    }
    if let Some(source) = &settings.default_source {
        if !manifest.offers(FeatureKey::SourceWriting) {
            let message = format!("{} takes no source with what is created", manifest.name);
            refusals.push(Refusal::new(ErrorCode::FieldNotSupported, message).at(&at("defaultSource")));
        } else if source.is_empty() {
            refusals.push(Refusal::input(&at("defaultSource"), "must not be empty; null removes it"));
        } else {
            check_line(refusals, &at("defaultSource"), Some(source));
        }
    }
    settings
}

fn rules(
    refusals: &mut Vec<Refusal>,
    now: &DataRules,
    models: Option<Vec<RecordType>>,
    fields: Option<Vec<String>>,
) -> DataRules {
    let models = models.unwrap_or_else(|| now.models().collect());
    let Some(names) = fields else { return DataRules::new(models, now.fields()) };
    let mut fields = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        match Omittable::parse(name) {
            Some(field) => fields.push(field),
            None => {
                let path = ["input", "syncSettings", "excludedFields", &at.to_string()];
                let message = "names no field that can be left out, as in candidate.phoneNumbers; ids, and the \
                               relations that hold records together, stay";
                refusals.push(Refusal::input(&path, message));
            }
        }
    }
    DataRules::new(models, fields)
}

fn child_streams(manifest: &Manifest) -> Vec<ChildStream> {
    let child = |stream: &crate::connectors::manifest::Stream| match &stream.reads {
        Reads::Children { parent, .. } => {
            Some(ChildStream { name: stream.name, parent: *parent, models: stream.models() })
        }
        Reads::Pages(_) | Reads::Carry { .. } => None,
    };
    manifest.streams.iter().filter_map(child).collect()
}

/// Whether some of what is mirrored must go: nothing tells what of it changed since the date, so all of it goes and
/// what changed is read anew.
fn cuts_off(new: &Settings, old: &Settings) -> bool {
    let was = (old.scope == SyncScope::SinceCutoff).then_some(old.cutoff_date).flatten();
    new.scope == SyncScope::SinceCutoff && was.is_none_or(|was| new.cutoff_date.is_some_and(|date| date > was))
}

/// Checks credentials by the manifest's fields. `kept`: what stays where nothing new is given.
fn credentials(
    refusals: &mut Vec<Refusal>,
    fields: &[CredentialField],
    given: &Value,
    kept: Option<&HashMap<String, SecretString>>,
) -> HashMap<String, SecretString> {
    let mut credentials = kept.cloned().unwrap_or_default();
    let Value::Object(given) = given else {
        refusals.push(Refusal::input(&["input", "credentials"], "must be an object of credential fields"));
        return credentials;
    };
    for key in given.keys() {
        if !fields.iter().any(|field| field.key == key) {
            let known: Vec<_> = fields.iter().map(|field| field.key).collect();
            let message = format!("is no credential of this connector; there are {}", known.join(", "));
            refusals.push(Refusal::input(&["input", "credentials", key], message));
        }
    }
    for field in fields {
        let at = ["input", "credentials", field.key];
        let text = match given.get(field.key) {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => {
                refusals.push(Refusal::input(&at, "must be text"));
                continue;
            }
        };
        if text.is_empty() {
            if field.required && !credentials.contains_key(field.key) {
                refusals.push(Refusal::input(&at, format!("{} is required", field.label)));
            }
            continue;
        }
        match fits(field.format, text) {
            Ok(()) => drop(credentials.insert(field.key.to_owned(), text.to_owned().into())),
            Err(message) => refusals.push(Refusal::input(&at, message)),
        }
    }
    credentials
}

fn fits(format: CredentialFormat, text: &str) -> Result<(), String> {
    if text.len() > 4096 || text.chars().any(char::is_control) {
        return Err("must be one line of at most 4096 bytes".to_owned());
    }
    match format {
        CredentialFormat::Text => Ok(()),
        CredentialFormat::DnsLabel => {
            let label = text.len() <= 63
                && !text.starts_with('-')
                && !text.ends_with('-')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let message = "must be only the first part of the address, of letters, digits and hyphens";
            if label { Ok(()) } else { Err(message.to_owned()) }
        }
        CredentialFormat::OneOf(values) if values.contains(&text) => Ok(()),
        CredentialFormat::OneOf(values) => Err(format!("must be one of {}", values.join(", "))),
    }
}
