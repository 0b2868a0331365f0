//! Attachments on their way: downloaded or decoded, told by what they are, bounded, sent as they were, and erased.

use std::io;
use std::net::{IpAddr, TcpListener as Door};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{Response, StatusCode};
use axum::response::Redirect;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use hiregraph::actions::Limits;
use hiregraph::cli::serve::downloads;
use hiregraph::net;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::on_both;
use crate::support::place::Place;
use crate::support::vendors::Size;
use crate::support::writing::{create, target, with, writes};
use crate::support::{Backend, TestApp};

on_both!(
    a_download_is_told_by_what_it_is_when_its_server_does_not_know,
    what_is_larger_than_allowed_is_refused_before_anything_is_sent,
    an_address_that_answers_with_no_file_is_told,
    where_a_download_is_redirected_to_is_judged_like_its_address,
    files_of_many_pieces_arrive_as_they_were_and_are_erased,
);

const SMALL: Size = Size { candidates: 12, jobs: 4 };
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n";

struct Files {
    address: String,
    /// How often it was asked for something that redirects.
    redirected: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

/// Files on a private host.
async fn files() -> Files {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let typed = |kind: &'static str, body: &'static [u8]| {
        get(move || async move { Response::builder().header("content-type", kind).body(Body::from(body)).unwrap() })
    };
    let endless = || {
        let pieces = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64]));
        async { Body::from_stream(pieces) }
    };
    let redirected = Arc::new(AtomicUsize::new(0));
    let asked = redirected.clone();
    let to = move |RawQuery(query): RawQuery| async move {
        asked.fetch_add(1, Ordering::Relaxed);
        Redirect::temporary(&query.unwrap_or_default())
    };
    let router = Router::new()
        .route("/to", get(to))
        .route("/unknown", typed("application/octet-stream", PDF))
        .route("/html", typed("text/html; charset=utf-8", b"<p>Hi</p>"))
        .route("/letters", typed("binary/octet-stream", b"Hello"))
        .route("/moved", get(|| async { Redirect::to("/unknown") }))
        .route("/circle", get(|| async { Redirect::to("/circle") }))
        .route("/empty", typed("text/plain", b""))
        .route("/locked", get(|| async { StatusCode::FORBIDDEN }))
        .route("/endless", get(endless));
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Files { address, redirected, _server: server }
}

impl Files {
    /// The service with this host allowed, and with these limits.
    async fn app(&self, backend: Backend, limits: Limits) -> TestApp {
        let mut app = TestApp::start_with(backend, SMALL).await;
        app.with_parts(|parts| {
            parts.downloads = downloads(std::slice::from_ref(&self.address)).unwrap();
            parts.attachments = limits;
        });
        app
    }

    fn at(&self, path: &str, name: &str) -> Value {
        json!({ "name": name, "type": "OTHER", "dataUrl": format!("http://{}{path}", self.address) })
    }
}

/// Name, type and bytes of what a vendor got, in the order of the names.
fn received(app: &TestApp, connector: &str) -> Vec<(String, String, Vec<u8>)> {
    let mut files: Vec<_> = match connector {
        "traffit" => app.vendors.traffit.edit(|account| {
            let ids = account.candidate_ids();
            let files = ids.into_iter().filter_map(|id| account.candidate(id)).flat_map(|found| &found.files);
            let sent = files.filter_map(|file| {
                Some((file.name.clone()?, file.content_type.to_string(), file.content.clone()?.to_vec()))
            });
            sent.collect()
        }),
        _ => app.vendors.hrworks.edit(|account| {
            let documents = account.application_ids().into_iter().flat_map(|id| account.documents_of(&id));
            let sent = documents
                .filter_map(|one| Some((one.name.to_string(), one.content_type.to_string(), one.content?.to_vec())));
            sent.collect()
        }),
    };
    files.sort();
    files
}

async fn a_download_is_told_by_what_it_is_when_its_server_does_not_know(backend: Backend) {
    let files = files().await;
    let app = files.app(backend, Limits::default()).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let given = |path: &str, name: &str, kind: &str| with(files.at(path, name), "contentType", json!(kind));
        let attachments = json!([
            files.at("/unknown", "a.doc"),
            files.at("/html", "b.pdf"),
            files.at("/letters", "c.txt"),
            files.at("/moved", "d"),
            given("/html", "e.pdf", "application/x-own"),
        ]);
        let done = create(&app, with(target.input("types@example.com"), "attachments", attachments)).await;
        assert_eq!(done["action"]["state"], "SUCCEEDED", "{connector}: {done:#}");
        let types: Vec<_> = received(&app, connector).into_iter().map(|(name, kind, _)| (name, kind)).collect();
        let expected = [
            ("a.doc", "application/pdf"),
            ("b.pdf", "text/html; charset=utf-8"),
            ("c.txt", "text/plain"),
            ("d", "application/pdf"),
            ("e.pdf", "application/x-own"),
        ];
        assert_eq!(types, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())), "{connector}");
    }
}

async fn what_is_larger_than_allowed_is_refused_before_anything_is_sent(backend: Backend) {
    let files = files().await;
    let app = files.app(backend, Limits { attachment: 20, attachments: 30 }).await;
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let data = |bytes: usize| json!({ "name": "a.txt", "type": "OTHER", "contentType": "text/plain", "data": STANDARD.encode(vec![b'x'; bytes]) });
        for (attachments, field) in [
            (json!([data(21)]), json!(["input", "attachments", "0", "data"])),
            (json!([data(1), files.at("/unknown", "a")]), json!(["input", "attachments", "1", "dataUrl"])),
            (json!([files.at("/endless", "a")]), json!(["input", "attachments", "0", "dataUrl"])),
            (json!([data(20), data(11)]), json!(["input", "attachments"])),
        ] {
            let input = with(target.input("large@example.com"), "attachments", attachments);
            let refused = create(&app, input).await;
            assert_eq!(refused["userErrors"][0]["code"], "ATTACHMENT_TOO_LARGE", "{refused:#}");
            assert_eq!(refused["userErrors"][0]["field"], field, "{refused:#}");
            assert_eq!(refused["action"], Value::Null, "{refused:#}");
        }
        assert_eq!(writes(&app, connector), 0);
        let input = with(target.input("large@example.com"), "attachments", json!([data(20), data(10)]));
        assert_eq!(create(&app, input).await["action"]["state"], "SUCCEEDED");
    }
}

async fn an_address_that_answers_with_no_file_is_told(backend: Backend) {
    let files = files().await;
    let app = files.app(backend, Limits::default()).await;
    let target = target(&app, "traffit").await;
    for (path, code) in [
        ("/missing", "ATTACHMENT_URL_UNREACHABLE"),
        ("/locked", "ATTACHMENT_URL_UNREACHABLE"),
        ("/empty", "ATTACHMENT_URL_UNREACHABLE"),
        ("/circle", "ATTACHMENT_URL_UNREACHABLE"),
    ] {
        let input = with(target.input("away@example.com"), "attachments", json!([files.at(path, "a")]));
        let refused = create(&app, input).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{path}: {refused:#}");
        let field = json!(["input", "attachments", "0", "dataUrl"]);
        assert_eq!(refused["userErrors"][0]["field"], field, "{path}: {refused:#}");
    }
    assert_eq!(writes(&app, "traffit"), 0);
}

/// Knows a few names, all but one of which lead inside.
#[derive(Debug)]
struct Names;

impl net::Lookup for Names {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let address = match name.as_str() {
            "loopback.example" => "127.0.0.1",
            "mapped.example" => "::ffff:127.0.0.1",
            "translated.example" => "64:ff9b::7f00:1",
            "private.example" => "10.0.0.1",
            "metadata.example" => "169.254.169.254",
            _ => "3ffe::1",
        };
        Box::pin(async move { Ok(vec![address.parse().unwrap()]) })
    }
}

async fn where_a_download_is_redirected_to_is_judged_like_its_address(backend: Backend) {
    let files = files().await;
    let mut app = TestApp::start_with(backend, SMALL).await;
    app.with_parts(|parts| {
        let allowed_private_hosts = vec![files.address.clone()];
        let options = net::Options { names: Arc::new(Names), allowed_private_hosts, ..net::Options::default() };
        parts.downloads = net::Client::guarded(&options).unwrap();
    });
    let target = target(&app, "traffit").await;
    // Nobody may come here.
    let door = Door::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let port = door.local_addr().unwrap().port();
    let refused = [
        format!("https://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://[64:ff9b::7f00:1]:{port}/"),
        format!("https://2130706433:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        format!("https://loopback.example:{port}/"),
        format!("https://mapped.example:{port}/"),
        format!("https://translated.example:{port}/"),
        format!("https://private.example:{port}/"),
        format!("https://metadata.example:{port}/"),
        format!("http://loopback.example:{port}/"),
        "http://public.example/".to_owned(),
        "ftp://public.example/file".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,Hello".to_owned(),
        format!("https://user:secret@public.example:{port}/"),
        format!("/to?/to?https://loopback.example:{port}/"),
    ];
    let ask = async |path: &str| {
        let input = with(target.input("led@example.com"), "attachments", json!([files.at(path, "a")]));
        let answered = create(&app, input).await;
        let came = door.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(came, Err(io::ErrorKind::WouldBlock), "{path}: loopback was dialled");
        answered["userErrors"][0].clone()
    };
    for to in refused {
        let error = ask(&format!("/to?{to}")).await;
        let field = json!(["input", "attachments", "0", "dataUrl"]);
        assert_eq!((&error["code"], &error["field"]), (&json!("ATTACHMENT_URL_REFUSED"), &field), "{to}: {error:#}");
    }
    // Somewhere else each time, and on without an end.
    files.redirected.store(0, Ordering::Relaxed);
    let error = ask(&format!("/to?{}/unknown", "/to?".repeat(30))).await;
    assert_eq!(error["code"], "ATTACHMENT_URL_UNREACHABLE", "{error:#}");
    assert_eq!(files.redirected.load(Ordering::Relaxed), 6);
    let error = ask("/to").await;
    assert_eq!(error["code"], "ATTACHMENT_URL_UNREACHABLE", "{error:#}");
    assert_eq!(writes(&app, "traffit"), 0);
}

async fn files_of_many_pieces_arrive_as_they_were_and_are_erased(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let bytes: Vec<u8> =
        (0..3 * 1024 * 1024 + 17_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for connector in ["traffit", "hrworks"] {
        let target = target(&app, connector).await;
        let kind = "application/x-own";
        let file =
            json!({ "name": "large.bin", "type": "OTHER", "contentType": kind, "data": STANDARD.encode(&bytes) });
        let done = create(&app, with(target.input("pieces@example.com"), "attachments", json!([file]))).await;
        assert_eq!(done["action"]["state"], "SUCCEEDED", "{connector}: {done:#}");
        let received = received(&app, connector);
        assert_eq!(received.len(), 1, "{connector}");
        assert_eq!((received[0].0.as_str(), received[0].1.as_str()), ("large.bin", kind));
        assert!(received[0].2 == bytes, "{connector}: other bytes than were sent");
        assert_eq!(app.kept_pieces().await, 0, "{connector}");
    }
}

#[tokio::test]
async fn a_process_takes_its_limits_from_its_settings() {
    let mut place = Place::new(Backend::Sqlite, SMALL).await;
    place.set("HIREGRAPH_ATTACHMENT_MAX_BYTES", "4");
    place.set("HIREGRAPH_ATTACHMENTS_MAX_BYTES", "6");
    let mut serving = place.serve().await;
    let integration = place.connect_by(&serving, "hrworks").await;
    serving.logged("sync ended").await;
    let query = "query($id: ID!) { candidates(integrationId: $id, first: 1) { nodes { id } } }";
    let data = place.query(&serving, query, json!({ "id": integration })).await;
    let candidate = &data["candidates"]["nodes"][0]["id"];
    let query = "mutation($input: AddAttachmentToCandidateInput!) { addAttachmentToCandidate(input: $input) \
                 { action { state } userErrors { code field } } }";
    for (data, code) in [("eHh4eHg=", "ATTACHMENT_TOO_LARGE"), ("eHh4eA==", "")] {
        let attachment = json!({ "name": "a.txt", "type": "OTHER", "contentType": "text/plain", "data": data });
        let input = json!({ "candidateId": candidate, "attachment": attachment, "wait": "PT60S" });
        let answered = place.query(&serving, query, json!({ "input": input })).await;
        let answered = &answered["addAttachmentToCandidate"];
        assert_eq!(answered["userErrors"][0]["code"].as_str().unwrap_or(""), code, "{answered:#}");
    }
    let refused = crate::support::child::run(&["serve", "--attachment-max-bytes", "0"], &[]).await.refused();
    assert!(refused.contains("--attachment-max-bytes"), "{refused}");
}
