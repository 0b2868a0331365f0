//! What belongs to a parent now, in the transaction that notes the parent as read. What belonged to it before and does
//! no longer goes in one that says which.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::apply::{self, Applied};
use super::deletion::{mark, parent_column};
use super::feed::Feed;
use super::{Stored, add_counts, for_type};
use crate::domain::{RecordType, Snapshot};
use crate::store::entity::RecordRow;
use crate::store::lease::Lease;
use crate::store::read::Key;
use crate::store::runs::note_progress;
use crate::store::signals::Channel;
use crate::store::sql::Sql;
use crate::store::{Result, Store};

pub struct ChildrenCommit<'a> {
    pub stream: &'static str,
    /// The type of the records that are replaced.
    pub replaces: RecordType,
    /// The remote ids of the parents that are done with.
    pub parents: &'a [String],
    /// What parents have now; also records of other types that come along.
    pub snapshots: &'a [Snapshot],
    /// What parents had and have no longer.
    pub gone: &'a [Uuid],
    /// JSON Pointers into payloads whose values mean nothing.
    pub volatile: &'a [&'static str],
    pub run: Option<Uuid>,
    pub now: DateTime<Utc>,
}

impl Store {
    /// The remote ids of parents whose children must still be read, in order, at most so many after one of them.
    pub async fn due_parents(
        &self,
        lease: &Lease,
        stream: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<String>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT parent FROM due_children WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND stream = ").bind(stream);
        if let Some(after) = after {
            sql.push(" AND parent > ").bind(after);
        }
        sql.push(" ORDER BY parent LIMIT ");
        sql.bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    pub async fn count_due_parents(&self, lease: &Lease, stream: &str) -> Result<u64> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT COUNT(*) FROM due_children WHERE integration_id = ").bind(lease.integration);
        sql.push(" AND stream = ").bind(stream);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub async fn commit_children(&self, lease: &Lease, children: ChildrenCommit<'_>) -> Result<Stored> {
        let prepared = apply::prepare(children.snapshots, children.volatile);
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, lease, children.now).await?;
        let admitted = feed.bounds.admit(&tx, lease.integration, children.snapshots).await?;
        let prepared = match &admitted {
            Some(admitted) => apply::prepare(admitted, children.volatile),
            None => prepared,
        };
        let mut stored = Stored::new();
        for (of, records) in prepared {
            let applied: Applied =
                for_type!(of, R => apply::apply::<R>(&tx, lease.integration, &records, &mut feed).await?);
            stored.insert(of, applied.counts);
        }
        let of = children.replaces;
        for some in children.gone.chunks(5000) {
            let deleted = for_type!(of, R => mark::<R>(&tx, lease.integration, some, &mut feed).await?);
            stored.entry(of).or_default().deleted += u64::try_from(deleted.len()).unwrap_or(u64::MAX);
        }
        forget_due(&tx, lease.integration, children.stream, children.parents).await?;
        if let Some(run) = children.run {
            add_counts(&tx, lease.integration, run, &stored, None).await?;
            note_progress(&tx, (lease.integration, run), None, children.now).await?;
        }
        let said = children.run.map(|run| (Channel::Runs, run.to_string()));
        feed.commit(tx, self, said.into_iter().collect()).await?;
        Ok(stored)
    }
}

/// Takes parents off the list of those whose children must be read.
pub(super) async fn forget_due(
    tx: &DatabaseTransaction,
    integration: Uuid,
    stream: &str,
    parents: &[String],
) -> Result<()> {
    for some in parents.chunks(5000) {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("DELETE FROM due_children WHERE integration_id = ").bind(integration);
        sql.push(" AND stream = ").bind(stream).push(" AND ").one_of("parent", some);
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}

/// The living rows of these parents that are not among `kept`.
pub(super) async fn left<R: RecordRow>(
    tx: &DatabaseTransaction,
    integration: Uuid,
    parents: &[Uuid],
    kept: &HashSet<Uuid>,
) -> Result<Vec<Uuid>> {
    let Some(column) = parent_column(R::TYPE) else { return Ok(Vec::new()) };
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Key> = parents.iter().map(|id| Key { integration, id: *id }).collect();
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT t.id FROM ").keys(&keys).push(" CROSS JOIN ").push(R::TABLE);
    sql.push(&format!(" t WHERE t.integration_id = p.integration_id AND t.{column} = p.id"));
    sql.push(" AND t.remote_deleted_at IS NULL");
    let mut left = Vec::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        let id: Uuid = row.try_get_by_index(0)?;
        if !kept.contains(&id) {
            left.push(id);
        }
    }
    Ok(left)
}
