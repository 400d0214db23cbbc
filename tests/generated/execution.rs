//! Runs of generated programs by the real dispatcher with the real executors, in this process.

use super::expression::FAULTS;
use super::program::Generated;
use super::undoing::{settled_stays, undos_are_in_order};
use super::value::is_of;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wf_model::event::{AttemptOutcome, CancelCause, Event, EventKind, Instance, InstanceKind};
use wf_model::expression::ValueId;
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Program, WorkflowId};
use wf_model::run::{RunRecord, RunState};
use wf_model::types::Type;
use wf_model::value::{Secret, Value};
use wf_runtime::dispatcher::{
    Assignments, Canceller, LocalLocks, Means, MemoryJournal, NoCache, NoMail, RealWorld, Reporter, RunEnded, run,
};
use wf_runtime::engine::{Engine, Options};
use wf_runtime::executor::Stream;

/// No run of a generated program takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// A run that came to its end.
pub(super) struct Finished {
    pub(super) ended: RunEnded,
    pub(super) events: Vec<Event>,
    way: Way,
}

/// The workflow that is run.
pub(super) fn runnable(program: &Program) -> Option<WorkflowId> {
    let (id, _) = program.workflows.iter().find(|(_, workflow)| &*workflow.name == "main")?;
    Some(id)
}

/// Runs a program to its end.
pub(super) async fn finish(program: &Arc<Program>, generated: &Generated, folder: &Path, way: Way) -> Finished {
    let workflow = runnable(program).expect("a program with a workflow that is run");
    let directory = tempfile::tempdir().expect("a folder for the run");
    let options = Options { jobs: way.jobs, secrets: secrets(program), plan: None };
    let assignments = Assignments {
        program: program.clone(),
        workflow,
        arguments: generated.arguments.clone(),
        options: options.clone(),
        run: "generated".into(),
        folder: folder.to_owned(),
        shared: directory.path().join("shared"),
        directory: directory.path().to_owned(),
        withheld: Vec::new(),
    };
    let (journal, canceller) = (MemoryJournal::default(), Canceller::default());
    let asked = canceller.watch();
    let listener = Arc::new(Listener { way, canceller, events: AtomicUsize::new(0), written: Mutex::default() });
    let means = Means {
        threads: NonZero::<usize>::MIN,
        executors: Arc::clone(wf_steps::executors()),
        world: Arc::new(RealWorld { folder: folder.to_owned() }),
        locks: Arc::new(LocalLocks::default()),
        cache: Arc::new(NoCache),
        journal: Box::new(journal.clone()),
        reporter: listener.clone(),
        mailbox: Box::new(NoMail),
        asked,
    };
    let Ok(ended) = tokio::time::timeout(DEADLINE, run(assignments, means)).await else {
        panic!("a run hangs\n{}\n{}", generated, story(&journal.events()));
    };
    let ended = ended.unwrap_or_else(|error| panic!("{error}\n{}\n{}", generated, story(&journal.events())));
    let events = journal.events();
    keeps_secrets(&serde_json::to_string(&events).expect("events are written"), generated);
    for bytes in listener.written.lock().expect("nobody panics with it").values() {
        keeps_secrets(&String::from_utf8_lossy(bytes), generated);
    }
    values_are_of_their_types(program, generated, &events);
    order_is_kept(program, generated, &events);
    undos_are_in_order(program, generated, &events, ended.state);
    settled_stays(program, generated, &events);
    retold(program, workflow, generated, &options, &ended, &events);
    Finished { ended, events, way }
}

/// The text of every secret; nothing that is told of a run holds it.
const CANARY: &str = "k7Qz-canary-9pXw";

fn secrets(program: &Program) -> BTreeMap<(WorkflowId, ValueId), Value> {
    let all = program.workflows.iter().flat_map(|(id, workflow)| workflow.secrets.iter().map(move |secret| (id, secret.value)));
    all.map(|of| (of, Value::Secret(Secret::new(CANARY)))).collect()
}

/// How a program is run.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) jobs: usize,
    /// At which events the run is asked to end.
    pub(super) cancelled_at: [Option<usize>; 2],
}

/// Keeps what steps write, and asks the run to end.
struct Listener {
    way: Way,
    canceller: Canceller,
    events: AtomicUsize,
    written: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Reporter for Listener {
    fn event(&self, _: &Event) {
        let event = self.events.fetch_add(1, Ordering::Relaxed);
        for _ in self.way.cancelled_at.iter().filter(|at| **at == Some(event)) {
            self.canceller.ask(CancelCause::Interrupt);
        }
    }

    fn output(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        let mut written = self.written.lock().expect("nobody panics with it");
        written.entry(format!("{:?} {attempt} {stream:?}", instance.id)).or_default().extend(bytes);
    }
}

/// Fails where something that is told holds a secret, as it is, in capitals, or in Base64.
fn keeps_secrets(told: &str, generated: &Generated) {
    for form in [CANARY, "K7QZ-CANARY-9PXW", "azdRei1jYW5hcnktOXBYd"] {
        assert!(!told.contains(form), "{told}\n{}", generated);
    }
}

/// What happened, one event a line.
pub(super) fn story(events: &[Event]) -> String {
    events.iter().map(|event| format!("{:?}\n", event.kind)).collect()
}

/// The last name of a path.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('.').next().and_then(|name| name.split('[').next()).unwrap_or_default()
}

/// The values of `let`s, steps, loops and outputs are what was said of them when the program was checked.
fn values_are_of_their_types(program: &Program, generated: &Generated, events: &[Event]) {
    let declared = program.workflows.iter().flat_map(|(_, workflow)| workflow.values.iter());
    // No two workflows of a generated program share a name.
    let types: BTreeMap<&str, &Type> = declared.map(|(_, value)| (&*value.name, &value.type_)).collect();
    let mut named = BTreeSet::new();
    for event in events {
        let (instance, value) = match &event.kind {
            EventKind::Ready { instance, kind, .. } => {
                // A block without a name has the path of what is around it.
                let own = |prefix| name_of(&instance.path).starts_with(prefix) && !instance.path.contains('[');
                let has_value = match kind {
                    InstanceKind::Step(_) | InstanceKind::Call(_) => true,
                    InstanceKind::ForEach => own("loop"),
                    InstanceKind::Parallel => own("race"),
                    InstanceKind::Let
                    | InstanceKind::If
                    | InstanceKind::Stage
                    | InstanceKind::Repeat
                    | InstanceKind::Undo(_)
                    | InstanceKind::Rollback
                    | InstanceKind::Checkpoint
                    | InstanceKind::Commit => false,
                };
                named.extend(has_value.then_some(instance.id));
                continue;
            }
            EventKind::Succeeded { instance, value } if named.contains(&instance.id) => (instance, value),
            EventKind::LetEvaluated { instance, value } => (instance, value),
            _ => continue,
        };
        let name = name_of(&instance.path);
        let Some(type_) = types.get(name).filter(|type_| ***type_ != Type::Secret) else { continue };
        // Of a loop only that is kept which is used behind it.
        let kept = |type_: &Type| match (type_, value) {
            (Type::Record(fields), Value::Map(map)) if name.starts_with("loop") => {
                Type::Record(fields.iter().filter(|field| map.contains_key(&field.name)).cloned().collect())
            }
            _ => type_.clone(),
        };
        let type_ = match type_ {
            Type::Optional(inner) => Type::optional(kept(inner)),
            _ => kept(type_),
        };
        assert!(is_of(value, &type_), "{name}: {value:?} is no {type_}\n{}\n{}", generated, story(events));
    }
}

/// Nothing that happened once began before all that it waits for, and that happened once, had ended.
fn order_is_kept(program: &Program, generated: &Generated, events: &[Event]) {
    let (mut begun, mut ended): (BTreeMap<&str, Vec<usize>>, BTreeMap<&str, usize>) = Default::default();
    let mut undos = BTreeSet::new();
    for (place, event) in events.iter().enumerate() {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                undos.insert(instance.id);
            }
            EventKind::Ready { instance, .. } => begun.entry(name_of(&instance.path)).or_default().push(place),
            EventKind::Succeeded { instance, .. }
            | EventKind::Failed { instance, .. }
            | EventKind::Cancelled { instance, .. }
                if !undos.contains(&instance.id) =>
            {
                ended.insert(name_of(&instance.path), place);
            }
            _ => {}
        }
    }
    let once = |name: &str| begun.get(name).and_then(|places| if let [place] = places.as_slice() { Some(*place) } else { None });
    for (_, workflow) in program.workflows.iter() {
        let name = |id| workflow.statements.get(id).and_then(|statement| statement.name.as_deref());
        for (id, statement) in workflow.statements.iter() {
            let Some(start) = name(id).and_then(once) else { continue };
            for before in statement.after.iter().filter_map(|dependency| name(dependency.on)) {
                // What never ended was cancelled with what is around it.
                let end = once(before).and_then(|_| ended.get(before)).copied().unwrap_or_default();
                assert!(end < start, "{:?} does not wait for {before}\n{generated}\n{}", statement.name, story(events));
            }
        }
    }
}

/// A new engine that is told the journal comes to the same end.
fn retold(
    program: &Arc<Program>,
    workflow: WorkflowId,
    generated: &Generated,
    options: &Options,
    ended: &RunEnded,
    events: &[Event],
) {
    let mut engine = Engine::new(program.clone(), workflow, generated.arguments.clone(), options.clone());
    let written = serde_json::to_string(events).expect("events are written");
    let read: Vec<Event> = serde_json::from_str(&written).expect("events are read");
    for event in &read {
        if let Err(error) = engine.apply(event) {
            panic!("the journal is refused: {error}: {event:?}\n{}", generated);
        }
    }
    assert_eq!((engine.state(), engine.outputs()), (ended.state, &ended.outputs), "{}", generated);
    for output in program.workflows.get(workflow).map(|workflow| workflow.outputs.as_slice()).unwrap_or_default() {
        let Some(value) = ended.outputs.get(&output.name) else { continue };
        let type_ = &output.expression.type_;
        assert!(is_of(value, type_), "{}: {value:?} is no {type_}\n{}", output.name, generated);
    }
    let record = RunRecord::of(events);
    assert_eq!((record.state, &record.outputs), (ended.state, &ended.outputs), "{}", generated);
}

/// What an attempt fails with that nothing in the program ends.
const ENDED_FROM_OUTSIDE: &str = "attempt was ended from outside";

impl Finished {
    /// Checks that the run ended in a way that its program allows.
    pub(super) fn is_allowed(&self, generated: &Generated) {
        match self.ended.state {
            RunState::Succeeded => {}
            RunState::Failed => {
                let failed = self.ended.failure.as_ref().unwrap_or_else(|| panic!("a failure without a cause\n{generated}"));
                self.may_have(generated, &failed.path, &failed.failure);
            }
            RunState::Cancelled if self.way.cancelled_at != [None, None] => {}
            // Who asks twice does not wait for what a handler or an undo does; another process may go on from there.
            RunState::Running if self.way.cancelled_at[1].is_some() => {}
            RunState::RolledBack if generated.to_string().contains("rollback") => {}
            RunState::RollbackFailed if generated.to_string().contains("undo") => {}
            RunState::Paused if generated.to_string().contains("rollback manually") => {}
            state => panic!("the run ended as {state:?}\n{generated}"),
        }
        for event in &self.events {
            match &event.kind {
                EventKind::AttemptEnded { instance, outcome: AttemptOutcome::Failed(failure), .. } => {
                    self.may_have(generated, &instance.path, failure);
                }
                EventKind::Failed { cause, .. } => self.may_have(generated, &cause.path, &cause.failure),
                _ => {}
            }
        }
        self.fits_slots(generated);
    }

    fn may_have(&self, generated: &Generated, path: &str, failure: &Failure) {
        let names: Vec<&str> = path.split('.').map(|name| name.split('[').next().unwrap_or(name)).collect();
        let own = names.last().copied().unwrap_or("");
        let kinds = generated.failures.get(own).map(Vec::as_slice).unwrap_or_default();
        let is_fault = FAULTS.iter().any(|beginning| failure.message.starts_with(beginning));
        let allowed = match failure.kind {
            FailureKind::Engine => is_fault || failure.message.starts_with("rollback left "),
            // Blocks without a name have the path of what is around them.
            FailureKind::Race => generated.races,
            FailureKind::Loop => generated.to_string().contains("repeat until"),
            // It has the path of what failed inside.
            FailureKind::Child => names.iter().any(|name| name.starts_with('c')),
            // Who asks twice ends also what a handler or an undo does.
            FailureKind::Signal if self.way.cancelled_at[1].is_some() && *failure.message == *ENDED_FROM_OUTSIDE => true,
            kind => kinds.contains(&kind),
        };
        assert!(allowed, "{path} fails: {failure:?}\n{}\n{}", generated, story(&self.events));
    }

    /// No more attempts than jobs ran at a time, those that only wait left out, and all have ended.
    fn fits_slots(&self, generated: &Generated) {
        let mut shells = BTreeSet::new();
        let mut going = BTreeSet::new();
        for event in &self.events {
            match &event.kind {
                EventKind::Ready { instance, kind: InstanceKind::Step(kind), .. } if &**kind == "shell" => {
                    shells.insert(instance.id);
                }
                EventKind::Started { instance, .. } if shells.contains(&instance.id) => {
                    going.insert(instance.id);
                }
                EventKind::AttemptEnded { instance, .. } => {
                    going.remove(&instance.id);
                }
                _ => {}
            }
            assert!(going.len() <= self.way.jobs, "{} attempts at a time\n{}", going.len(), generated);
        }
        assert!(going.is_empty(), "an attempt that started has not ended\n{}", generated);
    }

    /// Whether something failed on the way.
    pub(super) fn had_failures(&self) -> bool {
        self.events.iter().any(|event| matches!(event.kind, EventKind::Failed { .. } | EventKind::RetryScheduled { .. }))
    }
}
