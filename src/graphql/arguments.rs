//! The arguments of lists: page, order, filter.

use async_graphql::{Enum, ID, InputObject};
use uuid::Uuid;

use super::failure::BadInput;
use super::scalar::DateTime;
use super::vocabulary::{ApplicationOutcome, EmploymentType, JobStatus, OrderDirection, RemoteWorkStatus};
use crate::domain::{NodeId, NodeType, RecordType};
use crate::store::page::{LARGEST, Order, Position, SortKey, USUAL, Window};
use crate::store::{self, Filter, Listing};

/// `first`, `after`, `last` and `before`.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArguments {
    pub fn window(&self, key: SortKey) -> Result<Window, BadInput> {
        if self.first.is_some() && self.last.is_some() {
            return Err(BadInput::new("last", "must not be given together with first"));
        }
        let limit = |argument: &str, count: Option<i32>| match count {
            None => Ok(USUAL),
            Some(count) => u64::try_from(count)
                .ok()
                .filter(|count| *count <= LARGEST)
                .ok_or_else(|| BadInput::new(argument, format!("must be between 0 and {LARGEST}"))),
        };
        let backward = self.last.is_some();
        let limit = if backward { limit("last", self.last) } else { limit("first", self.first) }?;
        let position = |argument: &str, cursor: &Option<String>| match cursor {
            None => Ok(None),
            Some(text) => Position::decode(text, key)
                .map(Some)
                .ok_or_else(|| BadInput::new(argument, "is not a cursor of this list in this order")),
        };
        Ok(Window {
            limit,
            backward,
            after: position("after", &self.after)?,
            before: position("before", &self.before)?,
        })
    }
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOrderField {
    ChangedAt,
    RemoteCreatedAt,
    OpenedAt,
    Name,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateOrderField {
    ChangedAt,
    RemoteCreatedAt,
    LastName,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationOrderField {
    ChangedAt,
    RemoteCreatedAt,
}

#[derive(InputObject, Debug, Clone, Copy)]
pub struct JobOrder {
    #[graphql(default_with = "JobOrderField::ChangedAt")]
    field: JobOrderField,
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

#[derive(InputObject, Debug, Clone, Copy)]
pub struct CandidateOrder {
    #[graphql(default_with = "CandidateOrderField::ChangedAt")]
    field: CandidateOrderField,
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

#[derive(InputObject, Debug, Clone, Copy)]
pub struct ApplicationOrder {
    #[graphql(default_with = "ApplicationOrderField::ChangedAt")]
    field: ApplicationOrderField,
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// Conditions AND together, values of a list OR together.
#[derive(InputObject, Debug, Clone, Default)]
pub struct JobFilter {
    ids: Option<Vec<ID>>,
    remote_ids: Option<Vec<String>>,
    codes: Option<Vec<String>>,
    statuses: Option<Vec<JobStatus>>,
    employment_types: Option<Vec<EmploymentType>>,
    remote_work_statuses: Option<Vec<RemoteWorkStatus>>,
    /// Equal to the letter.
    departments: Option<Vec<String>>,
    /// Whatever the case.
    name_contains: Option<String>,
    confidential: Option<bool>,
    changed_after: Option<DateTime>,
    remote_created_after: Option<DateTime>,
    #[graphql(default_with = "Some(false)")]
    include_deleted: Option<bool>,
}

/// Conditions AND together, values of a list OR together.
#[derive(InputObject, Debug, Clone, Default)]
pub struct CandidateFilter {
    ids: Option<Vec<ID>>,
    remote_ids: Option<Vec<String>>,
    /// The whole first address, whatever the case.
    email: Option<String>,
    /// The whole name, whatever the case.
    first_name: Option<String>,
    /// The whole name, whatever the case.
    last_name: Option<String>,
    /// A part of first and last name together, whatever the case.
    name_contains: Option<String>,
    sources: Option<Vec<String>>,
    tag_ids: Option<Vec<ID>>,
    tag_names: Option<Vec<String>>,
    /// Who applied for one of these jobs.
    job_ids: Option<Vec<ID>>,
    changed_after: Option<DateTime>,
    #[graphql(default_with = "Some(false)")]
    include_deleted: Option<bool>,
}

/// Conditions AND together, values of a list OR together.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ApplicationFilter {
    ids: Option<Vec<ID>>,
    remote_ids: Option<Vec<String>>,
    outcomes: Option<Vec<ApplicationOutcome>>,
    job_ids: Option<Vec<ID>>,
    candidate_ids: Option<Vec<ID>>,
    current_stage_ids: Option<Vec<ID>>,
    changed_after: Option<DateTime>,
    remote_created_after: Option<DateTime>,
    #[graphql(default_with = "Some(false)")]
    include_deleted: Option<bool>,
}

pub fn jobs(filter: Option<JobFilter>, order: Option<JobOrder>, page: &PageArguments) -> Result<Listing, BadInput> {
    let filter = filter.unwrap_or_default();
    let (key, descending) = match order {
        None => (SortKey::ChangedAt, true),
        Some(order) => (
            match order.field {
                JobOrderField::ChangedAt => SortKey::ChangedAt,
                JobOrderField::RemoteCreatedAt => SortKey::RemoteCreatedAt,
                JobOrderField::OpenedAt => SortKey::OpenedAt,
                JobOrderField::Name => SortKey::Name,
            },
            order.direction == OrderDirection::Desc,
        ),
    };
    let filter = store::JobFilter {
        ids: record_ids(RecordType::Job, filter.ids),
        remote_ids: filter.remote_ids.map(possible),
        codes: filter.codes.map(possible),
        statuses: all(filter.statuses),
        employment_types: all(filter.employment_types),
        remote_work_statuses: all(filter.remote_work_statuses),
        departments: filter.departments.map(possible),
        name_contains: part("filter.nameContains", filter.name_contains)?,
        confidential: filter.confidential,
        changed_after: time("filter.changedAfter", filter.changed_after)?,
        remote_created_after: time("filter.remoteCreatedAfter", filter.remote_created_after)?,
        include_deleted: filter.include_deleted.unwrap_or(false),
    };
    listing(Filter::Job(filter), key, descending, page)
}

pub fn candidates(
    filter: Option<CandidateFilter>,
    order: Option<CandidateOrder>,
    page: &PageArguments,
) -> Result<Listing, BadInput> {
    let filter = filter.unwrap_or_default();
    let (key, descending) = match order {
        None => (SortKey::ChangedAt, true),
        Some(order) => (
            match order.field {
                CandidateOrderField::ChangedAt => SortKey::ChangedAt,
                CandidateOrderField::RemoteCreatedAt => SortKey::RemoteCreatedAt,
                CandidateOrderField::LastName => SortKey::LastName,
            },
            order.direction == OrderDirection::Desc,
        ),
    };
    let filter = store::CandidateFilter {
        ids: record_ids(RecordType::Candidate, filter.ids),
        remote_ids: filter.remote_ids.map(possible),
        email: part("filter.email", filter.email.map(|email| email.trim().to_owned()))?,
        first_name: part("filter.firstName", filter.first_name)?,
        last_name: part("filter.lastName", filter.last_name)?,
        name_contains: part("filter.nameContains", filter.name_contains)?,
        sources: filter.sources.map(possible),
        tag_ids: record_ids(RecordType::Tag, filter.tag_ids),
        tag_names: filter.tag_names.map(possible),
        job_ids: record_ids(RecordType::Job, filter.job_ids),
        changed_after: time("filter.changedAfter", filter.changed_after)?,
        include_deleted: filter.include_deleted.unwrap_or(false),
    };
    listing(Filter::Candidate(filter), key, descending, page)
}

pub fn applications(
    filter: Option<ApplicationFilter>,
    order: Option<ApplicationOrder>,
    page: &PageArguments,
) -> Result<Listing, BadInput> {
    let filter = filter.unwrap_or_default();
    let (key, descending) = match order {
        None => (SortKey::ChangedAt, true),
        Some(order) => (
            match order.field {
                ApplicationOrderField::ChangedAt => SortKey::ChangedAt,
                ApplicationOrderField::RemoteCreatedAt => SortKey::RemoteCreatedAt,
            },
            order.direction == OrderDirection::Desc,
        ),
    };
    let filter = store::ApplicationFilter {
        ids: record_ids(RecordType::Application, filter.ids),
        remote_ids: filter.remote_ids.map(possible),
        outcomes: all(filter.outcomes),
        job_ids: record_ids(RecordType::Job, filter.job_ids),
        candidate_ids: record_ids(RecordType::Candidate, filter.candidate_ids),
        current_stage_ids: record_ids(RecordType::ApplicationStage, filter.current_stage_ids),
        changed_after: time("filter.changedAfter", filter.changed_after)?,
        remote_created_after: time("filter.remoteCreatedAfter", filter.remote_created_after)?,
        include_deleted: filter.include_deleted.unwrap_or(false),
    };
    listing(Filter::Application(filter), key, descending, page)
}

/// Lists without filter and order of their own.
pub fn plain(key: SortKey, page: &PageArguments) -> Result<Listing, BadInput> {
    listing(Filter::default(), key, false, page)
}

fn listing(filter: Filter, key: SortKey, descending: bool, page: &PageArguments) -> Result<Listing, BadInput> {
    Ok(Listing { filter, order: Order { key, descending }, window: page.window(key)? })
}

/// What is no id of such a record is met by nothing.
fn record_ids(of: RecordType, ids: Option<Vec<ID>>) -> Option<Vec<Uuid>> {
    let parse = |id: ID| NodeId::parse_as(NodeType::Record(of), &id);
    ids.map(|ids| ids.into_iter().filter_map(parse).collect())
}

/// A database cannot keep the character 0, so that no record has a text with it; nor may it be asked for one.
fn possible(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.contains('\0')).collect()
}

/// Far longer than any name; SQLite gives up on patterns of 50,000 bytes.
const LONGEST_PART: usize = 1000;

fn part(argument: &str, text: Option<String>) -> Result<Option<String>, BadInput> {
    match text {
        Some(text) if text.contains('\0') => Err(BadInput::new(argument, "must not contain the character 0")),
        Some(text) if text.chars().count() > LONGEST_PART => {
            Err(BadInput::new(argument, format!("must not be longer than {LONGEST_PART} characters")))
        }
        text => Ok(text),
    }
}

fn all<T, D: From<T>>(values: Option<Vec<T>>) -> Option<Vec<D>> {
    values.map(|values| values.into_iter().map(D::from).collect())
}

fn time(argument: &str, time: Option<DateTime>) -> Result<Option<i64>, BadInput> {
    time.map(|time| time.millis(argument)).transpose()
}
