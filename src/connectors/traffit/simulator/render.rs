//! Records as the vendor writes them: null relations and system fields are left out, form and custom fields are
//! always there (§1.9). It reads the account and changes nothing.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::names;
use super::query::{Scalar, stamp};
use super::records::{Activity, Candidate, CustomField, File, Job, Record, Responsible, Said, State};
use super::seed::mix;

pub(super) const PERSONS: i64 = 347;
pub(super) const TALENTS: i64 = 7;

/// A row under construction whose absent parts are left out.
struct Row(Map<String, Value>);

impl Row {
    fn new(id: i64) -> Self {
        Self(Map::from_iter([("id".to_owned(), json!(id))]))
    }

    fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    fn stub(self, key: &str, id: Option<i64>) -> Self {
        self.maybe(key, id.map(|id| json!({"id": id})))
    }

    fn custom(mut self, fields: &[CustomField], values: &Map<String, Value>) -> Self {
        for field in fields {
            let value = values.get(&field.sid).cloned().unwrap_or(Value::Null);
            self.0.insert(field.sid.clone(), value);
        }
        self
    }

    fn served(self, account: &Account, record: Record, id: i64) -> Value {
        account.served_as.get(&(record, id)).cloned().unwrap_or(Value::Object(self.0))
    }
}

pub(super) fn place(at: usize) -> Value {
    let [locality, region1, iso, country, latitude, longitude, postcode] = names::PLACES[at % names::PLACES.len()];
    let postcode = if postcode.is_empty() { Value::Null } else { json!(postcode) };
    json!({"locality": locality, "region1": region1, "region2": locality, "region3": locality, "iso": iso,
        "country": country, "latitude": latitude, "longitude": longitude, "postcode": postcode})
}

/// Form fields that a seeded person derives from its profile number.
fn derived(profile: u64) -> Map<String, Value> {
    let mut fields = Map::new();
    if profile == 0 {
        return fields;
    }
    let pick = |salt: u64, of: usize| usize::try_from(mix(profile, salt, 3) % of as u64).unwrap_or(0);
    if !profile.is_multiple_of(6) {
        fields.insert("candidate_location".to_owned(), place(pick(1, names::PLACES.len())));
    }
    let spoken = match pick(2, 4) {
        0 => Value::Null,
        1 => json!(names::LANGUAGES[pick(3, names::LANGUAGES.len())]),
        _ => json!(["Polski", names::LANGUAGES[1 + pick(4, names::LANGUAGES.len() - 1)]]),
    };
    fields.insert("candidate_languages".to_owned(), spoken);
    if pick(5, 3) > 0 {
        fields.insert("_nationality".to_owned(), json!(names::NATIONALITIES[pick(6, 5)]));
        fields.insert("_Position".to_owned(), json!(names::POSITIONS[pick(7, names::POSITIONS.len())]));
    }
    if pick(8, 2) == 0 {
        let years = ["0-2", "2-5", "5+"][pick(9, 3)];
        fields.insert("_experience".to_owned(), json!([years]));
    }
    if pick(10, 5) == 0 {
        fields.insert("linkedin".to_owned(), json!(format!("https://linkedin.example/in/{}", profile % 1_000_000)));
        fields.insert("candidate_about".to_owned(), json!("<p>Lubi góry, nie lubi „owocowych czwartków”.</p>"));
    }
    fields
}

fn employee_name(candidate: &Candidate) -> String {
    format!("{} {}", candidate.name, candidate.lastname).trim().to_owned()
}

pub(super) fn file_name(candidate: &Candidate, file: &File) -> String {
    file.name.clone().unwrap_or_else(|| format!("CV {}.txt", employee_name(candidate)))
}

pub(super) fn employee(account: &Account, faults: &Faults, path: &str, id: i64) -> Value {
    let Some(candidate) = account.candidates.get(&id) else { return Value::Null };
    if faults.number(Kind::GarbageEmployee, path).is_some_and(|garbage| i64::try_from(garbage) == Ok(id)) {
        return json!({"id": id.to_string(), "name": ["?"], "lastname": 7, "email": {"x": 1}, "status": null,
            "files": "none", "source": "LinkedIn", "created_at": "yesterday", "updated_at": 0, "mobile": [1, 2]});
    }
    let files = candidate.files.iter();
    let files =
        files.map(|file| json!({"filename": file_name(candidate, file), "file_uploaded": stamp(file.uploaded_at)}));
    let mut fields = derived(candidate.profile);
    fields.extend(candidate.fields.iter().map(|(key, value)| (key.clone(), value.clone())));
    let form = |key: &str| fields.get(key).cloned().unwrap_or(Value::Null);
    Row::new(id)
        .put("name", candidate.name.as_ref())
        .put("lastname", candidate.lastname.as_ref())
        .put("status", candidate.status.as_ref())
        .put("files", files.collect::<Vec<_>>())
        .maybe("email", candidate.email.as_deref())
        .maybe("source", candidate.source.as_deref().map(source_item))
        .stub("owner", candidate.owner)
        .stub("created_by", candidate.created_by)
        .stub("updated_by", candidate.updated_by)
        .put("created_at", stamp(candidate.created_at))
        .put("updated_at", stamp(candidate.updated_at))
        .put("mobile", candidate.mobile.as_deref().map_or(Value::Null, Value::from))
        .put("linkedin", form("linkedin"))
        .put("candidate_about", form("candidate_about"))
        .put("candidate_location", form("candidate_location"))
        .put("candidate_languages", form("candidate_languages"))
        .custom(&account.candidate_fields, &fields)
        .served(account, Record::Employee, id)
}

pub(super) fn employee_scalar<'a>(account: &'a Account, id: i64, field: &str) -> Option<Scalar<'a>> {
    let candidate = account.candidates.get(&id)?;
    Some(match field {
        "name" => Scalar::text(candidate.name.as_ref()),
        "lastname" => Scalar::text(candidate.lastname.as_ref()),
        "email" => candidate.email.as_deref().map_or(Scalar::Null, Scalar::text),
        "status" => Scalar::text(candidate.status.as_ref()),
        "mobile" => candidate.mobile.as_deref().map_or(Scalar::Null, Scalar::text),
        "created_at" => Scalar::Time(candidate.created_at),
        "updated_at" | "synchro_time" => Scalar::Time(candidate.updated_at),
        "guid" => candidate.fields.get("guid").and_then(Value::as_str).map_or(Scalar::Null, Scalar::text),
        _ => return None,
    })
}

fn source_item(label: &str) -> Value {
    let id = names::SOURCES.iter().find(|(_, known)| *known == label).map_or(999, |(id, _)| *id);
    json!({"id": id, "value": label})
}

fn client_stub(account: &Account, job: &Job) -> Option<Value> {
    let id = job.client?;
    Some(match account.clients.get(&id) {
        Some(name) => json!({"id": id, "name": name}),
        None => json!({"id": id}),
    })
}

fn recruitment_base(account: &Account, id: i64, job: &Job) -> Row {
    Row::new(id)
        .put("name", job.name.as_str())
        .maybe("client", client_stub(account, job))
        .put("is_closed", job.is_closed)
        .maybe("closing_date", job.closing_date.map(stamp))
        .maybe("nrRef", job.nr_ref.as_deref())
        .stub("created_by", job.created_by)
        .stub("updated_by", job.updated_by)
        .put("created_at", stamp(job.created_at))
        .put("updated_at", stamp(job.updated_at))
        .custom(&account.job_fields, &job.fields)
}

/// The list row: `is_confidential`, but no workflow, status or responsible person (§5.1).
pub(super) fn recruitment_row(account: &Account, id: i64) -> Value {
    let Some(job) = account.jobs.get(&id) else { return Value::Null };
    let row = recruitment_base(account, id, job).put("is_confidential", job.is_confidential);
    row.served(account, Record::Recruitment, id)
}

/// The detail: workflow, status and responsible person, but no `is_confidential` (§5.1).
pub(super) fn recruitment(account: &Account, id: i64) -> Value {
    let Some(job) = account.jobs.get(&id) else { return Value::Null };
    let person = |id: &i64| {
        let email = account.users.get(id).and_then(|user| user.email.as_deref());
        Value::Object(Row::new(*id).maybe("email", email).0)
    };
    let wrapped = |id: &i64| json!({"user": {"id": id}});
    let responsible = match &job.responsible {
        Responsible::Nobody => json!([]),
        Responsible::Users(ids) => ids.iter().map(person).collect(),
        Responsible::Single(id) => person(id),
        Responsible::Wrapped(ids) => ids.iter().map(wrapped).collect(),
        Responsible::WrappedSingle(id) => wrapped(id),
    };
    recruitment_base(account, id, job)
        .maybe("workflow_id", job.workflow_id)
        .put("status", job.status.as_str())
        .put("responsible_person", responsible)
        .served(account, Record::Recruitment, id)
}

/// Every field that can be filtered, whether the list row shows it or not.
pub(super) fn recruitment_fields(account: &Account, id: i64) -> Value {
    let Some(job) = account.jobs.get(&id) else { return Value::Null };
    let row = recruitment_base(account, id, job).put("is_confidential", job.is_confidential);
    Value::Object(row.put("status", job.status.as_str()).0)
}

pub(super) fn history(account: &Account, id: i64) -> Value {
    let Some(row) = account.ledger_row(id) else { return Value::Null };
    let state = account.state(row.state).map(|state| {
        let stub = Row::new(state.id).put("name", state.name.as_str()).put("type", state.kind.as_str());
        Value::Object(stub.maybe("sid", state.sid.as_deref()).0)
    });
    Row::new(id)
        .put("date", stamp(row.date))
        .maybe("end_date", row.end_date.map(stamp))
        .stub("employee", Some(row.employee))
        .stub("recruitment", Some(row.recruitment))
        .put("workflow_state", state.unwrap_or_else(|| json!({"id": row.state})))
        .put("created_at", stamp(row.date))
        .put("updated_at", stamp(row.end_date.unwrap_or(row.date)))
        .stub("created_by", row.created_by)
        .stub("updated_by", row.updated_by)
        .served(account, Record::History, id)
}

pub(super) fn history_scalar<'a>(account: &'a Account, id: i64, field: &str) -> Option<Scalar<'a>> {
    let row = account.ledger_row(id)?;
    Some(match field {
        "end_date" => row.end_date.map_or(Scalar::Null, Scalar::Time),
        "updated_at" => Scalar::Time(row.end_date.unwrap_or(row.date)),
        _ => Scalar::Time(row.date),
    })
}

fn find_activity(account: &Account, id: i64) -> Option<&Activity> {
    account.activities.binary_search_by_key(&id, |row| row.id).ok().and_then(|at| account.activities.get(at))
}

pub(super) fn activity_scalar(account: &Account, id: i64) -> Option<Scalar<'_>> {
    find_activity(account, id).map(|row| Scalar::Time(row.at))
}

/// JSON text whose letters beyond ASCII are `\uXXXX`, as PHP writes it (§4.6).
pub(super) fn php_json(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            letter.encode_utf16(&mut units).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

/// One activity; the feed of one person does not name the person (§4.6).
pub(super) fn activity(account: &Account, faults: &Faults, path: &str, id: i64, names_person: bool) -> Value {
    let Some(row) = find_activity(account, id) else { return Value::Null };
    let encoded = |text: &str| php_json(&json!({"content": format!("<p>{text}</p>"), "state": {"id": 19}}));
    let always = faults.on(Kind::NoteJsonEncoded, path);
    let as_object = faults.on(Kind::NoteAsObject, path);
    let note = |text: &str, plain: bool| match (plain && !always, as_object) {
        (_, true) => json!({"content": text}),
        (true, false) => json!(text),
        (false, false) => json!(encoded(text)),
    };
    let (kind, label, content) = match &row.said {
        Said::Imported => (97, "Import - dodany", json!("")),
        Said::Note(text) => (91, "Notatka", note(text, true)),
        Said::SeededNote(at) => {
            let text = names::NOTES[usize::from(*at) % names::NOTES.len()];
            match at % 8 {
                0..3 => (91, "Notatka", note(text, false)),
                3 => (91, "Notatka", json!({"content": text})),
                _ => (91, "Notatka", note(text, true)),
            }
        }
        Said::SeededMail(at) => {
            let label = if at.is_multiple_of(2) { "Email" } else { "Reply" };
            let body = names::NOTES[usize::from(*at) % names::NOTES.len()];
            (92, label, json!({"to": "kandydat@example.com", "subject": "Rekrutacja", "body": body}))
        }
        Said::Moved { ledger, rejection } => {
            let state = account.ledger_row(*ledger).and_then(|row| account.state(row.state));
            let mut content = json!({"state": state.map(|state| json!({"id": state.id, "name": state.name}))});
            if let Some(name) = rejection.and_then(|id| account.rejections.get(&id)) {
                content["rejection"] = json!({"name": name});
                content["description"] = json!("Dziękujemy za udział w rekrutacji");
            }
            (95, "Zmiana etapu", json!(php_json(&content)))
        }
    };
    Row::new(id)
        .put("activity_date", stamp(row.at))
        .put("type", json!({"id": kind, "value": label}))
        .put("content", content)
        .stub("employee", names_person.then_some(row.employee))
        .stub("created_by", row.by)
        .put("created_at", stamp(row.at))
        .put("updated_at", stamp(row.at))
        .served(account, Record::Activity, id)
}

pub(super) fn source(account: &Account, id: i64) -> Value {
    let found = account.sources.binary_search_by_key(&id, |row| row.id).ok().and_then(|at| account.sources.get(at));
    let Some(row) = found else { return Value::Null };
    let (domain, url, label) = names::ORIGINS[usize::from(row.origin) % names::ORIGINS.len()];
    let item = match label.and_then(|at| names::SOURCES.get(at)) {
        Some((id, value)) => json!({"id": id, "value": value}),
        None => json!({"id": 199}),
    };
    let application = row.recruitment.map(|job| json!({"recruitment": {"id": job}}));
    Row::new(id)
        .put("domain", domain)
        .put("url", format!("{url}/{id}"))
        .stub("employee", Some(row.employee))
        .put("dictionary_item", item)
        .maybe("employee_application", application)
        .served(account, Record::Source, id)
}

pub(super) fn user(account: &Account, id: i64) -> Value {
    let Some(user) = account.users.get(&id) else { return Value::Null };
    Row::new(id)
        .put("is_active", user.is_active)
        .stub("created_by", (id != 1).then_some(1))
        .stub("updated_by", (id != 1).then_some(1))
        .put("permission_group", json!({"id": 3, "name": "Rekruterzy"}))
        .put("username", user.username.as_str())
        .maybe("name", user.name.as_deref())
        .maybe("lastname", user.lastname.as_deref())
        .maybe("email", user.email.as_deref())
        .put("updated_at", stamp(user.updated_at))
        .served(account, Record::User, id)
}

pub(super) fn workflow_row(account: &Account, id: i64) -> Value {
    let Some(workflow) = account.workflows.get(&id) else { return Value::Null };
    let row = Row::new(id).put("name", workflow.name.as_str()).put("updated_at", stamp(workflow.updated_at));
    row.served(account, Record::Workflow, id)
}

fn state_base(state: &State) -> Row {
    let row = Row::new(state.id).put("name", state.name.as_str()).put("type", state.kind.as_str());
    row.maybe("sid", state.sid.as_deref()).put("order", state.order)
}

pub(super) fn workflow(account: &Account, id: i64) -> Value {
    let Some(workflow) = account.workflows.get(&id) else { return Value::Null };
    let states = workflow.states.iter().map(|state| {
        let row = state_base(state).maybe("time_limit", state.time_limit);
        Value::Object(row.put("is_public", false).put("is_rejection", state.is_rejection).0)
    });
    let row = Row::new(id).put("name", workflow.name.as_str()).put("states", states.collect::<Vec<_>>());
    row.served(account, Record::Workflow, id)
}

/// The states of a job in id order, not in pipeline order, without the rejection flags (§5.6).
pub(super) fn job_states(account: &Account, job: i64, partial: bool) -> Value {
    let Some((id, workflow)) = account.pipeline(job) else { return json!([]) };
    let kept = |state: &&State| !partial || matches!(state.kind.as_str(), "start" | "end-good" | "end-bad");
    let mut states: Vec<&State> = workflow.states.iter().filter(kept).collect();
    states.sort_by_key(|state| state.id);
    states.into_iter().map(|state| Value::Object(state_base(state).stub("workflow", Some(id)).0)).collect()
}

pub(super) fn client(account: &Account, id: i64) -> Value {
    let Some(name) = account.clients.get(&id) else { return Value::Null };
    let status = ["Aktywny", "Prospekt", "Ex-klient"][id.unsigned_abs() as usize % 3];
    let at = "2021-02-01 09:00:00";
    let row = Row::new(id).put("name", name.as_str()).put("status", status).put("created_at", at).put("updated_at", at);
    row.stub("created_by", Some(40)).stub("updated_by", Some(40)).served(account, Record::Client, id)
}

pub(super) fn person(id: i64) -> Value {
    let last = names::LAST[id.unsigned_abs() as usize % names::LAST.len()];
    let (name, last) = if id % 9 == 0 { ("", "") } else { ("Jagna", last) };
    let at = "2022-03-01 10:00:00";
    json!({"id": id, "name": name, "lastname": last, "email": "", "status": "active", "client": {"id": 1 + id % 6},
        "created_by": {"id": 40}, "updated_by": {"id": 40}, "created_at": at, "updated_at": at})
}

pub(super) fn talent(id: i64) -> Value {
    json!({"id": id, "name": format!("Pula {id}")})
}

pub(super) fn tag(account: &Account, id: i64) -> Value {
    json!({"id": id, "name": account.tags.get(&id)})
}

/// The bytes of a file; a seeded one is a short text.
pub(super) fn file_content(candidate: &Candidate, file: &File) -> bytes::Bytes {
    let text: Cow<'static, str> = format!("Życiorys nr {}\n{}\n", file.id, employee_name(candidate)).into();
    file.content.clone().unwrap_or_else(|| bytes::Bytes::from(text.into_owned()))
}
