//! The whole service in this process, beside simulated vendors: real router, real databases, a clock that stands
//! still, ids from a seed. Nothing here sleeps: background work is carried out when a test says so.

pub mod child;
pub mod database;
pub mod gate;
pub mod live;
pub mod place;
pub mod receiver;
pub mod rows;
pub mod scan;
pub mod sdl;
pub mod vendors;
pub mod writing;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use hiregraph::cli::serve::{Parts, Service};
use hiregraph::config::Role;
use hiregraph::connectors::Registry;
use hiregraph::domain::clock::{FrozenClock, SeededIds};
use hiregraph::domain::{Clock, Ids, Scope};
use hiregraph::graphql::Subscriptions;
use hiregraph::store::{Keyring, NewKey, Store};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use database::Backend;
use vendors::Vendors;

/// Makes one test for each database out of `async fn name(backend: Backend)`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name($crate::support::Backend::Sqlite).await }) +
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name($crate::support::Backend::Postgres).await }) +
        }
    };
}

pub struct TestApp {
    pub service: Service,
    pub store: Store,
    pub router: Router,
    pub clock: Arc<FrozenClock>,
    pub ids: Arc<SeededIds>,
    pub vendors: Vendors,
    /// Of a key with the scope ADMIN.
    pub admin: String,
    pub database: database::Fresh,
    /// Private hosts that may be told by webhooks.
    allowed: Vec<String>,
}

/// An answer of the router.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl TestApp {
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, vendors::Size::default()).await
    }

    pub async fn start_with(backend: Backend, size: vendors::Size) -> Self {
        Self::start_telling(backend, size, &[]).await
    }

    /// One that may tell these receivers by webhooks.
    pub async fn start_telling(backend: Backend, size: vendors::Size, receivers: &[&receiver::Receiver]) -> Self {
        let allowed: Vec<String> = receivers.iter().map(|receiver| receiver.address.to_string()).collect();
        let clock = Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap()));
        let ids = Arc::new(SeededIds::new(7));
        let vendors = Vendors::start(&(clock.clone() as Arc<dyn Clock>), size).await;
        let database = database::Fresh::make(backend).await;
        let keyring = Keyring::parse(&Keyring::fresh(ids.as_ref())).unwrap();
        let store = Store::open(&database.options(), keyring).await.unwrap();
        database.migrate_queue().await;
        store.migrate().await.unwrap();
        let parts = parts(&store, &clock, &ids, &vendors, &allowed);
        let service = Service::new(parts);
        let router = service.router(Role::Api, Vec::new());
        let admin = key(&store, &clock, ids.as_ref(), &[Scope::Admin], None).await;
        Self { service, store, router, clock, ids, vendors, admin, database, allowed }
    }

    /// A key with these scopes; for these integrations (public ids), or all.
    pub async fn key(&self, scopes: &[Scope], integrations: Option<&[&str]>) -> String {
        let integrations = integrations.map(|ids| ids.iter().map(|id| uuid_of(id)).collect());
        key(&self.store, &self.clock, self.ids.as_ref(), scopes, integrations).await
    }

    /// An access token of this key, for these integrations; lives for a quarter of an hour.
    pub async fn token(&self, key: &str, scopes: &[Scope], integrations: &[&str]) -> String {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let query =
            "mutation($i: CreateAccessTokenInput!) { createAccessToken(input: $i) { token userErrors { message } } }";
        let input = json!({ "integrationIds": integrations, "scopes": scopes });
        let made = self.ask(key, query, json!({ "i": input })).await;
        let token = made.pointer("/data/createAccessToken/token").and_then(Value::as_str);
        token.unwrap_or_else(|| panic!("{made:#}")).to_owned()
    }

    /// A query as ADMIN. Fails the test when the answer has errors.
    pub async fn query(&self, query: &str) -> Value {
        self.query_with(query, json!({})).await
    }

    pub async fn query_with(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(&self.admin, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    /// The whole answer, errors and all.
    pub async fn ask(&self, key: &str, query: &str, variables: Value) -> Value {
        self.post(Some(key), &json!({ "query": query, "variables": variables })).await.body
    }

    pub async fn post(&self, key: Option<&str>, body: &Value) -> Answer {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(text.clone()));
        Answer { status: parts.status, headers: parts.headers, body, text }
    }

    /// Connects the simulated account of a vendor, and answers its public id. Syncs nothing yet.
    pub async fn connect(&self, connector: &str) -> String {
        let input = json!({
            "connector": connector,
            "endUser": { "organizationName": format!("Acme {connector}") },
            "credentials": self.vendors.credentials(connector),
        });
        let payload = self.query_with(CONNECT, json!({ "input": input })).await["createIntegration"].take();
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        payload["integration"]["id"].as_str().unwrap().to_owned()
    }

    /// Connects and syncs.
    pub async fn connected(&self, connector: &str) -> String {
        let id = self.connect(connector).await;
        self.settle().await;
        id
    }

    /// Carries out all background work that is due, until nothing is left.
    pub async fn settle(&self) {
        settle(&self.service).await;
    }

    /// Begins what is due, in the background.
    pub async fn begin(&self) -> Begun {
        begin(&self.service).await
    }

    /// Another process at the same database and the same vendors.
    pub async fn successor(&self) -> Service {
        let keyring = Keyring::parse(&Keyring::fresh(&SeededIds::new(7))).unwrap();
        let store = match self.store.connection().get_database_backend() {
            sea_orm::DbBackend::Postgres => Store::open(&self.database.options(), keyring).await.unwrap(),
            // An embedded database belongs to one process.
            _ => self.store.clone(),
        };
        Service::new(parts(&store, &self.clock, &self.ids, &self.vendors, &self.allowed))
    }

    /// The whole service anew over the same store, as `serve` would start it with these.
    pub fn serve_anew(&mut self, role: Role, introspection: bool, origins: &[&str]) {
        self.service = Service::new(Parts {
            store: self.store.clone(),
            registry: Registry::default(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            base_urls: self.vendors.base_urls(),
            public_url: Some(PUBLIC_URL.to_owned()),
            queue: None,
            introspection,
            subscriptions: subscriptions(),
            retention: hiregraph::cli::serve::Retention::default(),
            downloads: hiregraph::cli::serve::downloads(&[]).unwrap(),
            deliveries: hiregraph::webhooks::client(&self.allowed).unwrap(),
            first_pause: Duration::from_millis(1),
            patrol: Duration::from_millis(20),
            attachments: hiregraph::actions::Limits::default(),
            guards: hiregraph::http::Guards::default(),
            shows_within: None,
        });
        let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
        self.router = self.service.router(role, origins);
    }

    /// The whole service anew over the same store, with parts that differ.
    pub fn with_parts(&mut self, change: impl FnOnce(&mut Parts)) {
        let mut parts = parts(&self.store, &self.clock, &self.ids, &self.vendors, &self.allowed);
        change(&mut parts);
        self.service = Service::new(parts);
        self.router = self.service.router(Role::Api, Vec::new());
    }

    pub fn clock_now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// The whole service anew, reached at another address, or not told where.
    pub fn move_to(&mut self, public_url: Option<&str>) {
        let parts = parts(&self.store, &self.clock, &self.ids, &self.vendors, &self.allowed);
        self.service = Service::new(Parts { public_url: public_url.map(str::to_owned), ..parts });
        self.router = self.service.router(Role::Api, Vec::new());
    }

    /// Both accounts, connected and synced: TRAFFIT's and HR WORKS' ids.
    pub async fn connected_to_both(&self) -> [String; 2] {
        let traffit = self.connected("traffit").await;
        self.clock.advance(Duration::from_secs(60));
        let hrworks = self.connected("hrworks").await;
        [traffit, hrworks]
    }

    /// What `query` answers and the texts of the statements that it took.
    pub async fn counted(&self, query: &str, variables: Value) -> (Value, Vec<String>) {
        self.store.statements().listen();
        let data = self.query_with(query, variables).await;
        (data, self.store.statements().heard())
    }

    /// Adds a note to an application at its vendor, and answers the action's id.
    pub async fn noted(&self, application: &str) -> String {
        let query = "mutation($id: ID!) { addNoteToApplication(input: {applicationId: $id, content: \"Noted\", \
                     wait: \"PT60S\"}) { action { id state } userErrors { code message } } }";
        let payload = self.query_with(query, json!({ "id": application })).await["addNoteToApplication"].take();
        assert_eq!(payload["action"]["state"], "SUCCEEDED", "{payload:#}");
        payload["action"]["id"].as_str().unwrap().to_owned()
    }

    /// Makes a webhook endpoint for ends of writes, at a name that may be saved and leads nowhere; answers its id.
    pub async fn hooked(&self) -> String {
        let query = "mutation { createWebhookEndpoint(input: {url: \"https://localhost:1/\", events: [ACTION_FINISHED]}) \
                     { endpoint { id } userErrors { message } } }";
        let payload = self.query(query).await["createWebhookEndpoint"].take();
        payload["endpoint"]["id"].as_str().unwrap_or_else(|| panic!("{payload:#}")).to_owned()
    }

    /// The id of the last delivery of a webhook endpoint.
    pub async fn last_delivery(&self, endpoint: &str) -> String {
        let query =
            "query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deliveries(first: 1) { nodes { id } } } } }";
        let found = self.query_with(query, json!({ "id": endpoint })).await;
        found.pointer("/node/deliveries/nodes/0/id").unwrap_or_else(|| panic!("{found:#}")).as_str().unwrap().to_owned()
    }

    /// Queues a full sync, carries it out, and answers the run.
    pub async fn sync(&self, integration: &str) -> Value {
        let query = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { syncRun { id } userErrors { code } } }";
        let payload = self.query_with(query, json!({ "id": integration })).await["syncIntegration"].take();
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        self.settle().await;
        self.run(payload["syncRun"]["id"].as_str().unwrap()).await
    }

    pub async fn run(&self, id: &str) -> Value {
        self.query_with(RUN, json!({ "id": id })).await["node"].take()
    }

    /// How many records of a type the graph counts, by the name of the root field.
    pub async fn total(&self, list: &str, integration: &str) -> i64 {
        let query = format!("query($id: ID!) {{ {list}(integrationId: $id) {{ totalCount }} }}");
        self.query_with(&query, json!({ "id": integration })).await[list]["totalCount"].as_i64().unwrap()
    }
}

/// Background work under way.
pub struct Begun {
    pub count: usize,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Begun {
    pub async fn ended(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Breaks it off where it is.
    pub async fn broken_off(self) {
        self.stop.cancel();
        self.ended().await;
    }
}

pub async fn begin(service: &Service) -> Begun {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let count = service.engine.begin_due(Duration::ZERO, &tasks, &stop).await.unwrap();
    Begun { count, tasks, stop }
}

/// Carries out all background work that is due, until nothing is left.
pub async fn settle(service: &Service) {
    loop {
        let acted = service.actions.begin_due().await.unwrap();
        service.actions.settle().await;
        let inboxes = service.engine.begin_inboxes(&CancellationToken::new()).await.unwrap();
        service.engine.settle_inboxes().await;
        let begun = begin(service).await;
        let begun_count = begun.count;
        begun.ended().await;
        let told = service.webhooks.begin_due().await.unwrap();
        service.webhooks.settle().await;
        let count = acted + inboxes + begun_count + told;
        if count == 0 {
            // What was asked of vendors is in their log.
            service.engine.settle().await;
            return;
        }
    }
}

fn parts(
    store: &Store,
    clock: &Arc<FrozenClock>,
    ids: &Arc<SeededIds>,
    vendors: &Vendors,
    allowed: &[String],
) -> Parts {
    Parts {
        store: store.clone(),
        registry: Registry::default(),
        clock: clock.clone(),
        ids: ids.clone(),
        base_urls: vendors.base_urls(),
        public_url: Some(PUBLIC_URL.to_owned()),
        queue: None,
        introspection: true,
        subscriptions: subscriptions(),
        retention: hiregraph::cli::serve::Retention::default(),
        downloads: hiregraph::cli::serve::downloads(&[]).unwrap(),
        deliveries: hiregraph::webhooks::client(allowed).unwrap(),
        first_pause: Duration::from_millis(1),
        patrol: Duration::from_millis(20),
        attachments: hiregraph::actions::Limits::default(),
        guards: hiregraph::http::Guards::default(),
        shows_within: None,
    }
}

/// Keys of subscriptions are looked up again at once, so that no test waits for it.
fn subscriptions() -> Subscriptions {
    Subscriptions { most: 20, most_of_key: 10, verify: Duration::from_millis(20) }
}

/// Where vendors are told to call.
pub const PUBLIC_URL: &str = "https://hooks.hiregraph.test";

const CONNECT: &str = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { \
                       integration { id } tests { name passed message fix } userErrors { code message field } } }";

const RUN: &str = "query($id: ID!) { node(id: $id) { ... on SyncRun { id kind state queuedAt startedAt finishedAt \
                   models { model state fetched created updated unchanged deleted expected error heldDeletions } } } }";

async fn key(
    store: &Store,
    clock: &FrozenClock,
    ids: &dyn Ids,
    scopes: &[Scope],
    integrations: Option<Vec<uuid::Uuid>>,
) -> String {
    let new = NewKey {
        id: ids.uuid(),
        name: "test".to_owned(),
        scopes: scopes.to_vec(),
        integrations,
        expires_at: None,
        now: clock.now(),
    };
    store.create_key(new, ids).await.unwrap().0.expose_secret().to_owned()
}

/// The uuid behind a public id.
pub fn uuid_of(id: &str) -> uuid::Uuid {
    hiregraph::domain::NodeId::parse(id).unwrap_or_else(|| panic!("{id} is no id")).uuid
}

/// The model of a run as `run()` answers it.
pub fn model<'a>(run: &'a Value, model: &str) -> &'a Value {
    let models = run["models"].as_array().unwrap_or_else(|| panic!("{run:#}"));
    models.iter().find(|row| row["model"] == model).unwrap_or_else(|| panic!("{model} in {run:#}"))
}

/// The elements of an array.
pub fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value:#} is no list"))
}

/// The ids of an array of objects, in order.
pub fn ids(value: &Value) -> Vec<String> {
    texts(value, "id")
}

/// The code of the first error of an answer, or nothing.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// The texts of an array of objects' field.
pub fn texts(rows: &Value, field: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap_or_else(|| panic!("{rows:#}"));
    rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}
