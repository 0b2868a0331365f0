//! HR WORKS's records as ours: pure functions, one for every row of the binding mapping (reference §5).
//!
//! A row that cannot be understood is an `Err` that names the field; its record is left as it is. What does
//! not hold a record back is reported in `unread` and leaves its field null: a time, a country, a post that
//! nobody knows.

mod country;
mod employment;
mod job;
mod location;
mod status;
mod time;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{APPLICANTS, JOB_APPLICATIONS, PERSONS};
use super::wire;
use crate::connectors::vendor_http::decode;
use crate::domain::{
    Application, Candidate, EmailAddress, IdSpace, IntegrationField, Payload, PhoneNumber, Snapshot, User,
};

pub use country::alpha3;
pub use job::{Department, job, open_offer};
pub use status::{Statuses, is_closed, stages};
pub use time::{basic, moment, parse as time};

/// `email`: what the master data said of the same person.
pub fn user(ids: &IdSpace, row: Value, email: Option<String>) -> Result<Snapshot, String> {
    let mut person: wire::Person = decode(&row)?;
    let record = User {
        first_name: person.first_name.take(),
        last_name: person.last_name.take(),
        email,
        remote_id: person.into_id().ok_or("neither uuid nor personId is present")?,
    };
    Ok(Snapshot::new(ids.user(&record.remote_id), record, payload(PERSONS, row)))
}

/// `source`: of the newest job application.
pub fn candidate(
    ids: &IdSpace,
    row: Value,
    source: impl FnOnce(&str) -> Option<String>,
    unread: &mut Vec<String>,
) -> Result<Snapshot, String> {
    let person: wire::Applicant = decode(&row)?;
    let remote_id = person.uuid.ok_or("uuid is not present")?;
    let phone = person.address.phone.clone().or(person.phone);
    let record = Candidate {
        first_name: person.first_name,
        last_name: person.last_name,
        title: person.title,
        source: source(&remote_id),
        email_addresses: person
            .email
            .map(|address| EmailAddress { address, r#type: None, type_raw: None })
            .into_iter()
            .collect(),
        phone_numbers: phone.map(|number| PhoneNumber { number, r#type: None, type_raw: None }).into_iter().collect(),
        location: location::of_address(person.address, None, unread),
        remote_id,
        ..Candidate::default()
    };
    Ok(Snapshot::new(ids.candidate(&record.remote_id), record, payload(APPLICANTS.endpoint, row)))
}

/// `post_by_key`: the id of the post that has a key, for rows that name their post by it alone.
pub fn application(
    ids: &IdSpace,
    row: Value,
    post_by_key: impl FnOnce(&str) -> Option<String>,
    unread: &mut Vec<String>,
) -> Result<Snapshot, String> {
    let application: wire::JobApplication = decode(&row)?;
    let job = application.post_uuid.or_else(|| {
        let job = post_by_key(application.post_id.as_deref()?);
        if job.is_none() {
            unread.push("postId is not the key of a post".to_owned());
        }
        job
    });
    let status = application.status_identifier.as_deref();
    let documents = application.application_documents.map(|links| json!(links.len()));
    let fields = [("applicationDocuments", documents), ("postOfferId", application.post_offer_id.map(Value::from))];
    let record = Application {
        outcome: status.map(status::outcome),
        current_stage: status.map(|status| ids.stage(status)),
        job: job.map(|job| ids.job(&job)),
        candidate: application.applicant.uuid.map(|candidate| ids.candidate(&candidate)),
        remote_created_at: moment(application.creation_date_and_time.as_deref(), "creationDateAndTime", unread),
        integration_fields: integration_fields(fields),
        remote_id: application.id.ok_or("id is not present")?,
        ..Application::default()
    };
    Ok(Snapshot::new(ids.application(&record.remote_id), record, payload(JOB_APPLICATIONS.endpoint, row)))
}

/// Those that have a value. HR WORKS tells no labels of its attributes.
fn integration_fields<'a>(fields: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Vec<IntegrationField> {
    let given = fields.into_iter().filter_map(|(key, value)| Some((key, value.filter(|value| !value.is_null())?)));
    given.map(|(key, value)| IntegrationField { key: key.to_owned(), label: None, value }).collect()
}

fn payload(endpoint: &str, row: Value) -> Payload {
    BTreeMap::from([(endpoint.to_owned(), row)])
}

#[cfg(test)]
mod tests;
