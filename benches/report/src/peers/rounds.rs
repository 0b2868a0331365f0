//! All servers side by side: first their answers are compared, then they are measured in turn. Whoever is not measured
//! is stopped meanwhile, so that each has the machine, the load and the database to itself.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::Settings;
use super::super::load::{Shown, measure};
use super::queries::{Query, Server, canonical};
use drive::Outcome;
use drive::connection::Connection;
use drive::process::Process;

/// Throughput is measured at so many connections, latency at one.
pub const CONNECTIONS: [usize; 2] = [16, 1];

pub struct Running {
    pub server: Server,
    pub process: Process,
    pub key: String,
}

/// One measurement of one server.
#[derive(Debug, Clone)]
pub struct Measured {
    pub query: &'static str,
    pub connections: usize,
    pub server: Server,
    pub per_second: f64,
    pub p50: f64,
    pub p99: f64,
}

pub struct Rounds {
    pub measured: Vec<Measured>,
    /// The most that the service held while it answered Q2 at 16 connections, in MB.
    pub deep_memory: f64,
}

impl Rounds {
    pub fn of(&self, query: &str, connections: usize, server: Server, of: fn(&Measured) -> f64) -> Option<f64> {
        let wanted = |one: &&Measured| one.query == query && one.connections == connections && one.server == server;
        let mut values: Vec<f64> = self.measured.iter().filter(wanted).map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    pub fn per_second(&self, query: &str, server: Server) -> Option<f64> {
        self.of(query, 16, server, |one| one.per_second)
    }

    pub fn p50(&self, query: &str, server: Server) -> Option<f64> {
        self.of(query, 1, server, |one| one.p50)
    }

    pub fn save(&self, path: &Path) -> Outcome {
        let rows: Vec<Value> = self.measured.iter().map(Measured::raw).collect();
        Ok(std::fs::write(path, serde_json::to_string_pretty(&rows)?)?)
    }
}

impl Measured {
    pub fn new(query: &'static str, connections: usize, server: Server, shown: &Shown) -> Self {
        let milliseconds = |percent| shown.percentile(percent).as_secs_f64() * 1000.0;
        let (p50, p99) = (milliseconds(50), milliseconds(99));
        Self { query, connections, server, per_second: shown.per_second(), p50, p99 }
    }

    fn raw(&self) -> Value {
        json!({ "query": self.query, "connections": self.connections, "server": self.server.name(),
            "requestsPerSecond": self.per_second, "p50Milliseconds": self.p50, "p99Milliseconds": self.p99 })
    }
}

/// An unfair comparison is worth nothing: whoever answers with something else ends the run.
pub async fn compare(queries: &[Query], running: &[Running]) -> Outcome {
    for query in queries {
        let mut first: Option<Value> = None;
        for one in running {
            let mut connection = Connection::open(&one.process.address, &one.key).await?;
            let answer = connection.post(query.body(one.server)).await?;
            let answer =
                canonical(&answer).map_err(|error| format!("{}, {}: {error}", one.server.name(), query.name))?;
            if !answer.is_array() && !answer.is_object() {
                return Err(format!("{} answers {} with nothing", one.server.name(), query.name).into());
            }
            match &first {
                None => first = Some(answer),
                Some(first) if *first != answer => {
                    return Err(format!(
                        "{} answers {} with something else:\n{answer}\nand {}:\n{first}",
                        one.server.name(),
                        query.name,
                        running[0].server.name()
                    )
                    .into());
                }
                Some(_) => {}
            }
        }
        eprintln!("{}: {} servers answer the same", query.name, running.len());
    }
    Ok(())
}

pub async fn rounds(settings: &Settings, queries: &[Query], running: &[Running]) -> Outcome<Rounds> {
    let time = Duration::from_secs(settings.seconds);
    let mut rounds = Rounds { measured: Vec::new(), deep_memory: 0.0 };
    for one in running {
        one.process.pause()?;
    }
    for round in 1..=settings.rounds {
        eprintln!("round {round} of {}", settings.rounds);
        for query in queries {
            for connections in CONNECTIONS {
                for one in running {
                    one.process.resume()?;
                    let body = query.body(one.server);
                    // Compilers in the server and caches get their time before the clock runs.
                    let warm = Duration::from_millis(if round == 1 { 1500 } else { 300 });
                    measure(&one.process.address, &one.key, &body, connections, warm).await?;
                    one.process.forget_peak()?;
                    let shown = measure(&one.process.address, &one.key, &body, connections, time).await?;
                    if (query.name, connections, one.server) == ("Q2", 16, Server::Hiregraph) {
                        rounds.deep_memory = rounds.deep_memory.max(one.process.memory()?.peak);
                    }
                    one.process.pause()?;
                    rounds.measured.push(Measured::new(query.name, connections, one.server, &shown));
                }
            }
        }
    }
    for one in running {
        one.process.resume()?;
    }
    Ok(rounds)
}
