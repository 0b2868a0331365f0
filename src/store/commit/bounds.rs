//! What an integration takes in of what was read: nothing that was erased, and nothing that its rules exclude. Looked at
//! in the transaction that stores it, so that nobody who reads by older rules brings anything back.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use uuid::Uuid;

use crate::domain::{DataRules, Record, Snapshot};
use crate::store::Result;
use crate::store::entity::Json;
use crate::store::read::Key;
use crate::store::sql::Sql;

/// The columns of an integration that [`Bounds::read`] reads.
pub const COLUMNS: &str = "erased, data_rules";

#[derive(Debug, Default)]
pub struct Bounds {
    /// Whether there are tombstones.
    erased: bool,
    pub rules: DataRules,
}

impl Bounds {
    pub fn read(row: &QueryResult) -> Result<Self> {
        let rules: Option<Json<DataRules>> = row.try_get_by_index(1)?;
        Ok(Self { erased: row.try_get_by_index(0)?, rules: rules.map(|json| json.0).unwrap_or_default() })
    }

    /// What may be stored of these records; none when all of it may be, as it is.
    pub async fn admit(
        &self,
        tx: &DatabaseTransaction,
        integration: Uuid,
        snapshots: &[Snapshot],
    ) -> Result<Option<Vec<Snapshot>>> {
        let about = |snapshot: &Snapshot| [Some(snapshot.id), snapshot.record.candidate()];
        let erased = match self.erased {
            true => tombstones_among(tx, integration, snapshots.iter().flat_map(about).flatten()).await?,
            false => HashSet::new(),
        };
        if erased.is_empty() && self.rules.is_empty() {
            return Ok(None);
        }
        let is_left = |snapshot: &&Snapshot| !about(snapshot).iter().flatten().any(|id| erased.contains(id));
        let (left, gone): (Vec<&Snapshot>, Vec<&Snapshot>) = snapshots.iter().partition(is_left);
        // A tag that came with nobody else is nobody's.
        let (used, unused) = (tags_of(&left), tags_of(&gone));
        let is_used = |snapshot: &&&Snapshot| !unused.contains(&snapshot.id) || used.contains(&snapshot.id);
        let admitted = left.iter().filter(is_used).filter_map(|snapshot| self.rules.admit(snapshot));
        Ok(Some(admitted.collect()))
    }
}

/// The tags that links among these records lead to.
fn tags_of(snapshots: &[&Snapshot]) -> HashSet<Uuid> {
    let tag = |snapshot: &&Snapshot| {
        let Record::CandidateTag(link) = &snapshot.record else { return None };
        Some(link.tag.uuid())
    };
    snapshots.iter().filter_map(tag).collect()
}

/// Those of these records that were erased.
pub async fn tombstones_among(
    tx: &DatabaseTransaction,
    integration: Uuid,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>> {
    let keys: Vec<Key> = ids.map(|id| Key { integration, id }).collect();
    let mut found = HashSet::new();
    for some in keys.chunks(5000) {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT t.record_id FROM ").keys(some).push(" CROSS JOIN tombstones t ");
        sql.push("WHERE t.integration_id = p.integration_id AND t.record_id = p.id");
        for row in tx.query_all_raw(sql.statement()).await? {
            found.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(found)
}
