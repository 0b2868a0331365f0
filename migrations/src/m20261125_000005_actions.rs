//! The journal of writes: actions, their steps, the bytes of their attachments until they end, and which records
//! were created through us.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer, integer_null, json, json_null, text, text_null, uuid, uuid_null,
};

use crate::columns::{by_integration, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let actions = by_integration("actions", uuid("id"))
            .col(text("kind"))
            .col(text("state"))
            .col(text_null("idempotency_key"))
            .col(blob("input_hash"))
            .col(json("input"))
            // Actions with the same subject are carried out one after the other.
            .col(text("subject"))
            .col(big_integer("created_at"))
            .col(big_integer_null("finished_at"))
            .col(big_integer("due_at"))
            .col(json("warnings"))
            .col(json("errors"))
            .col(uuid_null("candidate_id"))
            .col(uuid_null("application_id"))
            .col(uuid_null("lease_owner"))
            .col(big_integer_null("lease_until"))
            .col(big_integer("lease_fence"))
            .take();
        manager.create_table(actions).await?;
        index(manager, "actions", "created_at", "created_at, id").await?;
        index(manager, "actions", "application", "application_id, created_at, id").await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared("CREATE UNIQUE INDEX actions_by_key ON actions (integration_id, idempotency_key)")
            .await?;
        connection
            .execute_unprepared(
                "CREATE INDEX actions_due ON actions (integration_id, due_at) WHERE finished_at IS NULL",
            )
            .await?;

        let steps = Table::create()
            .table("action_steps")
            .col(uuid("integration_id"))
            .col(uuid("action_id"))
            .col(integer("position"))
            .col(text("name"))
            .col(integer_null("attachment"))
            .col(text("state"))
            .col(integer("attempts"))
            .col(json_null("memo"))
            .col(text_null("error"))
            .col(big_integer_null("sent_at"))
            .primary_key(Index::create().col("integration_id").col("action_id").col("position"))
            .take();
        manager.create_table(steps).await?;

        let files = Table::create()
            .table("action_files")
            .col(uuid("integration_id"))
            .col(uuid("action_id"))
            .col(integer("attachment"))
            .col(integer("chunk"))
            .col(blob("bytes"))
            .primary_key(Index::create().col("integration_id").col("action_id").col("attachment").col("chunk"))
            .take();
        manager.create_table(files).await?;

        let created = Table::create()
            .table("created_records")
            .col(uuid("integration_id"))
            .col(uuid("record_id"))
            .col(text("model"))
            .primary_key(Index::create().col("integration_id").col("record_id"))
            .take();
        manager.create_table(created).await
    }
}
