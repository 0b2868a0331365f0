//! The interfaces of the graph. async-graphql cannot let one interface implement another; the objects implement
//! both (decision 0003).

use async_graphql::{Context, ID, Interface, Result};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

use super::action::Action;
use super::credential::ApiKey;
use super::integration::Integration;
use super::loaders::{AccountLoader, ById};
use super::reads::{Reads, scoped};
use super::record::{
    Application, ApplicationStage, Candidate, CandidateTag, HiringTeamMember, Job, JobStage, Tag, User,
};
use super::scalar::DateTime;
use super::selection::Field;
use super::sync_run::SyncRun;
use super::vendor_request::VendorRequest;
use super::webhook::{WebhookDelivery, WebhookEndpoint};
use crate::domain::{NodeId, NodeType, RecordType};
use crate::store::entity::{
    application, application_stage, candidate, candidate_tag, hiring_team_member, job, job_stage, tag, user,
};

/// Anything that `node(id:)` can return. IDs are opaque, globally unique across types, and stable: the same vendor
/// record of the same integration always gets the same ID.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID"))]
pub enum Node {
    Job(Job),
    Candidate(Candidate),
    Application(Application),
    ApplicationStage(ApplicationStage),
    JobStage(JobStage),
    Tag(Tag),
    CandidateTag(CandidateTag),
    User(User),
    HiringTeamMember(HiringTeamMember),
    Integration(Integration),
    SyncRun(SyncRun),
    ApiKey(ApiKey),
    Action(Action),
    WebhookEndpoint(WebhookEndpoint),
    WebhookDelivery(WebhookDelivery),
    VendorRequest(VendorRequest),
}

/// A record mirrored from a vendor. Every record is a `Node` too.
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID"),
    field(
        name = "remote_id",
        ty = "Option<String>",
        desc = "The vendor's own identifier; null for join records that have none."
    ),
    field(
        name = "changed_at",
        ty = "DateTime",
        desc = "When this record last changed here: its own fields, never a neighbour's."
    ),
    field(
        name = "remote_deleted_at",
        ty = "Option<DateTime>",
        desc = "When the vendor was first seen to have it no longer. Deleted records are left out of lists unless asked for."
    ),
    field(name = "integration", ty = "Integration")
)]
pub enum Record {
    Job(Job),
    Candidate(Candidate),
    Application(Application),
    ApplicationStage(ApplicationStage),
    JobStage(JobStage),
    Tag(Tag),
    CandidateTag(CandidateTag),
    User(User),
    HiringTeamMember(HiringTeamMember),
}

impl From<Record> for Node {
    fn from(record: Record) -> Self {
        match record {
            Record::Job(job) => Self::Job(job),
            Record::Candidate(candidate) => Self::Candidate(candidate),
            Record::Application(application) => Self::Application(application),
            Record::ApplicationStage(stage) => Self::ApplicationStage(stage),
            Record::JobStage(stage) => Self::JobStage(stage),
            Record::Tag(tag) => Self::Tag(tag),
            Record::CandidateTag(tag) => Self::CandidateTag(tag),
            Record::User(user) => Self::User(user),
            Record::HiringTeamMember(member) => Self::HiringTeamMember(member),
        }
    }
}

/// What these ids stand for, one read a type. What is not there, or may not be seen, is left out.
pub async fn find(ctx: &Context<'_>, ids: &[ID]) -> Result<HashMap<String, Node>> {
    let mut by_type: BTreeMap<&'static str, (NodeType, Vec<Uuid>)> = BTreeMap::new();
    for id in ids {
        if let Some(node) = NodeId::parse(id) {
            by_type.entry(node.of.prefix()).or_insert((node.of, Vec::new())).1.push(node.uuid);
        }
    }
    let selection = Field::below(ctx);
    let fields: Vec<&Field> = selection.iter().collect();
    let mut found = HashMap::new();
    for (of, ids) in by_type.into_values() {
        let nodes = match of {
            NodeType::Record(of) => records(ctx, of, &ids, &fields).await?,
            NodeType::Integration => integrations(ctx, &ids).await?,
            NodeType::SyncRun => runs(ctx, &ids).await?,
            NodeType::ApiKey => keys(ctx, &ids).await?,
            NodeType::Action => actions(ctx, &ids).await?,
            NodeType::WebhookEndpoint => endpoints(ctx, &ids).await?,
            NodeType::WebhookDelivery => deliveries(ctx, &ids).await?,
            NodeType::VendorRequest => requests(ctx, &ids).await?,
        };
        found.extend(nodes.into_iter().map(|(id, node)| (NodeId::new(of, id).to_string(), node)));
    }
    Ok(found)
}

/// The records of these ids, with what these fields select of them.
pub async fn records<T: From<Record>>(
    ctx: &Context<'_>,
    of: RecordType,
    ids: &[Uuid],
    fields: &[&Field],
) -> Result<Vec<(Uuid, T)>> {
    macro_rules! read {
        ($entity:ident, $object:ident) => {{
            let (found, reads) = Reads::records_with::<$entity::Model>(ctx, ids, fields).await?;
            let record = |row| T::from(Record::$object($object::new(row, reads.clone())));
            found.into_iter().map(|(id, row)| (id, record(row))).collect()
        }};
    }
    Ok(match of {
        RecordType::User => read!(user, User),
        RecordType::ApplicationStage => read!(application_stage, ApplicationStage),
        RecordType::Job => read!(job, Job),
        RecordType::JobStage => read!(job_stage, JobStage),
        RecordType::HiringTeamMember => read!(hiring_team_member, HiringTeamMember),
        RecordType::Candidate => read!(candidate, Candidate),
        RecordType::Tag => read!(tag, Tag),
        RecordType::CandidateTag => read!(candidate_tag, CandidateTag),
        RecordType::Application => read!(application, Application),
    })
}

async fn integrations(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    scoped(ctx)?.accounts()?;
    let found = ctx.data::<AccountLoader>()?.load_many(ids.iter().map(|id| ById(*id))).await?;
    Ok(found.into_iter().map(|(id, row)| (id.0, Node::Integration(Integration::new(row)))).collect())
}

async fn runs(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let found = scoped(ctx)?.accounts()?.runs_by_ids(ids).await?;
    Ok(found.into_iter().map(|row| (row.id, Node::SyncRun(SyncRun::new(row.into())))).collect())
}

async fn actions(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let found = scoped(ctx)?.actions()?.actions_by_ids(ids).await?;
    Ok(found.into_iter().map(|row| (row.id, Node::Action(Action::new(row.into())))).collect())
}

async fn keys(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let keys = scoped(ctx)?.admin()?.keys().await?;
    let wanted = keys.into_iter().filter(|key| ids.contains(&key.id));
    Ok(wanted.map(|key| (key.id, Node::ApiKey(ApiKey::new(key)))).collect())
}

async fn endpoints(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let endpoints = scoped(ctx)?.admin()?.webhook_endpoints().await?;
    let wanted = endpoints.into_iter().filter(|endpoint| ids.contains(&endpoint.id));
    Ok(wanted.map(|row| (row.id, Node::WebhookEndpoint(WebhookEndpoint::new(row)))).collect())
}

async fn deliveries(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let found = scoped(ctx)?.admin()?.webhook_deliveries_by_ids(ids).await?;
    Ok(found.into_iter().map(|row| (row.id, Node::WebhookDelivery(WebhookDelivery::new(row.into())))).collect())
}

async fn requests(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Node)>> {
    let found = scoped(ctx)?.operate()?.vendor_requests_by_ids(ids).await?;
    Ok(found.into_iter().map(|row| (row.id, Node::VendorRequest(VendorRequest::new(row.into())))).collect())
}
