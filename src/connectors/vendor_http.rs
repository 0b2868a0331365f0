//! How every vendor is asked: base URL, token, rate budget, pauses that the vendor asks for, short repeats of
//! safe requests, redirects, and one redacted log line a request. It knows no vendor, and it never repeats a
//! write, except when the vendor refused the token and so did not look at it.

mod answer;
mod budget;
mod call;
mod retry;
mod token;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use metrics::{counter, histogram};
use tokio::time::Instant;
use tracing::{Instrument, debug, info_span};
use url::Url;

pub use crate::net::Body;
pub use answer::{Answer, decode};
pub use budget::LONGEST_PAUSE;
pub use call::Call;
pub use token::{Authenticator, Token};

use super::error::{Error, ErrorKind, Retry};
use super::manifest::Limits;
use super::redact;
use super::request_log::{RequestLog, Sent};
use crate::domain::Clock;
use crate::net;
use budget::{Budget, rate_limited};
use token::{Held, TokenCache};

/// Redirects that one GET follows.
const REDIRECTS: usize = 5;

/// What is needed to reach one account.
pub struct Settings {
    /// The vendor's name in messages.
    pub vendor: &'static str,
    /// The root below which the vendor's paths lie.
    pub base_url: String,
    /// Whether the operator set the base URL by hand: it may lie on a private host, and has no rate budget.
    pub trusted: bool,
    pub limits: Limits,
    pub authenticator: Arc<dyn Authenticator>,
    pub clock: Arc<dyn Clock>,
}

/// One account's way to its vendor. Cheap to clone; clones share token, budget and pause.
#[derive(Clone)]
pub struct VendorHttp {
    shared: Arc<Inner>,
    /// Hears of every request; of this clone and of its clones.
    log: Option<Arc<dyn RequestLog>>,
}

type OnPause = Box<dyn Fn(Duration) + Send + Sync>;

struct Inner {
    vendor: &'static str,
    base: Url,
    client: net::Client,
    /// For one request with its answer.
    timeout: Duration,
    budget: Budget,
    authenticator: Arc<dyn Authenticator>,
    token: TokenCache,
    clock: Arc<dyn Clock>,
    /// Told when the vendor asks for a pause.
    on_pause: OnceLock<OnPause>,
    /// Makes the jitter of two repeats at the same time differ.
    repeats: AtomicU64,
}

/// The way to the vendor without a token: what an [`Authenticator`] gets, which could not wait for itself.
#[derive(Clone, Copy)]
pub struct Anonymous<'a>(&'a VendorHttp);

/// Why there is no answer, for the caller that must tell a wrong host name from other trouble.
#[derive(Debug)]
pub enum Unanswered {
    NoSuchHost(Error),
    Other(Error),
}

impl Anonymous<'_> {
    /// As [`VendorHttp::send`].
    pub async fn send(&self, call: Call) -> Result<Answer, Unanswered> {
        let call = call.anonymous();
        let answer = self.0.attempts(&call).await.map_err(|failure| {
            let unknown = matches!(failure, Failure::Net(net::Error::NoSuchHost));
            let error = self.0.explain(&call, failure);
            if unknown { Unanswered::NoSuchHost(error) } else { Unanswered::Other(error) }
        })?;
        self.0.usable(answer).map_err(Unanswered::Other)
    }

    pub fn clock(&self) -> &dyn Clock {
        self.0.shared.clock.as_ref()
    }
}

enum Failure {
    Net(net::Error),
    Ours(Error),
}

impl VendorHttp {
    /// Sends nothing.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let vendor = settings.vendor;
        let base = Url::parse(&settings.base_url).ok().filter(Url::has_host).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("the base URL of {vendor} is not a URL with a host"))
        })?;
        let client = if settings.trusted { trusted_client(&base) } else { guarded_client() };
        let client = client.map_err(|error| unreachable_host(vendor, &error))?;
        client.permits(&base).map_err(|error| unreachable_host(vendor, &error))?;
        let per_second = (!settings.trusted).then_some(settings.limits.requests_per_second);
        let shared = Arc::new(Inner {
            vendor,
            base,
            client,
            timeout: settings.limits.read_timeout,
            budget: Budget::new(per_second, settings.limits.concurrency),
            authenticator: settings.authenticator,
            token: TokenCache::default(),
            clock: settings.clock,
            on_pause: OnceLock::new(),
            repeats: AtomicU64::new(0),
        });
        Ok(Self { shared, log: None })
    }

    /// The same way, of which `log` hears.
    pub fn logged(&self, log: Arc<dyn RequestLog>) -> Self {
        Self { shared: self.shared.clone(), log: Some(log) }
    }

    /// The vendor's answer, unless it says "not now" (429 and 5xx, after the repeats that a safe request
    /// gets): that is an error. What other refusals mean is the vendor's folder to say.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        self.exchange(call).await.and_then(|answer| self.usable(answer))
    }

    /// The vendor's last answer, whatever its status.
    pub async fn exchange(&self, call: Call) -> Result<Answer, Error> {
        self.attempts(&call).await.map_err(|failure| self.explain(&call, failure))
    }

    /// For the few calls that carry no token, and for tests of the credentials.
    pub fn anonymous(&self) -> Anonymous<'_> {
        Anonymous(self)
    }

    /// Makes a new token, whether or not there is one.
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.shared.token.clear().await;
        self.held(None).await.map(drop)
    }

    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
    }

    /// Sends nothing for so long: the vendor asked for it, here or of another process.
    pub fn pause(&self, time: Duration) {
        self.shared.budget.pause(time);
    }

    /// Calls this whenever the vendor asks for a pause. Once for an account.
    pub fn on_pause(&self, told: impl Fn(Duration) + Send + Sync + 'static) {
        // A second one would be told the same.
        let _ = self.shared.on_pause.set(Box::new(told));
    }

    /// Where the account lies: what a link that the vendor sends has to lead back to.
    pub fn origin(&self) -> url::Origin {
        self.shared.base.origin()
    }

    async fn held(&self, refused: Option<&Held>) -> Result<Held, Error> {
        let inner = &self.shared;
        inner.token.get(refused, inner.authenticator.as_ref(), Anonymous(self), inner.clock.as_ref()).await
    }

    async fn attempts(&self, call: &Call) -> Result<Answer, Failure> {
        let mut attempt = 1;
        let mut refused: Option<Held> = None;
        loop {
            let held = match call.anonymous {
                true => None,
                false => Some(self.held(refused.as_ref()).await.map_err(Failure::Ours)?),
            };
            let last = attempt >= retry::ATTEMPTS || !call.is_safe();
            let mut asked = None;
            match self.follow(call, held.as_ref(), attempt).await {
                Ok(answer) => {
                    if held.is_some() && refused.is_none() && self.shared.authenticator.refused(&answer) {
                        refused = held;
                        continue;
                    }
                    asked = retry::retry_after(&answer, self.shared.clock.now());
                    if let Some(pause) = asked {
                        self.pause(pause);
                        if let Some(told) = self.shared.on_pause.get() {
                            told(pause);
                        }
                    }
                    let too_long = asked.is_some_and(|pause| pause > LONGEST_PAUSE);
                    if last || too_long || !retry::is_transient(answer.status) {
                        return Ok(answer);
                    }
                }
                Err(Failure::Net(
                    net::Error::Timeout | net::Error::Broken | net::Error::Connect | net::Error::Lookup,
                )) if !last => {}
                Err(failure) => return Err(failure),
            }
            if asked.is_none() {
                tokio::time::sleep(retry::pause_before(attempt, self.seed())).await;
            }
            attempt += 1;
        }
    }

    /// Sends the call and goes where a GET is redirected to, within the same origin.
    async fn follow(&self, call: &Call, held: Option<&Held>, attempt: u32) -> Result<Answer, Failure> {
        let shape = |text: &str| Failure::Ours(Error::new(ErrorKind::Shape, format!("{} {text}", call.endpoint)));
        let mut url = call.url(&self.shared.base).map_err(Failure::Ours)?;
        for _ in 0..=REDIRECTS {
            let answer = self.once(call, &url, held, attempt).await?;
            if !answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            let to = answer.header(LOCATION.as_str()).and_then(|to| url.join(to).ok());
            let may_go = |to: &Url| call.may_go_to(&self.shared.base, to);
            if call.takes_any_answer() && !(call.reads() && to.as_ref().is_some_and(may_go)) {
                return Ok(answer);
            }
            if !call.reads() {
                let moved = Error::new(ErrorKind::Shape, format!("{} answered a write with a redirect", call.endpoint));
                return Err(Failure::Ours(moved.may_have_arrived(true)));
            }
            let to = to.ok_or_else(|| shape("redirects to nowhere"))?;
            if !may_go(&to) {
                return Err(shape("redirects to another host"));
            }
            url = to;
        }
        Err(shape("redirects too often"))
    }

    /// One request and its line in the log.
    async fn once(&self, call: &Call, url: &Url, held: Option<&Held>, attempt: u32) -> Result<Answer, Failure> {
        let inner = &self.shared;
        let mut headers = call.headers.clone();
        if let Some(held) = held {
            inner.authenticator.apply(&held.value, &mut headers).map_err(Failure::Ours)?;
        }
        let permit = inner.budget.turn().await.map_err(Failure::Ours)?;
        let (at, begin) = (inner.clock.now(), Instant::now());
        let sent = inner
            .client
            .send(net::Request {
                method: call.method.clone(),
                url: url.clone(),
                headers,
                body: call.body.clone(),
                timeout: Some(inner.timeout),
            })
            .instrument(
                info_span!("vendor request", vendor = inner.vendor, method = %call.method, endpoint = %call.endpoint),
            )
            .await;
        drop(permit);
        let took = begin.elapsed();
        let status = sent.as_ref().map_or_else(|_| "none".to_owned(), |answer| answer.status.as_str().to_owned());
        histogram!("hiregraph_vendor_seconds", "vendor" => inner.vendor).record(took);
        counter!("hiregraph_vendor_requests_total", "vendor" => inner.vendor, "status" => status).increment(1);
        let (vendor, method, path) =
            (inner.vendor, call.method.as_str(), redact::target(url.path(), url.query().unwrap_or_default()));
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(log) = &self.log {
            let (request_body, response_body) = bodies(call, sent.as_ref().ok());
            log.note(Sent {
                at,
                took,
                method: method.to_owned(),
                url: redact::url(url),
                status: sent.as_ref().ok().map(|response| response.status.as_u16()),
                request_body,
                response_body,
                error: sent.as_ref().err().map(ToString::to_string),
            });
        }
        match sent {
            Ok(response) => {
                let status = response.status.as_u16();
                debug!(vendor, method, path, status, duration_ms, attempt, "vendor request");
                Ok(Answer {
                    status: response.status,
                    headers: response.headers,
                    body: response.body,
                    endpoint: call.endpoint.to_string(),
                })
            }
            Err(error) => {
                debug!(vendor, method, path, %error, duration_ms, attempt, "vendor request");
                Err(Failure::Net(error))
            }
        }
    }

    fn usable(&self, answer: Answer) -> Result<Answer, Error> {
        let status = answer.status;
        if !retry::is_transient(status) {
            return Ok(answer);
        }
        let pause = retry::retry_after(&answer, self.shared.clock.now());
        if status == StatusCode::TOO_MANY_REQUESTS {
            let limited = pause.map_or_else(
                || {
                    Error::new(
                        ErrorKind::RateLimited,
                        format!("{} limits how often it may be asked", self.shared.vendor),
                    )
                },
                rate_limited,
            );
            return Err(limited.private(answer.endpoint));
        }
        let retry = pause.map_or(Retry::BackOff, Retry::After);
        let text = format!("{} of {} answered with status {}", answer.endpoint, self.shared.vendor, status.as_u16());
        Err(Error::new(ErrorKind::Unavailable, text).retry(retry).may_have_arrived(true))
    }

    fn explain(&self, call: &Call, failure: Failure) -> Error {
        let net_error = match failure {
            Failure::Ours(error) => return error,
            Failure::Net(error) => error,
        };
        let vendor = self.shared.vendor;
        let error = match &net_error {
            net::Error::Refused(_) | net::Error::SetUp(_) => unreachable_host(vendor, &net_error),
            net::Error::TooLarge(_) => Error::new(ErrorKind::Shape, format!("{}: {net_error}", call.endpoint)),
            _ => Error::new(ErrorKind::Unavailable, format!("{vendor} cannot be reached: {net_error}")),
        };
        error.may_have_arrived(net_error.may_have_arrived()).private(format!("{} {}", call.method, call.endpoint))
    }

    fn seed(&self) -> u64 {
        let count = self.shared.repeats.fetch_add(1, Ordering::Relaxed);
        self.shared.clock.now().timestamp_millis().unsigned_abs().wrapping_mul(1_000_003).wrapping_add(count)
    }
}

/// What is told of the bodies: nothing of a read that went well, which would be all that is mirrored.
fn bodies(call: &Call, response: Option<&net::Response>) -> (Option<String>, Option<String>) {
    let went_well = response.is_some_and(|response| response.status.as_u16() < 400);
    if went_well && call.reads() && !call.takes_any_answer() {
        return (None, None);
    }
    let kind =
        |headers: &http::HeaderMap| headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let asked = kind(&call.headers);
    let asked = match call.body.at_hand() {
        Some(bytes) => redact::body(asked.as_deref(), bytes),
        None => redact::unread(asked.as_deref(), call.body.length()),
    };
    (asked, response.and_then(|response| redact::body(kind(&response.headers).as_deref(), &response.body)))
}

fn unreachable_host(vendor: &str, error: &net::Error) -> Error {
    Error::new(ErrorKind::Invalid, format!("the host of {vendor} cannot be used: {error}"))
}

/// The silence that a client bears is bounded by each request's own timeout, which is shorter.
fn options() -> net::Options {
    net::Options { read_timeout: Duration::from_secs(600), ..net::Options::default() }
}

fn trusted_client(base: &Url) -> Result<net::Client, net::Error> {
    net::Client::trusted(base, &options())
}

/// One for all accounts of all vendors: making one reads the system's certificates.
fn guarded_client() -> Result<net::Client, net::Error> {
    static SHARED: Mutex<Option<net::Client>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = &*shared {
        return Ok(client.clone());
    }
    let client = net::Client::guarded(&options())?;
    *shared = Some(client.clone());
    Ok(client)
}

#[cfg(test)]
mod tests;
