//! Records that the vendor has no longer: found by what a complete read did not show, marked, never removed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::children::forget_due;
use super::feed::Feed;
use super::{Counts, Stored, add_counts, for_type};
use crate::domain::{ChangeKind, RecordType};
use crate::store::convert::millis;
use crate::store::entity::RecordRow;
use crate::store::lease::Lease;
use crate::store::read::Key;
use crate::store::runs::note_progress;
use crate::store::signals::Channel;
use crate::store::sql::Sql;
use crate::store::{Result, Store};

pub struct DeletionCommit<'a> {
    pub of: RecordType,
    pub ids: &'a [Uuid],
    /// Streams of children that need not be read for them any more.
    pub children: &'a [&'static str],
    pub run: Option<Uuid>,
    pub now: DateTime<Utc>,
}

/// A stored, living record that a read did not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    pub id: Uuid,
    pub remote_id: Option<String>,
    /// The record that it belongs to, for join records.
    pub parent: Option<Uuid>,
}

/// Rows that are looked through at once.
const STEP: i64 = 5000;

impl Store {
    /// The living records of a type that are not among `seen`, and that were not read singly since the run began.
    pub async fn unseen(&self, lease: &Lease, of: RecordType, seen: &HashSet<Uuid>) -> Result<Vec<Unseen>> {
        let table = for_type!(of, R => R::TABLE);
        let parent = parent_column(of);
        let mut unseen = Vec::new();
        let mut last: Option<Uuid> = None;
        loop {
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("SELECT t.id, t.remote_id, t.").push(parent.unwrap_or("id")).push(" FROM ").push(table);
            sql.push(" t WHERE t.integration_id = ").bind(lease.integration);
            if let Some(last) = last {
                sql.push(" AND t.id > ").bind(last);
            }
            sql.push(" AND t.remote_deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM targeted_records m WHERE ");
            sql.push("m.integration_id = t.integration_id AND m.record_id = t.id) ORDER BY t.id LIMIT ").bind(STEP);
            let rows = self.0.database.fresh_rows(sql.statement()).await?;
            for row in &rows {
                let id: Uuid = row.try_get_by_index(0)?;
                last = Some(id);
                if !seen.contains(&id) {
                    let parent = parent.map(|_| row.try_get_by_index(2)).transpose()?;
                    unseen.push(Unseen { id, remote_id: row.try_get_by_index(1)?, parent });
                }
            }
            if i64::try_from(rows.len()).unwrap_or(STEP) < STEP {
                return Ok(unseen);
            }
        }
    }

    /// The living join records of `of` that belong to one of these parents, each with its parent.
    pub async fn belonging(&self, lease: &Lease, of: RecordType, parents: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
        let Some(column) = parent_column(of) else { return Ok(Vec::new()) };
        let table = for_type!(of, R => R::TABLE);
        let mut found = Vec::new();
        for some in parents.chunks(5000) {
            let keys: Vec<Key> = some.iter().map(|id| Key { integration: lease.integration, id: *id }).collect();
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("SELECT t.id, p.id FROM ").keys(&keys).push(" CROSS JOIN ").push(table);
            sql.push(&format!(" t WHERE t.integration_id = p.integration_id AND t.{column} = p.id"));
            sql.push(" AND t.remote_deleted_at IS NULL");
            for row in self.0.database.fresh_rows(sql.statement()).await? {
                found.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
            }
        }
        Ok(found)
    }

    /// The remote ids of the candidates of these applications, as far as they are known.
    pub async fn candidates_of(&self, lease: &Lease, applications: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let mut found = HashMap::new();
        for some in applications.chunks(5000) {
            let keys: Vec<Key> = some.iter().map(|id| Key { integration: lease.integration, id: *id }).collect();
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("SELECT t.id, c.remote_id FROM ")
                .keys(&keys)
                .push(" CROSS JOIN applications t JOIN candidates c ");
            sql.push("ON c.integration_id = t.integration_id AND c.id = t.candidate_id WHERE ");
            sql.push("t.integration_id = p.integration_id AND t.id = p.id AND c.remote_id IS NOT NULL");
            for row in self.0.database.fresh_rows(sql.statement()).await? {
                found.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            }
        }
        Ok(found)
    }

    /// The living tags that no living candidate tag names.
    pub async fn unused_tags(&self, lease: &Lease) -> Result<Vec<Uuid>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.id FROM tags t WHERE t.integration_id = ").bind(lease.integration);
        sql.push(" AND t.remote_deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM candidate_tags x WHERE ");
        sql.push("x.integration_id = t.integration_id AND x.tag_id = t.id AND x.remote_deleted_at IS NULL)");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// Marks records as deleted; those that are marked already stay as they are.
    pub async fn commit_deletion(&self, lease: &Lease, deletion: DeletionCommit<'_>) -> Result<u64> {
        if deletion.ids.is_empty() {
            return Ok(0);
        }
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, lease, deletion.now).await?;
        let mut deleted = 0;
        for some in deletion.ids.chunks(5000) {
            let marked = for_type!(deletion.of, R => mark::<R>(&tx, lease.integration, some, &mut feed).await?);
            deleted += u64::try_from(marked.len()).unwrap_or(u64::MAX);
            if !deletion.children.is_empty() {
                let parents = remote_ids(&tx, lease.integration, deletion.of, some).await?;
                for stream in deletion.children {
                    forget_due(&tx, lease.integration, stream, &parents).await?;
                }
            }
        }
        if let Some(run) = deletion.run {
            let stored = Stored::from([(deletion.of, Counts { deleted, ..Counts::default() })]);
            add_counts(&tx, lease.integration, run, &stored, None).await?;
            note_progress(&tx, (lease.integration, run), None, deletion.now).await?;
        }
        let said = deletion.run.map(|run| (Channel::Runs, run.to_string()));
        feed.commit(tx, self, said.into_iter().collect()).await?;
        Ok(deleted)
    }
}

pub(super) async fn remote_ids(
    tx: &DatabaseTransaction,
    integration: Uuid,
    of: RecordType,
    ids: &[Uuid],
) -> Result<Vec<String>> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT t.remote_id FROM ").push(for_type!(of, R => R::TABLE)).push(" t WHERE t.integration_id = ");
    sql.bind(integration).push(" AND t.remote_id IS NOT NULL AND ").one_of("t.id", ids);
    let rows = tx.query_all_raw(sql.statement()).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// The column of a join table that names what its rows belong to.
pub(super) fn parent_column(of: RecordType) -> Option<&'static str> {
    match of {
        RecordType::JobStage | RecordType::HiringTeamMember => Some("job_id"),
        RecordType::CandidateTag => Some("candidate_id"),
        RecordType::User
        | RecordType::ApplicationStage
        | RecordType::Job
        | RecordType::Candidate
        | RecordType::Tag
        | RecordType::Application => None,
    }
}

/// Answers with those that were not marked before.
pub(super) async fn mark<R: RecordRow>(
    tx: &DatabaseTransaction,
    integration: Uuid,
    ids: &[Uuid],
    feed: &mut Feed,
) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(tx.get_database_backend());
    let now = millis(feed.now);
    sql.push("UPDATE ").push(R::TABLE).push(" SET remote_deleted_at = ").bind(now).push(", changed_at = ").bind(now);
    sql.push(" WHERE integration_id = ").bind(integration).push(" AND remote_deleted_at IS NULL AND ");
    sql.one_of("id", ids).push(" RETURNING id");
    let mut marked = Vec::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        let id = row.try_get_by_index(0)?;
        feed.note(R::TYPE, id, ChangeKind::Deleted, Vec::new());
        marked.push(id);
    }
    Ok(marked)
}
