//! Looking for job applications: HR WORKS serves them as a list only (§3.4, R5).

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::target::Target;
use crate::connectors::action::{Action, Person};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{Client, JOB_APPLICATIONS};
use crate::connectors::hrworks::mapping;
use crate::connectors::hrworks::paging::Paging;
use crate::connectors::hrworks::wire::{PostKey, text_of};

/// How applications name their post, and how the list is asked for those of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub key: Option<String>,
    pub uuid: Option<String>,
}

impl From<PostKey> for Post {
    fn from(PostKey { uuid, key }: PostKey) -> Self {
        Self { key, uuid }
    }
}

impl Post {
    /// What writes and filters call it (§3.1).
    pub fn id(&self) -> Option<&str> {
        self.key.as_deref().or(self.uuid.as_deref())
    }

    /// Whether an application is one of this post. One that names none is taken for it when only its
    /// applications were asked for.
    fn owns(&self, row: &Value, was_filtered: bool) -> bool {
        let (uuid, id) = (text_of(row, "postUuid"), text_of(row, "postId"));
        let is = |known: &Option<String>| known.is_some() && (*known == uuid || *known == id);
        is(&self.uuid) || is(&self.key) || (was_filtered && uuid.is_none() && id.is_none())
    }
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within<'a> {
    Post(&'a Post),
    /// All there are. Asked before anything is taken for missing: what the filter takes for a post's id is inferred,
    /// and pages may shift.
    Everywhere,
}

/// Shows row after row until `see` has seen enough.
pub async fn walk(
    client: Client<'_>,
    within: Within<'_>,
    mut see: impl FnMut(&Value) -> bool + Send,
) -> Result<(), Error> {
    let only = match within {
        Within::Post(post) => post.id().map(|id| ("posts", id)),
        Within::Everywhere => None,
    };
    let mut at = Some(Paging::default());
    while let Some(paging) = at {
        let listed = client.page_of(&JOB_APPLICATIONS, only.as_slice(), paging).await?;
        if listed.rows.iter().any(&mut see) {
            return Ok(());
        }
        at = listed.next;
    }
    Ok(())
}

/// The row of an application; where its post does not show it, everywhere.
pub async fn by_id(client: Client<'_>, post: Option<&Post>, id: &str) -> Result<Option<Value>, Error> {
    let mut found = None;
    for within in post.map(Within::Post).into_iter().chain([Within::Everywhere]) {
        walk(client, within, |row| {
            let is_it = text_of(row, "id").as_deref() == Some(id);
            if is_it {
                found = Some(row.clone());
            }
            is_it
        })
        .await?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

/// The links to its documents that an application has.
pub fn documents(row: &Value) -> usize {
    row.get("applicationDocuments").and_then(Value::as_array).map_or(0, Vec::len)
}

pub fn candidate(row: &Value) -> Option<String> {
    text_of(row.get("applicant")?, "uuid")
}

/// So much HR WORKS's clock may be behind ours, where it does not keep the creation time that it was told.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// The application that an action creates, as far as it can be told from others.
pub struct Sought<'a> {
    pub person: &'a Person,
    pub post: &'a Post,
    /// That was sent as the time of creation.
    pub created_at: DateTime<Utc>,
}

impl<'a> Sought<'a> {
    pub fn of(action: &'a Action<'_>, post: &'a Post) -> Option<Self> {
        Some(Self { person: action.input.person.as_ref()?, post, created_at: action.created_at })
    }

    /// Whether it is the same person's. Without an address the name has to do.
    fn is_of_person(&self, row: &Value) -> bool {
        match self.person.email.trim() {
            "" => self.has_names(row),
            email => of_applicant(row, "email").is_some_and(|known| same(&known, email)),
        }
    }

    fn has_names(&self, row: &Value) -> bool {
        let is = |field: &str, name: &str| of_applicant(row, field).is_some_and(|known| same(&known, name));
        is("firstName", &self.person.first_name) && is("lastName", &self.person.last_name)
    }

    /// How well a row fits; none when it cannot be the one.
    fn rank(&self, row: &Value) -> Option<(bool, Option<DateTime<Utc>>, Option<u64>)> {
        if !self.is_of_person(row) {
            return None;
        }
        let at = text_of(row, "creationDateAndTime").as_deref().and_then(mapping::time);
        let sent = self.created_at.trunc_subsecs(0);
        let is_exact = at.is_some_and(|at| at.trunc_subsecs(0) == sent);
        // A known address keeps the name that it came with first: then the time of creation tells.
        let fits = is_exact || (self.has_names(row) && at.is_none_or(|at| at >= sent - SKEW));
        fits.then(|| (is_exact, at, text_of(row, "id").and_then(|id| id.parse().ok())))
    }

    /// The person's applications for the post, by their ids.
    pub async fn earlier(&self, client: Client<'_>) -> Result<Vec<String>, Error> {
        let mut ids = Vec::new();
        walk(client, Within::Post(self.post), |row| {
            if self.post.owns(row, true) && self.is_of_person(row) {
                ids.extend(text_of(row, "id"));
            }
            false
        })
        .await?;
        Ok(ids)
    }

    /// The one that is new, of several the best.
    pub async fn search(
        &self,
        client: Client<'_>,
        within: Within<'_>,
        earlier: &[String],
    ) -> Result<Option<Target>, Error> {
        let mut best = None;
        walk(client, within, |row| {
            if !self.post.owns(row, within != Within::Everywhere) {
                return false;
            }
            let Some(id) = text_of(row, "id").filter(|id| !earlier.contains(id)) else { return false };
            if let Some(rank) = self.rank(row)
                && best.as_ref().is_none_or(|(known, _)| rank > *known)
            {
                let target = Target { application: id, candidate: candidate(row), post: Some(self.post.clone()) };
                best = Some((rank, target));
            }
            false
        })
        .await?;
        Ok(best.map(|(_, target)| target))
    }
}

fn of_applicant(row: &Value, field: &str) -> Option<String> {
    text_of(row.get("applicant")?, field)
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_application_is_told_by_address_names_and_time() {
        let person = Person {
            first_name: "Erika".into(),
            last_name: "Muster".into(),
            email: "Erika@example.test".into(),
            ..Person::default()
        };
        let post = Post { key: Some("P".into()), uuid: None };
        let created_at = "2026-06-01T10:00:00.700Z".parse().unwrap();
        let sought = Sought { person: &person, post: &post, created_at };
        let row = |email: &str, last: &str, at: Option<&str>| {
            let applicant = json!({"email": email, "firstName": " erika", "lastName": last});
            json!({"id": "1", "applicant": applicant, "creationDateAndTime": at})
        };
        for (email, last, at, fits) in [
            ("erika@example.test", "Muster", Some("20260601T100000Z"), true),
            ("ERIKA@example.test", "MUSTER", Some("20260601T100500Z"), true),
            ("erika@example.test", "Muster", None, true),
            ("erika@example.test", "Muster", Some("20260601T095930Z"), true),
            ("erika@example.test", "Muster", Some("20260601T095800Z"), false),
            ("erika@example.test", "Geborene", Some("20260601T100000Z"), true),
            ("erika@example.test", "Geborene", Some("20260601T100001Z"), false),
            ("other@example.test", "Muster", Some("20260601T100000Z"), false),
        ] {
            assert_eq!(sought.rank(&row(email, last, at)).is_some(), fits, "{email} {last} {at:?}");
        }
        // Without an address.
        let nameless = Person { email: String::new(), ..person.clone() };
        let sought = Sought { person: &nameless, ..sought };
        assert!(sought.rank(&row("x@example.test", "Muster", Some("20260601T100000Z"))).is_some());
        assert!(sought.rank(&row("x@example.test", "Anders", Some("20260601T100000Z"))).is_none());
        assert!(sought.rank(&json!({"id": "1"})).is_none());
    }

    #[test]
    fn a_post_owns_what_names_it() {
        let post = Post { key: Some("P".into()), uuid: Some("u".into()) };
        for (row, everywhere, filtered) in [
            (json!({"postUuid": "u"}), true, true),
            (json!({"postId": "P"}), true, true),
            (json!({"postId": "u"}), true, true),
            (json!({"postUuid": "v", "postId": "Q"}), false, false),
            (json!({}), false, true),
        ] {
            assert_eq!((post.owns(&row, false), post.owns(&row, true)), (everywhere, filtered), "{row}");
        }
    }
}
