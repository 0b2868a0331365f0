//! People of the vendor's system, and who of them hires for which job.

use async_graphql::Result;

use super::value::payload;
use super::{Job, Placed, record};
use crate::graphql::arguments::{self, PageArguments};
use crate::graphql::connection::{HiringTeamMemberConnection, Paging};
use crate::graphql::plan::BY_USER;
use crate::graphql::reads::Total;
use crate::graphql::scalar::Json;
use crate::graphql::vocabulary::HiringTeamRole;
use crate::store::Error;
use crate::store::entity::{hiring_team_member, job, user};
use crate::store::page::SortKey;

record!(
    /// A person who works in the vendor's system: recruiter, hiring manager, contact.
    User of user::Model, String, {
    async fn first_name(&self) -> Option<&str> {
        self.row.first_name.as_deref()
    }

    async fn last_name(&self) -> Option<&str> {
        self.row.last_name.as_deref()
    }

    async fn email(&self) -> Option<&str> {
        self.row.email.as_deref()
    }

    /// The vendor's payloads, keyed by the endpoint that they came from. Needs the scope `REMOTE_DATA_READ`.
    async fn remote_data(&self) -> Result<Option<Json>> {
        Ok(payload(self.reads.remote_data(self.key()).await?))
    }

    async fn hiring_teams(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<HiringTeamMemberConnection> {
        let key = SortKey::ChangedAt;
        let listing = arguments::plain(key, &PageArguments { first, after, last, before })?;
        let total = Total::Below(self.key(), BY_USER, listing.filter.clone());
        let page = Paging::Below(self.key(), BY_USER, listing.into());
        Ok(HiringTeamMemberConnection { page, reads: self.reads.clone(), key, total })
    }
});

record!(HiringTeamMember of hiring_team_member::Model, Option<String>, {
    async fn roles(&self) -> Vec<HiringTeamRole> {
        self.row.roles.0.iter().copied().map(Into::into).collect()
    }

    async fn job(&self) -> Result<Job> {
        let found = self.reads.one::<job::Model>(self.to(Some(self.row.job_id))).await?;
        let found = found.ok_or(Error::Corrupt("a hiring team without its job"))?;
        Ok(Job::new(found, self.reads.clone()))
    }

    async fn user(&self) -> Result<User> {
        let found = self.reads.one::<user::Model>(self.to(Some(self.row.user_id))).await?;
        let found = found.ok_or(Error::Corrupt("a hiring team member without its user"))?;
        Ok(User::new(found, self.reads.clone()))
    }
});
