//! Telling a run to a definition that it did not begin with: what happened is taken in where it could have happened so, and keeps its
//! numbers; what did not happen is held until all is told.
//!
//! The story decides what a run that goes on decides for itself: which attempt gets a slot, and when a loop opens an iteration.

use super::Engine;
use super::command::IllegalTransition;
use super::numbering::{Numbering, Numbers};
use super::state::Task;
use crate::process::is_cut;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use wf_model::event::{AttemptOutcome, Awaited, Event, EventKind, InstanceId, LostAnswer};
use wf_model::program::Correspondence;
use wf_model::value::Value;

/// What is told to another definition.
#[derive(Debug, Default)]
pub(super) struct Retelling {
    /// From these numbers on instances came to be under the definition told so far and each one behind it.
    bounds: VecDeque<u64>,
    /// What those wait to do that have not come to be yet.
    held: Vec<(InstanceId, Task)>,
}

impl Engine {
    /// Keeps what instances come to be for, so that the run can be told to another definition.
    pub(super) fn keep_numbers(&mut self) {
        self.numbering.get_or_insert_default();
    }

    /// What instances came to be for; nothing where it was not kept.
    pub(super) fn numbers(&self) -> Option<&Numbers> {
        self.numbering.as_ref().map(|numbering| numbering.made())
    }

    /// The number of what comes to be next.
    pub(super) const fn next_number(&self) -> u64 {
        self.next_instance
    }

    /// Prepares the telling of a run whose instances have these numbers; `bounds` are those from which on each change of its definition
    /// numbered what came to be.
    pub(super) fn begin_retelling(&mut self, former: Numbers, correspondence: Correspondence, bounds: VecDeque<u64>) {
        self.next_instance = bounds.back().copied().unwrap_or(self.next_instance);
        self.numbering = Some(Box::new(Numbering::after(former, correspondence)));
        self.retelling = Some(Box::new(Retelling { bounds, held: Vec::new() }));
    }

    /// Whether what happened before is being told.
    pub(super) const fn is_retelling(&self) -> bool {
        self.retelling.is_some()
    }

    /// Does something for an instance once that has come to be.
    pub(super) fn when_told(&mut self, id: InstanceId, task: Task) {
        match &mut self.retelling {
            Some(retelling) if retelling.bounds.front().is_some_and(|bound| id.0 >= *bound) => retelling.held.push((id, task)),
            _ => self.agenda.push_back(task),
        }
    }

    /// Goes on with what came to be under the next definition; with everything once all is told.
    fn pass_bound(&mut self) {
        let Some(retelling) = &mut self.retelling else { return };
        retelling.bounds.pop_front();
        let bound = retelling.bounds.front().copied().unwrap_or(u64::MAX);
        let free = retelling.held.extract_if(.., |(id, _)| id.0 < bound);
        self.agenda.extend(free.map(|(_, task)| task));
    }

    /// Everything is told: what has not happened goes on from here.
    pub(super) fn end_retelling(&mut self) {
        if let Some(retelling) = self.retelling.take() {
            self.agenda.extend(retelling.held.into_iter().map(|(_, task)| task));
        }
        self.ask_again();
    }

    /// Takes in what happened under another definition.
    ///
    /// # Errors
    /// Where it could not have happened so.
    pub(super) fn retell(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        match &event.kind {
            EventKind::DefinitionChanged { .. } => {
                self.pass_bound();
                self.settle();
                Ok(())
            }
            EventKind::Observed { .. } => self.retell_observation(event),
            EventKind::Waiting { instance, question, .. } if !self.follows(event) => {
                // Asked once more, because the definition had changed.
                if self.asked_before(instance.id, question) { Ok(()) } else { self.recognize(event) }
            }
            kind if kind.is_given() => self.apply(event),
            _ => self.recognize(event),
        }
    }

    /// What was seen is seen again by what asks for it now; what nobody asks for any more is let go.
    fn retell_observation(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        let EventKind::Observed { instance, function, answer, .. } = &event.kind else { return Ok(()) };
        let id = instance.as_ref().map_or(super::agenda::RUN, |instance| instance.id);
        let Some(wanted) = self.parked.get(&id).map(|parked| parked.wanted.clone()) else { return Ok(()) };
        let (instance, answer) = (instance.clone(), answer.clone());
        let (place, occurrence, function) = (wanted.place, wanted.occurrence, *function);
        self.apply(&Event { at: event.at, kind: EventKind::Observed { instance, place, occurrence, function, answer } })
    }

    /// Finds what followed from what happened among what follows now.
    fn recognize(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        while !self.strike(event) {
            let more = match &event.kind {
                EventKind::IterationOpened { instance, index, .. } => self.open_told_iteration(instance.id, *index),
                // A statement that did not run may be left out.
                EventKind::Skipped { instance, .. } if !self.has_made(instance.id) => return Ok(()),
                _ => self.queue_is_told() && self.unblock(),
            };
            if !more {
                return Err(IllegalTransition::new("it does not follow from what happened"));
            }
            self.settle();
        }
        Ok(())
    }

    /// Takes an event out of those that follow; whether it is among them.
    fn strike(&mut self, event: &Event) -> bool {
        let place = self.concluded.iter().position(|concluded| is_alike(&concluded.kind, &event.kind));
        let struck = place.and_then(|place| self.concluded.remove(place));
        if let (Some(_), EventKind::Waiting { instance, question, .. }) = (&struck, &event.kind) {
            self.asked_before(instance.id, question);
        }
        struck.is_some()
    }

    /// Whether an event is among those that follow.
    fn follows(&self, event: &Event) -> bool {
        self.concluded.iter().any(|concluded| is_alike(&concluded.kind, &event.kind))
    }

    fn has_made(&self, id: InstanceId) -> bool {
        self.numbering.as_ref().is_some_and(|numbering| numbering.has(id))
    }

    fn queue_is_told(&self) -> bool {
        self.queue.len() == 0
    }

    /// What an event relies on that is not said in it, as a short text: what was asked of the world, what an attempt did that
    /// succeeded.
    pub(super) fn witness(&self, kind: &EventKind) -> Option<u64> {
        match kind {
            EventKind::Observed { instance, .. } => {
                let id = instance.as_ref().map_or(super::agenda::RUN, |instance| instance.id);
                let wanted = &self.parked.get(&id)?.wanted;
                Some(digest(&(&wanted.function, &wanted.arguments)))
            }
            EventKind::AttemptEnded { instance, outcome: AttemptOutcome::Succeeded { .. }, .. }
            | EventKind::Lost { instance, answer: LostAnswer::Done(_), .. }
            | EventKind::Answered { instance, .. }
            | EventKind::CacheHit { instance, .. } => self.call_of(instance.id).map(|call| digest(&*call)),
            _ => None,
        }
    }
}

impl Engine {
    /// What is read of an attempt's result now and was not kept, because nobody read it then.
    pub(super) fn misses(&self, kind: &EventKind) -> Option<String> {
        let EventKind::AttemptEnded { instance, outcome: AttemptOutcome::Succeeded { result, .. }, .. } = kind else {
            return None;
        };
        self.call_of(instance.id).filter(|call| !call.is_unread)?;
        let text = |field| if let Some(Value::String(text)) = result.get(field) { Some(text) } else { None };
        let cut = ["stdout", "stderr", "body"].into_iter().filter_map(text).any(|text| is_cut(text));
        let is_json = |text: &str| Value::from_json_text(text).is_ok_and(|json| json != Value::Null);
        let missed = cut || result.get("json") == Some(&Value::Null) && text("body").is_some_and(|body| is_json(body));
        missed.then(|| {
            format!("what `{}` gave is used in the file now, and was not kept whole because nobody used it", instance.path)
        })
    }
}

/// Secrets are not part of it.
fn digest(value: &impl serde::Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(value).ok().hash(&mut hasher);
    hasher.finish()
}

/// Whether two events say the same of a run, wherever it is written in its file and however often something would be tried.
fn is_alike(left: &EventKind, right: &EventKind) -> bool {
    if std::mem::discriminant(left) != std::mem::discriminant(right) || left.instance() != right.instance() {
        return false;
    }
    left == right || plain(left) == plain(right)
}

/// An event as a journal holds it, without where what it tells of is written.
fn plain(kind: &EventKind) -> Option<serde_json::Value> {
    let mut kind = kind.clone();
    match &mut kind {
        EventKind::RetryScheduled { failure, most, .. } => (failure.span, *most) = (None, 0),
        // A question is asked again where its definition changes.
        EventKind::Waiting { awaited, question, due, .. } => {
            *awaited = Awaited::Signal { name: "".into() };
            (*question, *due) = ("".into(), None);
        }
        EventKind::Failed { cause, .. } | EventKind::RunEnded { cause: Some(cause), .. } => cause.failure.span = None,
        _ => {}
    }
    serde_json::to_value(kind).ok()
}
