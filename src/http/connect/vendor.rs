//! A vendor as the page shows it, in one language: all of it comes from the manifest and the guide.

use pulldown_cmark::{Parser, html};

use super::texts::{Language, Texts, fill};
use crate::connectors::catalogue::{GERMAN, translate};
use crate::connectors::guide::{self, Guide};
use crate::connectors::manifest::{Check, CredentialField, CredentialFormat, Manifest};

/// Of every record: they say nothing of a person.
const OURS: [&str; 4] = ["id", "remoteId", "changedAt", "remoteDeletedAt"];

pub struct Vendor {
    pub manifest: &'static Manifest,
    language: Language,
}

/// A text in the language that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub lang: &'static str,
}

pub struct StepView {
    pub title: String,
    /// HTML.
    pub body: String,
}

pub struct RecordView {
    pub name: &'static str,
    pub what: &'static str,
    /// How many.
    pub count: String,
    pub fields: String,
}

pub struct FieldView {
    pub key: &'static str,
    pub label: Said,
    pub help: Option<Said>,
    pub secret: bool,
    pub required: bool,
    pub placeholder: &'static str,
    /// What was typed; never of a secret.
    pub value: String,
    /// The values to choose from, and which of them is chosen.
    pub options: Vec<(&'static str, bool)>,
    pub error: Option<Said>,
}

impl FieldView {
    /// The ids of what describes it.
    pub fn described(&self) -> String {
        let error = self.error.iter().map(|_| format!("error.{}", self.key));
        let help = self.help.iter().map(|_| format!("help.{}", self.key));
        error.chain(help).collect::<Vec<_>>().join(" ")
    }
}

pub struct CheckView {
    pub title: Said,
    pub message: Said,
    pub fix: Option<Said>,
    pub passed: bool,
}

impl Vendor {
    pub fn new(manifest: &'static Manifest, language: Language) -> Self {
        Self { manifest, language }
    }

    fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    /// What a vendor or the service says, in the reader's language as far as there is a translation.
    pub fn say(&self, text: &str) -> Said {
        let english = || Said { text: text.to_owned(), lang: Language::En.tag() };
        match self.language {
            Language::En => english(),
            Language::De => {
                let catalogues = [self.manifest.german, GERMAN, self.texts().catalogue];
                let german = translate(&catalogues, text);
                german.map_or_else(english, |text| Said { text, lang: Language::De.tag() })
            }
        }
    }

    pub fn guide(&self) -> Guide {
        guide::parse(match self.language {
            Language::En => self.manifest.guide,
            Language::De => self.manifest.guide_de,
        })
    }

    pub fn prerequisites(&self) -> Vec<String> {
        self.guide().prerequisites.iter().map(|text| markdown(text)).collect()
    }

    pub fn steps(&self) -> Vec<StepView> {
        views(self.guide().steps)
    }

    pub fn source_steps(&self) -> Vec<StepView> {
        views(self.guide().source_setup)
    }

    pub fn has_sources(&self) -> bool {
        !self.guide().source_setup.is_empty()
    }

    pub fn records(&self) -> Vec<RecordView> {
        let view = |coverage: &crate::connectors::manifest::ModelCoverage| {
            let names = coverage.fields.iter().map(|field| field.name).filter(|name| !OURS.contains(name));
            let names: Vec<String> = names.map(words).collect();
            let (name, what) = (self.texts().record)(coverage.model);
            let count = match names.len() {
                1 => self.texts().field.to_owned(),
                many => fill(self.texts().fields, &[&many.to_string()]),
            };
            RecordView { name, what, count, fields: names.join(", ") }
        };
        self.manifest.models.iter().map(view).collect()
    }

    pub fn actions(&self) -> Vec<&'static str> {
        self.manifest.actions.iter().map(|coverage| (self.texts().action)(coverage.action)).collect()
    }

    /// A field of the form, with what was typed before and what is wrong with it.
    pub fn field(&self, field: &'static CredentialField, typed: Option<&str>, error: Option<&str>) -> FieldView {
        let typed = typed.map(str::trim).unwrap_or_default();
        let options = match field.format {
            CredentialFormat::OneOf(values) => {
                let usual = field.placeholder.or(values.first().copied()).unwrap_or_default();
                let chosen = if values.contains(&typed) { typed } else { usual };
                values.iter().map(|value| (*value, *value == chosen)).collect()
            }
            CredentialFormat::Text | CredentialFormat::DnsLabel => Vec::new(),
        };
        let error = error.map(|message| match typed.is_empty() {
            true => Said { text: self.texts().required.to_owned(), lang: self.texts().tag },
            false => self.say(message),
        });
        FieldView {
            key: field.key,
            label: self.say(field.label),
            help: field.help.map(|help| self.say(help)),
            secret: field.secret,
            required: field.required,
            placeholder: field.placeholder.unwrap_or_default(),
            value: if field.secret { String::new() } else { typed.to_owned() },
            options,
            error,
        }
    }

    pub fn check(&self, check: &Check) -> CheckView {
        let ours = |text: &str| Said { text: text.to_owned(), lang: self.texts().tag };
        let title = match check.model {
            Some(model) => ours((self.texts().record)(model).0),
            // The first is always that of the credentials.
            None if check.name == "credentials" => ours(self.texts().credentials),
            None => self.say(&capital(&check.name)),
        };
        CheckView {
            title,
            message: self.say(&check.message),
            fix: check.fix.as_deref().map(|fix| self.say(fix)),
            passed: check.passed,
        }
    }
}

fn views(steps: Vec<guide::Step>) -> Vec<StepView> {
    steps.into_iter().map(|step| StepView { title: step.title, body: markdown(&step.body) }).collect()
}

/// Guides are part of the binary: what they say is ours.
fn markdown(text: &str) -> String {
    let mut written = String::with_capacity(text.len() * 2);
    html::push_html(&mut written, Parser::new(text));
    written
}

/// `firstName` as `first name`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::Registry;

    #[test]
    fn guides_say_the_same_in_both_languages_and_forms_are_translated() {
        for connector in Registry::default().all() {
            let manifest = connector.manifest();
            let (english, german) = (guide::parse(manifest.guide), guide::parse(manifest.guide_de));
            let size = |guide: &Guide| (guide.prerequisites.len(), guide.steps.len(), guide.source_setup.len());
            assert_eq!(size(&english), size(&german), "{}", manifest.slug);
            assert!(!english.steps.is_empty(), "{}", manifest.slug);
            let vendor = Vendor::new(manifest, Language::De);
            for field in manifest.credentials {
                for text in [Some(field.label), field.help].into_iter().flatten() {
                    assert_eq!(vendor.say(text).lang, "de", "{}: {text}", manifest.slug);
                }
            }
            for (english, german) in manifest.german {
                assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{english}");
            }
        }
    }

    #[test]
    fn names_of_fields_are_read_as_words() {
        assert_eq!(words("remoteWorkStatus"), "remote work status");
        assert_eq!(capital("scope ä"), "Scope ä");
        assert_eq!(markdown("**a** `b`\n\n- c"), "<p><strong>a</strong> <code>b</code></p>\n<ul>\n<li>c</li>\n</ul>\n");
    }
}
