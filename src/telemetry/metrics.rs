//! Metrics for Prometheus. They are counted where things happen; here are what each is, its buckets, and the text that is
//! scraped. No metric carries a name, an address or an id of a record.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Seconds: from a point look-up to a write that waits for its vendor.
const TIMES: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Statements of one request.
const STATEMENTS: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 25.0, 100.0];

/// Begins to count. A second call changes nothing.
pub fn start() -> Result<(), String> {
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let handle = recorder().map_err(|error| format!("metrics cannot be counted: {error}"))?;
    if HANDLE.set(handle).is_ok() {
        describe();
    }
    Ok(())
}

fn recorder() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &TIMES)?
        .set_buckets_for_metric(Matcher::Suffix("_statements".to_owned()), &STATEMENTS)?
        .install_recorder()
}

/// What is scraped; empty when nothing is counted.
pub fn text() -> String {
    let Some(handle) = HANDLE.get() else { return String::new() };
    handle.run_upkeep();
    handle.render()
}

fn describe() {
    let counters = [
        ("hiregraph_graphql_requests_total", "operations, by kind, first root field and outcome"),
        ("hiregraph_http_requests_total", "requests, by route and status"),
        ("hiregraph_shed_total", "requests that were refused because too much was going on, by what ran out"),
        ("hiregraph_sql_statements_total", "statements, by whether they failed"),
        ("hiregraph_vendor_requests_total", "requests to vendors, by vendor and status"),
        ("hiregraph_syncs_total", "sync runs that ended, by kind and state"),
        ("hiregraph_actions_total", "writes that ended, by kind and state"),
        ("hiregraph_webhook_attempts_total", "attempts to deliver a webhook, by outcome"),
        ("hiregraph_vendor_webhooks_total", "webhooks of vendors, by outcome"),
    ];
    for (name, text) in counters {
        describe_counter!(name, text);
    }
    let times = [
        ("hiregraph_graphql_seconds", "time of an operation, by kind and first root field"),
        ("hiregraph_http_seconds", "time until a request's answer begins, by route"),
        ("hiregraph_sql_seconds", "time of a statement"),
        ("hiregraph_vendor_seconds", "time of a request to a vendor, by vendor"),
        ("hiregraph_sync_seconds", "time of a sync run, by kind"),
    ];
    for (name, text) in times {
        describe_histogram!(name, Unit::Seconds, text);
    }
    describe_histogram!("hiregraph_graphql_statements", "statements of one operation, by kind");
    let gauges = [
        ("hiregraph_integrations", "integrations, by state"),
        ("hiregraph_sync_age_seconds", "how long ago the stalest active integration was read in full or in part"),
        ("hiregraph_queue_depth", "what waits, by queue"),
        ("hiregraph_pool_connections", "connections to the database, by pool and state"),
        ("hiregraph_subscriptions", "subscriptions of this process"),
        ("hiregraph_under_way", "requests and queries that this process has in hand"),
    ];
    for (name, text) in gauges {
        describe_gauge!(name, text);
    }
}
