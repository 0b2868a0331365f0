//! `docs`: the pages that are made from the code. A test compares them with what is kept under `docs/`.

use std::fmt::Write;
use std::path::Path;

use super::{Outcome, print};
use crate::connectors::manifest::{
    ActionCoverage, CredentialFormat, Feature, FeatureKey, FieldCoverage, Manifest, WebhookEvent,
};
use crate::connectors::{Registry, guide};
use crate::domain::{ActionKind, ErrorCode, RecordType};

/// Every generated page: its path below `docs/`, and its text.
pub fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("errors.md".to_owned(), errors())];
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        pages.push((format!("connectors/{}.md", manifest.slug), vendor(manifest)));
    }
    pages
}

pub(super) fn write(folder: &Path) -> Outcome {
    for (name, text) in pages() {
        let path = folder.join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, text).map_err(failed)?;
        print(&path.display().to_string())?;
    }
    Ok(())
}

const MADE: &str = "<!-- Made by `hiregraph docs`; change the code instead. -->\n\n";

fn errors() -> String {
    let mut page = format!("{MADE}# Errors\n\n");
    page += "## Refusals\n\nExpected failures are data: a mutation answers them in `userErrors`, each with one of these codes, a \
             message, the\npath of the input at fault, the vendor's own words where there are any, and whether the same \
             request may succeed\nlater. The codes that speak of writing to a vendor (attachments, idempotency keys, actions, \
             stages) are part of the\ncontract already; this version writes nothing to vendors, so that it does not answer \
             them yet.\n\n| code | meaning | what to do | retryable |\n| --- | --- | --- | --- |\n";
    for code in ErrorCode::ALL {
        let (meaning, advice) = code.explained();
        let _ = writeln!(page, "| `{code}` | {meaning} | {advice} | {} |", yes(code.is_retryable()));
    }
    page += "\n## GraphQL errors\n\nEverything else is a GraphQL error in `errors`, with one of these codes in \
             `extensions.code`. The status is that of a\nclient which accepts `application/graphql-response+json`; one that \
             accepts only `application/json` gets 200 for all\nthat GraphQL itself refuses.\n\n| code | status | meaning \
             |\n| --- | --- | --- |\n";
    for (code, status, meaning) in GRAPHQL {
        let _ = writeln!(page, "| `{code}` | {status} | {meaning} |");
    }
    page
}

/// Status 200: a field failed while others may have been answered.
const GRAPHQL: [(&str, u16, &str); 22] = [
    (
        "UNAUTHENTICATED",
        401,
        "No API key or access token, or one that is unknown, revoked or expired; ends subscriptions, too.",
    ),
    ("FORBIDDEN", 200, "The key or access token lacks what the message names: a scope, mostly."),
    (
        "BAD_USER_INPUT",
        200,
        "An argument cannot be used; `extensions.argument` names it where it is known. A variable that is missing or null \
         where it must not be is refused with 400.",
    ),
    (
        "CURSOR_EXPIRED",
        200,
        "The change feed does not go back to this cursor: read the lists anew, and follow from its present end.",
    ),
    ("TOO_MANY_SUBSCRIPTIONS", 200, "The key, the connection or the process has as many subscriptions as it may."),
    ("GRAPHQL_PARSE_FAILED", 400, "The document is no GraphQL."),
    ("GRAPHQL_VALIDATION_FAILED", 400, "The document does not fit the schema."),
    ("OPERATION_RESOLUTION_FAILURE", 400, "It is not clear which operation is meant."),
    ("PERSISTED_QUERY_NOT_FOUND", 400, "No document is known by this hash: send the document with it."),
    ("QUERY_NOT_ALLOWED", 400, "The service runs the documents of its operator's list, and this is none of them."),
    ("QUERY_TOO_DEEP", 400, "More levels than a query may have."),
    ("QUERY_TOO_COMPLEX", 400, "The pages of the query can hold more nodes than a query may ask for."),
    ("TOO_MANY_ALIASES", 400, "More aliases of one field than a query may have."),
    (
        "BAD_REQUEST",
        400,
        "The request is no GraphQL-over-HTTP request; `extensions.parameter` names the parameter at fault.",
    ),
    ("METHOD_NOT_ALLOWED", 405, "A mutation by GET, or a method other than GET and POST."),
    ("NOT_ACCEPTABLE", 406, "The `accept` header allows no media type of GraphQL."),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "The body is not `application/json` in utf-8, or is compressed."),
    ("PAYLOAD_TOO_LARGE", 413, "The request is larger than the limit that the message names."),
    (
        "RATE_LIMITED",
        429,
        "The key asks too often; try again after `retry-after`, or `extensions.retryAfter`, seconds.",
    ),
    (
        "REQUEST_TIMEOUT",
        504,
        "The request took longer than it may. A write that was accepted goes on; ask with its idempotency key.",
    ),
    ("UNAVAILABLE", 503, "The database does not answer. Try again."),
    ("INTERNAL", 200, "We were surprised. `extensions.reference` stands in the log beside the cause."),
];

fn vendor(manifest: &Manifest) -> String {
    let Manifest { name, slug, limits, .. } = manifest;
    let mut page = format!(
        "{MADE}# {name}\n\nConnector `{slug}`. How to connect an account, and what comes of it in the graph. The graph has \
         the same under\n`connector(slug: \"{slug}\")`.\n"
    );
    let guide = guide::parse(manifest.guide);
    page += "\n## Prerequisites\n\n";
    for line in &guide.prerequisites {
        let _ = writeln!(page, "- {line}");
    }
    page += "\n## Create credentials\n";
    steps(&mut page, &guide.steps);
    page += "\n### Credential fields\n\n";
    table(&mut page, &["key", "label", "required", "secret", "what it is"]);
    for field in manifest.credentials {
        let (required, secret) = (yes(field.required), yes(field.secret));
        let mut help = field.help.unwrap_or("").to_owned();
        if let CredentialFormat::OneOf(values) = field.format {
            let _ = write!(help, " One of `{}`; the first when it is left out.", values.join("`, `"));
        }
        let _ = writeln!(page, "| `{}` | {} | {required} | {secret} |{} |", field.key, field.label, cell(&help));
    }
    if !guide.source_setup.is_empty() {
        page += "\n## Source set-up\n";
        steps(&mut page, &guide.source_setup);
    }
    page += "\n## What is read\n\nFields of a record type that are not listed are null, or empty lists, for this vendor; record \
             types that are not\nlisted have no records.\n";
    for model in manifest.models {
        let _ = write!(page, "\n### {}\n\n", records(model.model));
        fields(&mut page, "field", model.fields);
    }
    page += "\n## What is written\n\n";
    if manifest.actions.is_empty() {
        let _ = writeln!(page, "Nothing: this version only reads from {name}.");
    }
    manifest.actions.iter().for_each(|action| written(&mut page, action));
    page += "\n## Features\n\n";
    table(&mut page, &["feature", "supported", "note"]);
    manifest.features.iter().for_each(|one| feature(&mut page, one));
    let _ = write!(
        page,
        "\n## Limits\n\nAn account is asked at most {} requests a second, {} at once; when {name} asks for a pause, it gets one.\n",
        limits.requests_per_second, limits.concurrency
    );
    webhook_events(&mut page, name, manifest.webhook_events);
    page
}

fn steps(page: &mut String, steps: &[guide::Step]) {
    for step in steps {
        let _ = write!(page, "\n### {}\n\n{}\n", step.title, step.body);
    }
}

fn written(page: &mut String, action: &ActionCoverage) {
    let title = match action.action {
        ActionKind::CreateCandidate => "Create a candidate",
        ActionKind::CreateApplication => "Create an application",
        ActionKind::AddAttachmentToApplication => "Add an attachment to an application",
        ActionKind::AddAttachmentToCandidate => "Add an attachment to a candidate",
        ActionKind::MoveApplicationToStage => "Move an application to a stage",
        ActionKind::AddResultLinkToApplication => "Add a result link to an application",
        ActionKind::AddNoteToApplication => "Add a note to an application",
    };
    let _ = write!(page, "### {title}\n\n");
    if let Some(note) = action.note {
        let _ = write!(page, "{note}\n\n");
    }
    fields(page, "input", action.inputs);
}

fn feature(page: &mut String, feature: &Feature) {
    let what = match feature.key {
        FeatureKey::SourceWriting => "Writes the source of a new candidate",
        FeatureKey::SyncOnlyCreatedApplications => "Can sync only applications that were created through Hiregraph",
        FeatureKey::ConnectionGuide => "Has a guide for connecting",
        FeatureKey::Prerequisites => "Says what is needed before connecting",
        FeatureKey::CreateCredentials => "Explains step by step how to create credentials",
        FeatureKey::CandidateSourceTracking => "Tracks the source of candidates",
        FeatureKey::FullAttachmentRetry => "Tries all attachments again when a new candidate could not be given them",
        FeatureKey::Passthrough => "Passes requests of your own on to the vendor's API",
        FeatureKey::ScopeTesting => "Tests every permission of the credentials",
        FeatureKey::PerModelTests => "Tests whether each record type can be read",
        FeatureKey::WebhookSubscriptions => "Is told of changes by the vendor's webhooks",
    };
    let note = cell(feature.note.unwrap_or(""));
    let _ = writeln!(page, "| {what} | {} |{note} |", yes(feature.supported));
}

fn webhook_events(page: &mut String, name: &str, events: &[WebhookEvent]) {
    if events.is_empty() {
        return;
    }
    *page += "\n## Webhook events\n\n";
    if !events.iter().any(|event| event.covered) {
        let _ = write!(page, "None is used yet: changes are found by the next sync, which reads {name} anew.\n\n");
    }
    table(page, &["event", "covered", "what it is"]);
    for event in events {
        let _ = writeln!(page, "| {} | {} |{} |", code(event.event), yes(event.covered), cell(event.description));
    }
}

fn records(of: RecordType) -> &'static str {
    match of {
        RecordType::User => "Users",
        RecordType::Job => "Jobs",
        RecordType::Candidate => "Candidates",
        RecordType::Application => "Applications",
        RecordType::ApplicationStage => "Application stages",
        RecordType::JobStage => "Job stages",
        RecordType::Tag => "Tags",
        RecordType::CandidateTag => "Candidate tags",
        RecordType::HiringTeamMember => "Hiring team members",
    }
}

fn fields(page: &mut String, what: &str, fields: &[FieldCoverage]) {
    table(page, &[what, "note"]);
    for field in fields {
        let _ = writeln!(page, "| `{}` |{} |", field.name, cell(field.note.unwrap_or("")));
    }
}

/// The head of a table.
fn table(page: &mut String, columns: &[&str]) {
    let line = vec!["---"; columns.len()].join(" | ");
    let _ = write!(page, "| {} |\n| {line} |\n", columns.join(" | "));
}

/// The vendor's own names in code style; what it has no name for in words.
fn code(event: &str) -> String {
    if event.contains(' ') { event.to_owned() } else { format!("`{event}`") }
}

/// Text within a table, with the space before it when there is any.
fn cell(text: &str) -> String {
    text.split_whitespace().fold(String::new(), |cell, word| cell + " " + &word.replace('|', "\\|"))
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
