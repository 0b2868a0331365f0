//! Stages, and their places in a job's pipeline.

use async_graphql::Result;

use super::value::payload;
use super::{Job, Placed, record};
use crate::graphql::arguments::{self, ApplicationFilter, ApplicationOrder, PageArguments};
use crate::graphql::connection::ApplicationConnection;
use crate::graphql::plan::BY_STAGE;
use crate::graphql::scalar::Json;
use crate::store::Error;
use crate::store::entity::{application_stage, job, job_stage};

record!(ApplicationStage of application_stage::Model, String, {
    async fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    /// Position among all stages of the vendor, where it has one order for all.
    async fn global_index(&self) -> Option<i32> {
        self.row.global_index
    }

    /// The vendor's payloads, keyed by the endpoint that they came from. Needs the scope `REMOTE_DATA_READ`.
    async fn remote_data(&self) -> Result<Option<Json>> {
        Ok(payload(self.reads.remote_data(self.key()).await?))
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
        Ok(super::application::below(&self.reads, self.key(), BY_STAGE, listing))
    }
});

record!(
    /// A stage in one job's pipeline.
    JobStage of job_stage::Model, Option<String>, {
    /// 0-based position in the job's pipeline.
    async fn index(&self) -> Option<i32> {
        self.row.position
    }

    async fn job(&self) -> Result<Job> {
        let found = self.reads.one::<job::Model>(self.to(Some(self.row.job_id))).await?;
        let found = found.ok_or(Error::Corrupt("a job stage without its job"))?;
        Ok(Job::new(found, self.reads.clone()))
    }

    async fn stage(&self) -> Result<ApplicationStage> {
        let found = self.reads.one::<application_stage::Model>(self.to(Some(self.row.stage_id))).await?;
        let found = found.ok_or(Error::Corrupt("a job stage without its stage"))?;
        Ok(ApplicationStage::new(found, self.reads.clone()))
    }
});
