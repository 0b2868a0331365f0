//! The public feed's rows (§2.1) and the seed's adverts, which alternate every shape seen live.

use chrono::Duration;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::names;
use super::query::stamp;
use super::records::{Advert, Record};
use super::render;

pub(super) fn row(account: &Account, id: i64) -> Value {
    let Some(post) = account.posts.get(&id) else { return Value::Null };
    if let Some(served) = account.served_as.get(&(Record::JobPost, id)) {
        return served.clone();
    }
    let job = account.jobs.get(&post.recruitment);
    let mut recruitment = json!({"id": post.recruitment});
    if let Some(client) = job.and_then(|job| job.client) {
        recruitment["client_id"] = json!(client);
    }
    if let Some(workflow) = job.and_then(|job| job.workflow_id) {
        recruitment["workflow_id"] = json!(workflow);
    }
    if let Some(code) = job.and_then(|job| job.nr_ref.as_deref()) {
        recruitment["nr_ref"] = json!(code);
    }
    let values: Vec<Value> = post.values.iter().map(|(id, value)| json!({"field_id": id, "value": value})).collect();
    let hash = blake3::hash(format!("post {} {id}", account.seed).as_bytes()).to_hex();
    let hash = hash.get(..24).unwrap_or_default();
    let mut row = json!({
        "id": id,
        "advert": {
            "id": post.advert_id, "name": post.name, "language": post.language, "recruitment": recruitment,
            "locations": post.locations, "values": values,
        },
        "url": format!("https://acme.traffit.com/public/an/{hash}?source=career_page"),
        "valid_start": stamp(post.valid_start),
        "valid_end": stamp(post.valid_end),
        "awarded": post.awarded,
        "huntoo_link": null,
        // PHP writes an empty map as a list.
        "options": if post.options.is_empty() { json!([]) } else { json!(post.options) },
    });
    if post.has_form {
        let form = format!("https://acme.traffit.com/public/form/a/{hash}?source=career_page");
        row["application_form"] = json!(form);
    }
    row
}

impl Advert {
    /// An advert with a description and a place, for tests.
    pub fn new(name: &str, description: &str) -> Self {
        let values = vec![("description".to_owned(), json!(description)), ("geolocation".to_owned(), render::place(0))];
        Self { name: name.to_owned(), language: "pl".to_owned(), values, has_form: true, ..Self::default() }
    }
}

fn place_text(at: usize) -> Value {
    json!(render::place(at).to_string())
}

fn options(at: usize) -> Map<String, Value> {
    let job_type = if at.is_multiple_of(2) { json!(["Full time"]) } else { json!("Full time") };
    let branches = if at.is_multiple_of(3) { json!("IT") } else { json!(["IT", "Finanse"]) };
    let options = json!({
        "job_type": job_type, "job_type.translation": "Job type", "branches": branches, "emp_number": "1",
        "recruitment_deadline": "2025/05/31", "_work_model": "Hybrid", "_Salary_MIN": "10000", "_Salary_MAX": "15000",
        "_Salary_Currency": "PLN", "_Salary_Rate": "Monthly", "_department": "People & Culture",
    });
    let Value::Object(mut options) = options else { return Map::new() };
    if at.is_multiple_of(4) {
        options.insert("remote".to_owned(), json!("1"));
    }
    options
}

/// The adverts of the seed's job number `at` (from 0); several kinds of jobs have none.
pub(super) fn seed(account: &mut Account, job: i64, at: usize) {
    let Some((name, opened)) = account.jobs.get(&job).map(|job| (job.name.clone(), job.created_at)) else { return };
    let html =
        |part: &str| json!(format!("<p><strong>{part}</strong> – {name}.</p><ul><li>Zażółć gęślą jaźń</li></ul>"));
    let mut values = vec![
        ("requirements".to_owned(), html("Wymagania")),
        ("description".to_owned(), html("Opis")),
        ("benefits".to_owned(), html("Benefity")),
        ("responsibilities".to_owned(), html("Zadania")),
    ];
    let mut advert = Advert {
        name: name.clone(),
        language: "pl".to_owned(),
        options: options(at),
        valid_start: opened + Duration::days(1),
        awarded: at.is_multiple_of(5),
        has_form: !at.is_multiple_of(7),
        ..Advert::default()
    };
    let mut place = None;
    match at % 12 {
        5 | 6 | 10 => return,
        0 | 3 => place = Some(place_text(at)),
        1 | 2 | 4 => place = Some(render::place(at)),
        7 => {
            advert.options.insert("job_location".to_owned(), place_text(at));
            advert.options.insert("job_location.translation".to_owned(), json!("Job location"));
        }
        8 => {
            let city = names::PLACES[at % names::PLACES.len()];
            advert.locations = vec![json!({"city": city[0], "country": city[3]})];
            advert.options.clear();
        }
        9 => {
            advert.locations = vec![json!("Warszawa"), json!("Gdynia")];
            place = Some(json!(""));
        }
        11 => {
            advert.options.insert("job_location".to_owned(), render::place(at));
        }
        _ => {}
    }
    values.extend(place.map(|place| ("geolocation".to_owned(), place)));
    if at % 12 == 4 {
        values.retain(|(id, _)| id != "benefits");
    }
    advert.values = values;
    if at % 12 == 1 {
        // Several adverts for one job: the newest is neither the first nor the last by id.
        let english = Advert {
            name: format!("{name} (English)"),
            language: "en".to_owned(),
            values: vec![("description".to_owned(), json!(format!("<p>English description of {name}</p>")))],
            valid_start: opened + Duration::days(20),
            ..advert.clone()
        };
        let old = Advert { valid_start: opened - Duration::days(10), ..advert.clone() };
        account.publish(job, advert);
        account.publish(job, english);
        account.publish(job, old);
        return;
    }
    account.publish(job, advert);
}
