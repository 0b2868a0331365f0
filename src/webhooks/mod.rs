//! Telling customers what happened: deliveries are made of events and changes, signed, and carried out lane by lane, so
//! that each endpoint hears of each integration in order. Knows no GraphQL and no SQL.

mod deliver;
mod dispatch;
mod endpoints;
mod noting;
mod payload;
mod retry;
mod sign;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};
use uuid::Uuid;

use crate::domain::{Clock, Ids};
use crate::net;
use crate::store::{self, Channel, Scoped, Store, webhooks::RETENTION};

pub use endpoints::{Create, Created, Endpoints, Update, Updated};
pub use sign::{ID, SIGNATURE, TIMESTAMP};

use noting::Noting;

/// Makes an endpoint's own payload of changes, by its query.
#[async_trait]
pub trait Shape: Send + Sync + 'static {
    /// What the query answers for each of the changes, in their order. An error is a text that the endpoint's owner may
    /// see.
    async fn shape(&self, scoped: Scoped, changes: &Shaping<'_>) -> Result<Shaped, String>;
}

/// Changes of one integration that follow each other in its feed.
pub struct Shaping<'a> {
    /// A selection on `Change`.
    pub query: &'a str,
    pub integration: Uuid,
    /// The number of the first.
    pub first: i64,
    pub count: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Shaped {
    pub changes: Vec<Value>,
    /// What could not be answered.
    pub errors: Vec<Value>,
}

/// Makes deliveries and carries them out. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

pub struct Options {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// Reaches what customers may name.
    pub client: net::Client,
    pub shape: Arc<dyn Shape>,
    /// Called when there may be something to do.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

struct Inner {
    options: Options,
    /// Lanes that are under way here.
    tasks: TaskTracker,
    under_way: AtomicUsize,
    /// Told whenever a lane has come to its end.
    room: Notify,
    stop: CancellationToken,
    noting: Noting,
    /// When old deliveries were last looked for.
    purged_at: AtomicI64,
}

/// Lanes that one process works on at once, and those of one endpoint in all processes.
const AT_ONCE: usize = 64;
const EACH: u64 = 8;
/// So long one delivery may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The most that is read of an answer's body.
const ANSWER: usize = 8 * 1024;
/// So often old deliveries are looked for, and so many go at once.
const PURGE_EVERY: i64 = 3_600_000;
const PURGE: u64 = 500;

/// The client for deliveries: public https addresses, and the hosts that the operator named.
pub fn client(allowed_private_hosts: &[String]) -> Result<net::Client, net::Error> {
    net::Client::guarded(&net::Options {
        connect_timeout: TIMEOUT,
        read_timeout: TIMEOUT,
        body_limit: ANSWER,
        allowed_private_hosts: allowed_private_hosts.to_vec(),
        ..net::Options::default()
    })
}

impl Webhooks {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            options,
            tasks: TaskTracker::new(),
            under_way: AtomicUsize::new(0),
            room: Notify::new(),
            stop: CancellationToken::new(),
            noting: Noting::default(),
            purged_at: AtomicI64::new(0),
        }))
    }

    fn store(&self) -> &Store {
        &self.0.options.store
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.options.clock.now()
    }

    /// Until when a lane that is taken or renewed now is held: longer than the slowest delivery.
    fn held_until(&self) -> chrono::DateTime<chrono::Utc> {
        self.now() + self.store().lease_time() + TIMEOUT + Duration::from_secs(5)
    }

    /// Makes deliveries of what happened, and begins to carry out what is due. Returns how much was begun.
    pub async fn begin_due(&self) -> store::Result<usize> {
        if self.0.stop.is_cancelled() {
            return Ok(0);
        }
        self.purge().await?;
        let made = self.dispatch().await?;
        Ok(made + self.begin_lanes().await?)
    }

    /// Tells of changes as soon as they are committed, here or in another process, and takes up the next lane when one
    /// has come to its end, until told to stop.
    pub async fn hear(&self, stop: &CancellationToken) {
        let mut ear = self.store().listen(Channel::Changes);
        loop {
            let begun = tokio::select! {
                _ = ear.next() => {
                    ear.forget();
                    self.begin_due().await
                }
                () = self.0.room.notified() => self.begin_lanes().await,
                () = stop.cancelled() => return,
            };
            if let Err(failure) = begun {
                error!(error = %failure, "due webhooks could not be begun");
            }
        }
    }

    async fn begin_lanes(&self) -> store::Result<usize> {
        let room = AT_ONCE.saturating_sub(self.0.under_way.load(Ordering::Relaxed));
        if room == 0 {
            return Ok(0);
        }
        let room = (u64::try_from(room).unwrap_or(1), EACH);
        let lease = self.0.options.ids.uuid();
        let lanes = self.store().lease_lanes(lease, room, self.held_until(), self.now()).await?;
        let begun = lanes.len();
        for lane in lanes {
            let webhooks = self.clone();
            webhooks.0.under_way.fetch_add(1, Ordering::Relaxed);
            self.0.tasks.spawn(async move {
                let is_left = webhooks.work(lane).await;
                webhooks.0.under_way.fetch_sub(1, Ordering::Relaxed);
                webhooks.0.room.notify_one();
                if is_left {
                    // It is due at another time than was known.
                    (webhooks.0.options.wake)();
                }
            });
        }
        Ok(begun)
    }

    /// When the next delivery is due.
    pub async fn next_due(&self) -> store::Result<Option<Duration>> {
        let now = self.now().timestamp_millis();
        let next = self.store().next_lane_due().await?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
    }

    /// Begins no more, and waits for what is under way to be noted.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Waits for what is under way in this process.
    pub async fn settle(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.tasks.reopen();
    }

    /// Removes some of what is too old, now and then; at once again when there is more.
    async fn purge(&self) -> store::Result<()> {
        let now = self.now();
        let last = self.0.purged_at.load(Ordering::Relaxed);
        if now.timestamp_millis() - last < PURGE_EVERY {
            return Ok(());
        }
        let gone = self.store().purge_webhooks(now - RETENTION, PURGE).await?;
        if gone < PURGE {
            self.0.purged_at.store(now.timestamp_millis(), Ordering::Relaxed);
        }
        if gone > 0 {
            info!(gone, "old webhook deliveries and events were removed");
        }
        Ok(())
    }
}
