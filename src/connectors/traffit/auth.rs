//! Signing in: client credentials against a token that is good for 30 days (guide §1.3).

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::client::{Refusal, status_error};
use super::wire;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::{Anonymous, Answer, Authenticator, Call, Token, Unanswered};

/// What a token is asked for. A client that lacks some of them gets a token with the others.
pub const SCOPES: [&str; 8] =
    ["employee", "recruitment", "workflow", "user", "source", "dictionary", "file", "webhook"];

/// Where TRAFFIT's administrators find what messages tell them to change.
pub const SETTINGS: &str = "Settings → Integrations → API";

/// One API client of a TRAFFIT account.
pub struct ApiClient {
    pub id: String,
    pub secret: SecretString,
    /// The scopes that it was found to have when it refused the full set; kept as long as the account is
    /// open, so that the search is not repeated with every token.
    granted: Mutex<Option<Vec<&'static str>>>,
}

/// Why there is no token.
pub enum NoToken {
    InvalidScope,
    /// A refusal that gives no reason: only its status is documented (guide §1.3). Wrong credentials most likely, as
    /// the error says, or a scope that the client lacks.
    Unexplained(Error),
    Other(Error),
}

pub struct Granted {
    pub token: Token,
    /// What the token may do, when TRAFFIT says so.
    scope: Option<String>,
}

impl Granted {
    pub fn has(&self, scope: &str) -> bool {
        self.scope.as_ref().is_none_or(|granted| granted.split_whitespace().any(|one| one == scope))
    }
}

impl ApiClient {
    pub fn new(id: String, secret: SecretString) -> Self {
        Self { id, secret, granted: Mutex::default() }
    }

    /// Asks for a token with exactly these scopes.
    pub async fn token(&self, http: Anonymous<'_>, scopes: &[&str]) -> Result<Granted, NoToken> {
        let call = Call::post("/oauth2/token").repeatable().json(&json!({
            "client_id": self.id,
            "client_secret": self.secret.expose_secret(),
            "grant_type": "client_credentials",
            "scope": scopes.join(" "),
        }));
        let answer = http.send(call).await.map_err(|unanswered| match unanswered {
            Unanswered::NoSuchHost(error) => NoToken::Other(wrong_subdomain().private(error.public)),
            Unanswered::Other(error) => NoToken::Other(error),
        })?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let token: wire::TokenAnswer = answer.json().map_err(NoToken::Other)?;
        Ok(Granted {
            token: Token { value: token.access_token, expires_at: expiry(http.clock().now(), token.expires_in) },
            scope: token.scope,
        })
    }

    /// The scopes that the client has, found by asking for each of them on its own.
    async fn search(&self, http: Anonymous<'_>) -> Result<Vec<&'static str>, Error> {
        let mut granted = Vec::new();
        for scope in SCOPES {
            match self.token(http, &[scope]).await {
                Ok(_) => granted.push(scope),
                Err(NoToken::InvalidScope | NoToken::Unexplained(_)) => {}
                Err(NoToken::Other(error)) => return Err(error),
            }
        }
        Ok(granted)
    }

    fn remember(&self, scopes: Option<Vec<&'static str>>) {
        *self.granted.lock().unwrap_or_else(PoisonError::into_inner) = scopes;
    }

    fn remembered(&self) -> Option<Vec<&'static str>> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Authenticator for ApiClient {
    async fn mint(&self, http: Anonymous<'_>) -> Result<Token, Error> {
        let wanted = self.remembered().unwrap_or_else(|| SCOPES.to_vec());
        let none = match self.token(http, &wanted).await {
            Ok(granted) => return Ok(granted.token),
            Err(NoToken::Other(error)) => return Err(error),
            Err(NoToken::Unexplained(error)) => error,
            Err(NoToken::InvalidScope) => no_scopes(),
        };
        self.remember(None);
        let granted = self.search(http).await?;
        if granted.is_empty() {
            return Err(none);
        }
        let token = self.token(http, &granted).await.map_err(|no_token| match no_token {
            NoToken::InvalidScope => no_scopes(),
            NoToken::Unexplained(error) | NoToken::Other(error) => error,
        })?;
        self.remember(Some(granted));
        Ok(token.token)
    }

    fn refused(&self, answer: &Answer) -> bool {
        answer.status == StatusCode::UNAUTHORIZED
    }
}

/// An hour when TRAFFIT does not say how long: the shortest life that its documents show.
fn expiry(now: DateTime<Utc>, seconds: Option<i64>) -> DateTime<Utc> {
    let life = TimeDelta::try_seconds(seconds.unwrap_or(3600).max(0)).unwrap_or(TimeDelta::days(30));
    now.checked_add_signed(life).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn refused(answer: &Answer) -> NoToken {
    let refusal = Refusal::read(&answer.body);
    let code = refusal.code.as_deref();
    let error = match (answer.status.as_u16(), code) {
        (_, Some("invalid_scope")) => return NoToken::InvalidScope,
        (_, Some(code @ ("invalid_client" | "invalid_grant" | "unauthorized_client"))) => wrong_credentials(code),
        (404, _) => wrong_subdomain(),
        (400 | 401, None) => {
            let error = wrong_credentials("no reason given").private(refusal.private());
            return NoToken::Unexplained(error);
        }
        _ => status_error(answer, None),
    };
    NoToken::Other(error.private(refusal.private()))
}

fn wrong_credentials(code: &str) -> Error {
    Error::new(
        ErrorKind::Auth,
        format!(
            "TRAFFIT refuses the client id or the client secret ({code}): copy both again from {SETTINGS}, and check \
             that the API client still exists there and belongs to this subdomain"
        ),
    )
}

fn wrong_subdomain() -> Error {
    Error::new(
        ErrorKind::Auth,
        "no TRAFFIT account answers under this subdomain: check it, it is the first part of the address at which \
         you use TRAFFIT, e.g. acme in https://acme.traffit.com",
    )
}

fn no_scopes() -> Error {
    Error::new(
        ErrorKind::Permission,
        format!(
            "the API client has none of the scopes that are needed: tick {} in TRAFFIT under {SETTINGS}",
            SCOPES.join(", ")
        ),
    )
}
