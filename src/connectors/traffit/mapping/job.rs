//! One job out of its list row, its detail and its advert, with its pipeline and its hiring team.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::wire::{self, Reference};
use super::{location, moment};
use crate::connectors::vendor_http::decode;
use crate::domain::{
    HiringTeamMember, HiringTeamRole, IdSpace, IntegrationField, Job, JobStage, JobStatus, Payload, Snapshot,
};

/// The fields of an advert that make a description, in this order.
const DESCRIPTION: [&str; 4] = ["description", "responsibilities", "requirements", "benefits"];

/// The three payloads that make a job.
pub struct JobSource {
    pub row: Value,
    pub detail: Value,
    /// The post that counts, when one is published.
    pub post: Option<Value>,
}

/// A state of a workflow, as far as a job's pipeline needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowState {
    pub id: String,
    pub order: Option<i64>,
}

/// The workflow that a job's detail names, as far as it can be read.
pub fn workflow_of(detail: &Value) -> Option<wire::Id> {
    decode::<wire::RecruitmentDetail>(detail).ok()?.workflow_id
}

/// The job and what comes with it: job stages and hiring team members.
///
/// `pipeline` knows the states of a workflow, `label` the name that TRAFFIT's users gave to a custom field.
pub fn job(
    ids: &IdSpace,
    source: JobSource,
    pipeline: impl FnOnce(&str) -> Vec<WorkflowState>,
    label: impl Fn(&str) -> Option<String>,
    unread: &mut Vec<String>,
) -> Result<Vec<Snapshot>, String> {
    let row: wire::RecruitmentRow = decode(&source.row)?;
    let detail: wire::RecruitmentDetail = decode(&source.detail)?;
    let post: Option<wire::Post> = match &source.post {
        Some(post) => Some(decode(post).map_err(|wrong| format!("of its advert {wrong}"))?),
        None => None,
    };
    let remote_id = row.id.0;
    // Read together: a job closed between list and detail would get its planned day from the list. A null date
    // is left out, so that its absence means nothing where the flag is absent too.
    let (is_closed, closing_date) = match detail.is_closed {
        Some(is_closed) => (is_closed, detail.closing_date),
        None => (row.is_closed == Some(true), row.closing_date),
    };
    let closing_date = closing_date.filter(|_| is_closed);
    let created_at = row.created_at.or(detail.created_at);

    let record = Job {
        name: row.name.or(detail.name),
        code: row.nr_ref.or(detail.nr_ref),
        confidential: row.is_confidential,
        status: Some(if is_closed { JobStatus::Closed } else { JobStatus::Open }),
        status_raw: detail.status,
        closed_at: moment(closing_date.as_deref(), "closing_date", unread),
        remote_created_at: moment(created_at.as_deref(), "created_at", unread),
        description: post.as_ref().map(description).transpose()?.flatten(),
        location: post.as_ref().and_then(location::location),
        post_url: post.and_then(|post| post.url),
        integration_fields: custom_fields(&source.row, &source.detail, label),
        remote_id: remote_id.clone(),
        ..Job::default()
    };

    let stages = detail.workflow_id.map(|workflow| pipeline(&workflow.0)).unwrap_or_default();
    let team = hiring_team(&detail.responsible_person)?;
    let mut payload =
        Payload::from([("/recruitments/".to_owned(), source.row), ("/recruitments/{id}".to_owned(), source.detail)]);
    if let Some(post) = source.post {
        payload.insert("/public/job_posts/published".to_owned(), post);
    }

    let mut snapshots = vec![Snapshot::new(ids.job(&remote_id), record, payload)];
    snapshots.extend(job_stages(ids, &remote_id, stages));
    snapshots.extend(team.iter().map(|user| {
        let member =
            HiringTeamMember { roles: vec![HiringTeamRole::Recruiter], job: ids.job(&remote_id), user: ids.user(user) };
        Snapshot::new(ids.hiring_team_member(&remote_id, user), member, Payload::new())
    }));
    Ok(snapshots)
}

/// Terminal states carry huge orders, so the index is the rank (guide §5.5).
fn job_stages(ids: &IdSpace, job: &str, mut states: Vec<WorkflowState>) -> Vec<Snapshot> {
    states.sort_by_key(|state| (state.order.unwrap_or(i64::MAX), state.id.parse::<u64>().unwrap_or(u64::MAX)));
    states
        .iter()
        .enumerate()
        .map(|(index, state)| {
            let stage = JobStage { index: i32::try_from(index).ok(), job: ids.job(job), stage: ids.stage(&state.id) };
            Snapshot::new(ids.job_stage(job, &state.id), stage, Payload::new())
        })
        .collect()
}

fn description(post: &wire::Post) -> Result<Option<String>, String> {
    let mut parts = Vec::new();
    for part in DESCRIPTION {
        for field in post.advert.values.iter().flatten().filter(|field| field.field_id.as_deref() == Some(part)) {
            let text = wire::plain_text(&field.value).map_err(|()| format!("of its advert {part} is not text"))?;
            parts.extend(text);
        }
    }
    Ok((!parts.is_empty()).then(|| parts.join("\n")))
}

/// User ids, each once. Beside an array of `{id,email}`, consumers have met a single object and `{user:{id}}`.
fn hiring_team(people: &Value) -> Result<Vec<String>, String> {
    let people = match people {
        Value::Array(people) => people.as_slice(),
        person => std::slice::from_ref(person),
    };
    let mut users: Vec<String> = Vec::with_capacity(people.len());
    for person in people {
        let person = person.get("user").unwrap_or(person);
        if is_nobody(person) {
            continue;
        }
        let user = Reference::read(person).ok_or("responsible_person is not a reference with an id")?;
        if !users.contains(&user.0.0) {
            users.push(user.0.0);
        }
    }
    Ok(users)
}

/// What stands in the place of a person when there is none.
fn is_nobody(person: &Value) -> bool {
    match person {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(people) => people.is_empty(),
        Value::Object(person) => person.values().all(Value::is_null),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// Every `_<SID>` key of list row and detail; where both have it, the detail was read later.
fn custom_fields(row: &Value, detail: &Value, label: impl Fn(&str) -> Option<String>) -> Vec<IntegrationField> {
    let fields = [row, detail].into_iter().filter_map(Value::as_object).flatten();
    let by_key: BTreeMap<_, _> = fields.filter(|(key, _)| key.starts_with('_')).collect();
    by_key
        .into_iter()
        .map(|(key, value)| IntegrationField { key: key.clone(), label: label(key), value: value.clone() })
        .collect()
}
