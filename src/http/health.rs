//! For whoever runs the process: is it alive, and can it do its work?

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Doors;

/// A worker that has not gone round for so long is stuck.
const LONGEST_BEAT: i64 = 90_000;

/// Whoever asks gives up soon after.
const LONGEST_ANSWER: Duration = Duration::from_secs(2);

pub async fn live() -> &'static str {
    "ok\n"
}

pub async fn ready(State(doors): State<Doors>) -> Response {
    let database = match timeout(LONGEST_ANSWER, doors.0.store.ping()).await {
        Ok(Ok(())) => "ok",
        Ok(Err(_)) | Err(_) => "does not answer",
    };
    let migrations = match timeout(LONGEST_ANSWER, doors.0.store.is_current()).await {
        Ok(Ok(true)) => "ok",
        Ok(Ok(false)) => "not current: run `hiregraph migrate`",
        Ok(Err(_)) | Err(_) => "unknown",
    };
    let now = doors.0.clock.now().timestamp_millis();
    let worker = match &doors.0.worker {
        None => Value::Null,
        Some(beat) if now - beat.last() <= LONGEST_BEAT => json!("ok"),
        Some(_) => json!("stuck"),
    };
    let good = database == "ok" && migrations == "ok" && (worker.is_null() || worker == "ok");
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "database": database, "migrations": migrations, "worker": worker }))).into_response()
}
