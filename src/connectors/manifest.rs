//! What a vendor is, as data. The connect form, `Connector.coverage` in the graph, the generated page, the
//! list of hosts and the choice of conformance tests all come from here.

use std::time::Duration;

use super::catalogue::Catalogue;
use super::error::ErrorKind;
use crate::domain::{ActionKind, RecordType};

#[derive(Debug)]
pub struct Manifest {
    /// Lower case, stable: names the connector in the graph, in paths and in settings.
    pub slug: &'static str,
    pub name: &'static str,
    /// In the order in which a form asks for them.
    pub credentials: &'static [CredentialField],
    /// The vendor's root in production; `{field}` is replaced by the credential of that key.
    pub base_url: &'static str,
    pub limits: Limits,
    /// In the order in which a full sync reads them.
    pub streams: &'static [Stream],
    /// A DELTA run begins so long before the last run: pages have no snapshot, and what is told may be told late.
    pub overlap: Duration,
    pub models: &'static [ModelCoverage],
    /// What can be written; an action that is missing here is not supported.
    pub actions: &'static [ActionCoverage],
    pub features: &'static [Feature],
    pub webhook_events: &'static [WebhookEvent],
    /// The connect guide in Markdown, see [`super::guide`].
    pub guide: &'static str,
    /// The same in German, with the same steps.
    pub guide_de: &'static str,
    /// What else is said to the end customer, in German: labels, help, connection tests.
    pub german: Catalogue,
    /// JSON Pointers into `remoteData` whose values change at every read and mean nothing.
    pub volatile: &'static [&'static str],
}

#[derive(Debug)]
pub struct CredentialField {
    pub key: &'static str,
    pub label: &'static str,
    pub help: Option<&'static str>,
    pub secret: bool,
    pub required: bool,
    pub placeholder: Option<&'static str>,
    pub format: CredentialFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialFormat {
    /// Anything visible.
    Text,
    /// One DNS label: it becomes part of a host name.
    DnsLabel,
    /// One of these values.
    OneOf(&'static [&'static str]),
}

/// The vendor's production budget. It does not apply to a base URL that was set by hand.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub requests_per_second: u32,
    /// Requests under way at once.
    pub concurrency: usize,
    pub read_timeout: Duration,
    /// A write whose answer was lost shows itself within this time, or it never arrived.
    pub shows_within: Duration,
}

/// One sequence of pages that a full sync reads.
#[derive(Debug)]
pub struct Stream {
    pub name: &'static str,
    pub reads: Reads,
    /// Whether the vendor can tell what changed since a moment ([`super::ReadPage::since`]): then a DELTA run, and the
    /// scope SINCE_CUTOFF, read only that. Streams that cannot are read whole.
    pub since: bool,
}

#[derive(Debug)]
pub enum Reads {
    /// Pages by cursor. A complete read of all its pages shows which records are gone.
    Pages(&'static [RecordType]),
    /// Yields no records, only what later streams need to make theirs ([`super::Carried`]). Read again
    /// whenever a run resumes.
    Carry { needed_by: &'static [&'static str] },
    /// Reads what belongs to single records of `parent`, and only to those that are new or changed.
    Children {
        parent: RecordType,
        /// What an answer replaces as a whole for its parent.
        replaces: RecordType,
        /// What exists only as long as one of `replaces` points to it.
        derives: RecordType,
    },
}

impl Stream {
    /// A stream that is always read whole.
    pub const fn whole(name: &'static str, reads: Reads) -> Self {
        Self { name, reads, since: false }
    }

    /// A stream of which the vendor can tell what changed.
    pub const fn told(name: &'static str, reads: Reads) -> Self {
        Self { name, reads, since: true }
    }

    pub fn models(&self) -> Vec<RecordType> {
        match &self.reads {
            Reads::Pages(models) => models.to_vec(),
            Reads::Carry { .. } => Vec::new(),
            Reads::Children { replaces, derives, .. } => vec![*derives, *replaces],
        }
    }
}

/// What the vendor serves of one record type. A row is a promise that the conformance suite checks in both
/// directions.
#[derive(Debug)]
pub struct ModelCoverage {
    pub model: RecordType,
    pub fields: &'static [FieldCoverage],
}

#[derive(Debug)]
pub struct FieldCoverage {
    /// As in the graph.
    pub name: &'static str,
    pub note: Option<&'static str>,
}

#[derive(Debug)]
pub struct ActionCoverage {
    pub action: ActionKind,
    pub note: Option<&'static str>,
    /// By the path of the input in the graph, e.g. `candidate.firstName`.
    pub inputs: &'static [FieldCoverage],
}

#[derive(Debug)]
pub struct Feature {
    /// A `FeatureKey` of the graph.
    pub key: FeatureKey,
    pub supported: bool,
    pub note: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureKey {
    SourceWriting,
    SyncOnlyCreatedApplications,
    ConnectionGuide,
    Prerequisites,
    CreateCredentials,
    CandidateSourceTracking,
    FullAttachmentRetry,
    Passthrough,
    ScopeTesting,
    PerModelTests,
    WebhookSubscriptions,
}

impl FeatureKey {
    pub const ALL: &'static [Self] = &[
        Self::SourceWriting,
        Self::SyncOnlyCreatedApplications,
        Self::ConnectionGuide,
        Self::Prerequisites,
        Self::CreateCredentials,
        Self::CandidateSourceTracking,
        Self::FullAttachmentRetry,
        Self::Passthrough,
        Self::ScopeTesting,
        Self::PerModelTests,
        Self::WebhookSubscriptions,
    ];
}

#[derive(Debug)]
pub struct WebhookEvent {
    pub event: &'static str,
    pub covered: bool,
    pub description: &'static str,
}

impl Manifest {
    pub fn model(&self, model: RecordType) -> Option<&ModelCoverage> {
        self.models.iter().find(|coverage| coverage.model == model)
    }

    pub fn offers(&self, key: FeatureKey) -> bool {
        self.features.iter().any(|feature| feature.key == key && feature.supported)
    }

    /// The streams that read what belongs to single records of `parent`, with what they replace.
    pub fn children_of(&self, parent: RecordType) -> impl Iterator<Item = (&'static str, RecordType)> + use<> {
        let streams: &'static [Stream] = self.streams;
        streams.iter().filter_map(move |stream| match &stream.reads {
            Reads::Children { parent: of, replaces, .. } if *of == parent => Some((stream.name, *replaces)),
            Reads::Children { .. } | Reads::Pages(_) | Reads::Carry { .. } => None,
        })
    }

    /// Whether the vendor can tell what changed since a moment. Where it cannot, every run is a full one.
    pub fn tells_changes(&self) -> bool {
        self.streams.iter().any(|stream| stream.since)
    }

    /// The record types of which the vendor can tell what changed, and those that belong to their records.
    pub fn told_types(&self) -> Vec<RecordType> {
        let told: Vec<RecordType> =
            self.streams.iter().filter(|stream| stream.since).flat_map(Stream::models).collect();
        let children = told.iter().flat_map(|of| self.children_of(*of)).map(|(_, replaces)| replaces);
        told.iter().copied().chain(children).collect()
    }

    /// The record types that a full sync of this vendor reads, in reading order.
    pub fn record_types(&self) -> Vec<RecordType> {
        self.streams.iter().flat_map(Stream::models).collect()
    }
}

/// The result of one connection test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Short and stable, e.g. `credentials`, `scope employee`, `read CANDIDATE`.
    pub name: String,
    pub model: Option<RecordType>,
    pub passed: bool,
    pub message: String,
    /// What the end customer has to change at the vendor.
    pub fix: Option<String>,
    /// Why it failed: a vendor that cannot be reached says nothing about the credentials.
    pub kind: Option<ErrorKind>,
}

/// Short forms for the tables in the vendors' manifests.
pub const fn field(name: &'static str) -> FieldCoverage {
    FieldCoverage { name, note: None }
}

pub const fn noted(name: &'static str, note: &'static str) -> FieldCoverage {
    FieldCoverage { name, note: Some(note) }
}
