//! Reading single records, which actions and webhooks announce. They are mapped as a sync maps them, so that the two
//! agree to the letter.

use std::collections::BTreeMap;

use super::client::{Client, EMPLOYEE, EMPLOYEES, USER, USERS};
use super::read::single::{self, Single};
use super::read::{self, JobsRead, tags};
use super::{gone, mapping};
use crate::connectors::action::Fetched;
use crate::connectors::connector::{Account, ChildrenOf};
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::{IdSpace, RecordType, Snapshot};

pub async fn records(account: &Account, wanted: &[(RecordType, String)]) -> Result<Fetched, Error> {
    let mut by_type: BTreeMap<RecordType, Vec<String>> = BTreeMap::new();
    for (of, id) in wanted {
        let ids = by_type.entry(*of).or_default();
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    let mut fetched = Fetched::default();
    for (of, ids) in by_type {
        match of {
            RecordType::User => items(account, (of, USER, USERS), ids, mapping::user, &mut fetched).await?,
            RecordType::Candidate => candidates(account, ids, &mut fetched).await?,
            RecordType::Job => {
                let JobsRead { records, complete } = read::jobs_by_id(account, &ids).await?;
                fetched.complete.extend(complete);
                add(account, of, ids, records, &mut fetched).await?;
            }
            RecordType::Application => {
                let gone = gone::confirm(account, of, &ids).await?;
                let there: Vec<String> = ids.into_iter().filter(|id| !gone.contains(id)).collect();
                fetched.gone.extend(gone.into_iter().map(|id| (of, id)));
                fetched.records.extend(read::applications_by_id(account, &there).await?);
            }
            RecordType::ApplicationStage
            | RecordType::JobStage
            | RecordType::HiringTeamMember
            | RecordType::Tag
            | RecordType::CandidateTag => {
                return Err(Error::new(ErrorKind::Unsupported, format!("TRAFFIT cannot be asked for a single {of}")));
            }
        }
    }
    Ok(fetched)
}

/// The records that were read, and of those that are missing which are gone.
async fn add(
    account: &Account,
    of: RecordType,
    wanted: Vec<String>,
    records: Vec<Snapshot>,
    fetched: &mut Fetched,
) -> Result<(), Error> {
    let read = |id: &String| {
        let is_it = |one: &Snapshot| one.record.record_type() == of && one.record.remote_id() == Some(id.as_str());
        records.iter().any(is_it)
    };
    let missing: Vec<String> = wanted.into_iter().filter(|id| !read(id)).collect();
    fetched.records.extend(records);
    if !missing.is_empty() {
        let gone = gone::confirm(account, of, &missing).await?;
        fetched.gone.extend(gone.into_iter().map(|id| (of, id)));
    }
    Ok(())
}

/// Records that are one object each. What is there and cannot be understood is left out, unless nothing else was asked
/// for.
async fn items(
    account: &Account,
    (of, endpoint, witness): (RecordType, &'static str, &'static str),
    ids: Vec<String>,
    map: fn(&IdSpace, serde_json::Value) -> Result<Snapshot, String>,
    fetched: &mut Fetched,
) -> Result<(), Error> {
    let client = Client(&account.http);
    let is_alone = ids.len() == 1;
    let ask = |id: String| async move { client.item(endpoint, &id).await };
    for (id, answer) in single::each(client, witness, ids, ask).await? {
        let read = match answer {
            Single::Read(row) => map(&account.ids, row).map_err(|wrong| {
                Error::new(ErrorKind::Shape, format!("{endpoint} answered an unexpected shape: {wrong}"))
            }),
            Single::Gone => {
                fetched.gone.push((of, id));
                continue;
            }
            Single::Broken(error) => Err(error),
        };
        match read {
            Ok(snapshot) => fetched.records.push(snapshot),
            Err(error) if is_alone => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}

async fn candidates(account: &Account, ids: Vec<String>, fetched: &mut Fetched) -> Result<(), Error> {
    let of = RecordType::Candidate;
    items(account, (of, EMPLOYEE, EMPLOYEES), ids.clone(), mapping::candidate, fetched).await?;
    let is_there = |id: &String| {
        let mut records = fetched.records.iter();
        records.any(|one| one.record.record_type() == of && one.record.remote_id() == Some(id.as_str()))
    };
    let there: Vec<String> = ids.into_iter().filter(is_there).collect();
    for children in tags::of(account, &there).await? {
        // Tags that cannot be read stay as they were; a person that is gone since is found out by the next who asks.
        if let ChildrenOf::Records(tags) = children.found {
            fetched.complete.push((RecordType::CandidateTag, children.parent));
            fetched.records.extend(tags);
        }
    }
    Ok(())
}
