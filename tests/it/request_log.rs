//! The log of requests to and from vendors: what each was for, what went wrong, and nothing that is secret or personal.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hiregraph::domain::Scope;
use hiregraph::store::entity::vendor_request;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::writing::{create, file, target, with, write};
use crate::support::{Backend, PUBLIC_URL, TestApp, code, ids, rows};

on_both!(
    what_a_sync_asked_shows_with_its_run,
    what_went_wrong_is_found,
    what_a_write_asked_shows_with_its_action,
    what_connecting_and_testing_asked_is_known,
    what_vendors_call_about_shows_refused_or_not,
    whoever_floods_the_door_does_not_flood_the_log,
    nothing_secret_or_personal_is_kept,
    pages_go_from_the_newest_on,
    strangers_and_readers_see_none,
    it_is_kept_for_its_time,
);

const SMALL: Size = Size { candidates: 12, jobs: 3 };

const LIST: &str = "query($id: ID!, $filter: VendorRequestFilter, $first: Int, $after: String, $last: Int) { \
    integration(id: $id) { vendorRequests(filter: $filter, first: $first, after: $after, last: $last) { totalCount \
    pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor } nodes { id direction at durationMs method url \
    status requestBody responseBody error syncRun { id kind state } action { id kind } } } } }";

async fn list(app: &TestApp, id: &str, filter: Value) -> Vec<Value> {
    app.service.engine.settle().await;
    let asked = json!({ "id": id, "filter": filter, "first": 250 });
    let mut found = app.query_with(LIST, asked).await["integration"]["vendorRequests"].take();
    let nodes = rows(&found["nodes"]).to_vec();
    assert_eq!(found["totalCount"].take(), nodes.len());
    nodes
}

fn path(request: &Value) -> &str {
    let url = request["url"].as_str().unwrap();
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    &rest[rest.find('/').unwrap()..]
}

async fn what_a_sync_asked_shows_with_its_run(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        app.clock.advance(Duration::from_secs(60));
        let (begin, before) = (app.clock_now(), app.vendors.requests(connector));
        let run = app.sync(&id).await;
        let of_run = list(&app, &id, json!({ "since": begin })).await;
        let of_run: Vec<_> = of_run.iter().filter(|request| !path(request).contains("/webhooks")).collect();
        assert_eq!(of_run.len(), app.vendors.requests(connector) - before, "{of_run:#?}");
        for request in &of_run {
            assert_eq!((&request["syncRun"]["id"], &request["action"]), (&run["id"], &Value::Null), "{request:#}");
            assert_eq!((&request["direction"], &request["status"]), (&json!("OUTGOING"), &json!(200)), "{request:#}");
            assert!(request["durationMs"].is_i64() && request["error"].is_null(), "{request:#}");
            let kept = !request["requestBody"].is_null() || !request["responseBody"].is_null();
            assert_eq!(kept, request["method"] != "GET", "of what was read nothing is kept: {request:#}");
        }
    }
}

async fn what_went_wrong_is_found(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let other = app.connected("hrworks").await;
    app.clock.advance(Duration::from_secs(60));
    let begin = app.clock_now();
    app.vendors.faults(
        "traffit",
        &["error-rate=1@/api/integration/v2/users/", "drop-connection-every=1@/api/integration/v2/workflows"],
    );
    let run = app.sync(&id).await;
    app.vendors.faults("traffit", &[]);
    let failed = list(&app, &id, json!({ "failedOnly": true, "since": begin, "direction": "OUTGOING" })).await;
    let of = |prefix: &str| failed.iter().filter(|request| path(request).starts_with(prefix)).collect::<Vec<_>>();
    let (refused, lost) = (of("/api/integration/v2/users/"), of("/api/integration/v2/workflows"));
    // Attempt by attempt, of a read that is asked again.
    assert!(refused.len() >= 3 && lost.len() >= 3, "{failed:#?}");
    assert_eq!(failed.len(), refused.len() + lost.len());
    for request in refused {
        assert_eq!((&request["status"], &request["error"]), (&json!(500), &Value::Null), "{request:#}");
        assert!(request["responseBody"].is_string() && request["syncRun"]["id"] == run["id"], "{request:#}");
    }
    for request in lost {
        assert!(request["status"].is_null() && request["error"].is_string(), "{request:#}");
    }
    assert_eq!(list(&app, &other, json!({ "failedOnly": true })).await, Vec::<Value>::new());
}

async fn what_a_write_asked_shows_with_its_action(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        app.clock.advance(Duration::from_secs(60));
        let begin = app.clock_now();
        let input = with(target.input("dana.nowak@acme.example"), "attachments", json!([file()]));
        let made = crate::support::writing::begin(&app, "createCandidate", input).await;
        crate::support::writing::finish(&app, &made).await;
        let all = list(&app, &target.integration, json!({ "since": begin })).await;
        let writes: Vec<_> = all.iter().filter(|request| request["method"] == "POST").collect();
        assert!(writes.len() >= 2, "{all:#?}");
        // A sync may be due meanwhile; whatever wrote was the action.
        for request in writes.iter().filter(|request| !request["url"].as_str().unwrap().contains("auth")) {
            assert_eq!(request["action"]["id"], made.as_str(), "{request:#}");
            assert_eq!(request["action"]["kind"], "CREATE_CANDIDATE");
            assert!(request["requestBody"].is_string() || request["responseBody"].is_string(), "{request:#}");
        }
        let read_back =
            all.iter().filter(|request| request["method"] == "GET" && request["action"]["id"] == made.as_str());
        assert!(read_back.count() > 0, "{all:#?}");
        let file = writes.iter().find(|request| path(request).contains("/files")).unwrap();
        let told = file["requestBody"].as_str().unwrap();
        assert!(told.ends_with(" bytes"), "of a file only kind and length are told: {told}");
    }
}

async fn what_connecting_and_testing_asked_is_known(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connect("hrworks").await;
    let signed_in =
        list(&app, &id, json!(null)).await.into_iter().rfind(|request| path(request).ends_with("/authentication"));
    let signed_in = signed_in.unwrap();
    assert_eq!(signed_in["requestBody"], r#"{"accessKey":"…","secretAccessKey":"…"}"#);
    assert_eq!(signed_in["responseBody"], r#"{"token":"…"}"#);
    assert_eq!((&signed_in["syncRun"], &signed_in["action"]), (&Value::Null, &Value::Null));
    let before = list(&app, &id, json!(null)).await.len();
    let test = "mutation($id: ID!) { testIntegration(id: $id) { userErrors { code } } }";
    app.query_with(test, json!({ "id": id })).await;
    let tested = list(&app, &id, json!(null)).await.len();
    assert!(tested > before);
    let forward = "mutation($input: PassthroughInput!) { passthrough(input: $input) { response { status } userErrors { message } } }";
    let input = json!({ "integrationId": id, "method": "GET", "path": "/persons" });
    app.query_with(forward, json!({ "input": input })).await;
    let newest = list(&app, &id, json!(null)).await.swap_remove(0);
    assert!(path(&newest) == "/v2/persons" && newest["responseBody"].is_string(), "{newest:#}");
}

/// The way to the subscription to an event, with its secret.
fn door(app: &TestApp, event: &str) -> String {
    let webhooks = app.vendors.traffit.edit(|account| account.webhooks());
    let (_, webhook) = webhooks.into_iter().find(|(_, webhook)| webhook.kind == event).unwrap();
    webhook.url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

async fn post(app: &TestApp, path: &str, body: String) -> u16 {
    app.send(Request::post(path).body(Body::from(body)).unwrap()).await.status.as_u16()
}

async fn what_vendors_call_about_shows_refused_or_not(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let url = door(&app, "candidate_created");
    let (way, _) = url.split_once('?').unwrap();
    let (start, _) = way.rsplit_once('/').unwrap();
    let body = json!({ "employee": { "id": 1, "name": "Dana" } }).to_string();
    let unknown = format!("{start}/00000000000000000000000000000000?secret=x");
    let elsewhere = unknown.replace(&id, "int_00000000000000000000000000");
    for (path, body, status) in [
        (&url, &body, 202),
        (&format!("{way}?secret=wrong"), &body, 404),
        (&unknown, &body, 404),
        (&elsewhere, &body, 404),
        (&url, &"x".repeat(256 * 1024 + 1), 413),
    ] {
        assert_eq!(post(&app, path, body.clone()).await, status);
    }
    let incoming = list(&app, &id, json!({ "direction": "INCOMING" })).await;
    let told: Vec<_> =
        incoming.iter().map(|request| (request["status"].as_i64().unwrap(), request["error"].as_str())).collect();
    assert_eq!(
        told,
        [
            (413, Some("the body is larger than 256 KB")),
            (404, Some("there is no such subscription")),
            (404, Some("the secret or the signature is not the vendor's")),
            (202, None)
        ]
    );
    let kept = incoming.last().unwrap();
    assert_eq!(kept["url"], format!("{way}?secret=…"));
    assert_eq!(
        (&kept["method"], &kept["requestBody"]),
        (&json!("POST"), &json!(r#"{"employee":{"id":1,"name":"…"}}"#))
    );
    assert_eq!(list(&app, &id, json!({ "direction": "INCOMING", "failedOnly": true })).await.len(), 3);
    // What it led to is told of by the run.
    app.settle().await;
    let led = list(&app, &id, json!({ "direction": "OUTGOING" })).await;
    assert!(led.iter().any(|request| request["syncRun"]["kind"] == "TARGETED"), "{led:#?}");
}

async fn whoever_floods_the_door_does_not_flood_the_log(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let url = door(&app, "candidate_created");
    let (way, _) = url.split_once('?').unwrap();
    for number in 0..120 {
        post(&app, &format!("{way}?secret={number}"), String::new()).await;
    }
    assert_eq!(post(&app, &url, json!({ "employee": 1 }).to_string()).await, 202);
    assert_eq!(list(&app, &id, json!({ "direction": "INCOMING", "failedOnly": true })).await.len(), 50);
    assert_eq!(list(&app, &id, json!({ "direction": "INCOMING" })).await.len(), 51);
}

/// What must stand nowhere in the log: what is planted below, and what the simulated accounts sign in with.
const PLANTED: [&str; 15] = [
    "Markerfirst",
    "Markerlast",
    "marker.mail",
    "600700800",
    "Markernote",
    "markerfile",
    "TWFya2VyYnl0ZXM",
    "Markerbytes",
    "Markerlabel",
    "markerbody",
    "markerquery",
    "markerpath",
    "simulated-secret",
    "simulated/secret+access/key",
    "SimulatedAccessKey+/",
];

async fn nothing_secret_or_personal_is_kept(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let mut input = target.input("marker.mail@acme.example");
        input["candidate"] = json!({ "firstName": "Markerfirst", "lastName": "Markerlast",
            "emailAddress": "marker.mail@acme.example", "phoneNumber": "+48600700800" });
        input["attachments"] = json!([{ "name": "markerfile.txt", "type": "OTHER", "contentType": "text/plain", "data": "TWFya2VyYnl0ZXM=" }]);
        let made = crate::support::writing::begin(&app, "createCandidate", input.clone()).await;
        crate::support::writing::finish(&app, &made).await;
        // Once more, so that the vendor names the one that there is.
        create(&app, input).await;
        let application = crate::support::writing::applications(&app, &target.integration, 1).await.remove(0);
        let note = json!({ "applicationId": application, "content": "Markernote", "wait": "PT60S" });
        write(&app, "addNoteToApplication", note).await;
        let link = json!({ "applicationId": application, "label": "Markerlabel", "url": "https://markerbody.example/x", "wait": "PT60S" });
        write(&app, "addResultLinkToApplication", link).await;
        let forward = "mutation($input: PassthroughInput!) { passthrough(input: $input) { response { status } userErrors { message } } }";
        for path in ["/users/", "/users/markerpath@acme.example", "/no/markerpath.x"] {
            let input = json!({ "integrationId": target.integration, "method": "POST", "path": path,
                "query": [{ "key": "email", "value": "markerquery@acme.example" }, { "key": "id", "value": "markerquery" }],
                "json": { "name": "Markerfirst Markerlast", "id": "markerbody", "token": "markerbody", "type": "of Markerfirst",
                          "markerbody@acme.example": [1], "error": "Markerfirst is there" } });
            app.query_with(forward, json!({ "input": input })).await;
        }
        app.sync(&target.integration).await;
    }
    let url = door(&app, "candidate_created");
    let body = json!({ "employee": { "id": 1, "name": "Markerfirst", "email": "marker.mail@acme.example" } });
    assert_eq!(post(&app, &url, body.to_string()).await, 202);
    let (way, secret) = url.split_once("?secret=").unwrap();
    assert_eq!(
        post(&app, &format!("{way}?secret={secret}x&email=marker.mail@acme.example"), body.to_string()).await,
        404
    );
    app.settle().await;
    let kept = vendor_request::Entity::find().all(app.store.connection()).await.unwrap();
    assert!(kept.iter().filter(|row| row.request_body.is_some()).count() > 20);
    for row in &kept {
        let text = format!("{row:?}");
        for marker in PLANTED.into_iter().chain([secret]) {
            assert!(!text.contains(marker), "{marker} in {text}");
        }
        // Headers are never kept, and nothing that tokens look like.
        assert!(!text.contains("Bearer ") && !text.contains("eyJ"), "{text}");
    }
    let written = app.vendors.traffit.edit(|account| account.candidate_ids().len());
    assert!(written > SMALL.candidates, "the markers were sent");
}

async fn pages_go_from_the_newest_on(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    app.clock.advance(Duration::from_secs(60));
    app.sync(&id).await;
    let all = ids(&json!(list(&app, &id, json!(null)).await));
    assert!(all.len() > 20);
    let page = async |variables: Value| {
        let mut variables = variables;
        variables["id"] = json!(id);
        app.query_with(LIST, variables).await["integration"]["vendorRequests"].take()
    };
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let found = page(json!({ "first": 7, "after": after })).await;
        seen.extend(ids(&found["nodes"]));
        assert_eq!(found["totalCount"], all.len());
        after = found["pageInfo"]["endCursor"].clone();
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, all);
    let oldest = page(json!({ "last": 3 })).await;
    assert_eq!(ids(&oldest["nodes"]), all[all.len() - 3..]);
    let times = |filter: Value| async {
        let found = list(&app, &id, filter).await;
        found.iter().map(|request| request["at"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let newest_first = times(json!(null)).await;
    assert!(newest_first.windows(2).all(|pair| pair[0] >= pair[1]));
    let since = times(json!({ "since": newest_first[0] })).await;
    assert!(since.len() < all.len() && since.iter().all(|at| *at == newest_first[0]));
    let bad = json!({ "id": id, "filter": { "since": "yesterday" } });
    let refused = app.ask(&app.admin, LIST, bad).await;
    assert_eq!(
        (code(&refused), &refused["errors"][0]["extensions"]["argument"]),
        ("BAD_USER_INPUT", &json!("filter.since"))
    );
    // Whatever is selected of its runs and actions, they are read together.
    let query = "query($id: ID!) { integration(id: $id) { vendorRequests(first: 100) { nodes { syncRun { id } action { id } } } } }";
    let (_, heard) = app.counted(query, json!({ "id": id })).await;
    assert!(heard.len() <= 5, "{heard:#?}");
}

async fn strangers_and_readers_see_none(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let request = ids(&json!(list(&app, &traffit, json!(null)).await)).remove(0);
    let node = "query($id: ID!) { node(id: $id) { id ... on VendorRequest { method syncRun { id } } } }";
    assert_eq!(app.query_with(node, json!({ "id": request })).await["node"]["id"], request.as_str());
    let stranger = app.key(&[Scope::Operate], Some(&[&hrworks])).await;
    assert!(app.ask(&stranger, node, json!({ "id": request })).await["data"]["node"].is_null());
    assert!(app.ask(&stranger, LIST, json!({ "id": traffit })).await["data"]["integration"].is_null());
    let operator = app.key(&[Scope::Operate], Some(&[&traffit])).await;
    let found = app.ask(&operator, LIST, json!({ "id": traffit, "first": 100 })).await;
    assert!(rows(&found["data"]["integration"]["vendorRequests"]["nodes"]).len() > 5, "{found:#}");
    let reader =
        app.key(&[Scope::RecordsRead, Scope::RecordsWrite, Scope::Passthrough, Scope::RemoteDataRead], None).await;
    for (query, id) in [(LIST, &traffit), (node, &request)] {
        assert_eq!(code(&app.ask(&reader, query, json!({ "id": id })).await), "FORBIDDEN");
    }
}

async fn it_is_kept_for_its_time(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    app.with_parts(|parts| parts.retention.requests = Duration::from_secs(7200));
    let id = app.connected("traffit").await;
    let first = list(&app, &id, json!(null)).await.len();
    app.clock.advance(Duration::from_secs(3600));
    app.sync(&id).await;
    app.service.purge().await.unwrap();
    let all = list(&app, &id, json!(null)).await.len();
    assert!(all > first);
    app.clock.advance(Duration::from_secs(3601));
    app.service.purge().await.unwrap();
    assert_eq!(list(&app, &id, json!(null)).await.len(), all - first);
    app.clock.advance(Duration::from_secs(7200));
    app.service.purge().await.unwrap();
    assert_eq!(list(&app, &id, json!(null)).await, Vec::<Value>::new());
}
