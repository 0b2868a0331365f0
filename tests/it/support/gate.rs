//! Holds a simulated vendor's answer back, so that a test can look, break off or go on exactly there.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::sync::{Notify, watch};

#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    rule: Mutex<Option<Rule>>,
    held: Notify,
    open: watch::Sender<u64>,
}

/// The request that is held: so many more whose path begins so.
struct Rule {
    prefix: String,
    left: usize,
}

impl Gate {
    pub fn new() -> Self {
        Self(Arc::new(Inner { rule: Mutex::new(None), held: Notify::new(), open: watch::Sender::new(0) }))
    }

    pub fn before(&self, router: axum::Router) -> axum::Router {
        router.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Holds the `nth` request, counted from 1, whose path begins with `prefix`. Later ones pass.
    pub fn hold(&self, prefix: &str, nth: usize) {
        *self.0.rule.lock().unwrap() = Some(Rule { prefix: prefix.to_owned(), left: nth });
    }

    /// Waits until that request has come.
    pub async fn held(&self) {
        self.0.held.notified().await;
    }

    /// Lets what is held go on, and holds nothing more.
    pub fn open(&self) {
        *self.0.rule.lock().unwrap() = None;
        self.0.open.send_modify(|times| *times += 1);
    }

    fn holds(&self, path: &str) -> bool {
        let mut rule = self.0.rule.lock().unwrap();
        let Some(known) = rule.as_mut().filter(|rule| path.starts_with(&rule.prefix)) else { return false };
        known.left -= 1;
        let holds = known.left == 0;
        if holds {
            *rule = None;
        }
        holds
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let mut open = gate.0.open.subscribe();
    if gate.holds(request.uri().path()) {
        gate.0.held.notify_one();
        // An error would mean that the gate is gone, and the test with it.
        let _ = open.changed().await;
    }
    next.run(request).await
}
