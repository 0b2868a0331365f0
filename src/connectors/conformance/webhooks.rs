//! The declared events and the code are held together both ways: each that is covered can be subscribed to, is called
//! about, verified and understood, and one that is not covered means nothing.

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::connectors::error::ErrorKind;
use crate::connectors::webhook::{self, Delivery, Hints, Kept, Listed, Wanted};
use crate::domain::Clock;

const DOOR: &str = "https://hooks.example/webhooks/vendor/integration";

fn covered(manifest: &Manifest) -> impl Iterator<Item = &'static str> {
    manifest.webhook_events.iter().filter(|event| event.covered).map(|event| event.event)
}

fn wanted(manifest: &Manifest) -> Vec<Wanted> {
    let wanted = covered(manifest).enumerate().map(|(at, event)| Wanted {
        event: event.to_owned(),
        url: format!("{DOOR}/{at}"),
        secret: secret(at),
    });
    wanted.collect()
}

fn secret(at: usize) -> SecretString {
    format!("s3cret-{at}").into()
}

/// What is kept of the subscription at this place.
fn kept(stand: &Stand, at: usize) -> Kept {
    let key = stand.connector.signing_key(&stand.account);
    key.map_or_else(|| Kept::Hash(webhook::hash(&secret(at))), Kept::Key)
}

async fn listed(stand: &Stand) -> Vec<Listed> {
    let listed = stand.connector.subscriptions(&stand.account).await.expect("the list is readable");
    listed.expect("simulators list")
}

async fn subscribed(stand: &Stand) -> Vec<String> {
    let answers = stand.connector.subscribe(&stand.account, &wanted(stand.manifest())).await;
    answers.into_iter().map(|answer| answer.expect("subscribed").expect("an id")).collect()
}

#[tokio::test]
async fn every_covered_event_is_subscribed_called_about_verified_and_understood() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let slug = stand.manifest().slug;
        let ids = subscribed(&stand).await;
        let known = listed(&stand).await;
        assert_eq!(known.iter().filter(|one| ids.contains(&one.remote_id)).count(), ids.len(), "{slug}: {known:?}");
        assert!(known.iter().all(|one| one.works), "{slug}: {known:?}");
        for (at, event) in covered(stand.manifest()).enumerate() {
            let called = stand.simulated.happen(event);
            let door = format!("{DOOR}/{at}");
            let mine: Vec<_> = called.iter().filter(|one| one.url.split('?').next() == Some(door.as_str())).collect();
            let [call] = mine.as_slice() else { panic!("{slug} {event}: {called:?}") };
            assert!(verified(&stand, call, &kept(&stand, at)), "{slug} {event}: {call:?}");
            for wrong in [Kept::Hash(webhook::hash(&"other".into())), Kept::Key("other".into()), Kept::Key("".into())] {
                assert!(!verified(&stand, call, &wrong), "{slug} {event}: {wrong:?}");
            }
            let hints = stand.connector.hints(event, call.body.as_bytes());
            assert!(!hints.unclear && hints != Hints::default(), "{slug} {event}: {hints:?}");
            for garbage in ["", "{", "[]", "{}", "\u{1F980}"] {
                let hints = stand.connector.hints(event, garbage.as_bytes());
                let expected = Hints { vanished: hints.vanished, ..Hints::unclear() };
                assert_eq!(hints, expected, "{slug} {event}");
            }
        }
    }
}

fn verified(stand: &Stand, call: &Called, kept: &Kept) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let name = HeaderName::try_from(name).expect("a name");
        headers.insert(name, HeaderValue::try_from(value).expect("a value"));
    }
    let query = call.url.split_once('?').map_or("", |(_, query)| query);
    let delivery = Delivery { headers: &headers, query, body: call.body.as_bytes(), at: clock().now() };
    stand.connector.verify(&delivery, kept)
}

#[tokio::test]
async fn an_event_that_is_not_covered_means_nothing() {
    for connector in Registry::default().all() {
        let manifest = connector.manifest();
        let stand = stand(connector).await;
        subscribed(&stand).await;
        let calls: Vec<Called> = covered(manifest).flat_map(|event| stand.simulated.happen(event)).collect();
        assert!(!calls.is_empty());
        for event in manifest.webhook_events.iter().filter(|event| !event.covered) {
            for call in &calls {
                let hints = connector.hints(event.event, call.body.as_bytes());
                assert!(hints.unclear, "{} {}: {hints:?}", manifest.slug, event.event);
            }
        }
    }
}

#[tokio::test]
async fn subscriptions_are_taken_off_and_what_is_gone_already_is_no_error() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let slug = stand.manifest().slug;
        let ids = subscribed(&stand).await;
        let (first, rest) = ids.split_first().expect("covered events");
        connector.unsubscribe(&stand.account, std::slice::from_ref(first)).await.expect("taken off");
        let left: BTreeSet<_> = listed(&stand).await.into_iter().map(|one| one.remote_id).collect();
        assert_eq!(left, rest.iter().cloned().collect(), "{slug}");
        connector.unsubscribe(&stand.account, &ids).await.expect("taken off, whether or not they were there");
        assert_eq!(listed(&stand).await, [], "{slug}");
        connector.unsubscribe(&stand.account, &ids).await.expect("nothing is left to take off");
    }
}

#[tokio::test]
async fn a_refused_subscription_says_what_to_change() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        stand.simulated.forbid_webhooks();
        let stand = Stand { account: stand.account(&[]), ..stand };
        let wanted = wanted(stand.manifest());
        let answers = connector.subscribe(&stand.account, &wanted).await;
        assert_eq!(answers.len(), wanted.len());
        for answer in answers {
            let error = answer.expect_err("refused");
            assert_eq!(error.kind, ErrorKind::Permission, "{error:?}");
            assert!(error.public.contains("tick"), "{error:?}");
            assert!(wanted.iter().all(|one| !error.public.contains(one.secret.expose_secret())));
        }
    }
}
