//! Vendors. One folder each, with the same file names in every folder; this folder's own files say what a
//! vendor must be able to do and give all of them one way to send a request.

pub mod action;
pub mod catalogue;
pub mod checks;
#[cfg(test)]
mod conformance;
pub mod connector;
pub mod error;
pub mod guide;
pub mod hrworks;
pub mod manifest;
pub mod redact;
pub mod registry;
#[cfg(test)]
pub mod rehearsal;
pub mod request_log;
pub mod traffit;
pub mod vendor_http;
pub mod webhook;

pub use checks::Checks;
pub use connector::{
    Account, CHILDREN_AT_ONCE, Carried, Children, ChildrenOf, Connector, Credentials, Fact, OpenAccount, Page, Problem,
    ReadPage,
};
pub use error::{Error, ErrorKind, Retry};
pub use manifest::{Check, Manifest};
pub use registry::Registry;
pub use request_log::{RequestLog, Sent};
