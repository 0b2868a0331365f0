//! Single records, read at their vendor because somebody waits for them.

use hiregraph::domain::Scope;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, ids, rows};

on_both!(
    records_are_read_at_their_vendor_now,
    what_cannot_be_read_is_told_by_its_place,
    a_read_that_takes_too_long_goes_on,
    it_needs_both_scopes,
);

const SMALL: Size = Size { candidates: 20, jobs: 3 };

const REFRESH: &str = "mutation($ids: [ID!]!, $wait: Duration) { refreshRecords(input: {ids: $ids, wait: $wait}) { \
    records { id remoteDeletedAt ... on Candidate { lastName } ... on Job { name } } \
    userErrors { code field message retryable } } }";

async fn refresh(app: &TestApp, ids: &[String]) -> Value {
    app.query_with(REFRESH, json!({ "ids": ids, "wait": "PT60S" })).await["refreshRecords"].take()
}

async fn id_of(app: &TestApp, list: &str, integration: &str, remote: &str) -> String {
    let kind = match list {
        "jobs" => "JobFilter",
        "candidates" => "CandidateFilter",
        _ => "ApplicationFilter",
    };
    let query = format!(
        "query($id: ID!, $filter: {kind}) {{ {list}(integrationId: $id, filter: $filter, first: 1) {{ nodes {{ id }} }} }}"
    );
    let filter = if remote.is_empty() { json!({}) } else { json!({ "remoteIds": [remote] }) };
    let found = app.query_with(&query, json!({ "id": integration, "filter": filter })).await;
    ids(&found[list]["nodes"])[0].clone()
}

async fn records_are_read_at_their_vendor_now(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let renamed = app.vendors.hrworks.edit(|account| account.candidate_ids()[0].clone());
    let wanted = [
        id_of(&app, "candidates", &traffit, "1").await,
        id_of(&app, "candidates", &traffit, "2").await,
        id_of(&app, "candidates", &hrworks, &renamed).await,
        id_of(&app, "jobs", &traffit, "").await,
    ];
    let before = app.changes(&traffit).await.len();
    app.vendors.traffit.edit(|account| {
        account.update_candidate(1, |candidate| candidate.lastname = "Nowa".into());
        account.delete_candidate(2);
    });
    app.vendors
        .hrworks
        .edit(|account| account.update_candidate(&renamed, |candidate| candidate.last_name = "Neu".into()));
    // One that is named twice is answered once.
    let mut asked = wanted.to_vec();
    asked.push(wanted[0].clone());
    let payload = refresh(&app, &asked).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    assert_eq!(ids(&payload["records"]), wanted, "in the order in which they were asked for");
    assert_eq!(
        (&payload["records"][0]["lastName"], &payload["records"][2]["lastName"]),
        (&json!("Nowa"), &json!("Neu"))
    );
    assert!(payload["records"][1]["remoteDeletedAt"].is_string(), "{payload:#}");
    assert!(app.changes(&traffit).await.len() > before, "the feed has it, too");
    let nothing = refresh(&app, &[]).await;
    assert_eq!(nothing, json!({ "records": [], "userErrors": [] }));
}

async fn what_cannot_be_read_is_told_by_its_place(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let candidate = id_of(&app, "candidates", &traffit, "1").await;
    let paused = id_of(&app, "candidates", &hrworks, "").await;
    let stage = "query($id: ID!) { integration(id: $id) { applicationStages { id } } }";
    let stage =
        ids(&app.query_with(stage, json!({ "id": traffit })).await["integration"]["applicationStages"])[0].clone();
    let pause = "mutation($id: ID!) { updateIntegration(input: {id: $id, paused: true}) { userErrors { code } } }";
    app.query_with(pause, json!({ "id": hrworks })).await;
    let asked = [
        candidate.clone(),
        stage.clone(),
        paused.clone(),
        traffit.clone(),
        "nonsense".to_owned(),
        format!("cand_{}", "a".repeat(26)),
    ];
    let payload = refresh(&app, &asked).await;
    let told: Vec<_> =
        rows(&payload["userErrors"]).iter().map(|one| (one["field"][2].clone(), one["code"].clone())).collect();
    let mut told: Vec<(String, String)> =
        told.iter().map(|(at, code)| (at.as_str().unwrap().into(), code.as_str().unwrap().into())).collect();
    told.sort();
    let expected = [
        ("1", "ACTION_NOT_SUPPORTED"),
        ("2", "INTEGRATION_PAUSED"),
        ("3", "NOT_FOUND"),
        ("4", "NOT_FOUND"),
        ("5", "NOT_FOUND"),
    ];
    assert_eq!(told, expected.map(|(at, code)| (at.to_owned(), code.to_owned())), "{payload:#}");
    assert_eq!(
        ids(&payload["records"]),
        [candidate.clone(), stage, paused],
        "what the mirror has is answered all the same"
    );
    let restricted = app.key(&[Scope::Operate, Scope::RecordsRead], Some(&[&hrworks])).await;
    let answer = app.ask(&restricted, REFRESH, json!({ "ids": [candidate] })).await;
    let payload = &answer["data"]["refreshRecords"];
    assert_eq!(
        (&payload["records"], &payload["userErrors"][0]["code"]),
        (&json!([]), &json!("NOT_FOUND")),
        "{answer:#}"
    );
    let many: Vec<String> = std::iter::repeat_n(candidate, 101).collect();
    assert_eq!(refresh(&app, &many).await["userErrors"][0]["field"], json!(["input", "ids"]));
    let answer = app.query_with(REFRESH, json!({ "ids": [], "wait": "soon" })).await;
    assert_eq!(answer["refreshRecords"]["userErrors"][0]["field"], json!(["input", "wait"]));
}

async fn a_read_that_takes_too_long_goes_on(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let traffit = app.connected("traffit").await;
    let candidate = id_of(&app, "candidates", &traffit, "1").await;
    app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = "Nowa".into()));
    let gate = app.vendors.gate("traffit");
    gate.hold("/api/integration/v2/", 1);
    let payload = app.query_with(REFRESH, json!({ "ids": [candidate], "wait": "PT0S" })).await["refreshRecords"].take();
    let error = &payload["userErrors"][0];
    assert_eq!((&error["code"], &error["retryable"]), (&json!("REMOTE_TIMEOUT"), &json!(true)), "{payload:#}");
    assert_eq!(ids(&payload["records"]), std::slice::from_ref(&candidate));
    gate.open();
    app.service.actions.settle().await;
    let shown = app.query_with("query($id: ID!) { candidate(id: $id) { lastName } }", json!({ "id": candidate })).await;
    assert_eq!(shown["candidate"]["lastName"], "Nowa");
}

async fn it_needs_both_scopes(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for scopes in [&[Scope::Operate][..], &[Scope::RecordsRead, Scope::RecordsWrite]] {
        let answer = app.ask(&app.key(scopes, None).await, REFRESH, json!({ "ids": [] })).await;
        assert_eq!(code(&answer), "FORBIDDEN", "{scopes:?}: {answer:#}");
    }
    let both = app.key(&[Scope::Operate, Scope::RecordsRead], None).await;
    assert_eq!(code(&app.ask(&both, REFRESH, json!({ "ids": [] })).await), "");
}
