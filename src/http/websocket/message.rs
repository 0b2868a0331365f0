//! The messages of `graphql-transport-ws`.

use async_graphql::Response;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::caller::token;
use crate::http::graphql_over_http::write;

/// Of the caller.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Incoming {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Value>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Value>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Value,
    },
    Complete {
        id: String,
    },
}

impl Incoming {
    pub fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// Ours.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outgoing<'a> {
    ConnectionAck {},
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    Next {
        id: &'a str,
        payload: &'a Response,
    },
    Error {
        id: &'a str,
        payload: Value,
    },
    Complete {
        id: &'a str,
    },
}

impl Outgoing<'_> {
    pub fn write(&self) -> String {
        let broken = |id: &str| {
            let errors =
                json!([{ "message": "the answer could not be written as JSON", "extensions": { "code": "INTERNAL" } }]);
            json!({ "type": "error", "id": id, "payload": errors }).to_string()
        };
        serde_json::to_string(self).unwrap_or_else(|_| match self {
            Self::Next { id, .. } | Self::Error { id, .. } | Self::Complete { id } => broken(id),
            Self::ConnectionAck {} | Self::Pong { .. } => broken(""),
        })
    }
}

/// The key in the payload of `connection_init`.
pub fn bearer(payload: &Value) -> Option<SecretString> {
    let fields = payload.as_object()?;
    let (_, value) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    token(value.as_str()?)
}

/// The errors of an answer, each with its code.
pub fn errors(response: &mut Response) -> Value {
    let written = write(response).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    written.and_then(|mut answer| answer.get_mut("errors").map(Value::take)).unwrap_or_else(|| json!([]))
}

pub fn too_many(most: usize) -> Value {
    let message = format!("a connection runs {most} operations at once, and no more");
    json!([{ "message": message, "extensions": { "code": "TOO_MANY_SUBSCRIPTIONS" } }])
}
