//! The candidate of a creation: looked up by e-mail address, else made. TRAFFIT knows a person by that address alone.

use serde_json::{Value, json};

use super::plan::PersonMemo;
use super::{Told, Work, refusal};
use crate::connectors::action::{Found, Person, Unacted};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, EMPLOYEES, Refusal as Words};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::Id;
use crate::connectors::vendor_http::Call;
use crate::domain::Refusal;

const EMAIL: &[&str] = &["input", "candidate", "emailAddress"];

pub async fn look_up(work: Work<'_>) -> Result<Told, Unacted> {
    let person = person(work)?;
    if person.email.trim().is_empty() {
        let text = "TRAFFIT knows a person by the e-mail address, so there must be one";
        return Err(Unacted::Refused(Refusal::input(EMAIL, text)));
    }
    let candidate = by_email(work.client, &person.email).await?;
    Ok((json!(PersonMemo { candidate, is_new: false }), Vec::new()))
}

pub async fn create(work: Work<'_>) -> Result<Told, Unacted> {
    let person = person(work)?;
    let call = Call::post(EMPLOYEES).json(&json!({
        "name": person.first_name,
        "lastname": person.last_name,
        "email": person.email.trim(),
    }));
    let answer = work.client.write(call).await?;
    let words = Words::read(&answer.body);
    if answer.status.is_success() {
        let body = refusal::body(&answer)?;
        if let Some(id) = Id::of(&body) {
            return Ok((json!(PersonMemo { candidate: Some(id.0), is_new: true }), Vec::new()));
        }
    } else if !(answer.status == http::StatusCode::CONFLICT || says_exists(&words)) {
        return Err(refusal::refused(&answer, work.action.kind));
    }
    // Made without an id in the answer, or there already: since the look-up, or hidden from it.
    let made = answer.status.is_success();
    match by_email(work.client, &person.email).await.map_err(|error| error.may_have_arrived(made))? {
        Some(id) => Ok((json!(PersonMemo { candidate: Some(id), is_new: false }), Vec::new())),
        None => {
            let refusal = refusal::invalid(&words, work.action.kind);
            Err(Unacted::Refused(if refusal.field.is_empty() { refusal.at(EMAIL) } else { refusal }))
        }
    }
}

pub async fn find(work: Work<'_>) -> Result<Found, Error> {
    let person = person(work)?;
    Ok(match by_email(work.client, &person.email).await? {
        Some(id) => Found::Arrived(json!(PersonMemo { candidate: Some(id), is_new: false })),
        None => Found::Missing,
    })
}

fn person<'a>(work: Work<'a>) -> Result<&'a Person, Error> {
    work.action.input.person.as_ref().ok_or_else(|| Error::new(ErrorKind::Invalid, "the action names no person"))
}

fn says_exists(words: &Words) -> bool {
    let mut said = words.fields.iter().map(|(_, words)| words).chain(&words.message);
    said.any(|text| text.to_lowercase().contains("already exists"))
}

/// The person with the lowest id of those with this address. Whether TRAFFIT's own comparison minds the case is not
/// documented (§1.5), so an address with capitals is asked for in small letters as well.
async fn by_email(client: Client<'_>, email: &str) -> Result<Option<String>, Error> {
    let email = email.trim();
    let lower = email.to_lowercase();
    let mut spellings = vec![email];
    if lower != email {
        spellings.push(&lower);
    }
    let mut found: Option<Id> = None;
    for spelling in spellings {
        let first = first_with(client, spelling, &lower).await?;
        found = [found, first].into_iter().flatten().min_by_key(Id::number);
    }
    Ok(found.map(|id| id.0))
}

/// Ids ascend, so the first match is the lowest. Goes on only while a page holds no match, which it does when the
/// filter is ignored.
async fn first_with(client: Client<'_>, spelling: &str, lower: &str) -> Result<Option<Id>, Error> {
    let mut paging = Some(Paging::default());
    while let Some(at) = paging {
        let listed = client.page_where(EMPLOYEES, ("email", json!(spelling)), &at).await?;
        let matches = |row: &&Value| {
            let email = row.get("email").and_then(Value::as_str);
            email.is_some_and(|email| email.trim().to_lowercase() == lower)
        };
        let found = listed.rows.iter().filter(matches).filter_map(Id::of).min_by_key(Id::number);
        if found.is_some() {
            return Ok(found);
        }
        paging = at.next(&listed);
    }
    Ok(None)
}
