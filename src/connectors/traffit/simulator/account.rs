//! The tenant's state: the records and every change that its users, its API and a test can make. It keeps the
//! vendor's own rules (the ledger chains, a move writes an activity) and never looks at HTTP or faults.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, NaiveDateTime, Timelike, Utc};
use chrono_tz::Europe::Warsaw;
use serde_json::Value;

use super::records::{
    Activity, Advert, Candidate, CustomField, File, Job, LedgerRow, Record, Said, SourceRow, State, User, Workflow,
};
use super::token::Token;
use super::webhook::{Delivery, Event, Subscription, Variant};
use crate::domain::clock::Clock;

/// The 17 scopes (§1.2).
pub const SCOPES: [&str; 17] = [
    "advert",
    "advert_publish",
    "client",
    "crm_activity",
    "crm_person",
    "dictionary",
    "employee",
    "file",
    "form",
    "message",
    "provision",
    "recruitment",
    "source",
    "talent",
    "user",
    "webhook",
    "workflow",
];

/// The state of one simulated tenant.
pub struct Account {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) seed: u64,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    /// What the API client was granted in the settings; a token may carry any subset.
    pub(super) scopes: BTreeSet<String>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) tokens_made: u64,
    pub(super) candidates: BTreeMap<i64, Candidate>,
    pub(super) jobs: BTreeMap<i64, Job>,
    /// `(job, candidate)` to the open ledger row, or to an id that no row has.
    pub(super) members: BTreeMap<(i64, i64), i64>,
    pub(super) jobs_of: BTreeSet<(i64, i64)>,
    /// In id order, as are the activities and the sources.
    pub(super) ledger: Vec<LedgerRow>,
    pub(super) activities: Vec<Activity>,
    pub(super) sources: Vec<SourceRow>,
    pub(super) workflows: BTreeMap<i64, Workflow>,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) clients: BTreeMap<i64, String>,
    pub(super) rejections: BTreeMap<i64, String>,
    pub(super) tags: BTreeMap<i64, String>,
    pub(super) posts: BTreeMap<i64, Advert>,
    pub(super) candidate_fields: Vec<CustomField>,
    pub(super) job_fields: Vec<CustomField>,
    pub(super) webhooks: BTreeMap<i64, Subscription>,
    pub(super) deliveries: VecDeque<Delivery>,
    /// In which shape deliveries come.
    pub(super) variant: Variant,
    pub(super) served_as: HashMap<(Record, i64), Value>,
    pub(super) writes: BTreeMap<String, u64>,
    /// The last id given, by kind; an id never comes twice.
    pub(super) last_id: HashMap<&'static str, i64>,
}

impl Account {
    /// Warsaw wall clock, whole seconds (§1.9).
    pub fn now(&self) -> NaiveDateTime {
        let now = self.utc().with_timezone(&Warsaw).naive_local();
        now.with_nanosecond(0).unwrap_or(now)
    }

    pub(super) fn utc(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn fresh(&mut self, kind: &'static str) -> i64 {
        let last = self.last_id.entry(kind).or_insert(0);
        *last += 1;
        *last
    }

    pub fn candidates(&self) -> usize {
        self.candidates.len()
    }

    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Memberships over all jobs: what the graph calls applications.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    pub fn history(&self) -> usize {
        self.ledger.len()
    }

    pub fn users(&self) -> usize {
        self.users.len()
    }

    pub fn candidate_ids(&self) -> Vec<i64> {
        self.candidates.keys().copied().collect()
    }

    pub fn job_ids(&self) -> Vec<i64> {
        self.jobs.keys().copied().collect()
    }

    pub fn user_ids(&self) -> Vec<i64> {
        self.users.keys().copied().collect()
    }

    pub fn candidate(&self, id: i64) -> Option<&Candidate> {
        self.candidates.get(&id)
    }

    pub fn job(&self, id: i64) -> Option<&Job> {
        self.jobs.get(&id)
    }

    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.get(&id)
    }

    /// The candidates of a job.
    pub fn members_of(&self, job: i64) -> Vec<i64> {
        self.members.range((job, i64::MIN)..=(job, i64::MAX)).map(|(&(_, candidate), _)| candidate).collect()
    }

    /// The jobs of a candidate.
    pub fn jobs_of(&self, candidate: i64) -> Vec<i64> {
        self.jobs_of.range((candidate, i64::MIN)..=(candidate, i64::MAX)).map(|&(_, job)| job).collect()
    }

    /// The state a member is in.
    pub fn state_of(&self, job: i64, candidate: i64) -> Option<i64> {
        self.ledger_row(*self.members.get(&(job, candidate))?).map(|row| row.state)
    }

    /// The ledger row that says where a member stands.
    pub fn current_row(&self, job: i64, candidate: i64) -> Option<i64> {
        self.members.get(&(job, candidate)).copied().filter(|&id| self.ledger_row(id).is_some())
    }

    pub(super) fn ledger_row(&self, id: i64) -> Option<&LedgerRow> {
        self.ledger.binary_search_by_key(&id, |row| row.id).ok().and_then(|at| self.ledger.get(at))
    }

    pub fn add_candidate(&mut self, candidate: Candidate) -> i64 {
        let (id, now) = (self.fresh("candidate"), self.now());
        self.candidates.insert(id, Candidate { created_at: now, updated_at: now, ..candidate });
        self.tell(&Event::of_candidate("candidate_created", id));
        id
    }

    /// Changes a candidate and its `updated_at`; false when there is none.
    pub fn update_candidate(&mut self, id: i64, change: impl FnOnce(&mut Candidate)) -> bool {
        let now = self.now();
        let Some(candidate) = self.candidates.get_mut(&id) else { return false };
        candidate.updated_at = now;
        change(candidate);
        true
    }

    /// Removes the person with everything about it, its ledger rows too; the id answers 404 from now on.
    pub fn delete_candidate(&mut self, id: i64) -> bool {
        let had = self.forget_candidate(id);
        if had {
            self.tell(&Event::of_candidate("candidate_deleted", id));
        }
        had
    }

    /// Removes the person for the sake of data protection; to the API it is gone all the same.
    pub fn anonymise_candidate(&mut self, id: i64) -> bool {
        let had = self.forget_candidate(id);
        if had {
            self.tell(&Event::of_candidate("candidate_soft_deleted", id));
        }
        had
    }

    /// Makes two persons one: the first stays and gets the other's jobs, in the states that they were in.
    pub fn merge_candidates(&mut self, survivor: i64, other: i64) -> bool {
        if survivor == other || ![survivor, other].iter().all(|id| self.candidates.contains_key(id)) {
            return false;
        }
        for job in self.jobs_of(other) {
            let state = self.state_of(job, other);
            if let Some(state) = state.filter(|_| !self.members.contains_key(&(job, survivor))) {
                self.open_row(job, survivor, state, None);
                self.jobs_of.insert((survivor, job));
            }
        }
        self.forget_candidate(other);
        self.tell(&Event { merged: vec![other], ..Event::of_candidate("candidate_merged", survivor) });
        true
    }

    fn forget_candidate(&mut self, id: i64) -> bool {
        for job in self.jobs_of(id) {
            self.take_out(job, id);
        }
        self.ledger.retain(|row| row.employee != id);
        self.activities.retain(|row| row.employee != id);
        self.sources.retain(|row| row.employee != id);
        self.candidates.remove(&id).is_some()
    }

    pub fn add_job(&mut self, job: Job) -> i64 {
        let (id, now) = (self.fresh("job"), self.now());
        self.jobs.insert(id, Job { created_at: now, updated_at: now, ..job });
        self.tell(&Event::of_job("job_created", id));
        id
    }

    /// Changes a job and its `updated_at`; false when there is none.
    pub fn update_job(&mut self, id: i64, change: impl FnOnce(&mut Job)) -> bool {
        let now = self.now();
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        job.updated_at = now;
        change(job);
        self.tell(&Event::of_job("job_updated", id));
        true
    }

    /// `status` stays as it is (§5.1).
    pub fn close_job(&mut self, id: i64) -> bool {
        let now = self.now();
        self.update_job(id, |job| (job.is_closed, job.closing_date) = (true, Some(now)))
    }

    /// Removes the job with its memberships, ledger rows and posts.
    pub fn remove_job(&mut self, id: i64) -> bool {
        for candidate in self.members_of(id) {
            self.take_out(id, candidate);
        }
        self.ledger.retain(|row| row.recruitment != id);
        self.unpublish(id);
        self.jobs.remove(&id).is_some()
    }

    /// The workflow that a job's people move through: its own, or the first when its own is unknown.
    pub(super) fn pipeline(&self, job: i64) -> Option<(i64, &Workflow)> {
        let own = self.jobs.get(&job).and_then(|job| job.workflow_id).unwrap_or_default();
        let found = self.workflows.get_key_value(&own).or_else(|| self.workflows.first_key_value());
        found.map(|(&id, workflow)| (id, workflow))
    }

    pub(super) fn state(&self, id: i64) -> Option<&State> {
        self.workflows.values().flat_map(|workflow| &workflow.states).find(|state| state.id == id)
    }

    /// Adds the candidate in the job's start state; false when that cannot be or it is there already.
    pub fn add_member(&mut self, job: i64, candidate: i64) -> bool {
        self.join(job, candidate, "candidate_added_to_job")
    }

    /// The same by the candidate's own doing.
    pub fn apply(&mut self, job: i64, candidate: i64) -> bool {
        self.join(job, candidate, "candidate_applied")
    }

    fn join(&mut self, job: i64, candidate: i64, event: &str) -> bool {
        let start = self.pipeline(job).and_then(|(_, workflow)| {
            let by_kind = workflow.states.iter().find(|state| state.kind == "start");
            by_kind.or(workflow.states.first()).map(|state| state.id)
        });
        let Some(start) = start else { return false };
        let known = self.jobs.contains_key(&job) && self.candidates.contains_key(&candidate);
        if !known || self.members.contains_key(&(job, candidate)) {
            return false;
        }
        self.open_row(job, candidate, start, None);
        self.jobs_of.insert((candidate, job));
        self.tell(&Event::of_member(event, job, candidate));
        true
    }

    /// Moves a member to any state of the job's workflow, rejecting ones too. The state it is in already
    /// changes nothing. False when there is no such member or state.
    pub fn move_to(&mut self, job: i64, candidate: i64, state: i64) -> bool {
        self.advance(job, candidate, state, None)
    }

    /// Moves a member to the workflow's `end-bad` state (else its first rejecting one).
    pub fn reject(&mut self, job: i64, candidate: i64, rejection: Option<i64>) -> bool {
        let target = self.pipeline(job).and_then(|(_, workflow)| {
            let bad = workflow.states.iter().find(|state| state.kind == "end-bad");
            bad.or_else(|| workflow.states.iter().find(|state| state.is_rejection)).map(|state| state.id)
        });
        target.is_some_and(|state| self.advance(job, candidate, state, rejection))
    }

    fn advance(&mut self, job: i64, candidate: i64, state: i64, rejection: Option<i64>) -> bool {
        let known = self.pipeline(job).is_some_and(|(_, workflow)| workflow.states.iter().any(|s| s.id == state));
        let (Some(current), true) = (self.state_of(job, candidate), known) else { return false };
        if current != state {
            self.close_row(job, candidate);
            self.open_row(job, candidate, state, rejection);
            let hired = self.state(state).is_some_and(|state| state.kind == "end-good");
            for kind in std::iter::once("candidate_moved_in_job").chain(hired.then_some("candidate_hired")) {
                self.tell(&Event { state: Some(state), ..Event::of_member(kind, job, candidate) });
            }
        }
        true
    }

    /// Takes the candidate out of the job. Its ledger rows stay, the open one stays open (§5.8: unknown; this is
    /// the case that misleads a reader who trusts the ledger alone).
    pub fn remove_member(&mut self, job: i64, candidate: i64) -> bool {
        let had = self.take_out(job, candidate);
        if had {
            self.tell(&Event::of_member("candidate_removed_from_job", job, candidate));
        }
        had
    }

    fn take_out(&mut self, job: i64, candidate: i64) -> bool {
        self.jobs_of.remove(&(candidate, job));
        self.members.remove(&(job, candidate)).is_some()
    }

    fn close_row(&mut self, job: i64, candidate: i64) {
        let now = self.now();
        let Some(&id) = self.members.get(&(job, candidate)) else { return };
        let at = self.ledger.binary_search_by_key(&id, |row| row.id);
        if let Some(row) = at.ok().and_then(|at| self.ledger.get_mut(at)) {
            row.end_date = Some(now);
        }
    }

    fn open_row(&mut self, job: i64, candidate: i64, state: i64, rejection: Option<i64>) {
        let (id, date) = (self.fresh("ledger"), self.now());
        let (created_by, updated_by) = (None, None);
        let row = LedgerRow {
            id,
            employee: candidate,
            recruitment: job,
            state,
            date,
            end_date: None,
            created_by,
            updated_by,
        };
        self.ledger.push(row);
        self.members.insert((job, candidate), id);
        self.say(candidate, Said::Moved { ledger: id, rejection });
    }

    pub(super) fn say(&mut self, employee: i64, said: Said) -> i64 {
        let (id, at) = (self.fresh("activity"), self.now());
        self.activities.push(Activity { id, employee, at, by: None, said });
        id
    }

    /// Adds a note; the activity's id, `None` for an unknown candidate. Does not touch `updated_at`.
    pub fn add_note(&mut self, candidate: i64, content: &str) -> Option<i64> {
        self.candidates.contains_key(&candidate).then(|| self.say(candidate, Said::Note(content.into())))
    }

    /// The notes that were added since the start, oldest first.
    pub fn notes_of(&self, candidate: i64) -> Vec<String> {
        let own = self.activities.iter().filter(|row| row.employee == candidate);
        own.filter_map(|row| match &row.said {
            Said::Note(text) => Some(text.to_string()),
            Said::Imported | Said::Moved { .. } | Said::SeededNote(_) | Said::SeededMail(_) => None,
        })
        .collect()
    }

    pub fn add_file(&mut self, candidate: i64, name: &str, content_type: &str, content: Bytes) -> Option<i64> {
        if !self.candidates.contains_key(&candidate) {
            return None;
        }
        let (id, uploaded_at) = (self.fresh("file"), self.now());
        let file = File {
            id,
            name: Some(name.to_owned()),
            content_type: content_type.to_owned().into(),
            uploaded_at,
            content: Some(content),
            is_public: false,
            label: None,
        };
        self.update_candidate(candidate, |candidate| candidate.files.push(file));
        Some(id)
    }

    /// Tags a candidate (once) and gives the tag's id; changes its `updated_at`.
    pub fn tag(&mut self, candidate: i64, name: &str) -> Option<i64> {
        if !self.candidates.contains_key(&candidate) {
            return None;
        }
        let known = self.tags.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(&id, _)| id);
        let id = known.unwrap_or_else(|| self.fresh("tag"));
        self.tags.entry(id).or_insert_with(|| name.to_owned());
        self.update_candidate(candidate, |candidate| {
            if !candidate.tags.contains(&id) {
                candidate.tags.push(id);
            }
        });
        Some(id)
    }

    /// Changes the candidate's `updated_at`; false when it had no such tag.
    pub fn untag(&mut self, candidate: i64, name: &str) -> bool {
        let Some(id) = self.tags.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(&id, _)| id) else {
            return false;
        };
        let had = self.candidates.get(&candidate).is_some_and(|candidate| candidate.tags.contains(&id));
        had && self.update_candidate(candidate, |candidate| candidate.tags.retain(|tag| *tag != id))
    }

    /// The names of a candidate's tags.
    pub fn tags_of(&self, candidate: i64) -> Vec<String> {
        let ids = self.candidates.get(&candidate).map(|candidate| candidate.tags.as_slice()).unwrap_or_default();
        ids.iter().filter_map(|id| self.tags.get(id).cloned()).collect()
    }

    /// Puts one more advert of a job into the public feed and gives the post's id. Times left at their default
    /// become now and 30 days on.
    pub fn publish(&mut self, job: i64, advert: Advert) -> i64 {
        let (id, now) = (self.fresh("post"), self.now());
        let advert_id = if advert.advert_id == 0 { self.fresh("advert") } else { advert.advert_id };
        let unset = NaiveDateTime::default();
        let valid_start = if advert.valid_start == unset { now } else { advert.valid_start };
        let valid_end = if advert.valid_end == unset { valid_start + Duration::days(30) } else { advert.valid_end };
        self.posts.insert(id, Advert { advert_id, recruitment: job, valid_start, valid_end, ..advert });
        self.tell(&Event::of_job("job_updated", job));
        id
    }

    /// Takes all adverts of a job from the public feed; how many there were. To webhooks that is the job's deletion.
    pub fn unpublish(&mut self, job: i64) -> usize {
        let before = self.posts.len();
        self.posts.retain(|_, post| post.recruitment != job);
        let unpublished = before - self.posts.len();
        if unpublished > 0 {
            self.tell(&Event::of_job("job_deleted", job));
        }
        unpublished
    }

    pub fn posts_of(&self, job: i64) -> Vec<i64> {
        self.posts.iter().filter(|(_, post)| post.recruitment == job).map(|(&id, _)| id).collect()
    }

    /// Changes one advert in the feed.
    pub fn update_post(&mut self, post: i64, change: impl FnOnce(&mut Advert)) -> bool {
        self.posts.get_mut(&post).map(change).is_some()
    }
}
