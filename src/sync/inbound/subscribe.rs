//! Subscriptions at the vendor, held to what the manifest covers: missing ones are made, those of an old address are
//! made anew, and ours that nobody knows any more are taken off.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use tracing::{info, warn};
use uuid::Uuid;

use super::address;
use crate::connectors::webhook::{self, Listed, Wanted};
use crate::connectors::{self, ErrorKind};
use crate::domain::{IntegrationId, SubscriptionState};
use crate::store::entity::vendor_subscription;
use crate::store::{InboxLease, NewSubscription, Verified};
use crate::sync::accounts::{NotOpened, Work};
use crate::sync::{Engine, Error};

/// Taking subscriptions off must not keep anybody from erasing an integration for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Of the secret in a URL, in bytes.
const SECRET: usize = 32;

impl Engine {
    /// Compares the subscriptions with the vendor's and mends what differs. What the vendor refuses is noted, and tried
    /// again with the next full sync.
    pub(super) async fn reconcile(&self, lease: &InboxLease, work: &Work) -> Result<(), Error> {
        let manifest = work.connector.manifest();
        let events: Vec<&str> =
            manifest.webhook_events.iter().filter(|event| event.covered).map(|event| event.event).collect();
        let rows = self.store().subscriptions(lease.integration).await?;
        let listed = match work.connector.subscriptions(&work.account).await {
            Ok(listed) => listed,
            Err(error) if passes(&error) => {
                warn!(integration = %IntegrationId(lease.integration), error = error.public, "webhooks were not compared");
                let lacking = |event: &&str| {
                    rows.iter().all(|row| row.event != **event || row.state != SubscriptionState::Subscribed.as_str())
                };
                let lacking: Vec<&str> = events.iter().copied().filter(lacking).collect();
                return self.note(lease, &lacking, &rows, SubscriptionState::Failed, &error.public).await;
            }
            // Whoever may not list them may perhaps make them.
            Err(_) => None,
        };
        let rows = self.adopt(lease, manifest.slug, rows, listed.as_deref()).await?;
        let public_url = match self.public_url(manifest.slug, &rows) {
            Ok(public_url) => public_url,
            Err(why) => {
                return self.note(lease, &events, &rows, SubscriptionState::Unsubscribed, why).await;
            }
        };
        let is_good = |row: &vendor_subscription::Model| {
            let is_listed = |known: &Listed| known.works && row.remote_id.as_ref() == Some(&known.remote_id);
            row.state == SubscriptionState::Subscribed.as_str()
                && row.public_url == public_url
                && listed.as_ref().is_none_or(|listed| listed.iter().any(is_listed))
        };
        let mut kept: Vec<&vendor_subscription::Model> = Vec::new();
        for event in &events {
            kept.extend(rows.iter().find(|row| row.event == *event && is_good(row)));
        }
        let missing: Vec<&str> =
            events.iter().copied().filter(|event| kept.iter().all(|row| row.event != *event)).collect();
        let made = self.make(lease, work, &public_url, &missing).await?;
        // Only now those that others took the place of, so that nothing is missed in between.
        let replaced: Vec<&vendor_subscription::Model> = rows
            .iter()
            .filter(|row| kept.iter().all(|good| good.id != row.id))
            .filter(|row| {
                let is_tried =
                    missing.contains(&row.event.as_str()) && row.state != SubscriptionState::Subscribed.as_str();
                let has_better = made.contains_key(&row.event) || kept.iter().any(|good| good.event == row.event);
                is_tried || has_better || !events.contains(&row.event.as_str())
            })
            .collect();
        let keeps: HashSet<&str> = kept.iter().filter_map(|row| row.remote_id.as_deref()).collect();
        let mut off = match &listed {
            Some(listed) => ours(listed, manifest.slug, lease.integration, &keeps),
            None => replaced.iter().filter_map(|row| row.remote_id.clone()).collect(),
        };
        // A vendor that lost them may have given their ids out once more.
        off.retain(|id| !made.values().flatten().any(|made| made == id));
        // An old one stays until another took its place.
        let standing: HashSet<&str> = rows
            .iter()
            .filter(|row| replaced.iter().all(|other| other.id != row.id))
            .filter_map(|row| row.remote_id.as_deref())
            .collect();
        off.retain(|id| !standing.contains(id.as_str()));
        if !off.is_empty()
            && let Err(error) = work.connector.unsubscribe(&work.account, &off).await
        {
            // The next comparison finds them, where the vendor lists them; they are refused at the door until then.
            warn!(integration = %IntegrationId(lease.integration), error = error.public, "old webhooks stay at the vendor");
        }
        let replaced: Vec<Uuid> = replaced.iter().map(|row| row.id).collect();
        Ok(self.store().remove_subscriptions(lease, &replaced).await?)
    }

    /// Where vendors reach this service, or why they do not.
    fn public_url(&self, connector: &str, rows: &[vendor_subscription::Model]) -> Result<String, &'static str> {
        // Behind a base URL that was set by hand there may be anything, also on this machine.
        let by_hand = self.0.options.base_urls.contains_key(connector);
        let told = self.0.options.public_url.as_ref().filter(|url| by_hand || address::is_reachable(url));
        // A process that was not told leaves what others made.
        let known = rows.iter().find(|row| row.state == SubscriptionState::Subscribed.as_str());
        match told.or(known.map(|row| &row.public_url)) {
            Some(url) => Ok(url.clone()),
            None if self.0.options.public_url.is_some() => {
                Err("the vendor cannot reach this service: set HIREGRAPH_PUBLIC_URL to a public https address")
            }
            None => Err("this service was not told its public address: set HIREGRAPH_PUBLIC_URL"),
        }
    }

    /// A subscription whose answer was lost shows in the list by its URL.
    async fn adopt(
        &self,
        lease: &InboxLease,
        connector: &str,
        mut rows: Vec<vendor_subscription::Model>,
        listed: Option<&[Listed]>,
    ) -> Result<Vec<vendor_subscription::Model>, Error> {
        for row in rows.iter_mut().filter(|row| row.remote_id.is_none()) {
            let is_it =
                |known: &&Listed| address::subscription_of(&known.url, connector, lease.integration) == Some(row.id);
            if let Some(found) = listed.and_then(|listed| listed.iter().find(is_it)) {
                let state = SubscriptionState::Subscribed;
                self.store().set_subscription(lease, row.id, state, Some(&found.remote_id), None).await?;
                (row.state, row.remote_id) = (state.as_str().to_owned(), Some(found.remote_id.clone()));
            }
        }
        Ok(rows)
    }

    /// Makes subscriptions. Answers with the events of those that the vendor took, and its ids.
    async fn make(
        &self,
        lease: &InboxLease,
        work: &Work,
        public_url: &str,
        events: &[&str],
    ) -> Result<HashMap<String, Option<String>>, Error> {
        let mut made = HashMap::new();
        if events.is_empty() {
            return Ok(made);
        }
        let connector = work.connector.manifest().slug;
        let key = work.connector.signing_key(&work.account);
        let (mut wanted, mut new) = (Vec::new(), Vec::new());
        for event in events {
            let id = self.ids().uuid();
            let secret = self.fresh_secret();
            new.push(NewSubscription {
                id,
                event: (*event).to_owned(),
                public_url: public_url.to_owned(),
                verified: key.clone().map_or_else(|| Verified::Hash(webhook::hash(&secret)), Verified::Key),
                now: self.clock().now(),
            });
            let url = address::door(public_url, connector, lease.integration, id);
            wanted.push(Wanted { event: (*event).to_owned(), url, secret });
        }
        let ids: Vec<Uuid> = new.iter().map(|one| one.id).collect();
        self.store().add_subscriptions(lease, new, self.ids()).await?;
        let answers = work.connector.subscribe(&work.account, &wanted).await;
        let mut failed: Option<connectors::Error> = None;
        for ((id, event), answer) in ids.into_iter().zip(events).zip(answers) {
            match answer {
                Ok(remote_id) => {
                    let state = SubscriptionState::Subscribed;
                    self.store().set_subscription(lease, id, state, remote_id.as_deref(), None).await?;
                    made.insert((*event).to_owned(), remote_id);
                }
                Err(error) => {
                    let state = SubscriptionState::Failed;
                    self.store().set_subscription(lease, id, state, None, Some(&error.public)).await?;
                    failed.get_or_insert(error);
                }
            }
        }
        let integration = IntegrationId(lease.integration);
        let subscribed = made.len();
        match failed {
            Some(error) => {
                warn!(%integration, subscribed, error = error.public, "webhooks were not all subscribed");
                if error.kind == ErrorKind::Permission {
                    // What the vendor allows can be part of the token: the next attempt asks for a new one.
                    self.forget(lease.integration);
                }
            }
            None => info!(%integration, subscribed, "webhooks subscribed"),
        }
        Ok(made)
    }

    fn fresh_secret(&self) -> SecretString {
        let mut bytes = zeroize::Zeroizing::new([0; SECRET]);
        self.ids().fill(bytes.as_mut());
        BASE64URL_NOPAD.encode(bytes.as_ref()).into()
    }

    /// Notes of each event why nobody is subscribed to it.
    async fn note(
        &self,
        lease: &InboxLease,
        events: &[&str],
        rows: &[vendor_subscription::Model],
        state: SubscriptionState,
        why: &str,
    ) -> Result<(), Error> {
        let mut new = Vec::new();
        for event in events {
            match rows.iter().find(|row| row.event == *event) {
                Some(row) => {
                    self.store().set_subscription(lease, row.id, state, row.remote_id.as_deref(), Some(why)).await?;
                }
                None => new.push(NewSubscription {
                    id: self.ids().uuid(),
                    event: (*event).to_owned(),
                    public_url: String::new(),
                    // Of a secret that nobody was told.
                    verified: Verified::Hash(webhook::hash(&self.fresh_secret())),
                    now: self.clock().now(),
                }),
            }
        }
        let ids: Vec<Uuid> = new.iter().map(|one| one.id).collect();
        self.store().add_subscriptions(lease, new, self.ids()).await?;
        for id in ids {
            self.store().set_subscription(lease, id, state, None, Some(why)).await?;
        }
        Ok(())
    }

    /// Takes all subscriptions of an integration off, as far as its vendor answers in time.
    pub(in crate::sync) async fn unsubscribe_all(&self, integration: Uuid) {
        let removing = async {
            let work = match self.open(integration, None).await {
                Ok(work) => work,
                Err(NotOpened::Gone) => return Ok(()),
                Err(NotOpened::Vendor(error)) => return Err(error.public),
                Err(NotOpened::Ours(error)) => return Err(error.to_string()),
            };
            let rows = self.store().subscriptions(integration).await.map_err(|error| error.to_string())?;
            let known: Vec<String> = rows.into_iter().filter_map(|row| row.remote_id).collect();
            // Some whose answer was lost may be known to the vendor alone.
            let listed = if self.0.options.public_url.is_some() || !known.is_empty() {
                work.connector.subscriptions(&work.account).await.ok().flatten()
            } else {
                None
            };
            let slug = work.connector.manifest().slug;
            let off = listed.map_or(known, |listed| ours(&listed, slug, integration, &HashSet::new()));
            if off.is_empty() {
                return Ok(());
            }
            work.connector.unsubscribe(&work.account, &off).await.map_err(|error| error.public)
        };
        let why = match tokio::time::timeout(PATIENCE, removing).await {
            Ok(Ok(())) => return,
            Ok(Err(why)) => why,
            Err(_) => "it did not answer in time".to_owned(),
        };
        let integration = IntegrationId(integration);
        warn!(%integration, why, "webhooks stay at the vendor; they are refused from now on");
    }
}

/// The vendor's ids of those that lead to this integration, less what is kept.
fn ours(listed: &[Listed], connector: &str, integration: Uuid, kept: &HashSet<&str>) -> Vec<String> {
    let leads_here = |known: &&Listed| address::subscription_of(&known.url, connector, integration).is_some();
    let is_left = |id: &&str| !kept.contains(id);
    listed.iter().filter(leads_here).map(|known| known.remote_id.as_str()).filter(is_left).map(str::to_owned).collect()
}

/// Whether the same may go well another time without anybody changing anything.
pub(super) fn passes(error: &connectors::Error) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Auth)
}
