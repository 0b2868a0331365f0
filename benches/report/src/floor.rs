//! The floor that the graph is measured against: the nested query as one hand-written statement behind axum, with
//! no GraphQL, no key, no scope and no cost check. Nothing that answers from these tables can be much faster.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::net::TcpListener;

use drive::Outcome;

/// `@object`, `@array`, `@json` and `@id` stand for what the two databases call differently.
const TREE: &str = "SELECT CAST(@object('data', @object('jobs', @object('nodes', @array(@object('id', @id(j.id), \
    'name', j.name, 'status', j.status, 'applications', @object('nodes', @json((SELECT COALESCE(@array(@object(\
    'id', @id(a.id), 'outcome', a.outcome, \
    'currentStage', @json((SELECT @object('name', s.name) FROM application_stages s \
        WHERE s.integration_id = a.integration_id AND s.id = a.current_stage_id)), \
    'candidate', @json((SELECT @object('id', @id(c.id), 'firstName', c.first_name, 'lastName', c.last_name, \
        'tags', @json((SELECT COALESCE(@array(@object('tag', @object('name', g.name))), @array_of_none) FROM candidate_tags x \
            JOIN tags g ON g.integration_id = x.integration_id AND g.id = x.tag_id \
            WHERE x.integration_id = c.integration_id AND x.candidate_id = c.id AND x.remote_deleted_at IS NULL))) \
        FROM candidates c WHERE c.integration_id = a.integration_id AND c.id = a.candidate_id)))), @array_of_none) \
    FROM (SELECT * FROM applications a WHERE a.integration_id = j.integration_id AND a.job_id = j.id \
        AND a.remote_deleted_at IS NULL ORDER BY a.changed_at DESC, a.id DESC LIMIT 10) a)))))))) AS TEXT) \
    FROM (SELECT * FROM jobs j WHERE j.integration_id = (SELECT id FROM integrations) \
        AND j.remote_deleted_at IS NULL ORDER BY j.changed_at DESC, j.id DESC LIMIT 20) j";

struct Floor {
    database: DatabaseConnection,
    statement: Statement,
}

pub async fn serve(url: &str) -> Outcome {
    let mut options = ConnectOptions::new(url);
    let is_sqlite = url.starts_with("sqlite:");
    // As many connections as the service has.
    options.sqlx_logging(false).test_before_acquire(false).max_connections(if is_sqlite { 8 } else { 16 });
    let database = Database::connect(options).await?;
    let statement = Statement::from_string(database.get_database_backend(), tree(database.get_database_backend()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = Router::new().route("/graphql", post(answer)).with_state(Arc::new(Floor { database, statement }));
    Ok(axum::serve(listener, router).await?)
}

fn tree(backend: DbBackend) -> String {
    let names = match backend {
        DbBackend::Sqlite => [
            ("@array_of_none", "json_array()"),
            ("@array", "json_group_array"),
            ("@object", "json_object"),
            ("@json", "json"),
            ("@id", "hex"),
        ],
        _ => [
            ("@array_of_none", "'[]'"),
            ("@array", "json_agg"),
            ("@object", "json_build_object"),
            ("@json", ""),
            ("@id", ""),
        ],
    };
    names.iter().fold(TREE.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs))
}

async fn answer(State(floor): State<Arc<Floor>>) -> Response {
    let read = async {
        let row = floor.database.query_one_raw(floor.statement.clone()).await?;
        row.map(|row| row.try_get_by_index::<String>(0)).transpose()
    };
    match read.await {
        Ok(Some(json)) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Ok(None) => "{}".into_response(),
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
