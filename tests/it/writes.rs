//! Writes reach the vendor once, come back into the mirror, and say what became of them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::writing::{create, target, with, write, writes};
use crate::support::{Backend, TestApp};

on_both!(
    a_candidate_is_created_at_both_vendors_and_read_back,
    the_same_key_sends_nothing_again,
    a_key_is_free_again_after_thirty_days,
    two_requests_with_one_key_at_once_are_one_write,
    an_answer_that_is_lost_is_not_sent_again,
    a_busy_vendor_is_asked_again,
    an_application_moves_and_gets_notes_links_and_files,
    bad_input_is_refused_before_anything_is_sent,
    only_what_was_created_here_is_mirrored,
    a_request_of_the_callers_own_goes_through,
);

async fn a_candidate_is_created_at_both_vendors_and_read_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let cv = json!([{ "name": "cv.pdf", "type": "CV", "contentType": "application/pdf", "data": "JVBERi0xLjQK" }]);
        let created = create(&app, with(target.input("dana.nowak@example.com"), "attachments", cv)).await;
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
        let keyed = |email| with(target.input(email), "idempotencyKey", json!("apply-1"));
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

async fn a_key_is_free_again_after_thirty_days(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let application = create(&app, target.input("month@example.com")).await["application"]["id"].take();
        let before = writes(&app, connector);
        let note = |text: &str| json!({ "applicationId": application, "content": text, "idempotencyKey": "month", "wait": "PT60S" });
        let add = async |text: &str| write(&app, "addNoteToApplication", note(text)).await;
        let first = add("First").await;
        assert_eq!(first["action"]["state"], "SUCCEEDED", "{first:#}");
        app.clock.advance(Duration::from_secs(30 * 24 * 3600 - 1));
        assert_eq!(add("First").await["action"]["id"], first["action"]["id"]);
        let other = add("Second").await;
        assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{other:#}");
        app.clock.advance(Duration::from_secs(1));
        let second = add("Second").await;
        assert_eq!(second["action"]["state"], "SUCCEEDED", "{second:#}");
        assert_ne!(second["action"]["id"], first["action"]["id"]);
        assert_eq!(add("First").await["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(writes(&app, connector), before + 2);
    }
}

async fn two_requests_with_one_key_at_once_are_one_write(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let keyed = || with(target.input("once@example.com"), "idempotencyKey", json!("once"));
        let (a, b) = tokio::join!(create(&app, keyed()), create(&app, keyed()));
        assert_eq!(a["action"]["id"], b["action"]["id"], "{a:#} {b:#}");
        assert_eq!(a["userErrors"], json!([]), "{a:#}");
        assert_eq!(writes(&app, connector), if connector == "traffit" { 2 } else { 1 });
    }
}

async fn an_answer_that_is_lost_is_not_sent_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    let target = target(&app, "traffit").await;
    app.vendors.faults("traffit", &["lost-answer-every=1"]);
    let created = create(&app, target.input("lost@example.com")).await;
    assert_eq!(created["userErrors"], json!([]), "{created:#}");
    assert_eq!(created["action"]["state"], "SUCCEEDED", "{created:#}");
    assert_eq!(writes(&app, "traffit"), 2, "{created:#}");
}

async fn a_busy_vendor_is_asked_again(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        app.vendors.faults(connector, &["rate-limit-every=4"]);
        let created = create(&app, target.input("busy@example.com")).await;
        assert_eq!(created["userErrors"], json!([]), "{created:#}");
        assert_eq!(created["action"]["state"], "SUCCEEDED", "{created:#}");
        app.vendors.faults(connector, &[]);
        assert_eq!(writes(&app, connector), if connector == "traffit" { 2 } else { 1 }, "{created:#}");
    }
}

async fn an_application_moves_and_gets_notes_links_and_files(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let created = create(&app, target.input("moves@example.com")).await;
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
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let base = || target.input("bad@example.com");
        for (input, code, field) in bad_inputs(&base) {
            let payload = create(&app, input.clone()).await;
            assert_eq!(payload["userErrors"][0]["code"], code, "{input}: {payload:#}");
            assert_eq!(payload["userErrors"][0]["field"], field, "{input}: {payload:#}");
            assert_eq!(payload["action"], Value::Null, "{input}");
        }
        let closed = app
            .query_with(
                "query($id: ID!) { jobs(integrationId: $id, filter: {statuses: [CLOSED]}, first: 1) { nodes { id } } }",
                json!({ "id": target.integration }),
            )
            .await["jobs"]["nodes"][0]["id"]
            .take();
        let payload = create(&app, with(base(), "application", json!({ "jobId": closed }))).await;
        assert_eq!(payload["userErrors"][0]["code"], "JOB_CLOSED", "{payload:#}");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "application", "jobId"]), "{payload:#}");
        assert_eq!(writes(&app, connector), 0);
        let reader = app.key(&[hiregraph::domain::Scope::RecordsRead], None).await;
        let query = "mutation($input: CreateCandidateInput!) { createCandidate(input: $input) { action { id } } }";
        let refused = app.ask(&reader, query, json!({ "input": base() })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    }
}

/// Each with its code and the field at fault.
fn bad_inputs(base: &dyn Fn() -> Value) -> Vec<(Value, &'static str, Value)> {
    let person = |key: &str, value: Value| {
        let mut input = base();
        input["candidate"][key] = value;
        (input, "INPUT_INVALID")
    };
    let at = |place: &str| json!(format!("input.{place}").split('.').collect::<Vec<_>>());
    let file = |key: &str, value: Value| {
        let mut file = json!({ "name": "a", "data": "aGk=", "contentType": "text/plain" });
        file[key] = value;
        with(base(), "attachments", json!([file]))
    };
    let url = |url: &str| with(base(), "attachments", json!([{ "name": "a", "dataUrl": url }]));
    let mut cases = Vec::new();
    for (key, value, place) in [
        ("emailAddress", json!("no address"), "candidate.emailAddress"),
        ("emailAddress", json!("a@b@c.pl"), "candidate.emailAddress"),
        ("firstName", json!(" "), "candidate.firstName"),
        ("lastName", json!("a\u{0}b"), "candidate.lastName"),
        ("lastName", json!("x".repeat(501)), "candidate.lastName"),
        ("location", json!({"country": "XX"}), "candidate.location.country"),
        ("location", json!({"city": "a\nb"}), "candidate.location.city"),
        ("salaryExpectations", json!({"period": "YEAR", "amount": -1}), "candidate.salaryExpectations.amount"),
        ("salaryExpectations", json!({"period": "YEAR", "amount": 1e12}), "candidate.salaryExpectations.amount"),
        ("availabilityDate", json!("soon"), "candidate.availabilityDate"),
    ] {
        let (input, code) = person(key, value);
        cases.push((input, code, at(place)));
    }
    for (input, place) in [
        (with(base(), "source", json!({"name": "a\u{7}"})), "source.name"),
        (with(base(), "wait", json!("soon")), "wait"),
        (with(base(), "idempotencyKey", json!("")), "idempotencyKey"),
        (file("dataUrl", json!("https://example.com")), "attachments.0"),
        (with(base(), "attachments", json!([{"name": "a"}])), "attachments.0"),
        (file("contentType", Value::Null), "attachments.0.contentType"),
        (file("contentType", json!("a/b\r\nX: y")), "attachments.0.contentType"),
        (file("data", json!("%%%")), "attachments.0.data"),
        (file("data", json!("aGk")), "attachments.0.data"),
        (file("data", json!("")), "attachments.0.data"),
        (file("name", json!("../a")), "attachments.0.name"),
        (file("name", json!("a\\b")), "attachments.0.name"),
        (file("name", json!("a\u{1b}b")), "attachments.0.name"),
        (file("name", json!("..")), "attachments.0.name"),
    ] {
        cases.push((input, "INPUT_INVALID", at(place)));
    }
    for unknown in ["job_unknown", "job_00000000000000000000000000"] {
        let input = with(base(), "application", json!({ "jobId": unknown }));
        cases.push((input, "NOT_FOUND", at("application.jobId")));
    }
    cases.push((with(base(), "integrationId", json!("int_unknown")), "NOT_FOUND", at("integrationId")));
    for address in [
        "http://example.com/a",
        "https://127.0.0.1/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a",
        "https://localhost/a",
        "https://user:secret@example.com/a",
        "file:///etc/passwd",
    ] {
        cases.push((url(address), "ATTACHMENT_URL_REFUSED", at("attachments.0.dataUrl")));
    }
    cases
}

async fn only_what_was_created_here_is_mirrored(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let created = create(&app, target.input("kept@example.com")).await;
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
