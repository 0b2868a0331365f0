//! Single records are what a sync would have made of them; and requests of the caller's own.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::account::Tenant;
use crate::connectors::action::Passthrough;
use crate::connectors::connector::Connector;
use crate::connectors::error::ErrorKind;
use crate::connectors::hrworks::HrWorks;
use crate::domain::RecordType;
use crate::domain::diff::fingerprint;

#[tokio::test]
async fn a_single_record_is_as_a_sync_reads_it() {
    for faults in [&[][..], &["legacy-fields"], &["reversed-lists"]] {
        let tenant = Tenant::new(130, 12, faults).await;
        let all = tenant.everything().await;
        let volatile = HrWorks.manifest().volatile;
        let of_type = |of| all.remote_ids(of).into_iter().map(move |id| (of, id));
        let wanted: Vec<_> = [RecordType::User, RecordType::Job, RecordType::Candidate, RecordType::Application]
            .into_iter()
            .flat_map(|of| of_type(of).step_by(if of == RecordType::Job { 1 } else { 7 }))
            .collect();
        let fetched = HrWorks.fetch(&tenant.account, &wanted).await.unwrap();
        assert!(fetched.gone.is_empty());
        for (of, id) in &wanted {
            let is = |one: &&crate::domain::Snapshot| {
                one.record.record_type() == *of && one.record.remote_id() == Some(id.as_str())
            };
            let (one, read) = (fetched.records.iter().find(is).unwrap(), all.records.iter().find(is).unwrap());
            let print = |one: &crate::domain::Snapshot| fingerprint(&one.record, &one.payload, volatile);
            assert_eq!(print(one), print(read), "{faults:?} {of} {id}: {:?} {:?}", one.record, read.record);
        }
        assert_eq!(
            fetched.records.iter().filter(|one| one.record.record_type() == RecordType::Application).count(),
            wanted.iter().filter(|(of, _)| *of == RecordType::Application).count()
        );
    }
}

#[tokio::test]
async fn an_application_is_found_by_its_candidate_without_reading_all() {
    let tenant = Tenant::new(400, 12, &[]).await;
    let (candidate, application) = tenant.simulator.edit(|held| {
        let id = held.application_ids().pop().unwrap();
        (held.application(&id).unwrap().applicant.clone(), id)
    });
    let wanted = [(RecordType::Candidate, candidate), (RecordType::Application, application)];
    let fetched = HrWorks.fetch(&tenant.account, &wanted).await.unwrap();
    assert_eq!(fetched.records.len(), 2);
    assert!(tenant.simulator.count("GET", "/v2/applicant-management/job-applications") <= 3);
}

#[tokio::test]
async fn what_is_gone_is_said_to_be() {
    let tenant = Tenant::new(60, 6, &[]).await;
    let wanted = tenant.simulator.edit(|held| {
        let (user, job) = (held.user_ids().remove(1), held.job_ids().remove(1));
        let (candidate, application) = (held.candidate_ids().remove(1), held.application_ids().remove(1));
        held.delete_user(&user);
        held.remove_job(&job);
        held.delete_application(&application);
        held.delete_candidate(&candidate);
        [
            (RecordType::User, user),
            (RecordType::Job, job),
            (RecordType::Candidate, candidate),
            (RecordType::Application, application),
        ]
    });
    let fetched = HrWorks.fetch(&tenant.account, &wanted).await.unwrap();
    assert!(fetched.records.is_empty());
    assert_eq!(fetched.gone, wanted);
    let error = HrWorks.fetch(&tenant.account, &[(RecordType::Tag, "x".into())]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(HrWorks.fetch(&tenant.account, &[]).await.unwrap().records.is_empty());
}

fn request(method: Method, path: &[&str]) -> Passthrough {
    Passthrough {
        method,
        path: path.iter().map(|segment| (*segment).to_owned()).collect(),
        trailing_slash: false,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

#[tokio::test]
async fn requests_of_the_caller_reach_everything_below_the_root_and_nothing_else() {
    let tenant = Tenant::new(20, 3, &[]).await;
    let mut posts = request(Method::GET, &["applicant-management", "posts"]);
    posts.query = vec![("onlyActive".into(), "false".into()), ("x".into(), "a&b=c".into())];
    posts.headers.insert("x-trace", "7".parse().unwrap());
    let answer = HrWorks.passthrough(&tenant.account, posts).await.unwrap();
    assert_eq!(answer.json::<Value>().unwrap()["posts"].as_array().unwrap().len(), 3);
    let seen = tenant.simulator.requests().pop().unwrap();
    assert_eq!(seen.query.as_deref(), Some("onlyActive=false&x=a%26b%3Dc"));
    assert_eq!(seen.headers.get("x-trace").map(String::as_str), Some("7"));

    let mut with_root = request(Method::GET, &["v2", "organization-units"]);
    with_root.trailing_slash = true;
    let answer = HrWorks.passthrough(&tenant.account, with_root).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(tenant.simulator.requests().pop().unwrap().path, "/v2/organization-units/");

    // Whatever HR WORKS answers is the answer.
    let mut write = request(Method::POST, &["webhooks"]);
    write.headers.insert("content-type", "application/json".parse().unwrap());
    write.body = Bytes::from_static(b"nonsense");
    let answer = HrWorks.passthrough(&tenant.account, write).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.json::<Value>().unwrap()["type"].clone()),
        (400, "InvalidPayloadError".into())
    );
    assert_eq!(tenant.simulator.count("POST", "/v2/webhooks"), 1);
    tenant.faults(&["error-rate=1"]);
    let answer = HrWorks.passthrough(&tenant.account, request(Method::POST, &["webhooks"])).await.unwrap();
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(tenant.simulator.count("POST", "/v2/webhooks"), 2);
    tenant.faults(&[]);

    for climbing in [&["..", "_simulator", "state"][..], &["v2", "..", "files"], &["a", "%2e%2e"], &["."]] {
        let error = HrWorks.passthrough(&tenant.account, request(Method::GET, climbing)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{climbing:?}");
    }
    let slash = request(Method::GET, &["persons", "a/../../../files/1"]);
    HrWorks.passthrough(&tenant.account, slash).await.unwrap();
    assert!(tenant.simulator.requests().pop().unwrap().path.starts_with("/v2/persons/a%2F"));
}
