//! `healthcheck`: asks the process of this machine whether it can do its work; for containers, whose image holds no
//! other program. Never goes through `net`, which refuses loopback, and never over TLS, which the process does not speak.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Outcome, print};

/// The process itself waits four seconds for its database at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 64 * 1024;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The address that the process listens on
    #[arg(long, env = "HIREGRAPH_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

pub async fn run(args: &Args) -> Outcome {
    let address = reachable(args.listen);
    let answer = timeout(PATIENCE, ask(address)).await;
    let answer = answer.map_err(|_| format!("{address} does not answer"))?;
    let answer = answer.map_err(|error| format!("{address}: {error}"))?;
    ready(&answer).map_err(|why| format!("{address} {why}"))?;
    print("ready")
}

/// Who listens on all addresses listens on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether the answer says that the process is ready; else what it says in the place of that.
fn ready(answer: &str) -> Result<(), String> {
    match answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split([' ', '\r']).next()) {
        Some("200") => Ok(()),
        Some(status) => {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim());
            Err(format!("is not ready ({status}): {body}"))
        }
        None => Err("does not speak HTTP".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_loopback() {
        let cases = [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ];
        for (listen, asked) in cases {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }

    #[test]
    fn only_200_is_ready_and_all_else_says_why() {
        assert_eq!(ready("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), Ok(()));
        let cases = [
            (
                "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"worker\":\"stuck\"}",
                "is not ready (503): {\"worker\":\"stuck\"}",
            ),
            ("HTTP/1.1 404 Not Found\r\n\r\n", "is not ready (404): "),
            ("SSH-2.0-OpenSSH", "does not speak HTTP"),
            ("", "does not speak HTTP"),
        ];
        for (answer, why) in cases {
            assert_eq!(ready(answer), Err(why.to_owned()), "{answer}");
        }
    }
}
