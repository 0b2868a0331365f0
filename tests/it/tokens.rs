//! Access tokens for browsers: what they reach, who makes them, and when they end.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hiregraph::config::Role;
use hiregraph::domain::Scope;
use hiregraph::domain::clock::SeededIds;
use hiregraph::store::entity::{Json, api_key};
use hiregraph::store::{Keyring, Store};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Answer, Backend, TestApp, code};

on_both!(
    a_token_reaches_what_it_was_made_for_and_no_more,
    a_token_is_never_more_than_the_key_that_makes_it,
    a_token_makes_no_further_credential,
    a_token_loses_what_its_key_loses,
    a_token_ends_by_itself_or_with_its_key,
    subscriptions_end_with_their_token,
    a_token_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_is_listed,
    a_page_of_an_allowed_origin_asks_with_a_token,
);

const SMALL: Size = Size { candidates: 20, jobs: 3 };
const MAKE: &str = "mutation($i: CreateAccessTokenInput!) { createAccessToken(input: $i) \
                    { token expiresAt userErrors { code field message } } }";
const VIEWER: &str = "{ viewer { name scopes expiresAt integrations { id } } }";
const CHANGES: &str = "subscription { changes { recordId } }";

async fn make(app: &TestApp, key: &str, input: Value) -> Value {
    let mut answer = app.ask(key, MAKE, json!({ "i": input })).await;
    assert_eq!(code(&answer), "", "{answer:#}");
    answer["data"]["createAccessToken"].take()
}

async fn viewer(app: &TestApp, token: &str) -> Answer {
    app.post(Some(token), &json!({ "query": VIEWER })).await
}

/// A key of some scopes that may be revoked, with its id.
async fn revocable(app: &TestApp, input: &str) -> (String, String) {
    let query = format!("mutation {{ createApiKey(input: {{name: \"page\", {input}}}) {{ secret apiKey {{ id }} }} }}");
    let made = app.query(&query).await["createApiKey"].take();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{made:#}")).to_owned();
    (text(&made["secret"]), text(&made["apiKey"]["id"]))
}

async fn revoke(app: &TestApp, id: &str) {
    app.query_with("mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }", json!({ "id": id })).await;
}

async fn a_token_reaches_what_it_was_made_for_and_no_more(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let made = make(&app, &app.admin, json!({ "integrationIds": [hrworks] })).await;
    assert_eq!((&made["userErrors"], &made["expiresAt"]), (&json!([]), &json!("2026-06-01T10:16:00.000Z")), "{made:#}");
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("hgt_"));
    let who = viewer(&app, token).await.body["data"]["viewer"].take();
    let expected = json!({ "name": "test", "scopes": ["RECORDS_READ"], "expiresAt": made["expiresAt"],
                           "integrations": [{ "id": hrworks }] });
    assert_eq!(who, expected, "the name is that of its key");

    let jobs = app.ask(token, "{ jobs { totalCount nodes { integration { id } } } }", json!({})).await;
    assert_eq!(jobs["data"]["jobs"]["totalCount"], app.total("jobs", &hrworks).await, "{jobs:#}");
    let foreign = app.ask(token, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": traffit })).await;
    assert_eq!((code(&foreign), &foreign["data"]["node"]), ("", &Value::Null));
    let sync = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { userErrors { code } } }";
    assert_eq!(code(&app.ask(token, sync, json!({ "id": hrworks })).await), "FORBIDDEN");

    // With the scope it writes, for its integration.
    let token = app.token(&app.admin, &[Scope::Operate], &[&hrworks]).await;
    let mine = app.ask(&token, sync, json!({ "id": hrworks })).await;
    assert_eq!(mine["data"]["syncIntegration"]["userErrors"], json!([]), "{mine:#}");
    let other = app.ask(&token, sync, json!({ "id": traffit })).await;
    assert_eq!(other["data"]["syncIntegration"]["userErrors"][0]["code"], "NOT_FOUND", "{other:#}");
}

async fn a_token_is_never_more_than_the_key_that_makes_it(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::RecordsRead, Scope::Operate], Some(&[&hrworks])).await;
    let absent = "int_00000000000000000000000000";
    for (input, expected, field) in [
        (
            json!({ "integrationIds": [hrworks], "scopes": ["RECORDS_READ", "RECORDS_WRITE"] }),
            "INPUT_INVALID",
            "scopes.1",
        ),
        (json!({ "integrationIds": [hrworks], "scopes": ["ADMIN"] }), "INPUT_INVALID", "scopes.0"),
        (json!({ "integrationIds": [hrworks], "scopes": [] }), "INPUT_INVALID", "scopes"),
        (json!({ "integrationIds": [] }), "INPUT_INVALID", "integrationIds"),
        (json!({ "integrationIds": vec![&hrworks; 101] }), "INPUT_INVALID", "integrationIds"),
        (json!({ "integrationIds": [hrworks, traffit] }), "NOT_FOUND", "integrationIds"),
        (json!({ "integrationIds": [hrworks, absent] }), "NOT_FOUND", "integrationIds"),
        (json!({ "integrationIds": [hrworks, "nonsense"] }), "NOT_FOUND", "integrationIds"),
        (json!({ "integrationIds": [hrworks], "expiresIn": "PT59S" }), "INPUT_INVALID", "expiresIn"),
        (json!({ "integrationIds": [hrworks], "expiresIn": "PT24H1S" }), "INPUT_INVALID", "expiresIn"),
        (json!({ "integrationIds": [hrworks], "expiresIn": "soon" }), "INPUT_INVALID", "expiresIn"),
    ] {
        let made = make(&app, &key, input.clone()).await;
        assert!(made["token"].is_null() && made["expiresAt"].is_null(), "{input}: {made:#}");
        let path: Vec<&str> = ["input"].into_iter().chain(field.split('.')).collect();
        let error = &made["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!(expected), &json!(path)), "{input}: {made:#}");
    }
    let words = async |id: &str| make(&app, &key, json!({ "integrationIds": [id] })).await["userErrors"].take();
    assert_eq!(words(&traffit).await, words(absent).await, "whether it exists is not told");
    let admin = json!({ "integrationIds": [hrworks], "scopes": ["RECORDS_READ", "ADMIN"] });
    let refused = make(&app, &app.admin, admin).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "scopes", "1"]), "not of ADMIN either: {refused:#}");

    for (lasts, until) in [("PT1M", "10:02:00"), ("PT24H", "10:01:00")] {
        let made = make(&app, &key, json!({ "integrationIds": [hrworks], "expiresIn": lasts })).await;
        assert!(made["expiresAt"].as_str().unwrap().contains(until), "{lasts}: {made:#}");
    }
    let (short, _) = revocable(&app, "scopes: [RECORDS_READ], expiresIn: \"PT5M\"").await;
    let made = make(&app, &short, json!({ "integrationIds": [hrworks] })).await;
    assert!(made["expiresAt"].as_str().unwrap().contains("10:06:00"), "no longer than its key: {made:#}");
}

async fn a_token_makes_no_further_credential(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let all: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    let token = app.token(&app.admin, &all, &[&id]).await;
    let answer = app.ask(&token, MAKE, json!({ "i": { "integrationIds": [id] } })).await;
    assert_eq!(code(&answer), "FORBIDDEN", "{answer:#}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("not an access token"), "{answer:#}");
    let key = "mutation { createApiKey(input: {name: \"k\", scopes: [RECORDS_READ]}) { secret } }";
    assert_eq!(code(&app.ask(&token, key, json!({})).await), "FORBIDDEN");
}

async fn a_token_loses_what_its_key_loses(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::RecordsRead, Scope::Operate], None).await;
    let token = app.token(&key, &[Scope::RecordsRead, Scope::Operate], &[&traffit, &hrworks]).await;
    let connection = app.store.connection();
    let named = api_key::Entity::find().filter(api_key::Column::Prefix.eq(&key[..12])).one(connection).await;
    let narrowed = api_key::ActiveModel {
        id: Unchanged(named.unwrap().unwrap().id),
        scopes: Set(Json(vec![Scope::RecordsRead])),
        integrations: Set(Some(Json(vec![crate::support::uuid_of(&hrworks)]))),
        ..Default::default()
    };
    narrowed.update(connection).await.unwrap();
    let who = viewer(&app, &token).await.body["data"]["viewer"].take();
    assert_eq!(who["scopes"], json!(["RECORDS_READ"]), "{who:#}");
    assert_eq!(who["integrations"], json!([{ "id": hrworks }]), "{who:#}");
}

async fn a_token_ends_by_itself_or_with_its_key(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (key, key_id) = revocable(&app, "scopes: [RECORDS_READ]").await;
    let token = app.token(&key, &[Scope::RecordsRead], &[&id]).await;
    assert_eq!(viewer(&app, &token).await.status, 200);
    app.clock.advance(Duration::from_secs(15 * 60 - 1));
    assert_eq!(viewer(&app, &token).await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    let ended = viewer(&app, &token).await;
    assert_eq!((ended.status.as_u16(), code(&ended.body)), (401, "UNAUTHENTICATED"));

    let token = app.token(&key, &[Scope::RecordsRead], &[&id]).await;
    revoke(&app, &key_id).await;
    assert_eq!(viewer(&app, &token).await.status, 401);

    // What was not signed here is none, and nobody is asked about it.
    let other = Keyring::parse(&Keyring::fresh(&SeededIds::new(99))).unwrap();
    let stranger = Store::open(&app.database.options(), other).await.unwrap();
    let token = app.token(&app.admin, &[Scope::RecordsRead], &[&id]).await;
    let now = app.clock_now();
    assert!(app.store.access(&token.clone().into(), now).await.unwrap().is_some());
    let before = stranger.statements().count();
    assert_eq!(stranger.access(&token.into(), now).await.unwrap(), None);
    assert_eq!(stranger.statements().count(), before);
}

async fn subscriptions_end_with_their_token(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (key, key_id) = revocable(&app, "scopes: [RECORDS_READ]").await;
    let listening = app.listening().await;
    for ends in ["expired", "revoked"] {
        let token = app.token(&key, &[Scope::RecordsRead], &[&id]).await;
        let mut socket = listening.open(&token).await;
        let query = json!({ "type": "subscribe", "id": "0", "payload": { "query": VIEWER } });
        socket.send(query).await;
        let who = socket.next("0", "viewer").await;
        assert_eq!(who["integrations"], json!([{ "id": id }]), "{who:#}");
        assert_eq!(socket.receive().await, Ok(json!({ "type": "complete", "id": "0" })));
        socket.subscribe("one", CHANGES, json!({})).await;
        let mut events = app.subscribe(&token, CHANGES, json!({})).await;
        match ends {
            "expired" => {
                app.clock.advance(Duration::from_secs(15 * 60));
            }
            _ => revoke(&app, &key_id).await,
        }
        assert_eq!(events.refused().await, "UNAUTHENTICATED", "{ends}");
        let error = socket.receive().await.unwrap();
        assert_eq!(error["payload"][0]["extensions"]["code"], "UNAUTHENTICATED", "{ends}: {error:#}");
        assert_eq!(socket.receive().await, Err(4403), "{ends}");
    }
}

async fn a_token_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_is_listed(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let token: SecretString = app.token(&app.admin, &[Scope::RecordsRead], &[&id]).await.into();
    let (old, new) = (Keyring::fresh(&SeededIds::new(7)), Keyring::fresh(&SeededIds::new(99)));
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    for (keys, good) in [(both.into(), true), (new, false)] {
        let store = Store::open(&app.database.options(), Keyring::parse(&keys).unwrap()).await.unwrap();
        assert_eq!(store.access(&token, app.clock_now()).await.unwrap().is_some(), good);
    }
}

async fn a_page_of_an_allowed_origin_asks_with_a_token(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let token = app.token(&app.admin, &[Scope::RecordsRead], &[&id]).await;
    app.serve_anew(Role::Api, true, &["https://app.example"]);
    let total = app.total("jobs", &id).await;
    for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false)] {
        let preflight = Request::options("/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let answer = app.send(preflight.body(Body::empty()).unwrap()).await;
        let named = |answer: &Answer| answer.headers.get("access-control-allow-origin").cloned();
        assert_eq!(named(&answer), allowed.then(|| origin.parse().unwrap()), "{origin}");
        // A browser sends this only after a preflight that allowed it, and shows the page nothing without the header.
        let ask = Request::post("/graphql")
            .header("origin", origin)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        let body = json!({ "query": "{ jobs { totalCount } }" }).to_string();
        let answer = app.send(ask.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.body["data"]["jobs"]["totalCount"], total, "{}", answer.body);
        assert_eq!(named(&answer), allowed.then(|| origin.parse().unwrap()), "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
}
