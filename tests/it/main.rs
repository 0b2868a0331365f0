//! One test binary: a file a behaviour.

mod architecture;
mod counting;
mod documents;
mod drift;
mod mirror;
mod support;
