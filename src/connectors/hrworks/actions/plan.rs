//! The steps of every action in their order, and their names.

use serde_json::Value;

use super::creation;
use super::document;
use super::target::Target;
use crate::connectors::action::{Action, Next, Outcome, Step, TakenState};
use crate::domain::{ActionKind, RecordType};

/// A file of an action, and which try it is: when HR WORKS failed to take it, it is sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// From 0.
    pub file: usize,
    /// From 1.
    pub round: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    ReadPost,
    /// Which applications there are before one is created.
    Remember,
    Create,
    AwaitCreation,
    LookUp,
    /// The application that is written to.
    FindTarget,
    /// How many documents there are before one is sent.
    Count(At),
    Send(At),
    Await(At),
    /// Before another try.
    Pause(At),
}

const ALONE: [(Part, &str); 6] = [
    (Part::ReadPost, "read post"),
    (Part::Remember, "list earlier applications"),
    (Part::Create, "create application"),
    (Part::AwaitCreation, "await application"),
    (Part::LookUp, "look application up"),
    (Part::FindTarget, "find application"),
];

type OfFile = (fn(At) -> Part, &'static str);
const OF_FILE: [OfFile; 4] = [
    (Part::Count, "count documents before file"),
    (Part::Send, "send file"),
    (Part::Await, "await file"),
    (Part::Pause, "pause before file"),
];

impl Part {
    pub fn name(self) -> String {
        let of_file = |index: usize, at: At| {
            let (name, file) = (OF_FILE[index].1, at.file + 1);
            if at.round > 1 { format!("{name} {file}, try {}", at.round) } else { format!("{name} {file}") }
        };
        match self {
            Self::Count(at) => of_file(0, at),
            Self::Send(at) => of_file(1, at),
            Self::Await(at) => of_file(2, at),
            Self::Pause(at) => of_file(3, at),
            _ => ALONE.iter().find(|(part, _)| *part == self).map(|(_, name)| (*name).to_owned()).unwrap_or_default(),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        if let Some((part, _)) = ALONE.iter().find(|(_, known)| *known == name) {
            return Some(*part);
        }
        let (make, rest) =
            OF_FILE.iter().find_map(|(make, known)| Some((make, name.strip_prefix(known)?.strip_prefix(' ')?)))?;
        let (file, round) = match rest.split_once(", try ") {
            Some((file, round)) => (file, round.parse().ok()?),
            None => (rest, 1),
        };
        let part = make(At { file: file.parse::<usize>().ok()?.checked_sub(1)?, round });
        (part.name() == name).then_some(part)
    }

    fn is_write(self) -> bool {
        matches!(self, Self::Create | Self::Send(_))
    }
}

/// What comes next. Pure.
pub fn next(action: &Action<'_>) -> Next {
    let creates = match action.kind {
        ActionKind::CreateCandidate | ActionKind::CreateApplication => true,
        ActionKind::AddAttachmentToApplication
        | ActionKind::AddAttachmentToCandidate
        | ActionKind::AddResultLinkToApplication
        | ActionKind::AddNoteToApplication => false,
        // No such ability (§3.7), and not in the manifest.
        ActionKind::MoveApplicationToStage => return Next::Done(Outcome::default()),
    };
    let parts: &[Part] = match creates {
        true => &[Part::ReadPost, Part::Remember, Part::Create, Part::AwaitCreation, Part::LookUp],
        false => &[Part::FindTarget],
    };
    for part in parts {
        // Found where it was looked for because its answer was lost: nothing is left to wait for.
        if matches!(part, Part::AwaitCreation | Part::LookUp) && creation::arrived(action).is_some() {
            continue;
        }
        if !action.is_over(&part.name()) {
            return Next::Do(step(*part));
        }
    }
    for file in 0..document::count(action) {
        if let Some(part) = next_of_file(action, file) {
            // What an attachment of a new candidate lacks, the candidate need not.
            let step = step(part);
            return Next::Do(if creates { step.for_attachment(file) } else { step });
        }
    }
    Next::Done(outcome(action))
}

fn step(part: Part) -> Step {
    if part.is_write() { Step::write(part.name()) } else { Step::read(part.name()) }
}

/// None when the file is there, or was given up.
fn next_of_file(action: &Action<'_>, file: usize) -> Option<Part> {
    let mut round = 1;
    loop {
        let at = At { file, round };
        for part in [Part::Count(at), Part::Send(at), Part::Await(at)] {
            match action.taken(&part.name()).map(|taken| (taken.state, &taken.memo)) {
                None | Some((TakenState::Open, _)) => return Some(part),
                Some((TakenState::Failed, _)) => return None,
                Some((TakenState::Done, memo)) if is_set(memo, ARRIVED) => return None,
                Some((TakenState::Done, _)) => {}
            }
        }
        let again = action.memo(&Part::Await(at).name()).is_some_and(|memo| is_set(memo, AGAIN));
        round = round.checked_add(1).filter(|_| again)?;
        let pause = Part::Pause(At { file, round });
        match action.taken(&pause.name()).map(|taken| taken.state) {
            None | Some(TakenState::Open) => return Some(pause),
            Some(TakenState::Failed) => return None,
            Some(TakenState::Done) => {}
        }
    }
}

/// In the memo of a file that was sent: its answer was lost, and it is there.
pub const ARRIVED: &str = "arrived";
/// In the memo of a file that was waited for: HR WORKS did not manage to take it.
pub const AGAIN: &str = "again";

fn is_set(memo: &Value, name: &str) -> bool {
    memo.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn outcome(action: &Action<'_>) -> Outcome {
    let Some(Target { application, candidate, .. }) = Target::of(action) else { return Outcome::default() };
    let of_candidate = candidate.iter().map(|id| (RecordType::Candidate, id.clone()));
    let touched = of_candidate.chain([(RecordType::Application, application.clone())]).collect();
    Outcome { candidate, application: Some(application), touched }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_again_by_its_name() {
        let mut parts: Vec<Part> = ALONE.iter().map(|(part, _)| *part).collect();
        for at in [At { file: 0, round: 1 }, At { file: 11, round: 1 }, At { file: 0, round: 30 }] {
            parts.extend(OF_FILE.iter().map(|(make, _)| make(at)));
        }
        for part in parts {
            assert!(!part.name().is_empty());
            assert_eq!(Part::parse(&part.name()), Some(part));
        }
        for name in ["", "send file", "send file 0", "send file x", "send file 1, try x", "send file 01", "read posts"]
        {
            assert_eq!(Part::parse(name), None, "{name}");
        }
    }
}
