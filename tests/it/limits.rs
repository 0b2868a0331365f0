//! What one query may cost, and who may read the schema.

use axum::body::Body;
use axum::http::Request;
use hiregraph::config::Role;
use hiregraph::domain::Scope;
use serde_json::json;

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, rows};

on_both!(
    queries_beyond_the_limits_are_refused_before_they_run,
    honest_queries_stay_within_the_limits,
    the_schema_is_read_with_tools_and_closed_where_the_operator_says,
);

const SMALL: Size = Size { candidates: 10, jobs: 2 };

/// `pairs` times to applications and back to their job; with four, `id` lies on level 15.
fn deep(pairs: usize) -> String {
    let (open, close) = ("applications(first: 1) { nodes { job { ".repeat(pairs), "} } } ".repeat(pairs));
    format!("{{ jobs(first: 1) {{ nodes {{ {open} id {close} }} }} }}")
}

/// As graphql-js 16 and GraphiQL 5 ask.
pub const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } \
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations \
    args(includeDeprecated: true) { ...InputValue } } } } \
    fragment FullType on __Type { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name description \
    args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } \
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason } \
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

async fn queries_beyond_the_limits_are_refused_before_they_run(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let aliases = |count: usize| {
        (0..count).map(|number| format!("a{number}: connectors {{ slug }}")).collect::<Vec<_>>().join(" ")
    };
    app.query("{ viewer { name } }").await;
    let before = app.store.statements().count();
    for (query, expected) in [
        (deep(5), "QUERY_TOO_DEEP"),
        (format!("{{ {} }}", aliases(11)), "TOO_MANY_ALIASES"),
        (format!("{{ {} }}", "__typename ".repeat(20_001)), "QUERY_TOO_COMPLEX"),
        (format!("{{ __typename {} }}", "@aa".repeat(9)), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ jobs(first: 250) { nodes { applications(first: 250) { nodes { id } } } } }".to_owned(),
            "QUERY_TOO_COMPLEX",
        ),
        (
            "{ integrations(first: 250) { edges { node { candidates(last: 50) { nodes { id } } } } } }".to_owned(),
            "QUERY_TOO_COMPLEX",
        ),
        (
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
                .to_owned(),
            "QUERY_TOO_DEEP",
        ),
    ] {
        let answer = app.ask(&app.admin, &query, json!({})).await;
        assert_eq!(code(&answer), expected, "{query}: {answer:#}");
        assert!(answer.get("data").is_none(), "{answer:#}");
    }
    assert_eq!(app.store.statements().count() - before, 7, "who asks, and nothing else");

    let batch = json!([{ "query": "{ viewer { name } }" }, { "query": "{ viewer { name } }" }]);
    let answer = app.post(Some(&app.admin), &batch).await;
    assert_eq!((answer.status.as_u16(), code(&answer.body)), (400, "BAD_REQUEST"));
    let large = json!({ "query": "{ viewer { name } }", "variables": { "x": "x".repeat(2 * 1024 * 1024) } });
    let reader = app.key(&[Scope::RecordsRead], None).await;
    let answer = app.post(Some(&reader), &large).await;
    assert_eq!((answer.status.as_u16(), code(&answer.body)), (413, "PAYLOAD_TOO_LARGE"));
    // Whoever may write has room for attachments.
    assert_eq!(app.post(Some(&app.admin), &large).await.status.as_u16(), 200);
}

async fn honest_queries_stay_within_the_limits(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let aliases: Vec<_> = (0..10).map(|number| format!("a{number}: connectors {{ slug }}")).collect();
    for query in [
        &deep(4),
        &format!("{{ {} }}", aliases.join(" ")),
        "{ jobs(first: 39) { nodes { applications(first: 250) { nodes { id } } } } }",
        "{ jobs(first: 250) { nodes { applications(first: 250) { totalCount } } } }",
        INTROSPECTION,
    ] {
        let answer = app.ask(&app.admin, query, json!({})).await;
        assert_eq!(code(&answer), "", "{query}: {answer:#}");
    }
}

async fn the_schema_is_read_with_tools_and_closed_where_the_operator_says(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let reads = app.key(&[Scope::RecordsRead], None).await;
    let answer = app.ask(&reads, INTROSPECTION, json!({})).await;
    assert!(rows(&answer["data"]["__schema"]["types"]).len() > 50, "{answer:#}");

    app.serve_anew(Role::Api, false, &[]);
    for query in [
        INTROSPECTION,
        "{ __type(name: \"Job\") { name } }",
        "{ viewer { name } s: __schema { types { name } } }",
        "{ ...f } fragment f on Query { __schema { types { name } } }",
    ] {
        let answer = app.ask(&reads, query, json!({})).await;
        assert_eq!(code(&answer), "FORBIDDEN", "{query}: {answer:#}");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("ADMIN"));
        assert!(answer.get("data").is_none(), "{answer:#}");
        let answer = app.ask(&app.admin, query, json!({})).await;
        assert_eq!(code(&answer), "", "{query}: {answer:#}");
    }
    let answer = app.ask(&reads, "{ connectors { slog } }", json!({})).await;
    assert_eq!(code(&answer), "GRAPHQL_VALIDATION_FAILED");
    assert!(!answer.to_string().contains("Did you mean"), "nor is it guessed name by name: {answer:#}");
    let answer = app.ask(&reads, "{ __typename viewer { __typename name } }", json!({})).await;
    assert_eq!(answer["data"]["__typename"], "Query", "the names of types are no secret");
    // By GET as well.
    let request = Request::get("/graphql?query=%7B__schema%7Btypes%7Bname%7D%7D%7D")
        .header("authorization", format!("Bearer {reads}"));
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(code(&answer.body), "FORBIDDEN");
}
