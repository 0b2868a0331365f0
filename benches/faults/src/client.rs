//! A caller of the graph that does not give up: what broke is asked again, on another connection.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use drive::connection::Connection;
use drive::graph::body;
use drive::{Failure, Outcome};
use serde_json::Value;
use tokio::time::timeout;

/// So long anything may take before the campaign fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(240);
/// An answer that does not come for so long is given up, and asked for again.
const ANSWER: Duration = Duration::from_secs(100);
/// So often it is told what is waited for.
const SAID_EVERY: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(15);

/// What the service may say when its database does not answer, or breaks off in the middle.
const FOR_NOW: [&str; 2] = ["UNAVAILABLE", "INTERNAL"];

/// By code, how often.
pub type Refused = Arc<Mutex<BTreeMap<String, u64>>>;

pub fn counted(refused: &Refused) -> BTreeMap<String, u64> {
    refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

pub struct Client {
    address: String,
    key: String,
    connection: Option<Connection>,
    /// Questions that were not answered, of all callers.
    broken: Arc<AtomicU64>,
    /// Where answers that are none for now are counted.
    refused: Refused,
}

impl Client {
    pub fn new(address: &str, key: &str, broken: &Arc<AtomicU64>, refused: &Refused) -> Self {
        Self {
            address: address.to_owned(),
            key: key.to_owned(),
            connection: None,
            broken: broken.clone(),
            refused: refused.clone(),
        }
    }

    /// The data of the answer. An answer with errors is one that must not be.
    pub async fn ask(&mut self, query: &str, variables: &Value) -> Outcome<Value> {
        let begun = Instant::now();
        loop {
            match timeout(ANSWER, self.once(query, variables)).await.unwrap_or_else(|_| Err("no answer".into())) {
                Ok(mut answer) => {
                    if answer["errors"].is_array() {
                        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
                        if FOR_NOW.contains(&code) && begun.elapsed() < PATIENCE {
                            self.count(code);
                            tokio::time::sleep(PAUSE).await;
                            continue;
                        }
                        return Err(format!("the graph answers with errors: {}\n{query}", answer["errors"]).into());
                    }
                    return Ok(answer["data"].take());
                }
                Err(error) if begun.elapsed() > PATIENCE => {
                    return Err(format!("not answered for {PATIENCE:?}: {error}").into());
                }
                Err(_) => {
                    self.connection = None;
                    self.broken.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn count(&self, code: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused.entry(code.to_owned()).or_default() += 1;
    }

    async fn once(&mut self, query: &str, variables: &Value) -> Outcome<Value> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.address, &self.key).await?),
        };
        Ok(serde_json::from_slice(&connection.post(body(query, variables)).await?)?)
    }
}

/// Asks again and again until there is an answer that will do.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> Outcome<T>
where
    F: Future<Output = Outcome<Result<T, String>>>,
{
    let (begun, mut said) = (Instant::now(), Instant::now());
    loop {
        match look().await? {
            Ok(found) => return Ok(found),
            Err(why) if begun.elapsed() > PATIENCE => {
                return Err(Failure::from(format!("{what} did not come within {PATIENCE:?}: {why}")));
            }
            Err(why) => {
                if said.elapsed() > SAID_EVERY {
                    said = Instant::now();
                    eprintln!("{what} does not come yet: {why}");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
