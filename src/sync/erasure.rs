//! The right to erasure, of one candidate.

use uuid::Uuid;

use super::{Engine, Error};
use crate::domain::{ErrorCode, IntegrationId, RecordType, Refusal};
use crate::store::{Erasure, Operator};

impl Engine {
    /// Erases a candidate with its applications and all that is about them.
    pub async fn erase_candidate(&self, operator: &Operator, candidate: Uuid) -> Result<Result<(), Refusal>, Error> {
        // Requests so far are in the log when it is gone through.
        self.write_requests().await;
        for key in operator.locate(candidate) {
            let Some(row) = operator.integration(key.integration).await? else { continue };
            let manifest = self.manifest(&row.connector).ok_or(Error::UnknownConnector(row.connector.clone()))?;
            let children: Vec<_> = manifest.children_of(RecordType::Candidate).map(|(stream, _)| stream).collect();
            match self.store().erase_candidate(key, &children, self.clock().now()).await? {
                Erasure::Unknown => {}
                Erasure::UnderWay => {
                    let message = "a write about the candidate is not over yet; erase again when it has ended";
                    return Ok(Err(Refusal::new(ErrorCode::ActionInProgress, message).at(&["id"])));
                }
                Erasure::Done => {
                    self.wake();
                    tracing::info!(integration = %IntegrationId(key.integration), "a candidate was erased");
                    return Ok(Ok(()));
                }
            }
        }
        Ok(Err(Refusal::new(ErrorCode::NotFound, "there is no such candidate").at(&["id"])))
    }
}
