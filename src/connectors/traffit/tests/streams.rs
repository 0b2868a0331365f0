//! Reading the streams.

use serde_json::{Value, json};

use super::fake::{Fake, ids, read};
use crate::connectors::connector::Connector;
use crate::connectors::connector::{Carried, ReadPage};
use crate::connectors::error::{ErrorKind, Retry};
use crate::connectors::traffit::Traffit;
use crate::domain::{Record, RecordType};

fn post(id: u64, job: u64, start: &str) -> Value {
    json!({"id": id, "advert": {"recruitment": {"id": job}, "values": []}, "url": format!("https://a.example/{id}"),
        "valid_start": start, "options": []})
}

fn open_row(id: u64, job: u64, candidate: u64, date: &str, state: u64) -> Value {
    json!({"id": id, "date": date, "employee": {"id": candidate}, "recruitment": {"id": job},
        "workflow_state": {"id": state, "type": "screening"}})
}

/// Two jobs, one workflow, three candidates.
async fn small() -> Fake {
    let fake = Fake::start().await;
    fake.put("/workflows", json!([{"id": 4, "name": "B2B"}]));
    fake.put(
        "/workflows/4",
        json!({"id": 4, "states": [
            {"id": 19, "name": "New", "type": "start", "order": 0},
            {"id": 23, "name": "No", "type": "screening", "order": 1, "is_rejection": true},
        ]}),
    );
    fake.put("/recruitments/", json!([{"id": 60, "name": "A", "_budget": null}, {"id": 61, "name": "B"}]));
    fake.put("/recruitments/60", json!({"id": 60, "workflow_id": 4, "_budget": null}));
    fake.put("/recruitments/61", json!({"id": 61, "workflow_id": 5}));
    fake.put("/recruitments/60/employees", json!([{"id": 1}, {"id": 2}, {"id": 3}]));
    fake.put("/recruitments/61/employees", json!([]));
    fake.content.lock().unwrap().labels =
        json!({"id": {"type": "integer"}, "_budget": {"type": "text", "name": "Budget"}});
    fake
}

fn job(records: &[crate::domain::Snapshot], remote_id: &str) -> crate::domain::Job {
    let jobs = records.iter().filter_map(|snapshot| match &snapshot.record {
        Record::Job(job) => Some(job),
        _ => None,
    });
    jobs.into_iter().find(|job| job.remote_id == remote_id).unwrap().clone()
}

#[tokio::test]
async fn a_list_is_read_to_its_end_and_one_bad_row_stops_nothing() {
    let fake = Fake::start().await;
    fake.content.lock().unwrap().page_size = 2;
    fake.put("/users/", json!([{"id": 1}, {"id": 2, "name": {}}, {"name": "no id"}, {"id": 4}, {"id": 5}]));
    let outcome = read(&fake.account(), "users", &mut Carried::default()).await.unwrap();
    assert_eq!((outcome.pages, outcome.remote_ids(RecordType::User)), (2, vec!["1".into(), "4".into(), "5".into()]));
    assert_eq!(outcome.problems.len(), 2);
    assert_eq!(outcome.problems[0].id, Some(ids().user("2").uuid()));
    assert_eq!(outcome.problems[0].message, "a row of /users/: name is not text");
    assert_eq!((outcome.problems[1].id, outcome.problems[1].remote_id.as_ref()), (None, None));
}

#[tokio::test]
async fn what_is_no_list_is_an_error() {
    for (status, body, kind, retry) in [
        (200, "{}", ErrorKind::Shape, Retry::Never),
        (200, "<html>", ErrorKind::Shape, Retry::Never),
        (500, "", ErrorKind::Unavailable, Retry::BackOff),
    ] {
        let fake = Fake::start().await;
        fake.instead("/employees/", status, body);
        let error = read(&fake.account(), "candidates", &mut Carried::default()).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (kind, retry));
    }
    let fake = Fake::start().await;
    let carried = Carried::default();
    let request = ReadPage { stream: "users", cursor: Some("nonsense"), carried: &carried, since: None };
    assert_eq!(Traffit.read(&fake.account(), request).await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn of_several_posts_the_latest_counts() {
    let fake = small().await;
    fake.content.lock().unwrap().page_size = 2;
    let (early, late) = ("2026-01-01 00:00:00", "2026-02-01 00:00:00");
    let mut posts = vec![post(1, 60, late), post(3, 60, early), post(4, 61, early), post(2, 60, late)];
    // One without a time, and one of no recruitment.
    posts.extend([post(5, 61, "soon"), json!({"id": 6, "advert": {"values": []}})]);
    fake.put("/public/job_posts/published", json!(posts));
    let (account, mut carried) = (fake.account(), Carried::default());
    for stream in ["workflows", "adverts"] {
        assert!(read(&account, stream, &mut carried).await.unwrap().problems.is_empty());
    }
    let jobs = read(&account, "jobs", &mut carried).await.unwrap();
    assert_eq!(job(&jobs.records, "60").post_url.as_deref(), Some("https://a.example/2"));
    assert_eq!(job(&jobs.records, "61").post_url.as_deref(), Some("https://a.example/4"));
}

#[tokio::test]
async fn a_feed_that_breaks_off_is_not_taken_for_its_end() {
    let fake = small().await;
    fake.put("/public/job_posts/published", json!([post(1, 60, "2026-01-01 00:00:00"), post(2, 61, "")]));
    fake.content.lock().unwrap().page_size = 1;
    let (account, carried) = (fake.account(), Carried::default());
    let first = Traffit
        .read(&account, ReadPage { stream: "adverts", cursor: None, carried: &carried, since: None })
        .await
        .unwrap();
    fake.instead("/public/job_posts/published", 404, "");
    let request = ReadPage { stream: "adverts", cursor: first.next.as_deref(), carried: &carried, since: None };
    assert_eq!(Traffit.read(&account, request).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_feed_that_is_off_publishes_nothing_and_a_broken_one_is_an_error() {
    for (status, body, kind) in [
        (404, "", None),
        (403, "<html>", None),
        (500, "", Some(ErrorKind::Unavailable)),
        (200, "<html>", Some(ErrorKind::Shape)),
        (401, "", Some(ErrorKind::Shape)),
        (400, "", Some(ErrorKind::Invalid)),
    ] {
        let fake = small().await;
        fake.instead("/public/job_posts/published", status, body);
        let result = read(&fake.account(), "adverts", &mut Carried::default()).await;
        assert_eq!(result.err().map(|error| error.kind), kind, "{status}");
    }
}

#[tokio::test]
async fn jobs_come_with_pipeline_and_labels_which_are_fetched_once() {
    let fake = small().await;
    fake.content.lock().unwrap().page_size = 1;
    let (account, mut carried) = (fake.account(), Carried::default());
    // As after a restart in the middle of a run: nothing was carried over.
    let jobs = read(&account, "jobs", &mut carried).await.unwrap();
    assert_eq!(jobs.pages, 2);
    assert_eq!((jobs.count(RecordType::Job), jobs.count(RecordType::JobStage)), (2, 2));
    let field = &job(&jobs.records, "60").integration_fields[0];
    assert_eq!((field.key.as_str(), field.label.as_deref(), &field.value), ("_budget", Some("Budget"), &Value::Null));
    // Two pages and the labels; one list of workflows.
    assert_eq!((fake.seen("/recruitments/ "), fake.seen("/workflows ")), (3, 1));
}

#[tokio::test]
async fn a_job_that_vanishes_or_is_unreadable_does_not_stop_the_others() {
    let fake = small().await;
    fake.put("/recruitments/", json!([{"id": 60}, {"id": 61}, {"id": 62}, {"id": 63}]));
    fake.put("/recruitments/62", json!({"id": 62, "responsible_person": "somebody"}));
    let account = fake.account();
    let jobs = read(&account, "jobs", &mut Carried::default()).await.unwrap();
    assert_eq!(jobs.remote_ids(RecordType::Job), ["60", "61"]);
    let problems: Vec<_> = jobs.problems.iter().map(|problem| problem.remote_id.as_deref()).collect();
    assert_eq!(problems, [Some("62")]);

    // One that always fails, and one that is garbage.
    fake.instead("/recruitments/61", 500, "");
    fake.instead("/recruitments/62", 200, "<html>");
    let jobs = read(&account, "jobs", &mut Carried::default()).await.unwrap();
    assert_eq!(jobs.remote_ids(RecordType::Job), ["60"]);
    let problems: Vec<_> = jobs.problems.iter().map(|problem| problem.remote_id.as_deref().unwrap()).collect();
    assert_eq!(problems, ["61", "62"]);
    assert!(jobs.problems.iter().all(|problem| problem.message.contains("/recruitments/{id}")));

    // An outage is none of the records' fault.
    fake.put("/recruitments/", json!([{"id": 60}, {"id": 61}, {"id": 62}]));
    fake.instead("/recruitments/60", 502, "");
    let error = read(&account, "jobs", &mut Carried::default()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (ErrorKind::Unavailable, Retry::BackOff));
}

#[tokio::test]
async fn without_the_scope_of_workflows_only_stages_are_missing() {
    let fake = small().await;
    fake.content.lock().unwrap().page_size = 1;
    fake.instead("/workflows", 403, r#"{"error":"insufficient_scope"}"#);
    fake.put("/employees/recruitment_history", json!([open_row(11, 60, 1, "2026-01-03 10:00:00", 23)]));
    let (account, mut carried) = (fake.account(), Carried::default());
    let error = read(&account, "workflows", &mut carried).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
    let jobs = read(&account, "jobs", &mut carried).await.unwrap();
    assert_eq!((jobs.count(RecordType::Job), jobs.count(RecordType::JobStage)), (2, 0));
    // Said once, of no single record: what is stored stays.
    let problems: Vec<_> = jobs.problems.iter().map(|problem| (problem.of, problem.id)).collect();
    assert_eq!(problems, [(RecordType::JobStage, None)]);
    assert!(jobs.problems[0].message.contains("tick the scope workflow"));
    read(&account, "ledger", &mut carried).await.unwrap();
    let applications = read(&account, "applications", &mut carried).await.unwrap();
    assert_eq!((applications.records.len(), applications.problems.len()), (3, 0));
    assert_eq!(fake.seen("/workflows "), 2);
}

#[tokio::test]
async fn metadata_that_are_not_there_cost_the_labels_and_no_job() {
    let fake = small().await;
    fake.content.lock().unwrap().ignores_metadata = true;
    let jobs = read(&fake.account(), "jobs", &mut Carried::default()).await.unwrap();
    assert_eq!(job(&jobs.records, "60").integration_fields[0].label, None);
}

#[tokio::test]
async fn a_server_without_page_headers_is_read_to_its_end() {
    let fake = Fake::start().await;
    fake.content.lock().unwrap().page_size = 2;
    fake.content.lock().unwrap().bare = true;
    fake.put("/users/", json!([{"id": "1"}, {"id": 2}, {"id": 3}]));
    let outcome = read(&fake.account(), "users", &mut Carried::default()).await.unwrap();
    assert_eq!(outcome.remote_ids(RecordType::User), ["1", "2", "3"]);
    assert_eq!(fake.seen("/users/ "), 3);
}

#[tokio::test]
async fn a_long_list_is_read_several_pages_at_a_time() {
    let fake = Fake::start().await;
    fake.content.lock().unwrap().page_size = 10;
    let rows: Vec<_> = (1..=100).map(|id| json!({"id": id})).collect();
    fake.put("/employees/", json!(rows));
    let outcome = read(&fake.account(), "candidates", &mut Carried::default()).await.unwrap();
    assert_eq!((outcome.records.len(), outcome.pages, fake.seen("/employees/ ")), (100, 4, 10));
}

#[tokio::test]
async fn an_application_whose_place_may_be_in_an_unreadable_row_is_left_as_it_is() {
    // The members of job 60 are 1, 2 and 3; of the first the ledger knows where it stands.
    for (garbage, held_back) in [
        (json!({"id": 15, "employee": {}, "recruitment": {"id": 60}}), vec!["60:2", "60:3"]),
        (json!({"id": 15, "employee": {"id": 2}, "recruitment": "?"}), vec!["60:2"]),
        (json!({"id": 15, "employee": {"id": 2}, "recruitment": {"id": 60}, "end_date": {}}), vec!["60:2"]),
        (json!("garbage"), vec!["60:2", "60:3"]),
        // Closed, or of somebody else: none is concerned.
        (json!({"id": 15, "employee": {}, "recruitment": {"id": 60}, "end_date": "2026-01-02 10:00:00"}), vec![]),
        (json!({"id": 15, "employee": {"id": 9}, "recruitment": {}}), vec![]),
    ] {
        let fake = small().await;
        fake.put("/employees/recruitment_history", json!([garbage, open_row(11, 60, 1, "2026-01-03 10:00:00", 23)]));
        let (account, mut carried) = (fake.account(), Carried::default());
        assert_eq!(read(&account, "ledger", &mut carried).await.unwrap().problems.len(), 1);
        let outcome = read(&account, "applications", &mut carried).await.unwrap();
        let problems: Vec<_> = outcome.problems.iter().map(|problem| problem.remote_id.clone().unwrap()).collect();
        assert_eq!(
            (problems, outcome.records.len()),
            (held_back.iter().map(|&id| id.into()).collect(), 3 - held_back.len())
        );
    }
}

#[tokio::test]
async fn a_workflow_without_readable_states_is_an_error() {
    let fake = small().await;
    fake.put("/workflows/4", json!({"id": 4}));
    let error = read(&fake.account(), "workflows", &mut Carried::default()).await.unwrap_err();
    assert_eq!(error.public, "/workflows/{id} answered an unexpected shape: states is not present");
    fake.put("/workflows/4", json!({"id": 4, "states": [{"id": 19}, {"name": "no id"}]}));
    let outcome = read(&fake.account(), "workflows", &mut Carried::default()).await.unwrap();
    assert_eq!((outcome.records.len(), outcome.problems.len()), (1, 1));
}

#[tokio::test]
async fn applications_are_members_and_stand_where_the_ledger_says() {
    let fake = small().await;
    fake.content.lock().unwrap().page_size = 1;
    let mut closed = open_row(10, 60, 1, "2026-01-01 10:00:00", 19);
    closed["end_date"] = json!("2026-01-02 10:00:00");
    fake.put(
        "/employees/recruitment_history",
        json!([
            closed,
            open_row(11, 60, 1, "2026-01-03 10:00:00", 23),
            // Read before it was closed.
            open_row(12, 60, 1, "2026-01-02 10:00:00", 19),
            open_row(13, 60, 2, "2026-01-02 10:00:00", 19),
            // No member any more.
            open_row(14, 61, 1, "2026-01-02 10:00:00", 19),
            {"id": 15, "employee": "?", "recruitment": {"id": 61}},
            // Of a person that is no more.
            {"id": 16, "recruitment": {"id": 60}},
        ]),
    );
    // Deleted after it was listed.
    fake.put("/recruitments/", json!([{"id": 59}, {"id": 60}, {"id": 61}]));
    let (account, mut carried) = (fake.account(), Carried::default());
    let ledger = read(&account, "ledger", &mut carried).await.unwrap();
    assert_eq!((ledger.records.len(), ledger.problems.len()), (0, 1));
    let outcome = read(&account, "applications", &mut carried).await.unwrap();
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    assert_eq!(outcome.remote_ids(RecordType::Application), ["60:1", "60:2", "60:3"]);
    let stands: Vec<_> = outcome
        .records
        .iter()
        .map(|snapshot| match &snapshot.record {
            Record::Application(application) => {
                (application.outcome.unwrap().as_str(), application.current_stage, snapshot.payload.len())
            }
            _ => panic!(),
        })
        .collect();
    let stage = |id: &str| Some(ids().stage(id));
    assert_eq!(stands, [("DECLINED", stage("23"), 1), ("PENDING", stage("19"), 1), ("PENDING", None, 0)]);
}

#[tokio::test]
async fn a_cursor_of_applications_holds_one_page_of_jobs() {
    let fake = small().await;
    let jobs: Vec<_> = (1..=250).map(|id| json!({"id": id})).collect();
    fake.put("/recruitments/", json!(jobs));
    for id in 1..=250 {
        fake.put(&format!("/recruitments/{id}/employees"), json!([{"id": 1}]));
    }
    let account = fake.account();
    let carried = Carried::default();
    let (mut cursor, mut read, mut longest) = (None::<String>, 0, 0);
    loop {
        let request = ReadPage { stream: "applications", cursor: cursor.as_deref(), carried: &carried, since: None };
        let page = Traffit.read(&account, request).await.unwrap();
        read += page.records.len();
        let Some(next) = page.next else { break };
        longest = longest.max(next.len());
        cursor = Some(next);
    }
    assert_eq!((read, fake.seen("GET /recruitments/ ")), (250, 3));
    assert!(longest < 2_000, "{longest}");
}
