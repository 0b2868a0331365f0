//! The order of the steps (§7 of the reference), out of what the earlier ones found. Sends nothing.

use serde::{Deserialize, Serialize};

use super::{application, is_supported};
use crate::connectors::action::{Action, Next, Outcome, Step};
use crate::domain::{ActionKind, RecordType};

/// What a step does. Its name is kept in journals: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    CheckJob,
    FindCandidate,
    CreateCandidate,
    CheckMembership,
    /// The files that are there before this attachment is sent.
    ListFiles(usize),
    Attach(usize),
    AddToJob,
    ReadStage,
    Move,
    Reject,
    ReadReasons,
    RejectWithReason,
    ReadRejected,
    CountNotes,
    AddNote,
}

const NAMES: [(Do, &str); 13] = [
    (Do::CheckJob, "check job"),
    (Do::FindCandidate, "find candidate"),
    (Do::CreateCandidate, "create candidate"),
    (Do::CheckMembership, "check membership"),
    (Do::AddToJob, "add to job"),
    (Do::ReadStage, "read stage"),
    (Do::Move, "move to stage"),
    (Do::Reject, "reject"),
    (Do::ReadReasons, "read rejection reasons"),
    (Do::RejectWithReason, "reject with reason"),
    (Do::ReadRejected, "read stage after rejection"),
    (Do::CountNotes, "count equal notes"),
    (Do::AddNote, "add note"),
];
const LIST_FILES: &str = "list files before ";
const ATTACH: &str = "attach file ";

impl Do {
    pub fn name(self) -> String {
        match self {
            Self::ListFiles(position) => format!("{LIST_FILES}{}", position + 1),
            Self::Attach(position) => format!("{ATTACH}{}", position + 1),
            other => NAMES.iter().find(|(known, _)| *known == other).map_or("", |(_, name)| name).to_owned(),
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        let position = |text: &str| text.parse::<usize>().ok()?.checked_sub(1);
        if let Some(number) = name.strip_prefix(LIST_FILES) {
            return position(number).map(Self::ListFiles);
        }
        if let Some(number) = name.strip_prefix(ATTACH) {
            return position(number).map(Self::Attach);
        }
        NAMES.iter().find(|(_, known)| *known == name).map(|(step, _)| *step)
    }

    fn writes(self) -> bool {
        match self {
            Self::CreateCandidate
            | Self::Attach(_)
            | Self::AddToJob
            | Self::Move
            | Self::Reject
            | Self::RejectWithReason
            | Self::AddNote => true,
            Self::CheckJob
            | Self::FindCandidate
            | Self::CheckMembership
            | Self::ListFiles(_)
            | Self::ReadStage
            | Self::ReadReasons
            | Self::ReadRejected
            | Self::CountNotes => false,
        }
    }
}

/// What `check job` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobMemo {
    /// The stage that the input names, as the job's workflow knows it.
    pub stage: Option<StageMemo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageMemo {
    pub id: String,
    /// Who is added to the job stands here.
    pub is_start: bool,
    pub rejects: bool,
    /// All stages of the workflow that reject.
    #[serde(default)]
    pub rejecting: Vec<String>,
}

/// What `find candidate` and `create candidate` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMemo {
    pub candidate: Option<String>,
    /// By this action, as the vendor's own answer says.
    #[serde(default)]
    pub is_new: bool,
}

/// What `read stage` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandMemo {
    /// The current stage, as far as it can be told.
    pub stage: Option<String>,
    /// The highest id in the stage history.
    pub last_row: u64,
}

/// What `reject` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectMemo {
    /// Refused, because TRAFFIT asks for a reason.
    #[serde(default)]
    pub wants_reason: bool,
}

pub fn is_creation(kind: ActionKind) -> bool {
    matches!(kind, ActionKind::CreateCandidate | ActionKind::CreateApplication)
}

pub fn memo<T: for<'de> Deserialize<'de>>(action: &Action<'_>, of: Do) -> Option<T> {
    action.memo(&of.name()).and_then(|memo| T::deserialize(memo).ok())
}

pub fn job<'a>(action: &'a Action<'_>) -> Option<&'a str> {
    let of_application = || Some(action.input.application.as_deref()?.split_once(':')?.0);
    action.input.job.as_deref().or_else(of_application)
}

/// Given with the input, else found or made by an earlier step.
pub fn candidate(action: &Action<'_>) -> Option<String> {
    if !is_creation(action.kind) {
        let of_application = || Some(action.input.application.as_deref()?.split_once(':')?.1);
        return action.input.candidate.as_deref().or_else(of_application).map(str::to_owned);
    }
    let of = |step| memo::<PersonMemo>(action, step).and_then(|person| person.candidate);
    of(Do::FindCandidate).or_else(|| of(Do::CreateCandidate))
}

pub fn next(action: &Action<'_>) -> Next {
    let next = match action.kind {
        ActionKind::CreateCandidate | ActionKind::CreateApplication => creation(action),
        ActionKind::AddAttachmentToApplication => attachments(action, usize::MAX),
        ActionKind::MoveApplicationToStage => {
            [Do::CheckJob].into_iter().find(|step| !is_over(action, *step)).or_else(|| stage(action))
        }
        ActionKind::AddResultLinkToApplication | ActionKind::AddNoteToApplication => {
            [Do::CountNotes, Do::AddNote].into_iter().find(|step| !is_over(action, *step))
        }
        ActionKind::AddAttachmentToCandidate => None,
    };
    match next {
        Some(next) => Next::Do(step(action, next)),
        None => Next::Done(outcome(action)),
    }
}

fn is_over(action: &Action<'_>, of: Do) -> bool {
    action.is_over(&of.name())
}

fn step(action: &Action<'_>, next: Do) -> Step {
    let step = if next.writes() { Step::write(next.name()) } else { Step::read(next.name()) };
    match next {
        // Where the attachment is the action, it fails with it.
        Do::ListFiles(position) | Do::Attach(position) if is_creation(action.kind) => step.for_attachment(position),
        _ => step,
    }
}

fn creation(action: &Action<'_>) -> Option<Do> {
    let has_job = job(action).is_some();
    if has_job && !is_over(action, Do::CheckJob) {
        return Some(Do::CheckJob);
    }
    if !is_over(action, Do::FindCandidate) {
        return Some(Do::FindCandidate);
    }
    if candidate(action).is_none() {
        return Some(Do::CreateCandidate);
    }
    let is_new = memo::<PersonMemo>(action, Do::CreateCandidate).is_some_and(|person| person.is_new);
    if has_job && !is_new && !is_over(action, Do::CheckMembership) {
        return Some(Do::CheckMembership);
    }
    // A file that TRAFFIT does not take at the moment holds nothing up: it is tried again when the rest is done.
    if let Some(file) = attachments(action, TRIES_IN_TURN) {
        return Some(file);
    }
    if has_job {
        if !is_over(action, Do::AddToJob) {
            return Some(Do::AddToJob);
        }
        let wanted = memo::<JobMemo>(action, Do::CheckJob).and_then(|job| job.stage);
        if let Some(next) = wanted.filter(|stage| !stage.is_start).and_then(|_| stage(action)) {
            return Some(next);
        }
    }
    attachments(action, usize::MAX)
}

/// How often an attachment is tried before the steps behind it go on.
const TRIES_IN_TURN: usize = 2;

/// The next step of the attachment that was tried least often; of those that were tried fewer than `tries` times.
fn attachments(action: &Action<'_>, tries: usize) -> Option<Do> {
    let attempts = |step: Do| {
        let taken = action.taken(&step.name());
        taken.map_or(0, |taken| usize::try_from(taken.attempts).unwrap_or(usize::MAX))
    };
    let mut open: Vec<(usize, Do)> = Vec::new();
    for position in 0..action.input.attachments.len() {
        let (list, attach) = (Do::ListFiles(position), Do::Attach(position));
        if action.memo(&list.name()).is_none() {
            // Given up: without the list nobody could tell whether the file arrived.
            if !is_over(action, list) {
                open.push((attempts(list), list));
            }
        } else if !is_over(action, attach) {
            open.push((attempts(attach), attach));
        }
    }
    open.retain(|(tried, _)| *tried < tries);
    // One whose answer is open is settled before another is begun.
    open.into_iter()
        .min_by_key(|(tried, step)| {
            let is_settled = *tried == 0 || *tried >= TRIES_IN_TURN;
            (if is_settled { *tried + 1 } else { 0 }, position_of(*step))
        })
        .map(|(_, step)| step)
}

fn position_of(step: Do) -> usize {
    match step {
        Do::ListFiles(position) | Do::Attach(position) => position,
        _ => 0,
    }
}

/// The steps that bring the application to the stage that the input names.
fn stage(action: &Action<'_>) -> Option<Do> {
    let wanted = memo::<JobMemo>(action, Do::CheckJob)?.stage?;
    if !is_over(action, Do::ReadStage) {
        return Some(Do::ReadStage);
    }
    let stand: StandMemo = memo(action, Do::ReadStage).unwrap_or_default();
    if stand.stage.as_ref() == Some(&wanted.id) {
        return None;
    }
    if !wanted.rejects {
        return (!is_over(action, Do::Move)).then_some(Do::Move);
    }
    if !is_over(action, Do::Reject) {
        return Some(Do::Reject);
    }
    let wants_reason = memo::<RejectMemo>(action, Do::Reject).is_some_and(|memo| memo.wants_reason);
    let with_reason: &[Do] = if wants_reason { &[Do::ReadReasons, Do::RejectWithReason] } else { &[] };
    with_reason.iter().chain(&[Do::ReadRejected]).copied().find(|step| !is_over(action, *step))
}

fn outcome(action: &Action<'_>) -> Outcome {
    if !is_supported(action.kind) {
        return Outcome::default();
    }
    let (candidate, application) = (candidate(action), application(action));
    let person = candidate.clone().map(|id| (RecordType::Candidate, id));
    let relation = application.clone().map(|id| (RecordType::Application, id));
    let touched = match action.kind {
        ActionKind::CreateCandidate | ActionKind::CreateApplication => person.into_iter().chain(relation).collect(),
        ActionKind::MoveApplicationToStage => relation.into_iter().collect(),
        // The list of files is part of the candidate.
        ActionKind::AddAttachmentToApplication | ActionKind::AddAttachmentToCandidate => person.into_iter().collect(),
        // Activities are not mirrored.
        ActionKind::AddResultLinkToApplication | ActionKind::AddNoteToApplication => Vec::new(),
    };
    Outcome { candidate, application, touched }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connectors::action::{Attachment, Input, Taken, TakenState};
    use crate::domain::AttachmentType;

    #[test]
    fn the_names_of_steps_are_read_back() {
        for (step, name) in NAMES {
            assert_eq!((step.name().as_str(), Do::read(name)), (name, Some(step)));
        }
        assert_eq!(Do::Attach(0).name(), "attach file 1");
        assert_eq!(Do::read("attach file 3"), Some(Do::Attach(2)));
        assert_eq!(Do::read("list files before 1"), Some(Do::ListFiles(0)));
        assert_eq!((Do::read("attach file 0"), Do::read("dance")), (None, None));
    }

    fn taken(step: Do, state: TakenState, attempts: u32, memo: serde_json::Value) -> Taken {
        Taken { name: step.name(), state, memo, sent_at: None, attempts }
    }

    #[test]
    fn a_file_that_fails_holds_nothing_up() {
        let file = |name: &str| Attachment {
            name: name.into(),
            r#type: AttachmentType::Cv,
            content_type: "text/plain".into(),
            size: 1,
            hash: String::new(),
        };
        let input = Input { job: Some("1".into()), attachments: vec![file("a"), file("b")], ..Input::default() };
        let done = |step, memo| taken(step, TakenState::Done, 1, memo);
        let mut steps = vec![
            done(Do::CheckJob, json!({"stage": null})),
            done(Do::FindCandidate, json!({"candidate": "7"})),
            done(Do::CheckMembership, json!({})),
            done(Do::ListFiles(0), json!([])),
            taken(Do::Attach(0), TakenState::Open, 1, json!(null)),
        ];
        let ask = |steps: &[Taken]| {
            let created_at = chrono::DateTime::UNIX_EPOCH;
            let kind = ActionKind::CreateCandidate;
            match next(&Action { kind, input: &input, created_at, taken: steps }) {
                Next::Do(step) => step.name,
                Next::Done(_) => "done".to_owned(),
            }
        };
        assert_eq!(ask(&steps), "attach file 1");
        steps[4].attempts = 2;
        assert_eq!(ask(&steps), "list files before 2");
        steps.push(taken(Do::ListFiles(1), TakenState::Failed, 2, json!(null)));
        assert_eq!(ask(&steps), "add to job");
        steps.push(done(Do::AddToJob, json!({})));
        assert_eq!(ask(&steps), "attach file 1");
        steps[4].state = TakenState::Failed;
        assert_eq!(ask(&steps), "done");
    }
}
