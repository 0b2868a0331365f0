//! The job of an action: whether it takes applications, whether it has the stage, and who is in it.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::plan::{Do, JobMemo, StageMemo};
use super::{Told, Work, refusal};
use crate::connectors::action::{Found, Unacted};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, JOB_STATES, MEMBER, MEMBERS, RECRUITMENT, WORKFLOW};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::{Id, RecruitmentDetail, State};
use crate::connectors::vendor_http::{Call, decode};
use crate::domain::{ErrorCode, Refusal};

pub async fn check(work: Work<'_>) -> Result<Told, Unacted> {
    let job = work.job()?;
    let detail = work.client.item(RECRUITMENT, &job).await.map_err(|error| match error.kind {
        ErrorKind::NotFound => {
            let text = "TRAFFIT has this job no longer";
            Unacted::Refused(Refusal::new(ErrorCode::RemoteNotFound, text).at(work.job_field()))
        }
        _ => Unacted::Vendor(error),
    })?;
    let detail: RecruitmentDetail = decode(&detail).map_err(|wrong| {
        Error::new(ErrorKind::Shape, format!("{RECRUITMENT} answered an unexpected shape: {wrong}"))
    })?;
    if work.is_creation() && detail.is_closed == Some(true) {
        let text = "the job is closed in TRAFFIT and takes no applications";
        return Err(Unacted::Refused(Refusal::new(ErrorCode::JobClosed, text).at(work.job_field())));
    }
    let Some(wanted) = &work.action.input.stage else { return Ok((json!(JobMemo::default()), Vec::new())) };
    let states = states(work.client, &job, detail.workflow_id.as_ref()).await?;
    let rejects = |state: &State| state.kind.as_deref() == Some("end-bad") || state.is_rejection == Some(true);
    let Some(state) = states.iter().find(|state| state.id.0 == *wanted) else {
        let text = "the stage is not one of the job's workflow in TRAFFIT";
        return Err(Unacted::Refused(Refusal::new(ErrorCode::StageNotInJob, text).at(work.stage_field())));
    };
    let stage = StageMemo {
        id: state.id.0.clone(),
        is_start: state.kind.as_deref() == Some("start"),
        rejects: rejects(state),
        rejecting: states.iter().filter(|state| rejects(state)).map(|state| state.id.0.clone()).collect(),
    };
    Ok((json!(JobMemo { stage: Some(stage) }), Vec::new()))
}

/// The states of the job's workflow. A job that names none, or one that cannot be read, still tells some of its states
/// by itself (§5.6).
async fn states(client: Client<'_>, job: &str, workflow: Option<&Id>) -> Result<Vec<State>, Unacted> {
    let mut rows = Vec::new();
    if let Some(workflow) = workflow {
        match client.item(WORKFLOW, &workflow.0).await {
            Ok(detail) => rows = detail.get("states").and_then(Value::as_array).cloned().unwrap_or_default(),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Permission) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if rows.is_empty() {
        rows = match client.page_of(JOB_STATES, job, &Paging::default()).await {
            Ok(listed) => listed.rows,
            Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(rows.iter().filter_map(|row| decode(row).ok()).collect())
}

/// Refuses a person who is in the job already, before anything of this action is sent to it.
pub async fn check_membership(work: Work<'_>) -> Result<Told, Unacted> {
    let (job, candidate) = (work.job()?, work.candidate()?);
    if is_member(work.client, &job, &candidate).await.map_err(refusal::of_read)? {
        return Err(exists(work));
    }
    Ok((json!({}), Vec::new()))
}

pub async fn add(work: Work<'_>) -> Result<Told, Unacted> {
    let (job, candidate) = (work.job()?, work.candidate()?);
    let call = Call::post(MEMBER).with("id", job.clone()).with("candidate", candidate.clone());
    let call = call.header(CONTENT_TYPE, "application/json");
    let answer = work.client.write(call).await?;
    if answer.status == StatusCode::CONFLICT && is_member(work.client, &job, &candidate).await? {
        // Unless an earlier try of ours shows up only now, somebody else was faster.
        return if work.was_tried(Do::AddToJob) { Ok((json!({}), Vec::new())) } else { Err(exists(work)) };
    }
    refusal::accepted(&answer, work.action.kind)?;
    Ok((json!({}), Vec::new()))
}

pub async fn find(work: Work<'_>) -> Result<Found, Error> {
    let is_member = is_member(work.client, &work.job()?, &work.candidate()?).await?;
    Ok(if is_member { Found::Arrived(json!({})) } else { Found::Missing })
}

fn exists(work: Work<'_>) -> Unacted {
    let text = "TRAFFIT has an application of this person for this job already";
    Unacted::Refused(Refusal::new(ErrorCode::ApplicationAlreadyExists, text).at(work.job_field()))
}

/// All pages of the members, until the person is there: a filter on this list is not documented, and one that were
/// ignored or misread would answer wrongly.
async fn is_member(client: Client<'_>, job: &str, candidate: &str) -> Result<bool, Error> {
    let mut paging = Some(Paging::default());
    while let Some(at) = paging {
        let pages = client.pages_of(MEMBERS, job, &at).await?;
        paging = pages.next.clone();
        if pages.into_rows().any(|row| Id::of(&row).is_some_and(|id| id.0 == candidate)) {
            return Ok(true);
        }
    }
    Ok(false)
}
