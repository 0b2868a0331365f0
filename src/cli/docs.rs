//! `docs`: the pages that are made from the code.

use std::fmt::Write;
use std::path::Path;

use super::{Outcome, print};
use crate::connectors::manifest::{FieldCoverage, Manifest, ModelCoverage};
use crate::connectors::{Registry, guide};
use crate::domain::ErrorCode;

pub fn write(folder: &Path) -> Outcome {
    let mut pages = vec![("errors.md".to_owned(), errors())];
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        pages.push((format!("connectors/{}.md", manifest.slug), vendor(manifest)));
    }
    for (name, text) in pages {
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

/// `docs/errors.md`.
pub fn errors() -> String {
    let mut page = format!("{MADE}# Errors\n\n");
    page += "Expected failures are data: a mutation answers them in `userErrors`, each with one of these codes, a message,\n\
             the path of the input at fault, the vendor's own words where there are any, and whether the same request may\n\
             succeed later.\n\n| code | meaning | what to do | retryable |\n| --- | --- | --- | --- |\n";
    for code in ErrorCode::ALL {
        let (meaning, advice) = code.explained();
        let retryable = if code.is_retryable() { "yes" } else { "no" };
        let _ = writeln!(page, "| `{code}` | {meaning} | {advice} | {retryable} |");
    }
    page += "\nEverything else is a GraphQL error with `extensions.code`:\n\n| code | meaning |\n| --- | --- |\n";
    for (code, meaning) in GRAPHQL {
        let _ = writeln!(page, "| `{code}` | {meaning} |");
    }
    page
}

const GRAPHQL: [(&str, &str); 13] = [
    ("UNAUTHENTICATED", "No API key, or one that is unknown, revoked or expired. Status 401."),
    ("FORBIDDEN", "The key lacks the scope that the message names."),
    ("BAD_USER_INPUT", "An argument cannot be used; `extensions.argument` names it where it is known."),
    ("GRAPHQL_PARSE_FAILED", "The document is no GraphQL."),
    ("GRAPHQL_VALIDATION_FAILED", "The document does not fit the schema."),
    ("OPERATION_RESOLUTION_FAILURE", "It is not clear which operation is meant."),
    ("QUERY_TOO_DEEP", "More levels than a query may have."),
    ("QUERY_TOO_COMPLEX", "The pages of the query can hold more nodes than a query may ask for."),
    ("TOO_MANY_ALIASES", "More aliases of one field than a query may have."),
    ("BAD_REQUEST", "The request is no GraphQL-over-HTTP request."),
    ("PAYLOAD_TOO_LARGE", "The request is larger than the limit that the message names. Status 413."),
    ("UNAVAILABLE", "The database does not answer. Status 503: try again."),
    ("INTERNAL", "We were surprised. `extensions.reference` stands in the log beside the cause."),
];

/// `docs/connectors/<slug>.md`.
pub fn vendor(manifest: &Manifest) -> String {
    let mut page = format!("{MADE}# {}\n\nConnector `{}`.\n", manifest.name, manifest.slug);
    let guide = guide::parse(manifest.guide);
    page += "\n## Prerequisites\n\n";
    for line in &guide.prerequisites {
        let _ = writeln!(page, "- {line}");
    }
    page += "\n## Create credentials\n";
    for step in &guide.steps {
        let _ = write!(page, "\n### {}\n\n{}\n", step.title, step.body);
    }
    if !guide.source_setup.is_empty() {
        page += "\n## Source set-up\n";
        for step in &guide.source_setup {
            let _ = write!(page, "\n### {}\n\n{}\n", step.title, step.body);
        }
    }
    page += "\n## Credential fields\n\n| key | label | required | secret | help |\n| --- | --- | --- | --- | --- |\n";
    for field in manifest.credentials {
        let (required, secret) = (yes(field.required), yes(field.secret));
        let help = cell(field.help.unwrap_or(""));
        let _ = writeln!(page, "| `{}` | {} | {required} | {secret} | {help} |", field.key, field.label);
    }
    page += "\n## What is read\n";
    for model in manifest.models {
        page += &model_table(model);
    }
    page += "\n## What is written\n";
    if manifest.actions.is_empty() {
        page += "\nNothing.\n";
    }
    for action in manifest.actions {
        let _ = write!(page, "\n### {}\n\n", action.action);
        if let Some(note) = action.note {
            let _ = write!(page, "{note}\n\n");
        }
        page += &fields("input", action.inputs);
    }
    page += "\n## Features\n\n| feature | supported | note |\n| --- | --- | --- |\n";
    for feature in manifest.features {
        let note = cell(feature.note.unwrap_or(""));
        let _ = writeln!(page, "| {:?} | {} | {note} |", feature.key, yes(feature.supported));
    }
    if !manifest.webhook_events.is_empty() {
        page += "\n## Webhook events\n\n| event | covered | what it says |\n| --- | --- | --- |\n";
        for event in manifest.webhook_events {
            let _ = writeln!(page, "| `{}` | {} | {} |", event.event, yes(event.covered), cell(event.description));
        }
    }
    page
}

fn model_table(model: &ModelCoverage) -> String {
    format!("\n### {}\n\n{}", model.model, fields("field", model.fields))
}

fn fields(what: &str, fields: &[FieldCoverage]) -> String {
    let mut table = format!("| {what} | note |\n| --- | --- |\n");
    for field in fields {
        let _ = writeln!(table, "| `{}` | {} |", field.name, cell(field.note.unwrap_or("")));
    }
    table
}

/// Text within a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
