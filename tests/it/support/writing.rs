//! Writing through the graph: who is written to, what is sent, and what the vendor counts.

use std::time::Duration;

use serde_json::{Value, json};

use super::{TestApp, rows};

/// What every payload says, and what those say that create.
const CREATED: &str = "candidate { id firstName lastName emailAddresses { address } } \
                       application { id outcome job { id } currentStage { name } }";
const ACTION: &str = "id kind state steps { name state attempts error } warnings { message field } \
                      userErrors { code message field vendorMessage retryable }";

/// An open job of a connected account.
pub struct Target {
    pub integration: String,
    pub job: String,
}

pub async fn target(app: &TestApp, connector: &str) -> Target {
    let integration = app.connected(connector).await;
    let query = "query($id: ID!) { jobs(integrationId: $id, filter: {statuses: [OPEN]}, first: 1, \
                 orderBy: {field: NAME, direction: ASC}) { nodes { id } } }";
    let data = app.query_with(query, json!({ "id": integration })).await;
    let job = data["jobs"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    Target { integration, job }
}

impl Target {
    /// Of a creation that is waited for.
    pub fn input(&self, email: &str) -> Value {
        json!({
            "integrationId": self.integration,
            "candidate": { "firstName": "Dana", "lastName": "Nowak", "emailAddress": email },
            "application": { "jobId": self.job },
            "wait": "PT60S",
        })
    }
}

pub fn with(mut input: Value, key: &str, value: Value) -> Value {
    input[key] = value;
    input
}

/// A file of five letters.
pub fn file() -> Value {
    json!({ "name": "cv.txt", "type": "OTHER", "contentType": "text/plain", "data": "aGVsbG8=" })
}

/// The payload of a mutation that writes.
pub async fn write(app: &TestApp, name: &str, input: Value) -> Value {
    let of = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let created = if name.starts_with("create") { CREATED } else { "" };
    let query = format!(
        "mutation($input: {of}!) {{ {name}(input: $input) {{ action {{ {ACTION} }} {created} \
         warnings {{ message field }} userErrors {{ code message field vendorMessage retryable }} }} }}"
    );
    app.query_with(&query, json!({ "input": input })).await[name].take()
}

pub async fn create(app: &TestApp, input: Value) -> Value {
    write(app, "createCandidate", input).await
}

/// Begins a write, and answers its action's id without waiting.
pub async fn begin(app: &TestApp, name: &str, input: Value) -> String {
    let payload = write(app, name, with(input, "wait", json!("PT0S"))).await;
    let id = payload["action"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{name}: {payload:#}")).to_owned()
}

pub async fn action(app: &TestApp, id: &str) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Action {{ {ACTION} }} }} }}");
    app.query_with(&query, json!({ "id": id })).await["node"].take()
}

/// Carries out what is due, and moves the clock to whatever is due next, until the action has ended.
pub async fn finish(app: &TestApp, id: &str) -> Value {
    for _ in 0..400 {
        app.settle().await;
        let found = action(app, id).await;
        if !matches!(found["state"].as_str(), Some("QUEUED" | "RUNNING")) {
            return found;
        }
        let pause = app.service.actions.next_due().await.unwrap().unwrap_or_default();
        app.clock.advance(pause.max(Duration::from_secs(1)));
    }
    panic!("the action does not end: {:#}", action(app, id).await);
}

/// Successful writes at the vendor, of all kinds together but tokens.
pub fn writes(app: &TestApp, connector: &str) -> u64 {
    let counts = match connector {
        "traffit" => app.vendors.traffit.edit(|account| account.writes()),
        _ => app.vendors.hrworks.edit(|account| account.writes()),
    };
    counts
        .into_iter()
        .filter(|(endpoint, _)| !endpoint.contains("token") && !endpoint.contains("/webhooks"))
        .map(|(_, count)| count)
        .sum()
}

/// So many applications of different candidates, by public ids.
pub async fn applications(app: &TestApp, integration: &str, count: usize) -> Vec<String> {
    let query = "query($id: ID!) { applications(integrationId: $id, first: 100) { nodes { id candidate { id } } } }";
    let data = app.query_with(query, json!({ "id": integration })).await;
    let mut seen = Vec::new();
    let mut ids = Vec::new();
    for row in rows(&data["applications"]["nodes"]) {
        if !seen.contains(&&row["candidate"]["id"]) {
            seen.push(&row["candidate"]["id"]);
            ids.push(row["id"].as_str().unwrap().to_owned());
        }
    }
    assert!(ids.len() >= count, "{data:#}");
    ids.truncate(count);
    ids
}
