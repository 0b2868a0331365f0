//! An integration that is erased leaves nothing.

use axum::http::StatusCode;
use serde_json::json;

use super::{FILE, PERSON, SMALL, VENDORS, call, file, planted};
use crate::on_both;
use crate::support::receiver::Receiver;
use crate::support::writing::{Target, begin, with};
use crate::support::{Backend, TestApp};

on_both!(nothing_is_left_of_an_integration_that_was_erased);

/// Of the account and of those that are its vendor's.
const ACCOUNT: [&str; 12] = [
    "Zzaccount",
    "Zzorganization",
    "zzcustomer@example.com",
    "zzorigin",
    "Zzcustomfield",
    "simulated-secret",
    "simulated/secret+access/key",
    "SimulatedAccessKey+/",
    "Zzvendorname",
    "Zzpending",
    "Zzforwarded",
    "Zzwaiting",
];

async fn nothing_is_left_of_an_integration_that_was_erased(backend: Backend) {
    for connector in VENDORS {
        let receiver = Receiver::start().await;
        let app = TestApp::start_telling(backend, SMALL, &[&receiver]).await;
        let hook = json!({ "url": receiver.url("/hook"), "query": "{ record { ... on Candidate { lastName } } }",
            "events": ["RECORD_CHANGED", "ACTION_FINISHED", "SYNC_FINISHED", "INTEGRATION_CREATED", "INTEGRATION_DELETED"] });
        let make =
            "mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { userErrors { message } } }";
        app.query_with(make, json!({ "i": hook })).await;
        match connector {
            "traffit" => app.vendors.traffit.edit(|account| {
                let id = account.candidate_ids()[0];
                account.update_candidate(id, |candidate| candidate.lastname = "Zzvendorname".into());
            }),
            _ => app.vendors.hrworks.edit(|account| {
                let id = account.candidate_ids()[0].clone();
                account.update_candidate(&id, |candidate| candidate.last_name = "Zzvendorname".into());
            }),
        }
        let input = json!({
            "connector": connector, "name": "Zzaccount", "credentials": app.vendors.credentials(connector),
            "endUser": { "organizationName": "Zzorganization", "email": "zzcustomer@example.com", "originId": "zzorigin" },
        });
        let connect = "mutation($i: CreateIntegrationInput!) { createIntegration(input: $i) { integration { id } } }";
        let made = app.query_with(connect, json!({ "i": input })).await;
        let integration = made["createIntegration"]["integration"]["id"].as_str().unwrap().to_owned();
        app.settle().await;
        let jobs =
            "query($id: ID!) { jobs(integrationId: $id, filter: {statuses: [OPEN]}, first: 1) { nodes { id } } }";
        let found = app.query_with(jobs, json!({ "id": integration })).await;
        let job = found["jobs"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        let planted = planted(&app, Target { integration: integration.clone(), job }).await;
        let field = "mutation($id: ID!) { setCustomField(input: {integrationId: $id, model: CANDIDATE, key: \"k\", \
                     source: \"/name\", label: \"Zzcustomfield\"}) { userErrors { code message } } }";
        app.query_with(field, json!({ "id": integration })).await;
        let forward = json!({ "integrationId": integration, "method": "POST", "path": "/employees/1/notes",
                              "json": { "content": "Zzforwarded" } });
        let pass = "mutation($input: PassthroughInput!) { passthrough(input: $input) { userErrors { code } } }";
        app.query_with(pass, json!({ "input": forward })).await;
        // And with something waiting: a write with its file, a call of the vendor, a run.
        let is_file = |path: &str| path.trim_end_matches('/').ends_with("/files");
        app.vendors.gate(connector).fail_writes(usize::MAX, StatusCode::INTERNAL_SERVER_ERROR, is_file);
        let mut waiting = with(planted.target.input("zzwaiting@example.com"), "attachments", json!([file()]));
        waiting["candidate"]["lastName"] = json!("Zzwaiting");
        begin(&app, "createCandidate", waiting).await;
        app.service.actions.settle().await;
        if connector == "traffit" {
            let body = json!({ "employee": { "id": 1, "name": "Zzpending" } });
            assert_eq!(call(&app, &body).await.status, 202);
        }
        let texts: Vec<&str> = ACCOUNT.iter().chain(&PERSON).copied().chain([FILE.1]).collect();
        let before = app.traces(&texts).await;
        assert!(before.len() > 20, "{before:#?}");
        for text in ["Zzaccount", "Zzwaiting", "Zzvendorname", "Zzfilebytes", "Zznotetext"] {
            let text = text.to_lowercase();
            assert!(before.iter().any(|trace| trace.contains(&text)), "{text} was not planted: {before:#?}");
        }
        let query = "mutation($id: ID!) { deleteIntegration(id: $id) { deletedId userErrors { code } } }";
        let deleted = app.query_with(query, json!({ "id": integration })).await;
        assert_eq!(deleted["deleteIntegration"], json!({ "deletedId": integration, "userErrors": [] }));
        let left = match connector {
            "traffit" => app.vendors.traffit.edit(|account| account.webhooks().len()),
            _ => app.vendors.hrworks.edit(|account| account.webhooks().len()),
        };
        assert_eq!(left, 0, "{connector}: subscriptions at the vendor");
        assert_eq!(app.traces(&texts).await, Vec::<String>::new(), "{connector}");
        app.settle().await;
        assert_eq!(app.traces(&texts).await, Vec::<String>::new(), "{connector}: afterwards");
    }
}
