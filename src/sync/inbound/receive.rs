//! Receiving a delivery: whose it is, and then nothing but keeping it.

use bytes::Bytes;
use http::HeaderMap;
use uuid::Uuid;

use crate::connectors::webhook::{Delivery, Kept};
use crate::domain::{NodeId, NodeType};
use crate::store::{Received, Verified};
use crate::sync::{Engine, Error};

/// What came in at the door.
pub struct Incoming<'a> {
    pub connector: &'a str,
    /// The public id of an integration, or whatever stood in its place.
    pub integration: &'a str,
    pub subscription: &'a str,
    pub headers: &'a HeaderMap,
    pub query: &'a str,
    pub body: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It survives whatever happens now.
    Kept,
    /// No subscription of ours.
    Unknown,
    /// Not the vendor, which whoever called is not told.
    Unverified,
}

impl Engine {
    /// Verifies a delivery and keeps it.
    pub async fn receive(&self, incoming: &Incoming<'_>) -> Result<Receipt, Error> {
        let integration = NodeId::parse_as(NodeType::Integration, incoming.integration).unwrap_or(Uuid::nil());
        let subscription = Uuid::parse_str(incoming.subscription).unwrap_or(Uuid::nil());
        let Some(connector) = self.registry().get(incoming.connector) else { return Ok(Receipt::Unknown) };
        let known = self.store().subscription(integration, subscription).await?;
        let known = known.filter(|known| known.connector == incoming.connector);
        let now = self.clock().now();
        let delivery = Delivery { headers: incoming.headers, query: incoming.query, body: &incoming.body, at: now };
        let is_theirs = match &known {
            Some(known) => connector.verify(&delivery, &kept(&known.verified)),
            // One that nobody knows costs the same work, so that the time does not tell.
            None => {
                let nobodys = [Kept::Key("nobody".into()), Kept::Hash([0; 32])];
                nobodys.iter().filter(|kept| connector.verify(&delivery, kept)).count() > nobodys.len()
            }
        };
        let Some(known) = known else { return Ok(Receipt::Unknown) };
        if !is_theirs {
            return Ok(Receipt::Unverified);
        }
        let received = Received {
            integration,
            subscription,
            event: known.event,
            body: incoming.body.clone(),
            token: self.ids().uuid(),
            now,
        };
        if !self.store().receive(received).await? {
            return Ok(Receipt::Unknown);
        }
        self.wake();
        Ok(Receipt::Kept)
    }
}

fn kept(verified: &Verified) -> Kept {
    match verified {
        Verified::Hash(hash) => Kept::Hash(*hash),
        Verified::Key(key) => Kept::Key(key.clone()),
    }
}
