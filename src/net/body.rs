//! What a request carries: bytes, or a stream of them that can be begun anew.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt};
use http_body::Frame;
use http_body_util::StreamBody;

/// Bytes one after the other.
pub type Pieces = BoxStream<'static, std::io::Result<Bytes>>;
/// Begins them, as often as it is called.
pub type Opener = Arc<dyn Fn() -> Pieces + Send + Sync>;

#[derive(Clone)]
pub struct Body(Content);

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    Pieces { length: u64, open: Opener },
}

impl Body {
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Content::Bytes(bytes.into()))
    }

    /// `length`: of all pieces together.
    pub fn pieces(length: u64, open: Opener) -> Self {
        Self(Content::Pieces { length, open })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// None of what is read while it is sent.
    pub fn at_hand(&self) -> Option<&Bytes> {
        match &self.0 {
            Content::Bytes(bytes) => Some(bytes),
            Content::Pieces { .. } => None,
        }
    }

    pub fn length(&self) -> u64 {
        match &self.0 {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Pieces { length, .. } => *length,
        }
    }

    /// The length that the client would not know by itself.
    pub(super) fn untold_length(&self) -> Option<u64> {
        matches!(self.0, Content::Pieces { .. }).then(|| self.length())
    }

    pub(super) fn outgoing(self) -> reqwest::Body {
        match self.0 {
            Content::Bytes(bytes) => bytes.into(),
            Content::Pieces { open, .. } => {
                let frames = Unshared(Mutex::new(open()));
                reqwest::Body::wrap(StreamBody::new(frames.map(|piece| piece.map(Frame::data))))
            }
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::bytes(Bytes::new())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length())
    }
}

/// Only ever read by its owner: the lock is never waited for, and lets it be sent where a shared thing is asked for.
struct Unshared(Mutex<Pieces>);

impl Stream for Unshared {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
    }
}
