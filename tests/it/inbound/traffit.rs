//! TRAFFIT's twelve events, in every shape that their bodies may have.

use hiregraph::connectors::traffit::simulator::{Account, Advert, Candidate, Job, Variant};
use hiregraph::domain::{ChangeKind, RecordType};
use serde_json::{Value, json};

use super::{SMALL, call, deliver, only_run, pending, runs, shown, told};
use crate::on_both;
use crate::support::{Backend, TestApp, model, uuid_of};

on_both!(
    candidates_come_and_apply_and_move,
    a_removed_candidate_leaves_the_job,
    jobs_come_and_change_and_are_unpublished,
    a_deleted_candidate_is_marked_once_the_vendor_confirms,
    an_anonymised_candidate_leaves_nothing_that_says_who_it_was,
    merged_candidates_are_one_with_all_applications,
    every_shape_of_a_body_leads_to_the_record,
    a_merge_that_does_not_say_of_whom_is_found_out_all_the_same,
    a_full_sync_under_way_undoes_nothing,
    what_cannot_be_read_singly_is_read_by_a_run,
    only_what_was_created_here_comes_in_where_nothing_else_is_mirrored,
);

pub fn somebody(name: &str) -> Candidate {
    Candidate::new(name, "Osoba", &format!("{}@example.test", name.to_lowercase()))
}

/// A job with a pipeline, and a candidate who is in none.
fn job_and_somebody(account: &mut Account) -> (i64, i64) {
    let job = *account.job_ids().iter().find(|job| account.state_by_kind(**job, "end-good").is_some()).unwrap();
    (job, account.add_candidate(somebody("Nowa")))
}

fn key(job: i64, candidate: i64) -> String {
    format!("{job}:{candidate}")
}

async fn candidates_come_and_apply_and_move(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let before = app.changes(&id).await.len();
    let (job, candidate) = app.vendors.traffit.edit(job_and_somebody);
    deliver(&app, &told(&app, &["candidate_created"])).await;
    app.settle().await;
    let record = shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await;
    assert_eq!((&record["firstName"], &record["remoteDeletedAt"]), (&json!("Nowa"), &Value::Null));
    let entries = app.changes(&id).await.split_off(before);
    assert_eq!(entries.len(), 1, "{entries:#?}");
    let run = only_run(&app, &id, "TARGETED").await;
    assert_eq!((&run["kind"], &run["state"]), (&json!("TARGETED"), &json!("SUCCEEDED")), "{run:#}");
    let row = model(&run, "CANDIDATE");
    assert_eq!((&row["fetched"], &row["created"], &row["error"]), (&json!(1), &json!(1), &Value::Null), "{run:#}");

    app.vendors.traffit.edit(|account| assert!(account.apply(job, candidate)));
    deliver(&app, &told(&app, &["candidate_applied"])).await;
    app.settle().await;
    let application = shown(&app, &id, RecordType::Application, &key(job, candidate)).await;
    let start = app.vendors.traffit.edit(|account| account.state_of(job, candidate).unwrap().to_string());
    assert_eq!((&application["outcome"], &application["currentStage"]["remoteId"]), (&json!("PENDING"), &json!(start)));

    let wait = app.vendors.traffit.edit(|account| {
        let workflow = account.job(job).unwrap().workflow_id.unwrap_or(1);
        let states = account.workflow(workflow).or_else(|| account.workflow(1)).unwrap().states.clone();
        let usual = |kind: &str| !["start", "end-good", "end-bad"].contains(&kind);
        let wait = states.iter().find(|state| usual(&state.kind)).unwrap().id;
        assert!(account.move_to(job, candidate, wait));
        wait
    });
    deliver(&app, &told(&app, &["candidate_moved_in_job"])).await;
    app.settle().await;
    let application = shown(&app, &id, RecordType::Application, &key(job, candidate)).await;
    assert_eq!(application["currentStage"]["remoteId"], wait.to_string());

    app.vendors.traffit.edit(|account| {
        let hired = account.state_by_kind(job, "end-good").unwrap();
        assert!(account.move_to(job, candidate, hired));
    });
    deliver(&app, &told(&app, &["candidate_hired"])).await;
    app.settle().await;
    let application = shown(&app, &id, RecordType::Application, &key(job, candidate)).await;
    assert_eq!(application["outcome"], "HIRED");

    let other = app.vendors.traffit.edit(|account| {
        let other = account.job_ids().into_iter().find(|other| *other != job).unwrap();
        assert!(account.add_member(other, candidate));
        other
    });
    deliver(&app, &told(&app, &["candidate_added_to_job"])).await;
    app.settle().await;
    let application = shown(&app, &id, RecordType::Application, &key(other, candidate)).await;
    assert_eq!(application["candidate"]["remoteId"], candidate.to_string());
    assert_eq!(application["remoteDeletedAt"], Value::Null);
    // What webhooks brought is what a sync reads.
    let changes = app.changes(&id).await.len();
    let run = app.sync(&id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(app.changes(&id).await.len(), changes);
}

async fn a_removed_candidate_leaves_the_job(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (job, [leaves, stays]) = app.vendors.traffit.edit(|account| {
        let job = account.job_ids().into_iter().find(|job| account.members_of(*job).len() > 1).unwrap();
        let members = account.members_of(job);
        account.remove_member(job, members[0]);
        (job, [members[0], members[1]])
    });
    deliver(&app, &told(&app, &["candidate_removed_from_job"])).await;
    app.settle().await;
    let gone = shown(&app, &id, RecordType::Application, &key(job, leaves)).await;
    assert!(!gone["remoteDeletedAt"].is_null(), "{gone}");
    assert_eq!(app.gone(&id, "APPLICATION").await.len(), 1);
    assert!(app.gone(&id, "CANDIDATE").await.is_empty());
    // One that the vendor still has stays, whatever it called about.
    for body in [
        json!({ "employee": { "id": stays }, "recruitment": { "id": job } }),
        json!({ "employee_id": stays }),
        json!({ "recruitment_id": job }),
        json!({ "id": stays }),
    ] {
        call(&app, "candidate_removed_from_job", &body).await;
        assert_eq!(app.gone(&id, "APPLICATION").await.len(), 1, "{body}");
    }
    // Without the candidate's name the job's list tells, and the other way round.
    let other = app.vendors.traffit.edit(|account| {
        account.remove_member(job, stays);
        let other = account.job_ids().into_iter().find(|one| *one != job && !account.members_of(*one).is_empty());
        let other = other.unwrap();
        let member = account.members_of(other)[0];
        account.remove_member(other, member);
        (other, member)
    });
    call(&app, "candidate_removed_from_job", &json!({ "job_id": job })).await;
    call(&app, "candidate_removed_from_job", &json!({ "candidate_id": other.1 })).await;
    let gone = app.gone(&id, "APPLICATION").await;
    assert_eq!(gone, [key(job, leaves), key(job, stays), key(other.0, other.1)].into_iter().collect());
}

async fn jobs_come_and_change_and_are_unpublished(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let job = app.vendors.traffit.edit(|account| {
        let known = account.job(account.job_ids()[0]).unwrap().clone();
        account.add_job(Job { name: "Nowa praca".to_owned(), is_closed: false, ..known })
    });
    deliver(&app, &told(&app, &["job_created"])).await;
    app.settle().await;
    let record = shown(&app, &id, RecordType::Job, &job.to_string()).await;
    assert_eq!((&record["name"], &record["status"]), (&json!("Nowa praca"), &json!("OPEN")), "{record}");
    let (stages, team) = (record["stages"].as_array().unwrap().len(), record["hiringTeam"].as_array().unwrap().len());
    assert!(stages > 0, "{record}");

    app.vendors.traffit.edit(|account| {
        account.publish(job, Advert::new("Rust", "<p>Opis</p>"));
        account.update_job(job, |job| (job.name, job.responsible) = ("Inna".to_owned(), Default::default()));
    });
    deliver(&app, &told(&app, &["job_updated"])).await;
    app.settle().await;
    let record = shown(&app, &id, RecordType::Job, &job.to_string()).await;
    assert_eq!(record["name"], "Inna");
    assert!(record["description"].as_str().unwrap().contains("Opis") && record["postUrl"].is_string(), "{record}");
    assert_eq!(record["stages"].as_array().unwrap().len(), stages);
    assert!(record["hiringTeam"].as_array().unwrap().len() <= team);
    let left = record["hiringTeam"].as_array().unwrap().len();
    app.sync(&id).await;
    let after = shown(&app, &id, RecordType::Job, &job.to_string()).await;
    assert_eq!(after["hiringTeam"].as_array().unwrap().len(), left, "who left the team was noticed at once");

    app.vendors.traffit.edit(|account| assert!(account.unpublish(job) > 0));
    deliver(&app, &told(&app, &["job_deleted"])).await;
    app.settle().await;
    let record = shown(&app, &id, RecordType::Job, &job.to_string()).await;
    assert_eq!((&record["name"], &record["remoteDeletedAt"]), (&json!("Inna"), &Value::Null), "{record}");
    for field in ["description", "postUrl", "location"] {
        assert_eq!(record[field], Value::Null, "{record}");
    }
    assert!(app.gone(&id, "JOB").await.is_empty());
}

async fn a_deleted_candidate_is_marked_once_the_vendor_confirms(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (leaves, jobs, stays) = app.vendors.traffit.edit(|account| {
        let ids = account.candidate_ids();
        let tagged = ids.iter().find(|id| !account.tags_of(**id).is_empty() && !account.jobs_of(**id).is_empty());
        let leaves = *tagged.unwrap();
        let stays = *ids.iter().find(|id| **id != leaves && !account.jobs_of(**id).is_empty()).unwrap();
        (leaves, account.jobs_of(leaves), stays)
    });
    let changes = app.changes(&id).await.len();
    for event in ["candidate_deleted", "candidate_soft_deleted"] {
        call(&app, event, &json!({ "employee": { "id": stays } })).await;
    }
    assert_eq!(app.changes(&id).await.len(), changes, "the vendor still has it");
    let kept = shown(&app, &id, RecordType::Candidate, &stays.to_string()).await;
    assert!(kept["remoteDeletedAt"].is_null() && kept["firstName"].is_string(), "{kept}");

    app.vendors.traffit.edit(|account| assert!(account.delete_candidate(leaves)));
    deliver(&app, &told(&app, &["candidate_deleted"])).await;
    app.settle().await;
    let gone = shown(&app, &id, RecordType::Candidate, &leaves.to_string()).await;
    assert!(!gone["remoteDeletedAt"].is_null() && gone["firstName"].is_string(), "what it was stays: {gone}");
    assert_eq!(app.gone(&id, "CANDIDATE").await, [leaves.to_string()].into_iter().collect());
    assert_eq!(app.gone(&id, "APPLICATION").await, jobs.iter().map(|job| key(*job, leaves)).collect());
    assert_eq!(app.orphans(&id).await, Vec::<String>::new());
    let all = runs(&app, &id).await;
    let mut targeted = all.iter().filter(|run| run["kind"] == "TARGETED");
    assert!(targeted.any(|run| model(run, "CANDIDATE")["deleted"] == 1), "{all:#?}");
    // A 410 says the same as a 404.
    app.vendors.faults("traffit", &["gone-410"]);
    app.vendors.traffit.edit(|account| assert!(account.delete_candidate(stays)));
    deliver(&app, &told(&app, &["candidate_deleted"])).await;
    app.settle().await;
    assert_eq!(app.gone(&id, "CANDIDATE").await.len(), 2);
}

async fn an_anonymised_candidate_leaves_nothing_that_says_who_it_was(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let ids = app.vendors.traffit.edit(|account| account.candidate_ids());
    let uuid = |candidate: i64| {
        let public = super::public_id(&id, RecordType::Candidate, &candidate.to_string());
        uuid_of(&public)
    };
    let check = async |candidate: i64| {
        let record = shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await;
        assert!(!record["remoteDeletedAt"].is_null(), "{record}");
        for field in ["firstName", "lastName", "source"] {
            assert_eq!(record[field], Value::Null, "{record}");
        }
        assert_eq!((&record["emailAddresses"], &record["phoneNumbers"]), (&json!([]), &json!([])), "{record}");
        assert!(record["remoteData"].is_null() || record["remoteData"] == json!({}), "{record}");
        let payloads = "SELECT COUNT(*) FROM payloads WHERE record_id = $1";
        assert_eq!(app.count(payloads, uuid(candidate)).await, 0);
    };
    // Marked and erased in one breath: one entry.
    let known = app.changes(&id).await.len();
    app.vendors.traffit.edit(|account| assert!(account.anonymise_candidate(ids[0])));
    deliver(&app, &told(&app, &["candidate_soft_deleted"])).await;
    app.settle().await;
    check(ids[0]).await;
    let entries: Vec<_> = app.changes(&id).await.split_off(known);
    let of = |candidate: i64| entries.iter().filter(|entry| entry.record_id == uuid(candidate)).collect::<Vec<_>>();
    assert_eq!(of(ids[0]).len(), 1, "{entries:#?}");
    assert_eq!(of(ids[0])[0].kind, ChangeKind::Deleted.as_str());

    // Marked before, erased later: one entry for each, and none for what is erased already.
    app.vendors.traffit.edit(|account| assert!(account.delete_candidate(ids[1])));
    deliver(&app, &told(&app, &["candidate_deleted"])).await;
    app.settle().await;
    let known = app.changes(&id).await.len();
    for _ in 0..2 {
        call(&app, "candidate_soft_deleted", &json!({ "employee": { "id": ids[1] } })).await;
        check(ids[1]).await;
        let entries = app.changes(&id).await.split_off(known);
        assert_eq!(entries.len(), 1, "{entries:#?}");
        assert_eq!((entries[0].kind.as_str(), entries[0].record_id), ("UPDATED", uuid(ids[1])));
        let fields = &entries[0].changed_fields.0;
        for field in ["firstName", "lastName", "remoteData"] {
            assert!(fields.iter().any(|name| name == field), "{fields:?}");
        }
    }
    // A sync brings nothing of it back.
    let known = app.changes(&id).await.len();
    app.sync(&id).await;
    check(ids[0]).await;
    check(ids[1]).await;
    assert_eq!(app.changes(&id).await.len(), known);
}

async fn merged_candidates_are_one_with_all_applications(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (survivor, other, jobs) = app.vendors.traffit.edit(|account| {
        let survivor = account.add_candidate(somebody("Jedna"));
        let other = account.add_candidate(somebody("Druga"));
        let jobs: Vec<i64> = account.job_ids().into_iter().take(3).collect();
        jobs.iter().for_each(|job| assert!(account.add_member(*job, other)));
        assert!(account.add_member(jobs[0], survivor));
        (survivor, other, jobs)
    });
    app.sync(&id).await;
    app.vendors.traffit.edit(|account| assert!(account.merge_candidates(survivor, other)));
    deliver(&app, &told(&app, &["candidate_merged"])).await;
    app.settle().await;
    assert_eq!(app.gone(&id, "CANDIDATE").await, [other.to_string()].into_iter().collect());
    assert_eq!(app.gone(&id, "APPLICATION").await, jobs.iter().map(|job| key(*job, other)).collect());
    for job in &jobs {
        let application = shown(&app, &id, RecordType::Application, &key(*job, survivor)).await;
        assert_eq!(application["candidate"]["remoteId"], survivor.to_string(), "{application}");
        let state = app.vendors.traffit.edit(|account| account.state_of(*job, survivor).unwrap().to_string());
        assert_eq!(application["currentStage"]["remoteId"], state);
        assert_eq!(application["remoteDeletedAt"], Value::Null);
    }
    assert!(runs(&app, &id).await.iter().all(|run| run["kind"] != "DELTA"), "nothing was left to find out");
    let changes = app.changes(&id).await.len();
    app.sync(&id).await;
    assert_eq!(app.changes(&id).await.len(), changes);
    // Named as merged, but there all the same.
    let alive = app.vendors.traffit.edit(|account| account.candidate_ids()[0]);
    let body = json!({ "employee": { "id": survivor }, "merged_employees": [{ "id": alive }] });
    call(&app, "candidate_merged", &body).await;
    assert_eq!(app.gone(&id, "CANDIDATE").await.len(), 1);
    assert_eq!(app.changes(&id).await.len(), changes);
}

async fn every_shape_of_a_body_leads_to_the_record(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    for variant in Variant::ALL {
        let (job, candidate) = app.vendors.traffit.edit(|account| {
            account.set_payloads(variant);
            let (job, candidate) = job_and_somebody(account);
            assert!(account.apply(job, candidate));
            account.update_job(job, |job| job.name = format!("{variant:?}"));
            (job, candidate)
        });
        deliver(&app, &told(&app, &["candidate_applied", "job_updated"])).await;
        app.settle().await;
        let record = shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await;
        assert_eq!(record["firstName"], "Nowa", "{variant:?}");
        let application = shown(&app, &id, RecordType::Application, &key(job, candidate)).await;
        assert_eq!(application["job"]["remoteId"], job.to_string(), "{variant:?}");
        let record = shown(&app, &id, RecordType::Job, &job.to_string()).await;
        assert_eq!(record["name"], format!("{variant:?}"));
        let deltas = runs(&app, &id).await.iter().filter(|run| run["kind"] == "DELTA").count();
        assert_eq!(deltas, usize::from(variant == Variant::Opaque), "{variant:?}");
        assert_eq!(pending(&app, &id).await, 0);
    }
}

async fn a_merge_that_does_not_say_of_whom_is_found_out_all_the_same(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let [survivor, other] = app.vendors.traffit.edit(|account| {
        let ids = account.candidate_ids();
        account.set_payloads(Variant::Bare);
        assert!(account.merge_candidates(ids[0], ids[1]));
        [ids[0], ids[1]]
    });
    deliver(&app, &told(&app, &["candidate_merged"])).await;
    app.settle().await;
    assert_eq!(app.gone(&id, "CANDIDATE").await, [other.to_string()].into_iter().collect());
    assert!(shown(&app, &id, RecordType::Candidate, &survivor.to_string()).await["remoteDeletedAt"].is_null());
    // What changed would not show what is gone.
    assert_eq!(runs(&app, &id).await.iter().filter(|run| run["kind"] == "FULL").count(), 2);
}

async fn a_full_sync_under_way_undoes_nothing(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let (job, moves, erased) = app.vendors.traffit.edit(|account| {
        let hires = |job: &i64| account.state_by_kind(*job, "end-good").is_some();
        let job = account.job_ids().into_iter().filter(hires).find(|job| account.members_of(*job).len() > 1).unwrap();
        let members = account.members_of(job);
        let moves = *members.iter().find(|one| account.current_row(job, **one).is_some()).unwrap();
        (job, moves, *members.iter().find(|one| **one != moves).unwrap())
    });
    let queue = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { userErrors { code } } }";
    app.query_with(queue, json!({ "id": id })).await;
    // The ledger, which tells where everybody stands, was read by then.
    let gate = app.vendors.gate("traffit");
    gate.hold(&format!("/api/integration/v2/recruitments/{job}/employees"), 1);
    let begun = app.begin().await;
    assert_eq!(begun.count, 1);
    gate.held().await;
    let hired = app.vendors.traffit.edit(|account| {
        let hired = account.state_by_kind(job, "end-good").unwrap();
        assert!(account.move_to(job, moves, hired));
        assert!(account.anonymise_candidate(erased));
        hired
    });
    deliver(&app, &told(&app, &["candidate_moved_in_job", "candidate_soft_deleted"])).await;
    let stop = tokio_util::sync::CancellationToken::new();
    assert_eq!(app.service.engine.begin_inboxes(&stop).await.unwrap(), 1);
    app.service.engine.settle_inboxes().await;
    let stands = async || {
        let application = shown(&app, &id, RecordType::Application, &key(job, moves)).await;
        assert_eq!(application["currentStage"]["remoteId"], hired.to_string(), "{application}");
        assert_eq!(application["outcome"], "HIRED");
        let record = shown(&app, &id, RecordType::Candidate, &erased.to_string()).await;
        assert!(!record["remoteDeletedAt"].is_null() && record["firstName"].is_null(), "{record}");
    };
    stands().await;
    gate.open();
    begun.ended().await;
    let latest = runs(&app, &id).await.into_iter().find(|run| run["kind"] == "FULL").unwrap();
    assert_eq!(latest["state"], "SUCCEEDED", "{latest:#}");
    stands().await;
    app.settle().await;
    app.sync(&id).await;
    stands().await;
}

async fn what_cannot_be_read_singly_is_read_by_a_run(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let [sick, sound] = app
        .vendors
        .traffit
        .edit(|account| [account.add_candidate(somebody("Chora")), account.add_candidate(somebody("Zdrowa"))]);
    app.vendors.faults("traffit", &[&format!("garbage-employee={sick}")]);
    deliver(&app, &told(&app, &["candidate_created"])).await;
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Candidate, &sound.to_string()).await["firstName"], "Zdrowa");
    assert_eq!(pending(&app, &id).await, 0);
    let all = runs(&app, &id).await;
    let targeted = all.iter().find(|run| run["kind"] == "TARGETED").unwrap();
    assert_eq!(targeted["state"], "PARTIALLY_FAILED", "{targeted:#}");
    assert!(model(targeted, "CANDIDATE")["error"].as_str().unwrap().contains("1 record"), "{targeted:#}");
    assert_eq!(all.iter().filter(|run| run["kind"] == "DELTA").count(), 1);
}

async fn only_what_was_created_here_comes_in_where_nothing_else_is_mirrored(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let input = json!({
        "connector": "traffit",
        "endUser": { "organizationName": "Acme" },
        "credentials": app.vendors.credentials("traffit"),
        "syncSettings": { "scope": "CREATED_ONLY" },
    });
    let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) \
                 { integration { id } userErrors { message } } }";
    let payload = app.query_with(query, json!({ "input": input })).await["createIntegration"].take();
    let id = payload["integration"]["id"].as_str().unwrap_or_else(|| panic!("{payload:#}")).to_owned();
    app.settle().await;
    let (job, candidate) = app.vendors.traffit.edit(|account| {
        let (job, candidate) = job_and_somebody(account);
        account.tag(candidate, "obca");
        assert!(account.apply(job, candidate));
        account.update_job(job, |job| job.name = "Inna".to_owned());
        (job, candidate)
    });
    deliver(&app, &told(&app, &["candidate_created", "candidate_applied", "job_updated"])).await;
    app.settle().await;
    assert_eq!(shown(&app, &id, RecordType::Job, &job.to_string()).await["name"], "Inna");
    assert_eq!(shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await, Value::Null);
    for (table, what) in [("candidates", "nobody"), ("applications", "nothing"), ("candidate_tags", "no tag")] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE integration_id = $1");
        assert_eq!(app.count(&sql, uuid_of(&id)).await, 0, "{what}");
    }
}
