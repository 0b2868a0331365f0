//! The change feed as it is read: from a number on, in its order, and how its old end is removed.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use super::convert::millis;
use super::entity::change;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::RecordType;

/// The number of the latest entry.
const HEAD: &str = "changes";
/// The highest number that was removed for its age.
const PURGED: &str = "changes_purged";

/// Entries that are removed at once.
const BATCH: usize = 1000;

/// Integrations that are read by the index of each; more are sifted out of the feed of all.
const PARTS: usize = 50;

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangesOf {
    /// None: all that may be seen.
    pub integrations: Option<Vec<Uuid>>,
    /// None: all.
    pub types: Option<Vec<RecordType>>,
}

#[derive(Debug, Clone)]
pub enum Changes {
    Page(ChangePage),
    /// Entries after the number that was given are gone, or there never was such a number.
    Expired,
}

#[derive(Debug, Clone)]
pub struct ChangePage {
    pub entries: Vec<change::Model>,
    /// Whether there are more entries that are wanted.
    pub has_next: bool,
    /// Every wanted entry up to this number is on this page or on one before it, unless there is a next one.
    pub head: i64,
}

impl ChangePage {
    /// From where to go on.
    pub fn end(&self) -> i64 {
        match self.entries.last() {
            Some(last) if self.has_next => last.seq,
            _ => self.head,
        }
    }
}

/// Of which integrations entries are read.
pub(super) enum Among<'a> {
    All,
    These(&'a [Uuid]),
}

impl Store {
    /// Entries after a number, or from the oldest on. One statement, so that nothing is removed or added between its
    /// parts; from where records are read, so that they are no older than their entries.
    pub(super) async fn changes(
        &self,
        among: Among<'_>,
        types: Option<&[RecordType]>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Changes> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let statement = statement(self.0.database.backend(), &among, types, after, limit);
        let rows = self.0.database.rows(statement).await?;
        let Some(first) = rows.first() else { return Ok(Changes::Expired) };
        let (head, purged): (i64, i64) = (first.try_get_by_index(0)?, first.try_get_by_index(1)?);
        if let Some(after) = after {
            // A replica can be behind; a database that was restored from a copy is, too, and counts anew.
            if after < purged || (after > head && after > self.latest_change().await?) {
                return Ok(Changes::Expired);
            }
        }
        let mut entries = rows.iter().filter_map(|row| entry(row).transpose()).collect::<Result<Vec<_>>>()?;
        let has_next = entries.len() > limit;
        entries.truncate(limit);
        Ok(Changes::Page(ChangePage { entries, has_next, head: after.map_or(head, |after| head.max(after)) }))
    }

    async fn latest_change(&self) -> Result<i64> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT value FROM counters WHERE name = ").bind(HEAD);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
    }

    /// Removes entries that are older, oldest first, as many as go into one small transaction. False when none is left.
    pub async fn purge_changes(&self, before: DateTime<Utc>) -> Result<bool> {
        let before = millis(before);
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT seq, at FROM changes ORDER BY seq LIMIT ");
        sql.bind(i64::try_from(BATCH).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        let oldest = rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
        let oldest: Vec<(i64, i64)> = oldest.collect::<Result<_>>()?;
        let old = oldest.iter().take_while(|(_, at)| *at < before).count();
        let Some((last, _)) = old.checked_sub(1).and_then(|at| oldest.get(at)) else { return Ok(false) };
        let tx = self.0.database.begin().await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE counters SET value = CASE WHEN value < ").bind(*last).push(" THEN ").bind(*last);
        sql.push(" ELSE value END WHERE name = ").bind(PURGED);
        tx.execute_raw(sql.statement()).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("DELETE FROM changes WHERE seq ");
        if sql.backend() == DbBackend::Postgres {
            // Whoever erases an integration removes the others.
            sql.push("IN (SELECT seq FROM changes WHERE seq <= ").bind(*last).push(" FOR UPDATE SKIP LOCKED)");
        } else {
            sql.push("<= ").bind(*last);
        }
        tx.execute_raw(sql.statement()).await?;
        tx.commit().await?;
        Ok(old == BATCH)
    }
}

/// One row for each entry, or one without an entry; each begins with the two counters.
fn statement(
    backend: DbBackend,
    among: &Among<'_>,
    types: Option<&[RecordType]>,
    after: Option<i64>,
    limit: usize,
) -> Statement {
    let wanted = Wanted { types, after, limit: i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1 };
    let mut sql = Sql::new(backend);
    sql.push("SELECT h.value, p.value, e.integration_id, e.seq, e.at, e.model, e.kind, e.record_id, e.changed_fields ");
    sql.push("FROM counters h CROSS JOIN counters p LEFT JOIN (");
    match among {
        Among::These(some) if (1..=PARTS).contains(&some.len()) => {
            sql.push("SELECT * FROM (");
            for (index, integration) in some.iter().enumerate() {
                sql.push(if index > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
                wanted.write(&mut sql, |sql| sql.push("t.integration_id = ").bind(*integration));
                sql.push(&format!(") a{index}"));
            }
            sql.push(") u ORDER BY u.seq LIMIT ").bind(wanted.limit);
        }
        Among::These(some) => wanted.write(&mut sql, |sql| sql.one_of("t.integration_id", some)),
        Among::All => wanted.write(&mut sql, |sql| sql.push("1 = 1")),
    }
    sql.push(") e ON 1 = 1 WHERE h.name = ").bind(HEAD).push(" AND p.name = ").bind(PURGED).push(" ORDER BY e.seq");
    sql.statement()
}

struct Wanted<'a> {
    types: Option<&'a [RecordType]>,
    after: Option<i64>,
    limit: i64,
}

impl Wanted<'_> {
    fn write(&self, sql: &mut Sql, condition: impl FnOnce(&mut Sql) -> &mut Sql) {
        sql.push("SELECT t.integration_id, t.seq, t.at, t.model, t.kind, t.record_id, t.changed_fields ");
        sql.push("FROM changes t WHERE ");
        condition(sql);
        if let Some(after) = self.after {
            sql.push(" AND t.seq > ").bind(after);
        }
        if let Some(types) = self.types {
            let types: Vec<String> = types.iter().map(|of| of.as_str().to_owned()).collect();
            sql.push(" AND ").one_of("t.model", &types);
        }
        sql.push(" ORDER BY t.seq LIMIT ").bind(self.limit);
    }
}

fn entry(row: &QueryResult) -> Result<Option<change::Model>> {
    let Some(seq) = row.try_get_by_index::<Option<i64>>(3)? else { return Ok(None) };
    Ok(Some(change::Model {
        integration_id: row.try_get_by_index(2)?,
        seq,
        at: row.try_get_by_index(4)?,
        model: row.try_get_by_index(5)?,
        kind: row.try_get_by_index(6)?,
        record_id: row.try_get_by_index(7)?,
        changed_fields: row.try_get_by_index(8)?,
    }))
}
