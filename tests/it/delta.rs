//! What changed since the last sync, where the vendor can tell: read by DELTA runs, and by the scope SINCE_CUTOFF.

use std::time::Duration;

use hiregraph::connectors::traffit::simulator::Candidate;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, model};

on_both!(
    a_delta_reads_what_changed_and_ends_as_a_full_sync_would,
    a_filter_that_is_refused_costs_time_and_nothing_else,
    a_ledger_that_does_not_come_newest_first_is_read_whole,
    a_vendor_that_cannot_tell_what_changed_is_read_whole,
    a_delta_finds_no_deletions_and_a_full_sync_does,
    only_what_changed_since_a_date_is_mirrored,
    a_date_needs_a_vendor_that_can_tell,
);

const HOUR: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Asks for a run of this kind, carries it out, and answers it.
async fn run(app: &TestApp, id: &str, kind: &str) -> Value {
    let query = "mutation($id: ID!, $kind: SyncKind!) { syncIntegration(input: {integrationId: $id, kind: $kind}) { \
                 syncRun { id } userErrors { code message } } }";
    let payload = app.query_with(query, json!({"id": id, "kind": kind})).await["syncIntegration"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    app.settle().await;
    let run = app.run(payload["syncRun"]["id"].as_str().unwrap()).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    run
}

/// Changes one candidate, closes one job, moves one application, adds one of each of candidate and application.
fn change(app: &TestApp) {
    app.vendors.traffit.edit(|account| {
        let jobs = account.job_ids();
        let job = *jobs.iter().find(|job| account.members_of(**job).len() > 1).unwrap();
        let closed = *jobs.iter().find(|other| **other != job && !account.job(**other).unwrap().is_closed).unwrap();
        assert!(account.close_job(closed));
        let moved = account.members_of(job)[0];
        let renamed = account.candidate_ids().into_iter().find(|candidate| *candidate != moved).unwrap();
        assert!(account.update_candidate(renamed, |candidate| candidate.lastname = "Nowa".into()));
        let now = account.state_of(job, moved).unwrap();
        let states = account.workflow_ids().into_iter().flat_map(|id| account.workflow(id).unwrap().states.clone());
        let states: Vec<i64> = states.map(|state| state.id).filter(|state| *state != now).collect();
        assert!(
            states
                .into_iter()
                .any(|state| { account.move_to(job, moved, state) && account.state_of(job, moved) == Some(state) })
        );
        let added = account.add_candidate(Candidate::new("Ada", "Nowak", "ada@example.com"));
        assert!(account.add_member(job, added));
        account.tag(added, "brand new").unwrap();
    });
}

fn fetched(run: &Value, of: &str) -> i64 {
    model(run, of)["fetched"].as_i64().unwrap()
}

async fn a_delta_reads_what_changed_and_ends_as_a_full_sync_would(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let (all, members) = (app.total("candidates", &id).await, app.total("applications", &id).await);
    app.clock.advance(WEEK);
    let quiet = run(&app, &id, "DELTA").await;
    assert_eq!(quiet["kind"], "DELTA");
    app.clock.advance(HOUR);
    change(&app);
    let before = app.vendors.requests("traffit");
    let delta = run(&app, &id, "DELTA").await;
    let asked = app.vendors.requests("traffit") - before;
    assert_eq!(delta["kind"], "DELTA");
    assert_eq!(model(&delta, "CANDIDATE")["created"], 1, "{delta:#}");
    assert_eq!(model(&delta, "CANDIDATE")["updated"], 1, "{delta:#}");
    assert_eq!(model(&delta, "APPLICATION")["created"], 1, "{delta:#}");
    assert_eq!(model(&delta, "APPLICATION")["updated"], 1, "{delta:#}");
    assert_eq!(model(&delta, "JOB")["updated"], 1, "{delta:#}");
    assert_eq!(model(&delta, "CANDIDATE_TAG")["created"], 1, "{delta:#}");
    // Not much more than that was read.
    assert!(fetched(&delta, "CANDIDATE") < all / 4, "{delta:#}");
    assert!(fetched(&delta, "APPLICATION") < members / 4, "{delta:#}");
    let mirror = app.dump(&id).await;

    let before = app.vendors.requests("traffit");
    let full = run(&app, &id, "FULL").await;
    let asked_in_full = app.vendors.requests("traffit") - before;
    for of in ["USER", "JOB", "JOB_STAGE", "CANDIDATE", "TAG", "CANDIDATE_TAG", "APPLICATION"] {
        for count in ["created", "updated", "deleted"] {
            assert_eq!(model(&full, of)[count], 0, "{of} {count} {full:#}");
        }
    }
    assert_eq!(app.dump(&id).await, mirror);
    assert!(asked < asked_in_full, "{asked} of {asked_in_full} requests");
}

async fn a_filter_that_is_refused_costs_time_and_nothing_else(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    app.clock.advance(WEEK);
    change(&app);
    app.vendors.faults("traffit", &["filter-refused"]);
    let delta = run(&app, &id, "DELTA").await;
    assert_eq!(model(&delta, "CANDIDATE")["updated"], 1, "{delta:#}");
    assert_eq!(model(&delta, "CANDIDATE")["created"], 1, "{delta:#}");
    assert_eq!(model(&delta, "JOB")["updated"], 1, "{delta:#}");
    assert_eq!(model(&delta, "CANDIDATE")["deleted"], 0, "{delta:#}");
}

async fn a_ledger_that_does_not_come_newest_first_is_read_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    app.clock.advance(WEEK);
    change(&app);
    app.vendors.faults("traffit", &["history-ignores-sort"]);
    let delta = run(&app, &id, "DELTA").await;
    assert_eq!(model(&delta, "APPLICATION")["created"], 1, "{delta:#}");
    assert_eq!(model(&delta, "APPLICATION")["updated"], 1, "{delta:#}");
    app.vendors.faults("traffit", &[]);
    let full = run(&app, &id, "FULL").await;
    assert_eq!(model(&full, "APPLICATION")["updated"], 0, "{full:#}");
}

async fn a_vendor_that_cannot_tell_what_changed_is_read_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let all = app.total("candidates", &id).await;
    app.clock.advance(HOUR);
    let answered = run(&app, &id, "DELTA").await;
    assert_eq!(answered["kind"], "FULL", "{answered:#}");
    assert_eq!(fetched(&answered, "CANDIDATE"), all);
}

async fn a_delta_finds_no_deletions_and_a_full_sync_does(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let all = app.total("candidates", &id).await;
    app.clock.advance(WEEK);
    let gone = app.vendors.traffit.edit(|account| {
        let gone = account.candidate_ids()[0];
        assert!(account.delete_candidate(gone));
        gone
    });
    let delta = run(&app, &id, "DELTA").await;
    assert_eq!(model(&delta, "CANDIDATE")["deleted"], 0, "{delta:#}");
    assert_eq!(app.total("candidates", &id).await, all);
    let full = run(&app, &id, "FULL").await;
    assert_eq!(model(&full, "CANDIDATE")["deleted"], 1, "{gone} {full:#}");
    assert_eq!(app.total("candidates", &id).await, all - 1);
}

/// Sets the scope and its date, and carries out what follows from it.
async fn cut_off(app: &TestApp, id: &str, settings: Value) -> Value {
    let query = "mutation($id: ID!, $settings: SyncSettingsInput!) { updateIntegration(input: {id: $id, syncSettings: $settings}) { \
                 integration { syncSettings { scope cutoffDate } } userErrors { code field } } }";
    let payload = app.query_with(query, json!({"id": id, "settings": settings})).await["updateIntegration"].take();
    app.settle().await;
    payload
}

async fn only_what_changed_since_a_date_is_mirrored(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let (all, known) = (app.total("candidates", &id).await, app.changes(&id).await.len());
    app.clock.advance(WEEK);
    change(&app);
    let payload = cut_off(&app, &id, json!({"scope": "SINCE_CUTOFF", "cutoffDate": "2026-06-05"})).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    assert_eq!(app.total("candidates", &id).await, 2, "the one that was renamed and the one that was added");
    assert_eq!(app.total("applications", &id).await, 2, "the one that was moved and the one that was added");
    assert_eq!(app.total("jobs", &id).await, 1, "the one that was closed");
    // Whoever follows the feed holds the same.
    let mut held = std::collections::BTreeSet::new();
    for change in app.changes(&id).await {
        match change.kind.as_str() {
            "DELETED" => drop(held.remove(&change.record_id)),
            _ if change.model == "CANDIDATE" => drop(held.insert(change.record_id)),
            _ => {}
        }
    }
    assert_eq!(held.len(), 2);
    assert!(app.changes(&id).await.len() > known + usize::try_from(all).unwrap());

    app.clock.advance(HOUR);
    let full = run(&app, &id, "FULL").await;
    assert_eq!(model(&full, "CANDIDATE")["fetched"], 2, "{full:#}");
    assert_eq!(model(&full, "CANDIDATE")["deleted"], 0, "{full:#}");

    let payload = cut_off(&app, &id, json!({"scope": "ALL"})).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    assert_eq!(app.total("candidates", &id).await, all + 1);
}

async fn a_date_needs_a_vendor_that_can_tell(backend: Backend) {
    let app = TestApp::start(backend).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let payload = cut_off(&app, &hrworks, json!({"scope": "SINCE_CUTOFF", "cutoffDate": "2026-01-01"})).await;
    let field = json!(["input", "syncSettings", "scope"]);
    assert_eq!(payload["userErrors"], json!([{"code": "FIELD_NOT_SUPPORTED", "field": field}]));
    let payload = cut_off(&app, &traffit, json!({"scope": "SINCE_CUTOFF"})).await;
    assert_eq!(payload["userErrors"][0]["field"], json!(["input", "syncSettings", "cutoffDate"]));
}
