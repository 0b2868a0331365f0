//! The pure comparison of a record with what was stored: by fingerprint whether anything changed, field by
//! field what did.

use serde_json::Value;

use super::{Payload, Record};

/// 128 bits of BLAKE3 over a record's own fields and its payload.
pub type Fingerprint = [u8; 16];

/// Equal for equal content, whatever the order of keys. `volatile` are JSON Pointers into the payload whose
/// values change at every read and mean nothing (expiring links, say).
pub fn fingerprint(record: &Record, payload: &Payload, volatile: &[&str]) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    update(&mut hasher, &record.fields());
    if volatile.is_empty() {
        for (endpoint, body) in payload {
            update(&mut hasher, &Value::String(endpoint.clone()));
            update(&mut hasher, body);
        }
    } else {
        let mut steady = payload_value(payload);
        for pointer in volatile {
            if let Some(value) = steady.pointer_mut(pointer) {
                *value = Value::Null;
            }
        }
        update(&mut hasher, &steady);
    }
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    fingerprint
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

/// `serde_json` maps are sorted by key, so their text is canonical.
fn update(hasher: &mut blake3::Hasher, value: &Value) {
    // Writing JSON into a hasher cannot fail.
    let _ = serde_json::to_writer(&mut *hasher, value);
    hasher.update(&[0]);
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
        let print = |value: Value, volatile: &[&str]| fingerprint(&tag("java"), &payload(value), volatile);
        assert_eq!(print(json!({"a": 1, "b": 2}), &[]), print(json!({"b": 2, "a": 1}), &[]));
        assert_ne!(print(json!({"a": 1}), &[]), print(json!({"a": 2}), &[]));
        assert_eq!(print(json!({"a": 1}), &["/~1tags/a"]), print(json!({"a": 2}), &["/~1tags/a"]));
    }
}
