//! The coverage tables are true: a declared field is set somewhere, one that is not declared is null everywhere.

use serde_json::Value;

use super::*;

/// Fields of the graph that are no vendor's to serve: every record has them, or the operator's settings make them out
/// of the payload.
const OURS: &[&str] = &["id", "changedAt", "remoteDeletedAt"];

/// Whether a field that is no part of the domain's record is served.
fn serves(manifest: &Manifest, all: &Outcome, of: RecordType, field: &str) -> Option<bool> {
    let has_payload = || all.of(of).any(|snapshot| !snapshot.payload.is_empty());
    match (of, field) {
        (_, field) if OURS.contains(&field) => Some(true),
        (_, "remoteData") => Some(has_payload()),
        // Pointers into the payload.
        (_, "customFields") => Some(has_payload()),
        (RecordType::Job, "stages") => Some(manifest.record_types().contains(&RecordType::JobStage)),
        (RecordType::Job, "hiringTeam") => Some(manifest.record_types().contains(&RecordType::HiringTeamMember)),
        _ => None,
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields.values().any(is_set),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[tokio::test]
async fn declared_fields_are_set_somewhere_and_the_others_nowhere() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let manifest = stand.manifest();
        let all = stand.everything().await.expect("everything is readable");
        for coverage in manifest.models {
            let (of, slug) = (coverage.model, manifest.slug);
            let declared: BTreeSet<&str> = coverage.fields.iter().map(|field| field.name).collect();
            assert_eq!(declared.len(), coverage.fields.len(), "{slug} {of}: a field is declared twice");
            let mut set: BTreeMap<String, bool> = BTreeMap::new();
            for snapshot in all.of(of) {
                let Value::Object(fields) = snapshot.record.fields() else { panic!("records are objects") };
                for (name, value) in fields {
                    *set.entry(name).or_default() |= is_set(&value);
                }
            }
            assert!(!set.is_empty(), "{slug} {of}: the simulator has no such record");
            for (name, set) in &set {
                match (declared.contains(name.as_str()), set) {
                    (true, true) | (false, false) => {}
                    (true, false) => panic!("{slug} {of}: {name} is declared and null everywhere"),
                    (false, true) => panic!("{slug} {of}: {name} is set and not declared"),
                }
            }
            for name in declared.iter().filter(|name| !set.contains_key(**name)) {
                match serves(manifest, &all, of, name) {
                    Some(true) => {}
                    Some(false) => panic!("{slug} {of}: {name} is declared and nothing is served for it"),
                    None => panic!("{slug} {of}: {name} is no field of the graph"),
                }
            }
            let has_custom_fields = matches!(of, RecordType::Job | RecordType::Candidate | RecordType::Application);
            let custom_fields: &[&str] = if has_custom_fields { &["customFields"] } else { &[] };
            for name in OURS.iter().chain(&["remoteData"]).chain(custom_fields) {
                let serves = serves(manifest, &all, of, name) == Some(true);
                assert!(declared.contains(name) || !serves, "{slug} {of}: {name} is served and not declared");
            }
        }
    }
}

#[test]
fn every_model_of_a_stream_is_covered_and_no_other() {
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        let mut read = manifest.record_types();
        let mut covered: Vec<_> = manifest.models.iter().map(|coverage| coverage.model).collect();
        read.sort();
        covered.sort();
        assert_eq!(covered, read, "{}", manifest.slug);
        let names: BTreeSet<_> = manifest.streams.iter().map(|stream| stream.name).collect();
        assert_eq!(names.len(), manifest.streams.len(), "{}: two streams have one name", manifest.slug);
        for stream in manifest.streams {
            let (slug, name) = (manifest.slug, stream.name);
            let later = || manifest.streams.iter().skip_while(|other| other.name != name).skip(1);
            let earlier = || manifest.streams.iter().take_while(|other| other.name != name);
            match &stream.reads {
                Reads::Pages(models) => assert!(!models.is_empty(), "{slug} {name}"),
                Reads::Carry { needed_by } => {
                    let after = |needs: &&str| later().any(|other| other.name == *needs);
                    assert!(!needed_by.is_empty() && needed_by.iter().all(after), "{slug} {name}");
                }
                Reads::Children { parent, .. } => {
                    assert!(earlier().any(|other| other.models().contains(parent)), "{slug} {name}: before its parent");
                }
            }
        }
    }
}

#[test]
fn actions_and_events_are_declared_once() {
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        let slug = manifest.slug;
        let actions: BTreeSet<_> = manifest.actions.iter().map(|coverage| coverage.action).collect();
        assert_eq!(actions.len(), manifest.actions.len(), "{slug}: an action is declared twice");
        for coverage in manifest.actions {
            let inputs: BTreeSet<_> = coverage.inputs.iter().map(|input| input.name).collect();
            assert_eq!(inputs.len(), coverage.inputs.len(), "{slug} {}: an input is declared twice", coverage.action);
            assert!(!inputs.is_empty(), "{slug} {}: an action without input", coverage.action);
        }
        let events: BTreeSet<_> = manifest.webhook_events.iter().map(|event| event.event).collect();
        assert_eq!(events.len(), manifest.webhook_events.len(), "{slug}: an event is declared twice");
    }
}
