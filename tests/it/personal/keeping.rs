//! What has been kept long enough.

use hiregraph::cli::serve::Retention;
use serde_json::{Value, json};

use super::{FILE, PERSON, SMALL, VENDORS, days, plant};
use crate::on_both;
use crate::support::{Backend, TestApp, uuid_of};

on_both!(fields_of_deleted_records_are_erased_after_a_fortnight, what_was_written_is_erased_after_a_month,);

#[tokio::test]
async fn retentions_are_at_least_an_hour() {
    for name in ["deleted", "actions", "changes"] {
        let flag = format!("--{name}-retention");
        let place = crate::support::place::Place::new(Backend::Sqlite, SMALL).await;
        let url = place.database.url();
        let arguments = ["serve", "--listen", "127.0.0.1:0", &flag, "PT5M", "--database-url", url];
        let refused = crate::support::child::run(&arguments, &[]).await.refused();
        assert!(refused.contains(&format!("HIREGRAPH_{}_RETENTION", name.to_uppercase())), "{refused}");
    }
}

async fn fields_of_deleted_records_are_erased_after_a_fortnight(backend: Backend) {
    for connector in VENDORS {
        let mut app = TestApp::start_with(backend, SMALL).await;
        // What was written is another matter.
        app.with_parts(|parts| parts.retention = Retention { actions: days(1), ..Retention::default() });
        let planted = plant(&app, connector).await;
        let integration = planted.target.integration.clone();
        match connector {
            "traffit" => app.vendors.traffit.edit(|account| account.delete_candidate(planted.remote.parse().unwrap())),
            _ => app.vendors.hrworks.edit(|account| account.delete_candidate(&planted.remote)),
        };
        app.sync(&integration).await;
        let shown = async || {
            let query = "query($id: ID!) { candidate(id: $id) { id remoteId remoteDeletedAt changedAt firstName lastName \
                         emailAddresses { address } phoneNumbers { number } integrationFields { key } remoteData } }";
            app.query_with(query, json!({ "id": planted.candidate })).await["candidate"].take()
        };
        let before = shown().await;
        assert!(!before["remoteDeletedAt"].is_null(), "{before:#}");
        assert_eq!(before["lastName"], "Zzlastname", "{before:#}");
        let entries = app.changes(&integration).await.len();
        let named = "SELECT COUNT(*) FROM candidates WHERE integration_id = $1 AND last_name IS NOT NULL";
        let names = app.count(named, uuid_of(&integration)).await;
        app.clock.advance(days(14));
        app.service.purge().await.unwrap();
        assert_eq!(shown().await, before, "not a moment too early");
        app.clock.advance(days(1));
        app.service.purge().await.unwrap();
        let after = shown().await;
        for field in ["id", "remoteId", "remoteDeletedAt", "changedAt"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        for field in ["firstName", "lastName", "remoteData"] {
            assert_eq!(after[field], Value::Null, "{field}");
        }
        assert_eq!((&after["emailAddresses"], &after["phoneNumbers"]), (&json!([]), &json!([])));
        let texts: Vec<&str> = PERSON.iter().copied().chain([FILE.1]).collect();
        assert_eq!(app.traces(&texts).await, Vec::<String>::new(), "{connector}");
        assert_eq!(app.changes(&integration).await.len(), entries, "nothing more is told");
        let left = app.count(named, uuid_of(&integration)).await;
        assert_eq!(left, names - 1, "{connector}: the others keep theirs");
        // It looks no further for what is empty, and whoever comes back is whole again.
        app.store.statements().listen();
        app.clock.advance(days(1));
        app.service.purge().await.unwrap();
        let heard = app.store.statements().heard();
        assert!(heard.iter().all(|text| !text.starts_with("UPDATE candidates")), "{heard:#?}");
    }
}

async fn what_was_written_is_erased_after_a_month(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let planted = plant(&app, "hrworks").await;
    // Not of those that the vendor tells of as well.
    let journal = ["Zznotetext", "zzlinkhost"];
    assert!(!app.traces(&journal).await.is_empty());
    app.clock.advance(days(30));
    app.service.purge().await.unwrap();
    assert!(!app.traces(&journal).await.is_empty(), "not a moment too early");
    app.clock.advance(days(1));
    app.service.purge().await.unwrap();
    assert_eq!(app.traces(&journal).await, Vec::<String>::new());
    let query = "query($id: ID!) { application(id: $id) { actions { nodes { kind state steps { state } } } } }";
    let found = app.query_with(query, json!({ "id": planted.application })).await;
    let nodes = found["application"]["actions"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4, "{found:#}");
    assert!(nodes.iter().all(|node| node["state"] == "SUCCEEDED" && node["steps"][0]["state"] == "SUCCEEDED"));
    assert!(!app.traces(&["Zzlastname"]).await.is_empty(), "the record itself stays");
}
