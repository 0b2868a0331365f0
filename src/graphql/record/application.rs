//! Applications.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::value::{IntegrationField, all, payload};
use super::{ApplicationStage, Candidate, Job, Placed, record};
use crate::domain::{self, RecordType};
use crate::graphql::action::action_page;
use crate::graphql::arguments::PageArguments;
use crate::graphql::connection::ActionConnection;
use crate::graphql::connection::{ApplicationConnection, Paging};
use crate::graphql::reads::{Reads, Total};
use crate::graphql::scalar::{DateTime, Json};
use crate::graphql::vocabulary::ApplicationOutcome;
use crate::store::entity::{application, application_stage, candidate, job};
use crate::store::{ActionsOf, Key, Link, Listing};

record!(Application of application::Model, String, {
    async fn outcome(&self) -> Option<ApplicationOutcome> {
        self.row.outcome.as_deref().and_then(domain::ApplicationOutcome::parse).map(Into::into)
    }

    async fn rejected_at(&self) -> Option<DateTime> {
        self.row.rejected_at.map(DateTime::from_millis)
    }

    async fn remote_created_at(&self) -> Option<DateTime> {
        self.row.remote_created_at.map(DateTime::from_millis)
    }

    async fn current_stage(&self) -> Result<Option<ApplicationStage>> {
        let found = self.reads.one::<application_stage::Model>(self.to(self.row.current_stage_id)).await?;
        Ok(found.map(|row| ApplicationStage::new(row, self.reads.clone())))
    }

    async fn job(&self) -> Result<Option<Job>> {
        let found = self.reads.one::<job::Model>(self.to(self.row.job_id)).await?;
        Ok(found.map(|row| Job::new(row, self.reads.clone())))
    }

    async fn candidate(&self) -> Result<Option<Candidate>> {
        let found = self.reads.one::<candidate::Model>(self.to(self.row.candidate_id)).await?;
        Ok(found.map(|row| Candidate::new(row, self.reads.clone())))
    }

    /// Values under the keys that the operator defined, see `setCustomField`.
    async fn custom_fields(&self) -> Result<Json> {
        Ok(Json(self.reads.custom_fields(self.key(), RecordType::Application).await?))
    }

    /// Every vendor field that has no unified counterpart.
    async fn integration_fields(&self) -> Vec<IntegrationField> {
        all(&self.row.integration_fields.0)
    }

    /// The vendor's payloads, keyed by the endpoint that they came from. Needs the scope `REMOTE_DATA_READ`.
    async fn remote_data(&self) -> Result<Option<Json>> {
        Ok(payload(self.reads.remote_data(self.key()).await?))
    }

    /// Write actions that this service carried out on it: notes, attachments, result links, moves. The latest first.
    async fn actions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ActionConnection> {
        let page = PageArguments { first, after, last, before };
        action_page(ctx, ActionsOf::Application(self.key()), &page).await
    }
});

/// The applications that hang on a job, a candidate or a stage.
pub fn below(reads: &Arc<Reads>, parent: Key, link: Link, listing: Listing) -> ApplicationConnection {
    let (key, total) = (listing.order.key, Total::Below(parent, link, listing.filter.clone()));
    ApplicationConnection { page: Paging::Below(parent, link, listing.into()), reads: reads.clone(), key, total }
}
