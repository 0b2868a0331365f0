//! What has arrived can be read while the first sync goes on, and how far it is.

use serde_json::json;

use crate::on_both;
use crate::support::{Backend, TestApp, model};

on_both!(what_has_arrived_can_be_read_during_the_first_sync);

async fn what_has_arrived_can_be_read_during_the_first_sync(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (connector, path, nth) in [
        // The second page of candidates, and the second list of members.
        ("traffit", "/api/integration/v2/employees/recruitment_history", 1),
        ("hrworks", "/v2/applicant-management/job-applications", 4),
    ] {
        let id = app.connect(connector).await;
        let gate = app.vendors.gate(connector);
        gate.hold(path, nth);
        let begun = app.begin().await;
        gate.held().await;
        let query = "query($id: ID!) { integration(id: $id) { state lastSync { id state } \
                     candidates(first: 5) { nodes { lastName applications(first: 1) { nodes { id } } } } } }";
        let shown = app.query_with(query, json!({ "id": id })).await["integration"].take();
        assert_eq!(
            (&shown["state"], &shown["lastSync"]["state"]),
            (&json!("SETTING_UP"), &json!("RUNNING")),
            "{shown:#}"
        );
        assert_eq!(shown["candidates"]["nodes"].as_array().unwrap().len(), 5, "{shown:#}");
        let run = app.run(shown["lastSync"]["id"].as_str().unwrap()).await;
        let of = if connector == "traffit" { "CANDIDATE" } else { "JOB" };
        let row = model(&run, of);
        assert_eq!(row["expected"], row["fetched"], "{row}");
        assert!(row["fetched"].as_i64().unwrap() > 0, "{row}");
        assert!(run["finishedAt"].is_null());
        gate.open();
        begun.ended().await;
        let query = "query($id: ID!) { integration(id: $id) { state } }";
        assert_eq!(app.query_with(query, json!({ "id": id })).await["integration"]["state"], "ACTIVE");
    }
}
