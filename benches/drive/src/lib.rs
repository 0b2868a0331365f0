//! Driving real processes of the service from outside, for what measures it and for what attacks it: child processes,
//! connections that are kept open, questions to the graph, databases of their own. Judges nothing, and shares no code
//! with the service.

pub mod connection;
pub mod graph;
pub mod postgres;
pub mod process;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;
pub type Outcome<T = ()> = Result<T, Failure>;

/// The tables of records.
pub const RECORD_TABLES: [&str; 9] = [
    "users",
    "jobs",
    "candidates",
    "applications",
    "application_stages",
    "job_stages",
    "tags",
    "candidate_tags",
    "hiring_team_members",
];
