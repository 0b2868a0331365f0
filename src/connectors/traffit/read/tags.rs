//! The tags of candidates: one request a candidate, so only those that are new or changed are asked for.

use futures::{StreamExt, TryStreamExt, stream};

use super::every_row;
use crate::connectors::connector::{Account, Children, ChildrenOf};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{AT_ONCE, Client, TAGS};
use crate::connectors::traffit::mapping;
use crate::connectors::traffit::paging::{Listed, Paging};

/// By candidate; in the order in which they were asked (guide §4.7).
pub async fn of(account: &Account, candidates: &[String]) -> Result<Vec<Children>, Error> {
    let client = Client(&account.http);
    let asked = candidates.iter().cloned();
    stream::iter(asked).map(|candidate| tags(account, client, candidate)).buffered(AT_ONCE).try_collect().await
}

async fn tags(account: &Account, client: Client<'_>, candidate: String) -> Result<Children, Error> {
    let id = candidate.as_str();
    let list = |at: Paging| async move {
        let listed = client.page_of(TAGS, id, &at).await?;
        // Most likely not paged at all: without page headers the first answer is the whole list.
        Ok(Listed { total_pages: listed.total_pages.or(Some(1)), ..listed })
    };
    let found = match every_row(list).await {
        Ok(rows) => match mapping::tags(&account.ids, id, &rows) {
            Ok(snapshots) => ChildrenOf::Records(snapshots),
            Err(wrong) => ChildrenOf::Unreadable(format!("a row of {TAGS}: {wrong}")),
        },
        Err(error) => match error.kind {
            ErrorKind::NotFound => ChildrenOf::Gone,
            ErrorKind::Shape => ChildrenOf::Unreadable(error.public),
            _ => return Err(error),
        },
    };
    Ok(Children { parent: candidate, found })
}
