//! seaography: SeaORM's own generated GraphQL over the tables of the service, behind axum. No key, no scope, no limit.

mod entities;

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use sea_orm::{ConnectOptions, Database};
use seaography::async_graphql::dynamic::Schema;
use seaography::async_graphql::{Request, Variables};
use seaography::{Builder, BuilderContext};

use entities::{
    application_stages, applications, candidate_tags, candidates, hiring_team_members, job_stages, jobs, tags, users,
};

static CONTEXT: LazyLock<BuilderContext> = LazyLock::new(BuilderContext::default);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    let mut options = ConnectOptions::new(url);
    // As many connections as the service has.
    options.sqlx_logging(false).test_before_acquire(false).max_connections(16);
    let database = Database::connect(options).await?;
    let mut builder = Builder::new(&CONTEXT, database.clone());
    seaography::register_entity!(builder, applications, mutation: false);
    seaography::register_entity!(builder, candidates, mutation: false);
    seaography::register_entity!(builder, candidate_tags, mutation: false);
    seaography::register_entity!(builder, tags, mutation: false);
    seaography::register_entity!(builder, jobs, mutation: false);
    seaography::register_entity!(builder, application_stages, mutation: false);
    seaography::register_entity!(builder, job_stages, mutation: false);
    seaography::register_entity!(builder, hiring_team_members, mutation: false);
    seaography::register_entity!(builder, users, mutation: false);
    let schema = builder.schema_builder().data(database).finish()?;
    if std::env::args().any(|argument| argument == "schema") {
        println!("{}", schema.sdl());
        return Ok(());
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = Router::new().route("/graphql", post(answer)).with_state(schema);
    Ok(axum::serve(listener, router).await?)
}

async fn answer(State(schema): State<Schema>, Json(asked): Json<serde_json::Value>) -> Response {
    let query = asked["query"].as_str().unwrap_or_default();
    let request = Request::new(query).variables(Variables::from_json(asked["variables"].clone()));
    match serde_json::to_string(&schema.execute(request).await) {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
