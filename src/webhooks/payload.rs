//! What is sent: ids, kinds and states, never personal data.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::{IntegrationId, NodeId, NodeType, RecordType, WebhookEvent};
use crate::store::entity::{change, webhook_event};
use crate::store::page::feed_cursor;

/// A delivery's id as it is sent and served.
pub fn public_id(delivery: Uuid) -> String {
    NodeId::new(NodeType::WebhookDelivery, delivery).to_string()
}

/// Of changes of one integration, in their order.
pub fn of_changes(id: Uuid, changes: &[change::Model], now: DateTime<Utc>) -> Value {
    json!({
        "type": WebhookEvent::RecordChanged,
        "id": public_id(id),
        "createdAt": time(now.timestamp_millis()),
        "integrationId": changes.first().map(|change| IntegrationId(change.integration_id).to_string()),
        "cursor": changes.last().map(|change| feed_cursor(change.seq)),
        "changes": changes.iter().map(of_change).collect::<Vec<_>>(),
    })
}

fn of_change(change: &change::Model) -> Value {
    let of = RecordType::parse(&change.model);
    json!({
        "type": change.model,
        "kind": change.kind,
        "recordId": of.map(|of| NodeId::new(NodeType::Record(of), change.record_id).to_string()),
        "changedFields": change.changed_fields,
        "at": time(change.at),
    })
}

pub fn of_event(id: Uuid, event: &webhook_event::Model) -> Value {
    json!({
        "type": event.event,
        "id": public_id(id),
        "createdAt": time(event.at),
        "integrationId": event.integration_id.map(|id| IntegrationId(id).to_string()),
        "data": event.details,
    })
}

fn time(millis: i64) -> Option<String> {
    DateTime::<Utc>::from_timestamp_millis(millis).map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}
