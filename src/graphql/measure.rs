//! How long operations take, how many statements and with which outcome; by kind and first root field, because the names
//! that clients give are without end.

use std::collections::HashSet;
use std::time::Instant;

use async_graphql::parser::types::{OperationType, Selection};
use async_graphql::{Request, Response};
use metrics::{counter, histogram};
use tracing::{Instrument, info_span};

use super::order::operation_of;
use crate::store::counting;

/// The fields that the schema has, so that nobody makes up others.
pub struct Fields(HashSet<String>);

impl Fields {
    pub fn new(names: Vec<String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// What a request asks for; it is parsed for it, once.
    pub fn asked(&self, request: &mut Request) -> Asked {
        let name = request.operation_name.clone();
        let document = request.parsed_query().ok();
        let Some(operation) = document.and_then(|document| operation_of(document, name.as_deref())) else {
            return Asked { kind: "none", field: "none".to_owned() };
        };
        let kind = match operation.node.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        let field = operation.node.selection_set.node.items.iter().find_map(|selection| match &selection.node {
            Selection::Field(field) => Some(field.node.name.node.as_str()),
            Selection::InlineFragment(_) | Selection::FragmentSpread(_) => None,
        });
        let ours = |field: &&str| matches!(*field, "__schema" | "__type" | "__typename") || self.0.contains(*field);
        let field = field.filter(ours);
        Asked { kind, field: field.unwrap_or("other").to_owned() }
    }
}

/// An operation, in words that a metric may carry.
pub struct Asked {
    kind: &'static str,
    field: String,
}

impl Asked {
    /// Carries it out, and counts it.
    pub async fn measured(self, work: impl Future<Output = Response>) -> Response {
        let Self { kind, field } = self;
        let span = info_span!("graphql", operation = kind, field);
        let begun = Instant::now();
        let (response, statements) = counting(work.instrument(span)).await;
        let outcome = if response.is_ok() { "ok" } else { "errors" };
        histogram!("hiregraph_graphql_seconds", "operation" => kind, "field" => field.clone()).record(begun.elapsed());
        histogram!("hiregraph_graphql_statements", "operation" => kind).record(count(statements));
        counter!("hiregraph_graphql_requests_total", "operation" => kind, "field" => field, "outcome" => outcome)
            .increment(1);
        response
    }
}

fn count(statements: u64) -> f64 {
    f64::from(u32::try_from(statements).unwrap_or(u32::MAX))
}
