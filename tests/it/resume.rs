//! A sync that is broken off anywhere ends, once it is taken up again, as one that never was.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, settle};

on_both!(
    a_first_sync_broken_off_anywhere_ends_as_one_that_was_not,
    a_later_sync_broken_off_anywhere_ends_as_one_that_was_not,
    a_lease_that_nobody_renews_is_taken_over,
);

/// Two pages of the longest lists, and little else.
const SIZE: Size = Size { candidates: 105, jobs: 4 };

/// About so many places in each sync; the first and the last request are always among them.
const PLACES: usize = 6;

fn places(requests: usize) -> impl Iterator<Item = usize> {
    let step = requests.div_ceil(PLACES);
    (1..=requests).filter(move |place| (place - 1).is_multiple_of(step) || *place == requests)
}

/// Breaks the sync off at the `place`th request to the vendor, and lets another process finish it.
async fn break_off_at(app: &TestApp, connector: &str, place: usize) {
    let gate = app.vendors.gate(connector);
    gate.hold("/", place);
    let begun = app.begin().await;
    assert_eq!(begun.count, 1);
    gate.held().await;
    begun.broken_off().await;
    gate.open();
    settle(&app.successor().await).await;
}

async fn a_first_sync_broken_off_anywhere_ends_as_one_that_was_not(backend: Backend) {
    for connector in ["traffit", "hrworks"] {
        let clean = TestApp::start_with(backend, SIZE).await;
        let id = clean.connect(connector).await;
        let before = clean.vendors.requests(connector);
        clean.settle().await;
        let requests = clean.vendors.requests(connector) - before;
        let (expected, entries) = (clean.dump(&id).await, clean.changes(&id).await.len());
        for place in places(requests) {
            let app = TestApp::start_with(backend, SIZE).await;
            let broken = app.connect(connector).await;
            assert_eq!(broken, id, "ids come from a seed");
            break_off_at(&app, connector, place).await;
            assert_eq!(app.dump(&id).await, expected, "{connector} at request {place} of {requests}");
            let changes = app.changes(&id).await;
            assert!(changes.iter().all(|change| change.kind == "CREATED"), "{connector} at {place}");
            let records: BTreeSet<_> = changes.iter().map(|change| change.record_id).collect();
            assert_eq!((changes.len(), records.len()), (entries, entries), "{connector} at {place}: written twice");
        }
    }
}

/// Changes and deletions of every kind, some of them in the middle of lists.
fn edit(app: &TestApp, connector: &str) {
    match connector {
        "traffit" => app.vendors.traffit.edit(|account| {
            let ids = account.candidate_ids();
            account.delete_candidate(ids[3]);
            account.delete_candidate(ids[90]);
            account.update_candidate(ids[5], |candidate| candidate.name = "Inna".into());
            account.tag(ids[101], "fresh");
            account.remove_job(account.job_ids()[1]);
            account.delete_user(*account.user_ids().last().unwrap());
        }),
        _ => app.vendors.hrworks.edit(|account| {
            let ids = account.candidate_ids();
            account.delete_candidate(&ids[3]);
            account.delete_candidate(&ids[90]);
            account.update_candidate(&ids[5], |candidate| candidate.first_name = "Andere".into());
            let (application, job) = (account.application_ids()[20].clone(), account.job_ids()[1].clone());
            account.delete_application(&application);
            account.remove_job(&job);
            let user = account.user_ids().last().unwrap().clone();
            account.delete_user(&user);
        }),
    }
}

async fn a_later_sync_broken_off_anywhere_ends_as_one_that_was_not(backend: Backend) {
    for connector in ["traffit", "hrworks"] {
        let mut clean: Option<(Vec<String>, usize, usize)> = None;
        let mut left = vec![None];
        while let Some(place) = left.pop() {
            let app = TestApp::start_with(backend, SIZE).await;
            let id = app.connected(connector).await;
            edit(&app, connector);
            app.clock.advance(Duration::from_secs(2 * 3600));
            match place {
                None => {
                    let before = app.vendors.requests(connector);
                    app.settle().await;
                    let requests = app.vendors.requests(connector) - before;
                    clean = Some((app.dump(&id).await, app.changes(&id).await.len(), requests));
                    left.extend(places(requests).map(Some));
                }
                Some(place) => {
                    break_off_at(&app, connector, place).await;
                    let (expected, entries, requests) = clean.as_ref().unwrap();
                    assert_eq!(&app.dump(&id).await, expected, "{connector} at request {place} of {requests}");
                    assert_eq!(app.changes(&id).await.len(), *entries, "{connector} at request {place} of {requests}");
                }
            }
        }
    }
}

async fn a_lease_that_nobody_renews_is_taken_over(backend: Backend) {
    let app = TestApp::start_with(backend, SIZE).await;
    let id = app.connect("traffit").await;
    let dead = uuid::Uuid::from_u128(13);
    let integration = crate::support::uuid_of(&id);
    let now = hiregraph::domain::Clock::now(app.clock.as_ref());
    assert!(app.store.lease(integration, dead, now).await.unwrap().is_some());
    app.settle().await;
    assert_eq!(app.total("candidates", &id).await, 0);
    app.clock.advance(app.store.lease_time() + Duration::from_millis(1));
    app.settle().await;
    assert_eq!(app.total("candidates", &id).await, 105);
}
