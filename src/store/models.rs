//! What is known of the record types of an integration: how many records, how fresh, readable or not.

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
}

impl Store {
    /// In the order of `models`. Counts cost a pass over an index each, so they are made only when asked for.
    pub(super) async fn model_counts(
        &self,
        integration: Uuid,
        models: &[RecordType],
        counted: bool,
    ) -> Result<Vec<ModelCount>> {
        let status = model_status::Entity::find()
            .filter(model_status::Column::IntegrationId.eq(integration))
            .all(self.reader())
            .await?;
        let mut counts = Vec::new();
        if counted && !models.is_empty() {
            let mut sql = Sql::new(self.0.database.backend());
            for (index, model) in models.iter().enumerate() {
                sql.push(if index > 0 { " UNION ALL SELECT '" } else { "SELECT '" }).push(model.as_str());
                sql.push("' AS model, COUNT(*) AS n FROM ").push(table(*model)).push(" t WHERE t.integration_id = ");
                sql.bind(integration).push(" AND t.remote_deleted_at IS NULL");
            }
            for row in self.0.database.rows(sql.statement()).await? {
                let (model, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                counts.push((model, count));
            }
        }
        let describe = |model: &RecordType| {
            let known = status.iter().find(|status| status.model == model.as_str());
            let count = counts.iter().find(|(of, _)| of == model.as_str()).map_or(0, |(_, count)| *count);
            ModelCount {
                model: *model,
                count: u64::try_from(count).unwrap_or(0),
                last_synced_at: known.and_then(|known| known.last_synced_at),
                readable: known.is_none_or(|known| known.readable),
                error: known.and_then(|known| known.error.clone()),
            }
        };
        Ok(models.iter().map(describe).collect())
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
