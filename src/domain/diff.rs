//! The pure comparison of a record with what was stored: by fingerprint whether anything changed, field by
//! field what did.

use serde::Serialize;
use serde_json::Value;

use super::{Payload, Record};

/// 128 bits of BLAKE3 over a record's own fields and its payload.
pub type Fingerprint = [u8; 16];

/// A record's fingerprint, and its payload as the JSON text that was made on the way.
pub struct Printed {
    pub fingerprint: Fingerprint,
    pub payload: String,
}

/// The fingerprint is equal for equal content, whatever the order of keys in the payload. `volatile` are JSON
/// Pointers into the payload whose values change at every read and mean nothing (expiring links, say).
pub fn print(record: &Record, payload: &Payload, volatile: &[&str]) -> Printed {
    // One text, hashed at once: a tree of values for each record, and a call of the hasher for each of its parts,
    // were most of what an unchanged record cost.
    let mut text = Vec::with_capacity(1024);
    write(&mut text, record);
    text.push(0);
    let body = to_text(payload);
    if volatile.is_empty() {
        text.extend_from_slice(body.as_bytes());
    } else {
        let mut steady = payload_value(payload);
        for pointer in volatile {
            if let Some(value) = steady.pointer_mut(pointer) {
                *value = Value::Null;
            }
        }
        write(&mut text, &steady);
    }
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&blake3::hash(&text).as_bytes()[..16]);
    Printed { fingerprint, payload: body }
}

pub fn fingerprint(record: &Record, payload: &Payload, volatile: &[&str]) -> Fingerprint {
    print(record, payload, volatile).fingerprint
}

/// The names, as in the graph, of the fields that differ. `remoteData` stands for the payload.
pub fn changed_fields(before: (&Record, &Payload), after: (&Record, &Payload)) -> Vec<String> {
    let (old, new) = (before.0.fields(), after.0.fields());
    let mut changed = Vec::new();
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        changed.extend(new.iter().filter(|(name, value)| old.get(*name) != Some(value)).map(|(name, _)| name.clone()));
    }
    if before.1 != after.1 {
        changed.push("remoteData".to_owned());
    }
    changed
}

fn payload_value(payload: &Payload) -> Value {
    Value::Object(payload.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Records keep the order of their fields and `serde_json` maps are sorted by key, so their text is canonical.
fn write(text: &mut Vec<u8>, value: &impl Serialize) {
    // Writing plain types into memory cannot fail.
    let _ = serde_json::to_writer(text, value);
}

fn to_text(payload: &Payload) -> String {
    // As above.
    serde_json::to_string(payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Tag;

    fn tag(name: &str) -> Record {
        Tag { remote_id: "7".into(), name: Some(name.into()) }.into()
    }

    fn payload(value: Value) -> Payload {
        Payload::from([("/tags".to_owned(), value)])
    }

    #[test]
    fn names_what_changed_as_in_the_graph() {
        let (a, b) = (payload(json!({"x": 1})), payload(json!({"x": 2})));
        assert_eq!(changed_fields((&tag("java"), &a), (&tag("rust"), &a)), ["name"]);
        assert_eq!(changed_fields((&tag("java"), &a), (&tag("java"), &b)), ["remoteData"]);
        assert!(changed_fields((&tag("java"), &a), (&tag("java"), &a)).is_empty());
    }

    #[test]
    fn fingerprints_follow_content_but_not_what_is_volatile() {
        let of = |value: Value, volatile: &[&str]| fingerprint(&tag("java"), &payload(value), volatile);
        assert_eq!(of(json!({"a": 1, "b": 2}), &[]), of(json!({"b": 2, "a": 1}), &[]));
        assert_ne!(of(json!({"a": 1}), &[]), of(json!({"a": 2}), &[]));
        assert_ne!(of(json!({}), &[]), fingerprint(&tag("rust"), &payload(json!({})), &[]));
        assert_eq!(of(json!({"a": 1}), &["/~1tags/a"]), of(json!({"a": 2}), &["/~1tags/a"]));
    }
}
