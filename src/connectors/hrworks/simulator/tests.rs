use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Applicant, CATEGORIES, Fault, Options, Simulator};
use crate::domain::clock::FrozenClock;

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    fn rows(&self, key: &str) -> Vec<Value> {
        self.json()[key].as_array().unwrap_or_else(|| panic!("{}", self.text)).clone()
    }

    fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["type"].as_str().unwrap().to_owned())
    }

    fn link(&self) -> Option<&str> {
        self.headers.get("link").map(|link| link.to_str().unwrap())
    }
}

const KEY: &str = "SimulatedAccessKey+/";
const APPLICATIONS: &str = "/v2/applicant-management/job-applications";

struct Tenant {
    simulator: Simulator,
    clock: Arc<FrozenClock>,
    token: String,
}

async fn send(simulator: &Simulator, request: Request<Body>) -> Answer {
    let response = simulator.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

impl Tenant {
    async fn new(candidates: usize) -> Self {
        let clock = Arc::new(FrozenClock::at("2026-07-01T10:00:00Z".parse().unwrap()));
        let simulator = Simulator::new(Options { candidates, ..Options::new(clock.clone()) });
        let mut tenant = Self { simulator, clock, token: String::new() };
        tenant.token =
            tenant.sign_in(KEY, "simulated/secret+access/key").await.json()["token"].as_str().unwrap().into();
        tenant
    }

    async fn sign_in(&self, access_key: &str, secret: &str) -> Answer {
        let body = json!({"accessKey": access_key, "secretAccessKey": secret}).to_string();
        let request = Request::post("/v2/authentication").header("content-type", "application/json");
        send(&self.simulator, request.body(Body::from(body)).unwrap()).await
    }

    async fn call(&self, method: &str, path: &str, content_type: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "hr.example");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        send(&self.simulator, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, "").await
    }

    async fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call(method, path, Some("application/json"), &body.to_string()).await
    }

    /// Polls a write to its end; how often it was pending, and what it answered then.
    async fn finish(&self, jobs: &str, accepted: &Answer) -> (usize, Value) {
        let id = accepted.json()["jobId"].as_str().unwrap().to_owned();
        for pending in 0..10 {
            let answer = self.get(&format!("{jobs}/jobs/{id}")).await.json();
            if answer["status"] != "pending" {
                return (pending, answer);
            }
        }
        panic!("never finished");
    }

    /// One record of R6, carried out.
    async fn apply(&self, record: Value) -> Value {
        let accepted = self.write("POST", APPLICATIONS, &json!({"data": [record]})).await;
        self.finish(APPLICATIONS, &accepted).await.1
    }

    fn faults(&self, faults: &[&str]) {
        self.simulator.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
    }
}

fn erika() -> Value {
    json!({"postId": "POST-0001", "firstName": "Erika", "lastName": "Muster", "email": "Erika@example.com"})
}

#[tokio::test]
async fn a_token_is_a_jwt_of_fifteen_minutes_and_two_are_never_the_same() {
    let tenant = Tenant::new(1).await;
    let again = tenant.sign_in(KEY, "simulated/secret+access/key").await.json();
    assert_ne!(again["token"], json!(tenant.token));
    assert_eq!(again.as_object().unwrap().len(), 1);
    let claims = URL_SAFE_NO_PAD.decode(tenant.token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);

    let health = tenant.get("/v2/health-check").await;
    assert_eq!((health.status, health.text.as_str()), (200, ""));
    tenant.clock.advance(Duration::from_secs(900));
    assert_eq!(tenant.get("/v2/health-check").await.refusal(), (401, "InvalidBearerTokenError".into()));
    tenant.faults(&["token-status=403"]);
    assert_eq!(tenant.get("/v2/health-check").await.refusal(), (403, "InvalidBearerTokenError".into()));
}

#[tokio::test]
async fn refusals_have_the_documented_types() {
    let mut tenant = Tenant::new(3).await;
    let wrong = |status: u16, kind: &str| (status, kind.to_owned());
    assert_eq!(tenant.sign_in(KEY, "other").await.refusal(), wrong(403, "InvalidCredentialsError"));
    assert_eq!(
        tenant.write("POST", "/v2/authentication", &json!({})).await.refusal(),
        wrong(400, "MissingParameterError")
    );
    for (method, path, body, expected) in [
        ("GET", "/v2/applicant-management/nothing", "", wrong(404, "InvalidEndpointError")),
        ("DELETE", "/v2/applicant-management/applicants", "", wrong(404, "InvalidEndpointError")),
        ("GET", "/v2/applicant-management/posts?onlyActive=yes", "", wrong(400, "InvalidParameterTypeError")),
        ("GET", "/v2/applicant-management/applicants?page=x", "", wrong(400, "InvalidParameterTypeError")),
        ("GET", "/v2/applicant-management/applicants?page=0", "", wrong(400, "InvalidParameterError")),
        ("GET", "/v2/applicant-management/applicants/nobody", "", wrong(400, "InvalidParameterError")),
        ("GET", "/v2/applicant-management/job-applications/1001", "", wrong(404, "InvalidEndpointError")),
        ("GET", "/v2/applicant-management/job-applications/jobs/x", "", wrong(400, "InvalidJobIdError")),
        ("POST", APPLICATIONS, "{", wrong(400, "InvalidPayloadError")),
        ("POST", APPLICATIONS, "{}", wrong(400, "MissingParameterError")),
        ("POST", APPLICATIONS, r#"{"data":5}"#, wrong(400, "InvalidParameterTypeError")),
    ] {
        assert_eq!(tenant.call(method, path, None, body).await.refusal(), expected, "{method} {path}");
    }
    tenant.faults(&["unknown-id-404"]);
    let bare = tenant.get("/v2/applicant-management/posts/nothing").await;
    assert_eq!((bare.status, bare.text.as_str()), (404, ""));
    tenant.faults(&["expired-contract"]);
    assert_eq!(tenant.get("/v2/persons").await.refusal(), wrong(403, "InvalidCustomerNumberError"));
    tenant.faults(&[]);
    tenant.token.clear();
    assert_eq!(tenant.get("/v2/persons").await.refusal(), wrong(401, "MissingAuthorizationHeaderError"));
    tenant.token = " ".into();
    assert_eq!(tenant.get("/v2/persons").await.refusal(), wrong(401, "MalformedAuthorizationHeaderError"));
}

#[tokio::test]
async fn a_key_may_only_what_its_grid_says() {
    let mut tenant = Tenant::new(3).await;
    assert!(CATEGORIES.contains(&"Applicant Management"));
    tenant.simulator.edit(|held| held.add_key("K2", "S2", &["Persons:read", "Applicant Management:write"]));
    tenant.token = tenant.sign_in("K2", "S2").await.json()["token"].as_str().unwrap().into();
    let denied = (403, "PermissionDeniedError".to_owned());
    assert_eq!(tenant.get("/v2/persons").await.status, 200);
    assert_eq!(tenant.get("/v2/health-check").await.status, 200);
    for path in
        ["/v2/applicant-management/posts", "/v2/organization-units", "/v2/permanent-establishments", "/v2/webhooks"]
    {
        assert_eq!(tenant.get(path).await.refusal(), denied, "{path}");
    }
    // Who may write may look after what became of it.
    assert!(tenant.apply(erika()).await["apiResponse"]["result"].is_array());
    tenant.simulator.edit(|held| held.set_permissions("K2", &["Applicant Management:read"]));
    assert_eq!(tenant.write("POST", APPLICATIONS, &json!({"data": [erika()]})).await.refusal(), denied);
    assert_eq!(tenant.get("/v2/persons").await.refusal(), denied);
}

#[tokio::test]
async fn lists_have_fifty_rows_and_links_to_the_next_and_the_last_page() {
    let tenant = Tenant::new(120).await;
    let path = "/v2/applicant-management/applicants";
    let first = tenant.get(path).await;
    assert_eq!(first.rows("applicants").len(), 50);
    let link =
        format!("<http://hr.example{path}?page=2>; rel=\"next\", <http://hr.example{path}?page=3>; rel=\"last\"");
    assert_eq!(first.link(), Some(link.as_str()));
    let last = tenant.get(&format!("{path}?page=3")).await;
    assert_eq!((last.rows("applicants").len(), last.link()), (20, None));
    let beyond = tenant.get(&format!("{path}?page=4")).await;
    assert_eq!((beyond.status, beyond.rows("applicants").len(), beyond.link()), (200, 0, None));

    let filtered =
        tenant.get(&format!("{APPLICATIONS}?statusFilter=applied&statusFilter=inProgress&posts=POST-0001")).await;
    let uuid = tenant.simulator.edit(|held| held.job_ids()[0].clone());
    for row in filtered.rows("jobApplications") {
        assert!(["applied", "inProgress"].contains(&row["statusIdentifier"].as_str().unwrap()));
        assert_eq!((&row["postId"], &row["postUuid"]), (&json!("POST-0001"), &json!(uuid)));
    }
    let kept = tenant.get(&format!("{APPLICATIONS}?statusFilter=applied&statusFilter=notEmployed&page=1")).await;
    assert!(kept.link().unwrap().contains("?statusFilter=applied&statusFilter=notEmployed&page=2>"));

    let two: Vec<String> =
        first.rows("applicants").iter().take(2).map(|row| row["uuid"].as_str().unwrap().into()).collect();
    let only = tenant.get(&format!("{path}?applicants={}&applicants={}", two[0], two[1])).await;
    assert_eq!(only.rows("applicants").len(), 2);
    let one = tenant.get(&format!("{path}/{}", two[0])).await.json();
    assert_eq!(one, only.rows("applicants")[0]);
}

#[tokio::test]
async fn applications_come_by_creation_with_basic_times_and_links_that_never_repeat() {
    let tenant = Tenant::new(60).await;
    let read = async || tenant.get(APPLICATIONS).await.rows("jobApplications");
    let (one, other) = (read().await, read().await);
    let times: Vec<&str> = one.iter().map(|row| row["creationDateAndTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times[0].len() == 16 && times[0].ends_with('Z'));
    let links = |rows: &[Value]| -> Vec<String> {
        rows.iter()
            .flat_map(|row| row["applicationDocuments"].as_array().unwrap())
            .map(|link| link.as_str().unwrap().into())
            .collect()
    };
    let (one, other) = (links(&one), links(&other));
    assert!(!one.is_empty() && one.iter().all(|link| !other.contains(link)));
    let file = tenant.get(one[0].trim_start_matches("http://hr.example")).await;
    assert!(file.status == 200 && file.text.starts_with("Unterlage"));
    tenant.clock.advance(Duration::from_secs(3600));
    assert_eq!(tenant.get(one[0].trim_start_matches("http://hr.example")).await.status, 403);
}

#[tokio::test]
async fn posts_and_persons_are_filtered_as_documented() {
    let tenant = Tenant::new(0).await;
    let posts = async |query: &str| tenant.get(&format!("/v2/applicant-management/posts{query}")).await.rows("posts");
    assert_eq!((posts("").await.len(), posts("?onlyActive=false").await.len()), (11, 12));
    let (by_uuid, by_key) = (posts("").await[0]["uuid"].as_str().unwrap().to_owned(), "POST-0001");
    for id in [by_uuid.as_str(), by_key] {
        assert_eq!(tenant.get(&format!("/v2/applicant-management/posts/{id}")).await.json()["key"], "POST-0001");
    }
    // Active units only; then everybody, one person twice.
    let persons = async |query: &str| tenant.get(&format!("/v2/persons{query}")).await.json();
    let count =
        |map: &Value| map.as_object().unwrap().values().map(|list| list.as_array().unwrap().len()).sum::<usize>();
    assert_eq!(count(&persons("").await), 6);
    let all = persons("?onlyActive=false&onlyActiveOrganizationUnits=false").await;
    assert_eq!(count(&all), 9);
    assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), ["", "100", "200", "300", "400"]);
    assert!(persons("?identifierType=uuid").await.as_object().unwrap().keys().all(|key| key.len() == 36));
    let rows = |answer: Answer| answer.rows("persons").len();
    assert_eq!(rows(tenant.get("/v2/persons/master-data").await), 7);
    assert_eq!(rows(tenant.get("/v2/persons/master-data?onlyActive=false").await), 8);
    assert_eq!(rows(tenant.get("/v2/persons/master-data?persons=hinnerk.altenteil").await), 1);
    assert_eq!(tenant.get("/v2/persons/5").await.json()["firstName"], "Hinnerk");
    assert!(tenant.get("/v2/persons/5").await.json().get("email").is_none());
    assert_eq!(tenant.get("/v2/persons/5/master-data").await.json()["email"], "hinnerk.altenteil@acme.example");
    assert_eq!(tenant.get("/v2/organization-units").await.rows("organizationUnits").len(), 3);
    assert_eq!(tenant.get("/v2/organization-units/400").await.status, 200);
    assert_eq!(tenant.get("/v2/permanent-establishments").await.rows("permanentEstablishments").len(), 3);
    assert_eq!(tenant.get("/v2/permanent-establishments/3").await.json()["address"]["internationalCountryCode"], "DEU");
}

#[tokio::test]
async fn an_application_is_created_a_little_later() {
    let tenant = Tenant::new(0).await;
    let mut record = erika();
    record["postOfferId"] = json!("1");
    let accepted = tenant.write("POST", APPLICATIONS, &json!({"data": [record]})).await;
    assert_eq!(tenant.simulator.edit(|held| held.applications()), 0);
    let (pending, done) = tenant.finish(APPLICATIONS, &accepted).await;
    assert_eq!(
        (pending, &done["status"], &done["responseType"]),
        (2, &json!("finished"), &json!("MultiWriteRequestResponse"))
    );
    let row = &done["apiResponse"]["result"][0];
    assert_eq!(
        row,
        &json!({"recordId": 1, "data": {"id": "1001", "postId": "POST-0001", "postOfferId": "1", "firstName": "Erika",
            "lastName": "Muster", "status": "Beworben", "statusIdentifier": "applied"}})
    );
    assert_eq!(tenant.get(APPLICATIONS).await.rows("jobApplications")[0]["creationDateAndTime"], "20260701T100000Z");
    // The same address is the same person; a second application is a second one.
    let mut again = erika();
    (again["email"], again["firstName"]) = (json!("ERIKA@example.com"), json!("Rika"));
    assert_eq!(tenant.apply(again).await["apiResponse"]["result"][0]["data"]["id"], "1002");
    assert_eq!(tenant.simulator.edit(|held| (held.candidates(), held.applications())), (1, 2));
    let writes = tenant.simulator.edit(|held| held.writes());
    assert_eq!(writes, [("POST /applicant-management/job-applications".to_owned(), 2)]);
    tenant.clock.advance(Duration::from_secs(86_400));
    let tenant = Tenant {
        token: tenant.sign_in(KEY, "simulated/secret+access/key").await.json()["token"].as_str().unwrap().into(),
        ..tenant
    };
    let id = accepted.json()["jobId"].as_str().unwrap().to_owned();
    assert_eq!(tenant.get(&format!("{APPLICATIONS}/jobs/{id}")).await.refusal().1, "InvalidJobIdError");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_becomes_visible_without_a_poll() {
    let tenant = Tenant::new(0).await;
    tenant.faults(&["lost-answer-every=1"]);
    assert_eq!(tenant.write("POST", APPLICATIONS, &json!({"data": [erika()]})).await.text, "");
    tenant.faults(&[]);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(tenant.get(&format!("{APPLICATIONS}?posts=POST-0001")).await.rows("jobApplications").len());
    }
    assert_eq!(seen, [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_record_that_is_wrong_fails_the_whole_write() {
    let tenant = Tenant::new(0).await;
    let but = |name: &str, value: Value| {
        let mut record = erika();
        record[name] = value;
        record
    };
    for record in [
        json!({}),
        json!("text"),
        but("postId", json!("unknown")),
        but("postOfferId", json!("999")),
        but("lastName", json!("")),
        but("phone", Value::Null),
        but("firstName", json!(5)),
        but("email", json!("erika")),
        but("gender", json!("f")),
        but("countryCode", json!("DE")),
        but("desiredSalary", json!("65000")),
        but("creationDateAndTime", json!("2025-02-28T09:46:00Z")),
        but("earliestPossibleJoinDate", json!("1.9.2025")),
        but("hasPrivacyTermsAccepted", json!("yes")),
        but("permissionToStoreApplication", json!("always")),
    ] {
        let done = tenant.apply(record.clone()).await;
        assert_eq!((&done["status"], &done["apiResponse"]["result"]), (&json!("finished"), &Value::Null), "{record}");
        assert!(done["apiResponse"]["dataErrors"][0]["errors"][0]["text"].is_string());
    }
    let accepted = tenant.write("POST", APPLICATIONS, &json!({"data": [erika(), {}]})).await;
    let (_, done) = tenant.finish(APPLICATIONS, &accepted).await;
    assert_eq!(done["apiResponse"]["dataErrors"][0]["recordId"], 2);
    assert_eq!(tenant.simulator.edit(|held| (held.applications(), held.writes().len())), (0, 0));
    // The two that may be null.
    let fine =
        json!({"gender": null, "noticePeriodTimeUnit": null, "postId": "POST-0001", "firstName": "A", "lastName": "B"});
    assert!(tenant.apply(fine).await["apiResponse"]["result"].is_array());
}

#[tokio::test]
async fn files_come_as_bytes_or_by_address() {
    let tenant = Tenant::new(0).await;
    tenant.apply(erika()).await;
    let files = format!("{APPLICATIONS}/1001/files");
    let pdf = Some("application/pdf");
    let missing = (400, "MissingParameterError".to_owned());
    assert_eq!(tenant.call("POST", &files, pdf, "x").await.refusal(), missing);
    assert_eq!(tenant.call("POST", &format!("{files}?fileName=cv.pdf"), None, "x").await.refusal(), missing);
    assert_eq!(tenant.call("POST", &format!("{files}?fileName=cv.pdf"), pdf, "").await.refusal(), missing);
    let unknown = format!("{APPLICATIONS}/9/files?fileName=cv.pdf");
    assert_eq!(tenant.call("POST", &unknown, pdf, "x").await.refusal().1, "InvalidParameterError");

    let accepted = tenant.call("POST", &format!("{files}?fileName=L%C3%B6we%20cv.pdf"), pdf, "%PDF-1").await;
    let (_, done) = tenant.finish(APPLICATIONS, &accepted).await;
    assert_eq!(done["responseType"], "FileUploadRequestResponse");
    assert!(done["apiResponse"]["result"].as_str().unwrap().starts_with("http://hr.example/files/1/"));
    let document = tenant.simulator.edit(|held| held.documents_of("1001")[0].clone());
    assert_eq!((&*document.name, document.content.as_deref()), ("Löwe cv.pdf", Some(&b"%PDF-1"[..])));
    let link = tenant.get(APPLICATIONS).await.rows("jobApplications")[0]["applicationDocuments"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let back = tenant.get(link.trim_start_matches("http://hr.example")).await;
    assert_eq!((back.text.as_str(), &back.headers["content-type"]), ("%PDF-1", &"application/pdf".parse().unwrap()));

    for (url, works) in
        [("https://files.example/cv.pdf", true), ("https://files.invalid/cv.pdf", false), ("ftp://x/y", false)]
    {
        let path = format!("{files}?fileName=cv.pdf&url={url}");
        let (_, done) = tenant.finish(APPLICATIONS, &tenant.call("POST", &path, pdf, "").await).await;
        assert_eq!(done["apiResponse"]["result"].is_string(), works, "{url}");
        assert_eq!(done["apiResponse"]["generalErrors"].is_array(), !works, "{url}");
    }
}

#[tokio::test]
async fn the_knobs_of_writing_turn() {
    let tenant = Tenant::new(0).await;
    let foreign = || {
        let mut record = erika();
        record["howDidYouHearAboutUs"] = json!("Nirgendwo");
        record
    };
    tenant.faults(&["pending-polls=0", "no-response-type", "terminal-word=done", "no-result-id"]);
    let accepted = tenant.write("POST", APPLICATIONS, &json!({"data": [erika()]})).await;
    let (pending, done) = tenant.finish(APPLICATIONS, &accepted).await;
    assert_eq!((pending, &done["status"], done.get("responseType")), (0, &json!("done"), None));
    assert!(done["apiResponse"]["result"][0]["data"].get("id").is_none());
    tenant.faults(&["pending-envelope", "job-never-finishes"]);
    let accepted = tenant.write("POST", APPLICATIONS, &json!({"data": [erika()]})).await;
    let path = format!("{APPLICATIONS}/jobs/{}", accepted.json()["jobId"].as_str().unwrap());
    for _ in 0..5 {
        let pending = tenant.get(&path).await.json();
        assert_eq!((&pending["status"], &pending["apiResponse"]), (&json!("pending"), &json!({})));
    }
    tenant.faults(&["job-fails"]);
    assert_eq!(tenant.apply(erika()).await["apiResponse"]["generalErrors"][0]["type"], "InternalServerError");
    tenant.faults(&["reject-unknown-source"]);
    assert!(tenant.apply(foreign()).await["apiResponse"]["dataErrors"].is_array());
    tenant.faults(&["drop-unknown-source"]);
    assert!(tenant.apply(foreign()).await["apiResponse"]["result"][0]["warnings"].is_array());
    tenant.faults(&["english-labels"]);
    assert_eq!(tenant.get(APPLICATIONS).await.rows("jobApplications")[0]["status"], "Applied");
}

#[tokio::test]
async fn webhooks_are_kept_and_sign_what_they_would_deliver() {
    let tenant = Tenant::new(3).await;
    let hooks = "/v2/webhooks";
    let hook = json!({"name": "new", "resource": "applicant", "action": "resourceCreated", "url": "https://our.example/in",
        "accessKey": KEY, "isActive": true});
    let accepted = tenant.write("POST", hooks, &json!({"data": [hook]})).await;
    let (_, done) = tenant.finish(hooks, &accepted).await;
    let id = done["apiResponse"]["result"][0]["data"]["id"].as_u64().unwrap();
    // Another resource's jobs endpoint does not know it.
    let elsewhere = format!("{APPLICATIONS}/jobs/{}", accepted.json()["jobId"].as_str().unwrap());
    assert_eq!(tenant.get(&elsewhere).await.refusal().1, "InvalidJobIdError");

    tenant.apply(erika()).await;
    let deliveries = tenant.simulator.edit(super::Account::take_deliveries);
    let [delivery] = deliveries.as_slice() else { panic!("{deliveries:?}") };
    let body: Value = serde_json::from_str(&delivery.body).unwrap();
    let header = |name: &str| delivery.headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let signed = format!("{}.{}", body["jobId"].as_str().unwrap(), header("x-hrworks-timestamp"));
    let expected = super::token::hmac(b"simulated/secret+access/key", signed.as_bytes());
    assert_eq!(header("x-hrworks-signature"), STANDARD.encode(expected));
    assert_eq!((&body["event"], &body["action"]), (&json!("serverEvent"), &json!("resourceCreated")));
    let uuid = tenant.get(&format!("{APPLICATIONS}?posts=POST-0001")).await.rows("jobApplications").pop().unwrap();
    let uuid = uuid["applicant"]["uuid"].as_str().unwrap().to_owned();
    assert_eq!(body["resourceLocation"], format!("https://api.hrworks.de/v2/applicant-management/applicants/{uuid}"));

    let mut off = hook.clone();
    (off["id"], off["isActive"]) = (json!(id), json!(false));
    tenant.finish(hooks, &tenant.write("PUT", hooks, &json!({"data": [off]})).await).await;
    assert_eq!(tenant.get(hooks).await.rows("webhooks").len(), 0);
    assert_eq!(tenant.get("/v2/webhooks?onlyActive=false&resource=applicant").await.rows("webhooks").len(), 1);
    let deleted = tenant.call("DELETE", &format!("{hooks}?numbers={id}"), None, "").await;
    let (_, done) = tenant.finish(hooks, &deleted).await;
    assert_eq!(done["apiResponse"], json!({"result": {"total": 1}}));
    for wrong in [
        json!({"name": "x"}),
        json!({"name": "x", "resource": "applicant", "action": "resourceDeactivated", "url": "https://x"}),
    ] {
        let (_, done) = tenant.finish(hooks, &tenant.write("POST", hooks, &json!({"data": [wrong]})).await).await;
        assert!(done["apiResponse"]["dataErrors"].is_array());
    }
}

#[tokio::test]
async fn faults_spoil_answers_as_they_say() {
    let tenant = Tenant::new(120).await;
    let path = "/v2/applicant-management/applicants";
    tenant.faults(&["duplicate-rows", "half-of-records"]);
    let page = tenant.get(path).await;
    assert_eq!((page.rows("applicants").len(), page.link().unwrap().contains("page=2>; rel=\"last\"")), (51, true));
    tenant.faults(&["truncated-page"]);
    assert!(serde_json::from_str::<Value>(&tenant.get(path).await.text).is_err());
    tenant.faults(&["rate-limit-every=2", "retry-after-seconds=7"]);
    assert_eq!(tenant.get(path).await.status, 200);
    let limited = tenant.get(path).await;
    assert_eq!(
        (limited.refusal().1.as_str(), &limited.headers["retry-after"]),
        ("TooManyRequestsError", &"7".parse().unwrap())
    );
    tenant.faults(&["error-rate=1@/v2/persons"]);
    assert_eq!((tenant.get(path).await.status, tenant.get("/v2/persons").await.status), (200, 500));
    tenant.faults(&["missing-field=email", "legacy-fields"]);
    let row = tenant.get(path).await.rows("applicants")[0].clone();
    assert!(row.get("email").is_none() && row["address"].get("phone").is_none());
    let posts = tenant.get("/v2/applicant-management/posts").await.rows("posts");
    assert!(posts.iter().all(|post| post.get("uuid").is_none()));
    assert!(posts[0]["postOffers"][0].get("homeOfficeAvailable").is_some());
    tenant.faults(&["shift-pages"]);
    let before = tenant.simulator.edit(|held| held.applications());
    let first = tenant.get(APPLICATIONS).await.rows("jobApplications");
    assert_eq!(tenant.simulator.edit(|held| held.applications()), before - 1);
    assert_ne!(tenant.get(APPLICATIONS).await.rows("jobApplications")[0], first[0]);
    assert!("sunshine".parse::<Fault>().unwrap_err().to_string().contains("pending-polls"));
    assert!("pending-polls@nowhere".parse::<Fault>().is_err() && "slow-ms".parse::<Fault>().is_err());
}

#[tokio::test]
async fn the_test_door_sets_faults_and_edits() {
    let tenant = Tenant::new(3).await;
    let door = async |method: &str, path: &str, body: Value| tenant.write(method, path, &body).await;
    assert_eq!(
        door("PUT", "/_simulator/faults", json!({"faults": ["slow-ms=1", "html-200@/v2/persons"]})).await.status,
        200
    );
    assert_eq!(door("PUT", "/_simulator/faults", json!({"faults": ["sunshine"]})).await.status, 400);
    assert!(tenant.get("/v2/persons").await.text.starts_with("<!DOCTYPE html>"));
    let added = door(
        "POST",
        "/_simulator/edit",
        json!({"op": "add_candidate", "job": "POST-0001",
        "fields": {"firstName": "Neu", "email": "neu@example.com"}}),
    )
    .await
    .json();
    let id = added["application"].as_str().unwrap().to_owned();
    for edit in [
        json!({"op": "set_status", "id": id, "status": "employed"}),
        json!({"op": "update_candidate", "id": added["id"], "fields": {"lastName": "Neuer"}}),
        json!({"op": "rename_job", "id": "POST-0001", "name": "Neu"}),
        json!({"op": "close_job", "id": "POST-0001"}),
        json!({"op": "take_permission", "permission": "Persons:read"}),
    ] {
        assert_eq!(door("POST", "/_simulator/edit", edit.clone()).await.json(), json!({"done": true}), "{edit}");
    }
    assert_eq!(door("POST", "/_simulator/edit", json!({"op": "delete_job", "id": "x"})).await.status, 404);
    assert_eq!(door("POST", "/_simulator/edit", json!({"op": "fly"})).await.status, 400);
    let state = tenant.get("/_simulator/state").await.json();
    assert_eq!((&state["candidates"], &state["faults"][0]), (&json!(4), &json!("slow-ms=1")));
    assert_eq!(tenant.simulator.edit(|held| held.application(&id).unwrap().status.clone()), "employed");
    // The door is not part of what was asked of the vendor.
    assert_eq!(tenant.simulator.count("", "/_simulator"), 0);
    assert_eq!(tenant.simulator.requests().len(), 2);
    tenant.simulator.clear_requests();
    assert_eq!(tenant.simulator.count("", ""), 0);
}

#[tokio::test]
async fn the_seed_repeats_itself_and_has_the_awkward_cases() {
    let (one, other) = (Tenant::new(2000).await, Tenant::new(2000).await);
    assert_eq!(one.get(APPLICATIONS).await.text, other.get(APPLICATIONS).await.text);
    one.simulator.edit(|held| {
        let people: Vec<&Applicant> = held.candidate_ids().iter().map(|id| held.applicants.get(id).unwrap()).collect();
        let some = |fits: fn(&Applicant) -> bool| people.iter().any(|person| fits(person));
        assert!(some(|person| person.email.is_none()) && some(|person| person.is_legacy));
        assert!(some(|person| person.address.city.is_none()) && some(|person| person.last_name.is_empty()));
        assert!(held.candidate_ids().iter().any(|id| held.applications_of(id).len() == 2));
        let statuses: BTreeSet<String> = held.applications.values().map(|one| one.status.to_string()).collect();
        assert_eq!(statuses.len(), 8);
        assert!((2200..3000).contains(&held.applications()), "{}", held.applications());
        let now = held.now();
        assert!(held.applications.values().all(|one| one.created_at < now));
    });
}
