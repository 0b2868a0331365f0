//! Subscriptions to a vendor's events.

use async_graphql::SimpleObject;

use super::scalar::DateTime;
use super::vocabulary::VendorWebhookState;
use crate::domain::SubscriptionState;
use crate::store::entity::vendor_subscription;

#[derive(SimpleObject)]
pub struct VendorWebhook {
    event: &'static str,
    state: VendorWebhookState,
    last_received_at: Option<DateTime>,
    error: Option<String>,
}

impl VendorWebhook {
    /// Of an event, while one subscription takes the place of another, the one that works.
    pub fn of(event: &'static str, rows: &[vendor_subscription::Model]) -> Self {
        let rows = || rows.iter().filter(|row| row.event == event);
        let state = |row: &vendor_subscription::Model| {
            SubscriptionState::parse(&row.state).unwrap_or(SubscriptionState::Unsubscribed)
        };
        let works = |row: &&vendor_subscription::Model| state(row) == SubscriptionState::Subscribed;
        let shown = rows().rfind(works).or_else(|| rows().next_back());
        Self {
            event,
            state: shown.map_or(SubscriptionState::Unsubscribed, state).into(),
            last_received_at: rows().filter_map(|row| row.last_received_at).max().map(DateTime::from_millis),
            error: shown.and_then(|row| row.error.clone()),
        }
    }
}
