//! Every list that can be paged: its fields, its rows, its order, and the page with the five headers of §1.6.
//! The order without a sort is never the id order (§1.6: nothing promises one).

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::feed;
use super::query::{Condition, FieldKind, Query, Scalar};
use super::render;
use super::reply::{Call, Reply};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Collection {
    Employees,
    Members(i64),
    Recruitments,
    History,
    Activities,
    ActivitiesOf(i64),
    Sources,
    Users,
    Workflows,
    Clients,
    Persons,
    Talents,
    Tags,
    Feed,
}

use FieldKind::{Number, Switch, Text, Time};

const EMPLOYEE: &[(&str, FieldKind)] = &[
    ("id", Number),
    ("name", Text),
    ("lastname", Text),
    ("email", Text),
    ("guid", Text),
    ("status", Text),
    ("mobile", Text),
    ("created_at", Time),
    ("updated_at", Time),
    ("synchro_time", Time),
];
const RECRUITMENT: &[(&str, FieldKind)] = &[
    ("id", Number),
    ("name", Text),
    ("nrRef", Text),
    ("status", Text),
    ("is_closed", Switch),
    ("is_confidential", Switch),
    ("closing_date", Time),
    ("created_at", Time),
    ("updated_at", Time),
];
const HISTORY: &[(&str, FieldKind)] =
    &[("id", Number), ("date", Time), ("end_date", Time), ("created_at", Time), ("updated_at", Time)];
const ACTIVITY: &[(&str, FieldKind)] =
    &[("id", Number), ("activity_date", Time), ("created_at", Time), ("updated_at", Time)];
const USER: &[(&str, FieldKind)] =
    &[("id", Number), ("username", Text), ("email", Text), ("is_active", Switch), ("updated_at", Time)];
const NAMED: &[(&str, FieldKind)] =
    &[("id", Number), ("name", Text), ("status", Text), ("created_at", Time), ("updated_at", Time)];
const PERSON: &[(&str, FieldKind)] =
    &[("id", Number), ("name", Text), ("lastname", Text), ("email", Text), ("updated_at", Time)];
const FEED: &[(&str, FieldKind)] =
    &[("id", Number), ("job_post_id", Number), ("valid_start", Time), ("valid_end", Time)];

impl Collection {
    pub(super) fn field(self, account: &Account, name: &str) -> Option<FieldKind> {
        let (fixed, custom) = match self {
            Self::Employees | Self::Members(_) => (EMPLOYEE, account.candidate_fields.as_slice()),
            Self::Recruitments => (RECRUITMENT, account.job_fields.as_slice()),
            Self::History => (HISTORY, &[][..]),
            Self::Activities | Self::ActivitiesOf(_) => (ACTIVITY, &[][..]),
            Self::Sources => (&[("id", Number)][..], &[][..]),
            Self::Users => (USER, &[][..]),
            Self::Workflows | Self::Clients | Self::Talents | Self::Tags => (NAMED, &[][..]),
            Self::Persons => (PERSON, &[][..]),
            Self::Feed => (FEED, &[][..]),
        };
        let known = fixed.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind);
        known.or_else(|| custom.iter().any(|field| field.sid == name).then_some(Text))
    }

    /// Ids in ascending order.
    fn ids(self, account: &Account) -> Vec<i64> {
        match self {
            Self::Employees => account.candidate_ids(),
            Self::Members(job) => account.members_of(job),
            Self::Recruitments => account.job_ids(),
            Self::History => account.ledger.iter().map(|row| row.id).collect(),
            Self::Activities => account.activities.iter().map(|row| row.id).collect(),
            Self::ActivitiesOf(employee) => {
                account.activities.iter().filter(|row| row.employee == employee).map(|row| row.id).collect()
            }
            Self::Sources => account.sources.iter().map(|row| row.id).collect(),
            Self::Users => account.user_ids(),
            Self::Workflows => account.workflow_ids(),
            Self::Clients => account.clients.keys().copied().collect(),
            Self::Persons => (1..=render::PERSONS).collect(),
            Self::Talents => (1..=render::TALENTS).collect(),
            Self::Tags => account.tags.keys().copied().collect(),
            Self::Feed => account.posts.keys().copied().collect(),
        }
    }

    /// The field that orders the list when no sort is asked for, descending.
    fn default_order(self) -> &'static str {
        match self {
            Self::Activities | Self::ActivitiesOf(_) => "activity_date",
            Self::Feed => "valid_start",
            Self::Sources => "id",
            Self::Talents | Self::Tags | Self::Clients => "name",
            _ => "updated_at",
        }
    }

    fn row(self, account: &Account, faults: &Faults, path: &str, id: i64) -> Value {
        match self {
            Self::Employees | Self::Members(_) => render::employee(account, faults, path, id),
            Self::Recruitments => render::recruitment_row(account, id),
            Self::History => render::history(account, id),
            Self::Activities => render::activity(account, faults, path, id, true),
            Self::ActivitiesOf(_) => render::activity(account, faults, path, id, false),
            Self::Sources => render::source(account, id),
            Self::Users => render::user(account, id),
            Self::Workflows => render::workflow_row(account, id),
            Self::Clients => render::client(account, id),
            Self::Persons => render::person(id),
            Self::Talents => render::talent(id),
            Self::Tags => render::tag(account, id),
            Self::Feed => feed::row(account, id),
        }
    }

    fn scalar<'a>(self, account: &'a Account, id: i64, field: &str, kind: FieldKind) -> Scalar<'a> {
        if matches!(field, "id" | "job_post_id") {
            return Scalar::Number(id);
        }
        let typed = match self {
            Self::Employees | Self::Members(_) => render::employee_scalar(account, id, field),
            Self::History => render::history_scalar(account, id, field),
            Self::Activities | Self::ActivitiesOf(_) => render::activity_scalar(account, id),
            _ => None,
        };
        typed.unwrap_or_else(|| {
            let row = match self {
                Self::Recruitments => render::recruitment_fields(account, id),
                other => other.row(account, &Faults::new(Vec::new(), 0), "", id),
            };
            Scalar::of(kind, row.get(field))
        })
    }

    fn ordered(self, account: &Account, query: &Query, conditions: &[Condition]) -> Vec<i64> {
        let mut ids = self.ids(account);
        ids.retain(|id| conditions.iter().all(|one| one.holds(&self.scalar(account, *id, &one.field, one.kind))));
        let default = (self.default_order().to_owned(), true);
        let (field, descending) = query.sort.as_ref().unwrap_or(&default);
        if field != "id" && field != "job_post_id" {
            let kind = self.field(account, field).unwrap_or(Text);
            ids.sort_by_cached_key(|id| self.scalar(account, *id, field, kind));
        }
        if *descending {
            ids.reverse();
        }
        ids
    }
}

/// A list with its filter and sort headers.
type Question = (Collection, (String, String));

/// The order of the lists that were asked for last, each with the account's revision that it was made from, so
/// that paging through a long list sorts once.
#[derive(Default)]
pub(super) struct Orders {
    kept: HashMap<Question, (u64, Arc<Vec<i64>>)>,
}

/// Whether the fault of that name hides it.
pub(super) fn is_hidden(id: i64) -> bool {
    id % 2 != 0
}

/// One page of a list with its five headers.
pub(super) fn page(
    account: &Account,
    faults: &Faults,
    orders: &mut Orders,
    revision: u64,
    call: &Call,
    collection: Collection,
    query: &Query,
) -> (Reply, Vec<i64>) {
    let path = call.path.as_str();
    if faults.on(Kind::FilterRefused, path) && query.conditions.iter().any(|condition| condition.kind == Time) {
        return (Reply::fail(400, "Invalid filter: unknown field updated_at"), Vec::new());
    }
    let ignores = collection == Collection::History && faults.word(Kind::HistoryIgnoresFilter, path) != Some("off");
    let conditions: Vec<Condition> =
        query.conditions.iter().filter(|one| !(ignores && one.kind == Time)).cloned().collect();

    let key = (collection, query.asked.clone());
    let kept = orders.kept.get(&key).filter(|(made, _)| *made == revision).map(|(_, ids)| ids.clone());
    let ids = kept.unwrap_or_else(|| {
        let is_unsorted = collection == Collection::History && faults.on(Kind::HistoryIgnoresSort, path);
        let sort = query.sort.clone().filter(|_| !is_unsorted);
        let query = &Query { sort, ..query.clone() };
        let ids = Arc::new(collection.ordered(account, query, &conditions));
        if orders.kept.len() >= 16 {
            orders.kept.clear();
        }
        orders.kept.insert(key, (revision, ids.clone()));
        ids
    });

    let hides = matches!(collection, Collection::Employees | Collection::Recruitments);
    let ids = match hides && faults.on(Kind::HiddenHalf, path) {
        true => Arc::new(ids.iter().copied().filter(|id| !is_hidden(*id)).collect()),
        false => ids,
    };
    let is_empty = faults.on(Kind::EmptyList, path);
    let step = if faults.on(Kind::HalfOfRecords, path) { 2 } else { 1 };
    let len = if is_empty { 0 } else { ids.len().div_ceil(step) };
    // The CRM list has a ghost a page in every tenant: pages of 99, declared 350, delivered 347 (§1.6).
    let is_haunted = collection == Collection::Persons || faults.on(Kind::ShortPages, path);
    let room = if is_haunted { query.size.saturating_sub(1).max(1) } else { query.size };
    let len = if faults.on(Kind::EarlyEnd, path) { len.min(room) } else { len };
    let full_pages = len.div_ceil(room);
    let haunted = if is_haunted { full_pages.saturating_sub(1) } else { 0 };
    let ghosts = faults.number(Kind::GhostTotal, path).map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let total = if is_empty { 0 } else { len.saturating_add(haunted).saturating_add(ghosts) };
    let pages = total.div_ceil(query.size).max(full_pages);

    let start = (query.page - 1).saturating_mul(room).min(len);
    let end = start.saturating_add(room).min(len);
    let shown: Vec<i64> = (start..end).filter_map(|at| ids.get(at * step).copied()).collect();
    let missing = faults.on(Kind::MissingField, path);
    let missing = missing.then(|| faults.word(Kind::MissingField, path).unwrap_or("updated_at"));
    let rows = shown.iter().map(|id| {
        let mut row = collection.row(account, faults, path, *id);
        if let (Some(field), Some(object)) = (missing, row.as_object_mut()) {
            object.remove(field);
        }
        row
    });
    let rows: Vec<Value> = rows.collect();
    let reply = Reply::json(200, &json!(rows));
    if faults.on(Kind::NoPageHeaders, path) {
        return (reply, shown);
    }
    let reply = reply
        .with("x-result-count", rows.len())
        .with("x-result-current-page", query.page)
        .with("x-result-page-size", query.size)
        .with("x-result-total-count", total)
        .with("x-result-total-pages", pages);
    (reply, shown)
}
