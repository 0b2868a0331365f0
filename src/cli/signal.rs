//! Being told to stop: Ctrl-C, or a supervisor's SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the process is told to stop.
pub async fn told_to_stop() {
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = term => {}
    }
}
