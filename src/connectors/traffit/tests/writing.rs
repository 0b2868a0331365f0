//! What actions do at TRAFFIT when nothing goes wrong, and what they refuse.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::simulated::{Tenant, tenant};
use crate::connectors::action::{Acted, Unacted};
use crate::connectors::action::{
    Action, Attachment, Found, Input, Person, ResultLink, Salary, Step, Taken, TakenState,
};
use crate::connectors::connector::Connector;
use crate::connectors::error::ErrorKind;
use crate::connectors::rehearsal::{Crash, Held, Rehearsed, rehearse};
use crate::connectors::traffit::Traffit;
use crate::connectors::traffit::simulator::{Account, Candidate};
use crate::domain::{ActionKind, AttachmentType, ErrorCode, Gender, RecordType, Refusal, SalaryPeriod};

pub const EMAIL: &str = "Jan.Nowy@example.com";
/// Open, and of the workflow with many states.
pub const JOB: i64 = 2;

pub async fn stand(faults: &[&str]) -> Tenant {
    tenant(12, 6, faults).await
}

pub fn files() -> Held {
    let mut letter = Held::file("list „motywacyjny”.txt", "text/plain", b"Dzie\xc5\x84 dobry\r\n--x\r\n");
    letter.0.r#type = AttachmentType::CoverLetter;
    Held(vec![Held::file("cv.pdf", "application/pdf", b"%PDF-1.7 \x00\xff"), letter])
}

pub fn person() -> Person {
    Person { first_name: "Jan".into(), last_name: "Nowy".into(), email: EMAIL.into(), ..Person::default() }
}

/// A creation with two files, in this stage.
pub fn creation(stage: Option<i64>) -> Input {
    Input {
        person: Some(person()),
        job: Some(JOB.to_string()),
        stage: stage.map(|stage| stage.to_string()),
        attachments: files().attachments(),
        ..Input::default()
    }
}

/// An input for the first member of the job.
pub fn of_member(tenant: &Tenant) -> (i64, Input) {
    let member = tenant.simulator.edit(member);
    let (job, candidate) = (JOB.to_string(), member.to_string());
    let application = Some(format!("{job}:{candidate}"));
    (member, Input { job: Some(job), candidate: Some(candidate), application, ..Input::default() })
}

/// A member of the job who stands at its beginning, and had nothing done to.
fn member(account: &mut Account) -> i64 {
    let id = account.add_candidate(Candidate::new("Stary", "Znajomy", "stary@example.com"));
    assert!(account.add_member(JOB, id));
    id
}

pub fn writes(tenant: &Tenant) -> BTreeMap<String, u64> {
    tenant.simulator.edit(|account| account.writes().into_iter().collect())
}

pub fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(endpoint, count)| ((*endpoint).to_owned(), *count)).collect()
}

pub async fn carry_out(
    tenant: &Tenant,
    action: (ActionKind, &Input),
    files: &Held,
    crash: Option<(&str, Crash)>,
) -> Result<Rehearsed, Unacted> {
    rehearse(&Traffit, &tenant.account, action, files, crash).await
}

fn refusal(result: Result<Rehearsed, Unacted>) -> Refusal {
    match result {
        Err(Unacted::Refused(refusal)) => refusal,
        other => panic!("{:?}", other.map(|done| done.taken)),
    }
}

pub const CREATE: &str = "POST /employees/";
pub const UPLOAD: &str = "POST /employees/{id}/files/";
pub const ADD: &str = "POST /recruitments/{rid}/employees/{eid}";
pub const MOVE: &str = "POST /employees/{id}/recruitments/{rid}/states/{sid}/_move";
pub const REJECT: &str = "POST /employees/{id}/recruitments/{rid}/states/_move_to_reject_state";
pub const NOTE: &str = "POST /employees/{id}/notes";

#[tokio::test]
async fn a_creation_makes_person_files_membership_and_stage() {
    for kind in [ActionKind::CreateCandidate, ActionKind::CreateApplication] {
        let tenant = stand(&[]).await;
        let done = carry_out(&tenant, (kind, &creation(Some(25))), &files(), None).await.unwrap();
        assert_eq!(writes(&tenant), counts(&[(CREATE, 1), (UPLOAD, 2), (ADD, 1), (MOVE, 1)]));
        assert!(done.warnings.is_empty(), "{:?}", done.warnings);
        let id = done.outcome.candidate.clone().unwrap();
        let application = format!("{JOB}:{id}");
        assert_eq!(done.outcome.application.as_ref(), Some(&application));
        let touched = vec![(RecordType::Candidate, id.clone()), (RecordType::Application, application)];
        assert_eq!(done.outcome.touched, touched);
        let id: i64 = id.parse().unwrap();
        tenant.simulator.edit(|account| {
            let made = account.candidate(id).unwrap();
            assert_eq!(
                (made.name.as_ref(), made.lastname.as_ref(), made.email.as_deref()),
                ("Jan", "Nowy", Some(EMAIL))
            );
            let sent = files();
            for (file, (attachment, bytes)) in made.files.iter().zip(&sent.0) {
                assert_eq!((file.name.as_ref(), file.content.as_ref()), (Some(&attachment.name), Some(bytes)));
                assert_eq!(file.content_type, attachment.content_type);
                assert!(file.is_public);
            }
            let labels: Vec<_> = made.files.iter().map(|file| file.label.as_deref()).collect();
            assert_eq!(labels, [Some("CV"), None]);
            assert_eq!(account.state_of(JOB, id), Some(25));
        });
    }
}

#[tokio::test]
async fn a_person_who_is_known_is_used_as_it_is() {
    let tenant = stand(&[]).await;
    let (first, _) = tenant.simulator.edit(|account| {
        let first = account.add_candidate(Candidate::new("Dawny", "Nowy", "jan.nowy@EXAMPLE.com"));
        (first, account.add_candidate(Candidate::new("Drugi", "Nowy", EMAIL)))
    });
    // The start state needs no move.
    let done = carry_out(&tenant, (ActionKind::CreateCandidate, &creation(Some(19))), &files(), None).await.unwrap();
    assert_eq!(done.outcome.candidate, Some(first.to_string()));
    assert_eq!(writes(&tenant), counts(&[(UPLOAD, 2), (ADD, 1)]));
    tenant.simulator.edit(|account| assert_eq!(account.candidate(first).unwrap().name, "Dawny"));
}

#[tokio::test]
async fn whoever_is_a_member_already_is_refused_before_anything_is_sent() {
    let tenant = stand(&[]).await;
    let (_, _) = of_member(&tenant);
    let mut input = creation(None);
    input.person = Some(Person { email: "STARY@example.com".into(), ..person() });
    let refused = refusal(carry_out(&tenant, (ActionKind::CreateApplication, &input), &files(), None).await);
    assert_eq!(refused.code, ErrorCode::ApplicationAlreadyExists);
    assert_eq!(writes(&tenant), counts(&[]));
}

#[tokio::test]
async fn a_closed_job_a_foreign_stage_and_a_job_that_is_gone_are_refused_before_anything_is_sent() {
    let tenant = stand(&[]).await;
    let closed = tenant.simulator.edit(|account| {
        let closed = account.job_ids().into_iter().find(|id| account.job(*id).unwrap().is_closed);
        closed.unwrap()
    });
    let cases = [
        (Input { job: Some(closed.to_string()), ..creation(None) }, ErrorCode::JobClosed, "jobId"),
        (creation(Some(61)), ErrorCode::StageNotInJob, "stageId"),
        (Input { job: Some("999".into()), ..creation(None) }, ErrorCode::RemoteNotFound, "jobId"),
    ];
    for (input, code, field) in cases {
        let refused = refusal(carry_out(&tenant, (ActionKind::CreateCandidate, &input), &files(), None).await);
        assert_eq!((refused.code, refused.field), (code, ["input", "application", field].map(String::from).to_vec()));
    }
    let (_, member) = of_member(&tenant);
    let input = Input { stage: Some("61".into()), ..member };
    let refused = refusal(carry_out(&tenant, (ActionKind::MoveApplicationToStage, &input), &Held(vec![]), None).await);
    assert_eq!((refused.code, refused.field), (ErrorCode::StageNotInJob, vec!["input".into(), "stageId".into()]));
    assert_eq!(writes(&tenant), counts(&[]));
}

#[tokio::test]
async fn inputs_that_are_not_written_are_named() {
    let tenant = stand(&[]).await;
    let person = Person {
        title: Some("Dr".into()),
        phone: Some("+48 600 000 000".into()),
        city: Some("Gdynia".into()),
        country: Some("PL".into()),
        gender: Some(Gender::Female),
        availability_date: "2026-09-01".parse().ok(),
        salary: Some(Salary { period: SalaryPeriod::Month, amount: 1.0 }),
        ..person()
    };
    let input = Input { person: Some(person), source: Some("x".into()), gdpr_consent: Some(true), ..creation(None) };
    let done = carry_out(&tenant, (ActionKind::CreateCandidate, &input), &files(), None).await.unwrap();
    let named: Vec<String> = done.warnings.iter().map(|warning| warning.field.join(".")).collect();
    assert_eq!(
        named,
        [
            "input.candidate.title",
            "input.candidate.phoneNumber",
            "input.candidate.location.city",
            "input.candidate.location.country",
            "input.candidate.gender",
            "input.candidate.availabilityDate",
            "input.candidate.salaryExpectations",
            "input.source.name",
            "input.gdprConsent.given",
        ]
    );
    assert!(done.warnings.iter().all(|warning| warning.message.contains("not written to TRAFFIT")));
}

#[tokio::test]
async fn what_traffit_refuses_is_told_in_its_words() {
    let mut wrong = creation(None);
    wrong.person = Some(Person { email: "no address".into(), ..person() });
    let email = ["input", "candidate", "emailAddress"].map(String::from).to_vec();
    let tenant = stand(&[]).await;
    let refused = refusal(carry_out(&tenant, (ActionKind::CreateCandidate, &wrong), &files(), None).await);
    assert_eq!((refused.code, refused.field.as_slice()), (ErrorCode::RemoteInputInvalid, email.as_slice()));
    assert_eq!(refused.vendor_message.as_deref(), Some("email: This value is not a valid email address."));
    for (shape, said) in [("nested", true), ("list", true), ("text", true), ("html", false), ("empty", false)] {
        let tenant = stand(&[&format!("error-shape={shape}")]).await;
        let refused = refusal(carry_out(&tenant, (ActionKind::CreateCandidate, &wrong), &files(), None).await);
        assert_eq!(refused.code, ErrorCode::RemoteInputInvalid, "{shape}");
        assert_eq!(refused.vendor_message.is_some(), said, "{shape}");
    }
    // An address that is taken by somebody whom the list does not show.
    let tenant = stand(&["duplicate-409"]).await;
    let input = creation(None);
    let refused = refusal(carry_out(&tenant, (ActionKind::CreateCandidate, &input), &files(), None).await);
    assert_eq!((refused.code, refused.field), (ErrorCode::RemoteInputInvalid, email));
    assert!(refused.vendor_message.unwrap().contains("already exists"));

    let tenant = stand(&["forbid-scope=recruitment"]).await;
    match carry_out(&tenant, (ActionKind::CreateCandidate, &input), &files(), None).await {
        Err(Unacted::Vendor(error)) => assert_eq!(error.kind, ErrorKind::Permission),
        other => panic!("{:?}", other.map(|done| done.taken)),
    }
}

#[tokio::test]
async fn a_person_who_appears_between_look_up_and_creation_is_used() {
    for fault in ["duplicate-add-204", "duplicate-400"] {
        let tenant = stand(&[fault]).await;
        let other = tenant
            .simulator
            .edit(|account| account.add_candidate(Candidate::new("Inny", "Nowy", "jan.nowy@example.com")));
        let input = creation(None);
        let taken = |name: &str, memo: serde_json::Value| Taken {
            name: name.into(),
            state: TakenState::Done,
            memo,
            sent_at: None,
            attempts: 1,
        };
        let steps = [
            taken("check job", serde_json::json!({"stage": null})),
            taken("find candidate", serde_json::json!({"candidate": null})),
        ];
        let created_at = tenant.account.http.clock().now();
        let action = Action { kind: ActionKind::CreateCandidate, input: &input, created_at, taken: &steps };
        let acted = Traffit.act(&tenant.account, &action, &Step::write("create candidate"), &files()).await.unwrap();
        let Acted::Done { memo, .. } = acted else { panic!("{acted:?}") };
        assert_eq!(memo, serde_json::json!({"candidate": other.to_string(), "is_new": false}), "{fault}");
        assert_eq!(writes(&tenant), counts(&[]));
        // And whoever is in the job by then is told apart.
        tenant.simulator.edit(|account| account.add_member(JOB, other));
        let refused = refusal(carry_out(&tenant, (ActionKind::CreateCandidate, &input), &files(), None).await);
        assert_eq!(refused.code, ErrorCode::ApplicationAlreadyExists);
    }
}

#[tokio::test]
async fn an_application_is_moved_and_one_that_is_there_is_left() {
    let tenant = stand(&[]).await;
    let (member, input) = of_member(&tenant);
    let input = Input { stage: Some("24".into()), ..input };
    let action = (ActionKind::MoveApplicationToStage, &input);
    let done = carry_out(&tenant, action, &Held(vec![]), None).await.unwrap();
    assert_eq!(done.outcome.touched, [(RecordType::Application, format!("{JOB}:{member}"))]);
    tenant.simulator.edit(|account| assert_eq!(account.state_of(JOB, member), Some(24)));
    carry_out(&tenant, action, &Held(vec![]), None).await.unwrap();
    assert_eq!(writes(&tenant), counts(&[(MOVE, 1)]));
    // Nor does it matter who tells where it stands.
    let no_list = format!("deleted-404@/api/integration/v2/employees/{member}/recruitments");
    for faults in [vec![no_list.clone()], vec![no_list, "history-ignores-sort".into()]] {
        tenant.simulator.set_faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
        carry_out(&tenant, action, &Held(vec![]), None).await.unwrap();
        assert_eq!(writes(&tenant), counts(&[(MOVE, 1)]));
    }
}

#[tokio::test]
async fn a_rejection_takes_a_reason_only_where_one_is_demanded() {
    for (faults, reason) in
        [(&[][..], false), (&["rejection-required"], true), (&["rejection-required", "writes-answer-204"], true)]
    {
        let tenant = stand(faults).await;
        let (member, input) = of_member(&tenant);
        let input = Input { stage: Some("21".into()), ..input };
        let done = carry_out(&tenant, (ActionKind::MoveApplicationToStage, &input), &Held(vec![]), None).await.unwrap();
        tenant.simulator.edit(|account| assert_eq!(account.state_of(JOB, member), Some(21)));
        assert_eq!(writes(&tenant), counts(&[(REJECT, 1)]));
        let first = tenant.simulator.edit(|account| account.rejections()[0].1.clone());
        let told: Vec<_> = done.warnings.iter().filter(|warning| warning.message.contains(&first)).collect();
        assert_eq!((told.len(), done.warnings.len()), (usize::from(reason), usize::from(reason)));
    }
    // TRAFFIT chooses the stage; another than the one that was asked for is told.
    let tenant = stand(&[]).await;
    let (_, input) = of_member(&tenant);
    let input = Input { stage: Some("34".into()), ..input };
    let done = carry_out(&tenant, (ActionKind::MoveApplicationToStage, &input), &Held(vec![]), None).await.unwrap();
    assert_eq!(done.warnings.len(), 1);
    assert_eq!(done.warnings[0].field, ["input", "stageId"]);
    // And a creation can end there too.
    let done = carry_out(&tenant, (ActionKind::CreateCandidate, &creation(Some(21))), &files(), None).await.unwrap();
    let id: i64 = done.outcome.candidate.unwrap().parse().unwrap();
    tenant.simulator.edit(|account| assert_eq!(account.state_of(JOB, id), Some(21)));
}

#[tokio::test]
async fn notes_and_result_links_are_written_as_notes() {
    let tenant = stand(&[]).await;
    let (member, input) = of_member(&tenant);
    let note = Input { note: Some("Zażółć <b>gęślą</b>".into()), ..input.clone() };
    carry_out(&tenant, (ActionKind::AddNoteToApplication, &note), &Held(vec![]), None).await.unwrap();
    let link = ResultLink {
        label: "Wynik".into(),
        url: "https://x.example/1".into(),
        prefix: Some("test_".into()),
        attributes: vec![("score".into(), "7".into())],
    };
    let link = Input { link: Some(link), ..input };
    let done = carry_out(&tenant, (ActionKind::AddResultLinkToApplication, &link), &Held(vec![]), None).await.unwrap();
    assert_eq!(done.outcome.application, Some(format!("{JOB}:{member}")));
    let notes = tenant.simulator.edit(|account| account.notes_of(member));
    assert_eq!(notes, ["Zażółć <b>gęślą</b>", "Wynik\nhttps://x.example/1\ntest_score: 7"]);
}

#[tokio::test]
async fn a_candidate_who_is_gone_is_not_found() {
    let tenant = stand(&[]).await;
    let (member, input) = of_member(&tenant);
    tenant.simulator.edit(|account| account.delete_candidate(member));
    let note = Input { note: Some("x".into()), ..input.clone() };
    let file = Input { attachments: files().attachments()[..1].to_vec(), ..input.clone() };
    let moved = Input { stage: Some("24".into()), ..input };
    for action in [
        (ActionKind::AddNoteToApplication, &note),
        (ActionKind::AddAttachmentToApplication, &file),
        (ActionKind::MoveApplicationToStage, &moved),
    ] {
        let refused = refusal(carry_out(&tenant, action, &files(), None).await);
        assert_eq!(refused.code, ErrorCode::RemoteNotFound, "{:?}", action.0);
    }
}

/// One file for a member.
pub fn one_file(input: Input) -> (Held, Input) {
    let bytes: (Attachment, Bytes) = Held::file("cv.pdf", "application/pdf", b"%PDF one");
    let held = Held(vec![bytes]);
    let input = Input { attachments: held.attachments(), ..input };
    (held, input)
}

#[tokio::test]
async fn a_file_for_an_application_is_no_attachment_to_do_without() {
    let tenant = stand(&[]).await;
    let (member, input) = of_member(&tenant);
    let (held, input) = one_file(input);
    let kind = ActionKind::AddAttachmentToApplication;
    let created_at = tenant.account.http.clock().now();
    let next = Traffit.next(&Action { kind, input: &input, created_at, taken: &[] });
    let crate::connectors::action::Next::Do(step) = next else { panic!("{next:?}") };
    assert_eq!((step.name.as_str(), step.attachment), ("list files before 1", None));
    let done = carry_out(&tenant, (kind, &input), &held, None).await.unwrap();
    assert_eq!(done.outcome.touched, [(RecordType::Candidate, member.to_string())]);
    assert_eq!(writes(&tenant), counts(&[(UPLOAD, 1)]));
    // Asked too early, it says so: nothing was sent.
    let action = Action { kind, input: &input, created_at, taken: &done.taken[..1] };
    let found = Traffit.find(&tenant.account, &action, &Step::write("attach file 1"), &held).await.unwrap();
    assert!(matches!(found, Found::Arrived(_)), "{found:?}");
}
