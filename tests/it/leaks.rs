//! Whatever goes in, by whichever way, comes out where it was asked for and nowhere else: no line of the log, no error
//! of the graph and no metric has a secret, a person's name, an address or a body.

use axum::http::StatusCode;
use hiregraph::connectors::{hrworks, traffit};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::Backend;
use crate::support::child::{Serving, get};
use crate::support::place::Place;
use crate::support::receiver::Receiver;
use crate::support::vendors::Size;

on_both!(no_log_line_error_or_metric_says_what_goes_through,);

/// Part of everything that is planted, in whatever letters.
const MARKER: &str = "markr";

/// What vendors say when something goes wrong.
const TROUBLE: &str = r#"{"message":"Markrmessage","error":"markrerror","error_description":"markrdescription","errorCode":1,
    "type":"Markrtype","errorMessage":"Markrtext","markrkey@x":"markrvalue","errors":[{"field":"email","message":"markr@x.example"}]}"#;

struct Asking<'a> {
    place: &'a Place,
    serving: Serving,
    errors: Vec<Value>,
}

impl Asking<'_> {
    /// The data, and keeps the errors.
    async fn ask(&mut self, query: &str, variables: Value) -> Value {
        let mut answer = self.serving.ask(&self.place.key, query, variables).await;
        self.errors.extend(answer["errors"].as_array().into_iter().flatten().cloned());
        answer["data"].take()
    }
}

async fn no_log_line_error_or_metric_says_what_goes_through(backend: Backend) {
    let receiver = Receiver::start().await;
    let mut place = Place::new(backend, Size { candidates: 12, jobs: 3 }).await;
    place.set("HIREGRAPH_ALLOWED_PRIVATE_HOSTS", receiver.address.to_string());
    place.set("HIREGRAPH_LOG", "debug,hiregraph=trace");
    place.set("HIREGRAPH_LOG_FORMAT", "json");
    let url = "https://markr-hooks.example/";
    place.set("HIREGRAPH_PUBLIC_URL", url);
    plant(&place);
    let mut asking = Asking { serving: place.serve().await, place: &place, errors: Vec::new() };
    let mut secrets = vec![place.key.clone()];
    let hook = asking
        .ask(
            "mutation($u: URL!) { createWebhookEndpoint(input: {url: $u, events: [ACTION_FINISHED, SYNC_FINISHED, RECORD_CHANGED], \
             query: \"{ record { ... on Candidate { firstName lastName } } }\"}) { secret userErrors { message } } }",
            json!({ "u": receiver.url("/markr-path?markr=markr") }),
        )
        .await;
    let secret = &hook["createWebhookEndpoint"]["secret"];
    secrets.push(secret.as_str().unwrap_or_else(|| panic!("{hook:#}")).trim_start_matches("whsec_").to_owned());
    receiver.answer("/markr-path", 500, &[]);
    for connector in ["traffit", "hrworks"] {
        let id = place.connect_by(&asking.serving, connector).await;
        asking.serving.logs("the end of a sync", |line| line.contains("sync ended")).await;
        wrong_credentials(&mut asking, connector).await;
        writes(&mut asking, connector, &id, &receiver).await;
        trouble(&mut asking, connector, &id).await;
    }
    let webhooks = place.vendors.traffit.edit(|account| account.webhooks());
    let (_, webhook) = webhooks.into_iter().find(|(_, webhook)| webhook.kind == "candidate_created").unwrap();
    let path = webhook.url.strip_prefix(url.trim_end_matches('/')).unwrap();
    let body = r#"{"employee":{"id":1,"name":"Markrname","email":"markr@x.example"}}"#;
    assert!(asking.serving.call(path, body).await.contains("202"));
    assert!(asking.serving.call(&format!("{path}markr&markr=markr"), body).await.contains("404"));
    secrets.push(path.split_once("secret=").unwrap().1.to_owned());
    asking.serving.logs("followed webhooks", |line| line.contains("webhooks followed")).await;
    queries(&mut asking).await;
    receiver.until("/markr-path", |told| told.len() >= 3).await;
    let metrics = get(asking.serving.address, "/metrics").await;
    let Asking { serving, errors, .. } = asking;
    let (code, printed, log) = serving.ended("TERM").await;
    assert_eq!((code, printed), (Some(0), String::new()));
    assert!(log.len() > 200 && log.iter().any(|line| line.contains("vendor request")), "{} lines", log.len());
    secrets.extend(["simulated-secret", "simulated/secret+access/key", "SimulatedAccessKey+/"].map(str::to_owned));
    let mut leaks = Vec::new();
    for line in &log {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        leaks.extend(leak(parsed.to_string(), &secrets));
    }
    assert!(metrics.lines().count() > 50, "{metrics}");
    leaks.extend(metrics.lines().filter_map(|line| leak(line.to_owned(), &secrets)));
    assert!(errors.len() >= 8, "{errors:#?}");
    leaks.extend(errors.iter().filter_map(|error| leak(error.to_string(), &secrets)));
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

/// The text, if it says what it must not.
fn leak(text: String, secrets: &[String]) -> Option<String> {
    // Where vendors call is no secret.
    let plain = text.to_lowercase().replace("markr-hooks", "");
    let says = |secret: &String| text.contains(secret.as_str());
    (plain.contains(MARKER) || text.contains("Bearer ") || secrets.iter().any(says)).then_some(text)
}

/// Persons at the vendors whose data is marked.
fn plant(place: &Place) {
    place.vendors.traffit.edit(|account| {
        let mut person = traffit::simulator::Candidate::new("Markrfirst", "Markrlast", "markr@seed.example");
        person.mobile = Some("markr600".to_owned());
        let id = account.add_candidate(person);
        account.tag(id, "Markrtag");
        account.add_note(id, "Markrnote");
        account.add_file(id, "markr.txt", "text/plain", b"markr".as_slice().into());
        let job = account.job_ids()[0];
        account.add_member(job, id);
    });
    place.vendors.hrworks.edit(|account| {
        let person = hrworks::simulator::Applicant {
            first_name: "Markrfirst".into(),
            last_name: "Markrlast".into(),
            email: Some("markr@seed.example".to_owned()),
            ..hrworks::simulator::Applicant::default()
        };
        account.add_candidate(person);
    });
}

async fn wrong_credentials(asking: &mut Asking<'_>, connector: &str) {
    let mut credentials = asking.place.vendors.credentials(connector);
    for key in ["clientSecret", "secretAccessKey", "clientId"] {
        if credentials.get(key).is_some() {
            credentials[key] = json!("markr-credential");
        }
    }
    let input = json!({ "connector": connector, "name": "Markrname", "credentials": credentials,
        "endUser": { "organizationName": "Markrorganization", "email": "markr@end.example", "originId": "markr" } });
    let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { tests { message } userErrors { code } } }";
    let refused = asking.ask(query, json!({ "input": input })).await;
    assert_eq!(refused["createIntegration"]["userErrors"][0]["code"], "INTEGRATION_CREDENTIALS_INVALID", "{refused:#}");
}

async fn writes(asking: &mut Asking<'_>, connector: &str, id: &str, receiver: &Receiver) {
    let lists = "query($id: ID!) { integration(id: $id) { jobs(filter: {statuses: [OPEN]}, first: 1) { nodes { id } } \
                 applications(first: 1) { nodes { id } } } }";
    let found = asking.ask(lists, json!({ "id": id })).await;
    let job = &found["integration"]["jobs"]["nodes"][0]["id"];
    let application = &found["integration"]["applications"]["nodes"][0]["id"];
    let attachments = json!([
        { "name": "markr.txt", "contentType": "text/plain", "data": "TWFya3IgTWFya3I=" },
        { "name": "markr2.txt", "contentType": "text/plain", "dataUrl": receiver.url("/files/markr.txt?markr=markr") },
    ]);
    let input = json!({ "integrationId": id, "idempotencyKey": format!("markr-{connector}"), "application": { "jobId": job },
        "candidate": { "firstName": "Markrfirst", "lastName": "Markrlast", "emailAddress": "markr@new.example" },
        "attachments": attachments, "wait": "PT60S" });
    receiver.answer("/files/markr.txt", 404, &[]);
    let create = "mutation($input: CreateCandidateInput!) { createCandidate(input: $input) { action { state } userErrors { code } } }";
    // The address has no file: refused. Without it, it is sent.
    let refused = asking.ask(create, json!({ "input": input })).await;
    assert!(refused["createCandidate"]["userErrors"][0]["code"].is_string(), "{refused:#} {:#?}", asking.errors);
    let mut input = input;
    input["attachments"].as_array_mut().unwrap().pop();
    input["wait"] = json!("PT0S");
    asking.ask(create, json!({ "input": input })).await;
    let noted = json!({ "applicationId": application, "content": "Markrnote", "wait": "PT60S" });
    let note =
        "mutation($input: AddNoteToApplicationInput!) { addNoteToApplication(input: $input) { userErrors { code } } }";
    asking.ask(note, json!({ "input": noted })).await;
    let forward = "mutation($input: PassthroughInput!) { passthrough(input: $input) { response { status } userErrors { code } } }";
    for path in ["/users/", "/users/markr@x.example", "/../markr"] {
        let input = json!({ "integrationId": id, "method": "POST", "path": path, "json": { "name": "Markrname" },
            "headers": [{ "key": "x-markr", "value": "markr" }], "query": [{ "key": "email", "value": "markr" }] });
        asking.ask(forward, json!({ "input": input })).await;
    }
}

/// The vendor fails, and says something about it.
async fn trouble(asking: &mut Asking<'_>, connector: &str, id: &str) {
    let gate = asking.place.vendors.gate(connector);
    let find = "query($id: ID!) { integration(id: $id) { candidates(first: 5) { nodes { id } } jobs(first: 1) { nodes { id } } } }";
    let found = asking.ask(find, json!({ "id": id })).await;
    let ids: Vec<Value> =
        found["integration"]["candidates"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
    let refresh = "mutation($ids: [ID!]!) { refreshRecords(input: {ids: $ids}) { userErrors { code } } }";
    let create = "mutation($input: CreateCandidateInput!) { createCandidate(input: $input) { action { id } userErrors { code } } }";
    let input = json!({ "integrationId": id, "application": { "jobId": found["integration"]["jobs"]["nodes"][0]["id"] }, "wait": "PT5S",
        "candidate": { "firstName": "Markrother", "lastName": "Markrlast", "emailAddress": "markr@other.example" } });
    let test = "mutation($id: ID!) { testIntegration(id: $id) { tests { message } userErrors { code } } }";
    for status in [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::OK] {
        gate.answer(usize::MAX, (status, TROUBLE), |path| !path.contains("auth"));
        asking.ask(refresh, json!({ "ids": ids })).await;
        asking.ask(create, json!({ "input": input })).await;
        asking.ask(test, json!({ "id": id })).await;
    }
    let sync = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { userErrors { code } } }";
    gate.answer(usize::MAX, (StatusCode::BAD_REQUEST, TROUBLE), |path| !path.contains("auth"));
    asking.ask(sync, json!({ "id": id })).await;
    asking
        .serving
        .logs("the end of a sync that failed", |line| line.contains("sync ended") && line.contains("FAILED"))
        .await;
    // Signing in, too.
    gate.answer(usize::MAX, (StatusCode::BAD_REQUEST, TROUBLE), |_| true);
    asking.ask(test, json!({ "id": id })).await;
    gate.open();
}

/// Queries that are refused, with what they ask for in their variables, and as literals.
async fn queries(asking: &mut Asking<'_>) {
    for (query, variables) in [
        (
            "query($t: String) { candidates(filter: {nameContains: $t, email: $t}) { nodes { id } } }",
            json!({ "t": "Markrname" }),
        ),
        ("query($t: String) { candidates(after: $t) { nodes { id } } }", json!({ "t": "Markrcursor" })),
        (
            "query($f: CandidateFilter) { candidates(filter: $f) { nodes { id } } }",
            json!({ "f": { "changedAfter": "Markrtime" } }),
        ),
        ("query($f: CandidateFilter) { candidates(filter: $f) { nodes { id } } }", json!({ "f": "Markrtext" })),
        ("query($f: JobFilter) { jobs(filter: $f) { nodes { id } } }", json!({ "f": { "statuses": ["MARKR"] } })),
        ("query($f: Int) { jobs(first: $f) { nodes { id } } }", json!({ "f": "Markrnumber" })),
        ("query($id: ID!) { node(id: $id) { id } }", json!({ "id": { "markr": "Markr" } })),
        (
            "mutation($s: [Scope!]!) { createApiKey(input: {name: \"x\", scopes: $s}) { secret } }",
            json!({ "s": ["MARKR"] }),
        ),
        (
            "mutation($i: CreateCandidateInput!) { createCandidate(input: $i) { action { id } } }",
            json!({ "i": { "candidate": "Markr" } }),
        ),
        (
            "mutation($i: PassthroughInput!) { passthrough(input: $i) { response { status } } }",
            json!({ "i": { "method": "MARKR", "path": "/markr" } }),
        ),
        ("{ candidates(filter: {email: \"markr@x.example\"}) { nodes { id } }", json!({})),
        ("{ jobs(filter: {statuses: [MARKR]}, first: \"markr\") { nodes { id } } }", json!({})),
        (
            "query($d: DateTime) { integrations { nodes { vendorRequests(filter: {since: $d}) { totalCount } } } }",
            json!({ "d": "Markr" }),
        ),
    ] {
        asking.ask(query, variables).await;
    }
}
