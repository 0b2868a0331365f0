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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::extract::{Request, State};
    use axum::http::StatusCode;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio::task::JoinSet;

    use super::*;

    type Seen = (String, Option<String>, bytes::Bytes);

    async fn door(State(seen): State<UnboundedSender<Seen>>, request: Request) -> StatusCode {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let signature = parts.headers.get("x-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
        seen.send((parts.uri.to_string(), signature, body)).unwrap();
        StatusCode::ACCEPTED
    }

    #[tokio::test]
    async fn what_is_to_be_sent_arrives_as_it_is() {
        let (seen, mut arrived) = unbounded_channel();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(door).with_state(seen);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let posted = Posted {
            url: format!("{root}/webhooks/a/b?secret=x%2By"),
            headers: vec![("x-signature".to_owned(), "signed".to_owned())],
            body: "{}".to_owned(),
        };
        let lost = Posted { url: "nonsense".to_owned(), ..posted.clone() };
        let mut rounds = vec![vec![lost, posted]];
        let next = move || {
            let round = rounds.pop();
            async move {
                match round {
                    Some(round) => round,
                    None => std::future::pending().await,
                }
            }
        };
        let stop = CancellationToken::new();
        tasks.spawn(deliver(next, stop.clone()));
        let (uri, signature, body) = arrived.recv().await.unwrap();
        assert_eq!((uri.as_str(), signature.as_deref()), ("/webhooks/a/b?secret=x%2By", Some("signed")));
        assert_eq!(body, "{}");
        stop.cancel();
    }
}
