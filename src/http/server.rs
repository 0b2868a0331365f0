//! Listening, until told to stop; requests that are under way then are answered. A connection that does not ask
//! anything is closed: a client that sends its request drop by drop would keep it for ever otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Requests that are under way when the process is told to stop have so long.
const DRAIN: Duration = Duration::from_secs(25);
/// The head of a request, line and headers, has to be there after so long.
const HEAD: Duration = Duration::from_secs(30);

pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    // A connection on which it cannot be set is only slower.
    let mut listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    http.http2().timer(TokioTimer::new()).enable_connect_protocol();
    let (drain, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    loop {
        tokio::select! {
            (stream, _) = listener.accept() => {
                connections.spawn(converse(http.clone(), stream, router.clone(), drain.watcher()));
            }
            // Whatever became of a connection, only its client needs to know.
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    // What is not answered by then is broken off with the connections' handle.
    let _ = tokio::time::timeout(DRAIN, drain.shutdown()).await;
    Ok(())
}

/// One connection to its end.
async fn converse(http: Builder<TokioExecutor>, stream: TcpStream, router: Router, drain: Watcher) {
    let asked = Arc::new(AtomicBool::new(false));
    let is_asked = Arc::clone(&asked);
    let service = router.map_request(move |request: http::Request<Incoming>| {
        is_asked.store(true, Ordering::Relaxed);
        request
    });
    let service = TowerToHyperService::new(service);
    let connection = drain.watch(http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
    // HTTP's own limit begins when the version is known, which takes more than a byte.
    let silence = async {
        tokio::time::sleep(HEAD).await;
        if asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = connection => {}
        () = silence => {}
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn listening() -> (std::net::SocketAddr, CancellationToken, JoinSet<std::io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop, mut servers) = (listener.local_addr().unwrap(), CancellationToken::new(), JoinSet::new());
        let slow = get(async || tokio::time::sleep(Duration::from_secs(20)).await);
        let router = Router::new().route("/", get(async || "here")).route("/slow", slow);
        servers.spawn(serve(listener, router, stop.clone()));
        (address, stop, servers)
    }

    async fn told(address: std::net::SocketAddr, said: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Time stands still but for what waits for it, so that half a minute passes at once.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_is_closed() {
        let (address, _stop, _servers) = listening().await;
        for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx-sl"] {
            let begun = tokio::time::Instant::now();
            let answer = told(address, said.as_bytes()).await;
            assert!(begun.elapsed() >= HEAD && begun.elapsed() < 2 * HEAD, "{said:?} after {:?}", begun.elapsed());
            assert!(!answer.contains("here"), "{said:?}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_at_the_end_is_answered() {
        let (address, stop, mut servers) = listening().await;
        let (answer, ()) = tokio::join!(told(address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        servers.join_next().await.unwrap().unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }
}
