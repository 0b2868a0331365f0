//! The career page's feed: of each job the one post that counts. Descriptions and locations exist nowhere
//! else (guide §2.1).

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Known, cursor, problem, resume};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, FEED};
use crate::connectors::traffit::mapping::moment;
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::{Id, PostKey, Reference, plain_text};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// The post that counts, by its job's id.
pub const ADVERT: &str = "advert";

/// A feed that is switched off (404, 403) publishes nothing. Any other failure is an error, so that jobs do
/// not lose their adverts' fields to an outage.
pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let paging: Paging = resume(request.cursor)?;
    let listed = match Client(&account.http).feed(&paging).await {
        Ok(listed) => listed,
        Err(error)
            if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Permission) && paging == Paging::default() =>
        {
            return Ok(Page::default());
        }
        // The feed takes no credentials, so they cannot be what is wrong.
        Err(error) if error.kind == ErrorKind::Auth => {
            return Err(Error::new(ErrorKind::Shape, format!("{FEED} asks for credentials")));
        }
        Err(error) => return Err(error),
    };
    let next = paging.next(&listed).map(|next| cursor(&next));
    let mut known = Known::new(request.carried);
    let mut problems = Vec::new();
    for post in listed.rows {
        match decode::<PostKey>(&post) {
            Ok(key) => {
                let Some(Reference(Id(job))) = key.advert.recruitment else { continue };
                let wins = known.get::<Value>(ADVERT, &job).is_none_or(|other| rank(&post) >= rank(&other));
                if wins {
                    known.put(ADVERT, job, post);
                }
            }
            Err(wrong) => {
                problems.push(problem(&account.ids, RecordType::Job, None, &format!("a row of {FEED}: {wrong}")));
            }
        }
    }
    Ok(Page { problems, carry: known.fresh, next, ..Page::default() })
}

/// The latest `valid_start`, then the highest id. A post without a readable time comes last.
fn rank(post: &Value) -> (Option<DateTime<Utc>>, u64) {
    let start = post.get("valid_start").and_then(|start| plain_text(start).ok().flatten());
    let start = moment(start.as_deref(), "valid_start", &mut Vec::new());
    (start, Id::of(post).map_or(0, |id| id.number()))
}
