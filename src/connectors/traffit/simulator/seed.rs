//! A tenant out of a number: the same seed gives the same records, whatever the time of day. Every oddity of
//! the reference occurs at a fixed place, so that 200 candidates and 12 jobs have all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use chrono::{Duration, NaiveDate, NaiveDateTime};
use serde_json::{Map, json};

use super::Options;
use super::account::{Account, SCOPES};
use super::feed;
use super::names;
use super::records::{
    Activity, Candidate, CustomField, File, Job, LedgerRow, Responsible, Said, SourceRow, State, User, Workflow,
};
use super::webhook::Variant;

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

    fn seconds(self, salt: u64, days: usize) -> Duration {
        Duration::seconds(self.roll(salt, days * 86_400) as i64)
    }
}

fn at(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(hour, minute, 0)).unwrap_or_default()
}

/// The seeded years end in the autumn of 2025, before any clock that a test would freeze later.
const DAYS: i64 = 1600;

fn begin() -> NaiveDateTime {
    at(2021, 1, 4, 7, 15)
}

pub(super) fn account(options: &Options) -> Account {
    let mut account = Account {
        clock: options.clock.clone(),
        seed: options.seed,
        client_id: options.client_id.clone(),
        client_secret: options.client_secret.clone(),
        scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        tokens: HashMap::new(),
        tokens_made: 0,
        candidates: BTreeMap::new(),
        jobs: BTreeMap::new(),
        members: BTreeMap::new(),
        jobs_of: BTreeSet::new(),
        ledger: Vec::new(),
        activities: Vec::new(),
        sources: Vec::new(),
        workflows: workflows(),
        users: users(),
        clients: (1..).zip(names::CLIENTS.iter().map(|name| (*name).to_owned())).collect(),
        rejections: names::REJECTIONS.iter().map(|(id, name)| (*id, (*name).to_owned())).collect(),
        tags: (7..).zip(names::TAGS.iter().map(|name| (*name).to_owned())).collect(),
        posts: BTreeMap::new(),
        candidate_fields: candidate_fields(),
        job_fields: job_fields(),
        webhooks: BTreeMap::new(),
        deliveries: VecDeque::new(),
        variant: Variant::Nested,
        served_as: HashMap::new(),
        writes: BTreeMap::new(),
        last_id: HashMap::from([
            ("user", 60),
            ("workflow", 10),
            ("state", 200),
            ("tag", 40),
            ("webhook", 11),
            ("advert", 12_000),
            ("post", 600),
            ("file", 145_000.max(2_000 + 2 * options.candidates as i64)),
        ]),
    };
    jobs(&mut account, options.jobs);
    candidates(&mut account, options.candidates);
    applications(&mut account);
    account
}

fn candidate_fields() -> Vec<CustomField> {
    let field = |sid: &str, label: &str, choices: &[&str], multiple| CustomField {
        sid: sid.to_owned(),
        label: label.to_owned(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        multiple,
    };
    vec![
        field("_nationality", "Narodowość", &names::NATIONALITIES, false),
        field("_experience", "Doświadczenie (lata)", &["0-2", "2-5", "5+"], true),
        field("_education", "Wykształcenie", &["Wykształcenie średnie", "Wykształcenie wyższe"], true),
        field("_Position", "Stanowisko", &[], false),
        field("_technologie", "Technologie", &[], false),
        field("_previous_employers", "Poprzedni pracodawcy", &[], false),
    ]
}

fn job_fields() -> Vec<CustomField> {
    let field = |sid: &str, label: &str, choices: &[&str]| CustomField {
        sid: sid.to_owned(),
        label: label.to_owned(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        multiple: false,
    };
    vec![
        field("_Seniority", "Poziom", &["Junior", "Mid", "Senior"]),
        field("_Budget", "Budżet", &[]),
        field("_cost_center", "MPK", &[]),
    ]
}

fn users() -> BTreeMap<i64, User> {
    let updated_at = at(2023, 4, 3, 9, 30);
    let user =
        |username: &str, name: Option<&str>, lastname: Option<&str>, email: Option<&str>, is_active: bool| User {
            username: username.to_owned(),
            name: name.map(str::to_owned),
            lastname: lastname.map(str::to_owned),
            email: email.map(str::to_owned),
            is_active,
            updated_at,
        };
    BTreeMap::from([
        (1, user("system", None, None, None, true)),
        (28, user("dawny", None, None, Some("dawny@acme.example"), false)),
        (40, user("h.lipowa", Some("Halina"), Some("Lipowa"), Some("h.lipowa@acme.example"), true)),
        (42, user("kierownik", Some("Żegota"), None, Some("kierownik@acme.example"), true)),
        (43, user("bez.adresu@acme.example", Some("Ewaryst"), Some("Bezadresy"), None, true)),
        (49, user("p.osowska", Some("Pelagia"), Some("Osowska"), Some("P.Osowska@acme.example"), true)),
        (51, user("stazysta", Some(""), Some(""), Some(""), false)),
        (54, user("z.wilk", Some("Zdzisława"), Some("Wilk"), Some("z.wilk@acme.example"), false)),
    ])
}

fn workflows() -> BTreeMap<i64, Workflow> {
    let named =
        |id, name: &str, kind: &str, order| State { sid: Some(name.to_owned()), ..State::new(id, name, kind, order) };
    let timed =
        |id, name: &str, kind: &str, order, days| State { time_limit: Some(days), ..State::new(id, name, kind, order) };
    let rejecting =
        |id, name: &str, kind: &str, order| State { is_rejection: true, ..State::new(id, name, kind, order) };
    let office = vec![
        named(19, "Nowy", "start", 0),
        named(23, "Screening", "screening", 1),
        timed(32, "Rozmowa", "initial_accept", 2, 5),
        State::new(38, "Weryfikacja techniczna", "technical_verification", 3),
        timed(37, "Zadanie", "task", 4, 1),
        named(24, "Wysłany do Klienta", "client_verification", 5),
        named(25, "Interview", "interview", 8),
        // The same name as state 32, and an order that another state has too.
        State::new(33, "Rozmowa", "interview", 8),
        named(26, "Zaakceptowany", "initial_accept", 11),
        rejecting(34, "Rezygnacja", "resignation", 12),
        named(20, "Zatrudniony", "end-good", 9_999_997),
        named(21, "Odrzucenie", "end-bad", 9_999_998),
        named(22, "Współpraca zakończona", "wait", 9_999_999),
    ];
    let warehouse = vec![
        named(60, "Nowy", "start", 0),
        named(61, "Telefon", "screening", 1),
        named(62, "Dzień próbny", "trial_day", 2),
        named(63, "Zatrudniony", "end-good", 9_999_997),
        named(64, "Odrzucenie", "end-bad", 9_999_998),
        named(65, "Rezerwa", "wait", 9_999_999),
    ];
    BTreeMap::from([
        (4, Workflow { name: "B2B".to_owned(), updated_at: at(2023, 3, 26, 9, 18), states: office }),
        (6, Workflow { name: "Magazyn".to_owned(), updated_at: at(2022, 5, 2, 12, 0), states: warehouse }),
    ])
}

fn jobs(account: &mut Account, count: usize) {
    for index in 0..count {
        let id = account.fresh("job");
        let dice = Dice { seed: account.seed, index: index as u64 };
        let kind = index % 12;
        let days = DAYS * index as i64 / count as i64;
        let created_at = match index {
            // A wall-clock time that never was, and one that was twice (§1.9).
            2 => at(2024, 3, 31, 2, 30),
            3 => at(2024, 10, 27, 2, 30),
            _ => begin() + Duration::days(days) + dice.seconds(20, 2),
        };
        let updated_at = created_at + dice.seconds(21, 140);
        let is_closed = matches!(kind, 5 | 9);
        let closing_date = match kind {
            5 | 9 => Some(updated_at),
            0 | 4 => Some(created_at + Duration::days(45)),
            _ => None,
        };
        let code = if kind == 8 { index - 8 } else { index };
        let mut fields = Map::new();
        if !index.is_multiple_of(3) {
            let level = ["Junior", "Mid", "Senior"][dice.roll(22, 3)];
            fields.insert("_Seniority".to_owned(), json!(level));
        }
        if index.is_multiple_of(2) {
            fields.insert("_Budget".to_owned(), json!(format!("{} 000 PLN", 8 + dice.roll(23, 20))));
        }
        let job = Job {
            name: names::POSITIONS[index % names::POSITIONS.len()].to_owned(),
            nr_ref: (kind != 9).then(|| format!("/{}/{:02}/2022/EP", code + 1, code % 12 + 1)),
            client: (kind != 4).then_some(1 + (index % names::CLIENTS.len()) as i64),
            workflow_id: match kind {
                7 => None,
                10 => Some(999),
                3 | 11 => Some(6),
                _ => Some(4),
            },
            is_closed,
            is_confidential: kind == 6,
            closing_date,
            status: "active".to_owned(),
            responsible: match kind {
                2 => Responsible::Single(49),
                3 => Responsible::WrappedSingle(40),
                9 => Responsible::Wrapped(vec![42]),
                11 => Responsible::Nobody,
                1 => Responsible::Users(vec![49, 40, 43]),
                8 => Responsible::Users(vec![54, 777]),
                _ => Responsible::Users(vec![40]),
            },
            created_by: Some(49),
            updated_by: (kind != 6).then_some(40),
            created_at,
            updated_at,
            fields,
        };
        account.jobs.insert(id, job);
        feed::seed(account, id, index);
    }
}

fn candidates(account: &mut Account, count: usize) {
    let mut seeded = Vec::with_capacity(count);
    for index in 0..count {
        let (id, dice) = (index as i64 + 1, Dice { seed: account.seed, index: index as u64 });
        seeded.push((id, candidate(id, index, count, dice)));
        for _ in 0..usize::from(!index.is_multiple_of(10)) + usize::from(dice.roll(30, 10) < 8) {
            let (id, employee) = (account.sources.len() as i64 + 1, id);
            let origin = dice.roll(31 + id as u64, names::ORIGINS.len()) as u8;
            account.sources.push(SourceRow { id, employee, origin, recruitment: None });
        }
    }
    account.candidates = seeded.into_iter().collect();
    account.last_id.insert("candidate", count as i64);
}

fn candidate(id: i64, index: usize, count: usize, dice: Dice) -> Candidate {
    let mut created_at = begin() + Duration::seconds(DAYS * 86_400 / count as i64 * index as i64) + dice.seconds(1, 1);
    let mut updated_at = created_at + dice.seconds(2, 140);
    match index {
        // A wall-clock time that never was, and one that was twice (§1.9).
        4 => (created_at, updated_at) = (at(2024, 3, 31, 2, 30), at(2024, 3, 31, 2, 30)),
        5 => (created_at, updated_at) = (at(2024, 10, 27, 2, 30), at(2024, 10, 27, 2, 30)),
        _ => {}
    }
    let (name, lastname) = match index % 41 {
        7 => ("", ""),
        _ => (names::FIRST[dice.roll(3, names::FIRST.len())], names::LAST[dice.roll(4, names::LAST.len())]),
    };
    let email = match () {
        () if index % 23 == 3 => None,
        () if index % 29 == 11 => Some(String::new()),
        () => Some(format!("{}.{}{id}@example.com", names::ascii(name), names::ascii(lastname))),
    };
    let number = 600_000_000 + dice.roll(5, 99_999_999);
    let mobile = match index % 17 {
        2 => None,
        5 => Some(format!("+48 {number}; 22 {} 45 67, 0048 {}", 100 + index % 800, number - 7)),
        9 => Some(String::new()),
        _ => Some(format!("+48{number}")),
    };
    let mut tags = Vec::new();
    if dice.roll(6, 3) == 0 {
        let first = dice.roll(7, names::TAGS.len());
        tags = (0..=dice.roll(8, 3)).map(|step| 7 + ((first + step * 5) % names::TAGS.len()) as i64).collect();
    }
    let files = (0..[0, 1, 1, 2][dice.roll(9, 4)]).map(|number| File {
        id: 1000 + id * 2 + number,
        name: (number == 1).then(|| "list motywacyjny.txt".to_owned()),
        content_type: "text/plain; charset=utf-8".into(),
        uploaded_at: created_at,
        content: None,
        is_public: true,
        label: None,
    });
    let source = (index % 9 != 4).then(|| names::SOURCES[dice.roll(10, names::SOURCES.len())].1.into());
    Candidate {
        name: name.into(),
        lastname: lastname.into(),
        email,
        mobile,
        status: if index % 37 == 1 { "inactive".into() } else { "active".into() },
        source,
        owner: index.is_multiple_of(5).then_some(49),
        created_by: (!index.is_multiple_of(4)).then_some(43),
        updated_by: (!index.is_multiple_of(6)).then_some(43),
        created_at,
        updated_at,
        fields: Map::new(),
        tags,
        files: files.collect(),
        profile: mix(dice.seed, dice.index, 11) | 1 << 40,
    }
}

/// One stage of a way through the pipeline before it has an id.
struct Step {
    row: LedgerRow,
    rejection: Option<i64>,
}

fn applications(account: &mut Account) {
    let jobs = account.jobs.len();
    let mut steps: Vec<Step> = Vec::new();
    let mut activities: Vec<Activity> = Vec::new();
    for (&employee, candidate) in &account.candidates {
        let index = employee as usize - 1;
        let dice = Dice { seed: account.seed, index: index as u64 };
        let by = Some(43).filter(|_| !index.is_multiple_of(3));
        activities.push(Activity { id: 0, employee, at: candidate.created_at, by, said: Said::Imported });
        if index % 4 != 1 {
            let at = candidate.created_at + dice.seconds(40, 100);
            activities.push(Activity { id: 0, employee, at, by, said: Said::SeededNote(dice.roll(41, 200) as u8) });
        }
        if index.is_multiple_of(2) {
            let at = candidate.created_at + dice.seconds(42, 100);
            activities.push(Activity { id: 0, employee, at, by, said: Said::SeededMail(dice.roll(43, 200) as u8) });
        }
        let wanted = [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4][dice.roll(44, 20)];
        for number in 0..wanted.min(jobs) {
            let job = 1 + ((dice.roll(45, jobs) + number) % jobs) as i64;
            let office = account.jobs.get(&job).is_none_or(|job| job.workflow_id != Some(6));
            let start = candidate.created_at + Duration::days(20 * number as i64);
            way(&mut steps, Dice { index: dice.index * 8 + number as u64, ..dice }, (employee, job), start, office);
        }
    }
    steps.sort_by_key(|step| (step.row.date, step.row.employee, step.row.recruitment, step.row.end_date.is_none()));
    account.ledger.reserve_exact(steps.len());
    activities.reserve_exact(steps.len());
    for (id, step) in (1..).zip(steps) {
        let Step { mut row, rejection } = step;
        row.id = id;
        if row.end_date.is_none() {
            account.members.insert((row.recruitment, row.employee), id);
            account.jobs_of.insert((row.employee, row.recruitment));
        }
        let said = Said::Moved { ledger: id, rejection };
        activities.push(Activity { id: 0, employee: row.employee, at: row.date, by: row.created_by, said });
        account.ledger.push(row);
    }
    activities.sort_by_key(|row| row.at);
    (1..).zip(&mut activities).for_each(|(id, row)| row.id = id);
    account.last_id.insert("ledger", account.ledger.len() as i64);
    account.last_id.insert("activity", activities.len() as i64);
    account.activities = activities;
    oddities(account);
    for row in &mut account.sources {
        row.recruitment =
            account.jobs_of.range((row.employee, 0)..=(row.employee, i64::MAX)).next().map(|(_, job)| *job);
    }
}

/// Where ledger and membership disagree (§5.8): rows of people who were taken out of a job, a member whom the ledger
/// does not know, and an old row that was never closed beside the current one.
fn oddities(account: &mut Account) {
    let kind = |employee: i64| (employee - 1) % 50;
    let jobs = account.jobs.len() as i64;
    let employees: Vec<i64> = account.candidates.keys().copied().collect();
    for employee in employees {
        match kind(employee) {
            31 => {
                for job in account.jobs_of(employee).into_iter().take(1) {
                    account.remove_member(job, employee);
                }
            }
            47 => {
                let known = account.jobs_of(employee);
                if let Some(job) = (1..=jobs).find(|job| !known.contains(job)) {
                    account.members.insert((job, employee), NO_ROW);
                    account.jobs_of.insert((employee, job));
                }
            }
            _ => {}
        }
    }
    let forgotten = account.ledger.iter_mut().filter(|row| kind(row.employee) == 17 && row.end_date.is_some());
    forgotten.for_each(|row| row.end_date = None);
}

/// The ledger row of a member that has none.
const NO_ROW: i64 = 0;

/// A person's way through one job: 1.75 ledger rows on average, each beginning when the one before ends.
fn way(steps: &mut Vec<Step>, dice: Dice, (employee, recruitment): (i64, i64), start: NaiveDateTime, office: bool) {
    let (new, middle) = if office { (19, [23, 32, 25, 24]) } else { (60, [61, 62, 61, 62]) };
    let (good, bad, wait, extra) = if office { (20, 21, 22, 34) } else { (63, 64, 65, 64) };
    let last = [bad, bad, good, middle[dice.roll(51, 4)], bad, wait, extra, middle[0]][dice.roll(52, 8)];
    let states = match dice.roll(53, 8) {
        0..3 => vec![new],
        3..7 => vec![new, last],
        _ => vec![new, middle[dice.roll(54, 4)], if dice.roll(55, 2) == 0 { good } else { bad }],
    };
    let mut date = start;
    let reason = names::REJECTIONS[dice.roll(56, names::REJECTIONS.len())].0;
    for (step, &state) in states.iter().enumerate() {
        // Added straight to another stage: both rows have the same time (§5.8).
        let stays =
            if step == 0 && dice.roll(57, 6) == 0 { Duration::zero() } else { dice.seconds(58 + step as u64, 40) };
        let end_date = (step + 1 < states.len()).then(|| date + stays);
        let created_by = Some(40).filter(|_| step > 0 || dice.roll(59, 2) == 0);
        let updated_by = end_date.map(|_| 40);
        let row = LedgerRow { id: 0, employee, recruitment, state, date, end_date, created_by, updated_by };
        steps.push(Step { row, rejection: (state == bad).then_some(reason) });
        date = end_date.unwrap_or(date);
    }
}
