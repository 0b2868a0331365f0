//! What the tables have in common. Times are milliseconds since 1970 in UTC, ids are UUIDs, lists and objects
//! are JSON.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, text_null, uuid};
use sea_orm_migration::sea_orm::DbBackend;

/// A table whose rows lie together by integration: its primary key is (integration, `key`).
pub fn by_integration(table: &'static str, key: ColumnDef) -> TableCreateStatement {
    let name = key.get_column_name().clone();
    Table::create()
        .table(table)
        .col(uuid("integration_id"))
        .col(key)
        .primary_key(Index::create().col("integration_id").col(Alias::new(name)))
        .take()
}

/// The table of a record type, with the columns that all record types share.
pub fn record_table(table: &'static str) -> TableCreateStatement {
    by_integration(table, uuid("id"))
        .col(text_null("remote_id"))
        .col(big_integer("changed_at"))
        .col(big_integer_null("remote_deleted_at"))
        .col(blob("fingerprint"))
        .take()
}

/// A text that lists are ordered by: by its bytes, whatever the collation of the database, so that lists of several
/// integrations can be merged outside it.
pub fn sorted_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text();
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// SQLite keeps narrow rows in the tree of their primary key; PostgreSQL has no such choice.
pub fn clustered(manager: &SchemaManager<'_>, mut table: TableCreateStatement) -> TableCreateStatement {
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

/// An index that begins with the integration. `columns` are names or expressions.
pub async fn index(manager: &SchemaManager<'_>, table: &str, name: &str, columns: &str) -> Result<(), DbErr> {
    let sql = format!("CREATE INDEX {table}_by_{name} ON {table} (integration_id, {columns})");
    manager.get_connection().execute_unprepared(&sql).await.map(drop)
}

/// A time for ordering: a record without one comes before all others. The expression stands in queries to the
/// letter, so that they find the index.
pub fn time_or_first(column: &str) -> String {
    format!("COALESCE({column}, -62135596800000)")
}
