//! What can go wrong with the database. Never shown to a caller.

use sea_orm::DbErr;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// Somebody else works on the integration by now, or it is gone: nothing of this transaction was kept.
    #[error("the lease of the integration was lost")]
    LeaseLost,
    #[error("{0}")]
    Sealed(#[from] super::KeyringError),
    #[error("a stored value cannot be understood: {0}")]
    Corrupt(&'static str),
    #[error("{0}")]
    Refused(String),
}
