//! The root of all reading.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::action::{Action, action_page};
use super::arguments::{
    self, ApplicationFilter, ApplicationOrder, CandidateFilter, CandidateOrder, JobFilter, JobOrder, PageArguments,
};
use super::change::{self, ChangeConnection};
use super::connection::{
    ActionConnection, ApplicationConnection, CandidateConnection, IntegrationConnection, JobConnection, Paging,
    TagConnection, UserConnection,
};
use super::connector::Connector;
use super::credential::{ApiKey, Viewer};
use super::integration::Integration;
use super::node::{self, Node};
use super::reads::{Reads, Total, scoped};
use super::record::{Application, Candidate, Job};
use super::vocabulary;
use super::webhook::WebhookEndpoint;
use crate::domain::{NodeId, NodeType, RecordType};
use crate::store::entity::{application, candidate, job, tag, user};
use crate::store::page::SortKey;
use crate::store::{ActionsOf, Listing};

pub struct Query;

/// Ids that `nodes` takes at once.
const MOST_NODES: usize = 250;

#[Object]
impl Query {
    /// Null where there is none or it may not be seen.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        Ok(node::find(ctx, std::slice::from_ref(&id)).await?.remove(id.as_str()))
    }

    /// In the order asked for; null where there is none or it may not be seen.
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_NODES {
            return Err(super::failure::BadInput::new("ids", format!("must not name more than {MOST_NODES}")).into());
        }
        let found = node::find(ctx, &ids).await?;
        Ok(ids.iter().map(|id| found.get(id.as_str()).cloned()).collect())
    }

    async fn viewer(&self) -> Viewer {
        Viewer
    }

    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        Connector::all(ctx)
    }

    async fn connector(&self, ctx: &Context<'_>, slug: String) -> Result<Option<Connector>> {
        Connector::find(ctx, &slug)
    }

    async fn integration(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Integration>> {
        let accounts = scoped(ctx)?.accounts()?;
        let Some(id) = NodeId::parse_as(NodeType::Integration, &id) else { return Ok(None) };
        Ok(accounts.by_ids(&[id]).await?.remove(&id).map(Integration::new))
    }

    /// In the order in which they were connected.
    async fn integrations(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<IntegrationConnection> {
        let window = PageArguments { first, after, last, before }.window(SortKey::CreatedAt)?;
        Ok(IntegrationConnection::new(scoped(ctx)?.accounts()?.page(&window).await?, ()))
    }

    async fn job(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Job>> {
        Ok(one::<job::Model>(ctx, RecordType::Job, &id).await?.map(|(row, reads)| Job::new(row, reads)))
    }

    /// Of one integration, or of all that the caller sees.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        integration_id: Option<ID>,
        filter: Option<JobFilter>,
        order_by: Option<JobOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<JobConnection> {
        let page = PageArguments { first, after, last, before };
        job_page(ctx, of_integration(integration_id), arguments::jobs(filter, order_by, &page)?).await
    }

    async fn candidate(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Candidate>> {
        let found = one::<candidate::Model>(ctx, RecordType::Candidate, &id).await?;
        Ok(found.map(|(row, reads)| Candidate::new(row, reads)))
    }

    /// Of one integration, or of all that the caller sees.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn candidates(
        &self,
        ctx: &Context<'_>,
        integration_id: Option<ID>,
        filter: Option<CandidateFilter>,
        order_by: Option<CandidateOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<CandidateConnection> {
        let page = PageArguments { first, after, last, before };
        candidate_page(ctx, of_integration(integration_id), arguments::candidates(filter, order_by, &page)?).await
    }

    async fn application(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Application>> {
        let found = one::<application::Model>(ctx, RecordType::Application, &id).await?;
        Ok(found.map(|(row, reads)| Application::new(row, reads)))
    }

    /// Of one integration, or of all that the caller sees.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        integration_id: Option<ID>,
        filter: Option<ApplicationFilter>,
        order_by: Option<ApplicationOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ApplicationConnection> {
        let page = PageArguments { first, after, last, before };
        let listing = arguments::applications(filter, order_by, &page)?;
        application_page(ctx, of_integration(integration_id), listing).await
    }

    /// What changed, oldest first; of these integrations, or of all that the caller sees. Follow
    /// `pageInfo.endCursor`, which is there also when nothing is new. `changes(first: 0)` answers the present end.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        integration_ids: Option<Vec<ID>>,
        types: Option<Vec<vocabulary::RecordType>>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<ChangeConnection> {
        ChangeConnection::read(ctx, change::wanted(integration_ids, types), first, after).await
    }

    async fn action(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Action>> {
        let accounts = scoped(ctx)?.actions()?;
        let Some(id) = NodeId::parse_as(NodeType::Action, &id) else { return Ok(None) };
        Ok(accounts.action(id).await?.map(|row| Action::new(row.into())))
    }

    /// The latest first; of one integration, or of all that the caller sees.
    async fn actions(
        &self,
        ctx: &Context<'_>,
        integration_id: Option<ID>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ActionConnection> {
        let of = ActionsOf::Visible(of_integration(integration_id));
        action_page(ctx, of, &PageArguments { first, after, last, before }).await
    }

    /// In the order in which they were made.
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Result<Vec<WebhookEndpoint>> {
        Ok(scoped(ctx)?.admin()?.webhook_endpoints().await?.into_iter().map(WebhookEndpoint::new).collect())
    }

    /// All keys, revoked ones too.
    async fn api_keys(&self, ctx: &Context<'_>) -> Result<Vec<ApiKey>> {
        Ok(scoped(ctx)?.admin()?.keys().await?.into_iter().map(ApiKey::new).collect())
    }
}

/// An id that stands for no integration has no records: nobody has the nil id.
fn of_integration(id: Option<ID>) -> Option<Uuid> {
    id.map(|id| NodeId::parse_as(NodeType::Integration, &id).unwrap_or_default())
}

async fn one<R: super::plan::Related>(
    ctx: &Context<'_>,
    of: RecordType,
    id: &ID,
) -> Result<Option<(Arc<R>, Arc<Reads>)>> {
    scoped(ctx)?.records()?;
    let Some(id) = NodeId::parse_as(NodeType::Record(of), id) else { return Ok(None) };
    let (mut found, reads) = Reads::records_of::<R>(ctx, &[id]).await?;
    Ok(found.remove(&id).map(|row| (row, reads)))
}

pub async fn job_page(ctx: &Context<'_>, integration: Option<Uuid>, listing: Listing) -> Result<JobConnection> {
    let (page, reads) = Reads::page_of::<job::Model>(ctx, integration, &listing).await?;
    Ok(JobConnection {
        page: Paging::Read(page),
        reads,
        key: listing.order.key,
        total: Total::Root(integration, listing.filter),
    })
}

pub async fn candidate_page(
    ctx: &Context<'_>,
    integration: Option<Uuid>,
    listing: Listing,
) -> Result<CandidateConnection> {
    let (page, reads) = Reads::page_of::<candidate::Model>(ctx, integration, &listing).await?;
    Ok(CandidateConnection {
        page: Paging::Read(page),
        reads,
        key: listing.order.key,
        total: Total::Root(integration, listing.filter),
    })
}

pub async fn application_page(
    ctx: &Context<'_>,
    integration: Option<Uuid>,
    listing: Listing,
) -> Result<ApplicationConnection> {
    let (page, reads) = Reads::page_of::<application::Model>(ctx, integration, &listing).await?;
    Ok(ApplicationConnection {
        page: Paging::Read(page),
        reads,
        key: listing.order.key,
        total: Total::Root(integration, listing.filter),
    })
}

pub async fn tag_page(ctx: &Context<'_>, integration: Uuid, page: &PageArguments) -> Result<TagConnection> {
    let listing = arguments::plain(SortKey::ChangedAt, page)?;
    let (page, reads) = Reads::page_of::<tag::Model>(ctx, Some(integration), &listing).await?;
    Ok(TagConnection {
        page: Paging::Read(page),
        reads,
        key: listing.order.key,
        total: Total::Root(Some(integration), listing.filter),
    })
}

pub async fn user_page(ctx: &Context<'_>, integration: Uuid, page: &PageArguments) -> Result<UserConnection> {
    let listing = arguments::plain(SortKey::ChangedAt, page)?;
    let (page, reads) = Reads::page_of::<user::Model>(ctx, Some(integration), &listing).await?;
    Ok(UserConnection {
        page: Paging::Read(page),
        reads,
        key: listing.order.key,
        total: Total::Root(Some(integration), listing.filter),
    })
}
