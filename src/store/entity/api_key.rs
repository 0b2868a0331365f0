//! API keys, of which only a hash is kept.

use sea_orm::entity::prelude::*;

use super::Json;
use crate::domain::Scope;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    /// The first characters, to tell keys apart.
    pub prefix: String,
    #[sea_orm(unique)]
    pub hash: Vec<u8>,
    pub scopes: Json<Vec<Scope>>,
    /// None: all.
    pub integrations: Option<Json<Vec<Uuid>>>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
