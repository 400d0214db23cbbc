//! Looking whether an attempt was done whose process died, before the run goes on.

use super::reporter::Unheard;
use super::{
    Assignments, Canceller, Dispatcher, Means, MemoryJournal, NoCache, NoMail, Recalled, RunBroken, RunEnded, Silence, attempt,
    driven,
};
use crate::engine::{CheckAction, CheckCall, Running};
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, CancelCause, EventKind, LostAnswer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::WorkflowId;
use wf_model::run::RunState;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Value, decode_json};

/// What a check says of an attempt that was under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// What became of it: it was done, or runs again.
    Known(LostAnswer),
    /// Nobody knows, because the check itself could not say, for this reason.
    Unclear(Arc<str>),
}

impl Recalled {
    /// Looks whether an attempt that was under way was done, where its step says how.
    pub async fn check(&mut self, running: &Running) -> Option<Checked> {
        self.dispatcher.check(running).await
    }
}

impl Dispatcher {
    async fn check(&mut self, running: &Running) -> Option<Checked> {
        let (world, masker) = (Arc::clone(&self.world), self.secrets.masker().clone());
        let mut look = |function, arguments: &[Value]| {
            let seen = world.observe(function, arguments).map(|value| super::secrets::masked(&value, &masker));
            seen.map_err(|message| masker.text(&message).into())
        };
        let CheckCall { action, timeout } = match self.engine.check_call(running, &mut look)? {
            Ok(call) => call,
            Err(message) => return Some(Checked::Unclear(message)),
        };
        if running.call.decode.as_ref().is_some_and(Type::holds_secret) {
            return Some(Checked::Unclear("its value is a secret, which is kept nowhere".into()));
        }
        let call = match action {
            CheckAction::Kind(call) => call,
            CheckAction::Workflow(workflow, given) => {
                return Some(self.check_by_workflow(running, (workflow, given), timeout).await);
            }
        };
        let same_kind = call.kind == running.call.kind;
        let assignment = self.assignment(running.instance.clone(), running.attempt, call, timeout, Arc::new(Unheard));
        let EventKind::AttemptEnded { outcome, .. } = attempt::perform(assignment).await.ended else { return None };
        let checked = match outcome {
            AttemptOutcome::Succeeded { result, decoded } => {
                // The record of another kind is not the step's.
                let value = decoded.or_else(|| same_kind.then_some(result));
                Checked::Known(LostAnswer::Done(value.unwrap_or(Value::Null)))
            }
            AttemptOutcome::Failed(failure) if says_no(&failure) => Checked::Known(LostAnswer::Rerun),
            AttemptOutcome::Failed(failure) => Checked::Unclear(failure.message),
            AttemptOutcome::Cancelled | AttemptOutcome::NeverBegan => Checked::Unclear("it was ended".into()),
        };
        Some(checked)
    }
}

impl Dispatcher {
    /// Runs a workflow that looks whether an attempt was done, to its end; nothing of it is kept.
    async fn check_by_workflow(
        &self,
        running: &Running,
        (workflow, given): (WorkflowId, Vec<(Arc<str>, Value)>),
        timeout: Option<Duration>,
    ) -> Checked {
        let directory = match tempfile::tempdir_in(self.surroundings.scratches.directory()) {
            Ok(directory) => directory,
            Err(error) => return Checked::Unclear(format!("scratch directory cannot be made: {error}").into()),
        };
        let canceller = Canceller::default();
        let means = Means {
            executors: Arc::clone(&self.executors),
            world: Arc::clone(&self.world),
            locks: Arc::clone(&self.locks),
            cache: Arc::new(NoCache),
            journal: Box::new(MemoryJournal::default()),
            reporter: Arc::new(Silence),
            threads: std::num::NonZero::<usize>::MIN,
            mailbox: Box::new(NoMail),
            asked: canceller.watch(),
        };
        let assignments = Assignments {
            program: self.engine.program().clone(),
            workflow,
            arguments: given.clone(),
            options: self.engine.options().clone(),
            run: self.surroundings.run.clone(),
            folder: self.surroundings.folder.clone(),
            directory: directory.path().to_owned(),
            shared: self.surroundings.shared.clone(),
            withheld: Vec::new(),
        };
        let mut dispatcher = Self::new(&assignments, means);
        dispatcher.engine = self.engine.checking(running, workflow, given);
        dispatcher.surroundings = Arc::new(self.surroundings.elsewhere(directory.path()));
        dispatcher.secrets = self.secrets.clone();
        let checking = Box::pin(driven(dispatcher, assignments));
        match in_time(checking, timeout, &canceller).await {
            Ok(ended) => found(running, ended),
            Err(late) => Checked::Unclear(late),
        }
    }
}

/// Waits for a workflow, and ends it once its time is over.
async fn in_time(
    checking: impl Future<Output = Result<RunEnded, RunBroken>> + Unpin,
    timeout: Option<Duration>,
    canceller: &Canceller,
) -> Result<RunEnded, Arc<str>> {
    let mut checking = checking;
    let over = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout.to_std()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        ended = &mut checking => return ended.map_err(|broken| broken.to_string().into()),
        () = over => canceller.ask(CancelCause::Request),
    }
    // What its handlers do is done.
    let _ = checking.await;
    Err(format!("check took longer than {}", timeout.unwrap_or_default()).into())
}

/// What the end of a workflow says of an attempt.
fn found(running: &Running, ended: RunEnded) -> Checked {
    if let Some(failed) = ended.failure {
        let failure = failed.failure;
        return if says_no(&failure) { Checked::Known(LostAnswer::Rerun) } else { Checked::Unclear(failure.message) };
    }
    if ended.state != RunState::Succeeded {
        return Checked::Unclear("it was ended".into());
    }
    let value = match &running.call.decode {
        None => Ok(Value::Null),
        Some(type_) => decode_json(&ended.outputs.to_json(), type_),
    };
    match value {
        Ok(value) => Checked::Known(LostAnswer::Done(value)),
        Err(error) => Checked::Unclear(format!("outputs of the workflow do not fit: {error}").into()),
    }
}

/// Whether a check ran to its end and says that it was not done, rather than that it could not look.
fn says_no(failure: &Failure) -> bool {
    match (failure.kind, failure.exit_code) {
        (FailureKind::Exit | FailureKind::Child, Some(code)) => !matches!(code, 126 | 127),
        (FailureKind::Exit, None) => !failure.retryable,
        (FailureKind::Rejected, _) => true,
        (FailureKind::Child, None) => false,
        (
            FailureKind::Signal
            | FailureKind::Timeout
            | FailureKind::Spawn
            | FailureKind::Decode
            | FailureKind::Expect
            | FailureKind::Race
            | FailureKind::Loop
            | FailureKind::Engine,
            _,
        ) => false,
    }
}
