//! Customer webhooks: where something is delivered to, and what became of it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::arguments::PageArguments;
use super::connection::WebhookDeliveryConnection;
use super::reads::scoped;
use super::scalar::{DateTime, Json, Url};
use super::vocabulary::{DeliveryState, Scope, WebhookEvent};
use crate::domain::{self, NodeId, NodeType};
use crate::store::Error;
use crate::store::entity::{webhook_delivery, webhook_endpoint};
use crate::store::page::SortKey;

/// Where a customer wants to be told.
#[derive(Clone)]
pub struct WebhookEndpoint(Arc<webhook_endpoint::Model>);

impl WebhookEndpoint {
    pub fn new(row: webhook_endpoint::Model) -> Self {
        Self(Arc::new(row))
    }
}

#[Object]
impl WebhookEndpoint {
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::WebhookEndpoint, self.0.id).to_string().into()
    }

    async fn url(&self) -> Url {
        Url(self.0.url.clone())
    }

    async fn events(&self) -> Vec<WebhookEvent> {
        self.0.events.0.iter().copied().map(Into::into).collect()
    }

    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Why it was disabled, when that was not asked for: it answered 410, or nothing could be delivered for 5 days.
    async fn disabled_reason(&self) -> Option<&str> {
        self.0.disabled_reason.as_deref()
    }

    async fn created_at(&self) -> DateTime {
        DateTime::from_millis(self.0.created_at)
    }

    /// A GraphQL selection on `Change` that shapes the payload of RECORD_CHANGED, run with `scopes`.
    async fn query(&self) -> Option<&str> {
        self.0.query.as_deref()
    }

    async fn scopes(&self) -> Vec<Scope> {
        self.0.scopes.0.iter().copied().map(Into::into).collect()
    }

    /// The newest first; kept for 30 days.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<WebhookDeliveryConnection> {
        let window = PageArguments { first, after, last, before }.window(SortKey::Seq)?;
        let page = scoped(ctx)?.admin()?.webhook_deliveries(self.0.id, &window).await?;
        Ok(WebhookDeliveryConnection::new(page, self.0.id))
    }
}

/// One event, or a batch of changes, for one endpoint.
#[derive(Clone)]
pub struct WebhookDelivery(Arc<webhook_delivery::Model>);

impl WebhookDelivery {
    pub fn new(row: Arc<webhook_delivery::Model>) -> Self {
        Self(row)
    }
}

#[Object]
impl WebhookDelivery {
    /// Sent as `webhook-id`, the same with every attempt.
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::WebhookDelivery, self.0.id).to_string().into()
    }

    async fn event(&self) -> Result<WebhookEvent> {
        let event = domain::WebhookEvent::parse(&self.0.event).ok_or(Error::Corrupt("the event of a delivery"))?;
        Ok(event.into())
    }

    async fn state(&self) -> Result<DeliveryState> {
        let state = domain::DeliveryState::parse(&self.0.state).ok_or(Error::Corrupt("the state of a delivery"))?;
        Ok(state.into())
    }

    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// The HTTP status of the last attempt; null when it was not answered.
    async fn last_status(&self) -> Option<i32> {
        self.0.last_status
    }

    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    async fn created_at(&self) -> DateTime {
        DateTime::from_millis(self.0.created_at)
    }

    /// Null when it is delivered or given up. It may wait longer, for an earlier one of the same integration.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.next_attempt_at.map(DateTime::from_millis)
    }

    /// What is sent. What an endpoint's `query` reads is put in when it is sent, and kept nowhere.
    async fn payload(&self) -> Json {
        Json(self.0.payload.0.clone())
    }
}
