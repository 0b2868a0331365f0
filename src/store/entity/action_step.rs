//! The steps of actions, in the order in which they were begun.

use sea_orm::entity::prelude::*;

use super::Json;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "action_steps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub name: String,
    /// The attachment that it sends.
    pub attachment: Option<i32>,
    pub state: String,
    pub attempts: i32,
    pub memo: Option<Json<serde_json::Value>>,
    pub error: Option<String>,
    /// When it was about to be sent first; none when it surely was not.
    pub sent_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
