//! A customer's server for webhooks: keeps everything it is told, and answers some of it badly. Nothing is answered
//! badly twice, because the second pause before a delivery is tried again is minutes long.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use drive::Outcome;
use http_body::Frame;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::chance::Chance;

/// After a bad answer all is well for so long, because a lane waits for five seconds then.
const WELL: Duration = Duration::from_secs(12);

#[derive(Debug, Clone)]
pub struct Told {
    /// The last part of the path.
    pub endpoint: String,
    /// The same with every attempt.
    pub id: String,
    pub body: Value,
}

struct Heard {
    told: Vec<Told>,
    known: HashSet<(String, String)>,
    chance: Chance,
    /// Of the deliveries that may be answered badly, in percent.
    bad_percent: u64,
    /// When a lane was answered badly last: an endpoint and an integration.
    bad: HashMap<(String, String), Instant>,
}

impl Heard {
    fn is_bad(&mut self) -> bool {
        self.chance.percent(self.bad_percent)
    }
}

type Shared = Arc<Mutex<Heard>>;

pub struct Receiver {
    pub address: String,
    heard: Shared,
    _server: JoinSet<std::io::Result<()>>,
}

impl Receiver {
    pub async fn start(chance: Chance, bad_percent: u64) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let heard: Shared = Arc::new(Mutex::new(Heard {
            told: Vec::new(),
            known: HashSet::new(),
            chance,
            bad_percent,
            bad: HashMap::new(),
        }));
        let router = Router::new().route("/{endpoint}", axum::routing::post(hear)).with_state(heard.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, heard, _server: server })
    }

    /// Everything, in the order in which it came.
    pub fn told(&self) -> Vec<Told> {
        lock(&self.heard).told.clone()
    }
}

fn lock(heard: &Shared) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn hear(State(heard): State<Shared>, Path(endpoint): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let mut heard = lock(&heard);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let lane = (endpoint.clone(), body["integrationId"].as_str().unwrap_or_default().to_owned());
    let is_new = heard.known.insert((endpoint.clone(), id.clone()));
    heard.told.push(Told { endpoint, id, body });
    let may_be_bad = is_new && heard.bad.get(&lane).is_none_or(|last| last.elapsed() > WELL);
    if !may_be_bad || !heard.is_bad() {
        return StatusCode::NO_CONTENT.into_response();
    }
    heard.bad.insert(lane, Instant::now());
    if heard.chance.percent(50) {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    } else {
        Response::new(Body::new(Cut))
    }
}

/// A body that breaks off before its first byte, and the connection with it.
struct Cut;

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("cut"))))
    }
}
