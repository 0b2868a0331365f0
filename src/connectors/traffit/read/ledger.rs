//! The stage history of all candidates: of each candidate in a job the open row, which is where the
//! application stands now (guide §5.8).

use chrono::{DateTime, Utc};
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

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let paging: Paging = resume(request.cursor)?;
    let pages = Client(&account.http).pages(LEDGER, &paging).await?;
    let next = pages.next.as_ref().map(cursor);
    let mut known = Known::new(request.carried);
    let mut problems = Vec::new();
    for row in pages.into_rows() {
        problems.extend(note(account, &mut known, row));
    }
    Ok(Page { problems, carry: known.fresh, next, ..Page::default() })
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
