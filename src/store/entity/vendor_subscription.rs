//! Subscriptions to a vendor's events.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vendor_subscriptions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub event: String,
    pub state: String,
    /// The vendor's own id, as far as it is known.
    pub remote_id: Option<String>,
    /// The address of this service that the vendor was told.
    pub public_url: String,
    /// Of the secret in its URL, where the vendor does not sign.
    pub secret_hash: Option<Vec<u8>>,
    /// What the vendor signs with, sealed.
    pub signing_key: Option<Vec<u8>>,
    pub error: Option<String>,
    pub created_at: i64,
    pub last_received_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
