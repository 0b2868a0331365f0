//! One idempotency key at two processes on one database.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::Backend;
use crate::support::child::Serving;
use crate::support::place::Place;
use crate::support::vendors::Size;

async fn note(place: &Place, serving: &Serving, application: &str, content: &str) -> Value {
    let query = "mutation($input: AddNoteToApplicationInput!) { addNoteToApplication(input: $input) \
                 { action { id state } userErrors { code field } } }";
    let input = json!({ "applicationId": application, "content": content, "idempotencyKey": "once", "wait": "PT60S" });
    place.query(serving, query, json!({ "input": input })).await["addNoteToApplication"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_at_two_processes_at_once_is_one_action_and_one_write() {
    let place = Place::new(Backend::Postgres, Size { candidates: 12, jobs: 4 }).await;
    place.vendors.faults("hrworks", &["pending-polls=0"]);
    let mut one = place.serve().await;
    let other = place.serve().await;
    for connector in ["traffit", "hrworks"] {
        let integration = place.connect_by(&one, connector).await;
        synced(&place, &mut one, &integration).await;
        let query = "query($id: ID!) { applications(integrationId: $id, first: 1) { nodes { id } } }";
        let data = place.query(&other, query, json!({ "id": integration })).await;
        let application = data["applications"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{data:#}"));
        let doors = [&one, &other, &one, &other];
        let answers = join_all(doors.map(|door| note(&place, door, application, "Called"))).await;
        let mut ids = BTreeSet::new();
        for answer in &answers {
            assert_eq!(answer["action"]["state"], "SUCCEEDED", "{connector}: {answers:#?}");
            ids.insert(answer["action"]["id"].to_string());
        }
        assert_eq!(ids.len(), 1, "{connector}: {answers:#?}");
        for door in [&one, &other] {
            let refused = note(&place, door, application, "Called again").await;
            let field = json!(["input", "idempotencyKey"]);
            assert_eq!(refused["userErrors"], json!([{ "code": "IDEMPOTENCY_KEY_REUSED", "field": field }]));
        }
        let written = match connector {
            "traffit" => place.vendors.traffit.edit(|account| account.writes()),
            _ => place.vendors.hrworks.edit(|account| account.writes()),
        };
        let written: Vec<_> = written
            .into_iter()
            .filter(|(endpoint, _)| !endpoint.contains("token") && !endpoint.contains("/webhooks"))
            .collect();
        assert_eq!(written.len(), 1, "{connector}: {written:?}");
        assert_eq!(written[0].1, 1, "{connector}: {written:?}");
    }
    for serving in [one, other] {
        assert_eq!(serving.told("TERM").await.0, Some(0));
    }
}

/// Waits for the first sync of an account, whichever process does it.
async fn synced(place: &Place, serving: &mut Serving, integration: &str) {
    let query = "query($id: ID!) { integration(id: $id) { state } }";
    loop {
        let data = place.query(serving, query, json!({ "id": integration })).await;
        if data["integration"]["state"] == "ACTIVE" {
            return;
        }
        tokio::task::yield_now().await;
    }
}
