//! GraphQL over HTTP: what a request must look like, which operation it means, and with which status and media type
//! it is answered. Passes every audit of the npm package `graphql-http` (`tests/audit`).
//!
//! Knows no schema: the executor is passed in. Never authenticates and never reads a body from the wire; both are done
//! before [`answer`] is called.

mod accept;
mod document;
mod parameters;
mod refusal;
mod response;

use std::future::Future;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};

pub use accept::{MediaType, negotiate};
pub use parameters::{parse_get, parse_post};
pub use refusal::{Kind, Refusal};
pub use response::respond;

/// Answers one request to the GraphQL endpoint. `execute` is called at most once, and only with a document that parses
/// and an operation that the method may run.
pub async fn answer<F, Fut>(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
    execute: F,
) -> axum::response::Response
where
    F: FnOnce(Request) -> Fut,
    Fut: Future<Output = Response>,
{
    let media = match negotiate(headers) {
        Ok(media) => media,
        Err(refusal) => return refusal.respond(MediaType::Json),
    };
    match prepare(method, uri, headers, &body) {
        // Boxed values of the request may borrow nothing of the body, which can be large: let it go first.
        Ok(Prepared::Run(request)) => {
            drop(body);
            respond(media, execute(request).await)
        }
        Ok(Prepared::Answered(response)) => respond(media, response),
        Err(refusal) => refusal.respond(media),
    }
}

enum Prepared {
    Run(Request),
    /// The document or the variables are at fault: a GraphQL answer without data.
    Answered(Response),
}

fn prepare(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Prepared, Refusal> {
    let mut request = match *method {
        Method::GET | Method::HEAD => parse_get(uri.query())?,
        Method::POST => parse_post(headers, body)?,
        _ => return Err(Refusal::method("this endpoint takes GET and POST", "GET, POST")),
    };
    let operation = match document::inspect(&mut request) {
        Ok(operation) => operation,
        Err(errors) => return Ok(Prepared::Answered(Response::from_errors(errors))),
    };
    match operation {
        OperationType::Query => Ok(Prepared::Run(request)),
        OperationType::Mutation if method == Method::POST => Ok(Prepared::Run(request)),
        OperationType::Mutation => Err(Refusal::method("GET runs queries only: send mutations by POST", "POST")),
        OperationType::Subscription if method == Method::POST => Err(Refusal::bad_request(
            "a subscription has more than one answer: ask with `accept: text/event-stream`, or over the WebSocket",
        )),
        OperationType::Subscription => Err(Refusal::method(
            "GET runs queries only: subscribe by POST with `accept: text/event-stream`, or over the WebSocket",
            "POST",
        )),
    }
}

#[cfg(test)]
mod tests;
