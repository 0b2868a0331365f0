//! Answers that are lost, at every step: TRAFFIT has each write once.

use std::collections::BTreeMap;

use super::simulated::Tenant;
use super::writing::*;
use crate::connectors::action::{Input, ResultLink};
use crate::connectors::rehearsal::{Crash, Held};
use crate::domain::ActionKind;

struct Case {
    kind: ActionKind,
    /// Prepares the tenant, and gives the input with its files.
    prepare: fn(&Tenant) -> (Held, Input),
    faults: &'static [&'static str],
    expected: &'static [(&'static str, u64)],
}

const NOTE_TEXT: &str = "Zażółć & <i>gęślą</i> jaźń";

fn twins() -> Held {
    Held(vec![Held::file("cv.pdf", "application/pdf", b"same"), Held::file("cv.pdf", "application/pdf", b"same")])
}

const CASES: &[Case] = &[
    Case {
        kind: ActionKind::CreateCandidate,
        prepare: |_| (files(), creation(Some(25))),
        faults: &[],
        expected: &[(CREATE, 1), (UPLOAD, 2), (ADD, 1), (MOVE, 1)],
    },
    Case {
        kind: ActionKind::CreateApplication,
        prepare: |_| (twins(), Input { attachments: twins().attachments(), ..creation(Some(21)) }),
        faults: &["writes-answer-204", "duplicate-add-204", "rejection-required"],
        expected: &[(CREATE, 1), (UPLOAD, 2), (ADD, 1), (REJECT, 1)],
    },
    Case {
        kind: ActionKind::AddAttachmentToApplication,
        prepare: |tenant| {
            let (member, input) = of_member(tenant);
            let (held, input) = one_file(input);
            // The same file is there already.
            let (attachment, bytes) = held.0[0].clone();
            tenant.simulator.edit(|account| {
                account.add_file(member, &attachment.name, &attachment.content_type, bytes);
            });
            (held, input)
        },
        faults: &[],
        expected: &[(UPLOAD, 1)],
    },
    Case {
        kind: ActionKind::MoveApplicationToStage,
        prepare: |tenant| {
            let (member, input) = of_member(tenant);
            // It was there before, and came back.
            tenant.simulator.edit(|account| {
                assert!(account.move_to(JOB, member, 24) && account.move_to(JOB, member, 23));
            });
            (Held(vec![]), Input { stage: Some("24".into()), ..input })
        },
        faults: &["history-ignores-sort"],
        expected: &[(MOVE, 1)],
    },
    Case {
        kind: ActionKind::MoveApplicationToStage,
        prepare: |tenant| (Held(vec![]), Input { stage: Some("34".into()), ..of_member(tenant).1 }),
        faults: &["rejection-required"],
        expected: &[(REJECT, 1)],
    },
    Case {
        kind: ActionKind::AddResultLinkToApplication,
        prepare: |tenant| {
            let link = ResultLink {
                label: "Wynik".into(),
                url: "https://x.example/1?a=1&b=2".into(),
                prefix: None,
                attributes: vec![("score".into(), "7".into())],
            };
            (Held(vec![]), Input { link: Some(link), ..of_member(tenant).1 })
        },
        faults: &["note-json-encoded"],
        expected: &[(NOTE, 1)],
    },
    Case {
        kind: ActionKind::AddNoteToApplication,
        prepare: |tenant| {
            let (member, input) = of_member(tenant);
            // Two equal ones are there already.
            tenant.simulator.edit(|account| {
                account.add_note(member, NOTE_TEXT);
                account.add_note(member, NOTE_TEXT);
            });
            (Held(vec![]), Input { note: Some(NOTE_TEXT.into()), ..input })
        },
        faults: &["notes-answer-employee"],
        expected: &[(NOTE, 1)],
    },
];

async fn written(case: &Case, more: &[&str], crash: Option<(&str, Crash)>) -> (BTreeMap<String, u64>, Vec<String>) {
    let faults: Vec<&str> = case.faults.iter().chain(more).copied().collect();
    let tenant = stand(&faults).await;
    let (held, input) = (case.prepare)(&tenant);
    let done = carry_out(&tenant, (case.kind, &input), &held, crash).await;
    let done = done.unwrap_or_else(|unacted| panic!("{:?} {more:?} {crash:?}: {unacted:?}", case.kind));
    (writes(&tenant), done.taken.into_iter().map(|taken| taken.name).collect())
}

#[tokio::test]
async fn a_crash_at_any_step_loses_and_repeats_nothing() {
    for case in CASES {
        let (plain, steps) = written(case, &[], None).await;
        assert_eq!(plain, counts(case.expected), "{:?}", case.kind);
        for step in &steps {
            for crash in [Crash::Before, Crash::After] {
                let (written, _) = written(case, &[], Some((step, crash))).await;
                assert_eq!(written, counts(case.expected), "{:?} {crash:?} {step}", case.kind);
            }
        }
    }
}

#[tokio::test]
async fn lost_answers_lose_and_repeat_nothing() {
    for case in CASES {
        for fault in ["lost-answer-every=1", "lost-answer-every=2", "drop-connection-every=5", "token-expires-after=4"]
        {
            let (written, _) = written(case, &[fault], None).await;
            assert_eq!(written, counts(case.expected), "{:?} {fault}", case.kind);
        }
    }
}

#[tokio::test]
async fn refusals_for_the_moment_lose_and_repeat_nothing() {
    for case in CASES {
        for fault in ["error-rate=0.1", "rate-limit-every=9"] {
            let (written, _) = written(case, &[fault], None).await;
            assert_eq!(written, counts(case.expected), "{:?} {fault}", case.kind);
        }
    }
}

#[tokio::test]
async fn a_note_is_found_again_in_every_shape() {
    let case = CASES.last().unwrap();
    for shape in ["note-json-encoded", "note-as-object", "text-ids", "no-page-headers", "writes-answer-204"] {
        let (written, _) = written(case, &[shape, "lost-answer-every=1"], None).await;
        assert_eq!(written, counts(case.expected), "{shape}");
    }
}

#[tokio::test]
async fn ids_as_text_and_missing_page_headers_are_borne() {
    for case in CASES {
        for fault in ["text-ids", "no-page-headers", "gone-410"] {
            let (written, _) = written(case, &[fault, "lost-answer-every=1"], None).await;
            assert_eq!(written, counts(case.expected), "{:?} {fault}", case.kind);
        }
    }
}
