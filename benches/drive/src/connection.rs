//! HTTP over a connection that stays open, one request at a time, and subscriptions over server-sent events.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::http::request::Builder;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Outcome;

pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    key: String,
    /// Ends with the connection.
    _driver: JoinSet<()>,
}

impl Connection {
    pub async fn open(address: &str, key: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async {
            // The sender sees the same error.
            let _ = connection.await;
        });
        Ok(Self { sender, address: address.to_owned(), key: key.to_owned(), _driver: driver })
    }

    pub async fn post(&mut self, body: Bytes) -> Outcome<Bytes> {
        self.post_to("/graphql", body).await
    }

    pub async fn post_to(&mut self, path: &str, body: Bytes) -> Outcome<Bytes> {
        self.send(Request::post(path), body).await
    }

    pub async fn get(&mut self, path: &str) -> Outcome<Bytes> {
        self.send(Request::get(path), Bytes::new()).await
    }

    /// Begins a subscription, for which it keeps the connection.
    pub async fn subscribe(mut self, body: Bytes) -> Outcome<Events> {
        let response = self.request(Request::post("/graphql"), "text/event-stream", body).await?;
        Ok(Events { body: response.into_body(), read: String::new(), _connection: self })
    }

    async fn send(&mut self, request: Builder, body: Bytes) -> Outcome<Bytes> {
        let response = self.request(request, "application/graphql-response+json", body).await?;
        Ok(response.into_body().collect().await?.to_bytes())
    }

    async fn request(&mut self, request: Builder, accept: &str, body: Bytes) -> Outcome<Response<Incoming>> {
        let request = request
            .header("host", &self.address)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        if !status.is_success() {
            let body = response.into_body().collect().await?.to_bytes();
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(response)
    }
}

/// A subscription over server-sent events.
pub struct Events {
    body: Incoming,
    /// What has come of the next event.
    read: String,
    _connection: Connection,
}

impl Events {
    /// The data of the next answer.
    pub async fn next(&mut self) -> Outcome<Value> {
        loop {
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let answer = event.lines().find_map(|line| line.strip_prefix("data:"));
                if let Some(answer) = answer.filter(|_| event.contains("event: next")) {
                    let mut answer: Value = serde_json::from_str(answer)?;
                    return Ok(answer["data"].take());
                }
            }
            let frame = self.body.frame().await.ok_or("the subscription ended")??;
            if let Some(bytes) = frame.data_ref() {
                self.read += std::str::from_utf8(bytes)?;
            }
        }
    }
}
