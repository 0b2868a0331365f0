//! API keys by hand: the first key cannot be made by a query.

use chrono::{DateTime, TimeDelta};
use clap::Subcommand;
use secrecy::ExposeSecret;

use super::{Outcome, make_current, open, print};
use crate::config::Database;
use crate::domain::clock::{SystemClock, SystemIds};
use crate::domain::{Clock, Ids, NodeId, NodeType, Scope, duration};
use crate::store::entity::api_key;
use crate::store::{self, NewKey, Store};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key and print it, for the only time
    Create {
        #[command(flatten)]
        database: Database,
        /// What the key is for
        #[arg(long)]
        name: String,
        /// Of RECORDS_READ, REMOTE_DATA_READ, RECORDS_WRITE, PASSTHROUGH, OPERATE, ADMIN
        #[arg(long, required = true, value_delimiter = ',')]
        scopes: Vec<String>,
        /// Ids of the integrations that it sees [default: all]
        #[arg(long, value_delimiter = ',')]
        integrations: Option<Vec<String>>,
        /// An ISO 8601 duration, e.g. PT720H [default: never expires]
        #[arg(long)]
        expires_in: Option<String>,
    },
    /// List all keys, without their secrets
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Refuse a key from now on
    Revoke {
        #[command(flatten)]
        database: Database,
        /// Its id, as `keys list` shows it
        id: String,
    },
}

pub async fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create { database, name, scopes, integrations, expires_in } => {
            let scopes = scopes.iter().map(|scope| scope_of(scope)).collect::<Result<_, _>>()?;
            let integrations = integrations.map(|ids| ids.iter().map(|id| integration_of(id)).collect()).transpose()?;
            let now = SystemClock.now();
            let expires_at = expires_in.map(|text| {
                let duration = duration::parse(&text).and_then(|duration| TimeDelta::from_std(duration).ok());
                let at = duration
                    .filter(|duration| !duration.is_zero())
                    .and_then(|duration| now.checked_add_signed(duration));
                at.ok_or_else(|| format!("--expires-in {text} is no ISO 8601 duration such as PT720H"))
            });
            if name.trim().is_empty() {
                return Err("--name must not be empty".to_owned());
            }
            let new = NewKey {
                id: SystemIds.uuid(),
                name: name.trim().to_owned(),
                scopes,
                integrations,
                expires_at: expires_at.transpose()?,
                now,
            };
            let store = ready(&database, true).await?;
            let (secret, _) = store.create_key(new, &SystemIds).await.map_err(|error| error.to_string())?;
            store.close().await;
            print(secret.expose_secret())
        }
        Command::List { database } => {
            let store = ready(&database, false).await?;
            let keys = store.keys().await.map_err(|error| error.to_string())?;
            store.close().await;
            print(&table(&keys))
        }
        Command::Revoke { database, id } => {
            let known = NodeId::parse_as(NodeType::ApiKey, &id).ok_or_else(|| format!("{id} is no id of a key"))?;
            let store = ready(&database, false).await?;
            let revoked = store.revoke_key(known, SystemClock.now()).await.map_err(|error| error.to_string())?;
            store.close().await;
            match revoked {
                Some(key) => print(&format!("{} ({}) is revoked", id, key.name)),
                None => Err(format!("there is no key {id}")),
            }
        }
    }
}

/// An embedded database is made current; an empty one at a server too where a key is to be made, which is wanted before
/// the first `serve`.
pub(super) async fn ready(database: &Database, make: bool) -> Result<Store, String> {
    let store = open::store(database, store::LEASE).await?;
    let failed = |error: store::Error| error.to_string();
    let current = store.is_current().await.map_err(failed)?;
    let fresh = store::is_embedded(&database.database_url) || (make && store.is_empty().await.map_err(failed)?);
    if !current && fresh {
        make_current(&store, database).await?;
    } else if !current {
        return Err("the database's schema is not current: run `hiregraph migrate` first".to_owned());
    }
    Ok(store)
}

fn scope_of(text: &str) -> Result<Scope, String> {
    let name = text.trim().to_ascii_uppercase().replace([':', '-'], "_");
    Scope::parse(&name).ok_or_else(|| {
        let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("{text} is no scope; there are {}", all.join(", "))
    })
}

fn integration_of(text: &str) -> Result<uuid::Uuid, String> {
    NodeId::parse_as(NodeType::Integration, text.trim()).ok_or_else(|| format!("{text} is no id of an integration"))
}

fn table(keys: &[api_key::Model]) -> String {
    let time = |millis: Option<i64>| {
        let at = millis.and_then(DateTime::from_timestamp_millis);
        at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let mut lines = vec!["ID\tNAME\tPREFIX\tSCOPES\tCREATED\tEXPIRES\tLAST USED\tREVOKED".to_owned()];
    for key in keys {
        let scopes: Vec<_> = key.scopes.0.iter().map(|scope| scope.as_str()).collect();
        lines.push(format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            NodeId::new(NodeType::ApiKey, key.id),
            key.name,
            key.prefix,
            scopes.join(","),
            time(Some(key.created_at)),
            time(key.expires_at),
            time(key.last_used_at),
            time(key.revoked_at)
        ));
    }
    lines.join("\n")
}
