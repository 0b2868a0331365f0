//! Webhooks: their configuration, and the deliveries that they would send (§3.8). Nothing is ever sent from
//! here: a delivery is a value that somebody else sends, a test or the command that serves the simulator.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::account::Account;
use super::reply::Reply;
use super::route::{Desk, List};
use super::token::hmac;
use super::writing::{self, Resource, Task, Wrong, data_errors};

const RESOURCES: [&str; 5] = ["person", "applicant", "absence", "sickLeave", "remoteWork"];
const ACTIONS: [&str; 4] = ["resourceCreated", "resourceUpdated", "resourceDeleted", "resourceDeactivated"];
/// An account's limit.
const MOST: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub name: String,
    pub resource: String,
    pub action: String,
    pub url: String,
    /// The key pair that signs.
    pub access_key: Option<String>,
    pub is_active: bool,
    pub remark: Option<String>,
}

/// What HR WORKS would POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub webhook: u64,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Account {
    /// Something happened to an applicant or a person: every active webhook that asks for it is told, by id
    /// only.
    pub(super) fn tell(&mut self, resource: &str, action: &str, id: &str) {
        let asked = |webhook: &Webhook| webhook.is_active && webhook.resource == resource && webhook.action == action;
        let webhooks: Vec<(u64, Webhook)> = self
            .webhooks
            .iter()
            .filter(|(_, webhook)| asked(webhook))
            .map(|(number, webhook)| (*number, webhook.clone()))
            .collect();
        for (number, webhook) in webhooks {
            let serial = self.fresh("delivery");
            let job = self.uuid(8, serial);
            let timestamp = self.now().timestamp().to_string();
            let below = if resource == "applicant" { "applicant-management/applicants" } else { "persons" };
            let body = json!({
                "event": "serverEvent",
                "resourceLocation": format!("https://api.hrworks.de/v2/{below}/{id}"),
                "jobId": job,
                "action": action,
            });
            let secret = webhook.access_key.as_ref().and_then(|key| self.keys.get(key));
            let secret = secret.map(|key| key.secret.clone()).unwrap_or_default();
            let signature = STANDARD.encode(hmac(secret.as_bytes(), format!("{job}.{timestamp}").as_bytes()));
            self.deliveries.push(Delivery {
                webhook: number,
                url: webhook.url,
                headers: vec![
                    ("content-type".to_owned(), "application/json".to_owned()),
                    ("x-hrworks-signature".to_owned(), signature),
                    ("x-hrworks-timestamp".to_owned(), timestamp),
                ],
                body: body.to_string(),
            });
        }
    }
}

pub(super) fn answer(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    let call = desk.call;
    let task = match (call.method.clone(), rest) {
        (Method::GET, []) => return list(desk),
        (Method::GET, ["jobs", id]) => {
            return Ok(writing::poll(desk.account, desk.faults, call, Resource::Webhooks, id));
        }
        (Method::POST, []) => Task::CreateWebhooks(call.records()?),
        (Method::PUT, []) => Task::ChangeWebhooks(call.records()?),
        (Method::DELETE, []) => {
            let numbers = call.values("numbers");
            if numbers.is_empty() {
                return Err(Reply::refuse(400, "MissingParameterError", "numbers is missing"));
            }
            let numbers = numbers.iter().map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>();
            let wrong = || Reply::refuse(400, "InvalidParameterTypeError", "numbers are no numbers");
            Task::DeleteWebhooks(numbers.ok_or_else(wrong)?)
        }
        _ => return Err(Reply::no_endpoint()),
    };
    desk.has_written = true;
    Ok(writing::accept(desk.account, desk.faults, call, Resource::Webhooks, task))
}

fn list(desk: &mut Desk<'_>) -> Result<Reply, Reply> {
    let only_active = desk.call.flag("onlyActive", true)?;
    let (resource, action) = (desk.call.value("resource"), desk.call.value("action"));
    let find = |account: &Account| {
        let shown = account.webhooks.iter().filter(|(_, webhook)| {
            (webhook.is_active || !only_active)
                && resource.as_ref().is_none_or(|resource| *resource == webhook.resource)
                && action.as_ref().is_none_or(|action| *action == webhook.action)
        });
        shown.map(|(number, _)| number.to_string()).collect()
    };
    desk.list(&List { rows: "webhooks", page_size: None }, find, |pen, number| {
        let number = number.parse().ok()?;
        Some(row(number, pen.account.webhooks.get(&number)?))
    })
}

fn row(number: u64, webhook: &Webhook) -> Value {
    let mut row = json!({
        "id": number, "name": webhook.name, "resource": webhook.resource, "action": webhook.action,
        "url": webhook.url, "isActive": webhook.is_active,
    });
    for (name, text) in [("accessKey", &webhook.access_key), ("remark", &webhook.remark)] {
        if let Some(text) = text {
            row[name] = json!(text);
        }
    }
    row
}

fn read(account: &Account, record: &Value) -> Result<Webhook, Wrong> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let needed = |name: &str| text(name).ok_or_else(|| vec![(8, format!("{name} is missing"))]);
    let webhook = Webhook {
        name: needed("name")?,
        resource: needed("resource")?,
        action: needed("action")?,
        url: needed("url")?,
        access_key: text("accessKey"),
        is_active: record.get("isActive").and_then(Value::as_bool).unwrap_or(false),
        remark: text("remark"),
    };
    let wrong = |text: &str| Err(vec![(4, text.to_owned())]);
    if !RESOURCES.contains(&webhook.resource.as_str()) {
        return wrong("resource has an unknown value");
    }
    let deactivated = webhook.action == "resourceDeactivated" && webhook.resource != "person";
    if deactivated || !ACTIONS.contains(&webhook.action.as_str()) {
        return wrong("action has an unknown value");
    }
    if !webhook.url.starts_with("https://") && !webhook.url.starts_with("http://") {
        return wrong("url is no URL");
    }
    match &webhook.access_key {
        None if webhook.is_active => wrong("accessKey is missing"),
        Some(key) if !account.keys.contains_key(key) => wrong("accessKey is unknown"),
        _ => Ok(webhook),
    }
}

pub(super) fn create(account: &mut Account, records: &[Value]) -> Value {
    let mut sound = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        match read(account, record) {
            Ok(_) if account.webhooks.len() + sound.len() >= MOST => {
                return data_errors(at, &vec![(16, "There are too many webhooks".to_owned())]);
            }
            Ok(webhook) => sound.push(webhook),
            Err(wrong) => return data_errors(at, &wrong),
        }
    }
    let numbered: Vec<(u64, Webhook)> = sound.into_iter().map(|webhook| (account.fresh("webhook"), webhook)).collect();
    account.wrote("POST /webhooks");
    keep(account, numbered)
}

/// The whole record is replaced.
pub(super) fn change(account: &mut Account, records: &[Value]) -> Value {
    let mut sound = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let number = record.get("id").and_then(Value::as_u64).filter(|number| account.webhooks.contains_key(number));
        let Some(number) = number else { return data_errors(at, &vec![(9, "id is unknown".to_owned())]) };
        match read(account, record) {
            Ok(webhook) => sound.push((number, webhook)),
            Err(wrong) => return data_errors(at, &wrong),
        }
    }
    account.wrote("PUT /webhooks");
    keep(account, sound)
}

fn keep(account: &mut Account, webhooks: Vec<(u64, Webhook)>) -> Value {
    let mut result = Vec::with_capacity(webhooks.len());
    for (number, webhook) in webhooks {
        result.push(json!({"recordId": result.len() + 1, "data": row(number, &webhook)}));
        account.webhooks.insert(number, webhook);
    }
    json!({"result": result})
}

pub(super) fn delete(account: &mut Account, numbers: &[u64]) -> Value {
    if let Some(at) = numbers.iter().position(|number| !account.webhooks.contains_key(number)) {
        return data_errors(at, &vec![(9, "The webhook is unknown".to_owned())]);
    }
    account.webhooks.retain(|number, _| !numbers.contains(number));
    account.wrote("DELETE /webhooks");
    json!({"result": {"total": numbers.len()}})
}
