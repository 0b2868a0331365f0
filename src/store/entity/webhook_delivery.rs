//! What one endpoint is told: one event, or a batch of changes.

use sea_orm::entity::prelude::*;

use super::Json;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub endpoint_id: Uuid,
    /// Its place among those of its endpoint.
    pub seq: i64,
    /// Deliveries of one lane go one after the other: the integration, or the delivery itself when it was asked for
    /// again.
    pub lane: Uuid,
    pub integration_id: Option<Uuid>,
    pub event: String,
    pub state: String,
    pub attempts: i32,
    /// Attempts since it was made or asked for again.
    pub tries: i32,
    /// None when it is delivered or given up.
    pub next_attempt_at: Option<i64>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub created_at: i64,
    /// The number of the first change that it tells of.
    pub first_change: Option<i64>,
    pub payload: Json<serde_json::Value>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
