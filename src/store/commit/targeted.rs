//! Single records that were read at their vendor beside whatever else goes on: what came back, what is gone and what
//! must be forgotten, in one transaction. A run that read a page before does not undo it.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::apply::{self, Applied, payloads, rows};
use super::children::{forget_due, left};
use super::deletion::{mark, remote_ids};
use super::feed::Feed;
use super::{Stored, for_type, note_due, portions};
use crate::domain::diff::changed_fields;
use crate::domain::{Candidate, ChangeKind, Payload, Record, RecordType, Snapshot};
use crate::store::convert::{About, Stored as Convert, millis};
use crate::store::entity::{candidate, targeted_record};
use crate::store::lease::Lease;
use crate::store::read::Key;
use crate::store::sql::Sql;
use crate::store::{Result, Store};

#[derive(Debug, Default)]
pub struct TargetedCommit<'a> {
    pub snapshots: &'a [Snapshot],
    /// JSON Pointers into payloads whose values mean nothing.
    pub volatile: &'a [&'static str],
    /// Streams of children that must be read for each new or changed record of a type.
    pub children: &'a [(RecordType, &'static str)],
    /// A type of join records and a parent: all that it has of them is among `snapshots`.
    pub complete: &'a [(RecordType, Uuid)],
    /// What the vendor confirms to have no longer.
    pub gone: &'a [(RecordType, Uuid)],
    /// Candidates of whom nothing may be kept that says who they were.
    pub erased: &'a [Uuid],
    pub now: DateTime<Utc>,
}

impl Store {
    pub async fn commit_targeted(&self, integration: Uuid, commit: TargetedCommit<'_>) -> Result<Stored> {
        let prepared = apply::prepare(commit.snapshots, commit.volatile);
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, &Lease::beside(integration), commit.now).await?;
        let admitted = feed.bounds.admit(&tx, integration, commit.snapshots).await?;
        let prepared = match &admitted {
            Some(admitted) => apply::prepare(admitted, commit.volatile),
            None => prepared,
        };
        let mut stored = Stored::new();
        let mut due = Vec::new();
        for (of, records) in prepared {
            let applied: Applied = for_type!(of, R => apply::apply::<R>(&tx, integration, &records, &mut feed).await?);
            let streams = commit.children.iter().filter(|(parent, _)| *parent == of);
            due.extend(streams.flat_map(|(_, stream)| applied.touched.iter().map(|parent| (*stream, parent.clone()))));
            stored.insert(of, applied.counts);
        }
        note_due(&tx, integration, due).await?;
        let mut touched: Vec<Uuid> = commit.snapshots.iter().map(|snapshot| snapshot.id).collect();
        let kept: HashSet<Uuid> = touched.iter().copied().collect();
        touched.extend(replace(&tx, integration, &commit, &kept, (&mut feed, &mut stored)).await?);
        let gone = delete(&tx, integration, &commit, (&mut feed, &mut stored)).await?;
        erase(&tx, integration, commit.erased, &gone, &mut feed).await?;
        touched.extend(gone);
        touched.extend(commit.gone.iter().map(|(_, id)| *id));
        touched.extend(commit.erased);
        note_targeted(&tx, integration, touched).await?;
        feed.commit(tx, self, Vec::new()).await?;
        Ok(stored)
    }
}

type Noted<'a> = (&'a mut Feed, &'a mut Stored);

/// Marks the join records that parents had and have no longer.
async fn replace(
    tx: &DatabaseTransaction,
    integration: Uuid,
    commit: &TargetedCommit<'_>,
    kept: &HashSet<Uuid>,
    (feed, stored): Noted<'_>,
) -> Result<Vec<Uuid>> {
    let mut marked = Vec::new();
    for (of, parents) in by_type(commit.complete) {
        let lost = for_type!(of, R => left::<R>(tx, integration, &parents, kept).await?);
        marked.extend(mark_counted(tx, integration, (of, &lost), feed, stored).await?);
    }
    Ok(marked)
}

/// Marks what is gone, with what belongs to it. Answers with what was not marked before.
async fn delete(
    tx: &DatabaseTransaction,
    integration: Uuid,
    commit: &TargetedCommit<'_>,
    (feed, stored): Noted<'_>,
) -> Result<HashSet<Uuid>> {
    let mut marked = HashSet::new();
    let nothing = HashSet::new();
    for (of, ids) in by_type(commit.gone) {
        for belonging in belonging_to(of) {
            let along = for_type!(*belonging, R => left::<R>(tx, integration, &ids, &nothing).await?);
            marked.extend(mark_counted(tx, integration, (*belonging, &along), feed, stored).await?);
        }
        marked.extend(mark_counted(tx, integration, (of, &ids), feed, stored).await?);
        let parents = remote_ids(tx, integration, of, &ids).await?;
        for (_, stream) in commit.children.iter().filter(|(parent, _)| *parent == of) {
            forget_due(tx, integration, stream, &parents).await?;
        }
    }
    Ok(marked)
}

async fn mark_counted(
    tx: &DatabaseTransaction,
    integration: Uuid,
    (of, ids): (RecordType, &[Uuid]),
    feed: &mut Feed,
    stored: &mut Stored,
) -> Result<Vec<Uuid>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let marked = for_type!(of, R => mark::<R>(tx, integration, ids, feed).await?);
    stored.entry(of).or_default().deleted += u64::try_from(marked.len()).unwrap_or(u64::MAX);
    Ok(marked)
}

fn by_type(records: &[(RecordType, Uuid)]) -> BTreeMap<RecordType, Vec<Uuid>> {
    let mut by_type: BTreeMap<RecordType, Vec<Uuid>> = BTreeMap::new();
    for (of, id) in records {
        by_type.entry(*of).or_default().push(*id);
    }
    by_type
}

/// The join records that are there only as long as a record of this type.
fn belonging_to(of: RecordType) -> &'static [RecordType] {
    match of {
        RecordType::Job => &[RecordType::JobStage, RecordType::HiringTeamMember],
        RecordType::Candidate => &[RecordType::CandidateTag],
        RecordType::User
        | RecordType::ApplicationStage
        | RecordType::JobStage
        | RecordType::HiringTeamMember
        | RecordType::Tag
        | RecordType::CandidateTag
        | RecordType::Application => &[],
    }
}

/// Takes from candidates all that says who they were, their payload included. One entry of the feed each: that of the
/// deletion, where they were marked in the same breath.
async fn erase(
    tx: &DatabaseTransaction,
    integration: Uuid,
    candidates: &[Uuid],
    marked: &HashSet<Uuid>,
    feed: &mut Feed,
) -> Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = candidates.iter().map(|id| Key { integration, id: *id }).collect();
    let mut bodies = payloads(tx, &keys).await?;
    for (id, row) in rows::<candidate::Model>(tx, &keys).await? {
        let body = bodies.remove(&id).unwrap_or_default();
        let nobody = Candidate { remote_id: row.remote_id.clone().unwrap_or_default(), ..Candidate::default() };
        let nobody = Record::from(nobody);
        let fields = changed_fields((&row.record(), &body), (&nobody, &Payload::new()));
        if fields.is_empty() {
            continue;
        }
        if !marked.contains(&id) {
            feed.note(RecordType::Candidate, id, ChangeKind::Updated, fields);
        }
        // Of nothing that a vendor could send: whoever appears again is written again.
        let about = About { integration_id: integration, id, changed_at: millis(feed.now), fingerprint: Vec::new() };
        let Some(mut empty) = candidate::Model::row(&nobody, about) else { continue };
        // As another statement of this transaction left it.
        empty.remote_deleted_at = row.remote_deleted_at;
        candidate::Entity::update(empty.into_active_model().reset_all()).exec(tx).await?;
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("DELETE FROM payloads WHERE integration_id = ").bind(integration).push(" AND ");
    sql.one_of("record_id", candidates);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

async fn note_targeted(tx: &DatabaseTransaction, integration: Uuid, mut touched: Vec<Uuid>) -> Result<()> {
    touched.sort_unstable();
    touched.dedup();
    for some in portions(&touched, 1000) {
        let rows = some
            .iter()
            .map(|id| targeted_record::ActiveModel { integration_id: Set(integration), record_id: Set(*id) });
        let insert = targeted_record::Entity::insert_many(rows).on_conflict_do_nothing();
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Those of `ids` that were read singly since the last run began.
pub(super) async fn targeted_among(
    tx: &DatabaseTransaction,
    integration: Uuid,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>> {
    let keys: Vec<Key> = ids.map(|id| Key { integration, id }).collect();
    let mut found = HashSet::new();
    for some in keys.chunks(5000) {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT t.record_id FROM ").keys(some).push(" CROSS JOIN targeted_records t ");
        sql.push("WHERE t.integration_id = p.integration_id AND t.record_id = p.id");
        for row in tx.query_all_raw(sql.statement()).await? {
            found.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(found)
}

/// A run begins: what it reads is newer than what was read singly before.
pub(in crate::store) async fn forget_targeted(tx: &DatabaseTransaction, integration: Uuid) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("DELETE FROM targeted_records WHERE integration_id = ").bind(integration);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}
