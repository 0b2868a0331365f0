//! Candidates: whoever has a job application.

use super::{Known, Mapped, cursor, job_applications, resume};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{APPLICANTS, Client};
use crate::connectors::hrworks::{mapping, wire};
use crate::domain::RecordType;

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let listed = Client(&account.http).page(&APPLICANTS, resume(request.cursor)?).await?;
    let known = Known::new(request.carried);
    let mut mapped = Mapped::new(&account.ids, APPLICANTS.endpoint, RecordType::Candidate);
    for row in listed.rows {
        mapped.add(wire::text_of(&row, "uuid").as_deref(), |unread| {
            let source = |applicant: &str| job_applications::source(&known, applicant);
            mapping::candidate(&account.ids, row, source, unread).map(|candidate| vec![candidate])
        });
    }
    mapped.page.next = cursor(listed.next);
    Ok(mapped.page)
}
