//! The service as a process that dies: what it had begun is finished by the next one.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::on_both;
use crate::support::Backend;
use crate::support::child::{Serving, run};
use crate::support::place::{KEY, Place, SERVE};
use crate::support::receiver::{Receiver, Told};
use crate::support::vendors::Size;

on_both!(
    a_process_killed_in_the_middle_of_a_sync_loses_nothing,
    a_process_told_to_stop_in_the_middle_of_a_sync_ends_well,
    another_secret_key_is_refused_at_the_start,
    a_delivery_whose_process_is_killed_is_made_by_the_next,
);

const SIZE: Size = Size { candidates: 130, jobs: 6 };

impl Place {
    async fn totals(&self, serving: &Serving, id: &str) -> Value {
        let query = "query($id: ID!) { integration(id: $id) { state lastSync { state } models { model count } } }";
        serving.query(&self.key, query, json!({ "id": id })).await["integration"].take()
    }

    /// The mirror is what the vendor has, and every record was written once.
    async fn check(&self, serving: &Serving, connector: &str, id: &str) {
        let shown = self.totals(serving, id).await;
        assert_eq!(
            (&shown["state"], &shown["lastSync"]["state"]),
            (&json!("ACTIVE"), &json!("SUCCEEDED")),
            "{shown:#}"
        );
        for (of, ids) in self.vendors.remote_ids(connector) {
            assert_eq!(crate::support::model(&shown, of)["count"], ids.len(), "{connector} {of}");
        }
        let connection = Database::connect(self.database.url()).await.unwrap();
        let rows = connection.query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT kind, record_id FROM changes WHERE integration_id = $1 ORDER BY seq",
            [crate::support::uuid_of(id).into()],
        ));
        let rows = rows.await.unwrap();
        let mut records = BTreeSet::new();
        for row in &rows {
            assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "CREATED");
            assert!(records.insert(row.try_get_by_index::<uuid::Uuid>(1).unwrap()), "written twice");
        }
    }
}

/// Where a sync is broken off: in the middle of pages, of the work on single records, and of a list of facts.
const PLACES: [(&str, &str, usize); 4] = [
    ("traffit", "/api/integration/v2/employees/", 2),
    ("traffit", "/api/integration/v2/employees/2/tags", 1),
    ("hrworks", "/v2/applicant-management/applicants", 2),
    ("hrworks", "/v2/applicant-management/job-applications", 3),
];

async fn a_process_killed_in_the_middle_of_a_sync_loses_nothing(backend: Backend) {
    let place = Place::new(backend, SIZE).await;
    for (connector, path, nth) in PLACES {
        let id = place.connect(connector).await;
        let gate = place.vendors.gate(connector);
        gate.hold(path, nth);
        let serving = place.serve().await;
        gate.held().await;
        serving.killed().await;
        gate.open();
        let mut serving = place.serve().await;
        serving.logged("sync ended").await;
        place.check(&serving, connector, &id).await;
        assert_eq!(serving.told("TERM").await.0, Some(0));
    }
}

async fn a_process_told_to_stop_in_the_middle_of_a_sync_ends_well(backend: Backend) {
    let place = Place::new(backend, SIZE).await;
    let id = place.connect("traffit").await;
    let gate = place.vendors.gate("traffit");
    gate.hold("/api/integration/v2/employees/", 2);
    let serving = place.serve().await;
    gate.held().await;
    assert_eq!(serving.told("TERM").await, (Some(0), String::new()));
    gate.open();
    let mut serving = place.serve().await;
    serving.logged("sync ended").await;
    place.check(&serving, "traffit", &id).await;
}

async fn another_secret_key_is_refused_at_the_start(backend: Backend) {
    let place = Place::new(backend, SIZE).await;
    place.connect("hrworks").await;
    let url = place.database.url();
    let other = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
    let settings = [("HIREGRAPH_DATABASE_URL", url), ("HIREGRAPH_SECRET_KEY", other)];
    let error = run(&SERVE, &settings).await.refused();
    assert!(error.contains("HIREGRAPH_SECRET_KEY does not hold") && error.contains("start with the keys"), "{error}");
    let both = format!("{other},{KEY}");
    let settings = [("HIREGRAPH_DATABASE_URL", url), ("HIREGRAPH_SECRET_KEY", both.as_str())];
    assert_eq!(Serving::start(&SERVE, &settings).await.told("TERM").await.0, Some(0));
}

async fn a_delivery_whose_process_is_killed_is_made_by_the_next(backend: Backend) {
    let receiver = Receiver::start().await;
    let mut place = Place::new(backend, SIZE).await;
    place.set("HIREGRAPH_ALLOWED_PRIVATE_HOSTS", receiver.address.to_string());
    let id = place.connect("hrworks").await;
    let mut serving = place.serve().await;
    serving.logged("sync ended").await;
    let make = "mutation($u: URL!) { createWebhookEndpoint(input: {url: $u, events: [INTEGRATION_STATE_CHANGED]}) \
                { secret endpoint { id } userErrors { message } } }";
    let made =
        serving.query(&place.key, make, json!({ "u": receiver.url("/a") })).await["createWebhookEndpoint"].take();
    let pause =
        "mutation($id: ID!, $p: Boolean!) { updateIntegration(input: {id: $id, paused: $p}) { userErrors { code } } }";
    receiver.gate.hold("/a", 1);
    for paused in [true, false] {
        serving.query(&place.key, pause, json!({ "id": id, "p": paused })).await;
    }
    receiver.gate.held().await;
    serving.killed().await;
    receiver.gate.open();
    let serving = place.serve().await;
    let state = |told: &Told| told.body["data"]["to"].as_str().unwrap_or_default().to_owned();
    receiver.until("/a", |told| told.last().is_some_and(|last| state(last) == "ACTIVE")).await;
    let mut told = receiver.told("/a");
    let webhook = Webhook::new(made["secret"].as_str().unwrap()).unwrap();
    for told in &told {
        webhook.verify(&told.raw, &told.headers).unwrap();
    }
    // The one that was held may have come twice: by its id it is known as the same.
    told.dedup_by_key(|told| told.header("webhook-id").to_owned());
    assert_eq!(told.iter().map(state).collect::<Vec<_>>(), ["PAUSED", "ACTIVE"]);
    assert_eq!(serving.told("TERM").await.0, Some(0));
}
