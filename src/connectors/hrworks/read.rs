//! The streams of a full sync, page by page. Each call sends what one page needs and maps it; between two
//! calls only the cursor and the carried facts live on.

mod applicants;
mod job_applications;
mod posts;
mod users;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::paging::Paging;
use crate::connectors::connector::{Account, Carried, Fact, Page, Problem, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::{IdSpace, RecordType, Snapshot};

pub use job_applications::Newest;
pub use posts::ids_by_key as posts_by_key;

pub async fn page(account: &Account, request: ReadPage<'_>) -> Result<Page, Error> {
    match request.stream {
        "master_data" => users::master_data(account, &request).await,
        "users" => users::page(account, &request).await,
        "statuses_and_sources" => job_applications::statuses_and_sources(account, &request).await,
        "stages" => Ok(job_applications::stages(account, &request)),
        "organization_units" => posts::organization_units(account).await,
        "jobs" => posts::page(account, &request).await,
        "candidates" => applicants::page(account, &request).await,
        "applications" => job_applications::page(account, &request).await,
        other => Err(no_stream(other)),
    }
}

pub fn no_stream(name: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("HR WORKS has no stream {name}"))
}

fn resume(cursor: Option<&str>) -> Result<Paging, Error> {
    let Some(text) = cursor else { return Ok(Paging::default()) };
    serde_json::from_str(text).map_err(|_| Error::new(ErrorKind::Invalid, "the cursor is of another version"))
}

fn cursor(next: Option<Paging>) -> Option<String> {
    // A struct of one number: serialization cannot fail.
    next.map(|next| serde_json::to_string(&next).unwrap_or_default())
}

/// One page's records as they are mapped, with what could not be understood.
struct Mapped<'a> {
    ids: &'a IdSpace,
    endpoint: &'static str,
    of: RecordType,
    seen: BTreeSet<String>,
    page: Page,
}

impl<'a> Mapped<'a> {
    fn new(ids: &'a IdSpace, endpoint: &'static str, of: RecordType) -> Self {
        Self { ids, endpoint, of, seen: BTreeSet::new(), page: Page::default() }
    }

    /// Adds what a row became; a row that comes twice is there once.
    fn add(&mut self, id: Option<&str>, map: impl FnOnce(&mut Vec<String>) -> Result<Vec<Snapshot>, String>) {
        if id.is_some_and(|id| !self.seen.insert(id.to_owned())) {
            return;
        }
        let mut unread = Vec::new();
        match map(&mut unread) {
            Ok(snapshots) => self.page.records.extend(snapshots),
            Err(wrong) => unread.push(wrong),
        }
        for wrong in unread {
            self.problem(id, &wrong);
        }
    }

    fn problem(&mut self, remote_id: Option<&str>, wrong: &str) {
        self.page.problems.push(Problem {
            of: self.of,
            id: remote_id.map(|id| self.ids.uuid(self.of, id)),
            remote_id: remote_id.map(str::to_owned),
            message: format!("a row of {}: {wrong}", self.endpoint),
        });
    }
}

/// The facts of earlier pages, and those that this page adds.
struct Known<'a> {
    carried: &'a Carried,
    fresh: Vec<Fact>,
}

impl<'a> Known<'a> {
    fn new(carried: &'a Carried) -> Self {
        Self { carried, fresh: Vec::new() }
    }

    fn get<T: DeserializeOwned>(&self, kind: &'static str, key: &str) -> Option<T> {
        let fresh = self.fresh.iter().rev().find(|fact| fact.kind == kind && fact.key == key);
        let value = fresh.map(|fact| fact.value.clone()).or_else(|| self.carried.get(kind, key))?;
        serde_json::from_value(value).ok()
    }

    fn put(&mut self, kind: &'static str, key: impl Into<String>, value: Value) {
        self.fresh.push(Fact { kind, key: key.into(), value });
    }
}
