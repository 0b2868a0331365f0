//! Vendors' webhooks: from the vendor into the graph, and many at once.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sea_orm::Database;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Settings;
use super::load::Shown;
use super::report::{milliseconds, number};
use drive::Outcome;
use drive::connection::Connection;
use drive::graph::{ask, body};

/// Webhooks that are followed one after the other.
const FOLLOWED: usize = 100;
/// Connections that the vendor keeps open.
const CONNECTIONS: usize = 16;
const A_SECOND: usize = 1000;
/// No candidate of the vendor has an id from here on.
const STRANGERS: usize = 1_000_000_000;

/// How long a webhook may take at most: far longer than any does.
const PATIENCE: Duration = Duration::from_secs(60);

/// An address that no candidate has had, in this run or an earlier one.
fn email(what: &str, number: usize) -> String {
    format!("{what}-{number}-{}@example.test", std::process::id())
}

/// Adds a candidate at the vendor, which then calls by itself.
async fn add(vendor: &mut Connection, email: &str) -> Outcome {
    let edit = json!({ "op": "add_candidate", "fields": { "name": "Bench", "email": email } });
    vendor.post_to("/_simulator/edit", edit.to_string().into()).await.map(drop)
}

pub struct Inbound<'a> {
    pub settings: &'a Settings,
    /// Of the service, of the simulated vendor, and the key for the graph.
    pub service: &'a str,
    pub vendor: &'a str,
    pub key: &'a str,
    pub database_url: &'a str,
}

impl Inbound<'_> {
    pub async fn rows(&self) -> Outcome<Vec<(String, String)>> {
        let mut rows = Vec::new();
        for (whom, seen) in
            [("visible in the graph", self.followed().await?), ("told to a subscription", self.told().await?)]
        {
            rows.push((format!("vendor webhook in → {whom}: p50"), milliseconds(seen.percentile(50))));
            rows.push((format!("vendor webhook in → {whom}: p99"), milliseconds(seen.percentile(99))));
        }
        rows.extend(self.flood().await?);
        Ok(rows)
    }

    /// How long it takes until a change at the vendor is visible.
    pub async fn followed(&self) -> Outcome<Shown> {
        let mut graph = Connection::open(self.service, self.key).await?;
        self.subscribed(&mut graph).await?;
        self.seen(&mut graph).await
    }

    /// The vendor may be a new process that knows of no subscription: a full sync mends that.
    async fn subscribed(&self, graph: &mut Connection) -> Outcome {
        let found = ask(graph, "{ integrations { nodes { id } } }", json!({})).await?;
        let id = found["integrations"]["nodes"][0]["id"].clone();
        let sync = "mutation($id: ID!) { syncIntegration(input: { integrationId: $id }) { userErrors { message } } }";
        ask(graph, sync, json!({ "id": id })).await?;
        let query = "query($id: ID!) { integration(id: $id) { vendorWebhooks { state } \
                     syncRuns(first: 10) { nodes { kind state } } } }";
        loop {
            let shown = ask(graph, query, json!({ "id": id })).await?["integration"].take();
            let none = Vec::new();
            let webhooks = shown["vendorWebhooks"].as_array().unwrap_or(&none);
            let runs = shown["syncRuns"]["nodes"].as_array().unwrap_or(&none);
            let is_quiet = runs.iter().all(|run| !matches!(run["state"].as_str(), Some("QUEUED" | "RUNNING")));
            if is_quiet && !webhooks.is_empty() && webhooks.iter().all(|one| one["state"] == "SUBSCRIBED") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// From the change at the vendor, which calls by itself, to the answer of the graph that shows it.
    async fn seen(&self, graph: &mut Connection) -> Outcome<Shown> {
        let mut vendor = Connection::open(self.vendor, "").await?;
        let query = "query($email: String!) { candidates(first: 1, filter: { email: $email }) { nodes { id } } }";
        let mut shown = Shown::default();
        for number in 0..FOLLOWED {
            let (email, begun) = (email("seen", number), Instant::now());
            add(&mut vendor, &email).await?;
            loop {
                let found = ask(graph, query, json!({ "email": email })).await?;
                if found["candidates"]["nodes"][0].is_object() {
                    break;
                }
                if begun.elapsed() > PATIENCE {
                    return Err("a webhook was not followed within a minute".into());
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            shown.latencies.push(begun.elapsed());
        }
        shown.latencies.sort_unstable();
        Ok(shown)
    }

    /// From the change at the vendor to the event of a subscription that has the new candidate in it.
    pub async fn told(&self) -> Outcome<Shown> {
        let mut vendor = Connection::open(self.vendor, "").await?;
        let query = "subscription { changes(types: [CANDIDATE]) { kind record { ... on Candidate { emailAddresses { \
                     address } } } } }";
        let mut events = Connection::open(self.service, self.key).await?.subscribe(body(query, &json!({}))).await?;
        let mut shown = Shown::default();
        for number in 0..FOLLOWED {
            let (email, begun) = (email("told", number), Instant::now());
            add(&mut vendor, &email).await?;
            let told = async {
                while events.next().await?["changes"]["record"]["emailAddresses"][0]["address"] != *email {}
                Outcome::Ok(())
            };
            tokio::time::timeout(PATIENCE, told).await.map_err(|_| "a webhook was not told within a minute")??;
            shown.latencies.push(begun.elapsed());
        }
        shown.latencies.sort_unstable();
        Ok(shown)
    }

    /// As many as there are in a burst, on time or as fast as they are answered.
    async fn flood(&self) -> Outcome<Vec<(String, String)>> {
        let mut vendor = Connection::open(self.vendor, "").await?;
        let listed: Value = serde_json::from_slice(&vendor.get("/_simulator/webhooks").await?)?;
        let none = Vec::new();
        let mut webhooks = listed["webhooks"].as_array().unwrap_or(&none).iter();
        let door = webhooks.find(|one| one["type"] == "candidate_created").and_then(|one| one["url"].as_str());
        let door = door.ok_or("nobody subscribed to candidate_created")?;
        let (_, path) = door.split_once(self.service).ok_or("the webhooks lead elsewhere")?;
        let database = Database::connect(self.database_url).await?;
        let kept = "SELECT COUNT(*) FROM vendor_deliveries";
        let before = number(&database, kept).await?;
        let sent = A_SECOND * usize::try_from(self.settings.webhook_seconds)?;
        let mut sending: JoinSet<Outcome<Vec<Duration>>> = JoinSet::new();
        let begun = Instant::now();
        for first in 0..CONNECTIONS {
            let mut connection = Connection::open(self.service, "").await?;
            let path = path.to_owned();
            sending.spawn(async move {
                let mut latencies = Vec::new();
                for number in (first..sent).step_by(CONNECTIONS) {
                    let due = begun + Duration::from_secs_f64(number as f64 / A_SECOND as f64);
                    tokio::time::sleep_until(due.into()).await;
                    // Each body is another one than all before, so that none is taken for another.
                    let id = STRANGERS + number;
                    let body = json!({ "type": "candidate_created", "employee": { "id": id } }).to_string();
                    let asked = Instant::now();
                    connection.post_to(&path, Bytes::from(body)).await?;
                    latencies.push(asked.elapsed());
                }
                Ok(latencies)
            });
        }
        let mut shown = Shown::default();
        while let Some(latencies) = sending.join_next().await {
            shown.latencies.extend(latencies??);
        }
        shown.took = begun.elapsed();
        shown.latencies.sort_unstable();
        let received = number(&database, kept).await? - before;
        let lost = i64::try_from(sent)? - received;
        let what = format!("webhooks, {A_SECOND} a second for {} s", self.settings.webhook_seconds);
        if lost != 0 {
            return Err(format!("{what}: {received} of {sent} were kept").into());
        }
        Ok(vec![
            (format!("{what}: received / lost"), format!("{received} / {lost}")),
            (format!("{what}: received a second"), format!("{:.0}", shown.per_second())),
            (format!("{what}: answered, p50"), milliseconds(shown.percentile(50))),
            (format!("{what}: answered, p99"), milliseconds(shown.percentile(99))),
        ])
    }
}
