//! Inputs of the contract that TRAFFIT's API does not take: they are left out, and said to be.

use crate::connectors::action::{Input, Warning};

pub fn warnings(input: &Input) -> Vec<Warning> {
    let mut left_out: Vec<&[&str]> = Vec::new();
    if let Some(person) = &input.person {
        let location = [
            (&person.city, "city"),
            (&person.country, "country"),
            (&person.state, "state"),
            (&person.street, "street1"),
            (&person.zip_code, "zipCode"),
        ];
        left_out.extend(person.title.as_ref().map(|_| &["input", "candidate", "title"][..]));
        left_out.extend(person.phone.as_ref().map(|_| &["input", "candidate", "phoneNumber"][..]));
        for (value, name) in location {
            let path: &[&str] = match name {
                "city" => &["input", "candidate", "location", "city"],
                "country" => &["input", "candidate", "location", "country"],
                "state" => &["input", "candidate", "location", "state"],
                "street1" => &["input", "candidate", "location", "street1"],
                _ => &["input", "candidate", "location", "zipCode"],
            };
            left_out.extend(value.as_ref().map(|_| path));
        }
        left_out.extend(person.gender.map(|_| &["input", "candidate", "gender"][..]));
        left_out.extend(person.availability_date.map(|_| &["input", "candidate", "availabilityDate"][..]));
        left_out.extend(person.salary.map(|_| &["input", "candidate", "salaryExpectations"][..]));
    }
    left_out.extend(input.source.as_ref().map(|_| &["input", "source", "name"][..]));
    left_out.extend(input.gdpr_consent.map(|_| &["input", "gdprConsent", "given"][..]));
    left_out
        .into_iter()
        .map(|path| Warning {
            message: format!("{} is not written to TRAFFIT", path[1..].join(".")),
            field: path.iter().map(|part| (*part).to_owned()).collect(),
        })
        .collect()
}
