//! The pending deliveries of one endpoint that go one after the other, with the lease of whoever carries them out. A
//! lane is there as long as something of it is pending.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_lanes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane: Uuid,
    pub integration_id: Option<Uuid>,
    /// When its first pending delivery is due.
    pub due_at: i64,
    /// A fresh id with every new lease: what an older holder writes is refused.
    pub lease: Option<Uuid>,
    pub lease_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
