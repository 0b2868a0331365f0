//! The schema's history, for SQLite and PostgreSQL alike. How it may change is told in the README beside it.

mod columns;
mod m20261125_000001_integrations;
mod m20261125_000002_records;
mod m20261125_000003_sync;
mod m20261125_000004_changes;
mod m20261125_000005_actions;
mod m20261125_000007_vendor_webhooks;
mod m20261125_000009_webhooks;
mod m20261125_000010_personal_data;
mod m20261125_000011_vendor_requests;
mod m20261125_000012_connect_links;
mod m20261125_000025_held_deletions;

pub use sea_orm_migration::prelude::*;

/// Brings a database to this version.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_integrations::Migration),
            Box::new(m20261125_000002_records::Migration),
            Box::new(m20261125_000003_sync::Migration),
            Box::new(m20261125_000004_changes::Migration),
            Box::new(m20261125_000005_actions::Migration),
            Box::new(m20261125_000007_vendor_webhooks::Migration),
            Box::new(m20261125_000009_webhooks::Migration),
            Box::new(m20261125_000010_personal_data::Migration),
            Box::new(m20261125_000011_vendor_requests::Migration),
            Box::new(m20261125_000012_connect_links::Migration),
            Box::new(m20261125_000025_held_deletions::Migration),
        ]
    }
}
