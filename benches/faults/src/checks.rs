//! What must hold once the load has stopped and everything has settled, whatever happened before.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use drive::{Outcome, RECORD_TABLES};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use serde_json::{Value, json};

use super::actions::Accepted;
use super::client::until;
use super::consumer::Followed;
use super::leftovers::{self, count};
use super::load::{Done, Ground, Load, SYNC, synced};
use super::mirror;
use super::receiver::{Receiver, Told};
use super::world::World;

/// By the last part of their path, what they are told.
pub const ENDPOINTS: [(&str, &str); 2] =
    [("everything", "[RECORD_CHANGED, SYNC_FINISHED, ACTION_FINISHED]"), ("changes", "[RECORD_CHANGED]")];

pub type Rows = Vec<(String, String)>;

/// Makes the endpoints, before anything happens.
pub async fn make_endpoints(world: &World, receiver: &str) -> Outcome {
    for (path, events) in ENDPOINTS {
        let query = format!(
            "mutation($url: URL!) {{ createWebhookEndpoint(input: {{ url: $url, events: {events} }}) \
             {{ endpoint {{ id }} userErrors {{ message }} }} }}"
        );
        let url = format!("http://{receiver}/{path}");
        let made = world.client().ask(&query, &json!({ "url": url })).await?;
        if !made["createWebhookEndpoint"]["endpoint"]["id"].is_string() {
            return Err(format!("no endpoint was made: {made}").into());
        }
    }
    Ok(())
}

/// Waits until nothing is left to be done, with a full sync at the end; then compares. Ends the processes.
pub async fn hold(world: &mut World, grounds: &[Arc<Ground>], mut load: Load, receiver: &Receiver) -> Outcome<Rows> {
    let begun = Instant::now();
    let say = |what: &str| eprintln!("{what} after {:.0} s", begun.elapsed().as_secs_f64());
    let done = load.stop().await?;
    say("the last write ended");
    settle(world).await?;
    say("nothing was due");
    for ground in grounds {
        let run = world.client().ask(SYNC, &json!({ "id": ground.integration, "kind": "FULL" })).await?;
        let id = run["syncIntegration"]["syncRun"]["id"].clone();
        until("the last full sync", || async {
            let query =
                "query($id: ID!) { node(id: $id) { ... on SyncRun { kind state models { model state error } } } }";
            let run = world.client().ask(query, &json!({ "id": id })).await?["node"].take();
            match run["state"].as_str() {
                Some("SUCCEEDED") => Ok(Ok(())),
                Some("QUEUED" | "RUNNING") => Ok(Err(run.to_string())),
                _ => Err(format!("the last full sync of {} did not succeed: {run}", ground.slug).into()),
            }
        })
        .await?;
    }
    settle(world).await?;
    say("nothing was due again, behind the last full syncs,");
    let mut wrong = Vec::new();
    let mut rows = figures(&done);
    wrong.extend(written_once(world, grounds, &done.accepted).await?);
    wrong.extend(mirrors_agree(world, grounds, &done.accepted, &mut rows).await?);
    say("mirrors were compared");
    let followed = load.followed().await?;
    world.stop()?;
    let database = world.database().await?;
    wrong.extend(feed_is_complete(&database, &followed).await?);
    wrong.extend(everybody_was_told(&database, receiver, &followed, &done.accepted, &mut rows).await?);
    wrong.extend(leftovers::found(world, &database).await?);
    rows.push(("changes followed by the consumer".to_owned(), followed.0.len().to_string()));
    let received = count(&database, "vendor_deliveries").await?;
    rows.push(("webhooks of the vendors taken in".to_owned(), received.to_string()));
    rows.push(("sync runs".to_owned(), count(&database, "sync_runs").await?.to_string()));
    database.close().await?;
    if wrong.is_empty() {
        Ok(rows)
    } else {
        Err(format!("{} things are wrong:\n{}", wrong.len(), wrong.join("\n")).into())
    }
}

fn figures(done: &Done) -> Rows {
    vec![
        ("writes accepted, each finished once".to_owned(), done.accepted.len().to_string()),
        ("edits at the vendors".to_owned(), done.edits.to_string()),
        ("syncs asked for".to_owned(), done.syncs.to_string()),
    ]
}

/// Until no run, inbox or delivery is due.
async fn settle(world: &World) -> Outcome {
    let database = world.database().await?;
    let due = [
        "sync_runs WHERE finished_at IS NULL",
        "actions WHERE finished_at IS NULL",
        "vendor_inboxes WHERE due_at IS NOT NULL",
        "webhook_endpoints WHERE change_cursor < (SELECT COALESCE(MAX(seq), 0) FROM changes)",
        "webhook_endpoints e WHERE CAST(e.events AS TEXT) LIKE '%SYNC%' AND e.event_cursor < (SELECT COALESCE(MAX(seq), 0) FROM webhook_events)",
        "webhook_lanes",
    ];
    let database = &database;
    until("rest", || async {
        for found_in in due {
            let count = count(database, found_in).await?;
            if count > 0 {
                return Ok(Err(format!("{count} of {found_in}")));
            }
        }
        Ok(Ok(()))
    })
    .await
}

/// Every write that was accepted succeeded, there is no other, and the vendor counts each once.
async fn written_once(world: &World, grounds: &[Arc<Ground>], accepted: &[Accepted]) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let by_key: BTreeMap<&str, &Accepted> = accepted.iter().map(|one| (one.key.as_str(), one)).collect();
    let mut known = BTreeSet::new();
    for ground in grounds {
        let query = "query($id: ID!, $after: String) { actions(integrationId: $id, first: 100, after: $after) { \
                     nodes { id state idempotencyKey } pageInfo { endCursor hasNextPage } } }";
        let mut after = Value::Null;
        loop {
            let mut page =
                world.client().ask(query, &json!({ "id": ground.integration, "after": after })).await?["actions"]
                    .take();
            for row in page["nodes"].as_array().into_iter().flatten() {
                let key = row["idempotencyKey"].as_str().unwrap_or_default();
                let is_right = by_key.get(key).is_some_and(|one| row["id"] == one.id) && row["state"] == "SUCCEEDED";
                if !is_right || !known.insert(key.to_owned()) {
                    wrong.push(format!(
                        "{}: the write {row} is none that was accepted, or did not succeed",
                        ground.slug
                    ));
                }
            }
            after = page["pageInfo"]["endCursor"].take();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        let vendor = world.vendors.iter().find(|vendor| vendor.slug == ground.slug).ok_or("no such vendor")?;
        let state = vendor.state().await?;
        let counted = state["writes"].as_object().cloned().unwrap_or_default();
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        let of_this = |one: &&Accepted| one.key.starts_with(ground.slug);
        for endpoint in accepted.iter().filter(of_this).flat_map(|one| one.writes) {
            *expected.entry(endpoint).or_default() += 1;
        }
        let is_ours = |endpoint: &str| !endpoint.contains("token") && !endpoint.contains("/webhooks");
        let counted: BTreeMap<&str, u64> = counted
            .iter()
            .filter(|(endpoint, _)| is_ours(endpoint))
            .map(|(endpoint, count)| (endpoint.as_str(), count.as_u64().unwrap_or_default()))
            .collect();
        if counted != expected {
            wrong.push(format!("{} counts the writes {counted:?} instead of {expected:?}", ground.slug));
        }
    }
    let lost = by_key.keys().filter(|key| !known.contains(**key));
    wrong.extend(lost.map(|key| format!("the write with the key {key} was accepted and is not there")));
    Ok(wrong)
}

/// The mirror shows what a fresh one of the same vendors shows, and that is as much as the vendors have.
async fn mirrors_agree(
    world: &World,
    grounds: &[Arc<Ground>],
    accepted: &[Accepted],
    rows: &mut Rows,
) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let mut reference = world.reference().await?;
    let mut compared = 0;
    for ground in grounds {
        let vendor = world.vendors.iter().find(|vendor| vendor.slug == ground.slug).ok_or("no such vendor")?;
        let integration = reference.connect(vendor).await?;
        synced(&reference, &integration).await?;
        let ours = mirror::shown(&mut world.client(), &ground.integration).await?;
        let fresh = mirror::shown(&mut reference.client(), &integration).await?;
        compared += fresh.len();
        wrong.extend(mirror::differences(&ours, &fresh).into_iter().map(|one| format!("{}: {one}", ground.slug)));
        let state = vendor.state().await?;
        let applications = if ground.slug == "traffit" { "members" } else { "applications" };
        for (list, name) in
            [("candidates", "candidates"), ("jobs", "jobs"), ("users", "users"), ("applications", applications)]
        {
            let count = fresh.keys().filter(|key| key.split(' ').next() == Some(list)).count();
            if state[name] != json!(count) {
                wrong.push(format!("{} has {} {name}, and a fresh mirror {count} {list}", ground.slug, state[name]));
            }
        }
        for email in accepted.iter().filter(|one| one.key.starts_with(ground.slug)).filter_map(|one| one.email.as_ref())
        {
            let has = |row: &&Value| row["emailAddresses"][0]["address"] == **email;
            let count = ours.values().filter(has).count();
            if count != 1 {
                wrong.push(format!("{}: {email} was created once and is there {count} times", ground.slug));
            }
        }
    }
    reference.stop()?;
    rows.push(("records compared with a fresh mirror".to_owned(), compared.to_string()));
    Ok(wrong)
}

async fn all(database: &DatabaseConnection, query: &str) -> Outcome<Vec<QueryResult>> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    Ok(database.query_all_raw(statement).await?)
}

/// The bytes of a public id: a prefix and 26 digits of base 32.
fn uuid(id: &str) -> Uuid {
    let digits = id.rsplit('_').next().unwrap_or_default();
    let bits = digits.chars().fold((0_u128, 0_u32), |(value, at), digit| {
        let digit = u128::from(digit.to_digit(32).unwrap_or_default());
        // Of the last digit only the upper three bits count.
        if at == 25 { ((value << 3) | (digit >> 2), at + 1) } else { ((value << 5) | digit, at + 1) }
    });
    Uuid::from_u128(bits.0)
}

/// The numbers have no gap, the consumer was shown each entry once and in order, and what it holds is the mirror.
async fn feed_is_complete(database: &DatabaseConnection, followed: &Followed) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let entries = all(database, "SELECT seq, integration_id, record_id, kind FROM changes ORDER BY seq").await?;
    if entries.len() != followed.0.len() {
        wrong.push(format!("the feed has {} entries, and the consumer saw {}", entries.len(), followed.0.len()));
    }
    for (at, row) in entries.iter().enumerate() {
        let seq: i64 = row.try_get_by_index(0)?;
        if seq != i64::try_from(at)? + 1 {
            wrong.push(format!("the feed has a gap before {seq}"));
            break;
        }
        let entry: (Uuid, Uuid, String) =
            (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let seen = followed.0.get(at).map(|seen| (uuid(&seen.integration), uuid(&seen.record), seen.kind.clone()));
        if seen.as_ref() != Some(&entry) {
            wrong.push(format!("entry {seq} is {entry:?}, and the consumer saw {seen:?}"));
            break;
        }
    }
    let held: BTreeMap<Uuid, bool> =
        followed.picture().into_iter().map(|(record, is_deleted)| (uuid(record), is_deleted)).collect();
    let mut mirror = BTreeMap::new();
    for table in RECORD_TABLES {
        for row in all(database, &format!("SELECT id, remote_deleted_at FROM {table}")).await? {
            mirror.insert(row.try_get_by_index(0)?, row.try_get_by_index::<Option<i64>>(1)?.is_some());
        }
    }
    let differ = mirror.keys().chain(held.keys()).filter(|id| mirror.get(*id) != held.get(*id));
    let differ: BTreeSet<&Uuid> = differ.collect();
    wrong.extend(
        differ.iter().take(10).map(|id| {
            format!("{id}: deleted in the mirror: {:?}, at the consumer: {:?}", mirror.get(*id), held.get(*id))
        }),
    );
    Ok(wrong)
}

/// Everything that happened was told at least once to each endpoint, and in order for each integration.
async fn everybody_was_told(
    database: &DatabaseConnection,
    receiver: &Receiver,
    followed: &Followed,
    accepted: &[Accepted],
    rows: &mut Rows,
) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let told = receiver.told();
    let mut distinct = 0;
    for (path, _) in ENDPOINTS {
        let mut seen = HashSet::new();
        let first: Vec<&Told> =
            told.iter().filter(|one| one.endpoint == path).filter(|one| seen.insert(one.id.as_str())).collect();
        distinct += first.len();
        let made = format!(
            "SELECT d.id, d.integration_id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id \
             WHERE e.url LIKE '%/{path}' ORDER BY d.seq"
        );
        let mut expected: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for row in all(database, &made).await? {
            expected.entry(row.try_get_by_index(1)?).or_default().push(row.try_get_by_index(0)?);
        }
        let mut came: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        let mut changes: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for one in &first {
            let integration = one.body["integrationId"].as_str().unwrap_or_default();
            came.entry(uuid(integration)).or_default().push(uuid(&one.id));
            for change in one.body["changes"].as_array().into_iter().flatten() {
                let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
                changes.entry(integration.to_owned()).or_default().push((text("recordId"), text("kind")));
            }
        }
        if came != expected {
            wrong.push(format!("{path}: what came first is not what was made, in its order"));
        }
        let mut fed: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for change in &followed.0 {
            fed.entry(change.integration.clone()).or_default().push((change.record.clone(), change.kind.clone()));
        }
        if changes != fed {
            let counts = |of: &BTreeMap<String, Vec<_>>| of.values().map(Vec::len).collect::<Vec<_>>();
            wrong.push(format!(
                "{path}: told of {:?} changes, which are not the feed's {:?}",
                counts(&changes),
                counts(&fed)
            ));
        }
        if path == "everything" {
            wrong.extend(ends_were_told(database, &first, accepted).await?);
        }
    }
    rows.push(("deliveries out, at least once each".to_owned(), format!("{distinct} (sent {} times)", told.len())));
    Ok(wrong)
}

/// The end of each run and of each write is told by one delivery. Runs that read single records are not told of.
async fn ends_were_told(database: &DatabaseConnection, first: &[&Told], accepted: &[Accepted]) -> Outcome<Vec<String>> {
    let told = |event: &str, name: &str| -> Vec<Uuid> {
        let of = first.iter().filter(|one| one.body["type"] == event);
        let mut ids: Vec<Uuid> = of.map(|one| uuid(one.body["data"][name].as_str().unwrap_or_default())).collect();
        ids.sort_unstable();
        ids
    };
    let mut wrong = Vec::new();
    let mut runs = Vec::new();
    for row in all(database, "SELECT id FROM sync_runs WHERE kind <> 'TARGETED'").await? {
        runs.push(row.try_get_by_index::<Uuid>(0)?);
    }
    runs.sort_unstable();
    let mut writes: Vec<Uuid> = accepted.iter().map(|one| uuid(&one.id)).collect();
    writes.sort_unstable();
    for (what, told, expected) in
        [("runs", told("SYNC_FINISHED", "syncRunId"), runs), ("writes", told("ACTION_FINISHED", "actionId"), writes)]
    {
        if told != expected {
            wrong.push(format!("the ends of {} {what} were told, and there were {}", told.len(), expected.len()));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_id_is_read_as_its_bytes() {
        assert_eq!(uuid("int_vvvvvvvvvvvvvvvvvvvvvvvvvs"), Uuid::max());
        assert_eq!(uuid("cand_00000000000000000000000004"), Uuid::from_u128(1));
    }
}
