//! How many records of a type may vanish at once. A vendor that loses a permission, or answers for the half of its
//! records, can confirm it for each that it does not show: so what goes in a mass goes only when two complete reads say
//! the same, or the operator does.

use std::collections::{HashMap, HashSet};
use std::fmt;

use uuid::Uuid;

use super::run::Running;
use super::{Engine, Error};
use crate::connectors::manifest::Stream;
use crate::domain::{RecordType, Snapshot, SyncKind};
use crate::store::ChildrenCommit;

/// So many may always go: a share says nothing of an account with a dozen records.
const ALWAYS: usize = 20;

/// One of so many may have come back since records were held back; more, and the vendor contradicts itself.
const ONE_RETURNED_IN: usize = 10;

/// What makes a complete read doubtful.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    of: RecordType,
    what: What,
    count: usize,
    living: u64,
    share: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// So many are gone that none was marked.
    Gone,
    /// So many were in no list, and are not gone.
    Unlisted,
}

/// For the operator and the end customer.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, what, count, living, share } = self;
        match what {
            What::Gone => write!(
                f,
                "{count} of {living} {of} records are gone at the vendor at once, more than the share of {share} that \
                 may be deleted, so none of them was: the next FULL sync that finds the same deletes them, or one with \
                 confirmDeletions now"
            ),
            What::Unlisted => write!(
                f,
                "the vendor's lists lack {count} of {living} {of} records that it has when it is asked for each; they \
                 stay as they were"
            ),
        }
    }
}

/// What of the records that are gone is marked as deleted, and what is not.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    pub go: Vec<Uuid>,
    held: Vec<Uuid>,
    living: u64,
    /// Whether something was held back before.
    was_held: bool,
}

/// What a parent had and has no longer.
pub(super) struct Lost {
    pub parent: String,
    pub children: Vec<Uuid>,
}

/// Whether so many of the living are more than may vanish at once.
fn is_mass(count: usize, living: u64, share: f64) -> bool {
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    count > ALWAYS && number(u64::try_from(count).unwrap_or(u64::MAX)) > share * number(living)
}

/// Divides what is gone into what goes and what is held back. `before`: what was held back when it was read last.
fn divide(gone: Vec<Uuid>, living: u64, share: f64, before: Option<&HashSet<Uuid>>) -> (Vec<Uuid>, Vec<Uuid>) {
    let may_go = |count| !is_mass(count, living, share);
    if may_go(gone.len()) {
        return (gone, Vec::new());
    }
    let Some(before) = before else { return (Vec::new(), gone) };
    let (again, fresh): (Vec<Uuid>, Vec<Uuid>) = gone.iter().partition(|id| before.contains(*id));
    let returned = before.len() - again.len();
    if returned * ONE_RETURNED_IN > before.len() {
        return (Vec::new(), gone);
    }
    // What vanished since counts by itself: it is confirmed by nothing that vanished before.
    if may_go(fresh.len()) { (gone, Vec::new()) } else { (again, fresh) }
}

impl Engine {
    /// What of these records may be marked as deleted, which all are gone.
    pub(super) async fn sift(&self, running: &Running<'_>, of: RecordType, gone: Vec<Uuid>) -> Result<Sifted, Error> {
        let before = self.store().vanished(running.lease, of).await?;
        let was_held = before.is_some();
        if running.run.confirm_deletions || gone.len() <= ALWAYS {
            return Ok(Sifted { go: gone, was_held, ..Sifted::default() });
        }
        // A run that was broken off does not confirm itself, and one that reads less confirms nothing.
        let is_full = running.run.kind == SyncKind::Full;
        let before = before.filter(|before| is_full && before.run != running.run.id).map(|before| before.ids);
        let living = self.store().count_living(running.lease, of).await?;
        let (go, held) = divide(gone, living, running.work.settings.max_deleted_share, before.as_ref());
        Ok(Sifted { go, held, living, was_held })
    }

    /// Keeps what is held back for the run that decides, once the rest is marked.
    pub(super) async fn keep_held(
        &self,
        running: &Running<'_>,
        of: RecordType,
        sifted: Sifted,
    ) -> Result<Option<Doubt>, Error> {
        let Sifted { held, living, was_held, .. } = sifted;
        if held.is_empty() {
            if was_held {
                self.store().forget_vanished(running.lease, of).await?;
            }
            return Ok(None);
        }
        self.store().hold_deletions(running.lease, running.run.id, of, &held).await?;
        let share = running.work.settings.max_deleted_share;
        Ok(Some(Doubt { of, what: What::Gone, count: held.len(), living, share }))
    }

    /// Says when a complete read did not show many records that the vendor has all the same. Those that were created through
    /// us do not count: a vendor may list candidates by their applications alone.
    pub(super) async fn unlisted(
        &self,
        running: &Running<'_>,
        of: RecordType,
        missed: &[Uuid],
    ) -> Result<Option<Doubt>, Error> {
        if missed.len() <= ALWAYS {
            return Ok(None);
        }
        let created = self.store().created_among(running.lease.integration, missed).await?;
        let (count, living) = (missed.len() - created.len(), self.store().count_living(running.lease, of).await?);
        let share = running.work.settings.max_deleted_share;
        let doubt = Doubt { of, what: What::Unlisted, count, living, share };
        Ok(is_mass(count, living, share).then_some(doubt))
    }

    /// What each of these parents (id and remote id) had and has no longer, now that it has `children`.
    pub(super) async fn lost(
        &self,
        running: &Running<'_>,
        of: RecordType,
        parents: Vec<(Uuid, String)>,
        children: &[Snapshot],
    ) -> Result<Vec<Lost>, Error> {
        let kept: HashSet<Uuid> = children.iter().map(|child| child.id).collect();
        let ids: Vec<Uuid> = parents.iter().map(|(id, _)| *id).collect();
        let mut less: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (child, parent) in self.store().belonging(running.lease, of, &ids).await? {
            if !kept.contains(&child) {
                less.entry(parent).or_default().push(child);
            }
        }
        let less =
            parents.into_iter().map(|(id, parent)| Lost { parent, children: less.remove(&id).unwrap_or_default() });
        Ok(less.collect())
    }

    /// Marks what parents lost. Those that lost something that is held back are read again by the next run.
    pub(super) async fn delete_lost(
        &self,
        running: &Running<'_>,
        stream: &Stream,
        of: RecordType,
        lost: Vec<Lost>,
    ) -> Result<Option<Doubt>, Error> {
        let gone: Vec<Uuid> = lost.iter().flat_map(|one| one.children.iter().copied()).collect();
        let gone = self.store().untouched(running.lease, of, &gone).await?;
        let sifted = self.sift(running, of, gone).await?;
        let held: HashSet<Uuid> = sifted.held.iter().copied().collect();
        let done = lost.into_iter().filter(|one| !one.children.iter().any(|child| held.contains(child)));
        let parents: Vec<String> = done.map(|one| one.parent).collect();
        if !parents.is_empty() {
            let commit = ChildrenCommit {
                stream: stream.name,
                replaces: of,
                parents: &parents,
                snapshots: &[],
                gone: &sifted.go,
                volatile: running.manifest().volatile,
                run: Some(running.run.id),
                now: self.clock().now(),
            };
            self.store().commit_children(running.lease, commit).await?;
        }
        self.keep_held(running, of, sifted).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<u128>) -> Vec<Uuid> {
        range.map(Uuid::from_u128).collect()
    }

    #[test]
    fn a_mass_goes_when_it_is_found_gone_twice() {
        let set = |range| ids(range).into_iter().collect::<HashSet<Uuid>>();
        // What is gone, of how many, what was held back before: how many go.
        let cases = [
            (0..20, 20, None, 20),
            (0..21, 60, None, 0),
            (0..30, 100, None, 30),
            (0..31, 100, None, 0),
            // The same again, or nearly.
            (0..50, 100, Some(set(0..50)), 50),
            (3..55, 100, Some(set(0..50)), 52),
            // Another mass, and one that grew: what is new of it waits.
            (50..90, 100, Some(set(0..50)), 0),
            (0..95, 100, Some(set(0..50)), 50),
            // Many came back.
            (6..50, 100, Some(set(0..50)), 0),
            // Nothing of what was held back is there any more.
            (0..50, 100, Some(HashSet::new()), 0),
        ];
        for (gone, living, before, expected) in cases {
            let (go, held) = divide(ids(gone.clone()), living, 0.3, before.as_ref());
            assert_eq!((go.len(), held.len()), (expected, gone.count() - expected));
        }
        assert_eq!(divide(ids(0..100), 100, 1.0, None).0.len(), 100, "a share of 1 holds nothing back");
    }
}
