//! Stands before a simulated vendor, and holds requests back, or answers, so that a test can look, break off or go on
//! exactly there.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::{Notify, watch};

#[derive(Clone)]
pub struct Gate(Arc<Inner>);

/// What becomes of an answer's body.
pub type Mangle = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;

struct Inner {
    rule: Mutex<Option<Rule>>,
    mangle: Mutex<Option<Mangle>>,
    held: Notify,
    open: watch::Sender<u64>,
}

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// On its way there; it goes on when the gate opens.
    Request,
    /// On its way there, where it never arrives.
    Cut,
    /// The vendor did what it asks for; its answer is held.
    Answer,
}

type Concerns = Box<dyn Fn(&Method, &str) -> bool + Send>;

/// Which requests are held: of those that are concerned, the first `skip` pass, and so many are held after them.
struct Rule {
    concerns: Concerns,
    skip: usize,
    left: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Hold(Hold),
    Fail(StatusCode, &'static str),
}

impl Gate {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            rule: Mutex::new(None),
            mangle: Mutex::new(None),
            held: Notify::new(),
            open: watch::Sender::new(0),
        }))
    }

    pub fn before(&self, router: axum::Router) -> axum::Router {
        router.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Holds the `nth` request, counted from 1, whose path begins with `prefix`. Later ones pass.
    pub fn hold(&self, prefix: &str, nth: usize) {
        let prefix = prefix.to_owned();
        let concerns = move |_: &Method, path: &str| path.starts_with(&prefix);
        self.rule(Box::new(concerns), (nth - 1, 1), Then::Hold(Hold::Request));
    }

    /// Holds the first so many requests that write and whose path matches.
    pub fn hold_writes(&self, most: usize, hold: Hold, matches: impl Fn(&str) -> bool + Send + 'static) {
        let concerns = move |method: &Method, path: &str| method == Method::POST && matches(path);
        self.rule(Box::new(concerns), (0, most), Then::Hold(hold));
    }

    /// Answers the next so many requests that write and whose path matches by this status, in the vendor's place.
    pub fn fail_writes(&self, most: usize, status: StatusCode, matches: impl Fn(&str) -> bool + Send + 'static) {
        let concerns = move |method: &Method, path: &str| method == Method::POST && matches(path);
        self.rule(Box::new(concerns), (0, most), Then::Fail(status, ""));
    }

    /// Answers the next so many requests whose path matches by this JSON, in the vendor's place.
    pub fn answer(
        &self,
        most: usize,
        (status, body): (StatusCode, &'static str),
        matches: impl Fn(&str) -> bool + Send + 'static,
    ) {
        self.rule(Box::new(move |_, path| matches(path)), (0, most), Then::Fail(status, body));
    }

    fn rule(&self, concerns: Concerns, (skip, left): (usize, usize), then: Then) {
        *self.0.rule.lock().unwrap() = Some(Rule { concerns, skip, left, then });
    }

    /// Changes the bodies of all answers from now on, or no more.
    pub fn mangle(&self, mangle: Option<Mangle>) {
        *self.0.mangle.lock().unwrap() = mangle;
    }

    /// Waits until one has come that is held.
    pub async fn held(&self) {
        self.0.held.notified().await;
    }

    /// Lets what is held go on, and holds nothing more.
    pub fn open(&self) {
        *self.0.rule.lock().unwrap() = None;
        self.0.open.send_modify(|times| *times += 1);
    }

    fn judge(&self, request: &Request) -> Option<Then> {
        let mut rule = self.0.rule.lock().unwrap();
        let known = rule.as_mut().filter(|rule| (rule.concerns)(request.method(), request.uri().path()))?;
        if known.skip > 0 {
            known.skip -= 1;
            return None;
        }
        let then = known.then;
        known.left -= 1;
        if known.left == 0 {
            *rule = None;
        }
        Some(then)
    }

    async fn wait(&self, mut open: watch::Receiver<u64>) {
        self.0.held.notify_one();
        // An error would mean that the gate is gone, and the test with it.
        let _ = open.changed().await;
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let open = gate.0.open.subscribe();
    let mangle = gate.0.mangle.lock().unwrap().clone();
    if let Some(mangle) = mangle {
        let (mut head, body) = next.run(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        head.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(head, Body::from(mangle(body.to_vec())));
    }
    match gate.judge(&request) {
        None => next.run(request).await,
        Some(Then::Fail(status, "")) => status.into_response(),
        Some(Then::Fail(status, body)) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Some(Then::Hold(Hold::Request)) => {
            gate.wait(open).await;
            next.run(request).await
        }
        Some(Then::Hold(Hold::Cut)) => {
            gate.wait(open).await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(Then::Hold(Hold::Answer)) => {
            let answer = next.run(request).await;
            gate.wait(open).await;
            answer
        }
    }
}
