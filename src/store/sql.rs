//! Writes one SQL text for both databases, with its values. Names of tables and columns are ours; whatever
//! came from a caller is bound.

use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use super::read::Key;

/// What a list can hold. PostgreSQL takes it as an array, SQLite as JSON: one parameter either way, because SQLite
/// has no more than 32,766 of them, and one text, so that prepared statements are found again.
pub trait Listed: Sized {
    /// An element of the JSON list, whose name is `value`.
    const ELEMENT: &'static str;
    fn array(values: &[Self]) -> Value;
    fn json(values: &[Self]) -> String;
}

impl Listed for Uuid {
    const ELEMENT: &'static str = "unhex(value)";

    fn array(values: &[Self]) -> Value {
        values.to_vec().into()
    }

    fn json(values: &[Self]) -> String {
        let values: Vec<_> = values.iter().map(|id| id.simple().to_string()).collect();
        serde_json::Value::from(values).to_string()
    }
}

impl Listed for String {
    const ELEMENT: &'static str = "value";

    fn array(values: &[Self]) -> Value {
        values.to_vec().into()
    }

    fn json(values: &[Self]) -> String {
        serde_json::Value::from(values.to_vec()).to_string()
    }
}

pub struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub fn new(backend: DbBackend) -> Self {
        Self { backend, text: String::with_capacity(512), values: Vec::new() }
    }

    pub fn backend(&self) -> DbBackend {
        self.backend
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// `<what> is one of these`; an empty list is met by nothing.
    pub fn one_of<T: Listed>(&mut self, what: &str, values: &[T]) -> &mut Self {
        if values.is_empty() {
            return self.push("1 = 0");
        }
        if self.backend == DbBackend::Postgres {
            return self.push(what).push(" = ANY(").bind(T::array(values)).push(")");
        }
        self.push(what).push(" IN (SELECT ").push(T::ELEMENT).push(" FROM json_each(").bind(T::json(values)).push("))")
    }

    /// A source of rows `p (integration_id, id)`, one a key.
    pub fn keys(&mut self, keys: &[Key]) -> &mut Self {
        if self.backend == DbBackend::Postgres {
            let integrations: Vec<Uuid> = keys.iter().map(|key| key.integration).collect();
            let ids: Vec<Uuid> = keys.iter().map(|key| key.id).collect();
            return self.push("unnest(").bind(integrations).push(", ").bind(ids).push(") AS p (integration_id, id)");
        }
        let mut pairs = String::with_capacity(keys.len() * 67 + 2);
        for key in keys {
            pairs.push_str(if pairs.is_empty() { "[\"" } else { ",\"" });
            pairs.push_str(&key.integration.simple().to_string());
            pairs.push_str(&key.id.simple().to_string());
            pairs.push('"');
        }
        pairs.push_str(if pairs.is_empty() { "[]" } else { "]" });
        self.push("(SELECT unhex(substr(value, 1, 32)) AS integration_id, unhex(substr(value, 33)) AS id ");
        self.push("FROM json_each(").bind(pairs).push(")) AS p")
    }

    /// `<what> contains this text`.
    pub fn contains(&mut self, what: &str, text: &str) -> &mut Self {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.push(what).push(" LIKE ").bind(format!("%{escaped}%")).push(" ESCAPE '\\'")
    }

    pub fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }
}
