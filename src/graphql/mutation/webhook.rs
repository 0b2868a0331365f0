//! Webhook endpoints: made, changed, removed; deliveries asked for again.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{UserError, errors};
use crate::domain::{self, NodeId, NodeType, Refusal};
use crate::graphql::Graph;
use crate::graphql::action::Warning;
use crate::graphql::reads::scoped;
use crate::graphql::scalar::Url;
use crate::graphql::vocabulary::{Scope, WebhookEvent};
use crate::graphql::webhook::{WebhookDelivery, WebhookEndpoint};
use crate::store::Admin;
use crate::store::actions::Warned;
use crate::webhooks::{Create, Endpoints, Update};

#[derive(Default)]
pub struct Webhooks;

#[derive(InputObject)]
pub struct CreateWebhookEndpointInput {
    /// Public and https, unless the operator has allowed the host.
    url: Url,
    events: Vec<WebhookEvent>,
    /// A GraphQL selection on `Change`, as in `{ kind recordId record { ... on Job { name } } }`, whose answers are the
    /// `changes` of RECORD_CHANGED.
    query: Option<String>,
    /// What `query` may read; never more than the caller may.
    #[graphql(default_with = "Some(vec![Scope::RecordsRead])")]
    scopes: Option<Vec<Scope>>,
}

#[derive(InputObject)]
pub struct UpdateWebhookEndpointInput {
    id: ID,
    url: Option<Url>,
    events: Option<Vec<WebhookEvent>>,
    /// Null removes it.
    query: MaybeUndefined<String>,
    /// Enabling goes on where it stopped, with all attempts anew.
    enabled: Option<bool>,
    /// Both secrets sign for a day.
    #[graphql(default_with = "Some(false)")]
    rotate_secret: Option<bool>,
}

/// `secret` is shown once.
#[derive(SimpleObject)]
pub struct CreateWebhookEndpointPayload {
    endpoint: Option<WebhookEndpoint>,
    secret: Option<String>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct UpdateWebhookEndpointPayload {
    endpoint: Option<WebhookEndpoint>,
    /// The new one, shown this once.
    secret: Option<String>,
    warnings: Vec<Warning>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct DeleteWebhookEndpointPayload {
    deleted_id: Option<ID>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct RedeliverWebhookPayload {
    delivery: Option<WebhookDelivery>,
    user_errors: Vec<UserError>,
}

#[Object]
impl Webhooks {
    /// It hears of what happens from now on, of the integrations that the caller's key sees.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> Result<CreateWebhookEndpointPayload> {
        let admin = scoped(ctx)?.admin()?;
        let scopes: Vec<domain::Scope> = input.scopes.unwrap_or_default().into_iter().map(Into::into).collect();
        let create = Create {
            url: input.url.0,
            events: input.events.into_iter().map(Into::into).collect(),
            query: input.query,
            scopes: scopes.clone(),
        };
        let refusal = match &create.query {
            Some(query) => refused_query(ctx, &admin, query, scopes).await?,
            None => None,
        };
        let created = match refusal {
            Some(refusal) => Err(vec![refusal]),
            None => ctx.data::<Endpoints>()?.create(&admin, create).await?,
        };
        Ok(match created {
            Ok(created) => CreateWebhookEndpointPayload {
                endpoint: Some(WebhookEndpoint::new(created.endpoint)),
                secret: Some(created.secret.expose_secret().to_owned()),
                user_errors: Vec::new(),
            },
            Err(refusals) => {
                CreateWebhookEndpointPayload { endpoint: None, secret: None, user_errors: errors(refusals) }
            }
        })
    }

    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> Result<UpdateWebhookEndpointPayload> {
        let admin = scoped(ctx)?.admin()?;
        let id = endpoint_id(&input.id);
        let known = admin.webhook_endpoint(id).await?;
        let refusal = match (&input.query, known) {
            (MaybeUndefined::Value(query), Some(known)) => refused_query(ctx, &admin, query, known.scopes.0).await?,
            _ => None,
        };
        let update = Update {
            url: input.url.map(|url| url.0),
            events: input.events.map(|events| events.into_iter().map(Into::into).collect()),
            query: match input.query {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(query) => Some(Some(query)),
            },
            enabled: input.enabled,
            rotate_secret: input.rotate_secret.unwrap_or(false),
        };
        let updated = match refusal {
            Some(refusal) => Err(vec![refusal]),
            None => ctx.data::<Endpoints>()?.update(&admin, id, update).await?,
        };
        Ok(match updated {
            Ok(updated) => UpdateWebhookEndpointPayload {
                endpoint: Some(WebhookEndpoint::new(updated.endpoint)),
                secret: updated.secret.as_ref().map(SecretString::expose_secret).map(str::to_owned),
                warnings: if updated.missed { vec![missed()] } else { Vec::new() },
                user_errors: Vec::new(),
            },
            Err(refusals) => UpdateWebhookEndpointPayload {
                endpoint: None,
                secret: None,
                warnings: Vec::new(),
                user_errors: errors(refusals),
            },
        })
    }

    /// With all that was to be delivered to it.
    async fn delete_webhook_endpoint(&self, ctx: &Context<'_>, id: ID) -> Result<DeleteWebhookEndpointPayload> {
        let admin = scoped(ctx)?.admin()?;
        let uuid = endpoint_id(&id);
        Ok(match ctx.data::<Endpoints>()?.delete(&admin, uuid).await? {
            Ok(()) => DeleteWebhookEndpointPayload { deleted_id: Some(id), user_errors: Vec::new() },
            Err(refusal) => DeleteWebhookEndpointPayload { deleted_id: None, user_errors: errors(vec![refusal]) },
        })
    }

    /// Delivers at once, also what was delivered or given up before.
    async fn redeliver_webhook(&self, ctx: &Context<'_>, delivery_id: ID) -> Result<RedeliverWebhookPayload> {
        let admin = scoped(ctx)?.admin()?;
        let id = NodeId::parse_as(NodeType::WebhookDelivery, &delivery_id).unwrap_or_default();
        Ok(match ctx.data::<Endpoints>()?.redeliver(&admin, id).await? {
            Ok(row) => {
                RedeliverWebhookPayload { delivery: Some(WebhookDelivery::new(row.into())), user_errors: Vec::new() }
            }
            Err(refusal) => RedeliverWebhookPayload { delivery: None, user_errors: errors(vec![refusal]) },
        })
    }
}

/// An id that is none of an endpoint is one that nobody sees: nobody has the nil id.
fn endpoint_id(id: &ID) -> Uuid {
    NodeId::parse_as(NodeType::WebhookEndpoint, id).unwrap_or_default()
}

async fn refused_query(
    ctx: &Context<'_>,
    admin: &Admin,
    query: &str,
    scopes: Vec<domain::Scope>,
) -> Result<Option<Refusal>> {
    let refused = ctx.data::<Graph>()?.check_shape(query, admin.narrowed(scopes)).await;
    Ok(refused.err().map(|message| Refusal::input(&["input", "query"], message)))
}

fn missed() -> Warning {
    let message = "it was disabled for so long that part of what happened meanwhile is kept no longer: it goes on from \
                   now, and what changed since must be read anew";
    Warned { message: message.to_owned(), field: vec!["input".to_owned(), "enabled".to_owned()] }.into()
}
