//! The inbox of each integration, with the lease of whoever takes it up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vendor_inboxes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    /// Since when something is to be done; none when nothing is.
    pub due_at: Option<i64>,
    /// Not before this time, because the vendor failed.
    pub held_until: Option<i64>,
    /// Failures one after the other.
    pub failures: i32,
    /// Whether the subscriptions are to be compared with the vendor's.
    pub reconcile: bool,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// Goes up with every new lease: what an older holder writes is refused.
    pub lease_fence: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
