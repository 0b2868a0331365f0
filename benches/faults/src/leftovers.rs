//! What must be nowhere once everything has ended: leases, bytes of attachments, temporary files, unfinished work.

use drive::Outcome;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::world::World;

/// What it would be, and the condition by which it is found.
const EVERYWHERE: [(&str, &str); 10] = [
    ("leases of integrations", "integrations WHERE lease_until IS NOT NULL"),
    ("leases of writes", "actions WHERE lease_until IS NOT NULL"),
    ("leases of inboxes", "vendor_inboxes WHERE lease_until IS NOT NULL"),
    ("lanes of deliveries", "webhook_lanes"),
    ("pieces of attachments", "action_files"),
    ("ids that a run saw", "sync_seen"),
    ("unfinished writes", "actions WHERE finished_at IS NULL"),
    ("unfinished runs", "sync_runs WHERE finished_at IS NULL"),
    ("vendors' deliveries that were not followed", "vendor_deliveries WHERE done_at IS NULL OR body IS NOT NULL"),
    ("deliveries that were not made", "webhook_deliveries WHERE state <> 'DELIVERED'"),
];
const ON_POSTGRES: [(&str, &str); 1] = [("locked jobs", "graphile_worker.jobs WHERE locked_at IS NOT NULL")];

pub async fn count(database: &DatabaseConnection, found_in: &str) -> Outcome<i64> {
    let statement = Statement::from_string(database.get_database_backend(), format!("SELECT COUNT(*) FROM {found_in}"));
    let row = database.query_one_raw(statement).await?.ok_or("no count")?;
    Ok(row.try_get_by_index(0)?)
}

/// In words, what was left behind.
pub async fn found(world: &World, database: &DatabaseConnection) -> Outcome<Vec<String>> {
    let more: &[_] = if database.get_database_backend() == DbBackend::Postgres { &ON_POSTGRES } else { &[] };
    let mut found = Vec::new();
    for (what, found_in) in EVERYWHERE.iter().chain(more) {
        match count(database, found_in).await? {
            0 => {}
            count => found.push(format!("{count} {what} are left")),
        }
    }
    for file in std::fs::read_dir(world.scratch())? {
        found.push(format!("the temporary file {} is left", file?.path().display()));
    }
    Ok(found)
}
