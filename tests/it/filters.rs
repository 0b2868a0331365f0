//! Every condition of every filter, against what the same rows say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use hiregraph::connectors::traffit::simulator::Candidate;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Backend, TestApp, ids, rows, sdl};

on_both!(
    each_condition_on_candidates_matches_what_it_says,
    each_condition_on_jobs_matches_what_it_says,
    each_condition_on_applications_matches_what_it_says,
    empty_lists_and_unknown_values_match_nothing,
);

/// Conditions met so far, by the name of the filter's field: none may be left out.
type Tried = BTreeSet<String>;

struct Cases<'a> {
    app: &'a TestApp,
    list: &'a str,
    rows: &'a [Value],
    tried: Tried,
}

impl Cases<'_> {
    /// The filter finds exactly the rows of which `fits` is true; `some` when there must be such rows.
    async fn check(&mut self, filter: Value, some: bool, fits: impl Fn(&Value) -> bool) {
        let expected: BTreeSet<String> =
            self.rows.iter().filter(|row| fits(row)).map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(!expected.is_empty(), some, "{} {filter}: {}", self.list, expected.len());
        let kind = match self.list {
            "jobs" => "JobFilter",
            "candidates" => "CandidateFilter",
            _ => "ApplicationFilter",
        };
        let query =
            format!("query($f: {kind}) {{ {}(filter: $f, first: 250) {{ totalCount nodes {{ id }} }} }}", self.list);
        let found = self.app.query_with(&query, json!({ "f": filter })).await[self.list].take();
        let listed: BTreeSet<String> = ids(&found["nodes"]).into_iter().collect();
        assert_eq!(listed, expected, "{} {filter}", self.list);
        assert_eq!(found["totalCount"], expected.len(), "{} {filter}", self.list);
        self.tried.extend(filter.as_object().unwrap().keys().cloned());
    }

    fn assert_all_tried(&self, kind: &str) {
        let all: BTreeSet<String> = sdl::fields(kind).into_iter().map(|field| field.name).collect();
        let left: Vec<_> = all.difference(&self.tried).collect();
        // Shown by `records::deleted_records_are_shown_only_when_asked_for`.
        assert_eq!(left, ["includeDeleted"], "{kind}");
    }
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

fn lower(row: &Value, field: &str) -> String {
    text(row, field).to_lowercase()
}

fn one_of(value: &Value, values: &[&str]) -> bool {
    value.as_str().is_some_and(|value| values.contains(&value))
}

/// Two different values of a field that rows have, and all rows' time in the middle.
fn two<'a>(rows: &'a [Value], field: &str) -> [&'a str; 2] {
    let values: BTreeSet<&str> = rows.iter().filter_map(|row| row[field].as_str()).collect();
    let mut values = values.into_iter();
    [values.next().unwrap(), values.next_back().unwrap_or_else(|| panic!("all rows have the same {field}"))]
}

fn middle<'a>(rows: &'a [Value], field: &str) -> &'a str {
    let values: BTreeSet<&str> = rows.iter().filter_map(|row| row[field].as_str()).collect();
    values.iter().nth((values.len() - 1) / 2).unwrap()
}

async fn each_condition_on_candidates_matches_what_it_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.vendors.traffit.edit(|account| {
        for (first, last) in [
            ("100%", "Prozent"),
            ("a_b", "Strich"),
            ("axb", "Kreuz"),
            ("back\\slash", "Rück"),
            ("Ünal", "ÖZDEMİR"),
            ("Łukasz", "Żółć"),
        ] {
            account.add_candidate(Candidate::new(first, last, &format!("{}@Beispiel.example", last.to_lowercase())));
        }
    });
    app.connected_to_both().await;
    let query = "{ candidates(first: 250) { nodes { id remoteId firstName lastName source changedAt \
                 emailAddresses { address } tags { tag { id name } } } } }";
    let candidates = app.query(query).await["candidates"]["nodes"].take();
    let candidates = rows(&candidates);
    assert!(candidates.len() < 250);
    let query =
        "{ applications(first: 250) { nodes { job { id } candidate { id } } pageInfo { hasNextPage endCursor } } }";
    let mut jobs_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut cursor = Value::Null;
    loop {
        let paged =
            query.replace("{ applications(first: 250)", "query($a: String) { applications(first: 250, after: $a)");
        let page = app.query_with(&paged, json!({ "a": cursor })).await["applications"].take();
        for row in rows(&page["nodes"]) {
            jobs_of
                .entry(text(&row["candidate"], "id").to_owned())
                .or_default()
                .insert(text(&row["job"], "id").to_owned());
        }
        cursor = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let mut cases = Cases { app: &app, list: "candidates", rows: candidates, tried: Tried::new() };
    let whole = |row: &Value| format!("{} {}", text(row, "firstName"), text(row, "lastName")).to_lowercase();
    for part in ["100%", "%", "a_b", "_", "\\", "ünal", "ÜNAL ö", "özdemİr", "łukasz ż", "ŻÓŁĆ", "an", "AN", "B K", ""]
    {
        let lower = part.to_lowercase();
        cases.check(json!({ "nameContains": part }), true, |row| whole(row).contains(&lower)).await;
    }
    cases.check(json!({ "nameContains": "no such person" }), false, |_| false).await;
    let [first, last] = [two(candidates, "firstName")[0], two(candidates, "lastName")[1]];
    cases
        .check(json!({ "firstName": first.to_uppercase() }), true, |row| {
            lower(row, "firstName") == first.to_lowercase()
        })
        .await;
    cases
        .check(json!({ "lastName": last.to_lowercase() }), true, |row| lower(row, "lastName") == last.to_lowercase())
        .await;
    cases.check(json!({ "lastName": "żÓłć" }), true, |row| lower(row, "lastName") == "żółć").await;
    let email = |row: &Value| text(&row["emailAddresses"][0], "address").to_lowercase();
    cases
        .check(json!({ "email": " PROZENT@beispiel.EXAMPLE " }), true, |row| email(row) == "prozent@beispiel.example")
        .await;
    let [a, b] = two(candidates, "id");
    cases.check(json!({ "ids": [a, b, "cand_none", "nothing", ""] }), true, |row| one_of(&row["id"], &[a, b])).await;
    let [a, b] = two(candidates, "remoteId");
    cases.check(json!({ "remoteIds": [a, b] }), true, |row| one_of(&row["remoteId"], &[a, b])).await;
    let [a, b] = two(candidates, "source");
    cases.check(json!({ "sources": [a, b] }), true, |row| one_of(&row["source"], &[a, b])).await;
    cases.check(json!({ "sources": [a] }), true, |row| one_of(&row["source"], &[a])).await;
    let tags: Vec<Value> = candidates.iter().flat_map(|row| rows(&row["tags"])).map(|row| row["tag"].clone()).collect();
    let tagged = |row: &Value, field: &str, values: &[&str]| {
        rows(&row["tags"]).iter().any(|tag| one_of(&tag["tag"][field], values))
    };
    let [a, b] = two(&tags, "id");
    cases.check(json!({ "tagIds": [a, b] }), true, |row| tagged(row, "id", &[a, b])).await;
    let [a, b] = two(&tags, "name");
    cases.check(json!({ "tagNames": [a, b] }), true, |row| tagged(row, "name", &[a, b])).await;
    cases
        .check(json!({ "tagNames": [a], "nameContains": "a" }), true, |row| {
            tagged(row, "name", &[a]) && whole(row).contains('a')
        })
        .await;
    let job = jobs_of.values().flatten().next().unwrap().clone();
    let applied = |row: &Value| jobs_of.get(text(row, "id")).is_some_and(|jobs| jobs.contains(&job));
    cases.check(json!({ "jobIds": [job] }), true, applied).await;
    let time = middle(candidates, "changedAt");
    cases.check(json!({ "changedAfter": time }), true, |row| text(row, "changedAt") > time).await;
    cases.check(json!({ "changedAfter": "2100-01-01T00:00:00+01:00" }), false, |_| false).await;
    cases.assert_all_tried("CandidateFilter");
}

async fn each_condition_on_jobs_matches_what_it_says(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected_to_both().await;
    let query = "{ jobs(first: 250) { nodes { id remoteId code status employmentType remoteWorkStatus department name \
                 confidential changedAt remoteCreatedAt } } }";
    let jobs = app.query(query).await["jobs"]["nodes"].take();
    let jobs = rows(&jobs);
    let mut cases = Cases { app: &app, list: "jobs", rows: jobs, tried: Tried::new() };
    for (filter, field) in [
        ("ids", "id"),
        ("remoteIds", "remoteId"),
        ("codes", "code"),
        ("statuses", "status"),
        ("employmentTypes", "employmentType"),
        ("remoteWorkStatuses", "remoteWorkStatus"),
        ("departments", "department"),
    ] {
        let [a, b] = two(jobs, field);
        cases.check(json!({ filter: [a] }), true, |row| one_of(&row[field], &[a])).await;
        cases.check(json!({ filter: [a, b] }), true, |row| one_of(&row[field], &[a, b])).await;
        cases.check(json!({ filter: a }), true, |row| one_of(&row[field], &[a])).await;
    }
    for flag in [true, false] {
        let some = jobs.iter().any(|row| row["confidential"] == flag);
        cases.check(json!({ "confidential": flag }), some, |row| row["confidential"] == flag).await;
    }
    let part = &text(&jobs[0], "name").to_uppercase()[..4];
    let has_part = |row: &Value| lower(row, "name").contains(&part.to_lowercase());
    cases.check(json!({ "nameContains": part }), true, has_part).await;
    let status = text(&jobs[0], "status");
    cases
        .check(json!({ "nameContains": part, "statuses": [status] }), true, |row| {
            has_part(row) && row["status"] == status
        })
        .await;
    for (filter, field) in [("changedAfter", "changedAt"), ("remoteCreatedAfter", "remoteCreatedAt")] {
        let time = middle(jobs, field);
        cases.check(json!({ filter: time }), true, |row| text(row, field) > time).await;
    }
    cases.assert_all_tried("JobFilter");
}

async fn each_condition_on_applications_matches_what_it_says(backend: Backend) {
    let app = TestApp::start_with(backend, crate::support::vendors::Size { candidates: 50, jobs: 12 }).await;
    app.connected_to_both().await;
    let query = "{ applications(first: 250) { totalCount nodes { id remoteId outcome job { id } candidate { id } \
                 currentStage { id } changedAt remoteCreatedAt } } }";
    let found = app.query(query).await["applications"].take();
    let applications = rows(&found["nodes"]);
    assert_eq!(found["totalCount"], applications.len(), "all on one page");
    let mut cases = Cases { app: &app, list: "applications", rows: applications, tried: Tried::new() };
    for (filter, field) in [("ids", "id"), ("remoteIds", "remoteId"), ("outcomes", "outcome")] {
        let [a, b] = two(applications, field);
        cases.check(json!({ filter: [a] }), true, |row| one_of(&row[field], &[a])).await;
        cases.check(json!({ filter: [a, b] }), true, |row| one_of(&row[field], &[a, b])).await;
    }
    for (filter, field) in [("jobIds", "job"), ("candidateIds", "candidate"), ("currentStageIds", "currentStage")] {
        let parents: Vec<Value> = applications.iter().map(|row| row[field].clone()).collect();
        let [a, b] = two(&parents, "id");
        cases.check(json!({ filter: [a] }), true, |row| one_of(&row[field]["id"], &[a])).await;
        cases.check(json!({ filter: [a, b] }), true, |row| one_of(&row[field]["id"], &[a, b])).await;
    }
    for (filter, field) in [("changedAfter", "changedAt"), ("remoteCreatedAfter", "remoteCreatedAt")] {
        let time = middle(applications, field);
        cases.check(json!({ filter: time }), true, |row| text(row, field) > time).await;
    }
    cases.assert_all_tried("ApplicationFilter");
}

async fn empty_lists_and_unknown_values_match_nothing(backend: Backend) {
    let app = TestApp::start(backend).await;
    let [traffit, _] = app.connected_to_both().await;
    for (list, kind) in
        [("jobs", "JobFilter"), ("candidates", "CandidateFilter"), ("applications", "ApplicationFilter")]
    {
        let query = format!(
            "query($id: ID, $f: {kind}) {{ {list}(integrationId: $id, filter: $f) {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage startCursor }} }} }}"
        );
        let nothing = json!({"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false, "startCursor": null}});
        for field in sdl::fields(kind).into_iter().filter(|field| field.is_list) {
            let found = app.query_with(&query, json!({ "f": { &field.name: [] } })).await;
            assert_eq!(found[list], nothing, "{list} {}: []", field.name);
            // A null is a condition that was not made.
            let found = app.query_with(&query, json!({ "id": traffit, "f": { &field.name: null } })).await;
            assert_ne!(found[list], nothing, "{list} {}: null", field.name);
            if field.of == "ID" || field.of == "String" {
                let unknown = json!({ &field.name: ["none", "job_0123456789abcdefghijklmnop", "", "a\u{0}b"] });
                assert_eq!(
                    app.query_with(&query, json!({ "f": unknown })).await[list],
                    nothing,
                    "{list} {}",
                    field.name
                );
            }
        }
        for id in ["int_none", "none", "", "job_0123456789abcdefghijklmnop"] {
            assert_eq!(app.query_with(&query, json!({ "id": id })).await[list], nothing, "{list} of {id}");
        }
        // Longer than any number of parameters that a database takes.
        let many: Vec<String> = (0..40_000).map(|number| format!("{number:x}")).collect();
        let found = app.query_with(&query, json!({ "f": { "remoteIds": many } })).await;
        assert!(found[list]["totalCount"].is_number());
    }
}
