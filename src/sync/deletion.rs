//! What a complete read did not show. Nothing is marked as deleted before the vendor confirms that it is gone,
//! where it can be asked: pages have no snapshot, so a read can miss a record.

use std::collections::HashSet;

use uuid::Uuid;

use super::run::Running;
use super::stream::Shown;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::connectors::{self, CHILDREN_AT_ONCE, ErrorKind};
use crate::domain::RecordType;
use crate::store::{DeletionCommit, Unseen};

impl Engine {
    /// Marks what is gone: of the stream's first type what the vendor confirms, of the others what belongs to
    /// records that were read or are gone.
    pub(super) async fn delete_unseen(
        &self,
        running: &Running<'_>,
        stream: &Stream,
        models: &[RecordType],
        shown: &Shown,
    ) -> Result<Result<(), connectors::Error>, Error> {
        let [first, rest @ ..] = models else { return Ok(Ok(())) };
        let unseen = self.store().unseen(running.lease, *first, &shown.seen).await?;
        let confirmed = match self.confirm(running, *first, &unseen, shown).await {
            Ok(confirmed) => confirmed,
            Err(error) => return Ok(Err(error)),
        };
        // What is missing without being gone, or could not be read, keeps what belongs to it.
        let kept: HashSet<Uuid> = unseen
            .iter()
            .map(|record| record.id)
            .filter(|id| !confirmed.contains(id))
            .chain(shown.problems.ids.iter().copied())
            .collect();
        for of in rest {
            let unseen = self.store().unseen(running.lease, *of, &shown.seen).await?;
            let of_kept = |record: &Unseen| record.parent.is_some_and(|parent| kept.contains(&parent));
            let sure = !shown.problems.unidentified;
            let gone: Vec<Uuid> =
                unseen.iter().filter(|record| sure && !of_kept(record)).map(|record| record.id).collect();
            self.mark_gone(running, *of, &gone).await?;
        }
        let gone: Vec<Uuid> = confirmed.into_iter().collect();
        for child in running.manifest().streams {
            if let Reads::Children { parent, replaces, .. } = &child.reads
                && parent == first
            {
                let children = self.store().belonging(running.lease, *replaces, &gone).await?;
                self.mark_gone(running, *replaces, &children).await?;
            }
        }
        self.mark_gone(running, *first, &gone).await?;
        if !gone.is_empty() {
            let count = gone.len();
            tracing::info!(run = %running.run.id, stream = stream.name, count, "records are gone at the vendor");
        }
        Ok(Ok(()))
    }

    /// Those of `unseen` that are gone for sure.
    async fn confirm(
        &self,
        running: &Running<'_>,
        of: RecordType,
        unseen: &[Unseen],
        shown: &Shown,
    ) -> Result<HashSet<Uuid>, connectors::Error> {
        let asked: Vec<&Unseen> = unseen.iter().filter(|record| !shown.problems.ids.contains(&record.id)).collect();
        let mut confirmed = HashSet::new();
        for some in asked.chunks(CHILDREN_AT_ONCE) {
            let remote_ids: Vec<String> = some.iter().filter_map(|record| record.remote_id.clone()).collect();
            match running.work.connector.confirm_gone(&running.work.account, of, &remote_ids).await {
                Ok(gone) => {
                    let gone: HashSet<String> = gone.into_iter().collect();
                    let matching =
                        some.iter().filter(|record| record.remote_id.as_ref().is_some_and(|id| gone.contains(id)));
                    confirmed.extend(matching.map(|record| record.id));
                }
                // A vendor that cannot be asked: the complete read has to do, if all of it was understood.
                Err(error) if error.kind == ErrorKind::Unsupported => {
                    if !shown.problems.unidentified {
                        confirmed.extend(some.iter().map(|record| record.id));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(confirmed)
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
        let deletion = DeletionCommit { of, ids, run: Some(running.run.id), now: self.clock().now() };
        self.store().commit_deletion(running.lease, deletion).await?;
        Ok(())
    }
}
