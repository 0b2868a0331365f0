//! `serve`: the doors, the background work, and their orderly end.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::{Outcome, open, print, signal};
use crate::actions::{self, Actions};
use crate::config::{Introspection, Role, Serve, Vendors};
use crate::connectors::Registry;
use crate::domain::clock::{SystemClock, SystemIds};
use crate::domain::{Clock, Ids};
use crate::graphql::{self, Graph, Limits};
use crate::http;
use crate::net;
use crate::queue::{self, Heartbeat, Wake, Work};
use crate::store::{self, Store};
use crate::sync::{self, Engine};

/// Work that is under way when the process is told to stop has so long to come to a good place.
const DRAIN: Duration = Duration::from_secs(28);

/// So often an embedded database is looked at without a reason; other processes cannot announce anything.
const EMBEDDED_SCAN: Duration = Duration::from_secs(60);
/// So often a shared database is looked at for what other processes queued.
const SHARED_SCAN: Duration = Duration::from_secs(2);

/// Everything that one process runs.
pub struct Service {
    pub store: Store,
    pub engine: Engine,
    pub graph: Graph,
    pub actions: Actions,
    pub clock: Arc<dyn Clock>,
    wake: Wake,
    beat: Heartbeat,
    scan: Duration,
}

pub struct Parts {
    pub store: Store,
    pub registry: Registry,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// By connector.
    pub base_urls: HashMap<String, String>,
    /// Where vendors reach this service, if this process knows.
    pub public_url: Option<String>,
    pub embedded: bool,
    pub introspection: bool,
    /// For attachments that are given by address.
    pub downloads: net::Client,
    /// The pause before a failed read is tried again the first time.
    pub first_pause: Duration,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        let wake = Wake::default();
        let waking = wake.clone();
        let engine = Engine::new(sync::Options {
            store: parts.store.clone(),
            registry: parts.registry,
            clock: parts.clock.clone(),
            ids: parts.ids.clone(),
            base_urls: parts.base_urls,
            public_url: parts.public_url,
            first_pause: parts.first_pause,
            wake: Arc::new(move || waking.wake()),
        });
        let actions = Actions::new(actions::Options {
            store: parts.store.clone(),
            engine: engine.clone(),
            downloads: parts.downloads,
            limits: actions::Limits::default(),
            first_pause: parts.first_pause,
        });
        let graph = Graph::new(graphql::Options {
            engine: engine.clone(),
            actions: actions.clone(),
            clock: parts.clock.clone(),
            ids: parts.ids,
            limits: Limits::default(),
            introspection: parts.introspection,
        });
        let scan = if parts.embedded { EMBEDDED_SCAN } else { SHARED_SCAN };
        Self { store: parts.store, engine, graph, actions, clock: parts.clock, wake, beat: Heartbeat::default(), scan }
    }

    pub fn router(&self, role: Role, cors_origins: Vec<HeaderValue>) -> axum::Router {
        http::router(http::Options {
            graph: self.graph.clone(),
            store: self.store.clone(),
            engine: self.engine.clone(),
            clock: self.clock.clone(),
            worker: role.works().then(|| self.beat.clone()),
            answers: role.answers(),
            cors_origins,
        })
    }

    /// Does background work until told to stop, then waits for what is under way.
    pub async fn work(&self, stop: &CancellationToken) {
        let tasks = TaskTracker::new();
        let work = Background { service: self, tasks: &tasks, stop };
        queue::run(&work, &self.wake, &self.beat, self.scan, stop).await;
        tasks.close();
        tokio::join!(tasks.wait(), self.actions.stop(), self.engine.settle_inboxes());
    }
}

struct Background<'a> {
    service: &'a Service,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl Work for Background<'_> {
    type Error = actions::Error;

    async fn begin(&self) -> Result<(), actions::Error> {
        self.service.store.write_key_uses().await?;
        while self.service.actions.begin_due().await? > 0 {}
        while self.service.engine.begin_inboxes(self.stop).await? > 0 {}
        while self.service.engine.begin_due(self.tasks, self.stop).await? > 0 {}
        Ok(())
    }

    async fn next(&self) -> Result<Option<Duration>, actions::Error> {
        let engine = &self.service.engine;
        let due = [engine.next_due().await?, engine.next_inbox_due().await?, self.service.actions.next_due().await?];
        Ok(due.into_iter().flatten().min())
    }

    fn now(&self) -> i64 {
        self.service.clock.now().timestamp_millis()
    }
}

/// The client for attachments that are given by address: public https addresses, and the hosts that the operator
/// named.
pub fn downloads(allowed_private_hosts: &[String]) -> Result<net::Client, String> {
    let options = net::Options {
        body_limit: actions::Limits::default().attachment,
        allowed_private_hosts: allowed_private_hosts.to_vec(),
        ..net::Options::default()
    };
    net::Client::guarded(&options).map_err(|error| error.to_string())
}

/// The operator's base URLs, by connector.
pub fn base_urls(vendors: &Vendors) -> HashMap<String, String> {
    let given = [("traffit", &vendors.traffit_base_url), ("hrworks", &vendors.hrworks_base_url)];
    given.into_iter().filter_map(|(slug, url)| Some((slug.to_owned(), url.clone()?))).collect()
}

/// A worker that was not told has no door that it could name.
fn public_url(settings: &Serve, address: SocketAddr) -> Result<Option<String>, String> {
    let Some(given) = settings.public_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) else {
        return Ok(settings.role.answers().then(|| format!("http://{address}")));
    };
    let is_root = |url: &url::Url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    };
    match url::Url::parse(given) {
        Ok(url) if is_root(&url) => Ok(Some(given.trim_end_matches('/').to_owned())),
        _ => Err("HIREGRAPH_PUBLIC_URL must be an http or https address without a query".to_owned()),
    }
}

pub async fn serve(settings: Serve) -> Outcome {
    let store = open::store(&settings.database, Duration::from_secs(settings.takeover_seconds)).await?;
    let embedded = store::is_embedded(&settings.database.database_url);
    let failed = |error: store::Error| error.to_string();
    if embedded {
        store.migrate().await.map_err(failed)?;
        store.release_all().await.map_err(failed)?;
        store.release_actions().await.map_err(failed)?;
        store.release_inboxes().await.map_err(failed)?;
    } else if !store.is_current().await.map_err(failed)? {
        return Err("the database's schema is not current: run `hiregraph migrate` first".to_owned());
    }
    store.check_seals().await.map_err(|error| {
        let advice = "start with the keys that sealed them, separated by commas, the newest first";
        format!("vendor credentials in the database cannot be opened: {error}; {advice}")
    })?;
    let origins: Result<Vec<_>, _> = settings.cors_origins.iter().map(|origin| origin.trim().parse()).collect();
    let origins = origins.map_err(|_| "HIREGRAPH_CORS_ORIGINS holds an origin that is none".to_owned())?;
    let listener = listen(settings.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let service = Service::new(Parts {
        store: store.clone(),
        registry: Registry::default(),
        public_url: public_url(&settings, address)?,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        base_urls: base_urls(&settings.vendors),
        embedded,
        introspection: settings.introspection == Introspection::On,
        downloads: downloads(&settings.allowed_private_hosts)?,
        first_pause: Duration::from_secs(1),
    });
    let role = settings.role;
    let told_to_stop = signal::told_to_stop();
    print(&format!("listening on http://{address}"))?;
    info!(%address, ?role, "listening");
    let stop = CancellationToken::new();
    // A worker has doors too, those of health and no others.
    let router = service.router(role, origins);
    let ended = tokio::join!(
        async {
            told_to_stop.await;
            info!("stopping");
            stop.cancel();
        },
        async {
            let served = http::serve(listener, router, stop.clone()).await;
            stop.cancel();
            served
        },
        async {
            if role.works() {
                work_until(&service, &stop).await;
            }
        },
    );
    // A last word about the keys that were used.
    let _ = store.write_key_uses().await;
    store.close().await;
    ended.1.map_err(|error| error.to_string())
}

/// Background work, with an end to the patience with it once the process is to stop.
pub async fn work_until(service: &Service, stop: &CancellationToken) {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = service.work(stop) => {}
        () = late => warn!("some work did not come to an end in time; it is taken up by the next start"),
    }
}

pub async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}
