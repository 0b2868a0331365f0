//! One test binary: a file a behaviour.

mod architecture;
mod drift;
mod mirror;
mod support;
mod writes;
