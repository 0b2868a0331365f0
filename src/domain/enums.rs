//! The closed vocabularies of the contract. What a vendor says beyond them is kept in the `…_raw` fields.

/// A closed enum whose text form is its name in the contract: stored, served and parsed alike.
macro_rules! closed_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::unknown_variant(&text, &[$($text),+]))
            }
        }
    };
}

pub(super) use closed_enum;

closed_enum!(
    /// The nine kinds of mirrored records, in the order in which a sync reads them.
    RecordType {
        User = "USER",
        ApplicationStage = "APPLICATION_STAGE",
        Job = "JOB",
        JobStage = "JOB_STAGE",
        HiringTeamMember = "HIRING_TEAM_MEMBER",
        Candidate = "CANDIDATE",
        Tag = "TAG",
        CandidateTag = "CANDIDATE_TAG",
        Application = "APPLICATION",
    }
);
closed_enum!(JobStatus { Open = "OPEN", Closed = "CLOSED", Draft = "DRAFT", Archived = "ARCHIVED", Other = "OTHER" });
closed_enum!(EmploymentType {
    FullTime = "FULL_TIME",
    PartTime = "PART_TIME",
    Contract = "CONTRACT",
    Seasonal = "SEASONAL",
    Internship = "INTERNSHIP",
    Other = "OTHER",
});
closed_enum!(RemoteWorkStatus {
    Remote = "REMOTE",
    Hybrid = "HYBRID",
    Temporary = "TEMPORARY",
    OnSite = "ON_SITE",
    Other = "OTHER",
});
closed_enum!(ApplicationOutcome { Pending = "PENDING", Hired = "HIRED", Declined = "DECLINED" });
closed_enum!(HiringTeamRole {
    HiringManager = "HIRING_MANAGER",
    Recruiter = "RECRUITER",
    Coordinator = "COORDINATOR",
    Sourcer = "SOURCER",
    Interviewer = "INTERVIEWER",
    Admin = "ADMIN",
});
closed_enum!(ContactType { Personal = "PERSONAL", Work = "WORK", Other = "OTHER" });
closed_enum!(IntegrationState {
    /// Connected, first sync not finished; what has arrived can already be read.
    SettingUp = "SETTING_UP",
    Active = "ACTIVE",
    /// The vendor refuses the credentials.
    Invalid = "INVALID",
    Paused = "PAUSED",
});
closed_enum!(SyncScope { All = "ALL", CreatedOnly = "CREATED_ONLY", SinceCutoff = "SINCE_CUTOFF" });
closed_enum!(SyncKind { Full = "FULL", Delta = "DELTA", Targeted = "TARGETED" });
closed_enum!(SyncState {
    Queued = "QUEUED",
    Running = "RUNNING",
    Succeeded = "SUCCEEDED",
    PartiallyFailed = "PARTIALLY_FAILED",
    Failed = "FAILED",
    AuthenticationFailed = "AUTHENTICATION_FAILED",
    TimedOut = "TIMED_OUT",
    Cancelled = "CANCELLED",
});
closed_enum!(
    /// Of a subscription to one of a vendor's events.
    SubscriptionState {
        Subscribed = "SUBSCRIBED",
        Unsubscribed = "UNSUBSCRIBED",
        Failed = "FAILED",
    }
);
closed_enum!(RequestDirection { Outgoing = "OUTGOING", Incoming = "INCOMING" });
closed_enum!(ChangeKind { Created = "CREATED", Updated = "UPDATED", Deleted = "DELETED" });
closed_enum!(Gender { Male = "MALE", Female = "FEMALE", Other = "OTHER" });
closed_enum!(SalaryPeriod { Month = "MONTH", Year = "YEAR" });
closed_enum!(AttachmentType { Cv = "CV", CoverLetter = "COVER_LETTER", Other = "OTHER" });
closed_enum!(ActionState {
    Queued = "QUEUED",
    Running = "RUNNING",
    Succeeded = "SUCCEEDED",
    /// The record exists at the vendor; some step, an attachment say, did not make it.
    PartiallySucceeded = "PARTIALLY_SUCCEEDED",
    Failed = "FAILED",
});
closed_enum!(
    /// What can be written to a vendor.
    ActionKind {
        CreateCandidate = "CREATE_CANDIDATE",
        CreateApplication = "CREATE_APPLICATION",
        AddAttachmentToApplication = "ADD_ATTACHMENT_TO_APPLICATION",
        AddAttachmentToCandidate = "ADD_ATTACHMENT_TO_CANDIDATE",
        MoveApplicationToStage = "MOVE_APPLICATION_TO_STAGE",
        AddResultLinkToApplication = "ADD_RESULT_LINK_TO_APPLICATION",
        AddNoteToApplication = "ADD_NOTE_TO_APPLICATION",
    }
);
closed_enum!(
    /// What customers can be told of by webhooks.
    WebhookEvent {
        RecordChanged = "RECORD_CHANGED",
        IntegrationCreated = "INTEGRATION_CREATED",
        IntegrationStateChanged = "INTEGRATION_STATE_CHANGED",
        IntegrationDeleted = "INTEGRATION_DELETED",
        SyncFinished = "SYNC_FINISHED",
        ActionFinished = "ACTION_FINISHED",
        ConnectFailed = "CONNECT_FAILED",
    }
);
closed_enum!(
    /// What became of telling a customer.
    DeliveryState {
        Pending = "PENDING",
        Delivered = "DELIVERED",
        Failed = "FAILED",
    }
);
closed_enum!(
    /// What the holder of a key may do.
    Scope {
        RecordsRead = "RECORDS_READ",
        RemoteDataRead = "REMOTE_DATA_READ",
        RecordsWrite = "RECORDS_WRITE",
        Passthrough = "PASSTHROUGH",
        Operate = "OPERATE",
        Admin = "ADMIN",
    }
);

impl SyncState {
    pub fn is_finished(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl ActionState {
    pub fn is_finished(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}
