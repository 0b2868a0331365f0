//! Subscriptions: made on connecting, mended by every full sync, taken off with the integration.

use hiregraph::connectors::traffit::simulator::{EVENTS, SCOPES};
use serde_json::{Value, json};

use super::{SMALL, call, shown, states, url_of, webhooks};
use crate::on_both;
use crate::support::{Backend, PUBLIC_URL, TestApp, texts, uuid_of};
use hiregraph::domain::RecordType;

on_both!(
    connecting_subscribes_to_every_event_before_the_first_sync,
    a_refused_scope_is_told_and_mended_once_it_is_granted,
    a_full_sync_mends_what_the_vendor_lost_and_takes_off_what_nobody_knows,
    ids_that_a_vendor_gives_out_again_are_not_taken_for_old_ones,
    a_changed_public_url_subscribes_anew,
    erasing_an_integration_takes_its_subscriptions_off,
    a_vendor_that_refuses_does_not_keep_an_integration_from_being_erased,
    where_the_vendor_does_not_list_them_the_kept_ids_count,
);

async fn connecting_subscribes_to_every_event_before_the_first_sync(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let traffit = app.connect("traffit").await;
    let known = webhooks(&app, &traffit).await;
    let mut events = texts(&Value::from(known.clone()), "event");
    events.sort();
    let mut expected = EVENTS.to_vec();
    expected.sort_unstable();
    assert_eq!(events, expected);
    assert!(states(&known).iter().all(|state| *state == "SUBSCRIBED"), "{known:#?}");
    assert!(known.iter().all(|webhook| webhook["lastReceivedAt"].is_null() && webhook["error"].is_null()));
    let registered = app.vendors.traffit.edit(|account| account.webhooks());
    assert_eq!(registered.len(), EVENTS.len());
    let door = format!("{PUBLIC_URL}/webhooks/traffit/{traffit}/");
    let mut secrets = std::collections::BTreeSet::new();
    for (_, webhook) in &registered {
        let (url, secret) = webhook.url.split_once("?secret=").unwrap();
        assert!(url.starts_with(&door), "{url}");
        assert!(secret.len() >= 43 && secrets.insert(secret.to_owned()), "{secret}");
    }
    // What they are verified by cannot be read back.
    let stored = app.dump_table("vendor_subscriptions").await;
    assert!(secrets.iter().all(|secret| !stored.contains(secret.as_str())), "{stored}");

    let hrworks = app.connect("hrworks").await;
    let known = webhooks(&app, &hrworks).await;
    assert_eq!(
        texts(&Value::from(known.clone()), "event"),
        ["applicant.resourceCreated", "applicant.resourceUpdated", "applicant.resourceDeleted"]
    );
    assert_eq!(states(&known), ["SUBSCRIBED"; 3], "{known:#?}");
    let registered = app.vendors.hrworks.edit(|account| account.webhooks());
    let credentials = app.vendors.credentials("hrworks");
    for (_, webhook) in &registered {
        assert!(webhook.is_active && webhook.resource == "applicant", "{webhook:?}");
        assert_eq!(webhook.access_key.as_deref(), credentials["accessKey"].as_str());
        assert!(webhook.url.starts_with(&format!("{PUBLIC_URL}/webhooks/hrworks/{hrworks}/")), "{webhook:?}");
    }
    assert_eq!(registered.len(), 3);
    let stored = app.dump_table("vendor_subscriptions").await;
    assert!(!stored.contains(credentials["secretAccessKey"].as_str().unwrap()), "{stored}");
}

async fn a_refused_scope_is_told_and_mended_once_it_is_granted(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let without: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "webhook").collect();
    app.vendors.traffit.edit(|account| account.set_scopes(&without));
    app.vendors.hrworks.edit(|account| account.take_permission("Utility:write"));
    for (connector, what) in [("traffit", "tick the scope webhook"), ("hrworks", "Utility – write")] {
        let id = app.connected(connector).await;
        let known = webhooks(&app, &id).await;
        for webhook in &known {
            assert_eq!(webhook["state"], "FAILED", "{webhook}");
            assert!(webhook["error"].as_str().unwrap().contains(what), "{webhook}");
        }
        let query = "query($id: ID!) { integration(id: $id) { state lastSync { state } } }";
        let integration = app.query_with(query, json!({ "id": id })).await["integration"].take();
        assert_eq!((&integration["state"], &integration["lastSync"]["state"]), (&json!("ACTIVE"), &json!("SUCCEEDED")));

        match connector {
            "traffit" => app.vendors.traffit.edit(|account| account.set_scopes(&SCOPES)),
            _ => app.vendors.hrworks.edit(|held| held.give_permission("Utility:write")),
        }
        app.sync(&id).await;
        let known = webhooks(&app, &id).await;
        assert!(known.iter().all(|one| one["state"] == "SUBSCRIBED" && one["error"].is_null()), "{known:#?}");
        let rows = app.count("SELECT COUNT(*) FROM vendor_subscriptions WHERE integration_id = $1", uuid_of(&id)).await;
        assert_eq!(usize::try_from(rows).unwrap(), known.len(), "failed ones are gone");
    }
}

async fn a_full_sync_mends_what_the_vendor_lost_and_takes_off_what_nobody_knows(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let before = app.vendors.traffit.edit(|account| account.webhooks());
    let kept: Vec<i64> = before.iter().skip(2).map(|(id, _)| *id).collect();
    let requests = app.vendors.traffit.count("POST", "/api/integration/v2/webhooks/");
    app.sync(&id).await;
    assert_eq!(app.vendors.traffit.count("POST", "/api/integration/v2/webhooks/"), requests, "nothing to mend");

    let foreign = "https://elsewhere.test/webhooks/traffit/int_other/1?secret=x".to_owned();
    let [stranger, others] = app.vendors.traffit.edit(|account| {
        account.delete_webhook(before[0].0);
        account.delete_webhook(before[1].0);
        let path = format!("https://old.test/webhooks/traffit/{id}/00000000000000000000000000000001");
        [account.add_webhook("job_created", &path), account.add_webhook("job_created", &foreign)]
    });
    app.sync(&id).await;
    let after = app.vendors.traffit.edit(|account| account.webhooks());
    let ids: Vec<i64> = after.iter().map(|(id, _)| *id).collect();
    assert!(kept.iter().chain([&others]).all(|id| ids.contains(id)), "{ids:?}");
    assert!(!ids.contains(&stranger), "a stranger of ours stays");
    assert_eq!(ids.len(), EVENTS.len() + 1);
    assert_eq!(states(&webhooks(&app, &id).await), ["SUBSCRIBED"; 12]);
    // The new ones work.
    for (_, lost) in &before[..2] {
        assert_ne!(url_of(&app, &lost.kind), lost.url);
    }
    let candidate = app.vendors.traffit.edit(|account| account.candidate_ids()[0]);
    app.vendors.traffit.edit(|account| account.update_candidate(candidate, |one| one.name = "Zmieniona".into()));
    call(&app, "candidate_created", &json!({ "employee": { "id": candidate } })).await;
    let record = shown(&app, &id, RecordType::Candidate, &candidate.to_string()).await;
    assert_eq!(record["firstName"], "Zmieniona");
}

async fn ids_that_a_vendor_gives_out_again_are_not_taken_for_old_ones(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let ids = |app: &TestApp| {
        let registered = app.vendors.traffit.edit(|account| account.webhooks());
        registered.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let before = ids(&app);
    app.vendors.traffit.edit(hiregraph::connectors::traffit::simulator::Account::lose_webhooks);
    app.sync(&id).await;
    assert_eq!(ids(&app), before);
    assert_eq!(states(&webhooks(&app, &id).await), ["SUBSCRIBED"; 12]);
}

async fn a_changed_public_url_subscribes_anew(backend: Backend) {
    let mut app = TestApp::start_with(backend, SMALL).await;
    let ids = app.connected_to_both().await;
    app.move_to(Some("https://new.hiregraph.test/base"));
    for id in &ids {
        app.sync(id).await;
        let known = webhooks(&app, id).await;
        assert!(known.iter().all(|one| one["state"] == "SUBSCRIBED"), "{known:#?}");
    }
    let urls: Vec<String> = app
        .vendors
        .traffit
        .edit(|account| account.webhooks().into_iter().map(|(_, webhook)| webhook.url).collect::<Vec<_>>())
        .into_iter()
        .chain(app.vendors.hrworks.edit(|held| held.webhooks().into_iter().map(|(_, one)| one.url).collect::<Vec<_>>()))
        .collect();
    assert_eq!(urls.len(), 15);
    assert!(urls.iter().all(|url| url.starts_with("https://new.hiregraph.test/base/webhooks/")), "{urls:#?}");
    // A process that was not told where it is reached leaves them alone.
    app.move_to(None);
    let requests = app.vendors.traffit.count("POST", "/api/integration/v2/webhooks/");
    app.sync(&ids[0]).await;
    assert_eq!(app.vendors.traffit.count("POST", "/api/integration/v2/webhooks/"), requests);
    assert_eq!(states(&webhooks(&app, &ids[0]).await), ["SUBSCRIBED"; 12]);
    // And says what is missing where there are none.
    let other = app.connected("hrworks").await;
    let known = webhooks(&app, &other).await;
    assert_eq!(states(&known), ["UNSUBSCRIBED"; 3]);
    assert!(known[0]["error"].as_str().unwrap().contains("HIREGRAPH_PUBLIC_URL"), "{known:#?}");
}

async fn erase(app: &TestApp, id: &str) {
    let query = "mutation($id: ID!) { deleteIntegration(id: $id) { userErrors { code message } } }";
    let payload = app.query_with(query, json!({ "id": id })).await["deleteIntegration"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    for table in ["vendor_subscriptions", "vendor_deliveries", "vendor_inboxes", "targeted_records"] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE integration_id = $1");
        assert_eq!(app.count(&sql, uuid_of(id)).await, 0, "{table}");
    }
}

async fn erasing_an_integration_takes_its_subscriptions_off(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let ids = app.connected_to_both().await;
    let twin = app.connected("traffit").await;
    let lost = url_of(&app, "job_updated");
    assert_eq!(super::post(&app, &lost, &[], "{}").await.status, 202);
    for id in &ids {
        erase(&app, id).await;
    }
    let left = app.vendors.traffit.edit(|account| account.webhooks());
    assert_eq!(left.len(), EVENTS.len());
    assert!(left.iter().all(|(_, webhook)| webhook.url.contains(&twin)), "the twin's stay");
    assert_eq!(app.vendors.hrworks.edit(|held| held.webhooks()), []);
    assert_eq!(super::post(&app, &lost, &[], "{}").await.status, 404);
}

async fn a_vendor_that_refuses_does_not_keep_an_integration_from_being_erased(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        app.vendors.traffit.edit(hiregraph::connectors::traffit::simulator::Account::revoke_tokens);
        app.vendors.hrworks.edit(hiregraph::connectors::hrworks::simulator::Account::revoke_tokens);
        app.vendors.faults(connector, &["revoked-credentials"]);
        erase(&app, &id).await;
    }
    assert_eq!(app.vendors.traffit.edit(|account| account.webhooks()).len(), EVENTS.len());
}

async fn where_the_vendor_does_not_list_them_the_kept_ids_count(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.vendors.faults("traffit", &["no-webhook-list"]);
    let id = app.connected("traffit").await;
    assert_eq!(states(&webhooks(&app, &id).await), ["SUBSCRIBED"; 12]);
    app.sync(&id).await;
    assert_eq!(app.vendors.traffit.count("POST", "/api/integration/v2/webhooks/"), 12, "once and no more");
    erase(&app, &id).await;
    assert_eq!(app.vendors.traffit.edit(|account| account.webhooks()), []);
}
