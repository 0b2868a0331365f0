//! GraphQL errors. What a caller did wrong is told with the argument at fault; what went wrong here is told by
//! a reference that stands in the log beside what happened.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use tracing::error;

use crate::actions;
use crate::domain::Ids;
use crate::store::{self, Missing};
use crate::sync;

/// An argument that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{argument} {message}")]
pub struct BadInput {
    argument: String,
    message: String,
}

impl BadInput {
    pub fn new(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self { argument: argument.into(), message: message.into() }
    }
}

/// A cursor of the change feed that it does not reach back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the change feed does not go back to this cursor any more: take its present end, the endCursor of \
     changes(first: 0), read the lists anew, and then follow the feed from there"
)]
pub struct CursorExpired;

/// Why a subscription does not begin, or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Turned {
    #[error("the API key or access token was revoked, or has expired")]
    Unauthenticated,
    #[error("this process has as many subscriptions as it may: try again later")]
    TooMany,
    #[error("this key has as many subscriptions as it may: end some, or ask for more in one")]
    TooManyOfKey,
}

/// An answer that is nothing but this error.
pub fn answer(error: impl Into<async_graphql::Error>, ids: &dyn Ids) -> Response {
    let error = error.into().into_server_error(async_graphql::Pos::default());
    let mut response = Response::from_errors(vec![error]);
    tell(&mut response, ids);
    response
}

/// Gives every error of a response its code, and takes our internals out.
pub fn tell(response: &mut Response, ids: &dyn Ids) {
    for error in &mut response.errors {
        explain(error, ids);
    }
}

/// The library's words without what the caller sent: that may be somebody's data, and clients keep their errors.
pub fn without_values(message: &str) -> String {
    if let Some((_, expected)) = message.strip_prefix(" --> ").and_then(|shown| shown.rsplit_once("\n  = ")) {
        return format!("the document is no GraphQL: {expected}");
    }
    for (before_value, instead) in
        [(", found ", ", found something else"), (" does not contain the value ", " does not contain this value")]
    {
        if let Some((words, _)) = message.split_once(before_value) {
            return format!("{words}{instead}");
        }
    }
    message.to_owned()
}

fn explain(error: &mut ServerError, ids: &dyn Ids) {
    if error.source.is_none() {
        error.message = without_values(&error.message);
    }
    let ours = error.source::<store::Error>().or_else(|| error.source::<Arc<store::Error>>().map(AsRef::as_ref));
    let internal = ours.map(ToString::to_string);
    let internal = internal.or_else(|| error.source::<sync::Error>().map(ToString::to_string));
    let internal = internal.or_else(|| error.source::<actions::Error>().map(ToString::to_string));
    if let Some(cause) = internal {
        let reference = ids.uuid().simple().to_string();
        error!(%reference, cause, "a query failed");
        error.message = format!("something went wrong here; the log has more under the reference {reference}");
        error.source = None;
        set(error, "INTERNAL", None);
        set_text(error, "reference", &reference);
    } else if error.source::<Missing>().is_some() {
        set(error, "FORBIDDEN", None);
    } else if let Some(argument) = error.source::<BadInput>().map(|bad| bad.argument.clone()) {
        set(error, "BAD_USER_INPUT", Some(&argument));
    } else if error.source::<CursorExpired>().is_some() {
        set(error, "CURSOR_EXPIRED", Some("after"));
    } else if let Some(turned) = error.source::<Turned>().copied() {
        let code = match turned {
            Turned::Unauthenticated => "UNAUTHENTICATED",
            Turned::TooMany | Turned::TooManyOfKey => "TOO_MANY_SUBSCRIPTIONS",
        };
        set(error, code, None);
    } else if !error.path.is_empty() && code(error).is_none() {
        // A value that does not fit its type, found when its field was resolved.
        set(error, "BAD_USER_INPUT", None);
    }
}

fn code(error: &ServerError) -> Option<&async_graphql::Value> {
    error.extensions.as_ref().and_then(|extensions| extensions.get("code"))
}

fn set(error: &mut ServerError, code: &str, argument: Option<&str>) {
    set_text(error, "code", code);
    if let Some(argument) = argument {
        set_text(error, "argument", argument);
    }
}

fn set_text(error: &mut ServerError, name: &str, value: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set(name, value);
}
