//! The public contract. Resolvers are thin: they hold a scoped view of the store, never the store.

mod action;
mod arguments;
mod connection;
mod connector;
mod credential;
mod failure;
mod integration;
mod limits;
mod loaders;
mod mutation;
mod node;
mod order;
mod plan;
mod planned;
mod projection;
mod query;
mod reads;
mod record;
mod scalar;
mod selection;
mod sync_run;
mod text;
mod vendor_webhook;
mod vocabulary;

use std::sync::Arc;

use async_graphql::{EmptySubscription, Request, Response, SDLExportOptions, Schema};

use crate::actions::Actions;
use crate::domain::{Clock, Ids, Scope};
use crate::store::Scoped;
use crate::sync::Engine;

pub use limits::Limits;

use mutation::Mutation;
use node::Record;
use query::Query;

type Served = Schema<Query, Mutation, EmptySubscription>;

/// The graph, ready to be asked.
#[derive(Clone)]
pub struct Graph(Arc<Inner>);

struct Inner {
    schema: Served,
    engine: Engine,
    actions: Actions,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    introspection: bool,
}

pub struct Options {
    pub engine: Engine,
    pub actions: Actions,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
    /// Whether callers without ADMIN may read the schema.
    pub introspection: bool,
}

impl Graph {
    pub fn new(options: Options) -> Self {
        let Options { engine, actions, clock, ids, limits, introspection } = options;
        let schema = Schema::build(Query, Mutation::default(), EmptySubscription)
            .register_output_type::<Record>()
            .extension(limits::Guard(limits))
            .finish();
        Self(Arc::new(Inner { schema, engine, actions, clock, ids, introspection }))
    }

    /// Runs a query that is our own, and answers its data as JSON.
    pub async fn answer(&self, query: &str, scoped: Scoped) -> Result<serde_json::Value, String> {
        let response = self.execute(Request::new(query), scoped).await;
        match response.errors.first() {
            Some(error) => Err(error.message.clone()),
            None => response.data.into_json().map_err(|error| error.to_string()),
        }
    }

    /// Runs a request with what its caller may reach.
    pub async fn execute(&self, request: Request, scoped: Scoped) -> Response {
        let inner = &self.0;
        let mut request = request
            .data(inner.engine.clone())
            .data(inner.actions.clone())
            .data(inner.clock.clone())
            .data(inner.ids.clone());
        if !inner.introspection && !scoped.access().has(Scope::Admin) {
            // The library would answer null and say nothing: the guard refuses, and this is the second lock.
            request = request.disable_introspection().data(limits::NoIntrospection);
        }
        if let Ok(accounts) = scoped.accounts() {
            request = request.data(loaders::accounts(accounts));
        }
        let order = order::Order::of(&mut request);
        let mut response = inner.schema.execute(request.data(scoped)).await;
        order.restore(&mut response.data);
        failure::tell(&mut response, inner.ids.as_ref());
        response
    }
}

/// The schema as text, sorted.
pub fn sdl() -> String {
    let schema = Schema::build(Query, Mutation::default(), EmptySubscription).register_output_type::<Record>().finish();
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    schema.sdl_with_options(options)
}
