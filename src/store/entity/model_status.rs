//! How fresh each record type of an integration is.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "model_status")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub model: String,
    pub last_synced_at: Option<i64>,
    /// What changed at the vendor before this is mirrored.
    pub read_until: Option<i64>,
    pub readable: bool,
    pub error: Option<String>,
    /// How many records wait for a run that decides whether they are deleted.
    pub held_deletions: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
