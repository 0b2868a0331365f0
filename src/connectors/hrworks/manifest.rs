//! HR WORKS as data.

use std::time::Duration;

use crate::connectors::manifest::{
    CredentialField, CredentialFormat, Feature, FeatureKey, FieldCoverage, Limits, Manifest, ModelCoverage, Reads,
    Stream, WebhookEvent, field, noted,
};
use crate::domain::RecordType;

/// Where the companies' own data lies.
pub const PRODUCTION: &str = "https://api.hrworks.de";
/// Made-up data, for trying things out.
pub const DEMO: &str = "https://api.demo-hrworks.de";

pub static MANIFEST: Manifest = Manifest {
    slug: "hrworks",
    name: "HR WORKS",
    credentials: CREDENTIALS,
    base_url: PRODUCTION,
    // No limit is documented (§1.9): as polite as to other vendors.
    limits: Limits { requests_per_second: 5, concurrency: 4, read_timeout: Duration::from_secs(120) },
    streams: STREAMS,
    models: MODELS,
    actions: &[],
    features: FEATURES,
    webhook_events: WEBHOOK_EVENTS,
    guide: include_str!("GUIDE.md"),
    // Links that expire; how many there are is an integration field (quirk 9).
    volatile: &["/~1applicant-management~1job-applications/applicationDocuments"],
};

const CREDENTIALS: &[CredentialField] = &[
    CredentialField {
        key: "accessKey",
        label: "Access Key",
        help: Some("The line \"Access Key\" of the text file that HR WORKS gave you with the new key pair."),
        secret: false,
        required: true,
        placeholder: None,
        format: CredentialFormat::Text,
    },
    CredentialField {
        key: "secretAccessKey",
        label: "Secret Access Key",
        help: Some("The line \"Secret Access Key\" of the same file."),
        secret: true,
        required: true,
        placeholder: None,
        format: CredentialFormat::Text,
    },
    CredentialField {
        key: "environment",
        label: "Environment",
        help: Some("Choose demo only for a demo account of HR WORKS, whose key pairs work nowhere else."),
        secret: false,
        required: false,
        placeholder: Some("production"),
        format: CredentialFormat::OneOf(&["production", "demo"]),
    },
];

const STREAMS: &[Stream] = &[
    Stream { name: "master_data", reads: Reads::Carry { needed_by: &["users"] } },
    Stream { name: "users", reads: Reads::Pages(&[RecordType::User]) },
    Stream { name: "statuses_and_sources", reads: Reads::Carry { needed_by: &["stages", "jobs", "candidates"] } },
    Stream { name: "stages", reads: Reads::Pages(&[RecordType::ApplicationStage]) },
    Stream { name: "organization_units", reads: Reads::Carry { needed_by: &["jobs"] } },
    Stream { name: "jobs", reads: Reads::Pages(&[RecordType::Job, RecordType::JobStage]) },
    Stream { name: "candidates", reads: Reads::Pages(&[RecordType::Candidate]) },
    Stream { name: "applications", reads: Reads::Pages(&[RecordType::Application]) },
];

const OFFER: &str =
    "Of the post's primary offer: an active one first, then the one published last, then the first listed.";

const MODELS: &[ModelCoverage] = &[
    ModelCoverage {
        model: RecordType::User,
        fields: &[
            field("id"),
            field("remoteId"),
            field("changedAt"),
            field("remoteDeletedAt"),
            field("firstName"),
            field("lastName"),
            noted(
                "email",
                "The business address, from the master data; null when the key pair may not read master data.",
            ),
            noted("remoteData", "The person's base data; master data is not kept."),
        ],
    },
    ModelCoverage {
        model: RecordType::ApplicationStage,
        fields: &[
            field("id"),
            noted("remoteId", "The status identifier."),
            field("changedAt"),
            field("remoteDeletedAt"),
            noted(
                "name",
                "The label that HR WORKS shows; its usual German label until a job application has the status.",
            ),
            noted("globalIndex", "Known statuses have a fixed order; others follow by identifier."),
        ],
    },
    ModelCoverage { model: RecordType::Job, fields: JOB },
    ModelCoverage {
        model: RecordType::JobStage,
        fields: &[
            field("id"),
            field("changedAt"),
            field("remoteDeletedAt"),
            noted("index", "The same in every job: HR WORKS has one list of statuses."),
            field("job"),
            field("stage"),
        ],
    },
    ModelCoverage {
        model: RecordType::Candidate,
        fields: &[
            field("id"),
            field("remoteId"),
            field("changedAt"),
            field("remoteDeletedAt"),
            field("firstName"),
            field("lastName"),
            noted("title", "An academic or honorific title such as Dr., not a job title."),
            noted("source", "How the candidate heard about us, of the newest job application."),
            field("phoneNumbers"),
            field("emailAddresses"),
            field("location"),
            field("customFields"),
            field("remoteData"),
        ],
    },
    ModelCoverage {
        model: RecordType::Application,
        fields: &[
            field("id"),
            field("remoteId"),
            field("changedAt"),
            field("remoteDeletedAt"),
            field("outcome"),
            field("remoteCreatedAt"),
            field("currentStage"),
            field("job"),
            field("candidate"),
            field("customFields"),
            noted("integrationFields", "The chosen offer and the number of documents."),
            noted("remoteData", "Links to documents expire; those that are stored may have."),
        ],
    },
];

const JOB: &[FieldCoverage] = &[
    field("id"),
    field("remoteId"),
    field("changedAt"),
    field("remoteDeletedAt"),
    noted("name", "The name for job portals, else the internal one."),
    noted("code", "The post's key, which writes name."),
    noted("description", "The post's sections in their usual order, then the description of the primary offer."),
    noted("employmentType", "From contract, then working time, of the primary offer."),
    noted("employmentTypeRaw", "The key that decided."),
    field("status"),
    noted("category", "The label of the scope of activities."),
    noted("department", "The name of the organization unit; inactive units have none."),
    noted("experienceLevel", OFFER),
    noted("remoteWorkStatus", OFFER),
    field("remoteWorkStatusRaw"),
    noted("location", "The first permanent establishment of the primary offer."),
    field("customFields"),
    field("integrationFields"),
    noted("openedAt", "Publication date of the primary offer, at 00:00 UTC."),
    noted("closedAt", "The day until which the primary offer is valid, at 00:00 UTC; it may lie ahead."),
    noted("remoteCreatedAt", "HR WORKS does not say; the earliest publication date of all offers, at 00:00 UTC."),
    noted("contact", "The contact person."),
    field("stages"),
    field("remoteData"),
];

const FEATURES: &[Feature] = &[
    supported(FeatureKey::ConnectionGuide),
    supported(FeatureKey::Prerequisites),
    supported(FeatureKey::CreateCredentials),
    supported(FeatureKey::ScopeTesting),
    supported(FeatureKey::PerModelTests),
    missing(FeatureKey::SourceWriting, "Nothing is written to HR WORKS yet."),
    missing(FeatureKey::SyncOnlyCreatedApplications, "Nothing is written to HR WORKS yet."),
    missing(FeatureKey::CandidateSourceTracking, "Nothing is written to HR WORKS yet; sources are read."),
    missing(FeatureKey::FullAttachmentRetry, "Attachments are not written to HR WORKS yet."),
    missing(FeatureKey::Passthrough, "Not built yet."),
    missing(FeatureKey::WebhookSubscriptions, "Not built yet; changes are found by reading."),
];

const WEBHOOK_EVENTS: &[WebhookEvent] = &[
    not_covered("applicant.resourceCreated", "A candidate was created."),
    not_covered("applicant.resourceUpdated", "A candidate was changed."),
    not_covered("applicant.resourceDeleted", "A candidate was deleted."),
    not_covered("person.resourceCreated", "An employee was created."),
    not_covered("person.resourceUpdated", "An employee was changed."),
    not_covered("person.resourceDeleted", "An employee was deleted."),
    not_covered("person.resourceDeactivated", "An employee was deactivated."),
    not_covered("absence", "Absences are no part of recruiting."),
    not_covered("sickLeave", "Sick leaves are no part of recruiting."),
    not_covered("remoteWork", "Remote work is no part of recruiting."),
    not_covered("post", "HR WORKS has no event for posts and their offers; changes are found by reading."),
    not_covered(
        "jobApplication",
        "HR WORKS has no event for job applications and their status; changes are found by reading.",
    ),
];

const fn supported(key: FeatureKey) -> Feature {
    Feature { key, supported: true, note: None }
}

const fn missing(key: FeatureKey, note: &'static str) -> Feature {
    Feature { key, supported: false, note: Some(note) }
}

const fn not_covered(event: &'static str, description: &'static str) -> WebhookEvent {
    WebhookEvent { event, covered: false, description }
}
