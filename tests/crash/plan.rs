//! What a workflow says of the order of its steps, read from the program and from nothing that runs it.
//!
//! The names of steps and blocks are different in all workflows of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_compiler::{FileProblem, Files, compile};
use wf_model::diagnostic::Level;
use wf_model::program::{BodyId, Program, Rollback, StatementId, StatementKind, Workflow};

/// A step of the file.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Whether it has an undo.
    pub(super) undo: bool,
    /// Whether it stands in a handler, whose work is never undone.
    pub(super) in_handler: bool,
    /// Whether its value is a secret, so that a run that goes on needs it again.
    pub(super) secret: bool,
    /// Steps of its workflow that have to have ended before it begins.
    before: BTreeSet<Arc<str>>,
    /// Those of them that stand in the same body.
    beside: BTreeSet<Arc<str>>,
    /// The loops around it, the outermost first, and whether one iteration follows the other.
    loops: Vec<(StatementId, bool)>,
    /// The `repeat`s around it.
    repeats: BTreeSet<StatementId>,
}

/// All steps of a file by name.
pub(super) struct Plan {
    pub(super) steps: BTreeMap<Arc<str>, Step>,
    /// The checkpoint that a rollback goes back to, where one does.
    pub(super) back_to: Option<Arc<str>>,
}

/// A path in its parts: names, and places of loops.
pub(super) fn parts(path: &str) -> (Vec<&str>, Vec<usize>) {
    let (names, places) = path.split_once('[').unwrap_or((path, ""));
    let places = places.trim_end_matches(']').split("][").filter_map(|place| place.parse().ok());
    (names.split('.').filter(|name| !name.is_empty()).collect(), places.collect())
}

/// Whether something stands inside what has the path `around`.
pub(super) fn is_around(around: &str, path: &str) -> bool {
    let ((around, outer), (names, places)) = (parts(around), parts(path));
    names.starts_with(&around) && places.starts_with(&outer)
}

struct OneFile<'a>(&'a str);

impl Files for OneFile<'_> {
    fn read(&self, _: &str) -> Result<String, FileProblem> {
        Ok(self.0.to_owned())
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        path.to_owned()
    }
}

impl Plan {
    pub(super) fn of(text: &str) -> Self {
        let compilation = compile("main.wf", &OneFile(text), wf_steps::registry(), Level::Standard);
        let program = compilation.program.unwrap_or_else(|| panic!("{:#?}", compilation.diagnostics));
        let steps = program.workflows.iter().flat_map(|(_, workflow)| Shape::of(workflow).steps()).collect();
        Self { steps, back_to: back_to(&program) }
    }

    pub(super) fn step(&self, path: &str) -> Option<&Step> {
        self.steps.get(parts(path).0.last().copied()?)
    }

    /// The steps in the body of a step that have to have ended before it begins.
    pub(super) fn beside(&self, path: &str) -> impl Iterator<Item = &Arc<str>> {
        self.step(path).into_iter().flat_map(|step| &step.beside)
    }

    /// Whether the later step can only begin when the earlier one has ended; `None` where rounds of a `repeat` decide it.
    pub(super) fn follows(&self, later: &str, earlier: &str) -> Option<bool> {
        let ((later, here), (earlier, there)) = (parts(later), parts(earlier));
        let known = |names: &[&str]| -> Vec<_> { names.iter().filter_map(|name| self.steps.get_key_value(*name)).collect() };
        let (later, earlier) = (known(&later), known(&earlier));
        let mut around = 0;
        for ((name, step), (other_name, other)) in later.iter().zip(&earlier) {
            let shared = step.loops.iter().zip(&other.loops).take_while(|(left, right)| left == right);
            for (depth, ((_, in_order), _)) in shared.enumerate() {
                let (this, that) = (here.get(around + depth), there.get(around + depth));
                if this != that {
                    return Some(*in_order && that < this);
                }
            }
            if !step.repeats.is_disjoint(&other.repeats) {
                return None;
            }
            if name != other_name {
                return Some(step.before.contains(*other_name));
            }
            around += step.loops.len();
        }
        // What a call did stands beneath the call itself.
        Some(later.len() < earlier.len())
    }
}

fn back_to(program: &Program) -> Option<Arc<str>> {
    let statements = program.workflows.iter().flat_map(|(_, workflow)| workflow.statements.iter());
    let mut names = statements.filter_map(|(_, statement)| match &statement.kind {
        StatementKind::Rollback(Rollback::To(name)) => Some(name.clone()),
        _ => None,
    });
    names.next()
}

/// How the statements of a workflow stand in each other.
struct Shape<'a> {
    workflow: &'a Workflow,
    parent: BTreeMap<StatementId, StatementId>,
    /// For what stands in handlers of bodies: everything in the body.
    handled: BTreeMap<StatementId, Vec<StatementId>>,
    in_handler: BTreeSet<StatementId>,
}

impl<'a> Shape<'a> {
    fn of(workflow: &'a Workflow) -> Self {
        let (parent, handled, in_handler) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut shape = Self { workflow, parent, handled, in_handler };
        shape.body(workflow.root, None, false);
        shape
    }

    fn statements(&self, body: BodyId) -> &'a [StatementId] {
        self.workflow.bodies.get(body).map_or(&[], |body| &body.statements)
    }

    fn body(&mut self, id: BodyId, owner: Option<StatementId>, handler: bool) {
        for statement in self.statements(id) {
            self.parent.extend(owner.map(|owner| (*statement, owner)));
            if handler {
                self.in_handler.insert(*statement);
            }
            let kind = &self.workflow.statements.get(*statement).expect("it is one").kind;
            kind.bodies().into_iter().for_each(|body| self.body(body, Some(*statement), handler));
            kind.handlers().iter().for_each(|of_step| self.body(of_step.body, Some(*statement), true));
        }
        for of_body in self.workflow.bodies.get(id).map_or(&[][..], |body| &body.handlers) {
            self.body(of_body.body, owner, true);
            for statement in self.statements(of_body.body) {
                self.handled.insert(*statement, self.statements(id).to_vec());
            }
        }
    }

    fn around(&self, id: StatementId) -> Vec<StatementId> {
        std::iter::successors(self.parent.get(&id), |id| self.parent.get(id)).copied().collect()
    }

    /// Everything that has to have ended before a statement begins.
    fn before(&self, statement: StatementId) -> BTreeSet<StatementId> {
        let (mut found, mut begun, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![statement]);
        while let Some(id) = open.pop() {
            if !begun.insert(id) {
                continue;
            }
            open.extend(self.parent.get(&id));
            let after = self.workflow.statements.get(id).into_iter().flat_map(|statement| &statement.after);
            let mut ended: Vec<StatementId> = after.map(|dependency| dependency.on).collect();
            ended.extend(self.handled.get(&id).into_iter().flatten());
            while let Some(id) = ended.pop() {
                if found.insert(id) {
                    open.push(id);
                    ended.extend(self.parent.iter().filter(|(_, parent)| **parent == id).map(|(child, _)| *child));
                }
            }
        }
        found
    }

    fn steps(&self) -> Vec<(Arc<str>, Step)> {
        let named = |id: StatementId| {
            let statement = self.workflow.statements.get(id)?;
            statement.kind.step().and(statement.name.clone())
        };
        let steps = self.workflow.statements.iter().filter_map(|(id, statement)| {
            let step = statement.kind.step()?;
            let (mut loops, mut repeats) = (Vec::new(), BTreeSet::new());
            for around in self.around(id) {
                match self.workflow.statements.get(around).map(|statement| &statement.kind) {
                    Some(StatementKind::ForEach(each)) => loops.push((around, each.parallel.is_none())),
                    Some(StatementKind::Repeat(_)) => drop(repeats.insert(around)),
                    _ => {}
                }
            }
            loops.reverse();
            let before = self.before(id);
            let beside = before.iter().filter(|other| self.parent.get(other) == self.parent.get(&id)).copied();
            let beside = beside.filter_map(named).collect();
            let before = before.into_iter().filter_map(named).collect();
            let in_handler = std::iter::once(id).chain(self.around(id)).any(|id| self.in_handler.contains(&id));
            let name = statement.name.clone()?;
            let secret = name.starts_with("secret_");
            Some((name, Step { undo: step.clauses.undo().is_some(), in_handler, secret, before, beside, loops, repeats }))
        });
        steps.collect()
    }
}
