//! One works on an integration at a time, when somebody asks for it or its schedule does.

use std::time::Duration;

use hiregraph::domain::Clock;
use hiregraph::store::{Error, PageCommit};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, begin, settle, uuid_of};

on_both!(
    whoever_lost_the_lease_writes_nothing_more,
    a_lease_that_was_given_up_is_not_renewed,
    a_sync_that_waits_is_not_queued_twice,
    a_running_sync_can_be_cancelled,
    a_cancelled_sync_does_not_begin_again_at_once,
    a_paused_integration_is_not_synced,
    the_next_sync_comes_an_interval_later,
);

const LEDGER: &str = "/api/integration/v2/employees/recruitment_history";

async fn queue(app: &TestApp, id: &str) -> Value {
    let query = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) \
                 { alreadyQueued syncRun { id } userErrors { code } } }";
    app.query_with(query, json!({ "id": id })).await["syncIntegration"].take()
}

async fn integration(app: &TestApp, id: &str) -> Value {
    let query = "query($id: ID!) { integration(id: $id) { state stateReason nextSyncAt \
                 syncRuns(first: 10) { totalCount nodes { id state } } } }";
    app.query_with(query, json!({ "id": id })).await["integration"].take()
}

async fn whoever_lost_the_lease_writes_nothing_more(backend: Backend) {
    let clean = TestApp::start(backend).await;
    let id = clean.connected("traffit").await;
    let expected = clean.dump(&id).await;

    let app = TestApp::start(backend).await;
    assert_eq!(app.connect("traffit").await, id);
    let gate = app.vendors.gate("traffit");
    gate.hold(LEDGER, 1);
    let slow = app.begin().await;
    gate.held().await;
    let other = app.successor().await;
    assert_eq!(begin(&other).await.count, 0, "somebody works on it");
    app.clock.advance(app.store.lease_time() + Duration::from_millis(1));
    settle(&other).await;
    assert_eq!(app.dump(&id).await, expected);
    let entries = app.changes(&id).await.len();
    gate.open();
    slow.ended().await;
    assert_eq!(app.dump(&id).await, expected);
    assert_eq!(app.changes(&id).await.len(), entries);
    let shown = integration(&app, &id).await;
    assert_eq!(shown["syncRuns"]["nodes"].as_array().unwrap().len(), 1, "{shown:#}");
    assert_eq!(shown["syncRuns"]["nodes"][0]["state"], "SUCCEEDED");

    // And the store itself refuses.
    let (integration, now) = (uuid_of(&id), app.clock.now());
    let old = app.store.lease(integration, uuid::Uuid::from_u128(1), now).await.unwrap().unwrap();
    app.clock.advance(app.store.lease_time() + Duration::from_millis(1));
    let now = app.clock.now();
    assert!(app.store.lease(integration, uuid::Uuid::from_u128(2), now).await.unwrap().is_some());
    let page = PageCommit { snapshots: &[], volatile: &[], children: &[], run: None, now };
    assert!(matches!(app.store.commit_page(&old, page).await, Err(Error::LeaseLost)));
    assert!(matches!(app.store.renew(&old, now).await, Err(Error::LeaseLost)));
    let run = uuid::Uuid::from_u128(3);
    assert!(matches!(app.store.begin_stream(&old, run, &[]).await, Err(Error::LeaseLost)));
    let of = hiregraph::domain::RecordType::Tag;
    assert!(matches!(app.store.expect_parents(&old, run, of, 1).await, Err(Error::LeaseLost)));
}

/// A renewal may be on its way to the database when the work ends.
async fn a_lease_that_was_given_up_is_not_renewed(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (store, owner) = (&app.store, uuid::Uuid::from_u128(1));
    let id = app.connected("hrworks").await;
    let (integration, now) = (uuid_of(&id), app.clock.now());
    for _ in 0..2 {
        let lease = store.lease(integration, owner, now).await.unwrap().unwrap();
        store.release(&lease).await.unwrap();
        assert!(matches!(store.renew(&lease, now).await, Err(Error::LeaseLost)));
        let lease = store.lease_inbox(integration, owner, now).await.unwrap().unwrap();
        store.release_inbox(&lease, now).await.unwrap();
        assert!(matches!(store.renew_inbox(&lease, now).await, Err(Error::LeaseLost)));
    }
}

async fn a_sync_that_waits_is_not_queued_twice(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let first = queue(&app, &id).await;
    assert_eq!(first["alreadyQueued"], false, "{first:#}");
    let second = queue(&app, &id).await;
    assert_eq!(second["alreadyQueued"], true, "{second:#}");
    assert_eq!(second["syncRun"]["id"], first["syncRun"]["id"]);
    app.settle().await;
    assert_eq!(queue(&app, &id).await["alreadyQueued"], false);
}

async fn cancel(app: &TestApp, run: &Value) {
    let query = "mutation($id: ID!) { cancelSync(syncRunId: $id) { userErrors { code message } } }";
    let payload = app.query_with(query, json!({ "id": run })).await["cancelSync"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
}

async fn a_running_sync_can_be_cancelled(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    app.vendors.traffit.edit(|account| {
        let deleted = account.candidate_ids()[0];
        account.delete_candidate(deleted);
        account.update_user(account.user_ids()[0], |user| user.name = Some("Inna".into()));
    });
    let queued = queue(&app, &id).await;
    let gate = app.vendors.gate("traffit");
    gate.hold("/api/integration/v2/employees", 2);
    let begun = app.begin().await;
    gate.held().await;
    cancel(&app, &queued["syncRun"]["id"]).await;
    gate.open();
    begun.ended().await;
    let run = app.run(queued["syncRun"]["id"].as_str().unwrap()).await;
    assert_eq!(run["state"], "CANCELLED", "{run:#}");
    for row in run["models"].as_array().unwrap() {
        assert!(["SUCCEEDED", "CANCELLED"].contains(&row["state"].as_str().unwrap()), "{run:#}");
    }
    // What was read so far stays, and nothing came after it.
    assert_eq!(crate::support::model(&run, "USER")["updated"], 1, "{run:#}");
    assert!(app.gone(&id, "CANDIDATE").await.is_empty());
    assert_eq!(app.begin().await.count, 0);
}

async fn a_cancelled_sync_does_not_begin_again_at_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connect("traffit").await;
    let run = integration(&app, &id).await["syncRuns"]["nodes"][0]["id"].take();
    cancel(&app, &run).await;
    app.settle().await;
    let shown = integration(&app, &id).await;
    assert_eq!(shown["syncRuns"]["nodes"].as_array().unwrap().len(), 1, "{shown:#}");
    app.clock.advance(Duration::from_secs(3601));
    app.settle().await;
    assert_eq!(integration(&app, &id).await["state"], "ACTIVE");
}

async fn pause(app: &TestApp, id: &str, paused: bool) {
    let query = "mutation($id: ID!, $paused: Boolean) { updateIntegration(input: {id: $id, paused: $paused}) \
                 { integration { state } userErrors { code message } } }";
    let payload = app.query_with(query, json!({ "id": id, "paused": paused })).await["updateIntegration"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
}

async fn a_paused_integration_is_not_synced(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    queue(&app, &id).await;
    pause(&app, &id, true).await;
    app.clock.advance(Duration::from_secs(48 * 3600));
    assert_eq!(app.begin().await.count, 0);
    assert_eq!(queue(&app, &id).await["userErrors"][0]["code"], "INTEGRATION_PAUSED");
    pause(&app, &id, false).await;
    app.settle().await;
    let shown = integration(&app, &id).await;
    assert_eq!(shown["state"], "ACTIVE");
    let states = crate::support::texts(&shown["syncRuns"]["nodes"], "state");
    assert!(states.len() >= 2 && states.iter().all(|state| state == "SUCCEEDED"), "{shown:#}");

    // A pause in the middle lets the run that is under way come to its end, and none follow.
    let first = queue(&app, &id).await;
    let gate = app.vendors.gate("hrworks");
    gate.hold("/v2/applicant-management/applicants", 1);
    let begun = app.begin().await;
    gate.held().await;
    let second = queue(&app, &id).await;
    pause(&app, &id, true).await;
    gate.open();
    begun.ended().await;
    assert_eq!(app.run(first["syncRun"]["id"].as_str().unwrap()).await["state"], "SUCCEEDED");
    assert_eq!(app.run(second["syncRun"]["id"].as_str().unwrap()).await["state"], "QUEUED");
}

async fn the_next_sync_comes_an_interval_later(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let next =
        |shown: &Value| -> chrono::DateTime<chrono::Utc> { shown["nextSyncAt"].as_str().unwrap().parse().unwrap() };
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let wait = next(&integration(&app, &id).await) - app.clock.now();
        assert!((57 * 60..=63 * 60).contains(&wait.num_seconds()), "{wait}");
        seen.insert(wait);
        app.clock.advance(wait.to_std().unwrap() - Duration::from_secs(1));
        assert_eq!(app.begin().await.count, 0, "not yet");
        app.clock.advance(Duration::from_secs(1));
        let begun = app.begin().await;
        assert_eq!(begun.count, 1);
        begun.ended().await;
    }
    assert!(seen.len() > 1, "integrations spread out: {seen:?}");
}
