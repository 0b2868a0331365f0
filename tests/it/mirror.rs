//! A full sync brings the vendor's account into the graph, and again nothing when nothing changed but its own record
//! and the log of its requests.

use serde_json::json;

use crate::on_both;
use crate::support::{Backend, TestApp};

on_both!(both_accounts_are_mirrored, nothing_changed_writes_no_record);

async fn both_accounts_are_mirrored(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        let query =
            "query($id: ID!) { integration(id: $id) { state stateReason lastSync { state models { model error } } } }";
        let integration = app.query_with(query, json!({ "id": id })).await["integration"].take();
        assert_eq!(integration["state"], "ACTIVE", "{integration:#}");
        assert_eq!(integration["lastSync"]["state"], "SUCCEEDED", "{integration:#}");
        assert!(app.total("candidates", &id).await >= 100);
        assert!(app.total("jobs", &id).await >= 12);
        assert!(app.total("applications", &id).await >= 100);
    }
}

async fn nothing_changed_writes_no_record(backend: Backend) {
    let app = TestApp::start(backend).await;
    for connector in ["traffit", "hrworks"] {
        let id = app.connected(connector).await;
        app.store.statements().listen();
        let run = app.sync(&id).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        for row in run["models"].as_array().unwrap() {
            assert_eq!([&row["created"], &row["updated"], &row["deleted"]], [0, 0, 0], "{row}");
        }
        let written: Vec<_> = app
            .store
            .statements()
            .heard()
            .into_iter()
            .filter(|text| ["INSERT", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb)))
            .filter(|text| {
                !["sync_runs", "sync_run_models", "sync_seen", "model_status", "integrations", "vendor_inboxes"]
                    .iter()
                    .any(|table| text.contains(table))
            })
            .filter(|text| {
                // What was asked of the vendor is the one thing that is kept of a run beside its record.
                let log = text.starts_with("INSERT INTO \"vendor_requests\"");
                !log && !["due_children", "targeted_records", "vendor_deliveries"]
                    .iter()
                    .any(|table| text.starts_with(&format!("DELETE FROM {table}")))
            })
            .collect();
        assert_eq!(written, Vec::<String>::new());
    }
}
