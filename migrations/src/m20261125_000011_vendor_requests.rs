//! The log of requests to and from vendors. An id begins with its time, so that the primary key is the order.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer_null, text, text_null, uuid, uuid_null,
};

use crate::columns::by_integration;

#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 3] = [
    "CREATE INDEX vendor_requests_failed ON vendor_requests (integration_id, id) WHERE failed",
    "CREATE INDEX vendor_requests_incoming ON vendor_requests (integration_id, id) WHERE direction = 'INCOMING'",
    // For what has been kept long enough.
    "CREATE INDEX vendor_requests_by_age ON vendor_requests (at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let requests = by_integration("vendor_requests", uuid("id"))
            .col(text("direction"))
            .col(big_integer("at"))
            .col(big_integer_null("duration"))
            .col(text("method"))
            .col(text("url"))
            .col(integer_null("status"))
            .col(boolean("failed"))
            .col(text_null("request_body"))
            .col(text_null("response_body"))
            .col(text_null("error"))
            .col(uuid_null("run_id"))
            .col(uuid_null("action_id"))
            .take();
        manager.create_table(requests).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
