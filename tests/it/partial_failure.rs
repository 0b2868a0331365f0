//! What cannot be read is told with its place, and keeps nothing else from being read.

use std::time::Duration;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, model};

on_both!(
    garbage_of_one_endpoint_fails_its_model_only,
    a_record_that_cannot_be_read_leaves_its_neighbours_alone,
    a_missing_permission_is_told_and_the_rest_is_read,
    credentials_that_stay_refused_make_the_integration_invalid_until_new_ones_come,
    an_outage_says_nothing_of_the_credentials,
);

async fn integration(app: &TestApp, id: &str) -> Value {
    let query = "query($id: ID!) { integration(id: $id) { state stateReason nextSyncAt \
                 models { model readable error count lastSyncedAt } } }";
    app.query_with(query, json!({ "id": id })).await["integration"].take()
}

async fn latest_run(app: &TestApp, id: &str) -> String {
    let query = "query($id: ID!) { integration(id: $id) { lastSync { id } } }";
    let shown = app.query_with(query, json!({ "id": id })).await;
    shown["integration"]["lastSync"]["id"].as_str().unwrap().to_owned()
}

async fn garbage_of_one_endpoint_fails_its_model_only(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (connector, path, of, list) in [
        ("traffit", "/api/integration/v2/users", "USER", "/users"),
        ("hrworks", "/v2/applicant-management/applicants", "CANDIDATE", "/applicant-management/applicants"),
    ] {
        let id = app.connected(connector).await;
        for fault in ["html-200", "not-json", "truncated-page"] {
            app.vendors.faults(connector, &[&format!("{fault}@{path}")]);
            let run = app.sync(&id).await;
            assert_eq!(run["state"], "PARTIALLY_FAILED", "{fault}: {run:#}");
            for row in run["models"].as_array().unwrap() {
                let expected = if row["model"] == of { "FAILED" } else { "SUCCEEDED" };
                assert_eq!(row["state"], expected, "{fault}: {row}");
            }
            let error = model(&run, of)["error"].as_str().unwrap();
            assert!(error.contains(list) && error.contains("not JSON"), "{error}");
            let shown = integration(&app, &id).await;
            assert_eq!(shown["state"], "ACTIVE");
            let status = model(&shown, of);
            // The vendor refuses nothing: it may well be read next time.
            assert_eq!((&status["readable"], status["error"].as_str()), (&json!(true), Some(error)), "{status}");
            assert!(status["count"].as_i64().unwrap() > 0, "what was read before stays");
        }
        app.vendors.faults(connector, &[]);
        let run = app.sync(&id).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        let shown = integration(&app, &id).await;
        assert!(shown["models"].as_array().unwrap().iter().all(|row| row["error"].is_null()), "{shown:#}");
    }
    let id = app.connected("hrworks").await;
    app.vendors.faults("hrworks", &["missing-rows@/v2/applicant-management/posts"]);
    let run = app.sync(&id).await;
    let error = model(&run, "JOB")["error"].as_str().unwrap();
    assert!(error.contains("/applicant-management/posts") && error.contains("posts is not an array"), "{error}");
}

async fn a_record_that_cannot_be_read_leaves_its_neighbours_alone(backend: Backend) {
    let app = TestApp::start(backend).await;
    let traffit = app.connected("traffit").await;
    app.vendors.traffit.edit(|account| account.update_candidate(8, |candidate| candidate.lastname = "Sąsiad".into()));
    app.vendors.faults("traffit", &["garbage-employee=7"]);
    let run = app.sync(&traffit).await;
    assert_eq!(run["state"], "PARTIALLY_FAILED", "{run:#}");
    let row = model(&run, "CANDIDATE");
    let error = row["error"].as_str().unwrap();
    assert_eq!((row["state"].as_str(), row["updated"].as_i64()), (Some("PARTIALLY_FAILED"), Some(1)), "{row}");
    assert!(error.starts_with("1 record could not be read: CANDIDATE 7: "), "{error}");
    assert_eq!(model(&run, "JOB")["state"], "SUCCEEDED");
    assert!(app.gone(&traffit, "CANDIDATE").await.is_empty());

    let hrworks = app.connected("hrworks").await;
    let ids = app.vendors.hrworks.edit(|account| account.candidate_ids());
    let faults = [format!("garbage-row={}", ids[3]), format!("garbage-row={}", ids[4])];
    app.vendors.faults("hrworks", &[&faults[0], &faults[1]]);
    let run = app.sync(&hrworks).await;
    assert_eq!(run["state"], "PARTIALLY_FAILED", "{run:#}");
    let error = model(&run, "CANDIDATE")["error"].as_str().unwrap();
    let named = ids[3..5].iter().any(|id| error.contains(id.as_str()));
    assert!(error.starts_with("2 records could not be read, the first: CANDIDATE ") && named, "{error}");
    assert!(app.gone(&hrworks, "CANDIDATE").await.is_empty());
    let status = integration(&app, &hrworks).await;
    assert_eq!(model(&status, "CANDIDATE")["readable"], true);
}

async fn a_missing_permission_is_told_and_the_rest_is_read(backend: Backend) {
    let app = TestApp::start(backend).await;
    let scopes: Vec<&str> =
        hiregraph::connectors::traffit::simulator::SCOPES.into_iter().filter(|scope| *scope != "user").collect();
    app.vendors.traffit.edit(|account| account.set_scopes(&scopes));
    app.vendors.hrworks.edit(|account| account.take_permission("Persons:read"));
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        let shown = integration(&app, &id).await;
        assert_eq!(shown["state"], "ACTIVE", "{shown:#}");
        let status = model(&shown, "USER");
        assert_eq!(status["readable"], false, "{status}");
        assert!(!status["error"].as_str().unwrap().is_empty());
        for row in shown["models"].as_array().unwrap().iter().filter(|row| row["model"] != "USER") {
            assert_eq!(row["readable"], true, "{row}");
        }
        assert!(app.total("candidates", &id).await > 0);
    }
    // Granted later, it is read with the next sync.
    app.vendors.traffit.edit(|account| account.set_scopes(&hiregraph::connectors::traffit::simulator::SCOPES));
    let query = "{ integrations { nodes { id connector { slug } } } }";
    let shown = app.query(query).await["integrations"]["nodes"].take();
    let id =
        shown.as_array().unwrap().iter().find(|node| node["connector"]["slug"] == "traffit").unwrap()["id"].clone();
    let run = app.sync(id.as_str().unwrap()).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(model(&integration(&app, id.as_str().unwrap()).await, "USER")["readable"], true);
}

async fn credentials_that_stay_refused_make_the_integration_invalid_until_new_ones_come(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        let candidates = app.total("candidates", &id).await;
        // Revoked in the middle of a sync.
        let gate = app.vendors.gate(connector);
        let path = if connector == "traffit" {
            "/api/integration/v2/employees/"
        } else {
            "/v2/applicant-management/applicants"
        };
        gate.hold(path, 1);
        app.clock.advance(Duration::from_secs(2 * 3600));
        let begun = app.begin().await;
        gate.held().await;
        app.vendors.faults(connector, &["revoked-credentials"]);
        gate.open();
        begun.ended().await;
        let run = app.run(&latest_run(&app, &id).await).await;
        assert_eq!(run["state"], "AUTHENTICATION_FAILED", "{run:#}");
        assert_eq!(model(&run, "USER")["state"], "SUCCEEDED", "{run:#}");
        assert_eq!(model(&run, "APPLICATION")["state"], "AUTHENTICATION_FAILED", "{run:#}");
        let shown = integration(&app, &id).await;
        assert_eq!(shown["state"], "ACTIVE");
        assert!(!shown["stateReason"].as_str().unwrap().is_empty(), "{shown:#}");
        assert!(app.gone(&id, "CANDIDATE").await.is_empty());

        // For three days it is tried again.
        for _ in 0..2 {
            app.clock.advance(Duration::from_secs(36 * 3600 - 600));
            app.settle().await;
            assert_eq!(integration(&app, &id).await["state"], "ACTIVE");
        }
        app.clock.advance(Duration::from_secs(2 * 3600));
        app.settle().await;
        let shown = integration(&app, &id).await;
        assert_eq!(shown["state"], "INVALID", "{shown:#}");
        assert_eq!(shown["nextSyncAt"], Value::Null, "nobody tries by itself any more");
        let latest = latest_run(&app, &id).await;
        app.clock.advance(Duration::from_secs(24 * 3600));
        app.settle().await;
        assert_eq!(latest_run(&app, &id).await, latest);

        // Wrong ones change nothing, good ones heal it.
        let update = "mutation($id: ID!, $credentials: JSON) { updateIntegration(input: {id: $id, credentials: $credentials}) \
                      { integration { state } userErrors { code } } }";
        let variables = json!({ "id": id, "credentials": app.vendors.credentials(connector) });
        let refused = app.query_with(update, variables.clone()).await["updateIntegration"].take();
        assert_eq!(refused["userErrors"][0]["code"], "INTEGRATION_CREDENTIALS_INVALID", "{refused:#}");
        assert_eq!(integration(&app, &id).await["state"], "INVALID");
        app.vendors.faults(connector, &[]);
        let healed = app.query_with(update, variables).await["updateIntegration"].take();
        assert_eq!(healed["userErrors"], json!([]), "{healed:#}");
        app.settle().await;
        let shown = integration(&app, &id).await;
        assert_eq!((&shown["state"], &shown["stateReason"]), (&json!("ACTIVE"), &Value::Null), "{shown:#}");
        assert_eq!(app.total("candidates", &id).await, candidates);
    }
}

async fn an_outage_says_nothing_of_the_credentials(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let wait = Duration::from_secs(30 * 3600);
    for (faults, state) in [
        (&["revoked-credentials"][..], "ACTIVE"),
        (&["html-200"], "ACTIVE"),
        (&["revoked-credentials"], "ACTIVE"),
        (&["revoked-credentials"], "INVALID"),
    ] {
        app.vendors.faults("hrworks", faults);
        app.clock.advance(wait);
        app.settle().await;
        assert_eq!(integration(&app, &id).await["state"], state, "{faults:?}");
    }
}
