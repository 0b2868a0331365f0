//! Who asks, and the keys that there are.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::integration::Integration;
use super::loaders::{AccountLoader, ById};
use super::reads::scoped;
use super::scalar::DateTime;
use super::vocabulary::Scope;
use crate::domain::{NodeId, NodeType};
use crate::store::Access;
use crate::store::entity::{Json, api_key};

/// Whoever holds the credential of this request.
pub struct Viewer;

/// Whoever holds the credential of this request.
#[Object]
impl Viewer {
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(scoped(ctx)?.access().name.clone())
    }

    async fn scopes(&self, ctx: &Context<'_>) -> Result<Vec<Scope>> {
        Ok(scoped(ctx)?.access().scopes.iter().copied().map(Into::into).collect())
    }

    /// Null: all.
    async fn integrations(&self, ctx: &Context<'_>) -> Result<Option<Vec<Integration>>> {
        let Access { restricted, .. } = scoped(ctx)?.access();
        let Some(ids) = restricted else { return Ok(None) };
        scoped(ctx)?.accounts()?;
        Ok(Some(integrations(ctx, ids).await?))
    }

    async fn expires_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let at = scoped(ctx)?.access().expires_at;
        Ok(at.map(|at| DateTime::from_millis(at.timestamp_millis())))
    }
}

/// Those that there still are and that the caller may see.
async fn integrations(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<Integration>> {
    let found = ctx.data::<AccountLoader>()?.load_many(ids.iter().map(|id| ById(*id))).await?;
    Ok(ids.iter().filter_map(|id| found.get(&ById(*id)).cloned()).map(Integration::new).collect())
}

#[derive(Clone)]
pub struct ApiKey(api_key::Model);

impl ApiKey {
    pub fn new(row: api_key::Model) -> Self {
        Self(row)
    }
}

#[Object]
impl ApiKey {
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::ApiKey, self.0.id).to_string().into()
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The first characters, to tell keys apart.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    async fn scopes(&self) -> Vec<Scope> {
        self.0.scopes.0.iter().copied().map(Into::into).collect()
    }

    /// Null: all.
    async fn integrations(&self, ctx: &Context<'_>) -> Result<Option<Vec<Integration>>> {
        match &self.0.integrations {
            Some(Json(ids)) => Ok(Some(integrations(ctx, ids).await?)),
            None => Ok(None),
        }
    }

    async fn created_at(&self) -> DateTime {
        DateTime::from_millis(self.0.created_at)
    }

    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime::from_millis)
    }

    /// To the minute; written down now and then.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime::from_millis)
    }

    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime::from_millis)
    }
}
