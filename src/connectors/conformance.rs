//! One suite for every vendor: what its manifest declares, held against what its connector makes of its own
//! simulator, in both directions. A vendor brings an [`Entry`], one line in `registry.rs`; no test here names one.

mod abilities;
mod coverage;
mod reading;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;

use super::connector::{
    Account, CHILDREN_AT_ONCE, Carried, ChildrenOf, Connector, Credentials, OpenAccount, Page, Problem, ReadPage,
};
use super::error::Error;
use super::manifest::{Manifest, Reads, Stream};
use super::registry::{Registry, SIMULATED};
use crate::domain::clock::{FrozenClock, SeededIds};
use crate::domain::{IdSpace, IntegrationId, RecordType, Snapshot};

/// What a vendor brings to the suite.
pub struct Entry {
    pub slug: &'static str,
    /// Serves a fresh tenant on a loopback port. In it every field that the manifest declares is set somewhere, every
    /// record type has several records, and nothing is garbage.
    pub start: fn(TcpListener) -> Box<dyn Simulated>,
}

/// A running simulator. Dropping it ends it.
pub trait Simulated: Send + Sync {
    /// What it accepts, by `CredentialField.key`; of a key that may read everything.
    fn credentials(&self) -> Vec<(&'static str, String)>;

    /// From now on one record of the type is served so that no more than its id can be read; that id. For a type that
    /// is read with its parents, the parent whose answer is garbage. None when the type has no rows of its own.
    fn spoil(&self, of: RecordType) -> Option<String>;

    /// Takes away the permission that opens this type, for this key. False when the vendor has none for it alone or
    /// with others, so that it can always be read.
    fn forbid(&self, of: RecordType) -> bool;

    /// Lets an event happen that the manifest covers; what the subscriptions are told of it.
    fn happen(&self, event: &str) -> Vec<Called>;

    /// Takes away the permission that subscribing needs.
    fn forbid_webhooks(&self);
}

/// What a vendor would POST to one of its subscriptions.
#[derive(Debug, Clone)]
pub struct Called {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// One vendor with an account at its simulator.
struct Stand {
    connector: Arc<dyn Connector>,
    simulated: Box<dyn Simulated>,
    base_url: String,
    account: Account,
}

impl Stand {
    fn manifest(&self) -> &'static Manifest {
        self.connector.manifest()
    }

    fn ids() -> IdSpace {
        IdSpace::new(IntegrationId::fresh(&SeededIds::new(1)))
    }

    /// An account with these credentials in the place of the right ones.
    fn account(&self, instead: &[(&str, &str)]) -> Account {
        open(&*self.connector, &self.base_url, self.simulated.credentials(), instead)
    }

    fn stream(&self, of: RecordType) -> &'static Stream {
        let streams = self.manifest().streams.iter();
        streams.into_iter().find(|stream| stream.models().contains(&of)).expect("a stream for every declared model")
    }

    /// Everything, stream by stream as a full sync reads it. The error is of the first stream that fails.
    async fn everything(&self) -> Result<Outcome, Error> {
        self.until(None).await
    }

    /// Streams up to this one.
    async fn until(&self, last: Option<&str>) -> Result<Outcome, Error> {
        self.since(None, last).await
    }

    /// Streams up to this one, each with only what changed since then.
    async fn since(&self, since: Option<DateTime<Utc>>, last: Option<&str>) -> Result<Outcome, Error> {
        let mut all = Outcome::default();
        let mut carried = Carried::default();
        for stream in self.manifest().streams {
            match &stream.reads {
                Reads::Children { parent, .. } => {
                    let parents = all.remote_ids(*parent);
                    for parents in parents.chunks(CHILDREN_AT_ONCE) {
                        for children in self.connector.children(&self.account, stream.name, parents).await? {
                            match children.found {
                                ChildrenOf::Records(records) => all.records.extend(records),
                                ChildrenOf::Gone => all.unreadable.push((children.parent, "gone".to_owned())),
                                ChildrenOf::Unreadable(why) => all.unreadable.push((children.parent, why)),
                            }
                        }
                    }
                }
                Reads::Pages(_) | Reads::Carry { .. } => {
                    let mut read = read(&*self.connector, &self.account, (stream.name, since), &mut carried).await?;
                    all.records.append(&mut read.records);
                    all.problems.append(&mut read.problems);
                }
            }
            if last == Some(stream.name) {
                break;
            }
        }
        Ok(all)
    }
}

fn open(
    connector: &dyn Connector,
    base_url: &str,
    credentials: Vec<(&'static str, String)>,
    instead: &[(&str, &str)],
) -> Account {
    let mut credentials: BTreeMap<_, _> = credentials.into_iter().collect();
    for (key, value) in instead {
        let known = credentials.get_mut(key).expect("a credential field");
        (*value).clone_into(known);
    }
    let credentials = credentials.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let request = OpenAccount {
        ids: Stand::ids(),
        credentials: Credentials(credentials),
        base_url: Some(base_url.to_owned()),
        clock: clock(),
    };
    connector.open(request).expect("the simulator's account opens")
}

/// The time in every tenant of the suite.
pub fn clock() -> Arc<FrozenClock> {
    Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().expect("a time")))
}

async fn stand(connector: &Arc<dyn Connector>) -> Stand {
    let slug = connector.manifest().slug;
    let entry = SIMULATED.iter().find(|entry| entry.slug == slug).expect("an entry for every vendor");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    let simulated = (entry.start)(listener);
    let account = open(&**connector, &base_url, simulated.credentials(), &[]);
    Stand { connector: connector.clone(), simulated, base_url, account }
}

/// What a stream gave, or all of them.
#[derive(Debug, Default)]
pub struct Outcome {
    pub records: Vec<Snapshot>,
    pub problems: Vec<Problem>,
    /// Parents whose children could not be read, and why.
    pub unreadable: Vec<(String, String)>,
    pub pages: usize,
}

impl Outcome {
    /// Remote ids of records of a type.
    pub fn remote_ids(&self, of: RecordType) -> Vec<String> {
        self.of(of).filter_map(|snapshot| snapshot.record.remote_id()).map(str::to_owned).collect()
    }

    pub fn count(&self, of: RecordType) -> usize {
        self.of(of).count()
    }

    fn of(&self, of: RecordType) -> impl Iterator<Item = &Snapshot> {
        self.records.iter().filter(move |snapshot| snapshot.record.record_type() == of)
    }
}

/// Reads a stream to its end, as the engine does.
pub async fn read(
    connector: &dyn Connector,
    account: &Account,
    (stream, since): (&str, Option<DateTime<Utc>>),
    carried: &mut Carried,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut cursor: Option<String> = None;
    loop {
        let request = ReadPage { stream, cursor: cursor.as_deref(), carried, since };
        let Page { records, problems, carry, next, .. } = connector.read(account, request).await?;
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

#[test]
fn every_vendor_brings_its_simulator_and_no_other_does() {
    let registry = Registry::default();
    let vendors: Vec<_> = registry.all().map(|connector| connector.manifest().slug).collect();
    let entries: Vec<_> = SIMULATED.iter().map(|entry| entry.slug).collect();
    assert_eq!(vendors, entries);
    assert_eq!(vendors.iter().collect::<BTreeSet<_>>().len(), vendors.len());
}
