//! The state of one simulated account and how it is changed, by the API and by tests. It knows no HTTP.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::records::{Applicant, Document, Establishment, JobApplication, Key, Offer, Person, Post, Record, Unit};
use super::seed::mix;
use super::token::Token;
use super::webhook::{Delivery, Webhook};
use super::writing::Write;
use crate::domain::clock::Clock;

/// The rows of a key pair's grid (§1.2).
pub const CATEGORIES: [&str; 12] = [
    "Absences",
    "Applicant Management",
    "Cost Accounting",
    "General",
    "Onboarding",
    "Persons",
    "Remote Work",
    "Sick Leaves",
    "Travel Expenses",
    "Utility",
    "Wage & Salary",
    "Working Times",
];

pub struct Account {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) seed: u64,
    /// By access key.
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) tokens_made: u64,
    /// By number.
    pub(super) units: BTreeMap<String, Unit>,
    pub(super) establishments: BTreeMap<String, Establishment>,
    /// By [`Person::id`].
    pub(super) persons: BTreeMap<String, Person>,
    /// By key.
    pub(super) posts: BTreeMap<String, Post>,
    /// By uuid.
    pub(super) applicants: BTreeMap<String, Applicant>,
    /// By lower-case address, the applicant who had it first.
    pub(super) by_email: HashMap<String, String>,
    pub(super) applications: BTreeMap<u64, JobApplication>,
    /// By applicant; ascending.
    pub(super) applications_of: HashMap<String, Vec<u64>>,
    pub(super) webhooks: BTreeMap<u64, Webhook>,
    pub(super) deliveries: Vec<Delivery>,
    /// By job id.
    pub(super) writing: BTreeMap<String, Write>,
    pub(super) pending: Vec<String>,
    pub(super) served_as: HashMap<(Record, String), Value>,
    pub(super) writes: BTreeMap<String, u64>,
    /// The last number given, by kind; a number never comes twice.
    pub(super) last: HashMap<&'static str, u64>,
    /// How many links to documents were given out: no two are the same.
    pub(super) links_made: u64,
}

impl Account {
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn fresh(&mut self, kind: &'static str) -> u64 {
        let last = self.last.entry(kind).or_insert(0);
        *last += 1;
        *last
    }

    /// A uuid of its own for each number, the same for the same seed.
    pub(super) fn uuid(&self, kind: u64, number: u64) -> String {
        uuid(self.seed, kind, number)
    }

    pub fn candidates(&self) -> usize {
        self.applicants.len()
    }

    pub fn jobs(&self) -> usize {
        self.posts.len()
    }

    pub fn applications(&self) -> usize {
        self.applications.len()
    }

    pub fn users(&self) -> usize {
        self.persons.len()
    }

    pub fn candidate_ids(&self) -> Vec<String> {
        self.applicants.keys().cloned().collect()
    }

    /// Uuids; keys of the posts that have none.
    pub fn job_ids(&self) -> Vec<String> {
        self.posts.iter().map(|(key, post)| post.uuid.as_ref().unwrap_or(key).clone()).collect()
    }

    pub fn job_keys(&self) -> Vec<String> {
        self.posts.keys().cloned().collect()
    }

    pub fn application_ids(&self) -> Vec<String> {
        self.applications.keys().map(u64::to_string).collect()
    }

    pub fn user_ids(&self) -> Vec<String> {
        self.persons.keys().cloned().collect()
    }

    pub fn candidate(&self, uuid: &str) -> Option<&Applicant> {
        self.applicants.get(uuid)
    }

    /// By key or uuid.
    pub fn job(&self, id: &str) -> Option<&Post> {
        self.post_key(id).and_then(|key| self.posts.get(&key))
    }

    pub fn application(&self, id: &str) -> Option<&JobApplication> {
        self.applications.get(&id.parse().ok()?)
    }

    pub fn user(&self, id: &str) -> Option<&Person> {
        self.persons.get(id)
    }

    /// The job applications of an applicant, oldest number first.
    pub fn applications_of(&self, applicant: &str) -> Vec<String> {
        self.applications_of.get(applicant).into_iter().flatten().map(u64::to_string).collect()
    }

    /// Accepts the key and the uuid (§6, row 4).
    pub fn post_key(&self, id: &str) -> Option<String> {
        if self.posts.contains_key(id) {
            return Some(id.to_owned());
        }
        self.posts.iter().find(|(_, post)| post.uuid.as_deref() == Some(id)).map(|(key, _)| key.clone())
    }

    /// Adds a person without a job application, which no list shows yet; gives its uuid.
    pub fn add_candidate(&mut self, applicant: Applicant) -> String {
        let number = self.fresh("applicant");
        let uuid = self.uuid(1, number);
        if let Some(email) = &applicant.email {
            self.by_email.entry(email.to_lowercase()).or_insert_with(|| uuid.clone());
        }
        self.applicants.insert(uuid.clone(), applicant);
        uuid
    }

    pub fn update_candidate(&mut self, uuid: &str, change: impl FnOnce(&mut Applicant)) -> bool {
        let Some(applicant) = self.applicants.get_mut(uuid) else { return false };
        change(applicant);
        self.tell("applicant", "resourceUpdated", uuid);
        true
    }

    /// Removes the person and all of its job applications.
    pub fn delete_candidate(&mut self, uuid: &str) -> bool {
        for id in self.applications_of.remove(uuid).unwrap_or_default() {
            self.applications.remove(&id);
        }
        self.by_email.retain(|_, owner| owner != uuid);
        let had = self.applicants.remove(uuid).is_some();
        if had {
            self.tell("applicant", "resourceDeleted", uuid);
        }
        had
    }

    /// Gives the number of the new job application; none when there is no such applicant or post.
    pub fn add_application(&mut self, application: JobApplication) -> Option<String> {
        if !self.applicants.contains_key(&application.applicant) || !self.posts.contains_key(&application.post) {
            return None;
        }
        let id = self.fresh("application");
        let applicant = application.applicant.clone();
        self.applications.insert(id, application);
        let own = self.applications_of.entry(applicant.clone()).or_default();
        own.push(id);
        let action = if own.len() == 1 { "resourceCreated" } else { "resourceUpdated" };
        self.tell("applicant", action, &applicant);
        Some(id.to_string())
    }

    pub fn update_application(&mut self, id: &str, change: impl FnOnce(&mut JobApplication)) -> bool {
        let application = id.parse().ok().and_then(|id| self.applications.get_mut(&id));
        let Some(application) = application else { return false };
        change(application);
        let applicant = application.applicant.clone();
        self.tell("applicant", "resourceUpdated", &applicant);
        true
    }

    /// Any identifier is taken, so that a test can invent one.
    pub fn set_status(&mut self, id: &str, status: &str) -> bool {
        self.update_application(id, |application| application.status = status.to_owned().into())
    }

    /// An applicant whose last job application goes is in no list any more.
    pub fn delete_application(&mut self, id: &str) -> bool {
        let Some(number) = id.parse::<u64>().ok() else { return false };
        let Some(application) = self.applications.remove(&number) else { return false };
        if let Some(own) = self.applications_of.get_mut(&application.applicant) {
            own.retain(|id| *id != number);
        }
        self.tell("applicant", "resourceUpdated", &application.applicant);
        true
    }

    pub fn documents_of(&self, application: &str) -> Vec<Document> {
        self.application(application).map(|application| application.documents.clone()).unwrap_or_default()
    }

    /// Gives the number of the document.
    pub fn add_document(&mut self, application: &str, name: &str, content_type: &str, content: Bytes) -> Option<u64> {
        self.application(application)?;
        let id = self.fresh("document");
        let (name, content_type) = (name.to_owned().into(), content_type.to_owned().into());
        let document = Document { id, name, content_type, content: Some(content) };
        self.update_application(application, |application| application.documents.push(document));
        Some(id)
    }

    /// Under a key of its own; gives the key. Without a uuid it gets one.
    pub fn add_job(&mut self, post: Post) -> String {
        let number = self.fresh("post");
        let key = format!("POST-{number:04}");
        let uuid = post.uuid.clone().unwrap_or_else(|| self.uuid(2, number));
        self.posts.insert(key.clone(), Post { uuid: Some(uuid), ..post });
        key
    }

    /// By key or uuid.
    pub fn update_job(&mut self, id: &str, change: impl FnOnce(&mut Post)) -> bool {
        let Some(key) = self.post_key(id) else { return false };
        self.posts.get_mut(&key).map(change).is_some()
    }

    /// By key or uuid. Its job applications stay.
    pub fn remove_job(&mut self, id: &str) -> bool {
        self.post_key(id).is_some_and(|key| self.posts.remove(&key).is_some())
    }

    /// Gives the id of the offer.
    pub fn add_offer(&mut self, post: &str, offer: Offer) -> Option<String> {
        let id = self.fresh("offer").to_string();
        let added = Offer { id: id.clone(), ..offer };
        self.update_job(post, |post| post.offers.push(added)).then_some(id)
    }

    /// Under its uuid, which it gets when it has none.
    pub fn add_user(&mut self, person: Person) -> String {
        let number = self.fresh("person");
        let uuid = person.uuid.clone().unwrap_or_else(|| self.uuid(3, number));
        self.persons.insert(uuid.clone(), Person { uuid: Some(uuid.clone()), ..person });
        self.tell("person", "resourceCreated", &uuid);
        uuid
    }

    pub fn update_user(&mut self, id: &str, change: impl FnOnce(&mut Person)) -> bool {
        let changed = self.persons.get_mut(id).map(change).is_some();
        if changed {
            self.tell("person", "resourceUpdated", id);
        }
        changed
    }

    pub fn delete_user(&mut self, id: &str) -> bool {
        let had = self.persons.remove(id).is_some();
        if had {
            self.tell("person", "resourceDeleted", id);
        }
        had
    }

    /// Renames an organization unit, by number.
    pub fn update_unit(&mut self, number: &str, change: impl FnOnce(&mut Unit)) -> bool {
        self.units.get_mut(number).map(change).is_some()
    }

    pub fn unit(&self, number: &str) -> Option<&Unit> {
        self.units.get(number)
    }

    pub fn establishment(&self, id: &str) -> Option<&Establishment> {
        self.establishments.get(id)
    }

    /// One more key pair; categories are written `<category>:read` or `<category>:write`.
    pub fn add_key(&mut self, access_key: &str, secret: &str, permissions: &[&str]) {
        let permissions = permissions.iter().map(|one| (*one).to_owned()).collect();
        self.keys.insert(access_key.to_owned(), Key { secret: secret.to_owned(), permissions });
    }

    /// What a key pair may do from now on, also with tokens that are out already.
    pub fn set_permissions(&mut self, access_key: &str, permissions: &[&str]) -> bool {
        let Some(key) = self.keys.get_mut(access_key) else { return false };
        key.permissions = permissions.iter().map(|one| (*one).to_owned()).collect();
        true
    }

    /// Takes single permissions from every key pair.
    pub fn take_permission(&mut self, permission: &str) {
        for key in self.keys.values_mut() {
            key.permissions.remove(permission);
        }
    }

    /// Gives a single permission to every key pair.
    pub fn give_permission(&mut self, permission: &str) {
        for key in self.keys.values_mut() {
            key.permissions.insert(permission.to_owned());
        }
    }

    pub fn set_secret(&mut self, access_key: &str, secret: &str) -> bool {
        let Some(key) = self.keys.get_mut(access_key) else { return false };
        secret.clone_into(&mut key.secret);
        true
    }

    /// Every token out is refused from now on.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// How many tokens were given out.
    pub fn tokens_made(&self) -> u64 {
        self.tokens_made
    }

    /// Serves one record as this JSON in every list and detail until [`Account::serve_normally`].
    pub fn serve_as(&mut self, record: Record, id: &str, json: Value) {
        self.served_as.insert((record, id.to_owned()), json);
    }

    pub fn serve_normally(&mut self, record: Record, id: &str) {
        self.served_as.remove(&(record, id.to_owned()));
    }

    /// The stored webhooks by number.
    pub fn webhooks(&self) -> Vec<(u64, Webhook)> {
        self.webhooks.iter().map(|(&id, webhook)| (id, webhook.clone())).collect()
    }

    /// What would have been delivered since it was last asked; a test sends it itself.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }

    /// Writes that took effect, by endpoint, such as `POST /applicant-management/job-applications`.
    pub fn writes(&self) -> Vec<(String, u64)> {
        self.writes.iter().map(|(endpoint, count)| (endpoint.clone(), *count)).collect()
    }

    pub(super) fn wrote(&mut self, endpoint: &str) {
        *self.writes.entry(endpoint.to_owned()).or_insert(0) += 1;
    }

    pub(super) fn every_permission() -> BTreeSet<String> {
        CATEGORIES.iter().flat_map(|category| ["read", "write"].map(|access| format!("{category}:{access}"))).collect()
    }
}

pub(super) fn uuid(seed: u64, kind: u64, number: u64) -> String {
    let (high, low) = (mix(seed, number, 1000 + kind), mix(seed, number, 2000 + kind));
    let bytes = Uuid::from_u64_pair(high, low).into_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
