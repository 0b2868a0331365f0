//! Personal data: tombstones of what was erased, what an integration must not store, and how what has been kept long
//! enough is found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean, json_null, uuid};

use crate::columns::{by_integration, clustered};

#[derive(DeriveMigrationName)]
pub struct Migration;

const RECORDS: [&str; 9] = [
    "users",
    "jobs",
    "candidates",
    "applications",
    "application_stages",
    "job_stages",
    "tags",
    "candidate_tags",
    "hiring_team_members",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tombstones = by_integration("tombstones", uuid("record_id"));
        manager.create_table(clustered(manager, tombstones)).await?;
        let columns = [
            // Whether the integration has tombstones: without any, nobody looks for them.
            ("integrations", boolean("erased").default(false).take()),
            ("integrations", json_null("data_rules")),
            // When nothing but a husk was left.
            ("actions", big_integer_null("erased_at")),
        ];
        for (table, column) in columns {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        // Not by integration: they hold only what is still to be erased, of all of them.
        let connection = manager.get_connection();
        for table in RECORDS {
            let index = format!(
                "CREATE INDEX {table}_kept ON {table} (remote_deleted_at) \
                 WHERE remote_deleted_at IS NOT NULL AND length(fingerprint) > 0"
            );
            connection.execute_unprepared(&index).await?;
        }
        let actions = "CREATE INDEX actions_kept ON actions (finished_at) \
                       WHERE finished_at IS NOT NULL AND erased_at IS NULL";
        connection.execute_unprepared(actions).await.map(drop)
    }
}
