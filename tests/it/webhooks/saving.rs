//! Endpoints are made, changed and removed by those who may, and only as they can work.

use hiregraph::domain::Scope;
use serde_json::{Value, json};

use super::{create, deliveries, endpoint, made, pause, shown, start, update};
use crate::on_both;
use crate::support::{Backend, code, ids, rows};

on_both!(
    what_cannot_work_is_refused_with_its_place,
    secrets_are_shown_once,
    an_endpoint_is_changed_and_removed,
    there_is_an_end_to_endpoints,
    deliveries_page_from_the_newest_in_both_directions,
    restricted_administrators_manage_their_own_endpoints_only,
);

async fn what_cannot_work_is_refused_with_its_place(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let elsewhere = format!("http://127.0.0.1:{}/", receiver.address.port().wrapping_add(1).max(1));
    let addresses = [
        "",
        "nonsense",
        "/relative",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest",
        "https://user:secret@example.com/hook",
        elsewhere.as_str(),
    ];
    for url in addresses {
        let refused = create(&app, &app.admin, json!({ "url": url, "events": ["SYNC_FINISHED"] })).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "url"]), "{url}: {refused:#}");
        assert_eq!((&refused["endpoint"], &refused["secret"]), (&Value::Null, &Value::Null));
    }
    let url = receiver.url("/a");
    let refused = create(&app, &app.admin, json!({ "url": url, "events": [] })).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "events"]));
    let query = "mutation($u: URL!) { createWebhookEndpoint(input: {url: $u, events: [WHATEVER]}) { secret } }";
    assert!(!code(&app.ask(&app.admin, query, json!({ "u": url })).await).is_empty());
    let (hook, _) = endpoint(&app, &receiver, "/a", &["SYNC_FINISHED"]).await;
    for (input, field) in [
        (json!({ "id": hook, "url": "http://example.com/" }), json!(["input", "url"])),
        (json!({ "id": hook, "events": [] }), json!(["input", "events"])),
        (json!({ "id": "hook_00000000000000000000000000", "enabled": true }), json!(["input", "id"])),
        (json!({ "id": "nonsense", "enabled": true }), json!(["input", "id"])),
    ] {
        let refused = update(&app, input.clone()).await;
        assert_eq!(refused["userErrors"][0]["field"], field, "{input}: {refused:#}");
    }
    assert_eq!(rows(&app.query("{ webhookEndpoints { id } }").await["webhookEndpoints"]).len(), 1);
}

async fn secrets_are_shown_once(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let (hook, secret) = endpoint(&app, &receiver, "/a", &["SYNC_FINISHED"]).await;
    let (_, other) = endpoint(&app, &receiver, "/b", &["SYNC_FINISHED"]).await;
    assert_ne!(secret, other);
    let changed = update(&app, json!({ "id": hook, "enabled": true })).await;
    assert!(changed["secret"].is_null());
    let kept = app.store.endpoints().await.unwrap();
    let plain = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &secret["whsec_".len()..]).unwrap();
    assert_eq!(plain.len(), 32);
    assert!(kept.iter().all(|row| !row.secret.windows(32).any(|part| part == plain)), "it is sealed");
    let listed = app.query("{ webhookEndpoints { id url events enabled query scopes disabledReason } }").await;
    assert!(!listed.to_string().contains(&secret));
    assert_eq!(listed["webhookEndpoints"][0]["scopes"], json!(["RECORDS_READ"]));
}

async fn an_endpoint_is_changed_and_removed(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", &["SYNC_FINISHED"]).await;
    let wanted =
        json!({ "id": hook, "url": receiver.url("/b"), "events": ["INTEGRATION_STATE_CHANGED", "RECORD_CHANGED"] });
    let changed = update(&app, wanted).await;
    assert_eq!(changed["endpoint"]["url"], receiver.url("/b"));
    assert_eq!(changed["endpoint"]["events"], json!(["RECORD_CHANGED", "INTEGRATION_STATE_CHANGED"]));
    pause(&app, &id, true).await;
    app.settle().await;
    assert_eq!((receiver.told("/a").len(), receiver.told("/b").len()), (0, 1), "and nothing of the changes before");
    pause(&app, &id, false).await;
    receiver.answer("/b", 500, &[]);
    app.settle().await;
    let delivery = deliveries(&app, &hook).await[0]["id"].clone();
    let remove = "mutation($id: ID!) { deleteWebhookEndpoint(id: $id) { deletedId userErrors { code field } } }";
    let removed = app.query_with(remove, json!({ "id": hook })).await["deleteWebhookEndpoint"].take();
    assert_eq!(removed, json!({ "deletedId": hook, "userErrors": [] }));
    let again = app.query_with(remove, json!({ "id": hook })).await["deleteWebhookEndpoint"].take();
    assert_eq!(again["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["id"] }]));
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(app.query_with(nodes, json!({ "ids": [hook, delivery] })).await["nodes"], json!([null, null]));
    receiver.take("/b");
    app.clock.advance(std::time::Duration::from_secs(600));
    app.settle().await;
    assert_eq!(receiver.told("/b").len(), 0);
}

async fn there_is_an_end_to_endpoints(backend: Backend) {
    let (app, receiver) = start(backend).await;
    for at in 0..50 {
        endpoint(&app, &receiver, &format!("/{at}"), &["SYNC_FINISHED"]).await;
    }
    let refused = create(&app, &app.admin, json!({ "url": receiver.url("/"), "events": ["SYNC_FINISHED"] })).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["input"]), "{refused:#}");
}

async fn deliveries_page_from_the_newest_in_both_directions(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", &["INTEGRATION_STATE_CHANGED"]).await;
    for at in 0..7 {
        pause(&app, &id, at % 2 == 0).await;
    }
    app.settle().await;
    let mut all: Vec<String> =
        deliveries(&app, &hook).await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    all.reverse();
    assert_eq!(all.len(), 7);
    let query = "query($id: ID!, $f: Int, $a: String, $l: Int, $b: String) { node(id: $id) { ... on WebhookEndpoint { \
                 deliveries(first: $f, after: $a, last: $l, before: $b) { totalCount nodes { id } edges { cursor } \
                 pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }";
    let page = async |variables: Value| {
        let mut with = json!({ "id": hook });
        with.as_object_mut().unwrap().extend(variables.as_object().unwrap().clone());
        app.query_with(query, with).await["node"]["deliveries"].take()
    };
    let first = page(json!({ "f": 3 })).await;
    assert_eq!((ids(&first["nodes"]), &first["totalCount"]), (all[..3].to_vec(), &json!(7)));
    let second = page(json!({ "f": 3, "a": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(ids(&second["nodes"]), all[3..6]);
    let last = page(json!({ "l": 2 })).await;
    assert_eq!((ids(&last["nodes"]), &last["pageInfo"]["hasPreviousPage"]), (all[5..].to_vec(), &json!(true)));
    let before = page(json!({ "l": 2, "b": last["pageInfo"]["startCursor"] })).await;
    assert_eq!(ids(&before["nodes"]), all[3..5]);
}

async fn restricted_administrators_manage_their_own_endpoints_only(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let [_, hrworks] = app.connected_to_both().await;
    let (foreign, _) = endpoint(&app, &receiver, "/a", &["INTEGRATION_STATE_CHANGED"]).await;
    pause(&app, &hrworks, true).await;
    app.settle().await;
    let delivery = deliveries(&app, &foreign).await[0]["id"].clone();
    let key = app.key(&[Scope::Admin], Some(&[&hrworks])).await;
    let (own, _) = made(&app, &key, json!({ "url": receiver.url("/b"), "events": ["SYNC_FINISHED"] })).await;
    let listed = app.ask(&key, "{ webhookEndpoints { id } }", json!({})).await;
    assert_eq!(ids(&listed["data"]["webhookEndpoints"]), std::slice::from_ref(&own));
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let seen = app.ask(&key, nodes, json!({ "ids": [foreign, delivery, own] })).await;
    assert_eq!(seen["data"]["nodes"], json!([null, null, { "id": own }]));
    let change = "mutation($id: ID!, $d: ID!) { updateWebhookEndpoint(input: {id: $id, enabled: false}) { userErrors { code } } \
                  deleteWebhookEndpoint(id: $id) { userErrors { code } } redeliverWebhook(deliveryId: $d) { userErrors { code } } }";
    let refused = app.ask(&key, change, json!({ "id": foreign, "d": delivery })).await;
    for field in ["updateWebhookEndpoint", "deleteWebhookEndpoint", "redeliverWebhook"] {
        assert_eq!(refused["data"][field]["userErrors"][0]["code"], "NOT_FOUND", "{refused:#}");
    }
    assert_eq!(shown(&app, &foreign).await["enabled"], true);
}
