//! A customer that follows the change feed by its cursor all the while, and keeps nothing but what the feed said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use drive::Outcome;
use serde_json::{Value, json};

use super::client::Client;

const PAUSE: Duration = Duration::from_millis(30);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub integration: String,
    pub record: String,
    pub kind: String,
}

/// Everything that was followed, in its order.
#[derive(Debug, Default)]
pub struct Followed(pub Vec<Change>);

impl Followed {
    /// Which records there are, and whether each is deleted.
    pub fn picture(&self) -> BTreeMap<&str, bool> {
        self.0.iter().map(|change| (change.record.as_str(), change.kind == "DELETED")).collect()
    }
}

/// Follows from the beginning until told to stop, and then to the end.
pub async fn follow(mut client: Client, stop: Arc<AtomicBool>) -> Outcome<Followed> {
    let query = "query($after: String) { changes(first: 250, after: $after) { nodes { recordId kind integration { id } } \
                 pageInfo { endCursor hasNextPage } } }";
    let (mut followed, mut after) = (Followed::default(), Value::Null);
    loop {
        let is_last = stop.load(Ordering::SeqCst);
        let mut page = client.ask(query, &json!({ "after": after })).await?["changes"].take();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for node in page["nodes"].as_array().into_iter().flatten() {
            let (record, kind) = (text(&node["recordId"]), text(&node["kind"]));
            followed.0.push(Change { integration: text(&node["integration"]["id"]), record, kind });
        }
        after = page["pageInfo"]["endCursor"].take();
        if page["pageInfo"]["hasNextPage"] == true {
            continue;
        }
        if is_last {
            return Ok(followed);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
