//! One test binary: a file a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that is surprised fails")]

mod architecture;
mod changes;
mod cli;
mod counting;
mod deletion;
mod documents;
mod drift;
mod first_sync;
mod kill;
mod lease;
mod mirror;
mod pages;
mod partial_failure;
mod resume;
mod secrets;
mod support;
mod writes;
