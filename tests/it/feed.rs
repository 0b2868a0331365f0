//! The change feed: complete, in one order, and followed by one cursor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hiregraph::domain::{Candidate, Clock, IdSpace, IntegrationId, Payload, RecordType, Scope, Snapshot};
use hiregraph::store::entity::change;
use hiregraph::store::{Lease, PageCommit};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, rows, texts, uuid_of};

on_both!(
    the_feed_is_one_order_over_all_integrations,
    filters_leave_out_and_never_reorder,
    a_restricted_key_sees_its_own_changes_only,
    the_end_of_the_feed_can_be_learnt_and_gone_on_from,
    cursors_of_other_lists_are_refused,
    what_is_too_old_is_removed_and_a_cursor_to_it_refused,
    the_records_of_a_page_are_read_together,
    whoever_follows_the_feed_has_the_mirror,
    a_reader_misses_nothing_while_many_write,
);

const SMALL: Size = Size { candidates: 30, jobs: 4 };

const CHANGES: &str = "query($integrations: [ID!], $types: [RecordType!], $first: Int, $after: String) { \
    changes(integrationIds: $integrations, types: $types, first: $first, after: $after) { \
    edges { cursor node { cursor at type kind recordId changedFields record { id } integration { id } } } \
    nodes { recordId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// All entries from a cursor on, page by page.
async fn follow(app: &TestApp, key: &str, mut variables: Value) -> (Vec<Value>, String) {
    let mut all = Vec::new();
    loop {
        let mut answer = app.ask(key, CHANGES, variables.clone()).await;
        assert_eq!(code(&answer), "", "{answer:#}");
        let page = answer["data"]["changes"].take();
        assert_eq!(texts(&page["nodes"], "recordId").len(), rows(&page["edges"]).len());
        for edge in rows(&page["edges"]) {
            assert_eq!(edge["cursor"], edge["node"]["cursor"]);
            all.push(edge["node"].clone());
        }
        let info = &page["pageInfo"];
        variables["after"] = info["endCursor"].clone();
        if info["hasNextPage"] != json!(true) {
            return (all, info["endCursor"].as_str().unwrap().to_owned());
        }
        assert_eq!(info["endCursor"], rows(&page["edges"]).last().unwrap()["cursor"]);
    }
}

/// All entries as they lie in the table.
async fn table(app: &TestApp) -> Vec<change::Model> {
    change::Entity::find().order_by_asc(change::Column::Seq).all(app.store.connection()).await.unwrap()
}

fn uuids(entries: &[Value]) -> Vec<uuid::Uuid> {
    entries.iter().map(|entry| uuid_of(entry["recordId"].as_str().unwrap())).collect()
}

async fn the_feed_is_one_order_over_all_integrations(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let (read, end) = follow(&app, &app.admin, json!({ "first": 40 })).await;
    let stored = table(&app).await;
    assert!(stored.len() > 100);
    assert_eq!(uuids(&read), stored.iter().map(|entry| entry.record_id).collect::<Vec<_>>());
    for (entry, row) in read.iter().zip(&stored) {
        assert_eq!((&entry["type"], &entry["kind"]), (&json!(row.model), &json!("CREATED")));
        assert_eq!(entry["record"]["id"], entry["recordId"], "the record as it is now");
        assert_eq!(uuid_of(entry["integration"]["id"].as_str().unwrap()), row.integration_id);
    }
    let of: BTreeSet<_> = read.iter().map(|entry| entry["integration"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(of, BTreeSet::from([traffit.clone(), hrworks]));
    // What changes next comes next, with the names of the fields.
    app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = "Nowa".into()));
    app.clock.advance(Duration::from_secs(3600));
    app.sync(&traffit).await;
    let (next, _) = follow(&app, &app.admin, json!({ "after": end })).await;
    let [changed] = next.as_slice() else { panic!("{next:#?}") };
    assert_eq!((&changed["type"], &changed["kind"]), (&json!("CANDIDATE"), &json!("UPDATED")));
    assert!(rows(&changed["changedFields"]).contains(&json!("lastName")), "{changed:#}");
}

async fn filters_leave_out_and_never_reorder(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let (all, end) = follow(&app, &app.admin, json!({ "first": 250 })).await;
    let kept = |keep: &dyn Fn(&Value) -> bool| all.iter().filter(|entry| keep(entry)).cloned().collect::<Vec<_>>();
    let of = |entry: &Value, id: &String| entry["integration"]["id"] == id.as_str();
    let typed = |entry: &Value| ["JOB", "TAG"].contains(&entry["type"].as_str().unwrap());
    for (variables, expected) in [
        (json!({ "integrations": [traffit] }), kept(&|entry| of(entry, &traffit))),
        (json!({ "integrations": [traffit, hrworks] }), all.clone()),
        (json!({ "types": ["JOB", "TAG"] }), kept(&typed)),
        (
            json!({ "integrations": [hrworks], "types": ["JOB", "TAG"] }),
            kept(&|entry| of(entry, &hrworks) && typed(entry)),
        ),
        (json!({ "integrations": [] }), vec![]),
        (json!({ "types": [] }), vec![]),
        (json!({ "integrations": ["int_none", "nonsense"] }), vec![]),
    ] {
        let mut variables = variables;
        variables["first"] = json!(7);
        let (read, last) = follow(&app, &app.admin, variables.clone()).await;
        assert_eq!(read, expected, "{variables}");
        // Whoever sees few of the entries goes on from the end of all.
        assert_eq!(last, end, "{variables}");
    }
}

async fn a_restricted_key_sees_its_own_changes_only(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::RecordsRead], Some(&[&hrworks])).await;
    let (own, _) = follow(&app, &app.admin, json!({ "integrations": [hrworks] })).await;
    assert_eq!(follow(&app, &key, json!({ "first": 20 })).await.0, own);
    assert_eq!(follow(&app, &key, json!({ "integrations": [traffit, hrworks] })).await.0, own);
    let foreign = follow(&app, &key, json!({ "integrations": [traffit] })).await;
    let none = follow(&app, &key, json!({ "integrations": ["int_aaaaaaaaaaaaaaaaaaaaaaaaaa"] })).await;
    assert_eq!((foreign.0, foreign.1), (vec![], none.1), "as one that does not exist");
    let nobody = app.key(&[Scope::RecordsRead], Some(&[])).await;
    assert_eq!(follow(&app, &nobody, json!({})).await.0, Vec::<Value>::new());
}

async fn the_end_of_the_feed_can_be_learnt_and_gone_on_from(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let info = async |variables: Value| app.query_with(CHANGES, variables).await["changes"].take();
    let empty = info(json!({})).await;
    assert_eq!(empty["edges"], json!([]));
    let beginning = empty["pageInfo"]["endCursor"].clone();
    assert_eq!(
        empty["pageInfo"],
        json!({"hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": beginning})
    );
    let traffit = app.connected("traffit").await;
    let first = info(json!({ "first": 3, "after": beginning })).await;
    assert_eq!((rows(&first["edges"]).len(), &first["pageInfo"]["hasNextPage"]), (3, &json!(true)));
    let end = info(json!({ "first": 0 })).await["pageInfo"].take();
    assert_eq!(end["hasNextPage"], false);
    let nothing = info(json!({ "after": end["endCursor"] })).await;
    assert_eq!((&nothing["edges"], &nothing["pageInfo"]["endCursor"]), (&json!([]), &end["endCursor"]));
    // Whoever asks for nothing stays where it is.
    let stays = info(json!({ "first": 0, "after": beginning })).await["pageInfo"].take();
    assert_eq!((&stays["endCursor"], &stays["hasNextPage"]), (&beginning, &json!(true)));
    app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = "Nowa".into()));
    app.clock.advance(Duration::from_secs(3600));
    app.sync(&traffit).await;
    assert_eq!(rows(&info(json!({ "after": end["endCursor"] })).await["edges"]).len(), 1);
}

async fn cursors_of_other_lists_are_refused(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected("traffit").await;
    let other = "{ jobs(first: 1) { pageInfo { endCursor } } integrations(first: 1) { pageInfo { endCursor } } }";
    let other = app.query(other).await;
    let list = |name: &str| other[name]["pageInfo"]["endCursor"].clone();
    for cursor in [list("jobs"), list("integrations"), json!(""), json!("x"), json!("🦀"), json!("QAAAAAAAAAA")] {
        let answer = app.ask(&app.admin, CHANGES, json!({ "after": cursor })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{cursor}: {answer:#}");
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "after");
    }
    for first in [-1, 251] {
        let answer = app.ask(&app.admin, CHANGES, json!({ "first": first })).await;
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "first", "{answer:#}");
    }
}

async fn what_is_too_old_is_removed_and_a_cursor_to_it_refused(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let traffit = app.connected("traffit").await;
    let (old, end) = follow(&app, &app.admin, json!({})).await;
    app.clock.advance(Duration::from_secs(29 * 24 * 3600));
    app.service.purge().await.unwrap();
    assert_eq!(follow(&app, &app.admin, json!({})).await.0, old, "it is not old enough");
    app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = "Nowa".into()));
    app.sync(&traffit).await;
    app.clock.advance(Duration::from_secs(2 * 24 * 3600));
    app.service.purge().await.unwrap();
    let (left, _) = follow(&app, &app.admin, json!({})).await;
    assert_eq!(left.len(), 1, "{left:#?}");
    // The last that was removed is where what is left begins.
    assert_eq!(follow(&app, &app.admin, json!({ "after": end })).await.0, left);
    let gone = json!({ "after": old[old.len() - 2]["cursor"] });
    let answer = app.ask(&app.admin, CHANGES, gone).await;
    assert_eq!(code(&answer), "CURSOR_EXPIRED", "{answer:#}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("read the lists anew"), "{answer:#}");
    // Nor is there a cursor that was never given.
    let beyond = hiregraph::store::page::feed_cursor(i64::MAX);
    assert_eq!(code(&app.ask(&app.admin, CHANGES, json!({ "after": beyond })).await), "CURSOR_EXPIRED");
    app.clock.advance(Duration::from_secs(31 * 24 * 3600));
    app.service.purge().await.unwrap();
    let (none, last) = follow(&app, &app.admin, json!({ "after": left[0]["cursor"] })).await;
    assert_eq!((none, json!(last)), (vec![], left[0]["cursor"].clone()));
}

async fn the_records_of_a_page_are_read_together(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.connected_to_both().await;
    let query = "query($first: Int!) { changes(first: $first) { nodes { recordId integration { name } record { id \
                 ... on Candidate { tags { tag { name } } applications(first: 3) { nodes { job { name } } } } \
                 ... on Job { stages { stage { name } } } } } } }";
    let (few, statements) = app.counted(query, json!({ "first": 250 })).await;
    let types = few["changes"]["nodes"].as_array().unwrap().len();
    assert!(types > 100);
    let (more, again) = app.counted(query, json!({ "first": 100 })).await;
    assert_eq!(rows(&more["changes"]["nodes"]).len(), 100);
    assert!(statements.len() < 30 && again.len() <= statements.len(), "{} {}", statements.len(), again.len());
    let plain = "query($first: Int!) { changes(first: $first) { nodes { recordId kind changedFields } } }";
    assert_eq!(app.counted(plain, json!({ "first": 250 })).await.1.len(), 2, "the key and the feed");
}

async fn whoever_follows_the_feed_has_the_mirror(backend: Backend) {
    let app = TestApp::start(backend).await;
    let traffit = app.connect("traffit").await;
    let query = "query($after: String) { changes(types: [CANDIDATE], first: 100, after: $after) { nodes { recordId record { \
                 remoteDeletedAt ... on Candidate { firstName lastName } } } pageInfo { hasNextPage endCursor } } }";
    let mut copy: BTreeMap<String, Value> = BTreeMap::new();
    let mut after = Value::Null;
    for round in 0..4 {
        if round > 0 {
            app.vendors.traffit.edit(|account| {
                let ids = account.candidate_ids();
                account.update_candidate(ids[round], |candidate| candidate.lastname = format!("Nowa{round}").into());
                account.delete_candidate(ids[10 + round]);
            });
        }
        app.clock.advance(Duration::from_secs(3600));
        app.sync(&traffit).await;
        loop {
            let page = app.query_with(query, json!({ "after": after })).await["changes"].take();
            for change in rows(&page["nodes"]) {
                let id = change["recordId"].as_str().unwrap().to_owned();
                match &change["record"]["remoteDeletedAt"] {
                    Value::Null => drop(copy.insert(id, change["record"].clone())),
                    _ => drop(copy.remove(&id)),
                }
            }
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        let all = "{ candidates(first: 250) { totalCount nodes { id remoteDeletedAt firstName lastName } } }";
        let mut mirror = BTreeMap::new();
        let mut listed = app.query(all).await["candidates"].take();
        assert!(listed["totalCount"].as_u64().unwrap() <= 250);
        for node in listed["nodes"].as_array_mut().unwrap() {
            let id = node.as_object_mut().unwrap().remove("id").unwrap();
            mirror.insert(id.as_str().unwrap().to_owned(), node.take());
        }
        assert_eq!(copy, mirror, "after round {round}");
    }
}

/// Pages of a few candidates each, committed to one integration by one of several tasks.
async fn write(app: Arc<TestApp>, integration: uuid::Uuid, task: usize) {
    let ids = IdSpace::new(IntegrationId(integration));
    for page in 0..12 {
        let snapshots: Vec<Snapshot> = (0..5)
            .map(|number| {
                let remote_id = format!("{task}-{page}-{number}");
                Snapshot {
                    id: ids.uuid(RecordType::Candidate, &remote_id),
                    record: Candidate { remote_id, ..Candidate::default() }.into(),
                    payload: Payload::from([("/x".to_owned(), json!({ "number": number }))]),
                }
            })
            .collect();
        let now = app.clock.now();
        let commit = PageCommit { snapshots: &snapshots, volatile: &[], children: &[], run: None, now };
        app.store.commit_page(&Lease::beside(integration), commit).await.unwrap();
    }
}

async fn a_reader_misses_nothing_while_many_write(backend: Backend) {
    let app = Arc::new(TestApp::start_with(backend, SMALL).await);
    let mut integrations = Vec::new();
    for connector in ["traffit", "hrworks", "traffit"] {
        integrations.push(uuid_of(&app.connect(connector).await));
    }
    let mut writers = JoinSet::new();
    for task in 0..9 {
        writers.spawn(write(app.clone(), integrations[task % 3], task));
    }
    let mut readers = JoinSet::new();
    let done = tokio_util::sync::CancellationToken::new();
    for variables in [json!({ "first": 7 }), json!({ "first": 250 }), json!({ "first": 11, "types": ["CANDIDATE"] })] {
        let (app, done) = (app.clone(), done.clone());
        readers.spawn(async move {
            let (mut read, mut variables) = (Vec::new(), variables);
            loop {
                // Before it reads: what was committed until then must be read.
                let last = done.is_cancelled();
                let (more, end) = follow(&app, &app.admin, variables.clone()).await;
                read.extend(more);
                variables["after"] = json!(end);
                if last {
                    return read;
                }
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    done.cancel();
    let stored: Vec<_> = table(&app).await.into_iter().map(|entry| (entry.seq, entry.record_id)).collect();
    assert_eq!(stored.len(), 9 * 12 * 5);
    assert_eq!(stored.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (1..=540).collect::<Vec<i64>>());
    while let Some(read) = readers.join_next().await {
        let expected: Vec<_> = stored.iter().map(|(_, record)| *record).collect();
        assert_eq!(uuids(&read.unwrap()), expected, "in order, each once, none left out");
    }
}
