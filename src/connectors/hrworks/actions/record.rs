//! What R6 is told of a candidate and its application (§3.5, §5.6): a flat record that leaves out whatever is
//! absent, as nothing but the gender may be null. Pure.

use serde_json::{Map, Value, json};

use super::applications::Post;
use crate::connectors::action::{Action, Input, Person, Salary, Warning};
use crate::connectors::hrworks::mapping;
use crate::domain::{ActionKind, AttachmentType, Gender, Refusal, SalaryPeriod};

/// Where every application begins, whatever is asked for (§6, row 14).
const FIRST_STATUS: &str = "applied";

pub fn record(action: &Action<'_>, person: &Person, post: &Post, offer: Option<&str>) -> Value {
    let input = action.input;
    let text = |value: Option<&str>| value.filter(|text| !text.trim().is_empty()).map(Value::from);
    let gender = person.gender.map(|gender| match gender {
        Gender::Male => "male",
        Gender::Female => "female",
        Gender::Other => "diverse",
    });
    let country = person.country.as_deref().and_then(mapping::alpha3);
    let storing = input.gdpr_consent.map(|given| if given { "afterApplication" } else { "notGranted" });
    let fields = [
        ("postId", text(post.id())),
        ("postOfferId", text(offer)),
        ("firstName", text(Some(&person.first_name))),
        ("lastName", text(Some(&person.last_name))),
        ("email", text(Some(&person.email))),
        ("title", text(person.title.as_deref())),
        ("phone", text(person.phone.as_deref())),
        ("street", text(person.street.as_deref())),
        ("zipCode", text(person.zip_code.as_deref())),
        ("city", text(person.city.as_deref())),
        ("countryCode", country.map(Value::from)),
        ("gender", gender.map(Value::from)),
        ("earliestPossibleJoinDate", person.availability_date.map(|date| json!(date.format("%Y-%m-%d").to_string()))),
        ("desiredSalary", person.salary.and_then(euros_a_year).map(Value::from)),
        ("howDidYouHearAboutUs", text(input.source.as_deref())),
        ("hasPrivacyTermsAccepted", input.gdpr_consent.map(Value::from)),
        ("permissionToStoreApplication", storing.map(Value::from)),
        ("creationDateAndTime", Some(json!(mapping::basic(action.created_at)))),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// None when it is no salary that HR WORKS could take.
fn euros_a_year(salary: Salary) -> Option<i32> {
    let months = match salary.period {
        SalaryPeriod::Month => 12.0,
        SalaryPeriod::Year => 1.0,
    };
    let euros = (salary.amount * months).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
    (0.0..=f64::from(i32::MAX)).contains(&euros).then_some(euros as i32)
}

/// What must not even be tried.
pub fn unusable(input: &Input) -> Option<Refusal> {
    let salary = input.person.as_ref()?.salary?;
    let field = ["input", "candidate", "salaryExpectations", "amount"];
    euros_a_year(salary).is_none().then(|| Refusal::input(&field, "the salary is not one that HR WORKS can keep"))
}

/// What goes through without having the effect that somebody may expect.
pub fn warnings(action: &Action<'_>, sources: &[String]) -> Vec<Warning> {
    let input = action.input;
    let mut warnings = Vec::new();
    let mut warn = |field: &[&str], message: String| {
        warnings.push(Warning { message, field: field.iter().map(|part| (*part).to_owned()).collect() });
    };
    if input.stage.as_deref().is_some_and(|stage| stage != FIRST_STATUS) {
        let message = "HR WORKS begins every application in its first stage; the stage was left out";
        warn(&["input", "application", "stageId"], message.to_owned());
    }
    if let Some(person) = &input.person {
        if person.state.is_some() {
            let message = "HR WORKS takes no state of an applicant's address; it was left out";
            warn(&["input", "candidate", "location", "state"], message.to_owned());
        }
        if person.country.as_deref().is_some_and(|code| mapping::alpha3(code).is_none()) {
            let message = "the country is not one that HR WORKS knows; it was left out";
            warn(&["input", "candidate", "location", "country"], message.to_owned());
        }
    }
    let single = matches!(action.kind, ActionKind::AddAttachmentToApplication | ActionKind::AddAttachmentToCandidate);
    for (index, attachment) in input.attachments.iter().enumerate() {
        if attachment.r#type != AttachmentType::Other {
            let message = "HR WORKS keeps documents without a type; it was left out".to_owned();
            match single {
                true => warn(&["input", "attachment", "type"], message),
                false => warn(&["input", "attachments", &index.to_string(), "type"], message),
            }
        }
    }
    if input.link.as_ref().is_some_and(|link| link.prefix.is_some()) {
        let message = "HR WORKS keeps the link as a document and has no custom fields for it; the prefix was left out";
        warn(&["input", "details", "customFieldNamePrefix"], message.to_owned());
    }
    if let Some(source) = &input.source
        && !sources.is_empty()
        && !sources.contains(source)
    {
        let options = sources.iter().map(|option| format!("\"{option}\"")).collect::<Vec<_>>().join(", ");
        let (which, field): (_, &[&str]) = match input.source_by_default {
            true => (format!("the integration's default source \"{source}\""), &[]),
            false => ("this source".to_owned(), &["input", "source", "name"]),
        };
        warn(field, format!("the post does not offer {which}; it was sent as it is. The post offers {options}"));
    }
    warnings
}

/// The sources that a post offers, in any of its languages.
pub fn sources(post: &Value) -> Vec<String> {
    let languages = post.get("howDidYouHearAboutUsOptions").and_then(Value::as_object);
    let texts = languages.into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten();
    let mut sources: Vec<String> = Vec::new();
    for text in texts.filter_map(Value::as_str) {
        if !sources.iter().any(|known| known == text) {
            sources.push(text.to_owned());
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::action::{Attachment, ResultLink};

    fn full() -> Input {
        let person = Person {
            first_name: "Erika".into(),
            last_name: "Muster".into(),
            email: "erika@example.test".into(),
            title: Some("Dr.".into()),
            phone: Some("+491701234567".into()),
            city: Some("Freiburg".into()),
            country: Some("DE".into()),
            state: None,
            street: Some("Musterstr. 1".into()),
            zip_code: Some("79111".into()),
            gender: Some(Gender::Female),
            availability_date: Some("2026-09-01".parse().unwrap()),
            salary: Some(Salary { period: SalaryPeriod::Month, amount: 5416.67 }),
        };
        Input { person: Some(person), source: Some("Acme Jobs".into()), gdpr_consent: Some(true), ..Input::default() }
    }

    fn made(input: &Input, offer: Option<&str>) -> Value {
        let created_at = "2025-02-28T09:46:00.500Z".parse().unwrap();
        let action = Action { kind: ActionKind::CreateCandidate, input, created_at, taken: &[] };
        let post = Post { key: Some("SWE-01".into()), uuid: Some("u".into()) };
        record(&action, input.person.as_ref().unwrap(), &post, offer)
    }

    #[test]
    fn everything_is_told_in_the_vendors_form() {
        let expected = json!({
            "postId": "SWE-01", "postOfferId": "7", "firstName": "Erika", "lastName": "Muster", "title": "Dr.",
            "email": "erika@example.test", "phone": "+491701234567", "street": "Musterstr. 1", "zipCode": "79111",
            "city": "Freiburg", "countryCode": "DEU", "gender": "female", "earliestPossibleJoinDate": "2026-09-01",
            "desiredSalary": 65000, "howDidYouHearAboutUs": "Acme Jobs", "hasPrivacyTermsAccepted": true,
            "permissionToStoreApplication": "afterApplication", "creationDateAndTime": "20250228T094600Z",
        });
        assert_eq!(made(&full(), Some("7")), expected);
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let names = Person { first_name: "A".into(), last_name: "B".into(), ..Person::default() };
        let input = Input { person: Some(names), ..Input::default() };
        let expected = json!({
            "postId": "SWE-01", "firstName": "A", "lastName": "B", "creationDateAndTime": "20250228T094600Z",
        });
        assert_eq!(made(&input, None), expected);
        let refused = made(&Input { gdpr_consent: Some(false), ..input }, None);
        assert_eq!(refused["hasPrivacyTermsAccepted"], json!(false));
        assert_eq!(refused["permissionToStoreApplication"], json!("notGranted"));
    }

    #[test]
    fn salaries_are_whole_euros_a_year() {
        for (period, amount, euros) in [
            (SalaryPeriod::Year, 64_999.5, Some(65_000)),
            (SalaryPeriod::Month, 4_000.0, Some(48_000)),
            (SalaryPeriod::Month, 0.04, Some(0)),
            (SalaryPeriod::Year, -1.0, None),
            (SalaryPeriod::Month, 1e9, None),
            (SalaryPeriod::Year, f64::NAN, None),
        ] {
            let mut input = full();
            input.person.as_mut().unwrap().salary = Some(Salary { period, amount });
            assert_eq!(euros_a_year(Salary { period, amount }), euros);
            assert_eq!(unusable(&input).is_some(), euros.is_none());
        }
    }

    #[test]
    fn every_input_that_is_not_taken_is_named() {
        let mut input = full();
        let person = input.person.as_mut().unwrap();
        (person.state, person.country) = (Some("BW".into()), Some("ZZ".into()));
        input.stage = Some("inProgress".into());
        let attachment = |r#type| Attachment {
            name: "cv.pdf".into(),
            r#type,
            content_type: "application/pdf".into(),
            size: 1,
            hash: String::new(),
        };
        input.attachments = vec![attachment(AttachmentType::Other), attachment(AttachmentType::Cv)];
        let link = ResultLink { label: "l".into(), url: "u".into(), prefix: Some("p".into()), attributes: Vec::new() };
        input.link = Some(link);
        let of = |kind, input: &Input, sources: &[&str]| -> Vec<String> {
            let action = Action { kind, input, created_at: "2025-02-28T09:46:00Z".parse().unwrap(), taken: &[] };
            let sources: Vec<String> = sources.iter().map(|text| (*text).to_owned()).collect();
            warnings(&action, &sources).into_iter().map(|warning| warning.field.join(".")).collect()
        };
        assert_eq!(
            of(ActionKind::CreateCandidate, &input, &["acme jobs"]),
            [
                "input.application.stageId",
                "input.candidate.location.state",
                "input.candidate.location.country",
                "input.attachments.1.type",
                "input.details.customFieldNamePrefix",
                "input.source.name",
            ]
        );
        let attachment = Input { attachments: vec![attachment(AttachmentType::Cv)], ..Input::default() };
        assert_eq!(of(ActionKind::AddAttachmentToCandidate, &attachment, &[]), ["input.attachment.type"]);
        // Where nothing is offered, or just that, and where it begins anyway.
        let first = Input { stage: Some("applied".into()), ..full() };
        assert_eq!(of(ActionKind::CreateCandidate, &first, &[]), [""; 0]);
        assert_eq!(of(ActionKind::CreateCandidate, &first, &["Other", "Acme Jobs"]), [""; 0]);
    }

    #[test]
    fn sources_of_all_languages_are_options() {
        let post = json!({"howDidYouHearAboutUsOptions": {"de": ["A", "B"], "en": ["A", "C", 1], "fr": null}});
        assert_eq!(sources(&post), ["A", "B", "C"]);
        assert_eq!(sources(&json!({})), [""; 0]);
        assert_eq!(sources(&json!({"howDidYouHearAboutUsOptions": "A"})), [""; 0]);
    }
}
