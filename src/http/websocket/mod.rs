//! The WebSocket protocol `graphql-transport-ws`: several operations over one connection. Our own, because the
//! library's ends a connection without a key with no code of the protocol, checks no variables and has no bounds.

mod message;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{self, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, AbortHandle, BoxStream, SelectAll};
use futures::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::time::Instant;

use super::Doors;
use super::caller::{
    Credential, TIMEOUT, UNKNOWN, admission, bearer, carry_out, late, rate_limited, refused, unavailable,
};
use super::graphql_over_http::{Unusable, coded, is_refused, parse_message};
use crate::graphql::Told;
use message::{Incoming, Outgoing};

const PROTOCOL: &str = "graphql-transport-ws";
/// The largest message that is read, in bytes.
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// A caller has so long to say who it is.
const INIT: Duration = Duration::from_secs(10);
/// A caller that was silent for so long is asked whether it is there.
const PING: Duration = Duration::from_secs(15);
/// One that is silent for so long is not.
const GONE: Duration = Duration::from_secs(60);
/// Operations of one connection at once.
const MOST_OPERATIONS: usize = 100;

/// Why a connection is closed: the codes of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    Gone,
    GoingAway,
    Unavailable,
    BadRequest(&'static str),
    Unauthorized,
    Forbidden,
    UnknownProtocol,
    InitTimeout,
    TwiceTheSameId,
    TwiceInitialised,
}

impl Close {
    fn frame(self) -> Option<ws::CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::GoingAway => (1001, "this process ends: connect again"),
            Self::Unavailable => (1013, "the database does not answer: connect again later"),
            Self::BadRequest(reason) => (4400, reason),
            Self::Unauthorized => (4401, "Unauthorized"),
            Self::Forbidden => (4403, "Forbidden"),
            Self::UnknownProtocol => (4406, "Subprotocol not acceptable"),
            Self::InitTimeout => (4408, "Connection initialisation timeout"),
            Self::TwiceTheSameId => (4409, "Subscriber for this id already exists"),
            Self::TwiceInitialised => (4429, "Too many initialisation requests"),
        };
        Some(ws::CloseFrame { code, reason: reason.into() })
    }
}

/// `GET /graphql/ws`. The key comes in the header, or in the payload of `connection_init` from a browser, which cannot
/// set one.
pub async fn upgrade(
    State(doors): State<Doors>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let caller = bearer(&headers).map(|secret| Credential::new(doors.clone(), secret));
    if let Some(caller) = &caller {
        match caller.look_up().await {
            Ok(Some(_)) => {}
            Ok(None) => return refused(UNKNOWN),
            Err(_) => return unavailable(),
        }
    }
    let place = match doors.0.room.socket() {
        Ok(place) => place,
        Err(overload) => return overload.into_response(),
    };
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
    let speaks = upgrade.selected_protocol().is_some();
    upgrade.on_upgrade(move |socket| async move {
        let mut connection = Connection::new(doors, socket, caller.map(Arc::new));
        let close = if speaks { connection.serve().await } else { Close::UnknownProtocol };
        connection.close(close).await;
        drop(place);
    })
}

/// What an operation under way has to say.
enum Happened {
    Told(String, Box<Told>),
    Over(String),
}

struct Connection {
    doors: Doors,
    socket: WebSocket,
    caller: Option<Arc<Credential>>,
    /// Whether the caller was told that it may begin.
    acknowledged: bool,
    operations: SelectAll<BoxStream<'static, Happened>>,
    /// By the caller's id of the operation.
    running: HashMap<String, AbortHandle>,
    heard: Instant,
}

impl Connection {
    fn new(doors: Doors, socket: WebSocket, caller: Option<Arc<Credential>>) -> Self {
        Self {
            doors,
            socket,
            caller,
            acknowledged: false,
            operations: SelectAll::new(),
            running: HashMap::new(),
            heard: Instant::now(),
        }
    }

    async fn close(mut self, close: Close) {
        if let Some(frame) = close.frame() {
            // Whoever is gone already cannot be told.
            let _ = self.socket.send(ws::Message::Close(Some(frame))).await;
        }
    }

    async fn serve(&mut self) -> Close {
        let stop = self.doors.0.stop.clone();
        let begun = Instant::now();
        let mut ticks = tokio::time::interval_at(begun + INIT, INIT);
        loop {
            let outcome = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.receive(message).await,
                    _ => Err(Close::Gone),
                },
                Some(happened) = self.operations.next(), if !self.operations.is_empty() => self.tell(happened).await,
                _ = ticks.tick() => self.tick().await,
                () = stop.cancelled() => Err(Close::GoingAway),
            };
            if let Err(close) = outcome {
                return close;
            }
        }
    }

    async fn tick(&mut self) -> Result<(), Close> {
        if !self.acknowledged {
            return Err(Close::InitTimeout);
        }
        match self.heard.elapsed() {
            silent if silent > GONE => Err(Close::Gone),
            silent if silent > PING => self.socket.send(ws::Message::Ping(Bytes::new())).await.map_err(|_| Close::Gone),
            _ => Ok(()),
        }
    }

    async fn receive(&mut self, message: ws::Message) -> Result<(), Close> {
        self.heard = Instant::now();
        let incoming = match &message {
            ws::Message::Text(text) => Incoming::read(text.as_bytes()),
            ws::Message::Binary(bytes) => Incoming::read(bytes),
            ws::Message::Ping(_) | ws::Message::Pong(_) => return Ok(()),
            ws::Message::Close(_) => return Err(Close::Gone),
        };
        match incoming.ok_or(Close::BadRequest("Invalid message"))? {
            Incoming::ConnectionInit { payload } => self.init(payload).await,
            Incoming::Ping { payload } => self.send(&Outgoing::Pong { payload }).await,
            Incoming::Pong {} => Ok(()),
            Incoming::Subscribe { id, payload } => self.subscribe(id, payload).await,
            Incoming::Complete { id } => {
                if let Some(operation) = self.running.remove(&id) {
                    operation.abort();
                }
                Ok(())
            }
        }
    }

    async fn init(&mut self, payload: Option<Value>) -> Result<(), Close> {
        if self.acknowledged {
            return Err(Close::TwiceInitialised);
        }
        if let Some(secret) = payload.as_ref().and_then(message::bearer) {
            self.caller = Some(Arc::new(Credential::new(self.doors.clone(), secret)));
        }
        let caller = self.caller.as_ref().ok_or(Close::Forbidden)?;
        caller.look_up().await.map_err(|_| Close::Unavailable)?.ok_or(Close::Forbidden)?;
        self.acknowledged = true;
        self.send(&Outgoing::ConnectionAck {}).await
    }

    async fn subscribe(&mut self, id: String, payload: Value) -> Result<(), Close> {
        let caller = match &self.caller {
            Some(caller) if self.acknowledged => caller.clone(),
            _ => return Err(Close::Unauthorized),
        };
        if self.running.contains_key(&id) {
            return Err(Close::TwiceTheSameId);
        }
        let scoped = caller.look_up().await.map_err(|_| Close::Unavailable)?.ok_or(Close::Forbidden)?;
        if let Err(seconds) = self.doors.0.rate.admit(scoped.access().key) {
            let payload = Value::Array(vec![rate_limited(seconds)]);
            return self.send(&Outgoing::Error { id: &id, payload }).await;
        }
        if self.running.len() >= MOST_OPERATIONS {
            let payload = message::too_many(MOST_OPERATIONS);
            return self.send(&Outgoing::Error { id: &id, payload }).await;
        }
        let (request, kind) = match parse_message(payload, &admission(&self.doors, &scoped)) {
            Ok(parsed) => parsed,
            Err(unusable) => {
                let payload = match unusable {
                    Unusable::Refused(refusal) => refusal.errors(),
                    Unusable::Errors(errors) => message::errors(&mut async_graphql::Response::from_errors(errors)),
                };
                return self.send(&Outgoing::Error { id: &id, payload }).await;
            }
        };
        let doors = self.doors.clone();
        let patience = doors.0.guards.request_timeout;
        let told = match kind {
            OperationType::Subscription => doors.0.graph.subscribe(request, caller, scoped).await,
            OperationType::Query | OperationType::Mutation => {
                let answered = async move {
                    match tokio::time::timeout(patience, carry_out(&doors, request, kind, scoped)).await {
                        Ok(response) => Told::Next(response),
                        Err(_) => {
                            Told::Failed(async_graphql::Response::from_errors(vec![coded(late(patience), TIMEOUT)]))
                        }
                    }
                };
                answered.into_stream().boxed()
            }
        };
        let (of, over) = (id.clone(), id.clone());
        let all = told.map(move |told| Happened::Told(of.clone(), Box::new(told)));
        let (all, abort) = stream::abortable(all.chain(stream::once(async { Happened::Over(over) })));
        self.operations.push(all.boxed());
        self.running.insert(id, abort);
        Ok(())
    }

    async fn tell(&mut self, happened: Happened) -> Result<(), Close> {
        let (id, told) = match happened {
            Happened::Told(id, told) => (id, *told),
            Happened::Over(id) => {
                self.running.remove(&id);
                return self.send(&Outgoing::Complete { id: &id }).await;
            }
        };
        match told {
            Told::Next(response) if !is_refused(&response) => {
                self.send(&Outgoing::Next { id: &id, payload: &response }).await
            }
            Told::Next(response) | Told::Failed(response) => self.fail(&id, response).await,
            Told::Refused(response) => {
                self.fail(&id, response).await?;
                Err(Close::Forbidden)
            }
        }
    }

    /// Ends an operation by its errors.
    async fn fail(&mut self, id: &str, mut response: async_graphql::Response) -> Result<(), Close> {
        if let Some(operation) = self.running.remove(id) {
            operation.abort();
        }
        self.send(&Outgoing::Error { id, payload: message::errors(&mut response) }).await
    }

    async fn send(&mut self, outgoing: &Outgoing<'_>) -> Result<(), Close> {
        let begun = Instant::now();
        self.socket.send(ws::Message::Text(outgoing.write().into())).await.map_err(|_| Close::Gone)?;
        // Nothing is heard while a slow caller is waited for; that it takes something at last is a sign of life.
        if begun.elapsed() > PING {
            self.heard = Instant::now();
        }
        Ok(())
    }
}
