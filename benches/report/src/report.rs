//! The measurements, database by database, and the table.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use super::Settings;
use super::graph::{self, Ran};
use super::inbound::Inbound;
use super::load::{Shown, measure};
use super::webhooks::{self, Receiver};
use drive::connection::Connection;
use drive::graph::body;
use drive::postgres;
use drive::process::{self, Memory, Process};
use drive::{Outcome, RECORD_TABLES};

/// A row of the table: what was measured, and its value.
pub type Rows = Vec<(String, String)>;

/// Seals the credentials of a simulated account.
pub const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub async fn run(settings: &Settings) -> Outcome {
    let scratch = Scratch(std::env::temp_dir().join(format!("hiregraph-bench-{}", std::process::id())));
    let folder = settings.folder.clone().unwrap_or_else(|| scratch.0.clone());
    std::fs::create_dir_all(&folder)?;
    let mut columns = Vec::new();
    for database in &settings.databases {
        let url = match database.as_str() {
            "sqlite" => format!("sqlite://{}/bench.db", folder.display()),
            "postgres" => fresh_postgres(settings, "main").await?,
            other => return Err(format!("there is no database {other}: sqlite or postgres").into()),
        };
        eprintln!("— {database}");
        let mut rows = Bench { settings, url }.rows().await?;
        if database == "postgres" {
            rows.extend(super::workers::rows(settings).await?);
        }
        columns.push((database.clone(), rows));
    }
    println!("{}", table(settings, &columns));
    Ok(())
}

/// A folder that is gone with its handle.
struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind, or never made, it does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn fresh_postgres(settings: &Settings, name: &str) -> Outcome<String> {
    let name = format!("hiregraph_bench_{}_{name}", std::process::id());
    postgres::fresh(settings.postgres_url.as_deref(), &name).await
}

struct Bench<'a> {
    settings: &'a Settings,
    url: String,
}

impl Bench<'_> {
    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    async fn rows(&self) -> Outcome<Rows> {
        let mut rows = Rows::new();
        let candidates = self.settings.candidates.to_string();
        let simulate = ["simulate", "traffit", "--listen", "127.0.0.1:0", "--candidates", &candidates];
        let mut vendor = Process::start(&self.settings.binary, &simulate, &[])?;
        let credentials = vendor.line()?.unwrap_or_default();
        let credentials: Value = serde_json::from_str(credentials.trim_start_matches("credentials: "))?;
        let base_url = format!("http://{}", vendor.address);
        let environment = [
            ("HIREGRAPH_DATABASE_URL", self.url.as_str()),
            ("HIREGRAPH_SECRET_KEY", SECRET_KEY),
            ("HIREGRAPH_TRAFFIT_BASE_URL", &base_url),
            ("HIREGRAPH_LOG", "warn"),
        ];
        let binary = &self.settings.binary;
        process::run(binary, &["migrate"], &environment)?;
        let key = ["keys", "create", "--name", "bench", "--scopes", "ADMIN"];
        let key = process::run(binary, &key, &environment)?;
        let serve = ["serve", "--listen", "127.0.0.1:0"];

        let service = Process::start(binary, &serve, &environment)?;
        self.syncs(&service, &key, &credentials, &mut rows).await?;
        vendor.stop()?;
        // A process of its own for queries, so that its memory is theirs.
        service.stop()?;
        let service = Process::start(binary, &serve, &environment)?;
        self.nested(&service, &key, &mut rows).await?;
        self.pages(&service, &key, &mut rows).await?;
        service.stop()?;
        let receiver = Receiver::start().await?;
        let may_tell = [&environment[..], &[("HIREGRAPH_ALLOWED_PRIVATE_HOSTS", receiver.address.as_str())]].concat();
        let service = Process::start(binary, &serve, &may_tell)?;
        let rate = webhooks::measure(&self.url, &service.address, &key, &receiver).await?;
        rows.push(("webhooks: deliveries a second to a loopback receiver".into(), format!("{rate:.0}")));
        rows.push(("webhooks: peak memory".into(), megabytes(service.memory()?.peak)));
        service.stop()?;
        let mut times = Vec::new();
        for _ in 0..self.settings.rounds {
            let service = Process::start(binary, &serve, &environment)?;
            times.push(service.started_in + ready(&service.address)?);
            if times.len() == self.settings.rounds {
                tokio::time::sleep(Duration::from_secs(1)).await;
                rows.push(("idle: memory".into(), megabytes(service.memory()?.now)));
            }
            service.stop()?;
        }
        rows.push(("start to ready, existing database".into(), milliseconds(median(times))));
        rows.extend(self.webhooks(&environment, &simulate, &key).await?);
        Ok(rows)
    }

    /// Last, because what is received then is followed for a long time.
    async fn webhooks(&self, environment: &[(&str, &str)], simulate: &[&str], key: &str) -> Outcome<Rows> {
        let vendor = Process::start(&self.settings.binary, simulate, &[])?;
        let base_url = format!("http://{}", vendor.address);
        let mut environment = environment.to_vec();
        environment.push(("HIREGRAPH_TRAFFIT_BASE_URL", &base_url));
        let service = Process::start(&self.settings.binary, &["serve", "--listen", "127.0.0.1:0"], &environment)?;
        let inbound = Inbound {
            settings: self.settings,
            service: &service.address,
            vendor: &vendor.address,
            key,
            database_url: &self.url,
        };
        let mut rows = inbound.rows().await?;
        rows.push(("webhooks: peak memory of the service".into(), megabytes(service.memory()?.peak)));
        service.stop()?;
        vendor.stop()?;
        Ok(rows)
    }

    async fn syncs(&self, service: &Process, key: &str, credentials: &Value, rows: &mut Rows) -> Outcome {
        let mut connection = Connection::open(&service.address, key).await?;
        let begun = Instant::now();
        let integration = graph::connect(&mut connection, credentials).await?;
        let mut ran = graph::wait_for_run(&mut connection, &integration, 1).await?;
        ran.took = begun.elapsed();
        let first = rate(&ran);
        self.say("first sync", &ran, service.processor()?, service.memory()?, rows);

        let database = Database::connect(&self.url).await?;
        let before = latest(&database).await?;
        service.forget_peak()?;
        let processor = service.processor()?;
        let begun = Instant::now();
        graph::sync_again(&mut connection, &integration).await?;
        let mut ran = graph::wait_for_run(&mut connection, &integration, 2).await?;
        ran.took = begun.elapsed();
        self.say("unchanged sync", &ran, service.processor()? - processor, service.memory()?, rows);
        rows.push(("unchanged sync: speed against the first".into(), format!("{:.1} ×", rate(&ran) / first)));
        let after = latest(&database).await?;
        database.close().await?;
        if ran.written > 0 || before != after {
            return Err(
                format!("an unchanged sync wrote records: {} counted, {before:?} → {after:?}", ran.written).into()
            );
        }
        rows.push(("unchanged sync: record rows written".into(), ran.written.to_string()));
        Ok(())
    }

    fn say(&self, name: &str, ran: &Ran, processor: f64, memory: Memory, rows: &mut Rows) {
        let seconds = ran.took.as_secs_f64();
        eprintln!("{name}: {} records in {seconds:.1} s, {:.0} MB at most", ran.read, memory.peak);
        rows.push((format!("{name}: records"), ran.read.to_string()));
        rows.push((format!("{name}: time"), format!("{seconds:.1} s")));
        rows.push((format!("{name}: records a second"), format!("{:.0}", rate(ran))));
        rows.push((format!("{name}: processor time of the service"), format!("{processor:.1} s")));
        rows.push((format!("{name}: peak memory"), megabytes(memory.peak)));
        rows.push((format!("{name}: slowest answer meanwhile"), milliseconds(ran.slowest_answer)));
    }

    async fn nested(&self, service: &Process, key: &str, rows: &mut Rows) -> Outcome {
        let floor = ["floor", "--database-url", &self.url];
        let floor = Process::start(&std::env::current_exe()?, &floor, &[])?;
        let body = body(graph::NESTED, &json!({}));
        let time = Duration::from_secs(self.settings.seconds);
        for (connections, what) in [(1, "1 connection"), (16, "16 connections")] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..self.settings.rounds {
                ours.push(measure(&service.address, key, &body, connections, time).await?);
                theirs.push(measure(&floor.address, key, &body, connections, time).await?);
            }
            let (ours, theirs) = (median_of(ours), median_of(theirs));
            if connections == 1 {
                rows.push((format!("nested query, {what}: p50"), milliseconds(ours.percentile(50))));
                rows.push((format!("nested query, {what}: p99"), milliseconds(ours.percentile(99))));
                rows.push((format!("nested query, {what}: p50 of the floor"), milliseconds(theirs.percentile(50))));
                let ratio = ours.percentile(50).as_secs_f64() / theirs.percentile(50).as_secs_f64();
                rows.push((format!("nested query, {what}: p50 against the floor"), format!("{ratio:.2} ×")));
            } else {
                rows.push((format!("nested query, {what}: requests a second"), format!("{:.0}", ours.per_second())));
                rows.push((format!("nested query, {what}: the floor's"), format!("{:.0}", theirs.per_second())));
                let share = 100.0 * ours.per_second() / theirs.per_second();
                rows.push((format!("nested query, {what}: share of the floor"), format!("{share:.0} %")));
                rows.push((format!("nested query, {what}: p99"), milliseconds(ours.percentile(99))));
                rows.push((format!("nested query, {what}: memory"), megabytes(service.memory()?.peak)));
            }
        }
        floor.stop()?;
        if !self.is_sqlite() {
            let statements = statements(&self.url, service, key, &body, self.settings.seconds).await?;
            rows.push(("nested query: statements, with the key's".into(), format!("{statements:.1}")));
        }
        Ok(())
    }

    async fn pages(&self, service: &Process, key: &str, rows: &mut Rows) -> Outcome {
        let mut connection = Connection::open(&service.address, key).await?;
        let (after, page) = graph::deep_cursor(&mut connection, self.settings.candidates).await?;
        let time = Duration::from_secs(self.settings.seconds.div_ceil(2));
        let (mut first, mut deep) = (Vec::new(), Vec::new());
        for _ in 0..self.settings.rounds {
            let shallow = body(graph::CANDIDATES, &json!({}));
            first.push(measure(&service.address, key, &shallow, 1, time).await?.percentile(50));
            let deeper = body(graph::CANDIDATES, &json!({ "after": after }));
            deep.push(measure(&service.address, key, &deeper, 1, time).await?.percentile(50));
        }
        let (first, deep) = (median(first), median(deep));
        rows.push(("candidates, page 1: p50".into(), milliseconds(first)));
        rows.push((format!("candidates, page {page}: p50"), milliseconds(deep)));
        let ratio = deep.as_secs_f64() / first.as_secs_f64();
        rows.push((format!("candidates, page {page} against page 1"), format!("{ratio:.2} ×")));
        Ok(())
    }
}

/// Each statement of a query is a transaction of its own, and PostgreSQL counts those.
pub async fn statements(url: &str, service: &Process, key: &str, body: &bytes::Bytes, seconds: u64) -> Outcome<f64> {
    // The server's processes hand in their counts when they are idle, after ten seconds at the latest.
    const HANDED_IN: Duration = Duration::from_secs(11);
    let database = Database::connect(url).await?;
    let count = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    tokio::time::sleep(HANDED_IN).await;
    let before = number(&database, count).await?;
    let asked = measure(&service.address, key, body, 1, Duration::from_secs(seconds)).await?;
    tokio::time::sleep(HANDED_IN).await;
    let after = number(&database, count).await?;
    Ok((after - before) as f64 / (asked.latencies.len() + 1) as f64)
}

/// Rows, latest change and entries of the change feed: what an unchanged sync leaves as it was.
pub async fn latest(database: &DatabaseConnection) -> Outcome<Vec<i64>> {
    let mut figures = vec![number(database, "SELECT COALESCE(MAX(seq), 0) FROM changes").await?];
    for table in RECORD_TABLES {
        for what in ["COUNT(*)", "COALESCE(MAX(changed_at), 0)"] {
            figures.push(number(database, &format!("SELECT {what} FROM {table}")).await?);
        }
    }
    Ok(figures)
}

pub async fn number(database: &DatabaseConnection, sql: &str) -> Outcome<i64> {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await?.ok_or("no row")?;
    Ok(row.try_get_by_index(0)?)
}

/// How long it takes until the service calls itself ready.
pub fn ready(address: &str) -> Outcome<Duration> {
    let begun = Instant::now();
    loop {
        let mut stream = std::net::TcpStream::connect(address)?;
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.starts_with("HTTP/1.1 200") {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > Duration::from_secs(30) {
            return Err(format!("the service does not become ready: {answer}").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn rate(ran: &Ran) -> f64 {
    ran.read as f64 / ran.took.as_secs_f64()
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The measurement in the middle by its throughput.
fn median_of(mut shown: Vec<Shown>) -> Shown {
    shown.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    let middle = shown.len() / 2;
    shown.into_iter().nth(middle).unwrap_or_default()
}

pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn megabytes(megabytes: f64) -> String {
    format!("{megabytes:.0} MB")
}

fn table(settings: &Settings, columns: &[(String, Rows)]) -> String {
    let mut lines = vec![format!("{} candidates, TRAFFIT simulated in a process of its own", settings.candidates)];
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    lines.push(format!("| | {} |", names.join(" | ")));
    lines.push(format!("| --- |{}", " ---: |".repeat(columns.len())));
    let mut labels: Vec<&str> = Vec::new();
    for (label, _) in columns.iter().flat_map(|(_, rows)| rows) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    for label in labels {
        let value = |rows: &Rows| {
            let found = rows.iter().find(|(name, _)| name == label);
            found.map_or_else(|| "–".to_owned(), |(_, value)| value.clone())
        };
        let values: Vec<_> = columns.iter().map(|(_, rows)| value(rows)).collect();
        lines.push(format!("| {label} | {} |", values.join(" | ")));
    }
    lines.join("\n")
}
