//! HR WORKS's endpoints, all below `/v2`: envelopes, repeated query keys, pages. What refusals mean stands in
//! `refusal.rs`.

use http::Method;
use http::header::ACCEPT;
use serde_json::{Map, Value};

use super::paging::{Listed, Paging};
use super::refusal::Refusal;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::{Answer, Call, VendorHttp};

pub const BASE: &str = "/v2";

const HEALTH: &str = "/health-check";
pub const PERSONS: &str = "/persons";
pub const PERSON: &str = "/persons/{id}";
pub const PERSON_MASTER_DATA: &str = "/persons/{id}/master-data";
pub const POST: &str = "/applicant-management/posts/{id}";
pub const APPLICANT: &str = "/applicant-management/applicants/{id}";

/// A list: its endpoint, the key of its rows in the envelope, and what is asked of it each time.
#[derive(Debug)]
pub struct List {
    pub endpoint: &'static str,
    rows: &'static str,
    query: &'static [(&'static str, &'static str)],
}

pub const MASTER_DATA: List =
    List { endpoint: "/persons/master-data", rows: "persons", query: &[("onlyActive", "false")] };
pub const ORGANIZATION_UNITS: List = List { endpoint: "/organization-units", rows: "organizationUnits", query: &[] };
pub const POSTS: List =
    List { endpoint: "/applicant-management/posts", rows: "posts", query: &[("onlyActive", "false")] };
pub const APPLICANTS: List = List { endpoint: "/applicant-management/applicants", rows: "applicants", query: &[] };
pub const JOB_APPLICATIONS: List =
    List { endpoint: "/applicant-management/job-applications", rows: "jobApplications", query: &[] };

pub const WEBHOOKS: List = List { endpoint: "/webhooks", rows: "webhooks", query: &[("onlyActive", "false")] };

/// Requests of one page of work that are under way together; the account's budget counts besides.
pub const AT_ONCE: usize = 4;

/// One account's HR WORKS.
#[derive(Clone, Copy)]
pub struct Client<'a>(pub &'a VendorHttp);

impl Client<'_> {
    /// Whether the token is taken. Proves no permission (§1.10).
    pub async fn health(&self) -> Result<(), Error> {
        self.answer(get(HEALTH)).await.map(drop)
    }

    /// One page of a list.
    pub async fn page(&self, list: &List, at: Paging) -> Result<Listed, Error> {
        self.page_of(list, &[], at).await
    }

    /// One page of what a list has with these query pairs besides its own.
    pub async fn page_of(&self, list: &List, only: &[(&'static str, &str)], at: Paging) -> Result<Listed, Error> {
        let mut call = get(list.endpoint);
        for (name, value) in list.query.iter().chain(only) {
            call = call.query(*name, *value);
        }
        // Lists without pages know no such parameter; the first page is what they give without it.
        if at.page > 1 {
            call = call.query("page", at.page.to_string());
        }
        let answer = self.answer(call).await?;
        let next = at.next(&answer, &self.0.origin())?;
        let mut body = object(&answer)?;
        match body.remove(list.rows) {
            Some(Value::Array(rows)) => Ok(Listed { rows, next }),
            Some(_) => Err(Error::shape(list.endpoint, list.rows, "an array")),
            None => Err(without(list.rows, body, &answer)),
        }
    }

    /// All rows of a list that has few.
    pub async fn every_row(&self, list: &List) -> Result<Vec<Value>, Error> {
        let (mut rows, mut at) = (Vec::new(), Some(Paging::default()));
        while let Some(paging) = at {
            let mut listed = self.page(list, paging).await?;
            rows.append(&mut listed.rows);
            at = listed.next;
        }
        Ok(rows)
    }

    /// Everybody, inactive ones and those without an active organization unit included, as lists by
    /// organization unit (§4.1).
    pub async fn persons(&self) -> Result<Vec<Value>, Error> {
        let call = get(PERSONS)
            .query("onlyActive", "false")
            .query("onlyActiveOrganizationUnits", "false")
            .query("identifierType", "uuid");
        let answer = self.answer(call).await?;
        let by_unit = object(&answer)?;
        // An error's body is an object, too, and its values are no lists.
        let lists = by_unit.values().map(|list| list.as_array().cloned()).collect::<Option<Vec<_>>>();
        let lists = lists.ok_or_else(|| without("the list of an organization unit", by_unit, &answer))?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// Whether HR WORKS says that it has no such record (any more).
    pub async fn is_gone(&self, one: One<'_>) -> Result<bool, Error> {
        Ok(self.find(one).await?.is_none())
    }

    /// As [`Client::find`], as a value.
    pub async fn one(&self, one: One<'_>) -> Result<Option<Value>, Error> {
        Ok(self.find(one).await?.map(Value::Object))
    }

    /// One record; none when HR WORKS says that it has no such record (any more).
    pub async fn find(&self, one: One<'_>) -> Result<Option<Map<String, Value>>, Error> {
        let mut call = get(one.endpoint).with("id", one.id);
        if let Some(kind) = one.person_identifier_type {
            call = call.query("personIdentifierType", kind);
        }
        let answer = self.0.send(call).await?;
        if answer.status.is_success() {
            return object(&answer).map(Some);
        }
        let refusal = Refusal::read(&answer.body);
        if refusal.is_of_record(answer.status.as_u16()) { Ok(None) } else { Err(refusal.error(&answer)) }
    }

    async fn answer(&self, call: Call) -> Result<Answer, Error> {
        let answer = self.0.send(call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(Refusal::read(&answer.body).error(&answer)) }
    }
}

/// One record by its id.
#[derive(Debug, Clone, Copy)]
pub struct One<'a> {
    pub endpoint: &'static str,
    pub id: &'a str,
    person_identifier_type: Option<&'static str>,
}

impl<'a> One<'a> {
    pub fn new(endpoint: &'static str, id: &'a str) -> Self {
        // Persons without a uuid are known by their personId.
        let is_uuid = uuid::Uuid::parse_str(id).is_ok();
        let of_person = matches!(endpoint, PERSON | PERSON_MASTER_DATA);
        let kind = of_person.then_some(if is_uuid { "uuid" } else { "personId" });
        Self { endpoint, id, person_identifier_type: kind }
    }
}

pub fn get(endpoint: &'static str) -> Call {
    Call::new(Method::GET, endpoint).below(BASE).header(ACCEPT, "application/json")
}

pub fn object(answer: &Answer) -> Result<Map<String, Value>, Error> {
    match answer.json()? {
        Value::Object(body) => Ok(body),
        _ => Err(Error::shape(&answer.endpoint, "the body", "an object")),
    }
}

/// A success that is none: HR WORKS's own word for what went wrong, when the body is one.
fn without(field: &str, body: Map<String, Value>, answer: &Answer) -> Error {
    let refusal = Refusal::of(&Value::Object(body));
    match refusal.kind {
        Some(_) => refusal.error(answer),
        None => Error::new(
            ErrorKind::Shape,
            format!("{} answered an unexpected shape: {field} is not an array", answer.endpoint),
        ),
    }
}
