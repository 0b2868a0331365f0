//! What whoever runs the service sees of it, from outside of its process: metrics, traces, and that too much is refused.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::Backend;
use crate::support::child::{Serving, exchange, get};
use crate::support::gate::Hold;
use crate::support::place::Place;
use crate::support::receiver::Receiver;
use crate::support::vendors::Size;

on_both!(
    what_was_done_can_be_scraped,
    a_write_is_traced_from_the_graph_to_the_vendor,
    what_is_too_much_is_refused_and_may_come_again,
);

const SIZE: Size = Size { candidates: 12, jobs: 3 };

/// Samples by name and labels.
fn samples(answer: &str) -> HashMap<String, f64> {
    let lines = answer.lines().filter(|line| line.starts_with("hiregraph_"));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

fn sum(samples: &HashMap<String, f64>, name: &str, labels: &[&str]) -> f64 {
    let concerned =
        |sample: &&String| sample.split('{').next() == Some(name) && labels.iter().all(|label| sample.contains(label));
    samples.keys().filter(concerned).map(|sample| samples[sample]).sum()
}

async fn what_was_done_can_be_scraped(backend: Backend) {
    let place = Place::new(backend, SIZE).await;
    let id = place.connect("traffit").await;
    let mut serving = place.serve().await;
    serving.logged("sync ended").await;
    let query = "query($id: ID!) { integration(id: $id) { name candidates(first: 2) { nodes { firstName } } } }";
    serving.query(&place.key, query, json!({ "id": id })).await;
    exchange(serving.address, &place.key, &json!({ "query": "{ inventedField }" })).await.unwrap();

    let answer = get(serving.address, "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    let samples = samples(&answer);
    let one = [
        ("hiregraph_graphql_requests_total", &["operation=\"query\"", "field=\"integration\"", "outcome=\"ok\""][..]),
        ("hiregraph_graphql_requests_total", &["field=\"other\"", "outcome=\"errors\""]),
        ("hiregraph_graphql_seconds_count", &["field=\"integration\""]),
        ("hiregraph_syncs_total", &["kind=\"FULL\"", "state=\"SUCCEEDED\""]),
        ("hiregraph_sync_seconds_count", &["kind=\"FULL\""]),
        ("hiregraph_integrations", &["state=\"ACTIVE\""]),
    ];
    for (name, labels) in one {
        assert_eq!(sum(&samples, name, labels), 1.0, "{name} {labels:?}\n{answer}");
    }
    let some = [
        ("hiregraph_vendor_requests_total", &["vendor=\"TRAFFIT\"", "status=\"200\""][..]),
        ("hiregraph_sql_statements_total", &["failed=\"false\""]),
        ("hiregraph_graphql_statements_sum", &["operation=\"query\""]),
        ("hiregraph_http_requests_total", &["route=\"/graphql\"", "status=\"200\""]),
        ("hiregraph_pool_connections", &["pool=\"write\""]),
    ];
    for (name, labels) in some {
        assert!(sum(&samples, name, labels) >= 1.0, "{name} {labels:?}\n{answer}");
    }
    for queue in ["syncs", "actions", "deliveries", "vendor_webhooks"] {
        let name = format!("hiregraph_queue_depth{{queue=\"{queue}\"}}");
        assert!(samples.contains_key(&name), "{name}\n{answer}");
    }
    assert!(!answer.contains("Acme") && !answer.contains(&id) && !answer.contains("inventedField"), "{answer}");
    serving.killed().await;
}

async fn a_write_is_traced_from_the_graph_to_the_vendor(backend: Backend) {
    let receiver = Receiver::start().await;
    let mut place = Place::new(backend, SIZE).await;
    place.set("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url(""));
    let mut serving = place.serve().await;
    let id = place.connect_by(&serving, "traffit").await;
    serving.logged("sync ended").await;
    let written = place.query(&serving, NOTE, note(&place, &serving, &id).await).await;
    assert_eq!(written["addNoteToApplication"]["action"]["state"], "SUCCEEDED", "{written:#}");
    assert_eq!(serving.told("TERM").await.0, Some(0));

    let spans: Vec<Span> = receiver.told("/v1/traces").iter().flat_map(|told| spans(&told.raw)).collect();
    let by_id: HashMap<&[u8], &Span> = spans.iter().map(|span| (&span.span_id[..], span)).collect();
    let is_below = |span: &Span, name: &str| {
        let mut at = span;
        while let Some(parent) = by_id.get(&at.parent_span_id[..]) {
            if parent.name == name && tells(parent, "field") == "addNoteToApplication" {
                return true;
            }
            at = parent;
        }
        false
    };
    for name in ["vendor request", "sea_orm.query_all", "sea_orm.execute"] {
        let found = spans.iter().any(|span| span.name == name && is_below(span, "graphql"));
        let names: Vec<_> = spans.iter().map(|span| &span.name).collect();
        assert!(found, "no {name} below the mutation in {names:?}");
    }
    for told in receiver.told("/v1/traces") {
        let text = String::from_utf8_lossy(&told.raw).into_owned();
        assert!(!text.contains("Marker") && !text.contains(&place.key), "a value is in the traces");
    }
}

fn spans(raw: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(raw).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn tells(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    found
        .map(|attribute| format!("{:?}", attribute.value))
        .map_or_else(String::new, |text| text.split('"').nth(1).unwrap_or_default().to_owned())
}

async fn what_is_too_much_is_refused_and_may_come_again(backend: Backend) {
    let mut place = Place::new(backend, SIZE).await;
    place.set("HIREGRAPH_REQUESTS_AT_ONCE", "1");
    let mut serving = place.serve().await;
    let id = place.connect_by(&serving, "traffit").await;
    serving.logged("sync ended").await;
    let gate = place.vendors.gate("traffit");
    let body = json!({ "query": NOTE, "variables": note(&place, &serving, &id).await });
    gate.hold_writes(1, Hold::Request, |path| !path.contains("token"));
    let (address, key) = (serving.address, place.key.clone());
    let (written, ()) = tokio::join!(exchange(address, &key, &body), async {
        gate.held().await;
        let refused = exchange(address, &key, &json!({ "query": "{ viewer { scopes } }" })).await.unwrap();
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        assert!(refused.contains("retry-after: 1") && refused.contains("OVERLOADED"), "{refused}");
        assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/metrics").await.contains("hiregraph_shed_total{of=\"requests\"} 1"));
        gate.open();
    });
    assert!(written.unwrap().contains("SUCCEEDED"));
    place.query(&serving, "{ viewer { scopes } }", Value::Null).await;
    serving.killed().await;
}

const NOTE: &str = "mutation($input: AddNoteToApplicationInput!) { addNoteToApplication(input: $input) \
                    { action { state } userErrors { code message } } }";

/// A note to the first application of an account.
async fn note(place: &Place, serving: &Serving, integration: &str) -> Value {
    let query = "query($id: ID!) { applications(integrationId: $id, first: 1) { nodes { id } } }";
    let data = place.query(serving, query, json!({ "id": integration })).await;
    let application = &data["applications"]["nodes"][0]["id"];
    json!({ "input": { "applicationId": application, "content": "MarkerNote", "wait": "PT60S" } })
}
