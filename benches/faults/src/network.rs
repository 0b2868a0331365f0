//! The network is bad between the service and the vendors, the receivers of webhooks and the database; sessions of the
//! database are ended, and its server crashes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drive::Outcome;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::chance::Chance;
use super::checks::{self, Rows};
use super::load::{Ground, Load};
use super::proxy::{Proxy, Storm};
use super::receiver::Receiver;
use super::world::{Routes, World};
use super::{Backend, Settings};

/// After a failure it is well for so long on the way to each.
const TO_VENDOR: Duration = Duration::from_millis(400);
const TO_DATABASE: Duration = Duration::from_millis(1500);
/// A delivery that fails twice waits for five minutes.
const TO_RECEIVER: Duration = Duration::from_secs(12);

pub async fn run(settings: &Settings, backend: Backend, folder: &Path) -> Outcome<Rows> {
    let storm = Arc::new(Storm::default());
    let receiver = Receiver::start(Chance::new(settings.seed, 1), 0).await?;
    let mut ways = Ways { settings, storm: &storm, open: Vec::new() };
    let told_at = ways.to(&receiver.address, TO_RECEIVER).await?;
    let vendors = World::vendors(settings, folder)?;
    let mut routes = Routes { receiver: told_at.clone(), ..Routes::default() };
    for vendor in &vendors {
        let address = ways.to(&vendor.address, TO_VENDOR).await?;
        routes.vendors.insert(vendor.slug, address);
    }
    if backend == Backend::Postgres {
        let server = settings.postgres_url.as_deref().and_then(host_of).ok_or("the server's URL names no host")?;
        routes.database = Some((server.to_owned(), ways.to(server, TO_DATABASE).await?));
    }
    let mut world = World::new(settings, backend, folder, vendors, routes).await?;
    checks::make_endpoints(&world, &told_at).await?;
    let mut grounds = Vec::new();
    for at in 0..world.vendors.len() {
        grounds.push(Arc::new(Ground::prepare(&world, at).await?));
    }
    let mut load = Load::start(&world, &grounds, settings.seed);
    let begun = Instant::now();
    storm.rage(true);
    let mut chance = Chance::new(settings.seed, 3);
    let mut number = 0_u64;
    while begun.elapsed() < Duration::from_secs(settings.seconds) {
        let pause = chance.millis(800, 3000);
        tokio::time::sleep(pause).await;
        load.failed()?;
        if backend == Backend::Postgres {
            number += 1;
            let database = world.database().await?;
            if number.is_multiple_of(5) {
                crash(&database).await?;
            } else {
                end_sessions(&database, &mut chance).await?;
            }
            storm.count(if number.is_multiple_of(5) { "crash of PostgreSQL" } else { "sessions of PostgreSQL ended" });
        }
    }
    storm.rage(false);
    let refused = world.refused.clone();
    let mut rows = vec![("time in the storm".to_owned(), format!("{:.0} s", begun.elapsed().as_secs_f64()))];
    rows.extend(storm.counts().into_iter().map(|(what, count)| (what.to_owned(), count.to_string())));
    rows.extend(checks::hold(&mut world, &grounds, load, &receiver).await?);
    let refused: BTreeMap<String, u64> = super::client::counted(&refused);
    rows.extend(
        refused.into_iter().map(|(code, count)| (format!("answers {code}, asked for again"), count.to_string())),
    );
    Ok(rows)
}

struct Ways<'a> {
    settings: &'a Settings,
    storm: &'a Arc<Storm>,
    open: Vec<Proxy>,
}

impl Ways<'_> {
    /// Where this address is reached through a proxy.
    async fn to(&mut self, address: &str, gap: Duration) -> Outcome<String> {
        let chance = Chance::new(self.settings.seed, 1000 + self.open.len() as u64);
        let proxy = Proxy::start(address, gap, self.storm, chance).await?;
        let address = proxy.address.clone();
        self.open.push(proxy);
        Ok(address)
    }
}

/// `host:port` of a database's URL.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let place = rest.split('/').next()?;
    Some(place.rsplit_once('@').map_or(place, |(_, host)| host))
}

const OTHERS: &str = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// One session, or all of them.
async fn end_sessions(database: &DatabaseConnection, chance: &mut Chance) -> Outcome {
    let which = if chance.percent(50) { "ORDER BY random() LIMIT 1" } else { "" };
    let query = format!("SELECT pg_terminate_backend(pid) {OTHERS} {which}");
    database.query_all_raw(Statement::from_string(database.get_database_backend(), query)).await?;
    Ok(())
}

/// A session's process is killed. So the server ends all others at once and recovers from its log, as it does when it
/// is stopped in the mode `immediate` and started again.
async fn crash(database: &DatabaseConnection) -> Outcome {
    let query = format!("SELECT pid {OTHERS} LIMIT 1");
    let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), query)).await?;
    let Some(row) = row else { return Ok(()) };
    let pid: i32 = row.try_get_by_index(0)?;
    if !Command::new("kill").arg("-KILL").arg(pid.to_string()).status()?.success() {
        return Err("a process of PostgreSQL could not be killed: it must run on this machine".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_url_is_found() {
        assert_eq!(host_of("postgres://hiregraph@127.0.0.1:5433/postgres"), Some("127.0.0.1:5433"));
        assert_eq!(host_of("postgres://db:5432/a"), Some("db:5432"));
    }
}
