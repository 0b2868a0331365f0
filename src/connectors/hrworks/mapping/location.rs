//! HR WORKS's addresses (§4.3).

use super::super::wire::{Address, PermanentEstablishment};
use super::country;
use crate::domain::Location;

pub fn of_establishment(establishment: PermanentEstablishment, unread: &mut Vec<String>) -> Option<Location> {
    of_address(establishment.address, establishment.name, unread)
}

/// `raw`: what people call the place. None when nothing is known of it. `country` is a localized name and is
/// left out; its code is what counts.
pub fn of_address(address: Address, raw: Option<String>, unread: &mut Vec<String>) -> Option<Location> {
    let code = address.international_country_code;
    let country = code.as_deref().and_then(country::alpha2);
    if code.is_some() && country.is_none() {
        unread.push("internationalCountryCode is not a country's code".to_owned());
    }
    let street: Vec<String> = address.street.into_iter().chain(address.street_number).collect();
    let location = Location {
        city: address.city,
        country,
        raw,
        state: address.state,
        street1: (!street.is_empty()).then(|| street.join(" ")),
        street2: address.additional_data,
        zip_code: address.zip_code,
    };
    (location != Location::default()).then_some(location)
}
