//! What customers are told, and what never.

use std::time::Duration;

use hiregraph::domain::Scope;
use serde_json::{Value, json};

use super::{create, deliveries, endpoint, made, pause, shown, start, update};
use crate::on_both;
use crate::support::receiver::{Receiver, Told};
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, rows, texts};

on_both!(
    every_change_is_told_once_and_in_order,
    a_query_shapes_what_is_told_of_changes,
    a_query_runs_with_the_scopes_of_its_endpoint,
    a_query_that_cannot_be_answered_is_refused,
    events_tell_ids_and_states,
    changes_come_before_the_end_of_their_sync,
    nothing_personal_is_told,
    an_endpoint_hears_what_happens_after_it_was_made,
    an_endpoint_of_a_restricted_key_hears_of_its_integrations_only,
    an_erased_integration_leaves_nothing_but_word_of_it,
    a_disabled_endpoint_goes_on_where_it_stopped,
    an_endpoint_that_was_disabled_for_too_long_goes_on_from_now,
);

const ALL: &[&str] = &[
    "RECORD_CHANGED",
    "INTEGRATION_CREATED",
    "INTEGRATION_STATE_CHANGED",
    "INTEGRATION_DELETED",
    "SYNC_FINISHED",
    "ACTION_FINISHED",
    "CONNECT_FAILED",
];

fn changes(told: &[Told]) -> Vec<Value> {
    told.iter()
        .filter(|told| told.event() == "RECORD_CHANGED")
        .flat_map(|told| rows(&told.body["changes"]).to_vec())
        .collect()
}

async fn every_change_is_told_once_and_in_order(backend: Backend) {
    let receiver = Receiver::start().await;
    let app = TestApp::start_telling(backend, Size { candidates: 130, jobs: 4 }, &[&receiver]).await;
    endpoint(&app, &receiver, "/a", &["RECORD_CHANGED"]).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    for id in [&traffit, &hrworks] {
        let told: Vec<_> = receiver.told("/a").into_iter().filter(|told| told.body["integrationId"] == **id).collect();
        let feed = app.changes(id).await;
        let listed: Vec<_> = changes(&told)
            .iter()
            .map(|change| (change["type"].clone(), change["kind"].clone(), change["recordId"].clone()))
            .collect();
        let expected: Vec<_> = feed
            .iter()
            .map(|change| {
                let of = hiregraph::domain::RecordType::parse(&change.model).unwrap();
                let id = hiregraph::domain::NodeId::new(hiregraph::domain::NodeType::Record(of), change.record_id);
                (json!(change.model), json!(change.kind), json!(id.to_string()))
            })
            .collect();
        assert!(expected.len() > 200, "{}", expected.len());
        assert_eq!(listed, expected);
        let sizes: Vec<_> = told.iter().map(|told| rows(&told.body["changes"]).len()).collect();
        assert!(sizes.iter().all(|size| (1..=100).contains(size)) && sizes.contains(&100), "{sizes:?}");
        let mut place = 0;
        for told in &told {
            place += rows(&told.body["changes"]).len();
            let last = &feed[place - 1];
            assert_eq!(told.body["cursor"], hiregraph::store::page::feed_cursor(last.seq));
            // Whoever follows the feed from there misses nothing.
            let query = "query($id: ID!, $a: String) { changes(integrationIds: [$id], first: 3, after: $a) { nodes { recordId } } }";
            let rest = app.query_with(query, json!({ "id": id, "a": told.body["cursor"] })).await;
            let next: Vec<_> =
                expected[place..].iter().take(3).map(|(.., id)| id.as_str().unwrap().to_owned()).collect();
            assert_eq!(texts(&rest["changes"]["nodes"], "recordId"), next);
        }
    }
}

async fn events_tell_ids_and_states(backend: Backend) {
    let (app, receiver) = start(backend).await;
    endpoint(&app, &receiver, "/a", &ALL[1..]).await;
    let failing = json!({ "connector": "traffit", "endUser": { "organizationName": "Acme", "originId": "customer 7" },
        "credentials": { "subdomain": "nowhere", "clientId": "x", "clientSecret": "y" } });
    let query = "mutation($i: CreateIntegrationInput!) { createIntegration(input: $i) { integration { id } userErrors { code } } }";
    let refused = app.query_with(query, json!({ "i": failing })).await["createIntegration"].take();
    assert!(refused["integration"].is_null());
    let code = refused["userErrors"][0]["code"].clone();
    let id = app.connected("traffit").await;
    let found = "query($id: ID!) { integration(id: $id) { lastSync { id } applications(first: 1) { nodes { id } } } }";
    let found = app.query_with(found, json!({ "id": id })).await["integration"].take();
    let application = found["applications"]["nodes"][0]["id"].as_str().unwrap();
    let action = app.noted(application).await;
    pause(&app, &id, true).await;
    app.settle().await;
    let erase = "mutation($id: ID!) { deleteIntegration(id: $id) { deletedId } }";
    app.query_with(erase, json!({ "id": id })).await;
    app.settle().await;
    // What is of no integration is in no order with the rest.
    let mut told: Vec<_> = receiver
        .told("/a")
        .iter()
        .map(|told| (told.event().to_owned(), told.body["integrationId"].clone(), told.body["data"].clone()))
        .collect();
    told.sort_by_key(|(_, integration, _)| !integration.is_null());
    let expected = [
        ("CONNECT_FAILED", Value::Null, json!({ "connector": "traffit", "originId": "customer 7", "errors": [code] })),
        ("INTEGRATION_CREATED", json!(id), json!({ "connector": "traffit", "state": "SETTING_UP" })),
        (
            "SYNC_FINISHED",
            json!(id),
            json!({ "syncRunId": found["lastSync"]["id"], "kind": "FULL", "state": "SUCCEEDED" }),
        ),
        ("INTEGRATION_STATE_CHANGED", json!(id), json!({ "from": "SETTING_UP", "to": "ACTIVE", "reason": null })),
        (
            "ACTION_FINISHED",
            json!(id),
            json!({ "actionId": action, "kind": "ADD_NOTE_TO_APPLICATION", "state": "SUCCEEDED",
                "candidateId": told[4].2["candidateId"], "applicationId": application }),
        ),
        ("INTEGRATION_STATE_CHANGED", json!(id), json!({ "from": "ACTIVE", "to": "PAUSED", "reason": null })),
        ("INTEGRATION_DELETED", json!(id), json!({})),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(event, id, data)| (event.to_owned(), id, data)).collect();
    assert_eq!(told, expected);
}

async fn changes_come_before_the_end_of_their_sync(backend: Backend) {
    let (app, receiver) = start(backend).await;
    endpoint(&app, &receiver, "/a", ALL).await;
    let id = app.connected("hrworks").await;
    let events: Vec<_> = receiver.take("/a").iter().map(|told| told.event().to_owned()).collect();
    let mut expected = vec!["INTEGRATION_CREATED".to_owned()];
    expected.extend(vec!["RECORD_CHANGED".to_owned(); events.len() - 3]);
    expected.extend(["SYNC_FINISHED", "INTEGRATION_STATE_CHANGED"].map(str::to_owned));
    assert_eq!(events, expected);
    app.sync(&id).await;
    let events: Vec<_> = receiver.take("/a").iter().map(|told| told.event().to_owned()).collect();
    assert_eq!(events, ["SYNC_FINISHED"], "nothing changed");
}

async fn nothing_personal_is_told(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let (hook, _) = endpoint(&app, &receiver, "/a", ALL).await;
    let id = app.connected("traffit").await;
    let of = "query($id: ID!) { integration(id: $id) { name candidates(first: 250) { nodes { firstName lastName \
              emailAddresses { address } } } jobs { nodes { name } } } }";
    let read = app.query_with(of, json!({ "id": id })).await["integration"].take();
    app.vendors.traffit.edit(|account| {
        let candidate = account.candidate_ids()[0];
        assert!(account.update_candidate(candidate, |candidate| {
            candidate.email = Some("marker@example.com".into());
            candidate.lastname = "Marker-Nachname".into();
        }));
    });
    app.clock.advance(Duration::from_secs(3600));
    app.sync(&id).await;
    let told = receiver.told("/a");
    let updated = changes(&told).into_iter().find(|change| change["kind"] == "UPDATED").unwrap();
    assert!(rows(&updated["changedFields"]).contains(&json!("lastName")), "{updated:#}");
    let kept = json!(deliveries(&app, &hook).await).to_string();
    let all = told.iter().map(|told| String::from_utf8_lossy(&told.raw).into_owned()).collect::<String>() + &kept;
    let mut personal = vec!["marker@example.com".to_owned(), "Marker-Nachname".to_owned()];
    texts(&read["candidates"]["nodes"], "lastName").into_iter().for_each(|name| personal.push(name));
    for candidate in rows(&read["candidates"]["nodes"]) {
        personal.extend(texts(&candidate["emailAddresses"], "address"));
    }
    personal.extend(texts(&read["jobs"]["nodes"], "name"));
    personal.retain(|text| text.len() > 3);
    assert!(personal.len() > 20, "{personal:?}");
    for text in personal {
        assert!(!all.contains(&text), "{text}");
    }
}

async fn an_endpoint_hears_what_happens_after_it_was_made(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    pause(&app, &id, true).await;
    endpoint(&app, &receiver, "/a", ALL).await;
    app.settle().await;
    assert_eq!(receiver.told("/a").len(), 0);
    pause(&app, &id, false).await;
    app.settle().await;
    assert_eq!(receiver.take("/a")[0].event(), "INTEGRATION_STATE_CHANGED");
}

async fn an_endpoint_of_a_restricted_key_hears_of_its_integrations_only(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::Admin], Some(&[&hrworks])).await;
    made(&app, &key, json!({ "url": receiver.url("/a"), "events": ALL })).await;
    for id in [&traffit, &hrworks] {
        app.vendors.traffit.edit(|account| {
            let candidate = account.candidate_ids()[0];
            assert!(account.update_candidate(candidate, |candidate| candidate.lastname = "Anders".into()));
        });
        app.sync(id).await;
        pause(&app, id, true).await;
    }
    let query = "mutation($i: CreateIntegrationInput!) { createIntegration(input: $i) { userErrors { code } } }";
    let failing = json!({ "connector": "hrworks", "endUser": { "organizationName": "Acme" },
        "credentials": { "accessKey": "x", "secretAccessKey": "y" } });
    app.query_with(query, json!({ "i": failing })).await;
    app.settle().await;
    let told = receiver.take("/a");
    assert!(told.len() >= 2, "{told:#?}");
    assert!(told.iter().all(|told| told.body["integrationId"] == hrworks.as_str()), "{told:#?}");
}

async fn an_erased_integration_leaves_nothing_but_word_of_it(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", ALL).await;
    receiver.answer("/a", 500, &[]);
    pause(&app, &id, true).await;
    app.settle().await;
    pause(&app, &id, false).await;
    let erase = "mutation($id: ID!) { deleteIntegration(id: $id) { deletedId } }";
    app.query_with(erase, json!({ "id": id })).await;
    app.settle().await;
    let [left] = deliveries(&app, &hook).await.try_into().unwrap();
    assert_eq!((&left["event"], &left["state"]), (&json!("INTEGRATION_DELETED"), &json!("DELIVERED")));
    assert_eq!(receiver.take("/a").last().unwrap().body["integrationId"], id);
}

async fn a_disabled_endpoint_goes_on_where_it_stopped(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", &["RECORD_CHANGED", "INTEGRATION_STATE_CHANGED"]).await;
    update(&app, json!({ "id": hook, "enabled": false })).await;
    app.vendors.traffit.edit(|account| {
        let candidate = account.candidate_ids()[0];
        assert!(account.update_candidate(candidate, |candidate| candidate.lastname = "Anders".into()));
    });
    app.sync(&id).await;
    pause(&app, &id, true).await;
    app.settle().await;
    assert_eq!(receiver.told("/a").len(), 0);
    let enabled = update(&app, json!({ "id": hook, "enabled": true })).await;
    assert_eq!(enabled["warnings"], json!([]), "{enabled:#}");
    app.settle().await;
    let events: Vec<_> = receiver.take("/a").iter().map(|told| told.event().to_owned()).collect();
    assert_eq!(events, ["RECORD_CHANGED", "INTEGRATION_STATE_CHANGED"]);
}

async fn an_endpoint_that_was_disabled_for_too_long_goes_on_from_now(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", &["INTEGRATION_STATE_CHANGED"]).await;
    update(&app, json!({ "id": hook, "enabled": false })).await;
    pause(&app, &id, true).await;
    app.clock.advance(Duration::from_secs(31 * 86_400));
    app.settle().await;
    let enabled = update(&app, json!({ "id": hook, "enabled": true })).await;
    assert_eq!(enabled["warnings"][0]["field"], json!(["input", "enabled"]), "{enabled:#}");
    app.settle().await;
    assert_eq!(receiver.told("/a").len(), 0);
    pause(&app, &id, false).await;
    app.settle().await;
    assert_eq!(receiver.told("/a").len(), 1);
    assert_eq!(shown(&app, &hook).await["deliveries"]["totalCount"], 1);
}

async fn a_query_shapes_what_is_told_of_changes(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let query = "{ kind recordId record { ... on Candidate { lastName } } }";
    let input = json!({ "url": receiver.url("/a"), "events": ["RECORD_CHANGED", "SYNC_FINISHED"], "query": query });
    let (hook, _) = made(&app, &app.admin, input).await;
    app.vendors.traffit.edit(|account| {
        let candidate = account.candidate_ids()[0];
        assert!(account.update_candidate(candidate, |candidate| candidate.lastname = "Marker-Nachname".into()));
    });
    app.clock.advance(Duration::from_secs(3600));
    app.sync(&id).await;
    let [changed, finished] = receiver.take("/a").try_into().unwrap();
    assert_eq!(finished.event(), "SYNC_FINISHED");
    let kept = deliveries(&app, &hook).await;
    let record = kept[0]["payload"]["changes"][0]["recordId"].clone();
    let expected = json!([{ "kind": "UPDATED", "recordId": record, "record": { "lastName": "Marker-Nachname" } }]);
    assert_eq!(changed.body["changes"], expected, "{:#}", changed.body);
    assert_eq!(changed.body["cursor"], kept[0]["payload"]["cursor"]);
    assert!(changed.body.get("errors").is_none());
    assert!(!json!(kept).to_string().contains("Marker"), "what a query reads is kept nowhere");
    update(&app, json!({ "id": hook, "query": null })).await;
    super::redeliver(&app, &kept[0]["id"]).await;
    app.settle().await;
    assert_eq!(receiver.take("/a")[0].body, kept[0]["payload"]);
}

async fn a_query_runs_with_the_scopes_of_its_endpoint(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let events = json!(["RECORD_CHANGED"]);
    let query = "{ recordId record { ... on Job { remoteData } } }";
    for (path, scopes) in [("/a", json!(["RECORDS_READ"])), ("/b", json!(["RECORDS_READ", "REMOTE_DATA_READ"]))] {
        let input = json!({ "url": receiver.url(path), "events": events, "query": query, "scopes": scopes });
        made(&app, &app.admin, input).await;
    }
    let none = json!({ "url": receiver.url("/c"), "events": events, "query": query, "scopes": ["OPERATE"] });
    let refused = create(&app, &app.admin, none).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "query"]), "{refused:#}");
    app.connected("traffit").await;
    let jobs = |told: &[Told]| {
        let of = changes(told).into_iter().filter(|change| change["recordId"].as_str().unwrap().starts_with("job_"));
        of.map(|change| change["record"]["remoteData"].is_object()).collect::<Vec<_>>()
    };
    let (without, with) = (receiver.take("/a"), receiver.take("/b"));
    assert_eq!((jobs(&without), jobs(&with)), (vec![false; 3], vec![true; 3]));
    let told: Vec<_> = without.iter().filter_map(|told| told.body.get("errors")).flat_map(rows).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    assert_eq!(told[0]["path"][0], "changes");
    assert!(told[0]["message"].as_str().unwrap().contains("REMOTE_DATA_READ"), "{told:#?}");
    assert!(with.iter().all(|told| told.body.get("errors").is_none()));
}

async fn a_query_that_cannot_be_answered_is_refused(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let (hook, _) = endpoint(&app, &receiver, "/a", &["RECORD_CHANGED"]).await;
    let deep = format!("{}id{}", "{ record { ... on Job { integration ".repeat(6), " } } }".repeat(6));
    for query in [
        "",
        "kind",
        "{ nothing }",
        "{ kind } }",
        "{ kind } mutation { deleteIntegration(id: 1) { deletedId } }",
        "{ kind(a: 1) }",
        "{ record { ... on Job { applications(first: 250) { nodes { id } } } } }",
        "{ ...f } fragment f on Change { kind }",
        "query { kind }",
        deep.as_str(),
    ] {
        let made = json!({ "url": receiver.url("/b"), "events": ["RECORD_CHANGED"], "query": query });
        let refused = create(&app, &app.admin, made).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "query"]), "{query}: {refused:#}");
        let refused = update(&app, json!({ "id": hook, "query": query })).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "query"]), "{query}: {refused:#}");
    }
    assert!(shown(&app, &hook).await["query"].is_null());
}
