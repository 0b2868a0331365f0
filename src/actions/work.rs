//! Carrying an action out: its vendor names the next step, the journal hears of it before it is sent and after it was
//! answered, and a write whose answer was lost is looked for before anything else.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use futures::stream;
use metrics::counter;
use serde_json::Value;
use tracing::{error, info, warn};

use super::{Actions, Error, refusal, retry};
use crate::connectors::action::{
    Acted, Action, Files, Found, Input, Next, Outcome, Step, StepKind, Taken, TakenState, Unacted, Warning,
};
use crate::domain::{ActionKind, ActionState, ErrorCode, IdSpace, IntegrationId, RecordType, Refusal};
use crate::net::Opener;
use crate::store::actions::{ActionLease, EndAction, Warned};
use crate::store::entity::{Json, action, action_step};
use crate::store::{self, Cause, Store};
use crate::sync::{NotOpened, Work};

/// Shorter pauses are waited out; for longer ones the action is handed back.
const SHORT: Duration = Duration::from_secs(6);

/// So often a lease is renewed while it holds.
const RENEWALS: u32 = 3;

/// An action that is being carried out.
struct Running<'a> {
    lease: &'a ActionLease,
    row: action::Model,
    kind: ActionKind,
    input: Input,
    steps: Vec<action_step::Model>,
    work: Work,
    /// Attachments that are set aside for now: the rest goes first.
    aside: HashSet<i32>,
    /// Whether what exists already was read back.
    is_shown: bool,
}

/// What to do after a step.
enum After {
    GoOn,
    /// Nothing can be done before this time.
    Until(DateTime<Utc>),
    End(ActionState, Vec<Refusal>, Outcome),
}

/// The attachments in the journal, of which a piece at a time is in memory.
struct Kept {
    store: Store,
    lease: ActionLease,
}

impl Files for Kept {
    fn open(&self, position: usize) -> Opener {
        let (store, lease) = (self.store.clone(), self.lease);
        Arc::new(move || {
            let store = store.clone();
            let pieces = stream::try_unfold(0, move |number| {
                let store = store.clone();
                async move {
                    let piece = store.action_file_piece(&lease, position, number).await;
                    Ok(piece.map_err(std::io::Error::other)?.map(|piece| (piece, number + 1)))
                }
            });
            pieces.boxed()
        })
    }
}

impl Actions {
    /// Carries an action out as far as it goes now.
    pub(super) async fn work(&self, lease: ActionLease) {
        let outcome = tokio::select! {
            outcome = self.carry_out(&lease) => outcome,
            () = self.keep(&lease) => Err(store::Error::LeaseLost.into()),
        };
        let handed_back = match outcome {
            Ok(None) => return,
            Ok(Some(until)) => self.store().put_action_off(&lease, until).await,
            Err(Error::Store(store::Error::LeaseLost)) => {
                warn!(action = %lease.action, "the lease of an action was lost");
                return;
            }
            Err(failure) => {
                error!(action = %lease.action, error = %failure, "an action was broken off");
                self.store().put_action_off(&lease, self.now() + TimeDelta::minutes(1)).await
            }
        };
        if let Err(failure) = handed_back {
            // Its lease runs out, and then somebody finds it.
            warn!(action = %lease.action, error = %failure, "an action could not be handed back");
        }
    }

    /// Renews the lease; ends when it is lost, or has run out because it could not be renewed: what is under way must
    /// not go on when another process may have taken it up.
    async fn keep(&self, lease: &ActionLease) {
        let mut failed = 0;
        while failed < RENEWALS {
            tokio::time::sleep(self.store().lease_time() / RENEWALS).await;
            match self.store().renew_action(lease, self.now()).await {
                Ok(()) => failed = 0,
                Err(store::Error::LeaseLost) => return,
                Err(failure) => {
                    failed += 1;
                    warn!(action = %lease.action, error = %failure, "the lease of an action could not be renewed");
                }
            }
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.engine().clock().now()
    }

    /// None when the action has ended; else when it is to go on.
    async fn carry_out(&self, lease: &ActionLease) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(row) = self.store().action(lease.integration, lease.action).await? else {
            return Err(store::Error::LeaseLost.into());
        };
        let kind = ActionKind::parse(&row.kind).ok_or_else(|| Error::Journal("its kind".to_owned()))?;
        // What does not fit is not told: it may be somebody's data.
        let input = serde_json::from_value(row.input.0.clone()).map_err(|_| Error::Journal("its input".to_owned()))?;
        let work = match self.engine().open(lease.integration, Some(Cause::Action(lease.action))).await {
            Ok(work) => work,
            Err(NotOpened::Gone) => return Err(store::Error::LeaseLost.into()),
            Err(NotOpened::Ours(failure)) => return Err(failure.into()),
            Err(NotOpened::Vendor(failure)) => {
                let refusals = vec![refusal::of(&failure)];
                self.end(lease, (ActionState::Failed, refusals, Outcome::default()), kind).await?;
                return Ok(None);
            }
        };
        let steps = self.store().action_steps(lease.integration, lease.action).await?;
        let mut running = Running { lease, row, kind, input, steps, work, aside: HashSet::new(), is_shown: false };
        running.settle_doubts_first();
        loop {
            match self.step(&mut running).await? {
                After::GoOn => {}
                After::Until(at) => {
                    let pause = (at - self.now()).to_std().unwrap_or(Duration::ZERO);
                    if pause > SHORT {
                        return Ok(Some(at));
                    }
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.0.stop.cancelled() => return Ok(Some(at)),
                    }
                    running.settle_doubts_first();
                }
                After::End(state, refusals, outcome) => {
                    self.end(lease, (state, refusals, outcome), kind).await?;
                    return Ok(None);
                }
            }
            // Between two steps, so that no answer is lost by it.
            if self.0.stop.is_cancelled() {
                return Ok(Some(self.now()));
            }
            self.store().renew_action(lease, self.now()).await?;
        }
    }

    async fn step(&self, running: &mut Running<'_>) -> Result<After, Error> {
        let next = {
            let taken = running.taken();
            running.work.connector.next(&running.action(&taken))
        };
        let step = match next {
            Next::Do(step) => step,
            Next::Done(outcome) => return self.last(running, outcome).await,
        };
        let mut row = running.row_of(&step);
        let first_time = row.attempts == 0 && row.sent_at.is_none();
        let files = Kept { store: self.store().clone(), lease: *running.lease };
        if step.kind == StepKind::Write && row.sent_at.is_some() {
            let taken = running.taken();
            let found =
                running.work.connector.find(&running.work.account, &running.action(&taken), &step, &files).await;
            match found {
                Ok(Found::Arrived(memo)) => {
                    info!(action = %running.lease.action, step = step.name, "a write whose answer was lost had arrived");
                    return self.done(running, row, memo, &[]).await;
                }
                Ok(Found::Missing) => {
                    if let Some(after) = self.missing(running, &step, &mut row).await? {
                        return Ok(after);
                    }
                }
                Ok(Found::Unclear(pause)) => return Ok(After::Until(self.now() + to_delta(pause))),
                Err(failure) => return self.failed(running, &step, row, Unacted::Vendor(failure), false).await,
            }
        }
        if let (StepKind::Write, Some(at), Some(_)) = (step.kind, row.attachment, &row.error) {
            // What the vendor had before it was sent may have changed since it failed: its other steps are taken anew.
            self.store().forget_steps(running.lease, at, &row.name).await?;
            running.steps.retain(|known| known.attachment != Some(at) || known.name == row.name);
            row.error = None;
            self.note(running, row, &[]).await?;
            return Ok(After::GoOn);
        }
        row.attempts += 1;
        if step.kind == StepKind::Write {
            // From here on it may have been sent.
            row.sent_at = Some(self.now().timestamp_millis());
        }
        if step.kind == StepKind::Write || first_time {
            self.note(running, row.clone(), &[]).await?;
        } else {
            running.put(row.clone());
        }
        let acted = {
            let taken = running.taken();
            running.work.connector.act(&running.work.account, &running.action(&taken), &step, &files).await
        };
        match acted {
            Ok(Acted::Done { memo, warnings }) => self.done(running, row, memo, &warnings).await,
            Ok(Acted::Wait(pause)) => {
                self.note(running, row, &[]).await?;
                Ok(After::Until(self.now() + to_delta(pause)))
            }
            Err(unacted) => self.failed(running, &step, row, unacted, step.kind == StepKind::Write).await,
        }
    }

    async fn note(&self, running: &mut Running<'_>, row: action_step::Model, warnings: &[Warned]) -> Result<(), Error> {
        self.store().note_step(running.lease, row.clone(), warnings).await?;
        running.put(row);
        Ok(())
    }

    async fn done(
        &self,
        running: &mut Running<'_>,
        mut row: action_step::Model,
        memo: Value,
        warnings: &[Warning],
    ) -> Result<After, Error> {
        row.state = ActionState::Succeeded.as_str().to_owned();
        row.memo = Some(Json(memo));
        row.error = None;
        let warnings: Vec<Warned> = warnings
            .iter()
            .map(|warning| Warned { message: warning.message.clone(), field: warning.field.clone() })
            .collect();
        self.note(running, row, &warnings).await?;
        Ok(After::GoOn)
    }

    /// The vendor shows that a write did not arrive. None when it is to be sent now.
    async fn missing(
        &self,
        running: &mut Running<'_>,
        step: &Step,
        row: &mut action_step::Model,
    ) -> Result<Option<After>, Error> {
        let now = self.now();
        let sent_at = row.sent_at.and_then(DateTime::from_timestamp_millis).unwrap_or(now);
        // A request whose answer was lost may still be under way there.
        let shown = sent_at + to_delta(running.work.account.shows_within);
        if now < shown {
            return Ok(Some(After::Until(shown)));
        }
        // Nothing is known to be wrong when only the process that sent it is gone.
        let Some(said) = row.error.clone() else { return Ok(None) };
        row.sent_at = None;
        let is_over = retry::is_over(running.begun(), now);
        let refusal = Refusal::new(ErrorCode::RemoteTimeout, said);
        match step.attachment {
            None if !is_over => Ok(None),
            None => self.give_up(running, row.clone(), refusal).await.map(Some),
            Some(_) => {
                let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
                let pause = (!is_over).then(|| retry::usual(attempts, self.0.options.first_pause));
                self.attachment_failed(running, step, row.clone(), refusal, pause).await.map(Some)
            }
        }
    }

    async fn give_up(
        &self,
        running: &mut Running<'_>,
        mut row: action_step::Model,
        refusal: Refusal,
    ) -> Result<After, Error> {
        row.state = ActionState::Failed.as_str().to_owned();
        self.note(running, row, &[]).await?;
        Ok(After::End(ActionState::Failed, vec![refusal], Outcome::default()))
    }

    /// `sent`: whether the failure is that of sending a write, which may have arrived.
    async fn failed(
        &self,
        running: &mut Running<'_>,
        step: &Step,
        mut row: action_step::Model,
        unacted: Unacted,
        sent: bool,
    ) -> Result<After, Error> {
        let (now, first) = (self.now(), self.0.options.first_pause);
        let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
        let (refusal, pause, may_have_arrived) = match unacted {
            Unacted::Refused(refusal) => (refusal, None, false),
            Unacted::Vendor(failure) => {
                let mut pause = retry::pause(&failure, attempts, running.begun(), now, first);
                if sent && failure.may_have_arrived {
                    // It is looked for first, whatever the vendor's answer meant and however late it is.
                    pause = pause.or(Some(retry::usual(attempts, first)));
                }
                (refusal::of(&failure), pause, failure.may_have_arrived)
            }
        };
        if sent && !may_have_arrived {
            row.sent_at = None;
        }
        row.error = Some(refusal.message.clone());
        warn!(action = %running.lease.action, step = step.name, code = %refusal.code, attempts, retried = pause.is_some(), "a step failed");
        match (step.attachment, pause) {
            // Nothing else is sent before it is known what became of it: at some vendors another file's arrival looks
            // like its own.
            (attachment, Some(pause)) if attachment.is_none() || row.sent_at.is_some() => {
                self.note(running, row, &[]).await?;
                if attachment.is_some() {
                    self.show_so_far(running).await?;
                }
                Ok(After::Until(now + to_delta(pause)))
            }
            (None, _) => self.give_up(running, row, refusal).await,
            (Some(_), pause) => self.attachment_failed(running, step, row, refusal, pause).await,
        }
    }

    /// The action goes on without it, and comes back to it.
    async fn attachment_failed(
        &self,
        running: &mut Running<'_>,
        step: &Step,
        mut row: action_step::Model,
        refusal: Refusal,
        pause: Option<Duration>,
    ) -> Result<After, Error> {
        let position = step.attachment.unwrap_or_default();
        let at = i32::try_from(position).unwrap_or(i32::MAX);
        let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
        let again = (pause.is_some() || attempts < retry::REFUSALS) && !retry::is_over(running.begun(), self.now());
        if again {
            let name = row.name.clone();
            // What was done for it so far is done anew when the vendor refused the outcome.
            if pause.is_none() && row.sent_at.is_none() {
                self.store().forget_steps(running.lease, at, &name).await?;
                running.steps.retain(|step| step.attachment != Some(at) || step.name == name);
            }
            self.note(running, row, &[]).await?;
            running.aside.insert(at);
            return Ok(After::GoOn);
        }
        row.state = ActionState::Failed.as_str().to_owned();
        let name = running.input.attachments.get(position).map_or("", |attachment| attachment.name.as_str());
        let message = format!("the attachment {name} was not added: {}", refusal.message);
        let several = running.kind == ActionKind::CreateCandidate || running.kind == ActionKind::CreateApplication;
        let field = match several {
            true => vec!["input".to_owned(), "attachments".to_owned(), position.to_string()],
            false => vec!["input".to_owned(), "attachment".to_owned()],
        };
        self.note(running, row, &[Warned { message, field }]).await?;
        if several {
            return Ok(After::GoOn);
        }
        Ok(After::End(ActionState::Failed, vec![refusal], Outcome::default()))
    }

    /// Nothing is left but what was set aside.
    async fn last(&self, running: &mut Running<'_>, outcome: Outcome) -> Result<After, Error> {
        if running.aside.is_empty() {
            let lacking = running.steps.iter().any(|step| step.state == ActionState::Failed.as_str());
            let state = if lacking { ActionState::PartiallySucceeded } else { ActionState::Succeeded };
            return Ok(After::End(state, Vec::new(), outcome));
        }
        self.show_once(running, &outcome).await?;
        let first = self.0.options.first_pause;
        let pauses = running.steps.iter().filter(|step| step.attachment.is_some_and(|at| running.aside.contains(&at)));
        let pauses = pauses.filter(|step| step.error.is_some());
        let pause = pauses.map(|step| retry::usual(u32::try_from(step.attempts).unwrap_or(1), first)).min();
        Ok(After::Until(self.now() + to_delta(pause.unwrap_or(first))))
    }

    /// Shows what there would be if no attachment of it ever arrived, when that is all that is left to do.
    async fn show_so_far(&self, running: &mut Running<'_>) -> Result<(), Error> {
        let mut taken = running.taken();
        for step in &mut taken {
            let row = running.steps.iter().find(|row| row.name == step.name);
            if row.is_some_and(|row| row.attachment.is_some()) {
                step.state = TakenState::Failed;
            }
        }
        let outcome = loop {
            match running.work.connector.next(&running.action(&taken)) {
                Next::Done(outcome) => break outcome,
                Next::Do(step) if step.attachment.is_some() && !taken.iter().any(|known| known.name == step.name) => {
                    let (name, memo) = (step.name, Value::Null);
                    taken.push(Taken { name, state: TakenState::Failed, memo, sent_at: None, attempts: 0 });
                }
                Next::Do(_) => return Ok(()),
            }
        };
        self.show_once(running, &outcome).await
    }

    /// What exists already is shown at once, and whoever waits behind may go ahead.
    async fn show_once(&self, running: &mut Running<'_>, outcome: &Outcome) -> Result<(), Error> {
        if !running.is_shown {
            self.show(running.lease, outcome, running.kind).await?;
            self.store().release_subject(running.lease).await?;
            running.is_shown = true;
        }
        Ok(())
    }

    async fn end(
        &self,
        lease: &ActionLease,
        (state, errors, outcome): (ActionState, Vec<Refusal>, Outcome),
        kind: ActionKind,
    ) -> Result<(), Error> {
        // First into the mirror, so that whoever waits for the end can read what was written.
        self.show(lease, &outcome, kind).await?;
        let ids = IdSpace::new(IntegrationId(lease.integration));
        let candidate = outcome.candidate.as_deref().map(|remote| ids.candidate(remote).uuid());
        let application = outcome.application.as_deref().map(|remote| ids.application(remote).uuid());
        let codes: Vec<_> = errors.iter().map(|error| error.code.as_str()).collect();
        let codes = codes.join(",");
        let end = EndAction { state, errors, candidate, application, now: self.now() };
        self.store().end_action(lease, end).await?;
        counter!("hiregraph_actions_total", "kind" => kind.as_str(), "state" => state.as_str()).increment(1);
        info!(action = %lease.action, %kind, %state, codes, "action ended");
        Ok(())
    }

    /// Reads back what was written. A mirror that is behind catches up with the next sync.
    async fn show(&self, lease: &ActionLease, outcome: &Outcome, kind: ActionKind) -> Result<(), Error> {
        let integration = lease.integration;
        if matches!(kind, ActionKind::CreateCandidate | ActionKind::CreateApplication) {
            // An integration that mirrors only these must know them before they come in.
            let ids = IdSpace::new(IntegrationId(integration));
            let candidate =
                outcome.candidate.iter().map(|remote| (RecordType::Candidate, ids.candidate(remote).uuid()));
            let application =
                outcome.application.iter().map(|remote| (RecordType::Application, ids.application(remote).uuid()));
            let created: Vec<_> = candidate.chain(application).collect();
            self.store().note_created(integration, &created).await?;
        }
        if let Err(failure) =
            self.engine().refresh(integration, &outcome.touched, Some(Cause::Action(lease.action))).await?
        {
            warn!(integration = %IntegrationId(integration), error = failure.public, "what was written could not be read back yet");
        }
        Ok(())
    }
}

impl Running<'_> {
    fn begun(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.row.created_at).unwrap_or_default()
    }

    fn action<'a>(&'a self, taken: &'a [Taken]) -> Action<'a> {
        Action { kind: self.kind, input: &self.input, created_at: self.begun(), taken }
    }

    /// The steps as the vendor's folder sees them: what is set aside counts as given up for now.
    fn taken(&self) -> Vec<Taken> {
        let state = |step: &action_step::Model| match ActionState::parse(&step.state) {
            Some(ActionState::Succeeded) => TakenState::Done,
            Some(ActionState::Failed) => TakenState::Failed,
            _ if step.attachment.is_some_and(|at| self.aside.contains(&at)) => TakenState::Failed,
            _ => TakenState::Open,
        };
        self.steps
            .iter()
            .map(|step| Taken {
                name: step.name.clone(),
                state: state(step),
                memo: step.memo.as_ref().map(|json| json.0.clone()).unwrap_or_default(),
                sent_at: step.sent_at.and_then(DateTime::from_timestamp_millis),
                attempts: u32::try_from(step.attempts).unwrap_or(0),
            })
            .collect()
    }

    fn row_of(&self, step: &Step) -> action_step::Model {
        let known = self.steps.iter().find(|row| row.name == step.name).cloned();
        known.unwrap_or_else(|| action_step::Model {
            integration_id: self.lease.integration,
            action_id: self.lease.action,
            position: self.steps.iter().map(|row| row.position + 1).max().unwrap_or(0),
            name: step.name.clone(),
            attachment: step.attachment.and_then(|at| i32::try_from(at).ok()),
            state: ActionState::Running.as_str().to_owned(),
            attempts: 0,
            memo: None,
            error: None,
            sent_at: None,
        })
    }

    /// Nothing is set aside any more, unless it is unknown what became of an attachment: then all others are.
    fn settle_doubts_first(&mut self) {
        let is_open = |step: &&action_step::Model| {
            step.sent_at.is_some() && !ActionState::parse(&step.state).is_some_and(ActionState::is_finished)
        };
        let doubtful = self.steps.iter().filter(is_open).find_map(|step| step.attachment);
        let others = self.steps.iter().filter_map(|step| step.attachment);
        self.aside = others.filter(|at| doubtful.is_some_and(|doubtful| doubtful != *at)).collect();
    }

    fn put(&mut self, row: action_step::Model) {
        match self.steps.iter_mut().find(|known| known.position == row.position) {
            Some(known) => *known = row,
            None => self.steps.push(row),
        }
    }
}

fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::hours(24))
}
