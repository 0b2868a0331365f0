//! The tags of candidates: one request a candidate, so only those that are new or changed are asked for.

use serde_json::Value;

use super::every_row;
use super::single::{self, Single};
use crate::connectors::connector::{Account, Children, ChildrenOf};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, EMPLOYEE, EMPLOYEES, TAGS};
use crate::connectors::traffit::mapping;
use crate::connectors::traffit::paging::{Listed, Paging};

/// By candidate; in the order in which they were asked (guide §4.7).
pub async fn of(account: &Account, candidates: &[String]) -> Result<Vec<Children>, Error> {
    let client = Client(&account.http);
    let ask = |candidate: String| async move { rows(client, &candidate).await };
    let answers = single::each(client, EMPLOYEES, candidates.to_vec(), ask).await?;
    let children = answers.into_iter().map(|(candidate, answer)| {
        let found = match answer {
            Single::Read(rows) => match mapping::tags(&account.ids, &candidate, &rows) {
                Ok(snapshots) => ChildrenOf::Records(snapshots),
                Err(wrong) => ChildrenOf::Unreadable(format!("a row of {TAGS}: {wrong}")),
            },
            Single::Gone => ChildrenOf::Gone,
            Single::Broken(error) => ChildrenOf::Unreadable(error.public),
        };
        Children { parent: candidate, found }
    });
    Ok(children.collect())
}

/// Only the person's own 404 says that it is gone (guide §8): the path of the tags is an inferred one.
async fn rows(client: Client<'_>, candidate: &str) -> Result<Vec<Value>, Error> {
    let list = |at: Paging| async move {
        let listed = client.page_of(TAGS, candidate, &at).await?;
        // Most likely not paged at all: without page headers the first answer is the whole list.
        Ok(Listed { total_pages: listed.total_pages.or(Some(1)), ..listed })
    };
    match every_row(list).await {
        Err(error) if error.kind == ErrorKind::NotFound && !client.is_gone(EMPLOYEE, candidate).await? => {
            Err(Error::new(ErrorKind::Shape, format!("TRAFFIT has nothing at {TAGS} for a candidate that it has")))
        }
        rows => rows,
    }
}
