//! What is done about the commands of the engine: answered at once, or outside, once the events that ask for it are kept.

use super::attempt::{ask, perform};
use super::cache::CachedValue;
use super::locks::LockRequest;
use super::reporter::AttemptOutput;
use super::secrets::masked;
use super::{Dispatcher, World};
use crate::engine::{CacheQuery, Command};
use crate::executor::Stop;
use crate::mask::Masker;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wf_model::event::{AttemptOutcome, EventKind, Instance, InstanceId};
use wf_model::expression::Function;
use wf_model::kind::only_waits;
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// An attempt that is to begin.
pub(super) struct Start {
    pub(super) instance: Instance,
    attempt: u32,
    call: Arc<Call>,
    timeout: Option<Duration>,
}

/// Something to do once the events that ask for it are kept.
pub(super) enum Effect {
    Start(Start),
    Stop(InstanceId, Stop),
    Acquire(Instance, LockRequest),
    Release(InstanceId, Arc<str>),
    LookUp(Instance, Arc<CacheQuery>),
    Keep { instance: Instance, query: Arc<CacheQuery>, digest: Arc<str>, value: CachedValue },
    Look { kind: LookUp, function: Function, arguments: Vec<Value> },
}

impl Effect {
    fn stops(&self) -> Option<InstanceId> {
        match self {
            Self::Stop(id, _) => Some(*id),
            _ => None,
        }
    }

    /// Whether it changes nothing outside, so that it only has to outlive this process what led to it.
    fn only_looks(&self) -> bool {
        match self {
            Self::Stop(..) | Self::Acquire(..) | Self::Look { .. } => true,
            Self::Start(start) => matches!(&*start.call.kind, "gate" | "sleep"),
            // What is found in the cache may be put where it belongs.
            Self::Release(..) | Self::LookUp(..) | Self::Keep { .. } => false,
        }
    }
}

/// An observation without its answer.
pub(super) struct LookUp {
    instance: Option<Instance>,
    place: wf_model::expression::Place,
    occurrence: u32,
}

impl Dispatcher {
    /// Which append has to be durable before each effect, where the next one has this number; what only looks waits for none.
    pub(super) fn due(&mut self, effects: Vec<Effect>, next: u64) -> Vec<(u64, Effect)> {
        let stopped: BTreeSet<InstanceId> = effects.iter().filter_map(Effect::stops).collect();
        let mut due = Vec::with_capacity(effects.len());
        for effect in effects {
            let after = match &effect {
                effect if effect.only_looks() => 0,
                Effect::Start(start) => self.held.announced(start.instance.id).unwrap_or(next),
                _ => next,
            };
            match effect {
                Effect::Start(start) if stopped.contains(&start.instance.id) => self.never_begin(start),
                effect => due.push((after, effect)),
            }
        }
        due
    }

    /// Does what waits for nothing that is not durable yet, and keeps the rest.
    pub(super) fn do_all(&mut self, due: Vec<(u64, Effect)>) {
        let durable = self.durable.borrow().appends;
        for (after, effect) in due {
            if after <= durable {
                self.perform(effect);
            } else {
                self.held.hold(after, effect);
            }
        }
    }

    /// Answers a command at once where that needs nothing from outside, or keeps it for later.
    pub(super) fn sort(&mut self, command: Command, happened: &mut VecDeque<EventKind>, effects: &mut Vec<Effect>) {
        match command {
            Command::Start { instance, attempt, call, timeout } => {
                // Kept before the attempt begins, the start needs no announcement.
                happened.push_back(EventKind::Started { instance: instance.clone(), attempt });
                effects.push(Effect::Start(Start { instance, attempt, call, timeout }));
            }
            Command::Observe { instance, place, occurrence, function, arguments } => {
                let kind = LookUp { instance, place, occurrence };
                if matches!(function, Function::Read | Function::Glob) {
                    effects.push(Effect::Look { kind, function, arguments });
                } else {
                    happened.push_back(answer(&*self.world, kind, function, &arguments, self.secrets.masker()));
                }
            }
            Command::WakeAt { instance, timer, due } => self.timers.set(instance, timer, due),
            Command::Forget { instance, timer } => self.timers.forget(instance.id, timer),
            Command::Draw { instance, upper } => {
                happened.push_back(EventKind::JitterDrawn { instance, delay: self.world.draw(upper) });
            }
            Command::Acquire { instance, lock, max, waits, insists } => {
                effects.push(Effect::Acquire(instance, LockRequest { lock, max, waits, insists }));
            }
            Command::LookUp { instance, query } => effects.push(Effect::LookUp(instance, query)),
            Command::Keep { instance, query, digest, result, decoded } => {
                effects.push(Effect::Keep { instance, query, digest, value: CachedValue { result, decoded } });
            }
            Command::Release { instance, lock } => effects.push(Effect::Release(instance.id, lock)),
            Command::Stop { instance, stop } => effects.push(Effect::Stop(instance.id, stop)),
            Command::Suspend => self.suspended = true,
            Command::Finish { .. } => {}
        }
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Start(start) => self.start(start),
            Effect::Stop(id, stop) => self.stop(id, stop),
            Effect::Acquire(instance, request) => self.acquire(instance, request),
            Effect::LookUp(instance, query) => self.look_up(instance, query),
            Effect::Keep { instance, query, digest, value } => self.keep(instance, query, digest, value),
            Effect::Release(id, lock) => self.holdings.let_go(id, &lock),
            Effect::Look { kind, function, arguments } => {
                let (world, post, masker) = (Arc::clone(&self.world), self.post.clone(), self.secrets.masker().clone());
                // Files may be large and far away; the run goes on meanwhile.
                tokio::task::spawn_blocking(move || {
                    post.send(answer(&*world, kind, function, &arguments, &masker));
                });
            }
        }
    }

    /// Asks an attempt to end; one that has not begun never does.
    fn stop(&mut self, id: InstanceId, stop: Stop) {
        if let Some(sender) = self.attempts.get(&id) {
            return ask(sender, stop);
        }
        if let Some(start) = self.held.take_start(id) {
            self.never_begin(start);
        }
    }

    /// What is asked to end before it began never begins.
    fn never_begin(&self, Start { instance, attempt, .. }: Start) {
        let outcome = AttemptOutcome::NeverBegan;
        self.post.send(EventKind::AttemptEnded { instance, attempt, outcome, leaked: false });
    }

    fn start(&mut self, start: Start) {
        let Start { instance, attempt, call, timeout } = start;
        let reporter = Arc::clone(&self.reporter);
        let output = Arc::new(AttemptOutput { reporter, instance: instance.clone(), attempt });
        let id = instance.id;
        let assignment = self.assignment(instance, attempt, call, timeout, output);
        self.attempts.insert(id, Arc::clone(&assignment.stop));
        let post = self.post.clone();
        let waits = only_waits(&assignment.call.kind);
        let mut performance = Box::pin(perform(assignment));
        // What only looks at something is often ready at once, and then needs no task; what spawns a process would hold up others.
        let mut unwoken = Context::from_waker(Waker::noop());
        if waits && let Poll::Ready(performed) = performance.as_mut().poll(&mut unwoken) {
            return post.send(performed.ended);
        }
        self.lanes.begin(performance, post);
    }
}

/// What the world says; a secret that is seen there is not to be told.
fn answer(world: &dyn World, look: LookUp, function: Function, arguments: &[Value], masker: &Masker) -> EventKind {
    let answer = world.observe(function, arguments).map(|value| masked(&value, masker));
    let answer = answer.map_err(|message| masker.text(&message).into());
    let LookUp { instance, place, occurrence } = look;
    EventKind::Observed { instance, place, occurrence, function, answer }
}
