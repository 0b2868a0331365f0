//! Whether an input can be used, before anything is sent: pure rules, each naming the field at fault.

use url::Url;

use super::kind::is_media_type;
use super::request::{AttachmentInput, PersonInput};
use crate::connectors::action::{Person, Salary};
use crate::domain::{Refusal, text::present};

const LONGEST_TEXT: usize = 500;
const LONGEST_NOTE: usize = 100_000;

/// Collects what is wrong.
#[derive(Default)]
pub struct Checks(pub Vec<Refusal>);

impl Checks {
    pub fn refuse(&mut self, field: &[&str], message: &str) {
        self.0.push(Refusal::input(field, message));
    }

    /// One line of text that must not be empty.
    pub fn line(&mut self, field: &[&str], text: &str) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(field, "must not be empty");
        } else if text.chars().count() > LONGEST_TEXT {
            self.refuse(field, "must be at most 500 characters");
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "must not hold control characters");
        }
        text.to_owned()
    }

    fn optional_line(&mut self, field: &[&str], text: Option<&String>) -> Option<String> {
        let text = present(text.cloned())?;
        Some(self.line(field, &text))
    }

    pub fn note(&mut self, field: &[&str], text: &str) {
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.trim().is_empty() {
            self.refuse(field, "must not be empty");
        } else if text.chars().count() > LONGEST_NOTE {
            self.refuse(field, "must be at most 100,000 characters");
        } else if text.chars().any(is_control) {
            self.refuse(field, "must not hold control characters");
        }
    }

    pub fn link(&mut self, field: &[&str], url: &str) {
        let good = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !good || url.len() > 2000 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            self.refuse(field, "must be an http or https URL of at most 2000 characters");
        }
    }

    pub fn file_name(&mut self, field: &[&str], name: &str) -> String {
        let name = name.trim();
        let dots = name.chars().all(|c| c == '.');
        if name.is_empty() || dots || name.len() > 200 {
            self.refuse(field, "must be a file name of 1 to 200 bytes");
        } else if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
            self.refuse(field, "must be a file name without path separators and control characters");
        }
        name.to_owned()
    }

    pub fn content_type(&mut self, field: &[&str], text: &str) {
        if !is_media_type(text) {
            self.refuse(field, "must be a media type as in application/pdf");
        }
    }

    pub fn person(&mut self, person: &PersonInput) -> Person {
        let at = |name| ["input", "candidate", name];
        let place = |name| ["input", "candidate", "location", name];
        let email = person.email.trim();
        if !is_address(email) {
            self.refuse(&at("emailAddress"), "must be an e-mail address");
        }
        let country = present(person.country.clone()).map(|country| country.to_ascii_uppercase());
        if country.as_deref().is_some_and(|country| rust_iso3166::from_alpha2(country).is_none()) {
            self.refuse(&place("country"), "must be a country's two letters by ISO 3166-1, as in PL");
        }
        if person.availability_date == Some(None) {
            self.refuse(&at("availabilityDate"), "must be a date as in 2026-01-31");
        }
        if person.salary.is_some_and(|(_, amount)| !amount.is_finite() || !(0.0..=1e9).contains(&amount)) {
            self.refuse(&["input", "candidate", "salaryExpectations", "amount"], "must be between 0 and 1,000,000,000");
        }
        Person {
            first_name: self.line(&at("firstName"), &person.first_name),
            last_name: self.line(&at("lastName"), &person.last_name),
            email: email.to_owned(),
            title: self.optional_line(&at("title"), person.title.as_ref()),
            phone: self.optional_line(&at("phoneNumber"), person.phone.as_ref()),
            city: self.optional_line(&place("city"), person.city.as_ref()),
            country,
            state: self.optional_line(&place("state"), person.state.as_ref()),
            street: self.optional_line(&place("street1"), person.street.as_ref()),
            zip_code: self.optional_line(&place("zipCode"), person.zip_code.as_ref()),
            gender: person.gender,
            availability_date: person.availability_date.flatten(),
            salary: person.salary.map(|(period, amount)| Salary { period, amount }),
        }
    }

    pub fn attachment(&mut self, at: &[&str], attachment: &AttachmentInput) -> String {
        let field = |name| [at, &[name]].concat();
        if let Some(content_type) = &attachment.content_type {
            self.content_type(&field("contentType"), content_type);
        }
        self.file_name(&field("name"), &attachment.name)
    }
}

/// As strict as a mail server's own form: one @, a dot in the domain, nothing that must be quoted.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>[\\]@".contains(c);
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(fits)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in ["a@b.pl", "jan.kowalski+cv@example.co.uk", "o'neil@exämple.de"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "", "a", "a@b", "@b.pl", "a@", "a b@c.pl", "a@b..pl", ".a@b.pl", "a@-b.pl", "a@b.pl\n", "a@b@c.pl",
            "<a@b.pl>",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_files_hold_no_path() {
        for (name, good) in [
            ("cv.pdf", true),
            ("Życiorys 1.pdf", true),
            ("../cv", false),
            ("a\\b", false),
            ("..", false),
            ("a\u{7}", false),
            ("", false),
        ] {
            let mut checks = Checks::default();
            checks.file_name(&["name"], name);
            assert_eq!(checks.0.is_empty(), good, "{name}");
        }
    }
}
