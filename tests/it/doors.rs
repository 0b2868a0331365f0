//! The doors beside the graph's own rules: the specification's audit, health, GraphiQL, compression, other origins.

use axum::body::Body;
use axum::http::Request;
use hiregraph::config::Role;
use hiregraph::http;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Answer, Backend, TestApp, code, sdl};

on_both!(
    readiness_tells_of_a_lost_database_and_a_stuck_worker,
    other_origins_are_let_in_only_when_allowed,
    each_door_answers_its_methods_and_no_other,
    fields_are_answered_in_the_order_of_the_query,
);

const SMALL: Size = Size { candidates: 10, jobs: 2 };

#[tokio::test]
async fn the_audit_of_graphql_http_passes_whole() {
    let app = TestApp::start_with(Backend::Sqlite, SMALL).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit");
    assert!(
        std::path::Path::new(folder).join("node_modules/graphql-http").exists(),
        "the packages of tests/audit are not installed: run scripts/install-tools"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let mut servers = JoinSet::new();
    servers.spawn(http::serve(listener, app.router.clone(), stop.clone()));
    let run = Command::new("node").args(["audit.mjs", &url, &app.admin]).current_dir(folder).output().await;
    let run = run.unwrap_or_else(|error| panic!("node cannot be run ({error}): run scripts/install-tools"));
    stop.cancel();
    servers.join_all().await;
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.trim_end().ends_with("61 of 61 audits passed"), "{said}");
}

#[tokio::test]
async fn the_schema_that_is_served_is_the_file_of_the_contract() {
    let app = TestApp::start_with(Backend::Sqlite, SMALL).await;
    let served = app.get("/schema.graphql").await;
    assert_eq!(served.status, 200);
    assert_eq!(served.headers["content-type"], "application/graphql; charset=utf-8");
    let printed = hiregraph::graphql::sdl();
    assert_eq!(served.body.as_str().unwrap(), printed);
    assert_eq!(
        printed.trim_end(),
        sdl::TEXT.trim_end(),
        "schema.graphql is not what the code serves: run `make schema`"
    );
}

async fn plain(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn readiness_tells_of_a_lost_database_and_a_stuck_worker(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let ready = app.get("/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.body),
        (200, json!({"database": "ok", "migrations": "ok", "worker": null}))
    );

    app.serve_anew(Role::All, true, &[]);
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["worker"]), (503, &json!("stuck")), "it never went round");
    let stop = CancellationToken::new();
    tokio::join!(app.service.work(&stop), async {
        tokio::task::yield_now().await;
        stop.cancel();
    });
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["worker"]), (200, &json!("ok")));
    app.clock.advance(std::time::Duration::from_secs(91));
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["worker"]), (503, &json!("stuck")));

    app.store.close().await;
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.body["database"], "does not answer");
    let live = app.get("/healthz").await;
    assert_eq!((live.status.as_u16(), live.body), (200, json!("ok\n")), "the process itself is well");
}

async fn other_origins_are_let_in_only_when_allowed(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let preflight =
        [("access-control-request-method", "POST"), ("access-control-request-headers", "authorization,content-type")];
    let with = |origin: &'static str| [&[("origin", origin)][..], &preflight].concat();
    let answer = plain(&app, "OPTIONS", "/graphql", &with("https://app.example")).await;
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "nobody is allowed by default");

    app.serve_anew(Role::Api, true, &["https://app.example"]);
    let answer = plain(&app, "OPTIONS", "/graphql", &with("https://app.example")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
    let allowed = answer.headers["access-control-allow-headers"].to_str().unwrap().to_lowercase();
    assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{allowed}");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"), "keys, never cookies");
    for origin in ["https://evil.example", "https://app.example.evil.example", "null"] {
        let answer = plain(&app, "OPTIONS", "/graphql", &with(origin)).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    let answer = plain(&app, "GET", "/graphql", &[("origin", "https://app.example")]).await;
    assert_eq!((answer.status.as_u16(), code(&answer.body)), (401, "UNAUTHENTICATED"));
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example", "the page can read why");
}

async fn fields_are_answered_in_the_order_of_the_query(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let query = "{ viewer { name } jobs(first: 2) { totalCount nodes { name applications(first: 2) { totalCount nodes { id } } id } \
                 pageInfo { hasNextPage } } connectors { slug } }";
    for _ in 0..5 {
        let text = app.post(Some(&app.admin), &json!({ "query": query })).await.text;
        let keys = ["viewer", "jobs", "totalCount", "nodes", "name", "applications", "totalCount", "nodes", "id"];
        let mut rest = text.as_str();
        for key in keys {
            let at = rest.find(&format!("\"{key}\"")).unwrap_or_else(|| panic!("{key} is out of order in {text}"));
            rest = &rest[at + key.len()..];
        }
        let last = |key: &str| text.rfind(key).unwrap();
        assert!(last("pageInfo") < last("connectors"), "{text}");
    }
}

async fn each_door_answers_its_methods_and_no_other(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let bearer = format!("Bearer {}", app.admin);
    let key = [("authorization", bearer.as_str())];
    for (method, path, headers, status) in [
        ("GET", "/", &[][..], 200),
        ("HEAD", "/", &[], 200),
        ("POST", "/", &[], 405),
        ("GET", "/healthz", &[], 200),
        ("HEAD", "/healthz", &[], 200),
        ("POST", "/readyz", &[], 405),
        ("HEAD", "/readyz", &[], 200),
        ("HEAD", "/schema.graphql", &[], 200),
        ("DELETE", "/schema.graphql", &[], 405),
        ("GET", "/nothing", &[], 404),
        ("GET", "/assets/graphiql/nothing.js", &[], 404),
        ("GET", "/console", &[], 200),
        ("POST", "/console", &[], 405),
        ("GET", "/console/", &[], 308),
        ("GET", "/graphql?query=%7B__typename%7D", &[], 401),
        ("GET", "/graphql?query=%7B__typename%7D", &key, 200),
        ("HEAD", "/graphql?query=%7B__typename%7D", &key, 200),
        ("GET", "/graphql", &key, 400),
        ("PUT", "/graphql", &key, 405),
        ("DELETE", "/graphql", &key, 405),
        ("GET", "/graphql?query=mutation%7BdeleteIntegration(id:%22x%22)%7BdeletedId%7D%7D", &key, 405),
        ("OPTIONS", "/graphql", &[], 200),
        ("POST", "/graphql/ws", &key, 405),
        ("GET", "/graphql/ws", &key, 400),
    ] {
        let answer = plain(&app, method, path, headers).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
        if status == 405 && path.starts_with("/graphql") {
            assert!(answer.headers.contains_key("allow"), "{method} {path}");
        }
        if status == 401 {
            assert!(answer.headers.contains_key("www-authenticate"));
        }
    }
    for scheme in ["Basic dXNlcjpwYXNz", "hgk_abc", "Bearer", "Bearer  "] {
        let answer = plain(&app, "GET", "/graphql?query=%7B__typename%7D", &[("authorization", scheme)]).await;
        assert_eq!(answer.status, 401, "{scheme}");
    }
    let lower = format!("bearer {}", app.admin);
    assert_eq!(plain(&app, "GET", "/graphql?query=%7B__typename%7D", &[("authorization", &lower)]).await.status, 200);

    let packed = [("accept-encoding", "gzip"), key[0]];
    for path in
        ["/", "/console", "/schema.graphql", "/graphql?query=%7Bconnectors%7Bname%20guide%7Bsteps%7Bbody%7D%7D%7D%7D"]
    {
        let answer = plain(&app, "GET", path, &packed).await;
        assert_eq!(answer.headers["content-encoding"], "gzip", "{path}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.join(",").to_lowercase().contains("accept-encoding"), "{path}: {vary:?}");
        let answer = plain(&app, "GET", path, &key).await;
        assert!(!answer.headers.contains_key("content-encoding"), "{path}");
    }
    let page = app.get("/").await;
    assert!(page.body.as_str().unwrap().contains("<title>Hiregraph</title>"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
}
