//! Both simulated vendors on loopback, each with one account.

use std::collections::HashMap;
use std::sync::Arc;

use hiregraph::connectors::{hrworks, traffit};
use hiregraph::domain::clock::FrozenClock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

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
    _servers: JoinSet<()>,
}

impl Vendors {
    pub async fn start(clock: &Arc<FrozenClock>, size: Size) -> Self {
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
        let served = traffit.clone();
        servers.spawn(async move { served.serve(listener, std::future::pending()).await.unwrap() });

        let mut options = hrworks::simulator::Options::new(clock.clone());
        (options.candidates, options.jobs) = (size.candidates, size.jobs);
        credentials
            .insert("hrworks", json!({"accessKey": options.access_key, "secretAccessKey": options.secret_access_key}));
        let hrworks = hrworks::simulator::Simulator::new(options);
        let listener = listen(&mut base_urls, "hrworks").await;
        let served = hrworks.clone();
        servers.spawn(async move { served.serve(listener, std::future::pending()).await.unwrap() });

        Self { traffit, hrworks, credentials, base_urls, _servers: servers }
    }

    pub fn credentials(&self, connector: &str) -> Value {
        self.credentials[connector].clone()
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
