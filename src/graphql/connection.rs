//! Connections: a page of a list, its edges, and how many there are in all.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use uuid::Uuid;

use super::reads::{Reads, Total, scoped};
use crate::store::page::SortKey;
use crate::store::{ActionsOf, Key, Link, Listing, Page, RequestFilter};

#[derive(SimpleObject, Debug, Clone, Default)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

impl PageInfo {
    pub fn of<R>(page: &Page<R>, key: SortKey) -> Self {
        let cursor = |row: Option<&crate::store::Row<R>>| row.map(|row| row.position.encode(key));
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: cursor(page.rows.first()),
            end_cursor: cursor(page.rows.last()),
        }
    }
}

/// A count as the contract has it.
pub fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Where the page of a connection comes from.
pub enum Paging<R> {
    Read(Arc<Page<R>>),
    /// Of a list below a record. Looked for when something of the page is asked for: a count alone reads none.
    Below(Key, Link, Box<Listing>),
}

macro_rules! record_connection {
    ($connection:ident, $edge:ident, $node:ident, $row:path) => {
        pub struct $connection {
            pub page: Paging<$row>,
            pub reads: Arc<Reads>,
            pub key: SortKey,
            pub total: Total,
        }

        pub struct $edge {
            cursor: String,
            node: super::record::$node,
        }

        impl $connection {
            async fn read(&self) -> crate::store::Result<Arc<Page<$row>>> {
                match &self.page {
                    Paging::Read(page) => Ok(page.clone()),
                    Paging::Below(parent, link, listing) => {
                        self.reads.page(*parent, *link, listing.as_ref().clone()).await
                    }
                }
            }
        }

        #[Object]
        impl $connection {
            async fn edges(&self) -> async_graphql::Result<Vec<$edge>> {
                let edge = |row: &crate::store::Row<$row>| $edge {
                    cursor: row.position.encode(self.key),
                    node: super::record::$node::new(row.record.clone(), self.reads.clone()),
                };
                Ok(self.read().await?.rows.iter().map(edge).collect())
            }

            async fn nodes(&self) -> async_graphql::Result<Vec<super::record::$node>> {
                let node =
                    |row: &crate::store::Row<$row>| super::record::$node::new(row.record.clone(), self.reads.clone());
                Ok(self.read().await?.rows.iter().map(node).collect())
            }

            async fn page_info(&self) -> async_graphql::Result<PageInfo> {
                Ok(PageInfo::of(self.read().await?.as_ref(), self.key))
            }

            /// Costs a query, so that it is counted only when asked for.
            async fn total_count(&self) -> async_graphql::Result<i32> {
                Ok(int(self.reads.total::<$row>(&self.total).await?))
            }
        }

        #[Object]
        impl $edge {
            async fn cursor(&self) -> &str {
                &self.cursor
            }

            async fn node(&self) -> &super::record::$node {
                &self.node
            }
        }
    };
}

record_connection!(JobConnection, JobEdge, Job, crate::store::entity::job::Model);
record_connection!(CandidateConnection, CandidateEdge, Candidate, crate::store::entity::candidate::Model);
record_connection!(ApplicationConnection, ApplicationEdge, Application, crate::store::entity::application::Model);
record_connection!(TagConnection, TagEdge, Tag, crate::store::entity::tag::Model);
record_connection!(UserConnection, UserEdge, User, crate::store::entity::user::Model);
record_connection!(
    HiringTeamMemberConnection,
    HiringTeamMemberEdge,
    HiringTeamMember,
    crate::store::entity::hiring_team_member::Model
);

/// A connection over rows of a table of ours. `$of`: what its count goes by.
macro_rules! row_connection {
    ($connection:ident, $edge:ident, $node:path, $row:path, $key:expr, $of:ty, |$scoped:ident, $counted:pat_param| $count:expr) => {
        pub struct $connection {
            page: Page<$row>,
            of: $of,
        }

        #[derive(SimpleObject)]
        pub struct $edge {
            cursor: String,
            node: $node,
        }

        impl $connection {
            pub fn new(page: Page<$row>, of: $of) -> Self {
                Self { page, of }
            }
        }

        #[Object]
        impl $connection {
            async fn edges(&self) -> Vec<$edge> {
                let edge = |row: &crate::store::Row<$row>| $edge {
                    cursor: row.position.encode($key),
                    node: <$node>::new(row.record.clone()),
                };
                self.page.rows.iter().map(edge).collect()
            }

            async fn nodes(&self) -> Vec<$node> {
                self.page.rows.iter().map(|row| <$node>::new(row.record.clone())).collect()
            }

            async fn page_info(&self) -> PageInfo {
                PageInfo::of(&self.page, $key)
            }

            /// Costs a query, so that it is counted only when asked for.
            async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
                let ($scoped, $counted) = (scoped(ctx)?, self.of);
                Ok(int($count))
            }
        }
    };
}

row_connection!(
    IntegrationConnection,
    IntegrationEdge,
    super::integration::Integration,
    crate::store::entity::integration::Model,
    SortKey::CreatedAt,
    (),
    |scoped, ()| u64::try_from(scoped.accounts()?.count()).unwrap_or(u64::MAX)
);
row_connection!(
    SyncRunConnection,
    SyncRunEdge,
    super::sync_run::SyncRun,
    crate::store::entity::sync_run::Model,
    SortKey::QueuedAt,
    Uuid,
    |scoped, integration| scoped.accounts()?.count_runs(integration).await?
);
row_connection!(
    ActionConnection,
    ActionEdge,
    super::action::Action,
    crate::store::entity::action::Model,
    SortKey::CreatedAt,
    ActionsOf,
    |scoped, of| scoped.actions()?.count_actions(of).await?
);
row_connection!(
    WebhookDeliveryConnection,
    WebhookDeliveryEdge,
    super::webhook::WebhookDelivery,
    crate::store::entity::webhook_delivery::Model,
    SortKey::Seq,
    Uuid,
    |scoped, endpoint| scoped.admin()?.count_webhook_deliveries(endpoint).await?
);
row_connection!(
    VendorRequestConnection,
    VendorRequestEdge,
    super::vendor_request::VendorRequest,
    crate::store::entity::vendor_request::Model,
    SortKey::Id,
    (Uuid, RequestFilter),
    |scoped, (integration, filter)| scoped.operate()?.count_vendor_requests(integration, filter).await?
);
