//! The door for vendors' webhooks: a delivery is kept, acknowledged, and looked at later. Neither bodies nor queries
//! are logged: the one may be personal, the other holds a secret.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use tracing::error;

use super::Doors;
use crate::sync::{Incoming, Receipt};

/// Payloads carry ids; what is larger is none.
const LARGEST_BODY: usize = 256 * 1024;

pub async fn delivery(
    State(doors): State<Doors>,
    Path((connector, integration, subscription)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let _place = match doors.0.admission.request() {
        Ok(place) => place,
        // The vendor tries again.
        Err(overload) => return overload.into_response(),
    };
    let body = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => body,
        Err(broken) if super::is_too_large(&broken) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
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
    let received = doors.0.engine.receive(incoming).await;
    let outcome = match &received {
        Ok(Receipt::Kept) => "kept",
        Ok(Receipt::Unknown) => "unknown",
        Err(_) => "failed",
    };
    counter!("hiregraph_vendor_webhooks_total", "outcome" => outcome).increment(1);
    match received {
        Ok(Receipt::Kept) => StatusCode::ACCEPTED.into_response(),
        // Whether there is such a subscription is nobody's business who lacks its secret.
        Ok(Receipt::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            error!(%error, connector, "a webhook could not be kept");
            // The vendor tries again.
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
