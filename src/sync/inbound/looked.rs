//! What comes of hints: everything is asked for at the vendor, and nothing counts as gone before the vendor says so.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::connectors::webhook::Hints;
use crate::domain::{IdSpace, IntegrationId, RecordType};
use crate::store::{ApplicationsOf, Stored, TargetedCommit};
use crate::sync::accounts::Work;
use crate::sync::targeted::{Asked, Target};
use crate::sync::{Engine, Error};

/// Takes the vendor's answer, or hands its failure on.
macro_rules! asked {
    ($answer:expr) => {
        match $answer {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        }
    };
}

impl Engine {
    /// Follows hints. Adds up what was stored, and answers with what the vendor neither showed nor denied.
    pub(super) async fn follow(
        &self,
        integration: Uuid,
        work: &Work,
        hints: &Hints,
        stored: &mut Stored,
    ) -> Asked<Vec<Target>> {
        let mut wanted = hints.look_at.clone();
        let moved = self.moved(integration, work, hints).await?;
        let kept = asked!(self.leave(integration, work, hints, stored).await?);
        wanted.extend(kept);
        asked!(self.leave_jobs(integration, work, hints, stored).await?);
        for candidate in &hints.applications_of {
            let known = self.known(integration, RecordType::Candidate, candidate).await?;
            let changed = asked!(work.connector.changed_applications(&work.account, candidate, &known).await);
            wanted.extend(changed.into_iter().map(|id| (RecordType::Application, id)));
        }
        wanted.extend(moved);
        self.look_at(integration, work, &wanted, stored).await
    }

    /// Where the applications of merged candidates went.
    async fn moved(&self, integration: Uuid, work: &Work, hints: &Hints) -> Result<BTreeSet<Target>, Error> {
        let mut moved = BTreeSet::new();
        for merge in &hints.merges {
            for candidate in &merge.merged {
                for application in self.known(integration, RecordType::Candidate, candidate).await? {
                    let to = work.connector.moved_application(&application, &merge.survivor);
                    moved.extend(to.map(|id| (RecordType::Application, id)));
                }
            }
        }
        Ok(moved)
    }

    /// Marks candidates that the vendor has no longer, with their applications, and forgets who they were where that
    /// is asked for. Answers with those that it still has.
    async fn leave(&self, integration: Uuid, work: &Work, hints: &Hints, stored: &mut Stored) -> Asked<Vec<Target>> {
        if hints.gone.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let told: Vec<String> = hints.gone.iter().cloned().collect();
        let answer = work.connector.confirm_gone(&work.account, RecordType::Candidate, &told).await;
        let gone: BTreeSet<String> = asked!(answer).into_iter().collect();
        let mut applications = BTreeSet::new();
        for candidate in &gone {
            applications.extend(self.known(integration, RecordType::Candidate, candidate).await?);
        }
        let left = asked!(self.confirm_applications(work, &applications).await);
        let ids = IdSpace::new(IntegrationId(integration));
        let erased: Vec<Uuid> =
            gone.intersection(&hints.erased).map(|candidate| ids.candidate(candidate).uuid()).collect();
        let marked: Vec<(RecordType, Uuid)> = left
            .iter()
            .map(|id| (RecordType::Application, ids.application(id).uuid()))
            .chain(gone.iter().map(|id| (RecordType::Candidate, ids.candidate(id).uuid())))
            .collect();
        let commit = TargetedCommit { gone: &marked, erased: &erased, ..TargetedCommit::default() };
        self.commit_targeted(integration, work, commit, stored).await?;
        let still = hints.gone.difference(&gone);
        Ok(Ok(still.map(|candidate| (RecordType::Candidate, candidate.clone())).collect()))
    }

    /// Marks applications that the vendor has no longer. One that it still has stays.
    async fn leave_jobs(&self, integration: Uuid, work: &Work, hints: &Hints, stored: &mut Stored) -> Asked<()> {
        let mut told = hints.gone_applications.clone();
        for (of, id) in &hints.gone_among {
            told.extend(self.known(integration, *of, id).await?);
        }
        let gone = asked!(self.confirm_applications(work, &told).await);
        let ids = IdSpace::new(IntegrationId(integration));
        let marked: Vec<(RecordType, Uuid)> =
            gone.iter().map(|id| (RecordType::Application, ids.application(id).uuid())).collect();
        if !marked.is_empty() {
            let commit = TargetedCommit { gone: &marked, ..TargetedCommit::default() };
            self.commit_targeted(integration, work, commit, stored).await?;
        }
        Ok(Ok(()))
    }

    async fn confirm_applications(
        &self,
        work: &Work,
        applications: &BTreeSet<String>,
    ) -> Result<Vec<String>, crate::connectors::Error> {
        if applications.is_empty() {
            return Ok(Vec::new());
        }
        let told: Vec<String> = applications.iter().cloned().collect();
        work.connector.confirm_gone(&work.account, RecordType::Application, &told).await
    }

    /// The living applications of a candidate or a job, as the mirror has them.
    async fn known(&self, integration: Uuid, of: RecordType, remote_id: &str) -> Result<Vec<String>, Error> {
        let id = IdSpace::new(IntegrationId(integration)).uuid(of, remote_id);
        let of = match of {
            RecordType::Job => ApplicationsOf::Job(id),
            _ => ApplicationsOf::Candidate(id),
        };
        Ok(self.store().applications_of(integration, of).await?)
    }
}
