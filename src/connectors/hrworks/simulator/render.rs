//! Records as the vendor writes them: the names of 2.10, or those of 1.24 where a record or a fault says so.
//! Values that are empty are left out (§6, row 22).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::fault::{Faults, Kind};
use super::names::label;
use super::records::{Address, Applicant, Document, Establishment, JobApplication, Offer, Person, Post, Record, Unit};
use super::reply::Call;

/// How this answer writes things.
pub(super) struct Pen<'a> {
    pub(super) account: &'a Account,
    english: bool,
    legacy: bool,
    nulls: bool,
    base: String,
    /// Goes into links to documents.
    links: u64,
    missing: Option<String>,
    garbage: Vec<String>,
}

/// Basic ISO 8601 (§1.7).
pub(super) fn basic(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// An object that grows by what there is.
struct Sheet<'a>(Map<String, Value>, &'a Pen<'a>);

impl Sheet<'_> {
    fn put(mut self, key: &str, value: impl Into<Option<Value>>) -> Self {
        match value.into() {
            Some(value) => drop(self.0.insert(key.to_owned(), value)),
            None if self.1.nulls => drop(self.0.insert(key.to_owned(), Value::Null)),
            None => {}
        }
        self
    }

    fn text<T: AsRef<str>>(self, key: &str, value: Option<T>) -> Self {
        self.put(key, value.map(|value| Value::from(value.as_ref())))
    }

    /// A label with its key beside it.
    fn labelled(self, name: &str, key: Option<&str>) -> Self {
        let text = key.map(|key| label(key, self.1.english));
        self.text(name, text).text(&format!("{name}Key"), key)
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

impl<'a> Pen<'a> {
    pub(super) fn new(account: &'a mut Account, faults: &Faults, call: &Call) -> Self {
        account.links_made += 1;
        let on = |kind| faults.on(kind, &call.path);
        Self {
            english: on(Kind::EnglishLabels),
            legacy: on(Kind::LegacyFields),
            nulls: on(Kind::NullFields),
            base: call.base(),
            links: account.links_made,
            missing: faults.word(Kind::MissingField, &call.path).map(str::to_owned),
            garbage: faults.words(Kind::GarbageRow, &call.path).into_iter().map(str::to_owned).collect(),
            account,
        }
    }

    fn sheet(&self) -> Sheet<'_> {
        Sheet(Map::new(), self)
    }

    /// A whole record, as faults and tests want it.
    pub(super) fn record(&self, record: Record, id: &str, whole: impl FnOnce() -> Value) -> Value {
        let mut row = match self.account.served_as.get(&(record, id.to_owned())) {
            Some(instead) => instead.clone(),
            None => whole(),
        };
        if let (Some(missing), Some(fields)) = (&self.missing, row.as_object_mut()) {
            fields.remove(missing);
        }
        if self.garbage.iter().any(|garbage| garbage == id)
            && let Some(fields) = row.as_object_mut()
        {
            for (name, value) in fields.iter_mut() {
                if !["uuid", "id", "key", "number", "personId"].contains(&name.as_str()) {
                    *value = if value.is_array() { json!("garbage") } else { json!([{"garbage": 1}]) };
                }
            }
        }
        row
    }

    pub(super) fn person(&self, person: &Person) -> Value {
        self.record(Record::Person, person.id(), || self.base_data(person).done())
    }

    fn base_data(&self, person: &Person) -> Sheet<'_> {
        self.sheet()
            .text("uuid", person.uuid.as_ref().filter(|_| !self.legacy))
            .text("personId", Some(&person.person_id))
            .text("personnelNumber", Some(&person.personnel_number))
            .text("firstName", Some(&person.first_name))
            .text("lastName", Some(&person.last_name))
            .put("externalIds", json!([]))
    }

    pub(super) fn master_data(&self, person: &Person) -> Value {
        let unit = person.units.first().and_then(|number| Some((number, self.account.units.get(number)?)));
        self.record(Record::MasterData, person.id(), || {
            self.base_data(person)
                .text("email", person.email.as_ref())
                .text("privateEmail", Some(format!("{}@privat.example", person.person_id)))
                .put("birthday", json!("1980-01-01"))
                .put("isActive", json!(person.is_active))
                .text("languageCode", Some("de"))
                .text("countryCode", Some("DEU"))
                .text("position", Some("Sachbearbeitung"))
                .text("employmentType", Some("regularEmployee"))
                .put("organizationUnit", unit.map(|(number, unit)| self.unit(number, unit)))
                .text("organizationUnitUuid", unit.map(|(_, unit)| &unit.uuid))
                .text("profilePictureUrl", Some(format!("{}/files/picture?n={}", self.base, self.links)))
                // A free field under the name that the company gave it.
                .text("Lieblingsfarbe", Some("Grün"))
                .done()
        })
    }

    pub(super) fn unit(&self, number: &str, unit: &Unit) -> Value {
        let parent = unit.parent.as_ref().and_then(|number| Some((number, self.account.units.get(number)?)));
        let parent = parent.map(|(number, unit)| json!({"number": number, "name": unit.name, "uuid": unit.uuid}));
        self.record(Record::OrganizationUnit, number, || {
            self.sheet()
                .text("number", Some(number))
                .text("name", Some(&unit.name))
                .text("uuid", Some(&unit.uuid))
                .text("countryCode", Some("DEU"))
                .put("parentOrganizationUnit", parent)
                .done()
        })
    }

    pub(super) fn establishment(&self, id: &str, establishment: &Establishment) -> Value {
        let address = &establishment.address;
        self.sheet()
            .text("id", Some(id))
            .text("name", Some(&establishment.name))
            .text("number", Some(&establishment.number))
            .put("address", self.address(address).text("phone", address.phone.as_ref()).done())
            .done()
    }

    fn address(&self, address: &Address) -> Sheet<'_> {
        self.sheet()
            .text("street", address.street.as_ref())
            .text("streetNumber", address.street_number.as_ref())
            .text("additionalData", address.additional_data.as_ref())
            .text("zipCode", address.zip_code.as_ref())
            .text("city", address.city.as_ref())
            .text("state", address.state.as_ref())
            .text("country", address.country.as_ref().map(|code| label(code, self.english)))
            .text("internationalCountryCode", address.country.as_ref())
    }

    pub(super) fn post(&self, key: &str, post: &Post) -> Value {
        let id = post.uuid.as_deref().unwrap_or(key);
        let contact = post.contact.as_ref().and_then(|id| self.account.persons.get(id));
        let section = |(name, title, text): &(String, Option<String>, Option<String>)| {
            (name.clone(), self.sheet().text("title", title.as_ref()).text("description", text.as_ref()).done())
        };
        self.record(Record::Post, id, || {
            self.sheet()
                .text("uuid", post.uuid.as_ref().filter(|_| !self.legacy))
                .text("key", Some(key))
                .text("name", Some(&post.name))
                .text("displayName", post.display_name.as_ref())
                .put("isActive", json!(post.is_active))
                .text("organizationUnitNumber", post.unit_number.as_ref())
                .text("organizationUnitUuid", post.unit_uuid.as_ref().filter(|_| !self.legacy))
                .put(
                    "contactInformation",
                    self.sheet()
                        .put("contactPerson", contact.map(|person| self.base_data(person).done()))
                        .text("phone", post.contact_phone.as_ref())
                        .text("email", post.contact_email.as_ref())
                        .done(),
                )
                .labelled("scopeOfActivities", post.scope_of_activities.as_deref())
                .text("postImageUrl", post.image_url.as_ref())
                .put("postDescriptions", Value::Object(post.sections.iter().map(section).collect()))
                .put(
                    "howDidYouHearAboutUsOptions",
                    (!self.legacy).then(|| json!({"de": post.sources, "en": post.sources})),
                )
                .put("postOffers", post.offers.iter().map(|offer| self.offer(post, offer)).collect::<Value>())
                .done()
        })
    }

    fn offer(&self, post: &Post, offer: &Offer) -> Value {
        let name = post.display_name.as_ref().unwrap_or(&post.name);
        let name = offer.suffix.as_ref().map_or_else(|| name.clone(), |suffix| format!("{name} – {suffix}"));
        let establishments = offer.establishments.iter();
        let establishments = establishments.filter_map(|id| Some((id, self.account.establishments.get(id)?)));
        let establishments: Value = establishments.map(|(id, one)| self.establishment(id, one)).collect();
        let sheet = self
            .sheet()
            .text("id", Some(&offer.id))
            .text("displayName", Some(name))
            .text("postOfferNameSuffix", offer.suffix.as_ref())
            .text("description", offer.description.as_ref())
            .put("permanentEstablishments", establishments)
            .labelled("careerLevel", offer.career_level.as_deref())
            .text("jobPortal", offer.job_portal.as_ref())
            .put("priority", offer.priority.map(Value::from))
            .text("publicationDate", offer.publication_date.map(|date| date.to_string()))
            .text("validUntilDate", offer.valid_until_date.map(|date| date.to_string()))
            .put("isActive", json!(offer.is_active));
        if self.legacy || offer.is_legacy {
            let home_office = matches!(offer.place_of_work_type.as_deref(), Some("hybrid" | "remote"));
            let kind = match (offer.employment_contract.as_deref(), offer.working_time_model.as_deref()) {
                (Some("marginalEmployment"), _) => "minorEmployment",
                (Some("studentJob"), _) => "studentEmployee",
                (_, Some("fullTime" | "fullTimeOrPartTime")) => "fullTime",
                (_, Some("partTime")) => "partTime",
                _ => "notSpecified",
            };
            return sheet.put("homeOfficeAvailable", json!(home_office)).labelled("employmentType", Some(kind)).done();
        }
        sheet
            .labelled("placeOfWorkType", offer.place_of_work_type.as_deref())
            .labelled("employmentContract", offer.employment_contract.as_deref())
            .labelled("workingTimeModel", offer.working_time_model.as_deref())
            .done()
    }

    pub(super) fn applicant(&self, uuid: &str, applicant: &Applicant) -> Value {
        self.record(Record::Applicant, uuid, || self.whole_applicant(uuid, applicant))
    }

    fn whole_applicant(&self, uuid: &str, applicant: &Applicant) -> Value {
        let own = self.account.applications_of.get(uuid).into_iter().flatten();
        let own: Vec<(u64, &JobApplication)> =
            own.filter_map(|id| Some((*id, self.account.applications.get(id)?))).collect();
        let is_open = |status: &str| !matches!(status, "employed" | "notEmployed" | "movedToTalentPool");
        let is_active = own.iter().any(|(_, application)| is_open(&application.status));
        let short = own.iter().map(|(id, application)| self.short_application(*id, application).done());
        let (legacy, phone) = (self.legacy || applicant.is_legacy, applicant.address.phone.as_ref());
        self.sheet()
            .text("uuid", Some(uuid))
            .text("firstName", Some(&applicant.first_name))
            .text("lastName", Some(&applicant.last_name))
            .text("email", applicant.email.as_ref())
            .text("title", applicant.title.as_ref())
            .text("salutation", applicant.salutation.as_ref())
            .text("gender", applicant.gender.as_ref())
            .put("address", self.address(&applicant.address).text("phone", phone.filter(|_| !legacy)).done())
            .text("phone", phone.filter(|_| legacy))
            .text("birthday", applicant.birthday.map(|date| date.to_string()))
            .text("earliestPossibleJoinDate", applicant.earliest_possible_join_date.map(|date| date.to_string()))
            .put("isActive", json!(is_active))
            .put("jobApplications", short.collect::<Value>())
            .done()
    }

    fn short_application(&self, id: u64, application: &JobApplication) -> Sheet<'_> {
        let post = self.account.posts.get(&application.post);
        let status = match application.status.as_ref() {
            "documentCreation" if self.legacy => "created",
            status => status,
        };
        self.sheet()
            .text("id", Some(id.to_string()))
            .text("statusIdentifier", Some(status))
            .text("postUuid", post.and_then(|post| post.uuid.as_ref()).filter(|_| !self.legacy))
    }

    pub(super) fn application(&self, id: u64, application: &JobApplication) -> Value {
        self.record(Record::JobApplication, &id.to_string(), || {
            let (uuid, sheet) = (&application.applicant, self.short_application(id, application));
            let status = sheet.0.get("statusIdentifier").and_then(Value::as_str).unwrap_or_default();
            let status = label(status, self.english);
            let applicant = self.account.applicants.get(uuid).map(|applicant| self.whole_applicant(uuid, applicant));
            let links = application.documents.iter().map(|document| Value::from(self.link(document)));
            sheet
                .put("applicant", applicant)
                .text("postId", Some(&application.post))
                .text("postOfferId", application.offer.as_ref())
                .text("status", Some(status))
                .text("creationDateAndTime", Some(basic(application.created_at)))
                .put("applicationDocuments", links.collect::<Value>())
                .text("desiredSalary", application.desired_salary.map(|euros| euros.to_string()))
                .text("howDidYouHearAboutUs", application.source.as_ref())
                .text("permissionToStoreApplication", application.permission_to_store.as_ref())
                .put("hasPrivacyTermsAccepted", application.has_privacy_terms_accepted.map(Value::from))
                .text("remark", application.remark.as_ref())
                .done()
        })
    }

    /// Good for an hour, and another one at every read (§6, row 16).
    pub(super) fn link(&self, document: &Document) -> String {
        let expires = self.account.now().timestamp() + 3600;
        let Document { id, name, .. } = document;
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        format!("{}/files/{id}/{name}?expires={expires}&n={}", self.base, self.links)
    }
}
