//! One test binary: a file a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that is surprised fails")]

mod accounts;
mod architecture;
mod authorisation;
mod bad_input;
mod doors;
mod drift;
mod filters;
mod limits;
mod lists;
mod mirror;
mod records;
mod statements;
mod support;
