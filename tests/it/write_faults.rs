//! Writes to vendors that are busy, broken, forgetful or slow: each arrives once all the same, or says why not.

use std::time::Duration;

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::gate::Hold;
use crate::support::vendors::Size;
use crate::support::writing::{Target, action, applications, begin, create, file, finish, target, with, write, writes};
use crate::support::{Backend, TestApp, settle, uuid_of};

on_both!(
    what_passes_does_not_keep_a_write_from_arriving_once,
    an_attachment_that_fails_twice_is_there_in_the_end,
    an_attachment_that_fails_for_a_day_is_given_up_and_the_candidate_stays,
    a_job_that_does_not_finish_is_asked_after_beyond_the_wait,
    a_job_that_fails_says_so_and_leaves_nothing,
    eight_actions_of_an_integration_are_carried_out_at_once,
    actions_of_one_candidate_come_one_after_the_other,
    a_pause_that_the_vendor_asks_for_holds_for_other_processes,
    what_is_not_begun_in_a_day_ends_with_the_vendors_reason,
    whoever_lost_the_lease_of_an_action_notes_nothing_more,
);

const SMALL: Size = Size { candidates: 16, jobs: 4 };
const VENDORS: [&str; 2] = ["traffit", "hrworks"];

fn is_file(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/files")
}

/// Person and membership, or the application; and the attachments.
fn expected(connector: &str, attachments: u64) -> u64 {
    attachments + if connector == "traffit" { 2 } else { 1 }
}

fn with_files(target: &Target, count: usize) -> Value {
    with(target.input("faults@example.com"), "attachments", json!(vec![file(); count]))
}

async fn what_passes_does_not_keep_a_write_from_arriving_once(backend: Backend) {
    // Of HR WORKS only what writes answers late; of TRAFFIT everything that is lost is found at once.
    let faults = |connector: &str| match connector {
        "traffit" => vec![
            vec!["rate-limit-every=6"],
            vec!["error-rate=0.3"],
            vec!["lost-answer-every=1"],
            vec!["lost-answer-every=2", "rate-limit-every=5"],
            vec!["drop-connection-every=4"],
            vec!["token-expires-after=2"],
            vec!["writes-answer-204"],
        ],
        _ => vec![
            vec!["rate-limit-every=6"],
            vec!["error-rate=0.3"],
            vec!["lost-answer-every=1"],
            vec!["drop-connection-every=4"],
            vec!["token-expires-after=2"],
            vec!["pending-polls=4"],
        ],
    };
    let cases =
        VENDORS.into_iter().flat_map(|connector| faults(connector).into_iter().map(move |case| (connector, case)));
    // Beside each other, because some wait for as long as the vendor asks.
    let runs = cases.map(|(connector, faults)| async move {
        let app = TestApp::start_with(backend, SMALL).await;
        let target = target(&app, connector).await;
        app.vendors.faults(connector, &faults);
        let id = begin(&app, "createCandidate", with_files(&target, 1)).await;
        let done = finish(&app, &id).await;
        app.vendors.faults(connector, &[]);
        app.settle().await;
        assert_eq!(done["state"], "SUCCEEDED", "{connector} {faults:?}: {done:#}");
        assert_eq!(done["warnings"], json!([]), "{connector} {faults:?}: {done:#}");
        assert_eq!(writes(&app, connector), expected(connector, 1), "{connector} {faults:?}: {done:#}");
    });
    join_all(runs).await;
}

async fn an_attachment_that_fails_twice_is_there_in_the_end(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let target = target(&app, connector).await;
        app.vendors.gate(connector).fail_writes(2, StatusCode::INTERNAL_SERVER_ERROR, is_file);
        let id = begin(&app, "createCandidate", with_files(&target, 2)).await;
        let done = finish(&app, &id).await;
        assert_eq!(done["state"], "SUCCEEDED", "{connector}: {done:#}");
        assert_eq!(done["warnings"], json!([]), "{connector}: {done:#}");
        assert_eq!(writes(&app, connector), expected(connector, 2), "{connector}: {done:#}");
    }
}

async fn an_attachment_that_fails_for_a_day_is_given_up_and_the_candidate_stays(backend: Backend) {
    for connector in VENDORS {
        let mut app = TestApp::start_with(backend, SMALL).await;
        // Long enough to be waited for by the clock alone.
        app.with_parts(|parts| parts.first_pause = Duration::from_secs(10));
        let target = target(&app, connector).await;
        let gate = app.vendors.gate(connector);
        gate.fail_writes(usize::MAX, StatusCode::INTERNAL_SERVER_ERROR, is_file);
        let begun = app.clock_now();
        let id = begin(&app, "createCandidate", with_files(&target, 2)).await;
        app.settle().await;
        // It is there before its attachments are, as soon as it is known that these did not arrive.
        for _ in 0..30 {
            app.clock.advance(Duration::from_secs(10));
            app.settle().await;
        }
        let shown = action(&app, &id).await;
        assert_eq!(shown["state"], "RUNNING", "{connector}: {shown:#}");
        assert_eq!(app.total("candidates", &target.integration).await, 17, "{connector}");
        let done = finish(&app, &id).await;
        assert_eq!(done["state"], "PARTIALLY_SUCCEEDED", "{connector}: {done:#}");
        assert_eq!(done["userErrors"], json!([]), "{connector}: {done:#}");
        let fields: Vec<&Value> =
            done["warnings"].as_array().unwrap().iter().map(|warning| &warning["field"]).collect();
        let mut fields: Vec<String> = fields.into_iter().map(Value::to_string).collect();
        fields.sort();
        assert_eq!(fields, [r#"["input","attachments","0"]"#, r#"["input","attachments","1"]"#], "{done:#}");
        let took = app.clock_now() - begun;
        assert!(took >= chrono::TimeDelta::hours(24), "{took}");
        assert_eq!(writes(&app, connector), expected(connector, 0), "{connector}: {done:#}");
        assert_eq!(app.total("candidates", &target.integration).await, 17, "{connector}");
        assert_eq!(app.kept_pieces().await, 0, "its attachments are erased");
    }
}

async fn a_job_that_does_not_finish_is_asked_after_beyond_the_wait(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let target = target(&app, "hrworks").await;
    app.vendors.faults("hrworks", &["job-never-finishes"]);
    let input = with(target.input("slow@example.com"), "idempotencyKey", json!("slow"));
    let payload = create(&app, with(input.clone(), "wait", json!("PT0.2S"))).await;
    assert_eq!(payload["action"]["state"], "RUNNING", "{payload:#}");
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    // The process that began it ends; the next one goes on asking.
    app.service.actions.stop().await;
    app.with_parts(|_| ());
    app.vendors.faults("hrworks", &[]);
    let id = payload["action"]["id"].as_str().unwrap();
    assert_eq!(finish(&app, id).await["state"], "SUCCEEDED", "{payload:#}");
    let payload = create(&app, input).await;
    assert_eq!(payload["action"]["state"], "SUCCEEDED", "{payload:#}");
    assert_eq!(payload["candidate"]["firstName"], "Dana", "{payload:#}");
    assert_eq!(writes(&app, "hrworks"), 1);
}

async fn a_job_that_fails_says_so_and_leaves_nothing(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let target = target(&app, "hrworks").await;
    app.vendors.faults("hrworks", &["job-fails"]);
    let payload = create(&app, target.input("fails@example.com")).await;
    assert_eq!(payload["action"]["state"], "FAILED", "{payload:#}");
    assert_eq!(payload["userErrors"][0]["code"], "REMOTE_INPUT_INVALID", "{payload:#}");
    assert_eq!(payload["userErrors"][0]["vendorMessage"], "The request failed", "{payload:#}");
    assert_eq!(payload["candidate"], Value::Null, "{payload:#}");
    assert_eq!(writes(&app, "hrworks"), 0);
}

/// How many actions there are in each state.
async fn states(app: &TestApp) -> (usize, usize) {
    let data = app.query("{ actions(first: 50) { nodes { state } } }").await;
    let states = data["actions"]["nodes"].as_array().unwrap();
    let of = |wanted: &str| states.iter().filter(|node| node["state"] == wanted).count();
    (of("RUNNING"), of("QUEUED"))
}

async fn eight_actions_of_an_integration_are_carried_out_at_once(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let target = target(&app, connector).await;
        let applications = applications(&app, &target.integration, 11).await;
        let gate = app.vendors.gate(connector);
        gate.hold_writes(usize::MAX, Hold::Request, |_| true);
        let mut begun = Vec::new();
        for id in &applications {
            let note = json!({ "applicationId": id, "content": "Called" });
            begun.push(begin(&app, "addNoteToApplication", note).await);
        }
        assert_eq!(states(&app).await, (8, 3), "{connector}");
        // Nor does another process begin a ninth.
        let other = app.successor().await;
        assert_eq!(other.actions.begin_due().await.unwrap(), 0, "{connector}");
        gate.open();
        for id in begun {
            assert_eq!(finish(&app, &id).await["state"], "SUCCEEDED", "{connector}");
        }
        assert_eq!(writes(&app, connector), 11, "{connector}");
    }
}

async fn actions_of_one_candidate_come_one_after_the_other(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let target = target(&app, connector).await;
        let [one, other] = &applications(&app, &target.integration, 2).await[..] else { unreachable!() };
        let gate = app.vendors.gate(connector);
        gate.hold_writes(1, Hold::Request, |_| true);
        let note = |id: &str, text: &str| json!({ "applicationId": id, "content": text });
        let first = begin(&app, "addNoteToApplication", note(one, "First")).await;
        gate.held().await;
        let second = begin(&app, "addNoteToApplication", note(one, "Second")).await;
        // Another candidate's goes ahead.
        let besides = write(&app, "addNoteToApplication", with(note(other, "Besides"), "wait", json!("PT60S"))).await;
        assert_eq!(besides["action"]["state"], "SUCCEEDED", "{connector}: {besides:#}");
        assert_eq!(action(&app, &first).await["state"], "RUNNING", "{connector}");
        assert_eq!(action(&app, &second).await["state"], "QUEUED", "{connector}");
        gate.open();
        for id in [&first, &second] {
            assert_eq!(finish(&app, id).await["state"], "SUCCEEDED", "{connector}");
        }
        assert_eq!(writes(&app, connector), 3, "{connector}");
    }
}

async fn a_pause_that_the_vendor_asks_for_holds_for_other_processes(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let target = target(&app, connector).await;
        let application = applications(&app, &target.integration, 1).await.remove(0);
        app.vendors.faults(connector, &["rate-limit-every=1", "retry-after-seconds=600"]);
        let id = begin(&app, "addNoteToApplication", json!({ "applicationId": application, "content": "Hi" })).await;
        app.service.actions.settle().await;
        app.service.engine.settle().await;
        app.vendors.faults(connector, &[]);
        let asked = app.vendors.requests(connector);
        let other = app.successor().await;
        let open = other.engine.open(uuid_of(&target.integration), None).await;
        let work = open.unwrap_or_else(|_| panic!("{connector}"));
        let refused =
            work.connector.fetch(&work.account, &[(hiregraph::domain::RecordType::Candidate, "1".into())]).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, hiregraph::connectors::ErrorKind::RateLimited, "{connector}: {refused:?}");
        assert_eq!(app.vendors.requests(connector), asked, "{connector}: the vendor is left alone");
        // When the time is over, anybody goes on.
        app.clock.advance(Duration::from_secs(601));
        let later = app.successor().await;
        settle(&later).await;
        assert_eq!(action(&app, &id).await["state"], "SUCCEEDED", "{connector}");
        assert_eq!(writes(&app, connector), 1, "{connector}");
    }
}

async fn what_is_not_begun_in_a_day_ends_with_the_vendors_reason(backend: Backend) {
    for (connector, status, code) in [
        ("traffit", 429, "REMOTE_RATE_LIMITED"),
        ("hrworks", 503, "REMOTE_TIMEOUT"),
        ("hrworks", 429, "REMOTE_RATE_LIMITED"),
    ] {
        let mut app = TestApp::start_with(backend, SMALL).await;
        app.with_parts(|parts| parts.first_pause = Duration::from_secs(10));
        let target = target(&app, connector).await;
        let status = StatusCode::from_u16(status).unwrap();
        app.vendors.gate(connector).fail_writes(usize::MAX, status, |path| !path.contains("auth"));
        let id = begin(&app, "createCandidate", target.input("never@example.com")).await;
        let done = finish(&app, &id).await;
        assert_eq!(done["state"], "FAILED", "{connector} {status}: {done:#}");
        assert_eq!(done["userErrors"][0]["code"], code, "{connector} {status}: {done:#}");
        assert_eq!(done["userErrors"][0]["retryable"], true, "{connector} {status}: {done:#}");
        assert_eq!(writes(&app, connector), 0, "{connector} {status}");
    }
}

async fn whoever_lost_the_lease_of_an_action_notes_nothing_more(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        app.vendors.faults(connector, if connector == "hrworks" { &["pending-polls=0"] } else { &[] });
        let target = target(&app, connector).await;
        let application = applications(&app, &target.integration, 1).await.remove(0);
        let gate = app.vendors.gate(connector);
        gate.hold_writes(1, Hold::Answer, |_| true);
        let id = begin(&app, "addNoteToApplication", json!({ "applicationId": application, "content": "Hi" })).await;
        gate.held().await;
        let other = app.successor().await;
        assert_eq!(other.actions.begin_due().await.unwrap(), 0, "{connector}: somebody carries it out");
        app.clock.advance(app.store.lease_time() + Duration::from_millis(1));
        assert_eq!(other.actions.begin_due().await.unwrap(), 1, "{connector}");
        other.actions.settle().await;
        let done = action(&app, &id).await;
        assert_eq!(done["state"], "SUCCEEDED", "{connector}: {done:#}");
        gate.open();
        app.service.actions.settle().await;
        assert_eq!(action(&app, &id).await, done, "{connector}");
        assert_eq!(writes(&app, connector), 1, "{connector}");
    }
}
