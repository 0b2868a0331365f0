//! Files of a candidate. One that was sent is known again by its bytes, among those that were not there before.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Value, json};

use super::plan::{self, Do};
use super::{Told, Work, refusal};
use crate::connectors::action::{Attachment, Files, Found, Unacted, body_of};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{Client, FILES, UPLOAD};
use crate::connectors::traffit::paging::{Listed, Paging};
use crate::connectors::traffit::read::every_row;
use crate::connectors::traffit::wire::Id;
use crate::connectors::vendor_http::Call;
use crate::domain::AttachmentType;

pub async fn list(work: Work<'_>) -> Result<Told, Unacted> {
    let rows = rows(work.client, &work.candidate()?).await.map_err(refusal::of_read)?;
    let ids: Vec<u64> = rows.iter().filter_map(Id::of).map(|id| id.number()).collect();
    Ok((json!(ids), Vec::new()))
}

pub async fn attach(work: Work<'_>, position: usize, files: &dyn Files) -> Result<Told, Unacted> {
    let attachment = attachment(work, position)?;
    let candidate = work.candidate()?;
    let form = Form::new(&attachment.hash);
    let mut after = form.text("file[isPublic]", "1");
    if attachment.r#type == AttachmentType::Cv {
        after += &form.text("dictionary_file_type", "CV");
    }
    let around = [form.before_file("file[file]", attachment), format!("\r\n{after}{}", form.end())].map(Bytes::from);
    let body = body_of(files, (position, attachment.size), around);
    let call = Call::post(UPLOAD).with("id", candidate).streamed(&form.content_type(), body);
    let answer = work.client.write(call).await?;
    let said = refusal::accepted(&answer, work.action.kind)?;
    let file = sent(work, position, &said).await.map_err(|error| error.may_have_arrived(true))?;
    Ok((json!({"file": file.map(|id| id.number())}), Vec::new()))
}

/// The id of the file that was sent just now. The shape of the answer is not documented, and its id may be another's, so
/// it counts when the list has it. A file that the list does not show yet was accepted all the same.
async fn sent(work: Work<'_>, position: usize, said: &Value) -> Result<Option<Id>, Error> {
    let fresh = fresh(work, position).await?;
    let named = Id::of(said).filter(|id| fresh.contains(id));
    match (named, fresh.as_slice()) {
        (Some(id), _) => Ok(Some(id)),
        (None, [only]) => Ok(Some(only.clone())),
        (None, _) => among(work, position, fresh).await,
    }
}

pub async fn find(work: Work<'_>, position: usize) -> Result<Found, Error> {
    let fresh = fresh(work, position).await?;
    Ok(match among(work, position, fresh).await? {
        Some(id) => Found::Arrived(json!({"file": id.number()})),
        None => Found::Missing,
    })
}

/// The files that were not there before the attachment was sent, and that no other attachment of this action is. Those
/// of its name come first: TRAFFIT might rename a file.
async fn fresh(work: Work<'_>, position: usize) -> Result<Vec<Id>, Error> {
    let attachment = attachment(work, position)?;
    let before: Vec<u64> = plan::memo(work.action, Do::ListFiles(position)).unwrap_or_default();
    let others = (0..work.action.input.attachments.len()).filter(|other| *other != position);
    let claimed = others.filter_map(|other| plan::memo::<Value>(work.action, Do::Attach(other))?["file"].as_u64());
    let known: BTreeSet<u64> = before.into_iter().chain(claimed).collect();
    let rows = rows(work.client, &work.candidate()?).await?;
    let mut fresh: Vec<(bool, Id)> = rows
        .iter()
        .filter_map(|row| Id::of(row).map(|id| (name(row) != Some(attachment.name.as_str()), id)))
        .filter(|(_, id)| !known.contains(&id.number()))
        .collect();
    fresh.sort_by_key(|(is_other_name, id)| (*is_other_name, id.number()));
    Ok(fresh.into_iter().map(|(_, id)| id).collect())
}

/// The first of these files that has the attachment's bytes.
async fn among(work: Work<'_>, position: usize, files: Vec<Id>) -> Result<Option<Id>, Error> {
    let (attachment, candidate) = (attachment(work, position)?, work.candidate()?);
    for id in files {
        let content = work.client.content(&candidate, &id.0).await?;
        if content.is_some_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == attachment.hash) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn attachment<'a>(work: Work<'a>, position: usize) -> Result<&'a Attachment, Error> {
    let missing = || Error::new(ErrorKind::Invalid, "the action has no such attachment");
    work.action.input.attachments.get(position).ok_or_else(missing)
}

fn name(row: &Value) -> Option<&str> {
    ["name", "filename"].into_iter().find_map(|key| row.get(key).and_then(Value::as_str))
}

async fn rows(client: Client<'_>, candidate: &str) -> Result<Vec<Value>, Error> {
    let page = |at: Paging| async move {
        let listed = client.page_of(FILES, candidate, &at).await?;
        // Most likely not paged at all: without page headers the first answer is the whole list.
        Ok(Listed { total_pages: listed.total_pages.or(Some(1)), ..listed })
    };
    every_row(page).await
}

/// What stands around a file in a multipart body as Symfony's forms are sent.
struct Form {
    boundary: String,
}

impl Form {
    /// `hash`: of the file, which cannot hold its own.
    fn new(hash: &str) -> Self {
        Self { boundary: format!("hiregraph-{hash}") }
    }

    fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    fn head(&self, disposition: &str, content_type: Option<&str>) -> String {
        let content_type = content_type.map(|text| format!("Content-Type: {text}\r\n")).unwrap_or_default();
        format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n{content_type}\r\n", self.boundary)
    }

    fn before_file(&self, name: &str, attachment: &Attachment) -> String {
        let disposition = format!(r#"name="{name}"; filename="{}""#, quoted(&attachment.name));
        let is_plain = |text: &&str| !text.is_empty() && text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
        let content_type = Some(attachment.content_type.as_str()).filter(is_plain);
        self.head(&disposition, Some(content_type.unwrap_or("application/octet-stream")))
    }

    fn text(&self, name: &str, value: &str) -> String {
        format!("{}{value}\r\n", self.head(&format!(r#"name="{name}""#), None))
    }

    fn end(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }
}

/// As browsers write a file's name.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
