//! Single records, read at their vendor now because a caller asks. Writes nothing at the vendor and has no journal: a
//! read that is lost is asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::error;
use uuid::Uuid;

use super::{Actions, Error, refusal};
use crate::connectors::ErrorKind;
use crate::domain::{ErrorCode, RecordType, Refusal};
use crate::store::Operator;

/// A record by its place among those that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub place: usize,
    pub of: RecordType,
    pub id: Uuid,
}

/// One that is known, and to be read.
#[derive(Debug, Clone)]
struct Wanted {
    place: usize,
    of: RecordType,
    remote_id: String,
}

/// What became of the read of one integration's records.
type Outcome = Result<Vec<Refusal>, Error>;

impl Actions {
    /// Reads these records at their vendors and commits what came back. Answers what could not be read, and what was
    /// not read in time: that read goes on.
    pub async fn refresh(
        &self,
        operator: &Operator,
        asked: &[Asked],
        patience: Duration,
    ) -> Result<Vec<Refusal>, Error> {
        let mut refusals = Vec::new();
        let wanted = self.known(operator, asked, &mut refusals).await?;
        let deadline = Instant::now() + patience;
        let mut reads = Vec::new();
        for (integration, wanted) in wanted {
            let row = operator.integration(integration).await?;
            if row.is_none_or(|row| row.paused) {
                let code = ErrorCode::IntegrationPaused;
                refusals
                    .extend(wanted.iter().map(|one| at(one.place, code, "the integration is paused; resume it first")));
                continue;
            }
            let (done, answer) = oneshot::channel();
            let (actions, places) = (self.clone(), wanted.iter().map(|one| one.place).collect::<Vec<_>>());
            self.0.tasks.spawn(async move {
                let outcome = actions.read(integration, &wanted).await;
                if let Err(Err(error)) = done.send(outcome) {
                    error!(%integration, %error, "records that nobody waits for any more could not be read");
                }
            });
            reads.push(async move { (places, tokio::time::timeout_at(deadline, answer).await) });
        }
        for (places, answer) in join_all(reads).await {
            match answer {
                Ok(Ok(outcome)) => refusals.extend(outcome?),
                // Not in time, or the process ends.
                Ok(Err(_)) | Err(_) => {
                    let message = "the vendor did not answer in time; the read goes on, and the record is as it was";
                    refusals.extend(places.into_iter().map(|place| at(place, ErrorCode::RemoteTimeout, message)));
                }
            }
        }
        refusals.sort_by_key(|refusal| refusal.field.last().and_then(|place| place.parse::<usize>().ok()));
        Ok(refusals)
    }

    /// Those that are in the mirror and may be seen, by integration.
    async fn known(
        &self,
        operator: &Operator,
        asked: &[Asked],
        refusals: &mut Vec<Refusal>,
    ) -> Result<BTreeMap<Uuid, Vec<Wanted>>, Error> {
        let types: BTreeSet<RecordType> = asked.iter().map(|one| one.of).collect();
        let mut wanted: BTreeMap<Uuid, Vec<Wanted>> = BTreeMap::new();
        for of in types {
            let asked: Vec<&Asked> = asked.iter().filter(|one| one.of == of).collect();
            let ids: Vec<Uuid> = asked.iter().map(|one| one.id).collect();
            let found = operator.remote_ids(of, &ids).await?;
            for one in asked {
                match found.get(&one.id) {
                    None => refusals.push(at(one.place, ErrorCode::NotFound, "there is no such record")),
                    Some((_, None)) => refusals.push(not_single(one.place, of)),
                    Some((integration, Some(remote_id))) => {
                        let one = Wanted { place: one.place, of, remote_id: remote_id.clone() };
                        wanted.entry(*integration).or_default().push(one);
                    }
                }
            }
        }
        Ok(wanted)
    }

    /// All of one integration at once, because vendors can save requests so; type by type when one of the types cannot
    /// be read singly.
    async fn read(&self, integration: Uuid, wanted: &[Wanted]) -> Outcome {
        let Some(refused) = self.read_at_once(integration, wanted).await? else { return Ok(Vec::new()) };
        let types: BTreeSet<RecordType> = wanted.iter().map(|one| one.of).collect();
        if refused.kind != ErrorKind::Unsupported || types.len() == 1 {
            return Ok(wanted.iter().map(|one| refused.refusal(one)).collect());
        }
        let mut refusals = Vec::new();
        for of in types {
            let some: Vec<Wanted> = wanted.iter().filter(|one| one.of == of).cloned().collect();
            if let Some(refused) = self.read_at_once(integration, &some).await? {
                refusals.extend(some.iter().map(|one| refused.refusal(one)));
            }
        }
        Ok(refusals)
    }

    async fn read_at_once(&self, integration: Uuid, wanted: &[Wanted]) -> Result<Option<Refused>, Error> {
        let records: Vec<_> = wanted.iter().map(|one| (one.of, one.remote_id.clone())).collect();
        match self.engine().refresh(integration, &records, None).await? {
            Ok(()) => Ok(None),
            Err(error) => Ok(Some(Refused { kind: error.kind, refusal: refusal::of(&error) })),
        }
    }
}

/// The vendor's answer to the whole of a read.
struct Refused {
    kind: ErrorKind,
    refusal: Refusal,
}

impl Refused {
    fn refusal(&self, one: &Wanted) -> Refusal {
        match self.kind {
            ErrorKind::Unsupported => not_single(one.place, one.of),
            _ => self.refusal.clone().at(&["input", "ids", &one.place.to_string()]),
        }
    }
}

fn at(place: usize, code: ErrorCode, message: &str) -> Refusal {
    Refusal::new(code, message).at(&["input", "ids", &place.to_string()])
}

fn not_single(place: usize, of: RecordType) -> Refusal {
    at(place, ErrorCode::ActionNotSupported, &format!("the vendor cannot be asked for a single {of}"))
}
