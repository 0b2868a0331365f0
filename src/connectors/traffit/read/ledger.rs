//! The stage history of all candidates: of each candidate in a job the open row, which is where the
//! application stands now (guide §5.8). A filter by time is accepted and does nothing (§1.5), so what is new is read
//! from its end, newest first.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Known, cursor, problem, resume};
use crate::connectors::connector::{Account, Page, Problem, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::traffit::client::{Client, LEDGER};
use crate::connectors::traffit::mapping::{application_key, moment};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::{Id, LedgerKey, Reference, plain_text};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// The open row, by the application's key.
pub const CURRENT: &str = "ledger";
/// By the key, as far as it could be read, of a row that may be open and could not be understood.
const UNREAD: &str = "unread ledger";

/// The key of every application with a row that is new: no others have moved.
pub const TOUCHED: &str = "touched";

/// Where the reading stands.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    #[serde(flatten)]
    paging: Paging,
    /// Whether the rows do not come newest first although they were asked for so: then all of them are read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unsorted: bool,
}

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let place: Place = resume(request.cursor)?;
    let client = Client(&account.http);
    let mut known = Known::new(request.carried);
    let mut problems = Vec::new();
    let next = match request.since {
        Some(since) if !place.unsorted => {
            let listed = client.newest(LEDGER, &place.paging).await?;
            let after = place.paging.next(&listed);
            let (descends, reaches) = (descends(&listed.rows), listed.rows.iter().any(|row| !is_new(row, since)));
            for row in listed.rows {
                touch(&mut known, &row, since);
                problems.extend(note(account, &mut known, row));
            }
            match after {
                _ if !descends => Some(Place { unsorted: true, ..Place::default() }),
                Some(paging) if !reaches => Some(Place { paging, ..Place::default() }),
                _ => None,
            }
        }
        since => {
            let pages = client.pages(LEDGER, &place.paging).await?;
            let next = pages.next.clone().map(|paging| Place { paging, unsorted: place.unsorted });
            for row in pages.into_rows() {
                if let Some(since) = since {
                    touch(&mut known, &row, since);
                }
                problems.extend(note(account, &mut known, row));
            }
            next
        }
    };
    Ok(Page { problems, carry: known.fresh, next: next.as_ref().map(cursor), ..Page::default() })
}

fn descends(rows: &[Value]) -> bool {
    let ids: Vec<u64> = rows.iter().map(|row| Id::of(row).map_or(0, |id| id.number())).collect();
    ids.is_sorted_by(|one, next| one > next)
}

/// Whether a row was made at this moment or later. One that does not say when may have been.
fn is_new(row: &Value, since: DateTime<Utc>) -> bool {
    let made = ["created_at", "date"].into_iter().find_map(|field| plain_text(row.get(field)?).ok().flatten());
    moment(made.as_deref(), "created_at", &mut Vec::new()).is_none_or(|made| made >= since)
}

fn touch(known: &mut Known<'_>, row: &Value, since: DateTime<Utc>) {
    let (job, candidate) = (part(row, "recruitment"), part(row, "employee"));
    if !job.is_empty() && !candidate.is_empty() && is_new(row, since) {
        known.put(TOUCHED, application_key(&job, &candidate), Value::Bool(true));
    }
}

/// Keeps a row when it is the current one of its application, as far as the rows so far show; a row that cannot be
/// understood is a problem.
pub fn note(account: &Account, known: &mut Known<'_>, row: Value) -> Option<Problem> {
    let key: LedgerKey = match decode(&row) {
        Ok(key) => key,
        Err(wrong) => {
            let message = format!("a row of {LEDGER}: {wrong}");
            let (job, candidate) = (part(&row, "recruitment"), part(&row, "employee"));
            let key = application_key(&job, &candidate);
            let id = (!job.is_empty() && !candidate.is_empty()).then(|| Id(key.clone()));
            let is_closed = row.get("end_date").is_some_and(|end| matches!(plain_text(end), Ok(Some(_))));
            if !is_closed {
                known.put(UNREAD, key, Value::Bool(true));
            }
            return Some(problem(&account.ids, RecordType::Application, id, &message));
        }
    };
    // A row of nobody, or of no job, says nothing of an application.
    let (Some(job), Some(candidate), None) = (key.recruitment, key.employee, key.end_date) else { return None };
    // A move between two pages leaves two open rows here: the first was read before it was closed.
    let key = application_key(&job.0.0, &candidate.0.0);
    let wins = known.get::<Value>(CURRENT, &key).is_none_or(|other| rank(&row) >= rank(&other));
    if wins {
        known.put(CURRENT, key, row);
    }
    None
}

/// Whether a row is of another application than these, for sure.
pub fn is_of_none(row: &Value, applications: &[String]) -> bool {
    let (job, candidate) = (part(row, "recruitment"), part(row, "employee"));
    !job.is_empty() && !candidate.is_empty() && !applications.contains(&application_key(&job, &candidate))
}

/// The key of a row's application, when it is one of this candidate.
pub fn key_of(row: &Value, candidate: &str) -> Option<String> {
    let (job, of) = (part(row, "recruitment"), part(row, "employee"));
    (of == candidate && !job.is_empty()).then(|| application_key(&job, candidate))
}

/// The id in a reference of a row; empty when it cannot be read.
fn part(row: &Value, name: &str) -> String {
    row.get(name).and_then(Reference::read).map_or_else(String::new, |reference| reference.0.0)
}

/// Whether a row that could not be understood may be the open one of this application: then nobody knows where it
/// stands, and "nowhere" would be a guess.
pub fn may_be_unread(known: &Known<'_>, job: &str, candidate: &str) -> bool {
    known.has(UNREAD)
        && [(job, candidate), (job, ""), ("", candidate), ("", "")]
            .into_iter()
            .any(|(job, candidate)| known.get::<Value>(UNREAD, &application_key(job, candidate)).is_some())
}

fn rank(row: &Value) -> (Option<DateTime<Utc>>, u64) {
    let date = row.get("date").and_then(|date| plain_text(date).ok().flatten());
    (moment(date.as_deref(), "date", &mut Vec::new()), Id::of(row).map_or(0, |id| id.number()))
}
