//! What cannot be used is refused with the argument at fault; what goes wrong here never shows how.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, rows, sdl};

on_both!(
    arguments_that_cannot_be_used_are_named,
    values_of_wrong_types_are_refused_before_anything_runs,
    unknown_and_malformed_ids_are_null,
    what_breaks_inside_is_told_by_a_reference_only,
    texts_that_a_database_cannot_hold_are_refused_or_match_nothing,
);

const SMALL: Size = Size { candidates: 12, jobs: 3 };

async fn refused(app: &TestApp, query: &str, variables: Value, argument: &str) {
    let answer = app.ask(&app.admin, query, variables.clone()).await;
    let error = &answer["errors"][0];
    assert_eq!(code(&answer), "BAD_USER_INPUT", "{query} {variables}: {answer:#}");
    assert_eq!(error["extensions"]["argument"], argument, "{query} {variables}: {answer:#}");
    assert!(error["message"].as_str().unwrap().contains(argument), "{error:#}");
}

async fn arguments_that_cannot_be_used_are_named(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    app.hooked().await;
    let page = "first: $f, after: $a, last: $l, before: $b";
    let head = "query($f: Int, $a: String, $l: Int, $b: String)";
    let lists = [
        format!("{head} {{ jobs({page}) {{ nodes {{ id }} }} }}"),
        format!("{head} {{ candidates({page}) {{ nodes {{ id }} }} }}"),
        format!("{head} {{ applications({page}) {{ totalCount }} }}"),
        format!("{head} {{ integrations({page}) {{ nodes {{ id }} }} }}"),
        format!("{head} {{ jobs(first: 1) {{ nodes {{ applications({page}) {{ nodes {{ id }} }} }} }} }}"),
        format!("{head} {{ candidates(first: 1) {{ nodes {{ applications({page}) {{ nodes {{ id }} }} }} }} }}"),
        format!("{head} {{ integration(id: \"{id}\") {{ syncRuns({page}) {{ nodes {{ id }} }} }} }}"),
        format!("{head} {{ integration(id: \"{id}\") {{ vendorRequests({page}) {{ nodes {{ id }} }} }} }}"),
        format!("{head} {{ webhookEndpoints {{ deliveries({page}) {{ nodes {{ id }} }} }} }}"),
        format!("{head} {{ integration(id: \"{id}\") {{ tags({page}) {{ nodes {{ id }} }} }} }}"),
        format!(
            "{head} {{ integration(id: \"{id}\") {{ users({page}) {{ nodes {{ hiringTeams(first: 3) {{ totalCount }} }} }} }} }}"
        ),
    ];
    for query in &lists {
        for (variables, argument) in [
            (json!({"f": 251}), "first"),
            (json!({"f": -1}), "first"),
            (json!({"l": 251}), "last"),
            (json!({"l": -1}), "last"),
            (json!({"f": 1, "l": 1}), "last"),
            (json!({"a": "nonsense"}), "after"),
            (json!({"b": "nonsense"}), "before"),
            (json!({"a": ""}), "after"),
            (json!({"f": 3, "b": "AQ"}), "before"),
        ] {
            refused(&app, query, variables, argument).await;
        }
    }
    let cursors = "{ n: jobs(first: 1, orderBy: {field: NAME}) { pageInfo { endCursor } } t: jobs(first: 1) { pageInfo { endCursor } } \
                   i: integrations { pageInfo { endCursor } } }";
    let found = app.query(cursors).await;
    let cursor = |of: &str| found[of]["pageInfo"]["endCursor"].clone();
    refused(&app, &lists[0], json!({ "a": cursor("n") }), "after").await;
    refused(&app, &lists[0], json!({ "b": cursor("i") }), "before").await;
    let by_name = "query($a: String) { jobs(after: $a, orderBy: {field: NAME}) { nodes { id } } }";
    refused(&app, by_name, json!({ "a": cursor("t") }), "after").await;
    for (list, kind) in
        [("jobs", "JobFilter"), ("candidates", "CandidateFilter"), ("applications", "ApplicationFilter")]
    {
        for field in sdl::fields(kind).into_iter().filter(|field| field.of == "DateTime") {
            let argument = format!("filter.{}", field.name);
            let query = format!("query($f: {kind}) {{ {list}(filter: $f) {{ nodes {{ id }} }} }}");
            for text in ["yesterday", "", "2026-02-30T00:00:00Z", "2026-01-31", "2026-01-31T09:30:00"] {
                refused(&app, &query, json!({ "f": { &field.name: text } }), &argument).await;
                let inline = format!("{{ {list}(filter: {{{}: \"{text}\"}}) {{ totalCount }} }}", field.name);
                refused(&app, &inline, json!({}), &argument).await;
            }
        }
    }
    let long = "x".repeat(1001);
    for (filter, kind) in [("jobs", "JobFilter"), ("candidates", "CandidateFilter")] {
        let query = format!("query($f: {kind}) {{ {filter}(filter: $f) {{ nodes {{ id }} }} }}");
        refused(&app, &query, json!({ "f": { "nameContains": long } }), "filter.nameContains").await;
    }
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    refused(&app, query, json!({ "ids": vec!["job_1"; 251] }), "ids").await;
}

async fn values_of_wrong_types_are_refused_before_anything_runs(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for (query, variables) in [
        ("{ jobs(first: \"many\") { nodes { id } } }", json!({})),
        ("{ jobs(filter: {statuses: [WHATEVER]}) { nodes { id } } }", json!({})),
        ("{ jobs(filter: {unknown: 1}) { nodes { id } } }", json!({})),
        ("{ jobs(unknown: 1) { nodes { id } } }", json!({})),
        ("{ jobs(orderBy: {field: SIZE}) { nodes { id } } }", json!({})),
        ("{ job { id } }", json!({})),
        ("{ job(id: null) { id } }", json!({})),
        ("{ jobs { nodes { nothing } } }", json!({})),
        ("query($s: [JobStatus!]) { jobs(filter: {statuses: $s}) { nodes { id } } }", json!({ "s": ["WHATEVER"] })),
        ("query($f: Int) { jobs(first: $f) { nodes { id } } }", json!({ "f": "many" })),
        ("query($f: Int) { jobs(first: $f) { nodes { id } } }", json!({ "f": 3_000_000_000_u64 })),
        ("query($f: Int) { jobs(first: $f) { nodes { id } } }", json!({ "f": 1.5 })),
        ("query($f: JobFilter) { jobs(filter: $f) { nodes { id } } }", json!({ "f": { "changedAfter": 5 } })),
        ("query($f: JobFilter) { jobs(filter: $f) { nodes { id } } }", json!({ "f": { "unknown": 5 } })),
        ("query($f: JobFilter) { jobs(filter: $f) { nodes { id } } }", json!({ "f": "text" })),
        ("query($id: ID!) { job(id: $id) { id } }", json!({})),
        ("query($id: ID!) { job(id: $id) { id } }", json!({ "id": null })),
        ("query($id: ID!) { job(id: $id) { id } }", json!({ "id": { "a": 1 } })),
        ("{ jobs { nodes { id } ", json!({})),
        ("{ ...missing }", json!({})),
        ("fragment f on Query { ...f } { ...f }", json!({})),
    ] {
        let answer = app.ask(&app.admin, query, variables.clone()).await;
        let known = ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "QUERY_TOO_DEEP"];
        assert!(known.contains(&code(&answer)), "{query} {variables}: {answer:#}");
        assert!(answer["data"].is_null(), "{answer:#}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(!message.contains("hiregraph::") && !message.contains("async_graphql"), "{message}");
    }
}

async fn unknown_and_malformed_ids_are_null(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let found = app
        .query_with(
            "query($id: ID!) { integration(id: $id) { lastSync { id } jobs(first: 2) { nodes { id stages { id stage { id } } hiringTeam { id user { id } } } } \
             candidates(first: 12) { nodes { id tags { id tag { id } } applications { nodes { id } } } } } apiKeys { id } }",
            json!({ "id": id }),
        )
        .await;
    let first = |list: &str, at: &str| {
        let mut rows = rows(&found["integration"][list]["nodes"]).iter();
        rows.find_map(|row| row.pointer(at)).unwrap_or_else(|| panic!("{list} {at}")).as_str().unwrap().to_owned()
    };
    let hook = app.hooked().await;
    let action = app.noted(&first("candidates", "/applications/nodes/0/id")).await;
    app.settle().await;
    let asked = "query($id: ID!) { integration(id: $id) { vendorRequests(first: 1) { nodes { id } } } }";
    let request = app.query_with(asked, json!({ "id": id })).await;
    let request = request.pointer("/integration/vendorRequests/nodes/0/id").unwrap().as_str().unwrap().to_owned();
    let nodes = [
        ("Job", first("jobs", "/id")),
        ("JobStage", first("jobs", "/stages/0/id")),
        ("ApplicationStage", first("jobs", "/stages/0/stage/id")),
        ("HiringTeamMember", first("jobs", "/hiringTeam/0/id")),
        ("User", first("jobs", "/hiringTeam/0/user/id")),
        ("Candidate", first("candidates", "/id")),
        ("CandidateTag", first("candidates", "/tags/0/id")),
        ("Tag", first("candidates", "/tags/0/tag/id")),
        ("Application", first("candidates", "/applications/nodes/0/id")),
        ("Integration", id.clone()),
        ("SyncRun", found["integration"]["lastSync"]["id"].as_str().unwrap().to_owned()),
        ("ApiKey", found["apiKeys"][0]["id"].as_str().unwrap().to_owned()),
        ("Action", action),
        ("WebhookDelivery", app.last_delivery(&hook).await),
        ("WebhookEndpoint", hook),
        ("VendorRequest", request),
    ];
    let covered: std::collections::BTreeSet<_> = nodes.iter().map(|(of, _)| (*of).to_owned()).collect();
    assert_eq!(covered, sdl::implementors("Node").into_iter().collect(), "a case for every node");
    let unknown =
        ["", "job", "job_", "nonsense_0123", "job_zzzzzzzzzzzzzzzzzzzzzzzzzz", "job_0123456789abcdefghijklmnop", "🦀"];
    let mut asked: Vec<String> = unknown.iter().map(|id| (*id).to_owned()).collect();
    for (of, id) in &nodes {
        asked.push(id.clone());
        asked.push(id.clone());
        // The same bytes under another name, and one bit away.
        let (_, bytes) = id.split_once('_').unwrap();
        let other = if *of == "Job" { "cand" } else { "job" };
        asked.push(format!("{other}_{bytes}"));
        let query = "query($id: ID!) { node(id: $id) { __typename id } }";
        let node = app.query_with(query, json!({ "id": id })).await["node"].take();
        assert_eq!(node, json!({"__typename": of, "id": id}));
    }
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let answer = app.query_with(query, json!({ "ids": asked })).await["nodes"].take();
    let of = |id: &str| nodes.iter().find(|(_, known)| known == id).map(|(of, _)| *of);
    let expected: Vec<Value> =
        asked.iter().map(|id| of(id).map_or(Value::Null, |of| json!({"__typename": of, "id": id}))).collect();
    assert_eq!(answer, json!(expected));
    for field in ["job", "candidate", "application", "integration"] {
        for id in asked.iter().filter(|id| {
            !matches!(
                (of(id), field),
                (Some("Job"), "job")
                    | (Some("Candidate"), "candidate")
                    | (Some("Application"), "application")
                    | (Some("Integration"), "integration")
            )
        }) {
            let query = format!("query($id: ID!) {{ {field}(id: $id) {{ id }} }}");
            assert!(app.query_with(&query, json!({ "id": id })).await[field].is_null(), "{field} {id}");
        }
    }
    assert!(app.query("{ connector(slug: \"none\") { slug } }").await["connector"].is_null());
}

async fn what_breaks_inside_is_told_by_a_reference_only(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    use sea_orm::ConnectionTrait;
    for table in ["payloads", "candidate_tags", "sync_run_models", "custom_fields"] {
        app.store.connection().execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
    }
    for query in [
        "{ jobs { nodes { remoteData } } }",
        "{ candidates { nodes { tags { id } } } }",
        "{ integrations { nodes { lastSync { models { model } } } } }",
        "{ integrations { nodes { customFields { key } } } }",
        "{ jobs { nodes { customFields } } }",
    ] {
        let answer = app.ask(&app.admin, query, json!({})).await;
        let error = &answer["errors"][0];
        assert_eq!(code(&answer), "INTERNAL", "{query}: {answer:#}");
        let reference = error["extensions"]["reference"].as_str().unwrap();
        assert!(error["message"].as_str().unwrap().contains(reference));
        let text = answer.to_string().to_lowercase();
        for word in ["table", "relation", "sql", "database", "payloads", "candidate_tags", "no such"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    app.store.close().await;
    let answer = app.post(Some(&app.admin), &json!({ "query": "{ viewer { name } }" })).await;
    assert_eq!(answer.status, 503);
    assert_eq!(code(&answer.body), "UNAVAILABLE");
}

async fn texts_that_a_database_cannot_hold_are_refused_or_match_nothing(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    for (query, variables) in [
        ("query($t: String) { candidates(filter: {nameContains: $t}) { nodes { id } } }", json!({ "t": "a\u{0}" })),
        ("query($t: String) { candidates(filter: {email: $t}) { nodes { id } } }", json!({ "t": "a\u{0}" })),
        ("query($t: String) { candidates(filter: {lastName: $t}) { nodes { id } } }", json!({ "t": "a\u{0}" })),
        ("query($t: String) { jobs(filter: {nameContains: $t}) { nodes { id } } }", json!({ "t": "\u{0}" })),
    ] {
        let answer = app.ask(&app.admin, query, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{query}: {answer:#}");
    }
    for query in [
        "query($t: String!) { candidates(filter: {tagNames: [$t], sources: [$t], remoteIds: [$t]}) { nodes { id } } }",
        "query($t: String!) { jobs(filter: {codes: [$t], departments: [$t]}) { nodes { id } } }",
    ] {
        let answer = app.ask(&app.admin, query, json!({ "t": "a\u{0}" })).await;
        assert_eq!(code(&answer), "", "{query}: {answer:#}");
    }
    let query = "mutation($i: UpdateIntegrationInput!) { updateIntegration(input: $i) { userErrors { field } } }";
    let answer = app.query_with(query, json!({ "i": { "id": id, "name": "a\u{0}" } })).await;
    assert_eq!(answer["updateIntegration"]["userErrors"][0]["field"], json!(["input", "name"]));
}
