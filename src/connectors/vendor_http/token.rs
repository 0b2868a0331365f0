//! Who we are to the vendor: a token, kept until shortly before it expires, made once for everybody who
//! waits for it.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::super::error::{Error, ErrorKind};
use super::answer::Answer;
use super::{Anonymous, Unanswered};
use crate::domain::Clock;

/// How a vendor's account proves who it is. Lives as long as its account is open.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Asks the vendor for a token. Called by one task at a time.
    async fn mint(&self, http: Anonymous<'_>) -> Result<Token, Error>;

    /// Whether this answer says that the token is no longer good: it is made anew once, and the request is
    /// sent again.
    fn refused(&self, answer: &Answer) -> bool;

    /// Puts the token into a request; as a bearer token unless the vendor wants it otherwise.
    fn apply(&self, token: &SecretString, headers: &mut HeaderMap) -> Result<(), Error> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| Error::new(ErrorKind::Shape, "the vendor's token cannot be sent in a header"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub struct Token {
    pub value: SecretString,
    pub expires_at: DateTime<Utc>,
}

/// The token that a request was sent with.
#[derive(Clone)]
pub(super) struct Held {
    pub value: SecretString,
    /// Tells tokens of one account apart.
    serial: u64,
    renew_at: DateTime<Utc>,
}

#[derive(Default)]
pub(super) struct TokenCache(Mutex<State>);

#[derive(Default)]
struct State {
    held: Option<Held>,
    minted: u64,
}

/// So long before its end a token is replaced; half its life for tokens that live shortly.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

impl TokenCache {
    /// A token that is good for now. `refused`: the one that the vendor did not take, if any.
    pub async fn get(
        &self,
        refused: Option<&Held>,
        authenticator: &dyn Authenticator,
        http: Anonymous<'_>,
        clock: &dyn Clock,
    ) -> Result<Held, Error> {
        // Held while minting: whoever comes meanwhile waits and takes what was made.
        let mut state = self.0.lock().await;
        if let Some(held) = &state.held
            && clock.now() < held.renew_at
            && refused.is_none_or(|refused| refused.serial != held.serial)
        {
            return Ok(held.clone());
        }
        state.held = None;
        let token = authenticator.mint(http).await?;
        let life = token.expires_at - clock.now();
        state.minted += 1;
        let held = Held {
            value: token.value,
            serial: state.minted,
            renew_at: token.expires_at.checked_sub_signed(MARGIN.min(life / 2)).unwrap_or(token.expires_at),
        };
        state.held = Some(held.clone());
        Ok(held)
    }

    /// Forgets the token, so that the next request makes one.
    pub async fn clear(&self) {
        self.0.lock().await.held = None;
    }
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NoSuchHost(error) | Unanswered::Other(error) => error,
        }
    }
}
