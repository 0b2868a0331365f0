//! The streams of a full sync, page by page. Each call sends what one page needs and maps it; between two
//! calls only the cursor and the carried facts live on.

mod adverts;
mod applications;
mod jobs;
mod ledger;
pub mod single;
pub mod tags;
mod workflows;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::{Client, EMPLOYEES, USERS};
use super::mapping;
use super::paging::{Listed, Paging};
use super::wire::{Id, plain_text};
use crate::connectors::connector::{Account, Carried, Fact, Page, Problem, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::{IdSpace, RecordType, Snapshot};

pub use applications::{by_id as applications_by_id, latest_of as latest_applications};
pub use jobs::{JobsRead, by_id as jobs_by_id};
pub use workflows::every_state;

pub async fn page(account: &Account, request: ReadPage<'_>) -> Result<Page, Error> {
    match request.stream {
        "users" => {
            let whole = ReadPage { since: None, ..request };
            rows(account, &whole, USERS, RecordType::User, mapping::user).await
        }
        "workflows" => workflows::page(account).await,
        "adverts" => adverts::page(account, &request).await,
        "jobs" => jobs::page(account, &request).await,
        "candidates" => rows(account, &request, EMPLOYEES, RecordType::Candidate, mapping::candidate).await,
        "ledger" => ledger::page(account, &request).await,
        "applications" => applications::page(account, &request).await,
        other => Err(Error::new(ErrorKind::Unsupported, format!("TRAFFIT has no stream {other}"))),
    }
}

/// A page of a list whose rows are records by themselves.
async fn rows(
    account: &Account,
    request: &ReadPage<'_>,
    endpoint: &'static str,
    of: RecordType,
    map: fn(&IdSpace, Value) -> Result<Snapshot, String>,
) -> Result<Page, Error> {
    let client = Client(&account.http);
    let mut place: Place = resume(request.cursor)?;
    let pages = loop {
        match client.pages_since(endpoint, place.day(request.since), &place.paging).await {
            Err(error) if place.is_refused(&error, request.since) => place = Place::unfiltered(),
            pages => break pages?,
        }
    };
    let mut page = Page { next: pages.next.clone().map(|next| cursor(&place.at(next))), ..Page::default() };
    page.expected = pages.lists.iter().filter_map(|listed| listed.total).next_back();
    for row in pages.into_rows().filter(|row| is_wanted(row, request.since)) {
        let id = Id::of(&row);
        match map(&account.ids, row) {
            Ok(snapshot) => page.records.push(snapshot),
            Err(wrong) => page.problems.push(problem(&account.ids, of, id, &format!("a row of {endpoint}: {wrong}"))),
        }
    }
    Ok(page)
}

/// Whether a row changed since then, by the days of filters; one that does not say when may have. A filter may be
/// refused or ignored.
fn is_wanted(row: &Value, since: Option<DateTime<Utc>>) -> bool {
    let Some(since) = since else { return true };
    let changed = row.get("updated_at").and_then(|text| plain_text(text).ok().flatten());
    let changed = mapping::moment(changed.as_deref(), "updated_at", &mut Vec::new());
    changed.is_none_or(|changed| mapping::day(changed) >= mapping::day(since))
}

/// Where a list stands of which TRAFFIT can tell what changed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    #[serde(flatten)]
    paging: Paging,
    /// Whether TRAFFIT refused the filter: then the whole list is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unfiltered: bool,
}

impl Place {
    fn at(&self, paging: Paging) -> Self {
        Self { paging, unfiltered: self.unfiltered }
    }

    /// The whole list, from its beginning.
    fn unfiltered() -> Self {
        Self { unfiltered: true, ..Self::default() }
    }

    fn day(&self, since: Option<DateTime<Utc>>) -> Option<NaiveDate> {
        since.filter(|_| !self.unfiltered).map(mapping::day)
    }

    /// Whether TRAFFIT does not take the filter (§1.5).
    fn is_refused(&self, error: &Error, since: Option<DateTime<Utc>>) -> bool {
        error.kind == ErrorKind::Invalid && self.day(since).is_some()
    }
}

fn resume<T: DeserializeOwned + Default>(cursor: Option<&str>) -> Result<T, Error> {
    let Some(text) = cursor else { return Ok(T::default()) };
    serde_json::from_str(text).map_err(|_| Error::new(ErrorKind::Invalid, "the cursor is of another version"))
}

fn cursor(state: &impl Serialize) -> String {
    // Plain structs of numbers and texts: serialization cannot fail.
    serde_json::to_string(state).unwrap_or_default()
}

fn problem(ids: &IdSpace, of: RecordType, id: Option<Id>, message: &str) -> Problem {
    let remote_id = id.map(|id| id.0);
    Problem { of, id: remote_id.as_deref().map(|id| ids.uuid(of, id)), remote_id, message: message.to_owned() }
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

    fn keys(&self, kind: &'static str) -> BTreeSet<String> {
        let fresh = self.fresh.iter().filter(|fact| fact.kind == kind).map(|fact| fact.key.clone());
        self.carried.keys(kind).map(str::to_owned).chain(fresh).collect()
    }

    fn has(&self, kind: &'static str) -> bool {
        self.carried.has(kind) || self.fresh.iter().any(|fact| fact.kind == kind)
    }

    fn put(&mut self, kind: &'static str, key: impl Into<String>, value: Value) {
        self.fresh.push(Fact { kind, key: key.into(), value });
    }

    /// Whether all facts of a kind were left. A run that resumes behind the stream that left them has none.
    fn is_complete(&self, kind: &'static str) -> bool {
        self.get::<Value>(kind, COMPLETE).is_some()
    }

    fn complete(&mut self, kind: &'static str) {
        self.put(kind, COMPLETE, Value::Bool(true));
    }
}

/// No key of TRAFFIT's.
const COMPLETE: &str = "*";

/// All rows of a list at once; for the short ones. A row that comes twice, because a list was read twice or
/// gives the same page for ever, is there once.
pub async fn every_row<F>(mut list: impl FnMut(Paging) -> F) -> Result<Vec<Value>, Error>
where
    F: Future<Output = Result<Listed, Error>>,
{
    let mut rows: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut paging = Some(Paging::default());
    while let Some(at) = paging {
        let listed = list(at.clone()).await?;
        paging = at.next(&listed);
        rows.extend(listed.rows.into_iter().filter(|row| Id::of(row).is_none_or(|id| seen.insert(id))));
    }
    Ok(rows)
}
