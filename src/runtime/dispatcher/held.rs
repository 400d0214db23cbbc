//! What waits until the journal is durable: telling what happened, and doing what follows from it.

use super::effect::{Effect, Start};
use std::collections::BTreeMap;
use wf_model::event::{Event, InstanceId};

/// What waits, by the append that has to be durable before.
#[derive(Default)]
pub(super) struct Held {
    waiting: BTreeMap<u64, Waiting>,
    /// How many effects are among it.
    effects: usize,
    /// The appends that announced steps ahead of their slot.
    announced: BTreeMap<InstanceId, u64>,
}

/// What waits for one append.
#[derive(Default)]
pub(super) struct Waiting {
    /// Is told.
    pub(super) events: Vec<Event>,
    /// Is done.
    pub(super) effects: Vec<Effect>,
}

impl Held {
    /// Keeps events of an append until it is durable.
    pub(super) fn tell(&mut self, append: u64, events: Vec<Event>) {
        self.waiting.entry(append).or_default().events = events;
    }

    /// Keeps an effect until an append is durable.
    pub(super) fn hold(&mut self, append: u64, effect: Effect) {
        self.waiting.entry(append).or_default().effects.push(effect);
        self.effects += 1;
    }

    /// A step is announced by an append, ahead of its slot.
    pub(super) fn announce(&mut self, id: InstanceId, append: u64) {
        self.announced.insert(id, append);
    }

    /// By which append a step was announced that starts; `None` where it was not.
    pub(super) fn announced(&mut self, id: InstanceId) -> Option<u64> {
        self.announced.remove(&id)
    }

    /// Takes out the start of an attempt that has not begun.
    pub(super) fn take_start(&mut self, id: InstanceId) -> Option<Start> {
        let is_meant = |effect: &Effect| matches!(effect, Effect::Start(start) if start.instance.id == id);
        let waiting = self.waiting.values_mut().find(|waiting| waiting.effects.iter().any(is_meant))?;
        let place = waiting.effects.iter().position(is_meant)?;
        self.effects -= 1;
        match waiting.effects.remove(place) {
            Effect::Start(start) => Some(start),
            _ => None,
        }
    }

    /// What waited for one of the appends that are durable, the first first.
    pub(super) fn released(&mut self, durable: u64) -> Option<Waiting> {
        let entry = self.waiting.first_entry().filter(|entry| *entry.key() <= durable)?;
        let released = entry.remove();
        self.effects -= released.effects.len();
        Some(released)
    }

    pub(super) const fn has_effects(&self) -> bool {
        self.effects > 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
