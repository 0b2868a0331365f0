//! Candidates.

use async_graphql::Result;

use super::value::{EmailAddress, IntegrationField, Location, PhoneNumber, all, payload};
use super::{CandidateTag, Placed, record};
use crate::domain::RecordType;
use crate::graphql::arguments::{self, ApplicationFilter, ApplicationOrder, PageArguments};
use crate::graphql::connection::ApplicationConnection;
use crate::graphql::plan::{BY_CANDIDATE, TAGS};
use crate::graphql::scalar::{DateTime, Json};
use crate::store::entity::{candidate, candidate_tag, tag};

record!(Candidate of candidate::Model, String, {
    async fn first_name(&self) -> Option<&str> {
        self.row.first_name.as_deref()
    }

    async fn last_name(&self) -> Option<&str> {
        self.row.last_name.as_deref()
    }

    async fn title(&self) -> Option<&str> {
        self.row.title.as_deref()
    }

    /// Where the candidate came from, in the vendor's words.
    async fn source(&self) -> Option<&str> {
        self.row.source.as_deref()
    }

    async fn phone_numbers(&self) -> Vec<PhoneNumber> {
        all(&self.row.phone_numbers.0)
    }

    async fn email_addresses(&self) -> Vec<EmailAddress> {
        all(&self.row.email_addresses.0)
    }

    async fn location(&self) -> Option<Location> {
        self.row.location.clone().map(|json| json.0.into())
    }

    async fn remote_created_at(&self) -> Option<DateTime> {
        self.row.remote_created_at.map(DateTime::from_millis)
    }

    /// Values under the keys that the operator defined, see `setCustomField`.
    async fn custom_fields(&self) -> Result<Json> {
        Ok(Json(self.reads.custom_fields(self.key(), RecordType::Candidate).await?))
    }

    /// Every vendor field that has no unified counterpart.
    async fn integration_fields(&self) -> Vec<IntegrationField> {
        all(&self.row.integration_fields.0)
    }

    /// The vendor's payloads, keyed by the endpoint that they came from. Needs the scope `REMOTE_DATA_READ`.
    async fn remote_data(&self) -> Result<Option<Json>> {
        Ok(payload(self.reads.remote_data(self.key()).await?))
    }

    async fn tags(
        &self,
        #[graphql(default_with = "Some(false)")] include_deleted: Option<bool>,
    ) -> Result<Vec<CandidateTag>> {
        let all = include_deleted.unwrap_or(false);
        let rows = self.reads.joined::<candidate_tag::Model, tag::Model>(self.key(), TAGS).await?;
        let rows = rows.into_iter().filter(|row| all || row.remote_deleted_at.is_none());
        Ok(rows.map(|row| CandidateTag::new(row, self.reads.clone())).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn applications(
        &self,
        filter: Option<ApplicationFilter>,
        order_by: Option<ApplicationOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ApplicationConnection> {
        let listing = arguments::applications(filter, order_by, &PageArguments { first, after, last, before })?;
        Ok(super::application::below(&self.reads, self.key(), BY_CANDIDATE, listing))
    }
});
