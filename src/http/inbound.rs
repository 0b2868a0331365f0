//! The door for vendors' webhooks: a delivery is kept, acknowledged, and looked at later. Neither bodies nor queries
//! are logged: the one may be personal, the other holds a secret. The request log has what may be kept of them.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use tokio::time::Instant;
use tracing::error;

use super::Doors;
use crate::sync::{Answered, Incoming, Receipt};

/// Payloads carry ids; what is larger is none.
const LARGEST_BODY: usize = 256 * 1024;

pub async fn delivery(
    State(doors): State<Doors>,
    address: Result<Path<(String, String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let _place = match doors.0.room.request() {
        Ok(place) => place,
        // The vendor tries again.
        Err(overload) => return overload.into_response(),
    };
    let begin = Instant::now();
    // What is no text is nobody's address, like any other that is unknown.
    let (connector, integration, subscription) = address.map(|Path(parts)| parts).unwrap_or_default();
    let (body, too_large) = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => (body, false),
        Err(broken) if super::is_too_large(&broken) => (Bytes::new(), true),
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let incoming = Incoming {
        connector: &connector,
        integration: &integration,
        subscription: &subscription,
        headers: &headers,
        query: query.as_deref().unwrap_or_default(),
        body,
    };
    let (status, refused) = match too_large {
        true => (StatusCode::PAYLOAD_TOO_LARGE, Some("the body is larger than 256 KB")),
        false => receive(&doors, &incoming).await,
    };
    let outcome = match status {
        StatusCode::ACCEPTED => "kept",
        StatusCode::SERVICE_UNAVAILABLE => "failed",
        _ => "refused",
    };
    counter!("hiregraph_vendor_webhooks_total", "outcome" => outcome).increment(1);
    let answered = Answered { status: status.as_u16(), refused, took: begin.elapsed() };
    doors.0.engine.note_received(&incoming, answered);
    status.into_response()
}

/// What it is answered, and why it was not kept.
async fn receive(doors: &Doors, incoming: &Incoming<'_>) -> (StatusCode, Option<&'static str>) {
    // Whether there is such a subscription is nobody's business who lacks its secret.
    let refused = |why| (StatusCode::NOT_FOUND, Some(why));
    match doors.0.engine.receive(incoming).await {
        Ok(Receipt::Kept) => (StatusCode::ACCEPTED, None),
        Ok(Receipt::Unknown) => refused("there is no such subscription"),
        Ok(Receipt::Unverified) => refused("the secret or the signature is not the vendor's"),
        Err(error) => {
            error!(%error, connector = incoming.connector, "a webhook could not be kept");
            // The vendor tries again.
            (StatusCode::SERVICE_UNAVAILABLE, Some("it could not be kept"))
        }
    }
}
