//! HR WORKS's calls about applicants, signed with the secret of the key pair.

use std::time::Duration;

use hiregraph::connectors::hrworks::simulator::{Applicant, Delivery, JobApplication};
use hiregraph::domain::RecordType;
use serde_json::{Value, json};

use super::{SMALL, deliveries, only_run, post, shown, webhooks};
use crate::on_both;
use crate::support::{Backend, TestApp};

on_both!(applicants_come_and_change_and_go, only_what_is_signed_is_taken, a_new_key_pair_signs_new_subscriptions,);

/// What the subscriptions would be told since it was last asked.
fn called(app: &TestApp) -> Vec<Delivery> {
    app.vendors.hrworks.edit(hiregraph::connectors::hrworks::simulator::Account::take_deliveries)
}

async fn deliver(app: &TestApp, deliveries: &[Delivery]) {
    assert!(!deliveries.is_empty(), "nobody is called");
    for delivery in deliveries {
        let answer = post(app, &delivery.url, &delivery.headers, &delivery.body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""), "{delivery:?}");
    }
}

/// A new applicant with an application; the ids of both.
fn apply(app: &TestApp) -> (String, String) {
    app.vendors.hrworks.edit(|held| {
        let applicant = held.add_candidate(Applicant { first_name: "Neue".into(), ..Applicant::default() });
        let (post, now) = (held.job_keys()[0].clone(), held.now());
        let application = held.add_application(JobApplication::new(&applicant, &post, now)).unwrap();
        (applicant, application)
    })
}

async fn applicants_come_and_change_and_go(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("hrworks").await;
    let (applicant, application) = apply(&app);
    deliver(&app, &called(&app)).await;
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Candidate, &applicant).await["firstName"], "Neue");
    let record = shown(&app, &id, RecordType::Application, &application).await;
    assert_eq!((&record["outcome"], &record["candidate"]["remoteId"]), (&json!("PENDING"), &json!(applicant)));
    let run = only_run(&app, &id, "TARGETED").await;
    assert_eq!((&run["kind"], &run["state"]), (&json!("TARGETED"), &json!("SUCCEEDED")), "{run:#}");

    app.vendors.hrworks.edit(|held| {
        held.update_candidate(&applicant, |one| one.last_name = "Andere".into());
        held.set_status(&application, "employed");
    });
    deliver(&app, &called(&app)).await;
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Candidate, &applicant).await["lastName"], "Andere");
    let record = shown(&app, &id, RecordType::Application, &application).await;
    assert_eq!((&record["outcome"], &record["currentStage"]["remoteId"]), (&json!("HIRED"), &json!("employed")));

    // Told to be gone, and there all the same.
    let alive = app.vendors.hrworks.edit(|held| held.candidate_ids()[0].clone());
    app.vendors.hrworks.edit(|held| held.delete_candidate(&applicant));
    let mut gone = called(&app);
    deliver(&app, &gone).await;
    app.settle().await;
    assert!(!shown(&app, &id, RecordType::Candidate, &applicant).await["remoteDeletedAt"].is_null());
    assert!(!shown(&app, &id, RecordType::Application, &application).await["remoteDeletedAt"].is_null());
    assert_eq!(app.gone(&id, "CANDIDATE").await, [applicant.clone()].into_iter().collect());
    let mut wrong = gone.remove(0);
    wrong.body = wrong.body.replace(&applicant, &alive);
    deliver(&app, &[wrong]).await;
    app.settle().await;
    assert_eq!(app.gone(&id, "CANDIDATE").await.len(), 1);
    // What webhooks brought is what a sync reads.
    let changes = app.changes(&id).await.len();
    app.sync(&id).await;
    assert_eq!(app.changes(&id).await.len(), changes);
}

async fn only_what_is_signed_is_taken(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("hrworks").await;
    apply(&app);
    let [delivery] = called(&app).try_into().unwrap();
    let Delivery { url, headers, body, .. } = delivery;
    let with = |name: &str, value: &str| {
        let mut headers = headers.clone();
        headers.iter_mut().filter(|(known, _)| known == name).for_each(|(_, known)| value.clone_into(known));
        headers
    };
    let job: Value = serde_json::from_str(&body).unwrap();
    let other_job = body.replace(job["jobId"].as_str().unwrap(), "another");
    let wrong = [
        (with("x-hrworks-signature", ""), body.clone()),
        (with("x-hrworks-signature", "AAAA"), body.clone()),
        (with("x-hrworks-timestamp", "1"), body.clone()),
        (headers.iter().filter(|(name, _)| name != "x-hrworks-signature").cloned().collect(), body.clone()),
        (headers.iter().filter(|(name, _)| name != "x-hrworks-timestamp").cloned().collect(), body.clone()),
        (headers.clone(), other_job),
        (headers.clone(), "{".to_owned()),
        (headers.clone(), String::new()),
    ];
    for (headers, body) in wrong {
        let answer = post(&app, &url, &headers, &body).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""), "{headers:?} {body}");
    }
    assert_eq!(deliveries(&app, &id).await, 0);
    assert_eq!(post(&app, &url, &headers, &body).await.status, 202);
    // What somebody caught is of no use for long.
    app.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(post(&app, &url, &headers, &body).await.status, 404);
}

async fn a_new_key_pair_signs_new_subscriptions(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("hrworks").await;
    let all: Vec<String> = hiregraph::connectors::hrworks::simulator::CATEGORIES
        .iter()
        .flat_map(|category| ["read", "write"].map(|access| format!("{category}:{access}")))
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    app.vendors.hrworks.edit(|held| held.add_key("another", "pair", &all));
    let query = "mutation($id: ID!) { updateIntegration(input: {id: $id, credentials: {accessKey: \"another\", \
                 secretAccessKey: \"pair\"}}) { userErrors { code message } } }";
    let payload = app.query_with(query, json!({ "id": id })).await["updateIntegration"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    app.settle().await;
    let registered = app.vendors.hrworks.edit(|held| held.webhooks());
    assert_eq!(registered.len(), 3);
    assert!(registered.iter().all(|(_, one)| one.access_key.as_deref() == Some("another")), "{registered:#?}");
    assert_eq!(webhooks(&app, &id).await.len(), 3);
    let (applicant, _) = apply(&app);
    deliver(&app, &called(&app)).await;
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Candidate, &applicant).await["firstName"], "Neue");
}
