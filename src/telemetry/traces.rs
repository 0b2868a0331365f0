//! Traces by OTLP over HTTP, from an operation of the graph to its statements and the requests to a vendor. They carry
//! names of operations, routes and hosts, never values.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// What becomes a span: ours, and the statements.
const SPANS: &str = "off,hiregraph=info,sea_orm=info";

pub struct Exporter(SdkTracerProvider);

impl Exporter {
    pub fn end(&self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// `endpoint`: the root of the receiver, as in `OTEL_EXPORTER_OTLP_ENDPOINT`; spans go to `/v1/traces` below it.
pub fn start<S>(endpoint: &str) -> Result<(impl Layer<S> + use<S>, Exporter), String>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let failed = |error: &dyn std::fmt::Display| format!("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}");
    let root = url::Url::parse(endpoint).map_err(|error| failed(&error))?;
    let to = format!("{}/v1/traces", root.as_str().trim_end_matches('/'));
    // The exporter's client takes the provider of the process, as ours do; an error says that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder().with_http().with_endpoint(to).build().map_err(|error| failed(&error))?;
    let resource = Resource::builder().with_service_name("hiregraph").build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("hiregraph"));
    Ok((layer.with_filter(EnvFilter::new(SPANS)), Exporter(provider)))
}
