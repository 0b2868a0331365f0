//! The test door below `/_simulator/`: no token, never part of the vendor. It sets faults, tells what the
//! account holds, and edits it from another process.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::Held;
use super::account::Account;
use super::fault::Fault;
use super::records::{Advert, Candidate};
use super::reply::{Call, Reply};

pub(super) fn answer(held: &mut Held, call: &Call) -> Reply {
    let done = match (call.method.clone(), call.path.trim_end_matches('/')) {
        (Method::GET, "/_simulator/faults") => Ok(json!({"faults": held.faults.written()})),
        (Method::POST | Method::PUT, "/_simulator/faults") => faults(held, call),
        (Method::GET, "/_simulator/state") => Ok(state(held)),
        (Method::POST, "/_simulator/edit") => edit(held, call),
        (Method::GET, "/_simulator/webhooks") => Ok(webhooks(&held.account)),
        (Method::POST, "/_simulator/deliveries") => Ok(deliveries(&mut held.account)),
        _ => Err((404, "unknown door".to_owned())),
    };
    match done {
        Ok(body) => Reply::json(200, &body),
        Err((status, text)) => Reply::json(status, &json!({"error": text})),
    }
}

type Done = Result<Value, (u16, String)>;

fn body(call: &Call) -> Result<Map<String, Value>, (u16, String)> {
    call.object().map_err(|_| (400, "the body is not a JSON object".to_owned()))
}

fn faults(held: &mut Held, call: &Call) -> Done {
    let body = body(call)?;
    let Some(written) = body.get("faults").and_then(Value::as_array) else {
        return Err((400, "faults is not a list".to_owned()));
    };
    let read = |text: &Value| text.as_str().unwrap_or_default().parse::<Fault>().map_err(|why| (400, why.to_string()));
    let faults = written.iter().map(read).collect::<Result<Vec<Fault>, _>>()?;
    held.faults.replace(faults);
    held.revision += 1;
    Ok(json!({"faults": held.faults.written()}))
}

fn state(held: &Held) -> Value {
    let account = &held.account;
    json!({
        "candidates": account.candidates(), "jobs": account.jobs(), "members": account.members(),
        "history": account.history(), "activities": account.activities.len(), "sources": account.sources.len(),
        "users": account.users(), "tags": account.tags.len(), "posts": account.posts.len(),
        "webhooks": account.webhooks.len(), "tokens": account.tokens.len(),
        "requests": held.counts.values().sum::<u64>(),
        "writes": account.writes, "faults": held.faults.written(),
    })
}

/// Where subscriptions lead, their secrets in clear.
fn webhooks(account: &Account) -> Value {
    let rows = account.webhooks();
    let rows = rows.iter().map(|(id, row)| json!({"id": id, "type": row.kind, "url": row.url}));
    json!({"webhooks": rows.collect::<Vec<_>>()})
}

/// What webhooks would have sent since it was last asked.
fn deliveries(account: &mut Account) -> Value {
    let rows = account.take_deliveries().into_iter();
    let rows = rows.map(|delivery| json!({"type": delivery.kind, "url": delivery.url, "body": delivery.body}));
    json!({"deliveries": rows.collect::<Vec<_>>()})
}

fn edit(held: &mut Held, call: &Call) -> Done {
    let body = body(call)?;
    let done = apply(&mut held.account, &body);
    held.revision += 1;
    done
}

fn apply(account: &mut Account, body: &Map<String, Value>) -> Done {
    let number = |key: &str| {
        let number = body.get(key).and_then(Value::as_i64);
        number.ok_or_else(|| (400, format!("{key} is missing or no number")))
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str).ok_or_else(|| (400, format!("{key} is missing")));
    let fields = body.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let op = text("op")?;
    let done = match op {
        "add_candidate" => {
            let mut candidate = Candidate::new("Nowa", "Osoba", "");
            write(&mut candidate, fields);
            return Ok(json!({"id": account.add_candidate(candidate)}));
        }
        "update_candidate" => account.update_candidate(number("id")?, |candidate| write(candidate, fields)),
        "delete_candidate" => account.delete_candidate(number("id")?),
        "anonymise_candidate" => account.anonymise_candidate(number("id")?),
        "merge_candidates" => account.merge_candidates(number("id")?, number("other")?),
        "apply" => account.apply(number("job")?, number("candidate")?),
        "rename_job" => {
            let name = text("name")?.to_owned();
            account.update_job(number("id")?, |job| job.name = name)
        }
        "add_member" => account.add_member(number("job")?, number("candidate")?),
        "remove_member" => account.remove_member(number("job")?, number("candidate")?),
        "move" => account.move_to(number("job")?, number("candidate")?, number("state")?),
        "tag" => account.tag(number("candidate")?, text("name")?).is_some(),
        "untag" => account.untag(number("candidate")?, text("name")?),
        "publish" => {
            let title = body.get("title").and_then(Value::as_str).unwrap_or("Ogłoszenie");
            let html = body.get("description").and_then(Value::as_str).unwrap_or("<p>Opis</p>");
            return Ok(json!({"id": account.publish(number("job")?, Advert::new(title, html))}));
        }
        "unpublish" => account.unpublish(number("job")?) > 0,
        "close_job" => account.close_job(number("id")?),
        "delete_job" => account.remove_job(number("id")?),
        "revoke_tokens" => {
            account.revoke_tokens();
            true
        }
        _ => return Err((400, format!("unknown op {op:?}"))),
    };
    if done { Ok(json!({"done": true})) } else { Err((404, "nothing to change".to_owned())) }
}

fn write(candidate: &mut Candidate, fields: Map<String, Value>) {
    for (key, value) in fields {
        let text = value.as_str().map(str::to_owned);
        match key.as_str() {
            "name" => candidate.name = text.unwrap_or_default().into(),
            "lastname" => candidate.lastname = text.unwrap_or_default().into(),
            "email" => candidate.email = text,
            "mobile" => candidate.mobile = text,
            "status" => candidate.status = text.unwrap_or_default().into(),
            "source" => candidate.source = text.map(Into::into),
            _ => {
                candidate.fields.insert(key, value);
            }
        }
    }
}
