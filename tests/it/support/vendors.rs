//! Both simulated vendors on loopback, each with one account.

use std::collections::HashMap;
use std::sync::Arc;

use hiregraph::connectors::{hrworks, traffit};
use hiregraph::domain::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::gate::Gate;

/// How large the simulated accounts are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub candidates: usize,
    pub jobs: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { candidates: 120, jobs: 12 }
    }
}

pub struct Vendors {
    pub traffit: traffit::simulator::Simulator,
    pub hrworks: hrworks::simulator::Simulator,
    credentials: HashMap<&'static str, Value>,
    base_urls: HashMap<String, String>,
    gates: HashMap<&'static str, Gate>,
    _servers: JoinSet<()>,
}

impl Vendors {
    pub async fn start(clock: &Arc<dyn Clock>, size: Size) -> Self {
        let mut servers = JoinSet::new();
        let mut base_urls = HashMap::new();
        let mut credentials = HashMap::new();

        let mut options = traffit::simulator::Options::new(clock.clone());
        (options.candidates, options.jobs) = (size.candidates, size.jobs);
        credentials.insert(
            "traffit",
            json!({"subdomain": "acme", "clientId": options.client_id, "clientSecret": options.client_secret}),
        );
        let traffit = traffit::simulator::Simulator::new(options);
        let listener = listen(&mut base_urls, "traffit").await;
        let gates = HashMap::from([("traffit", Gate::new()), ("hrworks", Gate::new())]);
        let served = gates["traffit"].before(traffit.router());
        servers.spawn(async move { axum::serve(listener, served).await.unwrap() });

        let mut options = hrworks::simulator::Options::new(clock.clone());
        (options.candidates, options.jobs) = (size.candidates, size.jobs);
        credentials
            .insert("hrworks", json!({"accessKey": options.access_key, "secretAccessKey": options.secret_access_key}));
        let hrworks = hrworks::simulator::Simulator::new(options);
        let listener = listen(&mut base_urls, "hrworks").await;
        let served = gates["hrworks"].before(hrworks.router());
        servers.spawn(async move { axum::serve(listener, served).await.unwrap() });

        Self { traffit, hrworks, credentials, base_urls, gates, _servers: servers }
    }

    pub fn credentials(&self, connector: &str) -> Value {
        self.credentials[connector].clone()
    }

    /// Where a vendor's answers can be held back.
    pub fn gate(&self, connector: &str) -> &Gate {
        &self.gates[connector]
    }

    /// Replaces the faults of a vendor.
    pub fn faults(&self, connector: &str, faults: &[&str]) {
        match connector {
            "traffit" => self.traffit.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect()),
            _ => self.hrworks.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect()),
        }
    }

    /// How many requests a vendor has had, without those about webhooks.
    pub fn requests(&self, connector: &str) -> usize {
        match connector {
            "traffit" => self.traffit.count("", "/") - self.traffit.count("", "/api/integration/v2/webhooks"),
            _ => self.hrworks.count("", "/") - self.hrworks.count("", "/v2/webhooks"),
        }
    }

    /// The remote ids that a vendor has, by record type.
    pub fn remote_ids(&self, connector: &str) -> [(&'static str, Vec<String>); 4] {
        let texts = |ids: Vec<i64>| ids.iter().map(i64::to_string).collect::<Vec<_>>();
        match connector {
            "traffit" => self.traffit.edit(|account| {
                let jobs = account.job_ids();
                let members = jobs.iter().flat_map(|job| {
                    let members = account.members_of(*job);
                    members.into_iter().map(move |candidate| format!("{job}:{candidate}"))
                });
                let members = members.collect();
                let (users, candidates) = (texts(account.user_ids()), texts(account.candidate_ids()));
                [("USER", users), ("JOB", texts(jobs)), ("CANDIDATE", candidates), ("APPLICATION", members)]
            }),
            _ => self.hrworks.edit(|account| {
                let (users, jobs) = (account.user_ids(), account.job_ids());
                let (candidates, applications) = (account.candidate_ids(), account.application_ids());
                [("USER", users), ("JOB", jobs), ("CANDIDATE", candidates), ("APPLICATION", applications)]
            }),
        }
    }

    pub fn base_urls(&self) -> HashMap<String, String> {
        self.base_urls.clone()
    }
}

async fn listen(base_urls: &mut HashMap<String, String>, connector: &str) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    base_urls.insert(connector.to_owned(), format!("http://{}", listener.local_addr().unwrap()));
    listener
}
