//! Job applications, which are read twice. The first time for what other records need of them: which statuses
//! there are, and where an applicant's newest application came from (reference §5.3, §5.4). The second time
//! for themselves. Keeping all rows in between would take more memory than reading them again takes time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Known, Mapped, cursor, posts, resume};
use crate::connectors::connector::{Account, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{Client, JOB_APPLICATIONS};
use crate::connectors::hrworks::mapping::{self, Statuses, moment};
use crate::connectors::hrworks::wire::{self, JobApplication};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// All statuses that were seen, under one key.
const STATUSES: &str = "statuses";
const ALL: &str = "all";
/// Where an applicant's newest job application came from, by the applicant.
const NEWEST: &str = "newest";

#[derive(Debug, Serialize, Deserialize)]
pub struct Newest {
    /// Without a readable time an application is older than any other.
    at: Option<DateTime<Utc>>,
    id: String,
    pub source: Option<String>,
}

impl Newest {
    /// What an application tells of its applicant's source, with the applicant.
    pub fn of(application: JobApplication) -> Option<(String, Self)> {
        let at = moment(application.creation_date_and_time.as_deref(), "creationDateAndTime", &mut Vec::new());
        let this = Self { at, id: application.id?, source: application.how_did_you_hear_about_us };
        Some((application.applicant.uuid?, this))
    }

    /// Ids grow with time where they are numbers, and decide between applications of the same second.
    pub fn rank(&self) -> (Option<DateTime<Utc>>, Option<u64>, &str) {
        (self.at, self.id.parse().ok(), &self.id)
    }
}

pub async fn statuses_and_sources(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let listed = Client(&account.http).page(&JOB_APPLICATIONS, resume(request.cursor)?).await?;
    let mut known = Known::new(request.carried);
    let mut statuses = statuses(&known);
    let mut is_news = false;
    for row in listed.rows {
        // One that cannot be understood is reported when it is read for itself.
        let Ok(application) = decode::<JobApplication>(&row) else { continue };
        if let Some(status) = &application.status_identifier {
            is_news |= statuses.add(status, application.status.as_deref());
        }
        let Some((applicant, this)) = Newest::of(application) else { continue };
        let wins = known.get::<Newest>(NEWEST, &applicant).is_none_or(|other| this.rank() >= other.rank());
        if wins {
            known.put(NEWEST, applicant, json!(this));
        }
    }
    if is_news {
        known.put(STATUSES, ALL, json!(statuses));
    }
    Ok(Page { carry: known.fresh, next: cursor(listed.next), ..Page::default() })
}

/// The source of an applicant's newest job application.
pub fn source(known: &Known<'_>, applicant: &str) -> Option<String> {
    known.get::<Newest>(NEWEST, applicant)?.source
}

/// The statuses that were seen so far; the usual ones are known without.
pub fn statuses(known: &Known<'_>) -> Statuses {
    known.get(STATUSES, ALL).unwrap_or_default()
}

pub fn stages(account: &Account, request: &ReadPage<'_>) -> Page {
    let records = mapping::stages(&account.ids, &statuses(&Known::new(request.carried)));
    Page { expected: u64::try_from(records.len()).ok(), records, ..Page::default() }
}

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let mut known = Known::new(request.carried);
    posts::ensure(account, &mut known).await?;
    let listed = Client(&account.http).page(&JOB_APPLICATIONS, resume(request.cursor)?).await?;
    let mut mapped = Mapped::new(&account.ids, JOB_APPLICATIONS.endpoint, RecordType::Application);
    for row in listed.rows {
        mapped.add(wire::text_of(&row, "id").as_deref(), |unread| {
            let post = |key: &str| posts::by_key(&known, key);
            mapping::application(&account.ids, row, post, unread).map(|application| vec![application])
        });
    }
    mapped.page.next = cursor(listed.next);
    mapped.page.carry = known.fresh;
    Ok(mapped.page)
}
