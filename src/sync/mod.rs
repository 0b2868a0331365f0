//! When and how data flows in: accounts are opened, checked and kept, and runs read a vendor stream by stream
//! and commit page by page. Knows no vendor and no SQL.

mod accounts;
mod connect;
mod connect_link;
mod deletion;
mod erasure;
mod inbound;
mod outcome;
mod pulse;
mod reach;
mod request;
mod requests;
mod run;
mod stream;
mod targeted;
mod vanishing;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::connectors::{Manifest, Registry};
use crate::domain::{Clock, Ids};
use crate::store::{self, Store};

pub use accounts::{NotOpened, Work};
pub use connect::{Connect, Connected, Update};
pub use connect_link::{Attempt, Given, Link, LinkState, MadeLink, WantedLink};
pub use inbound::{Incoming, Receipt};
pub use request::{Queued, SyncRequest};
pub use requests::Answered;
pub use worker::AT_ONCE;

use accounts::Opened;
use requests::Requests;

/// Opens accounts and carries out runs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

pub struct Options {
    pub store: Store,
    pub registry: Registry,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// The operator's base URLs, by connector.
    pub base_urls: HashMap<String, String>,
    /// Where vendors reach this service; none in a process that was not told and does not answer itself.
    pub public_url: Option<String>,
    /// The pause before a failed read is tried again the first time.
    pub first_pause: Duration,
    /// So often it is looked whether runs make progress.
    pub patrol: Duration,
    /// In the place of each vendor's own: within this time a write whose answer was lost shows itself.
    pub shows_within: Option<Duration>,
    /// Called when there may be something to do.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

struct Inner {
    options: Options,
    /// This process, as the holder of leases.
    owner: Uuid,
    /// For the integrations that are worked on at once.
    room: Arc<Semaphore>,
    open: Mutex<HashMap<Uuid, Opened>>,
    /// Pauses that are being written down.
    pauses: TaskTracker,
    /// What vendors were asked and asked, until it is written down.
    requests: Arc<Requests>,
    /// Inboxes that are taken up here.
    inboxes: TaskTracker,
    /// Attempts to connect by a link: they end whether somebody waits for them or not.
    attempts: TaskTracker,
}

/// Why an entry point failed where it should not have.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("an integration names the connector {0}, which this version does not have")]
    UnknownConnector(String),
    #[error("a link cannot be made by a process that was not told where it is reached")]
    NoAddress,
}

impl Engine {
    pub fn new(options: Options) -> Self {
        let owner = options.ids.uuid();
        Self(Arc::new(Inner {
            options,
            owner,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            open: Mutex::default(),
            pauses: TaskTracker::new(),
            requests: Arc::default(),
            inboxes: TaskTracker::new(),
            attempts: TaskTracker::new(),
        }))
    }

    pub fn registry(&self) -> &Registry {
        &self.0.options.registry
    }

    /// All vendors of this build, as data.
    pub fn manifests(&self) -> impl Iterator<Item = &'static Manifest> + '_ {
        self.registry().all().map(|connector| connector.manifest())
    }

    pub fn manifest(&self, slug: &str) -> Option<&'static Manifest> {
        self.registry().get(slug).map(|connector| connector.manifest())
    }

    /// Where this service is reached, if this process knows.
    pub fn address(&self) -> Option<&str> {
        self.0.options.public_url.as_deref()
    }

    fn store(&self) -> &Store {
        &self.0.options.store
    }

    pub fn clock(&self) -> &dyn Clock {
        self.0.options.clock.as_ref()
    }

    pub fn ids(&self) -> &dyn Ids {
        self.0.options.ids.as_ref()
    }

    /// Waits for attempts to connect, and until pauses that vendors asked for, and the requests so far, are written down.
    pub async fn settle(&self) {
        for tasks in [&self.0.attempts, &self.0.pauses] {
            tasks.close();
            tasks.wait().await;
            tasks.reopen();
        }
        self.write_requests().await;
    }

    /// Says that there may be something to do.
    pub fn wake(&self) {
        (self.0.options.wake)();
    }
}
