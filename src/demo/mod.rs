//! The main job in one command: simulated vendors, a fresh mirror, both accounts connected and synced, the graph
//! served.

mod post;
mod progress;
mod sample;
pub mod vendor;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::actions;
use crate::cli::print;
use crate::cli::serve::{Parts, Retention, Service, downloads, listen, work_until};
use crate::config::Role;
use crate::connectors::Registry;
use crate::domain::clock::{SystemClock, SystemIds};
use crate::domain::{Clock, Ids, Scope};
use crate::graphql::Subscriptions;
use crate::http;
use crate::store::{self, Keyring, NewKey, Scoped, Store};
use crate::sync::Connect;
use vendor::{Account, Vendor};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How many candidates each simulated account has
    #[arg(long, default_value_t = 200)]
    candidates: usize,
    /// Sync, print the answer of the sample query, and exit
    #[arg(long)]
    once: bool,
}

pub async fn run(args: Args) -> Result<(), String> {
    let folder = Folder::new()?;
    let store = store(&folder).await?;
    let stop = CancellationToken::new();
    let mut base_urls = std::collections::HashMap::new();
    let mut accounts = Vec::new();
    for vendor in Vendor::ALL {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        base_urls.insert(vendor.slug().to_owned(), format!("http://{address}"));
        let account = Account {
            vendor,
            candidates: args.candidates,
            jobs: vendor::usual_jobs(args.candidates),
            seed: 1,
            faults: Vec::new(),
        };
        accounts.push((vendor, vendor::start(&account, listener, &stop)?));
    }
    let listener = listen(args.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut service = Service::new(Parts {
        store: store.clone(),
        public_url: (!args.once).then(|| format!("http://{address}")),
        registry: Registry::default(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        base_urls,
        queue: None,
        introspection: true,
        subscriptions: Subscriptions::default(),
        retention: Retention::default(),
        downloads: downloads(&[])?,
        deliveries: crate::webhooks::client(&[]).map_err(|error| error.to_string())?,
        first_pause: Duration::from_secs(1),
        patrol: Duration::from_secs(15),
        attachments: actions::Limits::default(),
        guards: crate::http::Guards::default(),
        shows_within: None,
    });
    service.stop = stop.clone();
    let done = tokio::join!(
        async {
            let shown = show(&args, &service, &store, &accounts, listener, &stop).await;
            stop.cancel();
            shown
        },
        work_until(&service, &stop),
        service.engine.keep_requests(&stop),
    );
    service.engine.settle().await;
    store.close().await;
    done.0
}

async fn show(
    args: &Args,
    service: &Service,
    store: &Store,
    accounts: &[(Vendor, vendor::Simulated)],
    listener: TcpListener,
    stop: &CancellationToken,
) -> Result<(), String> {
    let (key, scoped) = key(store).await?;
    let mut integrations = Vec::new();
    for (vendor, simulated) in accounts {
        integrations.push((*vendor, connect(service, &scoped, *vendor, simulated).await?));
    }
    let ids: Vec<Uuid> = integrations.iter().map(|(_, id)| *id).collect();
    let scoped = fresh(store, &key).await?;
    if args.once {
        progress::wait(&scoped, &integrations).await?;
        return print(&sample::answer(&service.graph, fresh(store, &key).await?).await?);
    }
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let router = service.router(Role::All, Vec::new());
    let serving = http::serve(listener, router, stop.clone());
    let told_to_stop = crate::cli::told_to_stop();
    let talking = async {
        progress::wait(&scoped, &integrations).await?;
        print(&greeting(address, key.expose_secret(), ids.len()))?;
        told_to_stop.await;
        stop.cancel();
        Ok(())
    };
    let (served, talked) = tokio::join!(serving, async {
        let talked: Result<(), String> = talking.await;
        stop.cancel();
        talked
    });
    served.map_err(|error| error.to_string())?;
    talked
}

fn greeting(address: SocketAddr, key: &str, accounts: usize) -> String {
    format!(
        "\n{accounts} accounts are connected and synced. Open GraphiQL with the key in place:\n\n  \
         http://{address}/#key={key}\n\nAPI key:  {key}\nEndpoint: http://{address}/graphql\n\nA query to begin with:\n\n  \
         curl -s http://{address}/graphql -H 'content-type: application/json' \\\n    -H 'authorization: Bearer {key}' \\\n    \
         -d '{}'\n\nEverything is gone when this ends: Ctrl-C.\n",
        sample::request()
    )
}

async fn key(store: &Store) -> Result<(secrecy::SecretString, Scoped), String> {
    let new = NewKey {
        id: SystemIds.uuid(),
        name: "demo".to_owned(),
        scopes: vec![Scope::Admin],
        integrations: None,
        expires_at: None,
        now: SystemClock.now(),
    };
    let (secret, _) = store.create_key(new, &SystemIds).await.map_err(|error| error.to_string())?;
    let scoped = fresh(store, &secret).await?;
    Ok((secret, scoped))
}

/// What the key sees now.
async fn fresh(store: &Store, key: &secrecy::SecretString) -> Result<Scoped, String> {
    let access = store.access(key, SystemClock.now()).await.map_err(|error| error.to_string())?;
    Ok(store.scoped(Arc::new(access.ok_or("the demo's key is not known")?)))
}

async fn connect(
    service: &Service,
    scoped: &Scoped,
    vendor: Vendor,
    simulated: &vendor::Simulated,
) -> Result<Uuid, String> {
    let operator = scoped.operate().map_err(|error| error.to_string())?;
    let connect = Connect {
        connector: vendor.slug().to_owned(),
        organization_name: "Acme".to_owned(),
        credentials: simulated.credentials.clone(),
        ..Connect::default()
    };
    let connected = service.engine.connect(&operator, connect).await.map_err(|error| error.to_string())?;
    let name = vendor.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    connected.integration.ok_or_else(|| {
        let why: Vec<_> = connected.refusals.into_iter().map(|refusal| refusal.message).collect();
        format!("{name} could not be connected: {}", why.join("; "))
    })
}

async fn store(folder: &Folder) -> Result<Store, String> {
    let keyring = Keyring::parse(&Keyring::fresh(&SystemIds)).map_err(|error| error.to_string())?;
    let options = store::Options::new(format!("sqlite://{}/hiregraph.db", folder.0.display()));
    let store = Store::open(&options, keyring).await.map_err(|error| error.to_string())?;
    store.migrate().await.map_err(|error| error.to_string())?;
    Ok(store)
}

/// A temporary folder, gone with the demo.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("hiregraph-demo-{}", SystemIds.uuid().simple()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind, it would only take room in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
