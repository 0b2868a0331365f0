//! A stateful stand-in for one HR WORKS account, made from `vendors/hrworks.md` and as awkward as that says; the
//! sections cited in this folder are its. It serves authentication, the recruiting and supporting endpoints and
//! the webhooks' configuration over HTTP, plus a test door of its own under `/_simulator/`. It never calls out:
//! what its webhooks would send is handed to whoever asks. It never reads the machine's clock, and shares no code with the connector that is
//! tested against it.

mod account;
mod catalogue;
mod door;
mod fault;
mod names;
mod records;
mod recruiting;
mod render;
mod reply;
mod route;
mod seed;
#[cfg(test)]
mod tests;
mod token;
mod webhook;
mod writing;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Response;
use axum::serve::ListenerExt;
use tokio::sync::Notify;

use crate::domain::clock::Clock;

pub use account::{Account, CATEGORIES};
pub use fault::{ALL as FAULTS, Fault, FaultError, Kind as FaultKind};
pub use records::{
    Address, Applicant, Document, Establishment, JobApplication, Key, Offer, Person, Post, Record, Unit,
};
pub use webhook::{Delivery, Webhook};

use fault::Faults;
use reply::{Call, Reply};
use route::{Desk, Orders};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;
/// How many requests are remembered in full.
const REMEMBERED: usize = 10_000;

pub struct Options {
    pub candidates: usize,
    pub jobs: usize,
    pub seed: u64,
    pub faults: Vec<Fault>,
    pub clock: Arc<dyn Clock>,
    pub access_key: String,
    pub secret_access_key: String,
}

impl Options {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            candidates: 200,
            jobs: 12,
            seed: 1,
            faults: Vec::new(),
            clock,
            access_key: "SimulatedAccessKey+/".to_owned(),
            secret_access_key: "simulated/secret+access/key".to_owned(),
        }
    }
}

/// A request as it came in. Of the headers only those named `X-…`, the content type and what is accepted, in
/// lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRequest {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: BTreeMap<String, String>,
}

/// Everything behind the one lock.
struct Held {
    account: Account,
    faults: Faults,
    orders: Orders,
    /// Goes up with every change, so that an order kept from before is not used again.
    revision: u64,
    requests: VecDeque<SeenRequest>,
    counts: HashMap<(String, String), u64>,
}

/// The simulated account. Clones share it.
#[derive(Clone)]
pub struct Simulator {
    held: Arc<Mutex<Held>>,
    /// Told when there are deliveries.
    news: Arc<Notify>,
}

impl Simulator {
    pub fn new(options: Options) -> Self {
        let account = seed::account(&options);
        let held = Held {
            account,
            faults: Faults::new(options.faults, options.seed),
            orders: Orders::default(),
            revision: 0,
            requests: VecDeque::new(),
            counts: HashMap::new(),
        };
        Self { held: Arc::new(Mutex::new(held)), news: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `/v2/…`, the files that links lead to, and `/_simulator/…`.
    pub fn router(&self) -> axum::Router {
        axum::Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(self.clone())
    }

    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        // A listener that cannot set it is only slower.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }

    /// Replaces all faults; their counters begin again.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        let mut held = self.lock();
        held.faults.replace(faults);
        held.revision += 1;
    }

    /// Changes the account while no request is being answered.
    pub fn edit<T>(&self, change: impl FnOnce(&mut Account) -> T) -> T {
        let mut held = self.lock();
        held.revision += 1;
        let changed = change(&mut held.account);
        self.announce(&held);
        changed
    }

    fn announce(&self, held: &Held) {
        if !held.account.deliveries.is_empty() {
            self.news.notify_one();
        }
    }

    /// Waits until webhooks would send something, and takes it.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        loop {
            let taken = self.lock().account.take_deliveries();
            if !taken.is_empty() {
                return taken;
            }
            self.news.notified().await;
        }
    }

    /// The last 10,000 requests in order, without those at the test door.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.lock().requests.iter().cloned().collect()
    }

    pub fn clear_requests(&self) {
        let mut held = self.lock();
        held.requests.clear();
        held.counts.clear();
    }

    /// How many requests with that method (any, when empty) came to paths that begin so, since the start or
    /// since they were cleared.
    pub fn count(&self, method: &str, path_prefix: &str) -> usize {
        let held = self.lock();
        let matching = held.counts.iter().filter(|((seen, path), _)| {
            (method.is_empty() || seen.eq_ignore_ascii_case(method)) && path.starts_with(path_prefix)
        });
        matching.map(|(_, count)| usize::try_from(*count).unwrap_or(usize::MAX)).sum()
    }
}

impl Held {
    fn remember(&mut self, call: &Call) {
        let told = |name: &str| name.starts_with("x-") || ["content-type", "accept"].contains(&name);
        let told = call.headers.iter().filter(|(name, _)| told(name.as_str()));
        let told = told.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let (method, path) = (call.method.to_string(), call.path.clone());
        *self.counts.entry((method.clone(), path.clone())).or_insert(0) += 1;
        if self.requests.len() >= REMEMBERED {
            self.requests.pop_front();
        }
        self.requests.push_back(SeenRequest { method, path, query: call.query.clone(), headers: told.collect() });
    }

    fn carry_out(&mut self, call: &Call) -> Reply {
        let Self { account, faults, orders, revision, .. } = self;
        let mut desk = Desk { account, faults, orders, call, revision: *revision, has_written: false };
        let reply = route::answer(&mut desk);
        *revision = desk.revision + u64::from(desk.has_written);
        route::spoil(faults, call, reply)
    }
}

async fn answer(State(simulator): State<Simulator>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return Reply::refuse(413, "InvalidPayloadError", "The payload is too large").into_response();
    };
    let call = Call {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        headers: parts.headers,
        body,
    };
    if call.path.starts_with("/_simulator/") {
        let mut held = simulator.lock();
        let reply = door::answer(&mut held, &call);
        simulator.announce(&held);
        return reply.into_response();
    }
    let (wait, instead) = {
        let mut held = simulator.lock();
        held.remember(&call);
        let wait = Duration::from_millis(held.faults.number(FaultKind::SlowMs, &call.path).unwrap_or(0));
        (wait, route::instead(&mut held.faults, &call))
    };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match instead {
        Some(reply) => reply.into_response(),
        None => {
            let mut held = simulator.lock();
            let reply = held.carry_out(&call);
            simulator.announce(&held);
            reply.into_response()
        }
    }
}
