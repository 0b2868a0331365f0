//! Saving endpoints: what is asked for is checked here, what goes into the store is good.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::domain::{Clock, ErrorCode, Ids, Refusal, Scope, WebhookEvent};
use crate::net;
use crate::store::entity::{webhook_delivery, webhook_endpoint};
use crate::store::webhooks::{EndpointUpdate, NewEndpoint, Redelivered};
use crate::store::{Admin, Result};

/// Endpoints that there may be.
const MOST: usize = 50;
const LONGEST_URL: usize = 2048;

/// The entry points of those who manage endpoints. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// Says which addresses deliveries could go to.
    client: net::Client,
    wake: Arc<dyn Fn() + Send + Sync>,
}

pub struct Create {
    pub url: String,
    pub events: Vec<WebhookEvent>,
    pub query: Option<String>,
    pub scopes: Vec<Scope>,
}

#[derive(Debug, Default)]
pub struct Update {
    pub url: Option<String>,
    pub events: Option<Vec<WebhookEvent>>,
    /// Some(None) removes it.
    pub query: Option<Option<String>>,
    pub enabled: Option<bool>,
    pub rotate_secret: bool,
}

pub struct Created {
    pub endpoint: webhook_endpoint::Model,
    pub secret: SecretString,
}

pub use crate::store::webhooks::Updated;

impl Endpoints {
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        client: net::Client,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self(Arc::new(Inner { clock, ids, client, wake }))
    }

    /// Makes an endpoint that hears of the integrations that its maker sees. `query` was checked before.
    pub async fn create(&self, admin: &Admin, create: Create) -> Result<Result<Created, Vec<Refusal>>> {
        let mut refusals = Vec::new();
        if admin.webhook_endpoints().await?.len() >= MOST {
            let message = format!("there are {MOST} endpoints already: delete one first");
            refusals.push(Refusal::input(&["input"], message));
        }
        refusals.extend(self.check_url(&create.url));
        refusals.extend(check_events(&create.events));
        for scope in create.scopes.iter().filter(|scope| !admin.access().has(**scope)) {
            refusals.push(Refusal::input(&["input", "scopes"], format!("your key does not have {scope} itself")));
        }
        if !refusals.is_empty() {
            return Ok(Err(refusals));
        }
        let new = NewEndpoint {
            id: self.0.ids.uuid(),
            url: create.url,
            events: sorted(create.events),
            query: create.query,
            scopes: sorted(create.scopes),
            integrations: admin.access().restricted.clone(),
            now: self.0.clock.now(),
        };
        let (secret, endpoint) = admin.create_endpoint(new, self.0.ids.as_ref()).await?;
        Ok(Ok(Created { endpoint, secret }))
    }

    /// All of it or nothing.
    pub async fn update(&self, admin: &Admin, id: Uuid, update: Update) -> Result<Result<Updated, Vec<Refusal>>> {
        let mut refusals: Vec<Refusal> =
            update.url.as_deref().and_then(|url| self.check_url(url)).into_iter().collect();
        refusals.extend(update.events.as_deref().and_then(check_events));
        if !refusals.is_empty() {
            return Ok(Err(refusals));
        }
        let update = EndpointUpdate {
            url: update.url,
            events: update.events.map(sorted),
            query: update.query,
            enabled: update.enabled,
            rotate_secret: update.rotate_secret,
        };
        let updated = admin.update_endpoint(id, update, self.0.ids.as_ref(), self.0.clock.now()).await?;
        (self.0.wake)();
        Ok(updated.ok_or_else(|| vec![unknown(&["input", "id"])]))
    }

    /// With all that was to be delivered to it.
    pub async fn delete(&self, admin: &Admin, id: Uuid) -> Result<Result<(), Refusal>> {
        Ok(if admin.delete_endpoint(id).await? { Ok(()) } else { Err(unknown(&["id"])) })
    }

    /// Makes a delivery due at once, whatever became of it.
    pub async fn redeliver(&self, admin: &Admin, delivery: Uuid) -> Result<Result<webhook_delivery::Model, Refusal>> {
        Ok(match admin.redeliver(delivery, self.0.clock.now()).await? {
            Redelivered::Due(row) => {
                (self.0.wake)();
                Ok(*row)
            }
            Redelivered::Disabled => {
                let message = "its endpoint is disabled: enable it by `updateWebhookEndpoint` first";
                Err(Refusal::input(&["deliveryId"], message))
            }
            Redelivered::Unknown => {
                let message = "there is no such delivery; they are kept for 30 days";
                Err(Refusal::new(ErrorCode::NotFound, message).at(&["deliveryId"]))
            }
        })
    }

    fn check_url(&self, text: &str) -> Option<Refusal> {
        let at = ["input", "url"];
        let Ok(url) = Url::parse(text) else { return Some(Refusal::input(&at, "must be an absolute URL")) };
        if text.len() > LONGEST_URL {
            return Some(Refusal::input(&at, format!("must not be longer than {LONGEST_URL} bytes")));
        }
        let refused = self.0.client.permits(&url).err()?;
        Some(Refusal::input(&at, format!("{refused}; a public https address is needed")))
    }
}

fn check_events(events: &[WebhookEvent]) -> Option<Refusal> {
    events.is_empty().then(|| Refusal::input(&["input", "events"], "must name an event"))
}

fn unknown(field: &[&str]) -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such webhook endpoint").at(field)
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}
