//! Every field of every record type answers through the graph with what the vendor has.

use std::collections::{BTreeMap, BTreeSet};

use hiregraph::connectors::traffit::simulator::Candidate;
use hiregraph::domain::Scope;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, ids, rows, sdl};

on_both!(
    every_field_that_a_vendor_covers_has_a_value_somewhere,
    relations_agree_in_both_directions,
    records_are_those_of_the_vendor,
    deleted_records_are_shown_only_when_asked_for,
    raw_data_needs_its_scope_and_its_lack_spoils_nothing_else,
    custom_fields_take_their_values_from_the_raw_data,
    lists_are_in_the_same_order_whatever_is_selected,
);

const LARGE: Size = Size { candidates: 200, jobs: 12 };

/// Every row of every record type of an account, with every field.
async fn everything(app: &TestApp, integration: &str) -> BTreeMap<&'static str, Vec<Value>> {
    let lists = [
        ("Job", "jobs(first: 250) { nodes { * } }", "/jobs/nodes"),
        ("Candidate", "candidates(first: 250) { nodes { * } }", "/candidates/nodes"),
        ("Application", "applications(first: 250) { nodes { * } }", "/applications/nodes"),
        ("User", "users(first: 250) { nodes { * } }", "/users/nodes"),
        ("Tag", "tags(first: 250) { nodes { * } }", "/tags/nodes"),
        ("ApplicationStage", "applicationStages { * }", "/applicationStages"),
        ("JobStage", "jobs(first: 250) { nodes { r: stages { * } } }", "/jobs/nodes"),
        ("HiringTeamMember", "jobs(first: 250) { nodes { r: hiringTeam { * } } }", "/jobs/nodes"),
        ("CandidateTag", "candidates(first: 250) { nodes { r: tags { * } } }", "/candidates/nodes"),
    ];
    let mut all = BTreeMap::new();
    for (of, list, at) in lists {
        let below = list.replace('*', &sdl::selection(of));
        let query = format!("query($id: ID!) {{ integration(id: $id) {{ {below} }} }}");
        let found = app.query_with(&query, json!({ "id": integration })).await["integration"].take();
        let found = rows(found.pointer(at).unwrap()).to_vec();
        let found = match list.contains("r: ") {
            true => found.into_iter().flat_map(|row| rows(&row["r"]).to_vec()).collect(),
            false => found,
        };
        all.insert(of, found);
    }
    all
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => {
            fields.is_empty() || fields.get("nodes").and_then(Value::as_array).is_some_and(Vec::is_empty)
        }
        _ => false,
    }
}

async fn every_field_that_a_vendor_covers_has_a_value_somewhere(backend: Backend) {
    let app = TestApp::start_with(backend, LARGE).await;
    let record_types: BTreeSet<String> = sdl::implementors("Record").into_iter().collect();
    for (connector, id) in ["traffit", "hrworks"].into_iter().zip(app.connected_to_both().await) {
        for model in ["JOB", "CANDIDATE", "APPLICATION"] {
            let set =
                "mutation($input: SetCustomFieldInput!) { setCustomField(input: $input) { userErrors { message } } }";
            let input = json!({"integrationId": id, "model": model, "key": "whole", "source": "/none"});
            app.query_with(set, json!({ "input": input })).await;
        }
        let all = everything(&app, &id).await;
        assert_eq!(all.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), record_types);
        let query = "query($s: String!) { connector(slug: $s) { coverage { models { model fields { name } } } } }";
        let coverage = app.query_with(query, json!({ "s": connector })).await["connector"]["coverage"].take();
        for model in rows(&coverage["models"]) {
            let of = model["model"].as_str().unwrap();
            let (of, found) = all.iter().find(|(name, _)| name.to_uppercase() == of.replace('_', "")).unwrap();
            assert!(!found.is_empty(), "{connector} has no {of}");
            for field in rows(&model["fields"]) {
                let name = field["name"].as_str().unwrap();
                if name != "remoteDeletedAt" {
                    let has = found.iter().any(|row| !is_empty(&row[name]));
                    assert!(has, "{connector}: no {of} has a {name}");
                }
            }
        }
    }
}

async fn relations_agree_in_both_directions(backend: Backend) {
    let app = TestApp::start(backend).await;
    for id in app.connected_to_both().await {
        let query = "query($id: ID!) { applications(integrationId: $id, first: 250) { nodes { id job { id } \
                     candidate { id } currentStage { id } integration { id } } } }";
        let applications = app.query_with(query, json!({ "id": id })).await["applications"]["nodes"].take();
        assert!(rows(&applications).iter().all(|row| row["integration"]["id"] == id.as_str()));
        for (field, of) in [("job", "Job"), ("candidate", "Candidate"), ("currentStage", "ApplicationStage")] {
            let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for row in rows(&applications) {
                if let Some(parent) = row[field]["id"].as_str() {
                    expected.entry(parent).or_default().insert(row["id"].as_str().unwrap());
                }
            }
            assert!(expected.len() > 1, "{of}");
            for (parents, children) in expected.iter().take(30) {
                let query = format!(
                    "query($id: ID!) {{ node(id: $id) {{ ... on {of} {{ applications(first: 250) {{ totalCount nodes {{ id }} }} }} }} }}"
                );
                let found = app.query_with(&query, json!({ "id": parents })).await["node"]["applications"].take();
                let listed: BTreeSet<String> = ids(&found["nodes"]).into_iter().collect();
                assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), *children, "{of} {parents}");
                assert_eq!(found["totalCount"], children.len());
            }
        }
        let query = "query($id: ID!) { integration(id: $id) { jobs(first: 250) { nodes { id \
                     stages { id index job { id } stage { id } } \
                     hiringTeam { id job { id } user { id hiringTeams(first: 20) { nodes { id } } } } } } } }";
        let of_tags = "query($id: ID!) { integration(id: $id) { tags(first: 30) { nodes { id candidates(first: 250) { totalCount nodes { id tags { id tag { id } candidate { id } } } } } } } }";
        let mut found = app.query_with(query, json!({ "id": id })).await["integration"].take();
        found["tags"] = app.query_with(of_tags, json!({ "id": id })).await["integration"]["tags"].take();
        for job in rows(&found["jobs"]["nodes"]) {
            let indices: Vec<_> = rows(&job["stages"]).iter().map(|stage| stage["index"].as_i64()).collect();
            assert!(indices.is_sorted(), "{indices:?}");
            assert!(rows(&job["stages"]).iter().all(|stage| stage["job"]["id"] == job["id"]));
            for member in rows(&job["hiringTeam"]) {
                assert_eq!(member["job"]["id"], job["id"]);
                assert!(
                    ids(&member["user"]["hiringTeams"]["nodes"]).contains(&member["id"].as_str().unwrap().to_owned())
                );
            }
        }
        for tag in rows(&found["tags"]["nodes"]) {
            assert_eq!(tag["candidates"]["totalCount"], rows(&tag["candidates"]["nodes"]).len());
            for candidate in rows(&tag["candidates"]["nodes"]) {
                assert!(rows(&candidate["tags"]).iter().any(|row| row["tag"]["id"] == tag["id"]));
                assert!(rows(&candidate["tags"]).iter().all(|row| row["candidate"]["id"] == candidate["id"]));
            }
        }
    }
}

async fn records_are_those_of_the_vendor(backend: Backend) {
    let app = TestApp::start(backend).await;
    let script = "<p>Hello <b>you</b></p><script>alert(1)</script>";
    let marked = app.vendors.traffit.edit(|account| {
        let id = account.add_candidate(Candidate::new("Zoë", "O'Neil %_", "Zoe@Example.com"));
        account.tag(id, "Émigré");
        account.add_member(account.job_ids()[0], id);
        id
    });
    let post = app.vendors.hrworks.edit(|account| {
        let post = account.job_ids()[0].clone();
        account.update_job(&post, |post| {
            post.sections = vec![("introduction".to_owned(), Some("Tasks".to_owned()), Some(script.to_owned()))];
            post.offers.clear();
        });
        post
    });
    let [traffit, hrworks] = app.connected_to_both().await;
    let (candidates, jobs, users) =
        app.vendors.traffit.edit(|account| (account.candidates(), account.jobs(), account.users()));
    let count = |count: usize| i64::try_from(count).unwrap();
    assert_eq!(app.total("candidates", &traffit).await, count(candidates));
    assert_eq!(app.total("jobs", &traffit).await, count(jobs));
    let query = "query($id: ID!) { integration(id: $id) { users { totalCount } } }";
    let found = app.query_with(query, json!({ "id": traffit })).await;
    assert_eq!(found["integration"]["users"]["totalCount"], users);
    let (candidates, jobs, applications) =
        app.vendors.hrworks.edit(|account| (account.candidates(), account.jobs(), account.applications()));
    assert_eq!(app.total("candidates", &hrworks).await, count(candidates));
    assert_eq!(app.total("jobs", &hrworks).await, count(jobs));
    assert_eq!(app.total("applications", &hrworks).await, count(applications));

    let query = "query($id: ID!, $r: [String!]) { candidates(integrationId: $id, filter: {remoteIds: $r}) { nodes { \
                 remoteId firstName lastName emailAddresses { address } tags { tag { name } } \
                 applications { nodes { job { remoteId } } } } } }";
    let found = app.query_with(query, json!({ "id": traffit, "r": [marked.to_string()] })).await;
    let (tags, jobs) = app.vendors.traffit.edit(|account| (account.tags_of(marked), account.jobs_of(marked)));
    assert_eq!(tags, ["Émigré"]);
    let expected = json!([{
        "remoteId": marked.to_string(),
        "firstName": "Zoë",
        "lastName": "O'Neil %_",
        "emailAddresses": [{"address": "Zoe@Example.com"}],
        "tags": [{"tag": {"name": "Émigré"}}],
        "applications": {"nodes": [{"job": {"remoteId": jobs[0].to_string()}}]},
    }]);
    assert_eq!(found["candidates"]["nodes"], expected);

    let query = "query($id: ID!, $r: [String!]) { jobs(integrationId: $id, filter: {remoteIds: $r}) { nodes { \
                 d: description o: description(format: ORIGINAL) s: description(format: SANITIZED_HTML) \
                 p: description(format: PLAIN_TEXT) } } }";
    let found = app.query_with(query, json!({ "id": hrworks, "r": [post] })).await["jobs"]["nodes"][0].take();
    assert_eq!(found["d"], found["o"]);
    assert!(found["o"].as_str().unwrap().contains(script), "{found:#}");
    let (safe, plain) = (found["s"].as_str().unwrap(), found["p"].as_str().unwrap());
    assert!(safe.contains("<b>you</b>") && !safe.contains("script"), "{safe}");
    assert!(plain.contains("Hello you") && !plain.contains('<') && !plain.contains("alert"), "{plain}");
}

async fn deleted_records_are_shown_only_when_asked_for(backend: Backend) {
    let app = TestApp::start(backend).await;
    let (candidate, tag) = app.vendors.traffit.edit(|account| {
        let id = account.add_candidate(Candidate::new("Gone", "Soon", "gone@example.com"));
        let kept = account.add_candidate(Candidate::new("Stays", "Here", "stays@example.com"));
        account.tag(id, "leaving");
        account.tag(kept, "leaving");
        account.tag(kept, "fleeting");
        account.add_member(account.job_ids()[0], id);
        (id, kept)
    });
    let id = app.connected("traffit").await;
    app.clock.advance(std::time::Duration::from_secs(10));
    app.vendors.traffit.edit(|account| {
        account.delete_candidate(candidate);
        account.untag(tag, "fleeting");
        account.update_candidate(tag, |_| {});
    });
    app.sync(&id).await;
    let query = "query($r: [String!], $all: Boolean) { candidates(filter: {remoteIds: $r, includeDeleted: $all}) { \
                 totalCount nodes { id remoteDeletedAt tags { tag { name } } all: tags(includeDeleted: true) { remoteDeletedAt tag { name } } } } }";
    let remote = |id: i64| json!([id.to_string()]);
    let hidden = app.query_with(query, json!({ "r": remote(candidate), "all": false })).await;
    assert_eq!(hidden["candidates"], json!({"totalCount": 0, "nodes": []}));
    let shown = app.query_with(query, json!({ "r": remote(candidate), "all": true })).await["candidates"].take();
    assert_eq!(shown["totalCount"], 1);
    assert_eq!(shown["nodes"][0]["remoteDeletedAt"], "2026-06-01T10:00:10.000Z");
    let gone = shown["nodes"][0]["id"].as_str().unwrap();
    // What an id stands for is answered whether or not the vendor still has it.
    let node = app.query_with("query($id: ID!) { candidate(id: $id) { firstName } }", json!({ "id": gone })).await;
    assert_eq!(node["candidate"]["firstName"], "Gone");
    let other = app.query_with(query, json!({ "r": remote(tag), "all": false })).await["candidates"]["nodes"][0].take();
    assert_eq!(other["tags"], json!([{"tag": {"name": "leaving"}}]), "{other:#}");
    assert_eq!(rows(&other["all"]).len(), 2, "{other:#}");
    let tagged = "query($id: ID!) { integration(id: $id) { tags(first: 250) { nodes { name candidates { totalCount nodes { firstName } } } } } }";
    let tagged = app.query_with(tagged, json!({ "id": id })).await["integration"]["tags"]["nodes"].take();
    let leaving = rows(&tagged).iter().find(|tag| tag["name"] == "leaving").unwrap();
    assert_eq!(leaving["candidates"], json!({"totalCount": 1, "nodes": [{"firstName": "Stays"}]}));
}

async fn raw_data_needs_its_scope_and_its_lack_spoils_nothing_else(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected_to_both().await;
    let query = "{ jobs(first: 2) { nodes { name remoteData } } candidates(first: 2) { nodes { lastName remoteData \
                 applications(first: 1) { nodes { remoteData } } } } }";
    let (reads, raw) = (app.key(&[Scope::RecordsRead], None).await, [Scope::RecordsRead, Scope::RemoteDataRead]);
    let answer = app.ask(&reads, query, json!({})).await;
    assert_eq!(rows(&answer["data"]["jobs"]["nodes"]).len(), 2, "{answer:#}");
    assert!(rows(&answer["data"]["candidates"]["nodes"]).iter().all(|row| row["remoteData"].is_null()));
    for error in rows(&answer["errors"]) {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{error:#}");
        assert_eq!(rows(&error["path"]).last().unwrap(), "remoteData");
        assert!(error["message"].as_str().unwrap().contains("REMOTE_DATA_READ"));
    }
    let answer = app.ask(&app.key(&raw, None).await, query, json!({})).await;
    assert_eq!(code(&answer), "", "{answer:#}");
    assert!(rows(&answer["data"]["jobs"]["nodes"]).iter().all(|row| row["remoteData"].is_object()), "{answer:#}");
}

async fn custom_fields_take_their_values_from_the_raw_data(backend: Backend) {
    let app = TestApp::start(backend).await;
    let ids = app.connected_to_both().await;
    let [traffit, _] = &ids;
    let query = "query($id: ID!) { integration(id: $id) { customFieldSources(model: JOB) { source label sample } \
                 jobs(first: 250) { nodes { integrationFields { key label value } } } } }";
    let found = app.query_with(query, json!({ "id": traffit })).await["integration"].take();
    let named = rows(&found["jobs"]["nodes"]).iter().flat_map(|job| rows(&job["integrationFields"]).to_vec());
    let named = named.into_iter().find(|field| !field["label"].is_null() && field["value"].is_string()).unwrap();
    let key = named["key"].as_str().unwrap();
    let of_key = |source: &&Value| source["source"].as_str().unwrap().ends_with(&format!("/{key}"));
    let source = rows(&found["customFieldSources"]).iter().find(of_key).unwrap();
    assert_eq!(source["label"], named["label"], "what the vendor's users see");
    assert!(rows(&found["customFieldSources"]).iter().all(|source| source["label"].is_string()));

    let set = "mutation($input: SetCustomFieldInput!) { setCustomField(input: $input) { customField { key source label model } userErrors { code field } } }";
    let input =
        json!({"integrationId": traffit, "model": "JOB", "key": "mine", "source": source["source"], "label": "Mine"});
    let answer = app.query_with(set, json!({ "input": input })).await["setCustomField"].take();
    assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
    assert_eq!(
        answer["customField"],
        json!({"key": "mine", "source": source["source"], "label": "Mine", "model": "JOB"})
    );
    let query = "{ jobs(first: 250) { nodes { customFields integration { id customFields { key } } integrationFields { key value } } } }";
    // The values need no scope for raw data: the operator chose to show them.
    let reads = app.key(&[Scope::RecordsRead], None).await;
    let answer = app.ask(&reads, query, json!({})).await;
    assert_eq!(code(&answer), "", "{answer:#}");
    let mut seen = 0;
    for job in rows(&answer["data"]["jobs"]["nodes"]) {
        if job["integration"]["id"] != traffit.as_str() {
            assert_eq!(job["customFields"], json!({}));
            continue;
        }
        let given = rows(&job["integrationFields"]).iter().find(|field| field["key"] == key);
        let given = given.map_or(Value::Null, |field| field["value"].clone());
        seen += usize::from(!given.is_null());
        assert_eq!(job["customFields"], json!({ "mine": given }));
    }
    assert!(seen > 0);
    for (change, at) in [
        (json!({"model": "TAG"}), "model"),
        (json!({"key": "no spaces"}), "key"),
        (json!({"source": "no pointer"}), "source"),
        (json!({"label": "two\nlines"}), "label"),
        (json!({"integrationId": "int_none"}), "integrationId"),
    ] {
        let mut input = input.clone();
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = app.query_with(set, json!({ "input": input })).await["setCustomField"].take();
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", at]), "{refused:#}");
        assert!(refused["customField"].is_null());
    }
    let mut input = input.clone();
    input["source"] = Value::Null;
    app.query_with(set, json!({ "input": input })).await;
    let left = app
        .query_with("query($id: ID!) { integration(id: $id) { customFields { key } } }", json!({ "id": traffit }))
        .await;
    assert_eq!(left["integration"]["customFields"], json!([]));
}

async fn lists_are_in_the_same_order_whatever_is_selected(backend: Backend) {
    let app = TestApp::start(backend).await;
    for id in app.connected_to_both().await {
        let query = "query($id: ID!) { a: integration(id: $id) { applicationStages { id } } \
                     b: integration(id: $id) { applicationStages { id globalIndex } } }";
        let found = app.query_with(query, json!({ "id": id })).await;
        assert_eq!(ids(&found["a"]["applicationStages"]), ids(&found["b"]["applicationStages"]));
        let indices: Vec<_> =
            rows(&found["b"]["applicationStages"]).iter().map(|stage| stage["globalIndex"].as_i64()).collect();
        assert!(indices.is_sorted(), "{indices:?}");
        let query = "query($id: ID!) { jobs(integrationId: $id, first: 250) { nodes { hiringTeam { id roles } \
                     some: hiringTeam(roles: [RECRUITER]) { id } none: hiringTeam(roles: []) { id } \
                     others: hiringTeam(roles: [SOURCER, INTERVIEWER]) { id } } } }";
        let alone = "query($id: ID!) { jobs(integrationId: $id, first: 250) { nodes { some: hiringTeam(roles: [RECRUITER]) { id } } } }";
        let found = app.query_with(query, json!({ "id": id })).await["jobs"]["nodes"].take();
        let alone = app.query_with(alone, json!({ "id": id })).await["jobs"]["nodes"].take();
        for (job, alone) in rows(&found).iter().zip(rows(&alone)) {
            let recruiters =
                rows(&job["hiringTeam"]).iter().filter(|row| rows(&row["roles"]).contains(&json!("RECRUITER")));
            let recruiters: Vec<_> = recruiters.map(|row| json!({ "id": row["id"] })).collect();
            assert_eq!(job["some"], json!(recruiters));
            assert_eq!(alone["some"], json!(recruiters), "the roles need not be selected to be compared");
            assert_eq!([&job["none"], &job["others"]], [&json!([]), &json!([])]);
        }
    }
}
