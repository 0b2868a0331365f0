//! Everything else that is read: users, workflows, sources, clients, talents, dictionaries, consents (§5.5,
//! §5.9 to §5.12). Nothing here can be written through the API.

use axum::http::Method;
use serde_json::{Value, json};

use super::account::Account;
use super::collection::Collection;
use super::fault::Kind;
use super::metadata;
use super::names;
use super::render;
use super::reply::Reply;
use super::route::Desk;

pub(super) fn answer(desk: &mut Desk<'_>, kind: &str, rest: &[&str]) -> Result<Reply, Reply> {
    if desk.call.method != Method::GET {
        return Err(Reply::not_allowed());
    }
    match (kind, rest) {
        ("users", []) => desk.list(Collection::Users),
        ("users", ["groups"]) => Ok(Reply::json(200, &json!([]))),
        ("users", ["permission_groups"]) => Ok(Reply::json(200, &json!([{"id": 3, "name": "Rekruterzy"}]))),
        ("users", [id]) => item(desk, id, Collection::Users, render::user),
        ("workflows", []) => desk.list(Collection::Workflows),
        ("workflows", ["details"]) => {
            let account = &*desk.account;
            let rows = account.workflow_ids().into_iter().map(|id| render::workflow(account, id)).collect();
            Ok(Reply::json(200, &Value::Array(rows)))
        }
        ("workflows", ["stats"]) => Ok(Reply::json(200, &json!([]))),
        ("workflows", [id]) => item(desk, id, Collection::Workflows, render::workflow),
        ("clients", []) => desk.list(Collection::Clients),
        ("clients", [id]) => item(desk, id, Collection::Clients, render::client),
        ("crm_persons", []) => desk.list(Collection::Persons),
        ("crm_activities" | "provisions", []) => Ok(Reply::json(200, &json!([]))),
        ("talents", []) => desk.list(Collection::Talents),
        ("talents", ["employees"]) => Ok(Reply::json(200, &json!([]))),
        ("sources", []) => sources(desk),
        ("sources", [id]) => item(desk, id, Collection::Sources, render::source),
        ("dictionaries", []) => Ok(Reply::json(200, &Value::Array(dictionaries()))),
        ("dictionaries", [id]) => {
            let id: i64 = id.parse().map_err(|_| Reply::not_found())?;
            let found = dictionaries().into_iter().find(|row| row["id"] == id);
            found.map(|row| Reply::json(200, &row)).ok_or_else(Reply::not_found)
        }
        _ => Err(Reply::not_found()),
    }
}

fn item(desk: &Desk<'_>, id: &str, collection: Collection, render: fn(&Account, i64) -> Value) -> Result<Reply, Reply> {
    let id: i64 = id.parse().map_err(|_| Reply::not_found())?;
    let mut row = render(desk.account, id);
    if row.is_null() {
        return Err(Reply::not_found());
    }
    if desk.wants_metadata() {
        return Ok(Reply::json(200, &metadata::of(desk.account, collection)));
    }
    desk.drop_field(&mut row);
    Ok(Reply::json(200, &row))
}

/// Particular pages answer 500 at every size, and asking again does not help (§5.9).
fn sources(desk: &mut Desk<'_>) -> Result<Reply, Reply> {
    let page: u64 = desk.call.header("x-request-current-page").and_then(|text| text.trim().parse().ok()).unwrap_or(1);
    let every = desk.faults.number(Kind::Sources500Every, &desk.call.path);
    if every.is_some_and(|every| page.is_multiple_of(every)) {
        return Err(Reply::fail(500, "Internal Server Error"));
    }
    desk.list(Collection::Sources)
}

/// The list shape is a guess (§5.11).
fn dictionaries() -> Vec<Value> {
    let sources: Vec<Value> = names::SOURCES.iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
    vec![
        json!({"id": 1, "name": "source", "items": sources}),
        json!({"id": 2, "name": "file_type", "items": [{"id": 201, "value": "CV"}]}),
    ]
}
