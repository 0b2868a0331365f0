//! Writes of a process that dies: each of them arrives exactly once, wherever it was.
//!
//! A case is one request that an action sends, and the moment at which the process is killed. Each case has a database,
//! vendors and processes of its own.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::stream;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Backend;
use crate::support::child::Serving;
use crate::support::gate::Hold;
use crate::support::place::Place;
use crate::support::vendors::{Size, Vendors};

/// Cases that run at once.
const AT_ONCE: usize = 6;
const VENDORS: [&str; 2] = ["traffit", "hrworks"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The journal says that it is about to be sent; the vendor never hears of it.
    Unsent,
    /// The vendor did it; no answer came.
    Unanswered,
    /// The answer came; the journal does not say so, because the database is locked.
    Unnoted,
}

const MOMENTS: [Moment; 3] = [Moment::Unsent, Moment::Unanswered, Moment::Unnoted];

/// A request that writes: what the vendor's simulator counts it as, and how its path begins and ends.
type Write = (&'static str, &'static str, &'static str);

const TRAFFIT: &str = "/api/integration/v2";
const HRWORKS: &str = "/v2/applicant-management/job-applications";

const PERSON: Write = ("POST /employees/", "/api/integration/v2/employees/", "v2/employees/");
const FILE: Write = ("POST /employees/{id}/files/", TRAFFIT, "/files/");
const MEMBER: Write = ("POST /recruitments/{rid}/employees/{eid}", "/api/integration/v2/recruitments/", "");
const MOVE: Write = ("POST /employees/{id}/recruitments/{rid}/states/{sid}/_move", TRAFFIT, "/_move");
const REJECT: Write =
    ("POST /employees/{id}/recruitments/{rid}/states/_move_to_reject_state", TRAFFIT, "/_move_to_reject_state");
const NOTE: Write = ("POST /employees/{id}/notes", TRAFFIT, "/notes");
const APPLICATION: Write = ("POST /applicant-management/job-applications", HRWORKS, "/job-applications");
const DOCUMENT: Write = ("POST /applicant-management/job-applications/{id}/files", HRWORKS, "/files");

struct Action {
    connector: &'static str,
    /// The mutation.
    name: &'static str,
    /// What tells it from another of the same mutation.
    variant: &'static str,
    writes: &'static [Write],
}

const fn of(connector: &'static str, name: &'static str, variant: &'static str, writes: &'static [Write]) -> Action {
    Action { connector, name, variant, writes }
}

/// Every action that each vendor has.
const ACTIONS: [Action; 14] = [
    of("traffit", "createCandidate", "", &[PERSON, FILE, MEMBER, MOVE]),
    of("traffit", "createApplication", "", &[PERSON, FILE, MEMBER, MOVE]),
    of("traffit", "createApplication", "of somebody known", &[FILE, MEMBER, MOVE]),
    of("traffit", "addAttachmentToApplication", "", &[FILE]),
    of("traffit", "moveApplicationToStage", "", &[MOVE]),
    of("traffit", "moveApplicationToStage", "that rejects", &[REJECT]),
    of("traffit", "addResultLinkToApplication", "", &[NOTE]),
    of("traffit", "addNoteToApplication", "", &[NOTE]),
    of("hrworks", "createCandidate", "", &[APPLICATION, DOCUMENT]),
    of("hrworks", "createApplication", "", &[APPLICATION, DOCUMENT]),
    of("hrworks", "addAttachmentToApplication", "", &[DOCUMENT]),
    of("hrworks", "addAttachmentToCandidate", "", &[DOCUMENT]),
    of("hrworks", "addResultLinkToApplication", "", &[DOCUMENT]),
    of("hrworks", "addNoteToApplication", "", &[DOCUMENT]),
];

/// Both accounts, connected and synced, with nobody at work on them.
struct Ready {
    place: Place,
    known: BTreeMap<&'static str, Known>,
}

/// What there is to write to, by public ids.
struct Known {
    integration: String,
    job: String,
    candidate: String,
    application: String,
    /// Of the job of the application: one that is neither the first nor where it stands, and one that rejects.
    stage: String,
    rejecting: String,
    /// The e-mail address of somebody who has not applied for the job.
    stranger: String,
}

impl Ready {
    async fn new(backend: Backend) -> Self {
        let mut place = Place::new(backend, Size { candidates: 24, jobs: 4 }).await;
        place.set("HIREGRAPH_LOG", "info,hiregraph=debug,sea_orm_migration=warn");
        place.set("HIREGRAPH_SHOWS_WITHIN_SECONDS", "2");
        let mut serving = place.serve().await;
        let mut known = BTreeMap::new();
        for connector in VENDORS {
            let integration = place.connect_by(&serving, connector).await;
            serving.logged("sync ended").await;
            known.insert(connector, known_of(&place, &serving, integration).await);
        }
        assert_eq!(serving.told("TERM").await.0, Some(0));
        Self { place, known }
    }

    /// A place of its own for one case. HR WORKS carries out at once what it is told, so that nothing depends on how
    /// often it is asked.
    async fn place(&self) -> Place {
        let place = self.place.copy().await;
        place.vendors.faults("hrworks", &["pending-polls=0"]);
        place
    }

    fn input(&self, action: &Action) -> Value {
        let known = &self.known[action.connector];
        let file = json!({ "name": "cv.txt", "type": "OTHER", "contentType": "text/plain", "data": "aGVsbG8=" });
        let email = if action.variant.is_empty() { "dana.nowak@example.com" } else { &known.stranger };
        let mut input = match action.name {
            "createCandidate" | "createApplication" => json!({
                "integrationId": known.integration,
                "candidate": { "firstName": "Dana", "lastName": "Nowak", "emailAddress": email },
                "application": { "jobId": known.job },
                "attachments": [file],
            }),
            "addAttachmentToCandidate" => json!({ "candidateId": known.candidate, "attachment": file }),
            "addAttachmentToApplication" => json!({ "applicationId": known.application, "attachment": file }),
            "moveApplicationToStage" => {
                let stage = if action.variant.is_empty() { &known.stage } else { &known.rejecting };
                json!({ "applicationId": known.application, "stageId": stage })
            }
            "addResultLinkToApplication" => {
                json!({ "applicationId": known.application, "label": "Test", "url": "https://example.com/r/1" })
            }
            "addNoteToApplication" => json!({ "applicationId": known.application, "content": "Called twice" }),
            other => panic!("{other}"),
        };
        if action.name.starts_with("create") && action.connector == "traffit" {
            input["application"]["stageId"] = json!(known.stage);
        }
        input
    }
}

async fn known_of(place: &Place, serving: &Serving, integration: String) -> Known {
    let query = "query($id: ID!) { applications(integrationId: $id, filter: {outcomes: [PENDING]}, first: 50, \
                 orderBy: {field: CHANGED_AT, direction: ASC}) { nodes { id candidate { id } currentStage { id } \
                 job { id status stages { stage { id name } } applications(first: 50) { nodes { candidate { id } } } } } } \
                 candidates(integrationId: $id, first: 50) { nodes { id emailAddresses { address } } } }";
    let data = place.query(serving, query, json!({ "id": integration })).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    let rows = data["applications"]["nodes"].as_array().unwrap();
    let row = rows.iter().find(|row| row["job"]["status"] == "OPEN").unwrap_or_else(|| panic!("{data:#}"));
    let stages: Vec<&Value> = row["job"]["stages"].as_array().unwrap().iter().map(|stage| &stage["stage"]).collect();
    let rejects = |stage: &&&Value| stage["name"].as_str().is_some_and(|name| name.starts_with("Odrzuc"));
    let stage = stages.iter().skip(1).find(|stage| stage["id"] != row["currentStage"]["id"] && !rejects(stage));
    let members: Vec<&Value> = row["job"]["applications"]["nodes"].as_array().unwrap().iter().collect();
    let stranger = data["candidates"]["nodes"].as_array().unwrap().iter().find(|candidate| {
        let address = candidate["emailAddresses"][0]["address"].as_str();
        address.is_some() && !members.iter().any(|member| member["candidate"]["id"] == candidate["id"])
    });
    Known {
        integration,
        job: text(&row["job"]["id"]),
        candidate: text(&row["candidate"]["id"]),
        application: text(&row["id"]),
        stage: stage.map(|stage| text(&stage["id"])).unwrap_or_default(),
        rejecting: stages.iter().find(rejects).map(|stage| text(&stage["id"])).unwrap_or_default(),
        stranger: stranger.map(|found| text(&found["emailAddresses"][0]["address"])).unwrap_or_default(),
    }
}

/// How often the vendor carried out what; nothing of its tokens and subscriptions.
fn counts(vendors: &Vendors, connector: &str) -> BTreeMap<String, u64> {
    let writes = match connector {
        "traffit" => vendors.traffit.edit(|account| account.writes()),
        _ => vendors.hrworks.edit(|account| account.writes()),
    };
    writes.into_iter().filter(|(endpoint, _)| !endpoint.contains("token") && !endpoint.contains("/webhooks")).collect()
}

/// Sends the mutation and does not wait for its end.
async fn begin(place: &Place, serving: &Serving, action: &Action, input: &Value) {
    let name = action.name;
    let of = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!(
        "mutation($input: {of}!) {{ {name}(input: $input) {{ action {{ id state }} userErrors {{ code message field }} }} }}"
    );
    let mut input = input.clone();
    input["wait"] = json!("PT0S");
    let payload = place.query(serving, &query, json!({ "input": input })).await[name].take();
    assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
    assert!(payload["action"]["id"].is_string(), "{name}: {payload:#}");
}

/// The only action of the place, when it has ended.
async fn ended(place: &Place, serving: &mut Serving) -> Value {
    serving.logged("action ended").await;
    let query = "{ actions(first: 5) { nodes { kind state steps { name state attempts error } warnings { message } \
                 userErrors { code message field } } } }";
    let mut data = place.query(serving, query, json!({})).await;
    assert_eq!(data["actions"]["nodes"].as_array().map(Vec::len), Some(1), "{data:#}");
    data["actions"]["nodes"][0].take()
}

/// Keeps everybody else from writing to the database.
struct Locked(DatabaseConnection);

impl Locked {
    async fn take(place: &Place) -> Self {
        let mut options = ConnectOptions::new(place.database.url());
        options.max_connections(1);
        let connection = Database::connect(options).await.unwrap();
        let statements: &[&str] = match connection.get_database_backend() {
            sea_orm::DbBackend::Postgres => &["BEGIN", "LOCK TABLE actions, action_steps IN ACCESS EXCLUSIVE MODE"],
            _ => &["PRAGMA busy_timeout = 60000", "BEGIN IMMEDIATE"],
        };
        for statement in statements {
            connection.execute_unprepared(statement).await.unwrap();
        }
        Self(connection)
    }

    async fn release(self) {
        self.0.execute_unprepared("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// Kills the process at that moment of that request, and answers what the vendor counts when the next process has ended
/// the action.
async fn crash(ready: &Ready, action: &Action, write: Write, moment: Moment) -> BTreeMap<String, u64> {
    let place = ready.place().await;
    let mut serving = place.serve().await;
    let gate = place.vendors.gate(action.connector);
    let hold = if moment == Moment::Unsent { Hold::Cut } else { Hold::Answer };
    let (_, start, end) = write;
    gate.hold_writes(1, hold, move |path| path.starts_with(start) && path.ends_with(end));
    begin(&place, &serving, action, &ready.input(action)).await;
    gate.held().await;
    if moment == Moment::Unnoted {
        let locked = Locked::take(&place).await;
        gate.open();
        let answered = |line: &str| {
            let path = line.split_once("path=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
            let is_write = line.contains("vendor request") && line.contains("method=\"POST\"");
            is_write && path.starts_with(start) && path.trim_end_matches('=').split('?').next().unwrap().ends_with(end)
        };
        serving.logs("the answer", answered).await;
        serving.killed().await;
        locked.release().await;
    } else {
        serving.killed().await;
        gate.open();
    }
    let mut serving = place.serve().await;
    let done = ended(&place, &mut serving).await;
    assert_eq!(done["state"], "SUCCEEDED", "{} {} {write:?} {moment:?}: {done:#}", action.connector, action.name);
    serving.killed().await;
    counts(&place.vendors, action.connector)
}

async fn undisturbed(ready: &Ready, action: &Action) -> BTreeMap<String, u64> {
    let place = ready.place().await;
    let mut serving = place.serve().await;
    begin(&place, &serving, action, &ready.input(action)).await;
    let done = ended(&place, &mut serving).await;
    assert_eq!(done["state"], "SUCCEEDED", "{} {}: {done:#}", action.connector, action.name);
    serving.killed().await;
    counts(&place.vendors, action.connector)
}

/// Runs the cases, prints what came of each, and fails when one wrote anything else than once what it should.
#[expect(clippy::print_stdout, reason = "the matrix, for those who ask for it by --nocapture")]
async fn hold_to_once(ready: &Ready, cases: Vec<(&Action, Write, Moment)>) {
    let expected = |action: &Action| -> BTreeMap<String, u64> {
        action.writes.iter().map(|(endpoint, ..)| ((*endpoint).to_owned(), 1)).collect()
    };
    let run = stream::iter(cases).map(|(action, write, moment)| async move {
        (action, write, moment, crash(ready, action, write, moment).await)
    });
    let mut wrong = Vec::new();
    let mut running = run.buffer_unordered(AT_ONCE);
    while let Some((action, (endpoint, ..), moment, counted)) = running.next().await {
        let line = format!("{} {} {} | {endpoint} | {moment:?}", action.connector, action.name, action.variant);
        println!("{line} | {}", counted.values().map(u64::to_string).collect::<Vec<_>>().join("+"));
        if counted != expected(action) {
            wrong.push(format!("{line}: {counted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn all_moments<'a>(action: &'a Action, writes: &'a [Write]) -> impl Iterator<Item = (&'a Action, Write, Moment)> {
    writes.iter().flat_map(move |write| MOMENTS.map(|moment| (action, *write, moment)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_of_a_process_that_is_killed_arrives_once() {
    let ready = Ready::new(Backend::Sqlite).await;
    // What is counted is what each action writes when nothing happens.
    let ready = &ready;
    let plain = stream::iter(&ACTIONS).map(|action| async move { (action, undisturbed(ready, action).await) });
    let plain: Vec<_> = plain.buffer_unordered(AT_ONCE).collect().await;
    for (action, counted) in plain {
        let expected: BTreeMap<_, _> = action.writes.iter().map(|(endpoint, ..)| ((*endpoint).to_owned(), 1)).collect();
        assert_eq!(counted, expected, "{} {}", action.connector, action.name);
    }
    hold_to_once(ready, ACTIONS.iter().flat_map(|action| all_moments(action, action.writes)).collect()).await;
}

/// A sample of every moment: the first request of each of these.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_another_process_takes_over_what_was_killed() {
    let ready = Ready::new(Backend::Postgres).await;
    let sample = [0, 4, 7, 8, 13].map(|at: usize| &ACTIONS[at]);
    hold_to_once(&ready, sample.iter().flat_map(|action| all_moments(action, &action.writes[..1])).collect()).await;
}

/// Not journaled: what became of it is for the caller to find out, and nobody else sends it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_the_callers_own_is_never_sent_again() {
    let ready = Ready::new(Backend::Sqlite).await;
    for (connector, path, body) in [
        ("traffit", "/employees/1/notes", json!({ "content": "Noted" })),
        ("hrworks", "/applicant-management/job-applications", json!({ "data": [] })),
    ] {
        for (hold, arrived) in [(Hold::Cut, 0), (Hold::Answer, 1)] {
            let place = ready.place().await;
            let serving = place.serve().await;
            let gate = place.vendors.gate(connector);
            gate.hold_writes(1, hold, move |seen| seen.ends_with(path));
            let input = json!({ "integrationId": ready.known[connector].integration, "method": "POST", "path": path, "json": body });
            let query = "mutation($input: PassthroughInput!) { passthrough(input: $input) { userErrors { code } } }";
            let body = json!({ "query": query, "variables": { "input": input } });
            let mut asking = JoinSet::new();
            asking.spawn(crate::support::child::ask_in_vain(serving.address, place.key.clone(), body));
            gate.held().await;
            serving.killed().await;
            gate.open();
            let serving = place.serve().await;
            assert_eq!(serving.told("TERM").await.0, Some(0));
            let sent = match connector {
                "traffit" => place.vendors.traffit.count("POST", TRAFFIT),
                _ => place.vendors.hrworks.count("POST", HRWORKS),
            };
            assert_eq!(sent, arrived, "{connector} {hold:?}");
        }
    }
}
