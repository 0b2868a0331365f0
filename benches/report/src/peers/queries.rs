//! The queries, written for each server so that all answers carry the same fields of the same records, and what two
//! answers have in common once each server's own spelling is taken off.

use bytes::Bytes;
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value, json};

use drive::Outcome;
use drive::connection::Connection;
use drive::graph::{ask, body};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Hiregraph,
    Floor,
    PostGraphile,
    Mercurius,
    Seaography,
}

impl Server {
    pub const ALL: [Self; 5] = [Self::Hiregraph, Self::Floor, Self::PostGraphile, Self::Mercurius, Self::Seaography];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hiregraph => "Hiregraph",
            Self::Floor => "floor",
            Self::PostGraphile => "PostGraphile",
            Self::Mercurius => "Mercurius",
            Self::Seaography => "seaography",
        }
    }
}

pub struct Query {
    pub name: &'static str,
    pub what: &'static str,
    hiregraph: String,
    values: Vec<String>,
    postgraphile: String,
    mercurius: String,
    seaography: String,
}

impl Query {
    pub fn body(&self, server: Server) -> Bytes {
        match server {
            Server::Hiregraph => body(&self.hiregraph, &json!({})),
            Server::Floor => json!({ "query": self.name, "values": self.values }).to_string().into(),
            Server::PostGraphile => body(&self.postgraphile, &json!({})),
            Server::Mercurius => body(&self.mercurius, &json!({})),
            Server::Seaography => body(&self.seaography, &json!({})),
        }
    }
}

/// What the queries with values ask for.
pub struct Sample {
    candidate: String,
    stage: String,
    outcome: String,
}

impl Sample {
    /// A candidate, and the stage and outcome that most of the latest applications have.
    pub async fn take(connection: &mut Connection) -> Outcome<Self> {
        let query = "{ candidates(first: 1) { nodes { id } } \
                     applications(first: 250) { nodes { outcome currentStage { id } } } }";
        let data = ask(connection, query, json!({})).await?;
        let candidate = data["candidates"]["nodes"][0]["id"].as_str().ok_or("there is no candidate")?.to_owned();
        let none = Vec::new();
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for node in data["applications"]["nodes"].as_array().unwrap_or(&none) {
            pairs.extend(node["currentStage"]["id"].as_str().zip(node["outcome"].as_str()));
        }
        let often = |pair: &(&str, &str)| pairs.iter().filter(|other| *other == pair).count();
        let (stage, outcome) = pairs.iter().max_by_key(|pair| often(pair)).ok_or("no application has a stage")?;
        Ok(Self { candidate, stage: (*stage).to_owned(), outcome: (*outcome).to_owned() })
    }
}

/// What a list of PostGraphile and of seaography is asked for in the order of the service, without deleted records.
const AMBER: &str = "condition: { remoteDeletedAt: null }, orderBy: [CHANGED_AT_DESC, ROW_ID_DESC]";
const SEA: &str = "filters: { remoteDeletedAt: { is_null: true } }, orderBy: { changedAt: DESC, id: DESC }";
const UNDELETED: &str = "filters: { remoteDeletedAt: { is_null: true } }";

pub fn queries(sample: &Sample) -> Outcome<Vec<Query>> {
    let candidate = uuid(&sample.candidate).ok_or("an id of an unknown form")?.to_string();
    let stage = uuid(&sample.stage).ok_or("an id of an unknown form")?.to_string();
    let outcome = &sample.outcome;
    let page = |limit: u32| format!("pagination: {{ page: {{ limit: {limit}, page: 0 }} }}");
    let amber_tags =
        "tags: candidateTagsByCandidateId(condition: { remoteDeletedAt: null }) { nodes { tag: tagByTagId { name } } }";
    let sea_tags = format!("tags({UNDELETED}) {{ nodes {{ tag {{ name }} }} }}");
    let mails = "emailAddresses { address type typeRaw }";
    Ok(vec![
        Query {
            name: "Q1",
            what: "20 applications with candidate, tags, job, contact and stage",
            hiregraph: format!(
                "{{ answer: applications(first: 20) {{ nodes {{ id outcome candidate {{ id firstName lastName {mails} tags {{ \
                 tag {{ name }} }} }} job {{ id name department contact {{ id firstName lastName }} }} currentStage {{ id \
                 name }} }} }} }}"
            ),
            values: Vec::new(),
            postgraphile: format!(
                "{{ answer: allApplications(first: 20, {AMBER}) {{ nodes {{ id: rowId outcome candidate: \
                 candidateByCandidateId {{ id: rowId firstName lastName emailAddresses {amber_tags} }} job: jobByJobId {{ \
                 id: rowId name department contact: userByContactId {{ id: rowId firstName lastName }} }} currentStage: \
                 applicationStageByCurrentStageId {{ id: rowId name }} }} }} }}"
            ),
            mercurius: format!(
                "{{ answer: applications(first: 20) {{ nodes {{ id outcome candidate {{ id firstName lastName {mails} tags {{ \
                 tag {{ name }} }} }} job {{ id name department contact {{ id firstName lastName }} }} currentStage {{ id \
                 name }} }} }} }}"
            ),
            seaography: format!(
                "{{ answer: applications({}, {SEA}) {{ nodes {{ id outcome candidate {{ id firstName lastName emailAddresses \
                 {sea_tags} }} job {{ id name department contact {{ id firstName lastName }} }} currentStage {{ id name }} }} \
                 }} }}",
                page(20)
            ),
        },
        Query {
            name: "Q2",
            what: "20 jobs with 10 applications each, candidates, tags, stages and team",
            hiregraph: "{ answer: jobs(first: 20) { nodes { id name status applications(first: 10) { nodes { id outcome \
                        candidate { id firstName lastName tags { tag { name } } } } } stages { index stage { id name } } \
                        hiringTeam { roles user { id firstName lastName } } } } }"
                .to_owned(),
            values: Vec::new(),
            postgraphile: format!(
                "{{ answer: allJobs(first: 20, {AMBER}) {{ nodes {{ id: rowId name status applications: \
                 applicationsByJobId(first: 10, {AMBER}) {{ nodes {{ id: rowId outcome candidate: candidateByCandidateId {{ \
                 id: rowId firstName lastName {amber_tags} }} }} }} stages: jobStagesByJobId(condition: {{ remoteDeletedAt: \
                 null }}, orderBy: [POSITION_ASC]) {{ nodes {{ index: position stage: applicationStageByStageId {{ id: rowId \
                 name }} }} }} hiringTeam: hiringTeamMembersByJobId(condition: {{ remoteDeletedAt: null }}) {{ nodes {{ roles \
                 user: userByUserId {{ id: rowId firstName lastName }} }} }} }} }} }}"
            ),
            mercurius: "{ answer: jobs(first: 20) { id name status applications(first: 10) { id outcome candidate { id \
                        firstName lastName tags { tag { name } } } } stages { index stage { id name } } hiringTeam { roles \
                        user { id firstName lastName } } } }"
                .to_owned(),
            seaography: format!(
                "{{ answer: jobs({}, {SEA}) {{ nodes {{ id name status applications({}, {SEA}) {{ nodes {{ id outcome \
                 candidate {{ id firstName lastName {sea_tags} }} }} }} stages({UNDELETED}, orderBy: {{ position: ASC }}) {{ \
                 nodes {{ index: position stage {{ id name }} }} }} hiringTeam({UNDELETED}) {{ nodes {{ roles user {{ id \
                 firstName lastName }} }} }} }} }} }}",
                page(20),
                page(10)
            ),
        },
        Query {
            name: "Q3",
            what: "100 jobs, flat",
            hiregraph: "{ answer: jobs(first: 100) { nodes { id name status department code category } } }".to_owned(),
            values: Vec::new(),
            postgraphile: format!(
                "{{ answer: allJobs(first: 100, {AMBER}) {{ nodes {{ id: rowId name status department code category }} }} }}"
            ),
            mercurius: "{ answer: jobs(first: 100) { id name status department code category } }".to_owned(),
            seaography: format!(
                "{{ answer: jobs({}, {SEA}) {{ nodes {{ id name status department code category }} }} }}",
                page(100)
            ),
        },
        Query {
            name: "Q4",
            what: "one candidate by id",
            hiregraph: format!(
                "{{ answer: node(id: \"{}\") {{ ... on Candidate {{ id firstName lastName {mails} title source }} }} }}",
                sample.candidate
            ),
            values: vec![candidate.clone()],
            postgraphile: format!(
                "{{ answer: candidateByRowId(rowId: \"{candidate}\") {{ id: rowId firstName lastName emailAddresses title \
                 source }} }}"
            ),
            mercurius: format!(
                "{{ answer: candidate(id: \"{candidate}\") {{ id firstName lastName {mails} title source }} }}"
            ),
            seaography: format!(
                "{{ answer: candidates(filters: {{ id: {{ eq: \"{candidate}\" }} }}) {{ nodes {{ id firstName lastName \
                 emailAddresses title source }} }} }}"
            ),
        },
        Query {
            name: "Q5",
            what: "25 candidates",
            hiregraph: format!("{{ answer: candidates(first: 25) {{ nodes {{ id firstName lastName {mails} }} }} }}"),
            values: Vec::new(),
            postgraphile: format!(
                "{{ answer: allCandidates(first: 25, {AMBER}) {{ nodes {{ id: rowId firstName lastName emailAddresses }} }} }}"
            ),
            mercurius: format!("{{ answer: candidates(first: 25) {{ id firstName lastName {mails} }} }}"),
            seaography: format!(
                "{{ answer: candidates({}, {SEA}) {{ nodes {{ id firstName lastName emailAddresses }} }} }}",
                page(25)
            ),
        },
        Query {
            name: "Q6",
            what: "20 applications of one stage and outcome, with their number",
            hiregraph: format!(
                "{{ answer: applications(first: 20, filter: {{ currentStageIds: [\"{}\"], outcomes: [{outcome}] }}) {{ \
                 totalCount nodes {{ id outcome candidate {{ id firstName lastName }} job {{ id name }} }} }} }}",
                sample.stage
            ),
            values: vec![stage.clone(), outcome.clone()],
            postgraphile: format!(
                "{{ answer: allApplications(first: 20, condition: {{ currentStageId: \"{stage}\", outcome: \"{outcome}\", \
                 remoteDeletedAt: null }}, orderBy: [CHANGED_AT_DESC, ROW_ID_DESC]) {{ totalCount nodes {{ id: rowId outcome \
                 candidate: candidateByCandidateId {{ id: rowId firstName lastName }} job: jobByJobId {{ id: rowId name }} }} \
                 }} }}"
            ),
            mercurius: format!(
                "{{ answer: applications(first: 20, currentStageId: \"{stage}\", outcome: \"{outcome}\") {{ totalCount nodes \
                 {{ id outcome candidate {{ id firstName lastName }} job {{ id name }} }} }} }}"
            ),
            seaography: format!(
                "{{ answer: applications({}, filters: {{ currentStageId: {{ eq: \"{stage}\" }}, outcome: {{ eq: \
                 \"{outcome}\" }}, remoteDeletedAt: {{ is_null: true }} }}, orderBy: {{ changedAt: DESC, id: DESC }}) {{ \
                 paginationInfo {{ total }} nodes {{ id outcome candidate {{ id firstName lastName }} job {{ id name }} }} }} \
                 }}",
                page(20)
            ),
        },
    ])
}

/// The answer without what differs from server to server by its manner alone: ids are UUIDs, a list is a list, and
/// what comes in no order is sorted.
pub fn canonical(answer: &[u8]) -> Outcome<Value> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    if answer["errors"].is_array() {
        return Err(format!("an answer with errors: {}", answer["errors"]).into());
    }
    Ok(match plain(answer["data"]["answer"].take()) {
        // A server without a look-up by id lists the one record.
        Value::Array(mut list) if list.len() == 1 => list.remove(0),
        other => other,
    })
}

fn plain(value: Value) -> Value {
    match value {
        Value::String(text) => uuid(&text).map_or(Value::String(text), |id| json!(id.to_string())),
        Value::Array(list) => list.into_iter().map(plain).collect(),
        Value::Object(mut object) => {
            if let Some(mut info) = object.remove("paginationInfo") {
                object.insert("totalCount".to_owned(), info["total"].take());
            }
            if object.len() == 1
                && let Some(nodes) = object.remove("nodes")
            {
                return plain(nodes);
            }
            let pairs = object.into_iter().map(|(key, value)| {
                let mut value = plain(value);
                if let (Value::Array(list), "tags" | "hiringTeam" | "stages") = (&mut value, key.as_str()) {
                    list.sort_by_key(Value::to_string);
                }
                (key, value)
            });
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Of `<prefix>_<26 letters of base 32>`, as the service writes ids, or of the usual form with or without dashes.
fn uuid(text: &str) -> Option<Uuid> {
    let Some((prefix, letters)) = text.split_once('_') else { return Uuid::parse_str(text).ok() };
    if letters.len() != 26 || !prefix.chars().all(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    let digits: Vec<u32> =
        letters.chars().map(|letter| letter.to_digit(32).filter(|_| !letter.is_uppercase())).collect::<Option<_>>()?;
    let (last, first) = digits.split_last()?;
    let bits = first.iter().fold(0_u128, |bits, digit| bits << 5 | u128::from(*digit));
    // 130 bits hold the 128: the last two are nothing.
    Some(Uuid::from_u128(bits << 3 | u128::from(*last >> 2)))
}
