//! Says that something changed: between the tasks of a process, and on PostgreSQL between processes, by `NOTIFY` in the
//! transaction that made the change. What is said is where to look and never what is there, so that a word that is
//! lost, late or doubled costs time and no data: whoever listens also looks by itself now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::sql::Sql;
use super::{Result, Store};

/// What is spoken of. Each is a channel of PostgreSQL, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The change feed grew; the number of its latest entry.
    Changes,
    /// A sync run went on or ended; its id.
    Runs,
    /// A write went on or ended; its id.
    Actions,
}

impl Channel {
    const ALL: [Self; 3] = [Self::Changes, Self::Runs, Self::Actions];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Changes => "hiregraph_changes",
            Self::Runs => "hiregraph_runs",
            Self::Actions => "hiregraph_actions",
        }
    }
}

/// Words that wait for a slow listener; beyond that it is told that it missed some.
const WAITING: usize = 256;
/// How long until a lost connection is tried again, the first time and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// So often a listener looks by itself, because a word of another process can be lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Within a process no word is lost.
const PATIENCE_ALONE: Duration = Duration::from_secs(60);

type Word = Option<Arc<str>>;

/// Where words are said and heard. Cheap to clone.
#[derive(Clone)]
pub struct Signals(Arc<Inner>);

struct Inner {
    /// One for each of [`Channel::ALL`].
    said: Vec<broadcast::Sender<Word>>,
    /// Of the PostgreSQL whose words are heard; none when this process has the database to itself.
    url: Option<String>,
    /// Whether PostgreSQL is listened to. Begins with the first listener: whoever never listens needs no connection.
    listening: AtomicBool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Signals {
    pub(super) fn new(url: Option<String>) -> Self {
        Self(Arc::new(Inner {
            said: Channel::ALL.iter().map(|_| broadcast::channel(WAITING).0).collect(),
            url,
            listening: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Hears what is said from now on.
    pub fn listen(&self, channel: Channel) -> Ear {
        let patience = if self.0.url.is_some() { PATIENCE } else { PATIENCE_ALONE };
        let ear = Ear { heard: self.sender(channel).subscribe(), patience };
        if let Some(url) = &self.0.url
            && !self.0.listening.swap(true, Ordering::Relaxed)
        {
            let (signals, url) = (self.clone(), url.clone());
            self.0.tasks.spawn(async move {
                let stop = signals.0.stop.clone();
                stop.run_until_cancelled(signals.relay(&url)).await;
            });
        }
        ear
    }

    pub(super) async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn sender(&self, channel: Channel) -> &broadcast::Sender<Word> {
        // One sender was made for each channel.
        &self.0.said[Channel::ALL.iter().position(|known| *known == channel).unwrap_or(0)]
    }

    /// Without a listener it is said to nobody.
    fn say(&self, channel: Channel, word: Word) {
        let _ = self.sender(channel).send(word);
    }

    /// Nobody knows what was missed: everybody looks once.
    fn missed(&self) {
        for channel in Channel::ALL {
            self.say(channel, None);
        }
    }

    /// Passes on what PostgreSQL says, on a connection of its own.
    async fn relay(&self, url: &str) {
        let mut pause = FIRST_PAUSE;
        loop {
            let lost = match self.hear(url, &mut pause).await {
                Ok(never) => match never {},
                Err(lost) => lost,
            };
            // The error of an address that cannot be parsed holds it, with its password.
            let error = lost.to_string().replace(url, "…");
            warn!(error, ?pause, "the connection that listens to PostgreSQL was lost; changes are noticed more slowly");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn hear(&self, url: &str, pause: &mut Duration) -> Result<std::convert::Infallible, sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen_all(Channel::ALL.map(Channel::name)).await?;
        *pause = FIRST_PAUSE;
        self.missed();
        loop {
            match listener.try_recv().await? {
                Some(heard) => {
                    if let Some(channel) = Channel::ALL.into_iter().find(|channel| channel.name() == heard.channel()) {
                        self.say(channel, Some(heard.payload().into()));
                    }
                }
                // The connection was lost, and made anew.
                None => self.missed(),
            }
        }
    }
}

/// Hears one channel.
pub struct Ear {
    heard: broadcast::Receiver<Word>,
    patience: Duration,
}

impl Ear {
    /// What was said next; none when something was missed, and may have been about anything.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        match self.heard.recv().await {
            Ok(word) => word,
            Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// So long after it looked last, whoever hears nothing looks by itself.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Forgets what was said so far: whoever is about to look sees all of it.
    pub fn forget(&mut self) {
        self.heard = self.heard.resubscribe();
    }
}

/// What a transaction has to say once it is committed.
pub type Said = (Channel, String);

impl Store {
    /// Hears what is said from now on.
    pub fn listen(&self, channel: Channel) -> Ear {
        self.0.signals.listen(channel)
    }

    /// Commits, and says so.
    pub(super) async fn commit_saying(&self, tx: DatabaseTransaction, said: &[Said]) -> Result<()> {
        notify(&tx, said).await?;
        tx.commit().await?;
        self.said(said);
        Ok(())
    }

    /// Says within this process what was committed. With PostgreSQL this process hears it from there, as all do.
    pub(super) fn said(&self, said: &[Said]) {
        if self.0.database.backend() != DbBackend::Postgres {
            for (channel, word) in said {
                self.0.signals.say(*channel, Some(word.as_str().into()));
            }
        }
    }
}

/// Has PostgreSQL say it with the commit.
pub(super) async fn notify(tx: &DatabaseTransaction, said: &[Said]) -> Result<()> {
    if said.is_empty() || tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT ");
    for (index, (channel, word)) in said.iter().enumerate() {
        sql.push(if index > 0 { ", pg_notify(" } else { "pg_notify(" });
        sql.bind(channel.name()).push(", ").bind(word.as_str()).push(")");
    }
    tx.query_one_raw(sql.statement()).await?;
    Ok(())
}
