//! What one root field read, shared by everything below it. Resolvers ask here; what was not read ahead is read
//! now.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Context;
use uuid::Uuid;

use super::plan::{Planner, Related};
use super::planned::{Planned, Shelved};
use super::projection::{Projected, Projection};
use super::selection::{Field, has, nodes};
use crate::domain::Payload;
use crate::store::entity::{custom_field, integration};
use crate::store::{Accounts, Filter, Join, Key, Link, Listing, Page, Records, Result, Scoped};

pub struct Reads {
    records: Records,
    accounts: Accounts,
    projection: Projection,
    planned: Planned,
}

/// The caller's view of the store.
pub fn scoped<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Scoped> {
    ctx.data::<Scoped>()
}

impl Reads {
    /// Nothing read yet.
    fn begin<R: Related>(ctx: &Context<'_>, fields: &[&Field]) -> async_graphql::Result<Self> {
        let scoped = scoped(ctx)?;
        Ok(Self {
            records: scoped.records()?,
            accounts: scoped.accounts()?,
            projection: Projection::of::<R>(fields),
            planned: Planned::default(),
        })
    }

    /// Reads all that lies below these rows.
    async fn ahead<R: Related>(&mut self, rows: &[Arc<R>], fields: &[&Field]) -> Result<()> {
        let planner = Planner { records: &self.records, accounts: &self.accounts, projection: &self.projection };
        let planned = planner.below(rows, fields).await?;
        self.planned = planned;
        Ok(())
    }

    /// A page of a list over integrations, with all below it.
    pub async fn page_of<R: Related>(
        ctx: &Context<'_>,
        integration: Option<Uuid>,
        listing: &Listing,
    ) -> async_graphql::Result<(Arc<Page<R>>, Arc<Self>)> {
        let selection = Field::below(ctx);
        let fields = nodes(&selection);
        let mut reads = Self::begin::<R>(ctx, &fields)?;
        let mut page = Page::default();
        if ["nodes", "edges", "pageInfo"].iter().any(|part| has(&selection, part)) {
            page = reads.records.page(integration, &R::columns(&reads.projection), listing).await?;
            let rows: Vec<Arc<R>> = page.rows.iter().map(|row| row.record.clone()).collect();
            reads.ahead(&rows, &fields).await?;
        }
        Ok((Arc::new(page), Arc::new(reads)))
    }

    /// A short list as a whole, with all below it: the selection is that of the records themselves. The caller sorts
    /// it by `sorted_by`, whether or not that was selected.
    pub async fn list_of<R: Related>(
        ctx: &Context<'_>,
        integration: Option<Uuid>,
        listing: &Listing,
        sorted_by: R::Column,
    ) -> async_graphql::Result<(Page<R>, Arc<Self>)> {
        let selection = Field::below(ctx);
        let fields: Vec<&Field> = selection.iter().collect();
        let mut reads = Self::begin::<R>(ctx, &fields)?;
        let columns = R::columns(&reads.projection).with(sorted_by);
        let page = reads.records.page(integration, &columns, listing).await?;
        let rows: Vec<Arc<R>> = page.rows.iter().map(|row| row.record.clone()).collect();
        reads.ahead(&rows, &fields).await?;
        Ok((page, Arc::new(reads)))
    }

    /// The records of these ids, with all below them, by id.
    pub async fn records_of<R: Related>(
        ctx: &Context<'_>,
        ids: &[Uuid],
    ) -> async_graphql::Result<(HashMap<Uuid, Arc<R>>, Arc<Self>)> {
        let selection = Field::below(ctx);
        let fields: Vec<&Field> = selection.iter().collect();
        Self::records_with(ctx, ids, &fields).await
    }

    /// The records of these ids, with what these fields select of them.
    pub async fn records_with<R: Related>(
        ctx: &Context<'_>,
        ids: &[Uuid],
        fields: &[&Field],
    ) -> async_graphql::Result<(HashMap<Uuid, Arc<R>>, Arc<Self>)> {
        let mut reads = Self::begin::<R>(ctx, fields)?;
        let keys: Vec<Key> = ids.iter().flat_map(|id| reads.records.locate(*id)).collect();
        let found = reads.records.by_keys(&keys, &R::columns(&reads.projection)).await?;
        let rows: Vec<Arc<R>> = found.values().cloned().collect();
        reads.ahead(&rows, fields).await?;
        Ok((found, Arc::new(reads)))
    }

    pub async fn one<R: Shelved + Projected>(&self, key: Option<Key>) -> Result<Option<Arc<R>>> {
        let Some(key) = key else { return Ok(None) };
        if let Some(found) = R::shelf(&self.planned).by_id.get(&key.id) {
            return Ok(found.clone());
        }
        let mut found = self.records.by_keys(&[key], &R::columns(&self.projection)).await?;
        Ok(found.remove(&key.id))
    }

    /// The join records of `parent`.
    pub async fn joined<J: Shelved + Projected, T: Projected>(&self, parent: Key, join: Join) -> Result<Vec<Arc<J>>> {
        if let Some(found) = J::shelf(&self.planned).lists.get(&join).and_then(|lists| lists.get(&parent.id)) {
            return Ok(found.clone());
        }
        let columns = (J::columns(&self.projection), T::columns(&self.projection));
        let mut found = self.records.joined::<J, T>(&[parent], join, &columns.0, &columns.1).await?;
        Ok(found.remove(&parent.id).unwrap_or_default().into_iter().map(|(near, _)| near).collect())
    }

    pub async fn page<R: Shelved + Projected>(
        &self,
        parent: Key,
        link: Link,
        listing: Listing,
    ) -> Result<Arc<Page<R>>> {
        let key = (link, listing);
        if let Some(found) = R::shelf(&self.planned).pages.get(&key).and_then(|pages| pages.get(&parent.id)) {
            return Ok(found.clone());
        }
        if R::shelf(&self.planned).only_counted.get(&key).is_some_and(|parents| parents.contains(&parent.id)) {
            return Ok(Arc::default());
        }
        let columns = R::columns(&self.projection);
        let mut found = self.records.pages_by_parent(&[parent], link, &columns, &key.1).await?;
        Ok(Arc::new(found.remove(&parent.id).unwrap_or_default()))
    }

    /// How many records a list has in all: below a parent, or over integrations.
    pub async fn total<R: Shelved>(&self, of: &Total) -> Result<u64> {
        match of {
            Total::Root(integration, filter) => self.records.count::<R>(*integration, filter).await,
            Total::Below(parent, link, filter) => {
                let key = (*link, filter.clone());
                if let Some(count) = R::shelf(&self.planned).counts.get(&key).and_then(|counts| counts.get(&parent.id))
                {
                    return Ok(*count);
                }
                let counts = self.records.counts_by_parent::<R>(&[*parent], *link, filter).await?;
                Ok(counts.get(&parent.id).copied().unwrap_or(0))
            }
        }
    }

    /// The vendor's payload, for callers that may see raw data.
    pub async fn remote_data(&self, key: Key) -> async_graphql::Result<Option<Arc<Payload>>> {
        self.records.remote_data()?;
        Ok(self.payload(key).await?)
    }

    async fn payload(&self, key: Key) -> Result<Option<Arc<Payload>>> {
        if let Some(found) = self.planned.payloads.get(&key.id) {
            return Ok(found.clone());
        }
        Ok(self.records.payloads(&[key]).await?.remove(&key.id))
    }

    /// The values of the operator's custom fields.
    pub async fn custom_fields(&self, key: Key, model: crate::domain::RecordType) -> Result<serde_json::Value> {
        let asked;
        let fields: &[custom_field::Model] = match self.planned.custom_fields.get(&key.integration) {
            Some(fields) => fields,
            None => {
                asked = self.records.custom_fields(&[key.integration]).await?;
                &asked
            }
        };
        let fields: Vec<_> = fields.iter().filter(|field| field.model == model.as_str()).collect();
        let payload = if fields.is_empty() { None } else { self.payload(key).await? };
        let value = |field: &custom_field::Model| {
            payload.as_ref().and_then(|payload| at(payload, &field.source)).cloned().unwrap_or_default()
        };
        Ok(fields.into_iter().map(|field| (field.key.clone(), value(field))).collect())
    }

    pub async fn integration(&self, id: Uuid) -> Result<Option<Arc<integration::Model>>> {
        if let Some(found) = self.planned.integrations.get(&id) {
            return Ok(Some(found.clone()));
        }
        Ok(self.accounts.by_ids(&[id]).await?.remove(&id))
    }
}

/// What `totalCount` counts.
#[derive(Debug, Clone)]
pub enum Total {
    Root(Option<Uuid>, Filter),
    Below(Key, Link, Filter),
}

/// Follows a JSON Pointer into a payload, whose first step is an endpoint.
pub fn at<'a>(payload: &'a Payload, pointer: &str) -> Option<&'a serde_json::Value> {
    let rest = pointer.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (endpoint, below) = rest.split_at(end);
    payload.get(&endpoint.replace("~1", "/").replace("~0", "~"))?.pointer(below)
}
