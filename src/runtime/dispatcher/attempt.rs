//! One attempt of a step, from its start to its end.

use crate::executor::{Attempt, Ended, Executor, OutputSink, Stop, StopSignal};
use crate::process::{Deadline, Environment};
use futures_util::FutureExt;
use rustix::fs::{Mode, OFlags};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use wf_model::event::{AttemptOutcome, EventKind, Instance, InstanceId};
use wf_model::failure::{Failure, FailureKind};
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Secret, Value};

/// What an attempt has to know.
pub(super) struct Assignment {
    pub(super) instance: Instance,
    pub(super) attempt: u32,
    pub(super) call: Arc<Call>,
    pub(super) timeout: Option<Duration>,
    pub(super) executor: Option<Arc<dyn Executor>>,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) secrets: Arc<[Value]>,
    pub(super) output: Arc<dyn OutputSink>,
    pub(super) stop: Arc<watch::Sender<Stop>>,
}

/// What all attempts of a run share.
pub(super) struct Surroundings {
    pub(super) run: Arc<str>,
    pub(super) folder: PathBuf,
    pub(super) shared: PathBuf,
    pub(super) scratches: Scratches,
    pub(super) inherited: Arc<Environment>,
}

impl Surroundings {
    /// The same with another scratch directory.
    pub(super) fn elsewhere(&self, directory: &Path) -> Self {
        let (run, folder, inherited) = (self.run.clone(), self.folder.clone(), Arc::clone(&self.inherited));
        Self { run, folder, scratches: Scratches::new(directory.to_owned()), inherited, shared: self.shared.clone() }
    }
}

/// Lets the wish to end an attempt grow.
pub(super) fn ask(stop: &watch::Sender<Stop>, wish: Stop) {
    stop.send_if_modified(|current| {
        let grows = wish > *current;
        *current = wish.max(*current);
        grows
    });
}

/// An attempt that has ended.
pub(super) struct Performed {
    /// The event that tells its end.
    pub(super) ended: EventKind,
    /// Its directory, which goes away when this falls: once its end is known, so that what it left does not vanish before.
    pub(super) lent: Option<Lent>,
}

/// Runs an attempt to its end, whatever becomes of it.
pub(super) async fn perform(assignment: Assignment) -> Performed {
    let (instance, attempt) = (assignment.instance.clone(), assignment.attempt);
    // A bug in one kind must not take the other steps of the run with it.
    let performed = AssertUnwindSafe(outcome(assignment)).catch_unwind().await;
    let gave_up = |_| (failed(FailureKind::Engine, "executor gave up unexpectedly"), false, None);
    let (outcome, leaked, lent) = performed.unwrap_or_else(gave_up);
    Performed { ended: EventKind::AttemptEnded { instance, attempt, outcome, leaked }, lent }
}

fn failed(kind: FailureKind, message: &str) -> AttemptOutcome {
    AttemptOutcome::Failed(Failure::final_of(kind, message))
}

async fn outcome(assignment: Assignment) -> (AttemptOutcome, bool, Option<Lent>) {
    let Some(executor) = assignment.executor.clone() else {
        let message = format!("kind `{}` is not known to this version", assignment.call.kind);
        return (failed(FailureKind::Spawn, &message), false, None);
    };
    let surroundings = Arc::clone(&assignment.surroundings);
    let lent = match surroundings.scratches.take(&assignment.call.kind) {
        Ok(scratch) => scratch.map(|scratch| Lent { scratch: Some(scratch), surroundings: Arc::clone(&surroundings) }),
        Err(error) => {
            return (failed(FailureKind::Spawn, &format!("scratch directory cannot be made: {error}")), false, None);
        }
    };
    let folder = lent.as_ref().map_or_else(PathBuf::new, Lent::folder);
    let stop = Arc::clone(&assignment.stop);
    let secret = assignment.call.decode.as_ref().is_some_and(Type::holds_secret);
    let (timeout, execution) = (assignment.timeout, executor.execute(attempt(assignment, folder)));
    let (ended, late) = in_time(execution, timeout, &stop).await;
    let asked = *stop.borrow() != Stop::No;
    let outcome = match ended.outcome {
        // What is decoded as a secret stands in the result as well, which is journaled.
        Ok(result) if !late && secret => AttemptOutcome::Succeeded { result: tainted(&result), decoded: ended.decoded },
        Ok(result) if !late => AttemptOutcome::Succeeded { result, decoded: ended.decoded },
        Err(failure) if !late && !asked => AttemptOutcome::Failed(failure),
        Err(_) if !late => AttemptOutcome::Cancelled,
        outcome => AttemptOutcome::Failed(out_of_time(timeout.unwrap_or_default(), outcome.err())),
    };
    (outcome, ended.leaked, lent)
}

/// Waits for an attempt, and asks it to end once its time is over; whether it was.
async fn in_time(
    mut execution: futures_util::future::BoxFuture<'static, Ended>,
    timeout: Option<Duration>,
    stop: &watch::Sender<Stop>,
) -> (Ended, bool) {
    let Some(timeout) = timeout else { return (execution.await, false) };
    let over = Deadline::after(timeout.to_std()).passed();
    tokio::select! {
        biased;
        ended = &mut execution => return (ended, false),
        () = over => {}
    }
    // What was asked to end before is no timeout.
    let late = *stop.borrow() == Stop::No;
    ask(stop, Stop::Gracefully(StopSignal::Terminate));
    (execution.await, late)
}

/// The same value with all its text tainted.
fn tainted(value: &Value) -> Value {
    value.map_texts(&|text| Value::Secret(Secret::new(text)), &Arc::clone)
}

fn out_of_time(timeout: Duration, failure: Option<Failure>) -> Failure {
    Failure {
        stderr: failure.map_or_else(|| "".into(), |failure| failure.stderr),
        retryable: true,
        ..Failure::final_of(FailureKind::Timeout, &format!("attempt took longer than {timeout}"))
    }
}

/// The directory of what steps of a run keep for their undo, each in one named by its number; beside the scratch directory of the run.
#[must_use]
pub fn kept_beside(scratch: &Path) -> PathBuf {
    scratch.with_file_name("kept")
}

/// Empty directories for attempts, in the scratch directory of the run. Most attempts leave theirs empty, and the next one takes it:
/// making and removing one for each costs a file system as much as all else that an attempt does there.
#[derive(Debug)]
pub(super) struct Scratches {
    directory: PathBuf,
    free: Mutex<Vec<Scratch>>,
}

/// The directory of an attempt; it goes away with what is in it.
#[derive(Debug)]
struct Scratch {
    folder: tempfile::TempDir,
    /// The same, opened once to look into it many times.
    opened: rustix::fs::Dir,
}

impl Scratch {
    fn new(directory: &Path) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("attempt-").tempdir_in(directory)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::Dir::new(rustix::fs::open(folder.path(), flags, Mode::empty())?)?;
        Ok(Self { folder, opened })
    }

    fn is_empty(&mut self) -> bool {
        self.opened.rewind();
        self.opened.by_ref().all(|entry| entry.is_ok_and(|entry| matches!(entry.file_name().to_bytes(), b"." | b"..")))
    }
}

/// A directory that an attempt has, and that is given back when this falls.
pub(super) struct Lent {
    scratch: Option<Scratch>,
    surroundings: Arc<Surroundings>,
}

impl Lent {
    fn folder(&self) -> PathBuf {
        self.scratch.as_ref().map_or_else(PathBuf::new, |scratch| scratch.folder.path().to_owned())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(scratch) = self.scratch.take() {
            self.surroundings.scratches.give_back(scratch);
        }
    }
}

impl Scratches {
    pub(super) const fn new(directory: PathBuf) -> Self {
        Self { directory, free: Mutex::new(Vec::new()) }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a step keeps what has to outlive its attempts: beside the scratch directory, which goes away with the run's end.
    fn kept(&self, step: InstanceId) -> PathBuf {
        kept_beside(&self.directory).join(step.0.to_string())
    }

    /// An empty directory, but for kinds that only wait.
    fn take(&self, kind: &str) -> std::io::Result<Option<Scratch>> {
        if wf_model::kind::only_waits(kind) {
            return Ok(None);
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.map_or_else(|| Scratch::new(&self.directory), Ok).map(Some)
    }

    /// Takes a directory back once its attempt has ended; one with something in it goes away.
    fn give_back(&self, mut scratch: Scratch) {
        if scratch.is_empty() {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        }
    }
}

fn attempt(assignment: Assignment, scratch: PathBuf) -> Attempt {
    let Assignment { instance, attempt, call, surroundings, secrets, output, stop, .. } = assignment;
    let variables = vec![
        ("WF_RUN", surroundings.run.to_string()),
        ("WF_STEP", instance.path.to_string()),
        ("WF_ATTEMPT", attempt.to_string()),
        ("WF_KEY", format!("{}-{}", surroundings.run, instance.id.0)),
    ];
    Attempt {
        kept: surroundings.scratches.kept(call.undoes.unwrap_or(instance.id)),
        call: Arc::unwrap_or_clone(call),
        folder: surroundings.folder.clone(),
        shared: surroundings.shared.clone(),
        scratch,
        variables,
        inherited: surroundings.inherited.clone(),
        secrets,
        output,
        stop: stop.subscribe(),
    }
}

#[cfg(test)]
mod tests {
    use super::Scratches;

    #[test]
    fn only_empty_directories_are_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let scratches = Scratches::new(folder.path().to_owned());
        assert!(scratches.take("sleep").unwrap().is_none());
        let (first, second) = (scratches.take("shell").unwrap().unwrap(), scratches.take("shell").unwrap().unwrap());
        let (empty, full) = (first.folder.path().to_owned(), second.folder.path().to_owned());
        assert_ne!(empty, full);
        std::fs::write(full.join("left"), "").unwrap();
        scratches.give_back(first);
        scratches.give_back(second);
        assert!(empty.exists() && !full.exists());
        let again = scratches.take("shell").unwrap().unwrap();
        assert_eq!(again.folder.path(), empty);
        std::fs::write(empty.join("left"), "").unwrap();
        scratches.give_back(again);
        assert!(!empty.exists());
    }
}
