//! The engine for a shared PostgreSQL: `graphile_worker` hands every job to one of all processes, at once by LISTEN
//! and NOTIFY. A job that its worker did not live to finish is handed out again; what was announced twice, late or
//! not at all costs time only, because the truth is in our own tables.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions, WorkerUtils};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;

use crate::store::Job;

/// Does what jobs are about.
#[async_trait]
pub trait Hands: Send + Sync + 'static {
    /// Ends when there is nothing more to do about it for now.
    async fn take(&self, job: Job);
}

pub struct Options {
    /// A connection that stays: not through a pool that hands connections from one transaction to the next.
    pub url: String,
    /// Syncs that are carried out at once.
    pub syncs: usize,
    /// After so long without a sign of life a worker is taken for dead.
    pub patience: Duration,
}

/// Other jobs that are taken up at once; each only begins something.
const PROMPT: usize = 4;

/// So often jobs that were planned for later are looked for.
const POLL: Duration = Duration::from_secs(1);

/// Before it is tried again when the database went away.
const PAUSE: Duration = Duration::from_secs(2);

/// Jobs under way have so long to come to a good place when the process is to stop.
const GRACE: Duration = Duration::from_secs(25);

#[derive(Clone)]
struct Taken(Arc<dyn Hands>);

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taken")
    }
}

macro_rules! tasks {
    ($($task:ident $name:literal $job:ident;)+) => {
        $(
            #[derive(Deserialize, Serialize)]
            struct $task {
                id: Uuid,
            }

            impl TaskHandler for $task {
                const IDENTIFIER: &'static str = $name;

                async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
                    if let Some(Taken(hands)) = context.extensions().get::<Taken>() {
                        hands.take(Job::$job(self.id)).await;
                    }
                    Ok::<(), String>(())
                }
            }
        )+
    };
}

tasks! {
    SyncTask "sync" Sync;
    ActTask "act" Act;
    InboxTask "inbox" Inbox;
}

/// Makes the queue's own tables, or brings them to this version.
pub async fn migrate(url: &str) -> Result<(), String> {
    let failed = |error: &dyn fmt::Display| format!("the tables of the queue cannot be made: {error}");
    let pool = PgPoolOptions::new().max_connections(1).connect(url).await.map_err(|error| failed(&error))?;
    let migrated = WorkerUtils::new(pool.clone(), "graphile_worker").migrate().await;
    pool.close().await;
    migrated.map_err(|error| failed(&error))
}

/// Takes up jobs until told to stop.
pub async fn run(options: &Options, hands: &Arc<dyn Hands>, stop: &CancellationToken) {
    // Long jobs must not keep short ones waiting.
    let syncs = || worker(options, hands, stop).concurrency(options.syncs).define_job::<SyncTask>();
    let prompt = || worker(options, hands, stop).concurrency(PROMPT).define_job::<ActTask>().define_job::<InboxTask>();
    tokio::join!(keep(syncs, stop), keep(prompt, stop));
}

fn worker(options: &Options, hands: &Arc<dyn Hands>, stop: &CancellationToken) -> WorkerOptions {
    WorkerOptions::default()
        .database_url(&options.url)
        .max_pg_conn(3)
        .poll_interval(POLL)
        .add_extension(Taken(hands.clone()))
        .heartbeat_interval(options.patience / 4)
        .sweep_interval(options.patience / 4)
        .sweep_threshold(options.patience)
        .recovery_delay(Duration::ZERO)
        .listen_os_shutdown_signals(false)
        .shutdown_signal(stop.clone().cancelled_owned())
        .shutdown_grace_period(GRACE)
}

/// Begins anew when the database went away.
async fn keep(worker: impl Fn() -> WorkerOptions, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let ended = match worker().init().await {
            Ok(worker) => worker.run().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match ended {
            Ok(()) if stop.is_cancelled() => return,
            Ok(()) => warn!("the queue's worker ended; it begins anew"),
            Err(error) => error!(error, "the queue's worker failed; it begins anew"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}
