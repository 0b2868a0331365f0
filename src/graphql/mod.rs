//! The public contract. Resolvers are thin: they hold a scoped view of the store, never the store.

mod action;
mod arguments;
mod change;
mod connection;
mod connector;
mod credential;
mod failure;
mod integration;
mod limits;
mod loaders;
mod measure;
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
mod shape;
mod subscription;
mod sync_run;
mod text;
mod vendor_request;
mod vendor_webhook;
mod vocabulary;
mod webhook;

use std::sync::Arc;

use async_graphql::{Request, Response, SDLExportOptions, Schema, ServerResult};

use crate::actions::Actions;
use crate::domain::{Clock, Ids, Scope};
use crate::store::Scoped;
use crate::sync::Engine;
use crate::webhooks::Endpoints;

pub use failure::without_values;
pub use limits::Limits;
pub use subscription::{Caller, Subscriptions, Told};

use limits::Cost;
use measure::Fields;
use mutation::Mutation;
use node::Record;
use query::Query;
use subscription::{Places, Subscription};

type Served = Schema<Query, Mutation, Subscription>;

/// The graph, ready to be asked.
#[derive(Clone)]
pub struct Graph(Arc<Inner>);

struct Inner {
    schema: Served,
    engine: Engine,
    actions: Actions,
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    introspection: bool,
    limits: Limits,
    places: Places,
    fields: Fields,
}

pub struct Options {
    pub engine: Engine,
    pub actions: Actions,
    pub endpoints: Endpoints,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
    pub subscriptions: Subscriptions,
    /// Whether callers without ADMIN may read the schema.
    pub introspection: bool,
}

impl Graph {
    pub fn new(options: Options) -> Self {
        let Options { engine, actions, endpoints, clock, ids, limits, subscriptions, introspection } = options;
        let mut schema = Schema::build(Query, Mutation::default(), Subscription)
            .register_output_type::<Record>()
            .limit_directives(limits::DIRECTIVES);
        if !introspection {
            // They would tell the schema name by name.
            schema = schema.disable_suggestions();
        }
        let schema = schema.finish();
        let (places, fields) = (Places::new(subscriptions), Fields::new(schema.names()));
        Self(Arc::new(Inner { schema, engine, actions, endpoints, clock, ids, introspection, limits, places, fields }))
    }

    /// How many subscriptions there are in this process, and how many there may be.
    pub fn subscriptions(&self) -> (usize, usize) {
        self.0.places.taken()
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
    pub async fn execute(&self, mut request: Request, scoped: Scoped) -> Response {
        let asked = self.0.fields.asked(&mut request);
        asked.measured(self.run(request, scoped)).await
    }

    async fn run(&self, mut request: Request, scoped: Scoped) -> Response {
        let order = order::Order::of(&mut request);
        let cost = match self.weigh(&mut request, &scoped) {
            Ok(cost) => cost,
            Err(refused) => return Response::from_errors(vec![refused]),
        };
        let mut response = self.0.schema.execute(self.equipped(request, scoped)).await;
        order.restore(&mut response.data);
        if let Some(cost) = cost {
            cost.tell(&self.0.limits, &mut response);
        }
        failure::tell(&mut response, self.0.ids.as_ref());
        response
    }

    fn weigh(&self, request: &mut Request, scoped: &Scoped) -> ServerResult<Option<Cost>> {
        limits::weigh(request, &self.0.limits, self.is_closed(scoped))
    }

    /// Whether this caller may not read the schema.
    fn is_closed(&self, scoped: &Scoped) -> bool {
        !self.0.introspection && !scoped.access().has(Scope::Admin)
    }

    /// A request with all that its resolvers need; nothing of it outlives the request.
    fn equipped(&self, request: Request, scoped: Scoped) -> Request {
        let inner = &self.0;
        let mut request = request
            .data(inner.engine.clone())
            .data(inner.actions.clone())
            .data(inner.endpoints.clone())
            .data(inner.clock.clone())
            .data(inner.ids.clone())
            .data(self.clone());
        if self.is_closed(&scoped) {
            // The library would answer null and say nothing: the limits refuse, and this is the second lock.
            request = request.disable_introspection();
        }
        if let Ok(accounts) = scoped.accounts() {
            request = request.data(loaders::accounts(accounts));
        }
        request.data(scoped)
    }
}

/// The schema as text, sorted.
pub fn sdl() -> String {
    let schema = Schema::build(Query, Mutation::default(), Subscription).register_output_type::<Record>().finish();
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    schema.sdl_with_options(options)
}
