//! Values within records.

use async_graphql::SimpleObject;

use crate::domain;
use crate::graphql::scalar::Json;
use crate::graphql::vocabulary::ContactType;

#[derive(SimpleObject)]
pub struct Location {
    city: Option<String>,
    country: Option<String>,
    raw: Option<String>,
    state: Option<String>,
    street1: Option<String>,
    street2: Option<String>,
    zip_code: Option<String>,
}

impl From<domain::Location> for Location {
    fn from(from: domain::Location) -> Self {
        let domain::Location { city, country, raw, state, street1, street2, zip_code } = from;
        Self { city, country, raw, state, street1, street2, zip_code }
    }
}

#[derive(SimpleObject)]
pub struct PhoneNumber {
    number: String,
    r#type: Option<ContactType>,
    type_raw: Option<String>,
}

impl From<domain::PhoneNumber> for PhoneNumber {
    fn from(from: domain::PhoneNumber) -> Self {
        Self { number: from.number, r#type: from.r#type.map(Into::into), type_raw: from.type_raw }
    }
}

#[derive(SimpleObject)]
pub struct EmailAddress {
    address: String,
    r#type: Option<ContactType>,
    type_raw: Option<String>,
}

impl From<domain::EmailAddress> for EmailAddress {
    fn from(from: domain::EmailAddress) -> Self {
        Self { address: from.address, r#type: from.r#type.map(Into::into), type_raw: from.type_raw }
    }
}

/// A vendor field that has no unified counterpart.
#[derive(SimpleObject)]
pub struct IntegrationField {
    key: String,
    label: Option<String>,
    value: Option<Json>,
}

impl From<domain::IntegrationField> for IntegrationField {
    fn from(from: domain::IntegrationField) -> Self {
        let value = (!from.value.is_null()).then_some(Json(from.value));
        Self { key: from.key, label: from.label, value }
    }
}

pub fn all<D, G: From<D>>(values: &[D]) -> Vec<G>
where
    D: Clone,
{
    values.iter().cloned().map(G::from).collect()
}

/// The payload as the graph shows it: by endpoint.
pub fn payload(payload: Option<std::sync::Arc<domain::Payload>>) -> Option<Json> {
    let payload = payload?;
    Some(Json(payload.iter().map(|(endpoint, body)| (endpoint.clone(), body.clone())).collect()))
}
