//! Jobs: a list page, then the detail of each of its rows, which tells the workflow and the hiring team
//! (guide §5.1).

use super::single::{self, Single};
use super::{Known, Place, adverts, cursor, is_wanted, problem, resume, workflows};
use serde_json::Value;

use crate::connectors::connector::{Account, Carried, Page, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, RECRUITMENT, RECRUITMENTS};
use crate::connectors::traffit::mapping::{self, JobSource};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::Id;
use crate::domain::{Record, RecordType, Snapshot};

/// The label of a custom field, by its key.
const LABEL: &str = "label";

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let client = Client(&account.http);
    let mut place: Place = resume(request.cursor)?;
    let mut known = Known::new(request.carried);
    let no_pipelines = workflows::ensure(client, &mut known).await?;
    ensure_labels(client, &mut known).await?;

    let listed = loop {
        match client.page_since(RECRUITMENTS, place.day(request.since), &place.paging).await {
            Err(error) if place.is_refused(&error, request.since) => place = Place::unfiltered(),
            listed => break listed?,
        }
    };
    let next = place.paging.next(&listed).map(|next| cursor(&place.at(next)));
    let mut page = Page { next, ..Page::default() };
    page.expected = listed.total;
    if let Some(why) = no_pipelines {
        page.problems.push(problem(&account.ids, RecordType::JobStage, None, &why));
    }
    let mut rows = Vec::with_capacity(listed.rows.len());
    for row in listed.rows.into_iter().filter(|row| is_wanted(row, request.since)) {
        match Id::of(&row) {
            Some(id) => rows.push((id, row)),
            None => {
                let message = format!("a row of {RECRUITMENTS}: id is not an id");
                page.problems.push(problem(&account.ids, RecordType::Job, None, &message));
            }
        }
    }

    details(account, &mut known, rows, &mut page).await?;
    page.carry = known.fresh;
    Ok(page)
}

/// Adds the jobs of these list rows to a page.
async fn details(
    account: &Account,
    known: &mut Known<'_>,
    rows: Vec<(Id, Value)>,
    page: &mut Page,
) -> Result<(), Error> {
    let client = Client(&account.http);
    let ids = rows.iter().map(|(id, _)| id.clone()).collect();
    let ask = |id: Id| async move { client.item(RECRUITMENT, &id.0).await };
    let details = single::each(client, RECRUITMENTS, ids, ask).await?;
    let named = details.iter().filter_map(|(_, detail)| match detail {
        Single::Read(detail) => mapping::workflow_of(detail),
        Single::Gone | Single::Broken(_) => None,
    });
    if let Some(why) = workflows::ensure_named(client, known, named.collect()).await? {
        page.problems.push(problem(&account.ids, RecordType::JobStage, None, &why));
    }
    let known = &*known;
    for ((id, row), (_, detail)) in rows.into_iter().zip(details) {
        let detail = match detail {
            Single::Read(detail) => detail,
            // Deleted since it was listed.
            Single::Gone => continue,
            Single::Broken(error) => {
                page.problems.push(problem(&account.ids, RecordType::Job, Some(id), &error.public));
                continue;
            }
        };
        let source = JobSource { row, detail, post: known.get(adverts::ADVERT, &id.0) };
        let mut unread = Vec::new();
        let mapped = mapping::job(
            &account.ids,
            source,
            |workflow| workflows::pipeline(known, workflow),
            |key| known.get(LABEL, key),
            &mut unread,
        );
        match mapped {
            Ok(snapshots) => page.records.extend(snapshots),
            Err(wrong) => unread.push(wrong),
        }
        for wrong in unread {
            let message = format!("a row of {RECRUITMENTS} or {RECRUITMENT}: {wrong}");
            page.problems.push(problem(&account.ids, RecordType::Job, Some(id.clone()), &message));
        }
    }
    Ok(())
}

/// Jobs that were read by their ids, with what came with them.
pub struct JobsRead {
    pub records: Vec<Snapshot>,
    /// Join types and remote ids of jobs: all that the job has of them was read.
    pub complete: Vec<(RecordType, String)>,
}

/// Jobs by their ids, with what comes with them, each read as a sync reads it. Those that are gone, or cannot be
/// understood, are left out.
pub async fn by_id(account: &Account, ids: &[String]) -> Result<JobsRead, Error> {
    let client = Client(&account.http);
    let mut carried = Carried::default();
    let mut cursor = None;
    loop {
        let request = ReadPage { stream: "adverts", cursor: cursor.as_deref(), carried: &carried, since: None };
        let feed = adverts::page(account, &request).await?;
        feed.carry.into_iter().for_each(|fact| carried.put(fact));
        match feed.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let mut known = Known::new(&carried);
    let no_pipelines = workflows::ensure(client, &mut known).await?;
    ensure_labels(client, &mut known).await?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(row(client, id).await?);
    }
    let mut page = Page::default();
    details(account, &mut known, rows, &mut page).await?;
    // Without a pipeline a job would seem to have no stages.
    let is_known = |one: &Snapshot| no_pipelines.is_none() || one.record.record_type() != RecordType::JobStage;
    let records: Vec<Snapshot> = page.records.into_iter().filter(is_known).collect();
    let is_job = |one: &&Snapshot| one.record.record_type() == RecordType::Job;
    let sound = records.iter().filter(is_job).filter(|job| page.problems.iter().all(|one| one.id != Some(job.id)));
    let complete = sound.filter_map(|job| Some((job.record.remote_id()?, job.id))).flat_map(|(remote, job)| {
        let has_stages =
            records.iter().any(|one| matches!(&one.record, Record::JobStage(stage) if stage.job.uuid() == job));
        let stages = has_stages.then(|| (RecordType::JobStage, remote.to_owned()));
        stages.into_iter().chain([(RecordType::HiringTeamMember, remote.to_owned())])
    });
    Ok(JobsRead { complete: complete.collect(), records })
}

/// The list row of a job. Where the filter is refused or ignored the list is read until the row comes.
async fn row(client: Client<'_>, id: &str) -> Result<Option<(Id, Value)>, Error> {
    let Some(number) = id.parse::<u64>().ok() else { return Ok(None) };
    let mut paging = Some(Paging::default());
    let mut is_filtered = true;
    while let Some(at) = paging {
        let asked = match is_filtered {
            true => client.page_where(RECRUITMENTS, ("id", number.into()), &at).await,
            false => client.page(RECRUITMENTS, &at).await,
        };
        let listed = match asked {
            Err(error) if error.kind == ErrorKind::Invalid && is_filtered => {
                is_filtered = false;
                paging = Some(Paging::default());
                continue;
            }
            listed => listed?,
        };
        paging = at.next(&listed);
        let found =
            listed.rows.into_iter().find_map(|row| Id::of(&row).filter(|known| known.0 == id).map(|id| (id, row)));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn ensure_labels(client: Client<'_>, known: &mut Known<'_>) -> Result<(), Error> {
    if known.is_complete(LABEL) {
        return Ok(());
    }
    for (key, label) in client.labels(RECRUITMENTS).await? {
        if key.starts_with('_') {
            known.put(LABEL, key, label.into());
        }
    }
    known.complete(LABEL);
    Ok(())
}
