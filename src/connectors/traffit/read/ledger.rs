//! The stage history of all candidates: of each candidate in a job the open row, which is where the
//! application stands now (guide §5.8).

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Known, cursor, problem, resume};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::traffit::client::{Client, LEDGER};
use crate::connectors::traffit::mapping::{application_key, moment};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::{Id, LedgerKey, plain_text};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// The open row, by the application's key.
pub const CURRENT: &str = "ledger";

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let paging: Paging = resume(request.cursor)?;
    let listed = Client(&account.http).page(LEDGER, &paging).await?;
    let next = paging.next(&listed).map(|next| cursor(&next));
    let mut known = Known::new(request.carried);
    let mut problems = Vec::new();
    for row in listed.rows {
        let key: LedgerKey = match decode(&row) {
            Ok(key) => key,
            Err(wrong) => {
                let message = format!("a row of {LEDGER}: {wrong}");
                problems.push(problem(&account.ids, RecordType::Application, None, &message));
                continue;
            }
        };
        if key.end_date.is_some() {
            continue;
        }
        // A move between two pages leaves two open rows here: the first was read before it was closed.
        let key = application_key(&key.recruitment.0.0, &key.employee.0.0);
        let wins = known.get::<Value>(CURRENT, &key).is_none_or(|other| rank(&row) >= rank(&other));
        if wins {
            known.put(CURRENT, key, row);
        }
    }
    Ok(Page { problems, carry: known.fresh, next, ..Page::default() })
}

fn rank(row: &Value) -> (Option<DateTime<Utc>>, u64) {
    let date = row.get("date").and_then(|date| plain_text(date).ok().flatten());
    (moment(date.as_deref(), "date", &mut Vec::new()), Id::of(row).map_or(0, |id| id.number()))
}
