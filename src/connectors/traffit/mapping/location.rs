//! Where a job is, out of its advert: the career page's field `geolocation`, else the option
//! `job_location`, else the first of the advert's locations (reference §2.1, §7).

use serde_json::Value;

use super::super::wire::{Post, plain_text};
use crate::domain::Location;
use crate::domain::text::present;

pub fn location(post: &Post) -> Option<Location> {
    let values = post.advert.values.iter().flatten();
    let mut geolocations = values.filter(|value| value.field_id.as_deref() == Some("geolocation"));
    geolocations
        .find_map(|field| place(&field.value))
        .or_else(|| post.options.get("job_location").and_then(place))
        .or_else(|| place(&post.advert.locations))
}

/// An object with TRAFFIT's nine keys or `{city,country}`, such an object as JSON text, or plain text; the first of
/// several that says something (options that are one value in TRAFFIT's documents are lists on live tenants).
fn place(value: &Value) -> Option<Location> {
    let location = match value {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => return place(&inner),
            Ok(Value::Null) => return None,
            _ => Location { raw: present(Some(text.as_str())), ..Location::default() },
        },
        Value::Object(_) => {
            let part = |key: &str| plain_text(value.get(key)?).ok().flatten();
            Location {
                city: part("locality").or_else(|| part("city")),
                // `country` is a name in the tenant's language beside `iso`; in `{city,country}` it is all.
                country: match value.get("city") {
                    None => part("iso").map(|iso| iso.to_uppercase()),
                    Some(_) => part("iso").or_else(|| part("country")).map(code),
                },
                state: part("region1"),
                zip_code: part("postcode"),
                ..Location::default()
            }
        }
        Value::Array(places) => return places.iter().find_map(place),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    (location != Location::default()).then_some(location)
}

/// A country's code in upper case; a name as it is.
fn code(country: String) -> String {
    let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code { country.to_uppercase() } else { country }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(city: &str, country: &str, state: &str, zip_code: &str) -> Option<Location> {
        let part = |text: &str| present(Some(text));
        Some(Location {
            city: part(city),
            country: part(country),
            state: part(state),
            zip_code: part(zip_code),
            ..Location::default()
        })
    }

    fn raw(text: &str) -> Option<Location> {
        Some(Location { raw: Some(text.into()), ..Location::default() })
    }

    #[test]
    fn the_first_place_that_says_something_counts() {
        let gdynia = json!({"locality": "Gdynia", "iso": "pl", "country": "Polska", "region1": "Pomorskie",
            "region2": "Gdynia", "region3": null, "latitude": "54.5", "longitude": "18.4", "postcode": "81-001"});
        let geolocation = |value: Value| json!([{"field_id": "geolocation", "value": value}]);
        let expected = at("Gdynia", "PL", "Pomorskie", "81-001");
        let none = json!([]);
        let cases = [
            (geolocation(gdynia.clone()), none.clone(), none.clone(), expected.clone()),
            (geolocation(json!(gdynia.to_string())), json!({"job_location": "Kraków"}), none.clone(), expected.clone()),
            (geolocation(json!("")), json!({"job_location": gdynia.to_string()}), none.clone(), expected.clone()),
            (geolocation(json!({"locality": null})), json!({"job_location": gdynia}), none.clone(), expected),
            (none.clone(), json!({"job_location": "Kraków, Polska"}), none.clone(), raw("Kraków, Polska")),
            (Value::Null, none.clone(), json!([{"city": "Łódź", "country": "Polska"}]), at("Łódź", "Polska", "", "")),
            (Value::Null, none.clone(), json!([{"city": "Łódź", "country": "pl"}]), at("Łódź", "PL", "", "")),
            (none.clone(), json!({}), json!(["Remote", "Łódź"]), raw("Remote")),
            (none.clone(), json!({"job_location": "[]"}), none.clone(), None),
            (none.clone(), json!({"job_location": ["", "Kraków"]}), none.clone(), raw("Kraków")),
            (Value::Null, none.clone(), json!(["", {"city": "Łódź"}]), at("Łódź", "", "", "")),
            (none.clone(), none.clone(), none.clone(), None),
            (geolocation(json!({"country": "Polska"})), Value::Null, Value::Null, None),
        ];
        for (values, options, locations, expected) in cases {
            let row = json!({"advert": {"values": values, "locations": locations}, "options": options});
            let post: Post = serde_json::from_value(row.clone()).unwrap();
            assert_eq!(location(&post), expected, "{row}");
        }
    }
}
