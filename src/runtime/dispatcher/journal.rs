//! Where events are kept.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use wf_model::event::Event;

/// Keeps events, in order: at first so that they outlive this process, and a little later so that they outlive a loss of power.
pub trait Journal: Send {
    /// Takes events in; all or none of them are kept. They outlive this process from now on.
    ///
    /// # Errors
    /// After a failure nothing more is appended: the run stops.
    fn append(&mut self, events: &[Event], durability: Durability) -> Result<(), JournalFailed>;

    /// Asks that everything that was appended becomes durable now.
    fn sync(&mut self);

    /// How far the journal is durable.
    fn durable(&self) -> watch::Receiver<Durable>;
}

/// When what is appended becomes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// At once: somebody waits for it.
    Now,
    /// A little later, together with what comes meanwhile.
    Soon,
}

/// How far a journal is durable: whatever was appended first is durable first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// How many appends outlive a loss of power.
    pub appends: u64,
    /// Why no more ever will.
    pub failed: Option<JournalFailed>,
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
    durable: Arc<watch::Sender<Durable>>,
}

impl MemoryJournal {
    /// Everything that was appended.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, events: &[Event], _: Durability) -> Result<(), JournalFailed> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(events.iter().cloned());
        self.durable.send_modify(|durable| durable.appends += 1);
        Ok(())
    }

    fn sync(&mut self) {}

    fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.subscribe()
    }
}
