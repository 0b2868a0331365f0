//! `/employees/…`: people, their files, notes, tags, activities and moves (§4, §5.8).

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::collection::{Collection, is_hidden};
use super::fault::Kind;
use super::metadata;
use super::records::Candidate;
use super::render;
use super::reply::{Call, Reply};
use super::route::Desk;

pub(super) fn answer(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    let method = desk.call.method.clone();
    let (get, post) = (method == Method::GET, method == Method::POST);
    match rest {
        [] if get => desk.list(Collection::Employees),
        [] if post => create(desk),
        ["recruitment_history"] if get => desk.list(Collection::History),
        ["activities"] if get => desk.list(Collection::Activities),
        ["tags"] if get => desk.list(Collection::Tags),
        [] | ["recruitment_history" | "activities" | "tags"] => Err(Reply::not_allowed()),
        [id, rest @ ..] => {
            let id: i64 = id.parse().map_err(|_| Reply::not_found())?;
            let path = desk.call.path.as_str();
            let hidden = desk.faults.on(Kind::Deleted404, path)
                && desk.faults.number(Kind::Deleted404, path).is_none_or(|one| i64::try_from(one) == Ok(id));
            let hidden = hidden || desk.faults.on(Kind::HiddenHalf, path) && is_hidden(id);
            if hidden || !desk.account.candidates.contains_key(&id) {
                return Err(Reply::not_found());
            }
            one(desk, id, rest)
        }
    }
}

fn one(desk: &mut Desk<'_>, id: i64, rest: &[&str]) -> Result<Reply, Reply> {
    let method = desk.call.method.clone();
    let (get, post, delete) = (method == Method::GET, method == Method::POST, method == Method::DELETE);
    match rest {
        [] if get && desk.wants_metadata() => Ok(Reply::json(200, &metadata::of(desk.account, Collection::Employees))),
        [] if get => Ok(desk.employee(200, id)),
        [] if method == Method::PATCH || method == Method::PUT => update(desk, id),
        ["notes"] if get => Ok(desk.employee(200, id)),
        ["notes"] if post => note(desk, id),
        ["activities"] if get => desk.list(Collection::ActivitiesOf(id)),
        ["tags", ..] => tags(desk, id, rest.get(1).copied()),
        ["files", ..] => files(desk, id, rest.get(1..).unwrap_or_default()),
        ["recruitments"] if get => Ok(Reply::json(200, &recruitments(desk.account, id))),
        ["provisions" | "sources"] if get => Ok(Reply::json(200, &json!([]))),
        ["recruitments", job, "states", tail @ ..] if post => moves(desk, id, job, tail),
        ["recruitments", _, "states", ..] => Err(Reply::not_allowed()),
        [] | ["notes" | "activities" | "recruitments" | "provisions" | "sources"] => Err(Reply::not_allowed()),
        _ if delete => Err(Reply::not_allowed()),
        _ => Err(Reply::not_found()),
    }
}

/// Writes form values into a candidate; refuses what the form does not know.
fn fill(account: &Account, candidate: &mut Candidate, body: Map<String, Value>) -> Result<(), Reply> {
    let text = |key: &str, value: &Value| match value {
        Value::String(text) => Ok(Some(text.trim().to_owned())),
        Value::Null => Ok(None),
        _ => Err(Reply::invalid(key, "This value is not valid.")),
    };
    for (key, value) in body {
        match key.as_str() {
            "name" => candidate.name = text(&key, &value)?.unwrap_or_default().into(),
            "lastname" => candidate.lastname = text(&key, &value)?.unwrap_or_default().into(),
            "mobile" => candidate.mobile = text(&key, &value)?,
            "status" => candidate.status = text(&key, &value)?.unwrap_or_default().into(),
            "email" => {
                let email = text(&key, &value)?;
                let valid = |email: &str| {
                    let (user, host) = email.split_once('@').unwrap_or_default();
                    !user.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
                };
                if email.as_deref().is_some_and(|email| !email.is_empty() && !valid(email)) {
                    return Err(Reply::invalid("email", "This value is not a valid email address."));
                }
                candidate.email = email;
            }
            "source" => {
                let label = text(&key, &value)?;
                let known = |label: &str| super::names::SOURCES.iter().any(|(_, known)| *known == label);
                if label.as_deref().is_some_and(|label| !known(label)) {
                    return Err(Reply::invalid("source", "This value is not valid."));
                }
                candidate.source = label.map(Into::into);
            }
            "candidate_languages" => {
                let choices = super::names::LANGUAGES.map(str::to_owned);
                candidate.fields.insert(key, choice(&choices, value)?);
            }
            "linkedin" | "linkedin_id" | "candidate_about" | "candidate_location" | "guid" => {
                candidate.fields.insert(key, value);
            }
            _ => {
                let Some(field) = account.candidate_fields.iter().find(|field| field.sid == key) else {
                    return Err(Reply::invalid(&key, "This form should not contain extra fields."));
                };
                let value = if field.choices.is_empty() { value } else { choice(&field.choices, value)? };
                candidate.fields.insert(key, value);
            }
        }
    }
    Ok(())
}

/// Choices come as 0-based indexes or as labels, alone or in a list, and are kept as labels (§4.3).
fn choice(choices: &[String], value: Value) -> Result<Value, Reply> {
    let bad = || Reply::fail(400, "This choice is not valid.");
    match value {
        Value::Number(at) => {
            let at = at.as_u64().and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| choices.get(at)).map(|label| json!(label)).ok_or_else(bad)
        }
        Value::String(label) if choices.contains(&label) => Ok(json!(label)),
        Value::Array(values) => values.into_iter().map(|value| choice(choices, value)).collect(),
        Value::Null => Ok(Value::Null),
        Value::String(_) | Value::Bool(_) | Value::Object(_) => Err(bad()),
    }
}

fn taken(account: &Account, email: Option<&str>, but: Option<i64>) -> bool {
    let Some(email) = email.filter(|email| !email.is_empty()) else { return false };
    let same = |other: &Candidate| other.email.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(email));
    account.candidates.iter().any(|(id, other)| Some(*id) != but && same(other))
}

fn duplicate() -> Reply {
    Reply::fail(409, "Employee with this email already exists")
}

fn create(desk: &mut Desk<'_>) -> Result<Reply, Reply> {
    if desk.call.flag("x-request-metadata") {
        return Ok(Reply::json(200, &metadata::employee_request(desk.account)));
    }
    let mut candidate = Candidate::new("", "", "");
    fill(desk.account, &mut candidate, desk.call.object()?)?;
    let blank = |text: &str| text.is_empty();
    if blank(&candidate.name) && blank(&candidate.lastname) && candidate.email.as_deref().is_none_or(blank) {
        return Err(Reply::invalid("lastname", "This value should not be blank."));
    }
    if desk.faults.on(Kind::Duplicate409, &desk.call.path) || taken(desk.account, candidate.email.as_deref(), None) {
        let with_400 = desk.faults.on(Kind::Duplicate400, &desk.call.path);
        let told = Reply::fail(400, "Employee with this email already exists");
        return Err(if with_400 { told } else { duplicate() });
    }
    let id = desk.account.add_candidate(candidate);
    desk.wrote("POST /employees/");
    Ok(desk.employee(201, id))
}

fn update(desk: &mut Desk<'_>, id: i64) -> Result<Reply, Reply> {
    if desk.call.flag("x-request-metadata") {
        return Ok(Reply::json(200, &metadata::employee_request(desk.account)));
    }
    let Some(mut candidate) = desk.account.candidates.get(&id).cloned() else { return Err(Reply::not_found()) };
    let whole = desk.call.method == Method::PUT;
    if whole {
        let Candidate { name, lastname, email, mobile, source, .. } = Candidate::default();
        candidate = Candidate { name, lastname, email, mobile, source, fields: Map::new(), profile: 0, ..candidate };
    }
    fill(desk.account, &mut candidate, desk.call.object()?)?;
    if taken(desk.account, candidate.email.as_deref(), Some(id)) {
        return Err(duplicate());
    }
    let updated_at = desk.account.now();
    desk.account.candidates.insert(id, Candidate { updated_at, ..candidate });
    desk.wrote(if whole { "PUT /employees/{id}" } else { "PATCH /employees/{id}" });
    let answer = desk.employee(200, id);
    Ok(desk.or_204(answer))
}

fn note(desk: &mut Desk<'_>, id: i64) -> Result<Reply, Reply> {
    let body = desk.call.object()?;
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    let Some(activity) = Some(content).filter(|text| !text.is_empty()).and_then(|text| desk.account.add_note(id, text))
    else {
        return Err(Reply::invalid("content", "This value should not be blank."));
    };
    desk.wrote("POST /employees/{id}/notes");
    let path = desk.call.path.as_str();
    if desk.faults.on(Kind::NotesAnswerEmployee, path) {
        return Ok(desk.employee(200, id));
    }
    let answer = Reply::json(201, &render::activity(desk.account, desk.faults, path, activity, false));
    Ok(desk.or_204(answer))
}

fn tags(desk: &mut Desk<'_>, id: i64, tag: Option<&str>) -> Result<Reply, Reply> {
    match (desk.call.method.as_str(), tag) {
        ("GET", None) => {
            let ids = desk.account.candidate(id).map(|candidate| candidate.tags.clone()).unwrap_or_default();
            let rows = ids.into_iter().map(|tag| render::tag(desk.account, tag)).collect();
            Ok(Reply::json(200, &Value::Array(rows)))
        }
        ("POST", None) => {
            let body = desk.call.object()?;
            let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim();
            let tag = Some(name).filter(|name| !name.is_empty()).and_then(|name| desk.account.tag(id, name));
            let tag = tag.ok_or_else(|| Reply::invalid("name", "This value should not be blank."))?;
            desk.wrote("POST /employees/{id}/tags");
            Ok(Reply::json(201, &render::tag(desk.account, tag)))
        }
        ("DELETE", Some(tag)) => {
            let name = tag.parse().ok().and_then(|tag: i64| desk.account.tags.get(&tag).cloned());
            if !name.is_some_and(|name| desk.account.untag(id, &name)) {
                return Err(Reply::not_found());
            }
            desk.wrote("DELETE /employees/{id}/tags/{tag_id}");
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::not_allowed()),
    }
}

fn files(desk: &mut Desk<'_>, id: i64, rest: &[&str]) -> Result<Reply, Reply> {
    let Some(candidate) = desk.account.candidates.get(&id) else { return Err(Reply::not_found()) };
    let find = |file: &str| {
        let file: i64 = file.parse().map_err(|_| Reply::not_found())?;
        candidate.files.iter().find(|known| known.id == file).ok_or_else(Reply::not_found)
    };
    match (desk.call.method.as_str(), rest) {
        ("GET", []) => {
            let rows = candidate.files.iter();
            let rows = rows.map(|file| json!({"id": file.id, "name": render::file_name(candidate, file)})).collect();
            Ok(Reply::json(200, &Value::Array(rows)))
        }
        ("GET", [file]) => {
            let file = find(file)?;
            Ok(Reply::json(200, &json!({"id": file.id, "name": render::file_name(candidate, file)})))
        }
        ("GET", [file, "content"]) => {
            let file = find(file)?;
            Ok(Reply::raw(200, &file.content_type, render::file_content(candidate, file)))
        }
        ("POST", []) => upload(desk, id),
        (_, [] | [_] | [_, "content"]) => Err(Reply::not_allowed()),
        _ => Err(Reply::not_found()),
    }
}

fn upload(desk: &mut Desk<'_>, id: i64) -> Result<Reply, Reply> {
    let part = desk.call.files.iter().find(|(name, _)| name == "file[file]");
    let Some((_, file)) = part else { return Err(Reply::invalid("file", "This value should not be blank.")) };
    let label = desk.call.text("dictionary_file_type").map(str::to_owned);
    if label.as_deref().is_some_and(|label| label != "CV") {
        return Err(Reply::invalid("dictionary_file_type", "This value is not valid."));
    }
    let is_public = desk.call.text("file[isPublic]") == Some("1");
    let Some(file_id) = desk.account.add_file(id, &file.name, &file.content_type, file.bytes.clone()) else {
        return Err(Reply::not_found());
    };
    desk.account.update_candidate(id, |candidate| {
        if let Some(file) = candidate.files.last_mut() {
            (file.is_public, file.label) = (is_public, label);
        }
    });
    desk.wrote("POST /employees/{id}/files/");
    Ok(desk.or_204(Reply::json(201, &json!({"id": file_id, "name": file.name}))))
}

/// The inferred shape (§5.8).
fn recruitments(account: &Account, id: i64) -> Value {
    let rows = account.jobs_of(id).into_iter().map(|job| {
        // A member without a ledger row is in the job all the same.
        let row = account.members.get(&(job, id)).and_then(|row| account.ledger_row(*row));
        let state = row.and_then(|row| account.state(row.state));
        let state = state.map(|state| json!({"id": state.id, "name": state.name, "type": state.kind}));
        let name = account.jobs.get(&job).map(|job| job.name.as_str());
        let date = row.map(|row| super::query::stamp(row.date));
        json!({"recruitment": {"id": job, "name": name}, "state": state, "date": date})
    });
    rows.collect()
}

fn moves(desk: &mut Desk<'_>, id: i64, job: &str, tail: &[&str]) -> Result<Reply, Reply> {
    let job: i64 = job.parse().map_err(|_| Reply::not_found())?;
    if !desk.account.members.contains_key(&(job, id)) {
        return Err(Reply::not_found());
    }
    let call: &Call = desk.call;
    match tail {
        [state, "_move"] => {
            let state: i64 = state.parse().map_err(|_| Reply::not_found())?;
            call.object()?;
            let kind = desk.account.state(state).map(|state| state.kind.as_str());
            if kind == Some("end-bad") {
                return Err(Reply::fail(400, "Use _move_to_reject_state to reject an employee"));
            }
            if !desk.account.move_to(job, id, state) {
                return Err(Reply::not_found());
            }
            desk.wrote("POST /employees/{id}/recruitments/{rid}/states/{sid}/_move");
        }
        ["_move_to_reject_state"] => {
            let body = call.object()?;
            let reason = body.get("rejection_id").filter(|value| !value.is_null());
            let known = reason.and_then(Value::as_i64).filter(|id| desk.account.rejections.contains_key(id));
            let demanded = desk.faults.on(Kind::RejectionRequired, &call.path);
            if (reason.is_some() && known.is_none()) || (demanded && reason.is_none()) {
                return Err(Reply::invalid("rejection_id", "This value is not valid."));
            }
            if !desk.account.reject(job, id, known) {
                return Err(Reply::not_found());
            }
            desk.wrote("POST /employees/{id}/recruitments/{rid}/states/_move_to_reject_state");
        }
        _ => return Err(Reply::not_found()),
    }
    Ok(desk.or_204(Reply::json(200, &json!({}))))
}
