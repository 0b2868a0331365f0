//! One test binary: a file a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that is surprised fails")]

mod accounts;
mod architecture;
mod authorisation;
mod bad_input;
mod changes;
mod cli;
mod counting;
mod deletion;
mod documents;
mod doors;
mod drift;
mod feed;
mod filters;
mod first_sync;
mod kill;
mod lease;
mod limits;
mod lists;
mod mirror;
mod pages;
mod partial_failure;
mod plans;
mod records;
mod refresh;
mod resume;
mod secrets;
mod statements;
mod subscriptions;
mod support;
mod webhooks;
mod writes;
