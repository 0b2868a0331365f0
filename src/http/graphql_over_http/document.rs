//! What can be known of a document without a schema: whether it parses, which operation is meant, and whether every
//! variable that must have a value has one.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{BaseType, DocumentOperations, OperationDefinition, OperationType, Type};
use async_graphql::{Request, ServerError, Value, Variables};

use super::response::{PARSE_FAILED, set_code};
use crate::graphql::without_values;

/// Apollo's names for these two, which client libraries know.
const NOT_SELECTED: &str = "OPERATION_RESOLUTION_FAILURE";
const BAD_VARIABLE: &str = "BAD_USER_INPUT";

/// The parser recurses for every bracket, and counts only those of selection sets; what it recurses into before it
/// counts is bounded here. Far above what the depth limit of any schema lets through.
const DEEPEST_NESTING: usize = 128;

/// The kind of the operation that would run. The parsed document stays with the request, so it is parsed once.
pub(super) fn inspect(request: &mut Request) -> Result<OperationType, Vec<ServerError>> {
    if nesting(&request.query) > DEEPEST_NESTING {
        let message = format!("the document is nested more than {DEEPEST_NESTING} levels deep");
        return Err(vec![coded(ServerError::new(message, None), PARSE_FAILED)]);
    }
    let document = parse_query(&request.query).map_err(|error| vec![unreadable(error)])?;
    let operation = select(&document.operations, request.operation_name.as_deref())
        .map_err(|message| vec![coded(ServerError::new(message, None), NOT_SELECTED)])?;
    let errors = variable_errors(operation, &request.variables);
    if !errors.is_empty() {
        return Err(errors);
    }
    let ty = operation.ty;
    request.set_parsed_query(document);
    Ok(ty)
}

fn unreadable(error: async_graphql::parser::Error) -> ServerError {
    let mut error = ServerError::from(error);
    error.message = without_values(&error.message);
    coded(error, PARSE_FAILED)
}

fn coded(mut error: ServerError, code: &str) -> ServerError {
    set_code(&mut error, code);
    error
}

fn select<'a>(operations: &'a DocumentOperations, name: Option<&str>) -> Result<&'a OperationDefinition, String> {
    match (operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Single(_), Some(name)) => {
            Err(format!("the document has no operation named `{name}`: its only operation has no name"))
        }
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .map(|operation| &operation.node)
            .ok_or_else(|| format!("the document has no operation named `{name}`")),
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            match (all.next(), all.next()) {
                (Some(only), None) => Ok(&only.node),
                _ => Err("the document has several operations: name one in `operationName`".to_owned()),
            }
        }
    }
}

/// async-graphql looks at a variable only where it is used; the specification refuses the request before it runs.
fn variable_errors(operation: &OperationDefinition, variables: &Variables) -> Vec<ServerError> {
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let variable = &definition.node;
        let (name, ty) = (&variable.name.node, &variable.var_type.node);
        let problem = match variables.get(name) {
            None if ty.nullable || variable.default_value.is_some() => continue,
            None => "was not given",
            Some(value) if fits(ty, value) => continue,
            Some(Value::Null) => "must not be null",
            Some(_) => "must not hold null in this place",
        };
        let message = format!("the variable `${name}` of type `{ty}` {problem}");
        errors.push(coded(ServerError::new(message, Some(definition.pos)), BAD_VARIABLE));
    }
    errors
}

/// Nulls only; whether a value fits a named type is the schema's to say.
fn fits(ty: &Type, value: &Value) -> bool {
    match (value, &ty.base) {
        (Value::Null, _) => ty.nullable,
        (Value::List(items), BaseType::List(inner)) => items.iter().all(|item| fits(inner, item)),
        _ => true,
    }
}

/// How deep brackets go, outside strings and comments.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = query.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' if tail.starts_with(b"\"\"") => after_block_string(&tail[2..]),
            b'"' => after_string(tail),
            b'#' => after(tail, |byte| matches!(byte, b'\n' | b'\r')),
            _ => tail,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn after(text: &[u8], ends: impl Fn(u8) -> bool) -> &[u8] {
    text.iter().position(|byte| ends(*byte)).map_or(&[], |at| &text[at + 1..])
}

/// A line break ends a string that was never closed; such a document does not parse anyway.
fn after_string(mut text: &[u8]) -> &[u8] {
    while let Some((&byte, tail)) = text.split_first() {
        match byte {
            b'"' | b'\n' | b'\r' => return tail,
            b'\\' => text = tail.get(1..).unwrap_or_default(),
            _ => text = tail,
        }
    }
    text
}

fn after_block_string(mut text: &[u8]) -> &[u8] {
    while !text.is_empty() {
        if let Some(tail) = text.strip_prefix(b"\"\"\"") {
            return tail;
        }
        text = text.strip_prefix(b"\\\"\"\"").unwrap_or(&text[1..]);
    }
    text
}
