//! HR WORKS as data.

use std::time::Duration;

use crate::connectors::manifest::{
    ActionCoverage, CredentialField, CredentialFormat, Feature, FeatureKey, FieldCoverage, Limits, Manifest,
    ModelCoverage, Reads, Stream, WebhookEvent, field, noted,
};
use crate::domain::{ActionKind, RecordType};

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
    limits: Limits {
        requests_per_second: 5,
        concurrency: 4,
        read_timeout: Duration::from_secs(120),
        // When its request was carried out, which takes its time (quirk 15).
        shows_within: Duration::from_secs(120),
    },
    // HR WORKS has no filter by time and no time of change on anything (§2): every run reads all of it.
    streams: STREAMS,
    overlap: Duration::ZERO,
    models: MODELS,
    actions: ACTIONS,
    features: FEATURES,
    webhook_events: WEBHOOK_EVENTS,
    guide: include_str!("GUIDE.md"),
    guide_de: include_str!("GUIDE.de.md"),
    german: super::german::CATALOGUE,
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
    Stream::whole("master_data", Reads::Carry { needed_by: &["users"] }),
    Stream::whole("users", Reads::Pages(&[RecordType::User])),
    Stream::whole("statuses_and_sources", Reads::Carry { needed_by: &["stages", "jobs", "candidates"] }),
    Stream::whole("stages", Reads::Pages(&[RecordType::ApplicationStage])),
    Stream::whole("organization_units", Reads::Carry { needed_by: &["jobs"] }),
    Stream::whole("jobs", Reads::Pages(&[RecordType::Job, RecordType::JobStage])),
    Stream::whole("candidates", Reads::Pages(&[RecordType::Candidate])),
    Stream::whole("applications", Reads::Pages(&[RecordType::Application])),
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

const SLOW: &str = "HR WORKS carries writes out after it has answered, so this takes longer than elsewhere: some seconds, and more \
                    for each attachment.";

const ACTIONS: &[ActionCoverage] = &[
    ActionCoverage { action: ActionKind::CreateCandidate, note: Some(SLOW), inputs: CREATE },
    ActionCoverage { action: ActionKind::CreateApplication, note: Some(SLOW), inputs: CREATE },
    ActionCoverage {
        action: ActionKind::AddAttachmentToApplication,
        note: Some(
            "HR WORKS keeps attachments with the candidate's application. When it does not have this application any \
             more, the attachment is added to the candidate: to the newest open application, else to the newest.",
        ),
        inputs: ATTACHMENT_TO_APPLICATION,
    },
    ActionCoverage {
        action: ActionKind::AddAttachmentToCandidate,
        note: Some(
            "HR WORKS keeps attachments with applications: it goes to the candidate's newest open application, else to \
             the newest.",
        ),
        inputs: ATTACHMENT_TO_CANDIDATE,
    },
    ActionCoverage {
        action: ActionKind::AddResultLinkToApplication,
        note: Some(
            "HR WORKS has no place for links: a small HTML document, named after the label, is added to the \
             application's documents.",
        ),
        inputs: &[
            field("applicationId"),
            noted("label", "The document's heading, and as far as it can be one, its file name."),
            noted("url", "Can be clicked when it is http or https."),
            field("details.attributes.key"),
            field("details.attributes.value"),
        ],
    },
    ActionCoverage {
        action: ActionKind::AddNoteToApplication,
        note: Some("HR WORKS takes no notes by its API: a text document is added to the application's documents."),
        inputs: &[field("applicationId"), field("content")],
    },
];

const CREATE: &[FieldCoverage] = &[
    field("candidate.firstName"),
    field("candidate.lastName"),
    noted(
        "candidate.emailAddress",
        "An address that HR WORKS knows belongs to the person who has it, whose data stay.",
    ),
    noted("candidate.title", "An academic or honorific title such as Dr., not a job title."),
    field("candidate.phoneNumber"),
    field("candidate.location.city"),
    field("candidate.location.country"),
    noted("candidate.location.street1", "With the number of the house in it."),
    field("candidate.location.zipCode"),
    field("candidate.gender"),
    noted("candidate.availabilityDate", "The earliest possible date to join."),
    noted(
        "candidate.salaryExpectations.period",
        "HR WORKS keeps salaries by the year: a month's is taken times twelve.",
    ),
    noted("candidate.salaryExpectations.amount", "Euros, rounded to whole ones a year."),
    noted("application.jobId", "An active post. The application is for its primary offer when that is active."),
    field("attachments.name"),
    field("attachments.contentType"),
    field("attachments.data"),
    noted("attachments.dataUrl", "Downloaded here; HR WORKS gets the bytes."),
    noted("source.name", "Should be one of the post's options of \"How did you hear about us?\", letter by letter."),
    noted(
        "gdprConsent.given",
        "Given: the privacy terms are accepted, and the application may be stored after its end. Not given: neither.",
    ),
];

const ATTACHMENT_TO_APPLICATION: &[FieldCoverage] = &[
    field("applicationId"),
    field("attachment.name"),
    field("attachment.contentType"),
    field("attachment.data"),
    noted("attachment.dataUrl", "Downloaded here; HR WORKS gets the bytes."),
];

const ATTACHMENT_TO_CANDIDATE: &[FieldCoverage] = &[
    field("candidateId"),
    field("attachment.name"),
    field("attachment.contentType"),
    field("attachment.data"),
    noted("attachment.dataUrl", "Downloaded here; HR WORKS gets the bytes."),
];

const FEATURES: &[Feature] = &[
    supported(FeatureKey::ConnectionGuide),
    supported(FeatureKey::Prerequisites),
    supported(FeatureKey::CreateCredentials),
    supported(FeatureKey::ScopeTesting),
    supported(FeatureKey::PerModelTests),
    remarked(
        FeatureKey::SourceWriting,
        "Sent as it is, or the integration's default source where none is named; one that the post does not offer gives a warning that names those it offers.",
    ),
    supported(FeatureKey::SyncOnlyCreatedApplications),
    remarked(
        FeatureKey::CandidateSourceTracking,
        "HR WORKS keeps sources with applications: a candidate's is that of the newest one.",
    ),
    remarked(
        FeatureKey::FullAttachmentRetry,
        "Each attachment on its own; the candidate is never created again for it.",
    ),
    remarked(FeatureKey::Passthrough, "Every path below /v2."),
    remarked(
        FeatureKey::WebhookSubscriptions,
        "Needs the permission \"Utility – write\". Of candidates; HR WORKS tells nothing of posts.",
    ),
];

const WEBHOOK_EVENTS: &[WebhookEvent] = &[
    covered("applicant.resourceCreated", "A candidate was created."),
    covered("applicant.resourceUpdated", "A candidate was changed."),
    covered("applicant.resourceDeleted", "A candidate was deleted."),
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

const fn remarked(key: FeatureKey, note: &'static str) -> Feature {
    Feature { key, supported: true, note: Some(note) }
}

const fn covered(event: &'static str, description: &'static str) -> WebhookEvent {
    WebhookEvent { event, covered: true, description }
}

const fn not_covered(event: &'static str, description: &'static str) -> WebhookEvent {
    WebhookEvent { event, covered: false, description }
}
