//! Stages within one job's pipeline.

crate::store::entity::record_entity!(
    "job_stages",
    JobStage,
    position Position Option<i32>,
    job_id JobId Uuid,
    stage_id StageId Uuid,
);
