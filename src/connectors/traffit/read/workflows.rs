//! Workflows and their states. There are few (two on the account that the reference observed), so one call
//! reads all of them. Jobs and applications need them as facts; a run that resumes there reads them again.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::{Known, every_row, problem};
use crate::connectors::connector::{Account, Carried, Page};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{AT_ONCE, Client, WORKFLOW, WORKFLOWS};
use crate::connectors::traffit::mapping::{self, StageMeaning, WorkflowState};
use crate::connectors::traffit::wire::{Id, State, Workflow};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// The states of a workflow, by its id.
pub const PIPELINE: &str = "workflow";
/// That no pipeline can be read.
const UNREADABLE: &str = "workflows unreadable";
/// What a state means for an application, by the state's id.
pub const MEANING: &str = "state";

pub async fn page(account: &Account) -> Result<Page, Error> {
    let workflows = every_workflow(Client(&account.http)).await?;
    let nothing = Carried::default();
    let mut known = Known::new(&nothing);
    note(&workflows, &mut known);
    let mut page = Page { carry: known.fresh, ..Page::default() };
    for state in workflows.into_iter().flat_map(|workflow| workflow.states) {
        let id = Id::of(&state);
        match mapping::stage(&account.ids, state) {
            Ok(stage) => page.records.push(stage),
            Err(wrong) => {
                let message = format!("a state of {WORKFLOW}: {wrong}");
                page.problems.push(problem(&account.ids, RecordType::ApplicationStage, id, &message));
            }
        }
    }
    page.expected = u64::try_from(page.records.len() + page.problems.len()).ok();
    Ok(page)
}

/// Adds the facts about workflows unless they are known. Without the scope, or with a workflow that cannot be
/// understood, jobs and applications are read all the same: then it says why no pipeline is known, once for all
/// that read on with the facts of this call.
pub async fn ensure(client: Client<'_>, known: &mut Known<'_>) -> Result<Option<String>, Error> {
    if known.is_complete(PIPELINE) {
        return Ok(None);
    }
    match every_workflow(client).await {
        Ok(workflows) => {
            note(&workflows, known);
            Ok(None)
        }
        Err(error) if matches!(error.kind, ErrorKind::Permission | ErrorKind::Shape) => {
            known.complete(PIPELINE);
            known.put(UNREADABLE, "", json!(true));
            Ok(Some(error.public))
        }
        Err(error) => Err(error),
    }
}

/// Adds the pipelines of workflows that jobs name and the list left out, which is no proof that they are gone: each is
/// asked for by itself. Says why one is not known; nothing when none is, which was said before.
pub async fn ensure_named(
    client: Client<'_>,
    known: &mut Known<'_>,
    named: BTreeSet<Id>,
) -> Result<Option<String>, Error> {
    if known.get::<bool>(UNREADABLE, "").is_some() {
        return Ok(None);
    }
    for id in named {
        if known.get::<Vec<WorkflowState>>(PIPELINE, &id.0).is_some() {
            continue;
        }
        match one(client, id.clone()).await {
            Ok(Some(workflow)) => note(&[workflow], known),
            Ok(None) => known.put(PIPELINE, id.0, json!([])),
            Err(error) if matches!(error.kind, ErrorKind::Auth | ErrorKind::RateLimited | ErrorKind::Unavailable) => {
                return Err(error);
            }
            Err(error) => return Ok(Some(error.public)),
        }
    }
    Ok(None)
}

/// Ids of workflows that are looked for besides the listed ones.
const UNLISTED: usize = 200;

/// The ids of all states, looked for with more care than a read takes: a state does not tell its workflow,
/// and a list that leaves a workflow out is no proof that it is gone. So the ids that the list skips, and
/// some after its last, are asked for one by one. Workflows are few, and their ids small (guide §5.5). None when
/// there is a state whose id cannot be read: it might be any.
pub async fn every_state(client: Client<'_>) -> Result<Option<BTreeSet<Id>>, Error> {
    let listed = every_workflow(client).await?;
    let known: BTreeSet<u64> = listed.iter().map(|workflow| workflow.id.number()).collect();
    let last = known.last().copied().unwrap_or(0);
    let skipped = (1..=last.saturating_add(10)).filter(|id| !known.contains(id)).take(UNLISTED);
    let unlisted: Vec<Option<Workflow>> =
        stream::iter(skipped).map(|id| one(client, Id(id.to_string()))).buffered(AT_ONCE).try_collect().await?;
    let workflows = listed.into_iter().chain(unlisted.into_iter().flatten());
    Ok(workflows.flat_map(|workflow| workflow.states).map(|state| Id::of(&state)).collect())
}

async fn every_workflow(client: Client<'_>) -> Result<Vec<Workflow>, Error> {
    let rows = every_row(|at| async move { client.page(WORKFLOWS, &at).await }).await?;
    // A second pass repeats rows.
    let ids: BTreeSet<Id> = rows
        .iter()
        .map(|row| Id::of(row).ok_or_else(|| Error::shape(WORKFLOWS, "id", "an id")))
        .collect::<Result<_, _>>()?;
    let found: Vec<Option<Workflow>> =
        stream::iter(ids).map(|id| one(client, id)).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// None when it was deleted since it was listed. A workflow without readable states is an error, not an
/// empty pipeline: that would take the stages from all of its jobs.
async fn one(client: Client<'_>, id: Id) -> Result<Option<Workflow>, Error> {
    match client.item(WORKFLOW, &id.0).await {
        Ok(detail) => decode(&detail)
            .map(Some)
            .map_err(|wrong| Error::new(ErrorKind::Shape, format!("{WORKFLOW} answered an unexpected shape: {wrong}"))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn note(workflows: &[Workflow], known: &mut Known<'_>) {
    for workflow in workflows {
        let mut pipeline = Vec::with_capacity(workflow.states.len());
        for row in &workflow.states {
            // A state of which no more than the id can be read keeps its place in the pipeline's set.
            let Some(id) = Id::of(row) else { continue };
            let state: Option<State> = decode(row).ok();
            pipeline.push(WorkflowState { id: id.0.clone(), order: state.as_ref().and_then(|state| state.order) });
            if let Some(state) = state {
                let meaning = StageMeaning { kind: state.kind, is_rejection: state.is_rejection.unwrap_or(false) };
                known.put(MEANING, id.0, json!(meaning));
            }
        }
        known.put(PIPELINE, workflow.id.0.clone(), json!(pipeline));
    }
    known.complete(PIPELINE);
}

/// What a state says about an application in it; none when no workflow lists it.
pub fn meaning(known: &Known<'_>, state: &str) -> Option<StageMeaning> {
    known.get(MEANING, state)
}

/// The states of a job's workflow; none when TRAFFIT does not list it.
pub fn pipeline(known: &Known<'_>, workflow: &str) -> Vec<WorkflowState> {
    known.get(PIPELINE, workflow).unwrap_or_default()
}
