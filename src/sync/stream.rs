//! Reading one stream: pages with their cursor, facts for later streams, children of changed parents.

use std::collections::HashSet;

use uuid::Uuid;

use super::outcome::{self, Ended};
use super::run::Running;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::connectors::{self, CHILDREN_AT_ONCE, ChildrenOf, Page, Problem, ReadPage};
use crate::domain::{RecordType, Snapshot};
use crate::store::runs::{Progress, RunStep, Seen};
use crate::store::{ChildrenCommit, PageCommit};

/// The vendor's failures inside, ours outside.
type Read<T> = Result<Result<T, connectors::Error>, Error>;

/// What a stream's pages showed.
#[derive(Default)]
pub(super) struct Shown {
    pub seen: HashSet<Uuid>,
    pub problems: Problems,
}

/// Records that could not be read.
#[derive(Default)]
pub(super) struct Problems {
    pub count: usize,
    pub ids: HashSet<Uuid>,
    /// Whether there was one whose id could not be read: it may be any record.
    pub unidentified: bool,
    first: Option<String>,
}

impl Problems {
    fn add(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.count += 1;
            self.unidentified |= problem.id.is_none();
            self.ids.extend(problem.id);
            let name = problem.remote_id.map_or_else(String::new, |id| format!(" {id}"));
            let message = format!("{}{name}: {}", problem.of, problem.message);
            tracing::warn!(of = %problem.of, record = ?problem.id, message = problem.message, "a record was not understood");
            self.first.get_or_insert(message);
        }
    }

    fn ended(&self) -> Ended {
        match (&self.first, self.count) {
            (Some(first), 1) => Ended::partly(format!("1 record could not be read: {first}")),
            (Some(first), count) => Ended::partly(format!("{count} records could not be read, the first: {first}")),
            (None, 0) => Ended::well(),
            (None, count) => Ended::partly(format!("{count} records could not be read")),
        }
    }
}

impl Engine {
    /// Reads a stream that only leaves facts.
    pub(super) async fn read_facts(&self, running: &mut Running<'_>, stream: &Stream) -> Read<()> {
        let mut cursor: Option<String> = None;
        loop {
            let page = match self.page(running, stream.name, cursor.as_deref()).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            page.carry.into_iter().for_each(|fact| running.carried.put(fact));
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
        let mut shown = self.take_up(running, stream).await?;
        if !running.run.progress.complete {
            let cursor = running.run.progress.cursor.clone();
            let mut page = match self.page(running, stream.name, cursor.as_deref()).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            loop {
                let Page { records, problems, carry, next, expected } = page;
                let records = self.narrowed(running.lease.integration, running.work.settings.scope, records).await?;
                carry.into_iter().for_each(|fact| running.carried.put(fact));
                let mut ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
                ids.extend(problems.iter().filter_map(|problem| problem.id));
                shown.seen.extend(&ids);
                shown.problems.add(problems);
                running.run.progress = Progress {
                    stream: Some(stream.name.to_owned()),
                    cursor: next.clone(),
                    page: running.run.progress.page + 1,
                    complete: next.is_none(),
                    problems: shown.problems.ids.iter().copied().collect(),
                    unidentified: shown.problems.unidentified,
                    ..std::mem::take(&mut running.run.progress)
                };
                let expected = expected.and_then(|total| models.first().map(|model| (*model, total)));
                let commit = self.commit(running, stream, &records, ids, expected);
                // The next page is read while this one is written.
                let following = async {
                    match &next {
                        Some(next) => Some(self.page(running, stream.name, Some(next)).await),
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
        match self.delete_unseen(running, stream, models, &shown).await? {
            Ok(()) => Ok(Ok(shown.problems.ended())),
            Err(error) => Ok(Ok(Ended::partly(format!("what is gone could not be confirmed: {}", error.public)))),
        }
    }

    /// What was seen of the stream before the run was broken off.
    async fn take_up(&self, running: &mut Running<'_>, stream: &Stream) -> Result<Shown, Error> {
        let mut shown = Shown::default();
        let progress = &mut running.run.progress;
        if progress.stream.as_deref() == Some(stream.name) {
            shown.seen.extend(self.store().seen(running.lease, running.run.id, stream.name).await?);
            shown.problems.ids.extend(&progress.problems);
            shown.problems.count = progress.problems.len() + usize::from(progress.unidentified);
            shown.problems.unidentified = progress.unidentified;
        } else {
            progress.forget_stream();
        }
        Ok(shown)
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
        let children = manifest.streams.iter().filter_map(|child| match &child.reads {
            Reads::Children { parent, .. } => Some((*parent, child.name)),
            Reads::Pages(_) | Reads::Carry { .. } => None,
        });
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
        Ok(())
    }

    /// One page, asked for again after a while when the vendor is busy.
    async fn page(&self, running: &Running<'_>, stream: &str, cursor: Option<&str>) -> Result<Page, connectors::Error> {
        let mut attempt = 1;
        loop {
            let request = ReadPage { stream, cursor, carried: &running.carried };
            match running.work.connector.read(&running.work.account, request).await {
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
        // Parents that stay on the list are skipped by position: they are tried again by the next run.
        let mut left: HashSet<String> = HashSet::new();
        let expected = self.store().count_due_parents(lease, stream.name).await?;
        self.store().expect_parents(lease, run, replaces, expected).await?;
        loop {
            let due = self.store().due_parents(lease, stream.name, CHILDREN_AT_ONCE + left.len()).await?;
            let due: Vec<String> =
                due.into_iter().filter(|parent| !left.contains(parent)).take(CHILDREN_AT_ONCE).collect();
            if due.is_empty() {
                break;
            }
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
                        parents.push((answer.parent, id));
                    }
                    // The parent's own stream finds out that it is gone.
                    ChildrenOf::Gone => parents.push((answer.parent, id)),
                    ChildrenOf::Unreadable(message) => {
                        let problem =
                            Problem { of: replaces, id: None, remote_id: Some(answer.parent.clone()), message };
                        problems.add(vec![problem]);
                        left.insert(answer.parent);
                    }
                }
            }
            let answered: HashSet<&str> = parents.iter().map(|(parent, _)| parent.as_str()).collect();
            let silent = due.iter().filter(|parent| !answered.contains(parent.as_str())).cloned();
            left.extend(silent.collect::<Vec<_>>());
            if !parents.is_empty() {
                let commit = ChildrenCommit {
                    stream: name_of(running, stream.name),
                    replaces,
                    parents: &parents,
                    snapshots: &snapshots,
                    run: Some(run),
                    now: self.clock().now(),
                };
                self.store().commit_children(lease, commit).await?;
            }
        }
        self.delete_derived(running, stream).await?;
        Ok(Ok(problems.ended()))
    }

    async fn children(
        &self,
        running: &Running<'_>,
        stream: &str,
        parents: &[String],
    ) -> Result<Vec<connectors::Children>, connectors::Error> {
        let mut attempt = 1;
        loop {
            match running.work.connector.children(&running.work.account, stream, parents).await {
                Ok(answers) => return Ok(answers),
                Err(error) => self.wait_or_fail(error, &mut attempt).await?,
            }
        }
    }
}

/// The manifest's own text of a stream's name.
fn name_of(running: &Running<'_>, name: &str) -> &'static str {
    running.manifest().streams.iter().find(|stream| stream.name == name).map_or("", |stream| stream.name)
}
