//! Steps that wait for somebody: for an answer, or for a signal. They hold no slot, nothing of them runs, and until when they wait is
//! a point in time, so that a run that goes on elsewhere waits on.

use super::Engine;
use super::evaluate::Hindrance;
use super::given::{Checked, refuse};
use super::state::{NodeState, StepPhase, Task};
use super::undo::action_of;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use wf_model::event::{Answer, Awaited, EventKind, Instance, InstanceId, Timer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::Callee;
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Value, decode_json};

/// What is waited for, and what came that nobody waited for.
#[derive(Debug, Default)]
pub(super) struct Waits {
    open: BTreeMap<InstanceId, Wait>,
    /// Steps that wait for a signal, by its name.
    takers: BTreeMap<Arc<str>, BTreeSet<InstanceId>>,
    /// Signals that nobody has taken, by name, the earliest first.
    mail: BTreeMap<Arc<str>, VecDeque<Value>>,
    /// The last message that was taken in.
    read: u64,
    /// What the run goes by, as a hash.
    definition: Option<blake3::Hash>,
}

/// A step that waits.
#[derive(Clone, Debug)]
struct Wait {
    awaited: Awaited,
    question: Arc<str>,
    /// What was asked under an earlier definition, where the run changed to another.
    former: Option<Arc<str>>,
}

impl Waits {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn add(&mut self, id: InstanceId, wait: Wait) {
        if let Awaited::Signal { name } = &wait.awaited {
            self.takers.entry(name.clone()).or_default().insert(id);
        }
        self.open.insert(id, wait);
    }

    fn remove(&mut self, id: InstanceId) {
        let Some(Wait { awaited: Awaited::Signal { name }, .. }) = self.open.remove(&id) else { return };
        let Some(takers) = self.takers.get_mut(&name) else { return };
        takers.remove(&id);
        if takers.is_empty() {
            self.takers.remove(&name);
        }
    }

    /// A signal that came before anybody waited for it.
    fn kept(&mut self, name: &str) -> Option<Value> {
        let kept = self.mail.get_mut(name)?;
        let data = kept.pop_front();
        if kept.is_empty() {
            self.mail.remove(name);
        }
        data
    }
}

/// Whether steps of a kind wait for somebody and do nothing else, so that the engine does all of it.
#[must_use]
pub fn waits_for_somebody(kind: &str) -> bool {
    matches!(kind, "approval" | "signal")
}

/// What a call waits for; nothing where it does not wait for anybody.
pub(super) fn awaited(call: &Call) -> Option<Awaited> {
    let text = |name| call.value(name).and_then(Value::render);
    let list = |name| match call.value(name) {
        Some(Value::List(list)) => list.iter().filter_map(Value::render).map(Into::into).collect(),
        _ => Vec::new(),
    };
    match &*call.kind {
        "approval" => Some(Awaited::Approval {
            message: text("message").unwrap_or_default().into(),
            approvers: list("approvers"),
            choices: list("choices"),
            lenient: text("on_timeout").as_deref() == Some("approve"),
        }),
        "gate" if text("otherwise").as_deref() == Some("pause") && call.value("check") != Some(&Value::Bool(true)) => {
            let message = text("message").unwrap_or_else(|| "the check of the gate does not hold".to_owned());
            Some(Awaited::Gate { message: message.into() })
        }
        "signal" => Some(Awaited::Signal { name: text("name").unwrap_or_default().into() }),
        _ => None,
    }
}

impl Engine {
    /// The last message that was taken in: none before it is taken again.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.waits.read
    }

    /// Whether nothing can happen before somebody does something about a gate that does not pass.
    #[must_use]
    pub fn only_gates_wait(&self) -> bool {
        let gates = || self.waits.open.values().all(|wait| matches!(wait.awaited, Awaited::Gate { .. }));
        let quiet = self.going == 0 && self.drawing == 0 && self.timers.is_empty() && self.parked.is_empty();
        let waits = quiet && self.caching == 0 && self.awaited_locks == 0 && !self.waits.is_empty() && gates();
        waits && self.state == wf_model::run::RunState::Running && !self.holds_back()
    }

    /// Lets an attempt of a step wait.
    pub(super) fn begin_wait(&mut self, id: InstanceId, awaited: Awaited) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        (step.phase, step.result, step.touched) = (StepPhase::Waiting, None, true);
        step.attempts.count(now);
        step.limit = step.time_from(now);
        let (instance, limit) = (node.instance.clone(), step.limit);
        if let Some(limit) = limit {
            self.set_timer(instance, Timer::Timeout, now.after(limit));
        }
        self.ask(id, awaited);
        self.take_kept(id);
    }

    /// Tells what a step waits for.
    fn ask(&mut self, id: InstanceId, awaited: Awaited) {
        let definition = self.definition();
        let Some(node) = self.nodes.get(&id) else { return };
        let (instance, attempt) = (node.instance.clone(), node.step().map_or(0, |step| step.attempts.number));
        let due = self.timers.get(&(id, Timer::Timeout)).copied();
        let shown = serde_json::to_vec(&(&instance, attempt, &awaited)).unwrap_or_default();
        let question: Arc<str> = blake3::keyed_hash(definition.as_bytes(), &shown).to_hex().as_str().into();
        self.waits.add(id, Wait { awaited: awaited.clone(), question: question.clone(), former: None });
        self.conclude(EventKind::Waiting { instance, attempt, awaited, question, due });
    }

    fn definition(&mut self) -> blake3::Hash {
        let (program, workflow, plan) = (Arc::clone(&self.program), self.workflow, self.options.plan.clone());
        *self.waits.definition.get_or_insert_with(|| {
            let contents = program.contents(workflow);
            let mut hasher = blake3::Hasher::new();
            hasher.update(&serde_json::to_vec(&contents).unwrap_or_default());
            hasher.update(plan.unwrap_or_default().as_bytes()).finalize()
        })
    }

    /// Takes down what was asked under an earlier definition; whether the step waits.
    pub(super) fn asked_before(&mut self, id: InstanceId, question: &Arc<str>) -> bool {
        let Some(wait) = self.waits.open.get_mut(&id) else { return false };
        wait.former = Some(question.clone());
        true
    }

    /// Asks again what was asked otherwise before the run went by its present definition.
    pub(super) fn ask_again(&mut self) {
        let changed = |wait: &&Wait| wait.former.as_ref().is_some_and(|former| *former != wait.question);
        let open = self.waits.open.iter().filter(|(_, wait)| changed(wait));
        let open: Vec<(InstanceId, Awaited)> = open.map(|(id, wait)| (*id, wait.awaited.clone())).collect();
        for (id, awaited) in open {
            self.ask(id, awaited);
        }
    }

    /// Looks again at the gates that did not pass.
    pub(super) fn look_at_gates(&mut self) {
        let gates = self.waits.open.iter().filter(|(_, wait)| matches!(wait.awaited, Awaited::Gate { .. }));
        let tasks: Vec<Task> = gates.map(|(id, _)| Task::Recheck(*id)).collect();
        self.agenda.extend(tasks);
    }

    /// Looks again at a gate that did not pass.
    pub(super) fn recheck(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id).filter(|_| self.waits.open.contains_key(&id)) else { return Ok(()) };
        let Some(invocation) = action_of(&program, node).map(|action| action.invocation) else { return Ok(()) };
        let Callee::Kind(kind) = &invocation.callee else { return Ok(()) };
        let call = self.build_call(node.spot(), node.workflow, kind, invocation)?;
        match awaited(&call) {
            None => self.wait_over(id, Ok(passed())),
            Some(again) if self.waits.open.get(&id).is_some_and(|wait| wait.awaited != again) => self.ask(id, again),
            Some(_) => {}
        }
        Ok(())
    }

    pub(super) fn check_signal(&self, message: u64) -> Checked {
        if message > self.waits.read { Ok(()) } else { refuse(format!("message {message} was taken in already")) }
    }

    pub(super) fn check_answer(&self, message: u64, instance: &Instance, question: &str, answer: &Answer) -> Checked {
        self.check_signal(message)?;
        let named = self.nodes.get(&instance.id).is_some_and(|node| node.instance == *instance);
        let Some(wait) = self.waits.open.get(&instance.id).filter(|_| named) else {
            return refuse(format!("step `{}` waits for no answer", instance.path));
        };
        // What was asked under another definition is not asked in the same words.
        if *wait.question != *question && !self.is_retelling() {
            return refuse(format!("step `{}` asks something else", instance.path));
        }
        wait.awaited.refuses(answer).map_or(Ok(()), refuse)
    }

    /// Takes in a signal: for the step that came to be first of those that wait for it, or for the next one that will.
    pub(super) fn signalled(&mut self, message: u64, name: &Arc<str>, data: &Value) {
        self.waits.read = message;
        self.waits.mail.entry(name.clone()).or_default().push_back(data.clone());
        let taker = self.waits.takers.get(name).and_then(|takers| takers.first().copied());
        if let Some(taker) = taker {
            self.take_kept(taker);
        }
    }

    /// Gives a step the signal that it waits for, where there is one.
    fn take_kept(&mut self, id: InstanceId) {
        let Some(Wait { awaited: Awaited::Signal { name }, .. }) = self.waits.open.get(&id) else { return };
        let name = name.clone();
        if let Some(data) = self.waits.kept(&name) {
            self.wait_over(id, Ok(Value::map([("data", data)])));
        }
    }

    pub(super) fn take_answer(&mut self, message: u64, id: InstanceId, answer: &Answer) {
        self.waits.read = message;
        let Some(wait) = self.waits.open.get(&id) else { return };
        let outcome = match (&wait.awaited, answer.approved) {
            (Awaited::Gate { .. }, true) => Ok(passed()),
            (_, true) => Ok(self.approval(&answer.by, answer.comment.as_deref(), answer.choice.as_deref())),
            (_, false) => {
                let comment = answer.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
                Err(Failure::final_of(FailureKind::Rejected, &format!("rejected by {}{comment}", answer.by)))
            }
        };
        self.wait_over(id, outcome);
    }

    fn approval(&self, by: &str, comment: Option<&str>, choice: Option<&str>) -> Value {
        let at = jiff::Timestamp::from_millisecond(self.now.milliseconds).unwrap_or_default();
        let optional = |text: Option<&str>| text.map_or(Value::Null, Value::string);
        Value::map([
            ("approved", Value::Bool(true)),
            ("by", Value::string(by)),
            ("at", Value::string(&at.to_string())),
            ("comment", optional(comment)),
            ("choice", optional(choice)),
        ])
    }

    /// Nobody did anything in time.
    pub(super) fn wait_expired(&mut self, id: InstanceId) {
        let limit = self.nodes.get(&id).and_then(|node| node.step()?.limit).unwrap_or_default();
        let Some(wait) = self.waits.open.get(&id) else { return };
        let outcome = match &wait.awaited {
            Awaited::Approval { lenient: true, .. } => Ok(self.approval("timeout", None, None)),
            awaited => Err(too_late(awaited, limit)),
        };
        self.wait_over(id, outcome);
    }

    /// A step waits no more.
    pub(super) fn stop_waiting(&mut self, id: InstanceId) {
        self.waits.remove(id);
    }

    /// Ends the attempt of a step that waited.
    fn wait_over(&mut self, id: InstanceId, outcome: Result<Value, Failure>) {
        self.stop_waiting(id);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        step.phase = StepPhase::Idle;
        let instance = node.instance.clone();
        let decode = step.call.as_ref().and_then(|call| call.decode.as_ref());
        let outcome = outcome.and_then(|result| Ok((decoded(&result, decode)?, result)));
        match outcome {
            Ok((value, result)) => {
                step.result = Some((result, value));
                self.forget_timer(&instance, Timer::Timeout);
                self.agenda.push_back(Task::Judge(id));
            }
            Err(failure) => self.attempt_failed(id, failure),
        }
    }
}

fn passed() -> Value {
    Value::map([("passed", Value::Bool(true))])
}

/// What `-> T` makes of the data of a signal.
fn decoded(result: &Value, type_: Option<&Type>) -> Result<Value, Failure> {
    let Some(type_) = type_ else { return Ok(result.clone()) };
    let data = result.get("data").unwrap_or(&Value::Null);
    decode_json(&data.to_json(), type_)
        .map_err(|error| Failure::final_of(FailureKind::Decode, &format!("data of the signal does not fit: {error}")))
}

fn too_late(awaited: &Awaited, limit: Duration) -> Failure {
    match awaited {
        Awaited::Approval { .. } => {
            Failure::final_of(FailureKind::Rejected, &format!("rejected because nobody answered within {limit}"))
        }
        Awaited::Gate { message } => timeout(&format!("nobody let it pass within {limit}: {message}")),
        Awaited::Signal { name } => timeout(&format!("no signal `{name}` came within {limit}")),
    }
}

fn timeout(message: &str) -> Failure {
    Failure { retryable: true, ..Failure::final_of(FailureKind::Timeout, message) }
}
