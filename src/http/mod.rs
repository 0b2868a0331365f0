//! The doors: who asks, and for what. Nothing here knows how an answer comes about.

mod caller;
mod connect;
mod console;
mod embedded;
pub mod graphiql;
pub mod graphql_over_http;
mod guards;
mod health;
mod inbound;
mod metrics;
mod observe;
pub mod room;
mod server;
mod websocket;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use crate::domain::Clock;
use crate::graphql::Graph;
use crate::queue::Heartbeat;
use crate::store::Store;
use crate::sync::Engine;
use guards::Rate;

pub use graphql_over_http::Documents;
pub use guards::Guards;
pub use server::serve;

use room::Room;

/// The largest request that is read, in bytes.
const LARGEST_BODY: usize = 2 * 1024 * 1024;
/// Of callers that may write, at least: the body of a request of their own in base64, and the query around it.
const LARGEST_WRITE: u64 = 40 * 1024 * 1024;
/// What may stand around attachments.
const AROUND: u64 = 4 * 1024 * 1024;

/// What the doors lead to.
#[derive(Clone)]
pub struct Doors(Arc<Inner>);

struct Inner {
    graph: Graph,
    store: Store,
    engine: Engine,
    clock: Arc<dyn Clock>,
    /// Of this process' background work, when it has any.
    worker: Option<Heartbeat>,
    sdl: String,
    /// Ends what would not end by itself: subscriptions.
    stop: CancellationToken,
    /// The largest request of a caller that may write, in bytes.
    largest_write: usize,
    guards: Guards,
    rate: Rate,
    room: Room,
    metrics: fn() -> String,
}

pub struct Options {
    pub graph: Graph,
    pub store: Store,
    pub engine: Engine,
    pub clock: Arc<dyn Clock>,
    pub worker: Option<Heartbeat>,
    /// The most bytes that all attachments of one write may have.
    pub attachments: u64,
    /// Whether the graph is served here, or only health.
    pub answers: bool,
    /// Origins that may call `/graphql` from a browser.
    pub cors_origins: Vec<HeaderValue>,
    pub guards: Guards,
    /// What was counted, in the words of Prometheus.
    pub metrics: fn() -> String,
    /// Cancelled when this process is to end.
    pub stop: CancellationToken,
}

/// Every path that is served.
pub fn router(options: Options) -> Router {
    let Options { graph, store, engine, clock, worker, attachments, answers, cors_origins, guards, metrics, stop } =
        options;
    // Three bytes are four characters of base64.
    let largest_write = LARGEST_WRITE.max(attachments.saturating_mul(4) / 3 + AROUND);
    let largest_write = usize::try_from(largest_write).unwrap_or(usize::MAX);
    let sdl = crate::graphql::sdl();
    let rate = Rate::new(guards.requests_per_second);
    let room = Room::new(room::Options {
        requests: guards.requests_at_once,
        queries: guards.queries_at_once,
        sockets: graph.subscriptions().1,
        largest: largest_write,
    });
    let inner = Inner { graph, store, engine, clock, worker, sdl, stop, largest_write, guards, rate, room, metrics };
    let doors = Doors(Arc::new(inner));
    let health = Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::scrape));
    if !answers {
        return health.with_state(doors);
    }
    let graphql = Router::new().route("/graphql", any(caller::graphql)).layer(cors(cors_origins));
    Router::new()
        .merge(graphql)
        .route("/schema.graphql", get(schema))
        .layer(CompressionLayer::new())
        .route("/graphql/ws", get(websocket::upgrade))
        .merge(graphiql::router())
        .merge(connect::router())
        .merge(console::router())
        .merge(health)
        .route("/webhooks/{connector}/{integration}/{subscription}", post(inbound::delivery))
        .route_layer(middleware::from_fn_with_state(doors.clone(), observe::observe))
        .with_state(doors)
}

/// Whether a body was not read because it is larger than the limit.
fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

async fn schema(axum::extract::State(doors): axum::extract::State<Doors>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/graphql; charset=utf-8")], doors.0.sdl.clone())
}

fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .expose_headers([HeaderName::from_static("retry-after"), HeaderName::from_static("x-request-id")])
        .max_age(std::time::Duration::from_secs(3600))
}
