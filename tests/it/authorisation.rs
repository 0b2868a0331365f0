//! Every root field × every kind of credential: none, expired, revoked, without the scope, of another integration, and
//! access tokens likewise. A root field without a case fails; the exceptions are named here, and may only become fewer.

use std::time::Duration;

use hiregraph::domain::Scope;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, code, ids, rows, sdl};

on_both!(
    no_root_field_answers_without_a_good_key,
    every_root_field_needs_its_scope,
    every_subscription_needs_a_good_key_and_its_scope,
    a_key_for_other_integrations_reaches_nothing_of_these,
    whether_something_foreign_exists_is_never_told,
    restricted_keys_see_their_own_integrations_only,
    restricted_administrators_manage_their_own_keys_only,
);

const SMALL: Size = Size { candidates: 30, jobs: 4 };
const ALL: [Scope; 6] =
    [Scope::RecordsRead, Scope::RemoteDataRead, Scope::RecordsWrite, Scope::Passthrough, Scope::Operate, Scope::Admin];

/// What a root field needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Any good key: who one is, and which vendors there are.
    Nothing,
    Read,
    /// Reading or operating.
    See,
    /// Reading, writing or operating.
    SeeWrites,
    Write,
    Forward,
    Operate,
    Admin,
}

/// What whoever may not see the integration is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    Null,
    /// An empty list of nodes.
    Empty,
    /// `userErrors` with NOT_FOUND.
    NotFound,
    Forbidden,
    /// It shows nothing of integrations.
    Unconcerned,
}

/// What every key may ask.
const OPEN_TO_KEYS: [&str; 4] = ["connector", "connectors", "createAccessToken", "viewer"];
/// What every access token may ask.
const OPEN_TO_TOKENS: [&str; 3] = ["connector", "connectors", "viewer"];

/// Ids of things of one integration.
#[derive(Clone)]
struct Things {
    integration: String,
    job: String,
    candidate: String,
    application: String,
    run: String,
    key: String,
    action: String,
    hook: String,
    delivery: String,
}

impl Things {
    async fn of(app: &TestApp, integration: &str) -> Self {
        let query = "query($id: ID!) { integration(id: $id) { jobs { nodes { id } } candidates { nodes { id } } \
                     applications { nodes { id } } lastSync { id } } apiKeys { id } }";
        let found = app.query_with(query, json!({ "id": integration })).await;
        let hook = app.hooked().await;
        let text = |at: &str| found.pointer(at).unwrap().as_str().unwrap().to_owned();
        let action = app.noted(&text("/integration/applications/nodes/0/id")).await;
        app.settle().await;
        Self {
            integration: integration.to_owned(),
            job: text("/integration/jobs/nodes/0/id"),
            candidate: text("/integration/candidates/nodes/0/id"),
            application: text("/integration/applications/nodes/0/id"),
            run: text("/integration/lastSync/id"),
            key: text("/apiKeys/0/id"),
            action,
            delivery: app.last_delivery(&hook).await,
            hook,
        }
    }

    fn all(&mut self) -> [&mut String; 9] {
        let Self { integration, job, candidate, application, run, key, action, hook, delivery } = self;
        [integration, job, candidate, application, run, key, action, hook, delivery]
    }

    /// Ids of the same kinds that nothing has. What lies in the integration begins as its own do.
    fn invented(&self) -> Self {
        let mut things = self.clone();
        for id in things.all() {
            let place = id.len() - 6;
            let last = if id[place..].starts_with('a') { "bbbbb0" } else { "aaaaa0" };
            id.replace_range(place.., last);
            assert!(hiregraph::domain::NodeId::parse(id).is_some(), "{id}");
        }
        things
    }
}

/// An answer without the ids that were asked for.
fn without(mut things: Things, answer: &Value) -> String {
    things.all().into_iter().fold(answer.to_string(), |text, id| text.replace(id.as_str(), "ID"))
}

/// Credentials that are good no longer, or never were.
async fn bad_credentials(app: &TestApp, integration: &str) -> Vec<Option<String>> {
    let make = "mutation($e: Duration) { createApiKey(input: {name: \"k\", scopes: [ADMIN], expiresIn: $e}) { secret apiKey { id } } }";
    let expired =
        app.query_with(make, json!({ "e": "PT1M" })).await["createApiKey"]["secret"].as_str().unwrap().to_owned();
    let of_expired = app.token(&expired, &[Scope::RecordsRead], &[integration]).await;
    let revoked = app.query_with(make, json!({})).await["createApiKey"].take();
    let (revoked, id) = (revoked["secret"].as_str().unwrap().to_owned(), revoked["apiKey"]["id"].clone());
    let of_revoked = app.token(&revoked, &[Scope::RecordsRead], &[integration]).await;
    let short =
        "mutation($i: [ID!]!) { createAccessToken(input: {integrationIds: $i, expiresIn: \"PT1M\"}) { token } }";
    let short = app.query_with(short, json!({ "i": [integration] })).await["createAccessToken"]["token"].take();
    let short = short.as_str().unwrap().to_owned();
    for key in [&expired, &of_expired, &revoked, &of_revoked, &short] {
        assert_eq!(code(&app.ask(key, "{ viewer { name } }", json!({})).await), "", "it is still good");
    }
    app.query_with("mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }", json!({ "id": id })).await;
    app.clock.advance(Duration::from_secs(60));
    let unknown = format!("hgk_{}", "a".repeat(52));
    let forged = format!("{}{}", &of_revoked[..of_revoked.len() - 8], "AAAAAAAA");
    let some = [expired, of_expired, revoked, of_revoked, short, unknown, forged, "nonsense".to_owned(), String::new()];
    some.into_iter().map(Some).chain([None]).collect()
}

fn case(field: &str, of: &Things) -> (String, Needs, Foreign) {
    let Things { integration, job, candidate, application, run, key, action, hook, delivery } = of;
    let list = |name: &str| format!("{{ {name}(integrationId: \"{integration}\") {{ totalCount nodes {{ id }} }} }}");
    let mutation = |call: String| format!("mutation {{ {call} {{ userErrors {{ code }} }} }}");
    match field {
        "viewer" => ("{ viewer { name scopes } }".to_owned(), Needs::Nothing, Foreign::Unconcerned),
        "connectors" => ("{ connectors { slug } }".to_owned(), Needs::Nothing, Foreign::Unconcerned),
        "connector" => ("{ connector(slug: \"traffit\") { slug } }".to_owned(), Needs::Nothing, Foreign::Unconcerned),
        "node" => (format!("{{ node(id: \"{job}\") {{ id }} }}"), Needs::Read, Foreign::Null),
        "nodes" => (format!("{{ nodes(ids: [\"{job}\", \"{candidate}\"]) {{ id }} }}"), Needs::Read, Foreign::Null),
        "job" => (format!("{{ job(id: \"{job}\") {{ id }} }}"), Needs::Read, Foreign::Null),
        "candidate" => (format!("{{ candidate(id: \"{candidate}\") {{ id }} }}"), Needs::Read, Foreign::Null),
        "application" => (format!("{{ application(id: \"{application}\") {{ id }} }}"), Needs::Read, Foreign::Null),
        "jobs" | "candidates" | "applications" => (list(field), Needs::Read, Foreign::Empty),
        "integration" => (format!("{{ integration(id: \"{integration}\") {{ id }} }}"), Needs::See, Foreign::Null),
        "integrations" => ("{ integrations { totalCount nodes { id } } }".to_owned(), Needs::See, Foreign::Empty),
        "apiKeys" => ("{ apiKeys { id } }".to_owned(), Needs::Admin, Foreign::Empty),
        "webhookEndpoints" => ("{ webhookEndpoints { id } }".to_owned(), Needs::Admin, Foreign::Empty),
        "createWebhookEndpoint" => (
            mutation(format!("{field}(input: {{url: \"https://hooks.example/\", events: [SYNC_FINISHED]}})")),
            Needs::Admin,
            Foreign::Unconcerned,
        ),
        "updateWebhookEndpoint" => {
            (mutation(format!("{field}(input: {{id: \"{hook}\", enabled: false}})")), Needs::Admin, Foreign::NotFound)
        }
        "deleteWebhookEndpoint" => (mutation(format!("{field}(id: \"{hook}\")")), Needs::Admin, Foreign::NotFound),
        "redeliverWebhook" => {
            (mutation(format!("{field}(deliveryId: \"{delivery}\")")), Needs::Admin, Foreign::NotFound)
        }
        "createIntegration" => (
            mutation(
                "createIntegration(input: {connector: \"none\", endUser: {organizationName: \"A\"}, credentials: {}})"
                    .to_owned(),
            ),
            Needs::Operate,
            Foreign::Forbidden,
        ),
        "createConnectLink" => (
            mutation(format!(
                "{field}(input: {{endUser: {{organizationName: \"A\"}}, integrationId: \"{integration}\"}})"
            )),
            Needs::Operate,
            Foreign::NotFound,
        ),
        "testIntegration" | "deleteIntegration" => {
            (mutation(format!("{field}(id: \"{integration}\")")), Needs::Operate, Foreign::NotFound)
        }
        "updateIntegration" => (
            mutation(format!("updateIntegration(input: {{id: \"{integration}\", name: \"Mine\"}})")),
            Needs::Operate,
            Foreign::NotFound,
        ),
        "syncIntegration" => (
            mutation(format!("syncIntegration(input: {{integrationId: \"{integration}\"}})")),
            Needs::Operate,
            Foreign::NotFound,
        ),
        "cancelSync" => (mutation(format!("cancelSync(syncRunId: \"{run}\")")), Needs::Operate, Foreign::NotFound),
        "setCustomField" => (
            mutation(format!(
                "setCustomField(input: {{integrationId: \"{integration}\", model: JOB, key: \"k\", source: \"/a\"}})"
            )),
            Needs::Operate,
            Foreign::NotFound,
        ),
        "createApiKey" => (
            mutation(format!(
                "createApiKey(input: {{name: \"k\", scopes: [RECORDS_READ], integrationIds: [\"{integration}\"]}})"
            )),
            Needs::Admin,
            Foreign::NotFound,
        ),
        "createAccessToken" => (
            mutation(format!("createAccessToken(input: {{integrationIds: [\"{integration}\"]}})")),
            Needs::Nothing,
            Foreign::NotFound,
        ),
        "revokeApiKey" => (mutation(format!("revokeApiKey(id: \"{key}\")")), Needs::Admin, Foreign::NotFound),
        "action" => (format!("{{ action(id: \"{action}\") {{ id }} }}"), Needs::SeeWrites, Foreign::Null),
        "actions" => (list(field), Needs::SeeWrites, Foreign::Empty),
        "createCandidate" | "createApplication" => (
            mutation(format!(
                "{field}(input: {{integrationId: \"{integration}\", candidate: {{firstName: \"A\", lastName: \"B\", \
                 emailAddress: \"a@b.example\"}}, application: {{jobId: \"{job}\"}}}})"
            )),
            Needs::Write,
            Foreign::NotFound,
        ),
        "addAttachmentToApplication" | "addAttachmentToCandidate" => {
            let to = if field.ends_with("Application") {
                format!("applicationId: \"{application}\"")
            } else {
                format!("candidateId: \"{candidate}\"")
            };
            let file = "attachment: {name: \"a.txt\", contentType: \"text/plain\", data: \"aGk=\"}";
            (mutation(format!("{field}(input: {{{to}, {file}}})")), Needs::Write, Foreign::NotFound)
        }
        "moveApplicationToStage" => (
            mutation(format!("{field}(input: {{applicationId: \"{application}\", stageId: \"{job}\"}})")),
            Needs::Write,
            Foreign::NotFound,
        ),
        "addResultLinkToApplication" => (
            mutation(format!(
                "{field}(input: {{applicationId: \"{application}\", label: \"a\", url: \"https://a.example/\"}})"
            )),
            Needs::Write,
            Foreign::NotFound,
        ),
        "addNoteToApplication" => (
            mutation(format!("{field}(input: {{applicationId: \"{application}\", content: \"a\"}})")),
            Needs::Write,
            Foreign::NotFound,
        ),
        "changes" => (
            format!("{{ changes(integrationIds: [\"{integration}\"]) {{ nodes {{ id: recordId }} }} }}"),
            Needs::Read,
            Foreign::Empty,
        ),
        "eraseCandidate" => (mutation(format!("{field}(id: \"{candidate}\")")), Needs::Operate, Foreign::NotFound),
        "refreshRecords" => {
            (mutation(format!("{field}(input: {{ids: [\"{candidate}\"]}})")), Needs::Operate, Foreign::NotFound)
        }
        "passthrough" => (
            mutation(format!("{field}(input: {{integrationId: \"{integration}\", method: GET, path: \"/users/\"}})")),
            Needs::Forward,
            Foreign::NotFound,
        ),
        other => panic!("the root field {other} has no case: say what it needs, and what strangers are answered"),
    }
}

/// A subscription, the scopes of which one is enough for it, and whether a stranger is refused rather than told nothing.
fn subscription(field: &str, of: &Things) -> (String, &'static [Scope], bool) {
    let one = |id: &str| format!("subscription {{ {field}(id: \"{id}\") {{ id }} }}");
    match field {
        "changes" => {
            let beginning = hiregraph::store::page::feed_cursor(0);
            (format!("subscription {{ changes(after: \"{beginning}\") {{ recordId }} }}"), &[Scope::RecordsRead], false)
        }
        "syncRun" => (one(&of.run), &[Scope::RecordsRead, Scope::Operate], true),
        "action" => (one(&of.action), &[Scope::RecordsRead, Scope::RecordsWrite, Scope::Operate], true),
        other => panic!("the subscription {other} has no case: say what it needs, and what strangers are told"),
    }
}

async fn every_subscription_needs_a_good_key_and_its_scope(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let things = Things::of(&app, &traffit).await;
    let bad = bad_credentials(&app, &traffit).await;
    let fields = sdl::fields("Subscription");
    assert!(fields.len() >= 3);
    for field in fields.into_iter().map(|field| field.name) {
        let (query, enough, refused) = subscription(&field, &things);
        for key in &bad {
            assert_eq!(app.stream(key.as_deref(), &query, json!({})).await.0, 401, "{field} {key:?}");
        }
        let others: Vec<Scope> =
            ALL.into_iter().filter(|scope| *scope != Scope::Admin && !enough.contains(scope)).collect();
        let key = app.key(&others, None).await;
        let token = app.token(&app.admin, &others, &[&traffit]).await;
        for key in [key, token] {
            assert_eq!(app.subscribe(&key, &query, json!({})).await.refused().await, "FORBIDDEN", "{field}");
        }
        for scope in enough {
            let key = app.key(&[*scope], None).await;
            let token = app.token(&app.admin, &[*scope], &[&traffit]).await;
            for key in [key, token] {
                assert!(app.subscribe(&key, &query, json!({})).await.next(&field).await.is_object(), "{field} {scope}");
            }
        }
        let key = app.key(&ALL, Some(&[&hrworks])).await;
        let token = app.token(&app.admin, &ALL[..5], &[&hrworks]).await;
        for stranger in [key, token] {
            let mut told = app.subscribe(&stranger, &query, json!({})).await;
            if !refused {
                let first = told.next(&field).await["recordId"].take();
                let seen = app.ask(&stranger, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": first })).await;
                assert_eq!(seen["data"]["node"]["id"], first, "{field}: it is one of its own");
                continue;
            }
            let told = told.answer().await.unwrap();
            assert_eq!(code(&told), "BAD_USER_INPUT", "{field}");
            let (absent, ..) = subscription(&field, &things.invented());
            let nothing = app.subscribe(&stranger, &absent, json!({})).await.answer().await.unwrap();
            assert_eq!(without(things.clone(), &told), without(things.invented(), &nothing), "{field}");
        }
    }
}

fn root_fields() -> Vec<String> {
    let fields = ["Query", "Mutation"].into_iter().flat_map(sdl::fields).map(|field| field.name);
    let fields: Vec<_> = fields.collect();
    assert!(fields.len() >= 20, "{fields:?}");
    fields
}

async fn no_root_field_answers_without_a_good_key(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let things = Things::of(&app, &id).await;
    let bad = bad_credentials(&app, &id).await;
    let before = app.store.statements().count();
    let mut asked = 0;
    for field in root_fields() {
        let (query, ..) = case(&field, &things);
        for key in &bad {
            let answer = app.post(key.as_deref(), &json!({ "query": query })).await;
            assert_eq!(answer.status, 401, "{field} {key:?}: {}", answer.body);
            assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"hiregraph\"");
            assert_eq!(code(&answer.body), "UNAUTHENTICATED");
            assert!(answer.body.get("data").is_none());
            asked += 1;
        }
    }
    assert!(app.store.statements().count() - before <= asked, "the key is looked up, and nothing else");
}

async fn every_root_field_needs_its_scope(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let things = Things::of(&app, &id).await;
    let mut open = (Vec::new(), Vec::new());
    for field in root_fields() {
        let (query, needs, _) = case(&field, &things);
        let enough: &[Scope] = match needs {
            Needs::Nothing => &ALL,
            Needs::Read => &[Scope::RecordsRead],
            Needs::See => &[Scope::RecordsRead, Scope::Operate],
            Needs::SeeWrites => &[Scope::RecordsRead, Scope::RecordsWrite, Scope::Operate],
            Needs::Write => &[Scope::RecordsWrite],
            Needs::Forward => &[Scope::Passthrough],
            Needs::Operate => &[Scope::Operate],
            Needs::Admin => &[],
        };
        let others: Vec<Scope> =
            ALL.into_iter().filter(|scope| *scope != Scope::Admin && !enough.contains(scope)).collect();
        let key = app.key(&others, None).await;
        // A token has a scope at least.
        let some = if others.is_empty() { &ALL[..1] } else { &others };
        let token = app.token(&app.admin, some, &[&id]).await;
        for (key, open) in [(key, &mut open.0), (token, &mut open.1)] {
            let answer = app.ask(&key, &query, json!({})).await;
            if code(&answer).is_empty() {
                assert_eq!(needs, Needs::Nothing, "{field} with {others:?}: {answer:#}");
                open.push(field.clone());
                continue;
            }
            assert_eq!(code(&answer), "FORBIDDEN", "{field} with {others:?}: {answer:#}");
            let nothing = match &answer["data"] {
                Value::Object(data) => data.values().all(Value::is_null),
                data => data.is_null(),
            };
            assert!(nothing, "{field}: {answer:#}");
        }
    }
    open.0.sort();
    open.1.sort();
    assert_eq!(open.0, OPEN_TO_KEYS);
    assert_eq!(open.1, OPEN_TO_TOKENS);
}

async fn a_key_for_other_integrations_reaches_nothing_of_these(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let things = Things::of(&app, &traffit).await;
    let nobody = app.key(&ALL, Some(&[])).await;
    let other = app.key(&ALL, Some(&[&hrworks])).await;
    let token = app.token(&app.admin, &ALL[..5], &[&hrworks]).await;
    for field in root_fields() {
        let (query, needs, foreign) = case(&field, &things);
        for (stranger, key) in [("of another", &other), ("of none", &nobody), ("of another", &token)] {
            let answer = app.ask(key, &query, json!({})).await;
            if *key == token && (needs == Needs::Admin || field == "createAccessToken") {
                assert_eq!(code(&answer), "FORBIDDEN", "{field} for a token: {answer:#}");
                continue;
            }
            let data = &answer["data"][&field];
            let told = format!("{field} for a key {stranger}: {answer:#}");
            assert!(!answer.to_string().contains(&traffit) || field == "createApiKey", "{told}");
            match foreign {
                Foreign::Null => {
                    assert_eq!(code(&answer), "", "{told}");
                    assert!(
                        data.is_null() || data.as_array().is_some_and(|all| all.iter().all(Value::is_null)),
                        "{told}"
                    );
                }
                Foreign::Empty => {
                    assert_eq!(code(&answer), "", "{told}");
                    let listed = if data.is_array() { data } else { &data["nodes"] };
                    let own = if field == "integrations" && stranger == "of another" {
                        vec![hrworks.clone()]
                    } else {
                        vec![]
                    };
                    let own = if field == "apiKeys" { ids(listed) } else { own };
                    assert_eq!(ids(listed), own, "{told}");
                    assert!(field != "apiKeys" || !own.contains(&things.key), "{told}");
                }
                Foreign::NotFound => assert_eq!(data["userErrors"][0]["code"], "NOT_FOUND", "{told}"),
                Foreign::Forbidden => assert_eq!(code(&answer), "FORBIDDEN", "{told}"),
                Foreign::Unconcerned => assert_eq!(code(&answer), "", "{told}"),
            }
        }
    }
    let query = "query($id: ID!) { integration(id: $id) { name state customFields { key } } apiKeys { id revokedAt } }";
    let after = app.query_with(query, json!({ "id": traffit })).await;
    assert_ne!(after["integration"]["name"], "Mine");
    assert_eq!(after["integration"]["customFields"], json!([]));
    let key = rows(&after["apiKeys"]).iter().find(|key| key["id"] == things.key.as_str()).unwrap();
    assert!(key["revokedAt"].is_null(), "a stranger's attempt revoked nothing");
}

/// What is foreign is answered as what does not exist, word for word.
async fn whether_something_foreign_exists_is_never_told(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let things = Things::of(&app, &traffit).await;
    let key = app.key(&ALL, Some(&[&hrworks])).await;
    let token = app.token(&app.admin, &ALL[..5], &[&hrworks]).await;
    for field in root_fields() {
        let ((foreign, _, how), (absent, ..)) = (case(&field, &things), case(&field, &things.invented()));
        if how == Foreign::Unconcerned {
            assert_eq!(foreign, absent, "{field} names nothing");
            continue;
        }
        for key in [&key, &token] {
            let (foreign, absent) = (app.ask(key, &foreign, json!({})).await, app.ask(key, &absent, json!({})).await);
            assert_eq!(without(things.clone(), &foreign), without(things.invented(), &absent), "{field}");
        }
    }
    // Nor by relations, filters and subscriptions that name an integration.
    let relations = "query($id: ID!) { jobs(integrationId: $id) { totalCount pageInfo { hasNextPage } nodes { id } } \
                     actions(integrationId: $id) { totalCount } \
                     candidates(filter: {jobIds: [$id], includeDeleted: true}) { totalCount } \
                     changes(integrationIds: [$id]) { nodes { recordId } pageInfo { hasNextPage } } }";
    for (foreign, absent) in
        [(&things.integration, &things.invented().integration), (&things.job, &things.invented().job)]
    {
        let ask = async |id: &str| app.ask(&key, relations, json!({ "id": id })).await;
        assert_eq!(ask(foreign).await, ask(absent).await, "{foreign}");
    }
    let changes = "subscription($of: [ID!]) { changes(integrationIds: $of, after: \"\") { recordId } }"
        .replace("\"\"", &format!("\"{}\"", hiregraph::store::page::feed_cursor(0)));
    let first = async |of: Value| app.subscribe(&key, &changes, json!({ "of": of })).await.next("changes").await;
    let own = first(json!([hrworks])).await;
    for id in [&traffit, &things.invented().integration] {
        assert_eq!(first(json!([id, hrworks])).await, own, "nothing is told of {id}");
    }
}

async fn restricted_keys_see_their_own_integrations_only(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let key = app.key(&[Scope::RecordsRead, Scope::RemoteDataRead, Scope::Operate], Some(&[&hrworks])).await;
    let ask = async |query: &str, variables: Value| {
        let mut answer = app.ask(&key, query, variables).await;
        assert_eq!(code(&answer), "", "{query}: {answer:#}");
        answer["data"].take()
    };
    let foreign = "query($id: ID!) { integration(id: $id) { lastSync { id } applicationStages { id } users { nodes { id } } tags { nodes { id } } \
                   jobs(first: 4) { nodes { id remoteId stages { id } hiringTeam { id } } } \
                   candidates(first: 30) { nodes { id remoteId tags { id } } } applications(first: 250) { nodes { id remoteId } } } }";
    let foreign = app.query_with(foreign, json!({ "id": traffit })).await["integration"].take();
    let mut theirs = vec![traffit.clone()];
    collect(&foreign, &mut theirs);
    assert!(theirs.len() > 50);
    for some in theirs.chunks(200) {
        let found = ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": some })).await;
        assert!(rows(&found["nodes"]).iter().all(Value::is_null), "{found:#}");
    }
    for (list, kind) in
        [("jobs", "JobFilter"), ("candidates", "CandidateFilter"), ("applications", "ApplicationFilter")]
    {
        let query = format!(
            "query($id: ID, $f: {kind}) {{ {list}(integrationId: $id, filter: $f, first: 250) {{ totalCount nodes {{ id integration {{ id }} }} }} }}"
        );
        let all = ask(&query, json!({})).await[list].take();
        assert_eq!(all["totalCount"], app.total(list, &hrworks).await);
        assert!(rows(&all["nodes"]).iter().all(|row| row["integration"]["id"] == hrworks.as_str()));
        assert_eq!(ask(&query, json!({ "id": hrworks })).await[list], all);
        let nothing = json!({"totalCount": 0, "nodes": []});
        assert_eq!(ask(&query, json!({ "id": traffit })).await[list], nothing);
        let filters = sdl::fields(kind).into_iter().filter(|field| field.of == "ID" && field.is_list);
        for field in filters {
            assert_eq!(ask(&query, json!({ "f": { &field.name: theirs } })).await[list], nothing, "{}", field.name);
        }
        let remote: Vec<_> = rows(&foreign[list]["nodes"]).iter().map(|row| row["remoteId"].clone()).collect();
        let found = ask(&query, json!({ "f": { "remoteIds": remote } })).await[list].take();
        assert!(rows(&found["nodes"]).iter().all(|row| row["integration"]["id"] == hrworks.as_str()));
    }
    let seen = ask("{ integrations { totalCount nodes { id } } viewer { integrations { id } } }", json!({})).await;
    assert_eq!(seen["integrations"], json!({"totalCount": 1, "nodes": [{ "id": hrworks }]}));
    assert_eq!(seen["viewer"]["integrations"], json!([{ "id": hrworks }]));
}

/// Every `id` in an answer.
fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            ids.extend(fields.get("id").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, ids));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

async fn restricted_administrators_manage_their_own_keys_only(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let admin = app.key(&[Scope::Admin], Some(&[&hrworks])).await;
    app.key(&[Scope::RecordsRead], Some(&[&traffit])).await;
    let own = app.key(&[Scope::RecordsRead], Some(&[&hrworks])).await;
    let listed =
        app.ask(&admin, "{ apiKeys { id prefix integrations { id } } }", json!({})).await["data"]["apiKeys"].take();
    assert_eq!(rows(&listed).len(), 2, "itself and one more: {listed:#}");
    assert!(rows(&listed).iter().all(|key| key["integrations"] == json!([{ "id": hrworks }])));
    let all = app.query("{ apiKeys { id } }").await["apiKeys"].take();
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } userErrors { code } } }";
    for id in ids(&all).into_iter().filter(|id| !ids(&listed).contains(id)) {
        let answer = app.ask(&admin, revoke, json!({ "id": id })).await;
        assert_eq!(answer["data"]["revokeApiKey"]["userErrors"][0]["code"], "NOT_FOUND");
        let node = app.ask(&admin, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!((code(&node), &node["data"]), ("", &json!({"node": null})));
    }
    // Without a word about integrations, a new key has those of its maker.
    let make = "mutation { createApiKey(input: {name: \"k\", scopes: [ADMIN]}) { apiKey { integrations { id } } userErrors { code } } }";
    let made = app.ask(&admin, make, json!({})).await["data"]["createApiKey"].take();
    assert_eq!(made["apiKey"]["integrations"], json!([{ "id": hrworks }]), "{made:#}");
    let is_own = |key: &&Value| own.starts_with(key["prefix"].as_str().unwrap());
    let last = rows(&listed).iter().find(is_own).unwrap()["id"].as_str().unwrap();
    let answer = app.ask(&admin, revoke, json!({ "id": last })).await;
    assert_eq!(answer["data"]["revokeApiKey"]["apiKey"]["id"], last);
    assert_eq!(app.post(Some(&own), &json!({ "query": "{ viewer { name } }" })).await.status, 401);
}
