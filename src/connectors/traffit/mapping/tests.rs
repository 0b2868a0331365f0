use serde_json::json;

use super::*;
use crate::domain::clock::SeededIds;
use crate::domain::{IntegrationId, Record, RecordType};

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

macro_rules! fixture {
    ($name:literal) => {
        fixture(include_str!(concat!("../fixtures/", $name, ".json")))
    };
}

fn ids() -> IdSpace {
    IdSpace::new(IntegrationId::fresh(&SeededIds::new(1)))
}

/// `row` with some keys replaced; `"ABSENT"` takes a key away.
fn but(mut row: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut row, changes) else { panic!("objects only") };
    for (key, value) in changes {
        if value == json!("ABSENT") {
            fields.remove(&key);
        } else {
            fields.insert(key, value);
        }
    }
    row
}

/// The fields that are not empty.
fn set(record: &Record) -> Value {
    let Value::Object(fields) = record.fields() else { panic!("records are objects") };
    fields.into_iter().filter(|(_, value)| !value.is_null() && *value != json!([])).collect()
}

#[test]
fn users() {
    let full = user(&ids(), fixture!("user")).unwrap();
    assert_eq!(
        set(&full.record),
        json!({"remoteId": "28", "firstName": "Ola", "lastName": "Testowa", "email": "ola@example.com"})
    );
    assert_eq!(full.payload, payload("/users/", fixture!("user")));
    assert_eq!(full.id, ids().user("28").uuid());

    let bare = json!({"id": "28", "username": "ola.test", "name": "", "email": " "});
    assert_eq!(set(&user(&ids(), bare).unwrap().record), json!({"remoteId": "28", "firstName": "ola.test"}));
    assert_eq!(user(&ids(), json!({"name": "No id"})).unwrap_err(), "id is not present");
    assert_eq!(user(&ids(), json!({"id": 1, "name": ["a"]})).unwrap_err(), "name is not text");
}

#[test]
fn candidates() {
    let full = candidate(&ids(), fixture!("employee")).unwrap();
    assert_eq!(
        set(&full.record),
        json!({
            "remoteId": "1246", "firstName": "Jan", "lastName": "Próbny", "source": "LinkedIn",
            "emailAddresses": [{"address": "jan@example.com", "type": null, "typeRaw": null}],
            "phoneNumbers": [{"number": "+48000000000 / +48111111111", "type": null, "typeRaw": null}],
        })
    );
    assert_eq!(full.payload, payload("/employees/", fixture!("employee")));

    for (source, expected) in [
        (json!("ABSENT"), None),
        (Value::Null, None),
        (json!([]), None),
        (json!({"id": 3}), None),
        (json!({"id": 3, "value": ""}), None),
        (json!("Referral"), Some("Referral")),
    ] {
        let bare = but(fixture!("employee"), json!({"email": "", "mobile": null, "name": "", "source": source}));
        let Record::Candidate(person) = candidate(&ids(), bare).unwrap().record else { panic!() };
        assert_eq!((person.first_name, person.email_addresses, person.phone_numbers), (None, vec![], vec![]));
        assert_eq!(person.source.as_deref(), expected);
    }
}

#[test]
fn stages() {
    let state = fixture!("workflow")["states"][3].clone();
    let mapped = stage(&ids(), state.clone()).unwrap();
    assert_eq!(set(&mapped.record), json!({"remoteId": "21", "name": "Odrzucenie", "globalIndex": 9_999_998}));
    assert_eq!(mapped.payload, payload("/workflows/{id}", state));
    let beyond = stage(&ids(), json!({"id": 1, "order": 99_999_999_999_u64})).unwrap();
    assert_eq!(set(&beyond.record), json!({"remoteId": "1"}));
}

#[test]
fn outcomes_follow_the_meaning_of_the_stage() {
    let meanings = [
        (Some("end-good"), false, "HIRED"),
        (Some("end-bad"), false, "DECLINED"),
        (Some("screening"), true, "DECLINED"),
        (None, true, "DECLINED"),
        (Some("wait"), false, "PENDING"),
        (Some("made up"), false, "PENDING"),
        // The workflow does not say; the ledger row's own type is `end-bad`.
        (None, false, "DECLINED"),
    ];
    for (kind, is_rejection, outcome) in meanings {
        let meaning = StageMeaning { kind: kind.map(str::to_owned), is_rejection };
        let row = fixture!("ledger_row");
        let mapped = application(&ids(), ("60", "1246"), Some(row), |_| Some(meaning), &mut Vec::new()).unwrap().record;
        let fields = set(&mapped);
        assert_eq!(fields["outcome"], outcome, "{kind:?} {is_rejection}");
        let rejected = (outcome == "DECLINED").then_some("2022-08-08T13:27:48Z");
        assert_eq!(fields.get("rejectedAt").and_then(Value::as_str), rejected);
        assert_eq!(fields["currentStage"], ids().stage("21").node().to_string());
    }
}

#[test]
fn an_application_is_known_by_job_and_candidate() {
    let row = fixture!("ledger_row");
    let mut unread = Vec::new();
    // A stage that no workflow lists any more: the ledger's own type counts.
    let mapped = application(&ids(), ("60", "1246"), Some(row.clone()), |_| None, &mut unread).unwrap();
    assert_eq!(
        set(&mapped.record),
        json!({
            "remoteId": "60:1246", "outcome": "DECLINED", "rejectedAt": "2022-08-08T13:27:48Z",
            "currentStage": ids().stage("21").node().to_string(),
            "job": ids().job("60").node().to_string(),
            "candidate": ids().candidate("1246").node().to_string(),
        })
    );
    assert_eq!(mapped.payload, payload("/employees/recruitment_history", row.clone()));

    let without = application(&ids(), ("60", "7"), None, |_| None, &mut unread).unwrap();
    let fields = set(&without.record);
    assert_eq!((fields["outcome"].as_str(), fields.get("currentStage")), (Some("PENDING"), None));
    assert!(without.payload.is_empty() && unread.is_empty());

    let undated = but(row.clone(), json!({"date": "some day"}));
    let mapped = application(&ids(), ("60", "1246"), Some(undated), |_| None, &mut unread).unwrap();
    assert_eq!(set(&mapped.record).get("rejectedAt"), None);
    assert_eq!(unread, ["date is not a time"]);

    let broken = but(row, json!({"workflow_state": {"name": "No id"}}));
    let wrong = application(&ids(), ("60", "1246"), Some(broken), |_| None, &mut unread).unwrap_err();
    assert_eq!(wrong, "workflow_state.id is not present");
}

#[test]
fn tags_come_with_their_links() {
    let rows = [json!({"id": 7, "name": "java"}), json!({"id": "8.0", "value": "x"})];
    assert!(tags(&ids(), "1246", &rows).is_err());
    let rows = [json!({"id": 7, "name": "java"}), json!({"id": 8.0, "name": null, "value": "rust"})];
    let mapped = tags(&ids(), "1246", &rows).unwrap();
    let kinds: Vec<_> = mapped.iter().map(|snapshot| (snapshot.record.record_type(), snapshot.id)).collect();
    assert_eq!(
        kinds,
        [
            (RecordType::CandidateTag, ids().candidate_tag("1246", "7").uuid()),
            (RecordType::Tag, ids().tag("7").uuid()),
            (RecordType::CandidateTag, ids().candidate_tag("1246", "8").uuid()),
            (RecordType::Tag, ids().tag("8").uuid()),
        ]
    );
    assert_eq!(set(&mapped[1].record), json!({"remoteId": "7", "name": "java"}));
    assert_eq!(set(&mapped[3].record), json!({"remoteId": "8", "name": "rust"}));
    assert!(tags(&ids(), "1246", &[json!("java")]).is_err());
}

fn pipeline(workflow: &str) -> Vec<WorkflowState> {
    let state = |id: &str, order| WorkflowState { id: id.to_owned(), order };
    match workflow {
        "4" => vec![
            state("21", Some(9_999_998)),
            state("23", Some(1)),
            state("19", Some(0)),
            state("30", Some(1)),
            state("9", Some(1)),
        ],
        _ => Vec::new(),
    }
}

fn mapped_job(row: Value, detail: Value, post: Option<Value>) -> Result<(Vec<Snapshot>, Vec<String>), String> {
    let mut unread = Vec::new();
    let label = |key: &str| (key == "_budget").then(|| "Budget".to_owned());
    let source = JobSource { row, detail, post };
    job(&ids(), source, pipeline, label, &mut unread).map(|snapshots| (snapshots, unread))
}

#[test]
fn a_job_with_a_published_advert() {
    let sources = || (fixture!("recruitment_row"), fixture!("recruitment"), Some(fixture!("post")));
    let (row, detail, post) = sources();
    let (snapshots, unread) = mapped_job(row, detail, post).unwrap();
    assert!(unread.is_empty());
    assert_eq!(
        set(&snapshots[0].record),
        json!({
            "remoteId": "60", "name": "Senior Java", "code": "/12/08/2022/EP", "confidential": true,
            "status": "CLOSED", "statusRaw": "active",
            "closedAt": "2023-02-22T08:54:21Z", "remoteCreatedAt": "2022-08-09T07:59:10Z",
            "description": "<p>A job</p>\n<ul><li>Java</li></ul>\n<p>Fruit</p>",
            "location": {"city": "Gdynia", "country": "PL", "state": "Pomorskie", "zipCode": null,
                "raw": null, "street1": null, "street2": null},
            "postUrl": "https://acme.traffit.com/public/an/x?source=career_page",
            "integrationFields": [
                {"key": "_budget", "label": "Budget", "value": "10000"},
                {"key": "_team", "label": null, "value": ["A", "B"]},
            ],
        })
    );
    let (row, detail, post) = sources();
    assert_eq!(snapshots[0].payload["/recruitments/"], row);
    assert_eq!(snapshots[0].payload["/recruitments/{id}"], detail);
    assert_eq!(Some(&snapshots[0].payload["/public/job_posts/published"]), post.as_ref());

    let stages: Vec<_> = snapshots
        .iter()
        .filter_map(|snapshot| match &snapshot.record {
            Record::JobStage(stage) => Some((stage.index, stage.stage, snapshot.id)),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (0..)
        .zip(["19", "9", "23", "30", "21"])
        .map(|(index, stage)| (Some(index), ids().stage(stage), ids().job_stage("60", stage).uuid()))
        .collect();
    assert_eq!(stages, expected);
    assert_eq!(snapshots.last().unwrap().id, ids().hiring_team_member("60", "49").uuid());
}

#[test]
fn an_open_job_without_advert_and_workflow() {
    let row = but(fixture!("recruitment_row"), json!({"is_closed": false, "_budget": "ABSENT"}));
    let detail = json!({"id": 60, "is_closed": false, "closing_date": "2030-01-01 00:00:00", "workflow_id": 99});
    let (snapshots, _) = mapped_job(row, detail, None).unwrap();
    assert_eq!(snapshots.len(), 1);
    let fields = set(&snapshots[0].record);
    assert_eq!(fields["status"], "OPEN");
    for absent in ["closedAt", "description", "location", "postUrl", "statusRaw", "integrationFields"] {
        assert_eq!(fields.get(absent), None, "{absent}");
    }
    assert!(!snapshots[0].payload.contains_key("/public/job_posts/published"));
}

#[test]
fn a_job_closed_between_list_and_detail_is_closed_when_the_detail_says() {
    for (row, detail, expected) in [
        // Planned in the list, closed without a date in the detail.
        (json!({"is_closed": false}), json!({"is_closed": true}), ("CLOSED", None)),
        (json!({"is_closed": true}), json!({"is_closed": false}), ("OPEN", None)),
        (json!({"is_closed": true}), json!({"is_closed": "ABSENT"}), ("CLOSED", Some("2023-02-22T08:54:21Z"))),
        (json!({"is_closed": "ABSENT"}), json!({"is_closed": "ABSENT"}), ("OPEN", None)),
    ] {
        let row = but(fixture!("recruitment_row"), row);
        let detail = but(but(fixture!("recruitment"), detail), json!({"closing_date": "ABSENT"}));
        let fields = set(&mapped_job(row, detail, None).unwrap().0[0].record);
        let closed_at = fields.get("closedAt").and_then(Value::as_str);
        assert_eq!((fields["status"].as_str().unwrap(), closed_at), expected);
    }
}

#[test]
fn what_a_list_row_lacks_is_taken_from_the_detail() {
    let row = json!({"id": 60, "name": "", "is_confidential": 0});
    let fields = set(&mapped_job(row, fixture!("recruitment"), None).unwrap().0[0].record);
    assert_eq!((&fields["name"], &fields["code"]), (&json!("Senior Java"), &json!("/12/08/2022/EP")));
    assert_eq!((&fields["remoteCreatedAt"], &fields["confidential"]), (&json!("2022-08-09T07:59:10Z"), &json!(false)));
}

#[test]
fn custom_fields_that_are_null_are_kept() {
    let (snapshots, _) = mapped_job(fixture!("recruitment_row"), json!({"id": 60}), None).unwrap();
    let Record::Job(job) = &snapshots[0].record else { panic!() };
    assert_eq!(job.integration_fields.len(), 1);
    assert_eq!((job.integration_fields[0].key.as_str(), &job.integration_fields[0].value), ("_budget", &Value::Null));
}

#[test]
fn every_form_of_the_hiring_team_is_read() {
    for (people, expected) in [
        (json!("ABSENT"), vec![]),
        (Value::Null, vec![]),
        (json!([]), vec![]),
        (json!([{"id": 49, "email": "ela@example.com"}, {"id": 50}, {"id": 49}]), vec!["49", "50"]),
        (json!({"id": 49}), vec!["49"]),
        (json!({"user": {"id": 49}}), vec!["49"]),
        (json!([{"user": {"id": 49}}, 50]), vec!["49", "50"]),
        (json!({}), vec![]),
        (json!(""), vec![]),
        (json!({"id": null}), vec![]),
        (json!([{"user": null}, "49"]), vec!["49"]),
    ] {
        let detail = but(fixture!("recruitment"), json!({"responsible_person": people, "workflow_id": null}));
        let (snapshots, _) = mapped_job(fixture!("recruitment_row"), detail, None).unwrap();
        let team: Vec<_> = snapshots[1..].iter().map(|snapshot| snapshot.id).collect();
        let expected: Vec<_> = expected.iter().map(|user| ids().hiring_team_member("60", user).uuid()).collect();
        assert_eq!(team, expected, "{people}");
    }
}

#[test]
fn what_cannot_be_understood_holds_the_job_back_but_a_time_does_not() {
    let row = || fixture!("recruitment_row");
    let detail = || fixture!("recruitment");
    let wrong = [
        (but(row(), json!({"is_confidential": "perhaps"})), detail(), None, "is_confidential is not a flag"),
        (
            row(),
            but(detail(), json!({"responsible_person": [{"email": "x@example.com"}]})),
            None,
            "responsible_person is not a reference with an id",
        ),
        (row(), detail(), Some(json!({"advert": {"values": 3}})), "of its advert advert.values is not a sequence"),
        (
            row(),
            detail(),
            Some(json!({"advert": {"values": [{"field_id": "benefits", "value": {}}]}})),
            "of its advert benefits is not text",
        ),
    ];
    for (row, detail, post, expected) in wrong {
        assert_eq!(mapped_job(row, detail, post).unwrap_err(), expected);
    }
    let (snapshots, unread) =
        mapped_job(but(row(), json!({"created_at": "0000-00-00 00:00:00"})), detail(), None).unwrap();
    assert_eq!(unread, ["created_at is not a time"]);
    assert_eq!(set(&snapshots[0].record).get("remoteCreatedAt"), None);
}
