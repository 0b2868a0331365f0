//! API keys: made, shown once, revoked.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret;
use std::sync::Arc;

use super::{UserError, errors, integration_id, readable};
use crate::domain::{self, Clock, ErrorCode, Ids, NodeId, NodeType, Refusal};
use crate::graphql::credential::ApiKey;
use crate::graphql::reads::scoped;
use crate::graphql::scalar::Duration;
use crate::graphql::vocabulary::Scope;
use crate::store::NewKey;

#[derive(Default)]
pub struct ApiKeys;

#[derive(InputObject)]
pub struct CreateApiKeyInput {
    name: String,
    scopes: Vec<Scope>,
    /// Default: all, also those that come later.
    integration_ids: Option<Vec<ID>>,
    /// Default: never.
    expires_in: Option<Duration>,
}

#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    api_key: Option<ApiKey>,
    /// Shown this once.
    secret: Option<String>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct RevokeApiKeyPayload {
    api_key: Option<ApiKey>,
    user_errors: Vec<UserError>,
}

#[Object]
impl ApiKeys {
    /// Never for more integrations than the caller's own.
    async fn create_api_key(&self, ctx: &Context<'_>, input: CreateApiKeyInput) -> Result<CreateApiKeyPayload> {
        let admin = scoped(ctx)?.admin()?;
        let (clock, ids) = (ctx.data::<Arc<dyn Clock>>()?, ctx.data::<Arc<dyn Ids>>()?);
        let mut refusals = Vec::new();
        let name = input.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            refusals.push(Refusal::input(&["input", "name"], "must be one line of 1 to 200 characters"));
        }
        if input.scopes.is_empty() {
            refusals.push(Refusal::input(&["input", "scopes"], "must name a scope"));
        }
        let expires_in = input.expires_in.map(|duration| duration.get());
        let expected = "an ISO 8601 duration as in PT720H";
        let expires_in = readable(&mut refusals, &["input", "expiresIn"], expires_in, expected);
        let now = clock.now();
        let expires_at =
            expires_in.and_then(|duration| now.checked_add_signed(chrono::TimeDelta::from_std(duration).ok()?));
        if expires_in.is_some_and(|duration| duration.is_zero()) || (expires_in.is_some() && expires_at.is_none()) {
            refusals.push(Refusal::input(&["input", "expiresIn"], "must be longer than zero, and not for ever"));
        }
        let wanted: Option<Vec<uuid::Uuid>> = input.integration_ids.map(|ids| ids.iter().map(integration_id).collect());
        if wanted.as_ref().is_some_and(Vec::is_empty) {
            let message = "must name an integration, or be left out for all";
            refusals.push(Refusal::input(&["input", "integrationIds"], message));
        }
        let integrations = match (wanted, &admin.access().restricted) {
            (Some(wanted), _) => {
                for (at, id) in wanted.iter().enumerate().filter(|(_, id)| !admin.access().sees(**id)) {
                    let message = format!("there is no such integration: {}", domain::IntegrationId(*id));
                    let refusal = Refusal::new(ErrorCode::NotFound, message);
                    refusals.push(refusal.at(&["input", "integrationIds", &at.to_string()]));
                }
                Some(wanted)
            }
            (None, restricted) => restricted.clone(),
        };
        if !refusals.is_empty() {
            return Ok(CreateApiKeyPayload { api_key: None, secret: None, user_errors: errors(refusals) });
        }
        let mut scopes: Vec<domain::Scope> = input.scopes.into_iter().map(Into::into).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let new = NewKey { id: ids.uuid(), name, scopes, integrations, expires_at, now };
        let (secret, row) = admin.create_key(new, ids.as_ref()).await?;
        Ok(CreateApiKeyPayload {
            api_key: Some(ApiKey::new(row)),
            secret: Some(secret.expose_secret().to_owned()),
            user_errors: Vec::new(),
        })
    }

    /// From now on it is refused everywhere. Revoking it again changes nothing.
    async fn revoke_api_key(&self, ctx: &Context<'_>, id: ID) -> Result<RevokeApiKeyPayload> {
        let admin = scoped(ctx)?.admin()?;
        let now = ctx.data::<Arc<dyn Clock>>()?.now();
        let revoked = match NodeId::parse_as(NodeType::ApiKey, &id) {
            Some(id) => admin.revoke_key(id, now).await?,
            None => None,
        };
        Ok(match revoked {
            Some(row) => RevokeApiKeyPayload { api_key: Some(ApiKey::new(row)), user_errors: Vec::new() },
            None => {
                let refusal = Refusal::new(ErrorCode::NotFound, "there is no such key").at(&["id"]);
                RevokeApiKeyPayload { api_key: None, user_errors: errors(vec![refusal]) }
            }
        })
    }
}
