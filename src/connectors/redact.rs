//! What may be kept of a request or an answer. What is not known to be harmless is left out: names of fields stay, and
//! of their values only ids, counts, states and codes, under names that are listed here. Headers are never kept.

use url::Url;
use url::form_urlencoded::parse as pairs;

use serde_json::{Map, Value};

/// In the place of what is left out.
const HIDDEN: &str = "…";
/// A body is cut to this many bytes.
const LONGEST: usize = 4096;
/// What is larger is not looked into.
const LARGEST_READ: usize = 256 * 1024;
/// Longer than any id, and shorter than any token.
const LONGEST_ID: usize = 40;

/// Names are compared without case, `_` and `-`.
const IDS: &[&str] = &[
    "advert",
    "advertid",
    "applicant",
    "applicantid",
    "applicantuuid",
    "application",
    "applicationid",
    "candidate",
    "candidateid",
    "client",
    "employee",
    "employeeid",
    "eventid",
    "fileid",
    "guid",
    "id",
    "ids",
    "job",
    "jobapplication",
    "jobapplicationid",
    "jobid",
    "jobids",
    "jobpostid",
    "mergedids",
    "organizationunituuid",
    "owner",
    "permissiongroup",
    "post",
    "postid",
    "postofferid",
    "postuuid",
    "recruitment",
    "recruitmentid",
    "rejectionid",
    "requestid",
    "source",
    "sourceid",
    "stageid",
    "stateid",
    "subscriptionid",
    "survivorid",
    "tagid",
    "targetid",
    "userid",
    "uuid",
    "webhookid",
    "workflow",
    "workflowid",
];
const NUMBERS: &[&str] = &[
    "code",
    "count",
    "currentpage",
    "errorcode",
    "expiresin",
    "fieldid",
    "index",
    "limit",
    "offset",
    "order",
    "page",
    "pagesize",
    "pages",
    "perpage",
    "size",
    "state",
    "status",
    "statusidentifier",
    "total",
    "totalcount",
    "totalpages",
    "type",
];
const WORDS: &[&str] = &[
    "action",
    "code",
    "error",
    "errorcode",
    "errortype",
    "event",
    "eventtype",
    "granttype",
    "kind",
    "resource",
    "resourcetype",
    "status",
    "tokentype",
    "type",
];
/// Of a query.
const PAGING: &[&str] =
    &["direction", "limit", "offset", "orderby", "page", "pagesize", "perpage", "size", "sort", "sortby"];
const MEDIA: &[&str] = &[
    "application/json",
    "application/msword",
    "application/octet-stream",
    "application/pdf",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/zip",
    "image/jpeg",
    "image/png",
    "multipart/form-data",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
];
const FORM: &str = "application/x-www-form-urlencoded";

/// Where a request went: its origin, without a user's name, and then as [`target`].
pub fn url(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), target(url.path(), url.query().unwrap_or_default()))
}

/// A path of plain words and ids, and the names of the query; values only where they page or name an id.
pub fn target(path: &str, query: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        text.push_str(if is_word(segment) || is_id(segment) { segment } else { shown_or_nothing(segment) });
    }
    for (index, (name, value)) in pairs(query.as_bytes()).enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(label(&name));
        text.push('=');
        let known = plain(&name);
        let kept = (IDS.contains(&known.as_str()) && value.split(',').all(is_id))
            || (PAGING.contains(&known.as_str()) && (is_word(&value) || is_code(&value) || is_id(&value)));
        text.push_str(if kept { &value } else { shown_or_nothing(&value) });
    }
    text
}

/// A body of `length` bytes that is not at hand, or that nothing may be shown of.
pub fn unread(content_type: Option<&str>, length: u64) -> Option<String> {
    (length > 0).then(|| format!("{}, {length} bytes", media(content_type)))
}

/// None of an empty body. JSON and forms keep their form, of all else only kind and length are told.
pub fn body(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    if body.len() <= LARGEST_READ {
        if media(content_type) == FORM {
            return form(body);
        }
        // Vendors send JSON under any name. A bare text or number says nothing of itself.
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice(body) {
            return Some(cut(shown("", value).to_string()));
        }
    }
    unread(content_type, u64::try_from(body.len()).unwrap_or(u64::MAX))
}

fn form(body: &[u8]) -> Option<String> {
    let names: Vec<String> = pairs(body).map(|(name, _)| format!("{}={HIDDEN}", label(&name))).collect();
    (!names.is_empty()).then(|| cut(names.join("&")))
}

/// `name`: of the field that holds the value.
fn shown(name: &str, value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(_) if is_listed(&[IDS, NUMBERS], name) => value,
        Value::String(text) if is_listed(&[IDS], name) && is_id(&text) => Value::String(text),
        Value::String(text) if is_listed(&[WORDS], name) && is_code(&text) => Value::String(text),
        Value::Number(_) | Value::String(_) => Value::String(HIDDEN.to_owned()),
        Value::Array(items) => items.into_iter().map(|item| shown(name, item)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (label(&name).to_owned(), shown(&name, value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

fn is_listed(lists: &[&[&str]], name: &str) -> bool {
    let name = plain(name);
    lists.iter().any(|list| list.contains(&name.as_str()))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

fn shown_or_nothing(text: &str) -> &'static str {
    if text.is_empty() { "" } else { HIDDEN }
}

/// The name of a field. One that no program would give it may be somebody's data.
fn label(name: &str) -> &str {
    let is_name = name.len() <= LONGEST_ID
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']'));
    if is_name { name } else { HIDDEN }
}

/// Of the words that paths are made of.
fn is_word(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
}

/// Numbers, UUIDs and the like: in one piece, and not without a digit.
fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// One word of a vocabulary.
fn is_code(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The media type, if it is a known one: a caller may write anything there.
fn media(content_type: Option<&str>) -> &'static str {
    let Some(given) = content_type else { return "no type" };
    let given = given.split(';').next().unwrap_or_default().trim();
    MEDIA.iter().find(|known| known.eq_ignore_ascii_case(given)).copied().unwrap_or("another type")
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST - HIDDEN.len()));
        text.push_str(HIDDEN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn of_json_names_ids_and_codes_stay() {
        let cases = [
            (r#"{"accessKey":"AK1","secretAccessKey":"s3"}"#, r#"{"accessKey":"…","secretAccessKey":"…"}"#),
            (
                r#"{"access_token":"t0","expires_in":3600,"token_type":"bearer"}"#,
                r#"{"access_token":"…","expires_in":3600,"token_type":"bearer"}"#,
            ),
            (
                r#"{"id":7,"name":"Jan","lastname":"Nowak","mobile":48123}"#,
                r#"{"id":7,"lastname":"…","mobile":"…","name":"…"}"#,
            ),
            (
                r#"{"uuid":"5f2c1b7a-0000-4000-8000-1c2d3e4f5a6b","id":"jan@example.com"}"#,
                r#"{"id":"…","uuid":"5f2c1b7a-0000-4000-8000-1c2d3e4f5a6b"}"#,
            ),
            (r#"{"id":"Nowak","taxId":12345678901,"pesel":44051401359}"#, r#"{"id":"…","pesel":"…","taxId":"…"}"#),
            (
                r#"{"employee":{"id":7},"recruitment":3,"job_ids":[1,2]}"#,
                r#"{"employee":{"id":7},"job_ids":[1,2],"recruitment":3}"#,
            ),
            (
                r#"{"error":"invalid_token","error_description":"Jan"}"#,
                r#"{"error":"invalid_token","error_description":"…"}"#,
            ),
            (
                r#"{"error":"Jan Nowak exists","code":409,"ok":false,"x":null}"#,
                r#"{"code":409,"error":"…","ok":false,"x":null}"#,
            ),
            (
                r#"{"errors":{"children":{"email":{"errors":["jan@example.com"]}}}}"#,
                r#"{"errors":{"children":{"email":{"errors":["…"]}}}}"#,
            ),
            (r#"{"jan@example.com":1,"Jan Nowak":2}"#, r#"{"…":"…"}"#),
            (r#"[{"id":1},"Jan",5]"#, r#"[{"id":1},"…","…"]"#),
        ];
        for (body, expected) in cases {
            assert_eq!(super::body(JSON, body.as_bytes()).as_deref(), Some(expected), "{body}");
            assert_eq!(super::body(None, body.as_bytes()).as_deref(), Some(expected), "whatever it is called");
        }
    }

    #[test]
    fn of_all_else_only_kind_and_length_are_told() {
        let cases: [(Option<&str>, &[u8], Option<&str>); 9] = [
            (JSON, b"", None),
            (JSON, b"\"token\"", Some("application/json, 7 bytes")),
            (JSON, b"{\"name\":\"Jan", Some("application/json, 12 bytes")),
            (Some("text/html"), b"<p>Jan</p>", Some("text/html, 10 bytes")),
            (Some("x-Jan/Nowak"), b"Jan", Some("another type, 3 bytes")),
            (None, &[0xff, 0xfe], Some("no type, 2 bytes")),
            (Some("multipart/form-data; boundary=Jan"), b"--Jan", Some("multipart/form-data, 5 bytes")),
            (
                Some(FORM),
                b"grant_type=x&client_secret=s3&jan%40example.com=1",
                Some("grant_type=…&client_secret=…&…=…"),
            ),
            (Some(FORM), b"&", None),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(super::body(content_type, body).as_deref(), expected, "{content_type:?}");
        }
        assert_eq!(unread(Some("application/pdf"), 9).as_deref(), Some("application/pdf, 9 bytes"));
    }

    #[test]
    fn bodies_are_cut() {
        let rows = Value::from((0..2000).map(|id| serde_json::json!({ "id": id, "é": "Jan" })).collect::<Vec<_>>());
        let text = body(JSON, rows.to_string().as_bytes()).unwrap();
        assert!(text.len() <= LONGEST && text.len() > LONGEST - 8 && text.ends_with(HIDDEN));
        let large = format!("[\"{}\"]", "x".repeat(LARGEST_READ));
        assert_eq!(body(JSON, large.as_bytes()).unwrap(), format!("application/json, {} bytes", large.len()));
    }

    #[test]
    fn of_addresses_the_way_and_the_ids_stay() {
        let cases = [
            (
                "https://u:p@acme.traffit.com/api/v2/employees/7/files/",
                "https://acme.traffit.com/api/v2/employees/7/files/",
            ),
            (
                "http://127.0.0.1:8/v2/jobs/5f2c1b7a-0000-4000-8000-1c2d3e4f5a6b",
                "http://127.0.0.1:8/v2/jobs/5f2c1b7a-0000-4000-8000-1c2d3e4f5a6b",
            ),
            ("http://h/employees/jan@example.com/_move", "http://h/employees/…/_move"),
            ("http://h/employees/Jan%20Nowak/jan.nowak/Nowak", "http://h/employees/…/…/…"),
            (
                "http://h/a?page=2&page_size=50&email=jan@example.com&fileName=cv.pdf",
                "http://h/a?page=2&page_size=50&email=…&fileName=…",
            ),
            (
                "http://h/a?id=7&ids=1,2&id=Nowak&sort=created-at&sort=Jan%20N&jan%40x=1&q=",
                "http://h/a?id=7&ids=1,2&id=…&sort=created-at&sort=…&…=…&q=",
            ),
            ("http://h/a?secret=s3cr3t#Jan", "http://h/a?secret=…"),
        ];
        for (address, expected) in cases {
            assert_eq!(url(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
