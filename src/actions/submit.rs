//! Accepting an action: checked, written down, begun, and waited for as long as the caller wishes.

use std::time::Duration;

use uuid::Uuid;

use super::check::Checks;
use super::request::{AttachmentInput, CreateInput, Request, Write};
use super::spool::Spooled;
use super::{Actions, Error};
use crate::connectors::action::{Input, ResultLink};
use crate::domain::{ActionState, ErrorCode, JobStatus, Refusal};
use crate::store::actions::{Journaled, NewAction};
use crate::store::entity::{action, application, application_stage, candidate, job};
use crate::store::{Key, RecordRow, Writer};

/// What came of a request.
#[derive(Debug)]
pub enum Submitted {
    /// It stands in the journal: (integration, action).
    Action(Uuid, Uuid),
    Refused(Vec<Refusal>),
}

/// A request that can be written down.
struct Prepared {
    integration: Uuid,
    input: Input,
    files: Vec<Spooled>,
    subject: String,
    candidate: Option<Uuid>,
    application: Option<Uuid>,
}

/// A write that another process carries out is looked at so often.
const LOOK: Duration = Duration::from_millis(200);

impl Actions {
    /// Checks a write and puts it into the journal. Nothing is sent before that.
    pub async fn submit(&self, writer: &Writer, request: Request) -> Result<Submitted, Error> {
        let kind = request.write.kind();
        let hash = digest(&request.write);
        let key = request.idempotency_key.as_deref();
        if let Some(key) = key
            && (key.trim().is_empty() || key.len() > 200)
        {
            let refusal = Refusal::input(&["input", "idempotencyKey"], "must be 1 to 200 bytes");
            return Ok(Submitted::Refused(vec![refusal]));
        }
        let now = self.engine().clock().now();
        let place = match self.place(writer, &request.write).await? {
            Ok(place) => place,
            Err(refusals) => return Ok(Submitted::Refused(refusals)),
        };
        // Before any attachment is downloaded again.
        if let Some(key) = key
            && let Some(known) = self.store().action_by_key(place, key, &hash, now).await?
        {
            return Ok(told(place, known));
        }
        let prepared = match self.prepare(writer, place, &request.write).await? {
            Ok(prepared) => prepared,
            Err(refusals) => return Ok(Submitted::Refused(refusals)),
        };
        let id = self.engine().ids().uuid();
        let input = serde_json::to_value(&prepared.input).map_err(|error| Error::Journal(error.to_string()))?;
        let new = NewAction {
            integration: prepared.integration,
            id,
            kind,
            key,
            input_hash: &hash,
            input,
            subject: prepared.subject,
            candidate: prepared.candidate,
            application: prepared.application,
            files: prepared.files.into_iter().map(Spooled::pieces).collect(),
            now,
        };
        Ok(match self.store().journal(new).await? {
            Journaled::New => {
                // Here and now, if there is room; else by whoever finds it.
                self.begin((prepared.integration, id)).await?;
                self.engine().wake();
                Submitted::Action(prepared.integration, id)
            }
            Journaled::Gone => Submitted::Refused(vec![not_found(&["input", named(&request.write)])]),
            known => told(prepared.integration, known),
        })
    }

    /// The action as it stands when it has ended, or when `patience` has.
    pub async fn wait(&self, integration: Uuid, id: Uuid, patience: Duration) -> Result<Option<action::Model>, Error> {
        let end = tokio::time::Instant::now() + patience;
        loop {
            let ended = self.0.ended.notified();
            tokio::pin!(ended);
            // Listening before looking: an end in between is not missed.
            ended.as_mut().enable();
            let found = self.store().action(integration, id).await?;
            let open =
                found.as_ref().is_some_and(|row| !ActionState::parse(&row.state).is_some_and(ActionState::is_finished));
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if !open || left.is_zero() {
                return Ok(found);
            }
            // A timeout only means to look again.
            let _ = tokio::time::timeout(LOOK.min(left), ended).await;
        }
    }

    /// The integration that a write goes to, if the writer may write there.
    async fn place(&self, writer: &Writer, write: &Write) -> Result<Result<Uuid, Vec<Refusal>>, Error> {
        let (found, field) = match write {
            Write::CreateCandidate(input) | Write::CreateApplication(input) => {
                (writer.access().sees(input.integration).then_some(input.integration), ["input", "integrationId"])
            }
            Write::AddAttachmentToCandidate { candidate, .. } => {
                (integration_of::<candidate::Model>(writer, *candidate).await?, ["input", "candidateId"])
            }
            Write::AddAttachmentToApplication { application, .. }
            | Write::MoveApplicationToStage { application, .. }
            | Write::AddResultLinkToApplication { application, .. }
            | Write::AddNoteToApplication { application, .. } => {
                (integration_of::<application::Model>(writer, *application).await?, ["input", "applicationId"])
            }
        };
        let Some(integration) = found else { return Ok(Err(vec![not_found(&field)])) };
        let Some(row) = writer.integration(integration).await? else { return Ok(Err(vec![not_found(&field)])) };
        let refusal = if row.paused {
            Some(Refusal::new(ErrorCode::IntegrationPaused, "the integration is paused; resume it first"))
        } else if row.invalid {
            let message = "the vendor refuses the credentials of the integration; renew them first";
            Some(Refusal::new(ErrorCode::IntegrationCredentialsInvalid, message))
        } else {
            let manifest = self.engine().manifest(&row.connector);
            let supported =
                manifest.is_some_and(|manifest| manifest.actions.iter().any(|action| action.action == write.kind()));
            let name = manifest.map_or(row.connector.as_str(), |manifest| manifest.name);
            (!supported).then(|| Refusal::new(ErrorCode::ActionNotSupported, format!("{name} has no {}", write.kind())))
        };
        Ok(match refusal {
            Some(refusal) => Err(vec![refusal.at(&field)]),
            None => Ok(integration),
        })
    }

    async fn prepare(
        &self,
        writer: &Writer,
        integration: Uuid,
        write: &Write,
    ) -> Result<Result<Prepared, Vec<Refusal>>, Error> {
        match write {
            Write::CreateCandidate(input) | Write::CreateApplication(input) => self.creation(writer, input).await,
            Write::AddAttachmentToCandidate { candidate, attachment } => {
                let Some(row) = writer.record::<candidate::Model>(*candidate).await? else {
                    return Ok(Err(vec![not_found(&["input", "candidateId"])]));
                };
                let input = Input { candidate: row.remote_id.clone(), ..Input::default() };
                let prepared = Prepared {
                    integration,
                    input,
                    files: Vec::new(),
                    subject: format!("candidate:{candidate}"),
                    candidate: Some(*candidate),
                    application: None,
                };
                self.with_attachments(prepared, std::slice::from_ref(attachment), Checks::default(), false).await
            }
            Write::AddAttachmentToApplication { application, attachment } => {
                match to_application(writer, *application).await? {
                    Ok(prepared) => {
                        self.with_attachments(prepared, std::slice::from_ref(attachment), Checks::default(), false)
                            .await
                    }
                    Err(refusals) => Ok(Err(refusals)),
                }
            }
            Write::MoveApplicationToStage { application, stage } => move_to(writer, *application, *stage).await,
            Write::AddResultLinkToApplication { application, label, url, prefix, attributes } => {
                let mut checks = Checks::default();
                let label = checks.line(&["input", "label"], label);
                checks.link(&["input", "url"], url);
                for (at, (key, value)) in attributes.iter().enumerate() {
                    let at = at.to_string();
                    checks.line(&["input", "details", "attributes", &at, "key"], key);
                    if value.chars().any(char::is_control) || value.len() > 5000 {
                        checks.refuse(
                            &["input", "details", "attributes", &at, "value"],
                            "must be one line of at most 5000 bytes",
                        );
                    }
                }
                if let Some(prefix) = prefix
                    && (prefix.chars().any(char::is_control) || prefix.len() > 200)
                {
                    checks.refuse(
                        &["input", "details", "customFieldNamePrefix"],
                        "must be one line of at most 200 bytes",
                    );
                }
                let link =
                    ResultLink { label, url: url.clone(), prefix: prefix.clone(), attributes: attributes.clone() };
                let prepared = to_application(writer, *application).await?;
                Ok(checked(checks, prepared, |input| input.link = Some(link)))
            }
            Write::AddNoteToApplication { application, content } => {
                let mut checks = Checks::default();
                checks.note(&["input", "content"], content);
                let prepared = to_application(writer, *application).await?;
                Ok(checked(checks, prepared, |input| input.note = Some(content.clone())))
            }
        }
    }

    async fn creation(&self, writer: &Writer, input: &CreateInput) -> Result<Result<Prepared, Vec<Refusal>>, Error> {
        let mut checks = Checks::default();
        let person = checks.person(&input.person);
        let source = input.source.as_deref().map(|source| checks.line(&["input", "source", "name"], source));
        let job = writer.record::<job::Model>(input.job).await?;
        let job = job.filter(|row| row.integration_id == input.integration && row.remote_deleted_at.is_none());
        match &job {
            None => checks.0.push(not_found(&["input", "application", "jobId"])),
            Some(row) if row.status.as_deref() == Some(JobStatus::Closed.as_str()) => {
                let refusal = Refusal::new(ErrorCode::JobClosed, "the job takes no applications any more");
                checks.0.push(refusal.at(&["input", "application", "jobId"]));
            }
            Some(_) => {}
        }
        let mut stage = None;
        if let (Some(id), Some(job)) = (input.stage, &job) {
            match stage_of(writer, Key { integration: job.integration_id, id: job.id }, id).await? {
                Ok(remote) => stage = Some(remote),
                Err(refusal) => checks.0.push(refusal.at(&["input", "application", "stageId"])),
            }
        }
        let default_source = match &source {
            Some(_) => None,
            None => self.default_source(writer, input.integration).await?,
        };
        let subject = format!("email:{}", person.email.to_lowercase());
        let prepared = Prepared {
            integration: input.integration,
            input: Input {
                person: Some(person),
                job: job.and_then(|row| row.remote_id.clone()),
                stage,
                source_by_default: default_source.is_some(),
                source: source.or(default_source),
                gdpr_consent: input.gdpr_consent,
                ..Input::default()
            },
            files: Vec::new(),
            subject,
            candidate: None,
            application: None,
        };
        self.with_attachments(prepared, &input.attachments, checks, true).await
    }

    /// What the integration says for creations that name no source.
    async fn default_source(&self, writer: &Writer, integration: Uuid) -> Result<Option<String>, Error> {
        Ok(writer.integration(integration).await?.and_then(|row| row.default_source))
    }

    /// The last of the checks: attachments are fetched only for an input that is good otherwise.
    async fn with_attachments(
        &self,
        mut prepared: Prepared,
        inputs: &[AttachmentInput],
        mut checks: Checks,
        several: bool,
    ) -> Result<Result<Prepared, Vec<Refusal>>, Error> {
        let at = |position: usize| match several {
            true => vec!["input".to_owned(), "attachments".to_owned(), position.to_string()],
            false => vec!["input".to_owned(), "attachment".to_owned()],
        };
        for (position, input) in inputs.iter().enumerate() {
            let at = at(position);
            let at: Vec<&str> = at.iter().map(String::as_str).collect();
            checks.attachment(&at, input);
        }
        if !checks.0.is_empty() {
            return Ok(Err(checks.0));
        }
        Ok(self.attachments(inputs, at).await?.map(|(attachments, files)| {
            prepared.input.attachments = attachments;
            prepared.files = files;
            prepared
        }))
    }
}

fn told(integration: Uuid, known: Journaled) -> Submitted {
    match known {
        Journaled::Known(action) => Submitted::Action(integration, action),
        Journaled::New | Journaled::Gone | Journaled::KeyReused => {
            let message = "the key was used for another input; use a new one";
            let refusal = Refusal::new(ErrorCode::IdempotencyKeyReused, message).at(&["input", "idempotencyKey"]);
            Submitted::Refused(vec![refusal])
        }
    }
}

async fn integration_of<R: RecordRow>(writer: &Writer, id: Uuid) -> Result<Option<Uuid>, Error> {
    Ok(writer.record::<R>(id).await?.filter(|row| row.remote_deleted_at().is_none()).map(|row| row.integration_id()))
}

/// What an action on an application begins with.
async fn to_application(writer: &Writer, id: Uuid) -> Result<Result<Prepared, Vec<Refusal>>, Error> {
    let Some(row) = writer.record::<application::Model>(id).await? else {
        return Ok(Err(vec![not_found(&["input", "applicationId"])]));
    };
    let candidate = match row.candidate_id {
        Some(candidate) => writer.record::<candidate::Model>(candidate).await?,
        None => None,
    };
    let job = match row.job_id {
        Some(job) => writer.record::<job::Model>(job).await?,
        None => None,
    };
    let subject = row.candidate_id.map_or_else(|| format!("application:{id}"), |id| format!("candidate:{id}"));
    Ok(Ok(Prepared {
        integration: row.integration_id,
        input: Input {
            application: row.remote_id.clone(),
            candidate: candidate.and_then(|row| row.remote_id.clone()),
            job: job.and_then(|row| row.remote_id.clone()),
            ..Input::default()
        },
        files: Vec::new(),
        subject,
        candidate: row.candidate_id,
        application: Some(id),
    }))
}

async fn move_to(writer: &Writer, application: Uuid, stage: Uuid) -> Result<Result<Prepared, Vec<Refusal>>, Error> {
    let mut prepared = match to_application(writer, application).await? {
        Ok(prepared) => prepared,
        Err(refusals) => return Ok(Err(refusals)),
    };
    let row = writer.record::<application::Model>(application).await?;
    let Some(job) = row.and_then(|row| row.job_id) else {
        return Ok(Err(vec![not_found(&["input", "applicationId"])]));
    };
    Ok(match stage_of(writer, Key { integration: prepared.integration, id: job }, stage).await? {
        Ok(remote) => {
            prepared.input.stage = Some(remote);
            Ok(prepared)
        }
        Err(refusal) => Err(vec![refusal.at(&["input", "stageId"])]),
    })
}

/// The remote id of a stage in a job's pipeline.
async fn stage_of(writer: &Writer, job: Key, stage: Uuid) -> Result<Result<String, Refusal>, Error> {
    let row = writer.record::<application_stage::Model>(stage).await?;
    let row = row.filter(|row| row.integration_id == job.integration && row.remote_deleted_at.is_none());
    let Some(remote) = row.and_then(|row| row.remote_id.clone()) else {
        return Ok(Err(Refusal::new(ErrorCode::NotFound, "there is no such stage")));
    };
    Ok(match writer.is_stage_of(job, stage).await? {
        true => Ok(remote),
        false => Err(Refusal::new(ErrorCode::StageNotInJob, "the stage is not one of the job's pipeline")),
    })
}

fn checked(
    checks: Checks,
    prepared: Result<Prepared, Vec<Refusal>>,
    fill: impl FnOnce(&mut Input),
) -> Result<Prepared, Vec<Refusal>> {
    let mut refusals = checks.0;
    match prepared {
        Ok(mut prepared) if refusals.is_empty() => {
            fill(&mut prepared.input);
            Ok(prepared)
        }
        Ok(_) => Err(refusals),
        Err(more) => {
            refusals.extend(more);
            Err(refusals)
        }
    }
}

/// The input that names what is written to.
fn named(write: &Write) -> &'static str {
    match write {
        Write::CreateCandidate(_) | Write::CreateApplication(_) => "integrationId",
        Write::AddAttachmentToCandidate { .. } => "candidateId",
        Write::AddAttachmentToApplication { .. }
        | Write::MoveApplicationToStage { .. }
        | Write::AddResultLinkToApplication { .. }
        | Write::AddNoteToApplication { .. } => "applicationId",
    }
}

fn not_found(field: &[&str]) -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such record").at(field)
}

/// Tells one input from another: everything but the key and the patience.
fn digest(write: &Write) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    // Our own types of text, numbers and lists always have a JSON form.
    let _ = serde_json::to_writer(&mut hasher, write);
    hasher.finalize().as_bytes().to_vec()
}
