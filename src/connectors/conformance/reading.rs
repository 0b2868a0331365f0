//! Declared streams can be read, twice alike; a record that is garbage is a problem and leaves its neighbours alone.

use super::*;
use crate::domain::Record;
use crate::domain::diff::fingerprint;

#[tokio::test]
async fn every_declared_stream_is_readable_and_reads_the_same_twice() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let slug = stand.manifest().slug;
        let all = stand.everything().await.expect("everything is readable");
        assert!(
            all.problems.is_empty() && all.unreadable.is_empty(),
            "{slug}: {:?} {:?}",
            all.problems,
            all.unreadable
        );
        let ids = Stand::ids();
        for snapshot in &all.records {
            let of = snapshot.record.record_type();
            if let Some(remote_id) = snapshot.record.remote_id() {
                assert_eq!(
                    snapshot.id,
                    ids.uuid(of, remote_id),
                    "{slug} {of} {remote_id}: not the id of its remote id"
                );
            }
        }
        // As the engine compares: what the manifest calls volatile may differ.
        let volatile = stand.manifest().volatile;
        let prints = |outcome: &Outcome| -> BTreeMap<_, _> {
            let print = |one: &Snapshot| (one.id, fingerprint(&one.record, &one.payload, volatile));
            outcome.records.iter().map(print).collect()
        };
        let again = stand.everything().await.expect("everything is readable again");
        assert_eq!(prints(&all), prints(&again), "{slug}");
    }
}

#[tokio::test]
async fn what_changed_is_told_by_the_streams_that_say_so_and_by_no_others() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let slug = stand.manifest().slug;
        let all = stand.everything().await.expect("everything is readable");
        let from = |text: &str| Some(text.parse().expect("a time"));
        let old =
            stand.since(from("1999-01-01T00:00:00Z"), None).await.expect("what changed since long ago is readable");
        let new = stand.since(from("2099-01-01T00:00:00Z"), None).await.expect("what will change is readable");
        for stream in stand.manifest().streams {
            let Reads::Pages(models) = &stream.reads else { continue };
            for of in *models {
                let name = format!("{slug} {} {of}", stream.name);
                let told: BTreeSet<_> = old.of(*of).map(|snapshot| snapshot.id).collect();
                let untold: Vec<_> = all.of(*of).filter(|snapshot| !told.contains(&snapshot.id)).collect();
                // An application that stands nowhere has no history that could tell.
                let tells =
                    |one: &&&Snapshot| !matches!(&one.record, Record::Application(one) if one.current_stage.is_none());
                assert_eq!(untold.iter().filter(tells).count(), 0, "{name}: since long ago is everything");
                assert!(told.len() > untold.len(), "{name}");
                let expected = if stream.since { 0 } else { all.count(*of) };
                assert_eq!(new.count(*of), expected, "{name}: since a time to come");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_from_its_cursor_with_nothing_but_that() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        for stream in stand.manifest().streams {
            if !matches!(stream.reads, Reads::Pages(_)) {
                continue;
            }
            let name = stream.name;
            let nothing = Carried::default();
            let first = ReadPage { stream: name, cursor: None, carried: &nothing, since: None };
            let first = connector.read(&stand.account, first).await.expect("the first page");
            let Some(cursor) = first.next else { continue };
            // Another account, as after a restart.
            let account = stand.account(&[]);
            let rest = ReadPage { stream: name, cursor: Some(&cursor), carried: &nothing, since: None };
            let rest = connector.read(&account, rest).await.expect("the page after a restart");
            let seen: BTreeSet<_> = first.records.iter().map(|snapshot| snapshot.id).collect();
            assert!(rest.records.iter().all(|snapshot| !seen.contains(&snapshot.id)), "{name}: begins anew");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_is_none_of_ours_is_refused() {
    for connector in Registry::default().all() {
        let stand = stand(connector).await;
        let nothing = Carried::default();
        for stream in stand.manifest().streams {
            let request =
                ReadPage { stream: stream.name, cursor: Some("\u{0}nonsense"), carried: &nothing, since: None };
            let answer = connector.read(&stand.account, request).await;
            // One that is read in a single call looks at no cursor.
            assert!(!matches!(answer, Ok(page) if page.next.is_some()), "{}", stream.name);
        }
        let unknown = ReadPage { stream: "no such stream", cursor: None, carried: &nothing, since: None };
        assert!(connector.read(&stand.account, unknown).await.is_err());
        assert!(connector.children(&stand.account, "no such stream", &[]).await.is_err());
    }
}

#[tokio::test]
async fn a_record_that_is_garbage_is_a_problem_and_its_neighbours_are_read() {
    for connector in Registry::default().all() {
        let slug = connector.manifest().slug;
        let mut spoiled = 0;
        for of in connector.manifest().record_types() {
            let stand = stand(connector).await;
            let last = Some(stand.stream(of).name);
            let before = stand.until(last).await.expect("readable before");
            let Some(remote_id) = stand.simulated.spoil(of) else { continue };
            spoiled += 1;
            let after = stand.until(last).await.unwrap_or_else(|error| panic!("{slug} {of}: {error:?}"));
            let kept = |outcome: &Outcome| outcome.of(of).map(|snapshot| snapshot.id).collect::<BTreeSet<_>>();
            let lost: BTreeSet<_> = kept(&before).difference(&kept(&after)).copied().collect();
            if let Reads::Children { .. } = stand.stream(of).reads {
                let whose: Vec<_> = after.unreadable.iter().map(|(parent, _)| parent.as_str()).collect();
                assert_eq!(whose, [remote_id.as_str()], "{slug} {of}");
                assert!(!kept(&after).is_empty(), "{slug} {of}: its neighbours are gone");
                continue;
            }
            let id = Stand::ids().uuid(of, &remote_id);
            let problem = after.problems.iter().find(|problem| problem.of == of && problem.id == Some(id));
            let problem =
                problem.unwrap_or_else(|| panic!("{slug} {of} {remote_id}: no problem in {:?}", after.problems));
            assert_eq!(problem.remote_id.as_deref(), Some(remote_id.as_str()));
            assert!(problem.message.contains('/'), "{slug} {of}: names no endpoint: {}", problem.message);
            assert_eq!(lost, BTreeSet::from([id]), "{slug} {of}: what is no longer read");
        }
        assert!(spoiled > 0, "{slug}: nothing was spoiled");
    }
}
