//! Reading one stream: pages with their cursor, facts for later streams, children of changed parents.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::outcome::{self, Ended};
use super::reach::Reach;
use super::run::Running;
use super::vanishing::Lost;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::connectors::{self, CHILDREN_AT_ONCE, ChildrenOf, Page, Problem, ReadPage};
use crate::domain::{RecordType, Snapshot};
use crate::store::runs::{Problems, RunStep, Seen};
use crate::store::{ChildrenCommit, PageCommit};

/// The vendor's failures inside, ours outside.
type Read<T> = Result<Result<T, connectors::Error>, Error>;

/// Adds records that could not be read.
fn note(problems: &mut Problems, more: Vec<Problem>) {
    for problem in more {
        let name = problem.remote_id.map_or_else(String::new, |id| format!(" {id}"));
        let message = format!("{}{name}: {}", problem.of, problem.message);
        tracing::warn!(of = %problem.of, record = ?problem.id, message = problem.message, "a record was not understood");
        problems.first.get_or_insert(message);
        match problem.id {
            Some(id) => drop(problems.ids.insert(id)),
            None => problems.unidentified += 1,
        }
    }
}

/// No vendor's ids are longer.
const LONGEST_ID: usize = 255;

/// Leaves out records by whose id their vendor could not be asked about them. Each might be any record, so that none counts
/// as gone by what was read beside it.
fn identified(mut records: Vec<Snapshot>, problems: &mut Vec<Problem>) -> Vec<Snapshot> {
    let usable = |id: &str| !id.is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    records.retain(|snapshot| {
        let is_usable = snapshot.record.remote_id().is_none_or(usable);
        if !is_usable {
            let (of, message) =
                (snapshot.record.record_type(), "the id is empty, too long or not printable".to_owned());
            problems.push(Problem { of, id: None, remote_id: None, message });
        }
        is_usable
    });
    records
}

fn ended(problems: &Problems) -> Ended {
    let Some(first) = &problems.first else { return Ended::well() };
    match problems.ids.len() + problems.unidentified {
        1 => Ended::partly(format!("1 record could not be read: {first}")),
        count => Ended::partly(format!("{count} records could not be read, the first: {first}")),
    }
}

impl Engine {
    /// Reads a stream that only leaves facts.
    pub(super) async fn read_facts(&self, running: &mut Running<'_>, stream: &Stream) -> Read<()> {
        let since = self.reach(running, stream).await?.since;
        let mut cursor: Option<String> = None;
        loop {
            let page = match self.page(running, stream.name, cursor.as_deref(), since).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            page.carry.into_iter().for_each(|fact| running.carried.put(fact));
            // Told with the streams that need the facts.
            running.unread_facts.entry(stream.name).or_default().extend(page.problems);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(Ok(())),
            }
        }
    }

    pub(super) async fn read_stream(&self, running: &mut Running<'_>, stream: &Stream) -> Read<Ended> {
        match &stream.reads {
            Reads::Pages(models) => self.read_pages(running, stream, models).await,
            Reads::Children { parent, replaces, .. } => self.read_children(running, stream, *parent, *replaces).await,
            Reads::Carry { .. } => Ok(self.read_facts(running, stream).await?.map(|()| Ended::well())),
        }
    }

    async fn read_pages(&self, running: &mut Running<'_>, stream: &Stream, models: &[RecordType]) -> Read<Ended> {
        let mut seen = self.take_up(running, stream).await?;
        let Reach { since, shows_all } = self.reach(running, stream).await?;
        if !running.run.progress.complete {
            let cursor = running.run.progress.cursor.clone();
            let mut page = match self.page(running, stream.name, cursor.as_deref(), since).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            loop {
                let Page { records, mut problems, carry, next, expected } = page;
                let records = identified(records, &mut problems);
                let records = self.narrowed(running.lease.integration, running.work.settings.scope, records).await?;
                carry.into_iter().for_each(|fact| running.carried.put(fact));
                let mut ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
                ids.extend(problems.iter().filter_map(|problem| problem.id));
                seen.extend(&ids);
                let progress = &mut running.run.progress;
                note(&mut progress.problems, problems);
                progress.stream = Some(stream.name.to_owned());
                progress.cursor.clone_from(&next);
                progress.page += 1;
                progress.complete = next.is_none();
                let expected = expected.and_then(|total| models.first().map(|model| (*model, total)));
                let commit = self.commit(running, stream, &records, ids, expected);
                // The next page is read while this one is written.
                let following = async {
                    match &next {
                        Some(next) => Some(self.page(running, stream.name, Some(next), since).await),
                        None => None,
                    }
                };
                let (committed, following) = tokio::join!(commit, following);
                committed?;
                match following {
                    Some(Ok(following)) => page = following,
                    Some(Err(error)) => return Ok(Err(error)),
                    None => break,
                }
            }
        }
        if !shows_all {
            return Ok(Ok(ended(&running.run.progress.problems)));
        }
        match self.delete_unseen(running, stream, models, &seen).await? {
            Ok(doubts) => Ok(Ok(ended(&running.run.progress.problems).doubting(&doubts))),
            Err(error) => Ok(Ok(Ended::partly(format!("what is gone could not be confirmed: {}", error.public)))),
        }
    }

    /// What was seen of the stream before the run was broken off.
    async fn take_up(&self, running: &mut Running<'_>, stream: &Stream) -> Result<HashSet<Uuid>, Error> {
        if running.run.progress.stream.as_deref() == Some(stream.name) {
            let seen = self.store().seen(running.lease, running.run.id, stream.name).await?;
            return Ok(seen.into_iter().collect());
        }
        running.run.progress.forget_stream();
        let needed = running.manifest().streams.iter().filter(|facts| match &facts.reads {
            Reads::Carry { needed_by } => needed_by.contains(&stream.name),
            Reads::Pages(_) | Reads::Children { .. } => false,
        });
        for facts in needed {
            let unread = running.unread_facts.get(facts.name).cloned().unwrap_or_default();
            note(&mut running.run.progress.problems, unread);
        }
        Ok(HashSet::new())
    }

    async fn commit(
        &self,
        running: &Running<'_>,
        stream: &Stream,
        records: &[Snapshot],
        ids: Vec<Uuid>,
        expected: Option<(RecordType, u64)>,
    ) -> Result<(), Error> {
        let manifest = running.manifest();
        let children = stream.models().into_iter();
        let children = children.flat_map(|of| manifest.children_of(of).map(move |(child, _)| (of, child)));
        let children: Vec<_> = children.collect();
        let progress = running.run.progress.clone();
        let seen = Seen { stream: stream.name.to_owned(), page: progress.page, ids };
        let commit = PageCommit {
            snapshots: records,
            volatile: manifest.volatile,
            children: &children,
            run: Some(RunStep { run: running.run.id, progress, seen: Some(seen), expected }),
            now: self.clock().now(),
        };
        self.store().commit_page(running.lease, commit).await?;
        self.beat(running.pulse);
        Ok(())
    }

    /// One page, asked for again after a while when the vendor is busy.
    async fn page(
        &self,
        running: &Running<'_>,
        stream: &str,
        cursor: Option<&str>,
        since: Option<DateTime<Utc>>,
    ) -> Result<Page, connectors::Error> {
        let mut attempt = 1;
        loop {
            let request = ReadPage { stream, cursor, carried: &running.carried, since };
            let answer = running.work.connector.read(&running.work.account, request).await;
            self.beat(running.pulse);
            match answer {
                Ok(page) => return Ok(page),
                Err(error) => self.wait_or_fail(error, &mut attempt).await?,
            }
        }
    }

    async fn wait_or_fail(&self, error: connectors::Error, attempt: &mut u32) -> Result<(), connectors::Error> {
        let Some(pause) = outcome::pause(&error, *attempt, self.0.options.first_pause) else { return Err(error) };
        tracing::info!(error = error.public, ?pause, "the vendor is asked again after a while");
        tokio::time::sleep(pause).await;
        *attempt += 1;
        Ok(())
    }

    /// Reads what belongs to each parent that is new or changed, and takes it off the list in the same
    /// transaction.
    async fn read_children(
        &self,
        running: &mut Running<'_>,
        stream: &Stream,
        parent: RecordType,
        replaces: RecordType,
    ) -> Read<Ended> {
        let (lease, run) = (running.lease, running.run.id);
        let mut problems = Problems::default();
        let expected = self.store().count_due_parents(lease, stream.name).await?;
        self.store().expect_parents(lease, run, replaces, expected).await?;
        let mut lost: Vec<Lost> = Vec::new();
        // What stays on the list is tried again by the next run.
        let mut last: Option<String> = None;
        loop {
            let due = self.store().due_parents(lease, stream.name, last.as_deref(), CHILDREN_AT_ONCE).await?;
            let Some(after) = due.last() else { break };
            let answers = match self.children(running, stream.name, &due).await {
                Ok(answers) => answers,
                Err(error) => return Ok(Err(error)),
            };
            let mut snapshots = Vec::new();
            let mut parents = Vec::new();
            for answer in answers {
                let id = running.work.account.ids.uuid(parent, &answer.parent);
                match answer.found {
                    ChildrenOf::Records(records) => {
                        snapshots.extend(records);
                        parents.push((id, answer.parent));
                    }
                    // Its own stream finds out whether it is gone, and takes it off the list.
                    ChildrenOf::Gone => {}
                    ChildrenOf::Unreadable(message) => {
                        let (id, remote_id) = (Some(id), Some(answer.parent));
                        note(&mut problems, vec![Problem { of: replaces, id, remote_id, message }]);
                    }
                }
            }
            if !parents.is_empty() {
                // Whether what some have no longer is deleted is known when all were read.
                let less = self.lost(running, replaces, parents, &snapshots).await?;
                let (parents, less): (Vec<Lost>, Vec<Lost>) = less.into_iter().partition(|one| one.children.is_empty());
                let parents: Vec<String> = parents.into_iter().map(|one| one.parent).collect();
                lost.extend(less);
                let commit = ChildrenCommit {
                    stream: stream.name,
                    replaces,
                    parents: &parents,
                    snapshots: &snapshots,
                    gone: &[],
                    volatile: running.manifest().volatile,
                    run: Some(run),
                    now: self.clock().now(),
                };
                self.store().commit_children(lease, commit).await?;
            }
            last = Some(after.clone());
        }
        let doubt = self.delete_lost(running, stream, replaces, lost).await?;
        self.delete_derived(running, stream).await?;
        Ok(Ok(ended(&problems).doubting(doubt.as_slice())))
    }

    async fn children(
        &self,
        running: &Running<'_>,
        stream: &str,
        parents: &[String],
    ) -> Result<Vec<connectors::Children>, connectors::Error> {
        let mut attempt = 1;
        loop {
            let answer = running.work.connector.children(&running.work.account, stream, parents).await;
            self.beat(running.pulse);
            match answer {
                Ok(answers) => return Ok(answers),
                Err(error) => self.wait_or_fail(error, &mut attempt).await?,
            }
        }
    }
}
