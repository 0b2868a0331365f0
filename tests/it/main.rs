//! One test binary: a file a behaviour.

#![expect(clippy::unwrap_used, reason = "a test that is surprised fails")]

mod architecture;
mod counting;
mod documents;
mod drift;
mod mirror;
mod support;
