//! Deletions that are held back because too many records of a type vanished at once.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, blob, boolean_null, double_null, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let held = Table::create()
            .table("held_deletions")
            .col(uuid("integration_id"))
            .col(text("model"))
            // The last run that found them gone.
            .col(uuid("run_id"))
            // 16 bytes a record.
            .col(blob("ids"))
            .primary_key(Index::create().col("integration_id").col("model"))
            .take();
        manager.create_table(held).await?;
        let columns = [
            // None: as usual.
            ("integrations", double_null("max_deleted_share").take()),
            // Whether its operator lets everything go that it finds gone.
            ("sync_runs", boolean_null("confirm_deletions").take()),
            ("sync_run_models", big_integer_null("held_deletions").take()),
            ("model_status", big_integer_null("held_deletions").take()),
        ];
        for (table, column) in columns {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        Ok(())
    }
}
