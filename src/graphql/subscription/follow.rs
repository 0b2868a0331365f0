//! Follows what is subscribed to, from where the subscriber is. The tables are read again whenever something was said,
//! or nothing for a while; nothing is kept for a subscriber but one batch, so that one that is slow is only behind.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, Variables};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::Instant;
use uuid::Uuid;

use super::places::Place;
use super::{Opened, Source, Turn};
use crate::domain::RecordType;
use crate::graphql::failure::{self, CursorExpired, Turned};
use crate::graphql::limits::Cost;
use crate::graphql::order::Order;
use crate::graphql::{Graph, limits};
use crate::store::actions::Warned;
use crate::store::entity::{action, action_step, sync_run, sync_run_model};
use crate::store::{self, Changes, ChangesOf, Channel, Ear, Key, Missing, Scoped};

/// Changes whose selection is run at once.
const BATCH: u64 = 50;
/// Where the database is read may be behind where it is written: so soon it is looked at again.
const LAG: Duration = Duration::from_millis(50);

/// Whoever subscribed.
#[async_trait]
pub trait Caller: Send + Sync + 'static {
    /// What may be reached now; none when the credential is good no longer.
    async fn scoped(&self) -> store::Result<Option<Scoped>>;
}

/// What a subscriber is told. After all but the first it is told no more.
#[derive(Debug)]
pub enum Told {
    Next(Response),
    /// It cannot begin or go on: nothing but errors.
    Failed(Response),
    /// The credential is good no longer.
    Refused(Response),
}

/// A subscription as it was asked for, to be run again and again.
struct Operation {
    query: String,
    name: Option<String>,
    variables: Variables,
    document: Option<ExecutableDocument>,
    order: Arc<Order>,
    cost: Option<Cost>,
}

impl Operation {
    fn of(mut request: Request, cost: Option<Cost>) -> Self {
        let order = Arc::new(Order::of(&mut request));
        let document = request.parsed_query().ok().cloned();
        Self { query: request.query, name: request.operation_name, variables: request.variables, document, order, cost }
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.query.clone()).variables(self.variables.clone());
        request.operation_name.clone_from(&self.name);
        if let Some(document) = &self.document {
            request.set_parsed_query(document.clone());
        }
        request
    }
}

impl Graph {
    /// What a subscription tells, from now or from its cursor on. When this returns, nothing that happens is missed.
    pub async fn subscribe(
        &self,
        request: Request,
        caller: Arc<dyn Caller>,
        scoped: Scoped,
    ) -> BoxStream<'static, Told> {
        match Following::begin(self, request, caller, scoped).await {
            Ok(following) => stream::unfold(following, Following::next).boxed(),
            Err(refused) => stream::once(async { Told::Failed(refused) }).boxed(),
        }
    }

    /// One run of a subscription's selection.
    fn turn(&self, operation: &Operation, scoped: Scoped, turn: Turn) -> BoxStream<'static, Response> {
        let (order, ids, cost, limits) = (operation.order.clone(), self.0.ids.clone(), operation.cost, self.0.limits);
        let responses = self.0.schema.execute_stream(self.equipped(operation.request(), scoped).data(turn));
        let finished = responses.map(move |mut response| {
            order.restore(&mut response.data);
            if let Some(cost) = cost {
                cost.tell(&limits, &mut response);
            }
            failure::tell(&mut response, ids.as_ref());
            response
        });
        finished.boxed()
    }
}

/// A subscription under way.
struct Following {
    graph: Graph,
    operation: Operation,
    caller: Arc<dyn Caller>,
    scoped: Scoped,
    verified: Instant,
    /// Counted as long as the subscription lives.
    _place: Place,
    ear: Ear,
    tail: Tail,
    /// The events of the last turn that were not taken yet.
    running: Option<BoxStream<'static, Response>>,
    /// Whether nothing comes after those.
    last: bool,
}

/// What is followed, and what of it was told.
enum Tail {
    Changes {
        of: ChangesOf,
        at: i64,
        /// The number of the latest entry that is known to be there.
        announced: i64,
    },
    Run {
        id: Uuid,
        told: Option<RunTold>,
    },
    Action {
        id: Uuid,
        told: Option<ActionTold>,
    },
}

/// All of a run that changes.
#[derive(PartialEq)]
struct RunTold {
    state: String,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    models: Arc<Vec<sync_run_model::Model>>,
}

/// All of an action that changes.
#[derive(PartialEq)]
struct ActionTold {
    state: String,
    finished_at: Option<i64>,
    warnings: Vec<Warned>,
    errors: usize,
    touched: (Option<Uuid>, Option<Uuid>),
    steps: Arc<Vec<action_step::Model>>,
}

/// What a look at the tables found.
enum Looked {
    Nothing,
    Events(Turn),
    /// Nothing comes after these.
    LastEvents(Turn),
    Expired,
    /// It is there no longer.
    Gone,
}

/// Why a look failed.
enum LookFailed {
    Missing(Missing),
    Ours(store::Error),
}

impl From<Missing> for LookFailed {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<store::Error> for LookFailed {
    fn from(error: store::Error) -> Self {
        Self::Ours(error)
    }
}

impl Following {
    async fn begin(
        graph: &Graph,
        mut request: Request,
        caller: Arc<dyn Caller>,
        scoped: Scoped,
    ) -> Result<Self, Response> {
        let ids = graph.0.ids.as_ref();
        let place = graph.0.places.take(scoped.access().key).map_err(|turned| failure::answer(turned, ids))?;
        let cost = graph.weigh(&mut request, &scoped).map_err(|refused| Response::from_errors(vec![refused]))?;
        let operation = Operation::of(request, cost);
        let opened = Opened::default();
        let mut turn = graph.turn(&operation, scoped.clone(), Turn::Opening(opened.clone()));
        while let Some(response) = turn.next().await {
            if !response.errors.is_empty() {
                return Err(response);
            }
        }
        let source = opened.only().ok_or_else(|| limits::one_root_field(ids))?;
        let channel = match &source {
            Source::Changes { .. } => Channel::Changes,
            Source::Run(_) => Channel::Runs,
            Source::Action(_) => Channel::Actions,
        };
        // First the ear, then the place to begin at, so that nothing falls between them.
        let ear = scoped.listen(channel);
        let tail = match source {
            Source::Changes { of, after } => {
                let at = match after {
                    Some(after) => after,
                    None => end_of_feed(&scoped).await.map_err(|failed| failed.answer(graph))?,
                };
                Tail::Changes { of, at, announced: 0 }
            }
            Source::Run(id) => Tail::Run { id, told: None },
            Source::Action(id) => Tail::Action { id, told: None },
        };
        Ok(Self {
            graph: graph.clone(),
            operation,
            caller,
            scoped,
            verified: Instant::now(),
            _place: place,
            ear,
            tail,
            running: None,
            last: false,
        })
    }

    async fn next(mut self) -> Option<(Told, Self)> {
        loop {
            if let Some(running) = &mut self.running {
                if let Some(response) = running.next().await {
                    // Whoever takes events slowly may have lost its key since they were read.
                    return match self.verify_if_due().await {
                        Ok(()) => Some((Told::Next(response), self)),
                        Err(told) => self.end(told),
                    };
                }
                self.running = None;
            }
            if self.last {
                return None;
            }
            if let Err(told) = self.verify_if_due().await {
                return self.end(told);
            }
            self.ear.forget();
            let (turn, last) = match self.look().await {
                Ok(Looked::Events(turn)) => (turn, false),
                Ok(Looked::LastEvents(turn)) => (turn, true),
                Ok(Looked::Nothing) => {
                    self.wait().await;
                    continue;
                }
                Ok(Looked::Expired) => {
                    let expired = failure::answer(CursorExpired, self.graph.0.ids.as_ref());
                    return self.end(Told::Failed(expired));
                }
                Ok(Looked::Gone) => return None,
                Err(failed) => {
                    let failed = failed.answer(&self.graph);
                    return self.end(Told::Failed(failed));
                }
            };
            // The event may be of something that was not there when the key was verified last.
            if let Err(told) = self.verify().await {
                return self.end(told);
            }
            self.last = last;
            self.running = Some(self.graph.turn(&self.operation, self.scoped.clone(), turn));
        }
    }

    fn end(mut self, told: Told) -> Option<(Told, Self)> {
        (self.running, self.last) = (None, true);
        Some((told, self))
    }

    async fn verify_if_due(&mut self) -> Result<(), Told> {
        if self.verified_for().is_zero() { self.verify().await } else { Ok(()) }
    }

    /// So long the key need not be looked up again: until its turn comes, or until it or the access token expires.
    fn verified_for(&self) -> Duration {
        let left = self.graph.0.places.verify().saturating_sub(self.verified.elapsed());
        match self.scoped.access().expires_at {
            Some(at) => left.min((at - self.graph.0.clock.now()).to_std().unwrap_or_default()),
            None => left,
        }
    }

    /// Looks the key up again.
    async fn verify(&mut self) -> Result<(), Told> {
        match self.caller.scoped().await {
            Ok(Some(scoped)) => {
                self.scoped = scoped;
                self.verified = Instant::now();
                Ok(())
            }
            Ok(None) => Err(Told::Refused(failure::answer(Turned::Unauthenticated, self.graph.0.ids.as_ref()))),
            Err(error) => Err(Told::Failed(LookFailed::Ours(error).answer(&self.graph))),
        }
    }

    /// Waits until there may be something new, or the key must be looked up again.
    async fn wait(&mut self) {
        let mut patience = self.ear.patience().min(self.verified_for());
        if let Tail::Changes { at, announced, .. } = &self.tail
            && announced > at
        {
            patience = patience.min(LAG);
        }
        let (ear, tail) = (&mut self.ear, &mut self.tail);
        let told = async {
            loop {
                let Some(word) = ear.next().await else { return };
                let concerns = match tail {
                    Tail::Changes { at, announced, .. } => {
                        *announced = word.parse().unwrap_or(0).max(*announced);
                        *announced > *at
                    }
                    Tail::Run { id, .. } | Tail::Action { id, .. } => *word == *id.to_string(),
                };
                if concerns {
                    return;
                }
            }
        };
        // Either way the tables are looked at next.
        let _ = tokio::time::timeout(patience, told).await;
    }

    async fn look(&mut self) -> Result<Looked, LookFailed> {
        match &mut self.tail {
            Tail::Changes { of, at, .. } => match self.scoped.records()?.changes(of, Some(*at), BATCH).await? {
                Changes::Expired => Ok(Looked::Expired),
                Changes::Page(page) => {
                    *at = page.end();
                    Ok(if page.entries.is_empty() {
                        Looked::Nothing
                    } else {
                        Looked::Events(Turn::Changes(page.entries))
                    })
                }
            },
            Tail::Run { id, told } => {
                let accounts = self.scoped.accounts()?;
                let Some(row) = accounts.run(*id).await? else { return Ok(Looked::Gone) };
                let mut models =
                    accounts.run_models(&[(row.integration_id, row.id)]).await?.remove(id).unwrap_or_default();
                models.sort_by_key(|model| RecordType::parse(&model.model));
                let models = Arc::new(models);
                let now = run_told(&row, models.clone());
                let (changed, ended) = (told.as_ref() != Some(&now), row.finished_at.is_some());
                *told = Some(now);
                Ok(looked(changed, ended, Turn::Run(row.into(), models)))
            }
            Tail::Action { id, told } => {
                let accounts = self.scoped.actions()?;
                let Some(row) = accounts.action(*id).await? else { return Ok(Looked::Gone) };
                let key = Key { integration: row.integration_id, id: row.id };
                let steps = Arc::new(accounts.action_steps(key).await?);
                let now = action_told(&row, steps.clone());
                let (changed, ended) = (told.as_ref() != Some(&now), row.finished_at.is_some());
                *told = Some(now);
                Ok(looked(changed, ended, Turn::Action(row.into(), steps)))
            }
        }
    }
}

fn looked(changed: bool, ended: bool, turn: Turn) -> Looked {
    match (changed, ended) {
        (_, true) => Looked::LastEvents(turn),
        (true, false) => Looked::Events(turn),
        (false, false) => Looked::Nothing,
    }
}

fn run_told(row: &sync_run::Model, models: Arc<Vec<sync_run_model::Model>>) -> RunTold {
    RunTold { state: row.state.clone(), started_at: row.started_at, finished_at: row.finished_at, models }
}

fn action_told(row: &action::Model, steps: Arc<Vec<action_step::Model>>) -> ActionTold {
    ActionTold {
        state: row.state.clone(),
        finished_at: row.finished_at,
        warnings: row.warnings.0.clone(),
        errors: row.errors.0.len(),
        touched: (row.candidate_id, row.application_id),
        steps,
    }
}

async fn end_of_feed(scoped: &Scoped) -> Result<i64, LookFailed> {
    match scoped.records()?.changes(&ChangesOf { integrations: Some(Vec::new()), types: None }, None, 0).await? {
        Changes::Page(page) => Ok(page.head),
        Changes::Expired => Ok(0),
    }
}

impl LookFailed {
    fn answer(self, graph: &Graph) -> Response {
        let ids = graph.0.ids.as_ref();
        match self {
            Self::Missing(missing) => failure::answer(missing, ids),
            Self::Ours(error) => failure::answer(error, ids),
        }
    }
}
