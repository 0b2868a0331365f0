//! How much, under which contract and where: the keys of an offer as our closed lists (reference §5.2). The
//! raw value is the vendor's own key that decided; a key that the vendor invented later decides nothing, and
//! is told as raw value.

use super::super::wire::PostOffer;
use crate::domain::{EmploymentType, RemoteWorkStatus};

/// The contract counts first, then the working time.
pub fn employment_type(offer: &PostOffer) -> (Option<EmploymentType>, Option<String>) {
    let keys = [
        (offer.employment_contract_key.as_deref(), contract as fn(&str) -> Meaning<EmploymentType>),
        (offer.working_time_model_key.as_deref(), working_time),
        (offer.employment_type_key.as_deref(), legacy),
    ];
    let mut unknown = None;
    for (key, meaning) in keys {
        let Some(key) = key else { continue };
        match meaning(key) {
            Meaning::Is(decided) => return (Some(decided), Some(key.to_owned())),
            Meaning::SaysNothing => {}
            Meaning::Unknown => unknown = unknown.or(Some(key)),
        }
    }
    (None, unknown.map(str::to_owned))
}

enum Meaning<T> {
    Is(T),
    SaysNothing,
    Unknown,
}

fn contract(key: &str) -> Meaning<EmploymentType> {
    Meaning::Is(match key {
        "internship" => EmploymentType::Internship,
        "externalEmployee" => EmploymentType::Contract,
        "shortTermEmployment" => EmploymentType::Seasonal,
        "marginalEmployment" | "studentJob" => EmploymentType::PartTime,
        "apprenticeship" => EmploymentType::Other,
        "permanentEmployment" | "notSpecified" => return Meaning::SaysNothing,
        _ => return Meaning::Unknown,
    })
}

fn working_time(key: &str) -> Meaning<EmploymentType> {
    Meaning::Is(match key {
        "fullTime" | "fullTimeOrPartTime" => EmploymentType::FullTime,
        "partTime" => EmploymentType::PartTime,
        "notSpecified" => return Meaning::SaysNothing,
        _ => return Meaning::Unknown,
    })
}

/// 1.24 has one key for both.
fn legacy(key: &str) -> Meaning<EmploymentType> {
    Meaning::Is(match key {
        "fullTime" => EmploymentType::FullTime,
        "partTime" | "minorEmployment" | "studentEmployee" => EmploymentType::PartTime,
        "notSpecified" => return Meaning::SaysNothing,
        _ => return Meaning::Unknown,
    })
}

/// 1.24 says only whether one may work from home; that one may not does not say where one works.
pub fn remote_work(offer: &PostOffer) -> (Option<RemoteWorkStatus>, Option<String>) {
    let Some(key) = offer.place_of_work_type_key.as_deref() else {
        return match offer.home_office_available {
            Some(true) => (Some(RemoteWorkStatus::Hybrid), Some("homeOfficeAvailable".to_owned())),
            Some(false) | None => (None, None),
        };
    };
    let status = match key {
        "hybrid" => Some(RemoteWorkStatus::Hybrid),
        "remote" => Some(RemoteWorkStatus::Remote),
        "onsite" => Some(RemoteWorkStatus::OnSite),
        _ => None,
    };
    (status, Some(key.to_owned()))
}
