//! Writes are asynchronous (§2): a call is answered by a job id, and carried out a little later, whether or not
//! somebody polls. "A little later" is counted in requests, so that nothing depends on time: a poll counts for
//! its own write, any other reading for all.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::reply::{Call, Reply, error};
use super::{recruiting, webhook};

/// Whose jobs endpoint knows the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    JobApplications,
    Webhooks,
}

impl Resource {
    fn path(self) -> &'static str {
        match self {
            Self::JobApplications => "/v2/applicant-management/job-applications",
            Self::Webhooks => "/v2/webhooks",
        }
    }
}

pub(super) enum Task {
    CreateApplications(Vec<Value>),
    Upload { application: u64, name: String, content_type: String, content: Bytes },
    UploadFrom { application: u64, name: String, content_type: String, url: String },
    CreateWebhooks(Vec<Value>),
    ChangeWebhooks(Vec<Value>),
    DeleteWebhooks(Vec<u64>),
}

impl Task {
    fn response_type(&self) -> &'static str {
        match self {
            Self::Upload { .. } | Self::UploadFrom { .. } => "FileUploadRequestResponse",
            Self::DeleteWebhooks(_) => "MultiDeleteRequestResponse",
            Self::CreateApplications(_) | Self::CreateWebhooks(_) | Self::ChangeWebhooks(_) => {
                "MultiWriteRequestResponse"
            }
        }
    }
}

/// One write and what became of it.
pub(super) struct Write {
    resource: Resource,
    task: Option<Task>,
    response_type: &'static str,
    made_at: DateTime<Utc>,
    /// How many polls are still answered by "pending".
    left: u64,
    /// `apiResponse`, when it is finished.
    outcome: Option<Value>,
}

/// Takes a write and answers with its job id.
pub(super) fn accept(account: &mut Account, faults: &Faults, call: &Call, resource: Resource, task: Task) -> Reply {
    let number = account.fresh("write");
    let id = account.uuid(9, number);
    let write = Write {
        resource,
        response_type: task.response_type(),
        task: Some(task),
        made_at: account.now(),
        left: faults.number(Kind::PendingPolls, &call.path).unwrap_or(2),
        outcome: None,
    };
    account.writing.insert(id.clone(), write);
    account.pending.push(id.clone());
    Reply::json(200, &json!({"jobId": id}))
}

/// Carries out what is due. `polled`: the write that this request asks for; other readings pass with none.
pub(super) fn settle(account: &mut Account, faults: &Faults, base: &str, is_reading: bool, polled: Option<&str>) {
    let mut waiting = std::mem::take(&mut account.pending);
    waiting.retain(|id| {
        let Some(write) = account.writing.get_mut(id) else { return false };
        let path = write.resource.path();
        if write.left > 0 || faults.on(Kind::JobNeverFinishes, path) {
            if is_reading && polled.is_none() {
                write.left = write.left.saturating_sub(1);
            }
            return true;
        }
        let Some(task) = write.task.take() else { return false };
        let outcome = match faults.on(Kind::JobFails, path) {
            true => json!({"generalErrors": [error(500, "InternalServerError", "The request failed")]}),
            false => carry_out(account, faults, base, task),
        };
        if let Some(write) = account.writing.get_mut(id) {
            write.outcome = Some(outcome);
        }
        false
    });
    account.pending.append(&mut waiting);
}

fn carry_out(account: &mut Account, faults: &Faults, base: &str, task: Task) -> Value {
    match task {
        Task::CreateApplications(records) => recruiting::create(account, faults, &records),
        Task::Upload { application, name, content_type, content } => {
            recruiting::store(account, base, application, (&name, &content_type, content))
        }
        Task::UploadFrom { application, name, content_type, url } => {
            recruiting::fetch(account, base, application, (&name, &content_type), &url)
        }
        Task::CreateWebhooks(records) => webhook::create(account, &records),
        Task::ChangeWebhooks(records) => webhook::change(account, &records),
        Task::DeleteWebhooks(numbers) => webhook::delete(account, &numbers),
    }
}

/// `…/jobs/{jobId}`.
pub(super) fn poll(account: &mut Account, faults: &Faults, call: &Call, resource: Resource, id: &str) -> Reply {
    let now = account.now();
    let known = account.writing.get_mut(id).filter(|write| write.resource == resource);
    let Some(write) = known.filter(|write| write.made_at + Duration::hours(24) > now) else {
        return Reply::refuse(400, "InvalidJobIdError", "There is no such write request");
    };
    let mut body = serde_json::Map::new();
    let with_type = !faults.on(Kind::NoResponseType, &call.path);
    match &write.outcome {
        Some(outcome) => {
            let word = faults.word(Kind::TerminalWord, &call.path).unwrap_or("finished");
            body.insert("status".to_owned(), json!(word));
            body.insert("apiResponse".to_owned(), outcome.clone());
            if with_type {
                body.insert("responseType".to_owned(), json!(write.response_type));
            }
        }
        None => {
            write.left = write.left.saturating_sub(1);
            body.insert("status".to_owned(), json!("pending"));
            if faults.on(Kind::PendingEnvelope, &call.path) {
                body.insert("apiResponse".to_owned(), json!({}));
                body.insert("responseType".to_owned(), json!(write.response_type));
            }
        }
    }
    Reply::json(200, &Value::Object(body))
}

/// What is wrong with one record.
pub(super) type Wrong = Vec<(i64, String)>;

/// Aborts at the first record that is wrong: then nothing of the request was done (§2).
pub(super) fn data_errors(at: usize, wrong: &Wrong) -> Value {
    let errors: Vec<Value> = wrong.iter().map(|(number, text)| json!({"number": number, "text": text})).collect();
    json!({"dataErrors": [{"recordId": at + 1, "errors": errors}]})
}
