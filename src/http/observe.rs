//! Every request has an id, which is in its answer and beside what the log says about it, and is counted by its route.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};
use tracing::{Instrument, debug, info_span};

use super::Doors;

const ID: HeaderName = HeaderName::from_static("x-request-id");
/// A proxy's own id is taken over up to this length.
const LONGEST: usize = 64;

pub async fn observe(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let given = request.headers().get(ID).filter(|id| is_plain(id)).cloned();
    let id = given.or_else(|| HeaderValue::from_str(&doors.0.engine.ids().uuid().simple().to_string()).ok());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let shown = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = info_span!("request", request = shown, method = %request.method(), route);
    let begun = Instant::now();
    let mut response = async {
        let response = next.run(request).await;
        debug!(status = response.status().as_u16(), "request answered");
        response
    }
    .instrument(span)
    .await;
    let status = response.status().as_str().to_owned();
    histogram!("hiregraph_http_seconds", "route" => route.clone()).record(begun.elapsed());
    counter!("hiregraph_http_requests_total", "route" => route, "status" => status).increment(1);
    if let Some(id) = id {
        response.headers_mut().insert(ID, id);
    }
    response
}

fn is_plain(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)
}
