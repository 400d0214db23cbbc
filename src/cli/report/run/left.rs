//! What a run leaves behind: steps that have an undo, may have taken effect, and were not undone.

use super::lines::name_in;
use crate::report::escape::printable_line;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind, SkipReason};
use wf_model::program::{Callee, Program, Rollback, StatementKind, Workflow, WorkflowId};
use wf_model::run::RunState;
use wf_model::span::Span;

/// How many steps are named.
const MOST: usize = 20;

/// A step that was not undone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUndone {
    /// The step's path.
    pub(super) step: Arc<str>,
    /// Why, in words that stand behind its name.
    pub(super) reason: String,
}

/// What became of what a step did.
#[derive(Debug)]
enum Fate {
    /// It stands.
    Stands,
    /// It stands, because what comes before a `commit` is not undone.
    Committed,
    /// It stands, because a rollback went back to a checkpoint behind it only.
    BeforeCheckpoint(Option<Arc<str>>),
    Planned,
    Undoing,
    Undone,
    UndoFailed,
    UndoEnded,
    Blocked,
    /// Somebody said that it stays.
    LeftAlone,
}

struct Effect {
    path: Arc<str>,
    fate: Fate,
    /// Whether an attempt began.
    touched: bool,
    ended: bool,
}

/// What the names of a workflow stand for, as far as undos are concerned.
#[derive(Default)]
struct Names {
    undone: BTreeSet<Arc<str>>,
    calls: HashMap<Arc<str>, WorkflowId>,
    /// The checkpoints that its rollbacks go back to.
    checkpoints: BTreeSet<Arc<str>>,
}

/// Follows what has to be undone through the events of a run.
#[derive(Default)]
pub(super) struct Ledger {
    names: HashMap<WorkflowId, Names>,
    /// Whether any step has an undo: otherwise there is nothing to follow.
    has_undos: bool,
    workflows: HashMap<Arc<str>, WorkflowId>,
    root: Option<WorkflowId>,
    effects: BTreeMap<InstanceId, Effect>,
    undos: HashMap<InstanceId, InstanceId>,
    commits: BTreeSet<InstanceId>,
    /// Calls that have not begun: they wait for a lock, or their parameters are looked at.
    before: BTreeSet<InstanceId>,
}

impl Names {
    fn of(workflow: &Workflow) -> Self {
        let mut names = Self::default();
        let handlers = handler_spans(workflow);
        for (_, statement) in workflow.statements.iter() {
            if let StatementKind::Rollback(Rollback::To(checkpoint)) = &statement.kind {
                names.checkpoints.insert(checkpoint.clone());
            }
            let (Some(name), StatementKind::Step(step)) = (&statement.name, &statement.kind) else { continue };
            if let Callee::Workflow(callee) = &step.invocation.callee {
                names.calls.insert(name.clone(), *callee);
            }
            // What the steps of a handler do is never rolled back.
            if step.clauses.is_undoable() && !within(&handlers, statement.span) {
                names.undone.insert(name.clone());
            }
        }
        names
    }
}

/// The bodies of handlers, sorted; handlers inside handlers are left out.
fn handler_spans(workflow: &Workflow) -> Vec<Span> {
    let of_steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
    let of_steps = of_steps.flat_map(|step| &step.clauses.handlers);
    let handlers = workflow.bodies.iter().flat_map(|(_, body)| &body.handlers).chain(of_steps);
    let mut spans: Vec<Span> = handlers.filter_map(|handler| workflow.bodies.get(handler.body)).map(|body| body.span).collect();
    spans.sort_unstable_by_key(|span| span.start);
    let mut end = 0;
    spans.retain(|span| {
        let outer = span.end > end;
        end = end.max(span.end);
        outer
    });
    spans
}

fn within(spans: &[Span], span: Span) -> bool {
    let before = spans.partition_point(|other| other.start <= span.start);
    before.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|last| span.end <= last.end)
}

impl Ledger {
    /// Follows runs of `program`.
    pub(super) fn new(program: &Program) -> Self {
        let mut ledger = Self::default();
        for (id, workflow) in program.workflows.iter() {
            let names = Names::of(workflow);
            ledger.has_undos |= !names.undone.is_empty();
            ledger.names.insert(id, names);
            // Workflows of the file that was asked for come first.
            ledger.workflows.entry(workflow.name.clone()).or_insert(id);
        }
        ledger
    }

    /// Takes the next event in.
    pub(super) fn apply(&mut self, event: &Event) {
        if !self.has_undos {
            return;
        }
        self.enter(&event.kind);
        match &event.kind {
            EventKind::RunStarted { workflow, .. } => self.root = self.workflows.get(workflow).copied(),
            EventKind::Ready { instance, kind, .. } => self.ready(instance.id, &instance.path, kind),
            EventKind::Started { instance, .. } | EventKind::Waiting { instance, .. } => self.touch(instance.id, true),
            EventKind::AttemptEnded { instance, attempt: 1, outcome, .. } if !outcome.began() => self.touch(instance.id, false),
            EventKind::Succeeded { instance, .. } => {
                if self.commits.contains(&instance.id) {
                    self.commit(&instance.path);
                }
                self.ended(instance.id, || Fate::Undone);
            }
            EventKind::Cached { instance, .. } => self.forget(instance.id),
            // What does not get its lock does not begin.
            EventKind::LockRefused { instance, .. } => self.touch(instance.id, false),
            EventKind::Failed { instance, .. } => self.ended(instance.id, || Fate::UndoFailed),
            EventKind::Cancelled { instance, .. } => self.ended(instance.id, || Fate::UndoEnded),
            EventKind::Skipped { instance, kind: InstanceKind::Undo(step), reason } => self.skipped(instance.id, *step, *reason),
            EventKind::RollbackStarted { instance, steps, .. } => self.roll_back(&instance.path, steps),
            EventKind::RollbackRequested { settled, .. } => {
                for settled in settled {
                    self.set(settled.step, if settled.undone { Fate::Undone } else { Fate::LeftAlone });
                }
            }
            _ => {}
        }
    }

    fn ready(&mut self, id: InstanceId, path: &Arc<str>, kind: &InstanceKind) {
        match kind {
            InstanceKind::Step(_) | InstanceKind::Call(_) if self.has_undo(path) => {
                let effect = Effect { path: path.clone(), fate: Fate::Stands, touched: false, ended: false };
                self.effects.insert(id, effect);
                if matches!(kind, InstanceKind::Call(_)) {
                    self.before.insert(id);
                }
            }
            InstanceKind::Undo(step) => {
                self.undos.insert(id, *step);
                self.set(*step, Fate::Undoing);
            }
            InstanceKind::Commit => drop(self.commits.insert(id)),
            _ => {}
        }
    }

    /// A call begins with the first that is told of what stands in it, or of its outputs.
    fn enter(&mut self, kind: &EventKind) {
        if self.before.is_empty() {
            return;
        }
        let Some(instance) = kind.instance() else { return };
        let outputs = matches!(kind, EventKind::OutputsEvaluated { .. });
        let begins = |id: &InstanceId| match self.effects.get(id) {
            Some(call) if *id != instance.id => {
                let inside = instance.path == call.path || lies_in(&instance.path, &call.path);
                inside && same_iterations(&instance.path, &call.path)
            }
            _ => outputs,
        };
        let begun: Vec<InstanceId> = self.before.iter().copied().filter(begins).collect();
        for id in begun {
            self.before.remove(&id);
            self.touch(id, true);
        }
    }

    /// A step whose earlier success counts did nothing.
    fn forget(&mut self, id: InstanceId) {
        self.effects.remove(&id);
        self.before.remove(&id);
    }

    fn touch(&mut self, id: InstanceId, touched: bool) {
        if let Some(effect) = self.effects.get_mut(&id) {
            effect.touched = touched;
        }
    }

    fn set(&mut self, step: InstanceId, fate: Fate) {
        if let Some(effect) = self.effects.get_mut(&step) {
            effect.fate = fate;
        }
    }

    fn ended(&mut self, id: InstanceId, fate: fn() -> Fate) {
        if let Some(step) = self.undos.remove(&id) {
            self.set(step, fate());
        } else if let Some(effect) = self.effects.get_mut(&id) {
            effect.ended = true;
            self.before.remove(&id);
        }
    }

    fn skipped(&mut self, id: InstanceId, step: InstanceId, reason: SkipReason) {
        self.undos.remove(&id);
        match reason {
            SkipReason::Condition => self.set(step, Fate::Undone),
            SkipReason::Blocked => self.set(step, Fate::Blocked),
            SkipReason::BranchNotTaken
            | SkipReason::BodyFailed
            | SkipReason::Cancelled
            | SkipReason::LostRace
            | SkipReason::Locked => {
                self.set(step, Fate::Planned);
            }
        }
    }

    fn commit(&mut self, path: &str) {
        let call = self.resolve(path).1;
        for effect in self.effects.values_mut() {
            let before = effect.ended && lies_in(&effect.path, call) && same_iterations(&effect.path, path);
            if before && matches!(effect.fate, Fate::Stands) {
                effect.fate = Fate::Committed;
            }
        }
    }

    fn roll_back(&mut self, path: &str, steps: &[InstanceId]) {
        for step in steps {
            self.set(*step, Fate::Planned);
        }
        let names = self.resolve(path).0.and_then(|workflow| self.names.get(&workflow));
        let Some(checkpoints) = names.map(|names| &names.checkpoints).filter(|names| !names.is_empty()) else { return };
        let only = checkpoints.first().filter(|_| checkpoints.len() == 1).cloned();
        // A rollback without a checkpoint would have taken all of them.
        for effect in self
            .effects
            .values_mut()
            .filter(|effect| effect.ended && lies_in(&effect.path, path) && same_iterations(&effect.path, path))
        {
            if matches!(effect.fate, Fate::Stands) {
                effect.fate = Fate::BeforeCheckpoint(only.clone());
            }
        }
    }

    /// The workflow that a path leads into, and the part of the path that leads there.
    fn resolve<'a>(&self, path: &'a str) -> (Option<WorkflowId>, &'a str) {
        let (mut workflow, mut way) = (self.root, 0);
        let mut end = 0;
        for segment in path.split('.') {
            end += segment.len();
            let callee = workflow.and_then(|id| self.names.get(&id)?.calls.get(name_in(segment)?));
            if let Some(callee) = callee {
                (workflow, way) = (Some(*callee), end);
            }
            end += 1;
        }
        (workflow, path.get(..way).unwrap_or_default())
    }

    fn has_undo(&self, path: &str) -> bool {
        let (around, name) = path.rsplit_once('.').unwrap_or(("", path));
        let names = self.resolve(around).0.and_then(|workflow| self.names.get(&workflow));
        names.zip(name_in(name)).is_some_and(|(names, name)| names.undone.contains(name))
    }

    /// Whether something could still be undone.
    pub(super) fn stands(&self) -> bool {
        self.effects.values().any(|effect| effect.touched && matches!(effect.fate, Fate::Stands | Fate::Planned | Fate::Undoing))
    }

    /// The paths of steps.
    pub(super) fn paths(&self, steps: &[InstanceId]) -> Vec<Arc<str>> {
        steps.iter().filter_map(|step| Some(self.effects.get(step)?.path.clone())).collect()
    }

    /// What was not undone, the last one that began first.
    pub(super) fn left(&self) -> Vec<NotUndone> {
        let left = self.effects.values().rev().filter(|effect| effect.touched);
        left.filter_map(|effect| Some(NotUndone { step: effect.path.clone(), reason: effect.fate.reason()? })).collect()
    }
}

/// The commands with which a run goes on that ended so.
pub(super) fn ways_on(state: RunState, ledger: &Ledger, waits_for_rollback: bool, run: &str) -> String {
    let resume = format!("go on with: wfc resume {run}\n");
    let undo = format!("undo with: wfc rollback {run}\n");
    match state {
        RunState::Paused if waits_for_rollback => format!("undo with: wfc rollback {run}\nleave it with: wfc cancel {run}\n"),
        RunState::Paused | RunState::Queued | RunState::Running if ledger.stands() => resume + &undo,
        RunState::Paused | RunState::Queued | RunState::Running => resume,
        RunState::Failed | RunState::Cancelled if ledger.stands() => undo,
        RunState::RollbackFailed => format!("once mended: wfc rollback {run} --retry (or --skip STEP, --done STEP)\n"),
        RunState::Failed | RunState::Cancelled | RunState::Succeeded | RunState::RolledBack => String::new(),
    }
}

/// Whether something at `path` stands in what is called `around`.
fn lies_in(path: &str, around: &str) -> bool {
    // The places of loops stand at the end: `ship[1]` holds `ship.release[1]`.
    let around = around.split('[').next().unwrap_or_default();
    around.is_empty() || path.strip_prefix(around).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether two paths agree in the places of the loops that are around both.
fn same_iterations(one: &str, other: &str) -> bool {
    one.split('[').skip(1).zip(other.split('[').skip(1)).all(|(one, other)| one == other)
}

impl Fate {
    fn reason(&self) -> Option<String> {
        let reason = match self {
            Self::Undone => return None,
            Self::Stands => "no handler rolled it back",
            Self::Committed => "before the commit",
            Self::BeforeCheckpoint(Some(name)) => return Some(format!("before checkpoint {name}")),
            Self::BeforeCheckpoint(None) => "before the checkpoint",
            Self::Planned => "its undo did not begin",
            Self::Undoing | Self::UndoEnded => "its undo was ended",
            Self::UndoFailed => "its undo failed",
            Self::Blocked => "blocked",
            Self::LeftAlone => "skipped on request",
        };
        Some(reason.to_owned())
    }
}

/// `not undone: c, a (no handler rolled it back)`, a line for each reason.
pub(super) fn lines(left: &[NotUndone]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for NotUndone { step, reason } in left.iter().take(MOST) {
        let step = printable_line(step);
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, steps)) => steps.push(step),
            None => reasons.push((reason, vec![step])),
        }
    }
    let mut text = String::new();
    for (reason, steps) in reasons {
        text += &format!("not undone: {} ({reason})\n", steps.join(", "));
    }
    if left.len() > MOST {
        text += &format!("not undone: … and {} more\n", left.len() - MOST);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{MOST, NotUndone, lies_in, lines, same_iterations};

    fn left(count: usize, reason: &str) -> Vec<NotUndone> {
        (0..count).map(|number| NotUndone { step: format!("s{number}").into(), reason: reason.to_owned() }).collect()
    }

    #[test]
    fn steps_with_one_reason_stand_together() {
        let mut all = left(2, "blocked");
        all.extend(left(1, "before the commit"));
        assert_eq!(lines(&all), "not undone: s0, s1 (blocked)\nnot undone: s0 (before the commit)\n");
        assert_eq!(lines(&[]), "");
    }

    #[test]
    fn many_steps_are_counted() {
        let text = lines(&left(MOST + 12, "blocked"));
        assert!(text.ends_with("s19 (blocked)\nnot undone: … and 12 more\n"), "{text}");
    }

    #[test]
    fn what_lies_in_a_loop_has_its_places_behind() {
        assert!(lies_in("ship.release[1]", "ship[1]") && lies_in("a", "") && !lies_in("ships.a", "ship"));
        assert!(same_iterations("ship.a[1][0]", "ship[1]") && !same_iterations("ship.a[0]", "ship[1]"));
    }
}
