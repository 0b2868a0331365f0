//! New rules of what is stored of an integration: what lies under them is erased in the transaction that sets them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::apply::upsert;
use super::feed::Feed;
use super::for_type;
use crate::domain::diff::{changed_fields, fingerprint};
use crate::domain::{ChangeKind, DataRules, Payload, RecordType};
use crate::store::convert::{About, Stored as Convert, millis};
use crate::store::entity::{Json, RecordRow};
use crate::store::lease::Lease;
use crate::store::read::Columns;
use crate::store::sql::Sql;
use crate::store::{Result, Store, vanished};

/// Rows that are in memory at once.
const STEP: i64 = 1000;

/// A stream of what belongs to single records of `parent`.
#[derive(Debug, Clone)]
pub struct ChildStream {
    pub name: &'static str,
    pub parent: RecordType,
    pub models: Vec<RecordType>,
}

impl Store {
    /// What may be stored again is read by the next run that reads everything, and `children` for all their parents.
    pub async fn set_rules(
        &self,
        integration: Uuid,
        rules: &DataRules,
        children: &[ChildStream],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let tx = self.0.database.begin().await?;
        let mut feed = Feed::open(&tx, &Lease::beside(integration), now).await?;
        let before = std::mem::take(&mut feed.bounds.rules);
        let kept = (!rules.is_empty()).then(|| Json(rules.clone()));
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE integrations SET data_rules = ").bind(kept).push(" WHERE id = ").bind(integration);
        tx.execute_raw(sql.statement()).await?;
        for of in RecordType::ALL.iter().filter(|of| rules.is_lifted(&before, **of)) {
            let change = Change { tx: &tx, integration, rules };
            match rules.stores(*of) {
                false => for_type!(*of, R => change.erase::<R>(&mut feed).await?),
                true => for_type!(*of, R => change.strip::<R>(&mut feed).await?),
            }
        }
        for stream in children {
            if stream.models.iter().any(|of| before.is_lifted(rules, *of)) {
                for_type!(stream.parent, R => make_due::<R>(&tx, integration, stream.name).await?);
            } else if !rules.stores(stream.parent) {
                let mut sql = Sql::new(tx.get_database_backend());
                sql.push("DELETE FROM due_children WHERE integration_id = ").bind(integration);
                sql.push(" AND stream = ").bind(stream.name);
                tx.execute_raw(sql.statement()).await?;
            }
        }
        feed.commit(tx, self, Vec::new()).await?;
        self.0.database.forget_log().await
    }
}

struct Change<'a> {
    tx: &'a DatabaseTransaction,
    integration: Uuid,
    rules: &'a DataRules,
}

impl Change<'_> {
    /// Erases all records of a type, with a change entry for each that was there.
    async fn erase<R: RecordRow>(&self, feed: &mut Feed) -> Result<()> {
        self.erase_payloads(R::TYPE).await?;
        vanished::forget(self.tx, self.integration, R::TYPE).await?;
        let mut sql = Sql::new(self.tx.get_database_backend());
        sql.push("DELETE FROM ").push(R::TABLE).push(" WHERE integration_id = ").bind(self.integration);
        sql.push(" RETURNING id, remote_deleted_at");
        for row in self.tx.query_all_raw(sql.statement()).await? {
            let deleted: Option<i64> = row.try_get_by_index(1)?;
            if deleted.is_none() {
                feed.note(R::TYPE, row.try_get_by_index(0)?, ChangeKind::Deleted, Vec::new());
            }
        }
        Ok(())
    }

    async fn erase_payloads(&self, of: RecordType) -> Result<HashSet<Uuid>> {
        let mut sql = Sql::new(self.tx.get_database_backend());
        sql.push("DELETE FROM payloads WHERE integration_id = ").bind(self.integration);
        sql.push(" AND model = ").bind(of.as_str()).push(" RETURNING record_id");
        let rows = self.tx.query_all_raw(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }

    /// Makes all records of a type what the next read would make of them.
    async fn strip<R: Convert>(&self, feed: &mut Feed) -> Result<()> {
        let erased = self.erase_payloads(R::TYPE).await?;
        let columns = Columns::<R>::all();
        let mut last: Option<Uuid> = None;
        loop {
            let mut sql = Sql::new(self.tx.get_database_backend());
            sql.push("SELECT ");
            columns.select(&mut sql, "t");
            sql.push(" FROM ").push(R::TABLE).push(" t WHERE t.integration_id = ").bind(self.integration);
            if let Some(last) = last {
                sql.push(" AND t.id > ").bind(last);
            }
            sql.push(" ORDER BY t.id LIMIT ").bind(STEP);
            let found = self.tx.query_all_raw(sql.statement()).await?;
            let mut stripped = Vec::new();
            for row in &found {
                let row: R = columns.read(row, 0)?;
                last = Some(row.id());
                stripped.extend(self.stripped(&row, erased.contains(&row.id()), feed));
            }
            upsert(self.tx, stripped, true).await?;
            if i64::try_from(found.len()).unwrap_or(STEP) < STEP {
                return Ok(());
            }
        }
    }

    /// None when there is nothing to take from it.
    fn stripped<R: Convert>(&self, row: &R, had_payload: bool, feed: &mut Feed) -> Option<R> {
        let (whole, nothing) = (row.record(), Payload::new());
        let mut record = whole.clone();
        self.rules.strip(&mut record);
        let mut fields = changed_fields((&whole, &nothing), (&record, &nothing));
        fields.extend(had_payload.then(|| "remoteData".to_owned()));
        if fields.is_empty() {
            return None;
        }
        fields.sort_unstable();
        if row.remote_deleted_at().is_none() {
            feed.note(R::TYPE, row.id(), ChangeKind::Updated, fields);
        }
        let about = About {
            integration_id: self.integration,
            id: row.id(),
            changed_at: millis(feed.now),
            fingerprint: fingerprint(&record, &nothing, &[]).to_vec(),
        };
        let mut stripped = R::row(&record, about)?;
        stripped.mark_deleted(row.remote_deleted_at());
        Some(stripped)
    }
}

/// Notes all living records of a type as parents whose children must be read.
async fn make_due<R: RecordRow>(tx: &DatabaseTransaction, integration: Uuid, stream: &str) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("INSERT INTO due_children (integration_id, stream, parent) SELECT t.integration_id, CAST(");
    sql.bind(stream).push(" AS text), t.remote_id FROM ").push(R::TABLE).push(" t WHERE t.integration_id = ");
    sql.bind(integration).push(" AND t.remote_id IS NOT NULL AND t.remote_deleted_at IS NULL ON CONFLICT DO NOTHING");
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}
