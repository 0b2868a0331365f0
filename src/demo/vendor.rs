//! The simulated vendors by name, for the demo and for `simulate`.

use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::post::{self, Posted};
use crate::connectors::{hrworks, traffit};
use crate::domain::clock::SystemClock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Vendor {
    Traffit,
    Hrworks,
}

impl Vendor {
    pub const ALL: [Self; 2] = [Self::Traffit, Self::Hrworks];

    pub fn slug(self) -> &'static str {
        match self {
            Self::Traffit => "traffit",
            Self::Hrworks => "hrworks",
        }
    }
}

/// What a simulated account is like.
pub struct Account {
    pub vendor: Vendor,
    pub candidates: usize,
    pub jobs: usize,
    pub seed: u64,
    pub faults: Vec<String>,
}

/// A simulated account that is being served.
pub struct Simulated {
    /// What it accepts, by credential field.
    pub credentials: Value,
    tasks: TaskTracker,
}

impl Simulated {
    pub async fn ended(&self) {
        self.tasks.wait().await;
    }
}

/// Jobs that go with so many candidates.
pub fn usual_jobs(candidates: usize) -> usize {
    (candidates / 50).max(12)
}

/// Sends what a simulator's webhooks have to send; the simulators are types of their own.
macro_rules! post_all {
    ($tasks:ident, $simulator:ident, $stop:ident) => {
        let source = $simulator.clone();
        let next = move || {
            let source = source.clone();
            async move { source.deliveries().await.into_iter().map(Posted::from).collect() }
        };
        $tasks.spawn(post::deliver(next, $stop.clone()));
    };
}

pub fn start(account: &Account, listener: TcpListener, stop: &CancellationToken) -> Result<Simulated, String> {
    let tasks = TaskTracker::new();
    let clock = Arc::new(SystemClock);
    let told = stop.clone();
    let stopped = async move { told.cancelled().await };
    let credentials = match account.vendor {
        Vendor::Traffit => {
            let options = traffit::simulator::Options {
                candidates: account.candidates,
                jobs: account.jobs,
                seed: account.seed,
                faults: read_faults(&account.faults)?,
                ..traffit::simulator::Options::new(clock)
            };
            let credentials = json!({
                "subdomain": "acme", "clientId": options.client_id, "clientSecret": options.client_secret,
            });
            let simulator = traffit::simulator::Simulator::new(options);
            post_all!(tasks, simulator, stop);
            tasks.spawn(simulator.serve(listener, stopped));
            credentials
        }
        Vendor::Hrworks => {
            let options = hrworks::simulator::Options {
                candidates: account.candidates,
                jobs: account.jobs,
                seed: account.seed,
                faults: read_faults(&account.faults)?,
                ..hrworks::simulator::Options::new(clock)
            };
            let credentials = json!({ "accessKey": options.access_key, "secretAccessKey": options.secret_access_key });
            let simulator = hrworks::simulator::Simulator::new(options);
            post_all!(tasks, simulator, stop);
            tasks.spawn(simulator.serve(listener, stopped));
            credentials
        }
    };
    tasks.close();
    Ok(Simulated { credentials, tasks })
}

impl From<traffit::simulator::Delivery> for Posted {
    fn from(delivery: traffit::simulator::Delivery) -> Self {
        Self { url: delivery.url, headers: delivery.headers, body: delivery.body }
    }
}

impl From<hrworks::simulator::Delivery> for Posted {
    fn from(delivery: hrworks::simulator::Delivery) -> Self {
        Self { url: delivery.url, headers: delivery.headers, body: delivery.body }
    }
}

fn read_faults<F: FromStr<Err: std::fmt::Display>>(faults: &[String]) -> Result<Vec<F>, String> {
    faults.iter().map(|fault| fault.parse().map_err(|error: F::Err| error.to_string())).collect()
}

/// The faults of a vendor, a line each.
pub fn faults(vendor: Vendor) -> String {
    let all = match vendor {
        Vendor::Traffit => traffit::simulator::FAULTS,
        Vendor::Hrworks => hrworks::simulator::FAULTS,
    };
    all.iter().fold(String::new(), |mut text, (name, what)| {
        let _ = writeln!(text, "{name}{what}");
        text
    })
}
