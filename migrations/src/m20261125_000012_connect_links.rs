//! Links to the page on which an end customer connects its account. Not spread by integration: most are made before
//! there is one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, boolean, text, text_null, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 2] = [
    "CREATE INDEX connect_links_by_integration ON connect_links (integration_id)",
    "CREATE INDEX connect_links_by_age ON connect_links (expires_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = Table::create()
            .table("connect_links")
            .col(uuid("id").primary_key())
            .col(blob("token_hash").unique_key())
            // Of whoever made it.
            .col(uuid("key_id"))
            .col(text_null("connector"))
            .col(text("organization_name"))
            .col(text_null("end_user_email"))
            .col(text_null("end_user_origin_id"))
            // The one to reconnect; else the one that was made by it, once there is one.
            .col(uuid_null("integration_id"))
            .col(boolean("reconnects"))
            .col(text_null("redirect_url"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("completed_at"))
            // An attempt is under way until then, or until it says that it is over.
            .col(big_integer_null("busy_until"))
            .take();
        manager.create_table(links).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
