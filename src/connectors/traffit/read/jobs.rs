//! Jobs: a list page, then the detail of each of its rows, which tells the workflow and the hiring team
//! (guide §5.1).

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::{Known, adverts, cursor, problem, resume, workflows};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{AT_ONCE, Client, RECRUITMENT, RECRUITMENTS};
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
    workflows::ensure(client, &mut known).await?;
    ensure_labels(client, &mut known).await?;

    let listed = client.page(RECRUITMENTS, &paging).await?;
    let mut page = Page { next: paging.next(&listed).map(|next| cursor(&next)), ..Page::default() };
    page.expected = listed.total;
    let rows: Vec<(Option<Id>, Value, Option<Value>)> =
        stream::iter(listed.rows).map(|row| with_detail(client, row)).buffered(AT_ONCE).try_collect().await?;

    for (id, row, detail) in rows {
        let Some(id) = id else {
            let message = format!("a row of {RECRUITMENTS}: id is not an id");
            page.problems.push(problem(&account.ids, RecordType::Job, None, &message));
            continue;
        };
        // Deleted since it was listed.
        let Some(detail) = detail else { continue };
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

async fn with_detail(client: Client<'_>, row: Value) -> Result<(Option<Id>, Value, Option<Value>), Error> {
    let Some(id) = Id::of(&row) else { return Ok((None, row, None)) };
    match client.item(RECRUITMENT, &id.0).await {
        Ok(detail) => Ok((Some(id), row, Some(detail))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok((Some(id), row, None)),
        Err(error) => Err(error),
    }
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
