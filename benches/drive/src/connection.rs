//! HTTP over a connection that stays open, one request at a time.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::http::request::Builder;
use hyper_util::rt::TokioIo;
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

    async fn send(&mut self, request: Builder, body: Bytes) -> Outcome<Bytes> {
        let request = request
            .header("host", &self.address)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}
