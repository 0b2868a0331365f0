//! The service and dlt read the same account of the same simulated vendor into the same PostgreSQL: dlt merges rows by
//! their primary key; the service also finds what changed and what is gone, and writes the change feed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::Database;
use serde_json::{Value, json};

use super::super::inbound::Inbound;
use super::super::report::{fresh_postgres, latest};
use super::super::{Settings, graph};
use super::fill::{self, Vendor};
use drive::Outcome;
use drive::connection::Connection;
use drive::process::Process;

/// Tags are read candidate by candidate, which makes a hundred thousand requests of a few hundred; so both are measured
/// once without and once with them.
const WITHOUT_TAGS: [&str; 2] = ["CANDIDATE_TAG", "TAG"];

/// One sync by the service.
#[derive(Debug, Clone, Copy)]
pub struct Synced {
    pub first: Duration,
    pub again: Duration,
    pub records: u64,
    pub first_peak: f64,
}

#[derive(Debug, Clone, Copy)]
pub struct Ingested {
    pub service: Synced,
    /// What dlt took, and the rows that it then has in the tables of its resources.
    pub dlt: Option<(Duration, u64)>,
}

impl Ingested {
    fn raw(&self) -> Value {
        let seconds = |time: Duration| time.as_secs_f64();
        json!({
            "firstSyncSeconds": seconds(self.service.first), "unchangedSyncSeconds": seconds(self.service.again),
            "records": self.service.records, "firstSyncPeakMegabytes": self.service.first_peak,
            "dltSeconds": self.dlt.map(|(time, _)| seconds(time)), "dltRows": self.dlt.map(|(_, rows)| rows),
        })
    }
}

pub fn save(path: &Path, ingested: &[Ingested]) -> Outcome {
    let rows: Vec<Value> = ingested.iter().map(Ingested::raw).collect();
    Ok(std::fs::write(path, serde_json::to_string_pretty(&rows)?)?)
}

/// Alternating, as often as asked.
pub async fn rounds(settings: &Settings, folder: &Path, tags: bool, times: usize) -> Outcome<Vec<Ingested>> {
    let vendor = Vendor::start(settings, settings.candidates)?;
    let mut ingested = Vec::new();
    for round in 0..times {
        let name = format!("{}_{round}", if tags { "tags" } else { "lists" });
        let url = fresh_postgres(settings, &format!("sync_{name}")).await?;
        let service = sync(settings, &vendor, &url, tags, &folder.join("logs/sync.log")).await?;
        let url = fresh_postgres(settings, &format!("dlt_{name}")).await?;
        let dlt = dlt(folder, &vendor, &url, tags)?;
        let (rate, theirs) = (service.records as f64 / service.first.as_secs_f64(), dlt.1 as f64 / dlt.0.as_secs_f64());
        eprintln!("ingest {name}: {} records, {rate:.0}/s; dlt {} rows, {theirs:.0}/s", service.records, dlt.1);
        ingested.push(Ingested { service, dlt: Some(dlt) });
    }
    vendor.process.stop()?;
    Ok(ingested)
}

/// A first sync, and the same again with nothing changed, which must write no record.
pub async fn sync(settings: &Settings, vendor: &Vendor, url: &str, tags: bool, log: &Path) -> Outcome<Synced> {
    let environment = fill::environment(url, &vendor.base_url);
    let (admin, _) = fill::keys(settings, &environment)?;
    let service = Process::start_logged(&settings.binary, &["serve", "--listen", "127.0.0.1:0"], &environment, log)?;
    let mut connection = Connection::open(&service.address, &admin).await?;
    let begun = Instant::now();
    let excluded: &[&str] = if tags { &[] } else { &WITHOUT_TAGS };
    let integration = fill::connect(&mut connection, &vendor.credentials, excluded).await?;
    let ran = graph::wait_for_run(&mut connection, &integration, 1).await?;
    let first = begun.elapsed();
    let first_peak = service.memory()?.peak;
    let database = Database::connect(url).await?;
    let before = latest(&database).await?;
    let begun = Instant::now();
    graph::sync_again(&mut connection, &integration).await?;
    let unchanged = graph::wait_for_run(&mut connection, &integration, 2).await?;
    let again = begun.elapsed();
    if unchanged.written > 0 || before != latest(&database).await? {
        return Err(format!("an unchanged sync wrote {} records", unchanged.written).into());
    }
    database.close().await?;
    service.stop()?;
    Ok(Synced { first, again, records: ran.read, first_peak })
}

/// Runs `ingest.py`, which prints how long its pipeline ran and how many rows there are then.
fn dlt(folder: &Path, vendor: &Vendor, url: &str, tags: bool) -> Outcome<(Duration, u64)> {
    let output = Command::new(folder.join("venv/bin/python"))
        .arg(folder.join("ingest.py"))
        .env("VENDOR_URL", &vendor.base_url)
        .env("VENDOR_CREDENTIALS", vendor.credentials.to_string())
        .env("DATABASE_URL", url)
        .env("WITH_TAGS", if tags { "1" } else { "" })
        .env("DLT_DATA_DIR", folder.join("dlt"))
        .env("RUNTIME__DLTHUB_TELEMETRY", "false")
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("dlt ended with {}", output.status).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let said: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
    let seconds = said["seconds"].as_f64().ok_or("dlt did not say its time")?;
    Ok((Duration::from_secs_f64(seconds), said["rows"].as_u64().ok_or("dlt did not say its rows")?))
}

/// One first sync of each size: time and memory as the account grows.
pub async fn growth(settings: &Settings, folder: &Path, sizes: &[usize]) -> Outcome<Vec<(usize, Synced)>> {
    let mut curve = Vec::new();
    for size in sizes {
        let vendor = Vendor::start(settings, *size)?;
        let url = fresh_postgres(settings, &format!("growth_{size}")).await?;
        let synced = sync(settings, &vendor, &url, true, &folder.join("logs/growth.log")).await?;
        eprintln!("growth {size}: {:.1} s, {:.0} MB", synced.first.as_secs_f64(), synced.first_peak);
        vendor.process.stop()?;
        curve.push((*size, synced));
    }
    Ok(curve)
}

/// How long it takes from a change at the vendor until the graph shows it, and until the vendor answers by itself.
pub async fn webhooks(settings: &Settings, folder: &Path) -> Outcome<(Duration, Duration)> {
    let vendor = Vendor::start(settings, 1000)?;
    let url = fresh_postgres(settings, "webhooks").await?;
    let environment = fill::environment(&url, &vendor.base_url);
    let (admin, _) = fill::keys(settings, &environment)?;
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let service = Process::start_logged(&settings.binary, &serve, &environment, &folder.join("logs/webhooks.log"))?;
    let mut connection = Connection::open(&service.address, &admin).await?;
    let integration = fill::connect(&mut connection, &vendor.credentials, &[]).await?;
    graph::wait_for_run(&mut connection, &integration, 1).await?;
    let inbound = Inbound {
        settings,
        service: &service.address,
        vendor: &vendor.process.address,
        key: &admin,
        database_url: &url,
    };
    let shown = inbound.followed().await?;
    service.stop()?;
    vendor.process.stop()?;
    Ok((shown.percentile(50), shown.percentile(99)))
}
