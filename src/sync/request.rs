//! Asking for a run.

use uuid::Uuid;

use super::connect::no_such_integration;
use super::{Engine, Error};
use crate::domain::{ErrorCode, IntegrationState, RecordType, Refusal, SyncKind};
use crate::store::runs::NewRun;
use crate::store::{self, Operator, integration_state};

#[derive(Debug, Clone)]
pub struct SyncRequest {
    pub integration: Uuid,
    pub kind: SyncKind,
    /// None: all that the vendor serves.
    pub models: Option<Vec<RecordType>>,
    /// Whether everything goes that the run finds gone, however much that is.
    pub confirm_deletions: bool,
}

impl SyncRequest {
    /// For all that the vendor serves.
    pub fn all(integration: Uuid, kind: SyncKind) -> Self {
        Self { integration, kind, models: None, confirm_deletions: false }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Queued {
    pub run: Uuid,
    pub already: bool,
}

impl Engine {
    pub async fn request_sync(
        &self,
        operator: &Operator,
        request: SyncRequest,
    ) -> Result<Result<Queued, Refusal>, Error> {
        let integration = request.integration;
        let found = operator.integration(integration).await?;
        let Some(row) = found else { return Ok(Err(no_such_integration(&["input", "integrationId"]))) };
        match integration_state(&row) {
            IntegrationState::Paused => {
                let refusal = Refusal::new(ErrorCode::IntegrationPaused, "the integration is paused; resume it first");
                return Ok(Err(refusal.at(&["input", "integrationId"])));
            }
            IntegrationState::SettingUp | IntegrationState::Active | IntegrationState::Invalid => {}
        }
        if request.kind == SyncKind::Targeted {
            let message = "TARGETED runs are started by webhooks and write actions; ask for FULL or DELTA";
            return Ok(Err(Refusal::input(&["input", "kind"], message)));
        }
        if request.confirm_deletions && request.kind != SyncKind::Full {
            let message = "is for FULL runs, which find what is gone";
            return Ok(Err(Refusal::input(&["input", "confirmDeletions"], message)));
        }
        if let Some(models) = &request.models {
            let served = match self.registry().get(&row.connector) {
                Some(connector) => connector.manifest().record_types(),
                None => return Err(Error::UnknownConnector(row.connector.clone())),
            };
            if models.is_empty() {
                return Ok(Err(Refusal::input(
                    &["input", "models"],
                    "must name a record type, or be left out for all",
                )));
            }
            if let Some(missing) = models.iter().find(|model| !served.contains(model)) {
                let message = format!("the vendor does not serve {missing}");
                return Ok(Err(Refusal::new(ErrorCode::FieldNotSupported, message).at(&["input", "models"])));
            }
            let rules = row.data_rules.as_ref().map(|json| &json.0);
            if let Some(excluded) = models.iter().find(|model| rules.is_some_and(|rules| !rules.stores(**model))) {
                let message = format!("the integration's settings exclude {excluded}");
                return Ok(Err(Refusal::input(&["input", "models"], message)));
            }
        }
        match self.queue_run(request).await {
            Ok(queued) => Ok(Ok(queued)),
            Err(Error::Store(store::Error::LeaseLost)) => Ok(Err(no_such_integration(&["input", "integrationId"]))),
            Err(error) => Err(error),
        }
    }

    /// Ends a run that waits or is under way. False when it has ended already, or may not be seen.
    pub async fn cancel(&self, operator: &Operator, integration: Uuid, run: Uuid) -> Result<bool, Error> {
        Ok(operator.cancel_run(integration, run, self.clock().now()).await?)
    }

    pub(super) async fn queue_run(&self, request: SyncRequest) -> Result<Queued, Error> {
        let Some(history) = self.store().history(request.integration).await? else {
            return Err(store::Error::LeaseLost.into());
        };
        let models = request.models.map(|mut models| {
            models.sort_unstable();
            models.dedup();
            models
        });
        let new = NewRun {
            integration: request.integration,
            id: self.ids().uuid(),
            kind: self.kind(request.kind, &history),
            models,
            confirm_deletions: request.confirm_deletions,
            now: self.clock().now(),
        };
        let (run, already) = self.store().enqueue_run(new).await?;
        self.wake();
        Ok(Queued { run, already })
    }
}
