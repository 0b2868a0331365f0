//! Writes to vendors: written down before they are sent, step by step, so that none is lost and none is sent twice.
//! Knows no vendor and no SQL.

mod attachment;
mod check;
mod kind;
mod passthrough;
mod refresh;
mod refusal;
mod request;
mod retry;
mod spool;
mod submit;
mod work;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use crate::net;
use crate::store::{self, Store};
use crate::sync::{self, Engine};

pub use passthrough::{Body, Forward, Part};
pub use refresh::Asked;
pub use request::{AttachmentInput, Content, CreateInput, PersonInput, Request, Write};
pub use submit::Submitted;

/// Accepts actions and carries them out. Cheap to clone.
#[derive(Clone)]
pub struct Actions(Arc<Inner>);

pub struct Options {
    pub store: Store,
    pub engine: Engine,
    /// For attachments that are given by address.
    pub downloads: net::Client,
    pub limits: Limits,
    /// The unit of the pauses before something is tried again.
    pub first_pause: Duration,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one attachment.
    pub attachment: u64,
    /// Bytes of all attachments of one action.
    pub attachments: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attachment: 25 * 1024 * 1024, attachments: 50 * 1024 * 1024 }
    }
}

struct Inner {
    options: Options,
    owner: Uuid,
    /// Actions that are being carried out here.
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Told whenever an action ended here.
    ended: Notify,
}

/// Actions of one integration that are carried out at once.
pub const AT_ONCE: u64 = 8;

/// Why an entry point failed where it should not have.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("{0}")]
    Sync(#[from] sync::Error),
    #[error("an attachment could not be put aside: {0}")]
    Spool(std::io::Error),
    #[error("an action in the journal cannot be understood: {0}")]
    Journal(String),
}

impl Actions {
    pub fn new(options: Options) -> Self {
        let owner = options.engine.ids().uuid();
        Self(Arc::new(Inner {
            options,
            owner,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            ended: Notify::new(),
        }))
    }

    fn store(&self) -> &Store {
        &self.0.options.store
    }

    fn engine(&self) -> &Engine {
        &self.0.options.engine
    }

    /// Begins no more, and waits for what is under way to come to a good place.
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

    /// Begins the actions that are due. Returns how many were begun.
    pub async fn begin_due(&self) -> Result<usize, Error> {
        let now = self.engine().clock().now();
        let mut begun = 0;
        for action in self.store().due_actions(now, AT_ONCE).await? {
            begun += usize::from(self.begin(action).await?);
        }
        Ok(begun)
    }

    /// Begins an action here, unless it is under way, blocked, or the process is to stop.
    async fn begin(&self, action: (Uuid, Uuid)) -> Result<bool, Error> {
        if self.0.stop.is_cancelled() {
            return Ok(false);
        }
        let now = self.engine().clock().now();
        let Some(lease) = self.store().lease_action(action, self.0.owner, AT_ONCE, now).await? else {
            return Ok(false);
        };
        let actions = self.clone();
        let work = async move {
            actions.work(lease).await;
            actions.0.ended.notify_waiters();
            // One that was blocked may go ahead.
            actions.engine().wake();
        };
        // Of the mutation's trace, when a mutation begins it.
        self.0.tasks.spawn(work.in_current_span());
        Ok(true)
    }

    /// When the next action is due.
    pub async fn next_due(&self) -> Result<Option<Duration>, Error> {
        let now = self.engine().clock().now().timestamp_millis();
        let next = self.store().next_action_due().await?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0))))
    }
}
