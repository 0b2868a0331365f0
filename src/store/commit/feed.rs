//! The change entries of one transaction, numbered in the order of the commits, over all integrations. The counter's
//! row is taken last and held until the commit, so that numbers become visible in their order; the integration's row
//! is always taken before it, so that nobody waits in a circle (decision 0014).

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Set};
use uuid::Uuid;

use super::bounds::{self, Bounds};
use super::{for_update, portions};
use crate::domain::{ChangeKind, RecordType};
use crate::store::convert::millis;
use crate::store::entity::{Json, change};
use crate::store::lease::Lease;
use crate::store::signals::{Channel, Said, notify};
use crate::store::sql::Sql;
use crate::store::{Error, Result, Store};

/// Entries of one statement on PostgreSQL.
const AT_ONCE: usize = 10_000;

pub struct Feed {
    integration: Uuid,
    pub now: DateTime<Utc>,
    /// What the integration takes in, as of this transaction.
    pub bounds: Bounds,
    entries: Vec<Entry>,
}

struct Entry {
    of: RecordType,
    record: Uuid,
    kind: ChangeKind,
    changed_fields: Vec<String>,
}

impl Feed {
    /// Fails when the lease is no longer the latest.
    pub async fn open(tx: &DatabaseTransaction, lease: &Lease, now: DateTime<Utc>) -> Result<Self> {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT ").push(bounds::COLUMNS).push(" FROM integrations WHERE id = ").bind(lease.integration);
        if let Some(fence) = lease.fence {
            sql.push(" AND lease_fence = ").bind(fence);
        }
        for_update(&mut sql);
        let row = tx.query_one_raw(sql.statement()).await?.ok_or(Error::LeaseLost)?;
        Ok(Self { integration: lease.integration, now, bounds: Bounds::read(&row)?, entries: Vec::new() })
    }

    pub fn note(&mut self, of: RecordType, record: Uuid, kind: ChangeKind, changed_fields: Vec<String>) {
        self.entries.push(Entry { of, record, kind, changed_fields });
    }

    /// Writes the entries, if there are any, commits and says so: nothing may come between the two, because everybody
    /// else who has changed something waits from the first entry to the commit.
    pub async fn commit(self, tx: DatabaseTransaction, store: &Store, said: Vec<Said>) -> Result<()> {
        let mut said = said;
        match tx.get_database_backend() {
            DbBackend::Postgres => {
                notify(&tx, &said).await?;
                self.write_at_once(&tx).await?;
            }
            _ => said.extend(self.write(&tx).await?.map(|last| (Channel::Changes, last.to_string()))),
        }
        tx.commit().await?;
        store.said(&said);
        Ok(())
    }

    /// Counter, entries and notification in one statement, so that others wait for one round trip and the commit.
    async fn write_at_once(&self, tx: &DatabaseTransaction) -> Result<()> {
        for some in self.entries.chunks(AT_ONCE) {
            let texts = |text: fn(&Entry) -> String| some.iter().map(text).collect::<Vec<String>>();
            let records: Vec<Uuid> = some.iter().map(|entry| entry.record).collect();
            let count = i64::try_from(some.len()).unwrap_or(i64::MAX);
            let mut sql = Sql::new(DbBackend::Postgres);
            sql.push("WITH taken AS (UPDATE counters SET value = value + ").bind(count);
            sql.push(" WHERE name = 'changes' RETURNING value), written AS (");
            sql.push("INSERT INTO changes (integration_id, seq, at, model, kind, record_id, changed_fields) SELECT ");
            sql.bind(self.integration).push("::uuid, taken.value - ").bind(count).push(" + e.place, ");
            sql.bind(millis(self.now)).push("::bigint, e.model, e.kind, e.record, e.fields::json FROM taken, unnest(");
            sql.bind(texts(|entry| entry.of.as_str().to_owned())).push(", ");
            sql.bind(texts(|entry| entry.kind.as_str().to_owned())).push(", ").bind(records).push(", ");
            sql.bind(texts(|entry| serde_json::Value::from(entry.changed_fields.clone()).to_string()));
            sql.push(") WITH ORDINALITY AS e (model, kind, record, fields, place)) SELECT pg_notify(");
            sql.bind(Channel::Changes.name()).push(", value::text) FROM taken");
            tx.query_one_raw(sql.statement()).await?;
        }
        Ok(())
    }

    /// The transaction has the file for itself. Answers the number of the last entry.
    async fn write(self, tx: &DatabaseTransaction) -> Result<Option<i64>> {
        if self.entries.is_empty() {
            return Ok(None);
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE counters SET value = value + ").bind(i64::try_from(self.entries.len()).unwrap_or(i64::MAX));
        sql.push(" WHERE name = 'changes' RETURNING value");
        let row = tx.query_one_raw(sql.statement()).await?.ok_or(Error::Corrupt("the counter of the changes"))?;
        let last: i64 = row.try_get_by_index(0)?;
        let (integration, at) = (self.integration, millis(self.now));
        let first = last - i64::try_from(self.entries.len()).unwrap_or(i64::MAX) + 1;
        let rows = (first..).zip(self.entries).map(|(seq, entry)| change::ActiveModel {
            integration_id: Set(integration),
            seq: Set(seq),
            at: Set(at),
            model: Set(entry.of.as_str().to_owned()),
            kind: Set(entry.kind.as_str().to_owned()),
            record_id: Set(entry.record),
            changed_fields: Set(Json(entry.changed_fields)),
        });
        let rows: Vec<_> = rows.collect();
        for some in portions(&rows, 1000) {
            change::Entity::insert_many(some.iter().cloned()).exec_without_returning(tx).await?;
        }
        Ok(Some(last))
    }
}
