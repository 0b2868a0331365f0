//! One entity a table. The record types share their first columns and the way in which a chosen part of their
//! columns is read.

mod json;
mod record;

pub mod action;
pub mod action_file;
pub mod action_step;
pub mod api_key;
pub mod application;
pub mod application_stage;
pub mod candidate;
pub mod candidate_tag;
pub mod change;
pub mod connect_link;
pub mod counter;
pub mod created_record;
pub mod custom_field;
pub mod due_children;
pub mod held_deletion;
pub mod hiring_team_member;
pub mod integration;
pub mod job;
pub mod job_stage;
pub mod model_status;
pub mod payload;
pub mod sync_run;
pub mod sync_run_model;
pub mod sync_seen;
pub mod tag;
pub mod targeted_record;
pub mod tombstone;
pub mod user;
pub mod vendor_delivery;
pub mod vendor_inbox;
pub mod vendor_request;
pub mod vendor_subscription;
pub mod webhook_attempt;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod webhook_event;
pub mod webhook_lane;

pub use json::Json;
pub use record::RecordRow;
pub(in crate::store) use record::record_entity;
