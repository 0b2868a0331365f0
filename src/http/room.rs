//! How much may be in hand at once. What is too much is refused at the door, before it costs memory: whoever is refused is
//! told when to come again, and nothing was done. Writes and subscriptions mostly wait for others, so they take a place among the
//! requests only; a query works all the time, so few are carried out at once, and the next wait for a moment.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Response as Answered, ServerError};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The code of what was refused.
pub const OVERLOADED: &str = "OVERLOADED";

/// A query waits so long for its turn; whoever asked is still there then.
const PATIENCE: Duration = Duration::from_secs(1);
/// For each query that is carried out, so many wait.
const LINE: usize = 8;
/// Bodies up to this many bytes are not counted: the number of requests bounds them.
const SMALL: u64 = 64 * 1024;
/// What is counted in.
const UNIT: u64 = 1024;
/// All large bodies together may have so many bytes, or twice what one may have.
const BODIES: u64 = 256 * 1024 * 1024;

const ADVICE: &str = "too much is going on here: try again in a second";

pub struct Room {
    options: Options,
    requests: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    line: Arc<Semaphore>,
    queries: Arc<Semaphore>,
    /// In units.
    bodies: Arc<Semaphore>,
}

/// A place among those in hand, until it is dropped.
pub struct Place(#[expect(dead_code, reason = "held, not read")] Vec<OwnedSemaphorePermit>);

#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub requests: usize,
    pub queries: usize,
    pub sockets: usize,
    /// The largest body that is read, in bytes.
    pub largest: usize,
}

impl Room {
    pub fn new(options: Options) -> Self {
        let bodies = BODIES.max(u64::try_from(options.largest).unwrap_or(u64::MAX).saturating_mul(2)) / UNIT;
        let of = |places: usize| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self {
            options,
            requests: of(options.requests),
            sockets: of(options.sockets),
            line: of(options.queries.saturating_mul(LINE + 1)),
            queries: of(options.queries),
            bodies: of(usize::try_from(bodies).unwrap_or(usize::MAX)),
        }
    }

    /// For a request, of which nothing was looked at yet.
    pub fn request(&self) -> Result<Place, Overload> {
        let request = self.requests.clone().try_acquire_owned().map_err(|_| Overload::of("requests"))?;
        Ok(Place(vec![request]))
    }

    /// For a connection that lasts.
    pub fn socket(&self) -> Result<Place, Overload> {
        let socket = self.sockets.clone().try_acquire_owned().map_err(|_| Overload::of("sockets"))?;
        Ok(Place(vec![socket]))
    }

    /// For a body of which no byte was read yet, and that has at most so many, if it says. `largest`: of what its caller may
    /// send.
    pub fn body(&self, length: Option<u64>, largest: usize) -> Result<Place, Overload> {
        let largest = u64::try_from(largest).unwrap_or(u64::MAX);
        // Of unknown length: it can be as large as the largest. Beyond that it is refused while it is read.
        let length = length.unwrap_or(largest).min(largest);
        if length <= SMALL {
            return Ok(Place(Vec::new()));
        }
        let units = u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let body = self.bodies.clone().try_acquire_many_owned(units).map_err(|_| Overload::of("bodies"))?;
        Ok(Place(vec![body]))
    }

    /// For a query. Waits for its turn, unless the line is too long already.
    pub async fn query(&self) -> Result<Place, Overload> {
        let waits = self.line.clone().try_acquire_owned().map_err(|_| Overload::of("line"))?;
        match timeout(PATIENCE, self.queries.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Place(vec![waits, turn])),
            _ => Err(Overload::of("queries")),
        }
    }

    /// What is in hand.
    pub fn in_hand(&self) -> [(&'static str, usize); 3] {
        let taken = |places: usize, left: &Semaphore| places.saturating_sub(left.available_permits());
        [
            ("sockets", taken(self.options.sockets, &self.sockets)),
            ("requests", taken(self.options.requests, &self.requests)),
            ("queries", taken(self.options.queries, &self.queries)),
        ]
    }
}

/// Too much is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overload;

impl Overload {
    /// Counts it.
    fn of(what: &'static str) -> Self {
        counter!("hiregraph_shed_total", "of" => what).increment(1);
        Self
    }

    /// As the answer to an operation.
    pub fn answered(self) -> Answered {
        let mut error = ServerError::new(ADVICE, None);
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", OVERLOADED);
        let mut response = Answered::from_errors(vec![error]);
        response.http_headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }
}

impl IntoResponse for Overload {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "message": ADVICE, "extensions": { "code": OVERLOADED } }] });
        let headers = [
            (header::CONTENT_TYPE, "application/json; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::RETRY_AFTER, "1"),
        ];
        (StatusCode::SERVICE_UNAVAILABLE, headers, body.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room::new(Options { requests: 2, queries: 1, sockets: 1, largest: 1 })
    }

    #[test]
    fn more_requests_than_places_are_refused_until_one_ends() {
        let room = room();
        let one = room.request().unwrap();
        let two = room.request().unwrap();
        assert!(room.request().is_err());
        drop(one);
        assert!(room.request().is_ok());
        drop(two);
    }

    #[test]
    fn large_bodies_share_a_budget_and_small_ones_do_not() {
        let room = Room::new(Options { requests: 1, queries: 1, sockets: 1, largest: 1 });
        let (half, largest) = (Some(134_217_728), 400 * 1024 * 1024);
        let held = [room.body(half, largest).unwrap(), room.body(half, largest).unwrap()];
        assert!(room.body(half, largest).is_err());
        assert!(room.body(Some(1000), largest).is_ok());
        drop(held);
        let unknown = room.body(None, 200 * 1024 * 1024).unwrap();
        assert!(room.body(half, largest).is_err());
        drop(unknown);
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_waits_for_its_turn_and_gives_up_in_time() {
        let room = room();
        let turn = room.query().await.unwrap();
        assert!(room.query().await.is_err());
        let (next, ()) = tokio::join!(room.query(), async { drop(turn) });
        let next = next.unwrap();
        let line: Vec<_> = (0..LINE).map(|_| room.query()).collect();
        let line = futures::future::join_all(line).await;
        assert!(line.iter().all(Result::is_err));
        drop(next);
        assert!(room.query().await.is_ok());
    }
}
