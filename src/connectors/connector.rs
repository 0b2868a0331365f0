//! What a vendor must be able to do. One object-safe trait; whatever a vendor lacks is said in its manifest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use super::action::{Acted, Action, Fetched, Files, Found, Next, Passthrough, Step, Unacted};
use super::checks::Checks;
use super::error::Error;
use super::manifest::{Check, Manifest};
use super::request_log::RequestLog;
use super::vendor_http::{Answer, VendorHttp};
use super::webhook::{Delivery, Hints, Kept, Listed, Wanted};
use crate::domain::{IdSpace, RecordType, Snapshot};

/// Holds no state between calls and never sees a database, another integration or another vendor. All that
/// it must remember is the cursor, which the engine keeps, and [`Carried`] facts, which the engine holds.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    fn manifest(&self) -> &'static Manifest;

    /// How to reach one account: base URL from the credentials (or the operator's override), token hook,
    /// rate budget. Sends nothing.
    fn open(&self, request: OpenAccount) -> Result<Account, Error>;

    /// One check of the credentials, then one per permission and per record type, each told as it ends. Stops after
    /// the first when the credentials themselves are refused.
    async fn check(&self, account: &Account, checks: &mut Checks);

    /// All of them, once they have ended.
    async fn checks(&self, account: &Account) -> Vec<Check> {
        let mut checks = Checks::default();
        self.check(account, &mut checks).await;
        checks.ended()
    }

    /// The next page of a stream; from its beginning without a cursor.
    async fn read(&self, account: &Account, request: ReadPage<'_>) -> Result<Page, Error>;

    /// What belongs to each of `parents` (remote ids), for streams that read children. A parent that is
    /// gone is answered with [`ChildrenOf::Gone`]. At most [`CHILDREN_AT_ONCE`] parents a call.
    async fn children(&self, account: &Account, stream: &str, parents: &[String]) -> Result<Vec<Children>, Error>;

    /// Which of these records the vendor confirms to have no longer. Asked before anything is marked as
    /// deleted that a complete read did not show: pages have no snapshot, so a read can miss a record. For types
    /// whose records come with another one's and have no id of their own, `Unsupported` says that what comes with it
    /// replaces what came before; an answer without any says that they stay as long as it.
    async fn confirm_gone(
        &self,
        account: &Account,
        of: RecordType,
        remote_ids: &[String],
    ) -> Result<Vec<String>, Error>;

    /// What comes next of an action that the manifest declares, from what its steps found so far. Pure.
    fn next(&self, action: &Action<'_>) -> Next;

    /// Carries a step out, once. Never repeats a write by itself.
    async fn act(
        &self,
        account: &Account,
        action: &Action<'_>,
        step: &Step,
        files: &dyn Files,
    ) -> Result<Acted, Unacted>;

    /// Whether a step that writes arrived although its answer was lost, as the vendor shows it now.
    async fn find(
        &self,
        account: &Account,
        action: &Action<'_>,
        step: &Step,
        files: &dyn Files,
    ) -> Result<Found, Error>;

    /// Reads single records, of types whose changes actions and webhooks announce.
    async fn fetch(&self, account: &Account, wanted: &[(RecordType, String)]) -> Result<Fetched, Error>;

    /// Sends a request of the caller's own with the account's token. Any answer is one, whatever its status.
    async fn passthrough(&self, account: &Account, request: Passthrough) -> Result<Answer, Error>;

    /// Which of these applications (remote ids) their candidate's own record still names: a second opinion before
    /// they are marked as deleted, from vendors that cannot be asked for a single application. A candidate that is
    /// gone names none.
    async fn named_by_candidate(
        &self,
        _account: &Account,
        _candidate: &str,
        _applications: &[String],
    ) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// What the vendor signs its deliveries with, where it does.
    fn signing_key(&self, account: &Account) -> Option<SecretString>;

    /// Subscribes to events that the manifest covers. One answer for each: the vendor's id, as far as it says one.
    async fn subscribe(&self, account: &Account, wanted: &[Wanted]) -> Vec<Result<Option<String>, Error>>;

    /// Takes subscriptions off, by the vendor's ids. What is gone already is no error.
    async fn unsubscribe(&self, account: &Account, remote_ids: &[String]) -> Result<(), Error>;

    /// The account's subscriptions, of others too; none where the vendor does not list them.
    async fn subscriptions(&self, account: &Account) -> Result<Option<Vec<Listed>>, Error>;

    /// Whether a delivery is the vendor's. Takes as long whether it is or not, and says no in doubt. Pure.
    fn verify(&self, delivery: &Delivery<'_>, kept: &Kept) -> bool;

    /// What the body of a delivery means that came to a subscription to `event`. Pure.
    fn hints(&self, event: &str, body: &[u8]) -> Hints;

    /// Of a candidate's applications those that may have changed. `known`: those that the mirror has.
    async fn changed_applications(
        &self,
        account: &Account,
        candidate: &str,
        known: &[String],
    ) -> Result<Vec<String>, Error>;

    /// What an application is called once it belongs to another candidate, where names tell. Pure.
    fn moved_application(&self, _application: &str, _candidate: &str) -> Option<String> {
        None
    }
}

/// How many parents one call of [`Connector::children`] may name.
pub const CHILDREN_AT_ONCE: usize = 100;

/// What the engine knows when it opens an account.
pub struct OpenAccount {
    pub ids: IdSpace,
    pub credentials: Credentials,
    /// The operator's base URL for this vendor (`HIREGRAPH_<SLUG>_BASE_URL`): may lie on a private host, and
    /// the vendor's production budget does not apply to it.
    pub base_url: Option<String>,
    pub clock: Arc<dyn crate::domain::Clock>,
}

/// One connected account, ready to be asked. Kept by the engine between calls, so that its token and its
/// rate budget are shared by all of them.
pub struct Account {
    pub ids: IdSpace,
    pub credentials: Credentials,
    pub http: VendorHttp,
    /// As in the manifest's limits, unless the operator says otherwise.
    pub shows_within: Duration,
}

impl Account {
    /// The same account; `log` hears of every request.
    pub fn logged(&self, log: Arc<dyn RequestLog>) -> Self {
        let Self { ids, credentials, http, shows_within } = self;
        Self { ids: *ids, credentials: credentials.clone(), http: http.logged(log), shows_within: *shows_within }
    }
}

/// By `CredentialField.key`.
#[derive(Debug, Clone, Default)]
pub struct Credentials(pub HashMap<String, SecretString>);

impl Credentials {
    /// The value of a field; empty when it was not given.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", ExposeSecret::expose_secret)
    }
}

pub struct ReadPage<'a> {
    pub stream: &'a str,
    /// Opaque to the engine; as an earlier page returned it.
    pub cursor: Option<&'a str>,
    /// What earlier streams of this run, and earlier pages of this one, left.
    pub carried: &'a Carried,
    /// Only what changed at or after this moment is wanted, of streams of which the vendor can tell; more does no
    /// harm. None: everything.
    pub since: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub struct Page {
    pub records: Vec<Snapshot>,
    /// Records that could not be understood: left as they are here, never taken for deleted.
    pub problems: Vec<Problem>,
    /// Facts for later streams.
    pub carry: Vec<Fact>,
    /// None after the last page.
    pub next: Option<String>,
    /// How many records of the stream's first type there are in all, when the vendor says so.
    pub expected: Option<u64>,
}

/// One record that could not be read, while its neighbours could. What comes with it (a job's stages and
/// team) stays as well. A record that is in the page all the same was read but for one field, which is null.
#[derive(Debug, Clone)]
pub struct Problem {
    pub of: RecordType,
    /// None when not even the id could be read, or when all records of the type are concerned: it might be any of
    /// them, so none counts as deleted by what this read shows.
    pub id: Option<Uuid>,
    pub remote_id: Option<String>,
    /// Names endpoint and field; no values.
    pub message: String,
}

/// Something that one stream tells a later one: `(kind, key)` → value. A later fact replaces an earlier one.
#[derive(Debug, Clone)]
pub struct Fact {
    pub kind: &'static str,
    pub key: String,
    pub value: Value,
}

/// The facts that a run's streams have left so far; held in memory by the engine for one run, as compact
/// JSON text.
#[derive(Debug, Default)]
pub struct Carried(HashMap<&'static str, HashMap<Box<str>, Box<str>>>);

impl Carried {
    pub fn put(&mut self, fact: Fact) {
        self.0.entry(fact.kind).or_default().insert(fact.key.into(), fact.value.to_string().into());
    }

    pub fn get(&self, kind: &str, key: &str) -> Option<Value> {
        self.0.get(kind)?.get(key).and_then(|text| serde_json::from_str(text).ok())
    }

    /// The keys of the facts of a kind, in no order.
    pub fn keys(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.get(kind).into_iter().flat_map(|facts| facts.keys().map(AsRef::as_ref))
    }

    /// Whether any fact of this kind has been left.
    pub fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }
}

/// What a parent has now: replaces what it had.
#[derive(Debug)]
pub struct Children {
    /// The parent's remote id.
    pub parent: String,
    pub found: ChildrenOf,
}

#[derive(Debug)]
pub enum ChildrenOf {
    Records(Vec<Snapshot>),
    /// The vendor has no such parent any more.
    Gone,
    /// The answer could not be understood; what is stored stays.
    Unreadable(String),
}
