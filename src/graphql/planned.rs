//! What was read ahead for one root field: never changed once resolvers see it, so that they share it without a
//! lock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::Payload;
use crate::store::entity::{
    application, application_stage, candidate, candidate_tag, custom_field, hiring_team_member, integration, job,
    job_stage, tag, user,
};
use crate::store::{ByParent, Filter, Join, Link, Listing, Page, RecordRow};

/// Everything that was read ahead.
#[derive(Default)]
pub struct Planned {
    users: Shelf<user::Model>,
    jobs: Shelf<job::Model>,
    candidates: Shelf<candidate::Model>,
    applications: Shelf<application::Model>,
    stages: Shelf<application_stage::Model>,
    job_stages: Shelf<job_stage::Model>,
    tags: Shelf<tag::Model>,
    candidate_tags: Shelf<candidate_tag::Model>,
    team: Shelf<hiring_team_member::Model>,
    pub payloads: HashMap<Uuid, Option<Arc<Payload>>>,
    pub integrations: HashMap<Uuid, Arc<integration::Model>>,
    /// By integration; all of its custom fields.
    pub custom_fields: HashMap<Uuid, Vec<custom_field::Model>>,
}

/// The records of one type.
pub struct Shelf<R> {
    /// None: looked for, and not there.
    pub by_id: HashMap<Uuid, Option<Arc<R>>>,
    pub pages: HashMap<(Link, Listing), ByParent<Arc<Page<R>>>>,
    /// Parents of whose list nothing but its size is wanted: no page of it is read.
    pub only_counted: HashMap<(Link, Listing), HashSet<Uuid>>,
    pub counts: HashMap<(Link, Filter), ByParent<u64>>,
    pub lists: HashMap<Join, ByParent<Vec<Arc<R>>>>,
}

impl<R> Default for Shelf<R> {
    fn default() -> Self {
        Self {
            by_id: HashMap::new(),
            pages: HashMap::new(),
            only_counted: HashMap::new(),
            counts: HashMap::new(),
            lists: HashMap::new(),
        }
    }
}

impl<R> Shelf<R> {
    fn take(&mut self, other: Self) {
        self.by_id.extend(other.by_id);
        for (key, pages) in other.pages {
            self.pages.entry(key).or_default().extend(pages);
        }
        for (key, parents) in other.only_counted {
            self.only_counted.entry(key).or_default().extend(parents);
        }
        for (key, counts) in other.counts {
            self.counts.entry(key).or_default().extend(counts);
        }
        for (key, lists) in other.lists {
            self.lists.entry(key).or_default().extend(lists);
        }
    }
}

/// Where the records of a type lie.
pub trait Shelved: RecordRow {
    fn shelf(planned: &Planned) -> &Shelf<Self>;
    fn shelf_mut(planned: &mut Planned) -> &mut Shelf<Self>;
}

macro_rules! shelved {
    ($($entity:ident $shelf:ident),+) => {
        $(
            impl Shelved for $entity::Model {
                fn shelf(planned: &Planned) -> &Shelf<Self> {
                    &planned.$shelf
                }
                fn shelf_mut(planned: &mut Planned) -> &mut Shelf<Self> {
                    &mut planned.$shelf
                }
            }
        )+

        impl Planned {
            /// Adds what another part of the plan read.
            pub fn take(&mut self, other: Self) {
                $(self.$shelf.take(other.$shelf);)+
                self.payloads.extend(other.payloads);
                self.integrations.extend(other.integrations);
                for (integration, fields) in other.custom_fields {
                    self.custom_fields.insert(integration, fields);
                }
            }
        }
    };
}

shelved!(
    user users, job jobs, candidate candidates, application applications, application_stage stages,
    job_stage job_stages, tag tags, candidate_tag candidate_tags, hiring_team_member team
);
