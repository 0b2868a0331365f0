//! The connector through its own door, against a scripted answer or two and against its simulator.

mod access;
mod account;
mod faults;
mod fetching;
mod script;
mod simulated;
mod writing;
