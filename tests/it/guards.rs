//! What a caller may ask, how often and for how long, and what it is told of the cost.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use data_encoding::HEXLOWER;
use futures::future::join_all;
use futures::stream;
use hiregraph::domain::Scope;
use hiregraph::http::{Documents, Guards};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::on_both;
use crate::support::gate::Hold;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code};

on_both!(
    every_answer_that_ran_says_what_it_cost,
    documents_run_by_their_hash_over_every_door,
    beside_a_list_keys_without_admin_run_nothing_else,
    a_key_that_asks_too_often_is_told_when_to_come_again,
    a_request_that_takes_too_long_is_given_up,
);

const SMALL: Size = Size { candidates: 10, jobs: 2 };

fn hashed(query: &str) -> Value {
    let hash = HEXLOWER.encode(&Sha256::digest(query.as_bytes()));
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

async fn every_answer_that_ran_says_what_it_cost(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let limit = json!({ "depth": 15, "nodes": 10_000 });
    for (query, depth, nodes) in [
        ("{ viewer { name } }", 2, 0),
        ("{ jobs(first: 10) { nodes { id applications(first: 5) { nodes { id } } } } }", 5, 60),
        ("query A { jobs { nodes { id } } }", 3, 25),
        ("mutation { cancelSync(syncRunId: \"none\") { userErrors { code } } }", 3, 0),
        // Also where a field failed.
        ("{ jobs(first: 251) { nodes { id } } }", 3, 250),
    ] {
        let answer = app.ask(&app.admin, query, json!({})).await;
        let cost = json!({ "depth": depth, "nodes": nodes, "limit": limit });
        assert_eq!(answer["extensions"]["cost"], cost, "{query}: {answer:#}");
    }
    let several =
        json!({ "query": "query A { viewer { name } } query B { jobs { nodes { id } } }", "operationName": "B" });
    let answer = app.post(Some(&app.admin), &several).await;
    assert_eq!(answer.body["extensions"]["cost"]["nodes"], 25, "of the operation that ran: {}", answer.body);
    for query in ["{ nothing }", "{", "{ jobs(first: 250) { nodes { applications(first: 250) { nodes { id } } } } }"] {
        let answer = app.ask(&app.admin, query, json!({})).await;
        assert!(answer.get("extensions").is_none(), "{query} did not run: {answer:#}");
    }
}

async fn documents_run_by_their_hash_over_every_door(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let query = "query Who { viewer { name } }";
    let alone = json!({ "extensions": hashed(query) });
    let unknown = app.post(Some(&app.admin), &alone).await;
    assert_eq!(code(&unknown.body), "PERSISTED_QUERY_NOT_FOUND", "{}", unknown.body);
    let both = json!({ "query": query, "extensions": hashed(query) });
    assert_eq!(app.post(Some(&app.admin), &both).await.body["data"]["viewer"]["name"], "test");
    assert_eq!(app.post(Some(&app.admin), &alone).await.body["data"]["viewer"]["name"], "test");

    let listening = app.listening().await;
    let mut socket = listening.open(&app.admin).await;
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": alone })).await;
    assert_eq!(socket.next("1", "viewer").await["name"], "test");
    assert_eq!(socket.receive().await, Ok(json!({ "type": "complete", "id": "1" })));
    let other = json!({ "extensions": hashed("{ viewer { scopes } }") });
    socket.send(json!({ "type": "subscribe", "id": "2", "payload": other })).await;
    let error = socket.receive().await.unwrap();
    assert_eq!(error["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{error:#}");
}

async fn beside_a_list_keys_without_admin_run_nothing_else(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let (listed, other) = ("{ jobs { totalCount } }", "{ candidates { totalCount } }");
    let list = json!({ HEXLOWER.encode(&Sha256::digest(listed.as_bytes())): listed }).to_string();
    let documents = Arc::new(Documents::allowing(&list).unwrap());
    app.with_parts(|parts| parts.guards.documents = documents);
    let reader = app.key(&[Scope::RecordsRead], None).await;
    let total = app.ask(&app.admin, listed, json!({})).await["data"]["jobs"]["totalCount"].take();
    for body in [json!({ "query": listed }), json!({ "extensions": hashed(listed) })] {
        let answer = app.post(Some(&reader), &body).await;
        assert_eq!(answer.body["data"]["jobs"]["totalCount"], total, "{body}: {}", answer.body);
    }
    assert_eq!(code(&app.ask(&reader, other, json!({})).await), "QUERY_NOT_ALLOWED");
    assert_eq!(code(&app.ask(&app.admin, other, json!({})).await), "", "whoever administers may try others");
    let (status, body) = app.stream(Some(&reader), "subscription { changes { recordId } }", json!({})).await;
    let said = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    assert!(status == 200 && String::from_utf8_lossy(&said).contains("QUERY_NOT_ALLOWED"), "{said:?}");
    let listening = app.listening().await;
    let mut socket = listening.open(&reader).await;
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": { "query": other } })).await;
    let error = socket.receive().await.unwrap();
    assert_eq!(error["payload"][0]["extensions"]["code"], "QUERY_NOT_ALLOWED", "{error:#}");
}

async fn a_key_that_asks_too_often_is_told_when_to_come_again(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    app.with_parts(|parts| parts.guards = Guards { requests_per_second: 1, ..Guards::default() });
    let (busy, calm) = (app.key(&[Scope::RecordsRead], None).await, app.key(&[Scope::RecordsRead], None).await);
    let body = json!({ "query": "{ viewer { name } }" });
    // Thirty do not take half a minute.
    let answers = join_all((0..30).map(|_| app.post(Some(&busy), &body))).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!((code(&refused.body), &refused.headers["retry-after"]), ("RATE_LIMITED", &"1".parse().unwrap()));
    assert_eq!(refused.body["errors"][0]["extensions"]["retryAfter"], 1, "{}", refused.body);
    assert_eq!(app.post(Some(&calm), &body).await.status, 200, "others are not concerned");

    let listening = app.listening().await;
    let mut socket = listening.open(&busy).await;
    for number in 0..30 {
        socket.send(json!({ "type": "subscribe", "id": number.to_string(), "payload": body })).await;
    }
    loop {
        let message = socket.receive().await.unwrap();
        if message["type"] == "error" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{message:#}");
            break;
        }
    }
}

async fn a_request_that_takes_too_long_is_given_up(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let patience = Duration::from_millis(300);
    app.with_parts(|parts| parts.guards = Guards { request_timeout: patience, ..Guards::default() });
    // A body that never ends.
    let ask = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", app.admin));
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = app.send(ask.body(endless).unwrap()).await;
    assert_eq!((answer.status.as_u16(), code(&answer.body)), (504, "REQUEST_TIMEOUT"), "{}", answer.body);

    // A vendor that does not answer.
    let forward = "mutation($id: ID!) { passthrough(input: {integrationId: $id, method: POST, path: \"/employees/1/notes\", \
                   json: {content: \"Hi\"}}) { response { status } userErrors { code } } }";
    app.vendors.gate("traffit").hold_writes(2, Hold::Cut, |path| path.contains("/notes"));
    let answer = app.post(Some(&app.admin), &json!({ "query": forward, "variables": { "id": id } })).await;
    assert_eq!((answer.status.as_u16(), code(&answer.body)), (504, "REQUEST_TIMEOUT"), "{}", answer.body);
    assert!(answer.body.get("data").is_none(), "{}", answer.body);

    let listening = app.listening().await;
    let mut socket = listening.open(&app.admin).await;
    let payload = json!({ "query": forward, "variables": { "id": id } });
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
    let error = socket.receive().await.unwrap();
    assert_eq!(error["payload"][0]["extensions"]["code"], "REQUEST_TIMEOUT", "{error:#}");
    app.vendors.gate("traffit").open();
}
