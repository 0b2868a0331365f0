//! Connected accounts, the operator's custom fields, API keys, and the counters that tell caches to read anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, json, json_null, text, text_null, uuid, uuid_null,
};

use crate::columns::{clustered, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let integrations = Table::create()
            .table("integrations")
            .col(uuid("id").primary_key())
            .col(text("connector"))
            .col(text("name"))
            .col(text("organization_name"))
            .col(text_null("end_user_email"))
            .col(text_null("end_user_origin_id"))
            .col(blob("credentials"))
            .col(boolean("paused"))
            .col(boolean("invalid"))
            .col(text_null("state_reason"))
            .col(big_integer("created_at"))
            .col(big_integer_null("first_synced_at"))
            // When the last full run began that came to a good end.
            .col(big_integer_null("last_full_at"))
            // Runs in a row that came to no good end.
            .col(big_integer("failures"))
            .col(big_integer_null("auth_failing_since"))
            .col(big_integer("sync_interval"))
            .col(text("sync_scope"))
            .col(text_null("cutoff_date"))
            .col(text_null("default_source"))
            .col(big_integer_null("vendor_pause_until"))
            .col(big_integer_null("next_sync_at"))
            .col(uuid_null("lease_owner"))
            .col(big_integer_null("lease_until"))
            .col(big_integer("lease_fence"))
            .take();
        manager.create_table(integrations).await?;
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX integrations_by_next_sync ON integrations (next_sync_at)")
            .await?;

        let custom_fields = Table::create()
            .table("custom_fields")
            .col(uuid("integration_id"))
            .col(text("model"))
            .col(text("key"))
            .col(text("source"))
            .col(text_null("label"))
            .primary_key(Index::create().col("integration_id").col("model").col("key"))
            .take();
        manager.create_table(custom_fields).await?;

        let model_status = Table::create()
            .table("model_status")
            .col(uuid("integration_id"))
            .col(text("model"))
            .col(big_integer_null("last_synced_at"))
            // What changed at the vendor before this is mirrored.
            .col(big_integer_null("read_until"))
            .col(boolean("readable"))
            .col(text_null("error"))
            .primary_key(Index::create().col("integration_id").col("model"))
            .take();
        manager.create_table(model_status).await?;

        let api_keys = Table::create()
            .table("api_keys")
            .col(uuid("id").primary_key())
            .col(text("name"))
            .col(text("prefix"))
            .col(blob("hash").unique_key())
            .col(json("scopes"))
            .col(json_null("integrations"))
            .col(big_integer("created_at"))
            .col(big_integer_null("expires_at"))
            .col(big_integer_null("last_used_at"))
            .col(big_integer_null("revoked_at"))
            .take();
        manager.create_table(api_keys).await?;

        let counters =
            Table::create().table("counters").col(text("name").primary_key()).col(big_integer("value")).take();
        manager.create_table(counters).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "INSERT INTO counters (name, value) VALUES ('integrations', 0), ('changes', 0), ('changes_purged', 0)",
            )
            .await?;

        let payloads = Table::create()
            .table("payloads")
            .col(uuid("integration_id"))
            .col(uuid("record_id"))
            .col(text("model"))
            .col(json("body"))
            .primary_key(Index::create().col("integration_id").col("record_id"))
            .take();
        manager.create_table(payloads).await?;
        index(manager, "payloads", "model", "model").await?;

        // Parents whose children must still be read, noted in the transaction that changed the parent.
        let due_children = Table::create()
            .table("due_children")
            .col(uuid("integration_id"))
            .col(text("stream"))
            .col(text("parent"))
            .primary_key(Index::create().col("integration_id").col("stream").col("parent"))
            .take();
        manager.create_table(clustered(manager, due_children)).await
    }
}
