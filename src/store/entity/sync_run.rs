//! Sync runs.

use sea_orm::entity::prelude::*;

use super::Json;
use crate::domain::RecordType;
use crate::store::runs::Progress;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub state: String,
    /// None: all.
    pub models: Option<Json<Vec<RecordType>>>,
    pub queued_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub progressed_at: Option<i64>,
    pub progress: Option<Json<Progress>>,
    /// Whether its operator lets everything go that it finds gone.
    pub confirm_deletions: Option<bool>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
