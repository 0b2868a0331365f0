//! The connector through its own door, against a small fake of TRAFFIT and against its simulator.

mod access;
mod fake;
mod fetching;
mod losing;
mod passing;
mod simulated;
mod streams;
mod writing;
