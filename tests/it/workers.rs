//! Several processes share one PostgreSQL. When one dies in the middle of something, another finishes it: nothing is
//! lost, and nothing is written twice.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Backend;
use crate::support::child::{Serving, ask_in_vain};
use crate::support::gate::Hold;
use crate::support::place::Place;
use crate::support::receiver::Receiver;
use crate::support::vendors::Size;
use crate::support::{model, uuid_of};

const SIZE: Size = Size { candidates: 130, jobs: 6 };

/// The mirror is what the vendor has, and every record was written once.
async fn check(place: &Place, serving: &Serving, connector: &str, id: &str) {
    let query = "query($id: ID!) { integration(id: $id) { lastSync { state } models { model count } } }";
    let shown = place.query(serving, query, json!({"id": id})).await["integration"].take();
    assert_eq!(shown["lastSync"]["state"], "SUCCEEDED", "{shown:#}");
    for (of, ids) in place.vendors.remote_ids(connector) {
        assert_eq!(model(&shown, of)["count"], ids.len(), "{connector} {of}");
    }
    let connection = Database::connect(place.database.url()).await.unwrap();
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT kind, record_id FROM changes WHERE integration_id = $1",
        [uuid_of(id).into()],
    );
    let mut records = BTreeSet::new();
    for row in connection.query_all_raw(statement).await.unwrap() {
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "CREATED");
        assert!(records.insert(row.try_get_by_index::<uuid::Uuid>(1).unwrap()), "written twice");
    }
}

#[tokio::test]
async fn a_worker_killed_in_a_sync_is_followed_by_another() {
    let place = Place::new(Backend::Postgres, SIZE).await;
    for (connector, path) in
        [("traffit", "/api/integration/v2/employees/"), ("hrworks", "/v2/applicant-management/applicants")]
    {
        let id = place.connect(connector).await;
        let gate = place.vendors.gate(connector);
        gate.hold(path, 2);
        let first = place.serve_as("worker").await;
        gate.held().await;
        let mut second = place.serve_as("worker").await;
        let api = place.serve_as("api").await;
        first.killed().await;
        gate.open();
        second.logged("sync ended").await;
        check(&place, &api, connector, &id).await;
        for serving in [second, api] {
            assert_eq!(serving.told("TERM").await.0, Some(0));
        }
    }
}

#[tokio::test]
async fn a_process_killed_in_an_action_is_followed_by_another() {
    let mut place = Place::new(Backend::Postgres, SIZE).await;
    place.set("HIREGRAPH_SHOWS_WITHIN_SECONDS", "2");
    // HR WORKS carries out at once what it is told, whoever asks after it.
    place.vendors.faults("hrworks", &["pending-polls=0"]);
    let first = place.serve_as("all").await;
    let second = place.serve_as("all").await;
    for (connector, ending) in [("traffit", "/notes"), ("hrworks", "/files")] {
        let id = place.connect(connector).await;
        let shown = "query($id: ID!) { integration(id: $id) { state applications(first: 1) { nodes { id } } } }";
        let application = loop {
            let integration = place.query(&second, shown, json!({"id": id})).await["integration"].take();
            if integration["state"] == "ACTIVE" {
                break integration["applications"]["nodes"][0]["id"].clone();
            }
            tokio::task::yield_now().await;
        };
        let third = place.serve_as("api").await;
        let gate = place.vendors.gate(connector);
        gate.hold_writes(1, Hold::Answer, move |path| path.ends_with(ending));
        let query = "mutation($id: ID!) { addNoteToApplication(input: {applicationId: $id, content: \"Called once\", \
                     idempotencyKey: \"once\", wait: \"PT60S\"}) { action { state } userErrors { code message } } }";
        let variables = json!({"id": application});
        let body = json!({"query": query, "variables": variables});
        let mut asking = JoinSet::new();
        asking.spawn(ask_in_vain(third.address, place.key.clone(), body));
        gate.held().await;
        third.killed().await;
        asking.join_next().await.unwrap().unwrap();
        gate.open();
        let writes = || -> u64 {
            let writes = match connector {
                "traffit" => place.vendors.traffit.edit(|account| account.writes()),
                _ => place.vendors.hrworks.edit(|account| account.writes()),
            };
            writes.iter().filter(|(endpoint, _)| endpoint.ends_with(ending)).map(|(_, count)| count).sum()
        };
        // The same key is the same action, wherever it is asked.
        let payload = place.query(&second, query, variables).await["addNoteToApplication"].take();
        assert_eq!(payload, json!({"action": {"state": "SUCCEEDED"}, "userErrors": []}));
        assert_eq!(writes(), 1, "{connector}");
    }
    for serving in [first, second] {
        assert_eq!(serving.told("TERM").await.0, Some(0));
    }
}

#[tokio::test]
async fn a_worker_killed_in_a_delivery_is_followed_by_another() {
    let receiver = Receiver::start().await;
    let mut place = Place::new(Backend::Postgres, SIZE).await;
    place.set("HIREGRAPH_ALLOWED_PRIVATE_HOSTS", receiver.address.to_string());
    let api = place.serve_as("api").await;
    let query = "mutation($url: URL!) { createWebhookEndpoint(input: {url: $url, events: [RECORD_CHANGED, SYNC_FINISHED]}) { \
                 endpoint { id } userErrors { code message } } }";
    let made = place.query(&api, query, json!({"url": receiver.url("/hook")})).await["createWebhookEndpoint"].take();
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    let id = place.connect("traffit").await;
    receiver.gate.hold("/hook", 3);
    let first = place.serve_as("worker").await;
    receiver.gate.held().await;
    let second = place.serve_as("worker").await;
    first.killed().await;
    receiver.gate.open();
    let delivered =
        "query { webhookEndpoints { deliveries(first: 100) { nodes { state event } pageInfo { hasNextPage } } } }";
    loop {
        let data = place.query(&api, delivered, json!({})).await;
        let nodes = data["webhookEndpoints"][0]["deliveries"]["nodes"].as_array().unwrap().clone();
        let is_over = nodes.iter().any(|node| node["event"] == "SYNC_FINISHED");
        if is_over && nodes.iter().all(|node| node["state"] == "DELIVERED") {
            break;
        }
        tokio::task::yield_now().await;
    }
    check(&place, &api, "traffit", &id).await;
    // At least once, in order, and nothing left out.
    let told = receiver.told("/hook");
    let mut seen = Vec::new();
    for one in &told {
        let key = one.header("webhook-id").to_owned();
        if !seen.iter().any(|(known, _)| *known == key) {
            seen.push((key, one.body.clone()));
        }
    }
    let records: Vec<&Value> = seen
        .iter()
        .filter(|(_, body)| body["type"] == "RECORD_CHANGED")
        .flat_map(|(_, body)| body["changes"].as_array().unwrap())
        .collect();
    let feed = "query($after: String) { changes(first: 250, after: $after) { nodes { recordId kind } pageInfo { endCursor hasNextPage } } }";
    let (mut expected, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = place.query(&api, feed, json!({"after": after})).await["changes"].take();
        expected.extend(page["nodes"].as_array().unwrap().clone());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    let named = |change: &Value| (change["recordId"].clone(), change["kind"].clone());
    assert_eq!(
        records.iter().map(|change| named(change)).collect::<Vec<_>>(),
        expected.iter().map(named).collect::<Vec<_>>()
    );
    assert_eq!(seen.last().map(|(_, body)| body["type"].clone()), Some(json!("SYNC_FINISHED")));
    for serving in [second, api] {
        assert_eq!(serving.told("TERM").await.0, Some(0));
    }
}
