//! The floor that the graph is measured against: each query as one hand-written statement behind axum, with no
//! GraphQL, no key, no scope and no cost check. Nothing that answers from these tables can be much faster.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
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

/// The queries that the peers answer too, over their copy of the tables (`benches/peers/prepare.sql`): every id is
/// unique by itself, and what lists are ordered by has an index over all integrations.
const LATEST: &str = "remote_deleted_at IS NULL ORDER BY changed_at DESC, id DESC";
const TAGS: &str = "@json((SELECT COALESCE(@array(@object('tag', @object('name', g.name)) ORDER BY g.name, x.id), @array_of_none) \
    FROM candidate_tags x JOIN tags g ON g.id = x.tag_id WHERE x.candidate_id = c.id AND x.remote_deleted_at IS NULL))";
const USER: &str = "@object('id', @id(u.id), 'firstName', u.first_name, 'lastName', u.last_name)";
const CANDIDATE: &str = "@object('id', @id(c.id), 'firstName', c.first_name, 'lastName', c.last_name, \
    'emailAddresses', @json(c.email_addresses)";

/// One statement a query, by its name.
fn queries() -> Vec<(&'static str, String)> {
    let page = |nodes: &str, from: &str| {
        format!(
            "SELECT CAST(@object('data', @object('answer', @object('nodes', @json(COALESCE(@array({nodes}), \
             @array_of_none))))) AS TEXT) FROM {from}"
        )
    };
    let nested = format!(
        "@object('id', @id(a.id), 'outcome', a.outcome, \
         'candidate', @json((SELECT {CANDIDATE}, 'tags', {TAGS}) FROM candidates c WHERE c.id = a.candidate_id)), \
         'job', @json((SELECT @object('id', @id(j.id), 'name', j.name, 'department', j.department, \
             'contact', @json((SELECT {USER} FROM users u WHERE u.id = j.contact_id))) FROM jobs j WHERE j.id = a.job_id)), \
         'currentStage', @json((SELECT @object('id', @id(s.id), 'name', s.name) FROM application_stages s \
             WHERE s.id = a.current_stage_id)))"
    );
    let deep = format!(
        "@object('id', @id(j.id), 'name', j.name, 'status', j.status, 'applications', @object('nodes', @json((SELECT \
         COALESCE(@array(@object('id', @id(a.id), 'outcome', a.outcome, 'candidate', @json((SELECT @object('id', @id(c.id), \
             'firstName', c.first_name, 'lastName', c.last_name, 'tags', {TAGS}) FROM candidates c \
             WHERE c.id = a.candidate_id)))), @array_of_none) \
         FROM (SELECT * FROM applications WHERE job_id = j.id AND {LATEST} LIMIT 10) a))), \
         'stages', @json((SELECT COALESCE(@array(@object('index', x.position, 'stage', \
             @object('id', @id(s.id), 'name', s.name)) ORDER BY x.position, x.id), @array_of_none) FROM job_stages x \
             JOIN application_stages s ON s.id = x.stage_id WHERE x.job_id = j.id AND x.remote_deleted_at IS NULL)), \
         'hiringTeam', @json((SELECT COALESCE(@array(@object('roles', @json(x.roles), 'user', {USER}) ORDER BY x.id), \
             @array_of_none) FROM hiring_team_members x JOIN users u ON u.id = x.user_id \
             WHERE x.job_id = j.id AND x.remote_deleted_at IS NULL)))"
    );
    let flat = "@object('id', @id(j.id), 'name', j.name, 'status', j.status, 'department', j.department, 'code', j.code, \
                'category', j.category)";
    let one = format!(
        "SELECT CAST(@object('data', @object('answer', {CANDIDATE}, 'title', c.title, 'source', c.source))) \
                       AS TEXT) FROM candidates c WHERE c.id = @uuid($1)"
    );
    let of_stage = "current_stage_id = @uuid($1) AND outcome = $2";
    let filtered = format!(
        "SELECT CAST(@object('data', @object('answer', @object('totalCount', (SELECT COUNT(*) FROM applications \
         WHERE {of_stage} AND remote_deleted_at IS NULL), 'nodes', @json(COALESCE(@array(@object('id', @id(a.id), \
         'outcome', a.outcome, 'candidate', @json((SELECT @object('id', @id(c.id), 'firstName', c.first_name, 'lastName', \
         c.last_name) FROM candidates c WHERE c.id = a.candidate_id)), 'job', @json((SELECT @object('id', @id(j.id), \
         'name', j.name) FROM jobs j WHERE j.id = a.job_id)))), @array_of_none))))) AS TEXT) \
         FROM (SELECT * FROM applications WHERE {of_stage} AND {LATEST} LIMIT 20) a"
    );
    vec![
        ("Q1", page(&nested, &format!("(SELECT * FROM applications WHERE {LATEST} LIMIT 20) a"))),
        ("Q2", page(&deep, &format!("(SELECT * FROM jobs WHERE {LATEST} LIMIT 20) j"))),
        ("Q3", page(flat, &format!("(SELECT * FROM jobs WHERE {LATEST} LIMIT 100) j"))),
        ("Q4", one),
        ("Q5", page(&format!("{CANDIDATE})"), &format!("(SELECT * FROM candidates WHERE {LATEST} LIMIT 25) c"))),
        ("Q6", filtered),
    ]
}

struct Floor {
    database: DatabaseConnection,
    /// The one that is answered to whoever does not name another.
    usual: String,
    named: HashMap<&'static str, String>,
}

pub async fn serve(url: &str, connections: Option<u32>) -> Outcome {
    let mut options = ConnectOptions::new(url);
    // As many connections as the service has.
    let usual = if url.starts_with("sqlite:") { 8 } else { 16 };
    options.sqlx_logging(false).test_before_acquire(false).max_connections(connections.unwrap_or(usual));
    let database = Database::connect(options).await?;
    let backend = database.get_database_backend();
    let named = queries().into_iter().map(|(name, sql)| (name, spelled(&sql, backend))).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let floor = Floor { database, usual: spelled(TREE, backend), named };
    let router = Router::new().route("/graphql", post(answer)).with_state(Arc::new(floor));
    Ok(axum::serve(listener, router).await?)
}

fn spelled(sql: &str, backend: DbBackend) -> String {
    let names = match backend {
        DbBackend::Sqlite => [
            ("@array_of_none", "json_array()"),
            ("@array", "json_group_array"),
            ("@object", "json_object"),
            ("@json", "json"),
            ("@id", "hex"),
            ("@uuid($1)", "unhex($1, '-')"),
        ],
        _ => [
            ("@array_of_none", "'[]'"),
            ("@array", "json_agg"),
            ("@object", "json_build_object"),
            ("@json", ""),
            ("@id", ""),
            ("@uuid($1)", "CAST($1 AS uuid)"),
        ],
    };
    names.iter().fold(sql.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs))
}

async fn answer(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    // What the service is asked with is no name of a query here.
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let sql = asked["query"].as_str().and_then(|name| floor.named.get(name)).unwrap_or(&floor.usual);
    let values = asked["values"].as_array().into_iter().flatten();
    let values = values.filter_map(|value| value.as_str().map(|text| text.to_owned().into()));
    let read = async {
        let statement = Statement::from_sql_and_values(floor.database.get_database_backend(), sql, values);
        let row = floor.database.query_one_raw(statement).await?;
        row.map(|row| row.try_get_by_index::<String>(0)).transpose()
    };
    match read.await {
        Ok(Some(json)) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Ok(None) => "{}".into_response(),
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
