//! The right to erasure.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{UserError, errors};
use crate::domain::{NodeId, NodeType, RecordType};
use crate::graphql::reads::scoped;
use crate::sync::Engine;

#[derive(Default)]
pub struct Erasures;

#[derive(SimpleObject)]
pub struct EraseCandidatePayload {
    erased_id: Option<ID>,
    user_errors: Vec<UserError>,
}

#[Object]
impl Erasures {
    /// The right to erasure: the record, its applications, their payloads, and what the journal of writes holds about
    /// them. A tombstone keeps a sync from bringing it back. It stays at the vendor.
    async fn erase_candidate(&self, ctx: &Context<'_>, id: ID) -> Result<EraseCandidatePayload> {
        let operator = scoped(ctx)?.operate()?;
        // Nothing has the nil id.
        let candidate = NodeId::parse_as(NodeType::Record(RecordType::Candidate), &id).unwrap_or_default();
        Ok(match ctx.data::<Engine>()?.erase_candidate(&operator, candidate).await? {
            Ok(()) => EraseCandidatePayload { erased_id: Some(id), user_errors: Vec::new() },
            Err(refusal) => EraseCandidatePayload { erased_id: None, user_errors: errors(vec![refusal]) },
        })
    }
}
