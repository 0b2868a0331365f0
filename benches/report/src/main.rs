//! Drives real processes of the service beside a simulated vendor and prints one table. Figures depend on the
//! machine, so nothing here passes or fails by the clock; wrong answers do fail it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what this program is for")]

mod floor;
mod graph;
mod inbound;
mod load;
mod peers;
mod report;
mod webhooks;
mod workers;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use drive::Outcome;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the nested query as one hand-written statement, without GraphQL
    Floor {
        #[arg(long)]
        database_url: String,
        /// [default: as many as the service has]
        #[arg(long)]
        connections: Option<u32>,
    },
    /// Measure the service beside its peers, in one run on the same records: `make bench-peers`
    Peers(peers::Arguments),
}

#[derive(Debug, Clone, clap::Args)]
struct Settings {
    /// The service's binary
    #[arg(long, env = "HIREGRAPH_BENCH_BINARY", default_value = "target/release/hiregraph")]
    binary: PathBuf,
    /// How many candidates the simulated account has; it has about twice as many applications
    #[arg(long, env = "HIREGRAPH_BENCH_CANDIDATES", default_value_t = 100_000)]
    candidates: usize,
    /// Seconds that each measurement of latency or throughput takes
    #[arg(long, env = "HIREGRAPH_BENCH_SECONDS", default_value_t = 5)]
    seconds: u64,
    /// Measurements of which the median counts; those of the service and of the floor alternate
    #[arg(long, env = "HIREGRAPH_BENCH_ROUNDS", default_value_t = 5)]
    rounds: usize,
    /// Seconds for which a thousand webhooks a second are sent
    #[arg(long, env = "HIREGRAPH_BENCH_WEBHOOK_SECONDS", default_value_t = 60)]
    webhook_seconds: u64,
    /// `sqlite`, `postgres` or both
    #[arg(long, env = "HIREGRAPH_BENCH_DATABASES", default_value = "sqlite,postgres", value_delimiter = ',')]
    databases: Vec<String>,
    /// A PostgreSQL server whose user may create databases: `scripts/with-postgres` starts one
    #[arg(long, env = "HIREGRAPH_TEST_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<String>,
    /// Keep the databases of this run in this folder (SQLite)
    #[arg(long, env = "HIREGRAPH_BENCH_FOLDER")]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Outcome {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Floor { database_url, connections }) => floor::serve(&database_url, connections).await,
        Some(Command::Peers(arguments)) => peers::run(&cli.settings, &arguments).await,
        None => report::run(&cli.settings).await,
    }
}
