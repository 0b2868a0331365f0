//! The log of requests to and from vendors.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::action::Action;
use super::failure::BadInput;
use super::loaders::{AccountLoader, ActionById, RunById};
use super::scalar::DateTime;
use super::sync_run::SyncRun;
use super::vocabulary::RequestDirection;
use crate::domain::{self, NodeId, NodeType};
use crate::store::entity::vendor_request;
use crate::store::{Error, RequestFilter};

/// A request to a vendor, attempt by attempt, or one of a vendor's webhooks. Secrets and personal data are left out of
/// it: a value that is not known to be harmless is `…`.
#[derive(Clone)]
pub struct VendorRequest(Arc<vendor_request::Model>);

impl VendorRequest {
    pub fn new(row: Arc<vendor_request::Model>) -> Self {
        Self(row)
    }
}

#[Object]
impl VendorRequest {
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::VendorRequest, self.0.id).to_string().into()
    }

    async fn direction(&self) -> Result<RequestDirection> {
        let direction = domain::RequestDirection::parse(&self.0.direction);
        Ok(direction.ok_or(Error::Corrupt("the direction of a request"))?.into())
    }

    async fn at(&self) -> DateTime {
        DateTime::from_millis(self.0.at)
    }

    async fn duration_ms(&self) -> Option<i32> {
        self.0.duration.map(|duration| i32::try_from(duration).unwrap_or(i32::MAX))
    }

    async fn method(&self) -> &str {
        &self.0.method
    }

    async fn url(&self) -> &str {
        &self.0.url
    }

    /// The HTTP status of the answer; null when there was none.
    async fn status(&self) -> Option<i32> {
        self.0.status
    }

    /// Null of a read that went well.
    async fn request_body(&self) -> Option<&str> {
        self.0.request_body.as_deref()
    }

    /// Null of a read that went well.
    async fn response_body(&self) -> Option<&str> {
        self.0.response_body.as_deref()
    }

    /// Why there was no answer; of a vendor's webhook, why it was refused.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// The run that it was for, while that is known.
    async fn sync_run(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        let Some(run) = self.0.run_id else { return Ok(None) };
        Ok(ctx.data::<AccountLoader>()?.load_one(RunById(run)).await?.map(SyncRun::new))
    }

    /// The write that it was for.
    async fn action(&self, ctx: &Context<'_>) -> Result<Option<Action>> {
        let Some(action) = self.0.action_id else { return Ok(None) };
        Ok(ctx.data::<AccountLoader>()?.load_one(ActionById(action)).await?.map(Action::new))
    }
}

/// Conditions AND together.
#[derive(InputObject, Debug, Clone, Default)]
pub struct VendorRequestFilter {
    direction: Option<RequestDirection>,
    /// Those without an answer, and those with a status from 400 on.
    failed_only: Option<bool>,
    since: Option<DateTime>,
}

impl VendorRequestFilter {
    pub fn read(self) -> Result<RequestFilter, BadInput> {
        Ok(RequestFilter {
            direction: self.direction.map(Into::into),
            failed_only: self.failed_only.unwrap_or_default(),
            since: self.since.map(|since| since.millis("filter.since")).transpose()?,
        })
    }
}
