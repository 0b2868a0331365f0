//! One test binary: a file a behaviour.

mod architecture;
mod changes;
mod cli;
mod deletion;
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
