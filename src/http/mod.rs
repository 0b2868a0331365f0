//! The doors.

pub mod graphiql;
pub mod graphql_over_http;
