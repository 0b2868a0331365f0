//! Questions to the graph.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Outcome;
use super::connection::Connection;

pub fn body(query: &str, variables: &Value) -> Bytes {
    json!({ "query": query, "variables": variables }).to_string().into()
}

/// The data of an answer; an answer with errors fails.
pub async fn ask(connection: &mut Connection, query: &str, variables: Value) -> Outcome<Value> {
    let answer: Value = serde_json::from_slice(&connection.post(body(query, &variables)).await?)?;
    if answer["errors"].is_array() {
        return Err(format!("the graph answers with errors: {}", answer["errors"]).into());
    }
    Ok(answer["data"].clone())
}
