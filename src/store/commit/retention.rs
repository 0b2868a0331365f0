//! What has been kept long enough is erased, in small portions, so that no writer waits long: fields and payloads of
//! records that are deleted, inputs and answers of actions that are over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ConnectionTrait, IdenStatic, Iterable, QueryResult};
use uuid::Uuid;

use super::erasure::husk;
use super::feed::Feed;
use super::for_type;
use crate::domain::RecordType;
use crate::store::convert::millis;
use crate::store::entity::RecordRow;
use crate::store::lease::Lease;
use crate::store::sql::Sql;
use crate::store::{Error, Result, Store};

/// Rows that are erased at once.
const STEP: usize = 500;

/// Who a record is, and what it belongs to: that stays.
const KEPT: [&str; 10] = [
    "integration_id",
    "id",
    "remote_id",
    "changed_at",
    "remote_deleted_at",
    "job_id",
    "candidate_id",
    "stage_id",
    "tag_id",
    "user_id",
];

impl Store {
    /// Empties records that were deleted before this time. No change is told: that they are gone was. False when none
    /// is left.
    pub async fn purge_deleted(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        let mut is_left = false;
        for of in RecordType::ALL {
            is_left |= for_type!(*of, R => self.empty_some::<R>(before, now).await?);
        }
        Ok(is_left)
    }

    async fn empty_some<R: RecordRow>(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.integration_id, t.id FROM ").push(R::TABLE).push(" t WHERE ");
        aged(&mut sql, before);
        sql.push(" LIMIT ").bind(i64::try_from(STEP).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        for (integration, ids) in by_integration(&rows)? {
            let tx = self.0.database.begin().await?;
            let feed = match Feed::open(&tx, &Lease::beside(integration), now).await {
                // Erased as a whole meanwhile.
                Err(Error::LeaseLost) => continue,
                opened => opened?,
            };
            // What came back meanwhile stays.
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE ").push(R::TABLE).push(" AS t SET ");
            blank::<R>(&mut sql);
            sql.push(" WHERE t.integration_id = ").bind(integration).push(" AND ").one_of("t.id", &ids).push(" AND ");
            aged(&mut sql, before);
            sql.push(" RETURNING id");
            let emptied = tx.query_all_raw(sql.statement()).await?;
            let emptied: Vec<Uuid> = emptied.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("DELETE FROM payloads WHERE integration_id = ").bind(integration).push(" AND ");
            sql.one_of("record_id", &emptied);
            tx.execute_raw(sql.statement()).await?;
            feed.commit(tx, self, Vec::new()).await?;
        }
        Ok(rows.len() == STEP)
    }

    /// Leaves husks of actions that were over before this time. False when none is left.
    pub async fn purge_actions(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.integration_id, t.id FROM actions t WHERE t.finished_at < ").bind(millis(before));
        sql.push(" AND t.finished_at IS NOT NULL AND t.erased_at IS NULL LIMIT ");
        sql.bind(i64::try_from(STEP).unwrap_or(i64::MAX));
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        for (integration, ids) in by_integration(&rows)? {
            let tx = self.0.database.begin().await?;
            husk(&tx, integration, &ids, now).await?;
            tx.commit().await?;
        }
        Ok(rows.len() == STEP)
    }
}

/// Appends what is to be emptied of a table `t`, as its index has it: what is empty has no fingerprint.
fn aged(sql: &mut Sql, before: DateTime<Utc>) {
    sql.push("t.remote_deleted_at < ").bind(millis(before));
    sql.push(" AND t.remote_deleted_at IS NOT NULL AND length(t.fingerprint) > 0");
}

/// Appends the values of a row of which nothing is known.
fn blank<R: RecordRow>(sql: &mut Sql) {
    let row = R::default().into_active_model();
    let mut is_first = true;
    for column in R::Column::iter().filter(|column| !KEPT.contains(&column.as_str())) {
        let Some(value) = row.get(column).into_value() else { continue };
        sql.push(if is_first { "" } else { ", " }).push(column.as_str()).push(" = ").bind(value);
        is_first = false;
    }
}

fn by_integration(rows: &[QueryResult]) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let mut by_integration: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        by_integration.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
    }
    Ok(by_integration)
}
