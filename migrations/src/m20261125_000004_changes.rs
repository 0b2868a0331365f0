//! The change feed: append-only, numbered without gaps within each integration.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json, text, uuid};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let changes = Table::create()
            .table("changes")
            .col(uuid("integration_id"))
            .col(big_integer("seq"))
            .col(big_integer("at"))
            .col(text("model"))
            .col(text("kind"))
            .col(uuid("record_id"))
            .col(json("changed_fields"))
            .primary_key(Index::create().col("integration_id").col("seq"))
            .take();
        manager.create_table(changes).await?;
        index(manager, "changes", "at", "at").await
    }
}
