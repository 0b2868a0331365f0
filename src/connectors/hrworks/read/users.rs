//! Users: everybody whom HR WORKS knows, in one answer, with the business address from the master data.

use serde_json::Value;

use super::{Known, Mapped, cursor, resume};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::hrworks::client::{Client, MASTER_DATA, PERSONS};
use crate::connectors::hrworks::{mapping, wire};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// A person's business address, by the person's id.
const EMAIL: &str = "email";

/// Facts only: of some sixty attributes of a person's master data, one concerns us. A key pair that may not
/// read it leaves no facts, and no error (reference §5.1).
pub async fn master_data(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let listed = match Client(&account.http).page(&MASTER_DATA, resume(request.cursor)?).await {
        Ok(listed) => listed,
        Err(error) if error.kind == ErrorKind::Permission => return Ok(Page::default()),
        Err(error) => return Err(error),
    };
    let mut known = Known::new(request.carried);
    let mut mapped = Mapped::new(&account.ids, MASTER_DATA.endpoint, RecordType::User);
    for row in listed.rows {
        match decode::<wire::Person>(&row) {
            Ok(mut person) => {
                let email = person.email.take();
                if let (Some(email), Some(id)) = (email, person.into_id()) {
                    known.put(EMAIL, id, email.into());
                }
            }
            Err(wrong) => mapped.problem(id_of(&row).as_deref(), &wrong),
        }
    }
    Ok(Page { carry: known.fresh, next: cursor(listed.next), ..mapped.page })
}

/// A person may stand in the list of more than one organization unit.
pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let known = Known::new(request.carried);
    let mut mapped = Mapped::new(&account.ids, PERSONS, RecordType::User);
    for row in Client(&account.http).persons().await? {
        let id = id_of(&row);
        let email = id.as_deref().and_then(|id| known.get(EMAIL, id));
        mapped.add(id.as_deref(), |_| mapping::user(&account.ids, row, email).map(|user| vec![user]));
    }
    mapped.page.expected = u64::try_from(mapped.page.records.len() + mapped.page.problems.len()).ok();
    Ok(mapped.page)
}

fn id_of(row: &Value) -> Option<String> {
    wire::text_of(row, "uuid").or_else(|| wire::text_of(row, "personId"))
}
