//! A server that says what a test scripts, for answers that the simulator has no reason to give.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use tokio::task::JoinSet;

use super::account::{ids, open};
use crate::connectors::connector::Account;
use crate::connectors::hrworks::simulator::Options;
use crate::domain::clock::FrozenClock;

type Answers = Arc<Mutex<HashMap<String, (u16, String)>>>;

pub struct Script {
    answers: Answers,
    pub account: Account,
    _server: JoinSet<()>,
}

impl Script {
    /// Answers `{}` to everything, and hands out a token.
    pub async fn start() -> Self {
        let answers = Answers::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(answers.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let options = Options::new(Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap())));
        let account = open(ids(), base_url, &options).unwrap();
        let script = Self { answers, account, _server: server };
        script.says("/v2/authentication", 200, r#"{"token":"t"}"#);
        script
    }

    pub fn says(&self, path: &str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }
}

async fn answer(State(answers): State<Answers>, uri: Uri) -> Response {
    let (status, body) = answers.lock().unwrap().get(uri.path()).cloned().unwrap_or((200, "{}".to_owned()));
    Response::builder().status(status).body(Body::from(body)).unwrap()
}
