//! The connection tests: the key pair, then the permissions that reading needs, then every record type. Their
//! texts are read by the end customer who connects the account.

use super::client::{APPLICANTS, Client, JOB_APPLICATIONS, List, ORGANIZATION_UNITS, POSTS};
use super::paging::Paging;
use super::refusal::SETTINGS;
use crate::connectors::checks::Checks;
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::manifest::Check;
use crate::domain::RecordType;

pub async fn run(account: &Account, checks: &mut Checks) {
    let client = Client(&account.http);
    let signed_in = match account.http.sign_in().await {
        Ok(()) => client.health().await,
        Err(error) => Err(error),
    };
    let refused = signed_in.is_err();
    checks.push(check("credentials", None, signed_in, "The key pair is accepted."));
    if refused {
        return;
    }
    let posts = probe(client, &POSTS).await;
    let applicants = probe(client, &APPLICANTS).await;
    let applications = probe(client, &JOB_APPLICATIONS).await;
    // Any refusal of a category's endpoints is the category's.
    let recruiting = posts.clone().and_then(|()| applicants.clone()).and_then(|()| applications.clone());
    checks.push(permission("Applicant Management", "jobs, candidates and applications", recruiting));
    let persons = client.persons().await.map(drop);
    checks.push(permission("Persons", "users", persons.clone()));
    let units = probe(client, &ORGANIZATION_UNITS).await;
    checks.push(permission("General", "departments of jobs", units.clone()));
    let models = [
        (RecordType::User, persons),
        (RecordType::ApplicationStage, applications.clone()),
        (RecordType::Job, posts.clone().and_then(|()| units.clone())),
        (RecordType::JobStage, posts.and(units).and(applications.clone())),
        (RecordType::Candidate, applicants.and_then(|()| applications.clone())),
        (RecordType::Application, applications),
    ];
    for (model, result) in models {
        checks.push(check(&format!("read {model}"), Some(model), result, "Readable."));
    }
}

async fn probe(client: Client<'_>, list: &List) -> Result<(), Error> {
    client.page(list, Paging::default()).await.map(drop)
}

fn permission(category: &str, opens: &str, result: Result<(), Error>) -> Check {
    let name = format!("permission {category}");
    let row = format!("\"{category} – read\"");
    let missing = matches!(&result, Err(error) if error.kind == ErrorKind::Permission);
    let mut check = check(&name, None, result, &format!("{row} is ticked."));
    if missing {
        check.message = format!("The key pair lacks the permission {row}, which opens {opens}.");
        check.fix = Some(tick(&row));
    }
    check
}

fn tick(row: &str) -> String {
    format!("In HR WORKS, open {SETTINGS}, open the key pair, tick {row} at the bottom of its page and save.")
}

fn check(name: &str, model: Option<RecordType>, result: Result<(), Error>, good: &str) -> Check {
    let name = name.to_owned();
    match result {
        Ok(()) => Check { name, model, passed: true, message: good.to_owned(), fix: None, kind: None },
        Err(error) => {
            let (kind, message) = (error.kind, sentence(&error.public));
            Check { name, model, passed: false, message, fix: fix(kind), kind: Some(kind) }
        }
    }
}

fn fix(kind: ErrorKind) -> Option<String> {
    match kind {
        ErrorKind::Auth => Some(format!(
            "Make a new key pair in HR WORKS under {SETTINGS}, and enter its Access Key and Secret Access Key."
        )),
        ErrorKind::Permission => {
            Some(format!("In HR WORKS, open {SETTINGS}, open the key pair and tick the permission that is named."))
        }
        ErrorKind::RateLimited | ErrorKind::Unavailable => Some("Try again in a few minutes.".to_owned()),
        ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Shape | ErrorKind::Unsupported => None,
    }
}

/// Errors read as parts of a log line; here they stand alone.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
