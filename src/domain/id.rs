//! Identifiers. A record's id is known before its row exists: it is made from the integration, the record
//! type and the vendor's id alone, so relations need no look-up and a reconnect keeps every id.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use uuid::Uuid;

use super::record::{
    Application, ApplicationStage, Candidate, CandidateTag, HiringTeamMember, Job, JobStage, Tag, Typed, User,
};
use super::{Ids, RecordType};

/// Lower-case base32 (extended hex alphabet): 16 bytes become 26 characters that sort as the bytes do.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghijklmnopqrstuv");
    #[expect(clippy::expect_used, reason = "a constant alphabet, covered by the tests of this module")]
    specification.encoding().expect("a valid alphabet")
});

/// The id of one mirrored record of type `T`. Serialized in its public form.
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T: Typed> Id<T> {
    pub fn node(self) -> NodeId {
        NodeId { of: NodeType::Record(T::TYPE), uuid: self.uuid }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uuid)
    }
}
impl<T: Typed> serde::Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.node())
    }
}

/// The id of an integration: random, made when an account is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegrationId(pub Uuid);

impl IntegrationId {
    pub fn fresh(ids: &dyn Ids) -> Self {
        Self(ids.uuid())
    }

    pub fn node(self) -> NodeId {
        NodeId { of: NodeType::Integration, uuid: self.0 }
    }
}

impl fmt::Display for IntegrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node().fmt(f)
    }
}

/// Makes the ids of one integration's records from the vendor's own ids.
///
/// Layout of the UUIDv8: 32 bits that stand for the integration (rows of one integration lie together in
/// every index), then 90 bits of BLAKE3 over (integration id, record type, vendor id).
#[derive(Debug, Clone, Copy)]
pub struct IdSpace {
    integration: IntegrationId,
    leading: [u8; 4],
}

impl IdSpace {
    pub fn new(integration: IntegrationId) -> Self {
        let hash = blake3::hash(integration.0.as_bytes());
        let mut leading = [0; 4];
        leading.copy_from_slice(&hash.as_bytes()[..4]);
        Self { integration, leading }
    }

    pub fn integration(&self) -> IntegrationId {
        self.integration
    }

    /// What the ids of all records of the integration begin with.
    pub fn leading(&self) -> [u8; 4] {
        self.leading
    }

    /// The id of the record of type `T` that the vendor knows as `remote`. For join records `remote` is a
    /// key made of both sides' vendor ids, see [`IdSpace::joined`].
    pub fn id<T: Typed>(&self, remote: &str) -> Id<T> {
        Id::from_uuid(self.uuid(T::TYPE, remote))
    }

    /// The untyped form of [`IdSpace::id`].
    pub fn uuid(&self, of: RecordType, remote: &str) -> Uuid {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.integration.0.as_bytes());
        hasher.update(of.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(remote.as_bytes());
        let hash = hasher.finalize();
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.leading);
        bytes[4..].copy_from_slice(&hash.as_bytes()[..12]);
        Uuid::new_v8(bytes)
    }

    pub fn user(&self, remote: &str) -> Id<User> {
        self.id(remote)
    }
    pub fn job(&self, remote: &str) -> Id<Job> {
        self.id(remote)
    }
    pub fn candidate(&self, remote: &str) -> Id<Candidate> {
        self.id(remote)
    }
    pub fn application(&self, remote: &str) -> Id<Application> {
        self.id(remote)
    }
    pub fn stage(&self, remote: &str) -> Id<ApplicationStage> {
        self.id(remote)
    }
    pub fn tag(&self, remote: &str) -> Id<Tag> {
        self.id(remote)
    }
    pub fn job_stage(&self, job: &str, stage: &str) -> Id<JobStage> {
        self.joined(job, stage)
    }
    pub fn candidate_tag(&self, candidate: &str, tag: &str) -> Id<CandidateTag> {
        self.joined(candidate, tag)
    }
    pub fn hiring_team_member(&self, job: &str, user: &str) -> Id<HiringTeamMember> {
        self.joined(job, user)
    }

    /// The id of a join record. The lengths keep `("1", "23")` and `("12", "3")` apart.
    fn joined<T: Typed>(&self, left: &str, right: &str) -> Id<T> {
        self.id(&format!("{}:{left}:{right}", left.len()))
    }
}

/// What a public id can stand for: its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeType {
    Record(RecordType),
    Integration,
    SyncRun,
    ApiKey,
    Action,
    WebhookEndpoint,
    WebhookDelivery,
    VendorRequest,
}

impl NodeType {
    const ALL: [Self; 16] = [
        Self::Record(RecordType::User),
        Self::Record(RecordType::Job),
        Self::Record(RecordType::Candidate),
        Self::Record(RecordType::Application),
        Self::Record(RecordType::ApplicationStage),
        Self::Record(RecordType::JobStage),
        Self::Record(RecordType::Tag),
        Self::Record(RecordType::CandidateTag),
        Self::Record(RecordType::HiringTeamMember),
        Self::Integration,
        Self::SyncRun,
        Self::ApiKey,
        Self::Action,
        Self::WebhookEndpoint,
        Self::WebhookDelivery,
        Self::VendorRequest,
    ];

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Record(RecordType::User) => "user",
            Self::Record(RecordType::Job) => "job",
            Self::Record(RecordType::Candidate) => "cand",
            Self::Record(RecordType::Application) => "app",
            Self::Record(RecordType::ApplicationStage) => "stage",
            Self::Record(RecordType::JobStage) => "jobstage",
            Self::Record(RecordType::Tag) => "tag",
            Self::Record(RecordType::CandidateTag) => "candtag",
            Self::Record(RecordType::HiringTeamMember) => "member",
            Self::Integration => "int",
            Self::SyncRun => "run",
            Self::ApiKey => "key",
            Self::Action => "act",
            Self::WebhookEndpoint => "hook",
            Self::WebhookDelivery => "msg",
            Self::VendorRequest => "req",
        }
    }
}

/// A public id: `<prefix>_<base32>`, e.g. `job_3f0…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId {
    pub of: NodeType,
    pub uuid: Uuid,
}

impl NodeId {
    pub const fn new(of: NodeType, uuid: Uuid) -> Self {
        Self { of, uuid }
    }

    /// Reads a public id; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once('_')?;
        let of = NodeType::ALL.into_iter().find(|of| of.prefix() == prefix)?;
        let bytes = BASE32.decode(rest.as_bytes()).ok()?;
        Some(Self { of, uuid: Uuid::from_slice(&bytes).ok()? })
    }

    /// The uuid of `text` when it is the public id of an `of`.
    pub fn parse_as(of: NodeType, text: &str) -> Option<Uuid> {
        Self::parse(text).filter(|id| id.of == of).map(|id| id.uuid)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.of.prefix(), BASE32.encode(self.uuid.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SeededIds;

    #[test]
    fn public_ids_survive_a_round_trip() {
        let space = IdSpace::new(IntegrationId::fresh(&SeededIds::new(1)));
        let id = space.job("60").node();
        assert_eq!(NodeId::parse(&id.to_string()), Some(id));
        assert!(id.to_string().starts_with("job_"));
    }

    #[test]
    fn foreign_text_is_no_id() {
        for text in ["", "job", "job_", "job_zz", "nope_0000", "job_\u{1F980}", "_", "job_0123456789abcdefghijklmnopq"]
        {
            assert_eq!(NodeId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_differ_by_integration_type_and_key() {
        let ids = SeededIds::new(1);
        let (a, b) = (IdSpace::new(IntegrationId::fresh(&ids)), IdSpace::new(IntegrationId::fresh(&ids)));
        assert_ne!(a.job("1").uuid(), b.job("1").uuid());
        assert_ne!(a.job("1").uuid(), a.candidate("1").uuid());
        assert_ne!(a.job_stage("1", "23").uuid(), a.job_stage("12", "3").uuid());
        assert_eq!(a.job("1").uuid().as_bytes()[..4], a.candidate("2").uuid().as_bytes()[..4]);
        assert_eq!(a.job("1").uuid().get_version_num(), 8);
    }
}
