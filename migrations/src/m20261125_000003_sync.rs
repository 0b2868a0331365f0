//! Sync runs: what was asked for, how far it is, what it counted, and which records it has seen so far.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, json_null, text, text_null, uuid};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let runs = Table::create()
            .table("sync_runs")
            .col(uuid("integration_id"))
            .col(uuid("id"))
            .col(text("kind"))
            .col(text("state"))
            .col(json_null("models"))
            .col(big_integer("queued_at"))
            .col(big_integer_null("started_at"))
            .col(big_integer_null("finished_at"))
            .col(big_integer_null("progressed_at"))
            // Streams that are done, and the cursor within the one that is not.
            .col(json_null("progress"))
            .primary_key(Index::create().col("integration_id").col("id"))
            .take();
        manager.create_table(runs).await?;
        index(manager, "sync_runs", "queued_at", "queued_at, id").await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX sync_runs_unfinished ON sync_runs (integration_id, state) WHERE finished_at IS NULL",
            )
            .await?;

        let models = Table::create()
            .table("sync_run_models")
            .col(uuid("integration_id"))
            .col(uuid("run_id"))
            .col(text("model"))
            .col(text("state"))
            .col(big_integer("fetched"))
            .col(big_integer("created"))
            .col(big_integer("updated"))
            .col(big_integer("unchanged"))
            .col(big_integer("deleted"))
            .col(big_integer_null("expected"))
            .col(text_null("error"))
            .primary_key(Index::create().col("integration_id").col("run_id").col("model"))
            .take();
        manager.create_table(models).await?;

        // The ids of each page, 16 bytes a record, so that a run that resumes still knows what it has seen.
        // Gone when the stream is done.
        let seen = Table::create()
            .table("sync_seen")
            .col(uuid("integration_id"))
            .col(uuid("run_id"))
            .col(text("stream"))
            .col(big_integer("page"))
            .col(blob("ids"))
            .primary_key(Index::create().col("integration_id").col("run_id").col("stream").col("page"))
            .take();
        manager.create_table(seen).await
    }
}
