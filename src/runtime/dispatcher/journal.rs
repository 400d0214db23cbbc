//! Where events are kept.

use futures_util::future::{BoxFuture, ready};
use std::sync::{Arc, Mutex, PoisonError};
use wf_model::event::Event;

/// Keeps events, in order.
pub trait Journal: Send {
    /// Takes events in and is ready once they are durable; all or none of them are kept.
    ///
    /// # Errors
    /// After a failure nothing more is appended: the run stops.
    fn append(&mut self, events: Arc<[Event]>) -> BoxFuture<'_, Result<(), JournalFailed>>;
}

/// The journal cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("journal cannot be written: {reason}")]
pub struct JournalFailed {
    /// Why.
    pub reason: String,
}

/// A journal that lives as long as its process; copies share what they hold.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    events: Arc<Mutex<Vec<Event>>>,
}

impl MemoryJournal {
    /// Everything that was appended.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, events: Arc<[Event]>) -> BoxFuture<'_, Result<(), JournalFailed>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(events.iter().cloned());
        Box::pin(ready(Ok(())))
    }
}
