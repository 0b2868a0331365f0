//! Carrying a lane out: its deliveries go one after the other, each is signed as it goes, and the first that fails
//! holds up those behind it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use metrics::counter;
use serde_json::Value;
use tracing::{debug, warn};
use url::Url;

use super::{Shaping, TIMEOUT, Webhooks, payload, retry, sign};
use crate::net::{self, Body, Request};
use crate::store::entity::webhook_delivery;
use crate::store::webhooks::{Attempted, Health, Lane, LaneNotes, LaneWork, Outcome};
use crate::store::{Error, Result};

/// Deliveries of a lane that are read, and noted, at once.
const BATCH: u64 = 50;
/// What was delivered is noted after so long at the latest: what is not noted would be sent again after a crash.
const NOTE_AFTER: Duration = Duration::from_millis(500);
/// Times that a lane is gone on with before others get their turn.
const ROUNDS: usize = 20;

/// How an endpoint answered.
struct Answered {
    status: Option<StatusCode>,
    /// Why it is no delivery.
    error: Option<String>,
    asked: Option<Duration>,
}

impl Answered {
    fn failed(error: String) -> Self {
        Self { status: None, error: Some(error), asked: None }
    }
}

impl Webhooks {
    /// Whether something of the lane is left for later.
    pub(super) async fn work(&self, lane: Lane) -> bool {
        match self.carry_out(&lane).await {
            Ok(is_left) => return is_left,
            Err(Error::LeaseLost) => warn!(endpoint = %lane.endpoint, "the lease of a lane was lost"),
            // It would fail again at once: the lease is left to run out first.
            Err(error) => warn!(endpoint = %lane.endpoint, %error, "deliveries were broken off"),
        }
        false
    }

    async fn carry_out(&self, lane: &Lane) -> Result<bool> {
        for round in 1..=ROUNDS {
            let work = self.store().lane_work(lane, BATCH, self.now()).await?;
            let Some(work) = work.filter(|work| !work.deliveries.is_empty()) else { break };
            let (attempted, gone) = self.deliver(&work).await;
            let failed = attempted.last().is_none_or(|last| matches!(last.outcome, Outcome::Failed(..)));
            let is_done = work.is_all && attempted.len() == work.deliveries.len() && !failed;
            let goes_on = round < ROUNDS && !is_done && !failed && !gone && !self.0.stop.is_cancelled();
            let health = health(&work, &attempted, gone);
            self.note(LaneNotes { lane: *lane, attempted, goes_on }).await?;
            if let Some((health, why)) = health
                && self.store().note_health(lane.endpoint, health, &why, self.now()).await?
            {
                warn!(endpoint = %lane.endpoint, why, "a webhook endpoint was disabled");
            }
            if !goes_on {
                return Ok(!is_done);
            }
        }
        self.note(LaneNotes { lane: *lane, attempted: Vec::new(), goes_on: false }).await?;
        Ok(true)
    }

    /// Sends what is due until something fails, and whether the endpoint is gone for good.
    async fn deliver(&self, work: &LaneWork) -> (Vec<Attempted>, bool) {
        let (begun, mut attempted) = (Instant::now(), Vec::new());
        for delivery in &work.deliveries {
            if self.0.stop.is_cancelled() || begun.elapsed() >= NOTE_AFTER {
                break;
            }
            let (at, sent) = (self.now(), Instant::now());
            let answered = self.send(work, delivery).await;
            let gone = answered.status == Some(StatusCode::GONE);
            let status = answered.status.map(|status| status.as_u16());
            let outcome = self.outcome(delivery, answered, gone);
            let told = if outcome.error().is_none() { "delivered" } else { "failed" };
            counter!("hiregraph_webhook_attempts_total", "outcome" => told).increment(1);
            match outcome.error() {
                None => debug!(delivery = payload::public_id(delivery.id), status, "webhook delivered"),
                Some(error) => {
                    warn!(delivery = payload::public_id(delivery.id), status, error, "webhook not delivered");
                }
            }
            let ends = matches!(outcome, Outcome::Failed(..));
            attempted.push(Attempted {
                delivery: delivery.id,
                integration: delivery.integration_id,
                attempt: delivery.attempts.saturating_add(1),
                at,
                took: sent.elapsed(),
                status,
                outcome,
            });
            if ends || gone {
                return (attempted, gone);
            }
        }
        (attempted, false)
    }

    fn outcome(&self, delivery: &webhook_delivery::Model, answered: Answered, gone: bool) -> Outcome {
        let Some(error) = answered.error else { return Outcome::Delivered };
        let mut chance = [0; 2];
        self.0.options.ids.fill(&mut chance);
        let tries = u32::try_from(delivery.tries).unwrap_or(u32::MAX).saturating_add(1);
        match retry::pause(tries, u16::from_be_bytes(chance), answered.asked) {
            Some(pause) if !gone => {
                Outcome::Failed(self.now() + TimeDelta::from_std(pause).unwrap_or(TimeDelta::days(1)), error)
            }
            _ => Outcome::GivenUp(error),
        }
    }

    async fn send(&self, work: &LaneWork, delivery: &webhook_delivery::Model) -> Answered {
        let body = match self.body(work, delivery).await {
            Ok(body) => Bytes::from(body.to_string()),
            Err(error) => return Answered::failed(error),
        };
        let Ok(url) = Url::parse(&work.endpoint.url) else {
            return Answered::failed("the address cannot be read".to_owned());
        };
        let (id, at) = (payload::public_id(delivery.id), self.now().timestamp());
        let signatures = sign::signatures(&work.secrets, &id, at, &body);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [(sign::ID, id), (sign::TIMESTAMP, at.to_string()), (sign::SIGNATURE, signatures)] {
            // Letters, digits and a few signs.
            headers
                .extend(HeaderValue::from_str(&value).ok().map(|value| (http::HeaderName::from_static(name), value)));
        }
        let body = Body::bytes(body);
        let request = Request { headers, body, timeout: Some(TIMEOUT), ..Request::new(Method::POST, url) };
        match self.0.options.client.tell(request).await {
            Ok((status, _)) if status.is_success() => Answered { status: Some(status), error: None, asked: None },
            Ok((status, headers)) => Answered {
                status: Some(status),
                error: Some(format!("answered {}", status.as_u16())),
                asked: net::retry_after(&headers, self.now()),
            },
            Err(error) => Answered::failed(error.to_string()),
        }
    }

    /// What is sent. With a query it is made now and not before: nothing of what the query reads is kept here.
    async fn body(&self, work: &LaneWork, delivery: &webhook_delivery::Model) -> Result<Value, String> {
        let mut body = delivery.payload.0.clone();
        let (Some(query), Some(first), Some(integration)) =
            (&work.endpoint.query, delivery.first_change, delivery.integration_id)
        else {
            return Ok(body);
        };
        let count = body["changes"].as_array().map_or(0, Vec::len);
        let scoped = self.store().scoped(work.endpoint.access(integration));
        let shaped = self.0.options.shape.shape(scoped, &Shaping { query, integration, first, count }).await?;
        body["changes"] = Value::Array(shaped.changes);
        if !shaped.errors.is_empty() {
            body["errors"] = Value::Array(shaped.errors);
        }
        Ok(body)
    }
}

/// What attempts say of their endpoint; none when it is nothing new.
fn health(work: &LaneWork, attempted: &[Attempted], gone: bool) -> Option<(Health, String)> {
    if gone {
        return Some((Health::Gone, "it answered 410 Gone: nothing is wanted there any more".to_owned()));
    }
    if attempted.iter().any(|attempted| matches!(attempted.outcome, Outcome::Delivered)) {
        return work.endpoint.failing_since.is_some().then(|| (Health::Works, String::new()));
    }
    let error = attempted.iter().rev().find_map(|attempted| attempted.outcome.error())?;
    Some((Health::Fails, format!("nothing could be delivered for 5 days; the last error: {error}")))
}
