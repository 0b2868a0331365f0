//! The only way out: every request that leaves this process goes through [`Client`]. It decides which hosts
//! may be reached at all, follows no redirects, and never waits or reads without a limit. It knows no vendor
//! and repeats nothing.

mod body;
mod client;
pub mod guard;
mod names;
mod pause;

pub use body::{Body, Opener, Pieces};
pub use client::{Client, Error, Incoming, Options, Request, Response};
pub use names::Lookup;
pub use pause::retry_after;
