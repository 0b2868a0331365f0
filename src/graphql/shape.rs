//! Endpoints' own payloads: a selection on `Change` is put into a query of the change feed, and so has its types, its
//! limits and its permissions.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{PathSegment, Request, ServerError};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::Graph;
use crate::domain::IntegrationId;
use crate::store::Scoped;
use crate::store::page::feed_cursor;
use crate::webhooks::{Shape, Shaped, Shaping};

/// As many changes as one delivery tells of, at most.
const MOST: usize = 100;
const LONGEST: usize = 10_000;

impl Graph {
    /// Whether a selection can shape payloads with these permissions; if not, why.
    pub async fn check_shape(&self, selection: &str, scoped: Scoped) -> Result<(), String> {
        is_selection(selection)?;
        // Nothing is read: it is parsed, held to the schema and to the limits, and its scopes are asked for.
        let query = format!("{{ changes(integrationIds: [], first: {MOST}) {{ nodes {selection} }} }}");
        let response = self.execute(Request::new(query), scoped).await;
        match response.errors.first() {
            Some(error) => Err(error.message.clone()),
            None => Ok(()),
        }
    }
}

/// One selection and nothing around it, so that it stays where it is put.
fn is_selection(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("must not be longer than {LONGEST} bytes"));
    }
    let expected = "must be one selection on Change, as in { kind recordId }";
    let document = parse_query(text).map_err(|error| format!("{expected}: {error}"))?;
    let alone = match &document.operations {
        DocumentOperations::Single(operation) => {
            let operation = &operation.node;
            operation.ty == OperationType::Query
                && operation.variable_definitions.is_empty()
                && operation.directives.is_empty()
        }
        DocumentOperations::Multiple(_) => false,
    };
    if alone && document.fragments.is_empty() && text.trim_start().starts_with('{') {
        Ok(())
    } else {
        Err(expected.to_owned())
    }
}

#[async_trait]
impl Shape for Graph {
    async fn shape(&self, scoped: Scoped, changes: &Shaping<'_>) -> Result<Shaped, String> {
        let query = format!(
            "{{ changes(integrationIds: [\"{}\"], first: {MOST}, after: \"{}\") {{ nodes {} }} }}",
            IntegrationId(changes.integration),
            feed_cursor(changes.first - 1),
            changes.query,
        );
        let response = self.execute(Request::new(query), scoped).await;
        let mut data = response.data.into_json().map_err(|error| error.to_string())?;
        let Value::Array(mut nodes) = data["changes"]["nodes"].take() else {
            let why = response.errors.first().map_or("no answer", |error| error.message.as_str());
            return Err(format!("the endpoint's query was not answered: {why}"));
        };
        nodes.truncate(changes.count);
        Ok(Shaped { changes: nodes, errors: response.errors.iter().filter_map(|e| told(e, changes.count)).collect() })
    }
}

/// An error as it is sent: its path begins with `changes` and the change's place. None when it is of a change that is not
/// told.
fn told(error: &ServerError, count: usize) -> Option<Value> {
    let place = |segment: &PathSegment| match segment {
        PathSegment::Field(name) => json!(name),
        PathSegment::Index(at) => json!(at),
    };
    let path: Vec<Value> = error.path.iter().filter(|segment| !is_nodes(segment)).map(place).collect();
    let of_another =
        path.get(1).and_then(Value::as_u64).is_some_and(|at| usize::try_from(at).is_ok_and(|at| at >= count));
    (!of_another).then(|| json!({ "message": error.message, "path": path }))
}

fn is_nodes(segment: &PathSegment) -> bool {
    matches!(segment, PathSegment::Field(name) if name == "nodes")
}

#[cfg(test)]
mod tests {
    use super::is_selection;

    #[test]
    fn only_one_selection_and_nothing_around_it_passes() {
        for text in ["{ kind }", " {kind record { ... on Job { name } } }", "{ a: kind @include(if: true) }"] {
            assert_eq!(is_selection(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "kind",
            "{ kind } }",
            "{ kind } { kind }",
            "{ kind } mutation { a }",
            "query { kind }",
            "query A($a: Int) { kind }",
            "mutation { kind }",
            "{ ...f } fragment f on Change { kind }",
            "# { kind }",
            "{ }",
        ] {
            assert!(is_selection(text).is_err(), "{text}");
        }
    }
}
