//! The door itself: who is let in, what is kept, and that nothing is lost behind it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hiregraph::domain::RecordType;
use serde_json::json;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::{SMALL, deliver, deliveries, only_run, pending, post, runs, shown, told, url_of, webhooks};
use crate::on_both;
use crate::support::{Backend, TestApp, settle, uuid_of};

on_both!(
    who_lacks_the_secret_learns_nothing,
    bodies_have_a_limit_and_no_form,
    the_same_twice_is_one_delivery_until_it_is_done,
    many_at_once_are_all_kept,
    what_was_received_survives_the_process,
    a_vendor_that_fails_is_asked_again_later,
    a_paused_integration_keeps_what_it_receives,
    one_claimer_at_a_time_takes_an_inbox_up,
);

async fn who_lacks_the_secret_learns_nothing(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let url = url_of(&app, "candidate_created");
    let (door, secret) = url.split_once("?secret=").unwrap();
    let (start, subscription) = door.rsplit_once('/').unwrap();
    let other = url_of(&app, "job_created");
    let (_, other_secret) = other.split_once("?secret=").unwrap();
    let body = json!({ "employee": { "id": 1 } }).to_string();
    let wrong = [
        door.to_owned(),
        format!("{door}?secret="),
        format!("{door}?secret={secret}x"),
        format!("{door}?secret={}", secret.to_uppercase()),
        format!("{door}?secret={other_secret}"),
        format!("{start}/00000000000000000000000000000000?secret={secret}"),
        format!("{start}/nonsense?secret={secret}"),
        format!("{}?secret={secret}", door.replace(&id, "int_00000000000000000000000000")),
        format!("{}?secret={secret}", door.replace(&id, "nonsense")),
        format!("{}?secret={secret}", door.replace("/traffit/", "/hrworks/")),
        format!("{}?secret={secret}", door.replace("/traffit/", "/nobody/")),
    ];
    for url in wrong {
        let answer = post(&app, &url, &[], &body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""), "{url}");
    }
    assert_eq!(deliveries(&app, &id).await, 0);
    assert!(webhooks(&app, &id).await.iter().all(|webhook| webhook["lastReceivedAt"].is_null()));
    // In whatever form the subscription's id comes, and whatever else stands in the query.
    let hyphenated = uuid::Uuid::parse_str(subscription).unwrap().hyphenated().to_string();
    for url in [format!("{start}/{hyphenated}?a=b&secret={secret}"), url.clone()] {
        assert_eq!(post(&app, &url, &[], &body).await.status, 202);
    }
    assert_eq!(app.get(url.strip_prefix(crate::support::PUBLIC_URL).unwrap()).await.status, 405);
    let known = webhooks(&app, &id).await;
    let received: Vec<_> = known.iter().filter(|webhook| !webhook["lastReceivedAt"].is_null()).collect();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (&received[0]["event"], &received[0]["lastReceivedAt"]),
        (&json!("candidate_created"), &json!("2026-06-01T10:00:00.000Z"))
    );
}

async fn bodies_have_a_limit_and_no_form(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let url = url_of(&app, "candidate_created");
    assert_eq!(post(&app, &url, &[], &"x".repeat(256 * 1024 + 1)).await.status, 413);
    assert_eq!(post(&app, "/webhooks/a/b/c", &[], &"x".repeat(256 * 1024 + 1)).await.status, 413);
    assert_eq!(deliveries(&app, &id).await, 0);
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Nowa")));
    let bodies = ["", "{", "<xml/>", "employee=1", r#"{"message":"something changed"}"#];
    let large = "x".repeat(256 * 1024);
    for (body, kind) in
        bodies.into_iter().chain([large.as_str()]).zip(["", "text/xml", "a/b", "x", "application/json", "y"])
    {
        let headers: Vec<_> =
            (!kind.is_empty()).then(|| ("content-type".to_owned(), kind.to_owned())).into_iter().collect();
        assert_eq!(post(&app, &url, &headers, body).await.status, 202, "{kind}");
    }
    app.settle().await;
    // Nobody could tell what it was about: one run over what changed has found it.
    assert_eq!(only_run(&app, &id, "DELTA").await["state"], "SUCCEEDED");
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Nowa");
    assert_eq!(pending(&app, &id).await, 0);
}

async fn the_same_twice_is_one_delivery_until_it_is_done(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let job = app.vendors.traffit.edit(|account| account.job_ids()[0]);
    let rename = |name: &str| app.vendors.traffit.edit(|account| account.update_job(job, |job| job.name = name.into()));
    rename("Pierwsza");
    let call = told(&app, &["job_updated"]);
    for _ in 0..3 {
        deliver(&app, &call).await;
    }
    assert_eq!(deliveries(&app, &id).await, 1);
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Job, &job.to_string()).await["name"], "Pierwsza");
    let targeted = |runs: &[serde_json::Value]| runs.iter().filter(|run| run["kind"] == "TARGETED").count();
    assert_eq!(targeted(&runs(&app, &id).await), 1);
    let bodies = "SELECT COUNT(*) FROM vendor_deliveries WHERE integration_id = $1 AND body IS NOT NULL";
    assert_eq!(app.count(bodies, uuid_of(&id)).await, 0, "what is done is erased");
    // The next change has the very same body.
    rename("Druga");
    let again = told(&app, &["job_updated"]);
    assert_eq!(again, call);
    deliver(&app, &again).await;
    assert_eq!(deliveries(&app, &id).await, 1);
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Job, &job.to_string()).await["name"], "Druga");
    // A replay of what is known changes nothing.
    let changes = app.changes(&id).await.len();
    deliver(&app, &call).await;
    app.settle().await;
    assert_eq!(app.changes(&id).await.len(), changes);
    // What is done is forgotten after a while.
    app.clock.advance(Duration::from_secs(3600));
    deliver(&app, &call).await;
    app.settle().await;
    assert_eq!(deliveries(&app, &id).await, 1);
}

async fn many_at_once_are_all_kept(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let url = url_of(&app, "candidate_created");
    let path = url.strip_prefix(crate::support::PUBLIC_URL).unwrap().to_owned();
    let mut sending = JoinSet::new();
    for number in 0..300 {
        let (router, path) = (app.router.clone(), path.clone());
        // Every body comes twice.
        let body = json!({ "employee": { "id": number / 2 + 1 } }).to_string();
        sending.spawn(async move {
            let request = Request::post(path).body(Body::from(body)).unwrap();
            router.oneshot(request).await.unwrap().status().as_u16()
        });
    }
    assert_eq!(sending.join_all().await, [202; 300]);
    assert_eq!((deliveries(&app, &id).await, pending(&app, &id).await), (150, 150));
    app.settle().await;
    assert_eq!((deliveries(&app, &id).await, pending(&app, &id).await), (150, 0));
}

async fn what_was_received_survives_the_process(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Nowa")));
    deliver(&app, &told(&app, &["candidate_created"])).await;
    let other = app.successor().await;
    settle(&other).await;
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Nowa");

    // Broken off in the middle, while the vendor is asked: it is taken up again, and nothing comes twice.
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Druga")));
    deliver(&app, &told(&app, &["candidate_created"])).await;
    let gate = app.vendors.gate("traffit");
    gate.hold(&format!("/api/integration/v2/employees/{candidate}"), 1);
    let stop = tokio_util::sync::CancellationToken::new();
    assert_eq!(app.service.engine.begin_inboxes(&stop).await.unwrap(), 1);
    gate.held().await;
    stop.cancel();
    app.service.engine.settle_inboxes().await;
    gate.open();
    assert_eq!(pending(&app, &id).await, 1);
    settle(&other).await;
    assert_eq!(pending(&app, &id).await, 0);
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Druga");
}

async fn a_vendor_that_fails_is_asked_again_later(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Nowa")));
    deliver(&app, &told(&app, &["candidate_created"])).await;
    app.vendors.traffit.edit(hiregraph::connectors::traffit::simulator::Account::revoke_tokens);
    app.vendors.faults("traffit", &["revoked-credentials"]);
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 1);
    let latest = only_run(&app, &id, "TARGETED").await;
    assert_eq!(latest["state"], "AUTHENTICATION_FAILED", "{latest:#}");
    assert!(latest["models"][0]["error"].is_string(), "{latest:#}");
    app.vendors.faults("traffit", &[]);
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 1, "not before its time");
    app.clock.advance(Duration::from_secs(60));
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 0);
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Nowa");
}

async fn a_paused_integration_keeps_what_it_receives(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let pause = "mutation($id: ID!, $paused: Boolean!) { updateIntegration(input: {id: $id, paused: $paused}) \
                 { userErrors { code message } } }";
    app.query_with(pause, json!({ "id": id, "paused": true })).await;
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Nowa")));
    deliver(&app, &told(&app, &["candidate_created"])).await;
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 1);
    app.query_with(pause, json!({ "id": id, "paused": false })).await;
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 0);
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Nowa");
}

async fn one_claimer_at_a_time_takes_an_inbox_up(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let candidate = app.vendors.traffit.edit(|account| account.add_candidate(super::traffit::somebody("Nowa")));
    deliver(&app, &told(&app, &["candidate_created"])).await;
    let gate = app.vendors.gate("traffit");
    gate.hold(&format!("/api/integration/v2/employees/{candidate}"), 1);
    let stop = tokio_util::sync::CancellationToken::new();
    assert_eq!(app.service.engine.begin_inboxes(&stop).await.unwrap(), 1);
    gate.held().await;
    let other = app.successor().await;
    assert_eq!(other.engine.begin_inboxes(&stop).await.unwrap(), 0);
    // What comes meanwhile is not lost, though it is the same.
    app.vendors.traffit.edit(|account| account.update_candidate(candidate, |one| one.name = "Inna".into()));
    let body = json!({ "type": "candidate_created", "employee": { "id": candidate } }).to_string();
    assert_eq!(post(&app, &url_of(&app, "candidate_created"), &[], &body).await.status, 202);
    gate.open();
    app.service.engine.settle_inboxes().await;
    app.settle().await;
    assert_eq!(pending(&app, &id).await, 0);
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await["firstName"], "Inna");
}
