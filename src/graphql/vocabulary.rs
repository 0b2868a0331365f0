//! The contract's enums. Conversions from and to the domain's are exhaustive, so that neither can grow alone.

use async_graphql::Enum;

macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident = $remote:literal { $($(#[$variant_meta:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[graphql(remote = $remote)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }
    };
}

vocabulary!(JobStatus = "crate::domain::JobStatus" { Open, Closed, Draft, Archived, Other });
vocabulary!(EmploymentType = "crate::domain::EmploymentType" {
    FullTime, PartTime, Contract, Seasonal, Internship, Other
});
vocabulary!(RemoteWorkStatus = "crate::domain::RemoteWorkStatus" { Remote, Hybrid, Temporary, OnSite, Other });
vocabulary!(ApplicationOutcome = "crate::domain::ApplicationOutcome" { Pending, Hired, Declined });
vocabulary!(HiringTeamRole = "crate::domain::HiringTeamRole" {
    HiringManager, Recruiter, Coordinator, Sourcer, Interviewer, Admin
});
vocabulary!(ContactType = "crate::domain::ContactType" { Personal, Work, Other });
vocabulary!(RecordType = "crate::domain::RecordType" {
    User, Job, Candidate, Application, ApplicationStage, JobStage, Tag, CandidateTag, HiringTeamMember
});
vocabulary!(IntegrationState = "crate::domain::IntegrationState" {
    /// Connected, first sync not finished; what has arrived can already be read.
    SettingUp,
    Active,
    /// The vendor refuses the credentials.
    Invalid,
    Paused,
});
vocabulary!(SyncScope = "crate::domain::SyncScope" {
    All,
    /// Only candidates and applications that were created through this service.
    CreatedOnly,
    /// Only what changed at the vendor on or after `cutoffDate`, where the vendor can tell.
    SinceCutoff,
});
vocabulary!(SyncKind = "crate::domain::SyncKind" {
    Full,
    /// What changed since the last run, where the vendor can tell; falls back to FULL.
    Delta,
    /// Single records that a vendor webhook or a write action touched.
    Targeted,
});
vocabulary!(SyncState = "crate::domain::SyncState" {
    Queued, Running, Succeeded, PartiallyFailed, Failed, AuthenticationFailed, TimedOut, Cancelled
});
vocabulary!(ChangeKind = "crate::domain::ChangeKind" { Created, Updated, Deleted });
vocabulary!(RequestDirection = "crate::domain::RequestDirection" { Outgoing, Incoming });
vocabulary!(VendorWebhookState = "crate::domain::SubscriptionState" { Subscribed, Unsubscribed, Failed });
vocabulary!(Gender = "crate::domain::Gender" { Male, Female, Other });
vocabulary!(SalaryPeriod = "crate::domain::SalaryPeriod" { Month, Year });
vocabulary!(AttachmentType = "crate::domain::AttachmentType" { Cv, CoverLetter, Other });
vocabulary!(ActionState = "crate::domain::ActionState" {
    Queued,
    Running,
    Succeeded,
    /// The record exists at the vendor; some step, an attachment say, did not make it.
    PartiallySucceeded,
    Failed,
});
vocabulary!(ActionKind = "crate::domain::ActionKind" {
    CreateCandidate, CreateApplication, AddAttachmentToApplication, AddAttachmentToCandidate,
    MoveApplicationToStage, AddResultLinkToApplication, AddNoteToApplication
});
vocabulary!(WebhookEvent = "crate::domain::WebhookEvent" {
    RecordChanged, IntegrationCreated, IntegrationStateChanged, IntegrationDeleted, SyncFinished, ActionFinished,
    ConnectFailed
});
vocabulary!(DeliveryState = "crate::domain::DeliveryState" { Pending, Delivered, Failed });
vocabulary!(Scope = "crate::domain::Scope" {
    RecordsRead,
    RemoteDataRead,
    RecordsWrite,
    Passthrough,
    Operate,
    /// Manages keys and webhook endpoints; includes every other scope.
    Admin,
});
vocabulary!(ErrorCode = "crate::domain::ErrorCode" {
    InputInvalid, NotFound, IdempotencyKeyReused, AttachmentTooLarge, AttachmentUrlRefused, AttachmentUrlUnreachable,
    IntegrationPaused, IntegrationCredentialsInvalid, IntegrationPermissionMissing, ActionNotSupported,
    FieldNotSupported, RemoteInputInvalid, RemoteNotFound, RemoteRateLimited, RemoteUnavailable, RemoteTimeout,
    RemoteUnknown, JobClosed, ApplicationAlreadyExists, StageNotInJob, ActionInProgress
});
vocabulary!(FeatureKey = "crate::connectors::manifest::FeatureKey" {
    SourceWriting, SyncOnlyCreatedApplications, ConnectionGuide, Prerequisites, CreateCredentials,
    CandidateSourceTracking, FullAttachmentRetry, Passthrough, ScopeTesting, PerModelTests, WebhookSubscriptions
});

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    Original,
    SanitizedHtml,
    PlainText,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    Asc,
    Desc,
}
