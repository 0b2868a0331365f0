//! What callers and vendors send.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hiregraph::domain::Scope;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Room, check};
use crate::support::{Answer, PUBLIC_URL};

#[test]
fn ids_and_cursors() {
    let room = Room::new();
    let integration = room.wait(room.app.connected("traffit"));
    let query = "query($text: ID!, $cursor: String!, $of: ID!) { \
        node(id: $text) { id } nodes(ids: [$text, $text]) { id } \
        jobs(first: 1, after: $cursor) { nodes { id } } \
        candidates(last: 1, before: $cursor, integrationId: $of) { nodes { id } } \
        changes(first: 1, after: $cursor) { nodes { cursor } } }";
    bolero::check!().with_iterations(300).for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let variables = json!({ "text": text, "cursor": text, "of": integration });
        check(&room.wait(room.app.ask(&room.app.admin, query, variables)));
        let variables = json!({ "text": text, "cursor": "", "of": text });
        check(&room.wait(room.app.ask(&room.app.admin, query, variables)));
    });
}

#[test]
fn requests_to_the_graph() {
    let room = Room::new();
    bolero::check!().with_iterations(300).for_each(|input: &[u8]| {
        let request = Request::post("/graphql")
            .header("authorization", format!("Bearer {}", room.app.admin))
            .header("content-type", "application/json")
            .body(Body::from(input.to_vec()));
        let answer = room.wait(room.app.send(request.unwrap()));
        assert!(answer.status.is_success() || answer.status.is_client_error(), "{}", answer.status);
        check(&answer.body);
    });
}

#[test]
fn queries() {
    let room = Room::new();
    bolero::check!().with_iterations(300).for_each(|input: &[u8]| {
        let query = String::from_utf8_lossy(input);
        check(&room.wait(room.app.ask(&room.app.admin, &query, json!({}))));
    });
}

#[test]
fn webhook_bodies() {
    let room = Room::new();
    room.wait(room.app.connected("traffit"));
    let urls = urls(&room, "traffit");
    bolero::check!().with_iterations(100).for_each(|input: &[u8]| {
        let (at, body) = input.split_first().map_or((0, input), |(at, body)| (usize::from(*at), body));
        let answer = post(&room, &urls[at % urls.len()], &[], body);
        assert_eq!(answer.status, 202);
        room.wait(room.app.settle());
        assert_eq!(room.wait(waiting(&room)), 0, "a delivery was not followed");
    });
}

/// HR WORKS signs the job's id and the time; the rest of the body is whatever it is.
#[test]
fn signed_webhook_bodies() {
    let room = Room::new();
    room.wait(room.app.connected("hrworks"));
    let urls = urls(&room, "hrworks");
    let time = room.app.clock_now().timestamp().to_string();
    bolero::check!().with_iterations(60).for_each(|input: &[u8]| {
        let (at, body) = input.split_first().map_or((0, input), |(at, body)| (usize::from(*at), body));
        let read: Value = serde_json::from_slice(body).unwrap_or_default();
        let job = read.get("jobId").and_then(Value::as_str).unwrap_or_default();
        let answer = post(&room, &urls[at % urls.len()], &signed(&room, job, &time), body);
        // Without an id that is a text, the signature is of something else.
        assert!([202, 404].contains(&answer.status.as_u16()), "{}", answer.status);
        let text = String::from_utf8_lossy(body);
        let mut whole = match read {
            Value::Object(fields) => Value::Object(fields),
            _ => json!({ "resourceLocation": text }),
        };
        whole["jobId"] = json!("fuzzed");
        let (headers, whole) = (signed(&room, "fuzzed", &time), whole.to_string());
        let answer = post(&room, &urls[at % urls.len()], &headers, whole.as_bytes());
        assert_eq!(answer.status, 202, "{whole}");
        room.wait(room.app.settle());
        assert_eq!(room.wait(waiting(&room)), 0, "a delivery was not followed");
    });
}

/// Whoever does not know the secret is not let in, and learns nothing.
#[test]
fn secrets_and_signatures_of_webhooks() {
    let room = Room::new();
    for connector in ["traffit", "hrworks"] {
        room.wait(room.app.connected(connector));
    }
    let (secret, signature) = (urls(&room, "traffit").remove(0), urls(&room, "hrworks").remove(0));
    let (door, query) = secret.split_once('?').unwrap();
    let time = room.app.clock_now().timestamp().to_string();
    let body = json!({ "jobId": "j-1", "employee": { "id": 1 } }).to_string();
    let genuine = signed(&room, "j-1", &time);
    assert_eq!(post(&room, &signature, &genuine, body.as_bytes()).status, 202);
    bolero::check!().with_iterations(200).for_each(|input: &[u8]| {
        let encoded: String = input.iter().take(300).map(|byte| format!("%{byte:02X}")).collect();
        let at = door.len() - usize::from(input.first().copied().unwrap_or(0)) % 40;
        let mut tries = vec![
            (format!("{door}?secret={encoded}"), Vec::new()),
            (format!("{door}?{encoded}"), Vec::new()),
            (format!("{}{encoded}?{query}", &door[..at]), Vec::new()),
        ];
        // What can be no header's value is sent by nobody.
        if let Ok(value) = HeaderValue::from_bytes(input) {
            tries.push((signature.clone(), vec![("x-hrworks-signature", value.clone()), genuine[1].clone()]));
            tries.push((signature.clone(), vec![genuine[0].clone(), ("x-hrworks-timestamp", value.clone())]));
            // Signed, but for a time that is none or long ago.
            if let Ok(text) = value.to_str() {
                tries.push((signature.clone(), signed(&room, "j-1", text.trim())));
            }
        }
        for (url, headers) in tries {
            if url == secret {
                continue;
            }
            let answer = post(&room, &url, &headers, body.as_bytes());
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""), "{url} {headers:?}");
        }
    });
}

/// The addresses that a vendor was given.
fn urls(room: &Room, connector: &str) -> Vec<String> {
    match connector {
        "traffit" => {
            let webhooks = room.app.vendors.traffit.edit(|account| account.webhooks());
            webhooks.into_iter().map(|(_, webhook)| webhook.url).collect()
        }
        _ => {
            let webhooks = room.app.vendors.hrworks.edit(|account| account.webhooks());
            webhooks.into_iter().map(|(_, webhook)| webhook.url).collect()
        }
    }
}

/// The headers by which HR WORKS vouches for a job and a time.
fn signed(room: &Room, job: &str, time: &str) -> Vec<(&'static str, HeaderValue)> {
    let credentials = room.app.vendors.credentials("hrworks");
    let key = credentials["secretAccessKey"].as_str().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{job}.{time}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    vec![
        ("x-hrworks-signature", HeaderValue::from_str(&signature).unwrap()),
        ("x-hrworks-timestamp", HeaderValue::from_str(time).unwrap()),
    ]
}

fn post(room: &Room, url: &str, headers: &[(&'static str, HeaderValue)], body: &[u8]) -> Answer {
    let mut request = Request::post(url.strip_prefix(PUBLIC_URL).unwrap());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    room.wait(room.app.send(request.body(Body::from(body.to_vec())).unwrap()))
}

#[test]
fn keys_and_access_tokens() {
    let room = Room::new();
    let integration = room.wait(room.app.connect("traffit"));
    let key = room.wait(room.app.key(&[Scope::RecordsRead], None));
    let token = room.wait(room.app.token(&room.app.admin, &[Scope::RecordsRead], &[&integration]));
    bolero::check!().with_iterations(300).for_each(|input: &[u8]| {
        let mut tries = vec![input.to_vec()];
        for genuine in [key.as_bytes(), token.as_bytes()] {
            let at = usize::from(input.first().copied().unwrap_or(0)) % genuine.len();
            let rest = input.get(1..).unwrap_or_default();
            let after = genuine.get(at + rest.len().max(1)..).unwrap_or_default();
            // Its beginning and anything; something else in its midst; more than it.
            tries.extend([[&genuine[..at], rest].concat(), [&genuine[..at], rest, after].concat()]);
            tries.push([genuine, b"x", rest].concat());
        }
        for secret in tries {
            let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", secret.as_slice()].concat()) else { continue };
            if [key.as_bytes(), token.as_bytes()].contains(&secret.trim_ascii()) {
                continue;
            }
            let request = Request::post("/graphql").header("authorization", value);
            let request = request.header("content-type", "application/json").body(Body::from("{}")).unwrap();
            let answer = room.wait(room.app.send(request));
            assert_eq!(answer.status, 401, "{}", String::from_utf8_lossy(&secret));
            check(&answer.body);
        }
    });
}

#[test]
fn connect_tokens() {
    let room = Room::new();
    bolero::check!().with_iterations(200).for_each(|input: &[u8]| {
        // As a browser would send it: what no address may hold is encoded.
        let token: String = input.iter().take(300).map(|byte| format!("%{byte:02X}")).collect();
        for token in [token, String::from_utf8_lossy(input).chars().filter(char::is_ascii_alphanumeric).collect()] {
            let page = Request::get(format!("/connect/{token}")).body(Body::empty());
            let answer = room.wait(room.app.send(page.unwrap()));
            assert_eq!(answer.status, 404, "{token}");
            let form = Request::post(format!("/connect/{token}"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(input.to_vec()));
            let answer = room.wait(room.app.send(form.unwrap()));
            assert!(answer.status.is_client_error(), "{} for {token}", answer.status);
        }
    });
}

async fn waiting(room: &Room) -> i64 {
    let query = "{ integrations { nodes { syncRuns(first: 1) { nodes { state } } } } }";
    let data = room.app.query(query).await;
    let state = data.pointer("/integrations/nodes/0/syncRuns/nodes/0/state").unwrap();
    i64::from(matches!(state.as_str(), Some("QUEUED" | "RUNNING")))
}

#[test]
fn paths_of_passthrough_requests() {
    let room = Room::new();
    let [traffit, hrworks] = ["traffit", "hrworks"].map(|connector| room.wait(room.app.connected(connector)));
    let query = "mutation($input: PassthroughInput!) { passthrough(input: $input) { response { status } userErrors { code } } }";
    let pass = |integration: &str, path: &str| {
        let input = json!({ "integrationId": integration, "method": "GET", "path": path });
        check(&room.wait(room.app.ask(&room.app.admin, query, json!({ "input": input }))));
    };
    bolero::check!().with_iterations(200).for_each(|input: &[u8]| {
        room.app.vendors.traffit.clear_requests();
        room.app.vendors.hrworks.clear_requests();
        let path = String::from_utf8_lossy(input);
        for path in [path.clone().into_owned(), format!("/{path}")] {
            pass(&traffit, &path);
            pass(&hrworks, &path);
        }
        for seen in room.app.vendors.traffit.requests() {
            let below = seen.path.starts_with("/api/integration/v2/") || seen.path.starts_with("/oauth2/");
            assert!(below, "{} is not below TRAFFIT's paths", seen.path);
        }
        for seen in room.app.vendors.hrworks.requests() {
            assert!(seen.path.starts_with("/v2/"), "{} is not below HR WORKS's paths", seen.path);
        }
    });
}
