//! Webhook subscriptions, and the deliveries that they would make (§6). Nothing is ever sent from here: a delivery is a
//! value that somebody else sends, a test or the command that serves the simulator.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::reply::{Call, Reply};

/// The twelve event names (§6).
pub const EVENTS: [&str; 12] = [
    "candidate_created",
    "candidate_deleted",
    "candidate_soft_deleted",
    "candidate_merged",
    "candidate_applied",
    "candidate_added_to_job",
    "candidate_moved_in_job",
    "candidate_hired",
    "candidate_removed_from_job",
    "job_created",
    "job_updated",
    "job_deleted",
];

/// One `(type, url)`; the URL keeps its `?secret=` as it was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub kind: String,
    pub url: String,
}

/// What TRAFFIT would POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub kind: String,
    /// As it was registered, `?secret=` and all.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Deliveries that nobody fetches are dropped, the oldest first.
const KEPT: usize = 10_000;

impl Account {
    /// Something happened: every subscription to it is told, by ids only.
    pub(super) fn tell(&mut self, event: &Event) {
        for subscription in self.webhooks.values().filter(|subscription| subscription.kind == event.kind) {
            if self.deliveries.len() >= KEPT {
                self.deliveries.pop_front();
            }
            self.deliveries.push_back(Delivery {
                kind: event.kind.clone(),
                url: subscription.url.clone(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: payload(event, self.variant).to_string(),
            });
        }
    }
}

impl Event {
    pub(super) fn of_candidate(kind: &str, employee: i64) -> Self {
        Self { kind: kind.to_owned(), employee: Some(employee), ..Self::default() }
    }

    pub(super) fn of_member(kind: &str, recruitment: i64, employee: i64) -> Self {
        Self { recruitment: Some(recruitment), ..Self::of_candidate(kind, employee) }
    }

    pub(super) fn of_job(kind: &str, recruitment: i64) -> Self {
        Self { kind: kind.to_owned(), recruitment: Some(recruitment), ..Self::default() }
    }
}

/// What happened, by ids.
#[derive(Clone, Debug, Default)]
pub struct Event {
    pub kind: String,
    pub employee: Option<i64>,
    pub recruitment: Option<i64>,
    pub state: Option<i64>,
    pub merged: Vec<i64>,
}

/// The shapes a tolerant parser must take (§6); only the first is the simulator's own contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// `{"type":…,"employee":{"id":…},"recruitment":{"id":…}}`
    Nested,
    /// `{"event_type":…,"employee_id":…,"recruitment_id":…}`
    Flat,
    /// `{"event":…,"candidate":{"id":…},"job":{"id":…}}`
    OurWords,
    /// `{"candidate_id":…,"job_id":…}`, the event unnamed
    Unnamed,
    /// `{"id":…}` alone
    Bare,
    /// No id to be read at all
    Opaque,
}

impl Variant {
    pub const ALL: [Self; 6] = [Self::Nested, Self::Flat, Self::OurWords, Self::Unnamed, Self::Bare, Self::Opaque];
}

/// The body of a delivery.
pub fn payload(event: &Event, variant: Variant) -> Value {
    let mut body = Map::new();
    let nested = |body: &mut Map<String, Value>, key: &str, id: Option<i64>| {
        if let Some(id) = id {
            body.insert(key.to_owned(), json!({"id": id}));
        }
    };
    let flat = |body: &mut Map<String, Value>, key: &str, id: Option<i64>| {
        if let Some(id) = id {
            body.insert(key.to_owned(), json!(id));
        }
    };
    match variant {
        Variant::Nested => {
            body.insert("type".to_owned(), json!(event.kind));
            nested(&mut body, "employee", event.employee);
            nested(&mut body, "recruitment", event.recruitment);
            nested(&mut body, "workflow_state", event.state);
            if !event.merged.is_empty() {
                let merged: Vec<Value> = event.merged.iter().map(|id| json!({"id": id})).collect();
                body.insert("merged_employees".to_owned(), Value::Array(merged));
            }
        }
        Variant::Flat => {
            body.insert("event_type".to_owned(), json!(event.kind));
            flat(&mut body, "employee_id", event.employee);
            flat(&mut body, "recruitment_id", event.recruitment);
            flat(&mut body, "workflow_state_id", event.state);
            if !event.merged.is_empty() {
                body.insert("merged_employee_ids".to_owned(), json!(event.merged));
            }
        }
        Variant::OurWords => {
            body.insert("event".to_owned(), json!(event.kind));
            nested(&mut body, "candidate", event.employee);
            nested(&mut body, "job", event.recruitment);
            if !event.merged.is_empty() {
                body.insert("merged_candidates".to_owned(), json!(event.merged));
            }
        }
        Variant::Unnamed => {
            flat(&mut body, "candidate_id", event.employee);
            flat(&mut body, "job_id", event.recruitment);
        }
        Variant::Bare => flat(&mut body, "id", event.employee.or(event.recruitment)),
        Variant::Opaque => {
            body.insert("message".to_owned(), json!("something changed"));
        }
    }
    Value::Object(body)
}

/// `/webhooks/…`
pub(super) fn answer(account: &mut Account, call: &Call, rest: &[&str]) -> Result<Reply, Reply> {
    let get = call.method == Method::GET;
    match rest {
        ["types"] if get => Ok(Reply::json(200, &json!(EVENTS))),
        [] if get => {
            let rows = account.webhooks.iter();
            let rows = rows.map(|(id, row)| json!({"id": id, "type": row.kind, "url": row.url})).collect();
            Ok(Reply::json(200, &Value::Array(rows)))
        }
        [] if call.method == Method::POST => {
            let body = call.object()?;
            let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (kind, url) = (text("type"), text("url"));
            if !EVENTS.contains(&kind.as_str()) {
                return Err(Reply::invalid("type", "This value is not valid."));
            }
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(Reply::invalid("url", "This value is not a valid URL."));
            }
            let id = account.fresh("webhook");
            let answer = json!({"id": id, "type": kind, "url": url});
            account.webhooks.insert(id, Subscription { kind, url });
            account.wrote("POST /webhooks/");
            Ok(Reply::json(201, &answer))
        }
        [id] if call.method == Method::DELETE => {
            let id = id.parse().map_err(|_| Reply::not_found())?;
            if !account.delete_webhook(id) {
                return Err(Reply::not_found());
            }
            account.wrote("DELETE /webhooks/{id}");
            Ok(Reply::empty(204))
        }
        [] | [_] => Err(Reply::not_allowed()),
        _ => Err(Reply::not_found()),
    }
}
