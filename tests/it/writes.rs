//! Writes reach the vendor once, come back into the mirror, and say what became of them.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp};

on_both!(
    a_candidate_is_created_at_both_vendors_and_read_back,
    the_same_key_sends_nothing_again,
    two_requests_with_one_key_at_once_are_one_write,
    an_answer_that_is_lost_is_not_sent_again,
    a_busy_vendor_is_asked_again,
    an_application_moves_and_gets_notes_links_and_files,
    bad_input_is_refused_before_anything_is_sent,
    only_what_was_created_here_is_mirrored,
    a_request_of_the_callers_own_goes_through,
);

const CREATE: &str = "mutation($input: CreateCandidateInput!) { createCandidate(input: $input) { \
    action { id state kind steps { name state attempts error } } \
    candidate { id firstName lastName emailAddresses { address } } \
    application { id outcome job { id } currentStage { name } } \
    warnings { message field } userErrors { code message field vendorMessage retryable } } }";

struct Target {
    integration: String,
    job: String,
}

/// An open job of a connected account.
async fn target(app: &TestApp, connector: &str) -> Target {
    let integration = app.connected(connector).await;
    let query = "query($id: ID!) { jobs(integrationId: $id, filter: {statuses: [OPEN]}, first: 1, \
                 orderBy: {field: NAME, direction: ASC}) { nodes { id } } }";
    let data = app.query_with(query, json!({ "id": integration })).await;
    let job = data["jobs"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    Target { integration, job }
}

fn input(target: &Target, email: &str) -> Value {
    json!({
        "integrationId": target.integration,
        "candidate": { "firstName": "Dana", "lastName": "Nowak", "emailAddress": email },
        "application": { "jobId": target.job },
        "wait": "PT60S",
    })
}

fn with(mut input: Value, key: &str, value: Value) -> Value {
    input[key] = value;
    input
}

async fn create(app: &TestApp, input: Value) -> Value {
    app.query_with(CREATE, json!({ "input": input })).await["createCandidate"].take()
}

/// Successful writes at the vendor, of all kinds together but tokens.
fn writes(app: &TestApp, connector: &str) -> u64 {
    let counts = match connector {
        "traffit" => app.vendors.traffit.edit(|account| account.writes()),
        _ => app.vendors.hrworks.edit(|account| account.writes()),
    };
    counts.into_iter().filter(|(endpoint, _)| !endpoint.contains("token")).map(|(_, count)| count).sum()
}

fn fault(app: &TestApp, connector: &str, faults: &[&str]) {
    match connector {
        "traffit" => app.vendors.traffit.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect()),
        _ => app.vendors.hrworks.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect()),
    }
}

async fn a_candidate_is_created_at_both_vendors_and_read_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let cv = json!([{ "name": "cv.pdf", "type": "CV", "contentType": "application/pdf", "data": "JVBERi0xLjQK" }]);
        let created = create(&app, with(input(&target, "dana.nowak@example.com"), "attachments", cv)).await;
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        assert_eq!(created["action"]["state"], "SUCCEEDED", "{created:#}");
        assert_eq!(created["candidate"]["firstName"], "Dana", "{created:#}");
        assert_eq!(created["candidate"]["emailAddresses"][0]["address"], "dana.nowak@example.com", "{created:#}");
        assert_eq!(created["application"]["job"]["id"], json!(target.job), "{created:#}");
        assert_eq!(created["application"]["outcome"], "PENDING", "{created:#}");
        // Person, file and membership at TRAFFIT; application and document at HR WORKS.
        assert_eq!(writes(&app, connector), if connector == "traffit" { 3 } else { 2 }, "{created:#}");
    }
}

async fn the_same_key_sends_nothing_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let keyed = |email| with(input(&target, email), "idempotencyKey", json!("apply-1"));
        let first = create(&app, keyed("one@example.com")).await;
        assert_eq!(first["userErrors"], json!([]), "{first:#}");
        let sent = writes(&app, connector);
        let second = create(&app, keyed("one@example.com")).await;
        assert_eq!(second["action"]["id"], first["action"]["id"]);
        assert_eq!(second["application"]["id"], first["application"]["id"]);
        let other = create(&app, keyed("two@example.com")).await;
        assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{other:#}");
        assert_eq!(other["userErrors"][0]["field"], json!(["input", "idempotencyKey"]));
        assert_eq!(writes(&app, connector), sent);
    }
}

async fn two_requests_with_one_key_at_once_are_one_write(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let keyed = || with(input(&target, "once@example.com"), "idempotencyKey", json!("once"));
        let (a, b) = tokio::join!(create(&app, keyed()), create(&app, keyed()));
        assert_eq!(a["action"]["id"], b["action"]["id"], "{a:#} {b:#}");
        assert_eq!(a["userErrors"], json!([]), "{a:#}");
        assert_eq!(writes(&app, connector), if connector == "traffit" { 2 } else { 1 });
    }
}

async fn an_answer_that_is_lost_is_not_sent_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let target = target(&app, "traffit").await;
    fault(&app, "traffit", &["lost-answer-every=1"]);
    let created = create(&app, input(&target, "lost@example.com")).await;
    assert_eq!(created["userErrors"], json!([]), "{created:#}");
    assert_eq!(created["action"]["state"], "SUCCEEDED", "{created:#}");
    assert_eq!(writes(&app, "traffit"), 2, "{created:#}");
}

async fn a_busy_vendor_is_asked_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        fault(&app, connector, &["rate-limit-every=4"]);
        let created = create(&app, input(&target, "busy@example.com")).await;
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        assert_eq!(created["action"]["state"], "SUCCEEDED", "{created:#}");
        fault(&app, connector, &[]);
        assert_eq!(writes(&app, connector), if connector == "traffit" { 2 } else { 1 }, "{created:#}");
    }
}

async fn an_application_moves_and_gets_notes_links_and_files(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let created = create(&app, input(&target, "moves@example.com")).await;
        let application = created["application"]["id"].as_str().unwrap_or_else(|| panic!("{created:#}")).to_owned();
        let candidate = created["candidate"]["id"].as_str().unwrap().to_owned();
        let before = writes(&app, connector);
        let note = format!(
            "mutation {{ addNoteToApplication(input: {{applicationId: \"{application}\", content: \"Called twice\", wait: \"PT60S\"}}) \
             {{ action {{ state }} userErrors {{ code message }} }} }}"
        );
        let link = format!(
            "mutation {{ addResultLinkToApplication(input: {{applicationId: \"{application}\", label: \"Test result\", \
             url: \"https://example.com/r/1\", details: {{customFieldNamePrefix: \"x_\", attributes: [{{key: \"score\", value: \"9\"}}]}}, \
             wait: \"PT60S\"}}) {{ action {{ state }} userErrors {{ code message }} }} }}"
        );
        let file = format!(
            "mutation {{ addAttachmentToApplication(input: {{applicationId: \"{application}\", attachment: {{name: \"a.txt\", \
             contentType: \"text/plain\", data: \"aGVsbG8=\"}}, wait: \"PT60S\"}}) {{ action {{ state }} userErrors {{ code message }} }} }}"
        );
        for (field, query) in
            [("addNoteToApplication", note), ("addResultLinkToApplication", link), ("addAttachmentToApplication", file)]
        {
            let payload = app.query(&query).await[field].take();
            assert_eq!(payload["userErrors"], json!([]), "{connector} {field} {payload:#}");
            assert_eq!(payload["action"]["state"], "SUCCEEDED", "{connector} {field} {payload:#}");
        }
        assert_eq!(writes(&app, connector), before + 3);
        let to_candidate = format!(
            "mutation {{ addAttachmentToCandidate(input: {{candidateId: \"{candidate}\", attachment: {{name: \"b.txt\", \
             contentType: \"text/plain\", data: \"aGVsbG8=\"}}, wait: \"PT60S\"}}) {{ action {{ state }} userErrors {{ code field }} }} }}"
        );
        let payload = app.query(&to_candidate).await["addAttachmentToCandidate"].take();
        let stages = format!("{{ job(id: \"{}\") {{ stages {{ stage {{ id name }} }} }} }}", target.job);
        let stages = app.query(&stages).await["job"]["stages"].take();
        let stage = stages[1]["stage"]["id"].as_str().unwrap().to_owned();
        let moved = format!(
            "mutation {{ moveApplicationToStage(input: {{applicationId: \"{application}\", stageId: \"{stage}\", wait: \"PT60S\"}}) \
             {{ action {{ state }} application {{ currentStage {{ id }} }} userErrors {{ code field }} }} }}"
        );
        let moved = app.query(&moved).await["moveApplicationToStage"].take();
        if connector == "traffit" {
            assert_eq!(payload["userErrors"][0]["code"], "ACTION_NOT_SUPPORTED", "{payload:#}");
            assert_eq!(moved["userErrors"], json!([]), "{moved:#}");
            assert_eq!(moved["application"]["currentStage"]["id"], json!(stage), "{moved:#}");
        } else {
            assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
            assert_eq!(moved["userErrors"][0]["code"], "ACTION_NOT_SUPPORTED", "{moved:#}");
        }
        let actions =
            format!("{{ application(id: \"{application}\") {{ actions {{ totalCount nodes {{ kind state }} }} }} }}");
        let actions = app.query(&actions).await["application"]["actions"].take();
        // The fifth: the move at TRAFFIT, the candidate's file, which goes to the newest application, at HR WORKS.
        assert_eq!(actions["totalCount"], 5, "{actions:#}");
    }
}

async fn bad_input_is_refused_before_anything_is_sent(backend: Backend) {
    let app = TestApp::start(backend).await;
    let target = target(&app, "hrworks").await;
    let base = || input(&target, "bad@example.com");
    let person = |key: &str, value: Value| {
        let mut input = base();
        input["candidate"][key] = value;
        input
    };
    let file = |file: Value| with(base(), "attachments", json!([file]));
    let cases = [
        (person("emailAddress", json!("no address")), "INPUT_INVALID", json!(["input", "candidate", "emailAddress"])),
        (person("firstName", json!(" ")), "INPUT_INVALID", json!(["input", "candidate", "firstName"])),
        (person("lastName", json!("a\u{0}b")), "INPUT_INVALID", json!(["input", "candidate", "lastName"])),
        (
            person("location", json!({"country": "XX"})),
            "INPUT_INVALID",
            json!(["input", "candidate", "location", "country"]),
        ),
        (
            person("salaryExpectations", json!({"period": "YEAR", "amount": -1})),
            "INPUT_INVALID",
            json!(["input", "candidate", "salaryExpectations", "amount"]),
        ),
        (person("availabilityDate", json!("soon")), "INPUT_INVALID", json!(["input", "candidate", "availabilityDate"])),
        (
            with(base(), "application", json!({"jobId": "job_unknown"})),
            "NOT_FOUND",
            json!(["input", "application", "jobId"]),
        ),
        (with(base(), "integrationId", json!("int_unknown")), "NOT_FOUND", json!(["input", "integrationId"])),
        (
            file(json!({"name": "a", "data": "aGk=", "contentType": "text/plain", "dataUrl": "https://example.com"})),
            "INPUT_INVALID",
            json!(["input", "attachments", "0"]),
        ),
        (file(json!({"name": "a"})), "INPUT_INVALID", json!(["input", "attachments", "0"])),
        (
            file(json!({"name": "a", "data": "aGk="})),
            "INPUT_INVALID",
            json!(["input", "attachments", "0", "contentType"]),
        ),
        (
            file(json!({"name": "a", "data": "%%%", "contentType": "text/plain"})),
            "INPUT_INVALID",
            json!(["input", "attachments", "0", "data"]),
        ),
        (
            file(json!({"name": "../a", "data": "aGk=", "contentType": "text/plain"})),
            "INPUT_INVALID",
            json!(["input", "attachments", "0", "name"]),
        ),
        (
            file(json!({"name": "a", "dataUrl": "http://example.com/a"})),
            "ATTACHMENT_URL_REFUSED",
            json!(["input", "attachments", "0", "dataUrl"]),
        ),
        (
            file(json!({"name": "a", "dataUrl": "https://127.0.0.1/a"})),
            "ATTACHMENT_URL_REFUSED",
            json!(["input", "attachments", "0", "dataUrl"]),
        ),
        (
            file(json!({"name": "a", "dataUrl": "https://localhost/a"})),
            "ATTACHMENT_URL_REFUSED",
            json!(["input", "attachments", "0", "dataUrl"]),
        ),
        (with(base(), "wait", json!("soon")), "INPUT_INVALID", json!(["input", "wait"])),
    ];
    for (input, code, field) in cases {
        let payload = create(&app, input.clone()).await;
        assert_eq!(payload["userErrors"][0]["code"], code, "{input}: {payload:#}");
        assert_eq!(payload["userErrors"][0]["field"], field, "{input}: {payload:#}");
        assert_eq!(payload["action"], Value::Null, "{input}");
    }
    assert_eq!(writes(&app, "hrworks"), 0);
    let closed = app
        .query_with(
            "query($id: ID!) { jobs(integrationId: $id, filter: {statuses: [CLOSED]}, first: 1) { nodes { id } } }",
            json!({ "id": target.integration }),
        )
        .await["jobs"]["nodes"][0]["id"]
        .take();
    let payload = create(&app, with(base(), "application", json!({ "jobId": closed }))).await;
    assert_eq!(payload["userErrors"][0]["code"], "JOB_CLOSED", "{payload:#}");
    let reader = app.key(&[hiregraph::domain::Scope::RecordsRead], None).await;
    let refused = app.ask(&reader, CREATE, json!({ "input": base() })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
}

async fn only_what_was_created_here_is_mirrored(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let created = create(&app, input(&target, "kept@example.com")).await;
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        let scope = |scope: &str| {
            format!(
                "mutation {{ updateIntegration(input: {{id: \"{}\", syncSettings: {{scope: {scope}}}}}) {{ userErrors {{ code message }} }} }}",
                target.integration
            )
        };
        let all = app.total("candidates", &target.integration).await;
        assert!(all > 100);
        let payload = app.query(&scope("CREATED_ONLY")).await["updateIntegration"].take();
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        assert_eq!(app.total("candidates", &target.integration).await, 1);
        assert_eq!(app.total("applications", &target.integration).await, 1);
        app.sync(&target.integration).await;
        assert_eq!(app.total("candidates", &target.integration).await, 1);
        assert_eq!(app.total("applications", &target.integration).await, 1);
        assert!(app.total("jobs", &target.integration).await > 1);
        app.query(&scope("ALL")).await;
        app.settle().await;
        assert_eq!(app.total("candidates", &target.integration).await, all);
    }
}

async fn a_request_of_the_callers_own_goes_through(backend: Backend) {
    let app = TestApp::start(backend).await;
    const FORWARD: &str = "mutation($input: PassthroughInput!) { passthrough(input: $input) { \
                           response { status headers { name } json base64 } userErrors { code field } } }";
    for (connector, path) in [("traffit", "/users/"), ("hrworks", "/applicant-management/posts")] {
        let id = app.connect(connector).await;
        let ask = |path: &str| json!({ "input": { "integrationId": id, "method": "GET", "path": path } });
        let payload = app.query_with(FORWARD, ask(path)).await["passthrough"].take();
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        assert_eq!(payload["response"]["status"], 200, "{payload:#}");
        assert!(!payload["response"]["json"].is_null(), "{payload:#}");
        for bad in ["https://evil.example/", "/../oauth2/token", "/%2e%2e/oauth2/token", "//evil.example/"] {
            let payload = app.query_with(FORWARD, ask(bad)).await["passthrough"].take();
            assert_eq!(payload["userErrors"][0]["code"], "INPUT_INVALID", "{bad}: {payload:#}");
            assert_eq!(payload["userErrors"][0]["field"], json!(["input", "path"]), "{bad}");
        }
        let missing = app.query_with(FORWARD, ask("/no-such-endpoint")).await["passthrough"].take();
        assert_eq!(missing["response"]["status"], 404, "{missing:#}");
        let writer = app.key(&[hiregraph::domain::Scope::RecordsWrite], None).await;
        let refused = app.ask(&writer, FORWARD, ask(path)).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    }
}
