//! Carries actions out for the tests of vendors, as the engine does, with a journal in memory that can lose answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;

use super::action::{
    Acted, Action, Attachment, Files, Found, Input, Next, Outcome, StepKind, Taken, TakenState, Unacted, Warning,
};
use super::connector::{Account, Connector};
use super::error::Retry;
use crate::domain::{ActionKind, AttachmentType};
use crate::net::Opener;

/// What went wrong on the way, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process ended before the step was sent, and after it was written down that it would be.
    Before,
    /// The process ended after the vendor carried the step out, and before its answer was written down.
    After,
}

#[derive(Debug, Default)]
pub struct Rehearsed {
    pub outcome: Outcome,
    pub taken: Vec<Taken>,
    pub warnings: Vec<Warning>,
}

/// Attachments in memory.
pub struct Held(pub Vec<(Attachment, Bytes)>);

impl Held {
    pub fn file(name: &str, content_type: &str, bytes: &'static [u8]) -> (Attachment, Bytes) {
        let attachment = Attachment {
            name: name.to_owned(),
            r#type: AttachmentType::Cv,
            content_type: content_type.to_owned(),
            size: bytes.len() as u64,
            hash: blake3::hash(bytes).to_hex().to_string(),
        };
        (attachment, Bytes::from_static(bytes))
    }

    pub fn attachments(&self) -> Vec<Attachment> {
        self.0.iter().map(|(attachment, _)| attachment.clone()).collect()
    }
}

impl Files for Held {
    fn open(&self, position: usize) -> Opener {
        let bytes = self.0[position].1.clone();
        Arc::new(move || stream::iter([Ok(bytes.clone())]).boxed())
    }
}

/// Carries an action out to its end. `crash`: at this step, once. A step that waits, and
/// one that may be tried again, is carried out again at once.
pub async fn rehearse(
    connector: &dyn Connector,
    account: &Account,
    (kind, input): (ActionKind, &Input),
    files: &dyn Files,
    crash: Option<(&str, Crash)>,
) -> Result<Rehearsed, Unacted> {
    rehearse_waiting(connector, account, (kind, input), files, crash, &mut |_| {}).await
}

/// The same; `wait` is told every pause that is asked for, and may move a clock, or change the vendor meanwhile.
pub async fn rehearse_waiting(
    connector: &dyn Connector,
    account: &Account,
    (kind, input): (ActionKind, &Input),
    files: &dyn Files,
    crash: Option<(&str, Crash)>,
    wait: &mut (dyn FnMut(Duration) + Send),
) -> Result<Rehearsed, Unacted> {
    let mut done = Rehearsed::default();
    let mut crash = crash;
    let created_at = account.http.clock().now();
    for _ in 0..1000 {
        let step = match connector.next(&Action { kind, input, created_at, taken: &done.taken }) {
            Next::Do(step) => step,
            Next::Done(outcome) => {
                done.outcome = outcome;
                assert!(crash.is_none(), "no step was called {crash:?}: {:?}", done.taken);
                return Ok(done);
            }
        };
        let at = match done.taken.iter().position(|taken| taken.name == step.name) {
            Some(at) => at,
            None => {
                done.taken.push(Taken {
                    name: step.name.clone(),
                    state: TakenState::Open,
                    memo: serde_json::Value::Null,
                    sent_at: None,
                    attempts: 0,
                });
                done.taken.len() - 1
            }
        };
        assert_eq!(done.taken[at].state, TakenState::Open, "{} is asked for again", step.name);
        let was_sent = done.taken[at].sent_at.is_some();
        if step.kind == StepKind::Write && was_sent {
            let action = Action { kind, input, created_at, taken: &done.taken };
            match connector.find(account, &action, &step, files).await {
                Ok(Found::Arrived(memo)) => {
                    (done.taken[at].state, done.taken[at].memo) = (TakenState::Done, memo);
                    continue;
                }
                Ok(Found::Missing) => {}
                Ok(Found::Unclear(pause)) => {
                    wait(pause);
                    continue;
                }
                Err(error) if error.retry != Retry::Never => continue,
                Err(error) => return Err(error.into()),
            }
        }
        done.taken[at].sent_at = Some(account.http.clock().now());
        done.taken[at].attempts += 1;
        let strikes = crash.filter(|(name, _)| *name == step.name).map(|(_, crash)| crash);
        if strikes.is_some() {
            crash = None;
        }
        if strikes == Some(Crash::Before) {
            continue;
        }
        let action = Action { kind, input, created_at, taken: &done.taken };
        let acted = connector.act(account, &action, &step, files).await;
        if strikes == Some(Crash::After) {
            acted?;
            continue;
        }
        match acted {
            Ok(Acted::Done { memo, warnings }) => {
                (done.taken[at].state, done.taken[at].memo) = (TakenState::Done, memo);
                done.warnings.extend(warnings);
            }
            Ok(Acted::Wait(pause)) => wait(pause),
            Err(Unacted::Vendor(error)) if error.may_have_arrived && step.kind == StepKind::Write => {}
            Err(Unacted::Vendor(error)) if error.retry != Retry::Never => {}
            Err(refused) => return Err(refused),
        }
    }
    panic!("the action does not end: {:?}", done.taken);
}
