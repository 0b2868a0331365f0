//! A customer's server on loopback: keeps what it is told, and answers what a test wants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::task::JoinSet;

use super::gate::Gate;

pub struct Receiver {
    pub address: SocketAddr,
    pub gate: Gate,
    heard: Arc<Heard>,
    _server: JoinSet<()>,
}

/// What a request to a path is answered: status and headers.
type Planned = (String, StatusCode, Vec<(&'static str, String)>);

#[derive(Default)]
struct Heard {
    told: Mutex<Vec<Told>>,
    /// What the next requests to a path are answered; 204 when there is none.
    answers: Mutex<VecDeque<Planned>>,
    came: tokio::sync::Notify,
}

#[derive(Debug, Clone)]
pub struct Told {
    pub path: String,
    pub headers: HeaderMap,
    pub raw: Bytes,
    pub body: Value,
}

impl Told {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn event(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Heard::default());
        let gate = Gate::new();
        let router = gate.before(axum::Router::new().fallback(hear).with_state(heard.clone()));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, gate, heard, _server: server }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request to this path is answered so.
    pub fn answer(&self, path: &str, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        self.heard.answers.lock().unwrap().push_back((path.to_owned(), status, headers));
    }

    /// From now on all is well, whatever answers were left.
    pub fn answer_well(&self) {
        self.heard.answers.lock().unwrap().clear();
    }

    pub fn told(&self, path: &str) -> Vec<Told> {
        self.heard.told.lock().unwrap().iter().filter(|told| told.path == path).cloned().collect()
    }

    /// What this path was told since the last time somebody took it.
    pub fn take(&self, path: &str) -> Vec<Told> {
        let mut all = self.heard.told.lock().unwrap();
        let (taken, left) = std::mem::take(&mut *all).into_iter().partition(|told| told.path == path);
        *all = left;
        taken
    }

    /// Waits until what this path was told is enough.
    pub async fn until(&self, path: &str, is_enough: impl Fn(&[Told]) -> bool) {
        let waiting = async {
            while !is_enough(&self.told(path)) {
                self.heard.came.notified().await;
            }
        };
        tokio::time::timeout(super::child::PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{path} was not told"));
    }
}

async fn hear(State(heard): State<Arc<Heard>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let raw = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&raw).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    heard.told.lock().unwrap().push(Told { path: path.clone(), headers: parts.headers, raw, body });
    heard.came.notify_one();
    let mut answers = heard.answers.lock().unwrap();
    let at = answers.iter().position(|(of, ..)| *of == path);
    let Some((_, status, headers)) = at.and_then(|at| answers.remove(at)) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let mut answer = status.into_response();
    for (name, value) in headers {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    answer
}
