//! `GET /metrics`: what was counted in this process, and what stands in the database, for Prometheus.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use tracing::warn;

use super::Doors;
use crate::store::Gauges;

pub async fn scrape(State(Doors(doors)): State<Doors>) -> Response {
    match doors.store.gauges(doors.clock.now()).await {
        Ok(gauges) => set(&gauges),
        // What this process counted is worth having also then.
        Err(error) => warn!(%error, "the database's gauges could not be read"),
    }
    for (what, count) in doors.room.in_hand() {
        gauge!("hiregraph_under_way", "what" => what).set(number(u64::try_from(count).unwrap_or(0)));
    }
    let subscriptions = u64::try_from(doors.graph.subscriptions().0).unwrap_or(0);
    gauge!("hiregraph_subscriptions").set(number(subscriptions));
    let text = (doors.metrics)();
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn set(gauges: &Gauges) {
    for (state, count) in &gauges.integrations {
        gauge!("hiregraph_integrations", "state" => *state).set(number(*count));
    }
    for (queue, count) in gauges.queues {
        gauge!("hiregraph_queue_depth", "queue" => queue).set(number(count));
    }
    for pool in &gauges.pools {
        for (state, count) in [("idle", pool.idle), ("busy", pool.busy)] {
            let count = u64::try_from(count).unwrap_or(0);
            gauge!("hiregraph_pool_connections", "pool" => pool.name, "state" => state).set(number(count));
        }
    }
    let milliseconds = number(u64::try_from(gauges.stalest).unwrap_or(0));
    gauge!("hiregraph_sync_age_seconds").set(milliseconds / 1000.0);
}

/// Beyond four thousand million the rest does not matter.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
