//! Tokens, scopes, connection tests, and what counts as gone.

use serde_json::json;

use super::fake::{Fake, ids, read};
use crate::connectors::connector::{Carried, ChildrenOf, Connector, Credentials, OpenAccount};
use crate::connectors::error::ErrorKind;
use crate::connectors::traffit::Traffit;
use crate::domain::RecordType;

#[tokio::test]
async fn a_client_that_lacks_scopes_gets_a_token_with_the_others() {
    let fake = Fake::start().await;
    fake.content.lock().unwrap().scopes = Some(vec!["employee", "user"]);
    let account = fake.account();
    read(&account, "users", &mut Carried::default()).await.unwrap();
    // All at once, each of the eight, then the two.
    assert_eq!(fake.seen("POST /oauth2/token"), 10);
    account.http.sign_in().await.unwrap();
    assert_eq!(fake.seen("POST /oauth2/token"), 11);

    // The same from a server that gives no reason.
    fake.content.lock().unwrap().silent = true;
    read(&fake.account(), "users", &mut Carried::default()).await.unwrap();
    fake.content.lock().unwrap().silent = false;

    fake.content.lock().unwrap().scopes = Some(vec![]);
    let error = fake.account().http.sign_in().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_say_what_to_do() {
    let cases = [
        (400, r#"{"error":"invalid_client","error_description":"secret text"}"#, ErrorKind::Auth, "invalid_client"),
        (401, r#"{"error":"invalid_grant"}"#, ErrorKind::Auth, "invalid_grant"),
        (400, r#"{"error":"unauthorized_client"}"#, ErrorKind::Auth, "unauthorized_client"),
        (400, "", ErrorKind::Auth, "client secret"),
        (404, "<html>", ErrorKind::Auth, "subdomain"),
        (400, r#"{"error":"unsupported_grant_type"}"#, ErrorKind::Invalid, "/oauth2/token"),
        (200, "<html>", ErrorKind::Shape, "not JSON"),
        (200, r#"{"token":"x"}"#, ErrorKind::Shape, "access_token is not present"),
    ];
    for (status, body, kind, part) in cases {
        let fake = Fake::start().await;
        fake.instead("/oauth2/token", status, body);
        let error = fake.account().http.sign_in().await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        assert!(error.public.contains(part) && !error.public.contains("secret text"), "{}", error.public);
    }
}

#[tokio::test]
async fn refusals_of_the_api_name_the_scope() {
    for (status, body, kind, part) in [
        (401, "", ErrorKind::Auth, "access token"),
        (403, r#"{"error":"insufficient_scope"}"#, ErrorKind::Permission, "scope user"),
        (403, "<html>", ErrorKind::Permission, "scope user"),
        (400, r#"{"code":400,"message":"Jan is bad"}"#, ErrorKind::Invalid, "/users/"),
    ] {
        let fake = Fake::start().await;
        fake.instead("/users/", status, body);
        let error = read(&fake.account(), "users", &mut Carried::default()).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.public.contains(part) && !error.public.contains("Jan"), "{}", error.public);
    }
}

#[tokio::test]
async fn the_connection_test_covers_scopes_and_every_record_type() {
    let fake = Fake::start().await;
    fake.put("/employees/", json!([{"id": 5}]));
    fake.put("/employees/5/tags", json!([]));
    let checks = Traffit.checks(&fake.account()).await;
    let failed: Vec<_> = checks.iter().filter(|check| !check.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    for model in RecordType::ALL {
        assert_eq!(checks.iter().filter(|check| check.model == Some(*model)).count(), 1, "{model}");
    }

    let denied = r#"{"error":"insufficient_scope"}"#;
    for path in ["/employees/", "/employees/recruitment_history"] {
        fake.instead(path, 403, denied);
    }
    fake.content.lock().unwrap().scopes =
        Some(vec!["recruitment", "workflow", "user", "source", "dictionary", "file", "webhook"]);
    let checks = Traffit.checks(&fake.account()).await;
    let failed: Vec<_> = checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
    assert_eq!(failed, ["scope employee", "read CANDIDATE", "read TAG", "read CANDIDATE_TAG", "read APPLICATION"]);
    assert!(checks.iter().filter(|check| !check.passed).all(|check| check.fix.is_some()));

    fake.instead("/oauth2/token", 400, r#"{"error":"invalid_client"}"#);
    let checks = Traffit.checks(&fake.account()).await;
    assert_eq!((checks.len(), checks[0].name.as_str(), checks[0].passed), (1, "credentials", false));
}

#[tokio::test]
async fn only_what_traffit_denies_is_gone() {
    let fake = Fake::start().await;
    fake.put("/employees/1", json!({"id": 1}));
    fake.instead("/employees/3", 410, "");
    fake.put("/recruitments/60", json!({"id": 60}));
    fake.put("/recruitments/60/employees", json!([{"id": 1}]));
    fake.put("/workflows", json!([{"id": 4}]));
    fake.put("/workflows/4", json!({"id": 4, "states": [{"id": 19}]}));
    let account = fake.account();
    for (of, asked, expected) in [
        (RecordType::Candidate, vec!["1", "2", "3"], vec!["2", "3"]),
        (RecordType::Job, vec!["60", "61"], vec!["61"]),
        (RecordType::User, vec!["7"], vec!["7"]),
        (RecordType::Application, vec!["60:1", "60:2", "61:1", "nonsense"], vec!["60:2", "61:1"]),
        (RecordType::ApplicationStage, vec!["19", "20"], vec!["20"]),
    ] {
        let asked: Vec<String> = asked.into_iter().map(Into::into).collect();
        assert_eq!(Traffit.confirm_gone(&account, of, &asked).await.unwrap(), expected, "{of}");
    }
    fake.instead("/employees/2", 403, "");
    let error = Traffit.confirm_gone(&account, RecordType::Candidate, &["2".into()]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
}

#[tokio::test]
async fn tags_are_read_by_candidate() {
    let fake = Fake::start().await;
    fake.put("/employees/1/tags", json!([{"id": 7, "name": "java"}]));
    fake.put("/employees/3/tags", json!([{"name": "no id"}]));
    let parents = ["1", "2", "3"].map(String::from);
    let found = Traffit.children(&fake.account(), "candidate_tags", &parents).await.unwrap();
    assert!(matches!(&found[0].found, ChildrenOf::Records(records) if records.len() == 2));
    assert!(matches!(&found[1].found, ChildrenOf::Gone));
    assert!(matches!(&found[2].found, ChildrenOf::Unreadable(text) if text.contains("id is not present")));
    // One that always fails holds up no other; when none can be read, that is an error.
    fake.instead("/employees/1/tags", 500, "");
    let found = Traffit.children(&fake.account(), "candidate_tags", &parents).await.unwrap();
    assert!(matches!(&found[0].found, ChildrenOf::Unreadable(text) if text.contains("500")));
    fake.instead("/employees/2/tags", 500, "");
    let error = Traffit.children(&fake.account(), "candidate_tags", &parents[..2]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    fake.instead("/employees/", 503, "");
    let error = Traffit.children(&fake.account(), "candidate_tags", &parents).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn only_the_persons_own_404_says_that_it_is_gone() {
    let fake = Fake::start().await;
    fake.put("/employees/1/tags", json!([]));
    // Its tags answer 404, and it is there.
    fake.put("/employees/2", json!({"id": 2}));
    let parents = ["1", "2", "3"].map(String::from);
    let found = Traffit.children(&fake.account(), "candidate_tags", &parents).await.unwrap();
    assert!(matches!(&found[1].found, ChildrenOf::Unreadable(text) if text.contains("/employees/{id}/tags")));
    assert!(matches!(&found[2].found, ChildrenOf::Gone));

    fake.put("/recruitments/60", json!({"id": 60}));
    let gone = Traffit.confirm_gone(&fake.account(), RecordType::Application, &["60:1".into(), "61:1".into()]).await;
    assert_eq!(gone.unwrap(), ["61:1"]);
    fake.put("/workflows", json!([{"id": 4}]));
    fake.put("/workflows/4", json!({"id": 4, "states": [{"id": 19}, {"name": "might be any"}]}));
    let gone = Traffit.confirm_gone(&fake.account(), RecordType::ApplicationStage, &["20".into()]).await;
    assert!(gone.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_is_asked_for_again_when_the_endpoint_is_not_ready() {
    let fake = Fake::start().await;
    fake.instead("/oauth2/token", 503, "");
    assert_eq!(fake.account().http.sign_in().await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(fake.seen("POST /oauth2/token"), 3);
}

#[test]
fn a_subdomain_that_is_none_opens_nothing() {
    let open = |subdomain: &str| {
        Traffit.open(OpenAccount {
            ids: ids(),
            credentials: Credentials([("subdomain".to_owned(), subdomain.into())].into()),
            base_url: None,
            clock: std::sync::Arc::new(crate::domain::clock::SystemClock),
        })
    };
    assert!(open(" Acme-2 ").is_ok());
    for bad in ["", "-acme", "acme.evil.example/", "acme.traffit.com", "a/../b", "ąę", &"a".repeat(64)] {
        assert_eq!(open(bad).err().unwrap().kind, ErrorKind::Invalid, "{bad}");
    }
}

#[test]
fn the_guide_has_what_the_connect_page_shows() {
    let guide = crate::connectors::guide::parse(Traffit.manifest().guide);
    assert_eq!((guide.prerequisites.len(), guide.steps.len(), guide.source_setup.len()), (4, 5, 0));
    assert!(guide.steps.iter().all(|step| !step.body.is_empty()));
    // Quirks are not served.
    assert!(guide.steps.iter().all(|step| !step.body.contains('§')));
}
