//! What must not be stored of an integration: record types and fields. Pure: makes of a record one without them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::{Record, RecordType, Snapshot};

/// A field that a record can do without, e.g. `candidate.phoneNumbers`: neither an id nor what holds records together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omittable {
    pub of: RecordType,
    record: &'static str,
    name: &'static str,
}

macro_rules! omittable {
    ($($of:ident $record:literal { $($name:literal: $($field:ident)+),+ $(,)? })+) => {
        impl Omittable {
            pub const ALL: &'static [Self] =
                &[$($(Self { of: RecordType::$of, record: $record, name: $name }),+),+];
        }

        impl Record {
            /// Takes the value of a field away.
            fn omit(&mut self, field: Omittable) {
                match (self, field.name) {
                    $($((Self::$of(record), $name) => { $(record.$field = Default::default();)+ })+)+
                    _ => {}
                }
            }
        }
    };
}

// A field goes with the vendor's own word for it.
omittable! {
    User "user" { "firstName": first_name, "lastName": last_name, "email": email }
    Job "job" {
        "name": name,
        "code": code,
        "description": description,
        "confidential": confidential,
        "status": status status_raw,
        "statusRaw": status_raw,
        "category": category,
        "department": department,
        "employmentType": employment_type employment_type_raw,
        "employmentTypeRaw": employment_type_raw,
        "experienceLevel": experience_level,
        "remoteWorkStatus": remote_work_status remote_work_status_raw,
        "remoteWorkStatusRaw": remote_work_status_raw,
        "location": location,
        "postUrl": post_url,
        "openedAt": opened_at,
        "closedAt": closed_at,
        "remoteCreatedAt": remote_created_at,
        "contact": contact,
        "integrationFields": integration_fields,
    }
    Candidate "candidate" {
        "firstName": first_name,
        "lastName": last_name,
        "title": title,
        "source": source,
        "phoneNumbers": phone_numbers,
        "emailAddresses": email_addresses,
        "location": location,
        "remoteCreatedAt": remote_created_at,
        "integrationFields": integration_fields,
    }
    Application "application" {
        "outcome": outcome,
        "rejectedAt": rejected_at,
        "remoteCreatedAt": remote_created_at,
        "currentStage": current_stage,
        "integrationFields": integration_fields,
    }
    ApplicationStage "applicationStage" { "name": name, "globalIndex": global_index }
    JobStage "jobStage" { "index": index }
    Tag "tag" { "name": name }
    HiringTeamMember "hiringTeamMember" { "roles": roles }
}

impl Omittable {
    pub fn parse(text: &str) -> Option<Self> {
        let (record, name) = text.split_once('.')?;
        Self::ALL.iter().copied().find(|field| field.record == record && field.name == name)
    }
}

impl fmt::Display for Omittable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record, self.name)
    }
}

impl Serialize for Omittable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Omittable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text} is no field that can be left out")))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRules {
    models: BTreeSet<RecordType>,
    fields: BTreeSet<Omittable>,
}

impl DataRules {
    /// What cannot be without an excluded type is excluded along with it.
    pub fn new(models: impl IntoIterator<Item = RecordType>, fields: impl IntoIterator<Item = Omittable>) -> Self {
        let given: BTreeSet<RecordType> = models.into_iter().collect();
        let along = given.iter().flat_map(|of| goes_along(*of)).copied();
        Self { models: given.iter().copied().chain(along).collect(), fields: fields.into_iter().collect() }
    }

    pub fn models(&self) -> impl Iterator<Item = RecordType> + '_ {
        self.models.iter().copied()
    }

    pub fn fields(&self) -> impl Iterator<Item = Omittable> + '_ {
        self.fields.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.models.is_empty() && self.fields.is_empty()
    }

    pub fn stores(&self, of: RecordType) -> bool {
        !self.models.contains(&of)
    }

    /// What is left out could stand anywhere in the payload of its type, and in those of types that refer to it.
    pub fn keeps_payload(&self, of: RecordType) -> bool {
        let is_whole = |of: RecordType| self.stores(of) && !self.fields.iter().any(|field| field.of == of);
        is_whole(of) && refers_to(of).iter().all(|other| is_whole(*other))
    }

    /// Whether something of a type may be stored now that these rules kept from being stored.
    pub fn is_lifted(&self, now: &Self, of: RecordType) -> bool {
        let fields = self.fields.iter().any(|field| field.of == of && !now.fields.contains(field));
        fields || (now.stores(of) && !self.stores(of)) || (now.keeps_payload(of) && !self.keeps_payload(of))
    }

    pub fn strip(&self, record: &mut Record) {
        let of = record.record_type();
        for field in self.fields.iter().filter(|field| field.of == of) {
            record.omit(*field);
        }
    }

    /// What of a record may be stored.
    pub fn admit(&self, snapshot: &Snapshot) -> Option<Snapshot> {
        let of = snapshot.record.record_type();
        if !self.stores(of) {
            return None;
        }
        let mut admitted = snapshot.clone();
        self.strip(&mut admitted.record);
        if !self.keeps_payload(of) {
            admitted.payload.clear();
        }
        Some(admitted)
    }
}

impl Record {
    /// The candidate that it is about, for what is about a candidate.
    pub fn candidate(&self) -> Option<Uuid> {
        match self {
            Self::Application(record) => record.candidate.map(super::Id::uuid),
            Self::CandidateTag(record) => Some(record.candidate.uuid()),
            Self::User(_)
            | Self::Job(_)
            | Self::Candidate(_)
            | Self::ApplicationStage(_)
            | Self::JobStage(_)
            | Self::Tag(_)
            | Self::HiringTeamMember(_) => None,
        }
    }
}

fn goes_along(of: RecordType) -> &'static [RecordType] {
    match of {
        RecordType::User => &[RecordType::HiringTeamMember],
        RecordType::Job => &[RecordType::JobStage, RecordType::HiringTeamMember],
        RecordType::ApplicationStage => &[RecordType::JobStage],
        // Vendors tell of tags by the candidates that bear them.
        RecordType::Candidate => &[RecordType::CandidateTag, RecordType::Tag],
        RecordType::Tag => &[RecordType::CandidateTag],
        RecordType::CandidateTag => &[RecordType::Tag],
        RecordType::JobStage | RecordType::HiringTeamMember | RecordType::Application => &[],
    }
}

fn refers_to(of: RecordType) -> &'static [RecordType] {
    match of {
        RecordType::Job => &[RecordType::User],
        RecordType::Candidate => &[RecordType::Tag],
        RecordType::Application => &[RecordType::Candidate, RecordType::Job, RecordType::ApplicationStage],
        RecordType::User
        | RecordType::ApplicationStage
        | RecordType::JobStage
        | RecordType::HiringTeamMember
        | RecordType::Tag
        | RecordType::CandidateTag => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Candidate, Payload, PhoneNumber};

    fn fields(names: &[&str]) -> Vec<Omittable> {
        names.iter().map(|name| Omittable::parse(name).unwrap()).collect()
    }

    #[test]
    fn every_field_that_can_be_left_out_is_one_of_its_record() {
        let names: BTreeSet<String> = Omittable::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), Omittable::ALL.len());
        for field in Omittable::ALL {
            assert_eq!(Omittable::parse(&field.to_string()), Some(*field));
        }
        for name in ["candidate.id", "candidate.remoteId", "application.candidate", "jobStage.job", "phoneNumbers", ""]
        {
            assert_eq!(Omittable::parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_left_out_takes_the_payload_along() {
        let rules = DataRules::new([], fields(&["candidate.phoneNumbers"]));
        let phone = PhoneNumber { number: "123".into(), r#type: None, type_raw: None };
        let candidate = Candidate {
            remote_id: "7".into(),
            first_name: Some("Ada".into()),
            phone_numbers: vec![phone],
            ..Candidate::default()
        };
        let payload = Payload::from([("/a".to_owned(), json!({ "phone": "123" }))]);
        let snapshot = Snapshot { id: Uuid::nil(), record: candidate.clone().into(), payload };
        let admitted = rules.admit(&snapshot).unwrap();
        let expected = Candidate { phone_numbers: Vec::new(), ..candidate };
        assert_eq!((admitted.record, admitted.payload), (expected.into(), Payload::new()));
        assert!(!rules.keeps_payload(RecordType::Application), "it refers to the candidate");
        assert!(rules.keeps_payload(RecordType::Job));
    }

    #[test]
    fn what_cannot_be_without_an_excluded_type_goes_along() {
        let of = |model| DataRules::new([model], []).models().collect::<Vec<_>>();
        assert_eq!(of(RecordType::Job), [RecordType::Job, RecordType::JobStage, RecordType::HiringTeamMember]);
        assert_eq!(of(RecordType::Candidate), [RecordType::Candidate, RecordType::Tag, RecordType::CandidateTag]);
        assert_eq!(of(RecordType::Application), [RecordType::Application]);
    }

    #[test]
    fn lifting_is_told_by_type() {
        let (before, now) = (DataRules::new([RecordType::Tag], fields(&["candidate.title"])), DataRules::default());
        for of in [RecordType::Tag, RecordType::CandidateTag, RecordType::Candidate, RecordType::Application] {
            assert!(before.is_lifted(&now, of), "{of}");
            assert!(!now.is_lifted(&before, of), "{of}");
        }
        assert!(!before.is_lifted(&now, RecordType::Job));
    }
}
