//! What may go wrong on the way.

use std::collections::BTreeMap;
use std::time::Duration;

use super::account::{Outcome, Tenant};
use super::script::Script;
use crate::connectors::connector::{Carried, Connector, ReadPage};
use crate::connectors::error::{ErrorKind, Retry};
use crate::connectors::hrworks::HrWorks;
use crate::connectors::hrworks::simulator::Account;
use crate::domain::RecordType;
use crate::domain::diff::fingerprint;

const STREAMS: [&str; 7] =
    ["master_data", "users", "statuses_and_sources", "organization_units", "jobs", "candidates", "applications"];

fn prints(all: &Outcome) -> BTreeMap<uuid::Uuid, [u8; 16]> {
    let volatile = HrWorks.manifest().volatile;
    all.records.iter().map(|one| (one.id, fingerprint(&one.record, &one.payload, volatile))).collect()
}

#[tokio::test]
async fn faults_that_can_be_borne_change_nothing() {
    let calm = Tenant::new(130, 12, &[]).await.everything().await;
    for faults in [
        &["duplicate-rows"][..],
        &["reversed-lists"],
        &["error-rate=0.05"],
        &["drop-connection-every=9"],
        &["rate-limit-every=7", "retry-after-seconds=0"],
        &["token-expires-after=2"],
        &["token-expires-after=2", "token-status=403"],
        &["token-expires-after=2", "bare-refusals"],
        &["opaque-token"],
    ] {
        let tenant = Tenant::new(130, 12, faults).await;
        let all = tenant.everything().await;
        assert!(all.problems.is_empty(), "{faults:?}: {:?}", all.problems);
        assert_eq!(prints(&calm), prints(&all), "{faults:?}");
    }
}

#[tokio::test]
async fn null_is_as_good_as_absent() {
    let calm = Tenant::new(60, 12, &[]).await.everything().await;
    let all = Tenant::new(60, 12, &["null-fields"]).await.everything().await;
    assert!(all.problems.is_empty(), "{:?}", all.problems);
    let fields = |all: &Outcome| -> BTreeMap<_, _> {
        let without = |mut value: serde_json::Value| {
            if let Some(fields) = value.as_object_mut() {
                fields.remove("integrationFields");
            }
            value
        };
        all.records.iter().map(|one| (one.id, without(one.record.fields()))).collect()
    };
    assert_eq!(fields(&calm), fields(&all));
}

#[tokio::test]
async fn both_generations_give_the_same_people_and_applications() {
    let new = Tenant::new(60, 12, &[]).await.everything().await;
    let old = Tenant::new(60, 12, &["legacy-fields"]).await.everything().await;
    assert!(old.problems.is_empty(), "{:?}", old.problems);
    let candidates =
        |all: &Outcome| all.of(RecordType::Candidate).map(|one| one.fields().to_string()).collect::<Vec<_>>();
    assert_eq!(candidates(&new), candidates(&old));
    assert_eq!(new.count(RecordType::Application), old.count(RecordType::Application));
    // Posts and persons are known by what there is.
    assert!(old.remote_ids(RecordType::Job).iter().all(|id| id.starts_with("POST-")));
    assert!(old.remote_ids(RecordType::User).iter().all(|id| id.contains('.')));
    for job in old.of(RecordType::Job) {
        assert_eq!(job.fields()["employmentType"].is_null(), job.fields()["employmentTypeRaw"].is_null());
    }
}

#[tokio::test]
async fn garbage_is_an_error_and_never_an_empty_list() {
    for fault in ["html-200", "not-json", "truncated-page"] {
        let tenant = Tenant::new(20, 3, &[fault]).await;
        for stream in STREAMS {
            let error = tenant.read(stream).await.unwrap_err();
            assert_eq!((error.kind, error.retry), (ErrorKind::Shape, Retry::Never), "{fault} {stream}");
        }
    }
    for fault in ["missing-rows", "no-envelope"] {
        let tenant = Tenant::new(20, 3, &[fault]).await;
        for (stream, endpoint) in
            [("jobs", "/applicant-management/posts"), ("candidates", "/applicant-management/applicants")]
        {
            let error = tenant.read(stream).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Shape, "{fault} {stream}");
            assert!(error.public.starts_with(endpoint), "{}", error.public);
        }
    }
    let tenant = Tenant::new(20, 3, &["missing-rows"]).await;
    let error = tenant.read("jobs").await.unwrap_err();
    assert_eq!(error.public, "/applicant-management/posts answered an unexpected shape: posts is not an array");
}

#[tokio::test]
async fn an_error_in_the_clothes_of_a_success_is_one() {
    let script = Script::start().await;
    let denied = r#"{"errorCode":403,"type":"PermissionDeniedError","errorMessage":"Dora may not"}"#;
    for (path, stream, body, kind) in [
        ("/v2/persons", "users", denied, ErrorKind::Permission),
        ("/v2/applicant-management/applicants", "candidates", denied, ErrorKind::Permission),
        ("/v2/persons", "users", r#"{"200":"Dora"}"#, ErrorKind::Shape),
        ("/v2/applicant-management/applicants", "candidates", r#"{"applicants":"Dora"}"#, ErrorKind::Shape),
    ] {
        script.says(path, 200, body);
        let request = ReadPage { stream, cursor: None, carried: &Carried::default(), since: None };
        let error = HrWorks.read(&script.account, request).await.unwrap_err();
        assert_eq!(error.kind, kind, "{path} {body}");
        assert!(!error.public.contains("Dora"), "{}", error.public);
    }
}

#[tokio::test]
async fn pages_are_followed_forward_and_within_the_host() {
    for (fault, part) in [("endless-next", "a later page"), ("foreign-link", "a URL of the same host")] {
        let tenant = Tenant::new(130, 3, &[fault]).await;
        let error = tenant.read("candidates").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Shape);
        assert!(error.public.contains(part), "{}", error.public);
    }
    // A page that is there no longer is empty, and the last.
    let tenant = Tenant::new(130, 3, &[]).await;
    let request =
        ReadPage { stream: "candidates", cursor: Some("{\"page\":99}"), carried: &Carried::default(), since: None };
    let page = HrWorks.read(&tenant.account, request).await.unwrap();
    assert!(page.records.is_empty() && page.next.is_none());
    let request =
        ReadPage { stream: "candidates", cursor: Some("nonsense"), carried: &Carried::default(), since: None };
    assert_eq!(HrWorks.read(&tenant.account, request).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(tenant.read("tags").await.unwrap_err().kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_long_pause_is_told_and_a_broken_vendor_is_unavailable() {
    let tenant = Tenant::new(5, 2, &["rate-limit-every=1", "retry-after-seconds=300"]).await;
    let error = tenant.read("jobs").await.unwrap_err();
    assert_eq!((error.kind, error.retry), (ErrorKind::RateLimited, Retry::After(Duration::from_secs(300))));

    let tenant = Tenant::new(5, 2, &["error-rate=1"]).await;
    let error = tenant.read("jobs").await.unwrap_err();
    assert_eq!((error.kind, error.retry), (ErrorKind::Unavailable, Retry::BackOff));
    assert_eq!(tenant.simulator.count("GET", "/v2/applicant-management/posts"), 3);
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_and_once_when_it_is_refused() {
    let tenant = Tenant::new(5, 2, &[]).await;
    for (minutes, tokens) in [(0, 1), (9, 1), (2, 2), (9, 2), (20, 3)] {
        tenant.clock.advance(Duration::from_secs(minutes * 60));
        tenant.read("jobs").await.unwrap();
        assert_eq!(tenant.simulator.edit(|held| held.tokens_made()), tokens);
    }
    // One whose end cannot be read is good for fourteen minutes.
    let tenant = Tenant::new(5, 2, &["opaque-token"]).await;
    for (minutes, tokens) in [(0, 1), (8, 1), (2, 2)] {
        tenant.clock.advance(Duration::from_secs(minutes * 60));
        tenant.read("jobs").await.unwrap();
        assert_eq!(tenant.simulator.edit(|held| held.tokens_made()), tokens);
    }
    for status in ["401", "403", "400"] {
        let tenant = Tenant::new(5, 2, &[&format!("token-status={status}")]).await;
        tenant.read("jobs").await.unwrap();
        tenant.simulator.edit(Account::revoke_tokens);
        tenant.read("jobs").await.unwrap();
        assert_eq!(tenant.simulator.edit(|held| held.tokens_made()), 2, "{status}");
    }
    // Refused again at once: that is the answer.
    let tenant = Tenant::new(5, 2, &["revoked-credentials@/v2/applicant-management"]).await;
    assert_eq!(tenant.read("jobs").await.unwrap_err().kind, ErrorKind::Auth);
    assert_eq!(tenant.simulator.edit(|held| held.tokens_made()), 2);
}
