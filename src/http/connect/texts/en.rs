//! English.

use super::Texts;
use crate::domain::{ActionKind, RecordType};

pub static TEXTS: Texts = Texts {
    tag: "en",
    language: "English",
    languages: "Language",
    skip: "Skip to content",
    made_by: "Secure connection by Hiregraph",
    back: "Back",
    next: "Continue",

    steps: "Steps",
    step_choose: "System",
    step_guide: "Prepare",
    step_records: "Data",
    step_credentials: "Connect",
    step_sources: "Sources",
    step_done: "Done",

    for_whom: "For {}",
    choose_title: "Which recruiting system do you use?",
    choose_lead: "Choose the system whose jobs and applications are to be connected. It takes about ten minutes, and you \
                  need an administrator's access to it.",

    guide_title: "Connect {}",
    guide_title_again: "Connect {} again",
    guide_lead: "First you create credentials in {}. Keep this page open beside it and follow the steps.",
    guide_lead_again: "{} no longer accepts the credentials of this connection. Create new ones, or look up those that \
                       are in use, and enter them in the step after next. What was read so far stays.",
    prerequisites: "What you need",
    how: "Create credentials step by step",
    other_system: "Choose another system",

    records_title: "What is read and written",
    records_lead: "Once {} is connected, this data is exchanged on your behalf.",
    read: "Read",
    read_lead: "Kept up to date as it changes in {}.",
    written: "Written",
    written_lead: "Only when it is asked for, never by itself.",
    fields: "{} fields",
    field: "1 field",
    safety: "Credentials are stored encrypted and are never shown again. Access can be withdrawn at any time in {}.",
    agree: "I may decide this for {}, and I agree that this data is read and written.",
    agree_missing: "Tick the box to agree before you continue.",

    credentials_title: "Enter the credentials",
    credentials_lead: "As you created them in {}. They are tested before anything is stored.",
    optional: "optional",
    show_guide: "Show the steps again",
    connect: "Test and connect",
    sealed: "Stored encrypted",

    problem: "There is a problem",
    required: "must be filled in.",
    check_input: "Some of what you entered cannot be used:",
    refused: "{} does not accept these credentials.",
    forbidden: "The credentials are right, but they lack what is needed.",
    unreachable: "{} cannot be reached at the moment. That does not mean that the credentials are wrong.",
    limited: "{} limits how often it may be asked. That does not mean that the credentials are wrong.",
    enter_secrets: "For your safety, what is secret has to be entered again.",
    what_to_do: "What to do:",

    testing: "Testing the connection to {}",
    testing_lead: "This may take a minute. Please leave this page open.",
    tests: "Connection tests",
    credentials: "Credentials",
    passed: "Passed",
    failed: "Failed",

    connected_title: "{} is connected",
    connected_lead: "All tests passed.",
    partly: "{} tests failed",
    partly_one: "1 test failed",
    partly_lead: "The account is connected, but some of its data cannot be read yet. Change in {} what is said below; it is \
                  taken up by itself later, and you need not come back here.",
    all_passed: "Everything can be read.",

    sources_title: "Set up the source",
    sources_lead: "So that {} shows where candidates come from. You can also do this later.",
    to_sources: "Continue to the source set-up",
    finish: "Finish",

    done_title: "{} is connected",
    done_lead: "Thank you. The data of {} is being read now; with many candidates the first time takes a while.",
    done_again: "Thank you. The connection works again, and reading goes on where it stopped.",
    done_used: "This link has been used and cannot connect anything else.",
    close: "You can close this page.",
    lead_back: "Back to {}",

    unknown_title: "This link is not known",
    unknown: "Check that the address is complete. If it is, ask whoever sent you the link for a new one.",
    expired_title: "This link has expired",
    expired: "For your safety, links work for a limited time. Ask whoever sent you this one for a new one.",
    dead_title: "This link is no longer valid",
    dead: "It was withdrawn. Ask whoever sent it to you for a new one.",
    foreign_title: "This form could not be accepted",
    foreign: "It did not come from this page, or it was open for too long, or your browser refuses cookies. Nothing was \
              changed. Open the page again and fill in the form there.",
    busy_title: "A test is still under way",
    busy: "Another attempt with this link has not ended yet. Wait a minute, then open the page again.",
    broken_title: "Something went wrong on our side",
    broken: "Nothing was lost on your side. Try again in a few minutes.",
    open_again: "Open the page again",

    record,
    action,
    catalogue: &[],
};

fn record(of: RecordType) -> (&'static str, &'static str) {
    match of {
        RecordType::User => ("Users", "colleagues who recruit: names and e-mail addresses"),
        RecordType::ApplicationStage => ("Stages", "the steps that applications go through"),
        RecordType::Job => ("Jobs", "titles, descriptions, places and states"),
        RecordType::JobStage => ("Stages of jobs", "which steps belong to which job"),
        RecordType::HiringTeamMember => ("Hiring teams", "who works on which job"),
        RecordType::Candidate => ("Candidates", "names, contact details and documents' details"),
        RecordType::Tag => ("Tags", "labels of candidates"),
        RecordType::CandidateTag => ("Tags of candidates", "which candidate has which label"),
        RecordType::Application => ("Applications", "who applied for what, and where it stands"),
    }
}

fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::CreateCandidate => "Create candidates",
        ActionKind::CreateApplication => "Create applications for your jobs",
        ActionKind::AddAttachmentToApplication => "Attach documents to applications",
        ActionKind::AddAttachmentToCandidate => "Attach documents to candidates",
        ActionKind::MoveApplicationToStage => "Move applications to another stage",
        ActionKind::AddResultLinkToApplication => "Add links to results to applications",
        ActionKind::AddNoteToApplication => "Add notes to applications",
    }
}
