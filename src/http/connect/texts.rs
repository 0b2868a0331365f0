//! What the page says, once a language: a text that one of them lacks does not compile. What vendors say comes from
//! their manifests and guides.

mod de;
mod en;

use crate::connectors::catalogue::{self, Catalogue};
use crate::domain::{ActionKind, RecordType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    En,
    De,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    pub fn tag(self) -> &'static str {
        self.texts().tag
    }

    pub fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::De => &de::TEXTS,
        }
    }
}

/// `{}` stands for what is filled in.
pub struct Texts {
    /// Of the language.
    pub tag: &'static str,
    pub language: &'static str,
    pub languages: &'static str,
    pub skip: &'static str,
    pub made_by: &'static str,
    pub back: &'static str,
    pub next: &'static str,

    pub steps: &'static str,
    pub step_choose: &'static str,
    pub step_guide: &'static str,
    pub step_records: &'static str,
    pub step_credentials: &'static str,
    pub step_sources: &'static str,
    pub step_done: &'static str,

    pub for_whom: &'static str,
    pub choose_title: &'static str,
    pub choose_lead: &'static str,

    pub guide_title: &'static str,
    pub guide_title_again: &'static str,
    pub guide_lead: &'static str,
    pub guide_lead_again: &'static str,
    pub prerequisites: &'static str,
    pub how: &'static str,
    pub other_system: &'static str,

    pub records_title: &'static str,
    pub records_lead: &'static str,
    pub read: &'static str,
    pub read_lead: &'static str,
    pub written: &'static str,
    pub written_lead: &'static str,
    pub fields: &'static str,
    pub field: &'static str,
    pub safety: &'static str,
    pub agree: &'static str,
    pub agree_missing: &'static str,

    pub credentials_title: &'static str,
    pub credentials_lead: &'static str,
    pub optional: &'static str,
    pub show_guide: &'static str,
    pub connect: &'static str,
    pub sealed: &'static str,

    pub problem: &'static str,
    pub required: &'static str,
    pub check_input: &'static str,
    pub refused: &'static str,
    pub forbidden: &'static str,
    pub unreachable: &'static str,
    pub limited: &'static str,
    pub enter_secrets: &'static str,
    pub what_to_do: &'static str,

    pub testing: &'static str,
    pub testing_lead: &'static str,
    pub tests: &'static str,
    pub credentials: &'static str,
    pub passed: &'static str,
    pub failed: &'static str,

    pub connected_title: &'static str,
    pub connected_lead: &'static str,
    pub partly: &'static str,
    pub partly_one: &'static str,
    pub partly_lead: &'static str,
    pub all_passed: &'static str,

    pub sources_title: &'static str,
    pub sources_lead: &'static str,
    pub to_sources: &'static str,
    pub finish: &'static str,

    pub done_title: &'static str,
    pub done_lead: &'static str,
    pub done_again: &'static str,
    pub done_used: &'static str,
    pub close: &'static str,
    pub lead_back: &'static str,

    pub unknown_title: &'static str,
    pub unknown: &'static str,
    pub expired_title: &'static str,
    pub expired: &'static str,
    pub dead_title: &'static str,
    pub dead: &'static str,
    pub foreign_title: &'static str,
    pub foreign: &'static str,
    pub busy_title: &'static str,
    pub busy: &'static str,
    pub broken_title: &'static str,
    pub broken: &'static str,
    pub open_again: &'static str,

    /// A kind of records, and what of them is read.
    pub record: fn(RecordType) -> (&'static str, &'static str),
    pub action: fn(ActionKind) -> &'static str,
    /// Of what the service itself says.
    pub catalogue: Catalogue,
}

/// A text with what is filled in.
pub fn fill(text: &str, parts: &[&str]) -> String {
    catalogue::fill(text, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag() {
        for (tag, expected) in
            [("de", Some(Language::De)), ("de-AT", Some(Language::De)), ("EN-us", Some(Language::En)), ("pl", None)]
        {
            assert_eq!(Language::parse(tag), expected, "{tag}");
        }
    }

    #[test]
    fn what_the_service_says_keeps_its_parts() {
        for (english, german) in Language::De.texts().catalogue {
            assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{english}");
        }
    }
}
