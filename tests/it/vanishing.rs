//! What vanishes in a mass is marked only when it is found gone twice, or when the operator says so; what a vendor
//! merely fails to show never is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::writing::{begin, finish, target};
use crate::support::{Backend, TestApp, model, uuid_of};

on_both!(
    no_hostile_answer_deletes_anything,
    a_mass_goes_when_a_second_full_run_finds_it_gone,
    the_operator_lets_a_mass_go_at_once,
    another_mass_is_not_confirmed_by_the_first,
    tags_that_vanish_in_a_mass_are_held_back,
    the_share_is_a_setting,
    what_was_created_here_may_be_in_no_list,
);

/// Both vendors, with the path below which their candidates are.
const VENDORS: [(&str, &str); 2] =
    [("traffit", "/api/integration/v2/employees"), ("hrworks", "/v2/applicant-management/applicants")];

/// By table, how many records are marked as deleted.
async fn marked(app: &TestApp, id: &str) -> Vec<(&'static str, i64)> {
    let mut marked = Vec::new();
    for table in [
        "users",
        "application_stages",
        "jobs",
        "job_stages",
        "hiring_team_members",
        "candidates",
        "tags",
        "candidate_tags",
        "applications",
    ] {
        let text = format!("SELECT COUNT(*) FROM {table} WHERE integration_id = $1 AND remote_deleted_at IS NOT NULL");
        match app.count(&text, uuid_of(id)).await {
            0 => {}
            count => marked.push((table, count)),
        }
    }
    marked
}

/// The state of the integration and of one of its record types.
async fn status(app: &TestApp, id: &str, of: &str) -> (String, Value) {
    let query =
        "query($id: ID!) { integration(id: $id) { state stateReason models { model readable error heldDeletions } } }";
    let shown = app.query_with(query, json!({ "id": id })).await["integration"].take();
    assert_eq!(shown["stateReason"], Value::Null, "{shown:#}");
    (shown["state"].as_str().unwrap().to_owned(), model(&shown, of).clone())
}

/// Asks for a sync; answers the payload.
async fn ask(app: &TestApp, input: Value) -> Value {
    let query = "mutation($i: SyncIntegrationInput!) { syncIntegration(input: $i) { alreadyQueued syncRun { id kind } \
                 userErrors { code field } } }";
    app.query_with(query, json!({ "i": input })).await["syncIntegration"].take()
}

async fn confirmed(app: &TestApp, id: &str) -> Value {
    let payload = ask(app, json!({ "integrationId": id, "confirmDeletions": true })).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    app.settle().await;
    app.run(payload["syncRun"]["id"].as_str().unwrap()).await
}

async fn after_it_is_good(app: &TestApp, connector: &str, id: &str, fault: &str) {
    app.vendors.faults(connector, &[]);
    let run = app.sync(id).await;
    assert_eq!(run["state"], "SUCCEEDED", "after {fault}: {run:#}");
    for row in run["models"].as_array().unwrap() {
        assert_eq!((&row["heldDeletions"], &row["error"]), (&json!(0), &Value::Null), "after {fault}: {row}");
    }
    assert_eq!(marked(app, id).await, [], "after {fault}");
    for (of, ids) in app.vendors.remote_ids(connector) {
        assert_eq!(app.living(id, of).await, ids.into_iter().collect(), "{of} after {fault}");
    }
    let (state, shown) = status(app, id, "CANDIDATE").await;
    assert_eq!((state.as_str(), &shown["heldDeletions"], &shown["error"]), ("ACTIVE", &json!(0), &Value::Null));
}

async fn no_hostile_answer_deletes_anything(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (connector, candidates) in VENDORS {
        let id = app.connected(connector).await;
        // What the run says of the candidates.
        let mut faults = vec![
            ("empty-list".to_owned(), Some("the vendor's lists lack")),
            ("half-of-records".to_owned(), Some("the vendor's lists lack")),
            (format!("half-of-records@{candidates}"), Some("the vendor's lists lack")),
            ("early-end".to_owned(), None),
            ("truncated-page".to_owned(), Some("not JSON")),
            (format!("truncated-page@{candidates}"), Some("not JSON")),
            ("html-200".to_owned(), Some("not JSON")),
            ("not-json".to_owned(), Some("not JSON")),
            (format!("hidden-half@{candidates}"), Some("confirmDeletions")),
        ];
        if connector == "traffit" {
            // A list that leaves workflows out takes no stages from jobs.
            faults.push(("empty-list@/api/integration/v2/workflows".to_owned(), None));
            faults.push(("half-of-records@/api/integration/v2/workflows".to_owned(), None));
        }
        for (fault, says) in faults {
            app.vendors.faults(connector, &[&fault]);
            let run = app.sync(&id).await;
            assert!(["SUCCEEDED", "PARTIALLY_FAILED", "FAILED"].contains(&run["state"].as_str().unwrap()), "{run:#}");
            assert_eq!(marked(&app, &id).await, [], "{connector} {fault}: {run:#}");
            if let Some(says) = says {
                assert_ne!(run["state"], "SUCCEEDED", "{connector} {fault}: {run:#}");
                let told = model(&run, "CANDIDATE");
                assert!(told["error"].as_str().unwrap_or_default().contains(says), "{connector} {fault}: {told}");
                let (state, shown) = status(&app, &id, "CANDIDATE").await;
                assert_eq!((state.as_str(), &shown["readable"]), ("ACTIVE", &json!(true)), "{connector} {fault}");
                assert_eq!(shown["error"], told["error"]);
            }
            after_it_is_good(&app, connector, &id, &fault).await;
        }
    }
}

async fn a_mass_goes_when_a_second_full_run_finds_it_gone(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (connector, candidates) in VENDORS {
        let id = app.connected(connector).await;
        let before = app.living(&id, "CANDIDATE").await;
        app.vendors.faults(connector, &[&format!("hidden-half@{candidates}")]);
        let run = app.sync(&id).await;
        assert_eq!(run["state"], "PARTIALLY_FAILED", "{run:#}");
        let told = model(&run, "CANDIDATE");
        let held = told["heldDeletions"].as_u64().unwrap();
        assert!(held > 20 && told["deleted"] == 0, "{told}");
        let expected = format!("{held} of {} CANDIDATE records are gone", before.len());
        assert!(told["error"].as_str().unwrap().starts_with(&expected), "{told}");
        assert_eq!(marked(&app, &id).await, []);
        let (state, shown) = status(&app, &id, "CANDIDATE").await;
        assert_eq!((state.as_str(), shown["heldDeletions"].as_u64()), ("ACTIVE", Some(held)), "{shown}");
        if connector == "traffit" {
            // A run that reads less decides nothing, and forgets nothing.
            let payload = ask(&app, json!({ "integrationId": id, "kind": "DELTA" })).await;
            assert_eq!(payload["syncRun"]["kind"], "DELTA", "{payload:#}");
            app.settle().await;
            assert_eq!(marked(&app, &id).await, []);
            assert_eq!(status(&app, &id, "CANDIDATE").await.1["heldDeletions"].as_u64(), Some(held));
        }
        let run = app.sync(&id).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        let told = model(&run, "CANDIDATE");
        assert_eq!((told["deleted"].as_u64(), &told["heldDeletions"]), (Some(held), &json!(0)), "{told}");
        let gone = app.gone(&id, "CANDIDATE").await;
        assert_eq!(gone.len(), usize::try_from(held).unwrap());
        assert_eq!(status(&app, &id, "CANDIDATE").await.1["heldDeletions"], 0);
        // What was right all the same comes back.
        app.vendors.faults(connector, &[]);
        assert_eq!(app.sync(&id).await["state"], "SUCCEEDED");
        assert_eq!(app.living(&id, "CANDIDATE").await, before);
    }
}

async fn the_operator_lets_a_mass_go_at_once(backend: Backend) {
    let app = TestApp::start(backend).await;
    for (connector, candidates) in VENDORS {
        let id = app.connected(connector).await;
        app.vendors.faults(connector, &[&format!("hidden-half@{candidates}")]);
        let held = model(&app.sync(&id).await, "CANDIDATE")["heldDeletions"].as_u64().unwrap();
        let run = confirmed(&app, &id).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        assert_eq!(model(&run, "CANDIDATE")["deleted"].as_u64(), Some(held), "{run:#}");
        assert_eq!(status(&app, &id, "CANDIDATE").await.1["heldDeletions"], 0);

        let wrong = ask(&app, json!({ "integrationId": id, "kind": "DELTA", "confirmDeletions": true })).await;
        assert_eq!(
            wrong["userErrors"],
            json!([{ "code": "INPUT_INVALID", "field": ["input", "confirmDeletions"] }]),
            "{wrong:#}"
        );
        // A run that waits and confirms does what one does that does not; not the other way round.
        let first = ask(&app, json!({ "integrationId": id })).await;
        let second = ask(&app, json!({ "integrationId": id, "confirmDeletions": true })).await;
        let third = ask(&app, json!({ "integrationId": id, "confirmDeletions": true })).await;
        let already = [&first, &second, &third].map(|payload| payload["alreadyQueued"].as_bool().unwrap());
        assert_eq!((already, &third["syncRun"]["id"]), ([false, false, true], &second["syncRun"]["id"]));
        app.settle().await;
    }
}

async fn another_mass_is_not_confirmed_by_the_first(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let candidates = app.vendors.traffit.edit(|account| account.candidate_ids());
    let (one, other) = (&candidates[..50], &candidates[50..100]);
    let texts = |ids: &[i64]| ids.iter().map(i64::to_string).collect::<BTreeSet<_>>();
    let kept = app.vendors.traffit.edit(|account| {
        let kept: Vec<_> = one.iter().map(|id| (*id, account.candidate(*id).unwrap().clone())).collect();
        for id in one {
            account.delete_candidate(*id);
        }
        kept
    });
    let run = app.sync(&id).await;
    assert_eq!(model(&run, "CANDIDATE")["heldDeletions"], 50, "{run:#}");
    app.vendors.traffit.edit(|account| {
        for (id, candidate) in kept {
            account.restore_candidate(id, candidate);
        }
        for id in other {
            account.delete_candidate(*id);
        }
    });
    let run = app.sync(&id).await;
    let told = model(&run, "CANDIDATE");
    assert_eq!((&told["heldDeletions"], &told["deleted"]), (&json!(50), &json!(0)), "{run:#}");
    // A few more that vanish meanwhile go along.
    app.vendors.traffit.edit(|account| account.delete_candidate(candidates[100]));
    let run = app.sync(&id).await;
    let told = model(&run, "CANDIDATE");
    assert_eq!((&told["heldDeletions"], &told["deleted"]), (&json!(0), &json!(51)), "{run:#}");
    let mut expected = texts(other);
    expected.insert(candidates[100].to_string());
    assert_eq!(app.gone(&id, "CANDIDATE").await, expected);
}

async fn tags_that_vanish_in_a_mass_are_held_back(backend: Backend) {
    let app = TestApp::start(backend).await;
    let id = app.connected("traffit").await;
    let taken = app.vendors.traffit.edit(|account| {
        let mut taken = 0;
        for candidate in account.candidate_ids() {
            for tag in account.tags_of(candidate) {
                account.untag(candidate, &tag);
                taken += 1;
            }
            account.update_candidate(candidate, |candidate| candidate.name = "Renamed".into());
        }
        taken
    });
    assert!(taken > 20, "{taken}");
    let run = app.sync(&id).await;
    let told = model(&run, "CANDIDATE_TAG");
    assert_eq!(
        (&run["state"], &told["heldDeletions"], &told["deleted"]),
        (&json!("PARTIALLY_FAILED"), &json!(taken), &json!(0)),
        "{run:#}"
    );
    assert_eq!(marked(&app, &id).await, []);
    let run = app.sync(&id).await;
    let told = model(&run, "CANDIDATE_TAG");
    assert_eq!(
        (&run["state"], &told["heldDeletions"], &told["deleted"]),
        (&json!("SUCCEEDED"), &json!(0), &json!(taken)),
        "{run:#}"
    );
    assert_eq!(app.living(&id, "TAG").await, BTreeSet::new());
}

async fn the_share_is_a_setting(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 60, jobs: 4 }).await;
    let id = app.connected("traffit").await;
    let set = async |settings: Value| {
        let query = "mutation($i: UpdateIntegrationInput!) { updateIntegration(input: $i) { \
                     integration { syncSettings { maxDeletedShare interval } } userErrors { code field } } }";
        let input = json!({ "id": id, "syncSettings": settings });
        app.query_with(query, json!({ "i": input })).await["updateIntegration"].take()
    };
    let shown = set(json!({ "interval": "PT2H" })).await;
    assert_eq!(
        shown["integration"]["syncSettings"],
        json!({ "maxDeletedShare": 0.3, "interval": "PT2H" }),
        "{shown:#}"
    );
    for wrong in [0.0, -0.5, 1.01] {
        let refused = set(json!({ "maxDeletedShare": wrong })).await;
        let expected = json!([{ "code": "INPUT_INVALID", "field": ["input", "syncSettings", "maxDeletedShare"] }]);
        assert_eq!(refused["userErrors"], expected, "{wrong}");
    }
    app.vendors.faults("traffit", &["hidden-half@/api/integration/v2/employees"]);
    assert!(model(&app.sync(&id).await, "CANDIDATE")["heldDeletions"].as_u64().unwrap() > 20);
    app.vendors.faults("traffit", &[]);
    assert_eq!(app.sync(&id).await["state"], "SUCCEEDED");
    for share in [0.6, 1.0] {
        assert_eq!(set(json!({ "maxDeletedShare": share })).await["userErrors"], json!([]));
        // Other settings leave it alone.
        let shown = set(json!({ "interval": "PT1H" })).await;
        assert_eq!(shown["integration"]["syncSettings"]["maxDeletedShare"], share, "{shown:#}");
    }
    app.vendors.faults("traffit", &["hidden-half@/api/integration/v2/employees"]);
    let run = app.sync(&id).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert!(model(&run, "CANDIDATE")["deleted"].as_u64().unwrap() > 20, "{run:#}");

    let create = "mutation($i: CreateIntegrationInput!) { createIntegration(input: $i) { \
                  integration { syncSettings { maxDeletedShare } } userErrors { code field } } }";
    let input = json!({ "connector": "traffit", "endUser": { "organizationName": "Acme" },
        "credentials": app.vendors.credentials("traffit"), "syncSettings": { "maxDeletedShare": 0.05 } });
    let made = app.query_with(create, json!({ "i": input })).await["createIntegration"].take();
    assert_eq!(made["integration"]["syncSettings"]["maxDeletedShare"], 0.05, "{made:#}");
}

/// HR WORKS lists applicants by their applications: those who lost theirs are there all the same.
async fn what_was_created_here_may_be_in_no_list(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 5, jobs: 2 }).await;
    let to = target(&app, "hrworks").await;
    let before = app.vendors.hrworks.edit(|account| account.application_ids());
    for number in 0..25 {
        let id = begin(&app, "createCandidate", to.input(&format!("created-{number}@example.com"))).await;
        assert_eq!(finish(&app, &id).await["state"], "SUCCEEDED");
    }
    app.vendors.hrworks.edit(|account| {
        for id in account.application_ids().iter().filter(|id| !before.contains(id)) {
            assert!(account.delete_application(id));
        }
    });
    let run = confirmed(&app, &to.integration).await;
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    let marked: std::collections::HashMap<_, _> = marked(&app, &to.integration).await.into_iter().collect();
    assert_eq!((marked.get("applications"), marked.get("candidates")), (Some(&25), None));
}
