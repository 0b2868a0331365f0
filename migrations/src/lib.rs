//! The schema's history, for SQLite and PostgreSQL alike.

pub use sea_orm_migration::prelude::*;
