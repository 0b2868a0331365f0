//! What customers are told: endpoints, the events that are written with their cause, the deliveries that a dispatcher
//! makes of events and changes, and the lanes in which they are carried out one after the other, under a lease.
//!
//! Locks are taken in one order: endpoint, lanes (sorted), deliveries, attempts.

mod dispatch;
mod endpoints;
mod events;
mod lanes;
mod managed;
mod purge;

use chrono::TimeDelta;

pub use dispatch::{Advance, Ends, NewDelivery};
pub use endpoints::{EndpointUpdate, Health, NewEndpoint, Updated};
pub use lanes::{Attempted, Lane, LaneNotes, LaneWork, Outcome};
pub use managed::Redelivered;

pub(super) use events::{Happening, happened, note_state, state_of};
pub(super) use lanes::lock_lanes;

/// So long what was delivered can be looked at.
pub const RETENTION: TimeDelta = TimeDelta::days(30);
