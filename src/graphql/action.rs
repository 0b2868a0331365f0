//! Journaled writes.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::connection::ActionConnection;
use super::integration::Integration;
use super::loaders::{AccountLoader, ById};
use super::mutation::UserError;
use super::reads::{Reads, scoped};
use super::record::{Application, Candidate};
use super::scalar::DateTime;
use super::vocabulary::{ActionKind, ActionState};
use crate::domain::{self, NodeId, NodeType};
use crate::store::actions::Warned;
use crate::store::entity::{action, action_step, application, candidate};
use crate::store::page::SortKey;
use crate::store::{ActionsOf, Error, Key};

/// A journaled write to a vendor. It survives a crash, is never sent twice, and says what became of every step.
#[derive(Clone)]
pub struct Action {
    row: Arc<action::Model>,
    /// None: read when they are asked for.
    steps: Option<Arc<Vec<action_step::Model>>>,
}

impl Action {
    pub fn new(row: Arc<action::Model>) -> Self {
        Self { row, steps: None }
    }

    pub fn with_steps(row: Arc<action::Model>, steps: Arc<Vec<action_step::Model>>) -> Self {
        Self { row, steps: Some(steps) }
    }

    pub fn row(&self) -> &action::Model {
        &self.row
    }
}

#[derive(SimpleObject)]
pub struct ActionStep {
    name: String,
    state: ActionState,
    attempts: i32,
    error: Option<String>,
}

#[derive(SimpleObject)]
pub struct Warning {
    message: String,
    field: Option<Vec<String>>,
}

impl From<Warned> for Warning {
    fn from(warned: Warned) -> Self {
        Self { message: warned.message, field: (!warned.field.is_empty()).then_some(warned.field) }
    }
}

#[Object]
impl Action {
    pub async fn id(&self) -> ID {
        NodeId::new(NodeType::Action, self.row.id).to_string().into()
    }

    async fn kind(&self) -> Result<ActionKind> {
        let kind = domain::ActionKind::parse(&self.row.kind).ok_or(Error::Corrupt("the kind of an action"))?;
        Ok(kind.into())
    }

    async fn state(&self) -> Result<ActionState> {
        let state = domain::ActionState::parse(&self.row.state).ok_or(Error::Corrupt("the state of an action"))?;
        Ok(state.into())
    }

    async fn integration(&self, ctx: &Context<'_>) -> Result<Integration> {
        let found = ctx.data::<AccountLoader>()?.load_one(ById(self.row.integration_id)).await?;
        Ok(Integration::new(found.ok_or(Error::Corrupt("an action without its integration"))?))
    }

    async fn idempotency_key(&self) -> Option<&str> {
        self.row.idempotency_key.as_deref()
    }

    async fn created_at(&self) -> DateTime {
        DateTime::from_millis(self.row.created_at)
    }

    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(DateTime::from_millis)
    }

    /// In the order in which they were begun.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<ActionStep>> {
        let rows = match &self.steps {
            Some(steps) => steps.as_ref().clone(),
            None => {
                let key = Key { integration: self.row.integration_id, id: self.row.id };
                scoped(ctx)?.actions()?.action_steps(key).await?
            }
        };
        rows.into_iter()
            .map(|row| {
                let state = domain::ActionState::parse(&row.state).ok_or(Error::Corrupt("the state of a step"))?;
                Ok(ActionStep { name: row.name, state: state.into(), attempts: row.attempts, error: row.error })
            })
            .collect()
    }

    async fn warnings(&self) -> Vec<Warning> {
        self.row.warnings.0.iter().cloned().map(Into::into).collect()
    }

    async fn user_errors(&self) -> Vec<UserError> {
        self.row.errors.0.iter().cloned().map(Into::into).collect()
    }

    async fn candidate(&self, ctx: &Context<'_>) -> Result<Option<Candidate>> {
        candidate_of(ctx, &self.row).await
    }

    async fn application(&self, ctx: &Context<'_>) -> Result<Option<Application>> {
        application_of(ctx, &self.row).await
    }
}

/// Read from the mirror, with what is selected of it.
pub async fn candidate_of(ctx: &Context<'_>, row: &action::Model) -> Result<Option<Candidate>> {
    let Some(id) = row.candidate_id else { return Ok(None) };
    let (mut found, reads) = Reads::records_of::<candidate::Model>(ctx, &[id]).await?;
    Ok(found.remove(&id).map(|row| Candidate::new(row, reads)))
}

pub async fn application_of(ctx: &Context<'_>, row: &action::Model) -> Result<Option<Application>> {
    let Some(id) = row.application_id else { return Ok(None) };
    let (mut found, reads) = Reads::records_of::<application::Model>(ctx, &[id]).await?;
    Ok(found.remove(&id).map(|row| Application::new(row, reads)))
}

/// A page of actions.
pub async fn action_page(
    ctx: &Context<'_>,
    of: ActionsOf,
    page: &super::arguments::PageArguments,
) -> Result<ActionConnection> {
    let window = page.window(SortKey::CreatedAt)?;
    Ok(ActionConnection::new(scoped(ctx)?.actions()?.actions(of, &window).await?, of))
}
