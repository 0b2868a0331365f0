//! From what happened to deliveries: changes and events are brought into one order, and changes of one integration that
//! follow each other become one delivery.

use std::collections::BTreeMap;

use tracing::debug;
use uuid::Uuid;

use super::{Webhooks, payload};
use crate::domain::{Ids, WebhookEvent};
use crate::store;
use crate::store::entity::{change, webhook_endpoint, webhook_event};
use crate::store::webhooks::{Advance, Ends, NewDelivery};

/// Changes that one delivery tells of, at most.
const BATCH: usize = 100;
/// Changes and events that are read at once.
const CHANGES: u64 = 1_000;
const EVENTS: u64 = 500;
/// An endpoint for which so much waits gets no more: what comes after it waits in the feed, which is the log.
const WAITING: u64 = 10_000;
/// Times that are gone round before others get their turn.
const ROUNDS: usize = 20;

/// What one delivery is to tell.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Changes(Vec<change::Model>),
    Event(webhook_event::Model),
}

impl Webhooks {
    /// Makes deliveries of what happened since. Returns how many.
    pub(super) async fn dispatch(&self) -> store::Result<usize> {
        let mut made = 0;
        for _ in 0..ROUNDS {
            let ends = self.store().webhook_ends().await?;
            let mut moved = false;
            for endpoint in self.store().enabled_endpoints().await? {
                if is_behind(&endpoint, &ends) {
                    let count = self.dispatch_to(&endpoint, &ends).await?;
                    made += count.unwrap_or(0);
                    moved |= count.is_some();
                }
            }
            if !moved {
                return Ok(made);
            }
        }
        (self.0.options.wake)();
        Ok(made)
    }

    /// None when the endpoint's cursors did not move.
    async fn dispatch_to(&self, endpoint: &webhook_endpoint::Model, ends: &Ends) -> store::Result<Option<usize>> {
        if self.store().waiting_deliveries(endpoint.id, WAITING).await? >= WAITING {
            debug!(endpoint = %endpoint.id, WAITING, "so many deliveries of an endpoint wait that no more are made");
            return Ok(None);
        }
        let hears_changes = endpoint.hears(WebhookEvent::RecordChanged);
        let changes = match hears_changes {
            true => self.store().changes_for(endpoint, ends.changes, CHANGES).await?,
            false => Vec::new(),
        };
        let full = changes.len() >= usize::try_from(CHANGES).unwrap_or(usize::MAX);
        let through = match changes.last() {
            _ if !hears_changes => endpoint.change_cursor,
            Some(last) if full => last.seq,
            _ => ends.changes.max(endpoint.change_cursor),
        };
        let mut events = self.store().events_after(endpoint.event_cursor, EVENTS).await?;
        if hears_changes {
            // What happened after changes that were not read yet waits for them.
            let early = events.iter().position(|event| event.after_change > through).unwrap_or(events.len());
            events.truncate(early);
        }
        let advance =
            Advance { changes: through, events: events.last().map_or(endpoint.event_cursor, |event| event.seq) };
        if (advance.changes, advance.events) == (endpoint.change_cursor, endpoint.event_cursor) {
            return Ok(None);
        }
        events.retain(|event| {
            let known = WebhookEvent::parse(&event.event);
            known.is_some_and(|known| endpoint.hears(known)) && endpoint.covers(event.integration_id)
        });
        let deliveries = self.deliveries(in_order(changes, events));
        let count = deliveries.len();
        // Somebody else may have been faster: then the next round sees what is left.
        let wrote = self.store().dispatch(endpoint, advance, deliveries, self.now()).await?;
        Ok(Some(if wrote { count } else { 0 }))
    }

    fn deliveries(&self, told: Vec<Told>) -> Vec<NewDelivery> {
        let (ids, now): (&dyn Ids, _) = (self.0.options.ids.as_ref(), self.now());
        let delivery = |told: Told| {
            let id = ids.uuid();
            match told {
                Told::Changes(changes) => NewDelivery {
                    id,
                    integration: changes.first().map(|change| change.integration_id),
                    event: WebhookEvent::RecordChanged,
                    first_change: changes.first().map(|change| change.seq),
                    payload: payload::of_changes(id, &changes, now),
                },
                Told::Event(event) => NewDelivery {
                    id,
                    integration: event.integration_id,
                    event: WebhookEvent::parse(&event.event).unwrap_or(WebhookEvent::RecordChanged),
                    first_change: None,
                    payload: payload::of_event(id, &event),
                },
            }
        };
        told.into_iter().map(delivery).collect()
    }
}

fn is_behind(endpoint: &webhook_endpoint::Model, ends: &Ends) -> bool {
    let changes = endpoint.hears(WebhookEvent::RecordChanged) && endpoint.change_cursor < ends.changes;
    changes || endpoint.event_cursor < ends.events
}

/// Each event comes after the changes before it. Changes of an integration are told together until there are enough of
/// them, or something else happened to it.
fn in_order(changes: Vec<change::Model>, events: Vec<webhook_event::Model>) -> Vec<Told> {
    let mut told = Vec::new();
    let mut open: BTreeMap<Uuid, Vec<change::Model>> = BTreeMap::new();
    let mut changes = changes.into_iter().peekable();
    for event in events {
        while let Some(change) = changes.next_if(|change| change.seq <= event.after_change) {
            gather(&mut open, &mut told, change);
        }
        if let Some(batch) = event.integration_id.and_then(|integration| open.remove(&integration)) {
            told.push(Told::Changes(batch));
        }
        told.push(Told::Event(event));
    }
    changes.for_each(|change| gather(&mut open, &mut told, change));
    let mut left: Vec<_> = open.into_values().collect();
    left.sort_by_key(|batch| batch.first().map(|change| change.seq));
    told.extend(left.into_iter().map(Told::Changes));
    told
}

fn gather(open: &mut BTreeMap<Uuid, Vec<change::Model>>, told: &mut Vec<Told>, change: change::Model) {
    let integration = change.integration_id;
    let batch = open.entry(integration).or_default();
    batch.push(change);
    if batch.len() >= BATCH {
        told.extend(open.remove(&integration).map(Told::Changes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entity::Json;

    fn change(integration: u128, seq: i64) -> change::Model {
        change::Model {
            integration_id: Uuid::from_u128(integration),
            seq,
            at: 0,
            model: "JOB".into(),
            kind: "CREATED".into(),
            record_id: Uuid::nil(),
            changed_fields: Json(Vec::new()),
        }
    }

    fn event(integration: u128, seq: i64, after_change: i64) -> webhook_event::Model {
        webhook_event::Model {
            seq,
            event: "SYNC_FINISHED".into(),
            integration_id: Some(Uuid::from_u128(integration)),
            at: 0,
            after_change,
            details: Json(serde_json::json!({})),
        }
    }

    /// Changes as their integration and numbers, events as their integration and a negative number.
    fn shown(told: &[Told]) -> Vec<(u128, Vec<i64>)> {
        let shown = |told: &Told| match told {
            Told::Changes(changes) => {
                (changes[0].integration_id.as_u128(), changes.iter().map(|change| change.seq).collect())
            }
            Told::Event(event) => (event.integration_id.unwrap().as_u128(), vec![-event.seq]),
        };
        told.iter().map(shown).collect()
    }

    #[test]
    fn changes_are_gathered_by_integration_up_to_the_next_event_of_it() {
        let changes = [change(1, 1), change(2, 2), change(1, 3), change(1, 5), change(2, 6)].to_vec();
        let told = in_order(changes, vec![event(1, 1, 3), event(2, 2, 9)]);
        let expected = vec![(1, vec![1, 3]), (1, vec![-1]), (2, vec![2, 6]), (2, vec![-2]), (1, vec![5])];
        assert_eq!(shown(&told), expected);
    }

    #[test]
    fn no_delivery_tells_of_more_than_a_hundred_changes() {
        let told = in_order((1..=250).map(|seq| change(1, seq)).collect(), Vec::new());
        let sizes: Vec<_> = shown(&told).iter().map(|(_, changes)| changes.len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
        let all: Vec<i64> = shown(&told).into_iter().flat_map(|(_, changes)| changes).collect();
        assert_eq!(all, (1..=250).collect::<Vec<_>>());
    }
}
