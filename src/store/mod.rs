//! How the mirror is kept: the only place that knows SQL. Hands out records only through a scoped store made
//! from verified access, or to the holder of an integration's lease.

pub mod actions;
mod changes;
mod commit;
mod connect_links;
mod convert;
mod created;
mod database;
pub mod entity;
mod error;
mod gauges;
mod inbox;
mod integrations;
mod keys;
mod lease;
mod models;
pub mod page;
mod read;
mod requests;
pub mod runs;
mod scope;
mod scoped;
mod seal;
mod sealed;
mod signals;
mod sql;
mod statistics;
mod subscriptions;
mod targets;
mod tokens;
mod vanished;
mod wake;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use changes::{ChangePage, Changes, ChangesOf};
pub use commit::{
    ChildStream, ChildrenCommit, Counts, DeletionCommit, Erasure, PageCommit, Stored, TargetedCommit, Unseen,
};
pub use connect_links::{ConnectLink, Maker, NewConnectLink, Reconnection};
pub use convert::millis;
pub use created::NARROWED;
pub use database::{LEASE, Options, Statements, counted_here, counting, is_embedded};
pub use entity::RecordRow;
pub use error::{Error, Result};
pub use gauges::Gauges;
pub use inbox::{InboxLease, InboxState, Pending, Received, TargetedRun};
pub use integrations::{Connection, MAX_DELETED_SHARE, NewIntegration, Settings, integration_state};
pub use keys::{Access, Integrations, NewKey};
pub use lease::Lease;
pub use models::ModelCount;
pub use read::{
    ApplicationFilter, ByParent, CandidateFilter, Columns, Filter, JobFilter, Join, Key, Link, Listing, Page, Row,
};
pub use requests::{Cause, NewRequest, RequestFilter, request_id};
pub use scoped::{Accounts, ActionsOf, Admin, Issuer, Missing, Operator, Records, Scoped, Writer};
pub use seal::{Keyring, KeyringError};
pub use signals::{Channel, Ear};
pub use subscriptions::{NewSubscription, Subscription, Verified};
pub use targets::ApplicationsOf;
pub use tokens::MOST_INTEGRATIONS;
pub use vanished::Vanished;
pub use wake::Job;

use database::Database;
use inbox::Receiving;
use integrations::Known;
use signals::Signals;

/// The whole store. Held by the engines and by what verifies access, never by a resolver.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    keyring: Keyring,
    lease: Duration,
    /// Which integrations there are, read anew when the counter in the database says so.
    known: Known,
    signals: Signals,
    receiving: Receiving,
}

impl Store {
    /// Connects. Does not migrate.
    pub async fn open(options: &Options, keyring: Keyring) -> Result<Self> {
        let database = Database::open(options).await?;
        let listened = options.listen_url.as_ref().unwrap_or(&options.url);
        let signals = Signals::new((!is_embedded(&options.url)).then(|| listened.clone()));
        Ok(Self(Arc::new(Inner {
            database,
            keyring,
            lease: options.lease,
            known: Known::default(),
            signals,
            receiving: Receiving::default(),
        })))
    }

    /// Brings the schema to this version.
    pub async fn migrate(&self) -> Result<()> {
        self.0.database.migrate().await
    }

    /// Whether the schema is the one that this version was built for.
    pub async fn is_current(&self) -> Result<bool> {
        self.0.database.is_current().await
    }

    /// Whether nobody ever migrated it.
    pub async fn is_empty(&self) -> Result<bool> {
        self.0.database.is_empty().await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.0.database.ping().await
    }

    /// What was asked of the database since it was opened; for metrics, and for tests that count.
    pub fn statements(&self) -> &Statements {
        self.0.database.statements()
    }

    /// The connection itself, for the test that compares entities and migrations.
    pub fn connection(&self) -> &sea_orm::DatabaseConnection {
        self.0.database.write()
    }

    fn reader(&self) -> &sea_orm::DatabaseConnection {
        self.0.database.reader()
    }

    pub async fn close(&self) {
        self.0.signals.close().await;
        self.0.database.close().await;
    }
}
