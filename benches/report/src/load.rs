//! The load: HTTP over connections that stay open, one request at a time on each.

use std::time::{Duration, Instant};

use bytes::Bytes;
use drive::Outcome;
use drive::connection::Connection;
use tokio::task::JoinSet;

/// What one measurement showed.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Sorted.
    pub latencies: Vec<Duration>,
    pub took: Duration,
}

impl Shown {
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().unwrap_or_default()
    }

    pub fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// The same request again and again, on so many connections, for so long.
pub async fn measure(address: &str, key: &str, body: &Bytes, connections: usize, time: Duration) -> Outcome<Shown> {
    let mut tasks: JoinSet<Outcome<Vec<Duration>>> = JoinSet::new();
    let mut open = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(address, key).await?;
        connection.post(body.clone()).await?;
        open.push(connection);
    }
    let begun = Instant::now();
    for mut connection in open {
        let body = body.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while begun.elapsed() < time {
                let sent = Instant::now();
                connection.post(body.clone()).await?;
                latencies.push(sent.elapsed());
            }
            Ok(latencies)
        });
    }
    let mut shown = Shown::default();
    while let Some(latencies) = tasks.join_next().await {
        shown.latencies.extend(latencies??);
    }
    shown.took = begun.elapsed();
    shown.latencies.sort_unstable();
    Ok(shown)
}
