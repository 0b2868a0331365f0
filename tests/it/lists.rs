//! Orders and pages: every list is whole and in order, however it is cut.

use std::collections::BTreeSet;

use hiregraph::connectors::traffit::simulator::Candidate;
use hiregraph::domain::{IdSpace, IntegrationId, SyncScope};
use hiregraph::store::entity::job;
use hiregraph::store::{NewIntegration, Settings};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, ids, rows, sdl};

on_both!(
    each_order_is_kept_and_ids_decide_between_equals,
    lists_are_walked_whole_in_both_directions,
    an_empty_page_says_whether_there_is_more,
    lists_over_many_integrations_are_merged,
);

async fn each_order_is_kept_and_ids_decide_between_equals(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 40, jobs: 12 }).await;
    app.vendors.traffit.edit(|account| {
        for last in ["ähnlich", "Zebra", "apfel", "Ärger", "Ökonom", "zebra", "Żuk", "a b", "ab", "A-b"] {
            account.add_candidate(Candidate::new("Name", last, &format!("{}@example.com", last.len())));
        }
    });
    app.connected_to_both().await;
    for (list, order) in [("jobs", "JobOrder"), ("candidates", "CandidateOrder"), ("applications", "ApplicationOrder")]
    {
        for field in sdl::enum_values(&format!("{order}Field")) {
            let (name, is_text) = match field.as_str() {
                "CHANGED_AT" => ("changedAt", false),
                "REMOTE_CREATED_AT" => ("remoteCreatedAt", false),
                "OPENED_AT" => ("openedAt", false),
                "NAME" => ("name", true),
                "LAST_NAME" => ("lastName", true),
                other => panic!("no case for {other}"),
            };
            // Nothing comes before everything: no time before any time, no name before any name.
            let key = |row: &Value| {
                let text = row[name].as_str().unwrap_or_default();
                let text = if is_text { text.to_lowercase() } else { text.to_owned() };
                (text, row["id"].as_str().unwrap().rsplit('_').next().unwrap().to_owned())
            };
            for (direction, descending) in [("ASC", false), ("DESC", true)] {
                let query = format!(
                    "{{ {list}(first: 250, orderBy: {{field: {field}, direction: {direction}}}) {{ nodes {{ id {name} }} }} }}"
                );
                let found = app.query(&query).await[list]["nodes"].take();
                let keys: Vec<_> = rows(&found).iter().map(key).collect();
                let mut sorted = keys.clone();
                sorted.sort();
                if descending {
                    sorted.reverse();
                }
                assert!(keys.len() > 10);
                assert_eq!(keys, sorted, "{list} by {field} {direction}");
            }
        }
    }
}

/// Walks a list to its end and back, and answers its ids.
async fn walk(app: &TestApp, list: &str, parent: Option<(&str, &str)>, arguments: &str, size: usize) -> Vec<String> {
    let page =
        "edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let below = format!("l: {list}(first: $f, after: $a, last: $l, before: $b {arguments}) {{ {page} }}");
    let (query, at) = match parent {
        None => (format!("{{ {below} }}"), "/l"),
        Some((of, id)) => (format!("{{ node(id: \"{id}\") {{ ... on {of} {{ {below} }} }} }}"), "/node/l"),
    };
    let query = format!("query($f: Int, $a: String, $l: Int, $b: String) {query}");
    let mut walks = Vec::new();
    for forward in [true, false] {
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let variables = match forward {
                true => json!({ "f": size, "a": cursor }),
                false => json!({ "l": size, "b": cursor }),
            };
            let found = app.query_with(&query, variables).await;
            let page = found.pointer(at).unwrap_or_else(|| panic!("{query}: {found:#}"));
            let (nodes, info) = (ids(&page["nodes"]), &page["pageInfo"]);
            let edges: Vec<_> = rows(&page["edges"]).iter().map(|edge| edge["node"]["id"].as_str().unwrap()).collect();
            assert_eq!(edges, nodes, "{list}");
            assert!(nodes.len() <= size);
            assert_eq!(info["startCursor"], page["edges"][0]["cursor"]);
            assert_eq!(&info["endCursor"], rows(&page["edges"]).last().map_or(&Value::Null, |edge| &edge["cursor"]));
            let (onward, back) = match forward {
                true => ("hasNextPage", "hasPreviousPage"),
                false => ("hasPreviousPage", "hasNextPage"),
            };
            assert_eq!(info[back], !cursor.is_null(), "{list}: {page:#}");
            match forward {
                true => all.extend(nodes),
                false => all = nodes.into_iter().chain(all).collect(),
            }
            cursor = info[if forward { "endCursor" } else { "startCursor" }].clone();
            if info[onward] == false {
                break;
            }
            assert!(!cursor.is_null(), "{list}: more, and no way there");
        }
        walks.push(all);
    }
    let back = walks.pop().unwrap();
    let forth = walks.pop().unwrap();
    assert_eq!(forth, back, "{list} {arguments} by {size}");
    assert_eq!(forth.iter().collect::<BTreeSet<_>>().len(), forth.len(), "{list} {arguments} by {size}: doubled");
    forth
}

async fn lists_are_walked_whole_in_both_directions(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 40, jobs: 12 }).await;
    let accounts = app.connected_to_both().await;
    app.sync(&accounts[0]).await;
    app.sync(&accounts[0]).await;
    for (list, arguments) in [
        ("jobs", ""),
        ("jobs", ", orderBy: {field: NAME, direction: ASC}"),
        ("jobs", ", orderBy: {field: OPENED_AT, direction: DESC}"),
        ("candidates", ", orderBy: {field: LAST_NAME, direction: DESC}"),
        ("candidates", ", orderBy: {field: REMOTE_CREATED_AT, direction: ASC}"),
        ("candidates", ", filter: {nameContains: \"a\"}"),
        ("applications", ""),
        ("applications", ", orderBy: {field: REMOTE_CREATED_AT}"),
        ("integrations", ""),
    ] {
        let whole = walk(&app, list, None, arguments, 250).await;
        for size in [1, 7] {
            if size == 7 || whole.len() < 60 {
                assert_eq!(walk(&app, list, None, arguments, size).await, whole, "{list} {arguments}");
            }
        }
        let filter = if arguments.contains("filter") { "(filter: {nameContains: \"a\"})" } else { "" };
        let total = app.query(&format!("{{ {list}{filter} {{ totalCount }} }}")).await[list]["totalCount"].take();
        assert_eq!(total, whole.len(), "{list} {arguments}");
    }
    for account in &accounts {
        for list in ["jobs", "candidates", "applications", "tags", "users", "syncRuns"] {
            let parent = Some(("Integration", account.as_str()));
            let whole = walk(&app, list, parent, "", 250).await;
            assert_eq!(walk(&app, list, parent, "", 7).await, whole);
            let query = format!("query($id: ID!) {{ integration(id: $id) {{ {list} {{ totalCount }} }} }}");
            let total = app.query_with(&query, json!({ "id": account })).await;
            assert_eq!(total["integration"][list]["totalCount"], whole.len(), "{list}");
        }
    }
    let query = "{ jobs(first: 250) { nodes { id hiringTeam { user { id } } applications { totalCount } } } \
                 candidates(first: 250) { nodes { id tags { tag { id } } applications { totalCount } } } \
                 applications(first: 250) { nodes { currentStage { id } } } }";
    let found = app.query(query).await;
    let largest = |list: &str| {
        let count = |row: &&Value| row["applications"]["totalCount"].as_i64();
        rows(&found[list]["nodes"]).iter().max_by_key(count).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let first = |list: &str, at: &str| {
        let found = rows(&found[list]["nodes"]).iter().find_map(|row| row.pointer(at)?.as_str());
        found.unwrap_or_else(|| panic!("no {list} {at}")).to_owned()
    };
    for (of, id, list, order) in [
        ("Job", largest("jobs"), "applications", ""),
        ("Job", largest("jobs"), "applications", ", orderBy: {field: REMOTE_CREATED_AT, direction: ASC}"),
        ("Job", largest("jobs"), "applications", ", filter: {outcomes: [PENDING, HIRED]}"),
        ("Candidate", largest("candidates"), "applications", ""),
        ("ApplicationStage", first("applications", "/currentStage/id"), "applications", ""),
        ("Tag", first("candidates", "/tags/0/tag/id"), "candidates", ""),
        ("User", first("jobs", "/hiringTeam/0/user/id"), "hiringTeams", ""),
    ] {
        let parent = Some((of, id.as_str()));
        let whole = walk(&app, list, parent, order, 250).await;
        assert!(!whole.is_empty(), "{of} {list}");
        for size in [1, 7] {
            assert_eq!(walk(&app, list, parent, order, size).await, whole, "{of} {list}");
        }
    }
}

async fn an_empty_page_says_whether_there_is_more(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 10, jobs: 3 }).await;
    app.connected("traffit").await;
    let page = "nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let found = app.query(&format!("{{ jobs(first: 0) {{ {page} }} candidates(last: 0) {{ {page} }} }}")).await;
    let info = |next, previous| json!({"hasNextPage": next, "hasPreviousPage": previous, "startCursor": null, "endCursor": null});
    assert_eq!(found["jobs"], json!({"nodes": [], "totalCount": 3, "pageInfo": info(true, false)}));
    assert_eq!(found["candidates"], json!({"nodes": [], "totalCount": 10, "pageInfo": info(false, true)}));
    let (found, heard) = app.counted("{ jobs { totalCount } }", json!({})).await;
    assert_eq!(found["jobs"]["totalCount"], 3);
    assert_eq!(heard.iter().filter(|text| text.contains("jobs")).count(), 1, "a count reads no page: {heard:#?}");
    let (_, heard) = app.counted("{ jobs { nodes { id applications { nodes { id } } } } }", json!({})).await;
    assert!(heard.iter().all(|text| !text.contains("COUNT")), "nobody asked for a count: {heard:#?}");
    let (_, heard) = app.counted("{ jobs { nodes { id applications { totalCount } } } }", json!({})).await;
    assert_eq!(heard.iter().filter(|text| text.contains("COUNT")).count(), 1, "one count for all jobs: {heard:#?}");
}

/// More integrations than one statement takes together, with names that databases like to sort in their own way.
async fn lists_over_many_integrations_are_merged(backend: Backend) {
    let app = TestApp::start_with(backend, Size { candidates: 10, jobs: 1 }).await;
    let names = ["Zebra", "ärger", "apfel", "Äpfel", "ab", "a b", "Öl", "zürich", "B-c", "bc", "", "Żuk"];
    let mut expected = Vec::new();
    for number in 0..117_i64 {
        let id = hiregraph::domain::Ids::uuid(app.ids.as_ref());
        let new = NewIntegration {
            id,
            connector: "traffit".to_owned(),
            name: format!("Account {number}"),
            organization_name: "Acme".to_owned(),
            email: None,
            origin_id: None,
            credentials: std::collections::HashMap::new(),
            settings: Settings {
                interval: std::time::Duration::from_secs(3600),
                scope: SyncScope::All,
                cutoff_date: None,
                default_source: None,
                max_deleted_share: 1.0,
                rules: hiregraph::domain::DataRules::default(),
            },
            link: None,
            now: hiregraph::domain::Clock::now(app.clock.as_ref()),
        };
        app.store.create_integration(new, app.ids.as_ref()).await.unwrap();
        let mut models = Vec::new();
        for (at, name) in names.iter().enumerate().filter(|(at, _)| (at + usize::try_from(number).unwrap()) % 5 == 0) {
            let job = IdSpace::new(IntegrationId(id)).job(&at.to_string());
            let row = job::Model {
                integration_id: id,
                id: job.uuid(),
                remote_id: Some(at.to_string()),
                changed_at: number % 7 * 1000,
                name: Some((*name).to_owned()),
                name_sort: name.to_lowercase(),
                ..job::Model::default()
            };
            expected.push((row.changed_at, row.name_sort.clone(), job.node().to_string()));
            models.push(row.into_active_model().reset_all());
        }
        job::Entity::insert_many(models).exec_without_returning(app.store.connection()).await.unwrap();
    }
    let mut by_name: Vec<_> = expected.iter().map(|(_, name, id)| (name, id)).collect();
    by_name.sort();
    let by_name: Vec<String> = by_name.into_iter().map(|(_, id)| id.clone()).collect();
    let mut by_time: Vec<_> = expected.iter().map(|(time, _, id)| (*time, id)).collect();
    by_time.sort();
    by_time.reverse();
    let by_time: Vec<String> = by_time.into_iter().map(|(_, id)| id.clone()).collect();
    for size in [7, 250] {
        assert_eq!(walk(&app, "jobs", None, "", size).await, by_time);
        assert_eq!(walk(&app, "jobs", None, ", orderBy: {field: NAME, direction: ASC}", size).await, by_name);
        let reversed: Vec<_> = by_name.iter().rev().cloned().collect();
        assert_eq!(walk(&app, "jobs", None, ", orderBy: {field: NAME, direction: DESC}", size).await, reversed);
        assert_eq!(walk(&app, "integrations", None, "", size).await.len(), 117);
    }
    let total = app.query("{ jobs { totalCount } some: jobs(filter: {remoteIds: [\"0\", \"1\"]}, first: 250) { totalCount nodes { remoteId } } }").await;
    assert_eq!(total["jobs"]["totalCount"], expected.len());
    assert_eq!(total["some"]["totalCount"], rows(&total["some"]["nodes"]).len());
    assert!(rows(&total["some"]["nodes"]).iter().all(|row| row["remoteId"] == "0" || row["remoteId"] == "1"));
}
