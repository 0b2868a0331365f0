//! Lists the open jobs of all accounts, applies for one with a CV, moves the application on and hears of it.
//! `HIREGRAPH_URL` and `HIREGRAPH_KEY` say where; the key needs `RECORDS_READ` and `RECORDS_WRITE`.

mod graph;
mod operations;

use std::collections::{BTreeMap, HashSet};
use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use graph::Graph;
use operations::application_changes::ApplicationChangesChangesRecord;
use operations::{
    ApplicationChanges, Apply, FeedEnd, JobStages, MoveToStage, OpenJobs, WritableActions, application_changes, apply,
    feed_end, job_stages, move_to_stage, open_jobs, writable_actions,
};

type Outcome<T> = Result<T, Box<dyn Error>>;
type Job = open_jobs::OpenJobsJobsNodes;
type Stage = (String, Option<String>);

const EMAIL: &str = "cleo.beispiel@example.com";

struct Application {
    id: String,
    action: String,
    stage: Option<Stage>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let graph = Graph::new(std::env::var("HIREGRAPH_URL")?, &std::env::var("HIREGRAPH_KEY")?)?;

    let jobs = open_jobs(&graph).await?;
    let mut counts = BTreeMap::new();
    for job in &jobs {
        *counts.entry(&job.integration.name).or_insert(0) += 1;
    }
    for (account, count) in counts {
        println!("{account}: {count} open jobs");
    }

    let slugs = slugs_that_move(&graph).await?;
    let job = jobs.iter().find(|job| slugs.contains(&job.integration.connector.slug));
    let job = job.ok_or("no account has an open job whose applications can be moved")?;

    let cv = std::fs::read(std::env::var("HIREGRAPH_CV").unwrap_or_else(|_| "../cv.pdf".to_owned()))?;
    let application = apply(&graph, job, &cv).await?;
    let name = job.name.as_deref().unwrap_or_default();
    println!(
        "applied for {name} at {}: in stage {}",
        job.integration.connector.name,
        shown(application.stage.as_ref())
    );

    let again = apply(&graph, job, &cv).await?;
    if again.action != application.action {
        return Err("the same key made a second application".into());
    }
    println!("asked again with the same key: nothing was sent");

    let stage = move_on(&graph, job, &application).await?;
    println!("heard that the application is in stage {}", shown(Some(&stage)));
    Ok(())
}

/// Of all accounts that the key sees, page by page.
async fn open_jobs(graph: &Graph) -> Outcome<Vec<Job>> {
    let mut jobs = Vec::new();
    let mut after = None;
    loop {
        let page = graph.ask::<OpenJobs>(open_jobs::Variables { first: 100, after }).await?.jobs;
        jobs.extend(page.nodes);
        if !page.page_info.has_next_page {
            return Ok(jobs);
        }
        after = page.page_info.end_cursor;
    }
}

/// The connectors whose vendors let applications be moved.
async fn slugs_that_move(graph: &Graph) -> Outcome<HashSet<String>> {
    let connectors = graph.ask::<WritableActions>(writable_actions::Variables {}).await?.connectors;
    let moves = |connector: &writable_actions::WritableActionsConnectors| {
        let moved = writable_actions::ActionKind::MOVE_APPLICATION_TO_STAGE;
        connector.coverage.actions.iter().any(|covered| covered.action == moved)
    };
    Ok(connectors.into_iter().filter(moves).map(|connector| connector.slug).collect())
}

/// However often it is asked, the candidate applies once: the key is made of what must not happen twice.
async fn apply(graph: &Graph, job: &Job, cv: &[u8]) -> Outcome<Application> {
    let input = apply::CreateApplicationInput {
        integration_id: job.integration.id.clone(),
        application: apply::ApplicationTargetInput { job_id: job.id.clone(), ..Default::default() },
        candidate: apply::CandidateInput {
            first_name: "Cleo".to_owned(),
            last_name: "Beispiel".to_owned(),
            email_address: EMAIL.to_owned(),
            ..Default::default()
        },
        attachments: Some(vec![apply::AttachmentInput {
            name: "cv.pdf".to_owned(),
            type_: Some(apply::AttachmentType::CV),
            content_type: Some("application/pdf".to_owned()),
            data: Some(STANDARD.encode(cv)),
            ..Default::default()
        }]),
        idempotency_key: Some(format!("apply {} {EMAIL}", job.id)),
        wait: Some("PT60S".to_owned()),
        ..Default::default()
    };
    let answer = graph.ask::<Apply>(apply::Variables { input }).await?.create_application;
    refuse(answer.user_errors.iter().map(|error| (&error.code, &error.message)))?;
    for warning in answer.warnings {
        println!("note: {}", warning.message);
    }
    // An action that is still under way after the wait has no application yet: WriteState asks for it later.
    let (Some(action), Some(application)) = (answer.action, answer.application) else {
        return Err("the application is still under way".into());
    };
    let stage = application.current_stage.map(|stage| (stage.id, stage.name));
    Ok(Application { id: application.id, action: action.id, stage })
}

/// Moves it to the first stage that it is not in, and waits until the feed of changes tells so.
async fn move_on(graph: &Graph, job: &Job, application: &Application) -> Outcome<Stage> {
    let asked = graph.ask::<JobStages>(job_stages::Variables { id: job.id.clone() }).await?;
    let stages = asked.job.map(|job| job.stages).unwrap_or_default();
    let now = application.stage.as_ref().map(|(id, _)| id);
    let target = stages.into_iter().map(|step| step.stage).find(|stage| Some(&stage.id) != now);
    let target = target.ok_or("the job has no other stage")?;

    // What follows a cursor misses nothing, even if it subscribes after the move.
    let end = graph.ask::<FeedEnd>(feed_end::Variables {}).await?.changes.page_info.end_cursor;
    let after = end.ok_or("the feed has no end")?;
    let input = move_to_stage::MoveApplicationToStageInput {
        application_id: application.id.clone(),
        stage_id: target.id.clone(),
        wait: Some("PT60S".to_owned()),
        ..Default::default()
    };
    let answer = graph.ask::<MoveToStage>(move_to_stage::Variables { input }).await?.move_application_to_stage;
    refuse(answer.user_errors.iter().map(|error| (&error.code, &error.message)))?;

    let mut told = graph.follow::<ApplicationChanges>(application_changes::Variables { after }).await?;
    while let Some(answer) = told.next().await? {
        let change = answer.changes;
        if let Some(ApplicationChangesChangesRecord::Application(record)) = change.record
            && let Some(stage) = record.current_stage
            && (change.record_id == application.id && stage.id == target.id)
        {
            return Ok((stage.id, stage.name));
        }
    }
    Err("the subscription ended".into())
}

fn refuse<Code: std::fmt::Debug>(errors: impl Iterator<Item = (Code, impl std::fmt::Display)>) -> Outcome<()> {
    let errors: Vec<_> = errors.map(|(code, message)| format!("{code:?}: {message}")).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ").into()) }
}

fn shown(stage: Option<&Stage>) -> &str {
    stage.and_then(|(_, name)| name.as_deref()).unwrap_or("that has no name")
}
