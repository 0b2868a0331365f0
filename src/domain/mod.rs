//! What an applicant tracking system is to us: record types, identifiers, times, and the pure comparison
//! that names what changed. Knows no vendor, no database and no protocol.

pub mod clock;
pub mod diff;
pub mod duration;
mod enums;
pub mod id;
pub mod record;
mod refusal;
mod rules;
pub mod text;

pub use clock::{Clock, Ids};
pub use enums::*;
pub use id::{Id, IdSpace, IntegrationId, NodeId, NodeType};
pub use record::*;
pub use refusal::{ErrorCode, Refusal};
pub use rules::{DataRules, Omittable};
