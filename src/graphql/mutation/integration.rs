//! Connecting, testing, changing and erasing accounts.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::{UserError, errors, integration, integration_id, readable};
use crate::connectors::manifest::Check;
use crate::domain::{IntegrationId, Refusal};
use crate::graphql::integration::Integration;
use crate::graphql::reads::scoped;
use crate::graphql::scalar::{Date, Duration, Json};
use crate::graphql::vocabulary::{RecordType, SyncScope};
use crate::sync::{Connect, Engine, Update};

#[derive(Default)]
pub struct Integrations;

#[derive(InputObject)]
pub struct CreateIntegrationInput {
    connector: String,
    /// Default: the end user's organization and the vendor's name.
    name: Option<String>,
    end_user: EndUserInput,
    /// By `CredentialField.key`.
    credentials: Json,
    sync_settings: Option<SyncSettingsInput>,
}

#[derive(InputObject)]
pub struct EndUserInput {
    pub organization_name: String,
    pub email: Option<String>,
    pub origin_id: Option<String>,
}

#[derive(InputObject)]
pub struct SyncSettingsInput {
    /// Default: PT1H.
    interval: Option<Duration>,
    scope: Option<SyncScope>,
    cutoff_date: MaybeUndefined<Date>,
    /// The source of candidates and applications that are created without one, for connectors with SOURCE_WRITING;
    /// null removes it.
    default_source: MaybeUndefined<String>,
    /// Above 0, at most 1. Default: 0.3.
    max_deleted_share: Option<f64>,
    /// What lies under it is erased at once; what is taken off the list is read again. What cannot be without an
    /// excluded type is excluded along with it: stages and teams without their jobs, say.
    excluded_models: Option<Vec<RecordType>>,
    /// As in `candidate.phoneNumbers`. `remoteData` of such a record, and of those that refer to it, is not kept at all,
    /// because the field could stand anywhere in it.
    excluded_fields: Option<Vec<String>>,
}

#[derive(InputObject)]
pub struct UpdateIntegrationInput {
    id: ID,
    name: Option<String>,
    sync_settings: Option<SyncSettingsInput>,
    paused: Option<bool>,
    /// Only the fields that change; they are tested before anything is written.
    credentials: Option<Json>,
}

/// One check of a connection: the credentials, a permission, or whether one record type can be read.
#[derive(SimpleObject)]
pub struct ConnectionTest {
    name: String,
    model: Option<RecordType>,
    passed: bool,
    message: String,
    /// What the end customer has to change at the vendor.
    fix: Option<String>,
}

impl From<Check> for ConnectionTest {
    fn from(check: Check) -> Self {
        let Check { name, model, passed, message, fix, kind: _ } = check;
        Self { name, model: model.map(Into::into), passed, message, fix }
    }
}

#[derive(SimpleObject)]
pub struct CreateIntegrationPayload {
    integration: Option<Integration>,
    tests: Vec<ConnectionTest>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct TestIntegrationPayload {
    tests: Vec<ConnectionTest>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct UpdateIntegrationPayload {
    integration: Option<Integration>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct DeleteIntegrationPayload {
    deleted_id: Option<ID>,
    user_errors: Vec<UserError>,
}

#[Object]
impl Integrations {
    /// Tests the credentials and, when the vendor takes them, connects the account and queues its first sync. Needs a
    /// key that is not restricted to some integrations.
    async fn create_integration(
        &self,
        ctx: &Context<'_>,
        input: CreateIntegrationInput,
    ) -> Result<CreateIntegrationPayload> {
        let operator = scoped(ctx)?.connect()?;
        let mut refusals = Vec::new();
        let settings = read_settings(&mut refusals, input.sync_settings);
        if !refusals.is_empty() {
            return Ok(CreateIntegrationPayload {
                integration: None,
                tests: Vec::new(),
                user_errors: errors(refusals),
            });
        }
        let connect = Connect {
            connector: input.connector,
            name: input.name,
            organization_name: input.end_user.organization_name,
            email: input.end_user.email,
            origin_id: input.end_user.origin_id,
            credentials: input.credentials.0,
            interval: settings.interval,
            scope: settings.scope,
            cutoff_date: settings.cutoff_date.flatten(),
            default_source: settings.default_source.flatten(),
            max_deleted_share: settings.max_deleted_share,
            excluded_models: settings.excluded_models,
            excluded_fields: settings.excluded_fields,
        };
        let connected = ctx.data::<Engine>()?.connect(&operator, connect).await?;
        Ok(CreateIntegrationPayload {
            integration: match connected.integration {
                Some(id) => integration(ctx, id).await?,
                None => None,
            },
            tests: connected.tests.into_iter().map(Into::into).collect(),
            user_errors: errors(connected.refusals),
        })
    }

    /// Runs the credential, permission and per-model checks again.
    async fn test_integration(&self, ctx: &Context<'_>, id: ID) -> Result<TestIntegrationPayload> {
        let operator = scoped(ctx)?.operate()?;
        let (tests, refusals) = match ctx.data::<Engine>()?.test(&operator, integration_id(&id)).await? {
            Ok(tests) => (tests, Vec::new()),
            Err(refusal) => (Vec::new(), vec![refusal]),
        };
        Ok(TestIntegrationPayload { tests: tests.into_iter().map(Into::into).collect(), user_errors: errors(refusals) })
    }

    async fn update_integration(
        &self,
        ctx: &Context<'_>,
        input: UpdateIntegrationInput,
    ) -> Result<UpdateIntegrationPayload> {
        let operator = scoped(ctx)?.operate()?;
        let id = integration_id(&input.id);
        let mut refusals = Vec::new();
        let settings = read_settings(&mut refusals, input.sync_settings);
        if refusals.is_empty() {
            let update = Update {
                name: input.name,
                interval: settings.interval,
                scope: settings.scope,
                cutoff_date: settings.cutoff_date,
                default_source: settings.default_source,
                max_deleted_share: settings.max_deleted_share,
                excluded_models: settings.excluded_models,
                excluded_fields: settings.excluded_fields,
                paused: input.paused,
                credentials: input.credentials.map(|credentials| credentials.0),
            };
            refusals = ctx.data::<Engine>()?.update(&operator, id, update).await?;
        }
        let integration = if refusals.is_empty() { integration(ctx, id).await? } else { None };
        Ok(UpdateIntegrationPayload { integration, user_errors: errors(refusals) })
    }

    /// Erases every record, log and secret of it.
    async fn delete_integration(&self, ctx: &Context<'_>, id: ID) -> Result<DeleteIntegrationPayload> {
        let operator = scoped(ctx)?.operate()?;
        let uuid = integration_id(&id);
        Ok(match ctx.data::<Engine>()?.delete(&operator, uuid).await? {
            Ok(()) => DeleteIntegrationPayload {
                deleted_id: Some(IntegrationId(uuid).to_string().into()),
                user_errors: Vec::new(),
            },
            Err(refusal) => DeleteIntegrationPayload { deleted_id: None, user_errors: errors(vec![refusal]) },
        })
    }
}

#[derive(Default)]
struct ReadSettings {
    interval: Option<std::time::Duration>,
    scope: Option<crate::domain::SyncScope>,
    cutoff_date: Option<Option<chrono::NaiveDate>>,
    default_source: Option<Option<String>>,
    max_deleted_share: Option<f64>,
    excluded_models: Option<Vec<crate::domain::RecordType>>,
    excluded_fields: Option<Vec<String>>,
}

fn read_settings(refusals: &mut Vec<Refusal>, input: Option<SyncSettingsInput>) -> ReadSettings {
    let Some(input) = input else { return ReadSettings::default() };
    let at = |name| ["input", "syncSettings", name];
    let interval = input.interval.map(|interval| interval.get());
    let date = match input.cutoff_date {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(date) => {
            let date = readable(refusals, &at("cutoffDate"), Some(date.date()), "a date as in 2026-01-31");
            date.map(Some)
        }
    };
    ReadSettings {
        interval: readable(refusals, &at("interval"), interval, "an ISO 8601 duration as in PT15M"),
        scope: input.scope.map(Into::into),
        cutoff_date: date,
        default_source: input.default_source.as_opt_deref().map(|name| name.map(str::to_owned)),
        max_deleted_share: input.max_deleted_share,
        excluded_models: input.excluded_models.map(|models| models.into_iter().map(Into::into).collect()),
        excluded_fields: input.excluded_fields,
    }
}
