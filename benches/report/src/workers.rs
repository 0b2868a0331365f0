//! Two workers against one, where the vendor is the bottleneck: 20 accounts to be synced again and again, at a vendor
//! that takes its time over every answer. What counts is how many syncs end in a while: a worker syncs eight accounts
//! at once, and at the end of so many rounds of 20 places would be empty.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::report::{Rows, SECRET_KEY, fresh_postgres};
use super::{Settings, graph};
use drive::Outcome;
use drive::connection::Connection;
use drive::graph::ask;
use drive::process::{self, Process};

const ACCOUNTS: usize = 20;
/// For so long syncs are counted.
const WHILE: Duration = Duration::from_secs(60);
const CANDIDATES: &str = "100";
/// How long the vendor takes over an answer.
const SLOW: &str = "slow-ms=300";

pub async fn rows(settings: &Settings) -> Outcome<Rows> {
    let one = syncs_of(settings, 1).await?;
    let two = syncs_of(settings, 2).await?;
    let what = format!("{ACCOUNTS} accounts at a slow vendor, syncs in {} s", WHILE.as_secs());
    Ok(vec![
        (format!("{what}: one worker"), one.to_string()),
        (format!("{what}: two workers"), two.to_string()),
        ("two workers against one".into(), format!("{:.2} ×", two as f64 / one as f64)),
    ])
}

/// How many syncs end in a while, from the start of the workers; an account whose sync has ended is synced anew.
async fn syncs_of(settings: &Settings, workers: usize) -> Outcome<u64> {
    let binary = &settings.binary;
    let simulate = ["simulate", "traffit", "--listen", "127.0.0.1:0", "--candidates", CANDIDATES, "--fault", SLOW];
    let mut vendor = Process::start(binary, &simulate, &[])?;
    let credentials = vendor.line()?.unwrap_or_default();
    let credentials: Value = serde_json::from_str(credentials.trim_start_matches("credentials: "))?;
    let base_url = format!("http://{}", vendor.address);
    let url = fresh_postgres(settings, &format!("workers_{workers}")).await?;
    let environment = [
        ("HIREGRAPH_DATABASE_URL", url.as_str()),
        ("HIREGRAPH_SECRET_KEY", SECRET_KEY),
        ("HIREGRAPH_TRAFFIT_BASE_URL", &base_url),
        ("HIREGRAPH_LOG", "warn"),
    ];
    process::run(binary, &["migrate"], &environment)?;
    let key = process::run(binary, &["keys", "create", "--name", "bench", "--scopes", "ADMIN"], &environment)?;
    let serve = |role| Process::start(binary, &["serve", "--listen", "127.0.0.1:0", "--role", role], &environment);
    let api = serve("api")?;
    let mut connection = Connection::open(&api.address, &key).await?;
    for _ in 0..ACCOUNTS {
        graph::connect(&mut connection, &credentials).await?;
    }
    let begun = Instant::now();
    let workers: Vec<Process> = (0..workers).map(|_| serve("worker")).collect::<Outcome<_>>()?;
    let ended = loop {
        let query =
            "{ integrations(first: 100) { nodes { id lastSync { state } syncRuns(first: 1) { totalCount } } } }";
        let data = ask(&mut connection, query, json!({})).await?;
        let none = Vec::new();
        let accounts = data["integrations"]["nodes"].as_array().unwrap_or(&none);
        let mut ended = 0;
        for account in accounts {
            let runs = account["syncRuns"]["totalCount"].as_u64().unwrap_or_default();
            match account["lastSync"]["state"].as_str() {
                None | Some("QUEUED" | "RUNNING") => ended += runs.saturating_sub(1),
                Some("SUCCEEDED") => {
                    ended += runs;
                    let id = account["id"].as_str().ok_or("an account without an id")?;
                    graph::sync_again(&mut connection, id).await?;
                }
                Some(bad) => return Err(format!("a sync ended as {bad}").into()),
            }
        }
        if begun.elapsed() >= WHILE {
            break ended;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for process in workers.into_iter().chain([api, vendor]) {
        process.stop()?;
    }
    Ok(ended)
}
