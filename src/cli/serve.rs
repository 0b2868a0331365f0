//! `serve`: the doors, the background work, and their orderly end.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderValue;
use chrono::TimeDelta;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::secrets::cannot_be_opened;
use super::{Outcome, open, print, queue_url, signal};
use crate::actions::{self, Actions};
use crate::config::{Introspection, Role, Serve, Vendors};
use crate::connectors::Registry;
use crate::domain::clock::{SystemClock, SystemIds};
use crate::domain::{Clock, Ids, duration};
use crate::graphql::{self, Graph, Limits, Subscriptions};
use crate::http;
use crate::net;
use crate::queue::shared::{self, Hands};
use crate::queue::{self, Heartbeat, Wake, Work};
use crate::store::{self, Job, Store};
use crate::sync::{self, Engine};
use crate::telemetry;
use crate::webhooks::{self, Endpoints, Webhooks};

/// Work that is under way when the process is told to stop has so long to come to a good place.
const DRAIN: Duration = Duration::from_secs(28);

/// So often an embedded database is looked at without a reason; other processes cannot announce anything.
const EMBEDDED_SCAN: Duration = Duration::from_secs(60);
/// So often a shared database is looked at for what no wake-up announced, or what its worker did not live to finish.
const SHARED_SCAN: Duration = Duration::from_secs(10);
/// What became due later than this is left to the worker that the queue woke.
const SHARED_OVERDUE: Duration = Duration::from_secs(5);

/// So often, in milliseconds, it is looked for what has been kept long enough.
const PURGE_EVERY: i64 = 60_000;

/// Readers must have time to come back.
const SHORTEST_RETENTION: Duration = Duration::from_secs(3600);

/// So long what is old is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Entries of the change feed.
    pub changes: Duration,
    /// Requests to and from vendors, in the log of them.
    pub requests: Duration,
    /// Fields and payloads of records that were deleted at their vendor.
    pub deleted: Duration,
    /// What was written and answered of actions that are over.
    pub actions: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        Self { changes: days(30), requests: days(30), deleted: days(14), actions: days(30) }
    }
}

/// So long after their end links to the connect page are told from unknown ones.
const LINKS_KEPT: TimeDelta = TimeDelta::days(30);

/// Everything that one process runs.
pub struct Service {
    pub store: Store,
    pub engine: Engine,
    pub graph: Graph,
    pub actions: Actions,
    pub webhooks: Webhooks,
    pub clock: Arc<dyn Clock>,
    wake: Wake,
    beat: Heartbeat,
    /// With a shared database; without it this process wakes itself.
    queue: Option<shared::Options>,
    /// Cancelled when the process is to end: subscriptions end with it.
    pub stop: CancellationToken,
    retention: Retention,
    /// When what is old was removed last, in milliseconds since 1970.
    purged_at: AtomicI64,
    /// The most bytes that all attachments of one write may have.
    attachments: u64,
    guards: http::Guards,
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
    /// The queue of a shared database.
    pub queue: Option<shared::Options>,
    pub introspection: bool,
    pub subscriptions: Subscriptions,
    pub retention: Retention,
    /// For attachments that are given by address.
    pub downloads: net::Client,
    /// For webhooks.
    pub deliveries: net::Client,
    /// The pause before a failed read is tried again the first time.
    pub first_pause: Duration,
    /// So often it is looked whether runs make progress.
    pub patrol: Duration,
    pub attachments: actions::Limits,
    pub guards: http::Guards,
    /// In the place of each vendor's own: within this time a write whose answer was lost shows itself.
    pub shows_within: Option<Duration>,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        let wake = Wake::default();
        let waking = wake.clone();
        let wakes: Arc<dyn Fn() + Send + Sync> = Arc::new(move || waking.wake());
        let engine = Engine::new(sync::Options {
            store: parts.store.clone(),
            registry: parts.registry,
            clock: parts.clock.clone(),
            ids: parts.ids.clone(),
            base_urls: parts.base_urls,
            public_url: parts.public_url,
            first_pause: parts.first_pause,
            patrol: parts.patrol,
            shows_within: parts.shows_within,
            wake: wakes.clone(),
        });
        let actions = Actions::new(actions::Options {
            store: parts.store.clone(),
            engine: engine.clone(),
            downloads: parts.downloads,
            limits: parts.attachments,
            first_pause: parts.first_pause,
        });
        let graph = Graph::new(graphql::Options {
            engine: engine.clone(),
            actions: actions.clone(),
            endpoints: Endpoints::new(parts.clock.clone(), parts.ids.clone(), parts.deliveries.clone(), wakes.clone()),
            clock: parts.clock.clone(),
            ids: parts.ids.clone(),
            limits: Limits::default(),
            subscriptions: parts.subscriptions,
            introspection: parts.introspection,
        });
        let webhooks = Webhooks::new(webhooks::Options {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            ids: parts.ids,
            client: parts.deliveries,
            shape: Arc::new(graph.clone()),
            wake: wakes,
        });
        Self {
            store: parts.store,
            engine,
            graph,
            actions,
            webhooks,
            clock: parts.clock,
            wake,
            beat: Heartbeat::default(),
            queue: parts.queue,
            stop: CancellationToken::new(),
            retention: parts.retention,
            purged_at: AtomicI64::new(0),
            attachments: parts.attachments.attachments,
            guards: parts.guards,
        }
    }

    pub fn router(&self, role: Role, cors_origins: Vec<HeaderValue>) -> axum::Router {
        http::router(http::Options {
            graph: self.graph.clone(),
            store: self.store.clone(),
            engine: self.engine.clone(),
            clock: self.clock.clone(),
            worker: role.works().then(|| self.beat.clone()),
            attachments: self.attachments,
            answers: role.answers(),
            cors_origins,
            metrics: telemetry::metrics::text,
            guards: self.guards.clone(),
            stop: self.stop.clone(),
        })
    }

    /// Removes what has been kept long enough; looks no more than once a minute.
    pub async fn purge(&self) -> store::Result<()> {
        let now = self.clock.now();
        if now.timestamp_millis() - self.purged_at.load(Ordering::Relaxed) < PURGE_EVERY {
            return Ok(());
        }
        self.purged_at.store(now.timestamp_millis(), Ordering::Relaxed);
        self.store.purge_connect_links(now - LINKS_KEPT).await?;
        let before = |kept: Duration| now.checked_sub_signed(TimeDelta::from_std(kept).unwrap_or(TimeDelta::MAX));
        if let Some(before) = before(self.retention.changes) {
            while self.store.purge_changes(before).await? {}
        }
        if let Some(before) = before(self.retention.requests) {
            while self.store.purge_vendor_requests(before).await? {}
        }
        if let Some(before) = before(self.retention.deleted) {
            while self.store.purge_deleted(before, now).await? {}
        }
        if let Some(before) = before(self.retention.actions) {
            while self.store.purge_actions(before, now).await? {}
        }
        Ok(())
    }

    /// Does background work until told to stop, then waits for what is under way.
    pub async fn work(&self, stop: &CancellationToken) {
        let tasks = TaskTracker::new();
        let (scan, overdue) = match self.queue {
            Some(_) => (SHARED_SCAN, SHARED_OVERDUE),
            None => (EMBEDDED_SCAN, Duration::ZERO),
        };
        let work = Background { service: self, tasks: &tasks, stop, overdue };
        let by_queue = async {
            if let Some(options) = &self.queue {
                let (engine, actions, stop) = (self.engine.clone(), self.actions.clone(), stop.clone());
                let hands: Arc<dyn Hands> = Arc::new(Woken { engine, actions, stop: stop.clone() });
                shared::run(options, &hands, &stop).await;
            }
        };
        tokio::join!(queue::run(&work, &self.wake, &self.beat, scan, stop), by_queue, self.webhooks.hear(stop));
        tasks.close();
        tokio::join!(tasks.wait(), self.actions.stop(), self.webhooks.stop(), self.engine.settle_inboxes());
        self.engine.settle().await;
    }
}

struct Background<'a> {
    service: &'a Service,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
    overdue: Duration,
}

/// What the queue of a shared database hands out.
struct Woken {
    engine: Engine,
    actions: Actions,
    stop: CancellationToken,
}

#[async_trait]
impl Hands for Woken {
    async fn take(&self, job: Job) {
        let done: Result<(), actions::Error> = match job {
            Job::Sync(integration) => self.engine.begin_one(integration, &self.stop).await.map_err(Into::into),
            Job::Act(_) => self.actions.begin_due().await.map(drop),
            Job::Inbox(_) => self.engine.begin_inboxes(&self.stop).await.map(drop).map_err(Into::into),
        };
        if let Err(error) = done {
            // The next scan finds it.
            error!(%error, "work that the queue announced could not be begun");
        }
    }
}

impl Work for Background<'_> {
    type Error = actions::Error;

    async fn begin(&self) -> Result<(), actions::Error> {
        self.service.store.write_key_uses().await?;
        self.service.purge().await?;
        while self.service.actions.begin_due().await? > 0 {}
        while self.service.engine.begin_inboxes(self.stop).await? > 0 {}
        while self.service.engine.begin_due(self.overdue, self.tasks, self.stop).await? > 0 {}
        while self.service.webhooks.begin_due().await? > 0 {}
        Ok(())
    }

    async fn next(&self) -> Result<Option<Duration>, actions::Error> {
        let (engine, actions) = (&self.service.engine, &self.service.actions);
        let (inbox, deliveries) = (engine.next_inbox_due().await?, self.service.webhooks.next_due().await?);
        if self.service.queue.is_some() {
            // The queue tells the rest.
            return Ok([inbox, deliveries].into_iter().flatten().min());
        }
        let due = [engine.next_due().await?, actions.next_due().await?, inbox, deliveries];
        Ok(due.into_iter().flatten().min())
    }

    fn now(&self) -> i64 {
        self.service.clock.now().timestamp_millis()
    }
}

/// The client for attachments that are given by address: public https addresses, and the hosts that the operator
/// named.
pub fn downloads(allowed_private_hosts: &[String]) -> Result<net::Client, String> {
    let options = net::Options { allowed_private_hosts: allowed_private_hosts.to_vec(), ..net::Options::default() };
    net::Client::guarded(&options).map_err(|error| error.to_string())
}

fn places(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn retention(settings: &Serve) -> Result<Retention, String> {
    let read = |name: &str, text: &str| {
        let parsed = duration::parse(text).filter(|kept| *kept >= SHORTEST_RETENTION);
        parsed.ok_or_else(|| format!("HIREGRAPH_{name}_RETENTION must be a duration of at least an hour, e.g. P30D"))
    };
    Ok(Retention {
        changes: read("CHANGES", &settings.changes_retention)?,
        requests: read("REQUEST_LOG", &settings.request_log_retention)?,
        deleted: read("DELETED", &settings.deleted_retention)?,
        actions: read("ACTIONS", &settings.actions_retention)?,
    })
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

fn guards(settings: &Serve) -> Result<http::Guards, String> {
    let documents = match &settings.query_allowlist {
        Some(path) => {
            let failed = |error: String| format!("HIREGRAPH_QUERY_ALLOWLIST, {}: {error}", path.display());
            let list = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            http::Documents::allowing(&list).map_err(failed)?
        }
        None => http::Documents::default(),
    };
    Ok(http::Guards {
        requests_per_second: settings.requests_per_second,
        request_timeout: Duration::from_secs(settings.request_timeout_seconds),
        requests_at_once: places(settings.requests_at_once),
        queries_at_once: places(settings.queries_at_once),
        documents: Arc::new(documents),
    })
}

pub async fn serve(settings: Serve) -> Outcome {
    let store = open::store(&settings.database, Duration::from_secs(settings.takeover_seconds)).await?;
    let embedded = store::is_embedded(&settings.database.database_url);
    let failed = |error: store::Error| error.to_string();
    if embedded {
        store.migrate().await.map_err(failed)?;
        store.release_all().await.map_err(failed)?;
        store.release_actions().await.map_err(failed)?;
        store.release_lanes().await.map_err(failed)?;
        store.release_inboxes().await.map_err(failed)?;
    } else if !store.is_current().await.map_err(failed)? {
        return Err("the database's schema is not current: run `hiregraph migrate` first".to_owned());
    }
    store.check_seals().await.map_err(|error| cannot_be_opened(&error))?;
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
        queue: (!embedded).then(|| shared::Options {
            url: queue_url(&settings.database).to_owned(),
            syncs: sync::AT_ONCE,
            patience: store.lease_time(),
        }),
        introspection: settings.introspection == Introspection::On,
        subscriptions: Subscriptions {
            most: settings.subscriptions,
            most_of_key: settings.subscriptions_per_key,
            ..Subscriptions::default()
        },
        retention: retention(&settings)?,
        downloads: downloads(&settings.allowed_private_hosts)?,
        deliveries: webhooks::client(&settings.allowed_private_hosts).map_err(|error| error.to_string())?,
        first_pause: Duration::from_secs(1),
        patrol: Duration::from_secs(15),
        attachments: actions::Limits {
            attachment: settings.attachment_max_bytes,
            attachments: settings.attachments_max_bytes,
        },
        guards: guards(&settings)?,
        shows_within: settings.shows_within_seconds.map(Duration::from_secs),
    });
    let role = settings.role;
    let told_to_stop = signal::told_to_stop();
    print(&format!("listening on http://{address}"))?;
    info!(%address, ?role, "listening");
    let stop = service.stop.clone();
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
        service.engine.keep_requests(&stop),
    );
    service.engine.settle().await;
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
