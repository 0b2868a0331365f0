//! The source that an integration gives to what is created without one.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::writing::{Target, create, target, with};
use crate::support::{Backend, TestApp, uuid_of};

on_both!(
    the_default_source_is_used_where_none_is_named,
    a_connector_that_takes_no_source_refuses_a_default,
    a_source_that_the_post_does_not_offer_is_told_with_those_it_offers,
);

const SMALL: Size = Size { candidates: 12, jobs: 4 };

async fn set(app: &TestApp, integration: &str, settings: &str) -> Value {
    let query = format!(
        "mutation {{ updateIntegration(input: {{id: \"{integration}\", syncSettings: {settings}}}) \
         {{ integration {{ syncSettings {{ defaultSource }} }} userErrors {{ code field }} }} }}"
    );
    app.query(&query).await["updateIntegration"].take()
}

/// What HR WORKS keeps as the source of the newest application.
fn kept(app: &TestApp) -> Option<String> {
    app.vendors.hrworks.edit(|account| {
        let newest = account.application_ids().into_iter().max_by_key(|id| id.parse::<u64>().unwrap()).unwrap();
        account.application(&newest).unwrap().source.as_ref().map(ToString::to_string)
    })
}

async fn created(app: &TestApp, target: &Target, email: &str, source: Option<&str>) -> Value {
    let input = target.input(email);
    let input = match source {
        Some(name) => with(input, "source", json!({ "name": name })),
        None => input,
    };
    let payload = create(app, input).await;
    assert_eq!(payload["action"]["state"], "SUCCEEDED", "{payload:#}");
    payload
}

async fn the_default_source_is_used_where_none_is_named(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let target = target(&app, "hrworks").await;
    let job = app.query_with("query($id: ID!) { job(id: $id) { remoteId } }", json!({ "id": target.job })).await;
    let offered = app.vendors.hrworks.edit(|account| {
        account
            .job(job["job"]["remoteId"].as_str().unwrap())
            .unwrap()
            .sources
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    });
    created(&app, &target, "none@example.com", None).await;
    assert_eq!(kept(&app), None);

    let changed = set(&app, &target.integration, &format!("{{defaultSource: \"  {} \"}}", offered[0])).await;
    assert_eq!(changed["integration"]["syncSettings"]["defaultSource"], json!(offered[0]), "{changed:#}");
    let payload = created(&app, &target, "default@example.com", None).await;
    assert_eq!((kept(&app), &payload["warnings"]), (Some(offered[0].clone()), &json!([])));
    created(&app, &target, "named@example.com", Some(&offered[1])).await;
    assert_eq!(kept(&app), Some(offered[1].clone()));
    // Other settings leave it alone.
    let changed = set(&app, &target.integration, "{interval: \"PT2H\"}").await;
    assert_eq!(changed["integration"]["syncSettings"]["defaultSource"], json!(offered[0]), "{changed:#}");

    let changed = set(&app, &target.integration, "{defaultSource: \"Elsewhere\"}").await;
    assert_eq!(changed["userErrors"], json!([]), "{changed:#}");
    let payload = created(&app, &target, "elsewhere@example.com", None).await;
    assert_eq!(kept(&app), Some("Elsewhere".to_owned()));
    assert_eq!(payload["warnings"][0]["field"], Value::Null, "{payload:#}");
    let message = payload["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("default source \"Elsewhere\"") && message.contains(&offered[0]), "{message}");

    let changed = set(&app, &target.integration, "{defaultSource: null}").await;
    assert_eq!(changed["integration"]["syncSettings"]["defaultSource"], Value::Null, "{changed:#}");
    created(&app, &target, "removed@example.com", None).await;
    assert_eq!(kept(&app), None);
}

async fn a_connector_that_takes_no_source_refuses_a_default(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let at = json!(["input", "syncSettings", "defaultSource"]);
    let refused = set(&app, &traffit, "{defaultSource: \"Acme Jobs\"}").await;
    assert_eq!(refused["userErrors"], json!([{ "code": "FIELD_NOT_SUPPORTED", "field": at }]));
    for bad in ["\" \"", "\"a\\nb\""] {
        let refused = set(&app, &hrworks, &format!("{{defaultSource: {bad}}}")).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "INPUT_INVALID", "field": at }]), "{bad}");
    }
    let connect = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { \
                   integration { id syncSettings { defaultSource } } userErrors { code field } } }";
    for (connector, source, code) in
        [("traffit", Value::Null, "FIELD_NOT_SUPPORTED"), ("hrworks", json!("Acme Jobs"), "")]
    {
        let input = json!({
            "connector": connector,
            "endUser": { "organizationName": "Acme" },
            "credentials": app.vendors.credentials(connector),
            "syncSettings": { "defaultSource": "Acme Jobs" },
        });
        let payload = app.query_with(connect, json!({ "input": input })).await["createIntegration"].take();
        assert_eq!(payload["userErrors"][0]["code"].as_str().unwrap_or(""), code, "{payload:#}");
        if code.is_empty() {
            assert_eq!(payload["integration"]["syncSettings"]["defaultSource"], source, "{payload:#}");
            let id = payload["integration"]["id"].as_str().unwrap();
            let known = app.store.connection_of(uuid_of(id)).await.unwrap().unwrap();
            assert_eq!(known.settings.default_source.as_deref(), Some("Acme Jobs"));
        }
    }
}

async fn a_source_that_the_post_does_not_offer_is_told_with_those_it_offers(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let target = target(&app, "hrworks").await;
    let payload = created(&app, &target, "unknown@example.com", Some("Nowhere")).await;
    let warning = &payload["warnings"][0];
    assert_eq!(warning["field"], json!(["input", "source", "name"]), "{payload:#}");
    assert!(warning["message"].as_str().unwrap().contains("The post offers \""), "{payload:#}");
}
