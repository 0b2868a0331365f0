//! One test binary: a file a behaviour.

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
