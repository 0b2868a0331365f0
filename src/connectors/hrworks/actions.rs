//! Writing to HR WORKS: which steps an action takes, and what becomes of each. The order of the steps is
//! `plan.rs`'s; each other file carries out the steps of one thing.
//!
//! Every write is answered by the id of a write request, which is asked after until it is finished (§2). Nothing is
//! ever sent again because that takes long: only when the vendor refused it, or when `find` says that it never came.

pub mod applications;
mod creation;
mod document;
mod files;
mod plan;
mod record;
mod target;
pub mod write_request;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::client::{BASE, Client};
use crate::connectors::action::{Acted, Action, Files, Found, Passthrough, Step, Unacted};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::{Answer, Call};
use plan::Part;

pub use plan::next;

/// What a step is carried out with.
#[derive(Clone, Copy)]
struct Desk<'a> {
    client: Client<'a>,
    action: &'a Action<'a>,
    files: &'a dyn Files,
    now: DateTime<Utc>,
    shows_within: Duration,
}

impl<'a> Desk<'a> {
    fn new(account: &'a Account, action: &'a Action<'a>, files: &'a dyn Files) -> Self {
        Self {
            client: Client(&account.http),
            action,
            files,
            now: account.http.clock().now(),
            shows_within: account.shows_within,
        }
    }

    /// How often a step was tried, the try that is under way included.
    fn attempts(&self, step: &Step) -> u32 {
        self.action.taken(&step.name).map_or(1, |taken| taken.attempts.max(1))
    }
}

pub async fn act(account: &Account, action: &Action<'_>, step: &Step, files: &dyn Files) -> Result<Acted, Unacted> {
    let desk = Desk::new(account, action, files);
    match Part::parse(&step.name).ok_or_else(|| unknown(step))? {
        Part::ReadPost => creation::read_post(desk).await,
        Part::Remember => creation::remember(desk).await,
        Part::Create => creation::create(desk).await,
        Part::AwaitCreation => creation::wait(desk, desk.attempts(step)).await,
        Part::LookUp => creation::look_up(desk, desk.attempts(step)).await,
        Part::FindTarget => target::find(desk).await,
        Part::Count(at) => files::count(desk, at).await,
        Part::Send(at) => files::send(desk, at).await,
        Part::Await(at) => files::wait(desk, at, desk.attempts(step)).await,
        Part::Pause(at) => Ok(files::pause(at, desk.attempts(step))),
    }
}

pub async fn find(account: &Account, action: &Action<'_>, step: &Step, files: &dyn Files) -> Result<Found, Error> {
    let desk = Desk::new(account, action, files);
    match Part::parse(&step.name) {
        Some(Part::Create) => creation::find(desk, patience(desk, step)).await,
        Some(Part::Send(at)) => files::find(desk, at, patience(desk, step)).await,
        _ => Err(unknown(step)),
    }
}

/// A path below `/v2`; one that names `/v2` itself means the same, as no endpoint is called so.
pub async fn passthrough(account: &Account, request: Passthrough) -> Result<Answer, Error> {
    let mut path = request.path;
    if path.first().is_some_and(|first| first.eq_ignore_ascii_case("v2")) {
        path.remove(0);
    }
    let mut call = Call::of_caller(request.method, ("the caller's request", BASE), path, request.trailing_slash)
        .headers(&request.headers)
        .bytes(request.body);
    for (name, value) in request.query {
        call = call.query(name, value);
    }
    account.http.exchange(call).await
}

fn unknown(step: &Step) -> Error {
    Error::new(ErrorKind::Unsupported, format!("HR WORKS has no step {}", step.name))
}

/// A journal that holds something else than the steps before this one left.
fn unremembered(what: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("an earlier step of the action did not leave {what}"))
}

const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The pause before HR WORKS is asked again for a write whose answer was lost; none when that took long enough.
fn patience(desk: Desk<'_>, step: &Step) -> Option<Duration> {
    let left = desk.action.taken(&step.name)?.sent_at? + desk.shows_within - desk.now;
    left.to_std().ok().filter(|left| !left.is_zero()).map(|left| left.min(LOOK_AGAIN))
}

/// 0.5 s, half as much again each time, at most 5 s (§2).
fn poll_pause(attempts: u32) -> Duration {
    let exponent = i32::try_from(attempts.saturating_sub(1).min(20)).unwrap_or(20);
    Duration::from_secs_f64((0.5 * 1.5_f64.powi(exponent)).min(5.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_polls_grow_up_to_five_seconds() {
        let pauses: Vec<_> = [0, 1, 2, 3, 6, 7, 40, u32::MAX].map(|n| poll_pause(n).as_millis()).to_vec();
        assert_eq!(pauses, [500, 500, 750, 1125, 3796, 5000, 5000, 5000]);
    }
}
