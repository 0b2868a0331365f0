//! TRAFFIT's records as ours: pure functions, one for every row of the binding mapping (reference §7).
//!
//! A row that cannot be understood is an `Err` that names the field; its record is left as it is. One
//! exception: a time that cannot be read makes its field null, is reported in `unread`, and does not hold
//! the record back.

mod job;
mod location;
mod time;

use std::collections::BTreeMap;

use serde_json::Value;

use super::wire;
use crate::connectors::vendor_http::decode;
use crate::domain::{
    Application, ApplicationOutcome, ApplicationStage, Candidate, CandidateTag, EmailAddress, IdSpace, Payload,
    PhoneNumber, Snapshot, Tag, User,
};

pub use job::{JobSource, WorkflowState, job, workflow_of};
pub use time::{day, moment};

pub fn user(ids: &IdSpace, row: Value) -> Result<Snapshot, String> {
    let user: wire::User = decode(&row)?;
    let record = User {
        first_name: user.name.or(user.username),
        last_name: user.lastname,
        email: user.email,
        remote_id: user.id.0,
    };
    Ok(Snapshot::new(ids.user(&record.remote_id), record, payload("/users/", row)))
}

pub fn candidate(ids: &IdSpace, row: Value) -> Result<Snapshot, String> {
    let person: wire::Employee = decode(&row)?;
    let record = Candidate {
        first_name: person.name,
        last_name: person.lastname,
        source: person.source,
        email_addresses: person
            .email
            .map(|address| EmailAddress { address, r#type: None, type_raw: None })
            .into_iter()
            .collect(),
        phone_numbers: person
            .mobile
            .map(|number| PhoneNumber { number, r#type: None, type_raw: None })
            .into_iter()
            .collect(),
        remote_id: person.id.0,
        ..Candidate::default()
    };
    Ok(Snapshot::new(ids.candidate(&record.remote_id), record, payload("/employees/", row)))
}

pub fn stage(ids: &IdSpace, row: Value) -> Result<Snapshot, String> {
    let state: wire::State = decode(&row)?;
    let record = ApplicationStage {
        name: state.name,
        global_index: state.order.and_then(|order| i32::try_from(order).ok()),
        remote_id: state.id.0,
    };
    Ok(Snapshot::new(ids.stage(&record.remote_id), record, payload("/workflows/{id}", row)))
}

/// What decides the outcome of an application in a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StageMeaning {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub is_rejection: bool,
}

impl StageMeaning {
    fn outcome(&self) -> ApplicationOutcome {
        match self.kind.as_deref() {
            Some("end-good") => ApplicationOutcome::Hired,
            Some("end-bad") => ApplicationOutcome::Declined,
            _ if self.is_rejection => ApplicationOutcome::Declined,
            // `wait` (parked, withdrawn) and types that a tenant made up.
            _ => ApplicationOutcome::Pending,
        }
    }
}

/// The application of a member of a job. `row`: its open ledger row, without which nothing is known of its
/// stage. `meaning` looks a state up in its workflow; the ledger row tells its type too, but not `is_rejection`.
pub fn application(
    ids: &IdSpace,
    (job, candidate): (&str, &str),
    row: Option<Value>,
    meaning: impl FnOnce(&str) -> Option<StageMeaning>,
    unread: &mut Vec<String>,
) -> Result<Snapshot, String> {
    let mut record = Application {
        remote_id: application_key(job, candidate),
        outcome: Some(ApplicationOutcome::Pending),
        job: Some(ids.job(job)),
        candidate: Some(ids.candidate(candidate)),
        ..Application::default()
    };
    if let Some(row) = &row {
        let open: wire::LedgerRow = decode(row)?;
        if let Some(state) = open.workflow_state {
            let known = meaning(&state.id.0).unwrap_or_default();
            let meaning = StageMeaning {
                kind: known.kind.or(state.kind),
                is_rejection: known.is_rejection || state.is_rejection == Some(true),
            };
            record.current_stage = Some(ids.stage(&state.id.0));
            record.outcome = Some(meaning.outcome());
        }
        if record.outcome == Some(ApplicationOutcome::Declined) {
            record.rejected_at = moment(open.date.as_deref(), "date", unread);
        }
    }
    let payload = row.map_or_else(BTreeMap::new, |row| payload("/employees/recruitment_history", row));
    Ok(Snapshot::new(ids.application(&record.remote_id), record, payload))
}

/// TRAFFIT has no id for the relation of a person and a job.
pub fn application_key(job: &str, candidate: &str) -> String {
    format!("{job}:{candidate}")
}

/// The tags of one candidate, each with its link.
pub fn tags(ids: &IdSpace, candidate: &str, rows: &[Value]) -> Result<Vec<Snapshot>, String> {
    let mut snapshots = Vec::with_capacity(rows.len() * 2);
    for row in rows {
        let tag: wire::Tag = decode(row)?;
        let link = CandidateTag { candidate: ids.candidate(candidate), tag: ids.tag(&tag.id.0) };
        let record = Tag { name: tag.name.or(tag.value), remote_id: tag.id.0 };
        snapshots.push(Snapshot::new(ids.candidate_tag(candidate, &record.remote_id), link, Payload::new()));
        snapshots.push(Snapshot::new(ids.tag(&record.remote_id), record, Payload::new()));
    }
    Ok(snapshots)
}

fn payload(endpoint: &str, row: Value) -> Payload {
    BTreeMap::from([(endpoint.to_owned(), row)])
}

#[cfg(test)]
mod tests;
