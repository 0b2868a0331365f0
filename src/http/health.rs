//! For whoever runs the process: is it alive, and can it do its work?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Doors;

/// A worker that has not gone round for so long is stuck.
const LONGEST_BEAT: i64 = 90_000;

pub async fn live() -> &'static str {
    "ok\n"
}

pub async fn ready(State(doors): State<Doors>) -> Response {
    let database = match doors.0.store.ping().await {
        Ok(()) => "ok",
        Err(_) => "does not answer",
    };
    let migrations = match doors.0.store.is_current().await {
        Ok(true) => "ok",
        Ok(false) => "not current: run `hiregraph migrate`",
        Err(_) => "unknown",
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
