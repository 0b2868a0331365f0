//! When accounts are synced by themselves: what changed each interval, everything once a night, later where a vendor
//! fails, and nothing that stands still for ever.

use std::time::Duration;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, model};

on_both!(
    the_schedule_asks_for_what_changed_and_once_a_night_for_everything,
    a_vendor_that_cannot_tell_is_always_read_whole,
    a_failing_vendor_is_left_alone_for_longer_and_longer,
    a_run_that_stands_still_times_out_and_the_next_one_begins_anew,
);

const HOUR: Duration = Duration::from_secs(3600);

async fn integration(app: &TestApp, id: &str) -> Value {
    let query = "query($id: ID!) { integration(id: $id) { state stateReason nextSyncAt lastSync { id kind state } } }";
    app.query_with(query, json!({"id": id})).await["integration"].take()
}

/// Minutes from now until the next sync.
async fn minutes_to_next(app: &TestApp, id: &str) -> i64 {
    use hiregraph::domain::Clock;
    let next = integration(app, id).await["nextSyncAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    (next.unwrap() - app.clock.now()).num_minutes()
}

/// Goes to where the next sync is due and carries it out; answers its kind.
async fn next_sync(app: &TestApp, id: &str) -> String {
    let minutes = u64::try_from(minutes_to_next(app, id).await + 1).unwrap();
    app.clock.advance(Duration::from_secs(minutes * 60));
    app.settle().await;
    integration(app, id).await["lastSync"]["kind"].as_str().unwrap().to_owned()
}

async fn the_schedule_asks_for_what_changed_and_once_a_night_for_everything(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    assert_eq!(integration(&app, &id).await["lastSync"]["kind"], "FULL");
    let gone = app.vendors.traffit.edit(|account| {
        let gone = account.candidate_ids()[0];
        assert!(account.delete_candidate(gone));
        gone.to_string()
    });
    // From ten in the morning until midnight, whose first four hours are the night.
    let mut kinds = Vec::new();
    for _ in 0..24 {
        kinds.push(next_sync(&app, &id).await);
        if kinds.last().is_some_and(|kind| kind == "FULL") {
            break;
        }
        assert!(!app.gone(&id, "CANDIDATE").await.contains(&gone));
    }
    assert!((13..=20).contains(&kinds.len()), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "FULL").count(), 1, "{kinds:?}");
    assert!(app.gone(&id, "CANDIDATE").await.contains(&gone));
    assert_eq!(next_sync(&app, &id).await, "DELTA");
}

async fn a_vendor_that_cannot_tell_is_always_read_whole(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    assert_eq!(next_sync(&app, &id).await, "FULL");
}

async fn a_failing_vendor_is_left_alone_for_longer_and_longer(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("hrworks").await;
    let usual = minutes_to_next(&app, &id).await;
    assert!((56..=64).contains(&usual), "{usual}");
    app.vendors.faults("hrworks", &["error-rate=1"]);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        next_sync(&app, &id).await;
        pauses.push(minutes_to_next(&app, &id).await);
    }
    let about = |minutes: i64| (minutes * 94 / 100)..=(minutes * 106 / 100);
    for (pause, expected) in pauses.iter().zip([60, 120, 240, 360, 360]) {
        assert!(about(expected).contains(pause), "{pauses:?}");
    }
    assert_eq!(integration(&app, &id).await["state"], "ACTIVE", "a vendor that fails says nothing of the credentials");
    app.vendors.faults("hrworks", &[]);
    next_sync(&app, &id).await;
    let usual = minutes_to_next(&app, &id).await;
    assert!((56..=64).contains(&usual), "{usual}");
}

async fn a_run_that_stands_still_times_out_and_the_next_one_begins_anew(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    app.clock.advance(HOUR * 2);
    app.vendors.gate("traffit").hold("/api/integration/v2/employees/", 1);
    let begun = app.begin().await;
    app.vendors.gate("traffit").held().await;
    app.clock.advance(Duration::from_secs(15 * 60));
    begun.ended().await;
    let last = integration(&app, &id).await["lastSync"].take();
    let run = app.run(last["id"].as_str().unwrap()).await;
    assert_eq!(run["state"], "TIMED_OUT", "{run:#}");
    assert_eq!(model(&run, "USER")["state"], "SUCCEEDED");
    assert_eq!(model(&run, "CANDIDATE")["state"], "TIMED_OUT");
    app.vendors.gate("traffit").open();
    next_sync(&app, &id).await;
    assert_eq!(integration(&app, &id).await["lastSync"]["state"], "SUCCEEDED");
}
