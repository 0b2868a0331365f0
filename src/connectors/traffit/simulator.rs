//! A stateful stand-in for one TRAFFIT tenant, made from `vendors/traffit.md` and as awkward as that says; the
//! sections cited in this folder are its. It serves the token endpoint, the integration API and the public feed
//! over HTTP, plus a test door of its own under `/_simulator/`. It never calls out: what its
//! webhooks would send is handed to whoever asks. It never reads the machine's clock, and shares no code with the connector that is tested against it.

mod account;
mod catalogue;
mod collection;
mod door;
mod employees;
mod fault;
mod feed;
mod metadata;
mod names;
mod query;
mod records;
mod recruitments;
mod render;
mod reply;
mod route;
mod seed;
mod settings;
#[cfg(test)]
mod tests;
mod token;
mod webhook;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::Response;
use axum::serve::ListenerExt;
use tokio::sync::Notify;

use crate::domain::clock::Clock;

pub use account::{Account, SCOPES};
pub use fault::{ALL as FAULTS, Fault, FaultError, Kind as FaultKind};
pub use records::{
    Activity, Advert, Candidate, CustomField, File, Job, LedgerRow, Record, Responsible, Said, State as WorkflowState,
    User, Workflow,
};
pub use webhook::{Delivery, EVENTS, Event, Subscription, Variant, payload};

use fault::Faults;
use reply::{Call, Reply, Upload};
use route::Desk;

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
    pub client_id: String,
    pub client_secret: String,
}

impl Options {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            candidates: 200,
            jobs: 12,
            seed: 1,
            faults: Vec::new(),
            clock,
            client_id: "acme_hiregraph".to_owned(),
            client_secret: "simulated-secret".to_owned(),
        }
    }
}

/// A request as it came in. Of the headers only those named `X-…` and the content type, in lower case.
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
    orders: collection::Orders,
    /// Goes up with every change, so that an order kept from before is not used again.
    revision: u64,
    requests: VecDeque<SeenRequest>,
    counts: HashMap<(String, String), u64>,
}

/// The simulated tenant. Clones share it.
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
            orders: collection::Orders::default(),
            revision: 0,
            requests: VecDeque::new(),
            counts: HashMap::new(),
        };
        Self { held: Arc::new(Mutex::new(held)), news: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `/oauth2/token`, `/api/integration/v2/…`, `/public/…` and `/_simulator/…`.
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
        let told = call.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-") || *name == "content-type");
        let told = told.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let (method, path) = (call.method.to_string(), call.path.clone());
        *self.counts.entry((method.clone(), path.clone())).or_insert(0) += 1;
        if self.requests.len() >= REMEMBERED {
            self.requests.pop_front();
        }
        self.requests.push_back(SeenRequest { method, path, query: call.query.clone(), headers: told.collect() });
    }

    fn delay(&self, path: &str) -> Duration {
        let mut wait = self.faults.number(FaultKind::SlowMs, path).unwrap_or(0);
        if path.ends_with("/activities") {
            wait += self.faults.number(FaultKind::ActivitiesSlowMs, path).unwrap_or(0);
        }
        Duration::from_millis(wait)
    }

    fn carry_out(&mut self, call: &Call) -> Reply {
        let Self { account, faults, orders, revision, .. } = self;
        let mut desk = Desk { account, faults, orders, call, revision: *revision, has_written: false };
        let reply = if let Some(below) = call.path.strip_prefix(route::BASE) {
            route::integration(&mut desk, below)
        } else if call.path == "/oauth2/token" {
            token::grant(desk.account, desk.faults, call)
        } else if call.path.starts_with("/public/") {
            route::public(&mut desk)
        } else {
            Reply::not_found()
        };
        let has_written = desk.has_written;
        if has_written {
            *revision += 1;
        }
        route::spoil(faults, call, has_written && reply.is_success(), reply)
    }
}

async fn answer(State(simulator): State<Simulator>, request: Request) -> Response<Body> {
    let call = match read(request).await {
        Ok(call) => call,
        Err(refused) => return refused.into_response(),
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
        (held.delay(&call.path), route::instead(&mut held.faults, &call))
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

async fn read(request: Request) -> Result<Call, Reply> {
    let (parts, body) = request.into_parts();
    let too_large = |_| Reply::fail(413, "Payload Too Large");
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(too_large)?;
    let mut call = Call {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.clone(),
        body: body.clone(),
        texts: Vec::new(),
        files: Vec::new(),
    };
    if call.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data")) {
        let request = Request::from_parts(parts, Body::from(body));
        read_parts(request, &mut call).await.map_err(|()| Reply::fail(400, "Malformed multipart body"))?;
    }
    Ok(call)
}

async fn read_parts(request: Request, call: &mut Call) -> Result<(), ()> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(drop)?;
    while let Some(part) = parts.next_field().await.map_err(drop)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let content_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes = part.bytes().await.map_err(drop)?;
        match file_name {
            Some(file_name) => call.files.push((name, Upload { name: file_name, content_type, bytes })),
            None => call.texts.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok(())
}
