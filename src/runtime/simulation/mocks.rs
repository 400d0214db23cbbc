//! A cast that goes by the mocks of a test; what has none succeeds.

use super::subject::Subject;
use super::{Cast, Course, Given, Interruption, Reply};
use crate::dispatcher::time;
use crate::engine::{Engine, Running};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{Answer, AttemptOutcome, Awaited, InstanceId, LostAnswer, Timestamp, without_places};
use wf_model::expression::Function;
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::UnknownAnswer;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Secret, Value};

/// What happens instead of an attempt, or of a look at the world.
#[derive(Clone, Debug)]
pub(super) struct Mock {
    pub(super) target: Target,
    pub(super) ending: Ending,
    pub(super) after: Option<Duration>,
    /// How often.
    pub(super) times: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The step at a path.
    Step(Arc<str>),
    /// A call with these arguments.
    Call(Function, Vec<Value>),
}

#[derive(Clone, Debug)]
pub(super) enum Ending {
    Succeeds(Option<Value>),
    Fails(Option<Arc<str>>),
    TimesOut,
    Crashes,
}

/// Answers as mocks say.
pub struct Mocks {
    subject: Arc<Subject>,
    mocks: Vec<Mock>,
    /// How often each was used at a path.
    used: BTreeMap<(usize, Arc<str>), u32>,
    /// Which one counts for an attempt.
    chosen: BTreeMap<(InstanceId, u32), Option<usize>>,
    numbers: u64,
    /// What mocks say that the steps they stand for cannot do.
    problems: Vec<String>,
}

impl Mocks {
    pub(super) fn new(subject: Arc<Subject>, mocks: Vec<Mock>) -> Self {
        Self { subject, mocks, used: BTreeMap::new(), chosen: BTreeMap::new(), numbers: 0, problems: Vec::new() }
    }

    /// The value of a step that is known to be done.
    pub(super) fn value_of(&self, running: &Running) -> Value {
        self.subject.value_of(running)
    }

    /// What mocks say that cannot be.
    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The mock of an attempt: that of its own path before that of all iterations, and of several the first that is not used up.
    fn choose(&mut self, running: &Running) -> Option<Mock> {
        if running.is_undo {
            return None;
        }
        let key = (running.instance.id, running.attempt);
        let known = self.chosen.get(&key).copied();
        let chosen = known.unwrap_or_else(|| {
            let chosen = self.unused(&running.instance.path);
            if let Some(chosen) = chosen {
                *self.used.entry((chosen, running.instance.path.clone())).or_default() += 1;
            }
            self.chosen.insert(key, chosen);
            chosen
        });
        self.mocks.get(chosen?).cloned()
    }

    fn unused(&self, path: &Arc<str>) -> Option<usize> {
        let of = |wanted: &str| {
            let is_meant = |mock: &Mock| matches!(&mock.target, Target::Step(step) if **step == *wanted);
            let left =
                |place: usize, mock: &Mock| self.used.get(&(place, path.clone())).copied().unwrap_or_default() < mock.times;
            let mut mocks = self.mocks.iter().enumerate();
            mocks.find(|(place, mock)| is_meant(mock) && left(*place, mock)).map(|(place, _)| place)
        };
        of(path).or_else(|| of(without_places(path)))
    }

    /// What a mock of a step says of an attempt.
    fn course(&self, mock: &Mock, running: &Running, engine: &Engine, timeout: Option<Duration>) -> Course {
        // A mock says how it goes, whatever the kind would say by itself.
        let success = match self.subject.success(running, engine) {
            course @ Course { outcome: AttemptOutcome::Succeeded { .. }, .. } => course,
            Course { takes, .. } => Course { takes, outcome: self.subject.made_outcome(running) },
        };
        let takes = mock.after.unwrap_or(success.takes);
        match &mock.ending {
            Ending::Succeeds(None) => Course { takes, ..success },
            Ending::Succeeds(Some(value)) => Course { takes, outcome: succeeded(success.outcome, running, value) },
            Ending::Fails(message) => Course { takes, outcome: AttemptOutcome::Failed(failure(message.as_deref())) },
            Ending::TimesOut => Course::timed_out(timeout.unwrap_or(takes)),
            // The process dies before the attempt ends.
            Ending::Crashes => Course { takes: Duration { milliseconds: takes.milliseconds.saturating_add(1) }, ..success },
        }
    }
}

/// A failure that another attempt may mend.
pub(super) fn failure(message: Option<&str>) -> Failure {
    let message = message.unwrap_or("failed as its mock says");
    Failure { exit_code: Some(1), retryable: true, ..Failure::final_of(FailureKind::Exit, message) }
}

/// What a success gives where a mock says some of it.
fn succeeded(made: AttemptOutcome, running: &Running, value: &Value) -> AttemptOutcome {
    let AttemptOutcome::Succeeded { result, decoded } = made else { return made };
    match (&running.call.decode, decoded) {
        (Some(type_), Some(_)) => AttemptOutcome::Succeeded { result, decoded: Some(tainted(value, type_)) },
        _ => AttemptOutcome::Succeeded { result: overlaid(&result, value), decoded: None },
    }
}

/// A secret is mocked by plain text.
fn tainted(value: &Value, type_: &Type) -> Value {
    match (value, type_.required()) {
        (Value::String(text), Type::Secret) => Value::Secret(Secret::new(text)),
        _ => value.clone(),
    }
}

/// The fields that are given, and the made ones where none is.
fn overlaid(made: &Value, given: &Value) -> Value {
    let (Value::Map(made), Value::Map(given)) = (made, given) else { return given.clone() };
    let mut fields = (**made).clone();
    let said = given.iter().filter(|(_, value)| **value != Value::Null);
    fields.extend(said.map(|(name, value)| (name.clone(), value.clone())));
    Value::Map(Arc::new(fields))
}

impl Cast for Mocks {
    fn attempt(&mut self, running: &Running, engine: &Engine, timeout: Option<Duration>) -> Course {
        match self.choose(running) {
            Some(mock) => self.course(&mock, running, engine, timeout),
            None => self.subject.success(running, engine),
        }
    }

    fn observe(&mut self, function: Function, arguments: &[Value], now: Timestamp) -> Result<Value, Arc<str>> {
        let is_meant = |mock: &&Mock| matches!(&mock.target, Target::Call(of, with) if *of == function && *with == arguments);
        if let Some(mock) = self.mocks.iter().find(is_meant) {
            return match &mock.ending {
                Ending::Succeeds(value) => Ok(value.clone().unwrap_or(Value::Null)),
                Ending::Fails(message) => Err(message.clone().unwrap_or_else(|| "fails as its mock says".into())),
                Ending::TimesOut | Ending::Crashes => Err("cannot be answered".into()),
            };
        }
        match function {
            Function::Now => time(now, arguments).map_err(Into::into),
            Function::Uuid => {
                self.numbers += 1;
                Ok(Value::string(&format!("00000000-0000-4000-8000-{:012x}", self.numbers)))
            }
            Function::Read => Ok(Value::string(super::made::MADE)),
            Function::Glob => Ok(Value::list([Value::string(super::made::MADE)])),
            // Variables of the environment are not set.
            _ => Ok(Value::Null),
        }
    }

    fn lost(&mut self, running: &Running, _: &Engine) -> Option<LostAnswer> {
        match running.answer_unasked(&self.subject.program, self.subject.kinds())? {
            UnknownAnswer::Rerun => Some(LostAnswer::Rerun),
            UnknownAnswer::Fail => Some(LostAnswer::Failed),
            UnknownAnswer::Done if running.value_is_used(&self.subject.program) => None,
            UnknownAnswer::Done => Some(LostAnswer::Done(Value::Null)),
            UnknownAnswer::Check(_) => Some(LostAnswer::Done(self.subject.value_of(running))),
            UnknownAnswer::Ask => None,
        }
    }

    fn answer(&mut self, running: &Running, awaited: &Awaited, engine: &Engine) -> Option<Reply> {
        let mock = self.choose(running);
        let after = mock.as_ref().and_then(|mock| mock.after);
        let after = after.unwrap_or_else(|| self.subject.usual_time(running, engine));
        let (value, rejection) = match mock.map(|mock| mock.ending) {
            None | Some(Ending::Succeeds(None) | Ending::Crashes) => (None, None),
            Some(Ending::Succeeds(value)) => (value, None),
            Some(Ending::Fails(message)) => (None, Some(message)),
            Some(Ending::TimesOut) => return None,
        };
        let answer = match awaited {
            Awaited::Signal { .. } if rejection.is_some() => {
                return self.refuse(running, "a signal comes or does not: write `times out`");
            }
            Awaited::Signal { .. } => return Some(Reply { after, given: Given::Signal(signalled(running, value)) }),
            Awaited::Approval { approvers, choices, .. } => {
                if value.as_ref().and_then(|value| value.get("approved")) == Some(&Value::Bool(false)) {
                    return self.refuse(running, "an approval that is not given fails: write `fails`");
                }
                answered(value.as_ref(), rejection, approvers.first(), choices.first())
            }
            Awaited::Gate { .. } => answered(None, rejection, None, None),
        };
        match awaited.refuses(&answer) {
            Some(problem) => self.refuse(running, &problem),
            None => Some(Reply { after, given: Given::Answer(answer) }),
        }
    }

    fn interruption(&mut self, running: &Running) -> Option<(Duration, Interruption)> {
        let mock = self.choose(running).filter(|mock| matches!(mock.ending, Ending::Crashes))?;
        Some((mock.after.unwrap_or_default(), Interruption::Crash))
    }
}

impl Mocks {
    /// Takes down what a mock says that cannot be; nobody answers then.
    fn refuse(&mut self, running: &Running, problem: &str) -> Option<Reply> {
        self.problems.push(format!("the mock of step {} cannot be: {problem}", running.instance.path));
        None
    }
}

/// The data of a signal.
fn signalled(running: &Running, value: Option<Value>) -> Value {
    match (value, &running.call.decode) {
        (Some(value), Some(_)) => value,
        (Some(value), None) => value.get("data").cloned().unwrap_or(Value::Null),
        (None, Some(type_)) => super::made::made(type_, 1),
        (None, None) => super::made::made(&Type::Json, 1),
    }
}

/// What somebody answers: the first of those who may, with the first choice, unless the mock says otherwise.
fn answered(
    value: Option<&Value>,
    rejection: Option<Option<Arc<str>>>,
    approver: Option<&Arc<str>>,
    choice: Option<&Arc<str>>,
) -> Answer {
    let said = |name: &str| match value?.get(name)? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let by = said("by").or_else(|| approver.cloned()).unwrap_or_else(|| "somebody".into());
    match rejection {
        Some(comment) => Answer { approved: false, by, choice: None, comment },
        None => Answer { approved: true, by, choice: said("choice").or_else(|| choice.cloned()), comment: said("comment") },
    }
}
