//! The switchboard: one command a file.

pub mod docs;
mod healthcheck;
mod keys;
mod open;
mod secrets;
pub mod serve;
mod signal;
mod simulate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Database, LogFormat, Logs, Serve};
use crate::demo;
use crate::queue;
use crate::store::{self, Store};
use crate::telemetry;

pub use signal::told_to_stop;

/// One GraphQL graph over every applicant tracking system.
#[derive(Debug, Parser)]
#[command(name = "hiregraph", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    logs: Logs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it at work: simulated vendors, a fresh mirror, the graph and GraphiQL
    Demo(demo::Args),
    /// Serve the graph, and do the background work
    Serve(Box<Serve>),
    /// Bring the database to this version
    Migrate(Database),
    /// Make, list and revoke API keys
    Keys(keys::Args),
    /// Seal secrets with another key
    Secrets(secrets::Args),
    /// Print the schema of the graph
    Schema,
    /// Write the generated pages under docs/
    Docs,
    /// Run one simulated vendor
    Simulate(simulate::Args),
    /// Ask the process that listens on this machine whether it is ready
    Healthcheck(healthcheck::Args),
}

/// Where the queue of background work lies when the database is a shared one.
fn queue_url(database: &Database) -> &str {
    database.listen_database_url.as_deref().unwrap_or(&database.database_url)
}

/// What went wrong, in words for whoever typed the command.
type Outcome = Result<(), String>;

pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let telemetry = telemetry::start(&telemetry::Options {
        filter: &cli.logs.filter,
        json: cli.logs.format == LogFormat::Json,
        traces: cli.logs.traces.as_deref().filter(|endpoint| !endpoint.trim().is_empty()),
    });
    let telemetry = match telemetry {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&error),
    };
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(settings) => serve::serve(*settings).await,
        Command::Migrate(database) => migrate(&database).await,
        Command::Keys(args) => keys::run(args).await,
        Command::Secrets(args) => secrets::run(args).await,
        Command::Schema => print(&crate::graphql::sdl()),
        Command::Docs => docs::write(std::path::Path::new("docs")),
        Command::Simulate(args) => simulate::run(args).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
    };
    telemetry.end();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the last words of a command that failed")]
fn failed(error: &str) -> ExitCode {
    eprintln!("hiregraph: {error}");
    ExitCode::FAILURE
}

/// Writes what a command was asked for. Whoever stopped reading wants no more of it.
pub fn print(text: &str) -> Outcome {
    use std::io::Write;
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let mut output = std::io::stdout().lock();
    match write!(output, "{text}{line_end}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}

async fn migrate(database: &Database) -> Outcome {
    let store = open::store(database, store::LEASE).await?;
    make_current(&store, database).await?;
    store.close().await;
    print("the database is current")
}

/// Brings the database, and the queue that lies in a shared one, to this version.
async fn make_current(store: &Store, database: &Database) -> Outcome {
    if !store::is_embedded(&database.database_url) {
        queue::shared::migrate(queue_url(database)).await?;
    }
    store.migrate().await.map_err(|error| error.to_string())
}
