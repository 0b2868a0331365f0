//! Webhooks (§6): one subscription an event, each with a URL and a secret of its own, because TRAFFIT signs nothing
//! and the names in its payloads were never captured. A payload only carries ids.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use http::header::LOCATION;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{AT_ONCE, Client, Refusal, WEBHOOK, WEBHOOKS, status_error};
use super::mapping::application_key;
use super::paging::{Listed as Rows, Paging};
use super::read::every_row;
use super::wire::{Id, Reference};
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::{Answer, Call};
use crate::connectors::webhook::{self, Delivery, Hints, Kept, Listed, Merge, Wanted};
use crate::domain::RecordType;

const SECRET: &str = "secret";

/// One answer for each: TRAFFIT's id, as far as it says one.
pub async fn subscribe(account: &Account, wanted: &[Wanted]) -> Vec<Result<Option<String>, Error>> {
    let Some((first, rest)) = wanted.split_first() else { return Vec::new() };
    // Whoever may not make one may make none.
    let first = register(account, &first.event, &address(first)).await;
    if let Err(error) = &first
        && matches!(error.kind, ErrorKind::Auth | ErrorKind::Permission | ErrorKind::NotFound)
    {
        return wanted.iter().map(|_| Err(error.clone())).collect();
    }
    let rest: Vec<(String, String)> = rest.iter().map(|one| (one.event.clone(), address(one))).collect();
    let asked =
        stream::iter(rest).map(|(event, url)| async move { register(account, &event, &url).await }).buffered(AT_ONCE);
    stream::iter([first]).chain(asked).collect().await
}

fn address(wanted: &Wanted) -> String {
    format!("{}?{SECRET}={}", wanted.url, wanted.secret.expose_secret())
}

async fn register(account: &Account, event: &str, url: &str) -> Result<Option<String>, Error> {
    let call = Call::post(WEBHOOKS).json(&json!({"type": event, "url": url}));
    let answer = Client(&account.http).write(call).await?;
    if !answer.status.is_success() {
        return Err(refused(&answer));
    }
    let body: Value = answer.json().unwrap_or_default();
    let inner = ["webhook", "data"].into_iter().find_map(|name| Id::of(body.get(name)?));
    let told = Id::of(&body).or(inner).or_else(|| Id::read(&body)).map(|id| id.0);
    Ok(told.or_else(|| {
        let location = answer.header(LOCATION.as_str())?.trim_end_matches('/').rsplit('/').next()?;
        location.parse::<u64>().ok().map(|id| id.to_string())
    }))
}

fn refused(answer: &Answer) -> Error {
    let refusal = Refusal::read(&answer.body);
    status_error(answer, refusal.code.as_deref()).private(refusal.private())
}

/// None where TRAFFIT does not list them: that it does is not confirmed.
pub async fn subscriptions(account: &Account) -> Result<Option<Vec<Listed>>, Error> {
    let client = Client(&account.http);
    let list = |at: Paging| async move {
        let listed = client.page(WEBHOOKS, &at).await?;
        // Most likely not paged at all: without page headers the first answer is the whole list.
        Ok(Rows { total_pages: listed.total_pages.or(Some(1)), ..listed })
    };
    let rows = match every_row(list).await {
        Ok(rows) => rows,
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Shape) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let read = |row: &Value| {
        let url = ["url", "target_url", "callback_url"].into_iter().find_map(|name| row.get(name)?.as_str())?;
        Some(Listed { remote_id: Id::of(row)?.0, url: url.to_owned(), works: true })
    };
    Ok(Some(rows.iter().filter_map(read).collect()))
}

/// What is gone already is as good as removed.
pub async fn unsubscribe(account: &Account, remote_ids: &[String]) -> Result<(), Error> {
    let client = Client(&account.http);
    let asked = stream::iter(remote_ids.iter().cloned());
    let asked = asked.map(|id| async move {
        let answer = client.write(Call::new(http::Method::DELETE, WEBHOOK).with("id", id)).await?;
        match answer.status.as_u16() {
            404 | 410 => Ok(()),
            _ if answer.status.is_success() => Ok(()),
            _ => Err(refused(&answer)),
        }
    });
    let answers: Vec<Result<(), Error>> = asked.buffered(AT_ONCE).collect().await;
    answers.into_iter().collect()
}

pub fn verify(delivery: &Delivery<'_>, kept: &Kept) -> bool {
    match kept {
        Kept::Hash(hash) => webhook::carries(delivery.query, SECRET, hash),
        Kept::Key(_) => false,
    }
}

/// Events after which something is there no longer.
const TAKES_AWAY: [&str; 4] =
    ["candidate_deleted", "candidate_soft_deleted", "candidate_merged", "candidate_removed_from_job"];

/// What a body means. `bound`: the event of the subscription that it came to.
pub fn hints(bound: &str, body: &[u8]) -> Hints {
    let mut hints = of_body(bound, body);
    hints.vanished = hints.unclear && TAKES_AWAY.contains(&bound);
    hints
}

fn of_body(bound: &str, body: &[u8]) -> Hints {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Hints::unclear() };
    let bodies = match &body {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut hints = Hints::default();
    for body in bodies {
        hints.add(of_one(bound, body));
    }
    hints.unclear |= bodies.is_empty();
    hints
}

fn of_one(bound: &str, body: &Value) -> Hints {
    // What the ids lie in, should it be wrapped.
    let places = [Some(body), body.get("data"), body.get("payload")];
    let places: Vec<&Value> = places.into_iter().flatten().filter(|place| place.is_object()).collect();
    let ids = Ids { places: &places };
    let mut hints = ids.hints(bound);
    // The subscription is what counts; a body that names another event may mean that as well.
    let named = ["type", "event_type", "event"].into_iter().find_map(|name| ids.text(name));
    if let Some(named) = named
        && named != bound
    {
        let other = ids.hints(named);
        hints.add(Hints { unclear: false, ..other });
    }
    hints
}

struct Ids<'a> {
    places: &'a [&'a Value],
}

impl Ids<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.places.iter().find_map(|place| place.get(name)?.as_str())
    }

    /// The id of what goes by one of these names, nested or flat.
    fn named(&self, names: &[&str]) -> Option<String> {
        let nested = |place: &&Value, name: &str| place.get(name).and_then(Reference::read).map(|found| found.0.0);
        names.iter().find_map(|name| self.places.iter().find_map(|place| nested(place, name)))
    }

    fn bare(&self) -> Option<String> {
        self.places.iter().find_map(|place| Id::of(place)).map(|id| id.0)
    }

    fn candidate(&self) -> Option<String> {
        self.named(&["employee", "employee_id", "employeeId", "candidate", "candidate_id", "candidateId"])
    }

    fn job(&self) -> Option<String> {
        self.named(&["recruitment", "recruitment_id", "recruitmentId", "job", "job_id", "jobId"])
    }

    /// Whatever is called merged, in any form: a reference, an id, or a list of them.
    fn merged(&self) -> BTreeSet<String> {
        let fields = self.places.iter().filter_map(|place| place.as_object()).flatten();
        // "merged_at" and the like are no ids.
        let is_of_ids =
            |name: &str| name.contains("merged") && !["at", "date", "count"].iter().any(|end| name.ends_with(end));
        let merged = fields.filter(|(name, _)| is_of_ids(&name.to_ascii_lowercase()));
        let ids = merged.flat_map(|(_, value)| match value {
            Value::Array(several) => several.iter().filter_map(Reference::read).collect::<Vec<_>>(),
            one => Reference::read(one).into_iter().collect(),
        });
        ids.map(|id| id.0.0).collect()
    }

    fn hints(&self, event: &str) -> Hints {
        match event {
            "candidate_created" => self.of_candidate(|_, _| {}),
            "candidate_applied" | "candidate_added_to_job" | "candidate_moved_in_job" | "candidate_hired" => {
                let job = self.job();
                self.of_candidate(|hints, candidate| match &job {
                    Some(job) => {
                        hints.look_at.insert((RecordType::Application, application_key(job, &candidate)));
                    }
                    None => drop(hints.applications_of.insert(candidate)),
                })
            }
            "candidate_removed_from_job" => self.removed(),
            "candidate_deleted" => Hints { gone: self.one_candidate(), ..self.clear_if_named() },
            "candidate_soft_deleted" => {
                Hints { gone: self.one_candidate(), erased: self.one_candidate(), ..self.clear_if_named() }
            }
            "candidate_merged" => self.merge(),
            // An unpublished one, too, is read again: it stays, and what its advert said is gone with the advert.
            "job_created" | "job_updated" | "job_deleted" => match self.job().or_else(|| self.bare()) {
                Some(job) => Hints { look_at: BTreeSet::from([(RecordType::Job, job)]), ..Hints::default() },
                None => Hints::unclear(),
            },
            _ => Hints::unclear(),
        }
    }

    fn candidate_or_bare(&self) -> Option<String> {
        self.candidate().or_else(|| self.bare())
    }

    fn one_candidate(&self) -> BTreeSet<String> {
        self.candidate_or_bare().into_iter().collect()
    }

    fn clear_if_named(&self) -> Hints {
        Hints { unclear: self.candidate_or_bare().is_none(), ..Hints::default() }
    }

    fn of_candidate(&self, more: impl FnOnce(&mut Hints, String)) -> Hints {
        let Some(candidate) = self.candidate_or_bare() else { return Hints::unclear() };
        let mut hints = Hints::default();
        hints.look_at.insert((RecordType::Candidate, candidate.clone()));
        more(&mut hints, candidate);
        hints
    }

    fn removed(&self) -> Hints {
        let mut hints = Hints::default();
        match (self.job(), self.candidate()) {
            (Some(job), Some(candidate)) => drop(hints.gone_applications.insert(application_key(&job, &candidate))),
            (Some(job), None) => drop(hints.gone_among.insert((RecordType::Job, job))),
            (None, Some(candidate)) => drop(hints.gone_among.insert((RecordType::Candidate, candidate))),
            (None, None) => match self.bare() {
                Some(candidate) => drop(hints.gone_among.insert((RecordType::Candidate, candidate))),
                None => hints.unclear = true,
            },
        }
        hints
    }

    fn merge(&self) -> Hints {
        let survivor = self.candidate().or_else(|| self.named(&["survivor", "survivor_id", "target", "target_id"]));
        let mut merged = self.merged();
        let Some(survivor) = survivor.or_else(|| self.bare()) else {
            // Those that went are known, and not to whom.
            return Hints { gone: merged, ..Hints::unclear() };
        };
        merged.remove(&survivor);
        let mut hints = Hints::default();
        hints.look_at.insert((RecordType::Candidate, survivor.clone()));
        hints.applications_of.insert(survivor.clone());
        // Who became part of whom is not told: only a complete read finds out who is gone.
        hints.unclear = merged.is_empty();
        hints.gone.extend(merged.iter().cloned());
        hints.merges.insert(Merge { survivor, merged });
        hints
    }
}

/// What an application is called once it belongs to another candidate.
pub fn moved_application(application: &str, candidate: &str) -> Option<String> {
    application.split_once(':').map(|(job, _)| application_key(job, candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(of: RecordType, ids: &[&str]) -> BTreeSet<(RecordType, String)> {
        ids.iter().map(|id| (of, (*id).to_owned())).collect()
    }

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn read(event: &str, body: &Value) -> Hints {
        hints(event, body.to_string().as_bytes())
    }

    #[test]
    fn ids_are_found_under_every_name() {
        let expected = Hints {
            look_at: &look_at(RecordType::Candidate, &["1246"]) | &look_at(RecordType::Application, &["60:1246"]),
            ..Hints::default()
        };
        for body in [
            json!({"type": "candidate_moved_in_job", "employee": {"id": 1246}, "recruitment": {"id": 60}}),
            json!({"event_type": "candidate_moved_in_job", "employee_id": 1246, "recruitment_id": "60"}),
            json!({"event": "candidate_moved_in_job", "candidate": {"id": "1246"}, "job": {"id": 60.0}}),
            json!({"candidate_id": 1246, "job_id": 60}),
            json!({"employee": 1246, "recruitment": 60}),
            json!({"data": {"employee": {"id": 1246}, "recruitment": {"id": 60}}}),
            json!({"id": 1246, "job": {"id": 60}}),
            json!([{"candidate_id": 1246, "job_id": 60}]),
        ] {
            assert_eq!(read("candidate_moved_in_job", &body), expected, "{body}");
        }
    }

    #[test]
    fn every_event_has_its_reaction() {
        let body = json!({"employee": {"id": 7}, "recruitment": {"id": 3}});
        for event in ["candidate_applied", "candidate_added_to_job", "candidate_moved_in_job", "candidate_hired"] {
            let both = &look_at(RecordType::Candidate, &["7"]) | &look_at(RecordType::Application, &["3:7"]);
            assert_eq!(read(event, &body), Hints { look_at: both, ..Hints::default() }, "{event}");
            let alone = Hints {
                look_at: look_at(RecordType::Candidate, &["7"]),
                applications_of: set(&["7"]),
                ..Hints::default()
            };
            assert_eq!(read(event, &json!({"id": 7})), alone, "{event}");
        }
        let created = Hints { look_at: look_at(RecordType::Candidate, &["7"]), ..Hints::default() };
        assert_eq!(read("candidate_created", &body), created);
        let removed = Hints { gone_applications: set(&["3:7"]), ..Hints::default() };
        assert_eq!(read("candidate_removed_from_job", &body), removed);
        let among = |of, id| Hints { gone_among: look_at(of, &[id]), ..Hints::default() };
        assert_eq!(read("candidate_removed_from_job", &json!({"job_id": 3})), among(RecordType::Job, "3"));
        assert_eq!(read("candidate_removed_from_job", &json!({"id": 7})), among(RecordType::Candidate, "7"));
        assert_eq!(read("candidate_deleted", &body), Hints { gone: set(&["7"]), ..Hints::default() });
        let soft = Hints { gone: set(&["7"]), erased: set(&["7"]), ..Hints::default() };
        assert_eq!(read("candidate_soft_deleted", &body), soft);
        for event in ["job_created", "job_updated", "job_deleted"] {
            let job = Hints { look_at: look_at(RecordType::Job, &["3"]), ..Hints::default() };
            assert_eq!(read(event, &body), job, "{event}");
            assert_eq!(read(event, &json!({"id": 3})), job, "{event}");
        }
    }

    #[test]
    fn a_merge_names_the_survivor_and_the_others_in_many_forms() {
        let expected = Hints {
            look_at: look_at(RecordType::Candidate, &["1"]),
            applications_of: set(&["1"]),
            gone: set(&["2", "3"]),
            merges: BTreeSet::from([Merge { survivor: "1".into(), merged: set(&["2", "3"]) }]),
            ..Hints::default()
        };
        for body in [
            json!({"employee": {"id": 1}, "merged_employees": [{"id": 2}, {"id": 3}]}),
            json!({"employee_id": 1, "merged_employee_ids": [2, "3"]}),
            json!({"candidate": {"id": 1}, "mergedCandidates": [{"id": 3}, {"id": 2}, {"id": 1}]}),
            json!({"id": 1, "merged": {"id": 2}, "merged_id": 3}),
        ] {
            assert_eq!(read("candidate_merged", &body), expected, "{body}");
        }
        // Who is gone, or into whom, is not told.
        assert!(read("candidate_merged", &json!({"employee_id": 1})).unclear);
        let nobody = read("candidate_merged", &json!({"merged_ids": [2]}));
        assert!(nobody.unclear && nobody.gone == set(&["2"]) && nobody.merges.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_unclear() {
        let bodies: [&[u8]; 10] = [
            b"",
            b"{",
            b"<xml/>",
            b"\xff\xfe",
            b"null",
            b"[]",
            b"7",
            b"{\"message\":\"something changed\"}",
            b"{\"employee\":{\"id\":\"x\"}}",
            b"{\"employee\":{\"id\":-4}}",
        ];
        for body in bodies {
            for event in super::super::simulator::EVENTS {
                let expected = Hints { vanished: TAKES_AWAY.contains(&event), ..Hints::unclear() };
                assert_eq!(hints(event, body), expected, "{event} {body:?}");
            }
        }
        assert_eq!(hints("other", b"{\"id\":1}"), Hints::unclear());
    }

    #[test]
    fn a_body_that_names_another_event_means_both() {
        let body = json!({"type": "candidate_soft_deleted", "employee": {"id": 7}});
        let both = read("candidate_deleted", &body);
        assert_eq!(both, Hints { gone: set(&["7"]), erased: set(&["7"]), ..Hints::default() });
        assert!(!read("candidate_created", &json!({"type": "new", "id": 7})).unclear);
    }

    #[test]
    fn an_application_moves_with_its_candidate() {
        assert_eq!(moved_application("60:1300", "1246").as_deref(), Some("60:1246"));
        assert_eq!(moved_application("60", "1246"), None);
    }
}
