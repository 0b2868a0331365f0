//! Applications: the members of every job. Who is in the ledger but no member was taken out of the job, and
//! is no application (guide §5.8).

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Known, cursor, ledger, problem, resume, workflows};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{AT_ONCE, Client, MEMBERS, RECRUITMENTS};
use crate::connectors::traffit::mapping::{self, application_key};
use crate::connectors::traffit::paging::{Listed, Paging};
use crate::connectors::traffit::wire::Id;
use crate::domain::RecordType;

/// Member lists that one call reads a page of.
const LISTS_AT_ONCE: usize = 16;

/// Where the stream stands. Holds the ids of one page of jobs, never of all.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The page of jobs to read when `work` is done; none after the last.
    jobs: Option<Paging>,
    work: Vec<Members>,
}

/// A job whose members are to be read.
#[derive(Debug, Serialize, Deserialize)]
struct Members {
    job: String,
    /// Not begun without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Paging>,
}

impl Default for Place {
    fn default() -> Self {
        Self { jobs: Some(Paging::default()), work: Vec::new() }
    }
}

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let client = Client(&account.http);
    let mut place: Place = resume(request.cursor)?;
    let mut known = Known::new(request.carried);
    workflows::ensure(client, &mut known).await?;
    let mut page = Page::default();

    while place.work.is_empty()
        && let Some(paging) = place.jobs.take()
    {
        let listed = client.page(RECRUITMENTS, &paging).await?;
        place.jobs = paging.next(&listed);
        for row in &listed.rows {
            match Id::of(row) {
                Some(id) => place.work.push(Members { job: id.0, at: None }),
                None => {
                    let message = format!("a row of {RECRUITMENTS}: id is not an id");
                    page.problems.push(problem(&account.ids, RecordType::Application, None, &message));
                }
            }
        }
    }

    let batch: Vec<Members> = place.work.drain(..place.work.len().min(LISTS_AT_ONCE)).collect();
    let lists: Vec<(Members, Option<Listed>)> =
        stream::iter(batch).map(|members| one(client, members)).buffered(AT_ONCE).try_collect().await?;
    for (members, listed) in lists {
        // Deleted since it was listed.
        let Some(listed) = listed else { continue };
        for row in &listed.rows {
            add(&mut page, account, &known, &members.job, row);
        }
        if let Some(next) = members.at.unwrap_or_default().next(&listed) {
            place.work.push(Members { job: members.job, at: Some(next) });
        }
    }
    page.carry = known.fresh;
    page.next = (!place.work.is_empty() || place.jobs.is_some()).then(|| cursor(&place));
    Ok(page)
}

async fn one(client: Client<'_>, members: Members) -> Result<(Members, Option<Listed>), Error> {
    let at = members.at.clone().unwrap_or_default();
    match client.page_of(MEMBERS, &members.job, &at).await {
        Ok(listed) => Ok((members, Some(listed))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok((members, None)),
        Err(error) => Err(error),
    }
}

fn add(page: &mut Page, account: &Account, known: &Known<'_>, job: &str, member: &Value) {
    let ids = &account.ids;
    let Some(candidate) = Id::of(member) else {
        let message = format!("a row of {MEMBERS}: id is not an id");
        page.problems.push(problem(ids, RecordType::Application, None, &message));
        return;
    };
    let key = application_key(job, &candidate.0);
    let row = known.get(ledger::CURRENT, &key);
    let mut unread = Vec::new();
    let meaning = |state: &str| workflows::meaning(known, state);
    match mapping::application(ids, (job, &candidate.0), row, meaning, &mut unread) {
        Ok(snapshot) => page.records.push(snapshot),
        Err(wrong) => unread.push(wrong),
    }
    for wrong in unread {
        let message = format!("a row of {}: {wrong}", crate::connectors::traffit::client::LEDGER);
        page.problems.push(problem(ids, RecordType::Application, Some(Id(key.clone())), &message));
    }
}
