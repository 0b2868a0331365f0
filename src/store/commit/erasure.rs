//! The right to erasure: a candidate with all that is about it. A tombstone stays, and husks of the actions.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set};
use serde_json::json;
use uuid::Uuid;

use super::apply::rows;
use super::children::forget_due;
use super::feed::Feed;
use super::portions;
use crate::domain::{ChangeKind, RecordType};
use crate::store::convert::millis;
use crate::store::entity::{Json, candidate, tombstone};
use crate::store::lease::Lease;
use crate::store::read::Key;
use crate::store::sql::Sql;
use crate::store::wake::{Job, announce};
use crate::store::{Error, Result, Store};

/// What came of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    Done,
    /// Nothing is known of such a candidate.
    Unknown,
    /// A write about the candidate is not over: what it still has to say would come after the erasure.
    UnderWay,
}

/// A record that goes with the candidate.
struct Belonging {
    id: Uuid,
    remote_id: Option<String>,
    is_living: bool,
}

impl Store {
    /// `children`: the streams of what belongs to single candidates.
    pub async fn erase_candidate(&self, key: Key, children: &[&'static str], now: DateTime<Utc>) -> Result<Erasure> {
        let tx = self.0.database.begin().await?;
        let mut feed = match Feed::open(&tx, &Lease::beside(key.integration), now).await {
            Err(Error::LeaseLost) => return Ok(Erasure::Unknown),
            opened => opened?,
        };
        let candidate = rows::<candidate::Model>(&tx, &[key]).await?.remove(&key.id);
        let applications = belonging(&tx, key, "applications").await?;
        let tags = belonging(&tx, key, "candidate_tags").await?;
        let actions = actions_about(&tx, key, candidate.as_ref(), &applications).await?;
        if candidate.is_none() && applications.is_empty() && actions.is_empty() {
            return Ok(Erasure::Unknown);
        }
        if actions.iter().any(|(_, is_open)| *is_open) {
            return Ok(Erasure::UnderWay);
        }
        let actions: Vec<Uuid> = actions.into_iter().map(|(id, _)| id).collect();
        husk(&tx, key.integration, &actions, now).await?;
        let own = candidate.map(|row| Belonging {
            id: row.id,
            remote_id: row.remote_id,
            is_living: row.remote_deleted_at.is_none(),
        });
        let own: Vec<Belonging> = own.into_iter().collect();
        let remote = |some: &[Belonging]| some.iter().filter_map(|one| one.remote_id.clone()).collect::<Vec<_>>();
        for stream in children {
            forget_due(&tx, key.integration, stream, &remote(&own)).await?;
        }
        let mut named = names(RecordType::Candidate, &remote(&own));
        named.extend(names(RecordType::Application, &remote(&applications)));
        forget_problems(&tx, key.integration, &named).await?;
        forget_requests(&tx, key.integration, &[remote(&own), remote(&applications)].concat()).await?;
        let parts = [
            (RecordType::CandidateTag, "candidate_tags", &tags),
            (RecordType::Application, "applications", &applications),
            (RecordType::Candidate, "candidates", &own),
        ];
        for (of, table, records) in parts {
            for record in records.iter().filter(|record| record.is_living) {
                feed.note(of, record.id, ChangeKind::Deleted, Vec::new());
            }
            let ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
            for (table, column) in [(table, "id"), ("payloads", "record_id"), ("created_records", "record_id")] {
                let mut sql = Sql::new(tx.get_database_backend());
                sql.push("DELETE FROM ").push(table).push(" WHERE integration_id = ").bind(key.integration);
                sql.push(" AND ").one_of(column, &ids);
                tx.execute_raw(sql.statement()).await?;
            }
        }
        bury(&tx, key, applications.iter().map(|application| application.id)).await?;
        drop_deliveries(&tx, key.integration, now).await?;
        feed.commit(tx, self, Vec::new()).await?;
        self.0.database.forget_log().await?;
        Ok(Erasure::Done)
    }
}

async fn belonging(tx: &DatabaseTransaction, candidate: Key, table: &str) -> Result<Vec<Belonging>> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT t.id, t.remote_id, t.remote_deleted_at FROM ").push(table).push(" t WHERE t.integration_id = ");
    sql.bind(candidate.integration).push(" AND t.candidate_id = ").bind(candidate.id);
    let mut found = Vec::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        let deleted: Option<i64> = row.try_get_by_index(2)?;
        let (id, remote_id) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        found.push(Belonging { id, remote_id, is_living: deleted.is_none() });
    }
    Ok(found)
}

/// The actions that hold something about a candidate, and whether each is not over yet. Those that began before there
/// was a candidate are known by its addresses.
async fn actions_about(
    tx: &DatabaseTransaction,
    key: Key,
    candidate: Option<&candidate::Model>,
    applications: &[Belonging],
) -> Result<Vec<(Uuid, bool)>> {
    let ids: Vec<Uuid> = applications.iter().map(|application| application.id).collect();
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT a.id, a.finished_at FROM actions a WHERE a.integration_id = ").bind(key.integration);
    sql.push(" AND a.erased_at IS NULL AND (a.candidate_id = ").bind(key.id).push(" OR ");
    sql.one_of("a.application_id", &ids);
    for email in candidate.map(|row| row.email_addresses.0.as_slice()).unwrap_or_default() {
        sql.push(" OR (a.candidate_id IS NULL AND ");
        let quoted = format!("\"{}\"", email.address.trim().to_lowercase());
        sql.contains("LOWER(CAST(a.input AS text))", &quoted).push(")");
    }
    sql.push(")");
    let mut found = Vec::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        let finished: Option<i64> = row.try_get_by_index(1)?;
        found.push((row.try_get_by_index(0)?, finished.is_none()));
    }
    Ok(found)
}

/// Erases what was written and answered of actions that are over. Their ids, kinds, states and keys stay.
pub async fn husk(tx: &DatabaseTransaction, integration: Uuid, actions: &[Uuid], now: DateTime<Utc>) -> Result<()> {
    if actions.is_empty() {
        return Ok(());
    }
    let nothing: Json<Vec<String>> = Json(Vec::new());
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE actions SET subject = 'erased', input = ").bind(Json(json!({})));
    sql.push(", warnings = ").bind(nothing.clone()).push(", errors = ").bind(nothing);
    sql.push(", erased_at = ").bind(millis(now)).push(" WHERE integration_id = ").bind(integration);
    sql.push(" AND finished_at IS NOT NULL AND ").one_of("id", actions);
    tx.execute_raw(sql.statement()).await?;
    for head in ["UPDATE action_steps SET memo = NULL, error = NULL", "DELETE FROM action_files"] {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push(head).push(" WHERE integration_id = ").bind(integration).push(" AND ");
        sql.one_of("action_id", actions);
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}

/// As problems of runs name records.
fn names(of: RecordType, remote_ids: &[String]) -> Vec<String> {
    remote_ids.iter().map(|id| format!("{of} {id}:")).collect()
}

/// What runs said of records that they could not read.
async fn forget_problems(tx: &DatabaseTransaction, integration: Uuid, named: &[String]) -> Result<()> {
    for name in named {
        for table in ["sync_run_models", "model_status"] {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE ").push(table).push(" SET error = NULL WHERE integration_id = ").bind(integration);
            sql.push(" AND ").contains("error", name);
            tx.execute_raw(sql.statement()).await?;
        }
    }
    Ok(())
}

/// What the request log has of records: their ids in addresses and bodies, which are all that it keeps.
async fn forget_requests(tx: &DatabaseTransaction, integration: Uuid, remote_ids: &[String]) -> Result<()> {
    for id in remote_ids {
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("DELETE FROM vendor_requests WHERE integration_id = ").bind(integration).push(" AND (");
        sql.contains("url", &format!("/{id}/"));
        for (what, text) in [
            ("(url || '?')", format!("/{id}?")),
            ("(url || '&')", format!("={id}&")),
            ("request_body", format!("\"{id}\"")),
            ("response_body", format!("\"{id}\"")),
            ("request_body", format!(":{id},")),
            ("response_body", format!(":{id},")),
            ("request_body", format!(":{id}}}")),
            ("response_body", format!(":{id}}}")),
        ] {
            sql.push(" OR ").contains(what, &text);
        }
        sql.push(")");
        tx.execute_raw(sql.statement()).await?;
    }
    Ok(())
}

async fn bury(tx: &DatabaseTransaction, key: Key, applications: impl Iterator<Item = Uuid>) -> Result<()> {
    let ids: Vec<Uuid> = applications.chain([key.id]).collect();
    for some in portions(&ids, 1000) {
        let rows =
            some.iter().map(|id| tombstone::ActiveModel { integration_id: Set(key.integration), record_id: Set(*id) });
        let insert = tombstone::Entity::insert_many(rows).on_conflict_do_nothing();
        insert.exec_without_returning(tx).await?;
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE integrations SET erased = ").bind(true).push(" WHERE id = ").bind(key.integration);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

/// What the vendor sent and nobody took up yet may be about the candidate: a run that reads everything does instead.
async fn drop_deliveries(tx: &DatabaseTransaction, integration: Uuid, now: DateTime<Utc>) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE vendor_deliveries SET body = NULL, done_at = ").bind(millis(now));
    sql.push(" WHERE integration_id = ").bind(integration).push(" AND done_at IS NULL");
    if tx.execute_raw(sql.statement()).await?.rows_affected() == 0 {
        return Ok(());
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push(
        "UPDATE integrations SET last_full_at = NULL, next_sync_at = CASE WHEN next_sync_at IS NULL THEN NULL ELSE ",
    );
    sql.bind(millis(now)).push(" END WHERE id = ").bind(integration);
    tx.execute_raw(sql.statement()).await?;
    announce(tx, Job::Sync(integration), None).await
}
