//! The change feed.

use sea_orm::entity::prelude::*;

use super::Json;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    /// Of one row of numbers over all integrations, in the order of the commits.
    #[sea_orm(primary_key, auto_increment = false, unique)]
    pub seq: i64,
    pub at: i64,
    pub model: String,
    pub kind: String,
    pub record_id: Uuid,
    pub changed_fields: Json<Vec<String>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
