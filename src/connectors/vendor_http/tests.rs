//! Against a small server that is scripted per test.

use std::collections::VecDeque;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use chrono::TimeDelta;
use http::Method;
use secrecy::SecretString;
use serde_json::json;
use tokio::task::JoinSet;

use super::*;
use crate::domain::clock::FrozenClock;

/// Status and headers.
type Scripted = (u16, Vec<(&'static str, String)>);

/// Counts what it is asked and answers from its script; with 200 `{}` when the script is at its end.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Scripted>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Script {
    fn new(answers: &[(u16, &[(&'static str, &str)])]) -> Self {
        let script = Self::default();
        for (status, headers) in answers {
            let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            script.answers.lock().unwrap().push_back((*status, headers));
        }
        script
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let token = request.headers().get("authorization").map_or("-", |value| value.to_str().unwrap());
    let token = token.trim_start_matches("Bearer ");
    script.seen.lock().unwrap().push(format!("{} {} {token}", request.method(), request.uri().path()));
    // Gives requests that came together the time to meet.
    tokio::task::yield_now().await;
    let (status, headers) = script.answers.lock().unwrap().pop_front().unwrap_or((200, Vec::new()));
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from("{}")).unwrap()
}

/// Mints `t1`, `t2` …, each good for an hour.
#[derive(Default)]
struct Counting(AtomicU64);

#[async_trait]
impl Authenticator for Counting {
    async fn mint(&self, http: Anonymous<'_>) -> Result<Token, Error> {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::task::yield_now().await;
        Ok(Token {
            value: SecretString::from(format!("t{count}")),
            expires_at: http.clock().now() + TimeDelta::hours(1),
        })
    }

    fn refused(&self, answer: &Answer) -> bool {
        answer.status == StatusCode::UNAUTHORIZED
    }
}

struct Vendor {
    http: VendorHttp,
    script: Script,
    clock: Arc<FrozenClock>,
    server: JoinSet<()>,
}

async fn vendor(answers: &[(u16, &[(&'static str, &str)])]) -> Vendor {
    vendor_with(answers, Duration::from_secs(5)).await
}

async fn vendor_with(answers: &[(u16, &[(&'static str, &str)])], read_timeout: Duration) -> Vendor {
    let script = Script::new(answers);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/root", listener.local_addr().unwrap());
    let app = axum::Router::new()
        .route("/root/slow", axum::routing::any(std::future::pending::<()>))
        .fallback(answer)
        .with_state(script.clone());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let clock = Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap()));
    let http = VendorHttp::new(Settings {
        vendor: "VENDOR",
        base_url,
        trusted: true,
        limits: Limits { requests_per_second: 1, concurrency: 4, read_timeout, shows_within: Duration::ZERO },
        authenticator: Arc::new(Counting::default()),
        clock: clock.clone(),
    })
    .unwrap();
    Vendor { http, script, clock, server }
}

#[tokio::test]
async fn a_token_is_made_once_for_all_and_again_shortly_before_its_end() {
    let vendor = vendor(&[]).await;
    let calls = (0..8).map(|_| vendor.http.send(Call::get("/x")));
    for answer in futures::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(vendor.script.seen(), vec!["GET /root/x t1"; 8]);

    for (minutes, token) in [(54, "t1"), (2, "t2"), (50, "t2")] {
        vendor.clock.advance(Duration::from_secs(minutes * 60));
        vendor.http.send(Call::get("/x")).await.unwrap();
        assert_eq!(vendor.script.seen(), [format!("GET /root/x {token}")]);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_also_for_a_write() {
    let vendor = vendor(&[(401, &[]), (200, &[]), (401, &[]), (401, &[])]).await;
    vendor.http.send(Call::post("/x").json(&json!({}))).await.unwrap();
    assert_eq!(vendor.script.seen(), ["POST /root/x t1", "POST /root/x t2"]);
    // The second refusal is the answer.
    assert_eq!(vendor.http.send(Call::get("/x")).await.unwrap().status, 401);
    assert_eq!(vendor.script.seen(), ["GET /root/x t2", "GET /root/x t3"]);
}

#[tokio::test]
async fn safe_requests_are_repeated_and_writes_are_not() {
    let vendor = vendor(&[(500, &[]), (502, &[]), (200, &[]), (500, &[])]).await;
    vendor.http.send(Call::get("/x")).await.unwrap();
    assert_eq!(vendor.script.seen().len(), 3);
    let error = vendor.http.send(Call::post("/x")).await.unwrap_err();
    assert_eq!((error.kind, error.may_have_arrived), (ErrorKind::Unavailable, true));
    assert_eq!(vendor.script.seen().len(), 1);
}

#[tokio::test]
async fn three_attempts_are_all() {
    let vendor = vendor(&[(500, &[]), (503, &[]), (504, &[])]).await;
    let error = vendor.http.send(Call::get("/jobs/{id}").with("id", "7")).await.unwrap_err();
    assert_eq!(error.public, "/jobs/{id} of VENDOR answered with status 504");
    assert_eq!((error.kind, error.retry), (ErrorKind::Unavailable, Retry::BackOff));
    assert_eq!(vendor.script.seen().len(), 3);
}

#[tokio::test]
async fn retry_after_stops_the_whole_account() {
    let vendor = vendor(&[(429, &[("retry-after", "1")])]).await;
    let begin = Instant::now();
    vendor.http.send(Call::get("/x")).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));

    let date = "Mon, 01 Jun 2026 10:10:00 GMT";
    vendor.script.answers.lock().unwrap().push_back((503, vec![("retry-after", date.to_owned())]));
    vendor.script.seen();
    let error = vendor.http.send(Call::get("/x")).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (ErrorKind::Unavailable, Retry::After(Duration::from_secs(600))));
    let error = vendor.http.clone().send(Call::get("/y")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert!(matches!(error.retry, Retry::After(pause) if pause > Duration::from_secs(590)));
    assert_eq!(vendor.script.seen(), ["GET /root/x t1"]);
}

#[tokio::test]
async fn a_limited_write_is_told_that_it_did_not_arrive() {
    let vendor = vendor(&[(429, &[("retry-after", "2")])]).await;
    let error = vendor.http.send(Call::post("/x")).await.unwrap_err();
    assert_eq!((error.kind, error.may_have_arrived), (ErrorKind::RateLimited, false));
    assert_eq!(error.retry, Retry::After(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_get_follows_redirects_within_its_origin() {
    let vendor = vendor(&[(301, &[("location", "/root/y?page=2")]), (302, &[("location", "z")])]).await;
    vendor.http.send(Call::get("/x")).await.unwrap();
    assert_eq!(vendor.script.seen(), ["GET /root/x t1", "GET /root/y t1", "GET /root/z t1"]);
}

#[tokio::test]
async fn other_redirects_are_errors() {
    let to_self: (u16, &[(&'static str, &str)]) = (301, &[("location", "/root/x")]);
    for (method, answers, requests) in [
        (Method::POST, vec![to_self], 1),
        (Method::GET, vec![(302, &[("location", "https://elsewhere.example/")] as &[_])], 1),
        (Method::GET, vec![(302, &[] as &[_])], 1),
        (Method::GET, vec![to_self; 9], 6),
    ] {
        let vendor = vendor(&answers).await;
        let error = vendor.http.send(Call::new(method.clone(), "/x")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Shape, "{method}");
        assert_eq!(vendor.script.seen().len(), requests);
    }
}

#[tokio::test]
async fn a_write_without_an_answer_may_have_arrived() {
    let mut vendor = vendor_with(&[], Duration::from_millis(50)).await;
    let error = vendor.http.send(Call::post("/slow")).await.unwrap_err();
    assert_eq!((error.kind, error.may_have_arrived), (ErrorKind::Unavailable, true));
    vendor.server.shutdown().await;
    let error = vendor.http.send(Call::post("/x")).await.unwrap_err();
    assert_eq!((error.kind, error.may_have_arrived), (ErrorKind::Unavailable, false));
    assert_eq!(error.public, "VENDOR cannot be reached: no connection could be made");
}

#[test]
fn a_private_host_is_refused_unless_the_operator_named_it() {
    let settings = |trusted| Settings {
        vendor: "VENDOR",
        base_url: "https://10.0.0.1/".into(),
        trusted,
        limits: Limits {
            requests_per_second: 5,
            concurrency: 4,
            read_timeout: Duration::from_secs(5),
            shows_within: Duration::ZERO,
        },
        authenticator: Arc::new(Counting::default()),
        clock: Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap())),
    };
    assert_eq!(VendorHttp::new(settings(false)).err().unwrap().kind, ErrorKind::Invalid);
    assert!(VendorHttp::new(settings(true)).is_ok());
}
