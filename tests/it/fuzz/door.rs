//! What callers and vendors send.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{Room, check};
use crate::support::PUBLIC_URL;

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
    let urls: Vec<String> = room
        .app
        .vendors
        .traffit
        .edit(|account| account.webhooks())
        .into_iter()
        .map(|(_, webhook)| webhook.url)
        .collect();
    bolero::check!().with_iterations(100).for_each(|input: &[u8]| {
        let at = usize::from(input.first().copied().unwrap_or(0)) % urls.len();
        let path = urls[at].strip_prefix(PUBLIC_URL).unwrap();
        let body = Body::from(input.get(1..).unwrap_or_default().to_vec());
        let answer = room.wait(room.app.send(Request::post(path).body(body).unwrap()));
        assert_eq!(answer.status, 202);
        room.wait(room.app.settle());
        assert_eq!(room.wait(waiting(&room)), 0, "a delivery was not followed");
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
            assert!(answer.status.is_client_error(), "{} for {token}", answer.status);
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
    let integration = room.wait(room.app.connected("traffit"));
    let query = "mutation($input: PassthroughInput!) { passthrough(input: $input) { response { status } userErrors { code } } }";
    bolero::check!().with_iterations(200).for_each(|input: &[u8]| {
        room.app.vendors.traffit.clear_requests();
        let path = String::from_utf8_lossy(input);
        for path in [path.clone().into_owned(), format!("/{path}")] {
            let input = json!({ "integrationId": integration, "method": "GET", "path": path });
            check(&room.wait(room.app.ask(&room.app.admin, query, json!({ "input": input }))));
        }
        for seen in room.app.vendors.traffit.requests() {
            let below = seen.path.starts_with("/api/integration/v2/") || seen.path.starts_with("/oauth2/");
            assert!(below, "{} is not below the vendor's paths", seen.path);
        }
    });
}
