//! How much of a stream a run reads: all of it, or what changed since it was read last.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::run::Running;
use super::{Engine, Error};
use crate::connectors::manifest::{Reads, Stream};
use crate::domain::{RecordType, SyncKind, SyncScope};
use crate::store::runs::History;

/// What a run reads of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Only what changed at or after this.
    pub since: Option<DateTime<Utc>>,
    /// Whether all is read that the integration mirrors, so that what is missing may be gone.
    pub shows_all: bool,
}

impl Engine {
    pub(super) async fn reach(&self, running: &Running<'_>, stream: &Stream) -> Result<Reach, Error> {
        if !stream.since {
            return Ok(Reach { since: None, shows_all: true });
        }
        let settings = &running.work.settings;
        let cutoff = match settings.scope {
            SyncScope::SinceCutoff => settings.cutoff_date.map(|date| date.and_time(NaiveTime::MIN).and_utc()),
            SyncScope::All | SyncScope::CreatedOnly => None,
        };
        let last = match running.run.kind {
            SyncKind::Delta => {
                let until = self.store().read_until(running.lease, &models(running, stream)).await?;
                until.and_then(DateTime::from_timestamp_millis)
            }
            SyncKind::Full | SyncKind::Targeted => None,
        };
        let overlap = TimeDelta::from_std(running.manifest().overlap).unwrap_or(TimeDelta::zero());
        let since = last.map(|last| last - overlap);
        Ok(Reach { since: since.max(cutoff), shows_all: last.is_none() })
    }

    /// What a run of this kind is for an integration: without a complete read to begin from, and at a vendor that
    /// cannot tell what changed, a DELTA is a FULL.
    pub(super) fn kind(&self, wanted: SyncKind, history: &History) -> SyncKind {
        let connector = self.registry().get(&history.connector);
        let tells = connector.is_some_and(|connector| connector.manifest().tells_changes());
        match wanted {
            SyncKind::Delta if history.last_full_at.is_none() || !tells => SyncKind::Full,
            wanted => wanted,
        }
    }

    /// The kind of run that the schedule wants now: what changed, and once a night everything, to find what is gone.
    pub(super) fn scheduled(&self, integration: Uuid, history: &History) -> SyncKind {
        let last_full = history.last_full_at.and_then(DateTime::from_timestamp_millis);
        match last_full {
            Some(last) if last >= last_night(self.clock().now(), integration) => SyncKind::Delta,
            _ => SyncKind::Full,
        }
    }
}

/// The record types that a stream is read for.
fn models(running: &Running<'_>, stream: &Stream) -> Vec<RecordType> {
    match &stream.reads {
        Reads::Carry { needed_by } => {
            let streams = running.manifest().streams.iter().filter(|other| needed_by.contains(&other.name));
            streams.flat_map(Stream::models).collect()
        }
        Reads::Pages(_) | Reads::Children { .. } => stream.models(),
    }
}

/// The last time before now that is this integration's time of the night: between midnight and four, UTC, spread so
/// that not all begin at once.
fn last_night(now: DateTime<Utc>, integration: Uuid) -> DateTime<Utc> {
    let minute = u16::from_be_bytes([integration.as_bytes()[14], integration.as_bytes()[15]]) % 240;
    let tonight = now.date_naive().and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(i64::from(minute));
    if tonight <= now { tonight } else { tonight - TimeDelta::days(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_of_an_integration_is_the_last_one() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let minute = |minute: u16| {
            let [high, low] = minute.to_be_bytes();
            let mut bytes = [0; 16];
            (bytes[14], bytes[15]) = (high, low);
            Uuid::from_bytes(bytes)
        };
        let now = at("2026-06-01T02:00:00Z");
        assert_eq!(last_night(now, minute(0)), at("2026-06-01T00:00:00Z"));
        assert_eq!(last_night(now, minute(120)), at("2026-06-01T02:00:00Z"));
        assert_eq!(last_night(now, minute(121)), at("2026-05-31T02:01:00Z"));
        assert_eq!(last_night(now, minute(240)), at("2026-06-01T00:00:00Z"));
    }
}
