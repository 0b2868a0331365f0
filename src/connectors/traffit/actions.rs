//! Writing to TRAFFIT: which step comes next, what each does, and how one whose answer was lost is found again. No
//! call here has an idempotency key at TRAFFIT, so nothing is sent twice unless reading shows that it did not arrive
//! (§7 of the reference).

mod file;
mod job;
mod note;
mod passthrough;
mod person;
mod plan;
mod refusal;
mod stage;
mod untaken;

use serde_json::Value;

use super::client::Client;
use super::mapping::application_key;
use crate::connectors::action::{Acted, Action, Files, Found, Next, Step, Unacted, Warning};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::ActionKind;
use plan::Do;

pub use passthrough::passthrough;

pub fn next(action: &Action<'_>) -> Next {
    plan::next(action)
}

pub async fn act(account: &Account, action: &Action<'_>, step: &Step, files: &dyn Files) -> Result<Acted, Unacted> {
    let client = Client(&account.http);
    let work = Work { client, action };
    let (memo, mut warnings) = match known(step)? {
        Do::CheckJob => job::check(work).await?,
        Do::FindCandidate => person::look_up(work).await?,
        Do::CreateCandidate => person::create(work).await?,
        Do::CheckMembership => job::check_membership(work).await?,
        Do::ListFiles(_) => file::list(work).await?,
        Do::Attach(position) => file::attach(work, position, files).await?,
        Do::AddToJob => job::add(work).await?,
        Do::ReadStage => stage::read(work).await?,
        Do::Move => stage::advance(work).await?,
        Do::Reject => stage::reject(work).await?,
        Do::ReadReasons => stage::reasons(work).await?,
        Do::RejectWithReason => stage::reject_with_reason(work).await?,
        Do::ReadRejected => stage::rejected(work).await?,
        Do::CountNotes => note::count(work).await?,
        Do::AddNote => note::add(work).await?,
    };
    if action.taken.first().is_none_or(|first| first.name == step.name) {
        warnings.extend(untaken::warnings(action.input));
    }
    Ok(Acted::Done { memo, warnings })
}

pub async fn find(account: &Account, action: &Action<'_>, step: &Step, _: &dyn Files) -> Result<Found, Error> {
    let client = Client(&account.http);
    let work = Work { client, action };
    match known(step)? {
        Do::CreateCandidate => person::find(work).await,
        Do::Attach(position) => file::find(work, position).await,
        Do::AddToJob => job::find(work).await,
        Do::Move => stage::find(work, false).await,
        Do::Reject | Do::RejectWithReason => stage::find(work, true).await,
        Do::AddNote => note::find(work).await,
        // They read: to carry them out again is to find out.
        Do::CheckJob
        | Do::FindCandidate
        | Do::CheckMembership
        | Do::ListFiles(_)
        | Do::ReadStage
        | Do::ReadReasons
        | Do::ReadRejected
        | Do::CountNotes => Ok(Found::Missing),
    }
}

/// What a step found, and what there is to say about it.
type Told = (Value, Vec<Warning>);

/// What a step works with.
#[derive(Clone, Copy)]
struct Work<'a> {
    client: Client<'a>,
    action: &'a Action<'a>,
}

impl Work<'_> {
    /// The job that is written to.
    fn job(&self) -> Result<String, Error> {
        let missing = || Error::new(ErrorKind::Invalid, "the action names no job of TRAFFIT");
        plan::job(self.action).map(str::to_owned).ok_or_else(missing)
    }

    /// The candidate that is written to, given or found by an earlier step.
    fn candidate(&self) -> Result<String, Error> {
        let missing = || Error::new(ErrorKind::Invalid, "the action names no candidate of TRAFFIT");
        plan::candidate(self.action).ok_or_else(missing)
    }

    fn is_creation(&self) -> bool {
        plan::is_creation(self.action.kind)
    }

    /// The path of the input that names the stage.
    fn stage_field(&self) -> &'static [&'static str] {
        if self.is_creation() { &["input", "application", "stageId"] } else { &["input", "stageId"] }
    }

    fn job_field(&self) -> &'static [&'static str] {
        if self.is_creation() { &["input", "application", "jobId"] } else { &["input", "applicationId"] }
    }

    /// How often the step that is carried out was tried before.
    fn was_tried(&self, of: Do) -> bool {
        self.action.taken(&of.name()).is_some_and(|taken| taken.attempts > 1)
    }
}

fn known(step: &Step) -> Result<Do, Error> {
    let unknown = || Error::new(ErrorKind::Unsupported, format!("TRAFFIT has no step {}", step.name));
    Do::read(&step.name).ok_or_else(unknown)
}

/// Whether TRAFFIT can write this at all.
fn is_supported(kind: ActionKind) -> bool {
    kind != ActionKind::AddAttachmentToCandidate
}

/// The id of the application that an action writes to, or makes.
fn application(action: &Action<'_>) -> Option<String> {
    let made = || Some(application_key(plan::job(action)?, &plan::candidate(action)?));
    action.input.application.clone().or_else(made)
}
