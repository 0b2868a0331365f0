//! What must not be stored of an integration.

use serde_json::{Value, json};

use super::{SMALL, VENDORS, update};
use crate::on_both;
use crate::support::{Backend, TestApp, rows, uuid_of};

on_both!(
    what_is_excluded_from_the_beginning_is_never_stored,
    excluding_erases_at_once_and_lifting_reads_again,
    types_that_are_excluded_are_not_read,
    rules_that_name_no_such_field_are_refused,
);

/// A phone number and a name of one candidate at the vendor.
fn mark(app: &TestApp, connector: &str) -> String {
    match connector {
        "traffit" => app.vendors.traffit.edit(|account| {
            let id = account.candidate_ids()[0];
            account.update_candidate(id, |candidate| {
                candidate.mobile = Some("+49555000111".into());
                candidate.email = Some("zzmail@example.com".into());
            });
            id.to_string()
        }),
        _ => app.vendors.hrworks.edit(|account| {
            let id = account.candidate_ids()[0].clone();
            account.update_candidate(&id, |candidate| {
                candidate.email = Some("zzmail@example.com".into());
                candidate.address.phone = Some("+49555000111".into());
            });
            id
        }),
    }
}

async fn connect(app: &TestApp, connector: &str, settings: Value) -> Value {
    let input = json!({
        "connector": connector, "endUser": { "organizationName": "Acme" }, "syncSettings": settings,
        "credentials": app.vendors.credentials(connector),
    });
    let query = "mutation($i: CreateIntegrationInput!) { createIntegration(input: $i) { integration { id syncSettings \
                 { excludedModels excludedFields } } userErrors { code field } } }";
    app.query_with(query, json!({ "i": input })).await["createIntegration"].take()
}

async fn candidate(app: &TestApp, integration: &str, remote: &str) -> Value {
    let query = "query($id: ID!, $r: [String!]) { candidates(integrationId: $id, filter: {remoteIds: $r}) { nodes { \
                 id lastName phoneNumbers { number } emailAddresses { address } remoteData } } }";
    let found = app.query_with(query, json!({ "id": integration, "r": [remote] })).await;
    found["candidates"]["nodes"][0].clone()
}

const FIELDS: [&str; 2] = ["candidate.emailAddresses", "candidate.phoneNumbers"];
const TEXTS: [&str; 2] = ["+49555000111", "zzmail@example.com"];

async fn what_is_excluded_from_the_beginning_is_never_stored(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let remote = mark(&app, connector);
        let made = connect(&app, connector, json!({ "excludedFields": FIELDS })).await;
        let shown = &made["integration"]["syncSettings"];
        assert_eq!(shown, &json!({ "excludedModels": [], "excludedFields": FIELDS }), "{made:#}");
        let id = made["integration"]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        let found = candidate(&app, &id, &remote).await;
        let left = json!([found["phoneNumbers"], found["emailAddresses"], found["remoteData"]]);
        assert_eq!(left, json!([[], [], null]), "{connector}: {found:#}");
        assert!(!found["lastName"].is_null(), "{found:#}");
        assert_eq!(app.traces(&TEXTS).await, Vec::<String>::new(), "{connector}");
        // What changed is read beside a sync, too, and what did not change is not written.
        let query = "mutation($id: ID!) { refreshRecords(input: {ids: [$id]}) { userErrors { code } } }";
        app.query_with(query, json!({ "id": found["id"] })).await;
        let run = app.sync(&id).await;
        for model in rows(&run["models"]) {
            assert_eq!([&model["created"], &model["updated"]], [0, 0], "{model}");
        }
        assert_eq!(app.traces(&TEXTS).await, Vec::<String>::new(), "{connector}");
    }
}

async fn excluding_erases_at_once_and_lifting_reads_again(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let remote = mark(&app, connector);
        let id = app.connected(connector).await;
        let dump = app.dump(&id).await;
        assert!(!app.traces(&TEXTS).await.is_empty());
        let entries = app.changes(&id).await.len();
        let answer = update(&app, &id, &format!("{{excludedFields: {}}}", json!(FIELDS))).await;
        assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
        assert_eq!(answer["integration"]["syncSettings"]["excludedFields"], json!(FIELDS));
        assert_eq!(app.traces(&TEXTS).await, Vec::<String>::new(), "{connector}");
        let told = app.changes(&id).await.split_off(entries);
        let of = |fields: &[&str]| told.iter().filter(|entry| entry.changed_fields.0 == fields).count();
        assert!(of(&["emailAddresses", "phoneNumbers", "remoteData"]) > 0, "{told:#?}");
        assert!(
            told.iter()
                .all(|entry| entry.kind == "UPDATED" && ["CANDIDATE", "APPLICATION"].contains(&entry.model.as_str()))
        );
        let entries = app.changes(&id).await.len();
        app.sync(&id).await;
        assert_eq!(app.changes(&id).await.len(), entries, "{connector}: a sync finds what it would have written");
        assert_eq!(app.traces(&TEXTS).await, Vec::<String>::new(), "{connector}");
        let answer = update(&app, &id, "{excludedFields: []}").await;
        assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
        app.settle().await;
        assert!(!app.traces(&TEXTS).await.is_empty());
        assert_eq!(candidate(&app, &id, &remote).await["phoneNumbers"][0]["number"], "+49555000111");
        assert_eq!(app.dump(&id).await, dump, "{connector}: all is as it was");
    }
}

async fn types_that_are_excluded_are_not_read(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in VENDORS {
        let id = app.connected(connector).await;
        let dump = app.dump(&id).await;
        let living = app.living(&id, "CANDIDATE").await.len();
        let entries = app.changes(&id).await.len();
        let answer = update(&app, &id, "{excludedModels: [CANDIDATE, USER]}").await;
        let mut models: Vec<String> =
            serde_json::from_value(answer["integration"]["syncSettings"]["excludedModels"].clone()).unwrap();
        models.sort();
        assert_eq!(models, ["CANDIDATE", "CANDIDATE_TAG", "HIRING_TEAM_MEMBER", "TAG", "USER"], "{answer:#}");
        let told = app.changes(&id).await.split_off(entries);
        let gone = told.iter().filter(|entry| entry.kind == "DELETED" && entry.model == "CANDIDATE").count();
        assert_eq!(gone, living, "{connector}");
        for table in ["candidates", "users", "tags", "candidate_tags", "hiring_team_members", "due_children"] {
            let text = format!("SELECT COUNT(*) FROM {table} WHERE integration_id = $1");
            assert_eq!(app.count(&text, uuid_of(&id)).await, 0, "{connector} {table}");
        }
        let paths = match connector {
            "traffit" => ["/api/integration/v2/employees", "/api/integration/v2/users"],
            _ => ["/v2/applicant-management/applicants", "/v2/persons"],
        };
        let asked = |path: &str| match connector {
            // The history of applications lies below the same path.
            "traffit" => {
                let history = "/api/integration/v2/employees/recruitment_history";
                app.vendors.traffit.count("", path)
                    - if path.ends_with("employees") { app.vendors.traffit.count("", history) } else { 0 }
            }
            _ => app.vendors.hrworks.count("", path),
        };
        let before = paths.map(asked);
        let run = app.sync(&id).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        assert_eq!(paths.map(asked), before, "{connector}");
        assert!(rows(&run["models"]).iter().all(|model| model["model"] != "CANDIDATE" && model["model"] != "TAG"));
        let query = "query($id: ID!) { applications(integrationId: $id) { totalCount nodes { candidate { id } job { id } } } \
                     jobs(integrationId: $id) { nodes { contact { id } hiringTeam { id } } } }";
        let found = app.query_with(query, json!({ "id": id })).await;
        let applications = rows(&found["applications"]["nodes"]);
        assert!(!applications.is_empty());
        assert!(applications.iter().all(|row| row["candidate"].is_null() && !row["job"].is_null()), "{found:#}");
        assert!(
            rows(&found["jobs"]["nodes"]).iter().all(|row| row["contact"].is_null() && row["hiringTeam"] == json!([]))
        );
        let query = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id, models: [CANDIDATE]}) { userErrors { code field } } }";
        let refused = app.query_with(query, json!({ "id": id })).await;
        let expected = json!([{ "code": "INPUT_INVALID", "field": ["input", "models"] }]);
        assert_eq!(refused["syncIntegration"]["userErrors"], expected);
        update(&app, &id, "{excludedModels: []}").await;
        app.settle().await;
        assert_eq!(app.dump(&id).await, dump, "{connector}: all is as it was");
    }
    // Tags alone: they come with candidates that did not change.
    let id = app.connected("traffit").await;
    let dump = app.dump(&id).await;
    update(&app, &id, "{excludedModels: [TAG]}").await;
    app.sync(&id).await;
    assert_eq!(app.living(&id, "TAG").await.len() + app.living(&id, "CANDIDATE_TAG").await.len(), 0);
    update(&app, &id, "{excludedModels: []}").await;
    app.settle().await;
    assert_eq!(app.dump(&id).await, dump);
}

async fn rules_that_name_no_such_field_are_refused(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    for name in [
        "candidate.id",
        "candidate.remoteId",
        "application.candidate",
        "jobStage.job",
        "phoneNumbers",
        "candidate.x",
        "",
    ] {
        let answer = update(&app, &id, &format!("{{excludedFields: [\"candidate.title\", \"{name}\"]}}")).await;
        let error = &answer["userErrors"][0];
        assert_eq!(error["code"], "INPUT_INVALID", "{name}: {answer:#}");
        assert_eq!(error["field"], json!(["input", "syncSettings", "excludedFields", "1"]), "{name}");
        let made = connect(&app, "traffit", json!({ "excludedFields": [name] })).await;
        assert_eq!(made["userErrors"][0]["field"], json!(["input", "syncSettings", "excludedFields", "0"]), "{made:#}");
    }
    let query = "query($id: ID!) { integration(id: $id) { syncSettings { excludedModels excludedFields } } }";
    let shown = app.query_with(query, json!({ "id": id })).await;
    assert_eq!(shown["integration"]["syncSettings"], json!({ "excludedModels": [], "excludedFields": [] }));
}
