//! Attacks real processes of the service from outside, and then checks what must hold whatever happened. Each part is a
//! module that brings trouble of one kind; the load beside it and the checks after it are the same for all of them.
//! It knows the service by its command line, its graph and its tables, and shares no code with it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what this program is for")]

mod actions;
mod chance;
mod checks;
mod client;
mod consumer;
mod crash;
mod edits;
mod leftovers;
mod load;
mod mirror;
mod network;
mod proxy;
mod receiver;
mod world;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use drive::Outcome;

#[derive(Debug, Clone, Parser)]
struct Settings {
    /// The service's binary
    #[arg(long, env = "HIREGRAPH_FAULTS_BINARY", default_value = "target/release/hiregraph")]
    binary: PathBuf,
    /// What is random goes by it; only the timing of processes differs from run to run
    #[arg(long, env = "HIREGRAPH_FAULTS_SEED", default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value = "crash,network", value_delimiter = ',')]
    parts: Vec<Part>,
    /// `sqlite`, `postgres` or both
    #[arg(long, default_value = "sqlite,postgres", value_delimiter = ',')]
    databases: Vec<Backend>,
    /// Processes killed by the part `crash`, over all databases
    #[arg(long, default_value_t = 1000)]
    kills: u32,
    /// Seconds for which the part `network` lasts on each database
    #[arg(long, default_value_t = 180)]
    seconds: u64,
    /// A PostgreSQL server whose user may create databases: `scripts/with-postgres` starts one
    #[arg(long, env = "HIREGRAPH_TEST_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<String>,
    /// Where databases and logs lie, below the system's temporary folder without it; kept when something fails
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Crash,
    Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    Sqlite,
    Postgres,
}

/// What a part showed on one database.
pub struct Figures {
    pub name: String,
    pub rows: Vec<(String, String)>,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let settings = Settings::parse();
    let usual = std::env::temp_dir().join(format!("hiregraph-faults-{}", std::process::id()));
    let folder = settings.folder.clone().unwrap_or(usual);
    match campaign(&settings, &folder).await {
        Ok(figures) => {
            println!("{}", table(&settings, &figures));
            // What is left of it does no harm.
            let _ = std::fs::remove_dir_all(&folder);
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("faults: {error}");
            eprintln!("faults: seed {}; logs and databases are in {}", settings.seed, folder.display());
            std::process::ExitCode::FAILURE
        }
    }
}

async fn campaign(settings: &Settings, folder: &std::path::Path) -> Outcome<Vec<Figures>> {
    let mut figures = Vec::new();
    for part in &settings.parts {
        for backend in &settings.databases {
            let name = format!("{part:?}, {backend:?}").to_lowercase();
            eprintln!("— {name}, seed {}", settings.seed);
            let begun = Instant::now();
            let below = folder.join(name.replace(", ", "-"));
            let ran = match part {
                Part::Crash => crash::run(settings, *backend, &below).await,
                Part::Network => network::run(settings, *backend, &below).await,
            };
            let mut rows = ran.map_err(|error| format!("{name}: {error}"))?;
            rows.push(("time".to_owned(), format!("{:.0} s", begun.elapsed().as_secs_f64())));
            figures.push(Figures { name, rows });
        }
    }
    Ok(figures)
}

fn table(settings: &Settings, figures: &[Figures]) -> String {
    let mut text = format!("Faults, seed {}: every check held.\n", settings.seed);
    for one in figures {
        text += &format!("\n| {} | |\n| --- | ---: |\n", one.name);
        for (what, value) in &one.rows {
            text += &format!("| {what} | {value} |\n");
        }
    }
    text
}
