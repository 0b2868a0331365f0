//! The nine record types of the graph. Thin: a row that was read, and where the rest of the answer lies.

mod application;
mod candidate;
mod job;
mod people;
mod pipeline;
mod tag;
mod value;

pub use application::Application;
pub use candidate::Candidate;
pub use job::Job;
pub use people::{HiringTeamMember, User};
pub use pipeline::{ApplicationStage, JobStage};
pub use tag::{CandidateTag, Tag};

/// A record type with the fields that all have, and its own. `remote_id` is required for records that the vendor
/// names, and absent for join records.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident of $row:path, $remote:ty, { $($own:tt)* }) => {
        #[derive(Clone)]
        pub struct $name {
            row: std::sync::Arc<$row>,
            reads: std::sync::Arc<crate::graphql::reads::Reads>,
        }

        impl $name {
            pub fn new(row: std::sync::Arc<$row>, reads: std::sync::Arc<crate::graphql::reads::Reads>) -> Self {
                Self { row, reads }
            }
        }

        impl crate::graphql::record::Placed for $name {
            fn key(&self) -> crate::store::Key {
                crate::store::Key { integration: self.row.integration_id, id: self.row.id }
            }
        }

        $(#[$meta])*
        #[async_graphql::Object]
        impl $name {
            pub async fn id(&self) -> async_graphql::ID {
                let of = <$row as crate::store::RecordRow>::TYPE;
                crate::domain::NodeId::new(crate::domain::NodeType::Record(of), self.row.id).to_string().into()
            }

            /// The vendor's own identifier; null for join records that have none.
            pub async fn remote_id(&self) -> $remote {
                <$remote as crate::graphql::record::RemoteId>::of(self.row.remote_id.as_ref())
            }

            /// When this record last changed here: its own fields, never a neighbour's.
            pub async fn changed_at(&self) -> crate::graphql::scalar::DateTime {
                crate::graphql::scalar::DateTime::from_millis(self.row.changed_at)
            }

            /// When the vendor was first seen to have it no longer. Deleted records are left out of lists unless
            /// asked for.
            pub async fn remote_deleted_at(&self) -> Option<crate::graphql::scalar::DateTime> {
                self.row.remote_deleted_at.map(crate::graphql::scalar::DateTime::from_millis)
            }

            pub async fn integration(&self) -> async_graphql::Result<crate::graphql::integration::Integration> {
                let found = self.reads.integration(self.row.integration_id).await?;
                let found = found.ok_or(crate::store::Error::Corrupt("a record without its integration"))?;
                Ok(crate::graphql::integration::Integration::new(found))
            }

            $($own)*
        }
    };
}
pub(in crate::graphql) use record;

/// Where a record lies, and what it points to.
pub(in crate::graphql) trait Placed {
    fn key(&self) -> crate::store::Key;

    fn to(&self, id: Option<uuid::Uuid>) -> Option<crate::store::Key> {
        id.map(|id| crate::store::Key { id, ..self.key() })
    }
}

/// The two nullabilities of `remoteId`.
pub(in crate::graphql) trait RemoteId {
    fn of(remote_id: Option<&String>) -> Self;
}

impl RemoteId for String {
    fn of(remote_id: Option<&String>) -> Self {
        remote_id.cloned().unwrap_or_default()
    }
}

impl RemoteId for Option<String> {
    fn of(remote_id: Option<&String>) -> Self {
        remote_id.cloned()
    }
}
