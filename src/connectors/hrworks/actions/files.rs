//! Documents of an application (§3.6): counted, sent, waited for. HR WORKS tells of documents only how many there
//! are, so that is what shows whether one arrived (quirk 16).

use std::time::Duration;

use chrono::TimeDelta;
use http::header::ACCEPT;
use serde::Deserialize;
use serde_json::json;

use super::applications::{by_id, documents};
use super::document::Outgoing;
use super::plan::{AGAIN, ARRIVED, At, Part};
use super::target::Target;
use super::write_request::{Polled, REQUEST, poll, start};
use super::{Desk, poll_pause, unremembered};
use crate::connectors::action::{Acted, Found, Unacted};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::BASE;
use crate::connectors::vendor_http::Call;
use crate::domain::{ErrorCode, Refusal};

const FILES: &str = "/applicant-management/job-applications/{id}/files";

/// So long after the action began a file that HR WORKS fails to take is sent again.
const TRIED_FOR: TimeDelta = TimeDelta::hours(24);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

pub async fn count(desk: Desk<'_>, _: At) -> Result<Acted, Unacted> {
    let target = the_target(desk)?;
    match by_id(desk.client, target.post.as_ref(), &target.application).await? {
        Some(row) => Ok(Acted::done(json!({"documents": documents(&row)}))),
        None => Err(Unacted::Refused(Refusal::new(
            ErrorCode::RemoteNotFound,
            "HR WORKS does not have the application any more that the document belongs to",
        ))),
    }
}

pub async fn send(desk: Desk<'_>, at: At) -> Result<Acted, Unacted> {
    let target = the_target(desk)?;
    let Outgoing { name, content_type, body } = Outgoing::of(desk, at.file)?;
    let call = Call::post(FILES)
        .below(BASE)
        .with("id", target.application)
        .query("fileName", name)
        .header(ACCEPT, "application/json")
        .streamed(&content_type, body);
    let job_id = start(desk.client, call, "the document").await?;
    Ok(Acted::done(json!({"jobId": job_id})))
}

pub async fn find(desk: Desk<'_>, at: At, patience: Option<Duration>) -> Result<Found, Error> {
    if grew(desk, at).await? {
        return Ok(Found::Arrived(json!({ARRIVED: true})));
    }
    Ok(patience.map_or(Found::Missing, Found::Unclear))
}

pub async fn wait(desk: Desk<'_>, at: At, attempts: u32) -> Result<Acted, Unacted> {
    #[derive(Deserialize)]
    struct Sent {
        #[serde(rename = "jobId")]
        job_id: String,
    }
    let sent = desk.action.memo(&Part::Send(at).name()).and_then(|memo| Sent::deserialize(memo).ok());
    let Sent { job_id } = sent.ok_or_else(|| unremembered("the id of a write request"))?;
    let failure = match poll(desk.client, REQUEST, &job_id).await? {
        Polled::Pending => return Ok(Acted::Wait(poll_pause(attempts))),
        // The result is a link that expires.
        Polled::Succeeded(_) => return Ok(Acted::done(json!({}))),
        Polled::Unknown if grew(desk, at).await? => return Ok(Acted::done(json!({}))),
        Polled::Unknown => {
            return Err(Unacted::Refused(Refusal::new(
                ErrorCode::RemoteUnknown,
                "HR WORKS no longer knows the write request of the document, and does not show it",
            )));
        }
        Polled::Failed(failure) => failure,
    };
    // A request that failed changed nothing, so this is no second copy.
    if failure.passes && desk.now < desk.action.created_at + TRIED_FOR {
        return Ok(Acted::done(json!({AGAIN: true})));
    }
    let code = if failure.passes { ErrorCode::RemoteUnavailable } else { ErrorCode::RemoteInputInvalid };
    Err(Unacted::Refused(failure.refusal(code, "HR WORKS took the document up and then refused it")))
}

/// 5 s before the second try, twice as long before each further one.
pub fn pause(at: At, attempts: u32) -> Acted {
    if attempts > 1 {
        return Acted::done(json!({}));
    }
    let doubled = at.round.saturating_sub(2).min(20);
    Acted::Wait(Duration::from_secs(5).saturating_mul(1 << doubled).min(LONGEST_PAUSE))
}

/// Whether there are more documents than before this one was sent.
async fn grew(desk: Desk<'_>, at: At) -> Result<bool, Error> {
    let target = the_target(desk)?;
    let memo = desk.action.memo(&Part::Count(at).name()).and_then(|memo| memo.get("documents")?.as_u64());
    let before = memo.ok_or_else(|| unremembered("the number of documents"))?;
    let row = by_id(desk.client, target.post.as_ref(), &target.application).await?;
    Ok(row.is_some_and(|row| u64::try_from(documents(&row)).is_ok_and(|now| now > before)))
}

fn the_target(desk: Desk<'_>) -> Result<Target, Error> {
    Target::of(desk.action).ok_or_else(|| unremembered("an application"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_before_further_tries_double_up_to_an_hour() {
        let before = |round| pause(At { file: 0, round }, 1);
        for (round, seconds) in [(2, 5), (3, 10), (11, 2560), (12, 3600), (900, 3600)] {
            assert_eq!(before(round), Acted::Wait(Duration::from_secs(seconds)));
        }
        assert_eq!(pause(At { file: 0, round: 2 }, 2), Acted::done(json!({})));
    }
}
