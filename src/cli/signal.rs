//! Being told to stop: Ctrl-C, or a supervisor's SIGTERM.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ends when the process is told to stop. Listens from the call on, so that a signal that comes before anybody waits
/// is not lost.
pub fn told_to_stop() -> impl Future<Output = ()> {
    let [term, interrupt] = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        tokio::select! {
            () = received(term) => {}
            () = received(interrupt) => {}
        }
    }
}

/// Without a handler the system's own way of ending the process is left.
async fn received(signals: std::io::Result<Signal>) {
    match signals {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    }
}
