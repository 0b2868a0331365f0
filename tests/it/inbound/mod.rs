//! What vendors call about, through the real door into the graph.

mod door;
mod hrworks;
mod subscriptions;
mod traffit;

use axum::body::Body;
use axum::http::Request;
use hiregraph::connectors::traffit::simulator::Delivery;
use hiregraph::domain::{IdSpace, IntegrationId, NodeId, RecordType};
use serde_json::{Value, json};

use crate::support::vendors::Size;
use crate::support::{Answer, TestApp, uuid_of};

const SMALL: Size = Size { candidates: 40, jobs: 8 };

/// What TRAFFIT's subscriptions to these events are told since it was last asked.
fn told(app: &TestApp, kinds: &[&str]) -> Vec<Delivery> {
    let deliveries = app.vendors.traffit.edit(hiregraph::connectors::traffit::simulator::Account::take_deliveries);
    deliveries.into_iter().filter(|delivery| kinds.contains(&delivery.kind.as_str())).collect()
}

async fn post(app: &TestApp, url: &str, headers: &[(String, String)], body: &str) -> Answer {
    let path = url.strip_prefix(crate::support::PUBLIC_URL).unwrap_or(url);
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Sends deliveries to the door, as the vendor would.
async fn deliver(app: &TestApp, deliveries: &[Delivery]) {
    assert!(!deliveries.is_empty(), "nobody is called");
    for delivery in deliveries {
        let answer = post(app, &delivery.url, &delivery.headers, &delivery.body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""), "{delivery:?}");
    }
}

/// The URL of the subscription to an event.
fn url_of(app: &TestApp, event: &str) -> String {
    let webhooks = app.vendors.traffit.edit(|account| account.webhooks());
    let found = webhooks.into_iter().find(|(_, webhook)| webhook.kind == event);
    found.unwrap_or_else(|| panic!("nobody subscribed to {event}")).1.url
}

/// Has the vendor call about an event with this body, and follows it.
async fn call(app: &TestApp, event: &str, body: &Value) {
    let answer = post(app, &url_of(app, event), &[], &body.to_string()).await;
    assert_eq!(answer.status, 202);
    app.settle().await;
}

fn public_id(integration: &str, of: RecordType, remote_id: &str) -> String {
    let uuid = IdSpace::new(IntegrationId(uuid_of(integration))).uuid(of, remote_id);
    NodeId::new(hiregraph::domain::NodeType::Record(of), uuid).to_string()
}

/// A record as the graph shows it; null when it has none.
async fn shown(app: &TestApp, integration: &str, of: RecordType, remote_id: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { \
        ... on Candidate { remoteDeletedAt firstName lastName source emailAddresses { address } \
            phoneNumbers { number } remoteData tags { tag { name } } } \
        ... on Job { remoteDeletedAt name status description postUrl location { city } \
            hiringTeam { user { remoteId } } stages { stage { remoteId } } } \
        ... on Application { remoteDeletedAt outcome currentStage { remoteId } job { remoteId } candidate { remoteId } } } }";
    let id = public_id(integration, of, remote_id);
    app.query_with(query, json!({ "id": id })).await["node"].take()
}

async fn webhooks(app: &TestApp, integration: &str) -> Vec<Value> {
    let query = "query($id: ID!) { integration(id: $id) { vendorWebhooks { event state lastReceivedAt error } } }";
    let mut shown = app.query_with(query, json!({ "id": integration })).await["integration"].take();
    serde_json::from_value(shown["vendorWebhooks"].take()).unwrap()
}

fn states(webhooks: &[Value]) -> Vec<&str> {
    webhooks.iter().map(|webhook| webhook["state"].as_str().unwrap()).collect()
}

/// The runs of an integration, the latest first.
async fn runs(app: &TestApp, integration: &str) -> Vec<Value> {
    let query = "query($id: ID!) { integration(id: $id) { syncRuns(first: 50) { nodes { kind state startedAt finishedAt \
                 models { model state fetched created updated unchanged deleted error } } } } }";
    let mut shown = app.query_with(query, json!({ "id": integration })).await["integration"].take();
    serde_json::from_value(shown["syncRuns"]["nodes"].take()).unwrap()
}

/// The one run of this kind.
async fn only_run(app: &TestApp, integration: &str, kind: &str) -> Value {
    let all = runs(app, integration).await;
    let mut found: Vec<Value> = all.iter().filter(|run| run["kind"] == kind).cloned().collect();
    assert_eq!(found.len(), 1, "{all:#?}");
    found.remove(0)
}

async fn deliveries(app: &TestApp, integration: &str) -> i64 {
    app.count("SELECT COUNT(*) FROM vendor_deliveries WHERE integration_id = $1", uuid_of(integration)).await
}

async fn pending(app: &TestApp, integration: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM vendor_deliveries WHERE integration_id = $1 AND done_at IS NULL";
    app.count(sql, uuid_of(integration)).await
}
