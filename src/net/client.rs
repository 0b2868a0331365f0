//! One request out, one bounded answer in.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use url::{Host, Url};

use super::body::Body;
use super::guard;
use super::names::{Lookup, Resolver, System};

#[derive(Debug, Clone)]
pub struct Options {
    pub connect_timeout: Duration,
    /// The longest silence while an answer is awaited or read.
    pub read_timeout: Duration,
    /// The most bytes that an answer's body may have, after decompression.
    pub body_limit: usize,
    /// `host:port` of private hosts that a guarded client may reach all the same, also by plain http.
    pub allowed_private_hosts: Vec<String>,
    /// Looks host names up.
    pub names: Arc<dyn Lookup>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            body_limit: 64 * 1024 * 1024,
            allowed_private_hosts: Vec::new(),
            names: Arc::new(System),
        }
    }
}

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reach: Reach,
    body_limit: usize,
    /// Dials public addresses only.
    guarded: Option<reqwest::Client>,
    /// Dials what the name resolves to; used only for hosts that the operator named.
    open: Option<reqwest::Client>,
}

/// Where a client may go.
#[derive(Debug)]
enum Reach {
    /// https to public addresses, and the hosts that the operator named as `host:port`.
    Public { exempt: Vec<String> },
    /// One origin that the operator set by hand.
    Origin(url::Origin),
}

#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Body,
    /// For the whole exchange, body included.
    pub timeout: Option<Duration>,
}

impl Request {
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Body::default(), timeout: None }
    }
}

#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Incoming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    rest: reqwest::Response,
}

impl Incoming {
    /// The length of the body, where it is announced.
    pub fn length(&self) -> Option<u64> {
        self.rest.content_length()
    }

    /// What comes next of the body; none at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        self.rest.chunk().await.map_err(|error| classify(&error))
    }
}

/// Why there is no answer. Texts hold neither the URL nor anything that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this address may not be reached: {0}")]
    Refused(&'static str),
    #[error("the host name does not exist")]
    NoSuchHost,
    #[error("the host name could not be looked up")]
    Lookup,
    #[error("no connection could be made")]
    Connect,
    #[error("no answer in time")]
    Timeout,
    #[error("the connection broke before the answer was complete")]
    Broken,
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the HTTP client could not be set up: {0}")]
    SetUp(String),
}

impl Error {
    /// Whether the request may have reached the other side.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Refused(_) | Self::NoSuchHost | Self::Lookup | Self::Connect | Self::SetUp(_) => false,
            Self::Timeout | Self::Broken | Self::TooLarge(_) => true,
        }
    }
}

impl Client {
    /// For addresses that somebody else chose: https only, public addresses only.
    pub fn guarded(options: &Options) -> Result<Self, Error> {
        let exempt: Vec<_> = options.allowed_private_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let guarded = builder(options).https_only(true).dns_resolver(Arc::new(Resolver::public(&options.names)));
        let open = if exempt.is_empty() {
            None
        } else {
            Some(build(builder(options).dns_resolver(Arc::new(Resolver::any(&options.names))))?)
        };
        Ok(Self(Arc::new(Inner {
            reach: Reach::Public { exempt },
            body_limit: options.body_limit,
            guarded: Some(build(guarded)?),
            open,
        })))
    }

    /// For a base URL that the operator set by hand: http and private addresses too, but only that origin.
    pub fn trusted(base: &Url, options: &Options) -> Result<Self, Error> {
        if !matches!(base.scheme(), "http" | "https") {
            return Err(Error::Refused("neither http nor https"));
        }
        let mut builder = builder(options).dns_resolver(Arc::new(Resolver::any(&options.names)));
        if base.scheme() == "http" {
            // No certificate will be looked at: the system's need not be loaded.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self(Arc::new(Inner {
            reach: Reach::Origin(base.origin()),
            body_limit: options.body_limit,
            guarded: None,
            open: Some(build(builder)?),
        })))
    }

    /// Whether this client would send to `url` at all, as far as its text tells. Names are judged once more
    /// by the addresses that they resolve to, whenever a connection is made.
    pub fn permits(&self, url: &Url) -> Result<(), Error> {
        self.via(url).map(drop)
    }

    /// Sends one request once and looks only at how it was answered: of the body no more is read than what lets the
    /// connection be used again.
    pub async fn tell(&self, request: Request) -> Result<(StatusCode, HeaderMap), Error> {
        let mut answer = self.open(request).await?;
        let mut read = 0;
        while read <= self.0.body_limit
            && let Ok(Some(piece)) = answer.piece().await
        {
            read += piece.len();
        }
        Ok((answer.status, answer.headers))
    }

    /// Sends one request once. Redirects are answers like any other. Whoever reads the body bounds it.
    pub async fn open(&self, request: Request) -> Result<Incoming, Error> {
        let via = self.via(&request.url)?;
        let mut outgoing = via.request(request.method, request.url).headers(request.headers);
        if let Some(length) = request.body.untold_length() {
            outgoing = outgoing.header(CONTENT_LENGTH, length);
        }
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.outgoing());
        }
        if let Some(timeout) = request.timeout {
            outgoing = outgoing.timeout(timeout);
        }
        let mut rest = outgoing.send().await.map_err(|error| classify(&error))?;
        Ok(Incoming { status: rest.status(), headers: std::mem::take(rest.headers_mut()), rest })
    }

    /// As [`Client::open`], with the whole body.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let mut answer = self.open(request).await?;
        let limit = self.0.body_limit;
        let announced = answer.length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > limit {
            return Err(Error::TooLarge(limit));
        }
        let mut body = BytesMut::with_capacity(announced);
        while let Some(chunk) = answer.piece().await? {
            if body.len() + chunk.len() > limit {
                return Err(Error::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: answer.status, headers: answer.headers, body: body.freeze() })
    }

    fn via(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let unavailable = Error::Refused("this client does not reach it");
        match &self.0.reach {
            Reach::Origin(origin) if *origin == url.origin() => self.0.open.as_ref().ok_or(unavailable),
            Reach::Origin(_) => Err(Error::Refused("another origin than the configured one")),
            Reach::Public { exempt } => {
                if !url.username().is_empty() || url.password().is_some() {
                    return Err(Error::Refused("it contains a user name or password"));
                }
                if is_exempt(exempt, url) {
                    return self.0.open.as_ref().ok_or(unavailable);
                }
                if url.scheme() != "https" {
                    return Err(Error::Refused("it is not https"));
                }
                // The resolver below is asked for names only, never for literal addresses.
                let literal = match url.host() {
                    Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
                    Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
                    Some(Host::Domain(_)) => None,
                    None => return Err(Error::Refused("it names no host")),
                };
                if literal.is_some_and(|address| !guard::is_public(address)) {
                    return Err(Error::Refused("it is not a public address"));
                }
                self.0.guarded.as_ref().ok_or(unavailable)
            }
        }
    }
}

fn is_exempt(exempt: &[String], url: &Url) -> bool {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    matches!(url.scheme(), "http" | "https") && exempt.contains(&format!("{host}:{port}"))
}

/// What all clients have in common. No proxy from the environment: it would resolve names in our place.
#[expect(clippy::disallowed_methods, reason = "the one place where HTTP clients are made")]
fn builder(options: &Options) -> reqwest::ClientBuilder {
    // Says "already installed" from the second time on.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        .user_agent(concat!("hiregraph/", env!("CARGO_PKG_VERSION")))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder.build().map_err(|error| Error::SetUp(chain(&error)))
}

fn classify(error: &reqwest::Error) -> Error {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(ours) = cause.downcast_ref::<Error>() {
            return ours.clone();
        }
        source = cause.source();
    }
    if error.is_connect() || error.is_builder() {
        Error::Connect
    } else if error.is_timeout() {
        Error::Timeout
    } else {
        Error::Broken
    }
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_guarded_client_refuses_by_the_text_of_the_url() {
        let client = Client::guarded(&Options {
            allowed_private_hosts: vec!["Hooks.internal:8080".into(), "127.0.0.1:9000".into()],
            ..Options::default()
        })
        .unwrap();
        let allowed =
            ["https://example.com/x", "https://1.1.1.1/", "http://hooks.internal:8080/a", "http://127.0.0.1:9000/"];
        let refused = [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://user:secret@example.com/",
            "http://hooks.internal:8081/",
            "ftp://hooks.internal:8080/",
            "file:///etc/passwd",
        ];
        for text in allowed {
            assert_eq!(client.permits(&url(text)), Ok(()), "{text}");
        }
        for text in refused {
            assert!(matches!(client.permits(&url(text)), Err(Error::Refused(_))), "{text}");
        }
    }

    #[tokio::test]
    async fn a_guarded_client_refuses_a_name_that_leads_inside() {
        let client = Client::guarded(&Options::default()).unwrap();
        let refused = client.send(Request::new(Method::GET, url("https://localhost:1/"))).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{refused:?}");
        assert!(!refused.may_have_arrived());
    }

    #[test]
    fn a_trusted_client_reaches_one_origin_only() {
        let client = Client::trusted(&url("http://127.0.0.1:4000/base"), &Options::default()).unwrap();
        assert_eq!(client.permits(&url("http://127.0.0.1:4000/other")), Ok(()));
        for text in ["https://127.0.0.1:4000/", "http://127.0.0.1:4001/", "http://localhost:4000/"] {
            assert!(client.permits(&url(text)).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn an_answer_beyond_the_limit_is_not_read_to_its_end() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url(&format!("http://{}/", listener.local_addr().unwrap()));
        let app = axum::Router::new().fallback(|| async { vec![b'x'; 2000] });
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        for (body_limit, fits) in [(2000, true), (1999, false)] {
            let client = Client::trusted(&base, &Options { body_limit, ..Options::default() }).unwrap();
            let answer = client.send(Request::new(Method::GET, base.clone())).await;
            match fits {
                true => assert_eq!(answer.unwrap().body.len(), 2000),
                false => assert_eq!(answer.unwrap_err(), Error::TooLarge(1999)),
            }
        }
    }

    #[tokio::test]
    async fn whoever_only_tells_reads_no_long_answer_and_knows_its_status() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url(&format!("http://{}/", listener.local_addr().unwrap()));
        let app = axum::Router::new().fallback(|| async { (StatusCode::ACCEPTED, vec![b'x'; 20_000_000]) });
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        let client = Client::trusted(&base, &Options { body_limit: 1000, ..Options::default() }).unwrap();
        for _ in 0..3 {
            let (status, _) = client.tell(Request::new(Method::POST, base.clone())).await.unwrap();
            assert_eq!(status, StatusCode::ACCEPTED);
        }
    }

    #[tokio::test]
    async fn a_refused_connection_says_that_nothing_was_sent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url(&format!("http://{}/", listener.local_addr().unwrap()));
        drop(listener);
        let client = Client::trusted(&base, &Options::default()).unwrap();
        let error = client.send(Request::new(Method::GET, base)).await.unwrap_err();
        assert_eq!(error, Error::Connect);
        assert!(!error.may_have_arrived());
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_nobody_goes_there() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url(&format!("http://{}/", listener.local_addr().unwrap()));
        let app = axum::Router::new().fallback(|| async { axum::response::Redirect::temporary("/again") });
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        let address = base.authority().to_owned();
        let options = Options { allowed_private_hosts: vec![address], ..Options::default() };
        let client = Client::guarded(&options).unwrap();
        let answer = client.send(Request::new(Method::GET, base)).await.unwrap();
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.headers["location"], "/again");
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_or_does_not_end_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = url(&format!("http://{}/", listener.local_addr().unwrap()));
        let begun = || async {
            let first = futures::stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"x")) });
            axum::body::Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending()))
        };
        let app = axum::Router::new()
            .route("/silent", axum::routing::get(|| async { std::future::pending::<()>().await }))
            .route("/begun", axum::routing::get(begun));
        let mut server = tokio::task::JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await });
        let (short, long) = (Duration::from_millis(100), Duration::from_secs(600));
        for path in ["silent", "begun"] {
            for (whole, silence) in [(Some(short), long), (None, short)] {
                let client = Client::trusted(&base, &Options { read_timeout: silence, ..Options::default() }).unwrap();
                let request = Request::new(Method::GET, base.join(path).unwrap());
                let error = client.send(Request { timeout: whole, ..request }).await.unwrap_err();
                assert_eq!(error, Error::Timeout, "{path}, {whole:?}");
            }
        }
    }
}
