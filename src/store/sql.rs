//! Writes one SQL text for both databases, with its values. Names of tables and columns are ours; whatever
//! came from a caller is bound.

use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use super::read::Key;

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
    pub fn one_of<T: Clone>(&mut self, what: &str, values: &[T]) -> &mut Self
    where
        Value: From<Vec<T>> + From<T>,
    {
        if values.is_empty() {
            return self.push("1 = 0");
        }
        if self.backend == DbBackend::Postgres {
            return self.push(what).push(" = ANY(").bind(values.to_vec()).push(")");
        }
        self.push(what).push(" IN (");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value.clone());
        }
        self.push(")")
    }

    /// A source of rows `p (integration_id, id)`, one a key.
    pub fn keys(&mut self, keys: &[Key]) -> &mut Self {
        if self.backend == DbBackend::Postgres {
            let integrations: Vec<Uuid> = keys.iter().map(|key| key.integration).collect();
            let ids: Vec<Uuid> = keys.iter().map(|key| key.id).collect();
            return self.push("unnest(").bind(integrations).push(", ").bind(ids).push(") AS p (integration_id, id)");
        }
        self.push("(SELECT column1 AS integration_id, column2 AS id FROM (VALUES ");
        // Few different texts, so that prepared statements are found again: nobody has the nil id.
        let count = keys.len().next_power_of_two();
        let nobody = Key { integration: Uuid::nil(), id: Uuid::nil() };
        for index in 0..count {
            let key = keys.get(index).unwrap_or(&nobody);
            self.push(if index > 0 { ", (" } else { "(" }).bind(key.integration).push(", ").bind(key.id).push(")");
        }
        self.push(")) AS p")
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
