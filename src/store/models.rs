//! What is known of the record types of an integration: how many records, how fresh, readable or not.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::entity::model_status;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::RecordType;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCount {
    pub model: RecordType,
    pub count: u64,
    pub last_synced_at: Option<i64>,
    pub readable: bool,
    pub error: Option<String>,
    /// Records that vanished in a mass, and wait for a run that decides.
    pub held_deletions: u64,
}

impl Store {
    /// By integration, in the order of the record types. Counts cost a pass over an index each, so they are
    /// made only when asked for.
    pub(super) async fn model_counts(
        &self,
        integrations: &[Uuid],
        counted: bool,
    ) -> Result<HashMap<Uuid, Vec<ModelCount>>> {
        let status = model_status::Entity::find()
            .filter(model_status::Column::IntegrationId.is_in(integrations.iter().copied()))
            .all(self.reader())
            .await?;
        let mut counts: HashMap<(Uuid, String), i64> = HashMap::new();
        if counted && !integrations.is_empty() {
            let mut sql = Sql::new(self.0.database.backend());
            for (index, model) in RecordType::ALL.iter().enumerate() {
                sql.push(if index > 0 { " UNION ALL SELECT '" } else { "SELECT '" }).push(model.as_str());
                sql.push("' AS model, t.integration_id, COUNT(*) AS n FROM ").push(table(*model)).push(" t WHERE ");
                sql.one_of("t.integration_id", integrations);
                sql.push(" AND t.remote_deleted_at IS NULL GROUP BY t.integration_id");
            }
            for row in self.0.database.rows(sql.statement()).await? {
                counts.insert((row.try_get_by_index(1)?, row.try_get_by_index(0)?), row.try_get_by_index(2)?);
            }
        }
        let describe = |integration: Uuid, model: RecordType| {
            let mine =
                |status: &&model_status::Model| status.integration_id == integration && status.model == model.as_str();
            let known = status.iter().find(mine);
            let count = counts.get(&(integration, model.as_str().to_owned())).copied().unwrap_or(0);
            ModelCount {
                model,
                count: u64::try_from(count).unwrap_or(0),
                last_synced_at: known.and_then(|known| known.last_synced_at),
                readable: known.is_none_or(|known| known.readable),
                error: known.and_then(|known| known.error.clone()),
                held_deletions: known.and_then(|known| u64::try_from(known.held_deletions?).ok()).unwrap_or(0),
            }
        };
        let of = |integration: &Uuid| {
            (*integration, RecordType::ALL.iter().map(|model| describe(*integration, *model)).collect())
        };
        Ok(integrations.iter().map(of).collect())
    }

    /// Whether the vendor did not let some of the integration's types be read when they were read last.
    pub async fn has_unreadable(&self, integration: Uuid) -> Result<bool> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT 1 FROM model_status WHERE integration_id = ").bind(integration);
        sql.push(" AND readable = ").bind(false).push(" LIMIT 1");
        Ok(!self.0.database.fresh_rows(sql.statement()).await?.is_empty())
    }

    /// What connecting found out about what can be read.
    pub async fn set_readable(&self, integration: Uuid, model: RecordType, error: Option<&str>) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("INSERT INTO model_status (integration_id, model, last_synced_at, readable, error) VALUES (");
        sql.bind(integration).push(", ").bind(model.as_str()).push(", NULL, ").bind(error.is_none()).push(", ");
        sql.bind(error.map(str::to_owned)).push(") ON CONFLICT (integration_id, model) DO UPDATE SET ");
        sql.push("readable = excluded.readable, error = excluded.error");
        self.0.database.execute(sql.statement()).await.map(drop)
    }
}

pub(super) fn table(of: RecordType) -> &'static str {
    match of {
        RecordType::User => "users",
        RecordType::ApplicationStage => "application_stages",
        RecordType::Job => "jobs",
        RecordType::JobStage => "job_stages",
        RecordType::HiringTeamMember => "hiring_team_members",
        RecordType::Candidate => "candidates",
        RecordType::Tag => "tags",
        RecordType::CandidateTag => "candidate_tags",
        RecordType::Application => "applications",
    }
}
