//! A simulated account, connected, and what its streams give when they are read as the engine reads them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::connectors::connector::{Account, Carried, Connector, Credentials, OpenAccount, Page, Problem, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::hrworks::HrWorks;
use crate::connectors::hrworks::simulator::{Options, Simulator};
use crate::domain::clock::{FrozenClock, SeededIds};
use crate::domain::{IdSpace, IntegrationId, Record, RecordType, Snapshot};

pub struct Tenant {
    pub simulator: Simulator,
    pub account: Account,
    pub clock: Arc<FrozenClock>,
    _server: JoinSet<()>,
}

pub fn ids() -> IdSpace {
    IdSpace::new(IntegrationId::fresh(&SeededIds::new(1)))
}

pub fn open(ids: IdSpace, base_url: String, options: &Options) -> Result<Account, Error> {
    let credentials = Credentials(HashMap::from([
        ("accessKey".to_owned(), options.access_key.clone().into()),
        ("secretAccessKey".to_owned(), options.secret_access_key.clone().into()),
    ]));
    let base_url = Some(base_url);
    HrWorks.open(OpenAccount { ids, credentials, base_url, clock: options.clock.clone() })
}

impl Tenant {
    pub async fn new(candidates: usize, jobs: usize, faults: &[&str]) -> Self {
        let clock = Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap()));
        let mut options = Options::new(clock.clone());
        (options.candidates, options.jobs) = (candidates, jobs);
        options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let account = open(ids(), base_url, &options).unwrap();
        let simulator = Simulator::new(options);
        let mut server = JoinSet::new();
        let served = simulator.clone();
        server.spawn(async move { served.serve(listener, std::future::pending()).await.unwrap() });
        Self { simulator, account, clock, _server: server }
    }

    pub fn faults(&self, faults: &[&str]) {
        self.simulator.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
    }

    /// One stream, with nothing carried from earlier ones.
    pub async fn read(&self, stream: &str) -> Result<Outcome, Error> {
        read(&self.account, stream, &mut Carried::default()).await
    }

    /// All streams in the manifest's order.
    pub async fn everything(&self) -> Outcome {
        let (mut all, mut carried) = (Outcome::default(), Carried::default());
        for stream in HrWorks.manifest().streams {
            let mut outcome = read(&self.account, stream.name, &mut carried).await.unwrap();
            all.records.append(&mut outcome.records);
            all.problems.append(&mut outcome.problems);
            all.pages += outcome.pages;
        }
        all
    }
}

#[derive(Debug, Default)]
pub struct Outcome {
    pub records: Vec<Snapshot>,
    pub problems: Vec<Problem>,
    pub pages: usize,
}

impl Outcome {
    pub fn remote_ids(&self, of: RecordType) -> BTreeSet<String> {
        self.of(of).filter_map(|record| record.remote_id()).map(str::to_owned).collect()
    }

    pub fn of(&self, of: RecordType) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|snapshot| &snapshot.record).filter(move |record| record.record_type() == of)
    }

    pub fn count(&self, of: RecordType) -> usize {
        self.of(of).count()
    }

    pub fn get(&self, of: RecordType, remote_id: &str) -> &Record {
        self.of(of).find(|record| record.remote_id() == Some(remote_id)).unwrap()
    }
}

pub async fn read(account: &Account, stream: &str, carried: &mut Carried) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut cursor: Option<String> = None;
    loop {
        let request = ReadPage { stream, cursor: cursor.as_deref(), carried, since: None };
        let Page { records, problems, carry, next, .. } = HrWorks.read(account, request).await?;
        outcome.records.extend(records);
        outcome.problems.extend(problems);
        outcome.pages += 1;
        carry.into_iter().for_each(|fact| carried.put(fact));
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(outcome),
        }
    }
}
