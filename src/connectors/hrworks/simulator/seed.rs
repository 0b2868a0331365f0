//! An account out of a number: the same seed gives the same records, whatever the time of day. Every awkward
//! case of the reference occurs at a fixed place, so that 200 candidates and 12 jobs have all of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::Options;
use super::account::{Account, uuid};
use super::names;
use super::records::{Address, Applicant, Document, Establishment, JobApplication, Key, Offer, Person, Post, Unit};

/// splitmix64 over a seed and two numbers: a pure function, so nothing depends on the order of asking.
pub(super) fn mix(seed: u64, index: u64, salt: u64) -> u64 {
    let mut z = seed.wrapping_mul(0xA24B_AED4_963E_E407);
    z = z
        .wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Numbers drawn for one record.
#[derive(Clone, Copy)]
struct Dice {
    seed: u64,
    index: u64,
}

impl Dice {
    fn roll(self, salt: u64, sides: usize) -> usize {
        usize::try_from(mix(self.seed, self.index, salt) % sides.max(1) as u64).unwrap_or(0)
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// The seeded years end in the summer of 2025, before any clock that a test would freeze later.
fn begin() -> DateTime<Utc> {
    day(2022, 1, 3).and_hms_opt(7, 15, 0).unwrap_or_default().and_utc()
}
const DAYS: i64 = 1250;

pub(super) fn account(options: &Options) -> Account {
    let key = Key { secret: options.secret_access_key.clone(), permissions: Account::every_permission() };
    let mut account = Account {
        clock: options.clock.clone(),
        seed: options.seed,
        keys: BTreeMap::from([(options.access_key.clone(), key)]),
        tokens: HashMap::new(),
        tokens_made: 0,
        units: units(options.seed),
        establishments: establishments(),
        persons: persons(options.seed),
        posts: BTreeMap::new(),
        applicants: BTreeMap::new(),
        by_email: HashMap::new(),
        applications: BTreeMap::new(),
        applications_of: HashMap::new(),
        webhooks: BTreeMap::new(),
        deliveries: Vec::new(),
        writing: BTreeMap::new(),
        pending: Vec::new(),
        served_as: HashMap::new(),
        writes: BTreeMap::new(),
        last: HashMap::from([("person", 100), ("offer", 0), ("application", 1000), ("document", 0)]),
        links_made: 0,
    };
    posts(&mut account, options.jobs);
    applicants(&mut account, options.candidates);
    account
}

fn units(seed: u64) -> BTreeMap<String, Unit> {
    let unit = |number: u64, name: &str, parent: Option<&str>, is_active| {
        let (name, parent) = (name.to_owned(), parent.map(str::to_owned));
        (number.to_string(), Unit { uuid: uuid(seed, 4, number), name, parent, is_active })
    };
    BTreeMap::from([
        unit(100, "Verwaltung", None, true),
        unit(200, "Entwicklung", Some("100"), true),
        unit(300, "Vertrieb", Some("100"), true),
        unit(400, "Lager (aufgelöst)", None, false),
    ])
}

fn establishments() -> BTreeMap<String, Establishment> {
    let establishment = |id: &str, name: &str, number: &str, place: usize| {
        let (city, zip_code, state, country) = names::PLACES[place];
        let address = Address {
            street: Some("Musterstr.".into()),
            street_number: Some("1".into()),
            additional_data: (place == 1).then(|| "2. Hinterhof".into()),
            zip_code: Some(zip_code.into()),
            city: Some(city.into()),
            state: Some(state.into()),
            country: Some(country.into()),
            phone: Some("+49 761 0000".into()),
        };
        (id.to_owned(), Establishment { name: name.to_owned(), number: number.to_owned(), address })
    };
    BTreeMap::from([
        establishment("3", "Freiburg", "12345678", 0),
        establishment("4", "Berlin Mitte", "23456789", 1),
        establishment("5", "Wien", "34567890", 4),
    ])
}

fn persons(seed: u64) -> BTreeMap<String, Person> {
    let person = |number: u64, first: &str, last: &str, units: &[&str], is_active| {
        let person_id = format!("{}.{}", names::ascii(first), names::ascii(last));
        Person {
            uuid: Some(uuid(seed, 3, number)),
            personnel_number: number.to_string(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: Some(format!("{person_id}@acme.example")),
            units: units.iter().map(|unit| (*unit).to_owned()).collect(),
            is_active,
            person_id,
        }
    };
    let all = [
        person(1, "Dagmar", "Silberpappel", &["100"], true),
        person(2, "Eike", "Dünenbrück", &["200"], true),
        // In two lists of the map.
        person(3, "Focko", "Marschländer", &["200", "300"], true),
        Person { email: None, ..person(4, "Gesa", "Wattwurm", &["300"], true) },
        // Has left, and is still a contact.
        person(5, "Hinnerk", "Altenteil", &["300"], false),
        // Their unit is inactive, or they have none.
        person(6, "Imke", "Speicher", &["400"], true),
        person(7, "Jelto", "Ohneamt", &[], true),
        Person { uuid: None, ..person(8, "Keno", "Altbestand", &["100"], true) },
    ];
    all.into_iter().map(|person| (person.id().to_owned(), person)).collect()
}

fn posts(account: &mut Account, count: usize) {
    for index in 0..count {
        let number = account.fresh("post");
        let key = format!("POST-{number:04}");
        let post = post(account, number, index, count);
        account.posts.insert(key, post);
    }
}

fn post(account: &mut Account, number: u64, index: usize, count: usize) -> Post {
    let kind = index % 12;
    let text = |text: &str| Some(text.to_owned());
    let contact = |number: u64| Some(uuid(account.seed, 3, number));
    let unit = match kind {
        5 => "400",
        1 | 2 | 8 => "300",
        9 => "100",
        _ => "200",
    };
    let unit_uuid = account.units.get(unit).map(|unit| unit.uuid.clone());
    let name = names::POSITIONS[index % names::POSITIONS.len()];
    let section = |name: &str, title: Option<&str>, text: &str| {
        (name.to_owned(), title.map(str::to_owned), Some(text.to_owned()))
    };
    let sections = match kind {
        7 => Vec::new(),
        1 => vec![section("tasks", None, "<p>Viel zu tun.</p>")],
        _ => vec![
            section("introduction", Some("Über uns"), "<p>Wir sind die Acme GmbH.</p>"),
            section("tasks", Some("Aufgaben"), "<ul><li>Planen</li><li>Bauen</li></ul>"),
            section("profile", Some("Profil & Erfahrung"), "<p>Sorgfalt.</p>"),
            section("offer", Some("Wir bieten"), "<p>Obst.</p>"),
            section("summary", Some("Kontakt"), "<p>Schreiben Sie uns.</p>"),
        ],
    };
    let mut post = Post {
        uuid: (kind != 11).then(|| uuid(account.seed, 2, number)),
        name: format!("{name} ({number})"),
        display_name: (kind != 7).then(|| format!("{name} (m/w/d)")),
        is_active: kind != 2,
        unit_number: Some(unit.to_owned()),
        unit_uuid: unit_uuid.filter(|_| kind != 6),
        contact: match kind {
            3 => None,
            5 => contact(5),
            11 => text("keno.altbestand"),
            _ => contact(1 + index as u64 % 3),
        },
        contact_phone: text("+49 761 0000").filter(|_| kind != 3),
        contact_email: text("jobs@acme.example").filter(|_| kind != 3),
        scope_of_activities: text(match kind {
            0 | 6 => "itAndSoftwareDevelopment",
            5 => "healthMedicalAndSocial",
            7 => "notSpecified",
            _ => "salesAndCommerce",
        }),
        image_url: kind.is_multiple_of(2).then(|| format!("https://images.acme.example/{number}.jpg")),
        sections,
        offers: Vec::new(),
        sources: names::SOURCES[..5].iter().map(|source| (*source).to_owned()).collect(),
    };
    let days = DAYS * index as i64 / count.max(1) as i64;
    let published = begin().date_naive() + Duration::days(days);
    let base = Offer {
        establishments: vec!["3".to_owned()],
        place_of_work_type: text("onsite"),
        employment_contract: text("permanentEmployment"),
        working_time_model: text("fullTime"),
        career_level: text("professional"),
        job_portal: text("Stellenportal"),
        priority: Some(1),
        publication_date: Some(published),
        is_active: kind != 2,
        ..Offer::default()
    };
    let offers = match kind {
        // The second is the later one, but not active.
        0 => vec![
            Offer {
                suffix: text("Freiburg"),
                description: text("<p>Am Fuß des Schwarzwalds.</p>"),
                place_of_work_type: text("hybrid"),
                valid_until_date: Some(published + Duration::days(300)),
                ..base.clone()
            },
            Offer {
                suffix: text("Berlin"),
                establishments: vec!["4".to_owned()],
                publication_date: Some(published + Duration::days(30)),
                is_active: false,
                ..base
            },
        ],
        1 => Vec::new(),
        3 => vec![Offer {
            establishments: Vec::new(),
            employment_contract: text("studentJob"),
            career_level: text("apprenticeOrWorkingStudent"),
            ..base
        }],
        4 => vec![Offer {
            is_legacy: true,
            place_of_work_type: text("hybrid"),
            employment_contract: text("marginalEmployment"),
            working_time_model: None,
            ..base
        }],
        5 => {
            vec![Offer { working_time_model: text("fullTimeOrPartTime"), establishments: vec!["5".to_owned()], ..base }]
        }
        6 => vec![
            Offer { working_time_model: text("partTime"), ..base.clone() },
            // Both active: the one published later.
            Offer {
                establishments: vec!["4".to_owned()],
                publication_date: Some(published + Duration::days(10)),
                ..base
            },
        ],
        7 => vec![Offer {
            employment_contract: text("notSpecified"),
            working_time_model: text("notSpecified"),
            career_level: text("notSpecified"),
            place_of_work_type: None,
            publication_date: None,
            job_portal: None,
            priority: None,
            ..base
        }],
        8 => vec![Offer {
            establishments: vec!["5".to_owned(), "3".to_owned()],
            place_of_work_type: text("remote"),
            employment_contract: text("internship"),
            ..base
        }],
        9 => {
            vec![Offer { employment_contract: text("apprenticeship"), career_level: text("youngProfessional"), ..base }]
        }
        10 => vec![Offer {
            employment_contract: text("externalEmployee"),
            career_level: text("executive"),
            valid_until_date: Some(published + Duration::days(60)),
            ..base
        }],
        11 => vec![Offer { employment_contract: text("shortTermEmployment"), is_legacy: true, ..base }],
        _ => vec![base],
    };
    for offer in offers {
        let id = account.fresh("offer").to_string();
        post.offers.push(Offer { id, ..offer });
    }
    post
}

fn applicants(account: &mut Account, count: usize) {
    let keys: Vec<String> = account.posts.keys().cloned().collect();
    let mut applications = Vec::with_capacity(count + count / 3);
    for index in 0..count {
        let dice = Dice { seed: account.seed, index: index as u64 };
        let number = account.fresh("applicant");
        let uuid = account.uuid(1, number);
        let applicant = applicant(index, number, dice);
        if let Some(email) = &applicant.email {
            account.by_email.insert(email.to_lowercase(), uuid.clone());
        }
        account.applicants.insert(uuid.clone(), applicant);
        if keys.is_empty() {
            continue;
        }
        let start = begin() + Duration::seconds(DAYS * 86_400 / count as i64 * index as i64);
        let how_many = match index % 43 {
            8 => 2,
            9 => 3,
            _ => 1 + usize::from(dice.roll(20, 5) == 0),
        };
        for which in 0..how_many {
            applications.push(application(account, index, which, dice, (&keys, &uuid, start)));
        }
    }
    applications.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.applicant.cmp(&b.applicant)));
    for application in applications {
        let id = account.fresh("application");
        account.applications_of.entry(application.applicant.clone()).or_default().push(id);
        account.applications.insert(id, application);
    }
}

fn applicant(index: usize, number: u64, dice: Dice) -> Applicant {
    let first = names::FIRST[dice.roll(3, names::FIRST.len())];
    let last = names::LAST[dice.roll(4, names::LAST.len())];
    let (city, zip_code, state, country) = names::PLACES[dice.roll(5, names::PLACES.len())];
    let phone = (index % 17 != 2).then(|| format!("+49 15{:09}", dice.roll(6, 1_000_000_000)).into());
    let address = match index % 43 {
        6 => Address { phone, ..Address::default() },
        _ => Address {
            street: Some(names::STREETS[dice.roll(7, names::STREETS.len())].into()),
            street_number: Some((1 + dice.roll(8, 99)).to_string().into()),
            additional_data: (dice.roll(9, 9) == 0).then(|| "c/o Hagebutt".into()),
            zip_code: Some(zip_code.into()),
            city: Some(city.into()),
            state: Some(state.into()),
            country: Some(country.into()),
            phone,
        },
    };
    Applicant {
        first_name: first.into(),
        last_name: if index % 43 == 10 { "".into() } else { last.into() },
        email: (index % 23 != 3).then(|| format!("{}.{}{number}@example.com", names::ascii(first), names::ascii(last))),
        title: (dice.roll(10, 11) == 0).then(|| "Dr.".into()),
        salutation: Some(["mr", "ms", "none"][dice.roll(11, 3)].into()),
        gender: match index % 43 {
            7 => Some("not specified".into()),
            11 => None,
            _ => Some(["male", "female", "diverse"][dice.roll(12, 3)].into()),
        },
        address,
        birthday: (dice.roll(13, 3) == 0).then(|| day(1960 + dice.roll(14, 45) as i32, 5, 17)),
        earliest_possible_join_date: (dice.roll(15, 2) == 0).then(|| day(2025, 9, 1)),
        is_legacy: index % 43 == 4,
    }
}

fn application(
    account: &mut Account,
    index: usize,
    which: usize,
    dice: Dice,
    (keys, uuid, start): (&[String], &str, DateTime<Utc>),
) -> JobApplication {
    let dice = Dice { index: dice.index * 8 + which as u64, ..dice };
    let post = keys[(dice.roll(30, keys.len()) + which) % keys.len()].clone();
    let offer = account.posts.get(&post).and_then(|post| post.offers.first()).map(|offer| offer.id.clone());
    let status = match (index % 211, dice.roll(31, 12)) {
        (5, _) => "secondInterview",
        (6, _) => "created",
        (_, 0..=3) => "applied",
        (_, 4 | 5) => "inProgress",
        (_, 6) => "documentCreation",
        (_, 7) => "employed",
        (_, 8..=10) => "notEmployed",
        _ => "movedToTalentPool",
    };
    let source = names::SOURCES[dice.roll(32, names::SOURCES.len())];
    // The newest of these has no source; the one before has.
    let has_source = match index % 43 {
        9 => which != 2,
        _ => dice.roll(33, 7) != 0,
    };
    let documents = (0..[0, 1, 1, 2][dice.roll(34, 4)]).map(|which| Document {
        id: account.fresh("document"),
        name: if which == 0 { "lebenslauf.txt" } else { "zeugnis.txt" }.into(),
        content_type: "text/plain; charset=utf-8".into(),
        content: None,
    });
    JobApplication {
        documents: documents.collect(),
        applicant: uuid.to_owned(),
        post,
        offer: offer.filter(|_| dice.roll(35, 3) != 0),
        status: status.into(),
        created_at: start + Duration::days(20 * which as i64) + Duration::seconds(dice.roll(36, 86_400) as i64),
        source: has_source.then(|| source.into()),
        desired_salary: (dice.roll(37, 2) == 0).then(|| 36_000 + 1000 * dice.roll(38, 40) as u32),
        permission_to_store: Some(["notGranted", "onlyForApplication", "afterApplication"][dice.roll(39, 3)].into()),
        has_privacy_terms_accepted: Some(dice.roll(40, 5) != 0),
        remark: (dice.roll(41, 9) == 0).then(|| "Bitte nur abends anrufen.".into()),
    }
}
