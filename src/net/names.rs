//! How a host name becomes the addresses that are dialled: looked up once for a connection and, for a guarded client,
//! judged here. Nothing asks a second time between the judgement and the connection.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::client::Error;
use super::guard;

/// Looks host names up. The system's resolver does, unless a client is given another.
pub trait Lookup: Debug + Send + Sync {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Debug)]
pub struct System;

impl Lookup for System {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Between a client and its look-up. The address that was judged is the address that is dialled.
#[derive(Debug)]
pub struct Resolver {
    names: Arc<dyn Lookup>,
    public_only: bool,
}

impl Resolver {
    /// Keeps the public addresses.
    pub fn public(names: &Arc<dyn Lookup>) -> Self {
        Self { names: names.clone(), public_only: true }
    }

    pub fn any(names: &Arc<dyn Lookup>) -> Self {
        Self { names: names.clone(), public_only: false }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.names.addresses(name.as_str().to_owned());
        let public_only = self.public_only;
        Box::pin(async move {
            let mut found = looking.await.map_err(|error| lookup_error(&error))?;
            if found.is_empty() {
                return Err(Error::NoSuchHost.into());
            }
            if public_only {
                found.retain(|address| guard::is_public(*address));
            }
            if found.is_empty() {
                return Err(Error::Refused("its name leads to no public address").into());
            }
            // The port is that of the URL.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// The standard library tells a name that does not exist from a resolver that is down by text alone
/// (`gai_strerror` of glibc, musl and macOS). What is not recognised counts as the resolver's fault.
fn lookup_error(error: &io::Error) -> Error {
    let text = error.to_string();
    let absent = ["not known", "does not resolve", "No address associated", "has no usable address"];
    if absent.iter().any(|known| text.contains(known)) { Error::NoSuchHost } else { Error::Lookup }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use http::{Method, StatusCode};
    use tokio::task::JoinSet;
    use url::Url;

    use super::super::client::{Client, Options, Request};
    use super::*;

    /// Public by its kind, and given to nobody: whoever dials it reaches nothing.
    const PUBLIC: &str = "3ffe::1";

    /// None: never answers.
    type Answer = Option<Result<Vec<IpAddr>, &'static str>>;

    /// Tells these answers one after the other; the last of them for ever.
    #[derive(Debug)]
    struct Told {
        answers: Mutex<Vec<Answer>>,
        asked: AtomicUsize,
    }

    impl Lookup for Told {
        fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            Box::pin(async move {
                match answer {
                    Some(answer) => answer.map_err(io::Error::other),
                    None => std::future::pending().await,
                }
            })
        }
    }

    /// A guarded client with a resolver that tells these addresses, and a door on loopback that nobody may come to.
    struct Trial {
        client: Client,
        names: Arc<Told>,
        door: TcpListener,
    }

    impl Trial {
        fn new(answers: Vec<Answer>) -> Self {
            let names = Arc::new(Told { answers: Mutex::new(answers), asked: AtomicUsize::new(0) });
            let connect_timeout = Duration::from_millis(100);
            let options = Options { names: names.clone(), connect_timeout, ..Options::default() };
            let door = TcpListener::bind("127.0.0.1:0").unwrap();
            door.set_nonblocking(true).unwrap();
            Self { client: Client::guarded(&options).unwrap(), names, door }
        }

        fn of(answers: &[&[&str]]) -> Self {
            let told = |texts: &&[&str]| Some(Ok(texts.iter().map(|text| text.parse().unwrap()).collect()));
            Self::new(answers.iter().map(told).collect())
        }

        /// What a request to a name, at the port of the door, comes to.
        async fn ask(&self) -> Error {
            let port = self.door.local_addr().unwrap().port();
            let url = Url::parse(&format!("https://somewhere.example:{port}/")).unwrap();
            let error = self.client.send(Request::new(Method::GET, url)).await.unwrap_err();
            assert!(!error.may_have_arrived(), "{error:?}");
            let came = self.door.accept().map(drop).map_err(|error| error.kind());
            assert_eq!(came, Err(io::ErrorKind::WouldBlock), "loopback was dialled");
            error
        }

        fn asked(&self) -> usize {
            self.names.asked.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_in_every_form() {
        for inside in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fe80::1",
            "fd00:ec2::254",
        ] {
            let trial = Trial::of(&[&[inside]]);
            assert_eq!(trial.ask().await, Error::Refused("its name leads to no public address"), "{inside}");
            assert_eq!(trial.asked(), 1, "{inside}");
        }
    }

    #[tokio::test]
    async fn of_public_and_private_addresses_only_the_public_are_dialled() {
        for both in [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], ["::ffff:127.0.0.1", PUBLIC]] {
            assert_eq!(Trial::of(&[&both]).ask().await, Error::Connect, "{both:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_bound_anew_leads_nowhere_else() {
        let trial = Trial::of(&[&[PUBLIC], &["127.0.0.1"]]);
        assert_eq!(trial.ask().await, Error::Connect);
        assert_eq!(trial.asked(), 1, "the address that was judged is the one that was dialled");
        assert_eq!(trial.ask().await, Error::Refused("its name leads to no public address"));
        assert_eq!(trial.asked(), 2, "each connection is judged by its own look-up");
    }

    #[tokio::test]
    async fn a_look_up_that_fails_says_how() {
        for (answer, expected) in [
            (Some(Ok(Vec::new())), Error::NoSuchHost),
            (Some(Err("Name or service not known")), Error::NoSuchHost),
            (Some(Err("Temporary failure in name resolution")), Error::Lookup),
            // It counts towards the time for a connection.
            (None, Error::Connect),
        ] {
            assert_eq!(Trial::new(vec![answer]).ask().await, expected);
        }
    }

    #[tokio::test]
    async fn only_a_host_that_the_operator_named_may_lie_inside() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, axum::Router::new().fallback(|| async { "x" })).await });
        let names = Told { answers: Mutex::new(vec![Some(Ok(vec!["127.0.0.1".parse().unwrap()]))]), asked: 0.into() };
        let allowed_private_hosts = vec![format!("hooks.example:{port}")];
        let options = Options { names: Arc::new(names), allowed_private_hosts, ..Options::default() };
        let client = Client::guarded(&options).unwrap();
        let get = |host: &str, scheme: &str| {
            Request::new(Method::GET, Url::parse(&format!("{scheme}://{host}:{port}/")).unwrap())
        };
        assert_eq!(client.send(get("hooks.example", "http")).await.unwrap().status, StatusCode::OK);
        for (host, scheme) in [("other.example", "https"), ("other.example", "http"), ("127.0.0.1", "https")] {
            let refused = client.send(get(host, scheme)).await.unwrap_err();
            assert!(matches!(refused, Error::Refused(_)), "{host}: {refused:?}");
        }
    }
}
