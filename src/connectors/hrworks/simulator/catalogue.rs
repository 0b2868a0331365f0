//! What changes rarely and is read whole: posts (§3.1), persons, organization units and permanent
//! establishments (§4).

use axum::http::Method;
use serde_json::{Map, Value};

use super::account::Account;
use super::fault::Kind;
use super::records::{Person, Record};
use super::render::Pen;
use super::reply::Reply;
use super::route::{Desk, List, no_record};

pub(super) fn posts(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    reading(desk)?;
    match rest {
        [] => {
            let only_active = desk.call.flag("onlyActive", true)?;
            let find = |account: &Account| {
                let shown = account.posts.iter().filter(|(_, post)| post.is_active || !only_active);
                shown.map(|(key, _)| key.clone()).collect()
            };
            desk.list(&List { rows: "posts", page_size: None }, find, |pen, key| {
                Some(pen.post(key, pen.account.posts.get(key)?))
            })
        }
        [id] => {
            let deleted = desk.is_deleted(id);
            let pen = Pen::new(desk.account, desk.faults, desk.call);
            let key = pen.account.post_key(id).filter(|_| !deleted);
            match key.and_then(|key| Some((pen.account.posts.get(&key)?, key))) {
                Some((post, key)) => Ok(Reply::json(200, &pen.post(&key, post))),
                None => Err(no_record(desk.faults, desk.call)),
            }
        }
        _ => Err(Reply::no_endpoint()),
    }
}

pub(super) fn persons(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    reading(desk)?;
    match rest {
        [] => by_unit(desk),
        ["master-data"] => {
            let only = desk.call.values("persons");
            let kind = desk.call.value("personIdentifierType").unwrap_or_else(|| "personId".to_owned());
            let only_active = desk.call.flag("onlyActive", true)? && only.is_empty();
            let find = |account: &Account| {
                let shown = account.persons.iter().filter(|(_, person)| {
                    (person.is_active || !only_active)
                        && (only.is_empty() || only.iter().any(|id| identifies(person, &kind, id)))
                });
                shown.map(|(id, _)| id.clone()).collect()
            };
            desk.list(&List { rows: "persons", page_size: Some(50) }, find, |pen, id| {
                Some(pen.master_data(pen.account.persons.get(id)?))
            })
        }
        [id] => one(desk, id, Record::Person),
        [id, "master-data"] => one(desk, id, Record::MasterData),
        _ => Err(Reply::no_endpoint()),
    }
}

/// Whether an identifier of that type is the person's (§4.1).
fn identifies(person: &Person, kind: &str, id: &str) -> bool {
    match kind {
        "personId" => person.person_id == id,
        "personnelNumber" => person.personnel_number == id,
        "uuid" => person.uuid.as_deref() == Some(id),
        _ => false,
    }
}

/// A person's base data or its master data.
fn one(desk: &mut Desk<'_>, id: &str, record: Record) -> Result<Reply, Reply> {
    let kind = desk.call.value("personIdentifierType").unwrap_or_else(|| "personnelNumber".to_owned());
    let deleted = desk.is_deleted(id);
    let pen = Pen::new(desk.account, desk.faults, desk.call);
    let found = pen.account.persons.values().find(|person| identifies(person, &kind, id) && !deleted);
    match found {
        Some(person) if record == Record::MasterData => Ok(Reply::json(200, &pen.master_data(person))),
        Some(person) => Ok(Reply::json(200, &pen.person(person))),
        None => Err(no_record(desk.faults, desk.call)),
    }
}

/// The map. Without `onlyActiveOrganizationUnits=false` only those in active units are there; who has no unit
/// stands under an empty key, which nothing documents.
fn by_unit(desk: &mut Desk<'_>) -> Result<Reply, Reply> {
    let call = desk.call;
    let only_active = call.flag("onlyActive", true)?;
    let only_active_units = call.flag("onlyActiveOrganizationUnits", true)?;
    let by_uuid = match call.value("identifierType").as_deref() {
        None | Some("number") => false,
        Some("uuid") => true,
        Some(_) => return Err(Reply::refuse(400, "InvalidParameterError", "identifierType is unknown")),
    };
    let only = call.values("organizationUnits");
    let half = desk.faults.on(Kind::HalfOfRecords, &call.path);
    let empty = desk.faults.on(Kind::EmptyList, &call.path);
    let pen = Pen::new(desk.account, desk.faults, call);
    let mut map: Map<String, Value> = Map::new();
    let shown = pen.account.persons.values().filter(|person| (person.is_active || !only_active) && !empty);
    for person in shown.step_by(if half { 2 } else { 1 }) {
        let mut units: Vec<&str> = person.units.iter().map(String::as_str).collect();
        if units.is_empty() && !only_active_units {
            units.push("");
        }
        for number in units {
            let unit = pen.account.units.get(number);
            if only_active_units && !unit.is_some_and(|unit| unit.is_active) {
                continue;
            }
            let key = unit.filter(|_| by_uuid).map_or(number, |unit| unit.uuid.as_str());
            if !only.is_empty() && !only.iter().any(|wanted| wanted == key) {
                continue;
            }
            let list = map.entry(key.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(pen.person(person));
            }
        }
    }
    Ok(Reply::json(200, &Value::Object(map)))
}

pub(super) fn organization_units(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    reading(desk)?;
    match rest {
        [] => {
            let find = |account: &Account| {
                let active = account.units.iter().filter(|(_, unit)| unit.is_active);
                active.map(|(number, _)| number.clone()).collect()
            };
            desk.list(&List { rows: "organizationUnits", page_size: None }, find, |pen, number| {
                Some(pen.unit(number, pen.account.units.get(number)?))
            })
        }
        [id] => {
            let pen = Pen::new(desk.account, desk.faults, desk.call);
            let found = pen.account.units.iter().find(|(number, unit)| *number == id || unit.uuid == *id);
            match found {
                Some((number, unit)) => Ok(Reply::json(200, &pen.unit(number, unit))),
                None => Err(no_record(desk.faults, desk.call)),
            }
        }
        _ => Err(Reply::no_endpoint()),
    }
}

pub(super) fn establishments(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    reading(desk)?;
    match rest {
        [] => {
            let find = |account: &Account| account.establishments.keys().cloned().collect();
            desk.list(&List { rows: "permanentEstablishments", page_size: None }, find, |pen, id| {
                Some(pen.establishment(id, pen.account.establishments.get(id)?))
            })
        }
        [id] => {
            let pen = Pen::new(desk.account, desk.faults, desk.call);
            match pen.account.establishments.get(*id) {
                Some(found) => Ok(Reply::json(200, &pen.establishment(id, found))),
                None => Err(no_record(desk.faults, desk.call)),
            }
        }
        _ => Err(Reply::no_endpoint()),
    }
}

fn reading(desk: &Desk<'_>) -> Result<(), Reply> {
    if desk.call.method == Method::GET { Ok(()) } else { Err(Reply::no_endpoint()) }
}
