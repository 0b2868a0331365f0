//! Stages of the vendor's pipelines.

crate::store::entity::record_entity!(
    "application_stages",
    ApplicationStage,
    name Name Option<String>,
    global_index GlobalIndex Option<i32>,
);
