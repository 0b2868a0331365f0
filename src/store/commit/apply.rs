//! Compares records with what is stored and writes the differences.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    PrimaryKeyToColumn,
};
use uuid::Uuid;

use super::feed::Feed;
use super::{Convert, Counts, portions, rows_a_statement};
use crate::domain::diff::{Printed, changed_fields, print};
use crate::domain::{ChangeKind, Payload, RecordType, Snapshot};
use crate::store::Result;
use crate::store::convert::{About, millis};
use crate::store::entity::{Json, RecordRow};
use crate::store::read::{Columns, Key};
use crate::store::sql::Sql;

/// A record with its fingerprint, and its payload as it is stored.
pub struct Prepared<'a> {
    snapshot: &'a Snapshot,
    printed: Printed,
}

impl Prepared<'_> {
    pub fn id(&self) -> Uuid {
        self.snapshot.id
    }
}

/// What became of the records of one type.
#[derive(Default)]
pub struct Applied {
    pub counts: Counts,
    /// The remote ids of what is new or changed.
    pub touched: Vec<String>,
}

/// Fingerprints are made before the transaction begins. A record that a page holds twice counts once: pages
/// overlap, and the later row is the newer one.
pub fn prepare<'a>(snapshots: &'a [Snapshot], volatile: &[&'static str]) -> BTreeMap<RecordType, Vec<Prepared<'a>>> {
    let mut by_type: BTreeMap<RecordType, BTreeMap<Uuid, &Snapshot>> = BTreeMap::new();
    for snapshot in snapshots {
        by_type.entry(snapshot.record.record_type()).or_default().insert(snapshot.id, snapshot);
    }
    by_type
        .into_iter()
        .map(|(of, snapshots)| {
            let prepared = snapshots
                .into_values()
                .map(|snapshot| Prepared { snapshot, printed: print(&snapshot.record, &snapshot.payload, volatile) });
            (of, prepared.collect())
        })
        .collect()
}

pub async fn apply<R: Convert>(
    tx: &DatabaseTransaction,
    integration: Uuid,
    records: &[Prepared<'_>],
    feed: &mut Feed,
) -> Result<Applied> {
    let keys: Vec<Key> = records.iter().map(|record| Key { integration, id: record.snapshot.id }).collect();
    let known = fingerprints::<R>(tx, &keys).await?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for record in records {
        match known.get(&record.snapshot.id) {
            None => new.push(record),
            Some((stored, deleted)) if *deleted || stored[..] != record.printed.fingerprint[..] => changed.push(record),
            Some(_) => {}
        }
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let mut applied = Applied::default();
    applied.counts.fetched = count(records.len());
    applied.counts.created = count(new.len());
    applied.counts.updated = count(changed.len());
    applied.counts.unchanged = count(records.len() - new.len() - changed.len());
    for record in &new {
        feed.note(R::TYPE, record.snapshot.id, ChangeKind::Created, Vec::new());
    }
    note_changes::<R>(tx, integration, &changed, feed).await?;
    write::<R>(tx, integration, &new, feed, false).await?;
    write::<R>(tx, integration, &changed, feed, true).await?;
    write_payloads(tx, integration, R::TYPE, &new, &changed).await?;
    let touched = new.iter().chain(&changed).filter_map(|record| record.snapshot.record.remote_id());
    applied.touched = touched.map(str::to_owned).collect();
    Ok(applied)
}

async fn fingerprints<R: RecordRow>(tx: &DatabaseTransaction, keys: &[Key]) -> Result<HashMap<Uuid, (Vec<u8>, bool)>> {
    let mut known = HashMap::with_capacity(keys.len());
    for some in keys.chunks(5000) {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT t.id, t.fingerprint, t.remote_deleted_at FROM ").keys(some);
        sql.push(" CROSS JOIN ").push(R::TABLE).push(" t WHERE t.integration_id = p.integration_id AND t.id = p.id");
        for row in tx.query_all_raw(sql.statement()).await? {
            let deleted: Option<i64> = row.try_get_by_index(2)?;
            known.insert(row.try_get_by_index(0)?, (row.try_get_by_index(1)?, deleted.is_some()));
        }
    }
    Ok(known)
}

/// Names the fields that changed, by comparison with the stored rows and payloads.
async fn note_changes<R: Convert>(
    tx: &DatabaseTransaction,
    integration: Uuid,
    changed: &[&Prepared<'_>],
    feed: &mut Feed,
) -> Result<()> {
    for some in changed.chunks(1000) {
        let keys: Vec<Key> = some.iter().map(|record| Key { integration, id: record.snapshot.id }).collect();
        let rows = rows::<R>(tx, &keys).await?;
        let mut payloads = payloads(tx, &keys).await?;
        for record in some {
            let snapshot = record.snapshot;
            let before = payloads.remove(&snapshot.id).unwrap_or_default();
            let mut fields = rows.get(&snapshot.id).map_or_else(Vec::new, |row| {
                let mut fields = changed_fields((&row.record(), &before), (&snapshot.record, &snapshot.payload));
                if row.remote_deleted_at().is_some() {
                    fields.push("remoteDeletedAt".to_owned());
                }
                fields
            });
            fields.sort_unstable();
            feed.note(R::TYPE, snapshot.id, ChangeKind::Updated, fields);
        }
    }
    Ok(())
}

pub(super) async fn rows<R: RecordRow>(tx: &DatabaseTransaction, keys: &[Key]) -> Result<HashMap<Uuid, R>> {
    let columns = Columns::<R>::all();
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT ");
    columns.select(&mut sql, "t");
    sql.push(" FROM ").keys(keys).push(" CROSS JOIN ").push(R::TABLE);
    sql.push(" t WHERE t.integration_id = p.integration_id AND t.id = p.id");
    let found = tx.query_all_raw(sql.statement()).await?;
    found.iter().map(|row| columns.read(row, 0).map(|row: R| (row.id(), row))).collect()
}

pub(super) async fn payloads(tx: &DatabaseTransaction, keys: &[Key]) -> Result<HashMap<Uuid, Payload>> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT t.record_id, t.body FROM ").keys(keys);
    sql.push(" CROSS JOIN payloads t WHERE t.integration_id = p.integration_id AND t.record_id = p.id");
    let mut found = HashMap::with_capacity(keys.len());
    for row in tx.query_all_raw(sql.statement()).await? {
        let body: Json<Payload> = row.try_get_by_index(1)?;
        found.insert(row.try_get_by_index(0)?, body.0);
    }
    Ok(found)
}

async fn write<R: Convert>(
    tx: &DatabaseTransaction,
    integration: Uuid,
    records: &[&Prepared<'_>],
    feed: &Feed,
    replace: bool,
) -> Result<()> {
    let rows = records.iter().filter_map(|record| {
        let about = About {
            integration_id: integration,
            id: record.snapshot.id,
            changed_at: millis(feed.now),
            fingerprint: record.printed.fingerprint.to_vec(),
        };
        R::row(&record.snapshot.record, about)
    });
    upsert(tx, rows.collect(), replace).await
}

/// Writes rows: in the place of those that are there, when they are to replace any.
pub(super) async fn upsert<R: RecordRow>(tx: &DatabaseTransaction, rows: Vec<R>, replace: bool) -> Result<()> {
    let columns: Vec<R::Column> = R::Column::iter().collect();
    for some in portions(&rows, rows_a_statement(columns.len())) {
        let mut insert = R::Entity::insert_many(some.iter().cloned().map(IntoActiveModel::into_active_model));
        if replace {
            let key: Vec<R::Column> =
                <R::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
            let rest =
                columns.iter().copied().filter(|column| !key.iter().any(|part| part.as_str() == column.as_str()));
            insert = insert.on_conflict(OnConflict::columns(key.clone()).update_columns(rest).to_owned());
        }
        insert.exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Join records have no payload and no row for it.
async fn write_payloads(
    tx: &DatabaseTransaction,
    integration: Uuid,
    of: RecordType,
    new: &[&Prepared<'_>],
    changed: &[&Prepared<'_>],
) -> Result<()> {
    let with = new.iter().chain(changed).filter(|record| !record.snapshot.payload.is_empty());
    let records: Vec<_> = with.copied().collect();
    let is_postgres = tx.get_database_backend() == DbBackend::Postgres;
    // Lists are single values to PostgreSQL: one text for any number of rows.
    let some_at_once: Vec<_> =
        if is_postgres { records.chunks(500).collect() } else { portions(&records, 512).collect() };
    for some in some_at_once {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("INSERT INTO payloads (integration_id, record_id, model, body) ");
        if is_postgres {
            let ids: Vec<Uuid> = some.iter().map(|record| record.snapshot.id).collect();
            let bodies: Vec<String> = some.iter().map(|record| record.printed.payload.clone()).collect();
            sql.push("SELECT ").bind(integration).push("::uuid, p.id, ").bind(of.as_str()).push(", p.body::json ");
            sql.push("FROM unnest(").bind(ids).push(", ").bind(bodies).push(") AS p (id, body)");
        } else {
            sql.push("VALUES ");
            for (index, record) in some.iter().enumerate() {
                sql.push(if index > 0 { ", (" } else { "(" }).bind(integration).push(", ").bind(record.snapshot.id);
                sql.push(", ").bind(of.as_str()).push(", ").bind(record.printed.payload.clone()).push(")");
            }
        }
        sql.push(" ON CONFLICT (integration_id, record_id) DO UPDATE SET model = excluded.model, body = excluded.body");
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}
