//! Which call goes where: canonical paths (§1.7), the scope each path needs (§1.2), and the desk that an
//! endpoint works at. Routing comes before the token, as in the vendor's framework: an unknown path answers 404
//! and a wrong slash 301 without one.

use axum::http::Method;
use serde_json::{Value, json};

use super::account::Account;
use super::collection::{self, Collection, Orders};
use super::fault::{Faults, Kind};
use super::metadata;
use super::query::{Query, Rules};
use super::render;
use super::reply::{Call, Content, Reply};
use super::{catalogue, employees, recruitments, token, webhook};

pub(super) const BASE: &str = "/api/integration/v2";

/// What an endpoint works with.
pub(super) struct Desk<'a> {
    pub(super) account: &'a mut Account,
    pub(super) faults: &'a mut Faults,
    pub(super) orders: &'a mut Orders,
    pub(super) call: &'a Call,
    pub(super) revision: u64,
    /// Set by a successful write, so that kept orders are dropped and a lost answer can be told.
    pub(super) has_written: bool,
}

impl Desk<'_> {
    pub(super) fn wants_metadata(&self) -> bool {
        self.call.flag("x-response-metadata")
    }

    pub(super) fn wrote(&mut self, endpoint: &str) {
        self.account.wrote(endpoint);
        self.has_written = true;
    }

    pub(super) fn or_204(&self, reply: Reply) -> Reply {
        if self.faults.on(Kind::WritesAnswer204, &self.call.path) { Reply::empty(204) } else { reply }
    }

    pub(super) fn employee(&self, status: u16, id: i64) -> Reply {
        let mut row = render::employee(self.account, self.faults, &self.call.path, id);
        self.drop_field(&mut row);
        Reply::json(status, &row)
    }

    /// The fault `missing-field`, for items.
    pub(super) fn drop_field(&self, row: &mut Value) {
        if let (true, Some(object)) = (self.faults.on(Kind::MissingField, &self.call.path), row.as_object_mut()) {
            object.remove(self.faults.word(Kind::MissingField, &self.call.path).unwrap_or("updated_at"));
        }
    }

    pub(super) fn list(&mut self, collection: Collection) -> Result<Reply, Reply> {
        if self.wants_metadata() {
            return Ok(Reply::json(200, &metadata::of(self.account, collection)));
        }
        let refuse_above = match collection {
            Collection::Workflows => Some((100, 400)),
            Collection::Sources => Some((50, 500)),
            _ => None,
        };
        let account = &*self.account;
        let field = |name: &str| collection.field(account, name);
        let rules = Rules { field: &field, is_feed: collection == Collection::Feed, refuse_above };
        let query = Query::read(self.call, &rules)?;
        let (reply, shown) =
            collection::page(account, self.faults, self.orders, self.revision, self.call, collection, &query);
        self.shift(collection, &query, &shown);
        Ok(reply)
    }

    /// The fault `shift-pages`: someone deletes a record of page 1 between page 1 and page 2.
    fn shift(&mut self, collection: Collection, query: &Query, shown: &[i64]) {
        let more = self.account.candidates.len() > query.size;
        if collection == Collection::Employees && query.page == 1 && more && query.conditions.is_empty() {
            let struck = self.faults.first(Kind::ShiftPages, &self.call.path);
            if let (true, Some(first)) = (struck, shown.first()) {
                self.account.delete_candidate(*first);
                self.has_written = true;
            }
        }
    }
}

/// The scopes of which one opens the path; `None` for a path that does not exist (§1.2).
fn scopes(bare: &[&str]) -> Option<&'static [&'static str]> {
    Some(match bare {
        ["employees", _, "files", ..] => &["employee", "file"],
        ["employees", _, "recruitments", ..] => &["employee", "recruitment"],
        ["employees", _, "provisions"] => &["employee", "provision"],
        ["employees", ..] => &["employee"],
        ["recruitments", ..] => &["recruitment"],
        ["users", ..] => &["user"],
        ["dictionaries", ..] => &["dictionary"],
        ["sources", ..] => &["source"],
        ["workflows", ..] => &["workflow", "dictionary"],
        ["clients", ..] => &["client"],
        ["crm_persons"] => &["crm_person"],
        ["crm_activities"] => &["crm_activity"],
        ["talents", ..] => &["talent"],
        ["provisions", ..] => &["provision"],
        ["webhooks", ..] => &["webhook"],
        _ => return None,
    })
}

fn ends_with_slash(bare: &[&str], method: &Method) -> bool {
    match bare {
        ["employees" | "recruitments" | "clients" | "crm_persons" | "crm_activities"] => true,
        ["users" | "webhooks" | "dictionaries"] => true,
        ["employees", _, "files"] => *method == Method::POST,
        _ => false,
    }
}

/// One call on the integration API, below its base.
pub(super) fn integration(desk: &mut Desk<'_>, below: &str) -> Reply {
    let bare: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    let Some(any_of) = scopes(&bare) else { return Reply::not_found() };
    let call = desk.call;
    let slash = ends_with_slash(&bare, &call.method);
    if below.ends_with('/') != slash {
        let query = call.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let canonical = format!("{BASE}/{}{}{query}", bare.join("/"), if slash { "/" } else { "" });
        let page = "<!DOCTYPE html><html><body>Redirecting</body></html>";
        return Reply::raw(301, "text/html; charset=UTF-8", page).with("location", canonical);
    }
    if let Err(refused) = token::check(desk.account, desk.faults, call, any_of) {
        return refused;
    }
    let answer = match bare.as_slice() {
        ["employees", rest @ ..] => employees::answer(desk, rest),
        ["recruitments", rest @ ..] => recruitments::answer(desk, rest),
        ["webhooks", rest @ ..] => {
            let before = desk.account.writes.values().sum::<u64>();
            let hidden =
                rest.is_empty() && call.method == Method::GET && desk.faults.on(Kind::NoWebhookList, &call.path);
            let answer = match hidden {
                true => Err(Reply::not_allowed()),
                false => webhook::answer(desk.account, call, rest),
            };
            desk.has_written = desk.account.writes.values().sum::<u64>() != before;
            answer
        }
        [kind, rest @ ..] => catalogue::answer(desk, kind, rest),
        [] => Err(Reply::not_found()),
    };
    answer.unwrap_or_else(|refused| refused)
}

/// The public feed: no token, CORS open (§2.1).
pub(super) fn public(desk: &mut Desk<'_>) -> Reply {
    if desk.call.path.trim_end_matches('/') != "/public/job_posts/published" || desk.call.path.ends_with('/') {
        return Reply::raw(404, "text/html; charset=UTF-8", "<!DOCTYPE html><html><body>Not Found</body></html>");
    }
    if desk.call.method != Method::GET {
        return Reply::not_allowed();
    }
    if desk.faults.on(Kind::FeedAbsent, &desk.call.path) {
        return Reply::not_found();
    }
    let reply = desk.list(Collection::Feed).unwrap_or_else(|refused| refused);
    reply.with("access-control-allow-origin", "*")
}

const ERROR_PAGE: &str = "<!DOCTYPE html><html><head><title>TRAFFIT</title></head><body><h1>Ups!</h1></body></html>";

/// The answer that a fault gives instead of the vendor's; the call is then not carried out.
pub(super) fn instead(faults: &mut Faults, call: &Call) -> Option<Reply> {
    let path = call.path.as_str();
    let is_www = call.header("host").is_some_and(|host| host.starts_with("www."));
    if is_www && faults.on(Kind::WwwRefused, path) {
        return Some(Reply::broken());
    }
    if faults.every(Kind::DropConnectionEvery, path) {
        return Some(Reply::broken());
    }
    if faults.every(Kind::RateLimitEvery, path) {
        let seconds = faults.number(Kind::RetryAfterSeconds, path).unwrap_or(1);
        return Some(Reply::fail(429, "Too Many Requests").with("retry-after", seconds));
    }
    if faults.share(Kind::ErrorRate, path) {
        return Some(Reply::fail(500, "Internal Server Error"));
    }
    if faults.on(Kind::Html200, path) {
        return Some(Reply::raw(200, "text/html; charset=UTF-8", ERROR_PAGE));
    }
    let garbled = faults.on(Kind::NotJson, path);
    garbled.then(|| Reply {
        status: 200,
        headers: Vec::new(),
        content: Content::Json("Fatal error: <b>1</b>".to_owned()),
    })
}

/// What a fault does to an answer that was made.
pub(super) fn spoil(faults: &mut Faults, call: &Call, has_written: bool, mut reply: Reply) -> Reply {
    let path = call.path.as_str();
    if has_written && call.method != Method::GET && faults.every(Kind::LostAnswerEvery, path) {
        return Reply::broken();
    }
    if reply.status == 404 && faults.on(Kind::Gone410, path) && route_exists(path) {
        reply = Reply::fail(410, "Gone");
    }
    if reply.status >= 400
        && let Some(shape) = faults.word(Kind::ErrorShape, path)
    {
        reply.content = refusal(&reply.content, shape);
    }
    if let Content::Json(text) = &mut reply.content
        && faults.on(Kind::TextIds, path)
        && let Ok(mut body) = serde_json::from_str::<Value>(text)
    {
        text_ids(&mut body);
        *text = body.to_string();
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

/// A refusal in another of the shapes that integrators met (§1.10: three, none of them quoted).
fn refusal(content: &Content, shape: &str) -> Content {
    let body = match content {
        Content::Json(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        Content::Empty | Content::Raw(..) | Content::Broken => Value::Null,
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let (code, message) = (text("error"), text("error_description").or(text("message")));
    match shape {
        "nested" => Content::Json(json!({"error": {"code": code, "message": message}}).to_string()),
        "list" => Content::Json(json!({"errors": [{"message": message}]}).to_string()),
        "text" => Content::Json(json!(message).to_string()),
        "html" => Content::Raw("text/html; charset=UTF-8".to_owned(), ERROR_PAGE.into()),
        _ => Content::Empty,
    }
}

fn route_exists(path: &str) -> bool {
    let below = path.strip_prefix(BASE).unwrap_or_default();
    scopes(&below.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>()).is_some()
}

/// Every `id` that is a number becomes a text, however deep it lies.
fn text_ids(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::Number(id) if name == "id" || name.ends_with("_id") => *inner = Value::from(id.to_string()),
                    _ => text_ids(inner),
                }
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(text_ids),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
