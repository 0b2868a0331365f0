//! What lies sealed, by hand.

use clap::Subcommand;

use super::{Outcome, keys, print};
use crate::config::Database;
use crate::domain::clock::SystemIds;
use crate::store;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Seal all secrets anew with the first key of HIREGRAPH_SECRET_KEY; others may serve meanwhile
    Rotate {
        #[command(flatten)]
        database: Database,
    },
}

pub async fn run(args: Args) -> Outcome {
    let Command::Rotate { database } = args.command;
    let store = keys::ready(&database, false).await?;
    let sealed = rotate(&store).await;
    store.close().await;
    print(&format!("{} secrets were sealed anew; the first key opens all", sealed?))
}

async fn rotate(store: &store::Store) -> Result<u64, String> {
    store.check_seals().await.map_err(|error| cannot_be_opened(&error))?;
    store.seal_anew(&SystemIds).await.map_err(|error| error.to_string())
}

/// Words for secrets whose key is missing.
pub fn cannot_be_opened(error: &store::Error) -> String {
    let advice = "start with the keys that sealed them, separated by commas, the newest first";
    format!("secrets in the database cannot be opened: {error}; {advice}")
}
