//! Open accounts, kept between runs so that a token and a rate budget serve all of them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tracing::warn;
use uuid::Uuid;

use super::{Engine, Error};
use crate::connectors::{self, Account, Connector, Credentials, OpenAccount, RequestLog};
use crate::domain::{IdSpace, IntegrationId};
use crate::store::{Cause, Settings};

/// An account that was opened with these credentials.
pub(super) struct Opened {
    credentials: [u8; 32],
    account: Arc<Account>,
}

/// What is needed to ask one account's vendor.
#[derive(Clone)]
pub struct Work {
    pub connector: Arc<dyn Connector>,
    pub account: Arc<Account>,
    pub settings: Settings,
}

impl Work {
    /// The same, of whose requests `log` hears.
    pub(super) fn logged(&self, log: impl RequestLog) -> Self {
        Self { account: Arc::new(self.account.logged(Arc::new(log))), ..self.clone() }
    }
}

/// Why an account could not be opened.
pub enum NotOpened {
    /// There is no such integration any more.
    Gone,
    Vendor(connectors::Error),
    Ours(Error),
}

impl Engine {
    /// Opens the account of an integration, or takes the open one while its credentials are the same. `cause`: what its
    /// requests are for.
    pub async fn open(&self, integration: Uuid, cause: Option<Cause>) -> Result<Work, NotOpened> {
        let found = self.store().connection_of(integration).await.map_err(|error| NotOpened::Ours(error.into()))?;
        let Some(connection) = found else {
            self.forget(integration);
            return Err(NotOpened::Gone);
        };
        let connector = self.registry().get(&connection.connector).cloned();
        let connector =
            connector.ok_or_else(|| NotOpened::Ours(Error::UnknownConnector(connection.connector.clone())))?;
        let hash = digest(&connection.credentials);
        let kept = {
            let open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.get(&integration).filter(|kept| kept.credentials == hash).map(|kept| kept.account.clone())
        };
        let account = match kept {
            Some(account) => account,
            None => {
                let opened = self.open_with(connector.as_ref(), integration, connection.credentials);
                let account = Arc::new(opened.map_err(NotOpened::Vendor)?);
                self.share_pauses(integration, &account);
                let opened = Opened { credentials: hash, account: account.clone() };
                self.0.open.lock().unwrap_or_else(PoisonError::into_inner).insert(integration, opened);
                account
            }
        };
        let left = connection.pause_until.and_then(|until| (until - self.clock().now()).to_std().ok());
        if let Some(left) = left {
            account.http.pause(left);
        }
        let work = Work { connector, account, settings: connection.settings };
        Ok(work.logged(self.noting(integration, cause)))
    }

    /// A pause that the vendor asks this process for holds for all that work on the account.
    fn share_pauses(&self, integration: Uuid, account: &Account) {
        let (store, clock, tasks) = (self.store().clone(), self.0.options.clock.clone(), self.0.pauses.clone());
        account.http.on_pause(move |pause| {
            let (store, until) = (store.clone(), clock.now() + pause);
            tasks.spawn(async move {
                if let Err(error) = store.keep_vendor_pause(integration, until).await {
                    warn!(integration = %IntegrationId(integration), %error, "a vendor's pause could not be kept");
                }
            });
        });
    }

    pub(super) fn open_with(
        &self,
        connector: &dyn Connector,
        integration: Uuid,
        credentials: HashMap<String, SecretString>,
    ) -> Result<Account, connectors::Error> {
        let mut account = connector.open(OpenAccount {
            ids: IdSpace::new(IntegrationId(integration)),
            credentials: Credentials(credentials),
            base_url: self.0.options.base_urls.get(connector.manifest().slug).cloned(),
            clock: self.0.options.clock.clone(),
        })?;
        if let Some(shows_within) = self.0.options.shows_within {
            account.shows_within = shows_within;
        }
        Ok(account)
    }

    pub(super) fn forget(&self, integration: Uuid) {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&integration);
    }
}

fn digest(credentials: &HashMap<String, SecretString>) -> [u8; 32] {
    let mut sorted: Vec<_> = credentials.iter().collect();
    sorted.sort_by_key(|(key, _)| key.as_str());
    let mut hasher = blake3::Hasher::new();
    for (key, value) in sorted {
        for part in [key.as_str(), value.expose_secret()] {
            hasher.update(&part.len().to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}
