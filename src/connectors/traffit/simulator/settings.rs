//! What an administrator changes in the tenant's settings, and what only a test may: users, workflows, form
//! fields, the API client, and records served as garbage.

use serde_json::Value;

use super::account::Account;
use super::records::{Candidate, CustomField, Record, User, Workflow};
use super::webhook::{Delivery, Subscription, Variant};

impl Account {
    pub fn add_user(&mut self, user: User) -> i64 {
        let (id, updated_at) = (self.fresh("user"), self.now());
        self.users.insert(id, User { updated_at, ..user });
        id
    }

    pub fn update_user(&mut self, id: i64, change: impl FnOnce(&mut User)) -> bool {
        let now = self.now();
        let Some(user) = self.users.get_mut(&id) else { return false };
        user.updated_at = now;
        change(user);
        true
    }

    /// References to the user stay where they are.
    pub fn delete_user(&mut self, id: i64) -> bool {
        self.users.remove(&id).is_some()
    }

    /// Shows a person again who had been deleted, under the old id.
    pub fn restore_candidate(&mut self, id: i64, candidate: Candidate) {
        self.candidates.insert(id, candidate);
    }

    pub fn workflow_ids(&self) -> Vec<i64> {
        self.workflows.keys().copied().collect()
    }

    pub fn workflow(&self, id: i64) -> Option<&Workflow> {
        self.workflows.get(&id)
    }

    pub fn add_workflow(&mut self, workflow: Workflow) -> i64 {
        let (id, updated_at) = (self.fresh("workflow"), self.now());
        self.workflows.insert(id, Workflow { updated_at, ..workflow });
        id
    }

    /// Changes a workflow and its `updated_at`; ids of new states come from [`Account::fresh_state_id`].
    pub fn edit_workflow(&mut self, id: i64, change: impl FnOnce(&mut Workflow)) -> bool {
        let now = self.now();
        let Some(workflow) = self.workflows.get_mut(&id) else { return false };
        workflow.updated_at = now;
        change(workflow);
        true
    }

    pub fn remove_workflow(&mut self, id: i64) -> bool {
        self.workflows.remove(&id).is_some()
    }

    pub fn fresh_state_id(&mut self) -> i64 {
        self.fresh("state")
    }

    /// The first state of that type in the job's workflow.
    pub fn state_by_kind(&self, job: i64, kind: &str) -> Option<i64> {
        let (_, workflow) = self.pipeline(job)?;
        workflow.states.iter().find(|state| state.kind == kind).map(|state| state.id)
    }

    /// The rejection reasons, the same for every job.
    pub fn rejections(&self) -> Vec<(i64, String)> {
        self.rejections.iter().map(|(&id, name)| (id, name.clone())).collect()
    }

    /// The tenant's form fields of candidates; every row carries every one of them.
    pub fn candidate_fields(&mut self) -> &mut Vec<CustomField> {
        &mut self.candidate_fields
    }

    pub fn job_fields(&mut self) -> &mut Vec<CustomField> {
        &mut self.job_fields
    }

    /// What the API client is granted. Tokens out already keep what they have.
    pub fn set_scopes(&mut self, scopes: &[&str]) {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    pub fn set_client_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.client_secret);
    }

    /// Every token out answers `invalid_token` from now on.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Every token out answers `expired_token` from now on.
    pub fn expire_tokens(&mut self) {
        let now = self.utc();
        self.tokens.values_mut().for_each(|token| token.expires_at = now);
    }

    /// Serves one record as this JSON in every list and detail until [`Account::serve_normally`].
    pub fn serve_as(&mut self, record: Record, id: i64, json: Value) {
        self.served_as.insert((record, id), json);
    }

    pub fn serve_normally(&mut self, record: Record, id: i64) {
        self.served_as.remove(&(record, id));
    }

    /// The stored subscriptions by id.
    pub fn webhooks(&self) -> Vec<(i64, Subscription)> {
        self.webhooks.iter().map(|(&id, subscription)| (id, subscription.clone())).collect()
    }

    /// What would have been delivered since it was last asked.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        self.deliveries.drain(..).collect()
    }

    /// In which shape deliveries come from now on.
    pub fn set_payloads(&mut self, variant: Variant) {
        self.variant = variant;
    }

    /// A subscription that was not made through the API; gives its id.
    pub fn add_webhook(&mut self, kind: &str, url: &str) -> i64 {
        let id = self.fresh("webhook");
        self.webhooks.insert(id, Subscription { kind: kind.to_owned(), url: url.to_owned() });
        id
    }

    pub fn delete_webhook(&mut self, id: i64) -> bool {
        self.webhooks.remove(&id).is_some()
    }

    /// As if the account had been set up anew: all are gone, and their ids are given out again.
    pub fn lose_webhooks(&mut self) {
        if let Some((first, _)) = std::mem::take(&mut self.webhooks).first_key_value() {
            self.last_id.insert("webhook", first - 1);
        }
    }

    /// Successful writes through the API by endpoint, such as `POST /employees/`.
    pub fn writes(&self) -> Vec<(String, u64)> {
        self.writes.iter().map(|(endpoint, count)| (endpoint.clone(), *count)).collect()
    }

    pub(super) fn wrote(&mut self, endpoint: &str) {
        *self.writes.entry(endpoint.to_owned()).or_insert(0) += 1;
    }
}
