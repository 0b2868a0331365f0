//! Links by which an end customer connects its own account: made for whoever may connect it, good for one account,
//! and for no longer than their maker's key. What is done by a link is done as its maker.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use url::{Host, Url};
use uuid::Uuid;

use super::connect::{Connect, Connected, check_line, check_name, no_such_integration};
use super::{Engine, Error};
use crate::connectors::{Check, Checks};
use crate::domain::{ErrorCode, Refusal};
use crate::store::entity::connect_link;
use crate::store::{ConnectLink, Maker, NewConnectLink, Operator};

const SHORTEST_LIFE: Duration = Duration::from_secs(5 * 60);
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
const LONGEST_URL: usize = 2000;

/// An attempt whose process died holds its link up for so long.
const BUSY: TimeDelta = TimeDelta::minutes(5);
/// So long an attempt waits for the one before it.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub struct WantedLink {
    /// None: the end customer chooses.
    pub connector: Option<String>,
    pub organization_name: String,
    pub email: Option<String>,
    pub origin_id: Option<String>,
    /// The one to reconnect.
    pub integration: Option<Uuid>,
    pub expires_in: Duration,
    pub redirect_url: Option<String>,
}

pub struct MadeLink {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

pub struct Link {
    pub row: connect_link::Model,
    pub state: LinkState,
}

pub enum LinkState {
    /// Good for one account, on behalf of its maker.
    Open(Operator),
    Completed,
    Expired,
    /// Its maker may no longer do what it is for.
    Dead,
}

/// What the end customer entered.
pub struct Given {
    pub connector: String,
    pub credentials: Value,
}

/// What came of an attempt.
pub enum Attempt {
    Connected {
        tests: Vec<Check>,
    },
    Refused {
        tests: Vec<Check>,
        refusals: Vec<Refusal>,
    },
    /// It was completed before, perhaps by the same form, sent twice.
    Completed,
    /// Another attempt takes too long to wait for it.
    Busy,
    /// There is no such link that is still good.
    Gone,
}

impl Engine {
    /// Makes a link. `operator`: whoever may connect any account, or, to reconnect one, whoever may change it.
    pub async fn make_link(
        &self,
        operator: &Operator,
        wanted: WantedLink,
    ) -> Result<Result<MadeLink, Vec<Refusal>>, Error> {
        let root = self.0.options.public_url.as_deref().ok_or(Error::NoAddress)?;
        let mut refusals = Vec::new();
        if wanted.connector.as_ref().is_some_and(|slug| self.registry().get(slug).is_none()) {
            refusals.push(self.no_such_connector());
        }
        let organization_name = wanted.organization_name.trim().to_owned();
        check_name(&mut refusals, &["input", "endUser", "organizationName"], &organization_name);
        check_line(&mut refusals, &["input", "endUser", "email"], wanted.email.as_deref());
        check_line(&mut refusals, &["input", "endUser", "originId"], wanted.origin_id.as_deref());
        if !(SHORTEST_LIFE..=LONGEST_LIFE).contains(&wanted.expires_in) {
            refusals.push(Refusal::input(&["input", "expiresIn"], "must be between PT5M and P7D"));
        }
        if let Some(url) = &wanted.redirect_url
            && !may_lead_back(url)
        {
            let message = "must be an https address without a user, or http on this machine (localhost)";
            refusals.push(Refusal::input(&["input", "redirectUrl"], message));
        }
        let mut connector = wanted.connector;
        if let Some(integration) = wanted.integration {
            let found = match operator.access().sees(integration) {
                true => self.store().connection_of(integration).await?,
                false => None,
            };
            match (found.map(|connection| connection.connector), &connector) {
                (None, _) => refusals.push(no_such_integration(&["input", "integrationId"])),
                (Some(its), Some(given)) if its != *given => {
                    let message = format!("the integration is one of {its}");
                    refusals.push(Refusal::new(ErrorCode::InputInvalid, message).at(&["input", "connector"]));
                }
                (its, _) => connector = its,
            }
        }
        if !refusals.is_empty() {
            return Ok(Err(refusals));
        }
        let now = self.clock().now();
        let asked = now + TimeDelta::from_std(wanted.expires_in).unwrap_or(TimeDelta::zero());
        // Never longer than the credential that it is made with.
        let expires_at = operator.access().expires_at.map_or(asked, |end| end.min(asked));
        let new = NewConnectLink {
            connector,
            organization_name,
            email: wanted.email,
            origin_id: wanted.origin_id,
            integration: wanted.integration,
            redirect_url: wanted.redirect_url,
            expires_at,
            now,
        };
        let token = self.store().create_connect_link(operator.access().key, new, self.ids()).await?;
        let url = format!("{}/connect/{}", root.trim_end_matches('/'), token.expose_secret());
        Ok(Ok(MadeLink { url, expires_at }))
    }

    /// None when there is none of this token.
    pub async fn link(&self, token: &SecretString) -> Result<Option<Link>, Error> {
        let now = self.clock().now();
        let Some(ConnectLink { row, maker }) = self.store().connect_link(token, now).await? else { return Ok(None) };
        let state = match maker {
            Maker::Unable => LinkState::Dead,
            Maker::Able(_) if row.expires_at <= now.timestamp_millis() => LinkState::Expired,
            Maker::Able(_) if row.completed_at.is_some() => LinkState::Completed,
            Maker::Able(operator) => LinkState::Open(operator),
        };
        Ok(Some(Link { row, state }))
    }

    /// Connects by a link what was entered. It goes on when nobody waits for it any more: a browser that leaves, or
    /// sends its form twice, must not leave half of it. `checks` hears of the tests as they end.
    pub fn attempt(&self, token: SecretString, given: Given, checks: Checks) -> JoinHandle<Result<Attempt, Error>> {
        let engine = self.clone();
        self.0.attempts.spawn(async move { engine.attempt_in_turn(&token, given, checks).await })
    }

    /// One attempt of a link at a time, so that a form that was sent twice shows what became of the first.
    async fn attempt_in_turn(&self, token: &SecretString, given: Given, checks: Checks) -> Result<Attempt, Error> {
        let begun = Instant::now();
        loop {
            let (row, operator) = match self.link(token).await? {
                Some(Link { row, state: LinkState::Open(operator) }) => (row, operator),
                Some(Link { state: LinkState::Completed, .. }) => return Ok(Attempt::Completed),
                Some(Link { state: LinkState::Expired | LinkState::Dead, .. }) | None => return Ok(Attempt::Gone),
            };
            let now = self.clock().now();
            let until = now + BUSY;
            if self.store().take_connect_link(row.id, until, now).await? {
                let ended = self.attempt_alone(&row, &operator, given, checks).await;
                self.store().release_connect_link(row.id, until).await?;
                return ended;
            }
            if begun.elapsed() >= PATIENCE {
                return Ok(Attempt::Busy);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn attempt_alone(
        &self,
        row: &connect_link::Model,
        operator: &Operator,
        given: Given,
        checks: Checks,
    ) -> Result<Attempt, Error> {
        let connected = if row.reconnects {
            self.reconnect_by(row, &given.credentials, checks).await?
        } else {
            let connect = Connect {
                connector: row.connector.clone().unwrap_or(given.connector),
                organization_name: row.organization_name.clone(),
                email: row.end_user_email.clone(),
                origin_id: row.end_user_origin_id.clone(),
                credentials: given.credentials,
                ..Connect::default()
            };
            self.connect_by(operator, connect, Some(row.id), checks).await?
        };
        Ok(match connected {
            Connected { integration: Some(_), tests, .. } => Attempt::Connected { tests },
            Connected { integration: None, refusals, .. } if refusals.is_empty() => Attempt::Completed,
            Connected { integration: None, tests, refusals } => Attempt::Refused { tests, refusals },
        })
    }
}

/// Whether a browser may be led to this address: over a connection that nobody reads, or on its own machine.
fn may_lead_back(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let good = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    good && url.has_host() && url.username().is_empty() && url.password().is_none() && text.len() <= LONGEST_URL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_back_over_https_or_to_this_machine() {
        for good in [
            "https://app.example/settings?tab=ats#done",
            "http://localhost:3000/done",
            "http://127.0.0.1/",
            "http://[::1]:8080/x",
            "http://app.localhost/",
        ] {
            assert!(may_lead_back(good), "{good}");
        }
        let long = format!("https://app.example/{}", "x".repeat(LONGEST_URL));
        for bad in [
            "",
            "/done",
            "http://app.example/",
            "http://localhost.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://app.example/",
            "https://",
            "https://user:secret@app.example/",
            "app.example",
            &long,
        ] {
            assert!(!may_lead_back(bad), "{bad}");
        }
    }
}
