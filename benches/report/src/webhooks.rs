//! How many deliveries a second the service makes to a receiver on loopback that answers at once. The events are put
//! where the service finds them, so that nothing but deliveries is measured: dispatched, signed, sent and noted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use drive::Outcome;
use drive::connection::Connection;
use drive::graph::ask;

const ENDPOINTS: u64 = 10;
const INTEGRATIONS: u64 = 50;
const EVENTS: u64 = 40;
/// Longer than this is a failure, not a measurement.
const PATIENCE: Duration = Duration::from_secs(300);

/// A receiver that counts.
pub struct Receiver {
    pub address: String,
    heard: Arc<AtomicU64>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Receiver {
    pub async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let heard = Arc::new(AtomicU64::new(0));
        let counting = heard.clone();
        let router = Router::new().fallback(move |_: bytes::Bytes| {
            counting.fetch_add(1, Ordering::Relaxed);
            async { StatusCode::NO_CONTENT }
        });
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, heard, _server: server })
    }
}

/// Deliveries a second, of a service that may reach the receiver.
pub async fn measure(url: &str, address: &str, key: &str, receiver: &Receiver) -> Outcome<f64> {
    let mut connection = Connection::open(address, key).await?;
    let make = "mutation($u: URL!) { createWebhookEndpoint(input: { url: $u, events: [SYNC_FINISHED] }) \
                { endpoint { id } userErrors { message } } }";
    let mut made_ids = Vec::new();
    for at in 0..ENDPOINTS {
        let made = ask(&mut connection, make, json!({ "u": format!("http://{}/{at}", receiver.address) })).await?;
        let id = made["createWebhookEndpoint"]["endpoint"]["id"].as_str().map(str::to_owned);
        made_ids.push(id.ok_or_else(|| format!("no endpoint was made: {made}"))?);
    }
    let database = Database::connect(url).await?;
    happen(&database).await?;
    database.close().await?;
    let begun = Instant::now();
    // Changes nothing, and wakes.
    let wake = "mutation($id: ID!) { updateWebhookEndpoint(input: { id: $id }) { userErrors { message } } }";
    ask(&mut connection, wake, json!({ "id": made_ids.last() })).await?;
    let expected = ENDPOINTS * INTEGRATIONS * EVENTS;
    while receiver.heard.load(Ordering::Relaxed) < expected {
        if begun.elapsed() > PATIENCE {
            let heard = receiver.heard.load(Ordering::Relaxed);
            return Err(format!("only {heard} of {expected} deliveries were made in {PATIENCE:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = expected as f64 / begun.elapsed().as_secs_f64();
    // What is measured next is not to tell anybody.
    let delete = "mutation($id: ID!) { deleteWebhookEndpoint(id: $id) { userErrors { message } } }";
    for id in made_ids {
        ask(&mut connection, delete, json!({ "id": id })).await?;
    }
    Ok(rate)
}

/// Events of many integrations, as the service would have written them.
async fn happen(database: &DatabaseConnection) -> Outcome {
    let backend = database.get_database_backend();
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'webhook_events' RETURNING value";
    let insert = "INSERT INTO webhook_events (seq, event, integration_id, at, after_change, details) \
                  VALUES ($1, 'SYNC_FINISHED', $2, 4000000000000, 0, $3)";
    for at in 0..INTEGRATIONS * EVENTS {
        let row = database.query_one_raw(Statement::from_string(backend, next)).await?.ok_or("no counter")?;
        let integration = Uuid::from_u128(u128::from(at % INTEGRATIONS) + 1);
        let details = json!({ "syncRunId": "run_00000000000000000000000000", "kind": "FULL", "state": "SUCCEEDED" });
        let values = [row.try_get_by_index::<i64>(0)?.into(), integration.into(), details.into()];
        database.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    }
    Ok(())
}
