//! Requests to and from vendors on their way into the log: gathered in memory, and written beside the work, many at
//! once, so that nothing waits for it. A process that dies loses those of its last moment.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::{Engine, Error, Incoming};
use crate::connectors::{RequestLog, Sent, redact};
use crate::domain::{Ids, NodeId, NodeType, RequestDirection};
use crate::store::{Cause, NewRequest, request_id};

/// The pause in which requests are gathered.
const MOMENT: Duration = Duration::from_millis(500);
/// What comes beyond is not logged: the database does not keep up.
const MOST: usize = 20_000;
/// Of callers whom nobody knows: whoever floods the door must not flood the log.
const MOST_REFUSED: usize = 50;

#[derive(Default)]
pub(super) struct Requests {
    waiting: Mutex<Waiting>,
    came: Notify,
    /// How many there were: keeps those of one millisecond in their order.
    count: AtomicU32,
}

#[derive(Default)]
struct Waiting {
    requests: Vec<NewRequest>,
    refused: usize,
    left_out: u64,
}

impl Requests {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, sent: &Sent, ids: &dyn Ids) -> Uuid {
        let mut random = [0; 6];
        ids.fill(&mut random);
        request_id(sent.at, self.count.fetch_add(1, Ordering::Relaxed), random)
    }

    fn put(&self, request: NewRequest) {
        let mut waiting = self.waiting();
        if waiting.requests.len() < MOST {
            waiting.requests.push(request);
        } else {
            waiting.left_out += 1;
        }
        drop(waiting);
        self.came.notify_one();
    }
}

/// Hears of what one piece of work asks its vendor.
pub(super) struct Noting {
    requests: Arc<Requests>,
    ids: Arc<dyn Ids>,
    integration: Uuid,
    cause: Option<Cause>,
}

impl Noting {
    fn request(&self, sent: Sent, direction: RequestDirection) -> NewRequest {
        NewRequest {
            integration: self.integration,
            id: self.requests.id(&sent, self.ids.as_ref()),
            direction,
            at: sent.at,
            took: Some(sent.took),
            method: sent.method,
            url: sent.url,
            status: sent.status,
            request_body: sent.request_body,
            response_body: sent.response_body,
            error: sent.error,
            cause: self.cause,
        }
    }
}

impl RequestLog for Noting {
    fn note(&self, sent: Sent) {
        self.requests.put(self.request(sent, RequestDirection::Outgoing));
    }
}

/// Hears of what is asked before there is an integration.
pub(super) struct HeldBack {
    sent: Mutex<Vec<Sent>>,
    noting: Noting,
}

impl HeldBack {
    /// The integration is there.
    pub fn let_go(&self) {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        sent.into_iter().for_each(|sent| self.noting.note(sent));
    }
}

impl RequestLog for HeldBack {
    fn note(&self, sent: Sent) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
    }
}

/// What a vendor's call was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    pub status: u16,
    /// Why it was not kept.
    pub refused: Option<&'static str>,
    pub took: Duration,
}

impl Engine {
    /// Who is to hear of the requests of a piece of work.
    pub(super) fn noting(&self, integration: Uuid, cause: Option<Cause>) -> Noting {
        let (requests, ids) = (self.0.requests.clone(), self.0.options.ids.clone());
        Noting { requests, ids, integration, cause }
    }

    pub(super) fn held_back(&self, integration: Uuid) -> HeldBack {
        HeldBack { sent: Mutex::default(), noting: self.noting(integration, None) }
    }

    /// Notes what came in at the door for an integration, if there is such a one.
    pub fn note_received(&self, incoming: &Incoming<'_>, answered: Answered) {
        let Some(integration) = NodeId::parse_as(NodeType::Integration, incoming.integration) else { return };
        if answered.refused.is_some() {
            let mut waiting = self.0.requests.waiting();
            if waiting.refused >= MOST_REFUSED {
                return;
            }
            waiting.refused += 1;
        }
        let path = ["/webhooks", incoming.connector, incoming.integration, incoming.subscription].join("/");
        let kind = incoming.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let sent = Sent {
            at: self.clock().now(),
            took: answered.took,
            method: "POST".to_owned(),
            url: redact::target(&path, incoming.query),
            status: Some(answered.status),
            request_body: redact::body(kind, &incoming.body),
            response_body: None,
            error: answered.refused.map(str::to_owned),
        };
        let request = self.noting(integration, None).request(sent, RequestDirection::Incoming);
        self.0.requests.put(request);
    }

    /// Writes what has been gathered, again and again, until told to stop. What comes then is left to
    /// [`Engine::settle`].
    pub async fn keep_requests(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = self.0.requests.came.notified() => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(MOMENT) => {}
                () = stop.cancelled() => {}
            }
            self.write_requests().await;
        }
    }

    pub(super) async fn write_requests(&self) {
        let Waiting { requests, left_out, .. } = std::mem::take(&mut *self.0.requests.waiting());
        if left_out > 0 {
            warn!(left_out, "the request log is incomplete: the database does not keep up");
        }
        if let Err(error) = self.write(&requests).await {
            warn!(%error, requests = requests.len(), "requests could not be logged");
        }
    }

    async fn write(&self, requests: &[NewRequest]) -> Result<(), Error> {
        Ok(self.store().add_vendor_requests(requests).await?)
    }
}
