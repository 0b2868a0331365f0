//! Sends what the simulated vendors' webhooks would send.

use std::collections::HashMap;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use url::Url;

use crate::net;

/// So often one is sent, with growing pauses.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const TIMEOUT: Duration = Duration::from_secs(10);

/// One delivery.
#[derive(Debug, Clone)]
pub struct Posted {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Sends whatever `next` brings, one after the other, until told to stop.
pub async fn deliver<F>(mut next: impl FnMut() -> F, stop: CancellationToken)
where
    F: Future<Output = Vec<Posted>>,
{
    let mut clients: HashMap<String, net::Client> = HashMap::new();
    let sending = async {
        loop {
            for posted in next().await {
                // Whoever cannot be reached misses it, as with a vendor.
                if let Some(error) = send(&mut clients, &posted).await.err() {
                    debug!(error, "a simulated webhook was not delivered");
                }
            }
        }
    };
    tokio::select! {
        () = sending => {}
        () = stop.cancelled() => {}
    }
}

async fn send(clients: &mut HashMap<String, net::Client>, posted: &Posted) -> Result<(), String> {
    let url = Url::parse(&posted.url).map_err(|error| error.to_string())?;
    let origin = url.origin().ascii_serialization();
    let client = match clients.get(&origin) {
        Some(client) => client.clone(),
        None => {
            let client = net::Client::trusted(&url, &net::Options::default()).map_err(|error| error.to_string())?;
            clients.entry(origin).or_insert(client).clone()
        }
    };
    let mut request = net::Request::new(Method::POST, url);
    request.headers = headers(&posted.headers);
    request.body = net::Body::bytes(posted.body.clone());
    request.timeout = Some(TIMEOUT);
    let mut why = String::new();
    for attempt in 0..ATTEMPTS {
        match client.send(request.clone()).await {
            Ok(answer) if answer.status.is_success() => return Ok(()),
            Ok(answer) => why = answer.status.to_string(),
            Err(error) => why = error.to_string(),
        }
        tokio::time::sleep(FIRST_PAUSE * 4_u32.pow(attempt)).await;
    }
    Err(why)
}

fn headers(given: &[(String, String)]) -> HeaderMap {
    let read =
        |(name, value): &(String, String)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    given.iter().filter_map(read).collect()
}
