//! Writes to vendors, with the lease of whoever carries them out.

use sea_orm::entity::prelude::*;

use super::Json;
use crate::domain::Refusal;
use crate::store::actions::Warned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "actions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub state: String,
    pub idempotency_key: Option<String>,
    pub input_hash: Vec<u8>,
    pub input: Json<serde_json::Value>,
    pub subject: String,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    /// Not before this time it is worked on again.
    pub due_at: i64,
    pub warnings: Json<Vec<Warned>>,
    pub errors: Json<Vec<Refusal>>,
    pub candidate_id: Option<Uuid>,
    pub application_id: Option<Uuid>,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// Goes up with every new lease: what an older holder writes is refused.
    pub lease_fence: i64,
    /// When its input and all that was answered was erased.
    pub erased_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
