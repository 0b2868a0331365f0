//! The records: many accounts of one simulated vendor, synced by the service itself, and the copy for the peers.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use super::super::Settings;
use super::super::report::{SECRET_KEY, number};
use drive::Outcome;
use drive::connection::Connection;
use drive::graph::ask;
use drive::process::{self, Process};

/// What the layout of the copy is, on PostgreSQL.
const PREPARE: &str = include_str!("../../../peers/prepare.sql");
/// The same for the floor on SQLite, which has its columns in the same order.
const PREPARE_SQLITE: &str = "
    DELETE FROM hiring_team_members WHERE user_id NOT IN (SELECT id FROM users);
    DELETE FROM candidate_tags WHERE tag_id NOT IN (SELECT id FROM tags);
    DELETE FROM job_stages WHERE stage_id NOT IN (SELECT id FROM application_stages);
    CREATE UNIQUE INDEX peers_users ON users (id);
    CREATE UNIQUE INDEX peers_jobs ON jobs (id);
    CREATE UNIQUE INDEX peers_candidates ON candidates (id);
    CREATE UNIQUE INDEX peers_stages ON application_stages (id);
    CREATE UNIQUE INDEX peers_tags ON tags (id);
    CREATE INDEX peers_applications_changed ON applications (changed_at DESC, id DESC);
    CREATE INDEX peers_applications_job ON applications (job_id, changed_at DESC, id DESC);
    CREATE INDEX peers_applications_stage ON applications (current_stage_id, outcome, changed_at DESC, id DESC);
    CREATE INDEX peers_jobs_changed ON jobs (changed_at DESC, id DESC);
    CREATE INDEX peers_candidates_changed ON candidates (changed_at DESC, id DESC);
    CREATE INDEX peers_candidate_tags_candidate ON candidate_tags (candidate_id);
    CREATE INDEX peers_job_stages_job ON job_stages (job_id, position);
    CREATE INDEX peers_team_job ON hiring_team_members (job_id);
    ANALYZE;";

const COUNTED: [&str; 6] = ["candidates", "applications", "jobs", "job_stages", "candidate_tags", "payloads"];

/// A simulated vendor and the credentials for it.
pub struct Vendor {
    pub process: Process,
    pub credentials: Value,
    pub base_url: String,
}

impl Vendor {
    pub fn start(settings: &Settings, candidates: usize) -> Outcome<Self> {
        let candidates = candidates.to_string();
        let simulate = ["simulate", "traffit", "--listen", "127.0.0.1:0", "--candidates", &candidates];
        let mut process = Process::start(&settings.binary, &simulate, &[])?;
        let credentials = process.line()?.unwrap_or_default();
        let credentials = serde_json::from_str(credentials.trim_start_matches("credentials: "))?;
        let base_url = format!("http://{}", process.address);
        Ok(Self { process, credentials, base_url })
    }
}

/// Where the service finds its things.
pub fn environment<'a>(url: &'a str, base_url: &'a str) -> [(&'a str, &'a str); 3] {
    [("HIREGRAPH_DATABASE_URL", url), ("HIREGRAPH_SECRET_KEY", SECRET_KEY), ("HIREGRAPH_TRAFFIT_BASE_URL", base_url)]
}

/// A fresh database, with a key that may do all and one that only reads records.
pub fn keys(settings: &Settings, environment: &[(&str, &str)]) -> Outcome<(String, String)> {
    // What a fresh database says of itself is of no interest.
    let environment = [environment, &[("HIREGRAPH_LOG", "warn")]].concat();
    process::run(&settings.binary, &["migrate"], &environment)?;
    let make = |scopes| {
        process::run(&settings.binary, &["keys", "create", "--name", "bench", "--scopes", scopes], &environment)
    };
    Ok((make("ADMIN")?, make("RECORDS_READ")?))
}

/// Connects the account so that no sync comes by itself while something else is measured.
pub async fn connect(connection: &mut Connection, credentials: &Value, excluded: &[&str]) -> Outcome<String> {
    let query = "mutation($credentials: JSON!, $excluded: [RecordType!]) { createIntegration(input: { connector: \
                 \"traffit\", credentials: $credentials, endUser: { organizationName: \"Acme\" }, syncSettings: { interval: \
                 \"P1D\", excludedModels: $excluded } }) { integration { id } userErrors { message } } }";
    let data = ask(connection, query, json!({ "credentials": credentials, "excluded": excluded })).await?;
    let id = data["createIntegration"]["integration"]["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("the account was not connected: {data}").into())
}

/// Fills a database with so many accounts; answers with the key that reads and with what there is then.
pub async fn fill(settings: &Settings, url: &str, accounts: usize, log: &Path) -> Outcome<(String, String)> {
    let vendor = Vendor::start(settings, settings.candidates.div_ceil(accounts))?;
    let environment = environment(url, &vendor.base_url);
    let (admin, reader) = keys(settings, &environment)?;
    let service = Process::start_logged(&settings.binary, &["serve", "--listen", "127.0.0.1:0"], &environment, log)?;
    let mut connection = Connection::open(&service.address, &admin).await?;
    for _ in 0..accounts {
        connect(&mut connection, &vendor.credentials, &[]).await?;
    }
    loop {
        let query = "{ integrations(first: 100) { nodes { lastSync { state } } } }";
        let data = ask(&mut connection, query, json!({})).await?;
        let none = Vec::new();
        let nodes = data["integrations"]["nodes"].as_array().unwrap_or(&none);
        let states: Vec<_> = nodes.iter().filter_map(|node| node["lastSync"]["state"].as_str()).collect();
        if let Some(bad) = states.iter().find(|state| !matches!(**state, "QUEUED" | "RUNNING" | "SUCCEEDED")) {
            return Err(format!("a sync ended as {bad}").into());
        }
        if states.len() == accounts && states.iter().all(|state| *state == "SUCCEEDED") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    service.stop()?;
    vendor.process.stop()?;
    let database = Database::connect(url).await?;
    let mut counts = Vec::new();
    for table in COUNTED {
        counts.push(format!(
            "{} {}",
            number(&database, &format!("SELECT COUNT(*) FROM {table}")).await?,
            table.replace('_', " ")
        ));
    }
    let tidy = if url.starts_with("sqlite:") { "ANALYZE" } else { "VACUUM ANALYZE" };
    database.execute_unprepared(tidy).await?;
    database.close().await?;
    Ok((reader, counts.join(", ")))
}

/// The copy of a database that the peers work on; answers with its URL.
pub async fn copy(url: &str) -> Outcome<String> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let copy = format!("{path}.peers");
        if std::fs::exists(&copy)? {
            std::fs::remove_file(&copy)?;
        }
        let database = Database::connect(url).await?;
        database.execute_unprepared(&format!("VACUUM INTO '{copy}'")).await?;
        database.close().await?;
        let copy = format!("sqlite://{copy}");
        let database = Database::connect(&copy).await?;
        database.execute_unprepared(PREPARE_SQLITE).await?;
        database.close().await?;
        return Ok(copy);
    }
    let (root, name) = url.rsplit_once('/').ok_or("the URL names no database")?;
    let server = Database::connect(format!("{root}/postgres")).await?;
    server.execute_unprepared(&format!("CREATE DATABASE {name}_peers TEMPLATE {name}")).await?;
    server.close().await?;
    let copy = format!("{root}/{name}_peers");
    let database = Database::connect(&copy).await?;
    database.execute_unprepared(PREPARE).await?;
    database.execute_unprepared("VACUUM ANALYZE").await?;
    database.close().await?;
    Ok(copy)
}
