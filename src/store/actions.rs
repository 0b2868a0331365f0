//! The journal of writes. A row stands before the first byte is sent; each step says that it is about to be sent,
//! and then what was answered. Whoever carries an action out holds its lease.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{BoxStream, StreamExt};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::commit::tombstones_among;
use super::convert::millis;
use super::entity::{Json, action, action_file, action_step};
use super::signals::Channel;
use super::sql::Sql;
use super::wake::{Job, announce};
use super::webhooks::{Happening, happened};
use super::{Error, Result, Store};
use crate::domain::{ActionKind, ActionState, NodeId, NodeType, RecordType, Refusal, WebhookEvent};

/// So long a key is known.
const KEYS_LIVE: i64 = 30 * 24 * 3_600_000;

/// A warning as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    pub message: String,
    #[serde(default)]
    pub field: Vec<String>,
}

pub struct NewAction<'a> {
    pub integration: Uuid,
    pub id: Uuid,
    pub kind: ActionKind,
    pub key: Option<&'a str>,
    /// Of the input as the caller gave it.
    pub input_hash: &'a [u8],
    pub input: Value,
    pub subject: String,
    pub candidate: Option<Uuid>,
    pub application: Option<Uuid>,
    /// Each piece by piece.
    pub files: Vec<BoxStream<'static, std::io::Result<Bytes>>>,
    pub now: DateTime<Utc>,
}

/// What became of an attempt to write an action down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journaled {
    New,
    /// The same key with the same input.
    Known(Uuid),
    /// The same key with another input.
    KeyReused,
    /// What it is about was erased meanwhile.
    Gone,
}

/// Permission to carry an action out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionLease {
    pub integration: Uuid,
    pub action: Uuid,
    fence: i64,
}

pub struct EndAction {
    pub state: ActionState,
    pub errors: Vec<Refusal>,
    pub candidate: Option<Uuid>,
    pub application: Option<Uuid>,
    pub now: DateTime<Utc>,
}

impl Store {
    /// The action that was begun with this key, while the key is known.
    pub async fn action_by_key(
        &self,
        integration: Uuid,
        key: &str,
        input_hash: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<Journaled>> {
        let found = action::Entity::find()
            .filter(action::Column::IntegrationId.eq(integration))
            .filter(action::Column::IdempotencyKey.eq(key))
            .filter(action::Column::CreatedAt.gt(millis(now) - KEYS_LIVE))
            .one(self.connection())
            .await?;
        Ok(found.map(|row| match row.input_hash == input_hash {
            true => Journaled::Known(row.id),
            false => Journaled::KeyReused,
        }))
    }

    /// Writes an action down, unless its key stands for one already.
    pub async fn journal(&self, new: NewAction<'_>) -> Result<Journaled> {
        let tx = self.0.database.begin().await?;
        if let Some(key) = new.key {
            // A key that has lived its time is free again.
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push("UPDATE actions SET idempotency_key = NULL WHERE integration_id = ").bind(new.integration);
            sql.push(" AND idempotency_key = ").bind(key).push(" AND created_at <= ").bind(millis(new.now) - KEYS_LIVE);
            tx.execute_raw(sql.statement()).await?;
        }
        let row = action::ActiveModel {
            integration_id: Set(new.integration),
            id: Set(new.id),
            kind: Set(new.kind.as_str().to_owned()),
            state: Set(ActionState::Queued.as_str().to_owned()),
            idempotency_key: Set(new.key.map(str::to_owned)),
            input_hash: Set(new.input_hash.to_vec()),
            input: Set(Json(new.input)),
            subject: Set(new.subject),
            created_at: Set(millis(new.now)),
            finished_at: Set(None),
            due_at: Set(millis(new.now)),
            warnings: Set(Json(Vec::new())),
            errors: Set(Json(Vec::new())),
            candidate_id: Set(new.candidate),
            application_id: Set(new.application),
            lease_owner: Set(None),
            lease_until: Set(None),
            lease_fence: Set(0),
            erased_at: Set(None),
        };
        // Of two at once the unique index lets one through; the other waits for it and finds it.
        let insert = action::Entity::insert(row)
            .on_conflict_do_nothing_on([action::Column::IntegrationId, action::Column::IdempotencyKey]);
        let inserted = insert.exec_without_returning(&tx).await?;
        if !matches!(inserted, sea_orm::TryInsertResult::Inserted(count) if count > 0) {
            tx.rollback().await?;
            let known = self.action_by_key(new.integration, new.key.unwrap_or(""), new.input_hash, new.now).await?;
            return known.ok_or(Error::Corrupt("an action that is there and is not"));
        }
        for (attachment, pieces) in new.files.into_iter().enumerate() {
            keep_file(&tx, (new.integration, new.id), attachment, pieces).await?;
        }
        // As the last thing: whoever erases holds the same row, and finds the action or is found by it.
        if is_erased(&tx, new.integration, [new.candidate, new.application]).await? {
            tx.rollback().await?;
            return Ok(Journaled::Gone);
        }
        announce(&tx, Job::Act(new.id), None).await?;
        tx.commit().await?;
        Ok(Journaled::New)
    }

    /// Unfinished actions whose time has come and that nobody carries out, the oldest first. At most `most` of an
    /// integration are carried out at once, and those of one subject one after the other.
    pub async fn due_actions(&self, now: DateTime<Utc>, most: u64) -> Result<Vec<(Uuid, Uuid)>> {
        let now = millis(now);
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT a.integration_id, a.id FROM actions a JOIN integrations i ON i.id = a.integration_id ");
        sql.push("WHERE a.finished_at IS NULL AND a.due_at <= ").bind(now);
        sql.push(" AND i.paused = ").bind(false);
        sql.push(" AND (a.lease_until IS NULL OR a.lease_until < ").bind(now).push(")");
        blocked(&mut sql, now, most);
        sql.push(" ORDER BY a.created_at, a.id LIMIT 100");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// When the next unfinished action is due.
    pub async fn next_action_due(&self) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT MIN(due_at) FROM actions WHERE finished_at IS NULL");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.flatten())
    }

    /// Takes an action's lease, unless somebody holds it, an older one of the same subject is unfinished, or the
    /// integration has `most` under way.
    pub async fn lease_action(
        &self,
        (integration, id): (Uuid, Uuid),
        owner: Uuid,
        most: u64,
        now: DateTime<Utc>,
    ) -> Result<Option<ActionLease>> {
        let tx = self.0.database.begin().await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            // Two workers that count at once would both find room.
            let mut sql = Sql::new(DbBackend::Postgres);
            sql.push("SELECT id FROM integrations WHERE id = ").bind(integration).push(" FOR UPDATE");
            tx.query_one_raw(sql.statement()).await?;
        }
        let time = millis(now);
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE actions AS a SET lease_fence = lease_fence + 1, lease_owner = ").bind(owner);
        sql.push(", lease_until = ")
            .bind(millis(now + self.0.lease))
            .push(", state = ")
            .bind(ActionState::Running.as_str());
        sql.push(" WHERE a.integration_id = ").bind(integration).push(" AND a.id = ").bind(id);
        sql.push(" AND a.finished_at IS NULL AND a.due_at <= ").bind(time);
        sql.push(" AND (a.lease_until IS NULL OR a.lease_until < ").bind(time).push(")");
        blocked(&mut sql, time, most);
        sql.push(" RETURNING lease_fence");
        let row = tx.query_one_raw(sql.statement()).await?;
        self.commit_saying(tx, &[(Channel::Actions, id.to_string())]).await?;
        let fence = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        Ok(fence.map(|fence| ActionLease { integration, action: id, fence }))
    }

    pub async fn action(&self, integration: Uuid, id: Uuid) -> Result<Option<action::Model>> {
        Ok(action::Entity::find_by_id((integration, id)).one(self.reader()).await?)
    }

    pub async fn action_steps(&self, integration: Uuid, id: Uuid) -> Result<Vec<action_step::Model>> {
        Ok(action_step::Entity::find()
            .filter(action_step::Column::IntegrationId.eq(integration))
            .filter(action_step::Column::ActionId.eq(id))
            .order_by_asc(action_step::Column::Position)
            .all(self.reader())
            .await?)
    }

    /// Writes a step as it is now: before it is sent, and when it was answered.
    pub async fn note_step(&self, lease: &ActionLease, step: action_step::Model, warnings: &[Warned]) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        let replace = sea_orm::sea_query::OnConflict::columns([
            action_step::Column::IntegrationId,
            action_step::Column::ActionId,
            action_step::Column::Position,
        ])
        .update_columns([
            action_step::Column::State,
            action_step::Column::Attempts,
            action_step::Column::Memo,
            action_step::Column::Error,
            action_step::Column::SentAt,
        ])
        .to_owned();
        let row = action_step::ActiveModel {
            integration_id: Set(lease.integration),
            action_id: Set(lease.action),
            position: Set(step.position),
            name: Set(step.name),
            attachment: Set(step.attachment),
            state: Set(step.state),
            attempts: Set(step.attempts),
            memo: Set(step.memo),
            error: Set(step.error),
            sent_at: Set(step.sent_at),
        };
        action_step::Entity::insert(row).on_conflict(replace).exec_without_returning(&tx).await?;
        if !warnings.is_empty() {
            warn(&tx, lease, warnings).await?;
        }
        self.commit_saying(tx, &[(Channel::Actions, lease.action.to_string())]).await?;
        Ok(())
    }

    /// Takes the steps of an attachment back, so that it is sent anew.
    pub async fn forget_steps(&self, lease: &ActionLease, attachment: i32, keep: &str) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        action_step::Entity::delete_many()
            .filter(action_step::Column::IntegrationId.eq(lease.integration))
            .filter(action_step::Column::ActionId.eq(lease.action))
            .filter(action_step::Column::Attachment.eq(attachment))
            .filter(action_step::Column::Name.ne(keep))
            .exec(&tx)
            .await?;
        self.commit_saying(tx, &[(Channel::Actions, lease.action.to_string())]).await?;
        Ok(())
    }

    pub async fn renew_action(&self, lease: &ActionLease, now: DateTime<Utc>) -> Result<()> {
        self.set_action_lease(lease, Some(millis(now + self.0.lease)), None).await
    }

    /// Lets later actions of the same subject go ahead: what is left of this one does not concern them.
    pub async fn release_subject(&self, lease: &ActionLease) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE actions SET subject = ").bind(format!("retry:{}", lease.action));
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND id = ").bind(lease.action);
        sql.push(" AND lease_fence = ").bind(lease.fence);
        self.0.database.execute(sql.statement()).await.map(drop)
    }

    /// Hands an action back until its time has come. A renewal that is still on its way comes too late by the new number.
    pub async fn put_action_off(&self, lease: &ActionLease, until: DateTime<Utc>) -> Result<()> {
        self.set_action_lease(lease, None, Some(millis(until))).await?;
        announce(self.0.database.write(), Job::Act(lease.action), Some(until)).await
    }

    async fn set_action_lease(&self, lease: &ActionLease, until: Option<i64>, due: Option<i64>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE actions SET lease_until = ").bind(until);
        if let Some(due) = due {
            sql.push(", lease_fence = lease_fence + 1, due_at = ").bind(due);
        }
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND id = ").bind(lease.action);
        sql.push(" AND lease_fence = ").bind(lease.fence);
        match self.0.database.execute(sql.statement()).await?.rows_affected() {
            0 => Err(Error::LeaseLost),
            _ => Ok(()),
        }
    }

    /// Ends an action. Its attachments are erased.
    pub async fn end_action(&self, lease: &ActionLease, end: EndAction) -> Result<()> {
        let tx = self.0.database.begin().await?;
        held(&tx, lease).await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("UPDATE actions SET state = ").bind(end.state.as_str()).push(", errors = ").bind(Json(end.errors));
        sql.push(", finished_at = ").bind(millis(end.now)).push(", lease_until = NULL, lease_fence = lease_fence + 1");
        sql.push(", candidate_id = COALESCE(").bind(end.candidate).push(", candidate_id)");
        sql.push(", application_id = COALESCE(").bind(end.application).push(", application_id)");
        sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND id = ").bind(lease.action);
        sql.push(" RETURNING kind, candidate_id, application_id");
        let ended = tx.query_one_raw(sql.statement()).await?.ok_or(Error::LeaseLost)?;
        action_file::Entity::delete_many()
            .filter(action_file::Column::IntegrationId.eq(lease.integration))
            .filter(action_file::Column::ActionId.eq(lease.action))
            .exec(&tx)
            .await?;
        let record = |of: RecordType, id: Option<Uuid>| id.map(|id| NodeId::new(NodeType::Record(of), id).to_string());
        let details = json!({
            "actionId": NodeId::new(NodeType::Action, lease.action).to_string(),
            "kind": ended.try_get_by_index::<String>(0)?,
            "state": end.state,
            "candidateId": record(RecordType::Candidate, ended.try_get_by_index(1)?),
            "applicationId": record(RecordType::Application, ended.try_get_by_index(2)?),
        });
        let event = WebhookEvent::ActionFinished;
        let integration = Some(lease.integration);
        happened(&tx, Happening { event, integration, details, now: end.now }).await?;
        self.commit_saying(tx, &[(Channel::Actions, lease.action.to_string())]).await?;
        Ok(())
    }

    /// A piece of an attachment, counted from 0; none behind the last one.
    pub async fn action_file_piece(
        &self,
        lease: &ActionLease,
        attachment: usize,
        number: i32,
    ) -> Result<Option<Bytes>> {
        let attachment = i32::try_from(attachment).unwrap_or(i32::MAX);
        let key = (lease.integration, lease.action, attachment, number);
        let piece = action_file::Entity::find_by_id(key).one(self.reader()).await?;
        Ok(piece.map(|piece| piece.bytes.into()))
    }

    /// Ends the leases of all actions: for an embedded database, at start.
    pub async fn release_actions(&self) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("UPDATE actions SET lease_until = NULL WHERE lease_until IS NOT NULL");
        self.0.database.execute(sql.statement()).await.map(drop)
    }
}

/// Appends what keeps an action `a` from being carried out now: an older one of its subject or one that is under way, or
/// enough others.
fn blocked(sql: &mut Sql, now: i64, most: u64) {
    sql.push(" AND NOT EXISTS (SELECT 1 FROM actions o WHERE o.integration_id = a.integration_id ");
    sql.push("AND o.subject = a.subject AND o.finished_at IS NULL AND (o.created_at < a.created_at ");
    sql.push("OR (o.created_at = a.created_at AND o.id < a.id) OR (o.id <> a.id AND o.lease_until >= ").bind(now);
    sql.push(")))");
    sql.push(
        " AND (SELECT COUNT(*) FROM actions r WHERE r.integration_id = a.integration_id AND r.finished_at IS NULL ",
    );
    sql.push("AND r.lease_until >= ").bind(now).push(") < ").bind(i64::try_from(most).unwrap_or(i64::MAX));
}

/// Fails when the lease is no longer the latest.
async fn held(tx: &DatabaseTransaction, lease: &ActionLease) -> Result<()> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT 1 FROM actions WHERE integration_id = ").bind(lease.integration);
    sql.push(" AND id = ").bind(lease.action).push(" AND lease_fence = ").bind(lease.fence);
    sql.push(" AND finished_at IS NULL");
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR UPDATE");
    }
    tx.query_one_raw(sql.statement()).await?.map(drop).ok_or(Error::LeaseLost)
}

/// Whether the integration, or one of these records of it, was erased.
async fn is_erased(tx: &DatabaseTransaction, integration: Uuid, records: [Option<Uuid>; 2]) -> Result<bool> {
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("SELECT erased FROM integrations WHERE id = ").bind(integration);
    if sql.backend() == DbBackend::Postgres {
        sql.push(" FOR SHARE");
    }
    let Some(row) = tx.query_one_raw(sql.statement()).await? else { return Ok(true) };
    let has_tombstones: bool = row.try_get_by_index(0)?;
    Ok(has_tombstones && !tombstones_among(tx, integration, records.into_iter().flatten()).await?.is_empty())
}

async fn warn(tx: &DatabaseTransaction, lease: &ActionLease, more: &[Warned]) -> Result<()> {
    let row = action::Entity::find_by_id((lease.integration, lease.action)).one(tx).await?.ok_or(Error::LeaseLost)?;
    let mut warnings = row.warnings.0;
    for warning in more {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    let mut sql = Sql::new(tx.get_database_backend());
    sql.push("UPDATE actions SET warnings = ").bind(Json(warnings));
    sql.push(" WHERE integration_id = ").bind(lease.integration).push(" AND id = ").bind(lease.action);
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

async fn keep_file(
    tx: &DatabaseTransaction,
    (integration, action): (Uuid, Uuid),
    at: usize,
    mut pieces: BoxStream<'static, std::io::Result<Bytes>>,
) -> Result<()> {
    let mut chunk = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Error::Refused(format!("an attachment could not be read: {error}")))?;
        let row = action_file::ActiveModel {
            integration_id: Set(integration),
            action_id: Set(action),
            attachment: Set(i32::try_from(at).unwrap_or(i32::MAX)),
            chunk: Set(chunk),
            bytes: Set(piece.into()),
        };
        chunk += 1;
        action_file::Entity::insert(row).exec_without_returning(tx).await?;
    }
    Ok(())
}
