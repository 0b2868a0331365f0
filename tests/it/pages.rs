//! A page may hold thousands of records: statements stay within what a database takes.

use hiregraph::domain::{Candidate, Clock, IdSpace, IntegrationId, Payload, RecordType, Snapshot};
use hiregraph::store::{DeletionCommit, PageCommit};
use serde_json::json;

use crate::on_both;
use crate::support::{Backend, TestApp, uuid_of};

on_both!(a_page_of_thousands_of_records_is_written_at_once);

async fn a_page_of_thousands_of_records_is_written_at_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connect("traffit").await;
    let integration = uuid_of(&id);
    let ids = IdSpace::new(IntegrationId(integration));
    let page = |name: &str| -> Vec<Snapshot> {
        (0..5000)
            .map(|number| {
                let remote_id = number.to_string();
                Snapshot {
                    id: ids.uuid(RecordType::Candidate, &remote_id),
                    record: Candidate { remote_id, first_name: Some(name.to_owned()), ..Candidate::default() }.into(),
                    payload: Payload::from([("/people".to_owned(), json!({ "name": name, "number": number }))]),
                }
            })
            .collect()
    };
    let lease = app.store.lease(integration, uuid::Uuid::from_u128(1), app.clock.now()).await.unwrap().unwrap();
    for (name, expected) in [("Ada", [5000, 0, 0]), ("Eva", [0, 5000, 0]), ("Eva", [0, 0, 5000])] {
        let snapshots = page(name);
        let commit = PageCommit {
            snapshots: &snapshots,
            volatile: &[],
            children: &[(RecordType::Candidate, "candidate_tags")],
            run: None,
            now: app.clock.now(),
        };
        let stored = app.store.commit_page(&lease, commit).await.unwrap();
        let counts = stored[&RecordType::Candidate];
        assert_eq!([counts.created, counts.updated, counts.unchanged], expected, "{name}");
    }
    let all: Vec<_> = page("Eva").into_iter().map(|snapshot| snapshot.id).collect();
    let due = app.store.count_due_parents(&lease, "candidate_tags").await.unwrap();
    assert_eq!(due, 5000);
    let deletion = DeletionCommit {
        of: RecordType::Candidate,
        ids: &all,
        children: &["candidate_tags"],
        run: None,
        now: app.clock.now(),
    };
    assert_eq!(app.store.commit_deletion(&lease, deletion).await.unwrap(), 5000);
    assert_eq!(app.store.count_due_parents(&lease, "candidate_tags").await.unwrap(), 0);
    assert_eq!(app.changes(&id).await.len(), 15_000);
}
