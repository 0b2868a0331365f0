//! Signed, in order, tried again, at least once.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hiregraph::domain::{Clock, Ids};
use hiregraph::store;
use hiregraph::store::webhooks::{Lane, LaneNotes};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{deliveries, endpoint, pause, redeliver, shown, start, states, update};
use crate::on_both;
use crate::support::receiver::Told;
use crate::support::{Backend, TestApp, settle};

on_both!(
    what_is_sent_is_signed_by_the_secret,
    both_secrets_sign_for_a_day_after_a_rotation,
    a_failed_delivery_holds_up_those_of_its_integration_and_no_others,
    a_failing_delivery_is_tried_ten_times_with_growing_pauses,
    a_receiver_says_how_long_it_wants_to_be_left_alone,
    an_endpoint_that_is_gone_is_disabled,
    an_endpoint_that_fails_for_five_days_is_disabled_until_it_is_enabled_again,
    what_was_delivered_or_given_up_is_delivered_again,
    a_redirect_is_not_followed,
    a_name_that_leads_inside_is_not_dialled,
    the_deliveries_of_a_worker_that_died_are_taken_up_by_another,
    another_process_goes_on_where_one_ended,
    what_is_too_old_is_removed,
);

const STATES: &[&str] = &["INTEGRATION_STATE_CHANGED"];

/// The signatures that the secret makes of what was told, by the reference implementation.
fn signature(secret: &str, told: &Told) -> String {
    let at = told.header("webhook-timestamp").parse().unwrap();
    Webhook::new(secret).unwrap().sign(told.header("webhook-id"), at, &told.raw).unwrap()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}

async fn what_is_sent_is_signed_by_the_secret(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, secret) = endpoint(&app, &receiver, "/a", STATES).await;
    assert!(secret.starts_with("whsec_"), "{secret}");
    pause(&app, &id, true).await;
    app.settle().await;
    let [told] = receiver.told("/a").try_into().unwrap();
    assert_eq!(told.header("webhook-signature"), signature(&secret, &told));
    assert_eq!(told.header("webhook-timestamp"), app.clock.now().timestamp().to_string());
    assert_eq!(told.header("content-type"), "application/json");
    let [delivery] = deliveries(&app, &hook).await.try_into().unwrap();
    assert_eq!((told.header("webhook-id"), &told.body), (delivery["id"].as_str().unwrap(), &delivery["payload"]));
    assert_eq!(
        (&delivery["state"], &delivery["attempts"], &delivery["lastStatus"], &delivery["nextAttemptAt"]),
        (&json!("DELIVERED"), &json!(1), &json!(204), &Value::Null)
    );
}

async fn both_secrets_sign_for_a_day_after_a_rotation(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, old) = endpoint(&app, &receiver, "/a", STATES).await;
    let rotated = update(&app, json!({ "id": hook, "rotateSecret": true })).await;
    let new = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    pause(&app, &id, true).await;
    app.settle().await;
    app.clock.advance(Duration::from_secs(86_400));
    pause(&app, &id, false).await;
    app.settle().await;
    let [both, one] = receiver.told("/a").try_into().unwrap();
    assert_eq!(both.header("webhook-signature"), format!("{} {}", signature(&new, &both), signature(&old, &both)));
    assert_eq!(one.header("webhook-signature"), signature(&new, &one));
}

async fn a_failed_delivery_holds_up_those_of_its_integration_and_no_others(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    receiver.answer("/a", 500, &[]);
    pause(&app, &traffit, true).await;
    app.settle().await;
    pause(&app, &traffit, false).await;
    pause(&app, &traffit, true).await;
    pause(&app, &hrworks, true).await;
    app.settle().await;
    let of = |told: &[Told], id: &str| {
        states(&told.iter().filter(|told| told.body["integrationId"] == id).cloned().collect::<Vec<_>>())
    };
    let told = receiver.take("/a");
    assert_eq!(of(&told, &traffit), ["PAUSED"], "the others wait for the one that failed");
    assert_eq!(of(&told, &hrworks), ["PAUSED"], "another integration does not wait");
    let waiting = deliveries(&app, &hook).await;
    assert_eq!(waiting[0]["lastError"], "answered 500");
    app.clock.advance(Duration::from_secs(6));
    app.settle().await;
    let again = receiver.take("/a");
    assert_eq!(states(&again), ["PAUSED", "ACTIVE", "PAUSED"]);
    assert_eq!(again[0].header("webhook-id"), told[0].header("webhook-id"), "the same id with every attempt");
    assert_eq!(again[0].raw, told[0].raw);
}

async fn a_failing_delivery_is_tried_ten_times_with_growing_pauses(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    (0..10).for_each(|_| receiver.answer("/a", 503, &[]));
    pause(&app, &id, true).await;
    app.settle().await;
    for (attempts, pause) in (1..).zip([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]) {
        let [delivery] = deliveries(&app, &hook).await.try_into().unwrap();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("PENDING"), &json!(attempts)));
        let wait = (time(&delivery["nextAttemptAt"]) - app.clock.now()).to_std().unwrap();
        let usual = Duration::from_secs(pause);
        assert!((usual..=usual.mul_f64(1.1)).contains(&wait), "{attempts}: {wait:?}");
        app.clock.advance(wait - Duration::from_millis(1));
        app.settle().await;
        assert_eq!(receiver.told("/a").len(), attempts, "not before its time");
        app.clock.advance(Duration::from_millis(1));
        app.settle().await;
        assert_eq!(receiver.told("/a").len(), attempts + 1);
    }
    let [delivery] = deliveries(&app, &hook).await.try_into().unwrap();
    assert_eq!(
        (&delivery["state"], &delivery["attempts"], &delivery["nextAttemptAt"]),
        (&json!("FAILED"), &json!(10), &Value::Null)
    );
    pause(&app, &id, false).await;
    app.settle().await;
    assert_eq!(states(&receiver.take("/a")[10..]), ["ACTIVE"], "what was given up holds nothing up");
}

async fn a_receiver_says_how_long_it_wants_to_be_left_alone(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    let date = (app.clock.now() + TimeDelta::seconds(3600)).to_rfc2822().replace("+0000", "GMT");
    receiver.answer("/a", 429, &[("retry-after", "120")]);
    pause(&app, &id, true).await;
    app.settle().await;
    let next = async || time(&deliveries(&app, &hook).await[0]["nextAttemptAt"]);
    assert_eq!(next().await, app.clock.now() + TimeDelta::seconds(120));
    receiver.answer("/a", 503, &[("retry-after", &date)]);
    app.clock.advance(Duration::from_secs(120));
    app.settle().await;
    assert_eq!(next().await, app.clock.now() + TimeDelta::seconds(3480));
    app.clock.advance(Duration::from_secs(3480));
    app.settle().await;
    assert_eq!(deliveries(&app, &hook).await[0]["state"], "DELIVERED");
}

async fn an_endpoint_that_is_gone_is_disabled(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    receiver.answer("/a", 410, &[]);
    pause(&app, &id, true).await;
    pause(&app, &id, false).await;
    app.settle().await;
    assert_eq!(receiver.take("/a").len(), 1, "nothing more is sent to it");
    let endpoint = shown(&app, &hook).await;
    assert_eq!(endpoint["enabled"], false);
    assert!(endpoint["disabledReason"].as_str().unwrap().contains("410"), "{endpoint:#}");
    let [gone, waits] = deliveries(&app, &hook).await.try_into().unwrap();
    assert_eq!(
        (&gone["state"], &gone["lastStatus"], &waits["state"]),
        (&json!("FAILED"), &json!(410), &json!("PENDING"))
    );
    let refused = redeliver(&app, &gone["id"]).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["deliveryId"]), "{refused:#}");
    let enabled = update(&app, json!({ "id": hook, "enabled": true })).await;
    assert_eq!((&enabled["endpoint"]["enabled"], &enabled["endpoint"]["disabledReason"]), (&json!(true), &Value::Null));
    app.settle().await;
    assert_eq!(states(&receiver.take("/a")), ["ACTIVE"]);
}

async fn an_endpoint_that_fails_for_five_days_is_disabled_until_it_is_enabled_again(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    let (other, _) = endpoint(&app, &receiver, "/b", STATES).await;
    (0..100).for_each(|_| receiver.answer("/a", 500, &[]));
    pause(&app, &id, true).await;
    pause(&app, &id, false).await;
    pause(&app, &id, true).await;
    let begun = app.clock.now();
    while shown(&app, &hook).await["enabled"] == true {
        assert!(app.clock.now() - begun < TimeDelta::days(7), "it is never disabled");
        app.clock.advance(Duration::from_secs(3 * 3600));
        app.settle().await;
    }
    assert!(app.clock.now() - begun >= TimeDelta::days(5));
    let reason = shown(&app, &hook).await["disabledReason"].as_str().unwrap().to_owned();
    assert!(reason.contains("5 days") && reason.contains("answered 500"), "{reason}");
    assert_eq!(shown(&app, &other).await["enabled"], true);
    let (failed, tries) = (receiver.take("/a").len(), deliveries(&app, &hook).await);
    assert!(failed > 10 && tries.iter().any(|delivery| delivery["state"] == "PENDING"), "{failed} {tries:#?}");
    receiver.answer_well();
    pause(&app, &id, false).await;
    app.settle().await;
    assert_eq!(receiver.take("/a").len(), 0);
    update(&app, json!({ "id": hook, "enabled": true })).await;
    app.settle().await;
    assert_eq!(states(&receiver.take("/a")).last().unwrap(), "ACTIVE", "it goes on, with what happened meanwhile");
    receiver.answer("/a", 500, &[]);
    pause(&app, &id, true).await;
    app.settle().await;
    assert_eq!(shown(&app, &hook).await["enabled"], true, "its patience begins anew");
}

async fn what_was_delivered_or_given_up_is_delivered_again(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    pause(&app, &id, true).await;
    app.settle().await;
    let [first] = deliveries(&app, &hook).await.try_into().unwrap();
    receiver.answer("/a", 500, &[]);
    pause(&app, &id, false).await;
    app.settle().await;
    let again = redeliver(&app, &first["id"]).await;
    assert_eq!((&again["userErrors"], &again["delivery"]["state"]), (&json!([]), &json!("PENDING")), "{again:#}");
    receiver.take("/a");
    app.settle().await;
    let [told] = receiver.take("/a").try_into().unwrap();
    assert_eq!(
        (told.header("webhook-id"), states(std::slice::from_ref(&told))),
        (first["id"].as_str().unwrap(), vec!["PAUSED".into()])
    );
    let [first, second] = deliveries(&app, &hook).await.try_into().unwrap();
    assert_eq!((&first["state"], &first["attempts"]), (&json!("DELIVERED"), &json!(2)));
    assert_eq!(second["state"], "PENDING", "nor does it go ahead of its time");
    redeliver(&app, &second["id"]).await;
    app.settle().await;
    assert_eq!(states(&receiver.take("/a")), ["ACTIVE"], "one that waits for its next attempt is due at once");
    let unknown = redeliver(&app, &json!("msg_00000000000000000000000000")).await;
    assert_eq!(unknown["userErrors"][0]["code"], "NOT_FOUND");
}

async fn a_redirect_is_not_followed(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    receiver.answer("/a", 307, &[("location", &receiver.url("/b"))]);
    pause(&app, &id, true).await;
    app.settle().await;
    assert_eq!((receiver.told("/a").len(), receiver.told("/b").len()), (1, 0));
    let delivery = deliveries(&app, &hook).await.remove(0);
    assert_eq!((&delivery["state"], &delivery["lastError"]), (&json!("PENDING"), &json!("answered 307")));
}

async fn a_name_that_leads_inside_is_not_dialled(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let url = format!("https://localhost:{}/a", receiver.address.port());
    let (hook, _) = super::made(&app, &app.admin, json!({ "url": url, "events": STATES })).await;
    pause(&app, &id, true).await;
    app.settle().await;
    let delivery = deliveries(&app, &hook).await.remove(0);
    assert_eq!((&delivery["state"], &delivery["lastStatus"]), (&json!("PENDING"), &Value::Null));
    assert!(delivery["lastError"].as_str().unwrap().contains("no public address"), "{delivery:#}");
}

async fn lanes(app: &TestApp) -> Vec<Lane> {
    let until = app.clock.now() + TimeDelta::seconds(65);
    app.store.lease_lanes(app.ids.uuid(), (64, 8), until, app.clock.now()).await.unwrap()
}

async fn the_deliveries_of_a_worker_that_died_are_taken_up_by_another(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    receiver.answer("/a", 500, &[]);
    pause(&app, &id, true).await;
    pause(&app, &id, false).await;
    app.settle().await;
    app.clock.advance(Duration::from_secs(6));
    receiver.take("/a");
    // A worker that takes the lane, and is never heard of again.
    let [dead] = lanes(&app).await.try_into().unwrap();
    app.settle().await;
    assert_eq!(receiver.told("/a").len(), 0, "it is somebody's");
    assert_eq!(lanes(&app).await, []);
    app.clock.advance(Duration::from_secs(66));
    settle(&app.successor().await).await;
    assert_eq!(states(&receiver.take("/a")), ["PAUSED", "ACTIVE"]);
    // It was only slow: what it still has to say is refused.
    pause(&app, &id, true).await;
    receiver.answer("/a", 500, &[]);
    app.settle().await;
    app.clock.advance(Duration::from_secs(6));
    let [now] = lanes(&app).await.try_into().unwrap();
    let notes = |lane| LaneNotes { lane, attempted: Vec::new(), goes_on: false };
    let held = app.store.note_lanes(&[&notes(dead)], app.clock.now()).await.unwrap();
    assert_eq!(held, [false]);
    assert_eq!(app.store.note_lanes(&[&notes(now)], app.clock.now()).await.unwrap(), [true]);
    app.settle().await;
    assert!(deliveries(&app, &hook).await.iter().all(|delivery| delivery["state"] == "DELIVERED"));
}

async fn another_process_goes_on_where_one_ended(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    receiver.gate.hold("/a", 1);
    pause(&app, &id, true).await;
    pause(&app, &id, false).await;
    app.service.webhooks.begin_due().await.unwrap();
    receiver.gate.held().await;
    let stopped = async {
        // It is told to stop while a request is under way: that is waited for, and the next not begun.
        tokio::join!(app.service.webhooks.stop(), async { receiver.gate.open() });
    };
    stopped.await;
    assert_eq!(states(&receiver.take("/a")), ["PAUSED"]);
    let states_of = async || {
        let all = deliveries(&app, &hook).await;
        all.iter().map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states_of().await, ["DELIVERED", "PENDING"]);
    settle(&app.successor().await).await;
    assert_eq!(states(&receiver.take("/a")), ["ACTIVE"]);
    assert_eq!(states_of().await, ["DELIVERED", "DELIVERED"]);
}

async fn what_is_too_old_is_removed(backend: Backend) {
    let (app, receiver) = start(backend).await;
    let id = app.connected("traffit").await;
    let (hook, _) = endpoint(&app, &receiver, "/a", STATES).await;
    pause(&app, &id, true).await;
    app.settle().await;
    app.clock.advance(Duration::from_secs(29 * 86_400));
    app.settle().await;
    assert_eq!(deliveries(&app, &hook).await.len(), 1);
    app.clock.advance(Duration::from_secs(2 * 86_400));
    app.settle().await;
    assert_eq!(deliveries(&app, &hook).await.len(), 0);
    let attempts = store::entity::webhook_attempt::Entity::find().count(app.store.connection()).await.unwrap();
    assert_eq!(attempts, 0);
}
