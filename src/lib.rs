//! One GraphQL graph over every applicant tracking system.

pub mod connectors;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod net;
pub mod store;
pub mod sync;
