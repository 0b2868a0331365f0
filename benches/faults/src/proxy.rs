//! A TCP proxy that is in the way: it delays, throttles, cuts in the middle, resets, and holds connections open. What it
//! does not let through at once never arrives later.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use drive::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::chance::Chance;

/// A connection is struck after so many more bytes, at most.
const STRUCK_WITHIN: u64 = 6000;

/// Whether there is trouble now, and how often there was which.
#[derive(Default)]
pub struct Storm {
    is_on: AtomicBool,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Storm {
    pub fn rage(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::SeqCst);
    }

    pub fn count(&self, what: &'static str) {
        *lock(&self.counts).entry(what).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.counts).clone()
    }

    fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub struct Proxy {
    pub address: String,
    _server: JoinSet<()>,
}

struct Way {
    target: String,
    storm: Arc<Storm>,
    /// All is well for so long after a connection was struck.
    gap: Duration,
    struck: Mutex<Option<Instant>>,
}

impl Way {
    fn may_strike(&self) -> bool {
        let mut struck = lock(&self.struck);
        let may = self.storm.is_on() && struck.is_none_or(|last| last.elapsed() > self.gap);
        if may {
            *struck = Some(Instant::now());
        }
        may
    }
}

#[derive(Debug, Clone, Copy)]
enum Strike {
    Cut,
    Reset,
    Hold(Duration),
}

/// Why a connection is over.
enum Over {
    Struck(Strike),
    Broken,
}

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self::Broken
    }
}

impl Proxy {
    pub async fn start(target: &str, gap: Duration, storm: &Arc<Storm>, mut chance: Chance) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let way = Way { target: target.to_owned(), storm: storm.clone(), gap, struck: Mutex::new(None) };
        let way = Arc::new(way);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while open.try_join_next().is_some() {}
                open.spawn(carry(stream, way.clone(), chance.fork()));
            }
        });
        Ok(Self { address, _server: server })
    }
}

async fn carry(mut near: TcpStream, way: Arc<Way>, mut chance: Chance) {
    // Whoever is not there closes.
    let Ok(mut far) = TcpStream::connect(&way.target).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let strike = match chance.below(10) {
        0..4 => Strike::Cut,
        4..7 => Strike::Reset,
        _ => Strike::Hold(chance.millis(1000, 8000)),
    };
    // Answers are struck as often as requests.
    let is_answer = chance.percent(50);
    let pace = match chance.below(100) {
        0..10 => Pace::Late(chance.millis(2, 60)),
        10..15 => Pace::Thin,
        _ => Pace::Usual,
    };
    let struck = {
        let ((near_read, near_write), (far_read, far_write)) = (near.split(), far.split());
        let up = pump(near_read, far_write, &way, pace, (!is_answer).then(|| (strike, chance.fork())));
        let down = pump(far_read, near_write, &way, pace, is_answer.then(|| (strike, chance.fork())));
        tokio::try_join!(up, down)
    };
    match struck {
        Err(Over::Struck(Strike::Cut)) => way.storm.count("cut"),
        Err(Over::Struck(Strike::Reset)) => {
            way.storm.count("reset");
            let _ = (near.set_zero_linger(), far.set_zero_linger());
        }
        Err(Over::Struck(Strike::Hold(time))) => {
            way.storm.count("held open");
            tokio::time::sleep(time).await;
        }
        Ok(_) | Err(Over::Broken) => {}
    }
}

#[derive(Debug, Clone, Copy)]
enum Pace {
    Usual,
    Late(Duration),
    Thin,
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    way: &Way,
    pace: Pace,
    mut strike: Option<(Strike, Chance)>,
) -> Result<(), Over> {
    let mut buffer = vec![0; 16 * 1024];
    let mut left = strike.as_mut().map_or(u64::MAX, |(_, chance)| 1 + chance.below(STRUCK_WITHIN));
    loop {
        let size = from.read(&mut buffer).await?;
        let bytes = buffer.get(..size).unwrap_or_default();
        if bytes.is_empty() {
            to.shutdown().await?;
            return Ok(());
        }
        if let Some((strike, chance)) = &mut strike {
            if left < size as u64 && way.may_strike() {
                let passed = bytes.get(..usize::try_from(left).unwrap_or_default()).unwrap_or_default();
                to.write_all(passed).await?;
                return Err(Over::Struck(*strike));
            }
            left = left.checked_sub(size as u64).unwrap_or_else(|| 1 + chance.below(STRUCK_WITHIN));
        }
        match pace {
            Pace::Late(time) if way.storm.is_on() => {
                tokio::time::sleep(time).await;
                to.write_all(bytes).await?;
            }
            Pace::Thin if way.storm.is_on() => {
                for piece in bytes.chunks(700) {
                    to.write_all(piece).await?;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            _ => to.write_all(bytes).await?,
        }
    }
}
