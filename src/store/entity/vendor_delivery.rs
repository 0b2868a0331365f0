//! What vendors sent: kept before it is acknowledged, the body erased once it is done.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vendor_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: Uuid,
    /// Of the body.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: Vec<u8>,
    /// The five minutes in which it was received.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i64,
    pub event: String,
    /// Another one whenever the same is received again, so that what was begun before does not end it.
    pub token: Uuid,
    pub body: Option<Vec<u8>>,
    pub received_at: i64,
    pub done_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
