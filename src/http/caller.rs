//! Who asks the graph: a key or an access token in the header, looked up at every request, and how much it may ask.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use async_graphql::parser::types::OperationType;
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use secrecy::SecretString;
use serde_json::{Value, json};
use tracing::{error, warn};

use super::Doors;
use super::graphql_over_http::{Admission, Events, Executor, answer};
use crate::domain::Scope;
use crate::graphql::{Caller, Told};
use crate::store::{self, Scoped};

pub async fn graphql(State(doors): State<Doors>, method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let patience = doors.0.guards.request_timeout;
    match tokio::time::timeout(patience, asked(doors, method, uri, headers, body)).await {
        Ok(response) => response,
        Err(_) => failure(StatusCode::GATEWAY_TIMEOUT, TIMEOUT, &late(patience)),
    }
}

async fn asked(doors: Doors, method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let Some(secret) = bearer(&headers) else {
        return refused("this endpoint needs an API key or an access token: Authorization: Bearer hgk_…");
    };
    let _place = match doors.0.room.request() {
        Ok(place) => place,
        Err(overload) => return overload.into_response(),
    };
    let largest_write = doors.0.largest_write;
    let caller = Credential::new(doors, secret);
    let scoped = match caller.look_up().await {
        Ok(Some(scoped)) => scoped,
        Ok(None) => return refused(UNKNOWN),
        Err(_) => return unavailable(),
    };
    let access = scoped.access();
    if let Err(seconds) = caller.doors.0.rate.admit(access.key) {
        return too_often(seconds);
    }
    // Read only for callers that are known, and with room for attachments only for those that may send them.
    let sends = access.has(Scope::RecordsWrite) || access.has(Scope::Passthrough);
    let largest = if sends { largest_write } else { super::LARGEST_BODY };
    // A query by GET has none, and says so by its end rather than by a length.
    let length = http_body::Body::size_hint(&body).upper();
    let _room = match caller.doors.0.room.body(length, largest) {
        Ok(place) => place,
        Err(overload) => return overload.into_response(),
    };
    let body = match to_bytes(body, largest).await {
        Ok(body) => body,
        Err(broken) if super::is_too_large(&broken) => {
            let message = format!("the request is larger than {largest} bytes");
            return failure(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", &message);
        }
        Err(_) => return failure(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body could not be read"),
    };
    answer(&method, &uri, &headers, body, Verified { caller, scoped }).await
}

/// A key or an access token, which is looked up whenever it matters whether it is still good.
#[derive(Clone)]
pub struct Credential {
    doors: Doors,
    secret: SecretString,
}

impl Credential {
    pub fn new(doors: Doors, secret: SecretString) -> Self {
        Self { doors, secret }
    }

    /// What its holder may reach now; none when it is unknown, revoked or expired.
    pub async fn look_up(&self) -> store::Result<Option<Scoped>> {
        let Doors(doors) = &self.doors;
        match doors.store.access(&self.secret, doors.clock.now()).await {
            Ok(access) => Ok(access.map(|access| doors.store.scoped(Arc::new(access)))),
            Err(error) => {
                error!(%error, "a key could not be looked up");
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Caller for Credential {
    async fn scoped(&self) -> store::Result<Option<Scoped>> {
        self.look_up().await
    }
}

/// Whoever holds a good key, for one request.
struct Verified {
    caller: Credential,
    scoped: Scoped,
}

impl Executor for Verified {
    fn admission(&self) -> Admission<'_> {
        admission(&self.caller.doors, &self.scoped)
    }

    async fn execute(self, request: Request, operation: OperationType) -> async_graphql::Response {
        carry_out(&self.caller.doors, request, operation, self.scoped).await
    }

    async fn subscribe(self, request: Request) -> Events {
        let (graph, stop) = (self.caller.doors.0.graph.clone(), self.caller.doors.0.stop.clone());
        let told = graph.subscribe(request, Arc::new(self.caller), self.scoped).await;
        let answer = |told| match told {
            Told::Next(response) | Told::Failed(response) | Told::Refused(response) => response,
        };
        Events { answers: told.map(answer).boxed(), stop }
    }
}

/// Carries out a query when its turn comes, and a mutation at once: it waits for its vendor, not for us.
pub async fn carry_out(
    doors: &Doors,
    request: Request,
    operation: OperationType,
    scoped: Scoped,
) -> async_graphql::Response {
    let Doors(doors) = doors;
    let turn = match operation {
        OperationType::Query => doors.room.query().await.map(Some),
        OperationType::Mutation | OperationType::Subscription => Ok(None),
    };
    match turn {
        Ok(_turn) => doors.graph.execute(request, scoped).await,
        Err(overload) => overload.answered(),
    }
}

/// Callers with ADMIN may run what is not on the operator's list, to try it.
pub fn admission<'a>(doors: &'a Doors, scoped: &Scoped) -> Admission<'a> {
    Admission { documents: &doors.0.guards.documents, bound: !scoped.access().has(Scope::Admin) }
}

pub fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    token(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// What follows the word `Bearer`.
pub fn token(value: &str) -> Option<SecretString> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned().into())
}

pub fn refused(message: &str) -> Response {
    let mut response = failure(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
    let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"hiregraph\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

pub const UNKNOWN: &str = "the API key or access token is unknown, revoked or expired";
pub const TIMEOUT: &str = "REQUEST_TIMEOUT";

/// The words for a request that took too long.
pub fn late(patience: Duration) -> String {
    let seconds = patience.as_secs_f32();
    warn!(seconds, "a request was not answered in time");
    format!("the request was not answered within {seconds} s; a write that was accepted meanwhile goes on")
}

/// The one error of a request that comes too soon.
pub fn rate_limited(seconds: u64) -> Value {
    let message = format!("this key asks too often: try again in {seconds} s");
    json!({ "message": message, "extensions": { "code": "RATE_LIMITED", "retryAfter": seconds } })
}

fn too_often(seconds: u64) -> Response {
    let mut response = errors(StatusCode::TOO_MANY_REQUESTS, &rate_limited(seconds));
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

pub fn unavailable() -> Response {
    failure(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "the database does not answer")
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    errors(status, &json!({ "message": message, "extensions": { "code": code } }))
}

fn errors(status: StatusCode, error: &Value) -> Response {
    let body = json!({ "errors": [error] });
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
