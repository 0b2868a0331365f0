//! One GraphQL graph over every applicant tracking system.

pub mod actions;
pub mod cli;
pub mod config;
pub mod connectors;
mod demo;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod net;
pub mod queue;
pub mod store;
pub mod sync;
pub mod telemetry;
pub mod webhooks;
