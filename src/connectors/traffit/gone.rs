//! What TRAFFIT confirms to have no longer.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::client::{AT_ONCE, Client, EMPLOYEE, JOBS_OF, MEMBERS, RECRUITMENT, USER};
use super::mapping;
use super::paging::{Listed, Paging};
use super::read::{every_row, every_state, latest_applications};
use super::wire::{Id, Reference};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::RecordType;

pub async fn confirm(account: &Account, of: RecordType, remote_ids: &[String]) -> Result<Vec<String>, Error> {
    let client = Client(&account.http);
    match of {
        RecordType::User => each(client, USER, remote_ids).await,
        RecordType::Candidate => each(client, EMPLOYEE, remote_ids).await,
        RecordType::Job => each(client, RECRUITMENT, remote_ids).await,
        RecordType::Application => applications(client, remote_ids).await,
        RecordType::ApplicationStage => {
            // An id does not tell its workflow.
            let Some(states) = every_state(client).await? else { return Ok(Vec::new()) };
            Ok(remote_ids.iter().filter(|id| !states.contains(&Id((*id).clone()))).cloned().collect())
        }
        // They are replaced with their job or their candidate.
        RecordType::JobStage | RecordType::HiringTeamMember | RecordType::Tag | RecordType::CandidateTag => {
            Err(Error::new(ErrorKind::Unsupported, format!("TRAFFIT cannot be asked for a single {of}")))
        }
    }
}

async fn each(client: Client<'_>, endpoint: &'static str, remote_ids: &[String]) -> Result<Vec<String>, Error> {
    let asked = remote_ids.iter().cloned();
    let answers: Vec<(String, bool)> = stream::iter(asked)
        .map(|id| async move { client.is_gone(endpoint, &id).await.map(|gone| (id, gone)) })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(answers.into_iter().filter(|(_, gone)| *gone).map(|(id, _)| id).collect())
}

/// Lists the members of the applications' jobs once more. A job that is gone takes its applications along.
async fn applications(client: Client<'_>, remote_ids: &[String]) -> Result<Vec<String>, Error> {
    let mut by_job: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (job, candidate) in remote_ids.iter().filter_map(|id| id.split_once(':')) {
        by_job.entry(job).or_default().push(candidate);
    }
    let mut gone = Vec::new();
    for (job, candidates) in by_job {
        let members = every_row(|at| async move { client.page_of(MEMBERS, job, &at).await }).await;
        let members: BTreeSet<Id> = match members {
            // A member that cannot be read might be the one that is looked for: then nobody is gone.
            Ok(rows) => match rows.iter().map(Id::of).collect() {
                Some(members) => members,
                None => continue,
            },
            Err(error) if error.kind == ErrorKind::NotFound => match client.is_gone(RECRUITMENT, job).await? {
                true => BTreeSet::new(),
                // The job is there, and only its list of members is not.
                false => continue,
            },
            Err(error) => return Err(error),
        };
        let missing = candidates.into_iter().filter(|candidate| !members.contains(&Id((*candidate).to_owned())));
        gone.extend(missing.map(|candidate| mapping::application_key(job, candidate)));
    }
    Ok(gone)
}

/// Those whose job stands in the list of the candidate's own jobs.
pub async fn named_by_employee(
    account: &Account,
    candidate: &str,
    applications: &[String],
) -> Result<Vec<String>, Error> {
    let jobs = jobs_of(account, candidate).await?;
    let is_named = |id: &&String| id.split_once(':').is_some_and(|(job, _)| jobs.contains(&Id(job.to_owned())));
    Ok(applications.iter().filter(is_named).cloned().collect())
}

/// Of a candidate's applications those that may have changed: new ones, those of which the ledger tells newly, and
/// those that the candidate's own list lacks.
pub async fn changed(account: &Account, candidate: &str, known: &[String]) -> Result<Vec<String>, Error> {
    let jobs = jobs_of(account, candidate).await?;
    let named: BTreeSet<String> = jobs.iter().map(|job| mapping::application_key(&job.0, candidate)).collect();
    let known: BTreeSet<String> = known.iter().cloned().collect();
    // Without a list nothing is missing from it.
    let missing = known.difference(&named).filter(|_| !named.is_empty()).cloned();
    let mut changed: BTreeSet<String> = named.difference(&known).cloned().chain(missing).collect();
    changed.extend(latest_applications(account, candidate).await?);
    Ok(changed.into_iter().collect())
}

/// The candidate's own jobs. Only names of the fields are known from code that reads the list, so the job is looked for
/// under each of them.
async fn jobs_of(account: &Account, candidate: &str) -> Result<BTreeSet<Id>, Error> {
    let client = Client(&account.http);
    let list = |at: Paging| async move {
        let listed = client.page_of(JOBS_OF, candidate, &at).await?;
        // Most likely not paged at all: without page headers the first answer is the whole list.
        Ok(Listed { total_pages: listed.total_pages.or(Some(1)), ..listed })
    };
    let rows = match every_row(list).await {
        Ok(rows) => rows,
        // The person is gone, or there is no such list: the job's own has to do.
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let job = |row: &Value| {
        let named = ["recruitment", "job"].into_iter().find_map(|name| row.get(name).and_then(Reference::read));
        named.map(|reference| reference.0).or_else(|| Id::of(row))
    };
    let jobs: Option<BTreeSet<Id>> = rows.iter().map(job).collect();
    jobs.ok_or_else(|| Error::shape(JOBS_OF, "recruitment.id", "an id"))
}
