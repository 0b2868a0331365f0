//! Moving an application. Where it stands is what the stage history says; a move is found again by the rows that were
//! added to it since it was looked at.

use serde_json::{Value, json};

use super::plan::{self, Do, JobMemo, RejectMemo, StageMemo, StandMemo};
use super::{Told, Work, refusal};
use crate::connectors::action::{Found, Unacted, Warning};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, JOBS_OF, LEDGER, MOVE, REJECT, REJECTIONS};
use crate::connectors::traffit::paging::Paging;
use crate::connectors::traffit::wire::{Id, LedgerKey, LedgerRow, Reference, plain_text};
use crate::connectors::vendor_http::{Answer, Call, decode};
use crate::domain::{ErrorCode, Refusal};

/// Pages of the history that are looked through for an application whose stage is not told otherwise.
const LOOKED_THROUGH: u32 = 30;

pub async fn read(work: Work<'_>) -> Result<Told, Unacted> {
    let (job, candidate) = (work.job()?, work.candidate()?);
    let last_row = last_row(work.client).await?;
    let stage = match of_person(work.client, &job, &candidate).await? {
        Some(stage) => Some(stage),
        None => of_history(work.client, &job, &candidate).await?,
    };
    Ok((json!(StandMemo { stage, last_row }), Vec::new()))
}

pub async fn advance(work: Work<'_>) -> Result<Told, Unacted> {
    let call = to(MOVE, work)?.with("state", wanted(work)?.id).json(&json!({}));
    let answer = work.client.write(call).await?;
    refusal::accepted(&answer, work.action.kind).map_err(|refused| at_stage(work, refused))?;
    Ok((json!({}), Vec::new()))
}

/// Without a reason first: only some tenants demand one.
pub async fn reject(work: Work<'_>) -> Result<Told, Unacted> {
    let answer = work.client.write(to(REJECT, work)?.json(&json!({}))).await?;
    let wants_reason = answer.status.is_client_error() && matches!(answer.status.as_u16(), 400 | 422);
    if !wants_reason {
        refusal::accepted(&answer, work.action.kind).map_err(|refused| at_stage(work, refused))?;
    }
    Ok((json!(RejectMemo { wants_reason }), Vec::new()))
}

pub async fn reasons(work: Work<'_>) -> Result<Told, Unacted> {
    let listed = work.client.page_of(REJECTIONS, &work.job()?, &Paging::default()).await.map_err(refusal::of_read)?;
    let Some((id, row)) = listed.rows.iter().find_map(|row| Id::of(row).map(|id| (id, row))) else {
        let text = "TRAFFIT refuses to reject without a reason, and has none to choose from";
        let refusal = Refusal::new(ErrorCode::RemoteInputInvalid, text).at(work.stage_field());
        return Err(Unacted::Refused(refusal));
    };
    let name = row.get("name").and_then(|name| plain_text(name).ok().flatten()).unwrap_or_else(|| id.0.clone());
    let message = format!("TRAFFIT asks for a reason of the rejection; the first of the job was taken: {name}");
    let field = work.stage_field().iter().map(|part| (*part).to_owned()).collect();
    Ok((json!({"reason": id.number()}), vec![Warning { message, field }]))
}

pub async fn reject_with_reason(work: Work<'_>) -> Result<Told, Unacted> {
    let memo: Value = plan::memo(work.action, Do::ReadReasons).unwrap_or_default();
    let answer: Answer = work.client.write(to(REJECT, work)?.json(&json!({"rejection_id": memo["reason"]}))).await?;
    refusal::accepted(&answer, work.action.kind).map_err(|refused| at_stage(work, refused))?;
    Ok((json!({}), Vec::new()))
}

/// A rejection names no stage: a workflow that has several rejecting ones may lead to another than was asked for.
pub async fn rejected(work: Work<'_>) -> Result<Told, Unacted> {
    let wanted = wanted(work)?;
    let rows = rows_since(work).await?;
    let landed = rows.into_iter().find(|stage| wanted.rejecting.contains(stage));
    let mut warnings = Vec::new();
    if let Some(landed) = &landed
        && *landed != wanted.id
    {
        let message = format!("TRAFFIT rejects into a stage of its own choice: {landed} in the place of {}", wanted.id);
        let field = work.stage_field().iter().map(|part| (*part).to_owned()).collect();
        warnings.push(Warning { message, field });
    }
    Ok((json!({"stage": landed}), warnings))
}

pub async fn find(work: Work<'_>, is_rejection: bool) -> Result<Found, Error> {
    let wanted = wanted(work)?;
    let rows = rows_since(work).await?;
    let arrived = rows.iter().any(|stage| *stage == wanted.id || (is_rejection && wanted.rejecting.contains(stage)));
    Ok(if arrived { Found::Arrived(json!({})) } else { Found::Missing })
}

fn to(endpoint: &'static str, work: Work<'_>) -> Result<Call, Error> {
    Ok(Call::post(endpoint).with("id", work.candidate()?).with("job", work.job()?))
}

fn wanted(work: Work<'_>) -> Result<StageMemo, Error> {
    let memo: Option<JobMemo> = plan::memo(work.action, Do::CheckJob);
    memo.and_then(|job| job.stage).ok_or_else(|| Error::new(ErrorKind::Invalid, "the action names no stage"))
}

/// A refusal of a move is about the stage, unless it says otherwise.
fn at_stage(work: Work<'_>, refused: Unacted) -> Unacted {
    match refused {
        Unacted::Refused(refusal) if refusal.field.is_empty() && refusal.code == ErrorCode::RemoteInputInvalid => {
            Unacted::Refused(refusal.at(work.stage_field()))
        }
        other => other,
    }
}

/// The newest rows of the history with ids above `after`; `look` says whether to go on. The order is checked, as some
/// lists ignore it: then all pages are read.
async fn tail(
    client: Client<'_>,
    (after, pages): (u64, u32),
    mut look: impl FnMut(&Value) -> bool,
) -> Result<(), Error> {
    let mut paging = Some(Paging::default());
    let mut before = u64::MAX;
    let mut descends = true;
    let mut read = 0;
    while let Some(at) = paging {
        let listed = client.newest(LEDGER, &at).await?;
        paging = at.next(&listed);
        read += 1;
        let mut lowest = u64::MAX;
        for row in &listed.rows {
            let id = Id::of(row).map_or(0, |id| id.number());
            descends &= id <= before;
            before = id;
            lowest = lowest.min(id);
            if id > after && !look(row) {
                return Ok(());
            }
        }
        if descends && (read >= pages || (!listed.rows.is_empty() && lowest <= after)) {
            return Ok(());
        }
    }
    Ok(())
}

async fn last_row(client: Client<'_>) -> Result<u64, Error> {
    let mut last = 0;
    tail(client, (0, 1), |row| {
        last = last.max(Id::of(row).map_or(0, |id| id.number()));
        true
    })
    .await?;
    Ok(last)
}

/// The stages that the application came to since `read stage`, the newest first.
async fn rows_since(work: Work<'_>) -> Result<Vec<String>, Error> {
    let (job, candidate) = (work.job()?, work.candidate()?);
    let stand: StandMemo = plan::memo(work.action, Do::ReadStage).unwrap_or_default();
    let mut stages: Vec<(u64, String)> = Vec::new();
    tail(work.client, (stand.last_row, u32::MAX), |row| {
        if is_of(row, &job, &candidate)
            && let (Some(id), Some(stage)) = (Id::of(row), stage_of(row))
        {
            stages.push((id.number(), stage));
        }
        true
    })
    .await?;
    stages.sort_unstable_by(|one, other| other.cmp(one));
    Ok(stages.into_iter().map(|(_, stage)| stage).collect())
}

fn is_of(row: &Value, job: &str, candidate: &str) -> bool {
    let part = |name: &str| row.get(name).and_then(Reference::read).map(|reference| reference.0.0);
    part("recruitment").as_deref() == Some(job) && part("employee").as_deref() == Some(candidate)
}

fn stage_of(row: &Value) -> Option<String> {
    decode::<LedgerRow>(row).ok()?.workflow_state.map(|state| state.id.0)
}

/// The current stage as the person's list of jobs tells it. Its shape was never captured: consumers read these names.
async fn of_person(client: Client<'_>, job: &str, candidate: &str) -> Result<Option<String>, Error> {
    let listed = match client.page_of(JOBS_OF, candidate, &Paging::default()).await {
        Ok(listed) => listed,
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Shape | ErrorKind::Invalid) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let read = |row: &Value, names: &[&str]| {
        names.iter().find_map(|name| row.get(*name).and_then(Reference::read)).map(|reference| reference.0.0)
    };
    let of_job = |row: &&Value| read(row, &["recruitment", "job", "item"]).as_deref() == Some(job);
    let row = listed.rows.iter().find(of_job);
    Ok(row.and_then(|row| read(row, &["state", "current_state", "workflow_state"])))
}

async fn of_history(client: Client<'_>, job: &str, candidate: &str) -> Result<Option<String>, Error> {
    let mut stage = None;
    tail(client, (0, LOOKED_THROUGH), |row| {
        let is_open = decode::<LedgerKey>(row).is_ok_and(|key| key.end_date.is_none());
        if is_of(row, job, candidate) && is_open {
            stage = stage_of(row);
        }
        stage.is_none()
    })
    .await?;
    Ok(stage)
}
