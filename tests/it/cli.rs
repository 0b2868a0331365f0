//! The commands as a user meets them: what they print, how they end, and what they say when something is wrong.

use serde_json::Value;
use tempfile::TempDir;

use crate::on_both;
use crate::support::Backend;
use crate::support::child::{Serving, run};
use crate::support::database::Fresh;

on_both!(
    a_fresh_database_gives_a_key_that_opens_the_graph,
    serving_ends_when_it_is_told_to,
    a_process_is_asked_whether_it_is_ready,
);

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn settings(database: &Fresh) -> [(&str, &str); 2] {
    [("HIREGRAPH_DATABASE_URL", database.url()), ("HIREGRAPH_SECRET_KEY", KEY)]
}

async fn a_fresh_database_gives_a_key_that_opens_the_graph(backend: Backend) {
    let database = Fresh::make(backend).await;
    let settings = settings(&database);
    if backend == Backend::Postgres {
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["keys", "list"]] {
            let error = run(arguments, &settings).await.refused();
            assert!(error.contains("run `hiregraph migrate` first"), "{error}");
        }
    }
    let untouched = Fresh::make(backend).await;
    let settings_of_untouched = self::settings(&untouched);
    let key = run(&["keys", "create", "--name", "first", "--scopes", "ADMIN"], &settings_of_untouched).await.printed();
    assert!(key.starts_with("hgk_"), "{key}");
    assert_eq!(run(&["migrate"], &settings_of_untouched).await.printed(), "the database is current\n");
    // One connection is enough for it, and twice is as good as once.
    for _ in 0..2 {
        let printed = run(&["migrate", "--database-connections", "1"], &settings).await.printed();
        assert_eq!(printed, "the database is current\n");
    }
    let key = run(&["keys", "create", "--name", "ci", "--scopes", "RECORDS_READ,operate"], &settings).await.printed();
    let key = key.strip_suffix('\n').unwrap();
    assert!(key.starts_with("hgk_") && !key.contains(char::is_whitespace), "nothing but the key: {key}");
    let list = run(&["keys", "list"], &settings).await.printed();
    assert!(list.contains("ci") && list.contains("RECORDS_READ,OPERATE") && !list.contains(key), "{list}");
    let id = list.lines().nth(1).unwrap().split('\t').next().unwrap().to_owned();

    let serving = Serving::start(&["serve", "--listen", "127.0.0.1:0"], &settings).await;
    let answer = serving.query(key, "{ integrations { totalCount } }", Value::Null).await;
    assert_eq!(answer["integrations"]["totalCount"], 0);
    assert_eq!(serving.told("TERM").await, (Some(0), String::new()), "it printed its address only");

    let printed = run(&["keys", "revoke", &id], &settings).await.printed();
    assert_eq!(printed, format!("{id} (ci) is revoked\n"));
    let list = run(&["keys", "list"], &settings).await.printed();
    assert!(!list.lines().nth(1).unwrap().ends_with('-'), "{list}");
}

async fn serving_ends_when_it_is_told_to(backend: Backend) {
    let database = Fresh::make(backend).await;
    let settings = settings(&database);
    run(&["migrate"], &settings).await.printed();
    for signal in ["TERM", "INT"] {
        for role in ["all", "api", "worker"] {
            let serving = Serving::start(&["serve", "--listen", "127.0.0.1:0", "--role", role], &settings).await;
            assert_eq!(serving.told(signal).await, (Some(0), String::new()), "{role} {signal}");
        }
    }
}

async fn a_process_is_asked_whether_it_is_ready(backend: Backend) {
    let database = Fresh::make(backend).await;
    let settings = settings(&database);
    run(&["migrate"], &settings).await.printed();
    let serving = Serving::start(&["serve", "--listen", "127.0.0.1:0", "--role", "api"], &settings).await;
    let address = serving.address.to_string();
    assert_eq!(run(&["healthcheck", "--listen", &address], &[]).await.printed(), "ready\n");
    let everywhere = format!("0.0.0.0:{}", serving.address.port());
    assert_eq!(run(&["healthcheck"], &[("HIREGRAPH_LISTEN", everywhere.as_str())]).await.printed(), "ready\n");
    assert_eq!(serving.told("TERM").await.0, Some(0));
    let error = run(&["healthcheck", "--listen", &address], &[]).await.refused();
    assert!(error.contains(&address), "{error}");
}

#[tokio::test]
async fn the_schema_is_printed_as_it_stands_in_the_tree() {
    assert_eq!(run(&["schema"], &[]).await.printed(), include_str!("../../schema.graphql"));
}

#[tokio::test]
async fn simulated_vendors_say_where_they_are_and_with_what() {
    for (vendor, field) in [("traffit", "clientSecret"), ("hrworks", "secretAccessKey")] {
        let arguments = ["simulate", vendor, "--listen", "127.0.0.1:0", "--candidates", "10", "--fault", "slow-ms=1"];
        let serving = Serving::start(&arguments, &[]).await;
        let (code, printed) = serving.told("TERM").await;
        assert_eq!(code, Some(0), "{vendor}");
        let credentials = printed.strip_prefix("credentials: ").unwrap_or_else(|| panic!("{printed}"));
        let credentials: Value = serde_json::from_str(credentials).unwrap();
        assert!(credentials[field].is_string(), "{credentials}");
        let faults = run(&["simulate", vendor, "--fault", "list"], &[]).await.printed();
        assert!(faults.contains("html-200"), "{faults}");
        let error = run(&["simulate", vendor, "--listen", "127.0.0.1:0", "--fault", "nonsense"], &[]).await.refused();
        assert!(error.contains("unknown fault \"nonsense\""), "{error}");
    }
}

#[tokio::test]
async fn the_demo_prints_one_answer_and_ends() {
    let folder = TempDir::new().unwrap();
    let temporary = folder.path().to_str().unwrap();
    let printed = run(&["demo", "--once", "--candidates", "30"], &[("TMPDIR", temporary)]).await.printed();
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert!(answer["errors"].is_null() && answer["data"].is_object(), "{printed}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
}

/// Arguments, settings, and what is said.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[tokio::test]
async fn what_cannot_be_used_is_told_in_words() {
    let folder = TempDir::new().unwrap();
    let inside = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    let (file, missing) = (inside("a.db"), inside("no/folder/a.db"));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let cases: [Case<'_>; 12] = [
        (&serve, &[("HIREGRAPH_DATABASE_URL", "mysql://h/d")], "must begin with sqlite: or postgres:"),
        (&serve, &[("HIREGRAPH_DATABASE_URL", "sqlite::memory:")], "must name a file"),
        (&serve, &[("HIREGRAPH_DATABASE_URL", "sqlite://")], "must name a file"),
        (&serve, &[("HIREGRAPH_DATABASE_URL", &missing)], "no/folder/a.db"),
        (
            &serve,
            &[("HIREGRAPH_DATABASE_URL", "postgres://u:secret@127.0.0.1:1/d")],
            "HIREGRAPH_SECRET_KEY is required",
        ),
        (
            &serve,
            &[("HIREGRAPH_DATABASE_URL", "postgres://u:secret@127.0.0.1:port/d"), ("HIREGRAPH_SECRET_KEY", KEY)],
            "the database cannot be opened",
        ),
        (&serve, &[("HIREGRAPH_DATABASE_URL", &file), ("HIREGRAPH_SECRET_KEY", "short")], "32 bytes in base64"),
        (&["serve"], &[("HIREGRAPH_DATABASE_URL", &file), ("HIREGRAPH_LISTEN", "nowhere")], "--listen"),
        (
            &serve,
            &[("HIREGRAPH_DATABASE_URL", &file), ("HIREGRAPH_QUERY_ALLOWLIST", "no/such/list.json")],
            "HIREGRAPH_QUERY_ALLOWLIST, no/such/list.json: ",
        ),
        (&serve, &[("HIREGRAPH_DATABASE_URL", &file), ("HIREGRAPH_LOG", "hiregraph=loud")], "HIREGRAPH_LOG"),
        (
            &["keys", "create", "--name", "x", "--scopes", "EVERYTHING"],
            &[("HIREGRAPH_DATABASE_URL", &file)],
            "EVERYTHING is no scope; there are RECORDS_READ",
        ),
        (
            &["keys", "create", "--name", "x", "--scopes", "ADMIN", "--expires-in", "soon"],
            &[("HIREGRAPH_DATABASE_URL", &file)],
            "soon is no ISO 8601 duration",
        ),
    ];
    for (arguments, settings, expected) in cases {
        let error = run(arguments, settings).await.refused();
        assert!(error.contains(expected), "{arguments:?} {settings:?}: {error}");
        assert!(!error.contains("secret@") && !error.contains(KEY), "{error}");
    }
}
