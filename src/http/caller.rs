//! Who asks the graph: a key in the header, looked up at every request.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::json;
use tracing::error;

use super::Doors;
use super::graphql_over_http::answer;
use crate::domain::Scope;

pub async fn graphql(State(doors): State<Doors>, method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let Some(secret) = bearer(&headers) else {
        return refused("this endpoint needs an API key: Authorization: Bearer hgk_…");
    };
    let access = match doors.0.store.access(&secret, doors.0.clock.now()).await {
        Ok(Some(access)) => access,
        Ok(None) => return refused("the API key is unknown, revoked or expired"),
        Err(error) => {
            error!(%error, "a key could not be looked up");
            return failure(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "the database does not answer");
        }
    };
    // Read only for callers that are known, and with room for attachments only for those that may send them.
    let sends = access.has(Scope::RecordsWrite) || access.has(Scope::Passthrough);
    let largest = if sends { super::LARGEST_WRITE } else { super::LARGEST_BODY };
    let body = match to_bytes(body, largest).await {
        Ok(body) => body,
        Err(broken) if super::is_too_large(&broken) => {
            let message = format!("the request is larger than {largest} bytes");
            return failure(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", &message);
        }
        Err(_) => return failure(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body could not be read"),
    };
    let scoped = doors.0.store.scoped(Arc::new(access));
    let graph = doors.0.graph.clone();
    answer(&method, &uri, &headers, body, |request| async move { graph.execute(request, scoped).await }).await
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}

fn refused(message: &str) -> Response {
    let mut response = failure(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
    let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"hiregraph\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
