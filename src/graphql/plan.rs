//! Reads ahead. The whole selection is known when a root field runs, so each level of it is one statement for
//! all of its parents, and levels that do not need each other are read side by side. A plan reads what the
//! selection names and nothing else; what it could not foresee, `Reads` asks for singly.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures::future::{BoxFuture, try_join_all};
use uuid::Uuid;

use super::arguments::{self, PageArguments};
use super::planned::{Planned, Shelved};
use super::projection::{Projected, Projection};
use super::selection::{Field, has, nodes};
use crate::store::entity::{
    application, application_stage, candidate, candidate_tag, hiring_team_member, job, job_stage, tag, user,
};
use crate::store::page::SortKey;
use crate::store::{Accounts, Join, Key, Link, Listing, Records, Result};

pub const STAGES: Join = Join { near: "job_id", far: "stage_id", order: "COALESCE(t.position, 2147483647)" };
pub const TEAM: Join = Join { near: "job_id", far: "user_id", order: "t.id" };
pub const TAGS: Join = Join { near: "candidate_id", far: "tag_id", order: "COALESCE(f.name, '')" };
pub const BY_JOB: Link = Link::Column("job_id");
pub const BY_CANDIDATE: Link = Link::Column("candidate_id");
pub const BY_STAGE: Link = Link::Column("current_stage_id");
pub const BY_USER: Link = Link::Column("user_id");

type Task<'a> = BoxFuture<'a, Result<Planned>>;

/// A record type that leads to others.
pub trait Related: Projected + Shelved {
    /// The reads that these fields of these rows need.
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>);
}

pub struct Planner<'a> {
    pub records: &'a Records,
    pub accounts: &'a Accounts,
    pub projection: &'a Projection,
}

impl<'p> Planner<'p> {
    /// Everything that lies below these rows.
    pub fn below<'a, R: Related>(&'a self, rows: &'a [Arc<R>], fields: &'a [&'a Field]) -> Task<'a> {
        Box::pin(async move {
            let mut planned = Planned::default();
            if rows.is_empty() {
                return Ok(planned);
            }
            let mut tasks = Vec::new();
            self.beside(rows, fields, &mut tasks);
            R::tasks(rows, fields, self, &mut tasks);
            for part in try_join_all(tasks).await? {
                planned.take(part);
            }
            Ok(planned)
        })
    }

    /// What every record type has beside its own fields.
    fn beside<'a, R: Related>(&'a self, rows: &'a [Arc<R>], fields: &'a [&'a Field], tasks: &mut Vec<Task<'a>>) {
        let wants = |name: &str| fields.iter().any(|field| field.name == name);
        if wants("integration") {
            tasks.push(Box::pin(async move {
                let mut planned = Planned::default();
                planned.integrations = self.accounts.by_ids(&integrations(rows)).await?;
                Ok(planned)
            }));
        }
        let raw = wants("remoteData") && self.records.remote_data().is_ok();
        let custom = wants("customFields");
        if raw || custom {
            tasks.push(Box::pin(async move {
                let mut planned = Planned::default();
                if custom {
                    let integrations = integrations(rows);
                    planned.custom_fields = integrations.iter().map(|id| (*id, Vec::new())).collect();
                    for field in self.records.custom_fields(&integrations).await? {
                        planned.custom_fields.entry(field.integration_id).or_default().push(field);
                    }
                }
                let is_mapped = |row: &Arc<R>| {
                    let fields = planned.custom_fields.get(&row.integration_id());
                    fields.is_some_and(|fields| fields.iter().any(|field| field.model == R::TYPE.as_str()))
                };
                let keys: Vec<Key> = rows.iter().filter(|row| raw || is_mapped(row)).map(|row| key_of(row)).collect();
                let mut found = self.records.payloads(&keys).await?;
                planned.payloads = keys.iter().map(|key| (key.id, found.remove(&key.id))).collect();
                Ok(planned)
            }));
        }
    }

    /// A relation to single records.
    fn one<'a, T: Related>(
        &'a self,
        keys: impl Iterator<Item = Option<Key>>,
        field: &'a Field,
        tasks: &mut Vec<Task<'a>>,
    ) {
        let keys: BTreeSet<Key> = keys.flatten().collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        tasks.push(Box::pin(async move {
            let fields: Vec<&Field> = field.children.iter().collect();
            let found = self.records.by_keys(&keys, &T::columns(self.projection)).await?;
            let rows: Vec<Arc<T>> = found.values().cloned().collect();
            let mut planned = self.below(&rows, &fields).await?;
            let by_id = &mut T::shelf_mut(&mut planned).by_id;
            by_id.extend(keys.iter().map(|key| (key.id, found.get(&key.id).cloned())));
            Ok(planned)
        }));
    }

    /// A relation through a join table. `far` is the field that leads to its far side.
    fn joined<'a, J: Related, T: Related>(
        &'a self,
        parents: Vec<Key>,
        join: Join,
        field: &'a Field,
        far: &'static str,
        tasks: &mut Vec<Task<'a>>,
    ) {
        tasks.push(Box::pin(async move {
            // The far side is read along; a plan for it would read it again.
            let beside: Vec<&Field> = field.children.iter().filter(|child| child.name != far).collect();
            let beyond: Vec<&Field> =
                field.children.iter().filter(|child| child.name == far).flat_map(|child| &child.children).collect();
            let columns = (J::columns(self.projection), T::columns(self.projection));
            let found = self.records.joined::<J, T>(&parents, join, &columns.0, &columns.1).await?;
            let near: Vec<Arc<J>> = found.values().flatten().map(|(near, _)| near.clone()).collect();
            let mut by_id: HashMap<Uuid, Option<Arc<T>>> = HashMap::new();
            for (_, far) in found.values().flatten() {
                by_id.entry(far.id()).or_insert_with(|| Some(far.clone()));
            }
            let distant: Vec<Arc<T>> = by_id.values().flatten().cloned().collect();
            let (mut planned, more) = futures::try_join!(self.below(&near, &beside), self.below(&distant, &beyond))?;
            planned.take(more);
            T::shelf_mut(&mut planned).by_id.extend(by_id);
            let mut lists = found;
            let lists = parents.iter().map(|parent| {
                let rows = lists.remove(&parent.id).unwrap_or_default();
                (parent.id, rows.into_iter().map(|(near, _)| near).collect())
            });
            let lists = lists.collect();
            J::shelf_mut(&mut planned).lists.insert(join, lists);
            Ok(planned)
        }));
    }

    /// A connection: one page for each parent.
    fn page<'a, R: Related>(
        &'a self,
        parents: Vec<Key>,
        link: Link,
        listing: Option<Listing>,
        field: &'a Field,
        tasks: &mut Vec<Task<'a>>,
    ) {
        // Arguments that cannot be used: the resolver says so.
        let Some(listing) = listing else { return };
        let counted = has(&field.children, "totalCount");
        let wanted = ["nodes", "edges", "pageInfo"].iter().any(|part| has(&field.children, part));
        if counted {
            let (parents, filter) = (parents.clone(), listing.filter.clone());
            tasks.push(Box::pin(async move {
                let mut planned = Planned::default();
                let counts = self.records.counts_by_parent::<R>(&parents, link, &filter).await?;
                R::shelf_mut(&mut planned).counts.insert((link, filter), counts);
                Ok(planned)
            }));
        }
        if !wanted {
            tasks.push(Box::pin(async move {
                let mut planned = Planned::default();
                let ids = parents.iter().map(|parent| parent.id).collect();
                R::shelf_mut(&mut planned).only_counted.insert((link, listing), ids);
                Ok(planned)
            }));
            return;
        }
        tasks.push(Box::pin(async move {
            let columns = R::columns(self.projection);
            let pages = self.records.pages_by_parent::<R>(&parents, link, &columns, &listing).await?;
            // A candidate with two tags is on the pages of both.
            let rows: HashMap<Uuid, Arc<R>> =
                pages.values().flat_map(|page| &page.rows).map(|row| (row.record.id(), row.record.clone())).collect();
            let rows: Vec<Arc<R>> = rows.into_values().collect();
            let mut planned = self.below(&rows, &nodes(&field.children)).await?;
            let pages = pages.into_iter().map(|(parent, page)| (parent, Arc::new(page))).collect();
            R::shelf_mut(&mut planned).pages.insert((link, listing), pages);
            Ok(planned)
        }));
    }
}

pub fn page_arguments(field: &Field) -> PageArguments {
    PageArguments {
        first: field.argument("first"),
        after: field.argument("after"),
        last: field.argument("last"),
        before: field.argument("before"),
    }
}

fn application_listing(field: &Field) -> Option<Listing> {
    arguments::applications(field.argument("filter"), field.argument("orderBy"), &page_arguments(field)).ok()
}

pub fn key_of<R: Related>(row: &Arc<R>) -> Key {
    Key { integration: row.integration_id(), id: row.id() }
}

fn keys<R: Related>(rows: &[Arc<R>]) -> Vec<Key> {
    rows.iter().map(key_of).collect()
}

fn integrations<R: Related>(rows: &[Arc<R>]) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.integration_id()).collect();
    ids.into_iter().collect()
}

/// The key of what a row points to.
fn to<R: Related>(row: &Arc<R>, id: Option<Uuid>) -> Option<Key> {
    id.map(|id| Key { integration: row.integration_id(), id })
}

impl Related for user::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields.iter().filter(|field| field.name == "hiringTeams") {
            let listing = arguments::plain(SortKey::ChangedAt, &page_arguments(field)).ok();
            planner.page::<hiring_team_member::Model>(keys(rows), BY_USER, listing, field, tasks);
        }
    }
}

impl Related for job::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "contact" => {
                    let contacts = rows.iter().map(|row| to(row, row.contact_id));
                    planner.one::<user::Model>(contacts, field, tasks);
                }
                "stages" => planner.joined::<job_stage::Model, application_stage::Model>(
                    keys(rows),
                    STAGES,
                    field,
                    "stage",
                    tasks,
                ),
                "hiringTeam" => {
                    planner.joined::<hiring_team_member::Model, user::Model>(keys(rows), TEAM, field, "user", tasks);
                }
                "applications" => {
                    let listing = application_listing(field);
                    planner.page::<application::Model>(keys(rows), BY_JOB, listing, field, tasks);
                }
                _ => {}
            }
        }
    }
}

impl Related for candidate::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "tags" => planner.joined::<candidate_tag::Model, tag::Model>(keys(rows), TAGS, field, "tag", tasks),
                "applications" => {
                    let listing = application_listing(field);
                    planner.page::<application::Model>(keys(rows), BY_CANDIDATE, listing, field, tasks);
                }
                _ => {}
            }
        }
    }
}

impl Related for application::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "currentStage" => {
                    let stages = rows.iter().map(|row| to(row, row.current_stage_id));
                    planner.one::<application_stage::Model>(stages, field, tasks);
                }
                "job" => planner.one::<job::Model>(rows.iter().map(|row| to(row, row.job_id)), field, tasks),
                "candidate" => {
                    let candidates = rows.iter().map(|row| to(row, row.candidate_id));
                    planner.one::<candidate::Model>(candidates, field, tasks);
                }
                _ => {}
            }
        }
    }
}

impl Related for application_stage::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields.iter().filter(|field| field.name == "applications") {
            planner.page::<application::Model>(keys(rows), BY_STAGE, application_listing(field), field, tasks);
        }
    }
}

impl Related for job_stage::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "job" => planner.one::<job::Model>(rows.iter().map(|row| to(row, Some(row.job_id))), field, tasks),
                "stage" => {
                    let stages = rows.iter().map(|row| to(row, Some(row.stage_id)));
                    planner.one::<application_stage::Model>(stages, field, tasks);
                }
                _ => {}
            }
        }
    }
}

impl Related for tag::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields.iter().filter(|field| field.name == "candidates") {
            let listing = arguments::plain(SortKey::Id, &page_arguments(field)).ok();
            planner.page::<candidate::Model>(keys(rows), Link::Tagged, listing, field, tasks);
        }
    }
}

impl Related for candidate_tag::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "candidate" => {
                    let candidates = rows.iter().map(|row| to(row, Some(row.candidate_id)));
                    planner.one::<candidate::Model>(candidates, field, tasks);
                }
                "tag" => planner.one::<tag::Model>(rows.iter().map(|row| to(row, Some(row.tag_id))), field, tasks),
                _ => {}
            }
        }
    }
}

impl Related for hiring_team_member::Model {
    fn tasks<'a>(rows: &'a [Arc<Self>], fields: &'a [&'a Field], planner: &'a Planner<'a>, tasks: &mut Vec<Task<'a>>) {
        for field in fields {
            match field.name.as_str() {
                "job" => planner.one::<job::Model>(rows.iter().map(|row| to(row, Some(row.job_id))), field, tasks),
                "user" => planner.one::<user::Model>(rows.iter().map(|row| to(row, Some(row.user_id))), field, tasks),
                _ => {}
            }
        }
    }
}
