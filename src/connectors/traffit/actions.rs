//! Writing to TRAFFIT: which steps an action takes, and what becomes of each.

use crate::connectors::action::{Acted, Action, Files, Found, Next, Outcome, Passthrough, Step, Unacted};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::Answer;

pub fn next(_: &Action<'_>) -> Next {
    Next::Done(Outcome::default())
}

pub async fn act(_: &Account, _: &Action<'_>, step: &Step, _: &dyn Files) -> Result<Acted, Unacted> {
    Err(unknown(step).into())
}

pub async fn find(_: &Account, _: &Action<'_>, step: &Step, _: &dyn Files) -> Result<Found, Error> {
    Err(unknown(step))
}

pub async fn passthrough(_: &Account, _: Passthrough) -> Result<Answer, Error> {
    Err(Error::new(ErrorKind::Unsupported, "TRAFFIT takes no requests of the caller's own yet"))
}

fn unknown(step: &Step) -> Error {
    Error::new(ErrorKind::Unsupported, format!("TRAFFIT has no step {}", step.name))
}
