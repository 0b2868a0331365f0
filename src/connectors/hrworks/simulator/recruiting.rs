//! Applicants and job applications (§3.3 to §3.6): lists, details, creation, files.

use axum::http::Method;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::names::label;
use super::records::{Address, Applicant, JobApplication, Text};
use super::render::Pen;
use super::reply::{Reply, error};
use super::route::{Desk, List, no_record};
use super::writing::{self, Resource, Task, Wrong, data_errors};

/// The largest file that is taken, in bytes (§6, row 15).
const LARGEST_FILE: usize = 20 * 1024 * 1024;

pub(super) fn applicants(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    if desk.call.method != Method::GET {
        return Err(Reply::no_endpoint());
    }
    match rest {
        [] => {
            let (only, statuses) = (desk.call.values("applicants"), desk.call.values("statusFilter"));
            let hidden: Vec<String> =
                desk.account.applicants.keys().filter(|uuid| desk.is_hidden(uuid)).cloned().collect();
            let find = |account: &Account| {
                let fits = |id: &u64| {
                    let application = account.applications.get(id);
                    application.is_some_and(|one| statuses.is_empty() || statuses.iter().any(|s| *s == one.status))
                };
                let with_application = account.applicants.keys().filter(|uuid| {
                    (only.is_empty() || only.contains(uuid))
                        && account.applications_of.get(*uuid).is_some_and(|own| own.iter().any(fits))
                });
                with_application.filter(|uuid| !hidden.contains(*uuid)).cloned().collect()
            };
            desk.list(&List { rows: "applicants", page_size: Some(50) }, find, |pen, uuid| {
                Some(pen.applicant(uuid, pen.account.applicants.get(uuid)?))
            })
        }
        [uuid] => {
            let deleted = desk.is_deleted(uuid) || desk.is_hidden(uuid);
            let pen = Pen::new(desk.account, desk.faults, desk.call);
            match pen.account.applicants.get(*uuid).filter(|_| !deleted) {
                Some(applicant) => Ok(Reply::json(200, &pen.applicant(uuid, applicant))),
                None => Err(no_record(desk.faults, desk.call)),
            }
        }
        _ => Err(Reply::no_endpoint()),
    }
}

pub(super) fn job_applications(desk: &mut Desk<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    let call = desk.call;
    match (call.method.clone(), rest) {
        (Method::GET, []) => {
            let (posts, statuses) = (call.values("posts"), call.values("statusFilter"));
            let find = |account: &Account| {
                let keys: Vec<Option<String>> = posts.iter().map(|post| account.post_key(post)).collect();
                let fits = |one: &JobApplication| {
                    (keys.is_empty() || keys.iter().flatten().any(|key| *key == one.post))
                        && (statuses.is_empty() || statuses.iter().any(|status| *status == one.status))
                };
                let mut found: Vec<(DateTime<Utc>, u64)> = account
                    .applications
                    .iter()
                    .filter(|(_, one)| fits(one))
                    .map(|(id, one)| (one.created_at, *id))
                    .collect();
                found.sort_unstable();
                found.into_iter().map(|(_, id)| id.to_string()).collect()
            };
            let list = List { rows: "jobApplications", page_size: Some(50) };
            let reply = desk.list(&list, find, |pen, id| {
                let number = id.parse().ok()?;
                Some(pen.application(number, pen.account.applications.get(&number)?))
            });
            let is_first = call.value("page").is_none_or(|page| page == "1");
            if is_first && desk.account.applications.len() > 50 && desk.faults.first(Kind::ShiftPages, &call.path) {
                let oldest = desk.account.applications.iter().min_by_key(|(id, one)| (one.created_at, **id));
                if let Some(id) = oldest.map(|(id, _)| id.to_string()) {
                    desk.account.delete_application(&id);
                    desk.has_written = true;
                }
            }
            reply
        }
        (Method::POST, []) => {
            let records = call.records()?;
            desk.has_written = true;
            let task = Task::CreateApplications(records);
            Ok(writing::accept(desk.account, desk.faults, call, Resource::JobApplications, task))
        }
        (Method::GET, ["jobs", id]) => {
            Ok(writing::poll(desk.account, desk.faults, call, Resource::JobApplications, id))
        }
        (Method::POST, [id, "files"]) => upload(desk, id),
        _ => Err(Reply::no_endpoint()),
    }
}

fn upload(desk: &mut Desk<'_>, id: &str) -> Result<Reply, Reply> {
    let call = desk.call;
    let missing = |what: &str| Reply::refuse(400, "MissingParameterError", &format!("{what} is missing"));
    let application = id.parse::<u64>().ok().filter(|id| desk.account.applications.contains_key(id));
    let application = application.ok_or_else(|| no_record(desk.faults, call))?;
    let name = call.value("fileName").filter(|name| !name.is_empty()).ok_or_else(|| missing("fileName"))?;
    let content_type = call.header("content-type").ok_or_else(|| missing("Content-Type"))?.to_owned();
    let task = match call.value("url") {
        Some(url) => Task::UploadFrom { application, name, content_type, url },
        None if call.body.is_empty() => return Err(missing("The file")),
        None if call.body.len() > LARGEST_FILE => {
            return Err(Reply::refuse(400, "InvalidParameterError", "The file is too large"));
        }
        None => Task::Upload { application, name, content_type, content: call.body.clone() },
    };
    desk.has_written = true;
    Ok(writing::accept(desk.account, desk.faults, call, Resource::JobApplications, task))
}

/// Keeps a file that came as bytes.
pub(super) fn store(account: &mut Account, base: &str, application: u64, file: (&str, &str, Bytes)) -> Value {
    let (name, content_type, content) = file;
    let Some(id) = account.add_document(&application.to_string(), name, content_type, content) else {
        return json!({"generalErrors": [error(400, "InvalidParameterError", "The job application does not exist")]});
    };
    account.wrote("POST /applicant-management/job-applications/{id}/files");
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    json!({"result": format!("{base}/files/{id}/{name}?upload={id}")})
}

/// Keeps a file that lies elsewhere. Nothing is ever fetched: the address stands for the content, and one that
/// is not HTTP or whose host ends in `.invalid` cannot be reached.
pub(super) fn fetch(account: &mut Account, base: &str, application: u64, file: (&str, &str), url: &str) -> Value {
    let host = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    if host.is_none_or(|host| host.ends_with(".invalid")) {
        return json!({"generalErrors": [error(400, "InvalidParameterError", "The file could not be downloaded")]});
    }
    store(account, base, application, (file.0, file.1, Bytes::from(url.to_owned())))
}

/// What a record of R6 says, once it is known to be sound.
struct Sound {
    applicant: Applicant,
    application: JobApplication,
    warnings: Vec<Value>,
}

pub(super) fn create(account: &mut Account, faults: &Faults, records: &[Value]) -> Value {
    let mut sound = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        match read(account, faults, record) {
            Ok(one) => sound.push(one),
            Err(wrong) => return data_errors(at, &wrong),
        }
    }
    let without_id = faults.on(Kind::NoResultId, "/v2/applicant-management/job-applications");
    let result: Vec<Value> = (1..)
        .zip(sound)
        .map(|(record_id, Sound { applicant, mut application, warnings })| {
            let (first, last) = (applicant.first_name.clone(), applicant.last_name.clone());
            // The same address is the same person, whose data stay as they are (§6, row 8).
            let known = applicant.email.as_ref().and_then(|email| account.by_email.get(&email.to_lowercase()).cloned());
            application.applicant = known.unwrap_or_else(|| account.add_candidate(applicant));
            let mut data = json!({
                "postId": application.post, "firstName": first, "lastName": last,
                "status": label(&application.status, false), "statusIdentifier": application.status,
            });
            if let Some(offer) = &application.offer {
                data["postOfferId"] = json!(offer);
            }
            if let Some(id) = account.add_application(application).filter(|_| !without_id) {
                data["id"] = json!(id);
            }
            let mut row = json!({"recordId": record_id, "data": data});
            if !warnings.is_empty() {
                row["warnings"] = json!(warnings);
            }
            row
        })
        .collect();
    account.wrote("POST /applicant-management/job-applications");
    json!({"result": result})
}

/// The attributes of §3.5, each as its type is documented.
fn read(account: &Account, faults: &Faults, record: &Value) -> Result<Sound, Wrong> {
    let wrong = |number: i64, text: &str| Err(vec![(number, text.to_owned())]);
    let Some(record) = record.as_object() else { return wrong(1, "The record is no object") };
    for (name, value) in record {
        if value.is_null() && !["gender", "noticePeriodTimeUnit"].contains(&name.as_str()) {
            return wrong(2, &format!("{name} must not be null"));
        }
    }
    let mut missing = Wrong::new();
    for name in ["postId", "firstName", "lastName"] {
        if text(record, name)?.is_none() {
            missing.push((8, format!("{name} is missing")));
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let Some(key) = text(record, "postId")?.and_then(|id| account.post_key(&id)) else {
        return wrong(9, "postId is unknown");
    };
    let post = account.posts.get(&key);
    let offer = text(record, "postOfferId")?;
    let known_offer = |id: &String| post.is_some_and(|post| post.offers.iter().any(|known| known.id == *id));
    if offer.as_ref().is_some_and(|id| !known_offer(id)) {
        return wrong(9, "postOfferId is unknown");
    }
    let email = text(record, "email")?;
    if email.as_ref().is_some_and(|email| !is_email(email)) {
        return wrong(10, "email is not valid");
    }
    one_of(record, "salutation", &["mr", "ms", "none"])?;
    one_of(record, "gender", &["male", "female", "diverse", "not specified"])?;
    one_of(record, "permissionToStoreApplication", &["notGranted", "onlyForApplication", "afterApplication"])?;
    one_of(record, "noticePeriodTimeUnit", &["days", "weeks", "months"])?;
    let country = text(record, "countryCode")?;
    if country.as_ref().is_some_and(|code| code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return wrong(11, "countryCode is no ISO 3166-1 alpha-3 code");
    }
    let salary = match record.get("desiredSalary") {
        None => None,
        Some(value) => match value.as_u64().and_then(|euros| u32::try_from(euros).ok()) {
            Some(euros) => Some(euros),
            None => return wrong(12, "desiredSalary is no integer"),
        },
    };
    let created_at = match text(record, "creationDateAndTime")? {
        None => account.now(),
        Some(text) => match NaiveDateTime::parse_from_str(&text, "%Y%m%dT%H%M%SZ") {
            Ok(at) => at.and_utc(),
            Err(_) => return wrong(13, "creationDateAndTime is no date-time"),
        },
    };
    let privacy = match record.get("hasPrivacyTermsAccepted") {
        None => false,
        Some(Value::Bool(accepted)) => *accepted,
        Some(_) => return wrong(14, "hasPrivacyTermsAccepted is no boolean"),
    };
    let (mut source, mut warnings) = (text(record, "howDidYouHearAboutUs")?, Vec::new());
    let is_option = |source: &String| post.is_some_and(|post| post.sources.contains(source));
    if source.as_ref().is_some_and(|source| !is_option(source)) {
        let path = "/v2/applicant-management/job-applications";
        if faults.on(Kind::RejectUnknownSource, path) {
            return wrong(15, "howDidYouHearAboutUs is none of the options");
        }
        if faults.on(Kind::DropUnknownSource, path) {
            source = None;
            warnings.push(json!({"number": 15, "text": "howDidYouHearAboutUs was dropped"}));
        }
    }
    let owned = |name: &str| text(record, name).map(|text| text.map(Text::from));
    let applicant = Applicant {
        first_name: owned("firstName")?.unwrap_or_default(),
        last_name: owned("lastName")?.unwrap_or_default(),
        email,
        title: owned("title")?,
        salutation: owned("salutation")?,
        gender: owned("gender")?,
        address: Address {
            street: owned("street")?,
            street_number: owned("streetNumber")?,
            additional_data: owned("additional")?,
            zip_code: owned("zipCode")?,
            city: owned("city")?,
            state: None,
            country: country.map(Text::from),
            phone: owned("phone")?,
        },
        birthday: date(record, "birthday")?,
        earliest_possible_join_date: date(record, "earliestPossibleJoinDate")?,
        is_legacy: false,
    };
    let application = JobApplication {
        applicant: String::new(),
        post: key,
        offer,
        status: "applied".into(),
        created_at,
        source: source.map(Text::from),
        desired_salary: salary,
        permission_to_store: owned("permissionToStoreApplication")?,
        has_privacy_terms_accepted: Some(privacy),
        remark: owned("remark")?,
        documents: Vec::new(),
    };
    Ok(Sound { applicant, application, warnings })
}

fn text(record: &Map<String, Value>, name: &str) -> Result<Option<String>, Wrong> {
    match record.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(vec![(3, format!("{name} is no string"))]),
    }
}

fn one_of(record: &Map<String, Value>, name: &str, words: &[&str]) -> Result<(), Wrong> {
    match text(record, name)? {
        Some(word) if !words.contains(&word.as_str()) => Err(vec![(4, format!("{name} has an unknown value"))]),
        _ => Ok(()),
    }
}

fn date(record: &Map<String, Value>, name: &str) -> Result<Option<NaiveDate>, Wrong> {
    let Some(text) = text(record, name)? else { return Ok(None) };
    match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        Ok(date) => Ok(Some(date)),
        Err(_) => Err(vec![(13, format!("{name} is no date"))]),
    }
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(' ')
    })
}
