//! The application that is written to: the one that was created or named, or one of the candidate's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::applications::{self, Post, Within, by_id, candidate};
use super::plan::Part;
use super::{Desk, creation, record};
use crate::connectors::action::{Acted, Action, Unacted, Warning};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{APPLICANT, One, POST};
use crate::connectors::hrworks::mapping;
use crate::connectors::hrworks::wire::{PostKey, text_of};
use crate::domain::{ActionKind, ErrorCode, Refusal};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub application: String,
    pub candidate: Option<String>,
    /// Makes it quicker to find.
    pub post: Option<Post>,
}

impl Target {
    /// As the action's steps found it.
    pub fn of(action: &Action<'_>) -> Option<Self> {
        let memo = |part: Part| action.memo(&part.name()).and_then(|memo| Self::deserialize(memo).ok());
        creation::arrived(action).or_else(|| memo(Part::LookUp)).or_else(|| memo(Part::FindTarget))
    }
}

pub async fn find(desk: Desk<'_>) -> Result<Acted, Unacted> {
    let mut warnings = record::warnings(desk.action, &[]);
    let input = desk.action.input;
    let target = match (desk.action.kind, &input.application, &input.candidate) {
        (ActionKind::AddAttachmentToCandidate, _, Some(candidate)) => of_candidate(desk, candidate).await?,
        (ActionKind::AddAttachmentToCandidate, _, None) => None,
        (_, None, _) => None,
        (kind, Some(application), candidate) => {
            let named = of_application(desk, application).await?;
            match (named, candidate) {
                (None, Some(candidate)) if kind == ActionKind::AddAttachmentToApplication => {
                    let other = of_candidate(desk, candidate).await?;
                    if other.is_some() {
                        warnings.push(Warning {
                            message: "HR WORKS does not have this application any more; the attachment went to the \
                                      candidate's newest one"
                                .to_owned(),
                            field: vec!["input".to_owned(), "applicationId".to_owned()],
                        });
                    }
                    other
                }
                (named, _) => named,
            }
        }
    };
    match target {
        Some(target) => Ok(Acted::Done { memo: json!(target), warnings }),
        None => Err(Unacted::Refused(missing(desk.action.kind))),
    }
}

fn missing(kind: ActionKind) -> Refusal {
    let (field, message) = match kind {
        ActionKind::AddAttachmentToCandidate => {
            ("candidateId", "HR WORKS does not have this candidate with an application any more")
        }
        _ => ("applicationId", "HR WORKS does not have this application any more"),
    };
    Refusal::new(ErrorCode::RemoteNotFound, message).at(&["input", field])
}

async fn of_application(desk: Desk<'_>, application: &str) -> Result<Option<Target>, Error> {
    let post = match &desk.action.input.job {
        Some(job) => post(desk, job).await?,
        None => None,
    };
    let row = by_id(desk.client, post.as_ref(), application).await?;
    Ok(row.map(|row| Target { application: application.to_owned(), candidate: candidate(&row), post }))
}

/// How applications call a post. None when it is gone, whose applications stay.
async fn post(desk: Desk<'_>, job: &str) -> Result<Option<Post>, Error> {
    let row = desk.client.one(One::new(POST, job)).await?;
    Ok(row.as_ref().and_then(PostKey::of).map(Post::from).filter(|post| post.id().is_some()))
}

/// The newest of a candidate's applications that is open, else the newest.
async fn of_candidate(desk: Desk<'_>, uuid: &str) -> Result<Option<Target>, Error> {
    let Some(row) = desk.client.one(One::new(APPLICANT, uuid)).await? else { return Ok(None) };
    let own: Vec<Value> = row.get("jobApplications").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_open = |one: &&Value| text_of(one, "statusIdentifier").is_some_and(|status| !mapping::is_closed(&status));
    let mut chosen: Vec<&Value> = own.iter().filter(is_open).collect();
    if chosen.is_empty() {
        chosen = own.iter().collect();
    }
    let ids: Vec<String> = chosen.iter().filter_map(|one| text_of(one, "id")).collect();
    let newest = match ids.as_slice() {
        [] => return Ok(None),
        [only] => only.clone(),
        several => newest(desk, several).await?,
    };
    let uuid_of_post = chosen
        .iter()
        .find(|one| text_of(one, "id").as_deref() == Some(&newest))
        .and_then(|one| text_of(one, "postUuid"));
    let post = match uuid_of_post {
        Some(job) => post(desk, &job).await?,
        None => None,
    };
    Ok(Some(Target { application: newest, candidate: Some(uuid.to_owned()), post }))
}

/// By the time of creation, which only the list tells; what it does not show is older than what it does. Ids and the
/// candidate's own order decide where times do not.
async fn newest(desk: Desk<'_>, ids: &[String]) -> Result<String, Error> {
    let mut times: Vec<Option<DateTime<Utc>>> = vec![None; ids.len()];
    let mut left = ids.len();
    applications::walk(desk.client, Within::Everywhere, |row| {
        let id = text_of(row, "id");
        if let Some(at) = ids.iter().position(|known| Some(known) == id.as_ref()) {
            if times[at].is_none() {
                left -= 1;
            }
            let created = text_of(row, "creationDateAndTime").as_deref().and_then(mapping::time);
            times[at] = Some(created.unwrap_or(DateTime::<Utc>::MIN_UTC));
        }
        left == 0
    })
    .await?;
    let rank = |at: &usize| (times[*at], ids[*at].parse::<u64>().ok(), *at);
    let newest = (0..ids.len()).max_by_key(rank).unwrap_or_default();
    Ok(ids[newest].clone())
}
