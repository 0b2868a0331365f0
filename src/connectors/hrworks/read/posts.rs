//! Jobs: all posts come in one answer, the names of their departments in another. Applications that name their
//! post by its key need the posts, too; a run that resumes there reads them again.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::job_applications::statuses;
use super::{Known, Mapped};
use crate::connectors::connector::{Account, Carried, Page, ReadPage};
use crate::connectors::error::Error;
use crate::connectors::hrworks::client::{Client, ORGANIZATION_UNITS, POSTS};
use crate::connectors::hrworks::mapping::{self, Department};
use crate::connectors::hrworks::wire::{OrganizationUnit, PostKey};
use crate::connectors::vendor_http::decode;
use crate::domain::RecordType;

/// The name of an organization unit, by its uuid, and by its number.
const UNIT_BY_UUID: &str = "unit";
const UNIT_BY_NUMBER: &str = "unit number";
/// The id of a post, by its key. They were all left when the kind is known.
const POST: &str = "post";

pub async fn organization_units(account: &Account) -> Result<Page, Error> {
    let nothing = Carried::default();
    let mut known = Known::new(&nothing);
    let mut mapped = Mapped::new(&account.ids, ORGANIZATION_UNITS.endpoint, RecordType::Job);
    for row in Client(&account.http).every_row(&ORGANIZATION_UNITS).await? {
        match decode::<OrganizationUnit>(&row) {
            Ok(OrganizationUnit { uuid, number, name: Some(name) }) => {
                for (kind, key) in [(UNIT_BY_UUID, uuid), (UNIT_BY_NUMBER, number)] {
                    if let Some(key) = key {
                        known.put(kind, key, json!(name));
                    }
                }
            }
            Ok(OrganizationUnit { name: None, .. }) => {}
            Err(wrong) => mapped.problem(None, &wrong),
        }
    }
    Ok(Page { carry: known.fresh, ..mapped.page })
}

pub async fn page(account: &Account, request: &ReadPage<'_>) -> Result<Page, Error> {
    let mut known = Known::new(request.carried);
    let statuses = statuses(&known);
    let rows = Client(&account.http).every_row(&POSTS).await?;
    let mut mapped = Mapped::new(&account.ids, POSTS.endpoint, RecordType::Job);
    mapped.page.expected = u64::try_from(rows.len()).ok();
    note(&rows, &mut known);
    let department = |of: Department<'_>| match of {
        Department::Uuid(uuid) => request.carried.get(UNIT_BY_UUID, uuid)?.as_str().map(str::to_owned),
        Department::Number(number) => request.carried.get(UNIT_BY_NUMBER, number)?.as_str().map(str::to_owned),
    };
    for row in rows {
        let id = PostKey::of(&row).and_then(|post| post.id().map(str::to_owned));
        mapped.add(id.as_deref(), |unread| mapping::job(&account.ids, row, &statuses, department, unread));
    }
    mapped.page.carry = known.fresh;
    Ok(mapped.page)
}

/// Adds the facts about posts unless they are known.
pub async fn ensure(account: &Account, known: &mut Known<'_>) -> Result<(), Error> {
    if known.get::<Value>(POST, COMPLETE).is_none() {
        note(&Client(&account.http).every_row(&POSTS).await?, known);
    }
    Ok(())
}

/// The id of the post with that key; an id is taken for what it is (§6, row 4).
pub fn by_key(known: &Known<'_>, key: &str) -> Option<String> {
    known.get(POST, key)
}

fn note(rows: &[Value], known: &mut Known<'_>) {
    for (name, id) in ids_by_key(rows) {
        known.put(POST, name, json!(id));
    }
    known.put(POST, COMPLETE, Value::Bool(true));
}

/// The ids of posts by their keys, and by themselves.
pub fn ids_by_key(rows: &[Value]) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for post in rows.iter().filter_map(PostKey::of) {
        let Some(id) = post.id().map(str::to_owned) else { continue };
        for name in [post.uuid, post.key].into_iter().flatten() {
            ids.insert(name, id.clone());
        }
    }
    ids
}

/// No key of HR WORKS's.
const COMPLETE: &str = "*";
