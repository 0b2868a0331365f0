//! What vendors call us about: the subscriptions at them, the inbox of what they sent, and which records were read
//! singly since the last run began.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, integer, text, text_null, uuid, uuid_null,
};

use crate::columns::{by_integration, clustered, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let subscriptions = by_integration("vendor_subscriptions", uuid("id"))
            .col(text("event"))
            .col(text("state"))
            .col(text_null("remote_id"))
            .col(text("public_url"))
            // Of the secret in its URL, where the vendor does not sign.
            .col(blob_null("secret_hash"))
            // What the vendor signs with, sealed.
            .col(blob_null("signing_key"))
            .col(text_null("error"))
            .col(big_integer("created_at"))
            .col(big_integer_null("last_received_at"))
            .take();
        manager.create_table(subscriptions).await?;

        // One row an integration: whoever writes what was received locks it, and whoever takes it up leases it.
        let inboxes = Table::create()
            .table("vendor_inboxes")
            .col(uuid("integration_id").primary_key())
            .col(big_integer_null("due_at"))
            .col(big_integer_null("held_until"))
            .col(integer("failures"))
            .col(boolean("reconcile"))
            .col(uuid_null("lease_owner"))
            .col(big_integer_null("lease_until"))
            .col(big_integer("lease_fence"))
            .take();
        manager.create_table(inboxes).await?;

        let deliveries = Table::create()
            .table("vendor_deliveries")
            .col(uuid("integration_id"))
            .col(uuid("subscription_id"))
            .col(blob("fingerprint"))
            .col(big_integer("bucket"))
            .col(text("event"))
            // Another one whenever the same is received again.
            .col(uuid("token"))
            // Until it is done.
            .col(blob_null("body"))
            .col(big_integer("received_at"))
            .col(big_integer_null("done_at"))
            .primary_key(Index::create().col("integration_id").col("subscription_id").col("fingerprint").col("bucket"))
            .take();
        manager.create_table(deliveries).await?;
        index(manager, "vendor_deliveries", "done", "done_at").await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared(
                "CREATE INDEX vendor_deliveries_pending ON vendor_deliveries (integration_id, received_at) \
                 WHERE done_at IS NULL",
            )
            .await?;
        connection
            .execute_unprepared("CREATE INDEX vendor_inboxes_due ON vendor_inboxes (due_at) WHERE due_at IS NOT NULL")
            .await?;

        let targeted = Table::create()
            .table("targeted_records")
            .col(uuid("integration_id"))
            .col(uuid("record_id"))
            .primary_key(Index::create().col("integration_id").col("record_id"))
            .take();
        manager.create_table(clustered(manager, targeted)).await
    }
}
