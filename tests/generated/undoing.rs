//! What the events of a run say of its handlers and rollbacks.

use super::execution::{name_of, story};
use super::program::Generated;
use std::collections::{BTreeMap, BTreeSet};
use wf_model::event::{Event, EventKind, Instance, InstanceId, InstanceKind, RollbackCause, SkipReason};
use wf_model::program::{Program, StatementId, StatementKind, Wait, Workflow};
use wf_model::run::RunState;
use wf_model::value::Value;

/// The undo of a step, in the order of events.
struct Undo {
    /// The step.
    of: InstanceId,
    began: usize,
    /// `None` where the run ended before it.
    ended: Option<usize>,
    /// Whether the step counts as undone.
    well: bool,
    blocked: bool,
}

/// A rollback as it went.
struct Rollback {
    at: usize,
    steps: Vec<InstanceId>,
    undos: Vec<Undo>,
    counts: Option<(u64, u64, u64)>,
}

/// What is known of the instances of a run.
#[derive(Default)]
struct Story<'a> {
    paths: BTreeMap<InstanceId, &'a str>,
    calls: BTreeSet<InstanceId>,
    /// Steps that started, and calls that opened.
    touched: BTreeSet<InstanceId>,
    ended: BTreeMap<InstanceId, usize>,
    /// Instances of undos, and of which rollback and place in it each is.
    undos: BTreeMap<InstanceId, (usize, usize)>,
    rollbacks: Vec<Rollback>,
    /// Those that go on, by their instances.
    open: Vec<(InstanceId, usize)>,
    /// Handlers that go on: the handler, and the path of its body or step.
    handlers: Vec<(InstanceId, &'a str)>,
    won: BTreeMap<InstanceId, String>,
    problem: Option<String>,
}

impl<'a> Story<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut story = Self::default();
        for (place, event) in events.iter().enumerate() {
            story.see(place, &event.kind);
        }
        story
    }

    fn require(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds && self.problem.is_none() {
            self.problem = Some(problem());
        }
    }

    fn see(&mut self, place: usize, event: &'a EventKind) {
        match event {
            EventKind::Ready { instance, kind: InstanceKind::Undo(of), .. } => {
                self.undo_begins(place, instance, *of, false);
            }
            EventKind::Skipped { instance, kind: InstanceKind::Undo(of), reason } => {
                self.undo_begins(place, instance, *of, *reason == SkipReason::Blocked);
                self.undo_ends(place, instance.id, *reason == SkipReason::Condition);
            }
            EventKind::Ready { instance, kind, .. } => {
                self.paths.insert(instance.id, &instance.path);
                if matches!(kind, InstanceKind::Call(_)) {
                    self.calls.insert(instance.id);
                    self.touched.insert(instance.id);
                }
            }
            EventKind::Started { instance, .. } => {
                self.touched.insert(instance.id);
            }
            EventKind::Succeeded { instance, .. } => self.ends(place, instance, true),
            EventKind::Failed { instance, .. } | EventKind::Cancelled { instance, .. } => self.ends(place, instance, false),
            EventKind::RaceWon { instance, winner: Value::String(winner) } => {
                self.won.insert(instance.id, winner.to_string());
            }
            EventKind::HandlerOpened { instance, handler, .. } => {
                self.handlers.push((handler.id, instance.as_ref().map_or("", |instance| &instance.path)));
            }
            EventKind::HandlerEnded { handler } => self.handlers.retain(|(id, _)| *id != handler.id),
            EventKind::RollbackStarted { instance, cause, steps } => self.rollback_begins(place, instance, *cause, steps),
            EventKind::RollbackEnded { instance, undone, failed, blocked } => {
                self.rollback_ends(instance, (*undone, *failed, *blocked));
            }
            _ => {}
        }
    }

    fn ends(&mut self, place: usize, instance: &'a Instance, well: bool) {
        self.ended.insert(instance.id, place);
        self.undo_ends(place, instance.id, well);
    }

    fn undo_begins(&mut self, place: usize, instance: &Instance, of: InstanceId, blocked: bool) {
        let step = self.paths.get(&of).copied().unwrap_or_default();
        let twice = self.rollbacks.iter().flat_map(|rollback| &rollback.undos).any(|undo| undo.of == of);
        self.require(!twice, || format!("{step} is undone twice"));
        let touched = self.touched.contains(&of);
        self.require(touched, || format!("{step} is undone and never began"));
        self.require(*instance.path == *step, || format!("the undo of {step} is called {}", instance.path));
        let at = self.open.iter().map(|(_, at)| *at).find(|at| self.rollbacks[*at].steps.contains(&of));
        self.require(at.is_some(), || format!("{step} is undone, and no rollback says so"));
        let Some(at) = at else { return };
        self.undos.insert(instance.id, (at, self.rollbacks[at].undos.len()));
        self.rollbacks[at].undos.push(Undo { of, began: place, ended: None, well: false, blocked });
    }

    fn undo_ends(&mut self, place: usize, id: InstanceId, well: bool) {
        let Some((at, number)) = self.undos.get(&id).copied() else { return };
        let undo = &mut self.rollbacks[at].undos[number];
        let again = undo.ended.is_some();
        (undo.ended, undo.well) = (Some(place), well);
        self.require(!again, || "an undo ends twice".to_owned());
    }

    fn rollback_begins(&mut self, place: usize, instance: &Instance, cause: RollbackCause, steps: &[InstanceId]) {
        let paths: Vec<&str> = steps.iter().map(|step| self.paths.get(step).copied().unwrap_or_default()).collect();
        for path in &paths {
            let covered = match cause {
                RollbackCause::Handler => self.handlers.iter().any(|(_, owner)| is_around(owner, path)),
                RollbackCause::Retry | RollbackCause::LostRace => is_around(&instance.path, path),
                RollbackCause::Request => false,
            };
            self.require(covered, || format!("{path} is undone because of {cause:?} of {}", instance.path));
        }
        // Branches have names of their own; what a loop that races calls its winner is an element.
        let won = self.won.get(&instance.id).filter(|won| won.starts_with('b') && won.len() > 1).cloned();
        if let (RollbackCause::LostRace, Some(won)) = (cause, won) {
            let has_won = paths.iter().any(|path| bare(path).split('.').any(|name| name == won));
            self.require(!has_won, || format!("what won the race {} is undone: {paths:?}", instance.path));
        }
        self.open.push((instance.id, self.rollbacks.len()));
        self.rollbacks.push(Rollback { at: place, steps: steps.to_vec(), undos: Vec::new(), counts: None });
    }

    fn rollback_ends(&mut self, instance: &Instance, counts: (u64, u64, u64)) {
        let Some(place) = self.open.iter().position(|(id, _)| *id == instance.id) else {
            return self.require(false, || format!("a rollback of {} ends that never began", instance.path));
        };
        let (_, at) = self.open.remove(place);
        let rollback = &mut self.rollbacks[at];
        rollback.counts = Some(counts);
        let (all, undos) = (rollback.steps.len(), &rollback.undos);
        let number = |of: &dyn Fn(&&Undo) -> bool| undos.iter().filter(of).count() as u64;
        let (undone, blocked) = (number(&|undo| undo.well), number(&|undo| undo.blocked));
        let counted = (undone, undos.len() as u64 - undone - blocked, blocked);
        let complete = undos.len() == all && undos.iter().all(|undo| undo.ended.is_some());
        self.require(complete, || format!("the rollback of {} ends before its undos", instance.path));
        self.require(counted == counts, || format!("the rollback of {} says {counts:?}, not {counted:?}", instance.path));
    }
}

/// A path without the places of loops.
fn bare(path: &str) -> &str {
    path.split('[').next().unwrap_or_default()
}

/// Whether something stands inside what has the path `around`, as far as paths say.
fn is_around(around: &str, path: &str) -> bool {
    let (around, indices) = around.split_once('[').unwrap_or((around, ""));
    let (path, inner) = path.split_once('[').unwrap_or((path, ""));
    let names = around.is_empty() || path == around || path.strip_prefix(around).is_some_and(|rest| rest.starts_with('.'));
    names && inner.starts_with(indices)
}

/// Everything of a workflow that has to have ended before a statement begins.
struct Before<'a> {
    workflow: &'a Workflow,
    around: BTreeMap<StatementId, StatementId>,
    inside: BTreeMap<StatementId, Vec<StatementId>>,
}

impl<'a> Before<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let (mut around, mut inside) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for (id, statement) in workflow.statements.iter() {
            for body in statement.kind.bodies() {
                for child in workflow.bodies.get(body).map_or(&[][..], |body| &body.statements) {
                    around.insert(*child, id);
                    inside.entry(id).or_default().push(*child);
                }
            }
        }
        Self { workflow, around, inside }
    }

    fn of(&self, statement: StatementId) -> BTreeSet<StatementId> {
        let (mut found, mut begun) = (BTreeSet::new(), BTreeSet::new());
        // What must begin later than what it waits for, and so must all that is around it.
        let mut open = vec![statement];
        while let Some(id) = open.pop() {
            if !begun.insert(id) {
                continue;
            }
            open.extend(self.around.get(&id));
            let mut ended: Vec<StatementId> =
                self.workflow.statements.get(id).map_or(&[][..], |statement| &statement.after).iter().map(|on| on.on).collect();
            while let Some(id) = ended.pop() {
                if found.insert(id) {
                    open.push(id);
                    ended.extend(self.inside.get(&id).into_iter().flatten());
                }
            }
        }
        found
    }
}

/// Holds a run to what rollbacks are.
pub(super) fn undos_are_in_order(program: &Program, generated: &Generated, events: &[Event], state: RunState) {
    let told = Story::of(events);
    let fail = |problem: &str| panic!("{problem}\n{generated}\n{}", story(events));
    if let Some(problem) = &told.problem {
        fail(problem);
    }
    let asked_to_end = events.iter().any(|event| matches!(event.kind, EventKind::CancelRequested { .. }));
    if !told.open.is_empty() && !asked_to_end {
        fail("a rollback has not ended");
    }
    let left = told.rollbacks.iter().filter_map(|rollback| rollback.counts).any(|(_, failed, blocked)| failed + blocked > 0);
    if left != (state == RunState::RollbackFailed) && !asked_to_end {
        fail(&format!("the run ended as {state:?}"));
    }
    for rollback in &told.rollbacks {
        dependencies_hold(program, &told, rollback, &fail);
        if !generated.concurrent && !generated.races {
            exactly_reversed(&told, rollback, &fail);
        }
    }
}

/// A user is undone before what it used, and not at all after something that was used still stands.
fn dependencies_hold(program: &Program, told: &Story<'_>, rollback: &Rollback, fail: &dyn Fn(&str)) {
    let mut once: BTreeMap<&str, usize> = BTreeMap::new();
    for path in told.paths.values() {
        *once.entry(name_of(path)).or_default() += 1;
    }
    let mut undos: BTreeMap<&str, &Undo> = BTreeMap::new();
    for undo in &rollback.undos {
        let name = told.paths.get(&undo.of).map_or("", |path| name_of(path));
        if once.get(name) == Some(&1) {
            undos.insert(name, undo);
        }
    }
    for (_, workflow) in program.workflows.iter() {
        let before = Before::new(workflow);
        for (id, statement) in workflow.statements.iter() {
            let Some(user) = statement.name.as_deref().and_then(|name| undos.get(name)) else { continue };
            for used in before.of(id) {
                let name = workflow.statements.get(used).and_then(|statement| statement.name.as_deref()).unwrap_or_default();
                let Some(used) = undos.get(name) else { continue };
                let in_order = user.ended.is_some_and(|ended| ended <= used.began);
                if !in_order || !user.well && !used.blocked {
                    fail(&format!("{name} is undone under {:?}", statement.name));
                }
            }
        }
    }
}

/// Where nothing runs beside anything, the last that ended is undone first, and of a call what is its own before its steps.
fn exactly_reversed(told: &Story<'_>, rollback: &Rollback, fail: &dyn Fn(&str)) {
    let end = |undo: &Undo| told.ended.get(&undo.of).copied().unwrap_or(rollback.at);
    for pair in rollback.undos.windows(2) {
        let [first, second] = pair else { continue };
        if end(first) < end(second) || first.ended.is_none_or(|ended| ended > second.began) {
            fail("what was done in an order is not undone in reverse");
        }
        if !first.well && !second.blocked {
            fail("something is undone that was used by what still stands");
        }
    }
}

/// What a handler does is never undone, except by what stands inside that handler.
pub(super) fn settled_stays(program: &Program, generated: &Generated, events: &[Event]) {
    let mut final_names = BTreeSet::new();
    for (_, workflow) in program.workflows.iter() {
        let bodies = workflow.bodies.iter().flat_map(|(_, body)| &body.handlers);
        let of_steps = workflow.statements.iter().flat_map(|(_, statement)| statement.kind.handlers());
        let mut open: Vec<_> = bodies.chain(of_steps).map(|handler| handler.body).collect();
        while let Some(body) = open.pop().and_then(|body| workflow.bodies.get(body)) {
            for statement in body.statements.iter().filter_map(|id| workflow.statements.get(*id)) {
                let races = matches!(&statement.kind, StatementKind::Parallel(parallel) if parallel.wait != Wait::All);
                if statement.kind.handlers().is_empty() && statement.kind.step().is_some() {
                    final_names.extend(statement.name.as_deref());
                }
                let inner = statement.kind.bodies();
                open.extend(
                    inner
                        .into_iter()
                        .filter(|id| !races && workflow.bodies.get(*id).is_some_and(|body| body.handlers.is_empty())),
                );
            }
        }
    }
    for event in events {
        if let EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } = &event.kind {
            let name = name_of(&instance.path);
            assert!(!final_names.contains(name), "{name} stands in a handler and is undone\n{generated}\n{}", story(events));
        }
    }
}
