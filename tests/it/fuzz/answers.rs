//! What vendors answer: the real answers of the simulators, changed here and there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::Room;
use crate::support::gate::Mangle;

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
