//! A new application, and with it its candidate: HR WORKS makes both or none (§3.5).

use std::time::Duration;

use http::header::ACCEPT;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::applications::{self, Post, Sought, Within};
use super::plan::Part;
use super::target::Target;
use super::write_request::{Polled, REQUEST, poll, start, texts};
use super::{Desk, poll_pause, record, unremembered};
use crate::connectors::action::{Acted, Action, Found, Person, Unacted, Warning};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{BASE, JOB_APPLICATIONS, One, POST};
use crate::connectors::hrworks::mapping;
use crate::connectors::hrworks::wire::{self, text_of};
use crate::connectors::vendor_http::{Call, decode};
use crate::domain::{ErrorCode, Refusal};

/// So often an application that was created is looked for before the action ends without it.
const LOOKS: u32 = 40;
/// From so many looks on it is looked for among those of all posts, too.
const LOOKS_IN_POST: u32 = 5;

/// What is left of the post.
#[derive(Debug, Serialize, Deserialize)]
struct ReadPost {
    post: Post,
    offer: Option<String>,
}

/// What is left of the answer to R6.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    #[serde(rename = "jobId")]
    job_id: String,
}

pub async fn read_post(desk: Desk<'_>) -> Result<Acted, Unacted> {
    let field = ["input", "application", "jobId"];
    let input = desk.action.input;
    let refused = |code, message: &str| Unacted::Refused(Refusal::new(code, message).at(&field));
    let Some(job) = input.job.as_deref() else {
        return Err(refused(ErrorCode::InputInvalid, "HR WORKS creates candidates with an application for a job only"));
    };
    if input.person.is_none() {
        return Err(Unacted::Refused(Refusal::input(&["input", "candidate"], "the candidate is missing")));
    }
    if let Some(refusal) = record::unusable(input) {
        return Err(Unacted::Refused(refusal));
    }
    let Some(row) = desk.client.one(One::new(POST, job)).await? else {
        return Err(refused(ErrorCode::RemoteNotFound, "HR WORKS does not have this post any more"));
    };
    let post: wire::Post = decode(&row).map_err(|wrong| Error::shape(POST, &wrong, "as it should be"))?;
    if post.is_active == Some(false) {
        return Err(refused(ErrorCode::JobClosed, "the post is not active at HR WORKS"));
    }
    let offer = mapping::open_offer(post.post_offers).and_then(|offer| offer.id);
    let post = Post::from(post.known_as);
    if post.id().is_none() {
        return Err(Error::shape(POST, "key", "present").into());
    }
    let warnings = record::warnings(desk.action, &record::sources(&row));
    Ok(Acted::Done { memo: json!(ReadPost { post, offer }), warnings })
}

pub async fn remember(desk: Desk<'_>) -> Result<Acted, Unacted> {
    let post = the_post(desk.action)?.post;
    let sought = Sought::of(desk.action, &post).ok_or_else(|| unremembered("a candidate"))?;
    Ok(Acted::done(json!(sought.earlier(desk.client).await?)))
}

pub async fn create(desk: Desk<'_>) -> Result<Acted, Unacted> {
    let ReadPost { post, offer } = the_post(desk.action)?;
    let person: &Person = desk.action.input.person.as_ref().ok_or_else(|| unremembered("a candidate"))?;
    let record = record::record(desk.action, person, &post, offer.as_deref());
    let call = Call::post(JOB_APPLICATIONS.endpoint)
        .below(BASE)
        .header(ACCEPT, "application/json")
        .json(&json!({"data": [record]}));
    let job_id = start(desk.client, call, "the application").await?;
    Ok(Acted::done(json!(Sent { job_id })))
}

/// `patience`: the pause before it is asked again; none when it was looked for long enough.
pub async fn find(desk: Desk<'_>, patience: Option<Duration>) -> Result<Found, Error> {
    let post = the_post(desk.action)?.post;
    let sought = Sought::of(desk.action, &post).ok_or_else(|| unremembered("a candidate"))?;
    let earlier = earlier(desk.action)?;
    if let Some(target) = sought.search(desk.client, Within::Post(&post), &earlier).await? {
        return Ok(Found::Arrived(json!(target)));
    }
    if let Some(pause) = patience {
        return Ok(Found::Unclear(pause));
    }
    let found = sought.search(desk.client, Within::Everywhere, &earlier).await?;
    Ok(found.map_or(Found::Missing, |target| Found::Arrived(json!(target))))
}

pub async fn wait(desk: Desk<'_>, attempts: u32) -> Result<Acted, Unacted> {
    let sent = desk.action.memo(&Part::Create.name()).and_then(|memo| Sent::deserialize(memo).ok());
    let Sent { job_id } = sent.ok_or_else(|| unremembered("the id of a write request"))?;
    match poll(desk.client, REQUEST, &job_id).await? {
        Polled::Pending => Ok(Acted::Wait(poll_pause(attempts))),
        Polled::Succeeded(result) => {
            let row = result.get(0).unwrap_or(&result);
            let warnings = texts(row, "warnings")
                .into_iter()
                .map(|text| Warning { message: format!("HR WORKS remarks: {text}"), field: Vec::new() });
            Ok(Acted::Done { memo: json!({"application": created_id(row)}), warnings: warnings.collect() })
        }
        Polled::Failed(failure) => {
            let message = "HR WORKS took the application up and then refused it; nothing was created";
            Err(Unacted::Refused(failure.refusal(ErrorCode::RemoteInputInvalid, message)))
        }
        // Long over: the list of applications tells.
        Polled::Unknown => Ok(Acted::done(json!({"application": null}))),
    }
}

/// None of it is documented for this resource (§3.5).
fn created_id(row: &Value) -> Option<String> {
    let data = row.get("data");
    let of_data = |name: &str| data.and_then(|data| text_of(data, name));
    let of_location = || {
        let location = text_of(row, "resourceLocation")?;
        let path = location.split(['?', '#']).next()?.trim_end_matches('/');
        let (before, id) = path.rsplit_once('/')?;
        (before.ends_with(JOB_APPLICATIONS.endpoint) && !id.is_empty()).then(|| id.to_owned())
    };
    of_data("id").or_else(|| of_data("jobApplicationId")).or_else(of_location)
}

/// The application as the list shows it, which also tells its candidate.
pub async fn look_up(desk: Desk<'_>, attempts: u32) -> Result<Acted, Unacted> {
    let post = the_post(desk.action)?.post;
    let told = desk.action.memo(&Part::AwaitCreation.name()).and_then(|memo| text_of(memo, "application"));
    let seen = match &told {
        Some(id) => {
            let mut seen = None;
            applications::walk(desk.client, within(&post, attempts), |row| {
                let is_it = text_of(row, "id").as_deref() == Some(id);
                if is_it {
                    seen = Some(applications::candidate(row));
                }
                is_it
            })
            .await?;
            seen.map(|candidate| Target { application: id.clone(), candidate, post: Some(post.clone()) })
        }
        None => {
            let sought = Sought::of(desk.action, &post).ok_or_else(|| unremembered("a candidate"))?;
            sought.search(desk.client, within(&post, attempts), &earlier(desk.action)?).await?
        }
    };
    match (seen, told) {
        (Some(target), _) => Ok(Acted::done(json!(target))),
        (None, _) if attempts < LOOKS => Ok(Acted::Wait(poll_pause(attempts))),
        // It is there, HR WORKS said so: the next sync shows whose it is.
        (None, Some(application)) => Ok(Acted::done(json!(Target { application, candidate: None, post: Some(post) }))),
        (None, None) => Err(Unacted::Refused(Refusal::new(
            ErrorCode::RemoteUnknown,
            "HR WORKS finished the write request without naming an application, and none is to be found; look in HR \
             WORKS before you try again",
        ))),
    }
}

fn within(post: &Post, looks: u32) -> Within<'_> {
    if looks < LOOKS_IN_POST { Within::Post(post) } else { Within::Everywhere }
}

/// What was found where it was looked for because the answer to R6 was lost.
pub fn arrived(action: &Action<'_>) -> Option<Target> {
    action.memo(&Part::Create.name()).and_then(|memo| Target::deserialize(memo).ok())
}

fn the_post(action: &Action<'_>) -> Result<ReadPost, Error> {
    let memo = action.memo(&Part::ReadPost.name()).and_then(|memo| ReadPost::deserialize(memo).ok());
    memo.ok_or_else(|| unremembered("the post"))
}

fn earlier(action: &Action<'_>) -> Result<Vec<String>, Error> {
    let memo = action.memo(&Part::Remember.name()).and_then(|memo| Vec::deserialize(memo).ok());
    memo.ok_or_else(|| unremembered("the earlier applications"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_what_was_created_is_looked_for_in_every_place() {
        let at = |location: &str| json!({"data": {}, "resourceLocation": location});
        for (row, id) in [
            (json!({"data": {"id": "7", "jobApplicationId": "8"}}), Some("7")),
            (json!({"data": {"id": 7}}), Some("7")),
            (json!({"data": {"jobApplicationId": "8"}}), Some("8")),
            (at("https://api.hrworks.de/v2/applicant-management/job-applications/9/"), Some("9")),
            (at("/v2/applicant-management/job-applications/9?x=1"), Some("9")),
            (at("https://api.hrworks.de/v2/applicant-management/applicants/9"), None),
            (at("https://api.hrworks.de/v2/applicant-management/job-applications"), None),
            (json!({"data": {"id": ""}}), None),
            (Value::Null, None),
        ] {
            assert_eq!(created_id(&row).as_deref(), id, "{row}");
        }
    }
}
