//! How what was read at a vendor becomes rows: a page's rows, its change entries and its cursor in one
//! transaction. What did not change is not written.

mod apply;
mod bounds;
mod children;
mod deletion;
mod erasure;
mod feed;
mod retention;
mod rules;
mod targeted;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Set};
use uuid::Uuid;

use super::convert::Stored as Convert;
use super::entity::{due_children, sync_seen};
use super::lease::Lease;
use super::runs::{Progress, note_progress};
use super::signals::Channel;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::{RecordType, Snapshot};
use apply::Applied;
pub(super) use bounds::tombstones_among;
pub(super) use feed::Feed;

pub use children::ChildrenCommit;
pub use deletion::{DeletionCommit, Unseen};
pub use erasure::Erasure;
pub use rules::ChildStream;
pub use targeted::TargetedCommit;
pub(super) use targeted::forget_targeted;

/// One page of a stream.
pub struct PageCommit<'a> {
    pub snapshots: &'a [Snapshot],
    /// JSON Pointers into payloads whose values mean nothing.
    pub volatile: &'a [&'static str],
    /// Streams of children that must be read for each new or changed record of a type.
    pub children: &'a [(RecordType, &'static str)],
    pub run: Option<RunStep>,
    pub now: DateTime<Utc>,
}

/// What a run notes with a page.
pub struct RunStep {
    pub run: Uuid,
    pub progress: Progress,
    pub seen: Option<Seen>,
    /// Known totals, for progress bars.
    pub expected: Option<(RecordType, u64)>,
}

/// The ids that a page held, also of records that could not be read.
pub struct Seen {
    pub stream: String,
    pub page: i64,
    pub ids: Vec<Uuid>,
}

/// What a commit did to the records of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub fetched: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
}

impl Counts {
    pub fn add(&mut self, more: Self) {
        self.fetched += more.fetched;
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.deleted += more.deleted;
    }
}

/// By record type.
pub type Stored = BTreeMap<RecordType, Counts>;

/// Calls `$call` with the row type of a record type.
macro_rules! for_type {
    ($of:expr, $row:ident => $call:expr) => {
        match $of {
            $crate::domain::RecordType::User => {
                type $row = $crate::store::entity::user::Model;
                $call
            }
            $crate::domain::RecordType::ApplicationStage => {
                type $row = $crate::store::entity::application_stage::Model;
                $call
            }
            $crate::domain::RecordType::Job => {
                type $row = $crate::store::entity::job::Model;
                $call
            }
            $crate::domain::RecordType::JobStage => {
                type $row = $crate::store::entity::job_stage::Model;
                $call
            }
            $crate::domain::RecordType::HiringTeamMember => {
                type $row = $crate::store::entity::hiring_team_member::Model;
                $call
            }
            $crate::domain::RecordType::Candidate => {
                type $row = $crate::store::entity::candidate::Model;
                $call
            }
            $crate::domain::RecordType::Tag => {
                type $row = $crate::store::entity::tag::Model;
                $call
            }
            $crate::domain::RecordType::CandidateTag => {
                type $row = $crate::store::entity::candidate_tag::Model;
                $call
            }
            $crate::domain::RecordType::Application => {
                type $row = $crate::store::entity::application::Model;
                $call
            }
        }
    };
}
pub(super) use for_type;

impl Store {
    pub async fn commit_page(&self, lease: &Lease, page: PageCommit<'_>) -> Result<Stored> {
        let prepared = apply::prepare(page.snapshots, page.volatile);
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, lease, page.now).await?;
        let admitted = feed.bounds.admit(&tx, lease.integration, page.snapshots).await?;
        let prepared = match &admitted {
            Some(admitted) => apply::prepare(admitted, page.volatile),
            None => prepared,
        };
        let mut stored = Stored::new();
        let mut due = Vec::new();
        // What a run read may be older than what was read singly since it began.
        let newer = match page.run {
            Some(_) => {
                let ids = page.snapshots.iter().map(|snapshot| snapshot.id);
                targeted::targeted_among(&tx, lease.integration, ids).await?
            }
            None => HashSet::new(),
        };
        for (of, mut records) in prepared {
            let read = records.len();
            records.retain(|record| !newer.contains(&record.id()));
            let passed_over = u64::try_from(read - records.len()).unwrap_or(u64::MAX);
            let mut applied: Applied =
                for_type!(of, R => apply::apply::<R>(&tx, lease.integration, &records, &mut feed).await?);
            applied.counts.fetched += passed_over;
            applied.counts.unchanged += passed_over;
            let streams = page.children.iter().filter(|(parent, _)| *parent == of);
            due.extend(streams.flat_map(|(_, stream)| applied.touched.iter().map(|parent| (*stream, parent.clone()))));
            stored.insert(of, applied.counts);
        }
        note_due(&tx, lease.integration, due).await?;
        let mut said = Vec::new();
        if let Some(step) = page.run {
            said.push((Channel::Runs, step.run.to_string()));
            // A total may come with a page that holds none of them.
            if let Some((of, _)) = step.expected {
                stored.entry(of).or_default();
            }
            note_run(&tx, lease.integration, &stored, step, page.now).await?;
        }
        feed.commit(tx, self, said).await?;
        Ok(stored)
    }
}

async fn note_due(tx: &DatabaseTransaction, integration: Uuid, due: Vec<(&'static str, String)>) -> Result<()> {
    for some in portions(&due, 1000) {
        let rows = some.iter().map(|(stream, parent)| due_children::ActiveModel {
            integration_id: Set(integration),
            stream: Set((*stream).to_owned()),
            parent: Set(parent.clone()),
        });
        let insert = due_children::Entity::insert_many(rows).on_conflict_do_nothing();
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn note_run(
    tx: &DatabaseTransaction,
    integration: Uuid,
    stored: &Stored,
    step: RunStep,
    now: DateTime<Utc>,
) -> Result<()> {
    add_counts(tx, integration, step.run, stored, step.expected).await?;
    if let Some(seen) = step.seen {
        let row = sync_seen::ActiveModel {
            integration_id: Set(integration),
            run_id: Set(step.run),
            stream: Set(seen.stream),
            page: Set(seen.page),
            ids: Set(seen.ids.iter().flat_map(|id| *id.as_bytes()).collect()),
        };
        sync_seen::Entity::insert(row).exec_without_returning(tx).await?;
    }
    note_progress(tx, (integration, step.run), Some(&step.progress), now).await
}

/// Adds to what a run counted.
async fn add_counts(
    tx: &DatabaseTransaction,
    integration: Uuid,
    run: Uuid,
    stored: &Stored,
    expected: Option<(RecordType, u64)>,
) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    for (of, counts) in stored {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE sync_run_models SET fetched = fetched + ").bind(number(counts.fetched));
        sql.push(", created = created + ").bind(number(counts.created));
        sql.push(", updated = updated + ").bind(number(counts.updated));
        sql.push(", unchanged = unchanged + ").bind(number(counts.unchanged));
        sql.push(", deleted = deleted + ").bind(number(counts.deleted));
        if let Some((_, total)) = expected.filter(|(expected, _)| expected == of) {
            sql.push(", expected = ").bind(number(total));
        }
        sql.push(" WHERE integration_id = ").bind(integration).push(" AND run_id = ").bind(run);
        sql.push(" AND model = ").bind(of.as_str());
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}

/// Rows in portions of a power of two, the largest first. A text of SQL goes with each number of rows, and both the
/// connection and the server keep prepared what they have seen: with any number of rows they would keep hundreds of
/// texts that are never asked for again.
pub(super) fn portions<T>(rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let size = 1 << left.len().min(most.max(1)).checked_ilog2()?;
        let (some, rest) = left.split_at(size);
        left = rest;
        Some(some)
    })
}

/// How many rows of so many columns one statement takes: SQLite has 32,766 parameters.
fn rows_a_statement(columns: usize) -> usize {
    (30_000 / columns.max(1)).clamp(1, 1000)
}

/// Takes a row lock on PostgreSQL; on SQLite the transaction has the file's already.
pub(super) fn for_update(sql: &mut Sql) {
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
}

#[cfg(test)]
mod tests {
    use super::portions;

    #[test]
    fn portions_are_powers_of_two_and_hold_every_row_once() {
        let rows: Vec<usize> = (0..1150).collect();
        let sizes = |most| portions(&rows, most).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(1000), [512, 512, 64, 32, 16, 8, 4, 2]);
        assert_eq!(portions(&rows, 7).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(portions(&rows[..0], 7).count(), 0);
    }
}
