//! The change feed: append-only, one row of numbers over all integrations, in the order of the commits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json, text, uuid};

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
        // Does not begin with the integration, because the order over all of them is what it is for.
        let by_seq = "CREATE UNIQUE INDEX changes_by_seq ON changes (seq)";
        manager.get_connection().execute_unprepared(by_seq).await.map(drop)
    }
}
