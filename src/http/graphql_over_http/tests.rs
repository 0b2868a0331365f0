//! Tables over the whole handler, with a stand-in for the schema.

use std::sync::Arc;

use async_graphql::{EmptySubscription, ID, Object, Schema};
use axum::body::to_bytes;
use axum::http::HeaderValue;
use serde_json::{Value, json};

use super::*;

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.as_deref().unwrap_or("you"))
    }

    async fn picked(&self, ids: Vec<ID>) -> usize {
        ids.len()
    }

    /// Not nullable, so that its failure empties `data`.
    async fn broken(&self) -> async_graphql::Result<i32> {
        Err("it broke".into())
    }

    async fn cracked(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err("it cracked".into()))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn increment(&self, by: i32) -> i32 {
        by + 1
    }
}

struct StandIn {
    schema: Schema<Query, Mutation, EmptySubscription>,
    documents: Arc<Documents>,
    bound: bool,
}

impl Executor for StandIn {
    fn admission(&self) -> Admission<'_> {
        Admission { documents: &self.documents, bound: self.bound }
    }

    async fn execute(self, request: Request, _: OperationType) -> Response {
        self.schema.execute(request).await
    }

    async fn subscribe(self, request: Request) -> Events {
        Events { answers: self.schema.execute_stream(request), stop: CancellationToken::new() }
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().unwrap_or_default()
    }
}

async fn ask(method: Method, uri: &str, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Answer {
    ask_beside(&Arc::default(), true, method, uri, headers, body).await
}

/// With documents that are known beforehand, as a caller that is held to them or not.
async fn ask_beside(
    documents: &Arc<Documents>,
    bound: bool,
    method: Method,
    uri: &str,
    headers: &[(&'static str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let schema = Schema::build(Query, Mutation, EmptySubscription).finish();
    let executor = StandIn { schema, documents: documents.clone(), bound };
    let headers = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    let response = answer(&method, &uri.parse().unwrap(), &headers, body.into(), executor).await;
    let (parts, body) = response.into_parts();
    let body = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const RICH: (&str, &str) = ("accept", "application/graphql-response+json");
const LEGACY: (&str, &str) = ("accept", "application/json");

async fn post(accept: (&'static str, &str), body: &Value) -> Answer {
    ask(Method::POST, "/graphql", &[JSON, accept], body.to_string()).await
}

#[tokio::test]
async fn accept_decides_the_media_type() {
    const JSON_TYPE: &str = "application/json; charset=utf-8";
    const RICH_TYPE: &str = "application/graphql-response+json; charset=utf-8";
    for (accept, expected) in [
        (None, Some(JSON_TYPE)),
        (Some("*/*"), Some(JSON_TYPE)),
        (Some("application/*"), Some(JSON_TYPE)),
        (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(JSON_TYPE)),
        (Some("application/json"), Some(JSON_TYPE)),
        (Some("application/json; charset=UTF-8"), Some(JSON_TYPE)),
        (Some("application/graphql-response+json"), Some(RICH_TYPE)),
        (Some("Application/GraphQL-Response+JSON"), Some(RICH_TYPE)),
        (Some("application/graphql-response+json, application/json;q=0.9"), Some(RICH_TYPE)),
        (Some("application/json, application/graphql-response+json"), Some(RICH_TYPE)),
        (Some("application/json, application/graphql-response+json;q=0.5"), Some(JSON_TYPE)),
        (Some("application/json;q=0, */*"), Some(RICH_TYPE)),
        (Some("application/json, multipart/mixed"), Some(JSON_TYPE)),
        (Some("text/html"), None),
        (Some("application/json;q=0"), None),
        (Some("application/json;q=2"), None),
        (Some("application/json;charset=iso-8859-1"), None),
        (Some("nonsense"), None),
        (Some("*/json"), None),
        (Some(""), None),
    ] {
        let mut headers = vec![JSON];
        headers.extend(accept.map(|accept| ("accept", accept)));
        let answer = ask(Method::POST, "/graphql", &headers, r#"{"query":"{ hello }"}"#).await;
        match expected {
            Some(expected) => {
                assert_eq!(answer.status, 200, "{accept:?}");
                assert_eq!(answer.headers["content-type"], expected, "{accept:?}");
            }
            None => assert_eq!((answer.status, answer.code()), (406, "NOT_ACCEPTABLE"), "{accept:?}"),
        }
        assert_eq!(answer.headers["vary"], "accept");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn only_json_bodies_in_utf8_are_read() {
    for (headers, expected) in [
        (vec![("content-type", "application/json")], 200),
        (vec![("content-type", "Application/JSON; charset=\"UTF-8\"")], 200),
        (vec![("content-type", "application/json"), ("content-encoding", "identity")], 200),
        (vec![], 415),
        (vec![("content-type", "")], 415),
        (vec![("content-type", "text/plain")], 415),
        (vec![("content-type", "application/graphql")], 415),
        (vec![("content-type", "application/x-www-form-urlencoded")], 415),
        (vec![("content-type", "application/json; charset=utf-16")], 415),
        (vec![("content-type", "application/json"), ("content-encoding", "br")], 415),
    ] {
        let answer = ask(Method::POST, "/graphql", &headers, r#"{"query":"{ hello }"}"#).await;
        assert_eq!(answer.status, expected, "{headers:?}");
        if expected == 415 {
            assert_eq!(answer.code(), "UNSUPPORTED_MEDIA_TYPE", "{headers:?}");
        }
    }
}

#[tokio::test]
async fn a_malformed_body_is_refused_and_the_refusal_says_where() {
    for (body, said) in [
        ("", "the request has no body"),
        ("{ \"not a JSON", "line 1 column 13"),
        ("[{\"query\":\"{ hello }\"}]", "batches are not supported"),
        ("[]", "batches are not supported"),
        ("\"{ hello }\"", "the body is a string"),
        ("null", "the body is null"),
        ("{}", "`query` is missing"),
        (r#"{"qeury":"{ hello }"}"#, "`query` is missing"),
        (r#"{"query":null}"#, "`query` is missing"),
        (r#"{"query":" \n"}"#, "`query` is empty"),
        (r#"{"query":{"a":1}}"#, "`query` must be a string, not an object"),
        (r#"{"query":"{ hello }","operationName":7}"#, "`operationName` must be a string, not a number"),
        (r#"{"query":"{ hello }","variables":"{}"}"#, "`variables` must be an object, not a string"),
        (r#"{"query":"{ hello }","variables":[]}"#, "`variables` must be an object, not an array"),
        (r#"{"query":"{ hello }","extensions":false}"#, "`extensions` must be an object, not a boolean"),
    ] {
        for accept in [RICH, LEGACY] {
            let answer = ask(Method::POST, "/graphql", &[JSON, accept], body).await;
            assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"), "{body}");
            assert!(answer.message().contains(said), "{body}: {}", answer.message());
            assert_eq!(answer.body.get("data"), None, "{body}");
        }
    }
    let named = ask(Method::POST, "/graphql", &[JSON], r#"{"query":"{ hello }","variables":1}"#).await;
    assert_eq!(named.body["errors"][0]["extensions"]["parameter"], "variables");
    let broken_text = ask(Method::POST, "/graphql", &[JSON], &b"{\"query\":\"\xff\"}"[..]).await;
    assert_eq!(broken_text.status, 400);
}

#[tokio::test]
async fn a_request_that_cannot_run_has_no_data_and_says_why() {
    for (body, code) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "query A { hello }", "operationName": "B" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": "{ hello }", "operationName": "B" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": "query A { hello } query B { hello }" }), "OPERATION_RESOLUTION_FAILURE"),
        (json!({ "query": "query($id: ID!) { __typename }", "variables": { "id": null } }), "BAD_USER_INPUT"),
        (json!({ "query": "query($id: ID!) { __typename }" }), "BAD_USER_INPUT"),
        (
            json!({ "query": "query($ids: [ID!]) { __typename }", "variables": { "ids": ["a", null] } }),
            "BAD_USER_INPUT",
        ),
        (json!({ "query": "query($id: ID! = 1) { __typename }", "variables": { "id": null } }), "BAD_USER_INPUT"),
        (json!({ "query": "query($n: String) { hello(name: $m) }" }), "GRAPHQL_VALIDATION_FAILED"),
        // A variable that nothing uses is refused by the specification (5.8.4), with or without a default.
        (json!({ "query": "query($i: [ID!]! = []) { __typename }" }), "GRAPHQL_VALIDATION_FAILED"),
    ] {
        for (accept, status) in [(RICH, 400), (LEGACY, 200)] {
            let answer = post(accept, &body).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{body}");
            assert_eq!(answer.body.get("data"), None, "{body}");
        }
    }
}

#[tokio::test]
async fn a_request_that_ran_is_answered_with_200() {
    for (body, data, errors) in [
        (json!({ "query": "{ hello }" }), json!({ "hello": "hello you" }), false),
        (json!({ "query": "{ broken }" }), json!(null), true),
        (json!({ "query": "{ hello cracked }" }), json!({ "hello": "hello you", "cracked": null }), true),
        (
            json!({ "query": "query($n: String!) { hello(name: $n) }", "variables": { "n": "Ada" } }),
            json!({ "hello": "hello Ada" }),
            false,
        ),
        (
            json!({ "query": "query A { hello } query B { b: hello }", "operationName": "B", "extensions": {} }),
            json!({ "b": "hello you" }),
            false,
        ),
        (
            json!({ "query": "query($i: [ID!]! = []) { picked(ids: $i) }", "variables": null, "operationName": null }),
            json!({ "picked": 0 }),
            false,
        ),
        (json!({ "query": "mutation { increment(by: 1) }" }), json!({ "increment": 2 }), false),
    ] {
        for accept in [RICH, LEGACY] {
            let answer = post(accept, &body).await;
            assert_eq!(answer.status, 200, "{body}");
            assert_eq!(answer.body["data"], data, "{body}");
            assert_eq!(answer.body.get("errors").is_some(), errors, "{body}");
            assert!(answer.body.as_object().unwrap().contains_key("data"), "{body}");
        }
    }
}

#[tokio::test]
async fn get_runs_queries_and_nothing_else() {
    const TWO: &str = "/graphql?query=query+A+%7B+hello+%7D+mutation+B+%7B+increment(by:1)+%7D";
    for (uri, status, allow) in [
        ("/graphql?query=%7B+hello+%7D", 200, None),
        ("/graphql?query=%7B+hello+%7D&operationName=&variables=&extensions=&other=1", 200, None),
        ("/graphql?query=query($n:String)%7Bhello(name:$n)%7D&variables=%7B%22n%22:%22Ada%22%7D", 200, None),
        (&format!("{TWO}&operationName=A"), 200, None),
        (&format!("{TWO}&operationName=B"), 405, Some("POST")),
        (TWO, 400, None),
        ("/graphql?query=mutation+%7B+increment(by:1)+%7D", 405, Some("POST")),
        ("/graphql?query=subscription+%7B+ticks+%7D", 405, Some("POST")),
        ("/graphql?query=%7B", 400, None),
        ("/graphql", 400, None),
        ("/graphql?query=", 400, None),
        ("/graphql?query=%7B+hello+%7D&query=%7B+hello+%7D", 400, None),
        ("/graphql?query=%7B+hello+%7D&variables=%7B", 400, None),
        ("/graphql?query=%7B+hello+%7D&variables=%5B%5D", 400, None),
    ] {
        let answer = ask(Method::GET, uri, &[RICH], "").await;
        assert_eq!(answer.status, status, "{uri}: {}", answer.body);
        assert_eq!(answer.headers.get("allow").and_then(|allow| allow.to_str().ok()), allow, "{uri}");
    }
}

#[tokio::test]
async fn other_methods_and_subscriptions_by_post_are_refused() {
    let put = ask(Method::PUT, "/graphql", &[JSON], r#"{"query":"{ hello }"}"#).await;
    assert_eq!((put.status, put.headers["allow"].to_str().unwrap()), (405, "GET, POST"));
    let subscription = post(RICH, &json!({ "query": "subscription { ticks }" })).await;
    assert_eq!((subscription.status, subscription.code()), (400, "BAD_REQUEST"));
    assert!(subscription.message().contains("text/event-stream"));
}

#[tokio::test]
async fn a_document_nested_without_end_is_refused_before_it_is_parsed() {
    let fields = "{a".repeat(100_000);
    let values = format!("{{ hello(name: {}", "[".repeat(100_000));
    let types = format!("query($a: {}", "[".repeat(100_000));
    for query in [fields, values, types] {
        let answer = post(RICH, &json!({ "query": query })).await;
        assert_eq!((answer.status, answer.code()), (400, "GRAPHQL_PARSE_FAILED"));
        assert!(answer.message().contains("nested"), "{}", answer.message());
    }
    let brackets = "{".repeat(1000);
    for query in [
        format!("# {brackets}\n{{ hello }}"),
        format!("{{ hello(name: \"{brackets} \\\" {brackets}\") }}"),
        format!("{{ hello(name: \"\"\"{brackets} \\\"\"\" \" {brackets}\"\"\") }}"),
        format!("{{ hello(name: \"\") }} # {brackets}"),
    ] {
        let answer = post(RICH, &json!({ "query": query })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

fn sha256(document: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(document.as_bytes()))
}

fn hashed(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[tokio::test]
async fn a_document_that_was_sent_with_its_hash_runs_by_the_hash_alone() {
    let documents = Arc::default();
    let post = async |body: &Value| {
        ask_beside(&documents, true, Method::POST, "/graphql", &[JSON, RICH], body.to_string()).await
    };
    let query = "query($n: String) { hello(name: $n) }";
    let alone = json!({ "extensions": hashed(&sha256(query)), "variables": { "n": "Ada" } });
    let unknown = post(&alone).await;
    assert_eq!((unknown.status, unknown.code()), (400, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(unknown.message(), "PersistedQueryNotFound", "what clients go by");
    let legacy = ask_beside(&documents, true, Method::POST, "/graphql", &[JSON, LEGACY], alone.to_string()).await;
    assert_eq!((legacy.status, legacy.code()), (200, "PERSISTED_QUERY_NOT_FOUND"));

    let wrong = post(&json!({ "query": "{ hello }", "extensions": hashed(&sha256(query)) })).await;
    assert_eq!((wrong.status, wrong.code()), (400, "BAD_REQUEST"));
    assert_eq!(wrong.message(), "provided sha does not match query");
    // What does not parse is not remembered.
    post(&json!({ "query": "{ hello", "extensions": hashed(&sha256("{ hello")) })).await;
    let broken = post(&json!({ "extensions": hashed(&sha256("{ hello")) })).await;
    assert_eq!(broken.code(), "PERSISTED_QUERY_NOT_FOUND");

    let mut both = alone.clone();
    both["query"] = query.into();
    assert_eq!(post(&both).await.body, json!({ "data": { "hello": "hello Ada" } }));
    assert_eq!(post(&alone).await.body, json!({ "data": { "hello": "hello Ada" } }));
    let uri =
        format!("/graphql?variables=%7B%7D&extensions={}", hashed(&sha256(query)).to_string().replace('"', "%22"));
    let got = ask_beside(&documents, true, Method::GET, &uri, &[RICH], "").await;
    assert_eq!(got.body, json!({ "data": { "hello": "hello you" } }), "as caches between want it");
}

#[tokio::test]
async fn a_hash_that_is_none_is_refused() {
    let hash = sha256("{ hello }");
    for persisted in [
        json!({ "version": 2, "sha256Hash": hash }),
        json!({ "version": "1", "sha256Hash": hash }),
        json!({ "sha256Hash": hash }),
        json!({ "version": 1 }),
        json!({ "version": 1, "sha256Hash": "abc" }),
        json!({ "version": 1, "sha256Hash": 5 }),
        json!("abc"),
        json!([]),
    ] {
        for query in [json!(null), json!("{ hello }")] {
            let body = json!({ "query": query, "extensions": { "persistedQuery": persisted } });
            let answer = post(RICH, &body).await;
            assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"), "{body}");
            assert_eq!(answer.body["errors"][0]["extensions"]["parameter"], "extensions", "{body}");
        }
    }
    let nothing = post(RICH, &json!({ "extensions": { "persistedQuery": null } })).await;
    assert_eq!(nothing.status, 400);
}

#[tokio::test]
async fn beside_a_list_only_its_documents_run() {
    let listed = "{ hello }";
    let list = json!({ sha256(listed): listed }).to_string();
    let documents = Arc::new(Documents::allowing(&list).unwrap());
    let post = async |bound: bool, body: &Value| {
        ask_beside(&documents, bound, Method::POST, "/graphql", &[JSON, RICH], body.to_string()).await
    };
    let other = "{ hello(name: \"Ada\") }";
    for bound in [true, false] {
        for body in [json!({ "query": listed }), json!({ "extensions": hashed(&sha256(listed)) })] {
            assert_eq!(post(bound, &body).await.status, 200, "{body}");
        }
    }
    // Whoever is free may run and remember what it likes, and opens nothing to others by that.
    let free = post(false, &json!({ "query": other, "extensions": hashed(&sha256(other)) })).await;
    assert_eq!(free.status, 200);
    for query in [other, "{ hello } ", "query { hello }", "{"] {
        for body in [json!({ "query": query }), json!({ "query": query, "extensions": hashed(&sha256(query)) })] {
            let answer = post(true, &body).await;
            assert_eq!((answer.status, answer.code()), (400, "QUERY_NOT_ALLOWED"), "{body}");
        }
    }
    let by_hash = post(true, &json!({ "extensions": hashed(&sha256(other)) })).await;
    assert_eq!(by_hash.code(), "PERSISTED_QUERY_NOT_FOUND");
}
