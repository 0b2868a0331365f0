//! What a query costs depends on its depth, never on its rows, and it reads what was asked for.

use serde_json::json;

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, rows};

on_both!(
    a_nested_query_takes_six_statements_whatever_its_pages_hold,
    what_is_not_selected_is_not_read,
    accounts_are_read_together,
    nodes_are_read_together,
);

async fn a_nested_query_takes_six_statements_whatever_its_pages_hold(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 200, jobs: 30 }).await;
    app.connected_to_both().await;
    // Which integrations there are is read once after each change of them.
    app.query("{ viewer { name } }").await;
    let query = "query($j: Int, $a: Int) { jobs(first: $j) { nodes { name applications(first: $a) { nodes { \
                 candidate { lastName tags { tag { name } } } currentStage { name } } } } } }";
    for (jobs, applications) in [(20, 10), (1, 1), (3, 200), (38, 250)] {
        let (found, heard) = app.counted(query, json!({ "j": jobs, "a": applications })).await;
        assert!(heard.len() <= 6, "{jobs} × {applications}: {heard:#?}");
        assert_eq!(rows(&found["jobs"]["nodes"]).len(), jobs);
        assert!(heard.iter().all(|text| text.starts_with("SELECT")));
    }
    // The same again by edges, by fragments and under other names.
    let query = "query($j: Int) { jobs(first: $j) { edges { node { ...job } } } } fragment job on Job { x: name apps: applications(first: 10) { \
                 edges { node { c: candidate { t: tags { tag { name } } } currentStage { n: name } } } nodes { id } } }";
    let (_, heard) = app.counted(query, json!({ "j": 20 })).await;
    assert!(heard.len() <= 6, "{heard:#?}");
    let alone = "{ jobs(first: 20) { nodes { applications { totalCount } } } }";
    let (_, heard) = app.counted(alone, json!({})).await;
    assert_eq!(heard.len(), 3, "a count reads no page: {heard:#?}");
    let counts = "{ jobs(first: 20) { totalCount nodes { applications(first: 1) { totalCount } } } }";
    let (_, heard) = app.counted(counts, json!({})).await;
    assert!(heard.len() <= 5, "{heard:#?}");
}

async fn what_is_not_selected_is_not_read(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 30, jobs: 4 }).await;
    app.connected_to_both().await;
    let (_, heard) = app.counted("{ jobs { nodes { name } } candidates { nodes { lastName } } }", json!({})).await;
    let text = heard.join("\n");
    for column in [
        "description",
        "integration_fields",
        "location",
        "status",
        "phone_numbers",
        "email_addresses",
        "first_name",
        "payloads",
        "fingerprint",
    ] {
        assert!(!text.contains(column), "{column}: {text}");
    }
    for (selection, expected) in [
        ("jobs { nodes { id changedAt } }", vec!["jobs"]),
        ("jobs { nodes { contact { id } } }", vec!["jobs", "users"]),
        ("jobs { nodes { stages { index } } }", vec!["jobs", "job_stages"]),
        ("candidates { nodes { tags { id } } }", vec!["candidates", "candidate_tags"]),
        ("applications { nodes { outcome } }", vec!["applications"]),
        ("applications { nodes { outcome candidate { id } } }", vec!["applications", "candidates"]),
        ("jobs { nodes { name @skip(if: true) stages @include(if: false) { id } } }", vec!["jobs"]),
    ] {
        let (_, heard) = app.counted(&format!("{{ {selection} }}"), json!({})).await;
        // Who asks is the first.
        assert_eq!(heard.len(), expected.len() + 1, "{selection}: {heard:#?}");
        for table in expected {
            assert!(heard.iter().any(|text| text.contains(table)), "{selection}: {table} in {heard:#?}");
        }
    }
}

async fn accounts_are_read_together(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 10, jobs: 2 }).await;
    let query = "{ integrations { nodes { name state connector { slug } models { model count lastSyncedAt } customFields { key } \
                 lastSync { state models { model fetched } integration { name } } } } }";
    let mut numbers = Vec::new();
    for _ in 0..3 {
        app.connected("traffit").await;
        app.query(query).await;
        let (found, heard) = app.counted(query, json!({})).await;
        assert!(rows(&found["integrations"]["nodes"]).iter().all(|row| row["lastSync"]["state"] == "SUCCEEDED"));
        assert!(heard.len() <= 8, "{heard:#?}");
        numbers.push(heard.len());
    }
    assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{numbers:?}");
    let (_, heard) = app.counted("{ integrations { nodes { models { model readable } } } }", json!({})).await;
    assert!(heard.iter().all(|text| !text.contains("COUNT")), "nobody asked for counts: {heard:#?}");
}

async fn nodes_are_read_together(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 30, jobs: 4 }).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    for id in [&traffit, &hrworks] {
        app.sync(id).await;
        app.sync(id).await;
    }
    let query = "{ jobs(first: 20) { nodes { id } } candidates(first: 50) { nodes { id } } integrations { nodes { id syncRuns { nodes { id } } } } }";
    let found = app.query(query).await;
    let list = |at: &str| rows(found.pointer(at).unwrap()).iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let mut ids = [list("/jobs/nodes"), list("/candidates/nodes"), list("/integrations/nodes")].concat();
    for account in 0..2 {
        ids.extend(list(&format!("/integrations/nodes/{account}/syncRuns/nodes")));
    }
    assert!(ids.len() > 60);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Job { name } ... on Candidate { lastName } ... on SyncRun { state } } }";
    let (found, heard) = app.counted(query, json!({ "ids": ids })).await;
    assert!(rows(&found["nodes"]).iter().all(|row| row["id"].is_string()));
    assert!(heard.len() <= 5, "one a type, and who asks: {heard:#?}");
}
