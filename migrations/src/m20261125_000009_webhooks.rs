//! Customer webhooks: endpoints, what happened, what is delivered to whom, each attempt, and the lanes in which
//! deliveries go one after the other. Not spread by integration: an endpoint is one for all of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, integer, integer_null, json, json_null, text, text_null,
    uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 9] = [
    "CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, seq)",
    // The order of a lane, and what is left of it.
    "CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, lane, seq) WHERE state = 'PENDING'",
    "CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at)",
    "CREATE INDEX webhook_deliveries_by_integration ON webhook_deliveries (integration_id)",
    "CREATE INDEX webhook_attempts_by_integration ON webhook_attempts (integration_id)",
    "CREATE INDEX webhook_attempts_by_age ON webhook_attempts (at)",
    "CREATE INDEX webhook_events_by_integration ON webhook_events (integration_id)",
    "CREATE INDEX webhook_lanes_due ON webhook_lanes (due_at)",
    "CREATE INDEX webhook_lanes_by_integration ON webhook_lanes (integration_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(endpoints()).await?;
        let events = Table::create()
            .table("webhook_events")
            // One row of numbers over all integrations, in the order of the commits.
            .col(big_integer("seq").primary_key())
            .col(text("event"))
            .col(uuid_null("integration_id"))
            .col(big_integer("at"))
            // The end of the change feed when it happened.
            .col(big_integer("after_change"))
            .col(json("details"))
            .take();
        manager.create_table(events).await?;
        manager.create_table(deliveries()).await?;
        let attempts = Table::create()
            .table("webhook_attempts")
            .col(uuid("delivery_id"))
            .col(integer("attempt"))
            .col(uuid_null("integration_id"))
            .col(big_integer("at"))
            .col(big_integer("duration"))
            .col(integer_null("status"))
            .col(text_null("error"))
            .primary_key(Index::create().col("delivery_id").col("attempt"))
            .take();
        manager.create_table(attempts).await?;
        let lanes = Table::create()
            .table("webhook_lanes")
            .col(uuid("endpoint_id"))
            .col(uuid("lane"))
            .col(uuid_null("integration_id"))
            .col(big_integer("due_at"))
            .col(uuid_null("lease"))
            .col(big_integer_null("lease_until"))
            .primary_key(Index::create().col("endpoint_id").col("lane"))
            .take();
        manager.create_table(lanes).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        let counters = "INSERT INTO counters (name, value) VALUES ('webhook_events', 0), ('webhook_events_purged', 0)";
        manager.get_connection().execute_unprepared(counters).await.map(drop)
    }
}

fn endpoints() -> TableCreateStatement {
    Table::create()
        .table("webhook_endpoints")
        .col(uuid("id").primary_key())
        .col(text("url"))
        .col(json("events"))
        .col(text_null("query"))
        .col(json("scopes"))
        .col(json_null("integrations"))
        .col(boolean("enabled"))
        .col(text_null("disabled_reason"))
        .col(big_integer("created_at"))
        .col(blob("secret"))
        .col(blob_null("previous_secret"))
        .col(big_integer_null("previous_until"))
        .col(big_integer_null("failing_since"))
        .col(big_integer("change_cursor"))
        .col(big_integer("event_cursor"))
        .col(big_integer("next_seq"))
        .take()
}

fn deliveries() -> TableCreateStatement {
    Table::create()
        .table("webhook_deliveries")
        .col(uuid("id").primary_key())
        .col(uuid("endpoint_id"))
        .col(big_integer("seq"))
        .col(uuid("lane"))
        .col(uuid_null("integration_id"))
        .col(text("event"))
        .col(text("state"))
        .col(integer("attempts"))
        // Since it was made, or asked for again: where in the schedule of pauses it is.
        .col(integer("tries"))
        .col(big_integer_null("next_attempt_at"))
        .col(integer_null("last_status"))
        .col(text_null("last_error"))
        .col(big_integer("created_at"))
        // Of the changes that it tells of.
        .col(big_integer_null("first_change"))
        .col(json("payload"))
        .take()
}
