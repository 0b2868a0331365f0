//! Accounts: connected only with credentials that work, changed as a whole or not at all, and erased.

use std::time::Duration;

use hiregraph::domain::Scope;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, ids, rows, texts};

on_both!(
    wrong_credentials_connect_nothing_and_say_how_to_mend_it,
    a_vendor_that_cannot_be_asked_is_no_proof_against_the_credentials,
    input_at_fault_is_named_field_by_field,
    an_account_is_connected_read_and_tested,
    an_account_is_changed,
    an_account_is_erased_with_all_that_belongs_to_it,
    a_sync_is_asked_for,
    keys_are_shown_once_and_end,
    vendors_say_what_they_cover,
);

const SMALL: Size = Size { candidates: 12, jobs: 3 };

const CREATE: &str = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { \
    integration { id name state endUser { organizationName email originId } syncSettings { interval scope cutoffDate } \
    lastSync { state } models { model count } jobs { totalCount } syncRuns { totalCount } connector { slug } } \
    tests { name model passed message fix } userErrors { code field message retryable } } }";

fn input(app: &TestApp, connector: &str) -> Value {
    json!({
        "connector": connector,
        "endUser": { "organizationName": "Acme" },
        "credentials": app.vendors.credentials(connector),
    })
}

async fn create(app: &TestApp, input: &Value) -> Value {
    app.query_with(CREATE, json!({ "input": input })).await["createIntegration"].take()
}

async fn connected(app: &TestApp) -> i64 {
    app.query("{ integrations { totalCount } }").await["integrations"]["totalCount"].as_i64().unwrap()
}

async fn wrong_credentials_connect_nothing_and_say_how_to_mend_it(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for (connector, key, words) in
        [("traffit", "clientSecret", ["TRAFFIT", "client"]), ("hrworks", "secretAccessKey", ["HR WORKS", "key pair"])]
    {
        let mut input = input(&app, connector);
        input["credentials"][key] = json!("wrong");
        let answer = create(&app, &input).await;
        assert!(answer["integration"].is_null(), "{answer:#}");
        let test = &answer["tests"][0];
        assert_eq!((&test["name"], &test["passed"]), (&json!("credentials"), &json!(false)), "{answer:#}");
        for word in words {
            assert!(test["fix"].as_str().unwrap().contains(word), "{test:#}");
        }
        let error = &answer["userErrors"][0];
        assert_eq!(error["code"], "INTEGRATION_CREDENTIALS_INVALID");
        assert_eq!((&error["field"], &error["retryable"]), (&json!(["input", "credentials"]), &json!(false)));
        assert!(!answer.to_string().contains("wrong\""), "{answer:#}");
    }
    assert_eq!(connected(&app).await, 0);
}

async fn a_vendor_that_cannot_be_asked_is_no_proof_against_the_credentials(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for (fault, expected) in [
        ("drop-connection-every=1", "REMOTE_UNAVAILABLE"),
        ("error-rate=1", "REMOTE_UNAVAILABLE"),
        ("rate-limit-every=1", "REMOTE_RATE_LIMITED"),
    ] {
        let of = |path: &str| [format!("{fault}@{path}"), format!("retry-after-seconds=3600@{path}")];
        let faults = of("/oauth2/").map(|fault| fault.parse().unwrap());
        app.vendors.traffit.set_faults(faults.to_vec());
        let faults = of("/v2/").map(|fault| fault.parse().unwrap());
        app.vendors.hrworks.set_faults(faults.to_vec());
        for connector in ["traffit", "hrworks"] {
            let answer = create(&app, &input(&app, connector)).await;
            assert!(answer["integration"].is_null(), "{answer:#}");
            let error = &answer["userErrors"][0];
            assert_eq!(error["code"], expected, "{connector} {fault}: {answer:#}");
            assert_eq!(error["retryable"], true);
            assert_eq!(answer["tests"][0]["passed"], false);
        }
    }
    assert_eq!(connected(&app).await, 0);
}

async fn input_at_fault_is_named_field_by_field(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let of = |connector: &str, at: &str, value: Value| {
        let mut input = input(&app, connector);
        match input.pointer_mut(at) {
            Some(old) => *old = value,
            None => {
                let (parent, key) = at.rsplit_once('/').unwrap();
                input.pointer_mut(parent).unwrap()[key] = value;
            }
        }
        input
    };
    let long = "x".repeat(501);
    for (connector, at, value) in [
        ("traffit", "/connector", json!("nobody")),
        ("traffit", "/credentials", json!([])),
        ("traffit", "/credentials/password", json!("x")),
        ("traffit", "/credentials/clientSecret", json!(null)),
        ("traffit", "/credentials/clientSecret", json!("  ")),
        ("traffit", "/credentials/clientId", json!(5)),
        ("traffit", "/credentials/subdomain", json!("acme.evil.example/")),
        ("traffit", "/credentials/subdomain", json!("-acme")),
        ("traffit", "/credentials/subdomain", json!("a\nb")),
        ("hrworks", "/credentials/environment", json!("staging")),
        ("hrworks", "/credentials/accessKey", json!("")),
        ("hrworks", "/name", json!("x".repeat(201))),
        ("hrworks", "/endUser/organizationName", json!(" ")),
        ("hrworks", "/endUser/email", json!("a\u{0}b")),
        ("hrworks", "/endUser/originId", json!(long)),
        ("hrworks", "/syncSettings", json!({"interval": "PT5S"})),
        ("hrworks", "/syncSettings", json!({"interval": "hourly"})),
        ("hrworks", "/syncSettings", json!({"interval": "P31D"})),
        ("hrworks", "/syncSettings", json!({"cutoffDate": "yesterday"})),
        ("hrworks", "/syncSettings", json!({"cutoffDate": "2026-02-30"})),
    ] {
        let answer = create(&app, &of(connector, at, value.clone())).await;
        assert!(answer["integration"].is_null(), "{at} {value}: {answer:#}");
        let error = &answer["userErrors"][0];
        assert_eq!(error["code"], "INPUT_INVALID", "{at} {value}: {answer:#}");
        let mut path: Vec<&str> = std::iter::once("input").chain(at[1..].split('/')).collect();
        if at == "/syncSettings" {
            path.push(value.as_object().unwrap().keys().next().unwrap());
        }
        assert_eq!(error["field"], json!(path), "{value}: {answer:#}");
        assert_eq!(rows(&answer["userErrors"]).len(), 1, "{answer:#}");
    }
    // All that is wrong at once.
    let mut input = of("traffit", "/credentials", json!({"password": "x"}));
    input["endUser"]["organizationName"] = json!("");
    let answer = create(&app, &input).await;
    assert!(rows(&answer["userErrors"]).len() >= 5, "{answer:#}");
    assert_eq!(connected(&app).await, 0);
    assert_eq!(app.vendors.traffit.count("", "/") + app.vendors.hrworks.count("", "/"), 0, "no vendor was asked");
}

async fn an_account_is_connected_read_and_tested(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in ["traffit", "hrworks"] {
        let mut input = input(&app, connector);
        input["endUser"]["email"] = json!("hr@acme.example");
        input["endUser"]["originId"] = json!("42");
        input["syncSettings"] = json!({"interval": "PT15M"});
        let answer = create(&app, &input).await;
        assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
        assert!(rows(&answer["tests"]).iter().all(|test| test["passed"] == true), "{answer:#}");
        let integration = &answer["integration"];
        assert_eq!(integration["state"], "SETTING_UP");
        assert_eq!(
            integration["endUser"],
            json!({"organizationName": "Acme", "email": "hr@acme.example", "originId": "42"})
        );
        assert_eq!(integration["syncSettings"], json!({"interval": "PT15M", "scope": "ALL", "cutoffDate": null}));
        assert_eq!(integration["connector"]["slug"], connector);
        // What was connected by this very request is seen by it already.
        assert_eq!(integration["lastSync"]["state"], "QUEUED", "{integration:#}");
        assert_eq!(integration["syncRuns"]["totalCount"], 1);
        assert!(rows(&integration["models"]).len() >= 6, "{integration:#}");
        let id = integration["id"].as_str().unwrap();
        let test =
            "mutation($id: ID!) { testIntegration(id: $id) { tests { name model passed } userErrors { code } } }";
        let tested = app.query_with(test, json!({ "id": id })).await["testIntegration"].take();
        assert_eq!(texts(&tested["tests"], "name"), texts(&answer["tests"], "name"));
        app.settle().await;
        let state = app.query_with("query($id: ID!) { integration(id: $id) { state } }", json!({ "id": id })).await;
        assert_eq!(state["integration"]["state"], "ACTIVE");
    }
    app.vendors.traffit.edit(|account| account.set_scopes(&["employee", "workflow", "user"]));
    let answer = create(&app, &input(&app, "traffit")).await;
    let failed: Vec<_> = rows(&answer["tests"]).iter().filter(|test| test["passed"] == false).collect();
    assert!(
        failed
            .iter()
            .any(|test| test["name"] == "scope recruitment" && test["fix"].as_str().unwrap().contains("recruitment")),
        "{answer:#}"
    );
    assert!(!answer["integration"].is_null(), "what may not be read keeps nothing from being connected: {answer:#}");
    let unknown =
        app.query("mutation { testIntegration(id: \"int_none\") { tests { name } userErrors { code field } } }").await;
    assert_eq!(
        unknown["testIntegration"],
        json!({"tests": [], "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]})
    );
    // Whoever may only some integrations could not see what it connects.
    let some = app.key(&[Scope::Operate, Scope::RecordsRead], Some(&[])).await;
    let refused = app.ask(&some, CREATE, json!({ "input": input(&app, "traffit") })).await;
    assert_eq!(code(&refused), "FORBIDDEN", "{refused:#}");
    assert_eq!(connected(&app).await, 3);
}

const UPDATE: &str = "mutation($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { \
    integration { id name state nextSyncAt syncSettings { interval cutoffDate } } userErrors { code field message } } }";

async fn update(app: &TestApp, input: Value) -> Value {
    app.query_with(UPDATE, json!({ "input": input })).await["updateIntegration"].take()
}

async fn an_account_is_changed(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let answer = update(&app, json!({ "id": id, "name": "  Better ", "syncSettings": {"interval": "P1D"} })).await;
    assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
    assert_eq!(
        (&answer["integration"]["name"], &answer["integration"]["syncSettings"]["interval"]),
        (&json!("Better"), &json!("PT24H"))
    );
    let answer = update(&app, json!({ "id": id, "paused": true })).await;
    assert_eq!(
        (&answer["integration"]["state"], &answer["integration"]["nextSyncAt"]),
        (&json!("PAUSED"), &json!(null))
    );
    let answer = update(&app, json!({ "id": id, "paused": false })).await;
    assert_eq!(answer["integration"]["state"], "ACTIVE", "{answer:#}");
    for (wrong, field, code) in [
        (json!({ "name": "" }), "name", "INPUT_INVALID"),
        (json!({ "syncSettings": {"interval": "PT1S"} }), "syncSettings", "INPUT_INVALID"),
        (json!({ "credentials": {"clientSecret": "wrong"} }), "credentials", "INTEGRATION_CREDENTIALS_INVALID"),
        (json!({ "credentials": {"nothing": "x"} }), "credentials", "INPUT_INVALID"),
        (json!({ "id": "int_none" }), "id", "NOT_FOUND"),
    ] {
        let mut input = json!({ "id": id, "name": "Worse" });
        input.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = update(&app, input.clone()).await;
        assert_eq!(answer["userErrors"][0]["code"], code, "{input}: {answer:#}");
        assert_eq!(answer["userErrors"][0]["field"][1], field, "{input}: {answer:#}");
        assert!(answer["integration"].is_null());
    }
    let query = "query($id: ID!) { integration(id: $id) { name syncSettings { interval } } }";
    let kept = app.query_with(query, json!({ "id": id })).await["integration"].take();
    assert_eq!(kept, json!({"name": "Better", "syncSettings": {"interval": "PT24H"}}), "all of it or nothing");
    let answer = update(&app, json!({ "id": id, "credentials": app.vendors.credentials("traffit") })).await;
    assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
    assert_eq!(app.sync(&id).await["state"], "SUCCEEDED");
}

async fn an_account_is_erased_with_all_that_belongs_to_it(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let before = app.total("candidates", &hrworks).await;
    let job =
        app.query_with("query($id: ID!) { jobs(integrationId: $id) { nodes { id } } }", json!({ "id": traffit })).await;
    let job = ids(&job["jobs"]["nodes"])[0].clone();
    let delete = "mutation($id: ID!) { deleteIntegration(id: $id) { deletedId userErrors { code field } } }";
    let answer = app.query_with(delete, json!({ "id": traffit })).await["deleteIntegration"].take();
    assert_eq!(answer, json!({"deletedId": traffit, "userErrors": []}));
    let again = app.query_with(delete, json!({ "id": traffit })).await["deleteIntegration"].take();
    assert_eq!(again, json!({"deletedId": null, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}));
    let query = "query($id: ID!, $job: ID!) { integration(id: $id) { id } node(id: $id) { id } job(id: $job) { id } \
                 jobs(integrationId: $id) { totalCount } integrations { nodes { id } } candidates { totalCount } }";
    let left = app.query_with(query, json!({ "id": traffit, "job": job })).await;
    let expected = json!({"integration": null, "node": null, "job": null, "jobs": {"totalCount": 0},
        "integrations": {"nodes": [{ "id": hrworks }]}, "candidates": {"totalCount": before}});
    assert_eq!(left, expected);
}

async fn a_sync_is_asked_for(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("hrworks").await;
    let sync = "mutation($input: SyncIntegrationInput!) { syncIntegration(input: $input) { alreadyQueued \
                syncRun { id state kind } userErrors { code field message } } }";
    let ask = async |input: Value| {
        let mut all = json!({ "integrationId": id });
        all.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        app.query_with(sync, json!({ "input": all })).await["syncIntegration"].take()
    };
    let first = ask(json!({})).await;
    assert_eq!((&first["syncRun"]["state"], &first["alreadyQueued"]), (&json!("QUEUED"), &json!(false)), "{first:#}");
    let second = ask(json!({})).await;
    assert_eq!((&second["syncRun"]["id"], &second["alreadyQueued"]), (&first["syncRun"]["id"], &json!(true)));
    app.settle().await;
    let some = ask(json!({ "models": ["CANDIDATE"] })).await;
    assert_eq!(some["userErrors"], json!([]), "{some:#}");
    app.settle().await;
    let run = app.run(some["syncRun"]["id"].as_str().unwrap()).await;
    assert_eq!(run["state"], "SUCCEEDED");
    for (input, code, at) in [
        (json!({ "models": [] }), "INPUT_INVALID", "models"),
        (json!({ "models": ["TAG"] }), "FIELD_NOT_SUPPORTED", "models"),
        (json!({ "kind": "TARGETED" }), "INPUT_INVALID", "kind"),
        (json!({ "integrationId": "int_none" }), "NOT_FOUND", "integrationId"),
    ] {
        let answer = ask(input.clone()).await;
        assert_eq!(answer["userErrors"][0]["code"], code, "{input}: {answer:#}");
        assert_eq!(answer["userErrors"][0]["field"], json!(["input", at]));
        assert!(answer["syncRun"].is_null());
    }
    update(&app, json!({ "id": id, "paused": true })).await;
    assert_eq!(ask(json!({})).await["userErrors"][0]["code"], "INTEGRATION_PAUSED");
}

async fn keys_are_shown_once_and_end(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let make = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id name prefix scopes expiresAt \
                revokedAt integrations { id } } userErrors { code field } } }";
    let input = json!({"name": " reader ", "scopes": ["RECORDS_READ", "RECORDS_READ"], "integrationIds": [id], "expiresIn": "PT1H"});
    let made = app.query_with(make, json!({ "input": input })).await["createApiKey"].take();
    let secret = made["secret"].as_str().unwrap();
    let key = &made["apiKey"];
    assert!(secret.starts_with("hgk_") && secret.starts_with(key["prefix"].as_str().unwrap()), "{key:#}");
    assert_eq!((&key["name"], &key["scopes"]), (&json!("reader"), &json!(["RECORDS_READ"])));
    assert_eq!((&key["integrations"], &key["expiresAt"]), (&json!([{ "id": id }]), &json!("2026-06-01T11:00:00.000Z")));
    let viewer = "{ viewer { name scopes expiresAt integrations { id } } }";
    let seen = app.ask(secret, viewer, json!({})).await["data"]["viewer"].take();
    assert_eq!(
        seen,
        json!({"name": "reader", "scopes": ["RECORDS_READ"], "expiresAt": key["expiresAt"], "integrations": [{ "id": id }]})
    );
    assert_eq!(app.query(viewer).await["viewer"]["integrations"], json!(null), "all");
    let listed = app.query("{ apiKeys { id name prefix } }").await;
    assert!(!listed.to_string().contains(secret));
    assert!(ids(&listed["apiKeys"]).contains(&key["id"].as_str().unwrap().to_owned()));
    for (wrong, at) in [
        (json!({ "name": "" }), json!(["input", "name"])),
        (json!({ "name": "a\nb" }), json!(["input", "name"])),
        (json!({ "scopes": [] }), json!(["input", "scopes"])),
        (json!({ "expiresIn": "PT0S" }), json!(["input", "expiresIn"])),
        (json!({ "expiresIn": "soon" }), json!(["input", "expiresIn"])),
        (json!({ "integrationIds": [] }), json!(["input", "integrationIds"])),
        (json!({ "integrationIds": [id, "int_none"] }), json!(["input", "integrationIds", "1"])),
    ] {
        let mut input = input.clone();
        input.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = app.query_with(make, json!({ "input": input })).await["createApiKey"].take();
        assert_eq!(refused["userErrors"][0]["field"], at, "{wrong}: {refused:#}");
        assert!(refused["secret"].is_null() && refused["apiKey"].is_null());
    }
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { revokedAt } userErrors { code } } }";
    let other = app.key(&[Scope::RecordsRead], None).await;
    let all = app.query("{ apiKeys { id } }").await["apiKeys"].take();
    let last = ids(&all).pop().unwrap();
    assert_eq!(app.post(Some(secret), &json!({ "query": viewer })).await.status, 200);
    for id in ids(&all).iter().filter(|id| **id == last || *id == key["id"].as_str().unwrap()) {
        let answer = app.query_with(revoke, json!({ "id": id })).await["revokeApiKey"].take();
        assert_eq!(answer["apiKey"]["revokedAt"], "2026-06-01T10:00:00.000Z", "{answer:#}");
    }
    app.clock.advance(Duration::from_secs(5));
    let again = app.query_with(revoke, json!({ "id": key["id"] })).await["revokeApiKey"].take();
    assert_eq!(again["apiKey"]["revokedAt"], "2026-06-01T10:00:00.000Z", "the first time counts");
    assert_eq!(app.post(Some(secret), &json!({ "query": viewer })).await.status, 401);
    let unknown = app.query_with(revoke, json!({ "id": "key_none" })).await["revokeApiKey"].take();
    assert_eq!(unknown["userErrors"][0]["code"], "NOT_FOUND");
    drop(other);
}

async fn vendors_say_what_they_cover(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let query = "{ connectors { slug name credentials { key label secret required help placeholder } guide { prerequisites steps { title body } \
                 sourceSetup { title } } coverage { models { model fields { name note } } actions { action inputs { name } } \
                 webhookEvents { event covered description } } features { key supported note } } }";
    let found = app.query(query).await["connectors"].take();
    assert_eq!(
        texts(&found, "slug"),
        ["hrworks", "traffit"].map(str::to_owned).to_vec().into_iter().rev().collect::<Vec<_>>()
    );
    for connector in rows(&found) {
        assert!(!rows(&connector["guide"]["steps"]).is_empty(), "{connector:#}");
        assert!(rows(&connector["coverage"]["models"]).len() >= 6);
        let given: Vec<String> =
            app.vendors.credentials(connector["slug"].as_str().unwrap()).as_object().unwrap().keys().cloned().collect();
        let asked = texts(&connector["credentials"], "key");
        assert!(given.iter().all(|key| asked.contains(key)), "{asked:?}");
        let features: std::collections::BTreeSet<_> = texts(&connector["features"], "key").into_iter().collect();
        assert_eq!(features, crate::support::sdl::enum_values("FeatureKey").into_iter().collect());
        let one = "query($s: String!) { connector(slug: $s) { slug name } }";
        let one = app.query_with(one, json!({ "s": connector["slug"] })).await;
        assert_eq!(one["connector"]["name"], connector["name"]);
    }
}
