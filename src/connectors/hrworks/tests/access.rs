//! Signing in, permissions, connection tests, and what counts as gone.

use std::sync::Arc;

use serde_json::json;

use super::account::{Tenant, ids};
use super::script::Script;
use crate::connectors::connector::{Connector, Credentials, OpenAccount};
use crate::connectors::error::ErrorKind;
use crate::connectors::hrworks::HrWorks;
use crate::connectors::hrworks::simulator::Record;
use crate::domain::RecordType;
use crate::domain::clock::SystemClock;

#[tokio::test]
async fn refusals_of_the_authentication_say_what_to_do() {
    let of = |name: &str| format!(r#"{{"errorCode":403,"type":"{name}","errorMessage":"secret text"}}"#);
    let script = Script::start().await;
    for (status, body, kind, part) in [
        (403, of("InvalidCredentialsError"), ErrorKind::Auth, "refuses the key pair"),
        (400, of("InvalidCredentialsError"), ErrorKind::Auth, "refuses the key pair"),
        (403, of("InvalidCustomerNumberError"), ErrorKind::Auth, "contract has expired"),
        (403, String::new(), ErrorKind::Auth, "refuses the key pair"),
        (401, "<html>".into(), ErrorKind::Auth, "refuses the key pair"),
        (400, of("MissingParameterError"), ErrorKind::Invalid, "/authentication"),
        (404, of("InvalidEndpointError"), ErrorKind::Shape, "/authentication"),
        (200, "<html>".into(), ErrorKind::Shape, "not JSON"),
        (200, "{}".into(), ErrorKind::Shape, "token is not present"),
        (200, r#"{"token":""}"#.into(), ErrorKind::Shape, "token is not"),
        (500, String::new(), ErrorKind::Unavailable, "status 500"),
    ] {
        script.says("/v2/authentication", status, &body);
        let error = script.account.http.sign_in().await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        assert!(error.public.contains(part) && !error.public.contains("secret text"), "{}", error.public);
    }
}

#[tokio::test]
async fn the_connection_test_passes_and_names_what_is_missing() {
    let tenant = Tenant::new(20, 3, &[]).await;
    let checks = HrWorks.checks(&tenant.account).await;
    assert!(checks.iter().all(|check| check.passed), "{checks:?}");
    for model in HrWorks.manifest().models {
        assert_eq!(checks.iter().filter(|check| check.model == Some(model.model)).count(), 1, "{}", model.model);
    }
    let names: Vec<_> = checks.iter().filter(|check| check.model.is_none()).map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["credentials", "permission Applicant Management", "permission Persons", "permission General"]);

    for (permission, expected) in [
        ("General:read", &["permission General", "read JOB", "read JOB_STAGE"][..]),
        ("Persons:read", &["permission Persons", "read USER"]),
        (
            "Applicant Management:read",
            &[
                "permission Applicant Management",
                "read APPLICATION_STAGE",
                "read JOB",
                "read JOB_STAGE",
                "read CANDIDATE",
                "read APPLICATION",
            ],
        ),
    ] {
        let tenant = Tenant::new(20, 3, &[]).await;
        tenant.simulator.edit(|held| held.take_permission(permission));
        let checks = HrWorks.checks(&tenant.account).await;
        let failed: Vec<_> = checks.iter().filter(|check| !check.passed).collect();
        assert_eq!(failed.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), expected);
        let row = format!("\"{} – read\"", permission.trim_end_matches(":read"));
        assert!(failed.iter().all(|check| check.message.contains(&row)), "{failed:?}");
        assert!(failed[0].fix.as_ref().is_some_and(|fix| fix.contains(&row)));
        assert!(failed.iter().all(|check| check.fix.is_some()));
    }
}

#[tokio::test]
async fn refused_keys_end_the_connection_test() {
    for fault in ["revoked-credentials", "expired-contract"] {
        let tenant = Tenant::new(5, 1, &[fault]).await;
        let checks = HrWorks.checks(&tenant.account).await;
        assert_eq!((checks.len(), checks[0].name.as_str(), checks[0].passed), (1, "credentials", false));
        assert!(checks[0].fix.is_some());
    }
}

#[tokio::test]
async fn a_missing_permission_makes_only_its_records_unreadable() {
    let tenant = Tenant::new(20, 3, &[]).await;
    tenant.simulator.edit(|held| held.take_permission("General:read"));
    let error = tenant.read("organization_units").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
    assert!(error.public.contains("\"General – read\""));
    for stream in ["users", "stages", "candidates", "applications"] {
        tenant.read(stream).await.unwrap();
    }
}

#[tokio::test]
async fn only_what_hr_works_denies_is_gone() {
    for faults in [&[][..], &["unknown-id-404"], &["bare-refusals", "unknown-id-404"]] {
        let tenant = Tenant::new(60, 6, faults).await;
        let (users, jobs, candidates, applications) = tenant
            .simulator
            .edit(|held| (held.user_ids(), held.job_ids(), held.candidate_ids(), held.application_ids()));
        let gone = tenant.simulator.edit(|held| {
            held.delete_user(&users[1]);
            held.remove_job(&jobs[1]);
            held.delete_application(&applications[1]);
            held.delete_candidate(&candidates[1]);
            [users[1].clone(), jobs[1].clone(), candidates[1].clone(), applications[1].clone()]
        });
        let [user, job, candidate, application] = gone;
        let left = tenant.simulator.edit(|held| held.application_ids());
        for (of, asked, expected) in [
            (RecordType::User, users, vec![user]),
            (RecordType::Job, jobs, vec![job]),
            (RecordType::Candidate, candidates, vec![candidate]),
            (RecordType::Application, left.into_iter().chain([application.clone()]).collect(), vec![application]),
            (RecordType::ApplicationStage, vec!["applied".into(), "secondInterview".into()], vec![]),
        ] {
            assert_eq!(HrWorks.confirm_gone(&tenant.account, of, &asked).await.unwrap(), expected, "{of} {faults:?}");
        }
        let error = HrWorks.confirm_gone(&tenant.account, RecordType::Tag, &[]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn what_a_list_hides_is_not_gone_and_doubt_is_an_error() {
    let tenant = Tenant::new(20, 6, &["half-of-records"]).await;
    for (of, asked) in tenant.simulator.edit(|held| {
        [
            (RecordType::User, held.user_ids()),
            (RecordType::Job, held.job_ids()),
            (RecordType::Candidate, held.candidate_ids()),
        ]
    }) {
        assert_eq!(HrWorks.confirm_gone(&tenant.account, of, &asked).await.unwrap(), [""; 0], "{of}");
    }
    // A refusal of every id is no proof of anything.
    let tenant = Tenant::new(20, 6, &[]).await;
    let candidates = tenant.simulator.edit(|held| held.candidate_ids());
    let hidden: Vec<String> = candidates.iter().map(|id| format!("deleted-404={id}")).collect();
    tenant.faults(&hidden.iter().map(String::as_str).collect::<Vec<_>>());
    let error = HrWorks.confirm_gone(&tenant.account, RecordType::Candidate, &candidates).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Shape);
    // A row without an id might be the one.
    tenant.faults(&[]);
    let id = tenant.simulator.edit(|held| {
        let ids = held.application_ids();
        held.serve_as(Record::JobApplication, &ids[0], json!({"status": "?"}));
        ids[3].clone()
    });
    let asked = [id, "999999".to_owned()];
    assert_eq!(HrWorks.confirm_gone(&tenant.account, RecordType::Application, &asked).await.unwrap(), [""; 0]);
    tenant.simulator.edit(|held| held.take_permission("Applicant Management:read"));
    let error = HrWorks.confirm_gone(&tenant.account, RecordType::Candidate, &asked).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
}

#[tokio::test]
async fn a_row_that_slipped_between_two_pages_is_not_gone() {
    let tenant = Tenant::new(130, 6, &["shift-pages"]).await;
    let before = tenant.simulator.edit(|held| held.application_ids());
    let read = tenant.read("applications").await.unwrap().remote_ids(RecordType::Application);
    let left = tenant.simulator.edit(|held| held.application_ids());
    // The one that was deleted had been read; the one that moved up was not.
    assert_eq!(left.iter().filter(|id| !read.contains(*id)).count(), 1);
    let gone = HrWorks.confirm_gone(&tenant.account, RecordType::Application, &before).await.unwrap();
    let deleted: Vec<String> = before.into_iter().filter(|id| !left.contains(id)).collect();
    assert_eq!((gone.len(), gone), (1, deleted));
}

#[test]
fn the_environment_chooses_the_host() {
    let open = |environment: Option<&str>, base_url: Option<&str>| {
        let environment = environment.map(|text| ("environment".to_owned(), text.into()));
        HrWorks.open(OpenAccount {
            ids: ids(),
            credentials: Credentials(environment.into_iter().collect()),
            base_url: base_url.map(str::to_owned),
            clock: Arc::new(SystemClock),
        })
    };
    let host = |environment, base_url| open(environment, base_url).unwrap().http.origin().ascii_serialization();
    for (environment, base_url, expected) in [
        (None, None, "https://api.hrworks.de"),
        (Some(""), None, "https://api.hrworks.de"),
        (Some("production"), None, "https://api.hrworks.de"),
        (Some(" Demo "), None, "https://api.demo-hrworks.de"),
        (Some("demo"), Some("http://127.0.0.1:9/below"), "http://127.0.0.1:9"),
    ] {
        assert_eq!(host(environment, base_url), expected);
    }
    assert_eq!(open(Some("staging"), None).err().unwrap().kind, ErrorKind::Invalid);
}

#[test]
fn the_guide_has_what_the_connect_page_shows() {
    let guide = crate::connectors::guide::parse(HrWorks.manifest().guide);
    assert_eq!((guide.prerequisites.len(), guide.steps.len(), guide.source_setup.len()), (3, 4, 2));
    assert!(guide.steps.iter().chain(&guide.source_setup).all(|step| !step.body.is_empty()));
    // Quirks are not served.
    assert!(guide.steps.iter().all(|step| !step.body.contains('§')));
}
