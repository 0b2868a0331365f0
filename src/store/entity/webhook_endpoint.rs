//! Where customers want to be told.

use sea_orm::entity::prelude::*;

use super::Json;
use crate::domain::{Scope, WebhookEvent};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub url: String,
    pub events: Json<Vec<WebhookEvent>>,
    pub query: Option<String>,
    /// What `query` runs with.
    pub scopes: Json<Vec<Scope>>,
    /// Those of the key that made it. None: all.
    pub integrations: Option<Json<Vec<Uuid>>>,
    pub enabled: bool,
    /// Why it was disabled, when it was not its owner who did it.
    pub disabled_reason: Option<String>,
    pub created_at: i64,
    /// Sealed, as is the one before it.
    pub secret: Vec<u8>,
    pub previous_secret: Option<Vec<u8>>,
    pub previous_until: Option<i64>,
    /// Since when nothing has been delivered to it.
    pub failing_since: Option<i64>,
    /// The last change that deliveries were made of.
    pub change_cursor: i64,
    /// The last event that deliveries were made of.
    pub event_cursor: i64,
    /// The number of its next delivery.
    pub next_seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
