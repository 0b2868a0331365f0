//! Runs of the sync engine.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::connection::int;
use super::integration::Integration;
use super::loaders::{AccountLoader, ById, RunModels};
use super::scalar::DateTime;
use super::vocabulary::{RecordType, SyncKind, SyncState};
use crate::domain::{self, NodeId, NodeType};
use crate::store::Error;
use crate::store::entity::{sync_run, sync_run_model};

#[derive(Clone)]
pub struct SyncRun {
    row: Arc<sync_run::Model>,
    /// None: read when they are asked for.
    models: Option<Arc<Vec<sync_run_model::Model>>>,
}

impl SyncRun {
    pub fn new(row: Arc<sync_run::Model>) -> Self {
        Self { row, models: None }
    }

    pub fn with_models(row: Arc<sync_run::Model>, models: Arc<Vec<sync_run_model::Model>>) -> Self {
        Self { row, models: Some(models) }
    }
}

#[derive(SimpleObject)]
pub struct SyncRunModel {
    model: RecordType,
    state: SyncState,
    fetched: i32,
    created: i32,
    updated: i32,
    unchanged: i32,
    deleted: i32,
    /// Known total while it runs, for a progress bar.
    expected: Option<i32>,
    error: Option<String>,
    /// Records that the vendor has no longer, and that the run did not mark as deleted, because too many vanished at
    /// once.
    held_deletions: i32,
}

#[Object]
impl SyncRun {
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::SyncRun, self.row.id).to_string().into()
    }

    pub async fn integration(&self, ctx: &Context<'_>) -> Result<Integration> {
        let found = ctx.data::<AccountLoader>()?.load_one(ById(self.row.integration_id)).await?;
        Ok(Integration::new(found.ok_or(Error::Corrupt("a sync run without its integration"))?))
    }

    async fn kind(&self) -> Result<SyncKind> {
        let kind = domain::SyncKind::parse(&self.row.kind).ok_or(Error::Corrupt("the kind of a sync run"))?;
        Ok(kind.into())
    }

    async fn state(&self) -> Result<SyncState> {
        let state = domain::SyncState::parse(&self.row.state).ok_or(Error::Corrupt("the state of a sync run"))?;
        Ok(state.into())
    }

    async fn queued_at(&self) -> DateTime {
        DateTime::from_millis(self.row.queued_at)
    }

    async fn started_at(&self) -> Option<DateTime> {
        self.row.started_at.map(DateTime::from_millis)
    }

    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(DateTime::from_millis)
    }

    /// In the order in which they are read; empty until the run has started.
    async fn models(&self, ctx: &Context<'_>) -> Result<Vec<SyncRunModel>> {
        let rows = match &self.models {
            Some(models) => models.as_ref().clone(),
            None => {
                let key = RunModels { integration: self.row.integration_id, run: self.row.id };
                ctx.data::<AccountLoader>()?.load_one(key).await?.unwrap_or_default()
            }
        };
        let int = |count: i64| int(u64::try_from(count).unwrap_or(0));
        let mut models = Vec::new();
        for row in rows {
            let of = domain::RecordType::parse(&row.model).ok_or(Error::Corrupt("the record type of a sync run"))?;
            let state = domain::SyncState::parse(&row.state).ok_or(Error::Corrupt("the state of a sync run"))?;
            let model = SyncRunModel {
                model: of.into(),
                state: state.into(),
                fetched: int(row.fetched),
                created: int(row.created),
                updated: int(row.updated),
                unchanged: int(row.unchanged),
                deleted: int(row.deleted),
                expected: row.expected.map(int),
                error: row.error,
                held_deletions: row.held_deletions.map_or(0, int),
            };
            models.push((of, model));
        }
        models.sort_by_key(|(of, _)| *of);
        Ok(models.into_iter().map(|(_, model)| model).collect())
    }
}
