//! The pages as data, each with its template under `templates/connect`. Templates escape what they are given, except
//! what stands in them as `safe`: our own guides.

use askama::Template;

use super::assets::NAMES;
use super::texts::{Language, Texts, fill};
use super::vendor::{CheckView, FieldView, RecordView, Said, StepView, Vendor};

/// Where in the whole one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Choose,
    Guide,
    Records,
    Credentials,
    Sources,
    Done,
}

pub struct StepMark {
    pub label: &'static str,
    pub number: usize,
    pub now: bool,
    pub done: bool,
}

/// What all pages of a good link have in common.
pub struct Head {
    pub t: &'static Texts,
    /// The path of the page.
    pub here: String,
    pub organization: String,
    pub slug: &'static str,
    pub vendor: &'static str,
    pub steps: Vec<StepMark>,
}

impl Head {
    pub fn new(language: Language, here: &str, organization: &str, vendor: Option<&Vendor>, now: Step) -> Self {
        let t = language.texts();
        let sources = vendor.is_some_and(Vendor::has_sources);
        let all = [
            (Step::Choose, t.step_choose),
            (Step::Guide, t.step_guide),
            (Step::Records, t.step_records),
            (Step::Credentials, t.step_credentials),
            (Step::Sources, t.step_sources),
            (Step::Done, t.step_done),
        ];
        let shown = all.into_iter().filter(|(step, _)| sources || *step != Step::Sources);
        let steps = shown.enumerate().map(|(at, (step, label))| StepMark {
            label,
            number: at + 1,
            now: step == now,
            done: step < now || (step == Step::Done && now == Step::Done),
        });
        Self {
            t,
            here: here.to_owned(),
            organization: organization.to_owned(),
            slug: vendor.map_or("", |vendor| vendor.manifest.slug),
            vendor: vendor.map_or("", |vendor| vendor.manifest.name),
            steps: steps.collect(),
        }
    }

    /// A text about the vendor.
    pub fn of_vendor(&self, text: &str) -> String {
        fill(text, &[self.vendor])
    }

    pub fn of_organization(&self, text: &str) -> String {
        fill(text, &[&self.organization])
    }
}

#[derive(Template)]
#[template(path = "connect/layout.html")]
pub struct Layout<'a> {
    pub t: &'static Texts,
    pub title: &'a str,
    /// HTML of one of the pages below.
    pub main: &'a str,
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    /// The same page in each language.
    pub languages: Vec<LanguageLink>,
}

pub struct LanguageLink {
    pub t: &'static Texts,
    pub href: String,
    pub now: bool,
}

impl<'a> Layout<'a> {
    /// `address`: of this page, without its language.
    pub fn new(language: Language, address: &str, title: &'a str, main: &'a str) -> Self {
        let separator = if address.contains('?') { '&' } else { '?' };
        let link = |other: Language| LanguageLink {
            t: other.texts(),
            href: format!("{address}{separator}lang={}", other.tag()),
            now: other == language,
        };
        Self {
            t: language.texts(),
            title,
            main,
            style: &NAMES.style,
            script: &NAMES.script,
            icon: &NAMES.icon,
            languages: Language::ALL.into_iter().map(link).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "connect/choose.html")]
pub struct Choose {
    pub head: Head,
    /// Slug and name.
    pub vendors: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "connect/guide.html")]
pub struct Guide {
    pub head: Head,
    pub again: bool,
    /// Whether another vendor can be chosen.
    pub free: bool,
    /// HTML.
    pub prerequisites: Vec<String>,
    pub guide: Vec<StepView>,
}

#[derive(Template)]
#[template(path = "connect/records.html")]
pub struct Records {
    pub head: Head,
    pub records: Vec<RecordView>,
    pub actions: Vec<&'static str>,
    /// Whether one tried to go on without agreeing.
    pub missing: bool,
}

#[derive(Template)]
#[template(path = "connect/credentials.html")]
pub struct Credentials {
    pub head: Head,
    pub stamp: String,
    pub fields: Vec<FieldView>,
    pub guide: Vec<StepView>,
    pub problem: Option<Problem>,
}

/// Why nothing was connected.
pub struct Problem {
    pub lead: Said,
    pub checks: Vec<CheckView>,
    /// Whether what is secret was entered, and has to be entered again.
    pub again: bool,
}

#[derive(Template)]
#[template(path = "connect/check.html")]
pub struct OneCheck<'a> {
    pub t: &'static Texts,
    pub check: &'a CheckView,
}

#[derive(Template)]
#[template(path = "connect/result.html")]
pub struct Outcome {
    pub head: Head,
    pub checks: Vec<CheckView>,
    pub failed: usize,
    pub sources: bool,
}

impl Outcome {
    pub fn how_many_failed(&self) -> String {
        match self.failed {
            1 => self.head.t.partly_one.to_owned(),
            many => fill(self.head.t.partly, &[&many.to_string()]),
        }
    }
}

#[derive(Template)]
#[template(path = "connect/sources.html")]
pub struct Sources {
    pub head: Head,
    pub guide: Vec<StepView>,
}

#[derive(Template)]
#[template(path = "connect/done.html")]
pub struct Done {
    pub head: Head,
    pub again: bool,
    pub sources: bool,
    /// The address, and what is said of it.
    pub lead_back: Option<(String, String)>,
}

/// What is wrong with a link or a form.
#[derive(Template)]
#[template(path = "connect/message.html")]
pub struct Message {
    pub t: &'static Texts,
    pub title: &'static str,
    pub text: &'static str,
    /// Where to begin again.
    pub again: Option<String>,
}
