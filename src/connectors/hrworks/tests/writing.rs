//! Actions against the simulator: what they write, and that they write it once, whatever is lost on the way.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::account::Tenant;
use crate::connectors::action::{Attachment, Input, Person, ResultLink, Salary, TakenState, Unacted};
use crate::connectors::error::ErrorKind;
use crate::connectors::hrworks::HrWorks;
use crate::connectors::hrworks::simulator::{Account, Applicant, JobApplication, Record};
use crate::connectors::rehearsal::{Crash, Held, Rehearsed, rehearse_waiting};
use crate::domain::{ActionKind, AttachmentType, ErrorCode, Gender, RecordType, Refusal, SalaryPeriod};

const R6: &str = "POST /applicant-management/job-applications";
const R7: &str = "POST /applicant-management/job-applications/{id}/files";
const ALL: [ActionKind; 6] = [
    ActionKind::CreateCandidate,
    ActionKind::CreateApplication,
    ActionKind::AddAttachmentToApplication,
    ActionKind::AddAttachmentToCandidate,
    ActionKind::AddResultLinkToApplication,
    ActionKind::AddNoteToApplication,
];

fn files() -> Held {
    let mut files =
        vec![Held::file("cv.pdf", "application/pdf", b"%PDF"), Held::file("Zeugnis ü&?.txt", "text/plain", b"gut")];
    for (file, _) in &mut files {
        file.r#type = AttachmentType::Other;
    }
    Held(files)
}

fn one_file() -> Held {
    Held(files().0.drain(..1).collect())
}

fn input(tenant: &Tenant, kind: ActionKind) -> (Input, Held) {
    let creates = matches!(kind, ActionKind::CreateCandidate | ActionKind::CreateApplication);
    if creates {
        let files = files();
        return (creation(tenant, files.attachments()), files);
    }
    let files = match kind {
        ActionKind::AddAttachmentToApplication | ActionKind::AddAttachmentToCandidate => one_file(),
        _ => Held(Vec::new()),
    };
    let mut input = tenant.simulator.edit(|held| {
        let id = held.application_ids()[3].clone();
        let application = held.application(&id).unwrap();
        let job = held.job(&application.post).unwrap().uuid.clone();
        Input { candidate: Some(application.applicant.clone()), application: Some(id), job, ..Input::default() }
    });
    input.attachments = files.attachments();
    match kind {
        ActionKind::AddNoteToApplication => input.note = Some("Gutes Gespräch".into()),
        ActionKind::AddResultLinkToApplication => {
            input.link = Some(ResultLink {
                label: "Assessment".into(),
                url: "https://results.example/7".into(),
                prefix: None,
                attributes: vec![("Punkte".into(), "7".into())],
            });
        }
        _ => {}
    }
    (input, files)
}

fn creation(tenant: &Tenant, attachments: Vec<Attachment>) -> Input {
    let job = tenant.simulator.edit(|held| held.job_ids()[0].clone());
    let person = Person {
        first_name: "Erika".into(),
        last_name: "Neumann".into(),
        email: "Erika.Neumann@example.test".into(),
        title: Some("Dr.".into()),
        phone: Some("+491701234567".into()),
        city: Some("Freiburg".into()),
        country: Some("DE".into()),
        state: None,
        street: Some("Musterstr. 1".into()),
        zip_code: Some("79111".into()),
        gender: Some(Gender::Other),
        availability_date: Some("2026-09-01".parse().unwrap()),
        salary: Some(Salary { period: SalaryPeriod::Month, amount: 5000.0 }),
    };
    Input {
        person: Some(person),
        job: Some(job),
        attachments,
        source: Some("Acme Jobs".into()),
        gdpr_consent: Some(true),
        ..Input::default()
    }
}

/// Waits move the clock.
async fn run(
    tenant: &Tenant,
    kind: ActionKind,
    (input, files): (&Input, &Held),
    crash: Option<(&str, Crash)>,
) -> Result<Rehearsed, Unacted> {
    let clock = tenant.clock.clone();
    let mut wait = |pause: Duration| clock.advance(pause);
    rehearse_waiting(&HrWorks, &tenant.account, (kind, input), files, crash, &mut wait).await
}

async fn refused(tenant: &Tenant, kind: ActionKind, (input, files): (&Input, &Held)) -> Refusal {
    match run(tenant, kind, (input, files), None).await {
        Err(Unacted::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn writes(tenant: &Tenant) -> (u64, u64) {
    let writes = tenant.simulator.edit(|held| held.writes());
    let of = |endpoint: &str| writes.iter().find(|(known, _)| known == endpoint).map_or(0, |(_, count)| *count);
    (of(R6), of(R7))
}

fn expected(kind: ActionKind) -> (u64, u64) {
    if matches!(kind, ActionKind::CreateCandidate | ActionKind::CreateApplication) { (1, 2) } else { (0, 1) }
}

fn documents(tenant: &Tenant, application: &str) -> Vec<(String, String, Option<Bytes>)> {
    let documents = tenant.simulator.edit(|held| held.documents_of(application));
    documents.into_iter().map(|one| (one.name.to_string(), one.content_type.to_string(), one.content)).collect()
}

#[tokio::test]
async fn a_candidate_is_created_with_all_that_is_known_and_its_documents() {
    for kind in [ActionKind::CreateCandidate, ActionKind::CreateApplication] {
        let tenant = Tenant::new(60, 6, &[]).await;
        let (input, files) = input(&tenant, kind);
        let done = run(&tenant, kind, (&input, &files), None).await.unwrap();
        assert_eq!(done.warnings, []);
        assert_eq!(writes(&tenant), (1, 2));
        let (candidate, application) = (done.outcome.candidate.unwrap(), done.outcome.application.unwrap());
        let touched = [(RecordType::Candidate, candidate.clone()), (RecordType::Application, application.clone())];
        assert_eq!(done.outcome.touched, touched);
        tenant.simulator.edit(|held| {
            let truth = held.application(&application).unwrap();
            assert_eq!(truth.applicant, candidate);
            let post = held.job(&truth.post).unwrap();
            assert_eq!(post.uuid.as_ref(), input.job.as_ref());
            assert_eq!(truth.offer.as_ref(), post.offers.iter().find(|offer| offer.is_active).map(|offer| &offer.id));
            assert_eq!((truth.desired_salary, truth.source.as_deref()), (Some(60_000), Some("Acme Jobs")));
            assert_eq!(truth.permission_to_store.as_deref(), Some("afterApplication"));
            assert_eq!(truth.has_privacy_terms_accepted, Some(true));
            assert_eq!(truth.created_at.to_rfc3339(), "2026-06-01T10:00:00+00:00");
            let person = held.candidate(&candidate).unwrap();
            assert_eq!((&*person.first_name, &*person.last_name), ("Erika", "Neumann"));
            assert_eq!(person.email.as_deref(), Some("Erika.Neumann@example.test"));
            assert_eq!((person.title.as_deref(), person.gender.as_deref()), (Some("Dr."), Some("diverse")));
            let address = &person.address;
            assert_eq!((address.street.as_deref(), address.zip_code.as_deref()), (Some("Musterstr. 1"), Some("79111")));
            assert_eq!((address.city.as_deref(), address.country.as_deref()), (Some("Freiburg"), Some("DEU")));
            assert_eq!(address.phone.as_deref(), Some("+491701234567"));
            assert_eq!(person.earliest_possible_join_date, Some("2026-09-01".parse().unwrap()));
        });
        assert_eq!(
            documents(&tenant, &application),
            [
                ("cv.pdf".into(), "application/pdf".into(), Some(Bytes::from_static(b"%PDF"))),
                ("Zeugnis ü&?.txt".into(), "text/plain".into(), Some(Bytes::from_static(b"gut"))),
            ]
        );
    }
}

#[tokio::test]
async fn documents_notes_and_links_go_to_the_application() {
    for kind in ALL.into_iter().skip(2) {
        let tenant = Tenant::new(60, 6, &[]).await;
        let (input, files) = input(&tenant, kind);
        let before = tenant.simulator.edit(|held| held.documents_of(input.application.as_ref().unwrap()).len());
        let done = run(&tenant, kind, (&input, &files), None).await.unwrap();
        assert_eq!(writes(&tenant), (0, 1), "{kind}");
        assert_eq!((&done.outcome.candidate, done.warnings.len()), (&input.candidate, 0), "{kind}");
        let application = done.outcome.application.unwrap();
        if kind != ActionKind::AddAttachmentToCandidate {
            assert_eq!(Some(&application), input.application.as_ref());
            assert_eq!(documents(&tenant, &application).len(), before + 1);
        }
        let (name, content_type, content) = documents(&tenant, &application).pop().unwrap();
        let text = String::from_utf8(content.unwrap().to_vec()).unwrap();
        match kind {
            ActionKind::AddNoteToApplication => {
                assert_eq!((&*name, &*text), ("note-20260601T100000Z.txt", "Gutes Gespräch"));
                assert!(content_type.starts_with("text/plain"));
            }
            ActionKind::AddResultLinkToApplication => {
                assert_eq!(name, "Assessment.html");
                assert!(content_type.starts_with("text/html"));
                assert!(text.contains("href=\"https://results.example/7\"") && text.contains("<td>7</td>"), "{text}");
            }
            _ => assert_eq!((&*name, &*content_type, &*text), ("cv.pdf", "application/pdf", "%PDF")),
        }
    }
}

#[tokio::test]
async fn a_crash_at_any_step_leaves_one_of_each_write() {
    for kind in ALL {
        let calm = Tenant::new(60, 6, &[]).await;
        let (calm_input, files) = input(&calm, kind);
        let steps = run(&calm, kind, (&calm_input, &files), None).await.unwrap().taken;
        for step in &steps {
            for crash in [Crash::Before, Crash::After] {
                let tenant = Tenant::new(60, 6, &[]).await;
                let (input, files) = input(&tenant, kind);
                let done = run(&tenant, kind, (&input, &files), Some((&step.name, crash))).await.unwrap();
                assert_eq!(writes(&tenant), expected(kind), "{kind} {} {crash:?}", step.name);
                assert!(done.outcome.application.is_some() && done.outcome.candidate.is_some());
                assert!(done.taken.iter().all(|taken| taken.state == TakenState::Done));
            }
        }
    }
}

#[tokio::test]
async fn lost_answers_and_a_moody_vendor_leave_one_of_each_write() {
    let at = "/v2/applicant-management/job-applications";
    for faults in [
        &[format!("lost-answer-every=1@{at}")][..],
        &[format!("lost-answer-every=1@{at}"), format!("pending-polls=6@{at}")],
        &[format!("lost-answer-every=2@{at}")],
        &["drop-connection-every=3".to_owned()],
        &["error-rate=0.15".to_owned()],
        &["rate-limit-every=3".to_owned(), "retry-after-seconds=0".to_owned()],
        &["token-expires-after=2".to_owned()],
        &["token-expires-after=3".to_owned(), "token-status=403".to_owned()],
        &["pending-polls=30".to_owned(), "pending-envelope".to_owned()],
        &["no-result-id".to_owned()],
        &["no-result-id".to_owned(), "reversed-lists".to_owned(), "duplicate-rows".to_owned()],
        &["no-response-type".to_owned(), "terminal-word=completed".to_owned()],
        &["null-fields".to_owned()],
        &["unknown-id-404".to_owned(), "bare-refusals".to_owned()],
    ] {
        for kind in [ActionKind::CreateCandidate, ActionKind::AddNoteToApplication] {
            let names: Vec<&str> = faults.iter().map(String::as_str).collect();
            let tenant = Tenant::new(60, 6, &names).await;
            let (input, files) = input(&tenant, kind);
            let done = run(&tenant, kind, (&input, &files), None).await;
            let done = done.unwrap_or_else(|error| panic!("{kind} {faults:?}: {error:?}"));
            assert_eq!(writes(&tenant), expected(kind), "{kind} {faults:?}");
            let application = done.outcome.application.unwrap();
            let count = documents(&tenant, &application).len();
            assert!(count >= input.attachments.len() && done.outcome.candidate.is_some(), "{kind} {faults:?}");
        }
    }
}

#[tokio::test]
async fn earlier_applications_of_the_same_person_are_not_taken_for_the_new_one() {
    for faults in [&["no-result-id"][..], &["lost-answer-every=1@/v2/applicant-management/job-applications"]] {
        let tenant = Tenant::new(60, 6, faults).await;
        let held = Held(Vec::new());
        let input = creation(&tenant, Vec::new());
        let mut ids = Vec::new();
        for _ in 0..2 {
            // Both in the same second.
            let done = run(&tenant, ActionKind::CreateApplication, (&input, &held), None).await.unwrap();
            ids.push(done.outcome.application.unwrap());
        }
        assert_ne!(ids[0], ids[1]);
        assert_eq!(writes(&tenant), (2, 0));
    }
    // The vendor keeps the name that came with the address first; its answer is lost all the same.
    let tenant = Tenant::new(60, 6, &["lost-answer-every=1@/v2/applicant-management/job-applications"]).await;
    let known = tenant.simulator.edit(|held| {
        let email = Some("erika.neumann@example.test".to_owned());
        let known = held.add_candidate(Applicant { first_name: "Erika".into(), email, ..Applicant::default() });
        let (post, now) = (held.job_keys()[1].clone(), held.now());
        held.add_application(JobApplication::new(&known, &post, now)).unwrap();
        known
    });
    let (input, files) = input(&tenant, ActionKind::CreateCandidate);
    let done = run(&tenant, ActionKind::CreateCandidate, (&input, &files), None).await.unwrap();
    assert_eq!((done.outcome.candidate, writes(&tenant)), (Some(known), (1, 2)));
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_asked_after_and_never_sent_again() {
    let tenant = Tenant::new(20, 3, &["job-never-finishes"]).await;
    let (input, files) = input(&tenant, ActionKind::CreateCandidate);
    let (clock, simulator) = (tenant.clock.clone(), tenant.simulator.clone());
    let mut pauses = Vec::new();
    let mut wait = |pause: Duration| {
        pauses.push(pause);
        clock.advance(Duration::from_secs(600));
        if pauses.len() == 100 {
            simulator.set_faults(Vec::new());
        }
    };
    let kind = ActionKind::CreateCandidate;
    rehearse_waiting(&HrWorks, &tenant.account, (kind, &input), &files, None, &mut wait).await.unwrap();
    assert_eq!(writes(&tenant), (1, 2));
    assert_eq!(tenant.simulator.count("POST", "/v2/applicant-management"), 3);
    assert_eq!(pauses[..3], [500, 750, 1125].map(Duration::from_millis));
    assert_eq!(pauses[99], Duration::from_secs(5));
}

#[tokio::test]
async fn a_request_that_fails_is_told_in_the_vendors_words() {
    let tenant = Tenant::new(20, 3, &["job-fails"]).await;
    let (input, files) = input(&tenant, ActionKind::CreateCandidate);
    let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &files)).await;
    assert_eq!(refusal.code, ErrorCode::RemoteInputInvalid);
    assert_eq!(refusal.vendor_message.as_deref(), Some("The request failed"));
    assert_eq!(writes(&tenant), (0, 0));
    assert_eq!(tenant.simulator.count("POST", "/v2/applicant-management"), 1);

    let tenant = Tenant::new(20, 3, &["reject-unknown-source"]).await;
    let mut input = creation(&tenant, Vec::new());
    input.source = Some("acme jobs".into());
    let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &files)).await;
    assert_eq!(refusal.code, ErrorCode::RemoteInputInvalid);
    assert_eq!(refusal.vendor_message.as_deref(), Some("howDidYouHearAboutUs is none of the options"));
    let mut input = creation(&tenant, Vec::new());
    input.person.as_mut().unwrap().email = "no address".into();
    let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &files)).await;
    assert_eq!(refusal.vendor_message.as_deref(), Some("email is not valid"));
    assert_eq!(writes(&tenant), (0, 0));
}

#[tokio::test]
async fn a_document_that_fails_is_sent_again_on_its_own_for_a_day() {
    let tenant = Tenant::new(20, 3, &[]).await;
    let (input, files) = input(&tenant, ActionKind::CreateCandidate);
    let kind = ActionKind::CreateCandidate;
    let (clock, simulator) = (tenant.clock.clone(), tenant.simulator.clone());
    // Fails from when the application is there until two tries of the first file have failed.
    let mut is_over = false;
    let mut wait = |pause: Duration| {
        clock.advance(pause);
        is_over |= pause == Duration::from_secs(10);
        let is_created = simulator.edit(|held| held.writes().iter().any(|(endpoint, _)| endpoint == R6));
        let fails = is_created && !is_over;
        simulator.set_faults(if fails { vec!["job-fails".parse().unwrap()] } else { Vec::new() });
    };
    let done = rehearse_waiting(&HrWorks, &tenant.account, (kind, &input), &files, None, &mut wait).await;
    let done = done.unwrap();
    assert_eq!(writes(&tenant), (1, 2));
    assert!(done.taken.iter().any(|taken| taken.name == "send file 1, try 3"), "{:?}", done.taken);
    assert_eq!(documents(&tenant, &done.outcome.application.unwrap()).len(), 2);

    let tenant = Tenant::new(20, 3, &["job-fails"]).await;
    let (input, files) = self::input(&tenant, ActionKind::AddAttachmentToApplication);
    let refusal = refused(&tenant, ActionKind::AddAttachmentToApplication, (&input, &files)).await;
    assert_eq!(refusal.code, ErrorCode::RemoteUnavailable);
    assert_eq!(refusal.vendor_message.as_deref(), Some("The request failed"));
    assert!((20..60).contains(&tenant.simulator.count("POST", "/v2/applicant-management")));
}

#[tokio::test]
async fn nothing_is_sent_for_a_post_that_is_closed_or_gone() {
    for faults in [&[][..], &["unknown-id-404"]] {
        let tenant = Tenant::new(20, 3, faults).await;
        let mut input = creation(&tenant, Vec::new());
        let held = Held(Vec::new());
        tenant.simulator.edit(|held| held.update_job(input.job.as_ref().unwrap(), |post| post.is_active = false));
        let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &held)).await;
        assert_eq!((refusal.code, refusal.field.join(".")), (ErrorCode::JobClosed, "input.application.jobId".into()));
        input.job = Some("7b0e2f6c-0000-4000-8000-000000000000".into());
        let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &held)).await;
        assert_eq!(
            (refusal.code, refusal.field.join(".")),
            (ErrorCode::RemoteNotFound, "input.application.jobId".into())
        );
        assert_eq!(tenant.simulator.count("POST", "/v2/applicant-management"), 0);
    }
}

#[tokio::test]
async fn a_missing_permission_names_the_row_to_tick() {
    for (permission, row) in [
        ("Applicant Management:read", "\"Applicant Management – read\""),
        ("Applicant Management:write", "\"Applicant Management – write\""),
    ] {
        let tenant = Tenant::new(20, 3, &[]).await;
        tenant.simulator.edit(|held| held.take_permission(permission));
        for kind in ALL {
            let (input, files) = input(&tenant, kind);
            let Err(Unacted::Vendor(error)) = run(&tenant, kind, (&input, &files), None).await else { panic!() };
            assert_eq!(error.kind, ErrorKind::Permission);
            assert!(error.public.contains(row) && !error.may_have_arrived, "{}", error.public);
        }
        assert_eq!(writes(&tenant), (0, 0));
    }
}

#[tokio::test]
async fn a_source_that_the_post_does_not_offer_goes_through_with_a_warning() {
    for (faults, kept, warnings) in [(&[][..], Some("Elsewhere"), 1), (&["drop-unknown-source"], None, 2)] {
        let tenant = Tenant::new(20, 3, faults).await;
        let input = Input { source: Some("Elsewhere".into()), ..creation(&tenant, Vec::new()) };
        let done = run(&tenant, ActionKind::CreateCandidate, (&input, &Held(Vec::new())), None).await.unwrap();
        let source = tenant
            .simulator
            .edit(|held| held.application(done.outcome.application.as_ref().unwrap()).unwrap().source.clone());
        assert_eq!((source.as_deref(), done.warnings.len()), (kept, warnings), "{:?}", done.warnings);
        assert_eq!(done.warnings[0].field, ["input", "source", "name"]);
        assert!(done.warnings[0].message.contains("\"Acme Jobs\", \"Empfehlung\""), "{:?}", done.warnings);
        if kept.is_none() {
            assert_eq!(done.warnings[1].message, "HR WORKS remarks: howDidYouHearAboutUs was dropped");
        }
    }
}

#[tokio::test]
async fn an_attachment_goes_to_the_newest_open_application_of_a_candidate() {
    let tenant = Tenant::new(20, 6, &[]).await;
    let (candidate, ids) = tenant.simulator.edit(|held: &mut Account| {
        let candidate = held.add_candidate(Applicant { first_name: "A".into(), ..Applicant::default() });
        let keys = held.job_keys();
        let add = |held: &mut Account, key: &str, hours: i64, status: &str| {
            let at = held.now() - chrono::TimeDelta::hours(hours);
            let id = held.add_application(JobApplication::new(&candidate, key, at)).unwrap();
            held.set_status(&id, status);
            id
        };
        let ids = [
            add(held, &keys[0], 1, "inProgress"),
            add(held, &keys[1], 9, "applied"),
            add(held, &keys[3], 0, "notEmployed"),
        ];
        (candidate, ids)
    });
    let files = one_file();
    let mut input = Input { candidate: Some(candidate), attachments: files.attachments(), ..Input::default() };
    let add = ActionKind::AddAttachmentToCandidate;
    let done = run(&tenant, add, (&input, &files), None).await.unwrap();
    assert_eq!(done.outcome.application.as_ref(), Some(&ids[0]));
    tenant.simulator.edit(|held| ids[..2].iter().for_each(|id| assert!(held.set_status(id, "employed"))));
    let done = run(&tenant, add, (&input, &files), None).await.unwrap();
    assert_eq!(done.outcome.application.as_ref(), Some(&ids[2]));

    // An application that is gone: the attachment is the candidate's.
    tenant.simulator.edit(|held| held.delete_application(&ids[2]));
    input.application = Some(ids[2].clone());
    let to_application = ActionKind::AddAttachmentToApplication;
    let done = run(&tenant, to_application, (&input, &files), None).await.unwrap();
    assert_eq!(done.outcome.application.as_ref(), Some(&ids[0]));
    assert_eq!(done.warnings[0].field, ["input", "applicationId"]);
    let note = Input { note: Some("x".into()), ..input.clone() };
    let refusal = refused(&tenant, ActionKind::AddNoteToApplication, (&note, &files)).await;
    assert_eq!((refusal.code, refusal.field.join(".")), (ErrorCode::RemoteNotFound, "input.applicationId".into()));
    tenant.simulator.edit(|held| held.delete_candidate(input.candidate.as_ref().unwrap()));
    let refusal = refused(&tenant, add, (&input, &files)).await;
    assert_eq!((refusal.code, refusal.field.join(".")), (ErrorCode::RemoteNotFound, "input.candidateId".into()));
}

#[tokio::test]
async fn an_application_that_the_list_hides_is_given_up_after_a_while() {
    // With its id known, the action ends well, and only the candidate is left open.
    let tenant = Tenant::new(20, 3, &[]).await;
    let input = creation(&tenant, Vec::new());
    tenant.simulator.edit(|held| {
        let last: u64 = held.application_ids().iter().map(|id| id.parse::<u64>().unwrap()).max().unwrap();
        for id in last + 1..last + 3 {
            held.serve_as(Record::JobApplication, &id.to_string(), json!({"status": "?"}));
        }
    });
    let held = Held(Vec::new());
    let done = run(&tenant, ActionKind::CreateCandidate, (&input, &held), None).await.unwrap();
    assert!(done.outcome.application.is_some() && done.outcome.candidate.is_none());
    tenant.faults(&["no-result-id"]);
    let refusal = refused(&tenant, ActionKind::CreateCandidate, (&input, &held)).await;
    assert_eq!(refusal.code, ErrorCode::RemoteUnknown);
    let memo: Value = done.taken.iter().find(|taken| taken.name == "create application").unwrap().memo.clone();
    assert!(memo["jobId"].is_string());
}
