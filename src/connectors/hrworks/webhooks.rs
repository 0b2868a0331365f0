//! Webhooks (§3.8): configured by writes that are carried out later, as all of HR WORKS's; signed with the secret of
//! the key pair that they name. A delivery only says which record to look at.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use super::actions::write_request::{self, Polled};
use super::client::{BASE, Client, WEBHOOKS};
use super::wire::text_of;
use crate::connectors::action::Unacted;
use crate::connectors::connector::Account;
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::vendor_http::Call;
use crate::connectors::webhook::{Delivery, Hints, Kept, Listed, Wanted};
use crate::domain::RecordType;

const ENDPOINT: &str = "/webhooks";
const REQUEST: &str = "/webhooks/jobs/{id}";

const SIGNATURE: &str = "x-hrworks-signature";
const TIMESTAMP: &str = "x-hrworks-timestamp";
/// A signature covers no body, only a number and a time: what somebody caught is of no use after so long.
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);

/// The pauses between two looks at a write double up to the longest; all together are half a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
const LOOKS: u32 = 16;

/// The names of the covered events in the manifest begin so.
const APPLICANT: &str = "applicant.";

fn access_key(account: &Account) -> &str {
    account.credentials.get("accessKey").trim()
}

pub fn signing_key(account: &Account) -> SecretString {
    account.credentials.get("secretAccessKey").trim().into()
}

/// All by one write, which HR WORKS carries out as a whole or not at all (§2).
pub async fn subscribe(account: &Account, wanted: &[Wanted]) -> Vec<Result<Option<String>, Error>> {
    match create(account, wanted).await {
        Ok(ids) => ids.into_iter().map(Ok).collect(),
        Err(error) => wanted.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn create(account: &Account, wanted: &[Wanted]) -> Result<Vec<Option<String>>, Error> {
    let records: Vec<Value> = wanted.iter().map(|one| record(account, one)).collect();
    let call = Call::post(ENDPOINT).below(BASE).json(&json!({ "data": records }));
    let result = carried_out(account, call, "these webhooks").await?;
    let told: Vec<Option<String>> = (1..=wanted.len()).map(|at| told_id(&result, at)).collect();
    if told.iter().all(Option::is_some) {
        return Ok(told);
    }
    // What the answer does not say stands in the list.
    let listed = subscriptions(account).await?.unwrap_or_default();
    let by_url = |one: &Wanted| listed.iter().find(|known| known.url == one.url).map(|known| known.remote_id.clone());
    Ok(told.into_iter().zip(wanted).map(|(id, one)| id.or_else(|| by_url(one))).collect())
}

fn record(account: &Account, wanted: &Wanted) -> Value {
    let (resource, action) = wanted.event.split_once('.').unwrap_or((&wanted.event, ""));
    json!({
        "name": format!("Hiregraph: {}", wanted.event), "resource": resource, "action": action, "url": wanted.url,
        "accessKey": access_key(account), "isActive": true,
        "remark": "Made by Hiregraph, which removes it again when the account is disconnected.",
    })
}

/// The id of the record at this place, counted from one.
fn told_id(result: &Value, at: usize) -> Option<String> {
    let rows = result.as_array()?;
    let numbered = rows.iter().find(|row| text_of(row, "recordId").is_some_and(|number| number == at.to_string()));
    let row = numbered.or_else(|| rows.get(at - 1).filter(|row| row.get("recordId").is_none()))?;
    row.get("data").and_then(|data| text_of(data, "id")).or_else(|| text_of(row, "id"))
}

/// Sends a write and waits until it was carried out.
async fn carried_out(account: &Account, call: Call, what: &str) -> Result<Value, Error> {
    let client = Client(&account.http);
    let id = write_request::start(client, call, what).await.map_err(|unacted| match unacted {
        Unacted::Vendor(error) => error,
        Unacted::Refused(refusal) => {
            Error::new(ErrorKind::Invalid, refusal.message).private(refusal.vendor_message.unwrap_or_default())
        }
    })?;
    let mut pause = FIRST_PAUSE;
    for _ in 0..LOOKS {
        match write_request::poll(client, REQUEST, &id).await? {
            Polled::Succeeded(result) => return Ok(result),
            Polled::Failed(failure) => {
                let kind = if failure.passes { ErrorKind::Unavailable } else { ErrorKind::Invalid };
                let error = Error::new(kind, format!("HR WORKS does not take {what}"));
                return Err(error.private(failure.words.unwrap_or_default()));
            }
            Polled::Unknown => break,
            Polled::Pending => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    let error = Error::new(ErrorKind::Unavailable, format!("HR WORKS does not say what became of {what}"));
    Err(error.may_have_arrived(true))
}

pub async fn subscriptions(account: &Account) -> Result<Option<Vec<Listed>>, Error> {
    let rows = match Client(&account.http).every_row(&WEBHOOKS).await {
        Ok(rows) => rows,
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Shape) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let read = |row: &Value| {
        let is_active = row.get("isActive").and_then(Value::as_bool).unwrap_or(true);
        let is_ours = text_of(row, "accessKey").is_none_or(|key| key == access_key(account));
        Some(Listed { remote_id: text_of(row, "id")?, url: text_of(row, "url")?, works: is_active && is_ours })
    };
    Ok(Some(rows.iter().filter_map(read).collect()))
}

/// A write that names one that is gone is refused as a whole (§2): then they are taken off one by one, and what the list
/// does not show any more is gone.
pub async fn unsubscribe(account: &Account, remote_ids: &[String]) -> Result<(), Error> {
    let failed = match remove(account, remote_ids).await {
        Ok(()) => return Ok(()),
        Err(error) if error.kind == ErrorKind::Invalid => error,
        Err(error) => return Err(error),
    };
    let Some(listed) = subscriptions(account).await? else { return Err(failed) };
    let is_left = |id: &&String| listed.iter().any(|known| known.remote_id == **id);
    for id in remote_ids.iter().filter(is_left) {
        remove(account, std::slice::from_ref(id)).await?;
    }
    Ok(())
}

async fn remove(account: &Account, remote_ids: &[String]) -> Result<(), Error> {
    let mut call = Call::new(Method::DELETE, ENDPOINT).below(BASE);
    for id in remote_ids {
        call = call.query("numbers", id);
    }
    // Whatever `result` holds: an array or a total (§3.8).
    carried_out(account, call, "the removal of webhooks").await.map(drop)
}

/// Whether the signature is that of the job id and the time, made with the key, and the time not long ago.
pub fn verify(delivery: &Delivery<'_>, kept: &Kept) -> bool {
    let Kept::Key(key) = kept else { return false };
    let header =
        |name: &str| delivery.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let (signature, timestamp) = (header(SIGNATURE), header(TIMESTAMP));
    let body: Value = serde_json::from_slice(delivery.body).unwrap_or_default();
    let job = text_of(&body, "jobId").unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else { return false };
    mac.update(job.as_bytes());
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    let is_signed = mac.verify_slice(&decoded(signature).unwrap_or_default()).is_ok();
    is_signed && !job.is_empty() && is_recent(timestamp, delivery) && !key.expose_secret().is_empty()
}

fn decoded(signature: &str) -> Option<Vec<u8>> {
    let forgiving = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let plain = signature.replace('-', "+").replace('_', "/");
    GeneralPurpose::new(&base64::alphabet::STANDARD, forgiving).decode(plain).ok()
}

fn is_recent(timestamp: &str, delivery: &Delivery<'_>) -> bool {
    let Ok(number) = timestamp.parse::<i64>() else { return false };
    // Seconds; milliseconds would be in a far future.
    let seconds = if number > 100_000_000_000 { number / 1000 } else { number };
    let at = chrono::DateTime::from_timestamp(seconds, 0);
    at.is_some_and(|at| (delivery.at - at).abs() <= GOOD_FOR)
}

/// What a body means. `bound`: the event of the subscription that it came to.
pub fn hints(bound: &str, body: &[u8]) -> Hints {
    let Some(bound) = bound.strip_prefix(APPLICANT) else { return Hints::unclear() };
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Hints::unclear() };
    match subject(&body) {
        Some((RecordType::Candidate, id)) if bound == "resourceDeleted" => {
            Hints { gone: BTreeSet::from([id]), ..Hints::default() }
        }
        Some((RecordType::Candidate, id)) => Hints {
            look_at: BTreeSet::from([(RecordType::Candidate, id.clone())]),
            applications_of: BTreeSet::from([id]),
            ..Hints::default()
        },
        Some((of, id)) => Hints { look_at: BTreeSet::from([(of, id)]), ..Hints::default() },
        None => Hints::unclear(),
    }
}

/// The record that `resourceLocation` leads to; where it is missing, the id under another of its likely names.
fn subject(body: &Value) -> Option<(RecordType, String)> {
    let Some(location) = text_of(body, "resourceLocation") else {
        let inner = body.get("applicant").and_then(|applicant| text_of(applicant, "uuid"));
        let id = inner.or_else(|| ["resourceId", "uuid"].into_iter().find_map(|name| text_of(body, name)))?;
        return is_plain(&id).then_some((RecordType::Candidate, id));
    };
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
    let id = percent_encoding::percent_decode_str(segments.next()?).decode_utf8().ok()?.into_owned();
    let of = match segments.next()? {
        "job-applications" => RecordType::Application,
        "applicants" | "applicant" => RecordType::Candidate,
        // A path that nobody knows may lead to anything.
        _ => return None,
    };
    is_plain(&id).then_some((of, id))
}

fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 100 && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use chrono::{DateTime, Utc};
    use http::HeaderMap;

    use super::*;

    fn sign(key: &str, text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    #[test]
    fn only_what_the_key_signed_lately_is_taken() {
        let at: DateTime<Utc> = "2026-06-01T10:00:00Z".parse().unwrap();
        let now = at.timestamp();
        let body = br#"{"jobId":"j-1","action":"resourceCreated"}"#;
        let check = |signature: &str, timestamp: &str, body: &[u8], key: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURE, signature.parse().unwrap());
            headers.insert(TIMESTAMP, timestamp.parse().unwrap());
            verify(&Delivery { headers: &headers, query: "", body, at }, &Kept::Key(key.into()))
        };
        let good = STANDARD.encode(sign("secret", &format!("j-1.{now}")));
        assert!(check(&good, &now.to_string(), body, "secret"));
        let bare = URL_SAFE_NO_PAD.encode(sign("secret", &format!("j-1.{now}")));
        assert!(check(&bare, &now.to_string(), body, "secret"));
        let millis = format!("{now}250");
        let of_millis = STANDARD.encode(sign("secret", &format!("j-1.{millis}")));
        assert!(check(&of_millis, &millis, body, "secret"));

        assert!(!check(&good, &now.to_string(), body, "Secret"));
        assert!(!check(&good, &(now + 1).to_string(), body, "secret"));
        assert!(!check(&good, &now.to_string(), br#"{"jobId":"j-2"}"#, "secret"));
        assert!(!check("", &now.to_string(), body, "secret"));
        assert!(!check("!", &now.to_string(), body, "secret"));
        // Without a job id, or a key, anybody could sign.
        let of_nothing = STANDARD.encode(sign("secret", &format!(".{now}")));
        assert!(!check(&of_nothing, &now.to_string(), b"{", "secret"));
        let without_key = STANDARD.encode(sign("", &format!("j-1.{now}")));
        assert!(!check(&without_key, &now.to_string(), body, ""));
        for old in [now - 90_000, now + 90_000] {
            let signature = STANDARD.encode(sign("secret", &format!("j-1.{old}")));
            assert!(!check(&signature, &old.to_string(), body, "secret"));
        }
        let headers = HeaderMap::new();
        let delivery = Delivery { headers: &headers, query: "", body, at };
        assert!(!verify(&delivery, &Kept::Key("secret".into())));
        assert!(!verify(&delivery, &Kept::Hash([0; 32])));
    }

    #[test]
    fn a_body_tells_which_record_to_look_at() {
        let changed = |id: &str| Hints {
            look_at: BTreeSet::from([(RecordType::Candidate, id.to_owned())]),
            applications_of: BTreeSet::from([id.to_owned()]),
            ..Hints::default()
        };
        let read = |event: &str, body: &Value| hints(event, body.to_string().as_bytes());
        let at = |path: &str| json!({"event": "serverEvent", "resourceLocation": path, "jobId": "j"});
        for body in [
            at("https://api.hrworks.de/v2/applicant-management/applicants/a-1"),
            at("/v2/applicant-management/applicants/a%2D1/?x=y"),
            at("applicants/a-1#top"),
            json!({"uuid": "a-1"}),
            json!({"applicant": {"uuid": "a-1"}}),
        ] {
            assert_eq!(read("applicant.resourceCreated", &body), changed("a-1"), "{body}");
            assert_eq!(read("applicant.resourceUpdated", &body), changed("a-1"), "{body}");
            let gone = Hints { gone: BTreeSet::from(["a-1".to_owned()]), ..Hints::default() };
            assert_eq!(read("applicant.resourceDeleted", &body), gone, "{body}");
        }
        let application = at("https://api.hrworks.de/v2/applicant-management/job-applications/12");
        let look = Hints { look_at: BTreeSet::from([(RecordType::Application, "12".to_owned())]), ..Hints::default() };
        assert_eq!(read("applicant.resourceUpdated", &application), look);
        for body in [json!({}), json!([]), json!("x"), at("https://api.hrworks.de/v2/persons/p"), at(""), at("a/../b")]
        {
            assert_eq!(read("applicant.resourceUpdated", &body), Hints::unclear(), "{body}");
        }
        assert_eq!(hints("applicant.resourceUpdated", b"\xff"), Hints::unclear());
        assert_eq!(read("person.resourceUpdated", &json!({"uuid": "p"})), Hints::unclear());
    }
}
