//! What HR WORKS confirms to have no longer.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::client::{APPLICANT, APPLICANTS, AT_ONCE, Client, JOB_APPLICATIONS, One, PERSON, POST, POSTS};
use super::paging::Paging;
use super::wire::{PostKey, text_of};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::RecordType;

pub async fn confirm(account: &Account, of: RecordType, remote_ids: &[String]) -> Result<Vec<String>, Error> {
    let client = Client(&account.http);
    match of {
        RecordType::User => {
            let rows = client.persons().await?;
            each(client, PERSON, remote_ids, rows.iter().find_map(|row| text_of(row, "uuid"))).await
        }
        RecordType::Candidate => {
            let listed = client.page(&APPLICANTS, Paging::default()).await?;
            each(client, APPLICANT, remote_ids, listed.rows.iter().find_map(|row| text_of(row, "uuid"))).await
        }
        RecordType::Job => {
            let rows = client.every_row(&POSTS).await?;
            let listed: BTreeSet<String> =
                rows.iter().filter_map(PostKey::of).filter_map(|post| post.id().map(str::to_owned)).collect();
            let missing: Vec<String> = remote_ids.iter().filter(|id| !listed.contains(*id)).cloned().collect();
            each(client, POST, &missing, listed.first().cloned()).await
        }
        RecordType::Application => applications(client, remote_ids).await,
        // The usual ones are part of HR WORKS; of others nothing tells that they were abolished.
        RecordType::ApplicationStage => Ok(Vec::new()),
        // One for every status that a job application has: one that is not shown now was not taken from the jobs.
        RecordType::JobStage => Ok(Vec::new()),
        // There are none.
        RecordType::HiringTeamMember | RecordType::Tag | RecordType::CandidateTag => {
            Err(Error::new(ErrorKind::Unsupported, format!("HR WORKS cannot be asked for a single {of}")))
        }
    }
}

/// Asks for each on its own. `listed` is one that exists: HR WORKS answers an unknown id as it answers any
/// other wrong parameter (quirk 4), so before that is believed, one that is there must be found the same way.
async fn each(
    client: Client<'_>,
    endpoint: &'static str,
    remote_ids: &[String],
    listed: Option<String>,
) -> Result<Vec<String>, Error> {
    let answers: Vec<(String, bool)> = stream::iter(remote_ids.iter().cloned())
        .map(|id| async move { client.is_gone(One::new(endpoint, &id)).await.map(|gone| (id, gone)) })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let gone: Vec<String> = answers.into_iter().filter(|(_, gone)| *gone).map(|(id, _)| id).collect();
    if let Some(listed) = listed
        && !gone.is_empty()
        && client.is_gone(One::new(endpoint, &listed)).await?
    {
        // Also what happens when that one is deleted just now; the next sync asks again.
        return Err(Error::shape(endpoint, "the answer for a record that is listed", "that record"));
    }
    Ok(gone)
}

/// A job application cannot be asked for on its own, and does not tell its post or its applicant by its id:
/// the list is read once more, until all that are looked for were seen.
async fn applications(client: Client<'_>, remote_ids: &[String]) -> Result<Vec<String>, Error> {
    let mut missing: BTreeSet<&str> = remote_ids.iter().map(String::as_str).collect();
    let mut at = Some(Paging::default());
    while let Some(paging) = at
        && !missing.is_empty()
    {
        let listed = client.page(&JOB_APPLICATIONS, paging).await?;
        for row in &listed.rows {
            match id(row) {
                Some(id) => drop(missing.remove(id.as_str())),
                // It might be any of those that are looked for: then nobody is gone.
                None => return Ok(Vec::new()),
            }
        }
        at = listed.next;
    }
    Ok(remote_ids.iter().filter(|id| missing.contains(id.as_str())).cloned().collect())
}

/// Those that stand in the applicant's own record. An applicant that HR WORKS denies agrees with the list.
pub async fn named_by_applicant(
    account: &Account,
    applicant: &str,
    applications: &[String],
) -> Result<Vec<String>, Error> {
    let Some(record) = Client(&account.http).find(One::new(APPLICANT, applicant)).await? else { return Ok(Vec::new()) };
    let rows = match record.get("jobApplications") {
        Some(Value::Array(rows)) => rows.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => return Err(Error::shape(APPLICANT, "jobApplications", "an array")),
    };
    let named: Option<BTreeSet<String>> = rows.iter().map(id).collect();
    let named = named.ok_or_else(|| Error::shape(APPLICANT, "the id of a job application", "text"))?;
    Ok(applications.iter().filter(|id| named.contains(*id)).cloned().collect())
}

/// A status changes without a trace (§5.5), so that all may have changed: those that the applicant's own record names,
/// and those that the mirror has.
pub async fn changed(account: &Account, applicant: &str, known: &[String]) -> Result<Vec<String>, Error> {
    let record = Client(&account.http).find(One::new(APPLICANT, applicant)).await?;
    let rows = record.as_ref().and_then(|record| record.get("jobApplications")).and_then(Value::as_array);
    let named = rows.into_iter().flatten().filter_map(id);
    let all: BTreeSet<String> = named.chain(known.iter().cloned()).collect();
    Ok(all.into_iter().collect())
}

fn id(row: &Value) -> Option<String> {
    text_of(row, "id")
}
