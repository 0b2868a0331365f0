//! Access tokens for browsers: checked against the rights of the key that makes them. Nothing is written.

use std::sync::Arc;
use std::time::Duration as Time;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{UserError, errors, integration_id, readable};
use crate::domain::{self, Clock, ErrorCode, Refusal};
use crate::graphql::reads::scoped;
use crate::graphql::scalar::{DateTime, Duration};
use crate::graphql::vocabulary::Scope;
use crate::store::{Access, MOST_INTEGRATIONS};

const USUAL: Time = Time::from_secs(15 * 60);
const SHORTEST: Time = Time::from_secs(60);
const LONGEST: Time = Time::from_secs(24 * 3600);

#[derive(Default)]
pub struct AccessTokens;

/// A short-lived token that a browser may hold: never more than the caller's own scopes and integrations.
#[derive(InputObject)]
pub struct CreateAccessTokenInput {
    integration_ids: Vec<ID>,
    /// Any but ADMIN.
    #[graphql(default_with = "vec![Scope::RecordsRead]")]
    scopes: Vec<Scope>,
    /// From PT1M to PT24H; never longer than the key that makes it.
    #[graphql(default_with = "Some(Duration::of(USUAL))")]
    expires_in: Option<Duration>,
}

#[derive(SimpleObject, Default)]
pub struct CreateAccessTokenPayload {
    /// Goes where an API key goes. It ends when its key does.
    token: Option<String>,
    expires_at: Option<DateTime>,
    user_errors: Vec<UserError>,
}

#[Object]
impl AccessTokens {
    /// Any API key may make some; an access token may not.
    async fn create_access_token(
        &self,
        ctx: &Context<'_>,
        input: CreateAccessTokenInput,
    ) -> Result<CreateAccessTokenPayload> {
        let issuer = scoped(ctx)?.issue()?;
        let mut refusals = Vec::new();
        let mut scopes: Vec<domain::Scope> = input.scopes.into_iter().map(Into::into).collect();
        refuse_scopes(&mut refusals, &scopes, issuer.access());
        let mut integrations: Vec<Uuid> = input.integration_ids.iter().map(integration_id).collect();
        refuse_integrations(&mut refusals, &integrations, issuer.access());
        let given = input.expires_in.map(|duration| duration.get());
        let lasts = readable(&mut refusals, &["input", "expiresIn"], given, "an ISO 8601 duration as in PT15M");
        let lasts = lasts.unwrap_or(USUAL);
        if !(SHORTEST..=LONGEST).contains(&lasts) {
            refusals.push(Refusal::input(&["input", "expiresIn"], "must be from PT1M to PT24H"));
        }
        if !refusals.is_empty() {
            return Ok(CreateAccessTokenPayload { user_errors: errors(refusals), ..Default::default() });
        }
        scopes.sort_unstable();
        scopes.dedup();
        integrations.sort_unstable();
        integrations.dedup();
        let until = ctx.data::<Arc<dyn Clock>>()?.now() + lasts;
        let (token, until) = issuer.token(scopes, integrations, until)?;
        Ok(CreateAccessTokenPayload {
            token: Some(token.expose_secret().to_owned()),
            expires_at: Some(DateTime::from_millis(until.timestamp_millis())),
            user_errors: Vec::new(),
        })
    }
}

fn refuse_scopes(refusals: &mut Vec<Refusal>, scopes: &[domain::Scope], access: &Access) {
    if scopes.is_empty() {
        refusals.push(Refusal::input(&["input", "scopes"], "must name a scope"));
    }
    for (at, scope) in scopes.iter().enumerate() {
        let message = match scope {
            domain::Scope::Admin => "cannot be ADMIN in an access token".to_owned(),
            scope if !access.has(*scope) => format!("is a scope that this key lacks: {scope}"),
            _ => continue,
        };
        refusals.push(Refusal::input(&["input", "scopes", &at.to_string()], message));
    }
}

fn refuse_integrations(refusals: &mut Vec<Refusal>, integrations: &[Uuid], access: &Access) {
    let field = ["input", "integrationIds"];
    if integrations.is_empty() || integrations.len() > MOST_INTEGRATIONS {
        refusals.push(Refusal::input(&field, format!("must name 1 to {MOST_INTEGRATIONS} integrations")));
    } else if !integrations.iter().all(|id| access.sees(*id)) {
        // Not which, and not why: a caller never learns of what it does not see.
        let message = "one or more of these integrations do not exist, or may not be seen with this key";
        refusals.push(Refusal::new(ErrorCode::NotFound, message).at(&field));
    }
}
