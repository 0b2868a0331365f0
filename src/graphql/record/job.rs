//! Jobs.

use async_graphql::Result;

use super::value::{IntegrationField, Location, all, payload};
use super::{HiringTeamMember, JobStage, Placed, User, record};
use crate::domain::{self, RecordType};
use crate::graphql::arguments::{self, ApplicationFilter, ApplicationOrder, PageArguments};
use crate::graphql::connection::ApplicationConnection;
use crate::graphql::plan::{BY_JOB, STAGES, TEAM};
use crate::graphql::scalar::{DateTime, Json, Url};
use crate::graphql::text;
use crate::graphql::vocabulary::{EmploymentType, HiringTeamRole, JobStatus, RemoteWorkStatus, TextFormat};
use crate::store::entity::{application_stage, hiring_team_member, job, job_stage, user};

record!(Job of job::Model, String, {
    async fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    /// The requisition code that people use, where the vendor has one.
    async fn code(&self) -> Option<&str> {
        self.row.code.as_deref()
    }

    /// As the vendor gives it, usually HTML. `PLAIN_TEXT` strips it; `SANITIZED_HTML` is safe to render.
    async fn description(
        &self,
        #[graphql(default_with = "Some(TextFormat::Original)")] format: Option<TextFormat>,
    ) -> Option<String> {
        let format = format.unwrap_or(TextFormat::Original);
        self.row.description.as_deref().map(|description| text::render(description, format))
    }

    async fn confidential(&self) -> Option<bool> {
        self.row.confidential
    }

    async fn status(&self) -> Option<JobStatus> {
        self.row.status.as_deref().and_then(domain::JobStatus::parse).map(Into::into)
    }

    /// The vendor's own word, whatever `status` made of it. The same holds for every `…Raw`.
    async fn status_raw(&self) -> Option<&str> {
        self.row.status_raw.as_deref()
    }

    async fn category(&self) -> Option<&str> {
        self.row.category.as_deref()
    }

    async fn department(&self) -> Option<&str> {
        self.row.department.as_deref()
    }

    async fn employment_type(&self) -> Option<EmploymentType> {
        self.row.employment_type.as_deref().and_then(domain::EmploymentType::parse).map(Into::into)
    }

    async fn employment_type_raw(&self) -> Option<&str> {
        self.row.employment_type_raw.as_deref()
    }

    async fn experience_level(&self) -> Option<&str> {
        self.row.experience_level.as_deref()
    }

    async fn remote_work_status(&self) -> Option<RemoteWorkStatus> {
        self.row.remote_work_status.as_deref().and_then(domain::RemoteWorkStatus::parse).map(Into::into)
    }

    async fn remote_work_status_raw(&self) -> Option<&str> {
        self.row.remote_work_status_raw.as_deref()
    }

    async fn location(&self) -> Option<Location> {
        self.row.location.clone().map(|json| json.0.into())
    }

    async fn post_url(&self) -> Option<Url> {
        self.row.post_url.clone().map(Url)
    }

    async fn opened_at(&self) -> Option<DateTime> {
        self.row.opened_at.map(DateTime::from_millis)
    }

    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.map(DateTime::from_millis)
    }

    async fn remote_created_at(&self) -> Option<DateTime> {
        self.row.remote_created_at.map(DateTime::from_millis)
    }

    async fn contact(&self) -> Result<Option<User>> {
        let found = self.reads.one::<user::Model>(self.to(self.row.contact_id)).await?;
        Ok(found.map(|row| User::new(row, self.reads.clone())))
    }

    /// Values under the keys that the operator defined, see `setCustomField`.
    async fn custom_fields(&self) -> Result<Json> {
        Ok(Json(self.reads.custom_fields(self.key(), RecordType::Job).await?))
    }

    /// Every vendor field that has no unified counterpart.
    async fn integration_fields(&self) -> Vec<IntegrationField> {
        all(&self.row.integration_fields.0)
    }

    /// The vendor's payloads, keyed by the endpoint that they came from. Needs the scope `REMOTE_DATA_READ`.
    async fn remote_data(&self) -> Result<Option<Json>> {
        Ok(payload(self.reads.remote_data(self.key()).await?))
    }

    /// In pipeline order.
    async fn stages(
        &self,
        #[graphql(default_with = "Some(false)")] include_deleted: Option<bool>,
    ) -> Result<Vec<JobStage>> {
        let all = include_deleted.unwrap_or(false);
        let rows = self.reads.joined::<job_stage::Model, application_stage::Model>(self.key(), STAGES).await?;
        let rows = rows.into_iter().filter(|row| all || row.remote_deleted_at.is_none());
        Ok(rows.map(|row| JobStage::new(row, self.reads.clone())).collect())
    }

    /// Who hires for it; with `roles`, whoever has one of them.
    async fn hiring_team(
        &self,
        roles: Option<Vec<HiringTeamRole>>,
        #[graphql(default_with = "Some(false)")] include_deleted: Option<bool>,
    ) -> Result<Vec<HiringTeamMember>> {
        let all = include_deleted.unwrap_or(false);
        let roles: Option<Vec<domain::HiringTeamRole>> =
            roles.map(|roles| roles.into_iter().map(Into::into).collect());
        let rows = self.reads.joined::<hiring_team_member::Model, user::Model>(self.key(), TEAM).await?;
        let rows = rows.into_iter().filter(|row| {
            let fits = roles.as_ref().is_none_or(|roles| row.roles.0.iter().any(|role| roles.contains(role)));
            fits && (all || row.remote_deleted_at.is_none())
        });
        Ok(rows.map(|row| HiringTeamMember::new(row, self.reads.clone())).collect())
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
        Ok(super::application::below(&self.reads, self.key(), BY_JOB, listing))
    }
});
