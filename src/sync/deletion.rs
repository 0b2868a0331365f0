//! What a complete read did not show. Nothing is marked as deleted before the vendor confirms that it is gone,
//! where it can be asked: pages have no snapshot, so a read can miss a record.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use super::run::Running;
use super::vanishing::Doubt;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::connectors::{self, CHILDREN_AT_ONCE, ErrorKind};
use crate::domain::RecordType;
use crate::store::{DeletionCommit, Unseen};

impl Engine {
    /// Marks what is gone: of the stream's first type what the vendor confirms, of the others what belongs to
    /// records that were read or are gone. Of too many at once nothing is marked; answers what is
    /// doubtful.
    pub(super) async fn delete_unseen(
        &self,
        running: &Running<'_>,
        stream: &Stream,
        models: &[RecordType],
        seen: &HashSet<Uuid>,
    ) -> Result<Result<Vec<Doubt>, connectors::Error>, Error> {
        let [first, rest @ ..] = models else { return Ok(Ok(Vec::new())) };
        let unseen = self.store().unseen(running.lease, *first, seen).await?;
        let confirmed = match self.confirm(running, *first, &unseen).await {
            Ok(confirmed) => confirmed,
            Err(error) => return Ok(Err(error)),
        };
        let confirmed = match self.confirm_by_candidate(running, *first, &unseen, confirmed).await? {
            Ok(confirmed) => confirmed,
            Err(error) => return Ok(Err(error)),
        };
        let is_missed = |id: &Uuid| !confirmed.contains(id) && !running.run.progress.problems.ids.contains(id);
        let missed: Vec<Uuid> = unseen.iter().map(|record| record.id).filter(is_missed).collect();
        let mut doubts: Vec<Doubt> = self.unlisted(running, *first, &missed).await?.into_iter().collect();
        let gone = self.sift(running, *first, confirmed.into_iter().collect()).await?;
        let confirmed: HashSet<Uuid> = gone.go.iter().copied().collect();
        // What is missing without being gone, or could not be read, keeps what belongs to it.
        let absent: HashSet<Uuid> = unseen
            .iter()
            .map(|record| record.id)
            .filter(|id| !confirmed.contains(id))
            .chain(running.run.progress.problems.ids.iter().copied())
            .collect();
        for of in rest {
            let unseen = self.store().unseen(running.lease, *of, seen).await?;
            let replaced = match self.is_replaced(running, *of).await {
                Ok(replaced) => replaced,
                Err(error) => return Ok(Err(error)),
            };
            let of_kept = |record: &Unseen| match record.parent {
                Some(parent) => absent.contains(&parent) || !(replaced || confirmed.contains(&parent)),
                None => !replaced,
            };
            let sure = running.run.progress.problems.unidentified == 0;
            let going = unseen.iter().filter(|record| sure && !of_kept(record));
            // What goes with its record is no mass of its own.
            let goes_along = |record: &&Unseen| record.parent.is_some_and(|parent| confirmed.contains(&parent));
            let (along, alone): (Vec<&Unseen>, Vec<&Unseen>) = going.partition(goes_along);
            let gone = self.sift(running, *of, alone.iter().map(|record| record.id).collect()).await?;
            let marked: Vec<Uuid> = along.iter().map(|record| record.id).chain(gone.go.iter().copied()).collect();
            self.mark_gone(running, *of, &marked).await?;
            doubts.extend(self.keep_held(running, *of, gone).await?);
        }
        for (_, replaces) in running.manifest().children_of(*first) {
            let children = self.store().belonging(running.lease, replaces, &gone.go).await?;
            let children: Vec<Uuid> = children.into_iter().map(|(child, _)| child).collect();
            self.mark_gone(running, replaces, &children).await?;
        }
        self.mark_gone(running, *first, &gone.go).await?;
        if !gone.go.is_empty() {
            let count = gone.go.len();
            tracing::info!(run = %running.run.id, stream = stream.name, count, "records are gone at the vendor");
        }
        doubts.extend(self.keep_held(running, *first, gone).await?);
        Ok(Ok(doubts))
    }

    /// Whether records that come with another one replace those that came with it before.
    async fn is_replaced(&self, running: &Running<'_>, of: RecordType) -> Result<bool, connectors::Error> {
        match running.work.connector.confirm_gone(&running.work.account, of, &[]).await {
            Ok(_) => Ok(false),
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Those of `unseen` that are gone for sure.
    async fn confirm(
        &self,
        running: &Running<'_>,
        of: RecordType,
        unseen: &[Unseen],
    ) -> Result<HashSet<Uuid>, connectors::Error> {
        let mut confirmed = HashSet::new();
        for some in unseen.chunks(CHILDREN_AT_ONCE) {
            let remote_ids: Vec<String> = some.iter().filter_map(|record| record.remote_id.clone()).collect();
            let answer = running.work.connector.confirm_gone(&running.work.account, of, &remote_ids).await;
            self.beat(running.pulse);
            match answer {
                Ok(gone) => {
                    let gone: HashSet<String> = gone.into_iter().collect();
                    let matching =
                        some.iter().filter(|record| record.remote_id.as_ref().is_some_and(|id| gone.contains(id)));
                    confirmed.extend(matching.map(|record| record.id));
                }
                // A vendor that cannot be asked: the complete read has to do, if all of it was understood.
                Err(error) if error.kind == ErrorKind::Unsupported => {
                    if running.run.progress.problems.unidentified == 0 {
                        confirmed.extend(some.iter().map(|record| record.id));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(confirmed)
    }

    /// Of applications that the vendor confirmed to be gone, those that their candidates do not name either.
    async fn confirm_by_candidate(
        &self,
        running: &Running<'_>,
        of: RecordType,
        unseen: &[Unseen],
        confirmed: HashSet<Uuid>,
    ) -> Result<Result<HashSet<Uuid>, connectors::Error>, Error> {
        if of != RecordType::Application || confirmed.is_empty() {
            return Ok(Ok(confirmed));
        }
        let gone: Vec<&Unseen> = unseen.iter().filter(|record| confirmed.contains(&record.id)).collect();
        let ids: Vec<Uuid> = gone.iter().map(|record| record.id).collect();
        let mut candidates = self.store().candidates_of(running.lease, &ids).await?;
        let mut claims: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in &gone {
            if let (Some(candidate), Some(remote_id)) = (candidates.remove(&record.id), &record.remote_id) {
                claims.entry(candidate).or_default().push(remote_id.clone());
            }
        }
        let mut kept = HashSet::new();
        for (candidate, applications) in claims {
            let answer =
                running.work.connector.named_by_candidate(&running.work.account, &candidate, &applications).await;
            self.beat(running.pulse);
            match answer {
                Ok(named) => kept.extend(named),
                Err(error) => return Ok(Err(error)),
            }
        }
        let is_kept = |record: &&&Unseen| record.remote_id.as_ref().is_some_and(|id| kept.contains(id));
        Ok(Ok(gone.iter().filter(|record| !is_kept(record)).map(|record| record.id).collect()))
    }

    /// Marks what only existed as long as a child pointed to it.
    pub(super) async fn delete_derived(&self, running: &Running<'_>, stream: &Stream) -> Result<(), Error> {
        let Reads::Children { derives, .. } = &stream.reads else { return Ok(()) };
        if *derives == RecordType::Tag {
            let unused = self.store().unused_tags(running.lease).await?;
            self.mark_gone(running, RecordType::Tag, &unused).await?;
        }
        Ok(())
    }

    async fn mark_gone(&self, running: &Running<'_>, of: RecordType, ids: &[Uuid]) -> Result<(), Error> {
        let children: Vec<&str> = running.manifest().children_of(of).map(|(stream, _)| stream).collect();
        let deletion =
            DeletionCommit { of, ids, children: &children, run: Some(running.run.id), now: self.clock().now() };
        self.store().commit_deletion(running.lease, deletion).await?;
        Ok(())
    }
}
