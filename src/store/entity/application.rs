//! Applications.

use super::Json;
use crate::domain::IntegrationField;

crate::store::entity::record_entity!(
    "applications",
    Application,
    outcome Outcome Option<String>,
    rejected_at RejectedAt Option<i64>,
    remote_created_at RemoteCreatedAt Option<i64>,
    current_stage_id CurrentStageId Option<Uuid>,
    job_id JobId Option<Uuid>,
    candidate_id CandidateId Option<Uuid>,
    integration_fields IntegrationFields Json<Vec<IntegrationField>>,
);
