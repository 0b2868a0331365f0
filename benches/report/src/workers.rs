//! Two workers against one, where the vendor is the bottleneck: 20 accounts to be synced again and again, at a vendor
//! that takes its time over every answer. A worker syncs eight accounts at once, so that one round of 20 would leave
//! places empty; three rounds leave few.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::report::{Rows, SECRET_KEY, fresh_postgres};
use super::{Settings, graph};
use drive::Outcome;
use drive::connection::Connection;
use drive::graph::ask;
use drive::process::{self, Process};

const ACCOUNTS: usize = 20;
/// Full syncs of each account.
const SYNCS: u64 = 3;
const CANDIDATES: &str = "100";
/// How long the vendor takes over an answer.
const SLOW: &str = "slow-ms=300";

pub async fn rows(settings: &Settings) -> Outcome<Rows> {
    let one = sync_all(settings, 1).await?;
    let two = sync_all(settings, 2).await?;
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let ratio = one.as_secs_f64() / two.as_secs_f64();
    Ok(vec![
        (format!("{ACCOUNTS} accounts at a slow vendor, {SYNCS} syncs each: one worker"), seconds(one)),
        (format!("{ACCOUNTS} accounts at a slow vendor, {SYNCS} syncs each: two workers"), seconds(two)),
        ("two workers against one".into(), format!("{ratio:.2} ×")),
    ])
}

/// From the start of the workers until every account has had its syncs.
async fn sync_all(settings: &Settings, workers: usize) -> Outcome<Duration> {
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
    loop {
        let query =
            "{ integrations(first: 100) { nodes { id lastSync { state } syncRuns(first: 1) { totalCount } } } }";
        let data = ask(&mut connection, query, json!({})).await?;
        let none = Vec::new();
        let accounts = data["integrations"]["nodes"].as_array().unwrap_or(&none);
        let mut synced = 0;
        for account in accounts {
            match account["lastSync"]["state"].as_str() {
                None | Some("QUEUED" | "RUNNING") => {}
                Some("SUCCEEDED") if account["syncRuns"]["totalCount"].as_u64() >= Some(SYNCS) => synced += 1,
                Some("SUCCEEDED") => {
                    let id = account["id"].as_str().ok_or("an account without an id")?;
                    graph::sync_again(&mut connection, id).await?;
                }
                Some(bad) => return Err(format!("a sync ended as {bad}").into()),
            }
        }
        if synced == ACCOUNTS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = begun.elapsed();
    for process in workers.into_iter().chain([api, vendor]) {
        process.stop()?;
    }
    Ok(took)
}
