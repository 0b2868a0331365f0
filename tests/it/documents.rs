//! What the documents say is true: every example of the guide, of the README and of GraphiQL's tabs is asked of the
//! service, the README's answer is the service's, and the generated pages and the contract are those of the code.
//!
//! An example is a block ```` ```graphql ````, with its variables in a block ```` ```json ```` right below it. In
//! variables, a text such as `job_…` stands for the id of such a thing, and `…` for a cursor or a secret. A block
//! ```` ```graphql fails ```` must be answered by an error. A subscription must tell something when something changes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp};

on_both!(
    the_examples_of_the_guide_are_answered,
    the_readme_shows_the_answer_to_its_query,
    the_example_tabs_of_graphiql_are_answered,
);

async fn the_examples_of_the_guide_are_answered(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut asking = Asking::begin(&app).await;
    let examples = examples(&read("docs/graphql.md"));
    assert!(examples.len() > 10, "only {} examples were found", examples.len());
    for example in &examples {
        asking.ask(example).await;
    }
}

async fn the_readme_shows_the_answer_to_its_query(backend: Backend) {
    // As large as the demo's accounts.
    let app = TestApp::start_with(backend, Size { candidates: 200, jobs: 12 }).await;
    let mut asking = Asking::begin(&app).await;
    let text = read("README.md");
    let [example] = examples(&text).try_into().unwrap_or_else(|_| panic!("README.md has one query"));
    let answer = asking.ask(&example).await;
    let shown: Vec<String> = blocks(&text).into_iter().filter(|block| block.info == "json").map(|b| b.text).collect();
    let [shown] = shown.as_slice() else { panic!("README.md shows one answer") };
    let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("README.md's answer: {error}"));
    assert_eq!(shown, json!({ "data": answer["data"] }), "README.md shows another answer: {answer:#}");
}

async fn the_example_tabs_of_graphiql_are_answered(backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut asking = Asking::begin(&app).await;
    let tabs = tabs(&read("assets/graphiql/src/examples.js"));
    assert!(tabs.len() >= 4, "only {} tabs were found", tabs.len());
    for tab in tabs {
        // Connecting needs credentials that only its user has.
        if !tab.query.contains("\nmutation ") {
            asking.ask(&tab).await;
        }
    }
}

#[test]
fn the_generated_pages_are_current() {
    let pages = hiregraph::cli::docs::pages();
    for (name, text) in &pages {
        let path = format!("docs/{name}");
        assert!(read(&path) == *text, "{path} is stale: run `cargo run -- docs` and look at what changed");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/connectors");
    let kept = fs::read_dir(root).unwrap().count();
    assert_eq!(kept, pages.iter().filter(|(name, _)| name.starts_with("connectors/")).count(), "docs/connectors");
}

#[test]
fn the_contract_is_what_is_served() {
    let served = hiregraph::graphql::sdl();
    assert!(read("schema.graphql") == served, "schema.graphql is stale: run `make schema` and look at what changed");
}

#[test]
fn examples_are_taken_out_with_their_variables() {
    let text = "```graphql\n{ a }\n```\n\n```json\n{\"x\": 1}\n```\ntext\n```graphql fails\n{ b }\n```\nThe answer:\n\n\
                ```json\n{}\n```\n~~~\n```sh\nx\n```\n";
    let found = examples(text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].query.as_str(), found[0].variables.clone(), found[0].fails),
        ("{ a }\n", json!({"x": 1}), false)
    );
    assert_eq!((found[1].query.as_str(), found[1].variables.clone(), found[1].fails), ("{ b }\n", json!({}), true));
    let tabs =
        tabs("[{ query: `query A { a }\n`, variables: JSON.stringify({ name: 'an' }, null, 2) }, { query: `q` }]");
    assert_eq!(tabs.len(), 2);
    assert_eq!((tabs[0].variables.clone(), tabs[1].variables.clone()), (json!({"name": "an"}), json!({})));
}

// ── Asking ────────────────────────────────────────────────────────────────────────────────────────

const FIRST: &str = "{ integrations(first: 1) { nodes { id lastSync { id } jobs(first: 1, filter: {statuses: [OPEN]}) { nodes { id } } \
                     candidates(first: 1) { nodes { id } } applications(first: 1) { nodes { id } } } } apiKeys { id } }";

struct Asking<'a> {
    app: &'a TestApp,
    /// What stands for `<prefix>_…`: the first of a kind, or what a mutation has made since.
    ids: HashMap<String, String>,
    /// The last page's end.
    cursor: Value,
}

impl<'a> Asking<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        for connector in ["traffit", "hrworks"] {
            app.connected(connector).await;
        }
        let mut asking = Self { app, ids: HashMap::new(), cursor: Value::Null };
        asking.learn(&app.query(FIRST).await);
        asking
    }

    async fn ask(&mut self, example: &Example) -> Value {
        let mut variables = example.variables.clone();
        let connector = variables["input"]["connector"].as_str().map(str::to_owned);
        if let Some(connector) = connector {
            variables["input"]["credentials"] = self.app.vendors.credentials(&connector);
        }
        self.fill(&mut variables);
        let answer = match example.query.trim_start().starts_with("subscription") {
            true => self.first_event(&example.query, variables).await,
            false => self.app.ask(&self.app.admin, &example.query, variables).await,
        };
        let query = &example.query;
        assert_eq!(answer.get("errors").is_some(), example.fails, "{query}{answer:#}");
        let mut refusals = Vec::new();
        walk(&answer, &mut |name, value| {
            if name == "userErrors" && *value != json!([]) {
                refusals.push(value.clone());
            }
            if name == "endCursor" && value.is_string() {
                self.cursor = value.clone();
            }
        });
        assert!(refusals.is_empty(), "{query}{refusals:#?}");
        if query.contains("mutation") {
            self.learn(&answer);
            self.app.settle().await;
            if query.contains("deleteIntegration") {
                // What was made last is gone.
                self.learn(&self.app.query(FIRST).await);
            }
        }
        answer
    }

    /// The first that a subscription tells, when something changes.
    async fn first_event(&self, query: &str, variables: Value) -> Value {
        let mut events = self.app.subscribe(&self.app.admin, query, variables).await;
        self.app.vendors.traffit.edit(|account| {
            let renamed = account.candidate_ids()[0];
            account.update_candidate(renamed, |candidate| candidate.lastname = "Nowak-Nowa".into())
        });
        self.app.clock.advance(std::time::Duration::from_secs(2 * 3600));
        self.app.settle().await;
        events.answer().await.unwrap_or_else(|| panic!("{query} told nothing"))
    }

    fn learn(&mut self, answer: &Value) {
        walk(answer, &mut |name, value| {
            if let Some((prefix, _)) = value.as_str().filter(|_| name == "id").and_then(|id| id.split_once('_')) {
                self.ids.insert(prefix.to_owned(), value.as_str().unwrap_or_default().to_owned());
            }
        });
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.fill(field)),
            Value::String(text) => match text.strip_suffix('…') {
                Some("") => *value = self.cursor.clone(),
                Some(prefix) => {
                    let known = self.ids.get(prefix.trim_end_matches('_'));
                    *text = known.unwrap_or_else(|| panic!("nothing stands for {text}")).clone();
                }
                None => {}
            },
            _ => {}
        }
    }
}

fn walk(value: &Value, each: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, each)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            each(name, field);
            walk(field, each);
        }),
        _ => {}
    }
}

// ── Reading documents ─────────────────────────────────────────────────────────────────────────────

struct Example {
    query: String,
    variables: Value,
    fails: bool,
}

struct Block {
    /// What stands behind the opening fence.
    info: String,
    text: String,
    /// Whether nothing but blank lines lies between it and the block before.
    follows: bool,
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut follows = false;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(Block { info: info.trim().to_owned(), text: String::new(), follows }),
            (Some(_), Some(_)) => {
                blocks.extend(open.take());
                follows = true;
            }
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => follows &= line.trim().is_empty(),
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut asks = false;
    for block in blocks(text) {
        if block.info == "graphql" || block.info == "graphql fails" {
            examples.push(Example { query: block.text, variables: json!({}), fails: block.info.ends_with("fails") });
            asks = true;
            continue;
        }
        if let Some(example) = examples.last_mut().filter(|_| asks && block.follows && block.info == "json") {
            example.variables =
                serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.text));
        }
        asks = false;
    }
    examples
}

/// GraphiQL's tabs: a query in backquotes, and perhaps an object literal as its variables.
fn tabs(script: &str) -> Vec<Example> {
    let mut tabs = Vec::new();
    for part in script.split("query: `").skip(1) {
        let Some((query, rest)) = part.split_once('`') else { panic!("a query without an end: {part}") };
        let literal = rest.split_once("JSON.stringify(").and_then(|(_, rest)| rest.split_once(", null, 2)"));
        let literal = literal
            .or_else(|| rest.split_once("JSON.stringify(").and_then(|(_, rest)| rest.split_once(",\n        null")));
        let variables = literal.map_or_else(|| json!({}), |(literal, _)| object(literal));
        tabs.push(Example { query: query.to_owned(), variables, fails: false });
    }
    tabs
}

/// An object literal of names and texts, as JSON.
fn object(literal: &str) -> Value {
    let mut text = String::new();
    for piece in literal.split_inclusive(['{', ',', '}']) {
        match piece.split_once(':') {
            Some((name, rest)) => {
                let lead: String = name.chars().take_while(|c| c.is_whitespace()).collect();
                text += &format!("{lead}\"{}\":{}", name.trim(), rest.replace('\'', "\""));
            }
            None => text += piece,
        }
    }
    // A comma may stand before the end of an object.
    let squeezed: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(", }", " }");
    serde_json::from_str(&squeezed).unwrap_or_else(|error| panic!("{squeezed}: {error}"))
}
