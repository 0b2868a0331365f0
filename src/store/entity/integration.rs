//! Connected accounts, with their sealed credentials and the lease of whoever works on them.

use sea_orm::entity::prelude::*;

use super::Json;
use crate::domain::DataRules;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "integrations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub connector: String,
    pub name: String,
    pub organization_name: String,
    pub end_user_email: Option<String>,
    pub end_user_origin_id: Option<String>,
    pub credentials: Vec<u8>,
    pub paused: bool,
    /// The vendor refuses the credentials.
    pub invalid: bool,
    pub state_reason: Option<String>,
    pub created_at: i64,
    /// When the first full sync ended.
    pub first_synced_at: Option<i64>,
    /// When the last full run began that came to a good end.
    pub last_full_at: Option<i64>,
    /// Runs in a row that came to no good end.
    pub failures: i64,
    pub auth_failing_since: Option<i64>,
    /// Milliseconds.
    pub sync_interval: i64,
    pub sync_scope: String,
    pub cutoff_date: Option<String>,
    /// Of candidates and applications that are created without one.
    pub default_source: Option<String>,
    /// Until then the vendor asked not to be asked.
    pub vendor_pause_until: Option<i64>,
    pub next_sync_at: Option<i64>,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// Goes up with every new lease: what an older holder writes is refused.
    pub lease_fence: i64,
    /// Whether it has tombstones.
    pub erased: bool,
    /// What must not be stored of it.
    pub data_rules: Option<Json<DataRules>>,
    /// The largest share of a type's records that a run may mark as deleted; none: as usual.
    pub max_deleted_share: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
