//! Single records, read at their vendor and committed by the same path as a sync's pages.

use uuid::Uuid;

use super::{Engine, Error, NotOpened};
use crate::connectors;
use crate::domain::{IdSpace, IntegrationId, RecordType, Snapshot, SyncScope};
use crate::store::{DeletionCommit, Lease, NARROWED, PageCommit};

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

    /// Reads these records (type and remote id) at the vendor and commits what came back. The vendor's failures
    /// inside, ours outside.
    pub async fn refresh(
        &self,
        integration: Uuid,
        wanted: &[(RecordType, String)],
    ) -> Result<Result<(), connectors::Error>, Error> {
        if wanted.is_empty() {
            return Ok(Ok(()));
        }
        let work = match self.open(integration).await {
            Ok(work) => work,
            Err(NotOpened::Gone) => return Ok(Ok(())),
            Err(NotOpened::Vendor(error)) => return Ok(Err(error)),
            Err(NotOpened::Ours(error)) => return Err(error),
        };
        let fetched = match work.connector.fetch(&work.account, wanted).await {
            Ok(fetched) => fetched,
            Err(error) => return Ok(Err(error)),
        };
        let manifest = work.connector.manifest();
        let records = self.narrowed(integration, work.settings.scope, fetched.records).await?;
        let children = RecordType::ALL.iter();
        let children = children.flat_map(|of| manifest.children_of(*of).map(move |(child, _)| (*of, child)));
        let children: Vec<_> = children.collect();
        let lease = Lease::beside(integration);
        let commit = PageCommit {
            snapshots: &records,
            volatile: manifest.volatile,
            children: &children,
            run: None,
            now: self.clock().now(),
        };
        self.store().commit_page(&lease, commit).await?;
        let ids = IdSpace::new(IntegrationId(integration));
        for (of, remote_id) in &fetched.gone {
            let streams: Vec<_> = manifest.children_of(*of).map(|(child, _)| child).collect();
            let deletion = DeletionCommit {
                of: *of,
                ids: &[ids.uuid(*of, remote_id)],
                children: &streams,
                run: None,
                now: self.clock().now(),
            };
            self.store().commit_deletion(&lease, deletion).await?;
        }
        Ok(Ok(()))
    }
}
