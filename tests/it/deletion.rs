//! What is gone at the vendor is marked and kept; what the vendor only fails to show is not.

use std::collections::BTreeSet;

use serde_json::json;

use crate::on_both;
use crate::support::{Backend, TestApp, model, uuid_of};

on_both!(
    what_is_gone_is_marked_and_comes_back_when_it_reappears,
    no_fault_of_traffit_deletes_what_it_still_has,
    no_fault_of_hr_works_deletes_what_it_still_has,
);

async fn what_is_gone_is_marked_and_comes_back_when_it_reappears(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let (candidate, job, user, application) = app.vendors.traffit.edit(|account| {
        let candidate = account.candidate_ids().into_iter().find(|id| !account.tags_of(*id).is_empty()).unwrap();
        let job = account.job_ids()[2];
        let other = *account.job_ids().iter().find(|id| **id != job && !account.members_of(**id).is_empty()).unwrap();
        let member = *account.members_of(other).iter().find(|member| **member != candidate).unwrap();
        (candidate, job, *account.user_ids().last().unwrap(), (other, member))
    });
    let kept = app.vendors.traffit.edit(|account| account.candidate(candidate).unwrap().clone());
    let tags = app.count("SELECT COUNT(*) FROM candidate_tags WHERE integration_id = $1", uuid_of(&id)).await;
    let before = app.total("candidates", &id).await;
    app.vendors.traffit.edit(|account| {
        account.delete_candidate(candidate);
        account.remove_job(job);
        account.delete_user(user);
        account.remove_member(application.0, application.1);
    });
    let known = app.changes(&id).await.len();
    let run = app.sync(&id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(app.gone(&id, "CANDIDATE").await, BTreeSet::from([candidate.to_string()]));
    assert_eq!(app.gone(&id, "JOB").await, BTreeSet::from([job.to_string()]));
    assert_eq!(app.gone(&id, "USER").await, BTreeSet::from([user.to_string()]));
    assert!(app.gone(&id, "APPLICATION").await.contains(&format!("{}:{}", application.0, application.1)));
    for of in ["CANDIDATE", "JOB", "USER"] {
        assert_eq!(model(&run, of)["deleted"], 1, "{run:#}");
    }
    // What belonged to them went along, and nothing else.
    assert_eq!(app.orphans(&id).await, Vec::<String>::new());
    for (join, parent, column) in [
        ("job_stages", "jobs", "job_id"),
        ("hiring_team_members", "jobs", "job_id"),
        ("candidate_tags", "candidates", "candidate_id"),
    ] {
        let left = format!(
            "SELECT COUNT(*) FROM {join} x JOIN {parent} p ON p.integration_id = x.integration_id AND p.id = x.{column} \
             WHERE x.integration_id = $1 AND x.remote_deleted_at IS NULL AND p.remote_deleted_at IS NOT NULL"
        );
        assert_eq!(app.count(&left, uuid_of(&id)).await, 0, "{join}");
    }
    let left = app
        .count(
            "SELECT COUNT(*) FROM candidate_tags WHERE integration_id = $1 AND remote_deleted_at IS NULL",
            uuid_of(&id),
        )
        .await;
    assert!(left < tags);
    let entries = app.changes(&id).await.split_off(known);
    // A job that named the user changed, too.
    assert!(entries.iter().all(|entry| entry.kind != "CREATED"), "{entries:#?}");
    assert_eq!(entries.iter().filter(|entry| entry.model == "CANDIDATE" && entry.kind == "DELETED").count(), 1);

    assert_eq!(app.total("candidates", &id).await, before - 1);
    let query = "query($id: ID!) { candidates(integrationId: $id, first: 250, filter: {includeDeleted: true}) \
                 { totalCount nodes { remoteId remoteDeletedAt } } }";
    let shown = app.query_with(query, json!({ "id": id })).await["candidates"].take();
    assert_eq!(shown["totalCount"], before);
    let deleted: Vec<_> =
        shown["nodes"].as_array().unwrap().iter().filter(|node| !node["remoteDeletedAt"].is_null()).collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["remoteId"], candidate.to_string());

    app.vendors.traffit.edit(|account| {
        // An id never comes twice at the vendor, so it is shown again under the old one.
        account.restore_candidate(candidate, kept);
    });
    let known = app.changes(&id).await.len();
    let run = app.sync(&id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(app.gone(&id, "CANDIDATE").await, BTreeSet::new());
    assert_eq!(app.total("candidates", &id).await, before);
    let entries = app.changes(&id).await.split_off(known);
    let entry = entries.iter().find(|entry| entry.model == "CANDIDATE").unwrap();
    assert_eq!(
        (entry.kind.as_str(), entry.changed_fields.0.contains(&"remoteDeletedAt".to_owned())),
        ("UPDATED", true)
    );
    let left = app
        .count(
            "SELECT COUNT(*) FROM candidate_tags WHERE integration_id = $1 AND remote_deleted_at IS NULL",
            uuid_of(&id),
        )
        .await;
    assert_eq!(left, tags, "its tags came back with it");
}

/// Marked as deleted, although the vendor has it.
async fn wrongly_gone(app: &TestApp, connector: &str, id: &str) -> Vec<String> {
    let mut wrong = app.orphans(id).await;
    for (of, ids) in app.vendors.remote_ids(connector) {
        let gone = app.gone(id, of).await;
        wrong.extend(ids.iter().filter(|id| gone.contains(*id)).map(|id| format!("{of} {id}")));
    }
    wrong
}

async fn after_all_faults(app: &TestApp, connector: &str, id: &str) {
    app.vendors.faults(connector, &[]);
    let run = app.sync(id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(wrongly_gone(app, connector, id).await, Vec::<String>::new());
    for (of, ids) in app.vendors.remote_ids(connector) {
        assert_eq!(app.living(id, of).await, ids.into_iter().collect(), "{of}");
    }
}

async fn no_fault_of_traffit_deletes_what_it_still_has(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let tagged = app
        .vendors
        .traffit
        .edit(|account| account.candidate_ids().into_iter().find(|id| !account.tags_of(*id).is_empty()).unwrap());
    let mut wrong = Vec::new();
    for (round, fault) in [
        "empty-list",
        "half-of-records",
        "truncated-page",
        "html-200",
        "not-json",
        "shift-pages",
        "short-pages",
        "ghost-total=7",
        "no-page-headers",
        "deleted-404",
        "missing-field=id",
        "truncated-page@/api/integration/v2/employees",
        "empty-list@/api/integration/v2/recruitments",
    ]
    .into_iter()
    .enumerate()
    {
        // Its tags are asked for again, too.
        app.vendors.traffit.edit(|account| {
            account.update_candidate(tagged, |candidate| candidate.name = format!("Round {round}").into())
        });
        app.vendors.faults("traffit", &[fault]);
        let run = app.sync(&id).await;
        assert!(!run["finishedAt"].is_null(), "{fault}: {run:#}");
        wrong.extend(wrongly_gone(&app, "traffit", &id).await.into_iter().map(|what| format!("{fault}: {what}")));
        app.vendors.faults("traffit", &[]);
        app.sync(&id).await;
    }
    assert_eq!(wrong, Vec::<String>::new());
    after_all_faults(&app, "traffit", &id).await;
}

async fn no_fault_of_hr_works_deletes_what_it_still_has(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let (candidate, job, user) = app.vendors.hrworks.edit(|account| {
        (account.candidate_ids()[1].clone(), account.job_ids()[1].clone(), account.user_ids()[1].clone())
    });
    let hidden = [candidate, job, user].map(|id| format!("deleted-404={id}"));
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for faults in [
        &["empty-list"][..],
        &["half-of-records"],
        &["truncated-page"],
        &["html-200"],
        &["not-json"],
        &["missing-rows"],
        &["shift-pages"],
        &["duplicate-rows"],
        &["missing-field=id"],
        &hidden,
        &["empty-list@/v2/applicant-management/job-applications"],
        &["half-of-records@/v2/applicant-management/job-applications"],
    ] {
        app.vendors.faults("hrworks", faults);
        let run = app.sync(&id).await;
        assert!(!run["finishedAt"].is_null(), "{faults:?}: {run:#}");
        wrong.extend(wrongly_gone(&app, "hrworks", &id).await.into_iter().map(|what| format!("{faults:?}: {what}")));
        app.vendors.faults("hrworks", &[]);
        app.sync(&id).await;
    }
    assert_eq!(wrong, Vec::<String>::new());
    after_all_faults(&app, "hrworks", &id).await;
}
