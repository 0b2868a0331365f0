//! `simulate`: one simulated vendor on its own.

use std::net::SocketAddr;

use clap::ValueEnum;
use tokio_util::sync::CancellationToken;

use super::{Outcome, print, serve, signal};
use crate::demo::vendor::{self, Account, Vendor};

#[derive(Debug, clap::Args)]
pub struct Args {
    vendor: Vendor,
    /// The address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// How many candidates the account has
    #[arg(long, default_value_t = 200)]
    candidates: usize,
    /// How many jobs it has [default: one for 50 candidates, 12 at least]
    #[arg(long)]
    jobs: Option<usize>,
    /// The same seed makes the same account
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What goes wrong, e.g. `rate-limit-every=20`; may be given several times. `list` shows all faults
    #[arg(long)]
    fault: Vec<String>,
}

pub async fn run(args: Args) -> Outcome {
    if args.fault.iter().any(|fault| fault == "list") {
        return print(&vendor::faults(args.vendor));
    }
    let listener = serve::listen(args.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let account = Account {
        vendor: args.vendor,
        candidates: args.candidates,
        jobs: args.jobs.unwrap_or_else(|| vendor::usual_jobs(args.candidates)),
        seed: args.seed,
        faults: args.fault,
    };
    let stop = CancellationToken::new();
    let simulated = vendor::start(&account, listener, &stop)?;
    let told_to_stop = signal::told_to_stop();
    let name = args.vendor.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    print(&format!("{name} is simulated at http://{address}\ncredentials: {}", simulated.credentials))?;
    tokio::select! {
        () = told_to_stop => stop.cancel(),
        () = simulated.ended() => {}
    }
    Ok(())
}
