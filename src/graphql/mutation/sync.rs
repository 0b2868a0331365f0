//! Asking for syncs, and calling them off.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{UserError, errors, integration_id};
use crate::domain::{ErrorCode, NodeId, NodeType, Refusal};
use crate::graphql::reads::scoped;
use crate::graphql::sync_run::SyncRun;
use crate::graphql::vocabulary::{RecordType, SyncKind};
use crate::sync::{Engine, SyncRequest};

#[derive(Default)]
pub struct Syncs;

#[derive(InputObject)]
pub struct SyncIntegrationInput {
    integration_id: ID,
    #[graphql(default_with = "Some(SyncKind::Full)")]
    kind: Option<SyncKind>,
    /// Default: all that the vendor serves.
    models: Option<Vec<RecordType>>,
    /// Marks everything as deleted that the vendor confirms to have no longer, however many records that are. For FULL
    /// runs.
    #[graphql(default_with = "Some(false)")]
    confirm_deletions: Option<bool>,
}

#[derive(SimpleObject)]
pub struct SyncIntegrationPayload {
    sync_run: Option<SyncRun>,
    /// True when a run of that kind was waiting already, and is returned.
    already_queued: bool,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct CancelSyncPayload {
    sync_run: Option<SyncRun>,
    user_errors: Vec<UserError>,
}

#[Object]
impl Syncs {
    async fn sync_integration(&self, ctx: &Context<'_>, input: SyncIntegrationInput) -> Result<SyncIntegrationPayload> {
        let operator = scoped(ctx)?.operate()?;
        let request = SyncRequest {
            integration: integration_id(&input.integration_id),
            kind: input.kind.unwrap_or(SyncKind::Full).into(),
            models: input.models.map(|models| models.into_iter().map(Into::into).collect()),
            confirm_deletions: input.confirm_deletions.unwrap_or(false),
        };
        Ok(match ctx.data::<Engine>()?.request_sync(&operator, request).await? {
            Ok(queued) => SyncIntegrationPayload {
                sync_run: scoped(ctx)?.accounts()?.run(queued.run).await?.map(|row| SyncRun::new(row.into())),
                already_queued: queued.already,
                user_errors: Vec::new(),
            },
            Err(refusal) => {
                SyncIntegrationPayload { sync_run: None, already_queued: false, user_errors: errors(vec![refusal]) }
            }
        })
    }

    /// What was read so far stays. A run that has ended already stays as it is, and is no error.
    async fn cancel_sync(&self, ctx: &Context<'_>, sync_run_id: ID) -> Result<CancelSyncPayload> {
        let operator = scoped(ctx)?.operate()?;
        let accounts = scoped(ctx)?.accounts()?;
        let run = match NodeId::parse_as(NodeType::SyncRun, &sync_run_id) {
            Some(id) => accounts.run(id).await?,
            None => None,
        };
        let Some(run) = run else {
            let refusal = Refusal::new(ErrorCode::NotFound, "there is no such sync run").at(&["syncRunId"]);
            return Ok(CancelSyncPayload { sync_run: None, user_errors: errors(vec![refusal]) });
        };
        ctx.data::<Engine>()?.cancel(&operator, run.integration_id, run.id).await?;
        let run = accounts.run(run.id).await?.map(|row| SyncRun::new(row.into()));
        Ok(CancelSyncPayload { sync_run: run, user_errors: Vec::new() })
    }
}
