//! The connection tests: credentials, then scopes, then every record type. Their texts are read by the end
//! customer who connects the account.

use serde_json::Value;

use super::auth::{ApiClient, NoToken, SETTINGS};
use super::client::{Client, EMPLOYEES, LEDGER, RECRUITMENT, RECRUITMENTS, TAGS, USERS, WORKFLOW, WORKFLOWS};
use super::paging::Paging;
use super::wire::Id;
use crate::connectors::checks::Checks;
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::manifest::Check;
use crate::domain::RecordType;

/// What reading needs, with what it opens.
const NEEDED: [(&str, &str); 4] = [
    ("employee", "candidates, their tags and their stages"),
    ("recruitment", "jobs and who applied to them"),
    ("workflow", "recruitment stages"),
    ("user", "users"),
];

pub async fn run(account: &Account, checks: &mut Checks) {
    let signed_in = account.http.sign_in().await;
    let refused = signed_in.is_err();
    let mut credentials = check("credentials", None, signed_in, "The credentials are accepted.");
    if refused {
        // Whatever answered in this way, it is not the TRAFFIT that was meant.
        let elsewhere = || format!("Check the subdomain, and the client id and secret in TRAFFIT, {SETTINGS}.");
        credentials.fix.get_or_insert_with(elsewhere);
    }
    checks.push(credentials);
    if refused {
        return;
    }
    for (scope, opens) in NEEDED {
        checks.push(scope_check(account, scope, opens).await);
    }
    models(account, checks).await;
}

/// Asks for a token with this scope alone: TRAFFIT refuses it when the API client lacks the scope.
async fn scope_check(account: &Account, scope: &str, opens: &str) -> Check {
    let id = account.credentials.get("clientId").trim().to_owned();
    let secret = account.credentials.get("clientSecret").trim().into();
    let lacking = || {
        Err(Error::new(ErrorKind::Permission, format!("The API client lacks the scope {scope}, which opens {opens}.")))
    };
    let granted = match ApiClient::new(id, secret).token(account.http.anonymous(), &[scope]).await {
        Ok(token) if token.has(scope) => Ok(()),
        Ok(_) | Err(NoToken::InvalidScope | NoToken::Unexplained(_)) => lacking(),
        Err(NoToken::Other(error)) => Err(error),
    };
    let missing = matches!(&granted, Err(error) if error.kind == ErrorKind::Permission);
    let mut check = check(&format!("scope {scope}"), None, granted, &format!("The scope {scope} is granted."));
    if missing {
        check.fix = Some(format!("In TRAFFIT, open {SETTINGS}, edit the API client, tick {scope} and save."));
    }
    check
}

async fn models(account: &Account, checks: &mut Checks) {
    let client = Client(&account.http);
    let mut readable = |model: RecordType, result: Result<(), Error>| {
        checks.push(check(&format!("read {model}"), Some(model), result, "Readable."));
    };
    readable(RecordType::User, client.probe(USERS).await.map(drop));
    let stages = detail(client, WORKFLOW, &client.probe(WORKFLOWS).await).await;
    readable(RecordType::ApplicationStage, stages.clone());
    let recruitment = client.probe(RECRUITMENTS).await;
    let job = detail(client, RECRUITMENT, &recruitment).await;
    readable(RecordType::Job, job.clone());
    readable(RecordType::JobStage, stages.and_then(|()| job.clone()));
    readable(RecordType::HiringTeamMember, job);
    let employee = client.probe(EMPLOYEES).await;
    let tags = match first_id(&employee) {
        Ok(Some(id)) => client.page_of(TAGS, &id.0, &Paging::default()).await.map(drop),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    readable(RecordType::Candidate, employee.map(drop));
    readable(RecordType::Tag, tags.clone());
    readable(RecordType::CandidateTag, tags);
    readable(RecordType::Application, client.probe(LEDGER).await.and(recruitment).map(drop));
}

/// Reads one object of the list that `first` is the first row of; without a row there is nothing to refuse.
async fn detail(client: Client<'_>, endpoint: &'static str, first: &Result<Option<Value>, Error>) -> Result<(), Error> {
    match first_id(first)? {
        Some(id) => client.item(endpoint, &id.0).await.map(drop),
        None => Ok(()),
    }
}

fn first_id(first: &Result<Option<Value>, Error>) -> Result<Option<Id>, Error> {
    first.clone().map(|row| row.as_ref().and_then(Id::of))
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
        ErrorKind::Auth => Some(format!("Copy subdomain, client id and client secret again from TRAFFIT, {SETTINGS}.")),
        ErrorKind::Permission => Some(format!("Tick the missing scope of the API client in TRAFFIT, {SETTINGS}.")),
        ErrorKind::RateLimited => Some("Try again in a few minutes.".to_owned()),
        ErrorKind::Unavailable => Some("Check the subdomain, then try again in a few minutes.".to_owned()),
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
