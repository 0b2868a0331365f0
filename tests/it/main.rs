//! One test binary: a file a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that is surprised fails")]

mod accounts;
mod architecture;
mod attachments;
mod authorisation;
mod bad_input;
mod changes;
mod cli;
mod counting;
mod crashes;
mod default_source;
mod deletion;
mod delta;
mod documents;
mod doors;
mod drift;
mod error_codes;
mod feed;
mod filters;
mod first_sync;
mod inbound;
mod kill;
mod lease;
mod limits;
mod lists;
mod mirror;
mod pages;
mod partial_failure;
mod personal;
mod plans;
mod pooled;
mod records;
mod refresh;
mod resume;
mod same_key;
mod schedule;
mod secrets;
mod statements;
mod subscriptions;
mod support;
mod webhooks;
mod workers;
mod write_faults;
mod writes;
