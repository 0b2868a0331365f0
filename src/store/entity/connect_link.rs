//! Links to the page on which an end customer connects its account, of which only a hash is kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "connect_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// Of whoever made it.
    pub key_id: Uuid,
    pub connector: Option<String>,
    pub organization_name: String,
    pub end_user_email: Option<String>,
    pub end_user_origin_id: Option<String>,
    /// The one to reconnect; else the one that was made by it, once there is one.
    pub integration_id: Option<Uuid>,
    pub reconnects: bool,
    pub redirect_url: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub completed_at: Option<i64>,
    /// An attempt is under way until then, or until it says that it is over.
    pub busy_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
