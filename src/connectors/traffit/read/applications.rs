//! Applications: the members of every job, or of those jobs in which somebody moved. Who is in the ledger but no
//! member was taken out of the job, and is no application (guide §5.8).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::single::{self, Single};
use super::{Known, cursor, ledger, problem, resume, workflows};
use crate::connectors::connector::{Account, Carried, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::traffit::client::{Client, LEDGER, MEMBERS, RECRUITMENTS};
use crate::connectors::traffit::mapping::{self, application_key};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::Id;
use crate::domain::{RecordType, Snapshot};

/// Member lists that one call reads of.
const LISTS_AT_ONCE: usize = 16;

/// Where the stream stands. Holds the ids of one page of jobs, never of all.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The page of jobs to read when `work` is done; none after the last.
    jobs: Option<Paging>,
    work: Vec<Members>,
    /// The last of the jobs in which somebody moved that was put to `work`, when only those are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A job whose members are to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Members {
    job: String,
    /// Not begun without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Paging>,
}

impl Default for Place {
    fn default() -> Self {
        Self { jobs: Some(Paging::default()), work: Vec::new(), after: None }
    }
}

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let client = Client(&account.http);
    let mut place: Place = resume(request.cursor)?;
    let mut known = Known::new(request.carried);
    // Without the workflows the ledger's own words for its states count; why they are missing is a problem of the
    // streams that read them.
    workflows::ensure(client, &mut known).await?;
    let mut page = Page::default();
    let touched = request.since.map(|_| known.keys(ledger::TOUCHED));
    match &touched {
        Some(touched) => place.take_touched(touched),
        None => take_listed(account, &mut place, &mut page).await?,
    }

    let batch: Vec<Members> = place.work.drain(..place.work.len().min(LISTS_AT_ONCE)).collect();
    let ask = |members: Members| async move {
        let at = members.at.unwrap_or_default();
        client.pages_of(MEMBERS, &members.job, &at).await
    };
    for (members, answer) in single::each(client, RECRUITMENTS, batch, ask).await? {
        let pages = match answer {
            Single::Read(pages) => pages,
            // Deleted since it was listed.
            Single::Gone => continue,
            Single::Broken(error) => {
                let message = format!("of job {}: {}", members.job, error.public);
                page.problems.push(problem(&account.ids, RecordType::Application, None, &message));
                continue;
            }
        };
        if let Some(next) = &pages.next {
            place.work.push(Members { job: members.job.clone(), at: Some(next.clone()) });
        }
        for row in pages.into_rows() {
            let moved =
                |id: Id| touched.as_ref().is_none_or(|keys| keys.contains(&application_key(&members.job, &id.0)));
            if Id::of(&row).is_none_or(moved) {
                add(&mut page, account, &known, &members.job, &row);
            }
        }
    }
    page.carry = known.fresh;
    page.next = (!place.work.is_empty() || place.jobs.is_some()).then(|| cursor(&place));
    Ok(page)
}

impl Place {
    /// The next jobs in which somebody moved.
    fn take_touched(&mut self, touched: &BTreeSet<String>) {
        if !self.work.is_empty() {
            return;
        }
        let jobs: BTreeSet<&str> = touched.iter().filter_map(|key| key.split_once(':')).map(|(job, _)| job).collect();
        let mut rest = jobs.into_iter().filter(|job| self.after.as_deref().is_none_or(|after| *job > after));
        let some: Vec<&str> = rest.by_ref().take(LISTS_AT_ONCE).collect();
        // The paging of all jobs only says whether there are more.
        self.jobs = rest.next().map(|_| Paging::default());
        self.after = some.last().map(|job| (*job).to_owned());
        self.work.extend(some.into_iter().map(|job| Members { job: job.to_owned(), at: None }));
    }
}

/// The jobs of the next page of all jobs.
async fn take_listed(account: &Account, place: &mut Place, page: &mut Page) -> Result<(), Error> {
    while place.work.is_empty()
        && let Some(paging) = place.jobs.take()
    {
        let listed = Client(&account.http).page(RECRUITMENTS, &paging).await?;
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
    Ok(())
}
/// Pages of the newest ledger rows that are read for single applications. What changed lately stands on the first.
const NEWEST_PAGES: u32 = 20;

/// Applications by their keys, which are those of members, each with the current row of its history: the newest rows
/// first, until all are found. One whose row is older than the newest pages is left out.
pub async fn by_id(account: &Account, ids: &[String]) -> Result<Vec<Snapshot>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let client = Client(&account.http);
    let nothing = Carried::default();
    let mut known = Known::new(&nothing);
    workflows::ensure(client, &mut known).await?;
    let mut paging = Some(Paging::default());
    let mut before = u64::MAX;
    let mut descends = true;
    let mut pages = 0;
    let mut is_whole = true;
    while let Some(at) = paging {
        let listed = client.newest(LEDGER, &at).await?;
        paging = at.next(&listed);
        for row in listed.rows {
            let id = Id::of(&row).map_or(0, |id| id.number());
            descends &= id <= before;
            before = id;
            if !ledger::is_of_none(&row, ids) {
                ledger::note(account, &mut known, row);
            }
        }
        // In another order a later row might be newer.
        pages += 1;
        if descends && (pages >= NEWEST_PAGES || ids.iter().all(|id| known.get::<Value>(ledger::CURRENT, id).is_some()))
        {
            is_whole = paging.is_none();
            break;
        }
    }
    let mut page = Page::default();
    let is_known = |id: &&String| is_whole || known.get::<Value>(ledger::CURRENT, id).is_some();
    for (job, candidate) in ids.iter().filter(is_known).filter_map(|id| id.split_once(':')) {
        add(&mut page, account, &known, job, &json!({"id": candidate}));
    }
    Ok(page.records)
}

/// Pages of the ledger in which the latest changes of one candidate are looked for.
const LATEST_PAGES: usize = 2;

/// The applications of a candidate that stand in the newest rows of the ledger.
pub async fn latest_of(account: &Account, candidate: &str) -> Result<Vec<String>, Error> {
    let client = Client(&account.http);
    let mut found = BTreeSet::new();
    let mut paging = Some(Paging::default());
    for _ in 0..LATEST_PAGES {
        let Some(at) = paging else { break };
        let listed = client.newest(LEDGER, &at).await?;
        paging = at.next(&listed);
        found.extend(listed.rows.iter().filter_map(|row| ledger::key_of(row, candidate)));
    }
    Ok(found.into_iter().collect())
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
    if row.is_none() && ledger::may_be_unread(known, job, &candidate.0) {
        let message = format!("a row of {LEDGER} that may say where it stands cannot be understood");
        page.problems.push(problem(&account.ids, RecordType::Application, Some(Id(key)), &message));
        return;
    }
    let mut unread = Vec::new();
    let meaning = |state: &str| workflows::meaning(known, state);
    match mapping::application(ids, (job, &candidate.0), row, meaning, &mut unread) {
        Ok(snapshot) => page.records.push(snapshot),
        Err(wrong) => unread.push(wrong),
    }
    for wrong in unread {
        let message = format!("a row of {LEDGER}: {wrong}");
        page.problems.push(problem(ids, RecordType::Application, Some(Id(key.clone())), &message));
    }
}
