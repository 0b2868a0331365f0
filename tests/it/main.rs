//! One test binary: a file a behaviour.

mod architecture;
