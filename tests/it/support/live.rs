//! Subscribers: over server-sent events through the router, and over a WebSocket through a listener of its own. What
//! never comes fails the test instead of keeping it waiting.

use std::future::Future;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures::{SinkExt, StreamExt};
use hiregraph::http;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::TestApp;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.unwrap_or_else(|_| panic!("it did not come"))
}

/// A subscription over server-sent events.
pub struct Events {
    body: BodyDataStream,
    read: String,
}

impl TestApp {
    /// Begins a subscription: what happens from now on is told.
    pub async fn subscribe(&self, key: &str, query: &str, variables: Value) -> Events {
        let (status, body) = self.stream(Some(key), query, variables).await;
        assert_eq!(status, StatusCode::OK);
        let mut events = Events { body: body.into_data_stream(), read: String::new() };
        assert_eq!(events.event().await, Some(String::new()), "first a comment");
        events
    }

    pub async fn stream(&self, key: Option<&str>, query: &str, variables: Value) -> (StatusCode, Body) {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = request.header("accept", "text/event-stream").body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if parts.status == StatusCode::OK {
            assert_eq!(parts.headers["content-type"], "text/event-stream; charset=utf-8");
        }
        (parts.status, body)
    }

    /// Listens, for as long as what is answered lives.
    pub async fn listening(&self) -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut servers) = (CancellationToken::new(), JoinSet::new());
        servers.spawn(http::serve(listener, self.router.clone(), stop));
        Listening { address, _servers: servers }
    }
}

impl Events {
    /// One event as it was sent; none at the end.
    async fn event(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.trim_start_matches(':').to_owned(), rest.to_owned());
                self.read = rest;
                return Some(event);
            }
            let bytes = soon(self.body.next()).await?.unwrap();
            self.read += std::str::from_utf8(&bytes).unwrap();
        }
    }

    /// The next answer; none when the subscription is complete.
    pub async fn answer(&mut self) -> Option<Value> {
        loop {
            let event = self.event().await.unwrap_or_else(|| panic!("the stream was broken off"));
            if event.is_empty() {
                continue;
            }
            let (kind, data) = event.split_once('\n').unwrap();
            let data = data.strip_prefix("data:").unwrap_or_else(|| panic!("{event}")).trim();
            match kind {
                "event: next" => return Some(serde_json::from_str(data).unwrap()),
                "event: complete" => {
                    assert_eq!(data, "");
                    assert_eq!(self.event().await, None, "something comes after the end");
                    return None;
                }
                other => panic!("{other}"),
            }
        }
    }

    /// What the next event says of the field.
    pub async fn next(&mut self, field: &str) -> Value {
        let mut answer = self.answer().await.unwrap_or_else(|| panic!("the subscription ended"));
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"][field].take()
    }

    /// The code of the error that ends the subscription.
    pub async fn refused(&mut self) -> String {
        let answer = self.answer().await.unwrap_or_else(|| panic!("it ended without an error"));
        assert_eq!(self.answer().await, None);
        super::code(&answer).to_owned()
    }
}

pub struct Listening {
    address: std::net::SocketAddr,
    _servers: JoinSet<std::io::Result<()>>,
}

impl Listening {
    /// A connection that has said nothing yet, or the status with which it was refused.
    pub async fn connect(&self, key: Option<&str>, protocol: &str) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        if let Some(key) = key {
            request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match soon(tokio_tungstenite::client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            // A client does not take an answer without the protocol that it asked for.
            Err(error) => panic!("{error}"),
        }
    }

    /// A connection that may begin.
    pub async fn open(&self, key: &str) -> Socket {
        let mut socket = self.connect(None, "graphql-transport-ws").await.ok().unwrap();
        socket
            .send(json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {key}") } }))
            .await;
        assert_eq!(socket.receive().await, Ok(json!({ "type": "connection_ack" })));
        socket
    }
}

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub async fn send(&mut self, message: Value) {
        self.say(&message.to_string()).await;
    }

    pub async fn say(&mut self, text: &str) {
        soon(self.0.send(Message::text(text))).await.unwrap();
    }

    /// Begins an operation. What happens once this returns is told.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
        // Messages are taken in their order.
        self.send(json!({ "type": "ping", "payload": { "of": id } })).await;
        assert_eq!(self.receive().await, Ok(json!({ "type": "pong", "payload": { "of": id } })));
    }

    /// The next message, or the code with which the connection was closed.
    pub async fn receive(&mut self) -> Result<Value, u16> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(0),
                Some(Ok(_)) => {}
            }
        }
    }

    /// What the next event of this operation says of the field.
    pub async fn next(&mut self, id: &str, field: &str) -> Value {
        let mut message = self.receive().await.unwrap();
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message:#}");
        assert!(message["payload"].get("errors").is_none(), "{message:#}");
        message["payload"]["data"][field].take()
    }
}
