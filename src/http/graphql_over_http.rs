//! GraphQL over HTTP: what a request must look like, which operation it means, and with which status and media type
//! it is answered. Passes every audit of the npm package `graphql-http` (`tests/audit`).
//!
//! Knows no schema: the executor is passed in. Never authenticates and never reads a body from the wire; both are done
//! before [`answer`] is called.

mod accept;
mod document;
mod events;
mod parameters;
mod persisted;
mod refusal;
mod response;

use std::future::Future;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, ServerError};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use futures::stream::{self, BoxStream};
use tokio_util::sync::CancellationToken;

pub use accept::{MediaType, negotiate};
pub use parameters::{parse_get, parse_post};
pub use persisted::{Admission, Documents};
pub use refusal::{Kind, Refusal};
pub use response::{coded, is_refused, respond, write};

/// Runs an operation. Called at most once, and only with a document that parses and an operation that may be run.
pub trait Executor: Send {
    /// Which documents the caller may run, and which by their hash.
    fn admission(&self) -> Admission<'_>;

    fn execute(self, request: Request, operation: OperationType) -> impl Future<Output = Response> + Send;

    fn subscribe(self, request: Request) -> impl Future<Output = Events> + Send;
}

/// The answers to a subscription.
pub struct Events {
    pub answers: BoxStream<'static, Response>,
    /// Breaks the stream off before its end, so that its reader comes back.
    pub stop: CancellationToken,
}

/// Answers one request to the GraphQL endpoint.
pub async fn answer(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
    executor: impl Executor,
) -> axum::response::Response {
    let takes_events = accept::takes_events(headers);
    let media = match negotiate(headers) {
        Ok(media) => Some(media),
        Err(_) if takes_events => None,
        Err(refusal) => return refusal.respond(MediaType::Json),
    };
    let (request, operation) = match prepare(method, uri, headers, &body, (takes_events, executor.admission())) {
        Ok(prepared) => prepared,
        Err(Unusable::Errors(errors)) => return once(media, Response::from_errors(errors)),
        Err(Unusable::Refused(refusal)) => return refusal.respond(media.unwrap_or(MediaType::Json)),
    };
    // Boxed values of the request may borrow nothing of the body, which can be large: let it go first.
    drop(body);
    match operation {
        OperationType::Subscription => events::respond(executor.subscribe(request).await),
        OperationType::Query | OperationType::Mutation => once(media, executor.execute(request, operation).await),
    }
}

/// A single answer; as an event for whoever takes nothing else.
fn once(media: Option<MediaType>, response: Response) -> axum::response::Response {
    match media {
        Some(media) => respond(media, response),
        None => {
            let answers = Box::pin(stream::once(async { response }));
            events::respond(Events { answers, stop: CancellationToken::new() })
        }
    }
}

fn prepare(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    (takes_events, admission): (bool, Admission<'_>),
) -> Result<(Request, OperationType), Unusable> {
    let mut request = match *method {
        Method::GET | Method::HEAD => parse_get(uri.query())?,
        Method::POST => parse_post(headers, body)?,
        _ => return Err(Refusal::method("this endpoint takes GET and POST", "GET, POST").into()),
    };
    let operation = inspect(&mut request, &admission)?;
    match operation {
        OperationType::Query => {}
        OperationType::Mutation if method == Method::POST => {}
        OperationType::Mutation => {
            return Err(Refusal::method("GET runs queries only: send mutations by POST", "POST").into());
        }
        OperationType::Subscription if method == Method::POST && takes_events => {}
        OperationType::Subscription if method == Method::POST => {
            return Err(Refusal::bad_request(
                "a subscription has more than one answer: ask with `accept: text/event-stream`, or over the WebSocket",
            )
            .into());
        }
        OperationType::Subscription => {
            return Err(Refusal::method(
                "GET runs queries only: subscribe by POST with `accept: text/event-stream`, or over the WebSocket",
                "POST",
            )
            .into());
        }
    }
    Ok((request, operation))
}

/// Finds the document where only its hash was sent, and reads it.
fn inspect(request: &mut Request, admission: &Admission<'_>) -> Result<OperationType, Unusable> {
    let remembered = admission.documents.admit(request, admission.bound)?;
    let operation = document::inspect(request).map_err(Unusable::Errors)?;
    if let Some(hash) = remembered {
        admission.documents.remember(hash, &request.query);
    }
    Ok(operation)
}

/// Why an operation cannot be run.
pub enum Unusable {
    Refused(Refusal),
    /// The document or the variables are at fault: a GraphQL answer without data.
    Errors(Vec<ServerError>),
}

impl From<Refusal> for Unusable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Reads an operation that comes as the payload of a message, not over HTTP.
pub fn parse_message(
    payload: serde_json::Value,
    admission: &Admission<'_>,
) -> Result<(Request, OperationType), Unusable> {
    let mut request = parameters::parse_message(payload)?;
    let operation = inspect(&mut request, admission)?;
    Ok((request, operation))
}

#[cfg(test)]
mod tests;
