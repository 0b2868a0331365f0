//! Personal data: erased when it is to be, kept no longer than it may be, and not stored where it must not be. What is
//! looked for is planted through the public door, and looked for in everything that the database holds.

mod deleting;
mod erasing;
mod keeping;
mod rules;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::vendors::Size;
use crate::support::writing::{Target, target, with, write};
use crate::support::{Answer, TestApp};

const SMALL: Size = Size { candidates: 12, jobs: 4 };
const VENDORS: [&str; 2] = ["traffit", "hrworks"];

/// Texts of one person, as they are planted.
const PERSON: [&str; 9] = [
    "Zzfirstname",
    "Zzlastname",
    "zzmail@example.com",
    "+49555000111",
    "Zzcity",
    "Zznotetext",
    "Zzlinklabel",
    "zzlinkhost",
    "Zzfilename",
];
/// `Zzfilebytes`, in base64 and as it is.
const FILE: (&str, &str) = ("WnpmaWxlYnl0ZXM=", "Zzfilebytes");

fn file() -> Value {
    json!({ "name": "Zzfilename.txt", "type": "OTHER", "contentType": "text/plain", "data": FILE.0 })
}

struct Planted {
    target: Target,
    candidate: String,
    application: String,
    remote: String,
}

/// Creates a candidate with all that can be written about one.
async fn plant(app: &TestApp, connector: &str) -> Planted {
    let target = target(app, connector).await;
    planted(app, target).await
}

async fn planted(app: &TestApp, target: Target) -> Planted {
    let mut input = with(target.input("zzmail@example.com"), "idempotencyKey", json!("planted"));
    input["candidate"] = json!({
        "firstName": "Zzfirstname", "lastName": "Zzlastname", "emailAddress": "zzmail@example.com",
        "phoneNumber": "+49555000111", "location": { "city": "Zzcity", "country": "DE" },
    });
    input["attachments"] = json!([file()]);
    let made = write(app, "createCandidate", input).await;
    assert_eq!(made["action"]["state"], "SUCCEEDED", "{made:#}");
    let text = |at: &str| made.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{made:#}")).to_owned();
    let (candidate, application) = (text("/candidate/id"), text("/application/id"));
    let to = |name: &str, value: Value| with(json!({ "applicationId": application, "wait": "PT60S" }), name, value);
    let link = with(to("label", json!("Zzlinklabel")), "url", json!("https://zzlinkhost.example/"));
    for (name, input) in [
        ("addNoteToApplication", to("content", json!("Zznotetext"))),
        ("addResultLinkToApplication", link),
        ("addAttachmentToApplication", to("attachment", file())),
    ] {
        let done = write(app, name, input).await;
        assert_eq!(done["action"]["state"], "SUCCEEDED", "{name}: {done:#}");
    }
    let query = "query($id: ID!) { candidate(id: $id) { remoteId } }";
    let found = app.query_with(query, json!({ "id": candidate })).await;
    let remote = found["candidate"]["remoteId"].as_str().unwrap().to_owned();
    Planted { target, candidate, application, remote }
}

impl Planted {
    /// All that says who it is.
    fn texts(&self) -> Vec<&str> {
        let mut texts = PERSON.to_vec();
        texts.push(FILE.1);
        // A number would be found anywhere.
        texts.extend((self.remote.len() > 12).then_some(self.remote.as_str()));
        texts
    }
}

async fn erase(app: &TestApp, id: &str) -> Value {
    let query = "mutation($id: ID!) { eraseCandidate(id: $id) { erasedId userErrors { code field retryable } } }";
    app.query_with(query, json!({ "id": id })).await["eraseCandidate"].take()
}

async fn update(app: &TestApp, integration: &str, settings: &str) -> Value {
    let query = format!(
        "mutation {{ updateIntegration(input: {{id: \"{integration}\", syncSettings: {settings}}}) {{ integration \
         {{ syncSettings {{ excludedModels excludedFields }} }} userErrors {{ code field message }} }} }}"
    );
    app.query(&query).await["updateIntegration"].take()
}

/// Has TRAFFIT call about a candidate. It is followed later.
async fn call(app: &TestApp, body: &Value) -> Answer {
    let webhooks = app.vendors.traffit.edit(|account| account.webhooks());
    let found = webhooks.into_iter().find(|(_, webhook)| webhook.kind == "candidate_created").unwrap().1;
    let path = found.url.strip_prefix(crate::support::PUBLIC_URL).unwrap().to_owned();
    app.send(Request::post(path).body(Body::from(body.to_string())).unwrap()).await
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3600)
}
