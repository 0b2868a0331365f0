//! What changes at the vendor arrives with the next sync: counted, noted in the change feed, and nothing else moves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hiregraph::connectors::{hrworks, traffit};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, model};

on_both!(
    changes_at_traffit_arrive_with_the_next_sync,
    changes_at_hr_works_arrive_with_the_next_sync,
    a_text_with_a_nul_character_stops_nothing,
);

/// What a run counted of a type: created, updated, unchanged, deleted.
fn counts(run: &Value, of: &str) -> [i64; 4] {
    let row = model(run, of);
    ["created", "updated", "unchanged", "deleted"].map(|name| row[name].as_i64().unwrap())
}

/// Syncs an hour later. Answers the run, and the new entries of the feed by type and remote id; checks that only the
/// records that the feed names have moved.
async fn sync_later(app: &TestApp, id: &str) -> (Value, BTreeMap<(String, String), (String, Vec<String>)>) {
    let (known, before) = (app.changes(id).await.len(), app.changed_at(id).await);
    app.clock.advance(Duration::from_secs(3600));
    let run = app.sync(id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    let after = app.changed_at(id).await;
    let moved: BTreeSet<_> =
        after.iter().filter(|(key, at)| before.get(key) != Some(at)).map(|(key, _)| *key).collect();
    let changes = app.changes(id).await.split_off(known);
    let named: BTreeSet<_> = changes.iter().map(|change| change.record_id).collect();
    assert_eq!(moved.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>(), named);
    assert_eq!(changes.len(), named.len(), "a record changed twice in one run");
    let ids = app.remote_ids(id).await;
    let entries = changes.into_iter().map(|change| {
        let remote = ids.get(&change.record_id).cloned().unwrap_or_default();
        ((change.model, remote), (change.kind, change.changed_fields.0))
    });
    (run, entries.collect())
}

fn has(fields: &[String], expected: &[&str]) -> bool {
    expected.iter().all(|name| fields.iter().any(|field| field == name))
}

async fn changes_at_traffit_arrive_with_the_next_sync(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let (all, jobs, members) =
        app.vendors.traffit.edit(|account| (account.candidates(), account.jobs(), account.members()));
    app.clock.advance(Duration::from_secs(60));
    let (renamed, tagged, with_field, moved, job, closed, added) = app.vendors.traffit.edit(|account| {
        let ids = account.candidate_ids();
        let job = *account.job_ids().iter().find(|job| account.members_of(**job).len() > 1).unwrap();
        let moved = account.members_of(job)[0];
        let closed =
            *account.job_ids().iter().find(|other| **other != job && !account.job(**other).unwrap().is_closed).unwrap();
        let mut free = ids.iter().copied().filter(|candidate| *candidate != moved);
        let (renamed, tagged, with_field) = (free.next().unwrap(), free.next().unwrap(), free.next().unwrap());
        assert!(account.update_candidate(renamed, |candidate| candidate.lastname = "Nowa".into()));
        account.tag(tagged, "brand new").unwrap();
        let key = account.candidate_fields()[0].sid.clone();
        account.update_candidate(with_field, |candidate| drop(candidate.fields.insert(key, json!("other"))));
        let state = account.state_of(job, moved).unwrap();
        let other = account.workflow_ids().into_iter().flat_map(|id| account.workflow(id).unwrap().states.clone());
        let other: Vec<i64> = other.map(|state| state.id).filter(|id| *id != state).collect();
        assert!(
            other
                .into_iter()
                .any(|state| account.move_to(job, moved, state) && account.state_of(job, moved) == Some(state))
        );
        assert!(account.close_job(closed));
        let added = account.add_candidate(traffit::simulator::Candidate::new("Ada", "Nowak", "ada@example.com"));
        assert!(account.add_member(job, added));
        (renamed, tagged, with_field, moved, job, closed, added)
    });
    let (run, entries) = sync_later(&app, &id).await;
    let entry = |of: &str, remote: String| {
        entries.get(&(of.to_owned(), remote.clone())).unwrap_or_else(|| panic!("{of} {remote}: {entries:#?}"))
    };
    let (all, jobs, members) = (all as i64, jobs as i64, members as i64);
    assert_eq!(counts(&run, "CANDIDATE"), [1, 3, all - 3, 0], "{entries:#?}");
    assert_eq!(counts(&run, "JOB"), [0, 1, jobs - 1, 0]);
    assert_eq!(counts(&run, "APPLICATION"), [1, 1, members - 1, 0]);
    let (kind, fields) = entry("CANDIDATE", renamed.to_string());
    assert!(kind == "UPDATED" && has(fields, &["lastName", "remoteData"]), "{kind} {fields:?}");
    let (kind, fields) = entry("CANDIDATE", with_field.to_string());
    assert!(kind == "UPDATED" && has(fields, &["remoteData"]), "{kind} {fields:?}");
    assert_eq!(entry("CANDIDATE", tagged.to_string()).0, "UPDATED");
    assert_eq!(entry("CANDIDATE", added.to_string()), &("CREATED".to_owned(), Vec::new()));
    let (kind, fields) = entry("JOB", closed.to_string());
    assert!(kind == "UPDATED" && has(fields, &["status", "closedAt"]), "{kind} {fields:?}");
    let (kind, fields) = entry("APPLICATION", format!("{job}:{moved}"));
    assert!(kind == "UPDATED" && has(fields, &["currentStage"]), "{kind} {fields:?}");
    assert_eq!(entry("APPLICATION", format!("{job}:{added}")).0, "CREATED");
    assert_eq!(counts(&run, "CANDIDATE_TAG")[0], 1);
    assert_eq!(counts(&run, "TAG")[0], 1);
    assert_eq!(model(&run, "USER")["updated"], 0);

    app.clock.advance(Duration::from_secs(60));
    assert!(app.vendors.traffit.edit(|account| account.untag(tagged, "brand new")));
    let (run, entries) = sync_later(&app, &id).await;
    assert_eq!(counts(&run, "CANDIDATE_TAG")[3], 1, "{run:#}");
    assert_eq!(counts(&run, "TAG")[3], 1, "{run:#}");
    let kinds: BTreeMap<_, _> = entries.iter().map(|((of, _), (kind, _))| (of.as_str(), kind.as_str())).collect();
    let expected = [("CANDIDATE", "UPDATED"), ("CANDIDATE_TAG", "DELETED"), ("TAG", "DELETED")];
    assert_eq!(kinds, BTreeMap::from(expected));
    let (_, entries) = sync_later(&app, &id).await;
    assert!(entries.is_empty(), "{entries:#?}");
}

async fn changes_at_hr_works_arrive_with_the_next_sync(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let (all, jobs, applications) =
        app.vendors.hrworks.edit(|account| (account.candidates(), account.jobs(), account.applications()));
    let (renamed, moved, job, added, application) = app.vendors.hrworks.edit(|account| {
        let renamed = account.candidate_ids()[0].clone();
        assert!(account.update_candidate(&renamed, |candidate| candidate.last_name = "Neu".into()));
        let moved =
            account.application_ids().into_iter().find(|id| account.application(id).unwrap().applicant != renamed);
        let moved = moved.unwrap();
        let to = if account.application(&moved).unwrap().status == "secondInterview" {
            "employed"
        } else {
            "secondInterview"
        };
        assert!(account.set_status(&moved, to));
        let job = account.job_ids().into_iter().find(|id| account.job(id).unwrap().is_active).unwrap();
        account.update_job(&job, |post| {
            post.name = "Another name".to_owned();
            post.display_name = Some("Another name".to_owned());
        });
        let post = account.post_key(&job).unwrap();
        let added = account.add_candidate(hrworks::simulator::Applicant {
            first_name: "Ada".into(),
            last_name: "Beispiel".into(),
            ..Default::default()
        });
        let application = hrworks::simulator::JobApplication {
            applicant: added.clone(),
            post,
            status: "applied".into(),
            ..account.application(&moved).unwrap().clone()
        };
        let application = account.add_application(application).unwrap();
        (renamed, moved, job, added, application)
    });
    let (run, entries) = sync_later(&app, &id).await;
    let entry = |of: &str, remote: &str| {
        entries.get(&(of.to_owned(), remote.to_owned())).unwrap_or_else(|| panic!("{of} {remote}: {entries:#?}"))
    };
    let (all, jobs, applications) = (all as i64, jobs as i64, applications as i64);
    assert_eq!(counts(&run, "APPLICATION")[0], 1);
    assert_eq!(counts(&run, "CANDIDATE")[0], 1);
    assert_eq!(counts(&run, "JOB"), [0, 1, jobs - 1, 0]);
    assert!(
        counts(&run, "CANDIDATE")[2] >= all - 3 && counts(&run, "APPLICATION")[2] >= applications - 3,
        "{entries:#?}"
    );
    assert!(has(&entry("CANDIDATE", &renamed).1, &["lastName"]));
    assert!(has(&entry("APPLICATION", &moved).1, &["currentStage"]));
    assert!(has(&entry("JOB", &job).1, &["name"]));
    assert_eq!(entry("CANDIDATE", &added).0, "CREATED");
    assert_eq!(entry("APPLICATION", &application).0, "CREATED");
    let (_, entries) = sync_later(&app, &id).await;
    assert!(entries.is_empty(), "{entries:#?}");
}

async fn a_text_with_a_nul_character_stops_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.vendors.traffit.edit(|account| account.update_candidate(1, |candidate| candidate.lastname = "No\0wak".into()));
    let id = app.connect("traffit").await;
    let run = app.sync(&id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    let query =
        "query($id: ID!) { candidates(integrationId: $id, filter: {remoteIds: [\"1\"]}) { nodes { lastName } } }";
    let found = app.query_with(query, json!({ "id": id })).await;
    assert_eq!(found["candidates"]["nodes"][0]["lastName"], "Nowak", "{found:#}");
}
