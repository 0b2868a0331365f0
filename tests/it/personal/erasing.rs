//! The right to erasure, of one candidate.

use hiregraph::domain::{ChangeKind, Scope};
use serde_json::{Value, json};

use super::{SMALL, VENDORS, call, erase, plant, planted};
use crate::on_both;
use crate::support::gate::Hold;
use crate::support::receiver::Receiver;
use crate::support::writing::{action, begin, finish, target, write};
use crate::support::{Backend, TestApp, code, uuid_of};

on_both!(
    nothing_is_left_of_a_candidate_that_was_erased,
    no_way_leads_an_erased_candidate_back,
    nobody_writes_to_an_erased_candidate,
    a_candidate_that_is_written_to_is_erased_afterwards,
    what_cannot_be_erased_is_not_found,
    an_integration_without_tombstones_pays_nothing_for_them,
);

async fn nothing_is_left_of_a_candidate_that_was_erased(backend: Backend) {
    for connector in VENDORS {
        let receiver = Receiver::start().await;
        let app = TestApp::start_telling(backend, SMALL, &[&receiver]).await;
        let shaped = json!({ "url": receiver.url("/hook"), "events": ["RECORD_CHANGED", "ACTION_FINISHED"],
            "query": "{ kind recordId record { ... on Candidate { firstName lastName } } }" });
        let make =
            "mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { userErrors { message } } }";
        app.query_with(make, json!({ "i": shaped })).await;
        let planted = plant(&app, connector).await;
        app.settle().await;
        if connector == "traffit" {
            let id = planted.remote.parse::<i64>().unwrap();
            app.vendors.traffit.edit(|account| account.tag(id, "Tagged")).unwrap();
            app.sync(&planted.target.integration).await;
            let body = json!({ "employee": { "id": id, "name": "Zzfirstname", "email": "zzmail@example.com" } });
            assert_eq!(call(&app, &body).await.status, 202);
        }
        let integration = &planted.target.integration;
        let before = app.traces(&planted.texts()).await;
        assert!(before.len() > 10, "{before:#?}");
        let entries = app.changes(integration).await.len();
        assert_eq!(erase(&app, &planted.candidate).await, json!({ "erasedId": planted.candidate, "userErrors": [] }));
        assert_eq!(app.traces(&planted.texts()).await, Vec::<String>::new(), "{connector}");

        let told = app.changes(integration).await.split_off(entries);
        assert!(
            told.iter().all(|entry| entry.kind == ChangeKind::Deleted.as_str() && entry.changed_fields.0.is_empty())
        );
        for id in [&planted.candidate, &planted.application] {
            assert_eq!(told.iter().filter(|entry| entry.record_id == uuid_of(id)).count(), 1, "{told:#?}");
            let found = app.query_with("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
            assert!(found["node"].is_null(), "{found:#}");
        }
        // Consumers hear of it.
        app.settle().await;
        let last = receiver.told("/hook").into_iter().rfind(|told| told.event() == "RECORD_CHANGED").unwrap();
        assert!(last.raw.windows(planted.candidate.len()).any(|part| part == planted.candidate.as_bytes()));
        // The actions are husks that still answer.
        let actions = "query($id: ID!) { actions(integrationId: $id) { totalCount nodes { id state warnings { message } \
                       steps { name state error } candidate { id } application { id } } } }";
        let found = app.query_with(actions, json!({ "id": integration })).await["actions"].take();
        assert_eq!(found["totalCount"], 4);
        for husk in found["nodes"].as_array().unwrap() {
            assert_eq!((&husk["state"], &husk["candidate"]), (&json!("SUCCEEDED"), &Value::Null), "{husk:#}");
            assert!(!husk["steps"].as_array().unwrap().is_empty(), "{husk:#}");
        }
        let mut again = planted.target.input("other@example.com");
        again["idempotencyKey"] = json!("planted");
        let refused = write(&app, "createCandidate", again).await;
        assert_eq!(refused["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{refused:#}");
        assert_eq!(app.traces(&planted.texts()).await, Vec::<String>::new(), "{connector}");
    }
}

async fn no_way_leads_an_erased_candidate_back(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let planted = plant(&app, connector).await;
        let integration = planted.target.integration.clone();
        assert_eq!(erase(&app, &planted.candidate).await["userErrors"], json!([]));
        let count =
            async || [app.total("candidates", &integration).await, app.total("applications", &integration).await];
        let before = count().await;
        // What changes at the vendor, and what is new about it.
        match connector {
            "traffit" => app.vendors.traffit.edit(|account| {
                let id = planted.remote.parse::<i64>().unwrap();
                account.update_candidate(id, |candidate| candidate.source = Some("Zznew".into()));
                account.tag(id, "Tagged");
                let other = account.job_ids().into_iter().find(|job| account.state_of(*job, id).is_none()).unwrap();
                assert!(account.add_member(other, id));
            }),
            _ => app.vendors.hrworks.edit(|account| {
                account.update_candidate(&planted.remote, |one| one.title = Some("Zznew".into()));
                let (post, now) = (account.job_keys()[1].clone(), account.now());
                let application =
                    hiregraph::connectors::hrworks::simulator::JobApplication::new(&planted.remote, &post, now);
                account.add_application(application).unwrap();
            }),
        }
        let run = app.sync(&integration).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        app.clock.advance(std::time::Duration::from_secs(7200));
        app.settle().await;
        // A webhook, where the vendor has one of this kind, and a write that leads to the same person.
        if connector == "traffit" {
            let body = json!({ "employee": { "id": planted.remote.parse::<i64>().unwrap() } });
            assert_eq!(call(&app, &body).await.status, 202);
            app.settle().await;
            app.vendors.traffit.edit(|account| {
                let id = planted.remote.parse::<i64>().unwrap();
                for job in account.jobs_of(id) {
                    assert!(account.remove_member(job, id));
                }
            });
            let answered = write(&app, "createCandidate", planted.target.input("zzmail@example.com")).await;
            assert_eq!(answered["action"]["state"], "SUCCEEDED", "{answered:#}");
            assert!(answered["candidate"].is_null() && answered["application"].is_null(), "{answered:#}");
            // What it wrote down goes with another erasure.
            assert_eq!(erase(&app, &planted.candidate).await["userErrors"], json!([]));
        }
        assert_eq!(count().await, before, "{connector}");
        // What syncs ask the vendor since then names its id.
        let texts: Vec<&str> = planted.texts().into_iter().filter(|text| *text != planted.remote).collect();
        assert_eq!(app.traces(&texts).await, Vec::<String>::new(), "{connector}");
        let ids = format!("{{ node(id: \"{}\") {{ id }} }}", planted.candidate);
        assert!(app.query(&ids).await["node"].is_null());
        // Another one comes and goes as ever.
        let run = app.sync(&integration).await;
        for model in run["models"].as_array().unwrap() {
            assert_eq!([&model["created"], &model["updated"], &model["deleted"]], [0, 0, 0], "{model}");
        }
    }
}

async fn nobody_writes_to_an_erased_candidate(backend: Backend) {
    for connector in VENDORS {
        let app = TestApp::start_with(backend, SMALL).await;
        let planted = plant(&app, connector).await;
        erase(&app, &planted.candidate).await;
        let to = |field: &str, id: &str, name: &str, value: Value| json!({ field: id, name: value });
        let (candidate, application) = (planted.candidate.as_str(), planted.application.as_str());
        for (name, input) in [
            ("addNoteToApplication", to("applicationId", application, "content", json!("Hi"))),
            ("addAttachmentToApplication", to("applicationId", application, "attachment", super::file())),
            ("addAttachmentToCandidate", to("candidateId", candidate, "attachment", super::file())),
        ] {
            let refused = write(&app, name, input).await;
            assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{name}: {refused:#}");
        }
        let query =
            "mutation($ids: [ID!]!) { refreshRecords(input: {ids: $ids}) { records { id } userErrors { code } } }";
        let read = app.query_with(query, json!({ "ids": [candidate, application] })).await;
        let expected = json!({ "records": [], "userErrors": [{"code": "NOT_FOUND"}, {"code": "NOT_FOUND"}] });
        assert_eq!(read["refreshRecords"], expected);
    }
}

async fn a_candidate_that_is_written_to_is_erased_afterwards(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let planted = plant(&app, "traffit").await;
    let gate = app.vendors.gate("traffit");
    gate.hold_writes(1, Hold::Answer, |path| path.contains("/notes"));
    let note = json!({ "applicationId": planted.application, "content": "Zznotetext" });
    let id = begin(&app, "addNoteToApplication", note).await;
    gate.held().await;
    let refused = erase(&app, &planted.candidate).await;
    let expected = json!([{ "code": "ACTION_IN_PROGRESS", "field": ["id"], "retryable": true }]);
    assert_eq!((&refused["userErrors"], &refused["erasedId"]), (&expected, &Value::Null));
    gate.open();
    assert_eq!(finish(&app, &id).await["state"], "SUCCEEDED");
    assert_eq!(erase(&app, &planted.candidate).await["userErrors"], json!([]));
    assert_eq!(app.traces(&planted.texts()).await, Vec::<String>::new());
    assert_eq!(action(&app, &id).await["state"], "SUCCEEDED");
    // One that is only just being created is known by its address.
    let target = target(&app, "hrworks").await;
    let planted = planted_again(&app, target).await;
    let gate = app.vendors.gate("hrworks");
    gate.hold_writes(1, Hold::Request, |path| path.contains("applications"));
    let id = begin(&app, "createCandidate", planted.target.input("zzmail@example.com")).await;
    gate.held().await;
    assert_eq!(erase(&app, &planted.candidate).await["userErrors"][0]["code"], "ACTION_IN_PROGRESS");
    gate.open();
    finish(&app, &id).await;
    assert_eq!(erase(&app, &planted.candidate).await["userErrors"], json!([]));
}

async fn planted_again(app: &TestApp, target: crate::support::writing::Target) -> super::Planted {
    planted(app, target).await
}

async fn what_cannot_be_erased_is_not_found(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let planted = plant(&app, "traffit").await;
    let hrworks = app.connected("hrworks").await;
    let other = app.key(&[Scope::Operate], Some(&[&hrworks])).await;
    let query = "mutation($id: ID!) { eraseCandidate(id: $id) { erasedId userErrors { code field } } }";
    let refused = app.ask(&other, query, json!({ "id": planted.candidate })).await;
    let expected = json!({ "erasedId": null, "userErrors": [{ "code": "NOT_FOUND", "field": ["id"] }] });
    assert_eq!((code(&refused), &refused["data"]["eraseCandidate"]), ("", &expected), "{refused:#}");
    let own = app.key(&[Scope::Operate], Some(&[&planted.target.integration])).await;
    let erased = app.ask(&own, query, json!({ "id": planted.candidate })).await;
    assert_eq!(erased["data"]["eraseCandidate"]["erasedId"], planted.candidate.as_str(), "{erased:#}");
    for id in [planted.candidate.as_str(), planted.application.as_str(), &planted.target.integration, "cand_none", ""] {
        let refused = app.query_with(query, json!({ "id": id })).await;
        assert_eq!(refused["eraseCandidate"], expected, "{id}");
    }
}

async fn an_integration_without_tombstones_pays_nothing_for_them(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let planted = plant(&app, "traffit").await;
    let heard = async || {
        app.store.statements().listen();
        app.sync(&planted.target.integration).await;
        app.store.statements().heard()
    };
    heard().await;
    let before = heard().await;
    assert!(before.iter().all(|text| !text.contains("tombstones")), "{before:#?}");
    erase(&app, &planted.candidate).await;
    heard().await;
    let after = heard().await;
    let asked = after.iter().filter(|text| text.contains("tombstones")).count();
    let pages = after.iter().filter(|text| text.contains("data_rules")).count();
    assert!(asked > 0 && asked <= pages, "one statement a page: {after:#?}");
}
