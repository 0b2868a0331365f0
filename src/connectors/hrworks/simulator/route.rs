//! From a path to an answer, and what faults make of it on the way: instead of it, or to it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::render::Pen;
use super::reply::{Call, Content, Reply};
use super::{catalogue, recruiting, token, webhook, writing};

pub(super) const AUTHENTICATION: &str = "/v2/authentication";

/// Ids in the order of a list, by what was asked, with the revision that they are of.
pub(super) type Orders = HashMap<String, (u64, Arc<Vec<String>>)>;

/// What answering one call needs.
pub(super) struct Desk<'a> {
    pub(super) account: &'a mut Account,
    pub(super) faults: &'a mut Faults,
    pub(super) orders: &'a mut Orders,
    pub(super) call: &'a Call,
    pub(super) revision: u64,
    pub(super) has_written: bool,
}

pub(super) struct List {
    /// The key of the envelope.
    pub(super) rows: &'static str,
    /// None: all in one answer.
    pub(super) page_size: Option<usize>,
}

impl Desk<'_> {
    /// Whether a fault hides the record's own path.
    pub(super) fn is_deleted(&self, id: &str) -> bool {
        self.faults.words(Kind::Deleted404, &self.call.path).contains(&id)
    }

    /// Whether a fault hides that applicant altogether.
    pub(super) fn is_hidden(&self, id: &str) -> bool {
        self.faults.on(Kind::HiddenHalf, &self.call.path) && id.bytes().last().is_some_and(|last| last % 2 != 0)
    }

    /// One page of what `find` finds, each row as `write` writes it (§1.5).
    pub(super) fn list(
        &mut self,
        list: &List,
        find: impl FnOnce(&Account) -> Vec<String>,
        write: impl Fn(&Pen<'_>, &str) -> Option<Value>,
    ) -> Result<Reply, Reply> {
        let (call, faults) = (self.call, &*self.faults);
        let on = |kind| faults.on(kind, &call.path);
        let page: usize = match call.value("page") {
            None => 1,
            Some(text) => {
                text.parse().map_err(|_| Reply::refuse(400, "InvalidParameterTypeError", "page is no number"))?
            }
        };
        if page == 0 {
            return Err(Reply::refuse(400, "InvalidParameterError", "page begins at 1"));
        }
        let ids = ordered(self.account, self.orders, (self.revision, call), |account| {
            let mut ids = if on(Kind::EmptyList) { Vec::new() } else { find(account) };
            if on(Kind::HalfOfRecords) {
                ids = ids.into_iter().step_by(2).collect();
            }
            if on(Kind::ReversedLists) {
                ids.reverse();
            }
            ids
        });
        let size = list.page_size.unwrap_or(usize::MAX);
        let is_paged = list.page_size.is_some() && !on(Kind::EarlyEnd);
        let last = if is_paged { ids.len().div_ceil(size).max(1) } else { 1 };
        let pen = Pen::new(self.account, faults, call);
        let shown = ids.iter().skip(size.saturating_mul(page - 1)).take(size);
        let mut rows: Vec<Value> = shown.filter_map(|id| write(&pen, id)).collect();
        if on(Kind::DuplicateRows)
            && let Some(first) = rows.first().cloned()
        {
            rows.push(first);
        }
        let body = match () {
            () if on(Kind::NoEnvelope) => Value::Array(rows),
            () if on(Kind::MissingRows) => json!({}),
            () => Value::Object(Map::from_iter([(list.rows.to_owned(), Value::Array(rows))])),
        };
        let reply = Reply::json(200, &body);
        let next = if on(Kind::EndlessNext) { page.min(last - 1) + 1 } else { page + 1 };
        if next > last && !on(Kind::EndlessNext) {
            return Ok(reply);
        }
        let base = if on(Kind::ForeignLink) { "https://elsewhere.example".to_owned() } else { call.base() };
        let mut kept = call.query_without("page");
        if !kept.is_empty() {
            kept.push('&');
        }
        let link = |page: usize, relation: &str| format!("<{base}{}?{kept}page={page}>; rel=\"{relation}\"", call.path);
        Ok(reply.with("link", format!("{}, {}", link(next, "next"), link(last, "last"))))
    }
}

/// Sorting and filtering everything for each page would make long lists slow.
fn ordered(
    account: &Account,
    orders: &mut Orders,
    (revision, call): (u64, &Call),
    find: impl FnOnce(&Account) -> Vec<String>,
) -> Arc<Vec<String>> {
    let asked = format!("{}?{}", call.path, call.query_without("page"));
    if let Some((of, ids)) = orders.get(&asked)
        && *of == revision
    {
        return ids.clone();
    }
    orders.retain(|_, (of, _)| *of == revision);
    let ids = Arc::new(find(account));
    orders.insert(asked, (revision, ids.clone()));
    ids
}

/// §6, row 12.
pub(super) fn no_record(faults: &Faults, call: &Call) -> Reply {
    match faults.on(Kind::UnknownId404, &call.path) {
        true => Reply::empty(404),
        false => Reply::refuse(400, "InvalidParameterError", "There is no such record"),
    }
}

pub(super) fn answer(desk: &mut Desk<'_>) -> Reply {
    let call = desk.call;
    let path = call.path.trim_end_matches('/');
    if path == AUTHENTICATION {
        return token::authenticate(desk.account, desk.faults, call);
    }
    if let Some(file) = path.strip_prefix("/files/") {
        return document(desk.account, call, file);
    }
    if path == "/v2" {
        return Reply::empty(200);
    }
    let Some(below) = path.strip_prefix("/v2/") else { return Reply::no_endpoint() };
    let access_key = match token::check(desk.account, desk.faults, call) {
        Ok(access_key) => access_key,
        Err(refused) => return refused,
    };
    let segments: Vec<String> = below.split('/').map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if let Err(refused) = token::permit(desk.account, desk.faults, call, &access_key) {
        return refused;
    }
    let polled = match segments.as_slice() {
        [.., "jobs", id] => Some(*id),
        _ => None,
    };
    if !desk.account.pending.is_empty() {
        writing::settle(desk.account, desk.faults, &call.base(), call.method == Method::GET, polled);
        desk.revision += 1;
        desk.has_written = true;
    }
    let answer = match segments.as_slice() {
        ["health-check"] if call.method == Method::GET => Ok(Reply::empty(200)),
        ["applicant-management", "posts", rest @ ..] => catalogue::posts(desk, rest),
        ["applicant-management", "applicants", rest @ ..] => recruiting::applicants(desk, rest),
        ["applicant-management", "job-applications", rest @ ..] => recruiting::job_applications(desk, rest),
        ["persons", rest @ ..] => catalogue::persons(desk, rest),
        ["organization-units", rest @ ..] => catalogue::organization_units(desk, rest),
        ["permanent-establishments", rest @ ..] => catalogue::establishments(desk, rest),
        ["webhooks", rest @ ..] => webhook::answer(desk, rest),
        _ => Err(Reply::no_endpoint()),
    };
    answer.unwrap_or_else(|refused| refused)
}

fn decoded(segment: &str) -> String {
    // A plus sign is itself in a path; the form decoder would take it for a space.
    let pair = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    let found = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    found.unwrap_or_default()
}

/// A download link: no token, but good for an hour only.
fn document(account: &Account, call: &Call, file: &str) -> Reply {
    let id: Option<u64> = file.split('/').next().and_then(|id| id.parse().ok());
    let documents = account.applications.values().flat_map(|application| &application.documents);
    let found = id.and_then(|id| documents.into_iter().find(|document| document.id == id));
    let expires: Option<i64> = call.value("expires").and_then(|at| at.parse().ok());
    match found.filter(|_| expires.is_some_and(|at| at > account.now().timestamp())) {
        Some(document) => {
            let made_up = || format!("Unterlage {}", document.id).into();
            Reply::raw(200, &document.content_type, document.content.clone().unwrap_or_else(made_up))
        }
        None => Reply::raw(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>"),
    }
}

const ERROR_PAGE: &str =
    "<!DOCTYPE html><html><head><title>HR WORKS</title></head><body><h1>Wartung</h1></body></html>";

/// The answer that a fault gives instead of the vendor's; the call is then not carried out.
pub(super) fn instead(faults: &mut Faults, call: &Call) -> Option<Reply> {
    let path = call.path.as_str();
    if faults.every(Kind::DropConnectionEvery, path) {
        return Some(Reply::broken());
    }
    if faults.every(Kind::RateLimitEvery, path) {
        let seconds = faults.number(Kind::RetryAfterSeconds, path).unwrap_or(1);
        return Some(
            Reply::refuse(429, "TooManyRequestsError", "Too many requests").with("retry-after", seconds.to_string()),
        );
    }
    if faults.share(Kind::ErrorRate, path) {
        return Some(Reply::refuse(500, "InternalServerError", "Internal server error"));
    }
    if faults.on(Kind::Html200, path) {
        return Some(Reply::raw(200, "text/html; charset=UTF-8", ERROR_PAGE));
    }
    let garbled = faults.on(Kind::NotJson, path);
    garbled.then(|| Reply { status: 200, headers: Vec::new(), content: Content::Json("Walkback: 1".to_owned()) })
}

/// What a fault does to an answer that was made.
pub(super) fn spoil(faults: &mut Faults, call: &Call, mut reply: Reply) -> Reply {
    let path = call.path.as_str();
    if reply.is_success()
        && call.method != Method::GET
        && path != AUTHENTICATION
        && faults.every(Kind::LostAnswerEvery, path)
    {
        return Reply::broken();
    }
    if reply.status >= 400 && faults.on(Kind::BareRefusals, path) {
        reply.content = Content::Empty;
    }
    if let Content::Json(text) = &mut reply.content
        && reply.status == 200
        && faults.on(Kind::TruncatedPage, path)
    {
        let mut half = text.len() / 2;
        while !text.is_char_boundary(half) {
            half -= 1;
        }
        text.truncate(half);
    }
    reply
}
