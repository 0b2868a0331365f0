//! Subscriptions over server-sent events and over WebSocket: from a cursor and then live, across processes, and ended
//! when their key is.

use std::time::Duration;

use axum::http::StatusCode;
use hiregraph::domain::Scope;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::live::{Events, soon};
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, rows, settle, uuid_of};

on_both!(
    changes_come_from_a_cursor_and_then_live_over_server_sent_events,
    changes_come_from_a_cursor_and_then_live_over_a_web_socket,
    whoever_comes_back_misses_nothing,
    what_another_process_commits_is_told_here,
    a_restricted_key_is_told_nothing_of_others,
    a_subscription_ends_with_its_key,
    a_stranger_is_refused,
    a_web_socket_follows_its_protocol,
    queries_and_mutations_run_over_both,
    a_sync_is_told_to_its_end,
    a_write_is_told_to_its_end,
    a_reader_that_is_too_late_is_told,
    subscriptions_have_limits,
    a_subscription_needs_a_stream,
    a_process_that_ends_breaks_subscriptions_off,
);

const SMALL: Size = Size { candidates: 20, jobs: 3 };

const CHANGES: &str = "subscription($integrations: [ID!], $types: [RecordType!], $after: String) { \
    changes(integrationIds: $integrations, types: $types, after: $after) { \
    cursor kind type recordId changedFields record { id ... on Candidate { lastName } } integration { id } } }";

const LISTED: &str = "query($integrations: [ID!], $types: [RecordType!], $after: String) { \
    changes(integrationIds: $integrations, types: $types, after: $after, first: 250) { nodes { \
    cursor kind type recordId changedFields record { id ... on Candidate { lastName } } integration { id } } \
    pageInfo { hasNextPage endCursor } } }";

async fn listed(app: &TestApp, variables: Value) -> (Vec<Value>, Value) {
    let (mut all, mut variables) = (Vec::new(), variables);
    loop {
        let page = app.query_with(LISTED, variables.clone()).await["changes"].take();
        all.extend(rows(&page["nodes"]).iter().cloned());
        variables["after"] = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return (all, variables["after"].take());
        }
    }
}

/// Renames a candidate at the vendor and syncs, and answers the new name.
async fn rename(app: &TestApp, integration: &str, name: &str) {
    app.vendors
        .traffit
        .edit(|account| account.update_candidate(1, |candidate| candidate.lastname = name.to_owned().into()));
    app.clock.advance(Duration::from_secs(3600));
    app.sync(integration).await;
}

async fn changes_come_from_a_cursor_and_then_live_over_server_sent_events(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (all, _) = listed(&app, json!({})).await;
    let mut from_third = app.subscribe(&app.admin, CHANGES, json!({ "after": all[2]["cursor"] })).await;
    let mut from_now = app.subscribe(&app.admin, CHANGES, json!({})).await;
    for expected in &all[3..] {
        assert_eq!(&from_third.next("changes").await, expected);
    }
    for name in ["Nowa", "Nowak"] {
        rename(&app, &id, name).await;
        for events in [&mut from_third, &mut from_now] {
            let change = events.next("changes").await;
            assert_eq!((&change["kind"], &change["record"]["lastName"]), (&json!("UPDATED"), &json!(name)));
        }
    }
}

async fn changes_come_from_a_cursor_and_then_live_over_a_web_socket(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (all, end) = listed(&app, json!({ "types": ["JOB"] })).await;
    let listening = app.listening().await;
    let mut socket = listening.open(&app.admin).await;
    socket.subscribe("late", CHANGES, json!({ "after": end })).await;
    rename(&app, &id, "Nowa").await;
    assert_eq!(socket.next("late", "changes").await["record"]["lastName"], "Nowa");
    socket.send(json!({ "type": "complete", "id": "late" })).await;
    let all_jobs = json!({ "types": ["JOB"], "after": hiregraph::store::page::feed_cursor(0) });
    socket
        .send(json!({ "type": "subscribe", "id": "early", "payload": { "query": CHANGES, "variables": all_jobs } }))
        .await;
    assert!(all.len() >= 3);
    for expected in &all {
        assert_eq!(&socket.next("early", "changes").await, expected);
    }
    // Nothing more comes of what was ended, and its id is free again.
    socket.subscribe("late", CHANGES, json!({})).await;
    rename(&app, &id, "Nowak").await;
    assert_eq!(socket.next("late", "changes").await["record"]["lastName"], "Nowak");
}

async fn whoever_comes_back_misses_nothing(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let mut cursor = listed(&app, json!({})).await.1;
    for round in 0..3 {
        let mut events = app.subscribe(&app.admin, CHANGES, json!({ "after": cursor })).await;
        if round > 0 {
            assert_eq!(events.next("changes").await["record"]["lastName"], format!("Away{}", round - 1));
        }
        rename(&app, &id, &format!("Here{round}")).await;
        let change = events.next("changes").await;
        assert_eq!(change["record"]["lastName"], format!("Here{round}"));
        cursor = change["cursor"].clone();
        drop(events);
        rename(&app, &id, &format!("Away{round}")).await;
    }
}

async fn what_another_process_commits_is_told_here(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let other = app.successor().await;
    let id = app.connected("traffit").await;
    let mut events = app.subscribe(&app.admin, CHANGES, json!({})).await;
    for name in ["Nowa", "Nowak"] {
        app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = name.into()));
        app.clock.advance(Duration::from_secs(2 * 3600));
        // It is due by its schedule, and the other process has it.
        settle(&other).await;
        assert_eq!(events.next("changes").await["record"]["lastName"], name);
    }
    assert_eq!(app.total("candidates", &id).await, 20);
}

async fn a_restricted_key_is_told_nothing_of_others(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::RecordsRead], Some(&[&hrworks])).await;
    let beginning = hiregraph::store::page::feed_cursor(0);
    let (own, _) = listed(&app, json!({ "integrations": [hrworks] })).await;
    let mut all = app.subscribe(&key, CHANGES, json!({ "after": beginning })).await;
    let mut named =
        app.subscribe(&key, CHANGES, json!({ "after": beginning, "integrations": [traffit, hrworks] })).await;
    for expected in &own {
        assert_eq!((&all.next("changes").await, &named.next("changes").await), (expected, expected));
    }
    rename(&app, &traffit, "Nowa").await;
    app.vendors.hrworks.edit(|account| {
        let renamed = account.candidate_ids()[0].clone();
        account.update_candidate(&renamed, |candidate| candidate.last_name = "Neu".into())
    });
    app.sync(&hrworks).await;
    for events in [&mut all, &mut named] {
        assert_eq!(events.next("changes").await["integration"]["id"], hrworks.as_str());
    }
    let run = "{ integration(id: \"ID\") { lastSync { id } } }".replace("ID", &traffit);
    let run = app.query(&run).await["integration"]["lastSync"]["id"].take();
    let mut events =
        app.subscribe(&key, "subscription($id: ID!) { syncRun(id: $id) { id } }", json!({ "id": run })).await;
    assert_eq!(events.refused().await, "BAD_USER_INPUT");
}

async fn a_subscription_ends_with_its_key(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let make = "mutation { createApiKey(input: {name: \"k\", scopes: [RECORDS_READ], expiresIn: \"PT1H\"}) { secret apiKey { id } } }";
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }";
    let made = app.query(make).await["createApiKey"].take();
    let secret = made["secret"].as_str().unwrap();
    let listening = app.listening().await;
    let mut socket = listening.open(secret).await;
    socket.subscribe("one", CHANGES, json!({})).await;
    let mut events = app.subscribe(secret, CHANGES, json!({})).await;
    app.query_with(revoke, json!({ "id": made["apiKey"]["id"] })).await;
    // Although nothing happens.
    assert_eq!(events.refused().await, "UNAUTHENTICATED");
    let error = socket.receive().await.unwrap();
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("one")), "{error:#}");
    assert_eq!(error["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(socket.receive().await, Err(4403));

    let made = app.query(make).await["createApiKey"].take();
    let mut events = app.subscribe(made["secret"].as_str().unwrap(), CHANGES, json!({})).await;
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(events.refused().await, "UNAUTHENTICATED", "it expired");
}

async fn a_stranger_is_refused(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let unknown = format!("hgk_{}", "a".repeat(52));
    for key in [None, Some(unknown.as_str())] {
        let (status, _) = app.stream(key, CHANGES, json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{key:?}");
    }
    let listening = app.listening().await;
    assert_eq!(listening.connect(Some(&unknown), "graphql-transport-ws").await.err(), Some(401));
    for payload in [
        json!(null),
        json!({}),
        json!({ "Authorization": unknown }),
        json!({ "Authorization": format!("Bearer {unknown}") }),
    ] {
        let mut socket = listening.connect(None, "graphql-transport-ws").await.ok().unwrap();
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await, Err(4403), "{payload}");
    }
    let mut socket = listening.connect(Some(&app.admin), "graphql-transport-ws").await.ok().unwrap();
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": { "query": CHANGES } })).await;
    assert_eq!(socket.receive().await, Err(4401), "before it was acknowledged");
}

async fn a_web_socket_follows_its_protocol(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let listening = app.listening().await;
    let mut socket = listening.connect(Some(&app.admin), "graphql-transport-ws").await.ok().unwrap();
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, Ok(json!({ "type": "pong" })));
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await, Ok(json!({ "type": "connection_ack" })), "the key was in the header");
    socket.subscribe("1", CHANGES, json!({})).await;
    for (id, query, expected) in [
        ("a", "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("b", "subscription {", "GRAPHQL_PARSE_FAILED"),
        ("c", "", "BAD_REQUEST"),
        ("d", "subscription { changes(after: \"x\") { kind } }", "BAD_USER_INPUT"),
        ("e", "subscription($after: String!) { changes(after: $after) { kind } }", "BAD_USER_INPUT"),
        ("f", "subscription { changes { kind } syncRun(id: \"x\") { id } }", "BAD_USER_INPUT"),
        ("g", "subscription { a: changes { kind } b: changes { kind } }", "BAD_USER_INPUT"),
    ] {
        socket.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
        let error = socket.receive().await.unwrap();
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!(id)), "{query}: {error:#}");
        assert_eq!(error["payload"][0]["extensions"]["code"], expected, "{query}: {error:#}");
    }
    socket.send(json!({ "type": "subscribe", "id": "1", "payload": { "query": CHANGES } })).await;
    assert_eq!(socket.receive().await, Err(4409), "the id is taken");
    for (text, expected) in [("{}", 4400), ("nonsense", 4400), ("{\"type\":\"connection_init\"}", 4429)] {
        let mut socket = listening.open(&app.admin).await;
        socket.say(text).await;
        assert_eq!(socket.receive().await, Err(expected), "{text}");
    }
}

async fn queries_and_mutations_run_over_both(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let mutation =
        "mutation($id: ID!) { updateIntegration(input: {id: $id, name: \"Mine\"}) { integration { name } } }";
    let query = "query($id: ID!) { integration(id: $id) { name } }";
    let listening = app.listening().await;
    let mut socket = listening.open(&app.admin).await;
    for (text, field) in [(mutation, "updateIntegration"), (query, "integration")] {
        socket
            .send(json!({ "type": "subscribe", "id": "q", "payload": { "query": text, "variables": { "id": id } } }))
            .await;
        assert!(socket.next("q", field).await.to_string().contains("Mine"));
        assert_eq!(socket.receive().await, Ok(json!({ "type": "complete", "id": "q" })));
        let mut events = app.subscribe(&app.admin, text, json!({ "id": id })).await;
        assert!(events.next(field).await.to_string().contains("Mine"));
        assert_eq!(events.answer().await, None);
    }
}

#[tokio::test]
async fn a_lost_connection_to_postgresql_loses_nothing() {
    let app = TestApp::start_with(Backend::Postgres, SMALL).await;
    let id = app.connected("traffit").await;
    let mut events = app.subscribe(&app.admin, CHANGES, json!({})).await;
    rename(&app, &id, "Nowa").await;
    assert_eq!(events.next("changes").await["record"]["lastName"], "Nowa");
    // The connection that listens may still be on its way.
    let ended = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let row = soon(async {
        loop {
            let rows = app.store.connection().query_all_raw(Statement::from_string(DbBackend::Postgres, ended)).await;
            let count: i64 = rows.unwrap()[0].try_get_by_index(0).unwrap();
            if count > 0 {
                return count;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(row.await, 1, "one connection of a process listens");
    rename(&app, &id, "Nowak").await;
    assert_eq!(events.next("changes").await["record"]["lastName"], "Nowak");
    rename(&app, &id, "Nowakowa").await;
    assert_eq!(events.next("changes").await["record"]["lastName"], "Nowakowa");
}

/// The states that a subscription tells until it ends, each once.
async fn states(mut events: Events, field: &str) -> Vec<Value> {
    let mut told = Vec::new();
    while let Some(answer) = events.answer().await {
        assert!(answer.get("errors").is_none(), "{answer:#}");
        told.push(answer["data"][field].clone());
    }
    told
}

async fn a_sync_is_told_to_its_end(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let start = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { syncRun { id } } }";
    let run = app.query_with(start, json!({ "id": id })).await["syncIntegration"]["syncRun"]["id"].take();
    let query = "subscription($id: ID!) { syncRun(id: $id) { id state startedAt finishedAt models { \
                 model state fetched created updated unchanged deleted expected error } } }";
    let mut events = app.subscribe(&app.admin, query, json!({ "id": run })).await;
    assert_eq!(events.next("syncRun").await["state"], "QUEUED");
    let (told, ()) = tokio::join!(states(events, "syncRun"), app.settle());
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "only what is new is told: {told:#?}");
    let last = told.last().unwrap();
    assert_eq!((&last["id"], &last["state"]), (&run, &json!("SUCCEEDED")), "{told:#?}");
    let candidates = rows(&last["models"]).iter().find(|model| model["model"] == "CANDIDATE").unwrap();
    assert_eq!(candidates["fetched"], 20);
    // One that is over is told once.
    let events = app.subscribe(&app.admin, query, json!({ "id": run })).await;
    assert_eq!(states(events, "syncRun").await, std::slice::from_ref(last));
    for stranger in ["x", id.as_str()] {
        let mut events = app.subscribe(&app.admin, query, json!({ "id": stranger })).await;
        assert_eq!(events.refused().await, "BAD_USER_INPUT");
    }
}

async fn a_write_is_told_to_its_end(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let application =
        app.query("{ applications(first: 1) { nodes { id } } }").await["applications"]["nodes"][0]["id"].take();
    let gate = app.vendors.gate("traffit");
    gate.hold("/api/integration/v2/", 1);
    let note = "mutation($id: ID!) { addNoteToApplication(input: {applicationId: $id, content: \"Noted\", wait: \"PT0S\"}) \
                { action { id } userErrors { code } } }";
    let action =
        app.query_with(note, json!({ "id": application })).await["addNoteToApplication"]["action"]["id"].take();
    let query = "subscription($id: ID!) { action(id: $id) { id state finishedAt steps { name state attempts error } \
                 warnings { message } userErrors { code } application { id } candidate { id } } }";
    let events = app.subscribe(&app.admin, query, json!({ "id": action })).await;
    gate.open();
    let told = soon(states(events, "action")).await;
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:#?}");
    let last = told.last().unwrap();
    assert_eq!((&last["state"], &last["application"]["id"]), (&json!("SUCCEEDED"), &application), "{told:#?}");
    assert!(told.len() > 1, "it was told before its end: {told:#?}");
}

async fn a_reader_that_is_too_late_is_told(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let beginning = json!({ "after": hiregraph::store::page::feed_cursor(0) });
    let mut slow = app.subscribe(&app.admin, CHANGES, beginning.clone()).await;
    slow.next("changes").await;
    app.clock.advance(Duration::from_secs(31 * 24 * 3600));
    app.service.purge().await.unwrap();
    let mut read = 1;
    let refused = loop {
        let answer = slow.answer().await.unwrap();
        if !code(&answer).is_empty() {
            break answer;
        }
        read += 1;
    };
    assert_eq!(code(&refused), "CURSOR_EXPIRED", "{refused:#}");
    assert_eq!(slow.answer().await, None);
    assert!(read <= 50, "no more is kept for a slow reader than a batch: {read}");
    assert_eq!(app.subscribe(&app.admin, CHANGES, beginning).await.refused().await, "CURSOR_EXPIRED");
}

async fn subscriptions_have_limits(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let deep = "subscription { changes { record { ... on Job { applications(first: 250) { nodes { candidate { \
                applications(first: 250) { nodes { id } } } } } } } } }";
    assert_eq!(app.subscribe(&app.admin, deep, json!({})).await.refused().await, "QUERY_TOO_COMPLEX");
    let aliases: String = (0..11).map(|number| format!("a{number}: kind ")).collect();
    let aliased = format!("subscription {{ changes {{ {aliases} }} }}");
    assert_eq!(app.subscribe(&app.admin, &aliased, json!({})).await.refused().await, "TOO_MANY_ALIASES");

    let key = app.key(&[Scope::RecordsRead], None).await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(app.subscribe(&key, CHANGES, json!({})).await);
    }
    assert_eq!(app.subscribe(&key, CHANGES, json!({})).await.refused().await, "TOO_MANY_SUBSCRIPTIONS");
    for _ in 0..10 {
        held.push(app.subscribe(&app.admin, CHANGES, json!({})).await);
    }
    let other = app.key(&[Scope::RecordsRead], None).await;
    assert_eq!(app.subscribe(&other, CHANGES, json!({})).await.refused().await, "TOO_MANY_SUBSCRIPTIONS");
    held.clear();
    let mut again = app.subscribe(&other, CHANGES, json!({})).await;
    rename(&app, &id, "Nowa").await;
    assert_eq!(again.next("changes").await["record"]["lastName"], "Nowa");
}

async fn a_subscription_needs_a_stream(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let answer = app.post(Some(&app.admin), &json!({ "query": CHANGES })).await;
    assert_eq!((answer.status, code(&answer.body)), (StatusCode::BAD_REQUEST, "BAD_REQUEST"), "{}", answer.body);
    let malformed = app.stream(Some(&app.admin), "", json!({})).await;
    assert_eq!(malformed.0, StatusCode::BAD_REQUEST);
    for (query, expected) in
        [("subscription {", "GRAPHQL_PARSE_FAILED"), ("subscription { x }", "GRAPHQL_VALIDATION_FAILED")]
    {
        assert_eq!(app.subscribe(&app.admin, query, json!({})).await.refused().await, expected, "{query}");
    }
}

async fn a_process_that_ends_breaks_subscriptions_off(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let listening = app.listening().await;
    let mut socket = listening.open(&app.admin).await;
    socket.subscribe("one", CHANGES, json!({})).await;
    let (status, body) = app.stream(Some(&app.admin), CHANGES, json!({})).await;
    assert_eq!(status, StatusCode::OK);
    app.service.stop.cancel();
    assert_eq!(socket.receive().await, Err(1001));
    let text = soon(axum::body::to_bytes(body, usize::MAX)).await.unwrap();
    assert!(
        !text.starts_with(b"event: complete") && !String::from_utf8_lossy(&text).contains("complete"),
        "it is not over"
    );
    assert!(!uuid_of(&id).is_nil());
}
