//! Callers that write to vendors, each with a key of its own for every write, which it repeats when no answer came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drive::Outcome;
use serde_json::{Value, json};

use super::chance::Chance;
use super::client::{Client, PATIENCE};
use super::load::{Ground, Target};

/// A write that was accepted, and what the vendor must have counted for it.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub id: String,
    pub key: String,
    /// Of a person that was created.
    pub email: Option<String>,
    pub writes: &'static [&'static str],
}

const PERSON: &str = "POST /employees/";
const FILE: &str = "POST /employees/{id}/files/";
const MEMBER: &str = "POST /recruitments/{rid}/employees/{eid}";
const MOVE: &str = "POST /employees/{id}/recruitments/{rid}/states/{sid}/_move";
const NOTE: &str = "POST /employees/{id}/notes";
const APPLICATION: &str = "POST /applicant-management/job-applications";
const DOCUMENT: &str = "POST /applicant-management/job-applications/{id}/files";

/// A mutation with its input, and what it writes.
struct Write {
    mutation: &'static str,
    input: Value,
    email: Option<String>,
    writes: &'static [&'static str],
}

/// What one caller does until told to stop; it ends with the end of its last write.
pub async fn write(
    ground: Arc<Ground>,
    caller: usize,
    mut client: Client,
    mut chance: Chance,
    stop: Arc<AtomicBool>,
) -> Outcome<Vec<Accepted>> {
    let mut accepted = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let key = format!("{}-{caller}-{}", ground.slug, accepted.len());
        let Some(target) = chance.one_of(&ground.targets) else { break };
        let write = one(&ground, target, &key, chance.below(5));
        let id = send(&mut client, &write, &key, &mut chance).await?;
        if chance.percent(25) {
            let again = send(&mut client, &write, &key, &mut chance).await?;
            if again != id {
                return Err(format!("the key {key} is the action {id}, and then {again}").into());
            }
        }
        wait(&mut client, &id).await?;
        accepted.push(Accepted { id, key, email: write.email, writes: write.writes });
    }
    Ok(accepted)
}

fn one(ground: &Ground, target: &Target, key: &str, kind: u64) -> Write {
    let file =
        json!({ "name": format!("{key}.txt"), "type": "OTHER", "contentType": "text/plain", "data": "aGVsbG8=" });
    let is_traffit = ground.slug == "traffit";
    let to = json!({ "applicationId": target.application });
    let with = |more: &[(&str, Value)]| {
        let mut input = to.clone();
        for (name, value) in more {
            input[*name] = value.clone();
        }
        input
    };
    let (mutation, input, writes): (_, _, &'static [&'static str]) = match kind {
        0 => {
            let writes: &[_] = if is_traffit { &[NOTE] } else { &[DOCUMENT] };
            ("addNoteToApplication", with(&[("content", json!(format!("note {key}")))]), writes)
        }
        1 => {
            let writes: &[_] = if is_traffit { &[NOTE] } else { &[DOCUMENT] };
            let url = json!(format!("https://example.com/{key}"));
            ("addResultLinkToApplication", with(&[("label", json!("Test")), ("url", url)]), writes)
        }
        2 => {
            let writes: &[_] = if is_traffit { &[FILE] } else { &[DOCUMENT] };
            ("addAttachmentToApplication", with(&[("attachment", file)]), writes)
        }
        _ => return creation(ground, target, key, (kind == 3).then_some(file)),
    };
    Write { mutation, input, email: None, writes }
}

fn creation(ground: &Ground, target: &Target, key: &str, file: Option<Value>) -> Write {
    let is_traffit = ground.slug == "traffit";
    let email = format!("{key}@example.test");
    let writes: &'static [&'static str] = match (is_traffit, file.is_some()) {
        (true, true) => &[PERSON, FILE, MEMBER, MOVE],
        (true, false) => &[PERSON, MEMBER, MOVE],
        (false, true) => &[APPLICATION, DOCUMENT],
        (false, false) => &[APPLICATION],
    };
    let mut input = json!({
        "integrationId": ground.integration,
        "candidate": { "firstName": "Dana", "lastName": "Nowak", "emailAddress": email },
        "application": { "jobId": target.job },
        "attachments": file.into_iter().collect::<Vec<_>>(),
    });
    if is_traffit {
        input["application"]["stageId"] = json!(target.stage);
    }
    Write { mutation: "createCandidate", input, email: Some(email), writes }
}

/// Answers the id of the action. The same key goes with every repetition.
async fn send(client: &mut Client, write: &Write, key: &str, chance: &mut Chance) -> Outcome<String> {
    let name = write.mutation;
    let of = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!(
        "mutation($input: {of}!) {{ {name}(input: $input) {{ action {{ id }} userErrors {{ code message field }} }} }}"
    );
    let mut input = write.input.clone();
    input["idempotencyKey"] = json!(key);
    input["wait"] = json!(if chance.percent(50) { "PT0S" } else { "PT5S" });
    let payload = client.ask(&query, &json!({ "input": input })).await?[name].take();
    let refused = payload["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
    match payload["action"]["id"].as_str() {
        Some(id) if !refused => Ok(id.to_owned()),
        _ => Err(format!("{name} with the key {key} was refused: {payload}").into()),
    }
}

async fn wait(client: &mut Client, id: &str) -> Outcome {
    let query = "query($id: ID!) { action(id: $id) { kind state steps { name state attempts error } \
                 userErrors { code message } } }";
    let begun = Instant::now();
    loop {
        let action = client.ask(query, &json!({ "id": id })).await?["action"].take();
        match action["state"].as_str() {
            Some("SUCCEEDED") => return Ok(()),
            Some("QUEUED" | "RUNNING") if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
            _ => return Err(format!("the action {id} did not succeed: {action}").into()),
        }
    }
}
