//! The mixed load: edits at the vendors, syncs, writes with idempotency keys, and a consumer of the change feed, all at
//! once, until told to stop. Vendors' webhooks and deliveries to the receiver come of it by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drive::Outcome;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::actions::{self, Accepted};
use super::chance::Chance;
use super::client::{Client, until};
use super::consumer::{self, Followed};
use super::edits;
use super::world::World;

/// Callers that write to each vendor.
const CALLERS: usize = 5;

/// What there is at a vendor to write to and to change.
pub struct Ground {
    pub slug: &'static str,
    /// The simulator's address.
    pub vendor: String,
    pub integration: String,
    pub targets: Vec<Target>,
    /// The vendor's ids of candidates that nothing is written to.
    pub bystanders: Vec<Value>,
    /// The vendor's ids.
    pub jobs: Vec<Value>,
}

/// An application that is written to, by public ids.
pub struct Target {
    pub application: String,
    pub job: String,
    pub stage: String,
}

impl Ground {
    /// Connects an account, and waits for its first sync.
    pub async fn prepare(world: &World, at: usize) -> Outcome<Self> {
        let vendor = world.vendors.get(at).ok_or("there is no such vendor")?;
        let integration = world.connect(vendor).await?;
        synced(world, &integration).await?;
        let query = "query($id: ID!) { applications(integrationId: $id, filter: {outcomes: [PENDING]}, first: 50) { nodes { \
                     id candidate { id remoteId } currentStage { id } \
                     job { id status stages { stage { id name } } } } } \
                     candidates(integrationId: $id, first: 100) { nodes { remoteId } } \
                     jobs(integrationId: $id, first: 50) { nodes { remoteId } } }";
        let data = world.client().ask(query, &json!({ "id": integration })).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let nodes = |list: &str| data[list]["nodes"].as_array().cloned().unwrap_or_default();
        let mut taken = BTreeSet::new();
        let mut targets = Vec::new();
        for row in nodes("applications") {
            if row["job"]["status"] != "OPEN" || targets.len() == 10 {
                continue;
            }
            taken.insert(text(&row["candidate"]["remoteId"]));
            let stages = row["job"]["stages"].as_array().cloned().unwrap_or_default();
            let is_fit =
                |stage: &Value| stage["id"] != row["currentStage"]["id"] && !text(&stage["name"]).starts_with("Odrzuc");
            let stage = stages.iter().skip(1).map(|row| &row["stage"]).find(|stage| is_fit(stage));
            targets.push(Target {
                application: text(&row["id"]),
                job: text(&row["job"]["id"]),
                stage: stage.map(|stage| text(&stage["id"])).unwrap_or_default(),
            });
        }
        if targets.is_empty() {
            return Err(format!("{}: there is nothing to write to", vendor.slug).into());
        }
        // One vendor's ids are numbers, which its door wants as numbers.
        let remote = |row: &Value| -> Value {
            let id = text(&row["remoteId"]);
            id.parse::<i64>().map_or_else(|_| json!(id), |number| json!(number))
        };
        let bystanders =
            nodes("candidates").iter().filter(|row| !taken.contains(&text(&row["remoteId"]))).map(remote).collect();
        Ok(Self {
            slug: vendor.slug,
            vendor: vendor.address.clone(),
            integration,
            targets,
            bystanders,
            jobs: nodes("jobs").iter().map(remote).collect(),
        })
    }
}

/// Waits until an account is synced for the first time.
pub async fn synced(world: &World, integration: &str) -> Outcome {
    let query = "query($id: ID!) { integration(id: $id) { state stateReason lastSync { state } } }";
    until("the first sync", || async {
        let data = world.client().ask(query, &json!({ "id": integration })).await?;
        let is_done = data["integration"]["lastSync"]["state"] == "SUCCEEDED";
        Ok(if is_done { Ok(()) } else { Err(data.to_string()) })
    })
    .await
}

/// The load, while it runs.
pub struct Load {
    stop: Arc<AtomicBool>,
    stop_following: Arc<AtomicBool>,
    writing: JoinSet<Outcome<Vec<Accepted>>>,
    counting: JoinSet<Outcome<(&'static str, u64)>>,
    following: JoinSet<Outcome<Followed>>,
}

/// What came of it.
pub struct Done {
    pub accepted: Vec<Accepted>,
    pub edits: u64,
    pub syncs: u64,
}

impl Load {
    pub fn start(world: &World, grounds: &[Arc<Ground>], seed: u64) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            stop_following: Arc::default(),
            writing: JoinSet::new(),
            counting: JoinSet::new(),
            following: JoinSet::new(),
        };
        load.following.spawn(consumer::follow(world.client(), load.stop_following.clone()));
        for (at, ground) in grounds.iter().enumerate() {
            let purpose = 100 * (at as u64 + 1);
            for caller in 0..CALLERS {
                let chance = Chance::new(seed, purpose + caller as u64);
                load.writing.spawn(actions::write(ground.clone(), caller, world.client(), chance, load.stop.clone()));
            }
            let (editing, chance, stop) = (ground.clone(), Chance::new(seed, purpose + 50), load.stop.clone());
            load.counting.spawn(async move { Ok(("edits", edits::edit(editing, chance, stop).await?)) });
            let (syncing, chance, stop) = (ground.clone(), Chance::new(seed, purpose + 60), load.stop.clone());
            let client = world.client();
            load.counting.spawn(async move { Ok(("syncs", sync(syncing, client, chance, stop).await?)) });
        }
        load
    }

    /// What failed so far, if anything did.
    pub fn failed(&mut self) -> Outcome {
        if let Some(ended) = self.writing.try_join_next() {
            return Err(ended?.err().unwrap_or_else(|| "a caller ended by itself".into()));
        }
        if let Some(ended) = self.counting.try_join_next() {
            return Err(ended?.err().unwrap_or_else(|| "an edit or a sync ended by itself".into()));
        }
        if let Some(ended) = self.following.try_join_next() {
            return Err(ended?.err().unwrap_or_else(|| "the consumer ended by itself".into()));
        }
        Ok(())
    }

    /// Stops everything but the consumer, and waits for what was begun.
    pub async fn stop(&mut self) -> Outcome<Done> {
        self.stop.store(true, Ordering::SeqCst);
        let mut done = Done { accepted: Vec::new(), edits: 0, syncs: 0 };
        while let Some(ended) = self.writing.join_next().await {
            done.accepted.extend(ended??);
        }
        while let Some(ended) = self.counting.join_next().await {
            match ended?? {
                ("edits", count) => done.edits += count,
                (_, count) => done.syncs += count,
            }
        }
        Ok(done)
    }

    /// What the consumer has at the end of the feed.
    pub async fn followed(mut self) -> Outcome<Followed> {
        self.stop_following.store(true, Ordering::SeqCst);
        self.following.join_next().await.ok_or("nobody followed the feed")??
    }
}

pub const SYNC: &str = "mutation($id: ID!, $kind: SyncKind!) { syncIntegration(input: {integrationId: $id, kind: $kind}) \
                    { syncRun { id } userErrors { code message } } }";

async fn sync(ground: Arc<Ground>, mut client: Client, mut chance: Chance, stop: Arc<AtomicBool>) -> Outcome<u64> {
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        let kind = if chance.percent(40) { "FULL" } else { "DELTA" };
        client.ask(SYNC, &json!({ "id": ground.integration, "kind": kind })).await?;
        count += 1;
        let pause = chance.millis(300, 2000);
        tokio::time::sleep(pause).await;
    }
    Ok(count)
}
