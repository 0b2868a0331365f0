//! Asks the graph over HTTP, and follows it by server-sent events. Knows no operation.

use std::error::Error;
use std::marker::PhantomData;

use graphql_client::{GraphQLQuery, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

type Outcome<T> = Result<T, Box<dyn Error>>;

pub struct Graph {
    http: reqwest::Client,
    url: String,
}

impl Graph {
    pub fn new(url: String, key: &str) -> Outcome<Self> {
        // An error says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut key = HeaderValue::try_from(format!("Bearer {key}"))?;
        key.set_sensitive(true);
        let http = reqwest::Client::builder().default_headers(HeaderMap::from_iter([(AUTHORIZATION, key)])).build()?;
        Ok(Self { http, url })
    }

    pub async fn ask<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Outcome<Q::ResponseData> {
        let request = self.http.post(&self.url).json(&Q::build_query(variables));
        data(request.send().await?.json().await?)
    }

    pub async fn follow<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Outcome<Told<Q>> {
        let request = self.http.post(&self.url).json(&Q::build_query(variables));
        let response = request.header(ACCEPT, "text/event-stream").send().await?.error_for_status()?;
        Ok(Told { response, read: Vec::new(), query: PhantomData })
    }
}

/// The answers to a subscription. Whoever drops it ends the subscription.
pub struct Told<Q> {
    response: reqwest::Response,
    /// Of an event that is not complete yet.
    read: Vec<u8>,
    query: PhantomData<Q>,
}

impl<Q: GraphQLQuery> Told<Q> {
    /// None when the subscription has ended.
    pub async fn next(&mut self) -> Outcome<Option<Q::ResponseData>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|bytes| bytes == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let event = std::str::from_utf8(&event)?;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
                match (field("event:"), field("data:")) {
                    (Some("next"), Some(answer)) => return Ok(Some(data(serde_json::from_str(answer)?)?)),
                    (Some("complete"), _) => return Ok(None),
                    // Sent only so that the connection stays.
                    _ => {}
                }
            } else if let Some(more) = self.response.chunk().await? {
                self.read.extend_from_slice(&more);
            } else {
                return Err("the stream broke off: follow again from the last cursor".into());
            }
        }
    }
}

fn data<T>(answer: Response<T>) -> Outcome<T> {
    match (answer.data, answer.errors) {
        (Some(data), None) => Ok(data),
        (_, Some(errors)) => Err(errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; ").into()),
        (None, None) => Err("answered without data".into()),
    }
}
