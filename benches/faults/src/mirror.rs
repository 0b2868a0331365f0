//! What the graph shows of an account, by the vendor's own ids, so that two mirrors of one vendor can be compared.

use std::collections::BTreeMap;

use drive::Outcome;
use serde_json::{Value, json};

use super::client::Client;

const LISTS: [(&str, &str); 5] = [
    ("users", "email firstName lastName remoteData"),
    (
        "jobs",
        "name status statusRaw code confidential department description employmentTypeRaw openedAt closedAt \
         remoteCreatedAt postUrl location { city raw } contact { remoteId } customFields \
         stages { index stage { remoteId } } hiringTeam { user { remoteId } roles } remoteData",
    ),
    (
        "candidates",
        "firstName lastName title source remoteCreatedAt customFields emailAddresses { address } \
         phoneNumbers { number } location { city raw } tags { tag { name } } remoteData",
    ),
    (
        "applications",
        "outcome remoteCreatedAt customFields job { remoteId } candidate { remoteId } currentStage { remoteId } remoteData",
    ),
    ("tags", "name"),
];

/// Every record that is not deleted.
pub type Shown = BTreeMap<String, Value>;

pub async fn shown(client: &mut Client, integration: &str) -> Outcome<Shown> {
    let mut shown = Shown::new();
    for (list, fields) in LISTS {
        let query = format!(
            "query($id: ID!, $after: String) {{ integration(id: $id) {{ {list}(first: 50, after: $after) {{ \
             nodes {{ remoteId {fields} }} pageInfo {{ endCursor hasNextPage }} }} }} }}"
        );
        let mut after = Value::Null;
        loop {
            let variables = json!({ "id": integration, "after": after });
            let mut page = client.ask(&query, &variables).await?["integration"][list].take();
            for row in page["nodes"].as_array_mut().into_iter().flatten() {
                keep(&mut shown, list, row.take())?;
            }
            after = page["pageInfo"]["endCursor"].take();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
    }
    let query =
        "query($id: ID!) { integration(id: $id) { applicationStages { remoteId name globalIndex remoteData } } }";
    let mut data = client.ask(query, &json!({ "id": integration })).await?;
    for row in data["integration"]["applicationStages"].as_array_mut().into_iter().flatten() {
        keep(&mut shown, "applicationStages", row.take())?;
    }
    Ok(shown)
}

fn keep(shown: &mut Shown, list: &str, mut row: Value) -> Outcome {
    // Their order means nothing.
    for unordered in ["tags", "hiringTeam", "stages"] {
        if let Some(rows) = row[unordered].as_array_mut() {
            rows.sort_by_key(Value::to_string);
        }
    }
    without_passing_parts(&mut row);
    if let Some(row) = row.as_object_mut() {
        row.retain(|_, value| !value.is_null());
    }
    let key = format!("{list} {}", row["remoteId"].as_str().unwrap_or_default());
    match shown.insert(key.clone(), row) {
        None => Ok(()),
        Some(_) => Err(format!("{key} is there twice").into()),
    }
}

/// In words, where two mirrors differ; at most a few of the places.
pub fn differences(ours: &Shown, fresh: &Shown) -> Vec<String> {
    let missing = fresh.keys().filter(|key| !ours.contains_key(*key)).map(|key| format!("{key} is missing"));
    let more =
        ours.keys().filter(|key| !fresh.contains_key(*key)).map(|key| format!("{key} is no longer at the vendor"));
    let other = ours.iter().filter_map(|(key, ours)| {
        let (at, ours, fresh) = difference(String::new(), ours, fresh.get(key)?)?;
        let short = |value: &Value| value.to_string().chars().take(100).collect::<String>();
        Some(format!("{key}: {at} is {} instead of {}", short(ours), short(fresh)))
    });
    missing.chain(more).chain(other).take(20).collect()
}

/// Where two values differ first, and what is there.
fn difference<'a>(at: String, ours: &'a Value, fresh: &'a Value) -> Option<(String, &'a Value, &'a Value)> {
    match (ours, fresh) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            let mut within = one.iter().zip(other.values());
            within.find_map(|((name, ours), fresh)| difference(format!("{at}.{name}"), ours, fresh))
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut within = one.iter().zip(other).enumerate();
            within.find_map(|(number, (ours, fresh))| difference(format!("{at}[{number}]"), ours, fresh))
        }
        _ => (ours != fresh).then_some((at, ours, fresh)),
    }
}

/// Links that are other ones at every reading lose what makes them so.
fn without_passing_parts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((link, _)) = text.split_once("?expires=") {
                // The host is the one by which it was asked for.
                let path = link.splitn(4, '/').last().unwrap_or_default();
                *text = path.to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_passing_parts),
        Value::Object(values) => values.values_mut().for_each(without_passing_parts),
        _ => {}
    }
}
