//! The test door below `/_simulator/`: no token, never part of the vendor. It sets faults, tells what the
//! account holds, and edits it from another process.

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Held;
use super::account::Account;
use super::fault::Fault;
use super::records::{Applicant, JobApplication, Post};
use super::reply::{Call, Reply};

pub(super) fn answer(held: &mut Held, call: &Call) -> Reply {
    let done = match (call.method.clone(), call.path.trim_end_matches('/')) {
        (Method::GET, "/_simulator/faults") => Ok(json!({"faults": held.faults.written()})),
        (Method::POST | Method::PUT, "/_simulator/faults") => faults(held, call),
        (Method::GET, "/_simulator/state") => Ok(state(held)),
        (Method::POST, "/_simulator/edit") => edit(held, call),
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
    let documents: usize = account.applications.values().map(|application| application.documents.len()).sum();
    json!({
        "candidates": account.candidates(), "jobs": account.jobs(), "applications": account.applications(),
        "documents": documents, "users": account.users(), "webhooks": account.webhooks.len(),
        "pending": account.pending.len(), "tokens": account.tokens_made,
        "requests": held.counts.values().sum::<u64>(),
        "writes": account.writes, "faults": held.faults.written(),
    })
}

/// What webhooks would have sent since it was last asked.
fn deliveries(account: &mut Account) -> Value {
    let rows = account.take_deliveries().into_iter().map(|delivery| {
        let headers: Map<String, Value> =
            delivery.headers.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        json!({"webhook": delivery.webhook, "url": delivery.url, "headers": headers, "body": delivery.body})
    });
    json!({"deliveries": rows.collect::<Vec<_>>()})
}

fn edit(held: &mut Held, call: &Call) -> Done {
    let body = body(call)?;
    let done = apply(&mut held.account, &body);
    held.revision += 1;
    done
}

fn apply(account: &mut Account, body: &Map<String, Value>) -> Done {
    let text = |key: &str| body.get(key).and_then(Value::as_str).ok_or_else(|| (400, format!("{key} is missing")));
    let fields = body.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
    let op = text("op")?;
    let done = match op {
        "add_candidate" => {
            let mut applicant =
                Applicant { first_name: "Neue".into(), last_name: "Person".into(), ..Applicant::default() };
            write(&mut applicant, &fields);
            let applicant = account.add_candidate(applicant);
            let application = application(account, &applicant, text("job")?)?;
            return Ok(json!({"id": applicant, "application": application}));
        }
        "update_candidate" => account.update_candidate(text("id")?, |applicant| write(applicant, &fields)),
        "delete_candidate" => account.delete_candidate(text("id")?),
        "add_application" => return Ok(json!({"id": application(account, text("candidate")?, text("job")?)?})),
        "delete_application" => account.delete_application(text("id")?),
        "set_status" => account.set_status(text("id")?, text("status")?),
        "add_document" => {
            let content = Bytes::from(text("content")?.to_owned());
            account.add_document(text("application")?, text("name")?, "text/plain", content).is_some()
        }
        "add_job" => {
            let name = text("name")?.to_owned();
            let key = account.add_job(Post { name, is_active: true, ..Post::default() });
            return Ok(json!({"key": key, "id": account.job(&key).and_then(|post| post.uuid.clone())}));
        }
        "rename_job" => {
            let name = text("name")?.to_owned();
            account.update_job(text("id")?, |post| post.display_name = Some(name))
        }
        "close_job" => account.update_job(text("id")?, |post| post.is_active = false),
        "delete_job" => account.remove_job(text("id")?),
        "delete_user" => account.delete_user(text("id")?),
        "take_permission" => {
            account.take_permission(text("permission")?);
            true
        }
        "revoke_tokens" => {
            account.revoke_tokens();
            true
        }
        _ => return Err((400, format!("unknown op {op:?}"))),
    };
    if done { Ok(json!({"done": true})) } else { Err((404, "nothing to change".to_owned())) }
}

fn application(account: &mut Account, applicant: &str, job: &str) -> Result<String, (u16, String)> {
    let key = account.post_key(job).ok_or_else(|| (404, "there is no such job".to_owned()))?;
    let application = JobApplication::new(applicant, &key, account.now());
    account.add_application(application).ok_or_else(|| (404, "there is no such candidate".to_owned()))
}

fn write(applicant: &mut Applicant, fields: &Map<String, Value>) {
    for (key, value) in fields {
        let text = value.as_str().map(str::to_owned);
        match key.as_str() {
            "firstName" => applicant.first_name = text.unwrap_or_default().into(),
            "lastName" => applicant.last_name = text.unwrap_or_default().into(),
            "email" => applicant.email = text,
            "title" => applicant.title = text.map(Into::into),
            "phone" => applicant.address.phone = text.map(Into::into),
            "city" => applicant.address.city = text.map(Into::into),
            _ => {}
        }
    }
}
