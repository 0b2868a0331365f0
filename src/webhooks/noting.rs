//! What came of deliveries is written down for many lanes at once: whoever comes first writes for all who wait.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::Webhooks;
use crate::store::{Error, webhooks::LaneNotes};

#[derive(Default)]
pub struct Noting {
    waiting: Mutex<Vec<(LaneNotes, oneshot::Sender<bool>)>>,
    /// Held by whoever writes.
    writing: tokio::sync::Mutex<()>,
}

impl Noting {
    fn put(&self, notes: LaneNotes) -> oneshot::Receiver<bool> {
        let (told, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((notes, told));
        answer
    }

    fn take(&self) -> Vec<(LaneNotes, oneshot::Sender<bool>)> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Webhooks {
    /// Fails when the lane's lease is no longer the latest, or what it is part of could not be written.
    pub(super) async fn note(&self, notes: LaneNotes) -> Result<(), Error> {
        let answer = self.0.noting.put(notes);
        {
            let _writing = self.0.noting.writing.lock().await;
            let all = self.0.noting.take();
            // Somebody else may have written ours while we waited.
            if !all.is_empty() {
                let notes: Vec<_> = all.iter().map(|(notes, _)| notes).collect();
                let held = self.store().note_lanes(&notes, self.held_until()).await?;
                for ((_, told), held) in all.into_iter().zip(held) {
                    // An error would mean that nobody waits for it any more.
                    let _ = told.send(held);
                }
            }
        }
        match answer.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Error::LeaseLost),
        }
    }
}
