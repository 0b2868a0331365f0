//! What the process says about itself: logs, metrics, traces. Logs go to standard error, so that standard output carries
//! only what a command was asked for.

pub mod metrics;
mod traces;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub struct Options<'a> {
    /// A tracing filter.
    pub filter: &'a str,
    pub json: bool,
    /// Where traces are sent by OTLP over HTTP.
    pub traces: Option<&'a str>,
}

/// Sends what is left of the traces when it is dropped.
pub struct Telemetry(Option<traces::Exporter>);

impl Telemetry {
    /// Sends what is left of the traces. Waits for the receiver, though not for long.
    pub fn end(self) {
        if let Some(exporter) = self.0 {
            exporter.end();
        }
    }
}

/// Starts logs, metrics and traces of the process. An error names what is wrong with which setting.
pub fn start(options: &Options<'_>) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(options.filter).map_err(|error| format!("HIREGRAPH_LOG is no filter: {error}"))?;
    metrics::start()?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match options.json {
        true => lines.json().flatten_event(true).boxed(),
        false => lines.with_target(false).with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed(),
    };
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter));
    let (started, exporter) = match options.traces {
        None => (registry.try_init(), None),
        Some(endpoint) => {
            let (layer, exporter) = traces::start(endpoint)?;
            (registry.with(layer).try_init(), Some(exporter))
        }
    };
    started.map_err(|error| error.to_string())?;
    Ok(Telemetry(exporter))
}
