use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Account, Advert, Candidate, Fault, Options, Record, Simulator, Variant};
use crate::domain::clock::FrozenClock;

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn rows(&self) -> Vec<Value> {
        self.json().as_array().unwrap().clone()
    }

    fn ids(&self) -> Vec<i64> {
        self.rows().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    fn total(&self) -> usize {
        self.headers["x-result-total-count"].to_str().unwrap().parse().unwrap()
    }
}

struct Tenant {
    simulator: Simulator,
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
        Self::at(candidates, "2026-07-01T10:00:00Z").await
    }

    async fn at(candidates: usize, now: &str) -> Self {
        let clock = Arc::new(FrozenClock::at(now.parse::<DateTime<Utc>>().unwrap()));
        let simulator = Simulator::new(Options { candidates, ..Options::new(clock) });
        let body = "grant_type=client_credentials&client_id=acme_hiregraph&client_secret=simulated-secret";
        let request = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        let answer = send(&simulator, request.body(Body::from(body)).unwrap()).await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        Self { simulator, token }
    }

    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = if path.starts_with("/public") { path.to_owned() } else { format!("/api/integration/v2{path}") };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.simulator, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call("GET", path, headers, "").await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[("content-type", "application/json")], &body.to_string()).await
    }

    fn faults(&self, faults: &[&str]) {
        self.simulator.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
    }
}

#[tokio::test]
async fn the_token_answer_has_the_vendors_key_order_and_forty_hex_digits() {
    let tenant = Tenant::new(1).await;
    let body = r#"{"client_id":"acme_hiregraph","client_secret":"simulated-secret","grant_type":"client_credentials","scope":"employee user"}"#;
    let request = Request::post("/oauth2/token").header("content-type", "application/json");
    let answer = send(&tenant.simulator, request.body(Body::from(body)).unwrap()).await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!((token.len(), token.bytes().all(|b| b.is_ascii_hexdigit())), (40, true));
    let rest = r#","expires_in":2592000,"token_type":"Bearer","scope":"employee user"}"#;
    assert_eq!(answer.text, format!(r#"{{"access_token":"{token}"{rest}"#));
}

#[tokio::test]
async fn paging_is_one_based_capped_and_ends_in_an_empty_list() {
    let tenant = Tenant::new(250).await;
    let sort = ("x-request-sort", r#"{"id":"ASC"}"#);
    let page = |page: &'static str| [("x-request-page-size", "500"), ("x-request-current-page", page), sort];
    let first = tenant.get("/employees/", &page("1")).await;
    assert_eq!(first.ids(), (1..=100).collect::<Vec<_>>());
    assert_eq!(first.headers["x-result-page-size"], "100");
    assert_eq!(first.headers["x-result-total-pages"], "3");
    assert_eq!((tenant.get("/employees/", &page("3")).await.ids().len(), first.total()), (50, 250));
    assert_eq!(tenant.get("/employees/", &page("4")).await.text, "[]");
    assert_eq!(tenant.get("/employees/", &page("0")).await.status, 400);
    assert_eq!(tenant.get("/employees/", &[("x-request-page-size", "many")]).await.status, 400);
    assert_eq!(tenant.get("/workflows", &[("x-request-page-size", "101")]).await.status, 400);
    assert_eq!(tenant.get("/sources", &[("x-request-page-size", "51")]).await.status, 500);
    let unsorted = tenant.get("/employees/", &[]).await.ids();
    assert!(!unsorted.is_sorted() && unsorted.len() == 20);
}

#[tokio::test]
async fn filters_are_checked_and_joined_by_and() {
    let tenant = Tenant::new(300).await;
    let ask = async |filter: &str| tenant.get("/employees/", &[("x-request-filter", filter)]).await;
    let both = r#"{"id":{"value":"10","comparison":">="},"updated_at":{"value":"2022-01-01","comparison":"<="}}"#;
    let answer = ask(both).await;
    assert!(answer.total() > 0 && answer.ids().iter().all(|id| *id >= 10));
    assert_eq!(ask(r#"{"id":{"value":[3,4],"comparison":"in"}}"#).await.total(), 2);
    let email = tenant.simulator.edit(|account| account.candidate(1).unwrap().email.clone()).unwrap().to_uppercase();
    let filter = json!({"email": {"value": email, "comparison": "="}}).to_string();
    assert_eq!(ask(&filter).await.ids(), [1]);
    assert_eq!(ask(r#"{"email":{"value":"EXAMPLE","comparison":"like"}}"#).await.status, 200);
    for bad in [
        "{",
        "[1]",
        r#"{"shoe_size":{"value":1,"comparison":"="}}"#,
        r#"{"id":{"value":1,"comparison":"<"}}"#,
        r#"{"id":{"value":1,"comparison":"in"}}"#,
        r#"{"id":{"value":1,"comparison":"like"}}"#,
        r#"{"updated_at":{"value":"soon","comparison":">="}}"#,
    ] {
        assert_eq!(ask(bad).await.status, 400, "{bad}");
    }
    assert_eq!(tenant.get("/employees/", &[("x-request-sort", r#"{"sort_by":"id"}"#)]).await.status, 400);
    let feed = [("x-request-sort", r#"{"sort_by":"id","direction":"ASC"}"#)];
    assert!(tenant.get("/public/job_posts/published", &feed).await.ids().is_sorted());
}

#[tokio::test]
async fn days_compare_with_warsaw_dates_and_times_are_written_as_the_wall_shows_them() {
    // 00:30 in UTC of the night in which 02:30 comes twice: the first one.
    let tenant = Tenant::at(3, "2024-10-27T00:30:00Z").await;
    let id =
        tenant.simulator.edit(|account| account.add_candidate(Candidate::new("Ida", "Halniak", "ida@example.com")));
    let row = tenant.get(&format!("/employees/{id}"), &[]).await.json();
    assert_eq!(row["created_at"], "2024-10-27 02:30:00");
    // 22:30 in UTC is the next day in Warsaw.
    let late = Tenant::at(3, "2026-06-30T22:30:00Z").await;
    late.simulator.edit(|account| account.update_candidate(2, |candidate| candidate.name = "Nela".into()));
    let filter = r#"{"updated_at":{"value":"2026-07-01","comparison":">="}}"#;
    assert_eq!(late.get("/employees/", &[("x-request-filter", filter)]).await.ids(), [2]);
}

#[tokio::test]
async fn null_relations_are_left_out_and_custom_fields_never_are() {
    let tenant = Tenant::new(1).await;
    let id = tenant.simulator.edit(|account| account.add_candidate(Candidate::new("", "", "")));
    let row = tenant.get(&format!("/employees/{id}"), &[]).await.json();
    for absent in ["email", "source", "owner", "created_by", "updated_by", "guid"] {
        assert!(row.get(absent).is_none(), "{absent}");
    }
    for null in ["mobile", "linkedin", "candidate_location", "_nationality", "_Position", "_previous_employers"] {
        assert_eq!(row.get(null), Some(&Value::Null), "{null}");
    }
}

#[tokio::test]
async fn a_job_shows_different_keys_in_the_list_and_in_its_detail() {
    let tenant = Tenant::new(20).await;
    let list = tenant.get("/recruitments/", &[("x-request-sort", r#"{"id":"ASC"}"#)]).await.rows();
    let detail = tenant.get("/recruitments/6", &[]).await.json();
    let has = |row: &Value, key: &str| row.get(key).is_some();
    for key in ["workflow_id", "status", "responsible_person"] {
        assert!(!has(&list[5], key) && has(&detail, key), "{key}");
    }
    assert!(has(&list[5], "is_confidential") && !has(&detail, "is_confidential"));
    assert_eq!((&detail["status"], &detail["is_closed"]), (&json!("active"), &json!(true)));
    assert!(has(&list[5], "_cost_center") && has(&detail, "_cost_center"));
}

#[tokio::test]
async fn a_move_chains_the_ledger_and_the_same_state_again_changes_nothing() {
    let tenant = Tenant::new(0).await;
    let made = tenant.post("/employees/", json!({"name": "Bogna", "lastname": "Tur", "email": "b@example.com"})).await;
    assert_eq!((made.status, made.json()["id"].as_i64()), (201, Some(1)));
    assert_eq!(tenant.post("/employees/", json!({"lastname": "X", "email": "B@example.com"})).await.status, 409);
    assert_eq!(tenant.post("/employees/", json!({"lastname": "X", "email": "b"})).await.status, 400);
    assert_eq!(tenant.post("/recruitments/1/employees/1", json!({})).await.status, 201);
    assert_eq!(tenant.post("/recruitments/1/employees/1", json!({})).await.status, 409);
    for _ in 0..2 {
        assert_eq!(tenant.post("/employees/1/recruitments/1/states/25/_move", json!({})).await.status, 200);
    }
    assert_eq!(tenant.post("/employees/1/recruitments/1/states/21/_move", json!({})).await.status, 400);
    let reject = "/employees/1/recruitments/1/states/_move_to_reject_state";
    assert_eq!(tenant.post(reject, json!({"rejection_id": 3})).await.status, 200);
    let rows = tenant.get("/employees/recruitment_history", &[("x-request-sort", r#"{"id":"ASC"}"#)]).await.rows();
    let states: Vec<i64> = rows.iter().map(|row| row["workflow_state"]["id"].as_i64().unwrap()).collect();
    assert_eq!(states, [19, 25, 21]);
    assert_eq!((&rows[0]["end_date"], rows[2].get("end_date")), (&rows[1]["date"], None));
    let said = tenant.get("/employees/1/activities", &[("x-request-sort", r#"{"id":"DESC"}"#)]).await.rows();
    assert!(said[0]["content"].as_str().unwrap().contains(r#""rejection":{"name":"Po CV"}"#));
    assert!(said[0].get("employee").is_none());
}

#[tokio::test]
async fn wrong_slashes_redirect_and_missing_rights_are_told_apart() {
    let tenant = Tenant::new(1).await;
    let location = |answer: &Answer| answer.headers["location"].to_str().unwrap().to_owned();
    let answer = tenant.get("/employees", &[]).await;
    assert_eq!((answer.status, location(&answer).as_str()), (301, "/api/integration/v2/employees/"));
    let answer = tenant.get("/workflows/", &[]).await;
    assert_eq!((answer.status, location(&answer).as_str()), (301, "/api/integration/v2/workflows"));
    assert_eq!(tenant.post("/employees/1/files", json!({})).await.status, 301);
    assert_eq!(tenant.get("/job_posts/", &[]).await.status, 404);
    assert_eq!(tenant.call("DELETE", "/employees/1", &[], "").await.status, 405);
    tenant.faults(&["forbid-scope=user"]);
    assert_eq!(tenant.get("/users/", &[]).await.status, 403);
    tenant.simulator.edit(Account::expire_tokens);
    assert_eq!(tenant.get("/employees/", &[]).await.json()["error"], "expired_token");
    tenant.simulator.edit(Account::revoke_tokens);
    assert_eq!(tenant.get("/employees/", &[]).await.json()["error"], "invalid_token");
}

#[tokio::test]
async fn an_upload_has_symfony_names_and_reads_back_byte_for_byte() {
    let tenant = Tenant::new(1).await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file[file]\"; filename=\"ż.pdf\"\r\n\
        Content-Type: application/pdf\r\n\r\n%PDF-1\r\n--b\r\nContent-Disposition: form-data; name=\"file[isPublic]\"\r\n\r\n1\r\n--b--\r\n";
    let kind = [("content-type", "multipart/form-data; boundary=b")];
    let made = tenant.call("POST", "/employees/1/files/", &kind, body).await;
    assert_eq!((made.status, &made.json()["name"]), (201, &json!("ż.pdf")));
    let id = made.json()["id"].as_i64().unwrap();
    let back = tenant.get(&format!("/employees/1/files/{id}/content"), &[]).await;
    assert_eq!(back.text, "%PDF-1");
    assert_eq!(back.headers["content-type"], "application/pdf");
}

#[tokio::test]
async fn faults_spoil_lists_as_they_say() {
    let tenant = Tenant::new(50).await;
    let list = async |size: &str| {
        let headers = [("x-request-page-size", size), ("x-request-sort", r#"{"id":"ASC"}"#)];
        tenant.get("/employees/", &headers).await
    };
    tenant.faults(&["short-pages", "ghost-total=3"]);
    let answer = list("20").await;
    assert_eq!((answer.ids().len(), answer.total()), (19, 55));
    tenant.faults(&["short-pages", "no-page-headers"]);
    assert!(!list("20").await.headers.contains_key("x-result-total-pages"));
    tenant.faults(&["text-ids", "gone-410"]);
    assert_eq!(list("20").await.rows()[0]["id"], "1");
    assert_eq!(
        (tenant.get("/employees/999", &[]).await.status, tenant.get("/job_posts/", &[]).await.status),
        (410, 404)
    );
    tenant.faults(&["half-of-records"]);
    assert_eq!((list("20").await.ids()[1], list("20").await.total()), (3, 25));
    tenant.faults(&["truncated-page"]);
    assert!(serde_json::from_str::<Value>(&list("20").await.text).is_err());
    tenant.faults(&["rate-limit-every=2", "retry-after-seconds=7"]);
    assert_eq!(list("20").await.status, 200);
    assert_eq!(list("20").await.headers["retry-after"], "7");
    tenant.faults(&["error-rate=1@/api/integration/v2/users/"]);
    assert_eq!((list("20").await.status, tenant.get("/users/", &[]).await.status), (200, 500));
    tenant.faults(&["shift-pages"]);
    assert_eq!((list("20").await.ids()[0], list("20").await.ids()[0]), (1, 2));
    tenant.faults(&[]);
    tenant.simulator.edit(|account| account.serve_as(Record::Employee, 5, json!({"id": "five"})));
    assert_eq!(list("20").await.rows()[3], json!({"id": "five"}));
    assert!("sunshine".parse::<Fault>().unwrap_err().to_string().contains("sources-500-every"));
}

#[tokio::test]
async fn persons_come_on_short_pages_with_a_total_that_counts_ghosts() {
    let tenant = Tenant::new(0).await;
    let mut ids = Vec::new();
    for page in ["1", "2", "3", "4"] {
        let headers = [("x-request-page-size", "100"), ("x-request-current-page", page)];
        let answer = tenant.get("/crm_persons/", &headers).await;
        assert_eq!((answer.total(), answer.headers["x-result-total-pages"].to_str().unwrap()), (350, "4"));
        ids.push(answer.ids());
    }
    assert_eq!(ids.iter().map(Vec::len).collect::<Vec<_>>(), [99, 99, 99, 50]);
    let all: std::collections::BTreeSet<i64> = ids.into_iter().flatten().collect();
    assert_eq!(all.len(), 347);
}

#[tokio::test]
async fn the_seed_has_members_whom_the_ledger_does_not_know_and_rows_of_people_who_are_no_members() {
    let tenant = Tenant::new(200).await;
    tenant.simulator.edit(|account| {
        let rows = |open: bool| account.ledger.iter().filter(move |row| row.end_date.is_none() == open);
        let members: std::collections::BTreeSet<_> = account.members.keys().copied().collect();
        let mut pairs: Vec<_> = rows(true).map(|row| (row.recruitment, row.employee)).collect();
        pairs.sort_unstable();
        let open = pairs.len();
        pairs.dedup();
        assert!(pairs.iter().any(|pair| !members.contains(pair)), "a row of somebody who was taken out");
        assert!(open > pairs.len(), "two open rows for one pair");
        assert!(members.iter().any(|&(job, candidate)| account.state_of(job, candidate).is_none()));
    });
}

#[tokio::test]
async fn a_lost_answer_was_carried_out_and_is_counted() {
    let tenant = Tenant::new(1).await;
    tenant.faults(&["lost-answer-every=1"]);
    let answer = tenant.post("/employees/1/notes", json!({"content": "ż"})).await;
    assert_eq!(answer.text, "");
    assert_eq!(tenant.simulator.edit(|account| account.notes_of(1)), ["ż"]);
    let writes = tenant.simulator.edit(|account| account.writes());
    assert_eq!(writes, [("POST /employees/{id}/notes".to_owned(), 1)]);
    assert_eq!(tenant.simulator.count("post", "/api/integration/v2/employees/"), 1);
}

#[tokio::test]
async fn the_seed_repeats_itself_and_has_the_documented_proportions() {
    let (one, other) = (Tenant::new(2000).await, Tenant::new(2000).await);
    let sizes = one.simulator.edit(|account| (account.members(), account.history()));
    assert_eq!(sizes, other.simulator.edit(|account| (account.members(), account.history())));
    assert!((3600..4400).contains(&sizes.0) && (6300..7700).contains(&sizes.1), "{sizes:?}");
    assert_eq!(one.get("/employees/", &[]).await.text, other.get("/employees/", &[]).await.text);
    let newest = one.get("/employees/recruitment_history", &[("x-request-sort", r#"{"id":"DESC"}"#)]).await.rows();
    let dates: Vec<String> = newest.iter().map(|row| row["date"].to_string()).collect();
    assert!(dates.is_sorted_by(|newer, older| newer >= older));
}

#[tokio::test]
async fn publishing_puts_a_job_into_the_feed_and_payloads_carry_ids_only() {
    let tenant = Tenant::new(0).await;
    let job = 7;
    assert_eq!(tenant.simulator.edit(|account| account.posts_of(job).len()), 0);
    let post = tenant.simulator.edit(|account| account.publish(job, Advert::new("Rust", "<p>x</p>")));
    let filter = json!({"job_post_id": {"value": post.to_string(), "comparison": "="}}).to_string();
    let feed = tenant.get("/public/job_posts/published", &[("x-request-filter", &filter)]).await.rows();
    assert_eq!((feed.len(), &feed[0]["advert"]["recruitment"]["id"]), (1, &json!(job)));
    let event = super::Event {
        kind: "candidate_hired".to_owned(),
        employee: Some(1),
        recruitment: Some(2),
        ..Default::default()
    };
    assert_eq!(super::payload(&event, Variant::Flat)["employee_id"], 1);
}
