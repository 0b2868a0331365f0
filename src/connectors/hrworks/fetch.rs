//! Reading single records, which actions and webhooks announce.

use crate::connectors::action::Fetched;
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::domain::RecordType;

pub async fn records(_: &Account, wanted: &[(RecordType, String)]) -> Result<Fetched, Error> {
    match wanted.first() {
        None => Ok(Fetched::default()),
        Some((of, _)) => {
            Err(Error::new(ErrorKind::Unsupported, format!("HR WORKS cannot be asked for a single {of} yet")))
        }
    }
}
