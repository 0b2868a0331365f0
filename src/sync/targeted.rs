//! Single records, read at their vendor and committed by the same path as a sync's pages.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use super::accounts::Work;
use super::{Engine, Error, NotOpened};
use crate::connectors::action::Fetched;
use crate::connectors::{self};
use crate::domain::{IdSpace, IntegrationId, RecordType, Snapshot, SyncScope};
use crate::store::{Cause, Lease, NARROWED, Stored, TargetedCommit};

/// A record type and the vendor's id.
pub(super) type Target = (RecordType, String);

/// The vendor's failures inside, ours outside.
pub(super) type Asked<T> = Result<Result<T, connectors::Error>, Error>;

/// Records that are read and committed together.
const AT_ONCE: usize = 50;

impl Engine {
    /// What of these records the integration mirrors: with CREATED_ONLY only the candidates and applications that were
    /// created through us.
    pub(super) async fn narrowed(
        &self,
        integration: Uuid,
        scope: SyncScope,
        records: Vec<Snapshot>,
    ) -> Result<Vec<Snapshot>, Error> {
        match scope {
            SyncScope::All | SyncScope::SinceCutoff => Ok(records),
            SyncScope::CreatedOnly => {
                let narrow = |record: &Snapshot| NARROWED.contains(&record.record.record_type());
                let ids: Vec<Uuid> = records.iter().filter(|record| narrow(record)).map(|record| record.id).collect();
                let created = self.store().created_among(integration, &ids).await?;
                Ok(records.into_iter().filter(|record| !narrow(record) || created.contains(&record.id)).collect())
            }
        }
    }

    /// The same before they are read.
    async fn narrowed_targets(
        &self,
        integration: Uuid,
        scope: SyncScope,
        wanted: &BTreeSet<Target>,
    ) -> Result<Vec<Target>, Error> {
        if scope != SyncScope::CreatedOnly {
            return Ok(wanted.iter().cloned().collect());
        }
        let ids = IdSpace::new(IntegrationId(integration));
        let narrow = |target: &&Target| NARROWED.contains(&target.0);
        let narrowed: Vec<Uuid> = wanted.iter().filter(narrow).map(|(of, id)| ids.uuid(*of, id)).collect();
        let created = self.store().created_among(integration, &narrowed).await?;
        let is_ours = |target: &&Target| !narrow(target) || created.contains(&ids.uuid(target.0, &target.1));
        Ok(wanted.iter().filter(is_ours).cloned().collect())
    }

    /// Reads these records (type and remote id) at the vendor and commits what came back. The vendor's failures
    /// inside, ours outside.
    pub async fn refresh(&self, integration: Uuid, wanted: &[Target], cause: Option<Cause>) -> Asked<()> {
        if wanted.is_empty() {
            return Ok(Ok(()));
        }
        let work = match self.open(integration, cause).await {
            Ok(work) => work,
            Err(NotOpened::Gone) => return Ok(Ok(())),
            Err(NotOpened::Vendor(error)) => return Ok(Err(error)),
            Err(NotOpened::Ours(error)) => return Err(error),
        };
        let wanted = wanted.iter().cloned().collect();
        Ok(self.look_at(integration, &work, &wanted, &mut Stored::new()).await?.map(drop))
    }

    /// The same with an open account. Adds up what was stored, and answers with those that the vendor neither showed
    /// nor denied.
    pub(super) async fn look_at(
        &self,
        integration: Uuid,
        work: &Work,
        wanted: &BTreeSet<Target>,
        stored: &mut Stored,
    ) -> Asked<Vec<Target>> {
        let stored_types = |target: &Target| work.settings.rules.stores(target.0);
        let mut wanted = self.narrowed_targets(integration, work.settings.scope, wanted).await?;
        wanted.retain(stored_types);
        let mut missing = Vec::new();
        for some in wanted.chunks(AT_ONCE) {
            let fetched = match work.connector.fetch(&work.account, some).await {
                Ok(fetched) => fetched,
                Err(error) => return Ok(Err(error)),
            };
            let answered: HashSet<(RecordType, &str)> = fetched
                .records
                .iter()
                .filter_map(|one| Some((one.record.record_type(), one.record.remote_id()?)))
                .chain(fetched.gone.iter().map(|(of, id)| (*of, id.as_str())))
                .collect();
            missing.extend(some.iter().filter(|(of, id)| !answered.contains(&(*of, id.as_str()))).cloned());
            if let Err(error) = self.commit_fetched(integration, work, fetched, stored).await? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(missing))
    }

    async fn commit_fetched(&self, integration: Uuid, work: &Work, fetched: Fetched, stored: &mut Stored) -> Asked<()> {
        let gone = match self.not_named(integration, work, fetched.gone).await? {
            Ok(gone) => gone,
            Err(error) => return Ok(Err(error)),
        };
        let ids = IdSpace::new(IntegrationId(integration));
        let records = self.narrowed(integration, work.settings.scope, fetched.records).await?;
        let complete: Vec<(RecordType, Uuid)> =
            fetched.complete.iter().filter_map(|(of, parent)| Some((*of, ids.uuid(parent_of(*of)?, parent)))).collect();
        let gone: Vec<(RecordType, Uuid)> = gone.iter().map(|(of, id)| (*of, ids.uuid(*of, id))).collect();
        let commit =
            TargetedCommit { snapshots: &records, complete: &complete, gone: &gone, ..TargetedCommit::default() };
        self.commit_targeted(integration, work, commit, stored).await?;
        Ok(Ok(()))
    }

    /// Writes, by the vendor's own rules, and adds up what was stored.
    pub(super) async fn commit_targeted(
        &self,
        integration: Uuid,
        work: &Work,
        commit: TargetedCommit<'_>,
        stored: &mut Stored,
    ) -> Result<(), Error> {
        let manifest = work.connector.manifest();
        let children = RecordType::ALL.iter();
        let children = children.flat_map(|of| manifest.children_of(*of).map(move |(child, _)| (*of, child)));
        let children: Vec<_> = children.collect();
        let commit =
            TargetedCommit { volatile: manifest.volatile, children: &children, now: self.clock().now(), ..commit };
        for (of, counts) in self.store().commit_targeted(integration, commit).await? {
            stored.entry(of).or_default().add(counts);
        }
        Ok(())
    }

    /// Without the applications that their candidate's own record still names: a list of members can miss one.
    async fn not_named(&self, integration: Uuid, work: &Work, gone: Vec<Target>) -> Asked<Vec<Target>> {
        let ids = IdSpace::new(IntegrationId(integration));
        let applications: Vec<Uuid> = gone
            .iter()
            .filter(|(of, _)| *of == RecordType::Application)
            .map(|(_, id)| ids.application(id).uuid())
            .collect();
        if applications.is_empty() {
            return Ok(Ok(gone));
        }
        let candidates = self.store().candidates_of(&Lease::beside(integration), &applications).await?;
        let mut claims: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for (_, application) in gone.iter().filter(|(of, _)| *of == RecordType::Application) {
            if let Some(candidate) = candidates.get(&ids.application(application).uuid()) {
                claims.entry(candidate).or_default().push(application.clone());
            }
        }
        let mut named = HashSet::new();
        for (candidate, applications) in claims {
            match work.connector.named_by_candidate(&work.account, candidate, &applications).await {
                Ok(some) => named.extend(some),
                Err(error) => return Ok(Err(error)),
            }
        }
        let is_named = |(of, id): &Target| *of == RecordType::Application && named.contains(id);
        Ok(Ok(gone.into_iter().filter(|target| !is_named(target)).collect()))
    }
}

/// What a join record comes with.
fn parent_of(of: RecordType) -> Option<RecordType> {
    match of {
        RecordType::JobStage | RecordType::HiringTeamMember => Some(RecordType::Job),
        RecordType::CandidateTag => Some(RecordType::Candidate),
        RecordType::User
        | RecordType::ApplicationStage
        | RecordType::Job
        | RecordType::Candidate
        | RecordType::Tag
        | RecordType::Application => None,
    }
}
