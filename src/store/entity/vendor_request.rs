//! Requests to and from vendors, secrets and personal data left out.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vendor_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: Uuid,
    /// Begins with `at`, so that ids are in the order of the requests.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub direction: String,
    pub at: i64,
    /// In milliseconds.
    pub duration: Option<i64>,
    pub method: String,
    pub url: String,
    pub status: Option<i32>,
    pub failed: bool,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    pub error: Option<String>,
    /// What it was for. What that is may be gone already.
    pub run_id: Option<Uuid>,
    pub action_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
