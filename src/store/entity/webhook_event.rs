//! What happened, beside the changes of records.

use sea_orm::entity::prelude::*;

use super::Json;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_events")]
pub struct Model {
    /// In the order of the commits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub event: String,
    pub integration_id: Option<Uuid>,
    pub at: i64,
    /// The end of the change feed when it happened.
    pub after_change: i64,
    pub details: Json<serde_json::Value>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
