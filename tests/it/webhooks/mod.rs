//! Customers are told by webhooks: what they can ask for, what they are told, and that they are told it for sure.

mod delivering;
mod payloads;
mod saving;

use serde_json::{Value, json};

use crate::support::receiver::{Receiver, Told};
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, rows};

const SMALL: Size = Size { candidates: 12, jobs: 3 };

async fn start(backend: Backend) -> (TestApp, Receiver) {
    let receiver = Receiver::start().await;
    (TestApp::start_telling(backend, SMALL, &[&receiver]).await, receiver)
}

/// Makes an endpoint at a path of the receiver, and answers its id and secret.
async fn endpoint(app: &TestApp, receiver: &Receiver, path: &str, events: &[&str]) -> (String, String) {
    made(app, &app.admin, json!({ "url": receiver.url(path), "events": events })).await
}

async fn made(app: &TestApp, key: &str, input: Value) -> (String, String) {
    let payload = create(app, key, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&payload["endpoint"]["id"]), text(&payload["secret"]))
}

async fn create(app: &TestApp, key: &str, input: Value) -> Value {
    let query = "mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { secret \
                 endpoint { id url events enabled disabledReason query scopes createdAt } \
                 userErrors { code message field } } }";
    let mut answer = app.ask(key, query, json!({ "i": input })).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["createWebhookEndpoint"].take()
}

async fn update(app: &TestApp, input: Value) -> Value {
    let query = "mutation($i: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $i) { secret \
                 endpoint { id url events enabled disabledReason query } warnings { message field } \
                 userErrors { code message field } } }";
    app.query_with(query, json!({ "i": input })).await["updateWebhookEndpoint"].take()
}

async fn shown(app: &TestApp, endpoint: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { url events enabled disabledReason query \
                 deliveries(first: 250) { totalCount nodes { id event state attempts lastStatus lastError \
                 createdAt nextAttemptAt payload } } } } }";
    app.query_with(query, json!({ "id": endpoint })).await["node"].take()
}

/// An endpoint's deliveries, the oldest first.
async fn deliveries(app: &TestApp, endpoint: &str) -> Vec<Value> {
    let mut all = rows(&shown(app, endpoint).await["deliveries"]["nodes"]).to_vec();
    all.reverse();
    all
}

async fn redeliver(app: &TestApp, delivery: &Value) -> Value {
    let query = "mutation($id: ID!) { redeliverWebhook(deliveryId: $id) { delivery { id state nextAttemptAt } \
                 userErrors { code message field } } }";
    app.query_with(query, json!({ "id": delivery })).await["redeliverWebhook"].take()
}

/// Pauses an integration or lets it go on: something happens to it, and nothing else.
async fn pause(app: &TestApp, integration: &str, paused: bool) {
    let query = "mutation($i: UpdateIntegrationInput!) { updateIntegration(input: $i) { userErrors { code } } }";
    let payload = app.query_with(query, json!({ "i": { "id": integration, "paused": paused } })).await;
    assert_eq!(payload["updateIntegration"]["userErrors"], json!([]));
}

/// The new states that were told.
fn states(told: &[Told]) -> Vec<String> {
    told.iter().map(|told| told.body["data"]["to"].as_str().unwrap_or_default().to_owned()).collect()
}
