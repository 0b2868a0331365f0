//! Wake-ups for a shared database, announced in the transaction of what they are about, so that neither is there
//! without the other. A wake-up carries no input: what is to be done stands in our own tables. An embedded database
//! needs none: its one process wakes itself.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend};
use uuid::Uuid;

use super::Result;
use super::convert::millis;
use super::sql::Sql;

/// What there may be to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// A run of this integration.
    Sync(Uuid),
    /// This action.
    Act(Uuid),
    /// What this integration's vendor sent, or its subscriptions.
    Inbox(Uuid),
}

impl Job {
    /// The name of the task that takes it up.
    pub fn task(self) -> &'static str {
        match self {
            Self::Sync(_) => "sync",
            Self::Act(_) => "act",
            Self::Inbox(_) => "inbox",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Sync(id) | Self::Act(id) | Self::Inbox(id) => id,
        }
    }

    /// Jobs of one queue are taken up one after the other.
    fn queue(self) -> Option<String> {
        match self {
            Self::Sync(integration) => Some(format!("integration:{integration}")),
            Self::Act(_) | Self::Inbox(_) => None,
        }
    }
}

/// Announces it, for now or for later; once, however often it is announced before it is taken up.
pub(super) async fn announce(on: &impl ConnectionTrait, job: Job, at: Option<DateTime<Utc>>) -> Result<()> {
    if on.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    // What is planned must not put off what is to be done now.
    let later = if at.is_some() { ":later" } else { "" };
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT 1 FROM graphile_worker.add_job(").bind(job.task()).push(", CAST(");
    sql.bind(format!("{{\"id\":\"{}\"}}", job.id())).push(" AS json), ").bind(job.queue());
    sql.push(", to_timestamp(CAST(").bind(at.map(millis)).push(" AS double precision) / 1000), 25, ");
    sql.bind(format!("{}:{}{later}", job.task(), job.id())).push(")");
    on.query_one_raw(sql.statement()).await?;
    Ok(())
}
