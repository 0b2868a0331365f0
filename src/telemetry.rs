//! Logs. They go to standard error, so that standard output carries only what a command was asked for.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging for the process. An error names what is wrong with the filter.
pub fn start(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("HIREGRAPH_LOG is no filter: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = match json {
        true => registry.with(lines.json().flatten_event(true)).try_init(),
        false => registry
            .with(lines.with_target(false).with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())))
            .try_init(),
    };
    started.map_err(|error| error.to_string())
}
