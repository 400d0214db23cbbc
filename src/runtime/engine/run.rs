//! How a run begins and ends.

use super::Engine;
use super::agenda::RUN;
use super::body::Opening;
use super::command::Command;
use super::evaluate::{Extras, Hindrance, Spot};
use super::state::{FrameId, Outcome, Owner, Task, Way};
use std::sync::Arc;
use wf_model::event::{EventKind, FailedInstance, Instance, Timestamp};
use wf_model::program::Wait;
use wf_model::run::RunState;
use wf_model::value::Value;

/// The frame of the globals: nobody ever fills it.
const NO_FRAME: FrameId = FrameId(u64::MAX);

/// The record `run` (§4).
pub(super) fn record(id: &str, workflow: &str, started: Timestamp, directory: &str) -> Value {
    let started = jiff::Timestamp::from_millisecond(started.milliseconds).unwrap_or_default();
    Value::map([
        ("id", Value::string(id)),
        ("workflow", Value::string(workflow)),
        ("started", Value::string(&started.to_string())),
        ("resumes", Value::Int(0)),
        ("dir", Value::string(directory)),
    ])
}

/// The record `run` after one more resume.
pub(super) fn resumed(run: &Value) -> Value {
    let Value::Map(fields) = run else { return run.clone() };
    let mut fields = (**fields).clone();
    if let Some(Value::Int(resumes)) = fields.get_mut("resumes") {
        *resumes = resumes.saturating_add(1);
    }
    Value::Map(Arc::new(fields))
}

impl Engine {
    /// Evaluates the `let`s of files and the parameters, and opens the workflow's body.
    pub(super) fn begin(&mut self) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        for (id, global) in program.globals.iter() {
            if self.globals.len() <= id.0 as usize {
                let value = self.evaluate(Spot { instance: RUN, frame: NO_FRAME }, &Extras::default(), &global.expression)?;
                self.globals.push(value);
            }
        }
        let arguments = std::mem::take(&mut self.arguments);
        let entered = self.enter_workflow(RUN, self.workflow, &arguments);
        self.arguments = arguments;
        let frame = entered?;
        self.root = Some(frame);
        let Some(body) = program.workflows.get(self.workflow).map(|workflow| workflow.root) else { return Ok(()) };
        self.open_body(Opening {
            instance: Instance { id: RUN, path: "".into() },
            owner: Owner::Run,
            workflow: self.workflow,
            body,
            frame,
            way: Way { names: "".into(), places: "".into(), rounds: Arc::default() },
            rank: 0,
            wait: Wait::All,
            max: usize::MAX,
        });
        Ok(())
    }

    /// The workflow's body has ended.
    pub(super) fn root_ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Succeeded(_) | Outcome::Continued(_) | Outcome::Skipped(_) => self.agenda.push_back(Task::Conclude),
            Outcome::Failed(cause) => self.fail_run(cause),
            Outcome::Cancelled(_) => self.finish(self.state_unless_stuck(RunState::Cancelled), None),
        }
    }

    /// Evaluates the outputs of the run, which has succeeded.
    pub(super) fn conclude_run(&mut self) -> Result<(), Hindrance> {
        let Some(frame) = self.root else { return Ok(()) };
        let outputs = self.evaluate_outputs(Spot { instance: RUN, frame }, self.workflow)?;
        self.outputs = outputs.clone();
        self.conclude(EventKind::OutputsEvaluated { instance: None, outputs });
        self.finish(self.state_unless_stuck(RunState::Succeeded), None);
        Ok(())
    }

    pub(super) fn fail_run(&mut self, cause: FailedInstance) {
        self.finish(self.state_after_failure(), Some(cause));
    }

    /// Somebody must look where something could not be undone, however the run ended otherwise.
    const fn state_unless_stuck(&self, state: RunState) -> RunState {
        if self.rollback_failed { RunState::RollbackFailed } else { state }
    }

    pub(super) fn finish(&mut self, state: RunState, cause: Option<FailedInstance>) {
        self.state = state;
        self.cause.clone_from(&cause);
        self.agenda.clear();
        self.let_go_of_all();
        self.conclude(EventKind::RunEnded { state, cause });
        let outputs = self.outputs.clone();
        self.command(Command::Finish { state, outputs });
    }
}
