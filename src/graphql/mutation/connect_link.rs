//! Links by which end customers connect their accounts themselves.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::integration::EndUserInput;
use super::{UserError, errors, integration_id, readable};
use crate::graphql::reads::scoped;
use crate::graphql::scalar::{DateTime, Duration, Url};
use crate::sync::{Engine, WantedLink};

const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

#[derive(Default)]
pub struct ConnectLinks;

/// A page that an end customer opens to connect its account.
#[derive(InputObject)]
pub struct CreateConnectLinkInput {
    /// Default: the end customer chooses.
    connector: Option<String>,
    /// Who is asked to connect: shown on the page, and kept with a new integration.
    end_user: EndUserInput,
    /// Reconnect this one instead of making a new one.
    integration_id: Option<ID>,
    /// Between five minutes and seven days; never longer than the credential that it is made with.
    #[graphql(default_with = "Some(Duration::of(HOUR))")]
    expires_in: Option<Duration>,
    /// Where the page leads at its end: https, or http on the end customer's own machine.
    redirect_url: Option<Url>,
}

#[derive(SimpleObject)]
pub struct CreateConnectLinkPayload {
    /// Shown this once. Whoever has it can connect one account, and nothing else.
    url: Option<Url>,
    expires_at: Option<DateTime>,
    user_errors: Vec<UserError>,
}

#[Object]
impl ConnectLinks {
    /// To connect a new account it needs a key that is not restricted to some integrations. The link dies with the
    /// key.
    async fn create_connect_link(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectLinkInput,
    ) -> Result<CreateConnectLinkPayload> {
        let scoped = scoped(ctx)?;
        let operator = if input.integration_id.is_some() { scoped.operate()? } else { scoped.connect()? };
        let mut refusals = Vec::new();
        let expires_in = input.expires_in.map(|duration| duration.get());
        let at = ["input", "expiresIn"];
        let expires_in = readable(&mut refusals, &at, expires_in, "an ISO 8601 duration as in PT1H");
        if !refusals.is_empty() {
            return Ok(CreateConnectLinkPayload { url: None, expires_at: None, user_errors: errors(refusals) });
        }
        let wanted = WantedLink {
            connector: input.connector,
            organization_name: input.end_user.organization_name,
            email: input.end_user.email,
            origin_id: input.end_user.origin_id,
            integration: input.integration_id.as_ref().map(integration_id),
            expires_in: expires_in.unwrap_or(HOUR),
            redirect_url: input.redirect_url.map(|url| url.0),
        };
        Ok(match ctx.data::<Engine>()?.make_link(&operator, wanted).await? {
            Ok(made) => CreateConnectLinkPayload {
                url: Some(Url(made.url)),
                expires_at: Some(DateTime::from_millis(made.expires_at.timestamp_millis())),
                user_errors: Vec::new(),
            },
            Err(refusals) => CreateConnectLinkPayload { url: None, expires_at: None, user_errors: errors(refusals) },
        })
    }
}
