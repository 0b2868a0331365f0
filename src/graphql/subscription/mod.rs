//! The root of all subscriptions. What is subscribed to is found out first; then each batch of events runs the
//! selection anew, as a query of its own, with a view of the store that was verified just before.

mod follow;
mod places;

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID, Result};
use futures::stream;

use super::action::Action;
use super::change::{self, Change};
use super::failure::BadInput;
use super::reads::scoped;
use super::selection::Field;
use super::sync_run::SyncRun;
use super::vocabulary::RecordType;
use crate::domain::{NodeId, NodeType};
use crate::store::ChangesOf;
use crate::store::entity::{action, action_step, change as entry, sync_run, sync_run_model};

pub use follow::{Caller, Told};
pub use places::{Places, Subscriptions};

pub struct Subscription;

/// For what the selection runs this time.
pub(super) enum Turn {
    /// To find out what is subscribed to.
    Opening(Opened),
    Changes(Vec<entry::Model>),
    Run(Arc<sync_run::Model>, Arc<Vec<sync_run_model::Model>>),
    Action(Arc<action::Model>, Arc<Vec<action_step::Model>>),
}

/// What was found to be subscribed to.
#[derive(Clone, Default)]
pub(super) struct Opened(Arc<Mutex<Vec<Source>>>);

impl Opened {
    fn note(&self, source: Source) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    /// None unless it is one thing.
    fn only(&self) -> Option<Source> {
        let mut sources = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let only = sources.pop();
        if sources.is_empty() { only } else { None }
    }
}

/// What is subscribed to.
pub(super) enum Source {
    Changes {
        of: ChangesOf,
        /// None: from now on.
        after: Option<i64>,
    },
    Run(uuid::Uuid),
    Action(uuid::Uuid),
}

/// The events of one turn.
type Events<T> = stream::Iter<std::vec::IntoIter<T>>;

#[async_graphql::Subscription]
impl Subscription {
    /// Every change from now on, or from after a cursor.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        integration_ids: Option<Vec<ID>>,
        types: Option<Vec<RecordType>>,
        after: Option<String>,
    ) -> Result<Events<Change>> {
        scoped(ctx)?.records()?;
        let events = match ctx.data::<Turn>()? {
            Turn::Opening(opened) => {
                let after = change::number(after.as_deref())?;
                opened.note(Source::Changes { of: change::wanted(integration_ids, types), after });
                Vec::new()
            }
            Turn::Changes(rows) => {
                let selection = Field::below(ctx);
                Change::several(ctx, rows.clone(), &selection.iter().collect::<Vec<_>>()).await?
            }
            Turn::Run(..) | Turn::Action(..) => Vec::new(),
        };
        Ok(stream::iter(events))
    }

    /// A run's progress, until it has finished.
    async fn sync_run(&self, ctx: &Context<'_>, id: ID) -> Result<Events<SyncRun>> {
        let accounts = scoped(ctx)?.accounts()?;
        let mut events = Vec::new();
        match ctx.data::<Turn>()? {
            Turn::Opening(opened) => {
                let run = match NodeId::parse_as(NodeType::SyncRun, &id) {
                    Some(id) => accounts.run(id).await?,
                    None => None,
                };
                let run = run.ok_or_else(|| BadInput::new("id", "is that of no sync run"))?;
                opened.note(Source::Run(run.id));
            }
            Turn::Run(row, models) => events.push(SyncRun::with_models(row.clone(), models.clone())),
            Turn::Changes(_) | Turn::Action(..) => {}
        }
        Ok(stream::iter(events))
    }

    /// An action's progress, until it has finished.
    async fn action(&self, ctx: &Context<'_>, id: ID) -> Result<Events<Action>> {
        let accounts = scoped(ctx)?.actions()?;
        let mut events = Vec::new();
        match ctx.data::<Turn>()? {
            Turn::Opening(opened) => {
                let action = match NodeId::parse_as(NodeType::Action, &id) {
                    Some(id) => accounts.action(id).await?,
                    None => None,
                };
                let action = action.ok_or_else(|| BadInput::new("id", "is that of no action"))?;
                opened.note(Source::Action(action.id));
            }
            Turn::Action(row, steps) => events.push(Action::with_steps(row.clone(), steps.clone())),
            Turn::Changes(_) | Turn::Run(..) => {}
        }
        Ok(stream::iter(events))
    }
}
