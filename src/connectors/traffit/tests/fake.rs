//! As much of TRAFFIT as the tests of single behaviours need; its whole conduct is the simulator's.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::connectors::conformance;
pub use crate::connectors::conformance::Outcome;
use crate::connectors::connector::{Account, Carried, Connector, Credentials, OpenAccount};
use crate::connectors::error::Error;
use crate::connectors::traffit::Traffit;
use crate::domain::clock::{FrozenClock, SeededIds};
use crate::domain::{IdSpace, IntegrationId};

#[derive(Default)]
pub struct Content {
    /// Lists and objects, by path below `/api/integration/v2`, and the feed by its own.
    pub at: BTreeMap<String, Value>,
    /// Answers instead: status and body, by path.
    pub instead: HashMap<String, (u16, String)>,
    pub labels: Value,
    /// The scopes that the API client has; all without.
    pub scopes: Option<Vec<&'static str>>,
    /// Refuses tokens without saying why.
    pub silent: bool,
    pub page_size: usize,
    /// Leaves the page headers out.
    pub bare: bool,
    /// Answers metadata with the list itself.
    pub ignores_metadata: bool,
    /// Method and path of everything that was asked.
    pub seen: Vec<String>,
}

pub struct Fake {
    pub content: Arc<Mutex<Content>>,
    pub base_url: String,
    _server: JoinSet<()>,
}

const API: &str = "/api/integration/v2";

impl Fake {
    pub async fn start() -> Self {
        let content = Arc::new(Mutex::new(Content { page_size: 100, ..Content::default() }));
        for empty in ["/users/", "/workflows", "/recruitments/", "/employees/", "/employees/recruitment_history"] {
            content.lock().unwrap().at.insert(empty.to_owned(), json!([]));
        }
        content.lock().unwrap().at.insert("/public/job_posts/published".to_owned(), json!([]));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(content.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { content, base_url, _server: server }
    }

    pub fn put(&self, path: &str, value: Value) {
        self.content.lock().unwrap().at.insert(path.to_owned(), value);
    }

    pub fn instead(&self, path: &str, status: u16, body: &str) {
        self.content.lock().unwrap().instead.insert(path.to_owned(), (status, body.to_owned()));
    }

    pub fn seen(&self, part: &str) -> usize {
        self.content.lock().unwrap().seen.iter().filter(|line| line.contains(part)).count()
    }

    pub fn account(&self) -> Account {
        let text = |text: &str| SecretString::from(text);
        let credentials = Credentials(HashMap::from([
            ("subdomain".to_owned(), text("acme")),
            ("clientId".to_owned(), text("acme_hiregraph")),
            ("clientSecret".to_owned(), text("a secret")),
        ]));
        let request = OpenAccount {
            ids: ids(),
            credentials,
            base_url: Some(self.base_url.clone()),
            clock: Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap())),
        };
        Traffit.open(request).unwrap()
    }
}

pub fn ids() -> IdSpace {
    IdSpace::new(IntegrationId::fresh(&SeededIds::new(1)))
}

async fn answer(
    State(content): State<Arc<Mutex<Content>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut content = content.lock().unwrap();
    let path = uri.path().strip_prefix(API).unwrap_or(uri.path()).to_owned();
    let number = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().parse::<usize>().unwrap());
    let page = number("x-request-current-page").unwrap_or(1);
    content.seen.push(format!("{method} {path} {page}"));
    let respond = |status: u16, body: String| Response::builder().status(status).body(Body::from(body)).unwrap();
    if let Some((status, body)) = content.instead.get(&path) {
        return respond(*status, body.clone());
    }
    if path == "/oauth2/token" {
        return token(&content, &serde_json::from_slice(&body).unwrap());
    }
    if headers.contains_key("x-response-metadata") && !content.ignores_metadata {
        return respond(200, json!({"fields": content.labels}).to_string());
    }
    match content.at.get(&path) {
        Some(Value::Array(rows)) => {
            let size = number("x-request-page-size").unwrap_or(20).min(content.page_size);
            let shown: Vec<_> = rows.iter().skip((page - 1) * size).take(size).collect();
            let mut response = Response::builder();
            if !content.bare {
                response = response
                    .header("x-result-total-count", rows.len())
                    .header("x-result-total-pages", rows.len().div_ceil(size));
            }
            response.body(Body::from(json!(shown).to_string())).unwrap()
        }
        Some(object) => respond(200, object.to_string()),
        None => respond(404, json!({"code": 404, "message": "Not Found"}).to_string()),
    }
}

fn token(content: &Content, request: &Value) -> Response {
    let asked: Vec<&str> = request["scope"].as_str().unwrap().split(' ').collect();
    let granted = content.scopes.as_ref().is_none_or(|scopes| asked.iter().all(|scope| scopes.contains(scope)));
    let (status, body) = match granted {
        true => (200, json!({"access_token": "t", "expires_in": 2_592_000, "scope": request["scope"]})),
        false if content.silent => (400, json!({"message": "Bad Request"})),
        false => (400, json!({"error": "invalid_scope", "error_description": "An unsupported scope"})),
    };
    Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
}

/// As the engine reads a stream.
pub async fn read(account: &Account, stream: &str, carried: &mut Carried) -> Result<Outcome, Error> {
    conformance::read(&Traffit, account, (stream, None), carried).await
}
