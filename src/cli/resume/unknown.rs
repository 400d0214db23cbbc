//! Attempts that were under way when the process of their run died: nobody knows what became of them.

use crate::report::{Output, printable_line, somebody_is_there};
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::sync::Arc;
use wf_model::event::{InstanceId, LostAnswer, without_places};
use wf_model::kind::Registry;
use wf_model::program::{Program, UnknownAnswer};
use wf_model::suggest::nearest;
use wf_model::types::Type;
use wf_model::value::{Value, decode_json};
use wf_runtime::dispatcher::Checked;
use wf_runtime::engine::Running;

/// What somebody says of a step, by its path with its places in loops, or without for all of them: `NAME=done|rerun|fail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    step: String,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Rerun,
    Fail,
}

/// What becomes of the attempts, as far as anybody knows.
pub(super) enum Decided {
    /// All of them are decided.
    All(Vec<(InstanceId, LostAnswer)>),
    /// Somebody has to say what became of these steps.
    Open(Vec<Arc<str>>),
    /// What was said does not fit: why, and what to do.
    Wrong { message: String, help: String },
}

/// What is known of the steps whose attempts were under way.
pub(super) struct Unknown<'a> {
    pub(super) program: &'a Program,
    pub(super) kinds: &'a Registry,
    pub(super) said: &'a [Said],
    /// Values of steps that are said to be done.
    pub(super) values: &'a [SaidValue],
    /// What the checks of steps have said.
    pub(super) checked: BTreeMap<InstanceId, LostAnswer>,
}

/// Reads `NAME=done|rerun|fail`.
///
/// # Errors
/// Says what it has to look like.
pub(super) fn said(text: &str) -> Result<Said, String> {
    let (step, answer) = text.rsplit_once('=').ok_or("write NAME=done, NAME=rerun or NAME=fail")?;
    let answer = answer_named(answer).ok_or_else(|| format!("`{answer}` is none of done, rerun, fail"))?;
    Ok(Said { step: step.to_owned(), answer })
}

/// The value of a step that is said to be done: of the step that is named, else of each of which none is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SaidValue {
    step: Option<String>,
    json: serde_json::Value,
}

/// Reads `JSON` or `NAME=JSON`.
///
/// # Errors
/// Why it is neither.
pub(super) fn said_value(text: &str) -> Result<SaidValue, String> {
    let error = match serde_json::from_str(text) {
        Ok(json) => return Ok(SaidValue { step: None, json }),
        Err(error) => error.to_string(),
    };
    // No JSON has a name before its first sign of equality.
    let named = text.split_once('=').filter(|(name, _)| !name.contains(['"', '{', ' ']));
    let (name, json) = named.ok_or(error)?;
    let json = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok(SaidValue { step: Some(name.to_owned()), json })
}

/// Whether a step is meant by what somebody wrote.
fn is_meant(path: &str, written: &str) -> bool {
    path == written || without_places(path) == written
}

fn answer_named(text: &str) -> Option<Answer> {
    match text {
        "done" => Some(Answer::Done),
        "rerun" => Some(Answer::Rerun),
        "fail" => Some(Answer::Fail),
        _ => None,
    }
}

impl Unknown<'_> {
    /// Decides what becomes of each attempt: as somebody said, as the step says, or, where it may run twice, that it runs again.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(super) fn decide(&self, running: &[Running], output: &mut Output) -> io::Result<Decided> {
        if let Some(wrong) = self.wrong(running) {
            return Ok(wrong);
        }
        let (mut answers, mut open) = (Vec::new(), Vec::new());
        for attempt in running {
            if let Some(answer) = self.checked.get(&attempt.instance.id) {
                answers.push((attempt.instance.id, answer.clone()));
                continue;
            }
            let answer = match self.known(attempt) {
                None => ask(attempt, output)?,
                known => known,
            };
            let Some(answer) = answer else {
                open.push(attempt.instance.path.clone());
                continue;
            };
            match self.event(attempt, answer) {
                Ok(answer) => answers.push((attempt.instance.id, answer)),
                Err((message, help)) => return Ok(Decided::Wrong { message, help }),
            }
        }
        Ok(if open.is_empty() { Decided::All(answers) } else { Decided::Open(open) })
    }

    /// Whether only the step's own check can tell what became of an attempt.
    pub(super) fn is_to_be_checked(&self, attempt: &Running) -> bool {
        let answer = attempt.answer_unasked(self.program, self.kinds);
        matches!(answer, Some(UnknownAnswer::Check(_))) && self.known(attempt).is_none()
    }

    /// Takes down what a check says, and tells it.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(super) fn note(&mut self, attempt: &Running, checked: Checked, output: &mut Output) -> io::Result<()> {
        let said = match &checked {
            Checked::Known(LostAnswer::Done(_)) => "it was done".to_owned(),
            Checked::Known(LostAnswer::Rerun | LostAnswer::Failed) => "it was not done, and runs again".to_owned(),
            Checked::Unclear(problem) => format!("its check cannot tell: {problem}"),
        };
        if let Checked::Known(answer) = checked {
            self.checked.insert(attempt.instance.id, answer);
        }
        output.note(&format!("check    {}\n", printable_line(&format!("{}: {said}", attempt.instance.path))))
    }

    /// What was said of a step that is not among those in doubt.
    fn wrong(&self, running: &[Running]) -> Option<Decided> {
        let in_doubt = || running.iter().filter(|attempt| !attempt.is_undo).map(|attempt| &*attempt.instance.path);
        let named = self.values.iter().filter_map(|value| value.step.as_ref());
        let written = self.said.iter().map(|said| &said.step).chain(named);
        let written = written.into_iter().find(|written| !in_doubt().any(|path| is_meant(path, written)))?;
        let step = printable_line(written);
        let message = format!("step `{step}` was not running when the run's process ended, so what became of it is known");
        let near = nearest(written, in_doubt()).or_else(|| in_doubt().find(|path| last_name(path) == last_name(written)));
        let help = match (near, in_doubt().count()) {
            (Some(near), _) => format!("Do you mean `{near}`?"),
            (None, 0) => "Leave `--step` out: nothing is in doubt.".to_owned(),
            (None, _) => format!("In doubt are {}.", list(in_doubt())),
        };
        Some(Decided::Wrong { message, help })
    }

    /// What is known without asking.
    fn known(&self, attempt: &Running) -> Option<Answer> {
        if attempt.is_undo {
            // An undo may run twice.
            return Some(Answer::Rerun);
        }
        if let Some(said) = self.said_of(&attempt.instance.path) {
            return Some(said.answer);
        }
        match attempt.answer_unasked(self.program, self.kinds)? {
            UnknownAnswer::Rerun => Some(Answer::Rerun),
            UnknownAnswer::Done => Some(Answer::Done),
            UnknownAnswer::Fail => Some(Answer::Fail),
            UnknownAnswer::Ask | UnknownAnswer::Check(_) => None,
        }
    }

    /// What was said of a step: by its own path, else by that of all its places in loops.
    fn said_of(&self, path: &str) -> Option<&Said> {
        let own = self.said.iter().rev().find(|said| said.step == path);
        own.or_else(|| self.said.iter().rev().find(|said| is_meant(path, &said.step)))
    }

    /// The value that was said for a step.
    fn said_value_of(&self, path: &str) -> Option<&serde_json::Value> {
        let of = |wanted: &dyn Fn(&str) -> bool| {
            let mut values = self.values.iter().rev();
            values.find(|value| value.step.as_deref().is_some_and(wanted)).map(|value| &value.json)
        };
        let own = of(&|step| step == path).or_else(|| of(&|step| is_meant(path, step)));
        own.or_else(|| self.values.iter().rev().find(|value| value.step.is_none()).map(|value| &value.json))
    }

    fn event(&self, attempt: &Running, answer: Answer) -> Result<LostAnswer, (String, String)> {
        match answer {
            Answer::Rerun => Ok(LostAnswer::Rerun),
            Answer::Fail => Ok(LostAnswer::Failed),
            Answer::Done => self.value_of(attempt).map(LostAnswer::Done),
        }
    }

    /// The value of a step that is said to be done.
    fn value_of(&self, attempt: &Running) -> Result<Value, (String, String)> {
        let path = &attempt.instance.path;
        let result = self.kinds.get(&attempt.call.kind).map(|kind| &kind.result);
        let Some(type_) = attempt.call.decode.as_ref().or(result) else { return Ok(Value::Null) };
        match (self.said_value_of(path), attempt.value_is_used(self.program)) {
            (Some(json), true) => decode_json(json, type_).map_err(|error| {
                let help = format!("It has to be {}; `--value '{path}=JSON'` is for this step alone.", described(type_));
                (format!("`--value` is no value of step `{path}`: {error}"), help)
            }),
            // Where nobody uses it, it may be that of another step.
            (json, false) => Ok(json.and_then(|json| decode_json(json, type_).ok()).unwrap_or(Value::Null)),
            (None, true) => Err((
                format!("step `{path}` is said to be done, but its value is used and was not kept"),
                format!(
                    "Add its value, {}, with `--value '{path}=JSON'`; or let it run again: `--step '{path}=rerun'`.",
                    described(type_)
                ),
            )),
        }
    }
}

/// `health` of `ship.health[1]`
fn last_name(path: &str) -> &str {
    let names = without_places(path);
    names.rsplit_once('.').map_or(names, |(_, last)| last)
}

fn described(type_: &Type) -> String {
    format!("a `{type_}`")
}

/// `a, b, c`, each as a name.
fn list<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    paths.map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

/// Asks whoever sits at the terminal; nobody is asked in CI.
fn ask(attempt: &Running, output: &mut Output) -> io::Result<Option<Answer>> {
    if !somebody_is_there() {
        return Ok(None);
    }
    let path = printable_line(&attempt.instance.path);
    output.note(&format!("Step {path} was running when the run's process ended; nobody knows whether it was done.\n"))?;
    loop {
        output.note(&format!("{path} (done, rerun or fail): "))?;
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) => {
                output.note("\n")?;
                return Ok(None);
            }
            Ok(_) => {}
            Err(_) => continue,
        }
        if let Some(answer) = answer_named(line.trim()) {
            return Ok(Some(answer));
        }
    }
}
