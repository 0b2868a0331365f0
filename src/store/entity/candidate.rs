//! Candidates. The `…_sort` columns hold names in lower case, `email_key` the first address in lower case.

use super::Json;
use crate::domain::{EmailAddress, IntegrationField, Location, PhoneNumber};

crate::store::entity::record_entity!(
    "candidates",
    Candidate,
    first_name FirstName Option<String>,
    first_name_sort FirstNameSort String,
    last_name LastName Option<String>,
    last_name_sort LastNameSort String,
    title Title Option<String>,
    source Source Option<String>,
    phone_numbers PhoneNumbers Json<Vec<PhoneNumber>>,
    email_addresses EmailAddresses Json<Vec<EmailAddress>>,
    email_key EmailKey Option<String>,
    location Location Option<Json<Location>>,
    remote_created_at RemoteCreatedAt Option<i64>,
    integration_fields IntegrationFields Json<Vec<IntegrationField>>,
);
