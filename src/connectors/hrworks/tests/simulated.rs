//! A whole account, read from the simulator and compared with what the simulator holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::account::{Outcome, Tenant, ids, read};
use crate::connectors::connector::{Carried, Connector, ReadPage};
use crate::connectors::hrworks::HrWorks;
use crate::connectors::hrworks::simulator::{Applicant, JobApplication, Record as Simulated};
use crate::domain::diff::fingerprint;
use crate::domain::{Application, Candidate, Job, Record, RecordType};

fn candidate<'a>(all: &'a Outcome, id: &str) -> &'a Candidate {
    let Record::Candidate(candidate) = all.get(RecordType::Candidate, id) else { panic!() };
    candidate
}

fn application<'a>(all: &'a Outcome, id: &str) -> &'a Application {
    let Record::Application(application) = all.get(RecordType::Application, id) else { panic!() };
    application
}

fn job<'a>(all: &'a Outcome, id: &str) -> &'a Job {
    let Record::Job(job) = all.get(RecordType::Job, id) else { panic!() };
    job
}

/// Compares with the simulator's own state.
fn compare(tenant: &Tenant, all: &Outcome) {
    let set = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<String>>();
    tenant.simulator.edit(|held| {
        assert_eq!(all.remote_ids(RecordType::User), set(held.user_ids()));
        assert_eq!(all.remote_ids(RecordType::Job), set(held.job_ids()));
        assert_eq!(all.remote_ids(RecordType::Application), set(held.application_ids()));
        let listed = held.candidate_ids().into_iter().filter(|id| !held.applications_of(id).is_empty());
        assert_eq!(all.remote_ids(RecordType::Candidate), listed.collect());

        for id in held.user_ids() {
            let (user, Record::User(read)) = (held.user(&id).unwrap(), all.get(RecordType::User, &id)) else {
                panic!()
            };
            assert_eq!((read.first_name.as_ref(), read.email.as_ref()), (Some(&user.first_name), user.email.as_ref()));
        }
        for id in held.application_ids() {
            let (truth, read) = (held.application(&id).unwrap(), application(all, &id));
            assert_eq!(read.candidate, Some(ids().candidate(&truth.applicant)));
            let post = held.job(&truth.post).unwrap();
            assert_eq!(read.job, Some(ids().job(post.uuid.as_deref().unwrap_or(&truth.post))));
            assert_eq!(read.current_stage, Some(ids().stage(&truth.status)));
            assert_eq!(read.remote_created_at, Some(truth.created_at));
        }
        for id in held.candidate_ids() {
            let own = held.applications_of(&id);
            let newest = own.iter().filter_map(|id| held.application(id)).max_by_key(|one| one.created_at);
            let Some(newest) = newest else { continue };
            let (truth, read) = (held.candidate(&id).unwrap(), candidate(all, &id));
            assert_eq!(read.source.as_deref(), newest.source.as_deref());
            assert_eq!(read.phone_numbers.first().map(|phone| &*phone.number), truth.address.phone.as_deref());
            assert_eq!(read.email_addresses.first().map(|email| &email.address), truth.email.as_ref());
            assert_eq!(read.location.as_ref().and_then(|place| place.city.as_deref()), truth.address.city.as_deref());
        }
    });
    let stages = all.remote_ids(RecordType::ApplicationStage);
    for application in all.of(RecordType::Application) {
        let Record::Application(application) = application else { panic!() };
        assert!(stages.iter().any(|stage| Some(ids().stage(stage)) == application.current_stage));
    }
    assert_eq!(all.count(RecordType::JobStage), all.count(RecordType::Job) * stages.len());
}

#[tokio::test]
async fn a_whole_account_is_read_as_it_is() {
    let tenant = Tenant::new(230, 25, &[]).await;
    let all = tenant.everything().await;
    assert!(all.problems.is_empty(), "{:?}", all.problems);
    compare(&tenant, &all);
    // The seed has both a status that nobody knows and one of 1.24.
    assert!(
        all.remote_ids(RecordType::ApplicationStage).is_superset(&["created".into(), "secondInterview".into()].into())
    );
    assert_eq!(all.count(RecordType::HiringTeamMember) + all.count(RecordType::Tag), 0);
}

#[tokio::test]
async fn a_second_read_finds_nothing_changed_although_every_link_did() {
    let tenant = Tenant::new(130, 12, &[]).await;
    let volatile = HrWorks.manifest().volatile;
    let prints = |all: &Outcome| -> BTreeMap<_, _> {
        all.records.iter().map(|one| (one.id, fingerprint(&one.record, &one.payload, volatile))).collect()
    };
    let (first, second) = (tenant.everything().await, tenant.everything().await);
    assert_eq!(prints(&first), prints(&second));
    let payloads = |all: &Outcome| -> Vec<_> { all.records.iter().map(|one| one.payload.clone()).collect() };
    assert_ne!(payloads(&first), payloads(&second));

    // A new document is noticed all the same.
    let id = first.remote_ids(RecordType::Application).first().unwrap().clone();
    tenant.simulator.edit(|held| held.add_document(&id, "cv.pdf", "application/pdf", "x".into()));
    let third = tenant.everything().await;
    let (before, after) = (prints(&first), prints(&third));
    let changed: Vec<_> =
        after.iter().filter(|(id, print)| before.get(*id) != Some(*print)).map(|(id, _)| *id).collect();
    assert_eq!(changed, [ids().application(&id).uuid()]);
}

/// Fields that the engine or the graph fills for every record, or that are lists of other records.
const NOT_MAPPED: [&str; 7] =
    ["id", "changedAt", "remoteDeletedAt", "remoteData", "customFields", "stages", "hiringTeam"];

#[tokio::test]
async fn what_the_manifest_declares_is_what_is_set() {
    let tenant = Tenant::new(430, 12, &[]).await;
    let all = tenant.everything().await;
    let mut set: BTreeMap<RecordType, BTreeSet<String>> = BTreeMap::new();
    for snapshot in &all.records {
        let Value::Object(fields) = snapshot.record.fields() else { panic!() };
        let given = fields.into_iter().filter(|(_, value)| !value.is_null() && *value != json!([]));
        set.entry(snapshot.record.record_type()).or_default().extend(given.map(|(name, _)| name));
        let declared = HrWorks.manifest().model(snapshot.record.record_type()).unwrap();
        let with_payload = declared.fields.iter().any(|field| field.name == "remoteData");
        assert_eq!(with_payload, !snapshot.payload.is_empty());
    }
    for model in HrWorks.manifest().models {
        let declared = model.fields.iter().map(|field| field.name).filter(|name| !NOT_MAPPED.contains(name));
        let declared: BTreeSet<String> = declared.map(str::to_owned).collect();
        assert_eq!(set.get(&model.model), Some(&declared), "{}", model.model);
    }
    assert_eq!(set.len(), HrWorks.manifest().models.len());
}

#[tokio::test]
async fn the_awkward_posts_are_jobs() {
    let tenant = Tenant::new(12, 12, &[]).await;
    let all = tenant.everything().await;
    let keys = tenant.simulator.edit(|held| held.job_keys());
    let ids_of = tenant.simulator.edit(|held| held.job_ids());
    let at = |index: usize| job(&all, &ids_of[index]);
    let field =
        |job: &Job, key: &str| job.integration_fields.iter().find(|field| field.key == key).map(|f| f.value.clone());

    // Two offers, of which the later one is not active.
    assert_eq!(at(0).location.as_ref().unwrap().raw.as_deref(), Some("Freiburg"));
    assert_eq!((field(at(0), "postOffers"), at(0).remote_work_status.unwrap().as_str()), (Some(json!(2)), "HYBRID"));
    // None at all.
    assert_eq!((at(1).opened_at, at(1).employment_type, at(1).location.clone()), (None, None, None));
    assert_eq!(at(2).status.unwrap().as_str(), "CLOSED");
    assert_eq!((at(3).contact, at(3).location.clone()), (None, None));
    // Under the names of 1.24.
    assert_eq!(at(4).employment_type_raw.as_deref(), Some("minorEmployment"));
    assert_eq!(at(4).remote_work_status_raw.as_deref(), Some("homeOfficeAvailable"));
    // Its unit is dissolved and its contact has left, but is known.
    assert_eq!(at(5).department, None);
    assert!(all.remote_ids(RecordType::User).iter().any(|user| Some(ids().user(user)) == at(5).contact));
    assert_eq!(at(6).department.as_deref(), Some("Entwicklung"));
    assert_eq!(at(6).location.as_ref().unwrap().city.as_deref(), Some("Berlin"));
    assert_eq!((at(7).category.clone(), at(7).experience_level.clone(), at(7).employment_type), (None, None, None));
    assert_eq!(at(8).location.as_ref().unwrap().country.as_deref(), Some("AT"));
    // Known by its key alone; so are its applications.
    assert_eq!((at(11).remote_id.as_str(), at(11).code.as_ref()), (keys[11].as_str(), Some(&keys[11])));
}

#[tokio::test]
async fn everything_is_asked_for_as_the_reference_says() {
    let tenant = Tenant::new(130, 3, &[]).await;
    tenant.everything().await;
    let seen = tenant.simulator.requests();
    let queries = |path: &str| -> BTreeSet<String> {
        let to = seen.iter().filter(|request| request.path == path);
        to.map(|request| request.query.clone().unwrap_or_default()).collect()
    };
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        queries("/v2/persons"),
        texts(&["onlyActive=false&onlyActiveOrganizationUnits=false&identifierType=uuid"])
    );
    assert_eq!(queries("/v2/persons/master-data"), texts(&["onlyActive=false"]));
    assert_eq!(queries("/v2/applicant-management/posts"), texts(&["onlyActive=false"]));
    assert_eq!(queries("/v2/applicant-management/applicants"), texts(&["", "page=2", "page=3"]));
    assert!(seen.iter().all(|request| request.headers["accept"] == "application/json" || request.method == "POST"));
    assert_eq!(tenant.simulator.count("POST", "/v2/authentication"), 1);
    // Nothing is read twice but job applications.
    assert_eq!(tenant.simulator.count("", "/v2/applicant-management/posts"), 1);
}

#[tokio::test]
async fn the_source_is_that_of_the_newest_application_whatever_the_order() {
    for faults in [&[][..], &["reversed-lists"]] {
        let tenant = Tenant::new(60, 6, faults).await;
        let (applicant, key) =
            tenant.simulator.edit(|held| (held.candidate_ids()[7].clone(), held.job_keys()[0].clone()));
        tenant.simulator.edit(|held| {
            let at = |text: &str| text.parse().unwrap();
            for (time, source) in [("2030-01-02T00:00:00Z", Some("Newest")), ("2030-01-01T00:00:00Z", Some("Older"))] {
                let application = JobApplication::new(&applicant, &key, at(time));
                held.add_application(JobApplication { source: source.map(Into::into), ..application }).unwrap();
            }
        });
        assert_eq!(candidate(&tenant.everything().await, &applicant).source.as_deref(), Some("Newest"));
        tenant.simulator.edit(|held| {
            held.add_application(JobApplication::new(&applicant, &key, "2031-01-01T00:00:00Z".parse().unwrap()))
        });
        assert_eq!(candidate(&tenant.everything().await, &applicant).source, None);
    }
}

#[tokio::test]
async fn a_run_that_resumes_at_applications_finds_posts_by_their_keys() {
    let tenant = Tenant::new(130, 12, &["legacy-fields"]).await;
    let carried = Carried::default();
    let request = ReadPage { stream: "applications", cursor: Some("{\"page\":2}"), carried: &carried, since: None };
    let page = HrWorks.read(&tenant.account, request).await.unwrap();
    assert!(page.problems.is_empty() && page.next.is_some() && !page.records.is_empty());
    for snapshot in &page.records {
        let Record::Application(application) = &snapshot.record else { panic!() };
        assert!(application.job.is_some());
    }
    // What this page learned, the next one need not ask for again.
    let mut carried = Carried::default();
    page.carry.into_iter().for_each(|fact| carried.put(fact));
    let request = ReadPage { stream: "applications", cursor: page.next.as_deref(), carried: &carried, since: None };
    HrWorks.read(&tenant.account, request).await.unwrap();
    assert_eq!(tenant.simulator.count("", "/v2/applicant-management/posts"), 1);
}

#[tokio::test]
async fn an_application_of_a_post_that_nobody_knows_is_read_without_its_job() {
    let tenant = Tenant::new(20, 3, &["legacy-fields"]).await;
    let key = tenant.simulator.edit(|held| {
        let key = held.application(&held.application_ids()[0]).unwrap().post.clone();
        held.remove_job(&key);
        key
    });
    let all = tenant.everything().await;
    let orphans = tenant.simulator.edit(|held| {
        let of = |id: &String| held.application(id).is_some_and(|one| one.post == key);
        held.application_ids().into_iter().filter(of).count()
    });
    assert_eq!(all.count(RecordType::Application), tenant.simulator.edit(|held| held.applications()));
    assert_eq!(all.problems.len(), orphans);
    assert!(all.problems[0].message.ends_with("postId is not the key of a post"), "{:?}", all.problems[0]);
}

#[tokio::test]
async fn one_bad_row_stops_nothing() {
    let tenant = Tenant::new(60, 6, &[]).await;
    let (applicant, post, person) = tenant
        .simulator
        .edit(|held| (held.candidate_ids()[3].clone(), held.job_ids()[1].clone(), held.user_ids()[0].clone()));
    let application = tenant.simulator.edit(|held| held.application_ids()[5].clone());
    let garbage = [&applicant, &post, &person, &application].map(|id| format!("garbage-row={id}"));
    tenant.faults(&garbage.each_ref().map(String::as_str));
    tenant.simulator.edit(|held| {
        let nameless = held.application_ids()[9].clone();
        held.serve_as(Simulated::JobApplication, &nameless, json!("no object"));
    });
    let all = tenant.everything().await;
    let (users, jobs) = tenant.simulator.edit(|held| (held.users(), held.jobs()));
    assert_eq!((all.count(RecordType::User), all.count(RecordType::Job)), (users - 1, jobs - 1));
    let mut problems: Vec<_> = all.problems.iter().map(|one| (one.of, one.remote_id.clone())).collect();
    problems.sort();
    problems.dedup();
    let mut expected = vec![
        (RecordType::User, Some(person)),
        (RecordType::Job, Some(post)),
        (RecordType::Candidate, Some(applicant.clone())),
        (RecordType::Application, None),
        (RecordType::Application, Some(application)),
    ];
    expected.sort();
    assert_eq!(problems, expected);
    let of_candidate = all.problems.iter().find(|one| one.of == RecordType::Candidate).unwrap();
    assert_eq!(of_candidate.id, Some(ids().candidate(&applicant).uuid()));
    assert!(of_candidate.message.starts_with("a row of /applicant-management/applicants: "));
    assert!(!all.problems.iter().any(|one| one.message.contains("garbage")));
}

#[tokio::test]
async fn persons_are_there_once_and_without_master_data_they_have_no_address() {
    let tenant = Tenant::new(5, 2, &[]).await;
    let mut carried = Carried::default();
    read(&tenant.account, "master_data", &mut carried).await.unwrap();
    let users = read(&tenant.account, "users", &mut carried).await.unwrap();
    assert_eq!((users.records.len(), users.problems.len()), (8, 0));
    let with_address = |outcome: &Outcome| {
        let read = outcome.of(RecordType::User);
        read.filter(|user| matches!(user, Record::User(user) if user.email.is_some())).count()
    };
    assert_eq!(with_address(&users), 7);

    tenant.faults(&["forbid=Persons@/v2/persons/master-data"]);
    let all = tenant.everything().await;
    assert_eq!((all.count(RecordType::User), with_address(&all), all.problems.len()), (8, 0, 0));
    // Of master data, nothing is kept.
    let texts: Vec<String> = all.records.iter().map(|one| serde_json::to_string(&one.payload).unwrap()).collect();
    assert!(texts.iter().all(|text| !text.contains("Lieblingsfarbe") && !text.contains("privat.example")));
}

#[tokio::test]
async fn whoever_has_no_application_is_no_candidate_yet() {
    let tenant = Tenant::new(5, 2, &[]).await;
    let applicant = tenant
        .simulator
        .edit(|held| held.add_candidate(Applicant { first_name: "Neu".into(), ..Applicant::default() }));
    assert!(!tenant.everything().await.remote_ids(RecordType::Candidate).contains(&applicant));
}

#[tokio::test]
async fn an_empty_account_has_stages_and_nothing_else() {
    let tenant = Tenant::new(0, 0, &[]).await;
    let all = tenant.everything().await;
    assert_eq!((all.count(RecordType::ApplicationStage), all.count(RecordType::Job)), (6, 0));
    assert_eq!(all.records.len(), 6 + all.count(RecordType::User));
}
