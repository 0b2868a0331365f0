//! What is asked of the graph.

use std::time::{Duration, Instant};

use drive::Outcome;
use drive::connection::Connection;
use drive::graph::ask;
use serde_json::{Value, json};

/// The nested query of the table.
pub const NESTED: &str = "{ jobs(first: 20) { nodes { id name status applications(first: 10) { nodes { id outcome \
     currentStage { name } candidate { id firstName lastName tags { tag { name } } } } } } } }";

/// Connects the simulated account; answers with its id.
pub async fn connect(connection: &mut Connection, credentials: &Value) -> Outcome<String> {
    let query = "mutation($credentials: JSON!) { createIntegration(input: { connector: \"traffit\", credentials: \
                 $credentials, endUser: { organizationName: \"Acme\" } }) { integration { id } userErrors { message } } }";
    let data = ask(connection, query, json!({ "credentials": credentials })).await?;
    let id = data["createIntegration"]["integration"]["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("the account was not connected: {data}").into())
}

pub async fn sync_again(connection: &mut Connection, integration: &str) -> Outcome {
    let query = "mutation($id: ID!) { syncIntegration(input: { integrationId: $id }) { userErrors { message } } }";
    ask(connection, query, json!({ "id": integration })).await.map(drop)
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ran {
    pub took: Duration,
    pub read: u64,
    pub written: u64,
    /// The longest that an answer took to come meanwhile.
    pub slowest_answer: Duration,
}

/// Waits until the run that was asked for last has ended well.
pub async fn wait_for_run(connection: &mut Connection, integration: &str, runs: usize) -> Outcome<Ran> {
    let query = "query($id: ID!) { integration(id: $id) { syncRuns(first: 1) { totalCount nodes { state models { model \
                 fetched created updated deleted } } } } }";
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    loop {
        let sent = Instant::now();
        let data = ask(connection, query, json!({ "id": integration })).await?;
        slowest = slowest.max(sent.elapsed());
        let found = &data["integration"]["syncRuns"];
        let run = &found["nodes"][0];
        if found["totalCount"] == json!(runs) && !matches!(run["state"].as_str(), Some("QUEUED" | "RUNNING")) {
            if run["state"] != "SUCCEEDED" {
                return Err(format!("the sync did not succeed: {run}").into());
            }
            let none = Vec::new();
            let models = run["models"].as_array().unwrap_or(&none);
            let sum = |names: &[&str]| -> u64 {
                models.iter().flat_map(|model| names.iter().filter_map(|name| model[*name].as_u64())).sum()
            };
            return Ok(Ran {
                took: begun.elapsed(),
                read: sum(&["fetched"]),
                written: sum(&["created", "updated", "deleted"]),
                slowest_answer: slowest,
            });
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

pub const CANDIDATES: &str = "query($after: String) { candidates(first: 10, after: $after) { nodes { id firstName \
     lastName emailAddresses { address } } pageInfo { endCursor hasNextPage } } }";

/// The cursor behind so many candidates, and how many pages of ten lie before it.
pub async fn deep_cursor(connection: &mut Connection, candidates: usize) -> Outcome<(Value, usize)> {
    let query =
        "query($after: String) { candidates(first: 250, after: $after) { pageInfo { endCursor hasNextPage } } }";
    let (mut after, mut passed) = (Value::Null, 0);
    while passed + 260 < candidates {
        let data = ask(connection, query, json!({ "after": after })).await?;
        let info = &data["candidates"]["pageInfo"];
        if info["hasNextPage"] != true {
            break;
        }
        after = info["endCursor"].clone();
        passed += 250;
    }
    Ok((after, passed / 10 + 1))
}
