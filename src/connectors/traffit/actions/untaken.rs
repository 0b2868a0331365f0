//! Inputs of the contract that TRAFFIT's API does not take: they are left out, and said to be.

use crate::connectors::action::{Input, Person, Warning};

pub fn warnings(input: &Input) -> Vec<Warning> {
    let nobody = Person::default();
    let person = input.person.as_ref().unwrap_or(&nobody);
    let inputs: [(bool, &[&str]); 12] = [
        (person.title.is_some(), &["input", "candidate", "title"]),
        (person.phone.is_some(), &["input", "candidate", "phoneNumber"]),
        (person.city.is_some(), &["input", "candidate", "location", "city"]),
        (person.country.is_some(), &["input", "candidate", "location", "country"]),
        (person.state.is_some(), &["input", "candidate", "location", "state"]),
        (person.street.is_some(), &["input", "candidate", "location", "street1"]),
        (person.zip_code.is_some(), &["input", "candidate", "location", "zipCode"]),
        (person.gender.is_some(), &["input", "candidate", "gender"]),
        (person.availability_date.is_some(), &["input", "candidate", "availabilityDate"]),
        (person.salary.is_some(), &["input", "candidate", "salaryExpectations"]),
        (input.source.is_some(), &["input", "source", "name"]),
        (input.gdpr_consent.is_some(), &["input", "gdprConsent", "given"]),
    ];
    let given = inputs.into_iter().filter(|(is_given, _)| *is_given);
    given
        .map(|(_, path)| Warning {
            message: format!("{} is not written to TRAFFIT", path[1..].join(".")),
            field: path.iter().map(|part| (*part).to_owned()).collect(),
        })
        .collect()
}
