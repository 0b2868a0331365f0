//! Every code of the contract's errors is produced by somebody, with the path of the input at fault where there is one.

use std::collections::BTreeSet;

use hiregraph::actions::Limits;
use hiregraph::cli::serve::downloads;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::gate::Hold;
use crate::support::vendors::Size;
use crate::support::writing::{Target, applications, begin, create, file, finish, target, with, write};
use crate::support::{Backend, TestApp, sdl};

on_both!(every_code_is_produced_with_the_path_of_the_input);

const SMALL: Size = Size { candidates: 24, jobs: 6 };

/// Codes that nothing produces yet, with the reason. Only ever shorter.
const EXCEPTIONS: [(&str, &str); 0] = [];

struct Cases {
    app: TestApp,
    traffit: Target,
    hrworks: Target,
    seen: BTreeSet<String>,
}

impl Cases {
    /// The first error of what was answered; `field`: its path with dots, empty when no input is at fault.
    fn saw(&mut self, code: &str, field: &str, answered: &Value) {
        let error = &answered["userErrors"][0];
        let path: Vec<&str> = field.split('.').filter(|part| !part.is_empty()).collect();
        let expected = if path.is_empty() { Value::Null } else { json!(path) };
        assert_eq!((error["code"].as_str(), &error["field"]), (Some(code), &expected), "{code}: {answered:#}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{code}: {answered:#}");
        self.seen.insert(code.to_owned());
    }

    async fn refused(&mut self, code: &str, field: &str, name: &str, input: Value) {
        let answered = write(&self.app, name, input).await;
        assert_eq!(answered["action"], Value::Null, "{code} is found before anything is written down: {answered:#}");
        self.saw(code, field, &answered);
    }

    /// As the end of the action, under these faults.
    async fn failed(&mut self, code: &str, field: &str, faults: (&str, &[&str]), (name, input): (&str, Value)) {
        self.app.vendors.faults(faults.0, faults.1);
        let id = begin(&self.app, name, input).await;
        let done = finish(&self.app, &id).await;
        self.app.vendors.faults(faults.0, &[]);
        assert_eq!(done["state"], "FAILED", "{code}: {done:#}");
        self.saw(code, field, &done);
    }

    /// As the answer to an attempt to connect.
    async fn unconnected(&mut self, code: &str, faults: &[&str], credentials: Value) {
        self.app.vendors.faults("hrworks", faults);
        let input = json!({
            "connector": "hrworks",
            "endUser": { "organizationName": "Acme" },
            "credentials": credentials,
        });
        let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) \
                     { integration { id } userErrors { code field message } } }";
        let answered = self.app.query_with(query, json!({ "input": input })).await["createIntegration"].take();
        self.app.vendors.faults("hrworks", &[]);
        self.saw(code, "input.credentials", &answered);
    }

    async fn update(&self, integration: &str, change: &str) -> Value {
        let query = format!(
            "mutation {{ updateIntegration(input: {{id: \"{integration}\", {change}}}) {{ userErrors {{ code field message }} }} }}"
        );
        self.app.query(&query).await["updateIntegration"].take()
    }

    /// Refusals of the input itself.
    async fn of_inputs(&mut self) {
        let mut input = self.traffit.input("codes@example.com");
        input["candidate"]["emailAddress"] = json!("nobody");
        self.refused("INPUT_INVALID", "input.candidate.emailAddress", "createCandidate", input).await;
        let input = with(self.traffit.input("codes@example.com"), "application", json!({ "jobId": "job_none" }));
        self.refused("NOT_FOUND", "input.application.jobId", "createApplication", input).await;

        let keyed = |email: &str| with(self.hrworks.input(email), "idempotencyKey", json!("codes"));
        assert_eq!(create(&self.app, keyed("key@example.com")).await["action"]["state"], "SUCCEEDED");
        let input = keyed("other@example.com");
        self.refused("IDEMPOTENCY_KEY_REUSED", "input.idempotencyKey", "createCandidate", input).await;

        let attached = |file: Value| with(self.hrworks.input("file@example.com"), "attachments", json!([file]));
        let large = attached(with(file(), "data", json!("eHh4".repeat(10))));
        let refused = attached(json!({ "name": "a", "dataUrl": "http://example.com/a" }));
        let unreachable = attached(json!({ "name": "a", "dataUrl": "http://127.0.0.1:1/a" }));
        let at = "input.attachments.0";
        self.refused("ATTACHMENT_TOO_LARGE", &format!("{at}.data"), "createCandidate", large).await;
        self.refused("ATTACHMENT_URL_REFUSED", &format!("{at}.dataUrl"), "createCandidate", refused).await;
        self.refused("ATTACHMENT_URL_UNREACHABLE", &format!("{at}.dataUrl"), "createCandidate", unreachable).await;
    }

    /// What the vendor or the state of the account does not allow.
    async fn of_accounts(&mut self) {
        let id = self.hrworks.integration.clone();
        self.update(&id, "paused: true").await;
        let input = self.hrworks.input("paused@example.com");
        self.refused("INTEGRATION_PAUSED", "input.integrationId", "createCandidate", input).await;
        self.update(&id, "paused: false").await;

        let application = applications(&self.app, &id, 1).await.remove(0);
        let input = json!({ "applicationId": application, "stageId": "stage_none" });
        self.refused("ACTION_NOT_SUPPORTED", "input.applicationId", "moveApplicationToStage", input).await;
        let refused = self.update(&self.traffit.integration, "syncSettings: {defaultSource: \"X\"}").await;
        self.saw("FIELD_NOT_SUPPORTED", "input.syncSettings.defaultSource", &refused);

        let credentials = self.app.vendors.credentials("hrworks");
        let wrong = with(credentials.clone(), "secretAccessKey", json!("wrong"));
        self.unconnected("INTEGRATION_CREDENTIALS_INVALID", &[], wrong).await;
        let limited = ["rate-limit-every=1@/v2", "retry-after-seconds=3600@/v2"];
        self.unconnected("REMOTE_RATE_LIMITED", &limited, credentials.clone()).await;
        self.unconnected("REMOTE_UNAVAILABLE", &["error-rate=1@/v2"], credentials).await;

        let application = applications(&self.app, &self.traffit.integration, 1).await.remove(0);
        let note = ("addNoteToApplication", json!({ "applicationId": application, "content": "Hi" }));
        let forbidden: (&str, &[&str]) = ("traffit", &["forbid-scope=employee"]);
        self.failed("INTEGRATION_PERMISSION_MISSING", "", forbidden, note).await;
    }

    /// What a write that is under way does not allow.
    async fn of_writes(&mut self) {
        let gate = self.app.vendors.gate("traffit");
        gate.hold_writes(1, Hold::Answer, |path| path.contains("/notes"));
        let application = applications(&self.app, &self.traffit.integration, 1).await.remove(0);
        let query = "query($id: ID!) { application(id: $id) { candidate { id } } }";
        let found = self.app.query_with(query, json!({ "id": application })).await;
        let note = json!({ "applicationId": application, "content": "Hi" });
        let id = begin(&self.app, "addNoteToApplication", note).await;
        gate.held().await;
        let erase = "mutation($id: ID!) { eraseCandidate(id: $id) { userErrors { code field message } } }";
        let candidate = &found["application"]["candidate"]["id"];
        let refused = self.app.query_with(erase, json!({ "id": candidate })).await["eraseCandidate"].take();
        self.app.vendors.gate("traffit").open();
        finish(&self.app, &id).await;
        self.saw("ACTION_IN_PROGRESS", "id", &refused);
    }

    /// What the job and its pipeline do not allow.
    async fn of_jobs(&mut self) {
        let query = "query($id: ID!) { jobs(integrationId: $id, first: 20) { nodes { id status stages { stage { id } } } } \
                     integration(id: $id) { applicationStages { id } } }";
        let data = self.app.query_with(query, json!({ "id": self.traffit.integration })).await;
        let jobs = data["jobs"]["nodes"].as_array().unwrap();
        let closed = jobs.iter().find(|job| job["status"] == "CLOSED").unwrap_or_else(|| panic!("{data:#}"));
        let own = jobs.iter().find(|job| job["id"] == json!(self.traffit.job)).unwrap();
        let own: Vec<&Value> = own["stages"].as_array().unwrap().iter().map(|stage| &stage["stage"]["id"]).collect();
        let all = data["integration"]["applicationStages"].as_array().unwrap();
        let foreign = all.iter().map(|stage| &stage["id"]).find(|id| !own.contains(id)).unwrap();
        let to = |application: Value| with(self.traffit.input("jobs@example.com"), "application", application);
        let to_closed = to(json!({ "jobId": closed["id"] }));
        let to_foreign = to(json!({ "jobId": self.traffit.job, "stageId": foreign }));
        self.refused("JOB_CLOSED", "input.application.jobId", "createCandidate", to_closed).await;
        self.refused("STAGE_NOT_IN_JOB", "input.application.stageId", "createCandidate", to_foreign).await;

        let twice = self.traffit.input("twice@example.com");
        assert_eq!(create(&self.app, twice.clone()).await["action"]["state"], "SUCCEEDED");
        let again = create(&self.app, twice).await;
        assert_eq!(again["action"]["state"], "FAILED", "{again:#}");
        self.saw("APPLICATION_ALREADY_EXISTS", "input.application.jobId", &again);
    }

    /// What the vendor says, or fails to say.
    async fn of_vendors(&mut self) {
        let sourced = with(self.hrworks.input("source@example.com"), "source", json!({ "name": "Nowhere" }));
        let faults: (&str, &[&str]) = ("hrworks", &["reject-unknown-source"]);
        self.failed("REMOTE_INPUT_INVALID", "", faults, ("createCandidate", sourced)).await;

        let application = applications(&self.app, &self.hrworks.integration, 1).await.remove(0);
        let query = "query($id: ID!) { application(id: $id) { remoteId } }";
        let data = self.app.query_with(query, json!({ "id": application })).await;
        let remote = data["application"]["remoteId"].as_str().unwrap();
        assert!(self.app.vendors.hrworks.edit(|account| account.delete_application(remote)));
        let note = ("addNoteToApplication", json!({ "applicationId": application, "content": "Hi" }));
        self.failed("REMOTE_NOT_FOUND", "input.applicationId", ("hrworks", &[]), note).await;

        let application = applications(&self.app, &self.traffit.integration, 1).await.remove(0);
        let note = ("addNoteToApplication", json!({ "applicationId": application, "content": "Hi" }));
        self.failed("REMOTE_UNKNOWN", "", ("traffit", &["html-200"]), note).await;

        self.app.vendors.faults("traffit", &["drop-connection-every=1"]);
        let forward = json!({ "integrationId": self.traffit.integration, "method": "POST", "path": "/employees/1/notes",
                              "json": { "content": "Hi" } });
        let query =
            "mutation($input: PassthroughInput!) { passthrough(input: $input) { userErrors { code field message } } }";
        let answered = self.app.query_with(query, json!({ "input": forward })).await["passthrough"].take();
        self.app.vendors.faults("traffit", &[]);
        self.saw("REMOTE_TIMEOUT", "", &answered);
    }
}

async fn every_code_is_produced_with_the_path_of_the_input(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    app.with_parts(|parts| {
        parts.downloads = downloads(&["127.0.0.1:1".to_owned()]).unwrap();
        parts.attachments = Limits { attachment: 20, attachments: 20 };
    });
    let (traffit, hrworks) = (target(&app, "traffit").await, target(&app, "hrworks").await);
    let mut cases = Cases { app, traffit, hrworks, seen: BTreeSet::new() };
    cases.of_inputs().await;
    cases.of_accounts().await;
    cases.of_writes().await;
    cases.of_jobs().await;
    cases.of_vendors().await;
    let all: BTreeSet<String> = sdl::values("ErrorCode").into_iter().collect();
    let lacking: Vec<_> = all.difference(&cases.seen).map(String::as_str).collect();
    assert_eq!(lacking, EXCEPTIONS.map(|(code, _)| code), "codes that no case here produces");
}
