use serde_json::json;

use super::*;
use crate::connectors::hrworks::wire::PostOffer;
use crate::domain::clock::SeededIds;
use crate::domain::{EmploymentType, IntegrationId, Record, RecordType, RemoteWorkStatus};

macro_rules! fixture {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../fixtures/", $name, ".json"))).unwrap()
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

fn no_source(_: &str) -> Option<String> {
    None
}

#[test]
fn users() {
    let full = user(&ids(), fixture!("person"), Some("dora@acme.example".into())).unwrap();
    assert_eq!(
        set(&full.record),
        json!({"remoteId": "ea0c0000-0000-4000-8000-000000000001", "firstName": "Dora", "lastName": "Musterfrau",
            "email": "dora@acme.example"})
    );
    assert_eq!(full.payload, payload("/persons", fixture!("person")));
    let bare = but(fixture!("person"), json!({"uuid": null, "lastName": " "}));
    assert_eq!(set(&user(&ids(), bare, None).unwrap().record), json!({"remoteId": "dora", "firstName": "Dora"}));
    let nobody = json!({"firstName": "Dora"});
    assert_eq!(user(&ids(), nobody, None).unwrap_err(), "neither uuid nor personId is present");
    let wrong = but(fixture!("person"), json!({"firstName": ["a"]}));
    assert_eq!(user(&ids(), wrong, None).unwrap_err(), "firstName is not text");
}

#[test]
fn candidates_of_both_generations() {
    let mut unread = Vec::new();
    let source = |applicant: &str| Some(format!("source of {applicant}"));
    let full = candidate(&ids(), fixture!("applicant"), source, &mut unread).unwrap();
    insta::assert_json_snapshot!("candidate", full.record.fields());
    assert_eq!(full.payload, payload("/applicant-management/applicants", fixture!("applicant")));
    let old = candidate(&ids(), fixture!("applicant_1_24"), no_source, &mut unread).unwrap();
    insta::assert_json_snapshot!("candidate_1_24", old.record.fields());
    assert!(unread.is_empty());
}

#[test]
fn a_candidate_needs_its_uuid_and_little_else() {
    let mut unread = Vec::new();
    let bare = json!({"uuid": "c1", "address": null, "email": null, "jobApplications": null});
    let bare = candidate(&ids(), bare, no_source, &mut unread).unwrap();
    assert_eq!(set(&bare.record), json!({"remoteId": "c1"}));
    // Only a phone number is no place.
    let phone = json!({"uuid": "c1", "phone": "old", "address": {"phone": "new"}});
    let Record::Candidate(person) = candidate(&ids(), phone, no_source, &mut unread).unwrap().record else { panic!() };
    assert_eq!((person.phone_numbers[0].number.as_str(), person.location), ("new", None));
    assert!(unread.is_empty());

    let nowhere = but(fixture!("applicant"), json!({"address": {"internationalCountryCode": "QQQ", "city": "X"}}));
    let nowhere = candidate(&ids(), nowhere, no_source, &mut unread).unwrap();
    assert_eq!(set(&nowhere.record)["location"]["country"], Value::Null);
    assert_eq!(unread, ["internationalCountryCode is not a country's code"]);
    assert_eq!(candidate(&ids(), json!({}), no_source, &mut unread).unwrap_err(), "uuid is not present");
    let wrong = json!({"uuid": "c1", "address": {"city": {}}});
    assert_eq!(candidate(&ids(), wrong, no_source, &mut unread).unwrap_err(), "address.city is not text");
}

#[test]
fn stages_are_the_known_statuses_and_then_others() {
    let mut statuses = Statuses::default();
    let usual: Vec<Value> = stages(&ids(), &statuses).iter().map(|stage| stage.record.fields()).collect();
    insta::assert_json_snapshot!("stages", usual);

    for (identifier, label, is_news) in [
        ("secondInterview", Some("Zweitgespräch"), true),
        ("applied", None, true),
        ("applied", Some("Neu"), true),
        ("applied", Some("Offen"), false),
        ("applied", Some("Eingang"), true),
        ("applied", None, false),
        ("created", None, true),
    ] {
        assert_eq!(statuses.add(identifier, label), is_news, "{identifier} {label:?}");
    }
    let names: Vec<_> = stages(&ids(), &statuses)
        .into_iter()
        .map(|stage| match stage.record {
            Record::ApplicationStage(stage) => (stage.remote_id, stage.name.unwrap(), stage.global_index.unwrap()),
            _ => panic!(),
        })
        .collect();
    assert_eq!(names[0], ("applied".into(), "Eingang".into(), 0));
    assert_eq!(names[5], ("movedToTalentPool".into(), "In Talentpool verschoben".into(), 5));
    assert_eq!(names[6], ("created".into(), "created".into(), 6));
    assert_eq!(names[7], ("secondInterview".into(), "Zweitgespräch".into(), 7));
}

#[test]
fn applications() {
    let mut unread = Vec::new();
    let never = |_: &str| -> Option<String> { panic!("postUuid counts") };
    let full = application(&ids(), fixture!("job_application"), never, &mut unread).unwrap();
    insta::assert_json_snapshot!("application", full.record.fields());
    assert_eq!(full.payload, payload("/applicant-management/job-applications", fixture!("job_application")));
    assert!(unread.is_empty());

    let by_key = but(fixture!("job_application"), json!({"postUuid": "ABSENT"}));
    let known = |key: &str| (key == "SWE-01").then(|| "p1".to_owned());
    let Record::Application(found) = application(&ids(), by_key.clone(), known, &mut unread).unwrap().record else {
        panic!()
    };
    assert_eq!((found.job, unread.len()), (Some(ids().job("p1")), 0));
    let unknown = application(&ids(), by_key, |_| None, &mut unread).unwrap();
    assert_eq!(set(&unknown.record).get("job"), None);
    assert_eq!(unread, ["postId is not the key of a post"]);
}

#[test]
fn an_application_needs_its_id_and_little_else() {
    let mut unread = Vec::new();
    let bare = application(&ids(), json!({"id": 5}), |_| None, &mut unread).unwrap();
    assert_eq!(set(&bare.record), json!({"remoteId": "5"}));
    assert!(unread.is_empty());
    let row = json!({"id": "5", "creationDateAndTime": "soon", "applicationDocuments": []});
    let late = application(&ids(), row, |_| None, &mut unread).unwrap();
    assert_eq!(set(&late.record)["integrationFields"][0]["value"], 0);
    assert_eq!(unread, ["creationDateAndTime is not a time"]);
    assert_eq!(application(&ids(), json!({}), |_| None, &mut unread).unwrap_err(), "id is not present");
}

#[test]
fn outcomes_follow_the_status() {
    for (status, outcome) in [
        ("applied", "PENDING"),
        ("inProgress", "PENDING"),
        ("documentCreation", "PENDING"),
        ("created", "PENDING"),
        ("made up", "PENDING"),
        ("employed", "HIRED"),
        ("notEmployed", "DECLINED"),
        ("movedToTalentPool", "DECLINED"),
    ] {
        assert_eq!(status::outcome(status).as_str(), outcome, "{status}");
        let row = json!({"id": "5", "statusIdentifier": status});
        let mapped = application(&ids(), row, |_| None, &mut Vec::new()).unwrap();
        let Record::Application(application) = mapped.record else { panic!() };
        assert_eq!((application.current_stage, application.rejected_at), (Some(ids().stage(status)), None));
    }
}

fn unit(of: Department<'_>) -> Option<String> {
    match of {
        Department::Uuid("5f0e0000-0000-4000-8000-000000000200") => Some("Entwicklung".into()),
        Department::Number("300") => Some("Vertrieb".into()),
        _ => None,
    }
}

fn mapped_job(row: Value) -> Result<(Vec<Snapshot>, Vec<String>), String> {
    let mut unread = Vec::new();
    let snapshots = job(&ids(), row, &Statuses::default(), unit, &mut unread)?;
    Ok((snapshots, unread))
}

fn job_of(row: Value) -> crate::domain::Job {
    let (snapshots, _) = mapped_job(row).unwrap();
    let Some(Record::Job(job)) = snapshots.into_iter().next().map(|snapshot| snapshot.record) else { panic!() };
    job
}

#[test]
fn jobs_of_both_generations() {
    let (snapshots, unread) = mapped_job(fixture!("post")).unwrap();
    assert!(unread.is_empty());
    insta::assert_json_snapshot!("job", snapshots[0].record.fields());
    assert_eq!(snapshots[0].payload, payload("/applicant-management/posts", fixture!("post")));
    let (old, unread) = mapped_job(fixture!("post_1_24")).unwrap();
    assert!(unread.is_empty());
    insta::assert_json_snapshot!("job_1_24", old[0].record.fields());
}

#[test]
fn every_job_has_every_stage() {
    let mut statuses = Statuses::default();
    statuses.add("secondInterview", None);
    let snapshots = job(&ids(), fixture!("post"), &statuses, unit, &mut Vec::new()).unwrap();
    let stages: Vec<_> = snapshots
        .iter()
        .filter_map(|snapshot| match &snapshot.record {
            Record::JobStage(stage) => Some((stage.index, stage.stage, snapshot.id)),
            other => {
                assert_eq!(other.record_type(), RecordType::Job);
                None
            }
        })
        .collect();
    let post = "0b9d3c52-6a3e-4b0e-9a55-6f2c1f1d7a10";
    let all = ["applied", "inProgress", "documentCreation", "employed", "notEmployed", "movedToTalentPool"];
    let expected: Vec<_> = (0..)
        .zip(all.into_iter().chain(["secondInterview"]))
        .map(|(index, stage)| (Some(index), ids().stage(stage), ids().job_stage(post, stage).uuid()))
        .collect();
    assert_eq!(stages, expected);
}

#[test]
fn a_bare_post_is_a_job() {
    let job = job_of(json!({"uuid": "p1", "postOffers": null, "postDescriptions": null, "contactInformation": null}));
    assert_eq!(set(&job.into()), json!({"remoteId": "p1"}));
    assert_eq!(mapped_job(json!({"name": "x"})).unwrap_err(), "neither uuid nor key is present");
    let wrong = but(fixture!("post"), json!({"isActive": "perhaps"}));
    assert_eq!(mapped_job(wrong).unwrap_err(), "isActive is not a flag");
    let wrong = json!({"uuid": "p1", "postOffers": [{"publicationDate": {}}]});
    assert_eq!(mapped_job(wrong).unwrap_err(), "postOffers[0].publicationDate is not text");
}

#[test]
fn the_primary_offer_is_active_then_latest_then_first() {
    let offer = |id: &str, active: Option<bool>, date: Option<&str>| json!({"id": id, "isActive": active, "publicationDate": date});
    for (offers, expected) in [
        (vec![], None),
        (vec![offer("a", Some(false), None)], Some("a")),
        (vec![offer("a", Some(false), Some("2025-05-01")), offer("b", Some(true), None)], Some("b")),
        (vec![offer("a", None, Some("2025-05-01")), offer("b", Some(true), Some("2020-01-01"))], Some("b")),
        (vec![offer("a", Some(true), Some("2025-01-01")), offer("b", Some(true), Some("2025-02-01"))], Some("b")),
        (vec![offer("a", Some(true), Some("2025-01-01")), offer("b", Some(true), Some("2025-01-01"))], Some("a")),
        (vec![offer("a", Some(true), None), offer("b", Some(true), Some("2025-01-01"))], Some("b")),
        (vec![offer("a", Some(true), None), offer("b", Some(true), None)], Some("a")),
    ] {
        let job = job_of(json!({"uuid": "p1", "postOffers": offers}));
        let id = job.integration_fields.iter().find(|field| field.key == "postOffer.id");
        assert_eq!(id.and_then(|field| field.value.as_str()), expected, "{offers:?}");
    }
    let dates = job_of(json!({"uuid": "p1", "postOffers": [
        offer("a", Some(true), Some("2025-03-01")), offer("b", Some(false), Some("2024-12-24")), offer("c", None, Some("?")),
    ]}));
    let day = |text: &str| Some(format!("{text}T00:00:00Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!((dates.opened_at, dates.remote_created_at), (day("2025-03-01"), day("2024-12-24")));
}

fn offer(fields: Value) -> PostOffer {
    serde_json::from_value(fields).unwrap()
}

#[test]
fn the_contract_decides_on_the_employment_type_and_then_the_working_time() {
    let cases = [
        (
            json!({"employmentContractKey": "internship", "workingTimeModelKey": "fullTime"}),
            Some("INTERNSHIP"),
            "internship",
        ),
        (
            json!({"employmentContractKey": "externalEmployee", "workingTimeModelKey": "partTime"}),
            Some("CONTRACT"),
            "externalEmployee",
        ),
        (json!({"employmentContractKey": "shortTermEmployment"}), Some("SEASONAL"), "shortTermEmployment"),
        (json!({"employmentContractKey": "marginalEmployment"}), Some("PART_TIME"), "marginalEmployment"),
        (
            json!({"employmentContractKey": "studentJob", "workingTimeModelKey": "fullTime"}),
            Some("PART_TIME"),
            "studentJob",
        ),
        (json!({"employmentContractKey": "apprenticeship"}), Some("OTHER"), "apprenticeship"),
        (
            json!({"employmentContractKey": "permanentEmployment", "workingTimeModelKey": "fullTime"}),
            Some("FULL_TIME"),
            "fullTime",
        ),
        (
            json!({"employmentContractKey": "notSpecified", "workingTimeModelKey": "fullTimeOrPartTime"}),
            Some("FULL_TIME"),
            "fullTimeOrPartTime",
        ),
        (json!({"workingTimeModelKey": "partTime"}), Some("PART_TIME"), "partTime"),
        (json!({"employmentContractKey": "permanentEmployment", "workingTimeModelKey": "notSpecified"}), None, ""),
        (json!({"employmentContractKey": "notSpecified"}), None, ""),
        (json!({}), None, ""),
        (json!({"employmentContractKey": "gig", "workingTimeModelKey": "partTime"}), Some("PART_TIME"), "partTime"),
        (json!({"employmentContractKey": "gig", "workingTimeModelKey": "notSpecified"}), None, "gig"),
        (json!({"workingTimeModelKey": "shifts"}), None, "shifts"),
        (json!({"employmentTypeKey": "fullTime"}), Some("FULL_TIME"), "fullTime"),
        (json!({"employmentTypeKey": "partTime"}), Some("PART_TIME"), "partTime"),
        (json!({"employmentTypeKey": "minorEmployment"}), Some("PART_TIME"), "minorEmployment"),
        (json!({"employmentTypeKey": "studentEmployee"}), Some("PART_TIME"), "studentEmployee"),
        (json!({"employmentTypeKey": "notSpecified"}), None, ""),
        (json!({"employmentTypeKey": "other"}), None, "other"),
    ];
    for (fields, expected, raw) in cases {
        let (decided, said) = employment::employment_type(&offer(fields.clone()));
        assert_eq!(
            (decided.map(EmploymentType::as_str), said.unwrap_or_default().as_str()),
            (expected, raw),
            "{fields}"
        );
    }
}

#[test]
fn the_place_of_work_is_its_key_or_the_old_flag() {
    for (fields, expected, raw) in [
        (json!({"placeOfWorkTypeKey": "hybrid"}), Some("HYBRID"), "hybrid"),
        (json!({"placeOfWorkTypeKey": "remote", "homeOfficeAvailable": true}), Some("REMOTE"), "remote"),
        (json!({"placeOfWorkTypeKey": "onsite"}), Some("ON_SITE"), "onsite"),
        (json!({"placeOfWorkTypeKey": "orbit"}), None, "orbit"),
        (json!({"homeOfficeAvailable": true}), Some("HYBRID"), "homeOfficeAvailable"),
        (json!({"homeOfficeAvailable": false}), None, ""),
        (json!({}), None, ""),
    ] {
        let (decided, said) = employment::remote_work(&offer(fields.clone()));
        assert_eq!(
            (decided.map(RemoteWorkStatus::as_str), said.unwrap_or_default().as_str()),
            (expected, raw),
            "{fields}"
        );
    }
}

#[test]
fn labels_without_a_choice_are_none_and_units_are_found_by_uuid_or_number() {
    let row = but(
        fixture!("post"),
        json!({"scopeOfActivitiesKey": "notSpecified", "scopeOfActivities": "Keine Angabe", "organizationUnitUuid": "?",
            "organizationUnitNumber": "300",
            "postOffers": [{"careerLevel": "Keine Angabe", "careerLevelKey": "notSpecified"}]}),
    );
    let job = job_of(row);
    assert_eq!((job.category, job.experience_level, job.department.as_deref()), (None, None, Some("Vertrieb")));
    let nowhere = job_of(but(fixture!("post"), json!({"organizationUnitUuid": "?", "organizationUnitNumber": null})));
    assert_eq!(nowhere.department, None);
    // A label whose key is missing is believed.
    let label = job_of(but(fixture!("post"), json!({"scopeOfActivitiesKey": "ABSENT"})));
    assert_eq!(label.category.as_deref(), Some("IT und Softwareentwicklung"));
}

#[test]
fn a_name_falls_back_and_contacts_may_lack_a_uuid() {
    let job = job_of(but(
        fixture!("post"),
        json!({"displayName": "", "contactInformation": {"contactPerson": {"personId": "keno"}}}),
    ));
    assert_eq!((job.name.as_deref(), job.contact), (Some("Software Engineer"), Some(ids().user("keno"))));
    let nobody = job_of(but(fixture!("post"), json!({"contactInformation": {"contactPerson": null}})));
    assert_eq!(nobody.contact, None);
}
