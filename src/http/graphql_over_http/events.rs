//! Server-sent events, in the distinct-connections mode of the protocol `graphql-sse`: `next` for each answer,
//! `complete` at the end, and a comment when there is nothing else to send.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::Response;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};

use super::Events;
use super::response::{UNSERIALIZABLE, write};

/// A reader, or something on the way to it, may take silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

pub fn respond(events: Events) -> axum::response::Response {
    let Events { answers, stop } = events;
    let next = answers.map(|mut answer| next(&mut answer));
    let complete = stream::once(async { Bytes::from_static(b"event: complete\ndata:\n\n") });
    let told = next.chain(complete).take_until(stop.cancelled_owned().boxed());
    // The first comment tells that the subscription has begun.
    let all = stream::once(async { comment() }).chain(kept_alive(told.boxed()));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // Or nginx would collect events.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(all.map(Ok::<_, Infallible>))).into_response()
}

fn next(answer: &mut Response) -> Bytes {
    let json = write(answer).unwrap_or_else(|_| UNSERIALIZABLE.as_bytes().to_vec());
    // JSON as it is written here has no line breaks.
    [b"event: next\ndata: ".as_slice(), &json, b"\n\n"].concat().into()
}

fn comment() -> Bytes {
    Bytes::from_static(b":\n\n")
}

fn kept_alive(told: BoxStream<'static, Bytes>) -> impl futures::Stream<Item = Bytes> + Send + 'static {
    stream::unfold(told, |mut told| async move {
        match tokio::time::timeout(KEEP_ALIVE, told.next()).await {
            Ok(Some(event)) => Some((event, told)),
            Ok(None) => None,
            Err(_) => Some((comment(), told)),
        }
    })
}
