//! The change feed: what changed of which record, and the record as it is now.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use futures::future::try_join_all;
use uuid::Uuid;

use super::connection::PageInfo;
use super::failure::{BadInput, CursorExpired};
use super::integration::Integration;
use super::loaders::{AccountLoader, ById};
use super::node::{self, Record};
use super::reads::scoped;
use super::scalar::DateTime;
use super::selection::{Field, has, nodes};
use super::vocabulary::{ChangeKind, RecordType};
use crate::domain::{self, NodeId, NodeType};
use crate::store::entity::change;
use crate::store::page::{LARGEST, USUAL, feed_cursor, parse_feed_cursor};
use crate::store::{ChangePage, Changes, ChangesOf, Error};

/// One change of one record. The feed is ordered, complete and replayable: follow `cursor` and nothing is missed.
#[derive(Clone)]
pub struct Change {
    row: change::Model,
    record: Option<Record>,
}

/// The entries that arguments ask for. An id that stands for no integration has no entries: nobody has the nil id.
pub fn wanted(integrations: Option<Vec<ID>>, types: Option<Vec<RecordType>>) -> ChangesOf {
    let integration = |id: &ID| NodeId::parse_as(NodeType::Integration, id).unwrap_or_default();
    ChangesOf {
        integrations: integrations.map(|ids| ids.iter().map(integration).collect()),
        types: types.map(|types| types.into_iter().map(Into::into).collect()),
    }
}

/// The number that a cursor stands for.
pub fn number(after: Option<&str>) -> Result<Option<i64>, BadInput> {
    let parse = |text| parse_feed_cursor(text).ok_or_else(|| BadInput::new("after", "is not a cursor of this list"));
    after.map(parse).transpose()
}

fn type_of(row: &change::Model) -> Result<domain::RecordType, Error> {
    domain::RecordType::parse(&row.model).ok_or(Error::Corrupt("the record type of a change"))
}

impl Change {
    /// These entries, with the records of all of them when one of the fields is `record`.
    pub async fn several(ctx: &Context<'_>, rows: Vec<change::Model>, fields: &[&Field]) -> Result<Vec<Self>> {
        let asked: Vec<&Field> = fields.iter().copied().filter(|field| field.name == "record").collect();
        let mut records = HashMap::new();
        if !asked.is_empty() {
            let mut by_type: BTreeMap<domain::RecordType, Vec<Uuid>> = BTreeMap::new();
            for row in &rows {
                let ids = by_type.entry(type_of(row)?).or_default();
                if !ids.contains(&row.record_id) {
                    ids.push(row.record_id);
                }
            }
            let below: Vec<&Field> = asked.iter().flat_map(|field| &field.children).collect();
            let reads = by_type.iter().map(|(of, ids)| node::records::<Record>(ctx, *of, ids, &below));
            records.extend(try_join_all(reads).await?.into_iter().flatten());
        }
        Ok(rows.into_iter().map(|row| Self { record: records.get(&row.record_id).cloned(), row }).collect())
    }
}

/// One change of one record. The feed is ordered, complete and replayable: follow `cursor` and nothing is missed.
#[Object]
impl Change {
    async fn cursor(&self) -> String {
        feed_cursor(self.row.seq)
    }

    async fn at(&self) -> DateTime {
        DateTime::from_millis(self.row.at)
    }

    async fn r#type(&self) -> Result<RecordType> {
        Ok(type_of(&self.row)?.into())
    }

    async fn kind(&self) -> Result<ChangeKind> {
        let kind = domain::ChangeKind::parse(&self.row.kind).ok_or(Error::Corrupt("the kind of a change"))?;
        Ok(kind.into())
    }

    async fn record_id(&self) -> Result<ID> {
        Ok(NodeId::new(NodeType::Record(type_of(&self.row)?), self.row.record_id).to_string().into())
    }

    /// GraphQL names of the fields that changed; empty for CREATED and DELETED.
    async fn changed_fields(&self) -> &[String] {
        &self.row.changed_fields.0
    }

    /// As it is now, which may be later than this change; null when it was erased.
    async fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    async fn integration(&self, ctx: &Context<'_>) -> Result<Integration> {
        let found = ctx.data::<AccountLoader>()?.load_one(ById(self.row.integration_id)).await?;
        Ok(Integration::new(found.ok_or(Error::Corrupt("a change without its integration"))?))
    }
}

pub struct ChangeConnection {
    changes: Vec<Change>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
pub struct ChangeEdge {
    cursor: String,
    node: Change,
}

impl ChangeConnection {
    pub async fn read(ctx: &Context<'_>, of: ChangesOf, first: Option<i32>, after: Option<String>) -> Result<Self> {
        let records = scoped(ctx)?.records()?;
        let limit = first.map_or(Ok(USUAL), |first| {
            let fits = u64::try_from(first).ok().filter(|first| *first <= LARGEST);
            fits.ok_or_else(|| BadInput::new("first", format!("must be between 0 and {LARGEST}")))
        })?;
        let after = number(after.as_deref())?;
        let page = match records.changes(&of, after, limit).await? {
            Changes::Page(page) => page,
            Changes::Expired => return Err(CursorExpired.into()),
        };
        let page_info = page_info(&page, limit, after);
        let selection = Field::below(ctx);
        let rows = if ["nodes", "edges"].iter().any(|part| has(&selection, part)) { page.entries } else { Vec::new() };
        Ok(Self { changes: Change::several(ctx, rows, &nodes(&selection)).await?, page_info })
    }
}

/// There is always an end to go on from. Behind the last page it is that of the feed and not of the last entry, so that
/// a reader of few of the entries keeps up with the feed.
fn page_info(page: &ChangePage, limit: u64, after: Option<i64>) -> PageInfo {
    // Whoever asks for nothing asks for the place, and goes on from where it is.
    let (has_next_page, end) = match (limit, after) {
        (0, None) => (false, page.head),
        (0, Some(after)) => (page.has_next, after),
        _ => (page.has_next, page.end()),
    };
    PageInfo {
        has_next_page,
        has_previous_page: after.is_some(),
        start_cursor: page.entries.first().map(|first| feed_cursor(first.seq)),
        end_cursor: Some(feed_cursor(end)),
    }
}

#[Object]
impl ChangeConnection {
    async fn edges(&self) -> Vec<ChangeEdge> {
        let edge = |change: &Change| ChangeEdge { cursor: feed_cursor(change.row.seq), node: change.clone() };
        self.changes.iter().map(edge).collect()
    }

    async fn nodes(&self) -> &[Change] {
        &self.changes
    }

    /// `endCursor` is never null, and may lie beyond the last edge.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }
}
