//! A whole account, read from the simulator and compared with what the simulator holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use super::fake::{Outcome, ids, read};
use crate::connectors::connector::{
    Account, CHILDREN_AT_ONCE, Carried, ChildrenOf, Connector, Credentials, OpenAccount,
};
use crate::connectors::error::ErrorKind;
use crate::connectors::manifest::Reads;
use crate::connectors::traffit::Traffit;
use crate::connectors::traffit::simulator::{Options, Simulator};
use crate::domain::clock::FrozenClock;
use crate::domain::{Record, RecordType, Snapshot};

pub struct Tenant {
    pub simulator: Simulator,
    pub account: Account,
    _server: JoinSet<()>,
}

pub async fn tenant(candidates: usize, jobs: usize, faults: &[&str]) -> Tenant {
    let clock = Arc::new(FrozenClock::at("2026-06-01T10:00:00Z".parse().unwrap()));
    let mut options = Options::new(clock.clone());
    (options.candidates, options.jobs) = (candidates, jobs);
    options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let (id, secret) = (options.client_id.clone(), options.client_secret.clone());
    let simulator = Simulator::new(options);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let mut server = JoinSet::new();
    let served = simulator.clone();
    server.spawn(async move { served.serve(listener, std::future::pending()).await.unwrap() });
    let credentials = Credentials(HashMap::from([
        ("subdomain".to_owned(), "acme".into()),
        ("clientId".to_owned(), id.into()),
        ("clientSecret".to_owned(), secret.into()),
    ]));
    let account = Traffit.open(OpenAccount { ids: ids(), credentials, base_url, clock }).unwrap();
    Tenant { simulator, account, _server: server }
}

/// All streams in the manifest's order.
pub async fn everything(account: &Account) -> Outcome {
    let mut all = Outcome::default();
    let mut carried = Carried::default();
    for stream in Traffit.manifest().streams {
        if let Reads::Children { parent, .. } = &stream.reads {
            for parents in all.remote_ids(*parent).chunks(CHILDREN_AT_ONCE) {
                for children in Traffit.children(account, stream.name, parents).await.unwrap() {
                    match children.found {
                        ChildrenOf::Records(records) => all.records.extend(records),
                        other => panic!("{}: {other:?}", children.parent),
                    }
                }
            }
            continue;
        }
        let mut outcome = read(account, stream.name, &mut carried).await.unwrap();
        all.records.append(&mut outcome.records);
        all.problems.append(&mut outcome.problems);
    }
    all
}

fn texts(ids: impl IntoIterator<Item = i64>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

fn distinct(records: &[Snapshot], of: RecordType) -> usize {
    let of_type = records.iter().filter(|snapshot| snapshot.record.record_type() == of);
    of_type.map(|snapshot| snapshot.id).collect::<BTreeSet<_>>().len()
}

/// Compares with the simulator's own state.
fn compare(simulator: &Simulator, all: &Outcome) {
    let remote = |of| all.remote_ids(of).into_iter().collect::<BTreeSet<_>>();
    simulator.edit(|held| {
        assert_eq!(remote(RecordType::User), texts(held.user_ids()));
        assert_eq!(remote(RecordType::Job), texts(held.job_ids()));
        assert_eq!(remote(RecordType::Candidate), texts(held.candidate_ids()));
        let workflows: Vec<_> = held.workflow_ids().iter().map(|&id| held.workflow(id).unwrap().clone()).collect();
        let states = workflows.iter().flat_map(|workflow| &workflow.states).map(|state| state.id);
        assert_eq!(remote(RecordType::ApplicationStage), texts(states));

        let members: BTreeMap<String, Option<i64>> = held
            .job_ids()
            .into_iter()
            .flat_map(|job| held.members_of(job).into_iter().map(move |candidate| (job, candidate)))
            .map(|(job, candidate)| (format!("{job}:{candidate}"), held.state_of(job, candidate)))
            .collect();
        let stands: BTreeMap<String, _> = all
            .records
            .iter()
            .filter_map(|snapshot| match &snapshot.record {
                Record::Application(application) => Some((application.remote_id.clone(), application.current_stage)),
                _ => None,
            })
            .collect();
        let stage = |state: Option<i64>| state.map(|state| ids().stage(&state.to_string()));
        assert_eq!(stands, members.into_iter().map(|(key, state)| (key, stage(state))).collect());

        let tagged: usize = held.candidate_ids().into_iter().map(|id| held.tags_of(id).len()).sum();
        assert_eq!(all.count(RecordType::CandidateTag), tagged);
        let pipelines: usize = held
            .job_ids()
            .into_iter()
            .filter_map(|job| held.workflow(held.job(job)?.workflow_id?))
            .map(|workflow| workflow.states.len())
            .sum();
        assert_eq!(distinct(&all.records, RecordType::JobStage), pipelines);
        let published = held.job_ids().into_iter().filter(|job| !held.posts_of(*job).is_empty()).count();
        let described = all.records.iter().filter_map(|snapshot| match &snapshot.record {
            Record::Job(job) => job.post_url.as_ref(),
            _ => None,
        });
        assert_eq!(described.count(), published);
        assert!(published > 0 && tagged > 0 && pipelines > 0);
    });
    assert!(all.count(RecordType::HiringTeamMember) > 0);
}

#[tokio::test]
async fn a_whole_account_is_read_as_it_is() {
    let tenant = tenant(230, 25, &[]).await;
    let all = everything(&tenant.account).await;
    assert!(all.problems.is_empty(), "{:?}", all.problems);
    compare(&tenant.simulator, &all);
    // Twice the same, to the letter.
    let again = everything(&tenant.account).await;
    let by_id = |outcome: Outcome| -> BTreeMap<_, _> {
        outcome.records.into_iter().map(|snapshot| (snapshot.id, snapshot)).collect()
    };
    assert_eq!(by_id(all), by_id(again));
}

#[tokio::test]
async fn a_read_costs_a_request_a_page_and_one_a_job() {
    let tenant = tenant(230, 25, &[]).await;
    let mut carried = Carried::default();
    for stream in Traffit.manifest().streams {
        if !matches!(stream.reads, Reads::Children { .. }) {
            read(&tenant.account, stream.name, &mut carried).await.unwrap();
        }
    }
    let (rows, members) = tenant.simulator.edit(|held| {
        let pages = |job: i64| held.members_of(job).len().div_ceil(100).max(1);
        (held.history(), held.job_ids().into_iter().map(pages).sum::<usize>())
    });
    let count = |path: &str| tenant.simulator.count("GET", &format!("/api/integration/v2{path}"));
    assert_eq!(count("/users/"), 1);
    // One job of the account names a workflow that no list shows.
    assert_eq!(count("/workflows"), 3 + 1);
    // Twice the list, once its metadata; of each job the detail and the pages of its members.
    assert_eq!(count("/recruitments/"), 3 + 25 + members);
    assert_eq!(count("/employees/"), 3 + rows.div_ceil(100));
    assert_eq!(tenant.simulator.count("GET", "/public/"), 1);
    assert_eq!(tenant.simulator.count("POST", "/oauth2/token"), 1);
}

#[tokio::test]
async fn faults_that_can_be_borne_change_nothing() {
    for faults in [
        &["ghost-total=150"][..],
        &["short-pages", "ghost-total=7"],
        &["no-page-headers"],
        &["text-ids", "gone-410"],
        &["error-rate=0.01"],
        &["rate-limit-every=100"],
        &["drop-connection-every=40"],
        &["token-expires-after=25"],
        &["partial-states"],
    ] {
        let tenant = tenant(120, 12, faults).await;
        let all = everything(&tenant.account).await;
        assert!(all.problems.is_empty(), "{faults:?}: {:?}", all.problems);
        tenant.simulator.set_faults(Vec::new());
        compare(&tenant.simulator, &all);
    }
}

#[tokio::test]
async fn a_list_that_shifts_is_read_once_more() {
    let tenant = tenant(250, 3, &["shift-pages"]).await;
    let all = read(&tenant.account, "candidates", &mut Carried::default()).await.unwrap();
    let left = tenant.simulator.edit(|held| texts(held.candidate_ids()));
    let read: BTreeSet<String> = all.remote_ids(RecordType::Candidate).into_iter().collect();
    assert!(read.is_superset(&left), "{:?}", left.difference(&read).collect::<Vec<_>>());
    assert!(all.pages > 3);
}

#[tokio::test]
async fn what_a_list_hides_is_not_confirmed_as_gone() {
    let tenant = tenant(20, 6, &["empty-list", "gone-410"]).await;
    let (users, jobs, candidates, state) = tenant.simulator.edit(|held| {
        let workflow = held.workflow(held.workflow_ids()[0]).unwrap();
        (held.user_ids(), held.job_ids(), held.candidate_ids(), workflow.states[0].id)
    });
    for (of, remote_ids) in [
        (RecordType::User, users),
        (RecordType::Job, jobs),
        (RecordType::Candidate, candidates),
        (RecordType::ApplicationStage, vec![state]),
    ] {
        let asked: Vec<String> = texts(remote_ids).into_iter().chain(["999999".to_owned()]).collect();
        assert_eq!(Traffit.confirm_gone(&tenant.account, of, &asked).await.unwrap(), ["999999"], "{of}");
    }
}

#[tokio::test]
async fn garbage_is_an_error_or_a_problem_and_never_an_empty_list() {
    for fault in ["html-200", "not-json", "truncated-page"] {
        let tenant = tenant(20, 3, &[fault]).await;
        for stream in ["users", "workflows", "adverts", "jobs", "candidates", "ledger", "applications"] {
            let error = read(&tenant.account, stream, &mut Carried::default()).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Shape, "{fault} {stream}");
        }
    }
    let tenant = tenant(20, 3, &[]).await;
    let garbage = tenant.simulator.edit(|held| held.candidate_ids()[3]);
    tenant.simulator.set_faults(vec![format!("garbage-employee={garbage}").parse().unwrap()]);
    let outcome = read(&tenant.account, "candidates", &mut Carried::default()).await.unwrap();
    assert_eq!((outcome.records.len(), outcome.problems.len()), (19, 1));
    assert_eq!(outcome.problems[0].id, Some(ids().candidate(&garbage.to_string()).uuid()));
}

#[tokio::test]
async fn the_connection_test_passes_and_names_what_is_missing() {
    let tenant = tenant(20, 3, &[]).await;
    let checks = Traffit.checks(&tenant.account).await;
    let failed: Vec<_> = checks.iter().filter(|check| !check.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    tenant.simulator.edit(|held| held.set_scopes(&["employee", "recruitment", "user"]));
    let checks = Traffit.checks(&tenant.account).await;
    let failed: Vec<_> = checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
    assert_eq!(failed, ["scope workflow", "read APPLICATION_STAGE", "read JOB_STAGE"]);
}

#[tokio::test]
async fn a_refusal_means_what_its_status_says_whatever_its_body_is() {
    for shape in ["nested", "list", "text", "html", "empty"] {
        let shape = format!("error-shape={shape}");
        let tenant = tenant(20, 6, &[&shape, "token-expires-after=10"]).await;
        let all = everything(&tenant.account).await;
        assert!(all.problems.is_empty(), "{shape}: {:?}", all.problems);
        let gone = Traffit.confirm_gone(&tenant.account, RecordType::Candidate, &["1".into(), "999".into()]).await;
        assert_eq!(gone.unwrap(), ["999"], "{shape}");
        let faults = [shape.as_str(), "forbid-scope=user"].map(|fault| fault.parse().unwrap());
        tenant.simulator.set_faults(faults.into());
        let error = read(&tenant.account, "users", &mut Carried::default()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permission, "{shape}");
        assert!(error.public.contains("scope user"), "{}", error.public);
        tenant.simulator.set_faults(vec![format!("{shape}@/").parse().unwrap()]);
        tenant.simulator.edit(|held| held.set_client_secret("another"));
        let checks = Traffit.checks(&tenant.account).await;
        assert!(matches!(checks.as_slice(), [check] if !check.passed && check.fix.is_some()), "{shape}: {checks:?}");
        assert!(checks[0].message.contains("client secret"), "{shape}: {checks:?}");
    }
}

#[tokio::test]
async fn labels_of_custom_fields_come_from_the_metadata() {
    let tenant = tenant(5, 3, &[]).await;
    let labels: BTreeMap<String, String> = tenant
        .simulator
        .edit(|held| held.job_fields().iter().map(|field| (field.sid.clone(), field.label.clone())).collect());
    let outcome = read(&tenant.account, "jobs", &mut Carried::default()).await.unwrap();
    let mut seen = 0;
    for snapshot in &outcome.records {
        let Record::Job(job) = &snapshot.record else { continue };
        for field in &job.integration_fields {
            assert_eq!(field.label.as_ref(), labels.get(&field.key));
            seen += usize::from(field.value != Value::Null || field.label.is_some());
        }
    }
    assert!(seen > 0);
}
