//! Jobs: a list page, then the detail of each of its rows, which tells the workflow and the hiring team
//! (guide §5.1).

use super::single::{self, Single};
use super::{Known, adverts, cursor, problem, resume, workflows};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::traffit::client::{Client, RECRUITMENT, RECRUITMENTS};
use crate::connectors::traffit::mapping::{self, JobSource};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::Id;
use crate::domain::RecordType;

/// The label of a custom field, by its key.
const LABEL: &str = "label";

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let client = Client(&account.http);
    let paging: Paging = resume(request.cursor)?;
    let mut known = Known::new(request.carried);
    let no_pipelines = workflows::ensure(client, &mut known).await?;
    ensure_labels(client, &mut known).await?;

    let listed = client.page(RECRUITMENTS, &paging).await?;
    let mut page = Page { next: paging.next(&listed).map(|next| cursor(&next)), ..Page::default() };
    page.expected = listed.total;
    if let Some(why) = no_pipelines {
        page.problems.push(problem(&account.ids, RecordType::JobStage, None, &why));
    }
    let mut rows = Vec::with_capacity(listed.rows.len());
    for row in listed.rows {
        match Id::of(&row) {
            Some(id) => rows.push((id, row)),
            None => {
                let message = format!("a row of {RECRUITMENTS}: id is not an id");
                page.problems.push(problem(&account.ids, RecordType::Job, None, &message));
            }
        }
    }

    let ids = rows.iter().map(|(id, _)| id.clone()).collect();
    let ask = |id: Id| async move { client.item(RECRUITMENT, &id.0).await };
    let details = single::each(client, RECRUITMENTS, ids, ask).await?;
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
            |workflow| workflows::pipeline(&known, workflow),
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
    page.carry = known.fresh;
    Ok(page)
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
