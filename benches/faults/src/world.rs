//! The place of one part on one database: a folder, two simulated vendors that nothing happens to, and the processes of
//! the service, which are started and killed by their place in the list.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use drive::connection::Connection;
use drive::process::{self, Process};
use drive::{Outcome, postgres};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};

use super::client::{Client, Refused};
use super::{Backend, Settings};

const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// So soon another process takes over what a killed one was doing; the default is 45.
const TAKEOVER: &str = "3";
pub const VENDORS: [&str; 2] = ["traffit", "hrworks"];

pub struct Vendor {
    pub slug: &'static str,
    pub address: String,
    pub credentials: Value,
    _process: Process,
}

impl Vendor {
    fn start(binary: &Path, slug: &'static str, folder: &Path, seed: u64) -> Outcome<Self> {
        let seed = seed.to_string();
        let args = ["simulate", slug, "--listen", "127.0.0.1:0", "--candidates", "60", "--jobs", "6", "--seed", &seed];
        let log = log(folder, slug)?;
        let mut process = Process::start_logging(binary, &args, &[], log.into())?;
        let line = process.line()?.unwrap_or_default();
        let credentials = serde_json::from_str(line.trim_start_matches("credentials: "))?;
        Ok(Self { slug, address: process.address.clone(), credentials, _process: process })
    }

    /// What its door for tests tells of the account.
    pub async fn state(&self) -> Outcome<Value> {
        let mut connection = Connection::open(&self.address, "").await?;
        Ok(serde_json::from_slice(&connection.get("/_simulator/state").await?)?)
    }
}

fn log(folder: &Path, name: &str) -> Outcome<File> {
    Ok(OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log")))?)
}

/// Where the service is told that others are, when something stands before them.
#[derive(Default)]
pub struct Routes {
    pub vendors: BTreeMap<&'static str, String>,
    /// The host and port in the database's URL, and what stands there instead.
    pub database: Option<(String, String)>,
    /// Who may be told by webhooks.
    pub receiver: String,
}

fn binary(settings: &Settings) -> Outcome<PathBuf> {
    let missing = |error| format!("{}: {error}; build it, or name another by --binary", settings.binary.display());
    Ok(settings.binary.canonicalize().map_err(missing)?)
}

/// A process of the service: how it is started, and whether it is.
struct Slot {
    name: String,
    role: &'static str,
    listen: String,
    process: Option<Process>,
}

pub struct World {
    pub folder: PathBuf,
    pub url: String,
    /// Where the graph is, whichever process is there.
    pub address: String,
    pub key: String,
    pub vendors: Vec<Vendor>,
    pub broken: Arc<AtomicU64>,
    /// Answers by which the service said that it cannot answer now, by their code.
    pub refused: Refused,
    environment: Vec<(String, String)>,
    binary: PathBuf,
    slots: Vec<Slot>,
}

impl World {
    /// The simulated vendors, which come first because others may stand before them.
    pub fn vendors(settings: &Settings, folder: &Path) -> Outcome<Vec<Vendor>> {
        std::fs::create_dir_all(folder)?;
        let binary = binary(settings)?;
        VENDORS.iter().map(|slug| Vendor::start(&binary, slug, folder, settings.seed)).collect()
    }

    /// A fresh database, and processes that run: on SQLite one, on PostgreSQL one that answers and two workers.
    pub async fn new(
        settings: &Settings,
        backend: Backend,
        folder: &Path,
        vendors: Vec<Vendor>,
        routes: Routes,
    ) -> Outcome<Self> {
        let (folder, binary) = (folder.canonicalize()?, binary(settings)?);
        let (url, roles): (String, &[&'static str]) = match backend {
            Backend::Sqlite => (format!("sqlite://{}/hiregraph.db", folder.display()), &["all"]),
            Backend::Postgres => {
                let part = folder.file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
                let name = format!("hiregraph_{part}_{}", std::process::id());
                let url = postgres::fresh(settings.postgres_url.as_deref(), &name).await?;
                durable(&url).await?;
                (url, &["api", "worker", "worker"])
            }
        };
        let address = free_address()?;
        let mut world = Self {
            environment: Vec::new(),
            broken: Arc::default(),
            refused: Arc::default(),
            slots: Vec::new(),
            key: String::new(),
            folder,
            url,
            address,
            vendors,
            binary,
        };
        world.environment = world.environment(&world.url, &world.address, &routes)?;
        world.command(&["migrate"])?;
        world.key = world.command(&["keys", "create", "--name", "faults", "--scopes", "ADMIN"])?;
        for (at, role) in roles.iter().enumerate() {
            let listen = if at == 0 { world.address.clone() } else { "127.0.0.1:0".to_owned() };
            world.slots.push(Slot { name: format!("{role}-{at}"), role, listen, process: None });
            world.start(at)?;
        }
        Ok(world)
    }

    /// Another service beside this one, with an empty mirror of the same vendors.
    pub async fn reference(&self) -> Outcome<Self> {
        let folder = self.folder.join("reference");
        std::fs::create_dir_all(&folder)?;
        let url = format!("sqlite://{}/hiregraph.db", folder.display());
        let address = free_address()?;
        let mut world = Self {
            environment: self.environment(&url, &address, &Routes::default())?,
            broken: self.broken.clone(),
            refused: self.refused.clone(),
            slots: vec![Slot { name: "all".to_owned(), role: "all", listen: address.clone(), process: None }],
            key: String::new(),
            folder,
            url,
            address,
            vendors: Vec::new(),
            binary: self.binary.clone(),
        };
        world.command(&["migrate"])?;
        world.key = world.command(&["keys", "create", "--name", "faults", "--scopes", "ADMIN"])?;
        world.start(0)?;
        Ok(world)
    }

    fn environment(&self, url: &str, address: &str, routes: &Routes) -> Outcome<Vec<(String, String)>> {
        std::fs::create_dir_all(self.scratch())?;
        let url = match &routes.database {
            Some((server, way)) => url.replace(server, way),
            None => url.to_owned(),
        };
        let mut environment = vec![
            ("HIREGRAPH_DATABASE_URL".to_owned(), url),
            ("HIREGRAPH_SECRET_KEY".to_owned(), SECRET_KEY.to_owned()),
            ("HIREGRAPH_TAKEOVER_SECONDS".to_owned(), TAKEOVER.to_owned()),
            // The simulators show what they were told at once.
            ("HIREGRAPH_SHOWS_WITHIN_SECONDS".to_owned(), "2".to_owned()),
            ("HIREGRAPH_PUBLIC_URL".to_owned(), format!("http://{address}")),
            ("HIREGRAPH_ALLOWED_PRIVATE_HOSTS".to_owned(), routes.receiver.clone()),
            ("TMPDIR".to_owned(), self.scratch().display().to_string()),
        ];
        for vendor in &self.vendors {
            let name = format!("HIREGRAPH_{}_BASE_URL", vendor.slug.to_uppercase());
            let address = routes.vendors.get(vendor.slug).unwrap_or(&vendor.address);
            environment.push((name, format!("http://{address}")));
        }
        Ok(environment)
    }

    /// Where the processes keep temporary files.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn command(&self, args: &[&str]) -> Outcome<String> {
        process::run(&self.binary, args, &[&self.settings()[..], &[("HIREGRAPH_LOG", "warn")]].concat())
    }

    pub fn processes(&self) -> usize {
        self.slots.len()
    }

    fn start(&mut self, at: usize) -> Outcome {
        let Some(slot) = self.slots.get(at) else { return Ok(()) };
        let args = ["serve", "--role", slot.role, "--listen", &slot.listen];
        let log = log(&self.folder, &slot.name)?;
        let settings = self.settings();
        // It waits for the line that says the address, while other tasks go on elsewhere.
        let started =
            tokio::task::block_in_place(|| Process::start_logging(&self.binary, &args, &settings, log.into()));
        let process = started.map_err(|error| format!("{} did not start again: {error}", slot.name))?;
        if let Some(slot) = self.slots.get_mut(at) {
            slot.process = Some(process);
        }
        Ok(())
    }

    /// SIGKILL, and another in its place.
    pub fn kill(&mut self, at: usize) -> Outcome {
        if let Some(process) = self.slots.get_mut(at).and_then(|slot| slot.process.take()) {
            process.kill()?;
        }
        self.start(at)
    }

    /// SIGKILL to a process and then to its successor, which has lived for so long, wherever in its start that is; and
    /// another in their place.
    pub async fn kill_twice(&mut self, at: usize, after: Duration) -> Outcome {
        let Some(slot) = self.slots.get_mut(at) else { return Ok(()) };
        if let Some(process) = slot.process.take() {
            process.kill()?;
        }
        let log = log(&self.folder, &slot.name)?;
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--role", slot.role, "--listen", &slot.listen]).stdin(Stdio::null());
        command.envs(self.environment.iter().cloned()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn()?;
        tokio::time::sleep(after).await;
        child.kill()?;
        child.wait()?;
        self.start(at)
    }

    /// An end that all processes are asked for.
    pub fn stop(&mut self) -> Outcome {
        for slot in &mut self.slots {
            if let Some(process) = slot.process.take() {
                tokio::task::block_in_place(|| process.stop_well())
                    .map_err(|error| format!("{}: {error}", slot.name))?;
            }
        }
        Ok(())
    }

    pub fn client(&self) -> Client {
        Client::new(&self.address, &self.key, &self.broken, &self.refused)
    }

    pub async fn database(&self) -> Outcome<DatabaseConnection> {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(2).sqlx_logging(false);
        Ok(Database::connect(options).await?)
    }

    /// Connects the account of a vendor; answers its id.
    pub async fn connect(&self, vendor: &Vendor) -> Outcome<String> {
        let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) \
                     { integration { id } userErrors { message } } }";
        let input = json!({
            "connector": vendor.slug,
            "credentials": vendor.credentials,
            "endUser": { "organizationName": "Acme" },
        });
        let mut data = self.client().ask(query, &json!({ "input": input })).await?;
        let id = data["createIntegration"]["integration"]["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| format!("the account was not connected: {}", data["createIntegration"].take()).into())
    }
}

/// An address that nobody has now, so that every successor of a process can have the same.
pub fn free_address() -> Outcome<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// What was committed stays, also on a server that trades that for speed elsewhere.
async fn durable(url: &str) -> Outcome {
    let database = Database::connect(url).await?;
    let (_, name) = url.rsplit_once('/').ok_or("the database has no name")?;
    database.execute_unprepared(&format!("ALTER DATABASE {name} SET synchronous_commit = on")).await?;
    Ok(database.close().await?)
}
