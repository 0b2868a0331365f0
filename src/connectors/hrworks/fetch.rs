//! Reading single records, which actions and webhooks announce. Mapped as the streams of a full sync map them;
//! what those carry from one stream to the next is asked for here.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::actions::applications::{Post, Within, walk};
use super::client::{APPLICANT, AT_ONCE, Client, ORGANIZATION_UNITS, One, PERSON, PERSON_MASTER_DATA, POST, POSTS};
use super::gone;
use super::mapping::{self, Department, Statuses};
use super::read::{self, Newest};
use super::wire::{OrganizationUnit, Person, PostKey, text_of};
use crate::connectors::action::Fetched;
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::decode;
use crate::domain::{RecordType, Snapshot};

pub async fn records(account: &Account, wanted: &[(RecordType, String)]) -> Result<Fetched, Error> {
    let mut ids: BTreeMap<RecordType, BTreeSet<String>> = BTreeMap::new();
    for (of, id) in wanted {
        ids.entry(*of).or_default().insert(id.clone());
    }
    if let Some(of) = ids.keys().find(|of| !FETCHED.contains(of)) {
        return Err(Error::new(ErrorKind::Unsupported, format!("HR WORKS cannot be asked for a single {of}")));
    }
    let mut fetch =
        Fetch { account, client: Client(&account.http), fetched: Fetched::default(), rows: BTreeMap::new() };
    let mut of = |of: RecordType| ids.remove(&of).unwrap_or_default();
    let (users, jobs) = (of(RecordType::User), of(RecordType::Job));
    let (candidates, applications) = (of(RecordType::Candidate), of(RecordType::Application));
    fetch.users(users).await?;
    fetch.jobs(jobs).await?;
    // Candidates tell where their applications are.
    let posts = fetch.candidates(candidates).await?;
    fetch.applications(applications, posts).await?;
    Ok(fetch.fetched)
}

const FETCHED: [RecordType; 4] = [RecordType::User, RecordType::Job, RecordType::Candidate, RecordType::Application];

struct Fetch<'a> {
    account: &'a Account,
    client: Client<'a>,
    fetched: Fetched,
    /// Rows of job applications that were seen on the way, by their ids.
    rows: BTreeMap<String, Value>,
}

impl Fetch<'_> {
    /// Rows by id; those that are not there are noted as gone, once HR WORKS confirms it.
    async fn each(
        &mut self,
        of: RecordType,
        endpoint: &'static str,
        ids: BTreeSet<String>,
    ) -> Result<Vec<(String, Value)>, Error> {
        let client = self.client;
        let asked: Vec<(String, Option<Value>)> = stream::iter(ids)
            .map(|id| async move { client.one(One::new(endpoint, &id)).await.map(|row| (id, row)) })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let missing: Vec<String> = asked.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| id.clone()).collect();
        if !missing.is_empty() {
            let gone = gone::confirm(self.account, of, &missing).await?;
            self.fetched.gone.extend(gone.into_iter().map(|id| (of, id)));
        }
        Ok(asked.into_iter().filter_map(|(id, row)| Some((id, row?))).collect())
    }

    /// A record that cannot be understood stays as it is; the next sync reports it.
    fn add(&mut self, mapped: Result<Vec<Snapshot>, String>) {
        match mapped {
            Ok(snapshots) => self.fetched.records.extend(snapshots),
            Err(wrong) => tracing::debug!(vendor = "hrworks", %wrong, "a single record was not understood"),
        }
    }

    async fn users(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        for (id, row) in self.each(RecordType::User, PERSON, ids).await? {
            let email = match self.client.one(One::new(PERSON_MASTER_DATA, &id)).await {
                Ok(row) => row.and_then(|row| decode::<Person>(&row).ok()).and_then(|person| person.email),
                // Master data is one more thing that a key pair may not read (reference §5.1).
                Err(error) if error.kind == ErrorKind::Permission => None,
                Err(error) => return Err(error),
            };
            self.add(mapping::user(&self.account.ids, row, email).map(|user| vec![user]));
        }
        Ok(())
    }

    async fn jobs(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let units: Vec<OrganizationUnit> =
            self.client.every_row(&ORGANIZATION_UNITS).await?.iter().filter_map(|row| decode(row).ok()).collect();
        let department = |of: Department<'_>| {
            let is = |unit: &&OrganizationUnit| match of {
                Department::Uuid(uuid) => unit.uuid.as_deref() == Some(uuid),
                Department::Number(number) => unit.number.as_deref() == Some(number),
            };
            units.iter().find(is)?.name.clone()
        };
        for (_, row) in self.each(RecordType::Job, POST, ids).await? {
            // Stages beyond the usual ones are found by a sync, which sees all applications.
            let job = mapping::job(&self.account.ids, row, &Statuses::default(), department, &mut Vec::new());
            self.add(job);
        }
        Ok(())
    }

    /// Gives the posts of all of their applications.
    async fn candidates(&mut self, ids: BTreeSet<String>) -> Result<Vec<Post>, Error> {
        let rows = self.each(RecordType::Candidate, APPLICANT, ids).await?;
        let (mut own, mut jobs) = (BTreeSet::new(), BTreeSet::new());
        let mut everywhere = false;
        for application in rows.iter().flat_map(|(_, row)| applications_of(row)) {
            own.extend(text_of(application, "id"));
            match text_of(application, "postUuid") {
                Some(job) => drop(jobs.insert(job)),
                None => everywhere = true,
            }
        }
        let mut posts = Vec::new();
        for job in jobs {
            match self.client.one(One::new(POST, &job)).await?.as_ref().and_then(PostKey::of).map(Post::from) {
                Some(post) if post.id().is_some() => posts.push(post),
                _ => everywhere = true,
            }
        }
        for post in &posts {
            self.look_for(&own, Within::Post(post)).await?;
        }
        if everywhere || own.iter().any(|id| !self.rows.contains_key(id)) {
            self.look_for(&own, Within::Everywhere).await?;
        }
        for (_, row) in rows {
            let newest = applications_of(&row)
                .filter_map(|application| self.rows.get(&text_of(application, "id")?))
                .filter_map(|row| Newest::of(decode(row).ok()?).map(|(_, newest)| newest))
                .max_by(|one, other| one.rank().cmp(&other.rank()));
            let source = |_: &str| newest.and_then(|newest| newest.source);
            let candidate = mapping::candidate(&self.account.ids, row, source, &mut Vec::new());
            self.add(candidate.map(|candidate| vec![candidate]));
        }
        Ok(posts)
    }

    async fn applications(&mut self, ids: BTreeSet<String>, posts: Vec<Post>) -> Result<(), Error> {
        for within in posts.iter().map(Within::Post).chain([Within::Everywhere]) {
            if ids.iter().any(|id| !self.rows.contains_key(id)) {
                self.look_for(&ids, within).await?;
            }
        }
        let missing: Vec<String> = ids.iter().filter(|id| !self.rows.contains_key(*id)).cloned().collect();
        if !missing.is_empty() {
            let gone = gone::confirm(self.account, RecordType::Application, &missing).await?;
            self.fetched.gone.extend(gone.into_iter().map(|id| (RecordType::Application, id)));
        }
        let rows: Vec<Value> = ids.iter().filter_map(|id| self.rows.remove(id)).collect();
        // Only old tenants name an application's post by its key alone.
        let by_key = match rows.iter().any(|row| text_of(row, "postUuid").is_none()) {
            true => read::posts_by_key(&self.client.every_row(&POSTS).await?),
            false => BTreeMap::new(),
        };
        for row in rows {
            let post = |key: &str| by_key.get(key).cloned();
            let application = mapping::application(&self.account.ids, row, post, &mut Vec::new());
            self.add(application.map(|application| vec![application]));
        }
        Ok(())
    }

    /// Keeps the rows of these applications, until all were seen.
    async fn look_for(&mut self, ids: &BTreeSet<String>, within: Within<'_>) -> Result<(), Error> {
        let rows = &mut self.rows;
        let mut left = ids.iter().filter(|id| !rows.contains_key(*id)).count();
        if left == 0 {
            return Ok(());
        }
        walk(self.client, within, |row| {
            if let Some(id) = text_of(row, "id").filter(|id| ids.contains(id))
                && rows.insert(id, row.clone()).is_none()
            {
                left -= 1;
            }
            left == 0
        })
        .await
    }
}

fn applications_of(applicant: &Value) -> impl Iterator<Item = &Value> {
    applicant.get("jobApplications").and_then(Value::as_array).into_iter().flatten()
}
