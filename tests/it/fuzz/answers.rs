//! What vendors answer: the real answers of the simulators, changed here and there.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{Room, check};
use crate::support::gate::Mangle;
use crate::support::writing::{file, finish, target, with};

#[test]
fn answers_of_traffit() {
    answers("traffit");
}

#[test]
fn answers_of_hrworks() {
    answers("hrworks");
}

/// A sync comes to an end whatever the vendor answers, and the next good one makes up for it.
fn answers(connector: &'static str) {
    let room = Room::new();
    let integration = room.wait(room.app.connected(connector));
    let gate = room.app.vendors.gate(connector).clone();
    bolero::check!().with_iterations(12).for_each(|input: &[u8]| {
        gate.mangle(Some(mangle(input.to_vec())));
        let run = room.wait(room.app.sync(&integration));
        let ended = ["SUCCEEDED", "PARTIALLY_FAILED", "FAILED", "AUTHENTICATION_FAILED", "TIMED_OUT"];
        assert!(ended.contains(&run["state"].as_str().unwrap()), "{run:#}");
        gate.mangle(None);
    });
    gate.mangle(None);
    let run = room.wait(room.app.sync(&integration));
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    for (of, ids) in room.app.vendors.remote_ids(connector) {
        if of == "USER" {
            // There is no list of all accounts' users.
            continue;
        }
        let list = format!("{}s", of.to_lowercase());
        let count = room.wait(room.app.total(&list, &integration));
        assert_eq!(usize::try_from(count).unwrap(), ids.len(), "{of}");
    }
}

/// Whatever is answered while an account is tested and connected, whoever asked is told something.
#[test]
fn answers_to_checks() {
    let room = Room::new();
    let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { \
        integration { id } tests { name passed message fix } userErrors { code message field } } }";
    bolero::check!().with_iterations(20).for_each(|input: &[u8]| {
        for connector in ["traffit", "hrworks"] {
            let gate = room.app.vendors.gate(connector);
            gate.mangle(Some(mangle(input.to_vec())));
            let credentials = room.app.vendors.credentials(connector);
            let input = json!({ "connector": connector, "endUser": { "organizationName": "Acme" }, "credentials": credentials });
            let answer = room.wait(room.app.ask(&room.app.admin, query, json!({ "input": input })));
            check(&answer);
            let payload = &answer["data"]["createIntegration"];
            let is_told = payload["integration"].is_object() || payload["userErrors"][0]["code"].is_string();
            assert!(is_told, "{answer:#}");
            gate.mangle(None);
        }
    });
}

/// A write ends whatever the vendor answers to it at first.
#[test]
fn answers_to_writes() {
    let room = Room::new();
    let targets = ["traffit", "hrworks"].map(|connector| (connector, room.wait(target(&room.app, connector))));
    let targets = AssertUnwindSafe(targets);
    let count = AtomicUsize::new(0);
    let query = "mutation($input: CreateCandidateInput!) { createCandidate(input: $input) { \
        action { id } userErrors { code message } } }";
    bolero::check!().with_iterations(3).for_each(|input: &[u8]| {
        for (connector, target) in targets.iter() {
            let gate = room.app.vendors.gate(connector);
            gate.mangle(Some(mangle(input.to_vec())));
            let email = format!("fuzz{}@example.com", count.fetch_add(1, Ordering::Relaxed));
            let input = with(target.input(&email), "wait", json!("PT0S"));
            let input = with(input, "attachments", json!([file()]));
            let answer = room.wait(room.app.ask(&room.app.admin, query, json!({ "input": input })));
            check(&answer);
            room.wait(room.app.settle());
            gate.mangle(None);
            let payload = &answer["data"]["createCandidate"];
            let Some(id) = payload["action"]["id"].as_str() else {
                assert!(payload["userErrors"][0]["code"].is_string(), "{answer:#}");
                continue;
            };
            let ended = room.wait(finish(&room.app, id));
            let states = ["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED"];
            assert!(states.contains(&ended["state"].as_str().unwrap()), "{ended:#}");
            assert!(ended["userErrors"].as_array().unwrap().iter().all(|one| one["code"] != "INTERNAL"), "{ended:#}");
            assert_eq!(ended["state"] == "FAILED", ended["userErrors"] != json!([]), "{ended:#}");
            assert!(ended["state"] != "PARTIALLY_SUCCEEDED" || ended["warnings"] != json!([]), "{ended:#}");
        }
    });
}

/// Reads the input as a program: a byte an answer says whether it is changed, the ones after it say where and how.
fn mangle(program: Vec<u8>) -> Mangle {
    let at = Arc::new(AtomicUsize::new(0));
    let next = move || {
        let at = at.fetch_add(1, Ordering::Relaxed);
        program.get(at % program.len().max(1)).copied().unwrap_or(0)
    };
    Arc::new(move |body| match next() {
        0..=199 => body,
        200..=219 => body[..body.len() * usize::from(next()) / 256].to_vec(),
        _ => match serde_json::from_slice::<Value>(&body) {
            Ok(mut value) => {
                let count = count(&value);
                let mut place = (usize::from(next()) * 256 + usize::from(next())) % count;
                replace(&mut value, &mut place, usize::from(next()));
                value.to_string().into_bytes()
            }
            Err(_) => body,
        },
    })
}

fn below(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(all) => Box::new(all.iter()),
        Value::Object(all) => Box::new(all.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn count(value: &Value) -> usize {
    1 + below(value).map(count).sum::<usize>()
}

/// Puts something else in the place of the value that is so many values away.
fn replace(value: &mut Value, place: &mut usize, with: usize) -> bool {
    if *place == 0 {
        let strange = [
            json!(null),
            json!(""),
            json!(0),
            json!(-1),
            json!(1e300),
            json!(true),
            json!([]),
            json!({}),
            json!("\u{0}\u{202e}…"),
            json!("x".repeat(70_000)),
            json!([[[[]]]]),
            json!("2026-13-45T99:99:99"),
        ];
        *value = strange[with % strange.len()].clone();
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(all) => all.iter_mut().any(|below| replace(below, place, with)),
        Value::Object(all) => all.values_mut().any(|below| replace(below, place, with)),
        _ => false,
    }
}
