//! In which order steps are undone: the reverse of the order in which they had to run.
//!
//! Each statement of a traced body is a pair of vertices, the beginning and the end of its undoing, which are one for a step; so
//! order goes through statements that have nothing to undo as well. An edge leads from the end of a user to the beginning of
//! what it waited for.

use super::plan::Plan;
use super::trace::{BodyTrace, Trace, Undoable};
use std::collections::HashMap;
use std::sync::Arc;
use wf_model::event::{InstanceId, SettledUndo};
use wf_model::program::{Callee, Program, StatementId, StatementKind, WorkflowId};

/// What is undone, and what waits for what; vertices are numbered from zero.
#[derive(Debug, Default)]
pub(super) struct UndoGraph {
    vertices: Vec<Vertex>,
}

#[derive(Debug, Default)]
struct Vertex {
    work: Option<Box<Undoable>>,
    waiting: u32,
    /// What must not be undone unless this is.
    dependents: Vec<usize>,
    /// What only comes later.
    followers: Vec<usize>,
    /// Whether something before it could not be undone.
    blocked: bool,
    /// Whether something that it stands for could not be undone earlier.
    stuck: bool,
    /// Whether it ended well.
    over: bool,
}

/// What becomes of a vertex that waits for nothing more.
#[derive(Debug)]
pub(super) enum Due {
    /// There is nothing to do.
    Nothing,
    /// A step is to be undone.
    Undo(Box<Undoable>),
    /// A step must not be undone, because something that stands on it could not be.
    Blocked(Option<Box<Undoable>>),
}

impl UndoGraph {
    /// The order of undoing what attempts of one body did, which followed each other.
    pub(super) fn new(program: &Program, plan: &mut dyn FnMut(WorkflowId) -> Arc<Plan>, bodies: Vec<BodyTrace>) -> Self {
        let mut builder = Builder::new(program, plan);
        let (start, finish) = (builder.vertex(None), builder.vertex(None));
        builder.arrange(bodies, None, 0, true, start, finish);
        while let Some(task) = builder.open.pop() {
            builder.expand(task);
        }
        builder.finish()
    }

    /// How many have not ended well.
    pub(super) fn left(&self) -> usize {
        self.vertices.iter().filter(|vertex| !vertex.over).count()
    }

    /// Those that have not ended well and wait for nothing.
    pub(super) fn first(&self) -> Vec<usize> {
        let first = self.vertices.iter().enumerate().filter(|(_, vertex)| vertex.waiting == 0 && !vertex.over);
        first.map(|(index, _)| index).collect()
    }

    /// The steps that are still to be undone, in the order in which they came to be.
    pub(super) fn steps(&self) -> Vec<InstanceId> {
        let left = self.vertices.iter().filter(|vertex| !vertex.over);
        let mut steps: Vec<InstanceId> = left.filter_map(|vertex| Some(vertex.work.as_ref()?.instance.id)).collect();
        steps.sort_unstable();
        steps
    }

    /// Begins again with what did not end well, but for steps that somebody took care of. What could not be undone inside of it
    /// earlier is expected to be undone by now.
    pub(super) fn reopen(&mut self, settled: &[SettledUndo]) {
        let mut waiting = vec![0_u32; self.vertices.len()];
        for vertex in self.vertices.iter().filter(|vertex| !vertex.over) {
            for &next in vertex.dependents.iter().chain(&vertex.followers) {
                if let Some(count) = waiting.get_mut(next) {
                    *count += 1;
                }
            }
        }
        for (vertex, waiting) in self.vertices.iter_mut().zip(waiting) {
            (vertex.waiting, vertex.blocked, vertex.stuck) = (waiting, false, false);
            let is_settled = |work: &Undoable| settled.iter().any(|settled| settled.step == work.instance.id);
            if vertex.work.as_deref().is_some_and(is_settled) {
                vertex.work = None;
            }
        }
    }

    /// Takes what is to be done at a vertex that waits for nothing more.
    pub(super) fn take(&mut self, index: usize) -> Due {
        let Some(vertex) = self.vertices.get_mut(index) else { return Due::Nothing };
        match vertex.work.clone() {
            work if vertex.blocked => Due::Blocked(work),
            _ if vertex.stuck => Due::Blocked(None),
            Some(work) => Due::Undo(work),
            None => Due::Nothing,
        }
    }

    /// Takes in how a vertex ended; gives those that wait for nothing more now.
    pub(super) fn ended(&mut self, index: usize, well: bool) -> Vec<usize> {
        let Some(vertex) = self.vertices.get_mut(index) else { return Vec::new() };
        vertex.over = well;
        let (dependents, followers) = if well {
            vertex.work = None;
            (std::mem::take(&mut vertex.dependents), std::mem::take(&mut vertex.followers))
        } else {
            // They are needed once more where somebody mends what failed.
            (vertex.dependents.clone(), vertex.followers.clone())
        };
        let all = dependents.into_iter().map(|index| (index, !well)).chain(followers.into_iter().map(|index| (index, false)));
        let mut due = Vec::new();
        for (index, blocked) in all {
            let Some(vertex) = self.vertices.get_mut(index) else { continue };
            vertex.blocked |= blocked;
            vertex.waiting = vertex.waiting.saturating_sub(1);
            if vertex.waiting == 0 {
                due.push(index);
            }
        }
        due
    }

    fn connect(&mut self, before: usize, after: usize) {
        if let Some(vertex) = self.vertices.get_mut(before) {
            vertex.dependents.push(after);
        }
        if let Some(vertex) = self.vertices.get_mut(after) {
            vertex.waiting += 1;
        }
    }

    fn follow(&mut self, before: usize, after: usize) {
        if let Some(vertex) = self.vertices.get_mut(before) {
            vertex.followers.push(after);
        }
        if let Some(vertex) = self.vertices.get_mut(after) {
            vertex.waiting += 1;
        }
    }

    /// Takes back the edge that was connected last.
    fn disconnect(&mut self, before: usize, after: usize) {
        if let Some(vertex) = self.vertices.get_mut(before) {
            vertex.dependents.pop();
        }
        if let Some(vertex) = self.vertices.get_mut(after) {
            vertex.waiting = vertex.waiting.saturating_sub(1);
        }
    }

    /// Whether everything can come to its turn (Kahn).
    fn is_acyclic(&self) -> bool {
        let mut waiting: Vec<u32> = self.vertices.iter().map(|vertex| vertex.waiting).collect();
        let mut open = self.first();
        let mut seen = 0;
        while let Some(vertex) = open.pop().and_then(|index| self.vertices.get(index)) {
            seen += 1;
            for &next in vertex.dependents.iter().chain(&vertex.followers) {
                let Some(count) = waiting.get_mut(next) else { continue };
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.push(next);
                }
            }
        }
        seen == self.vertices.len()
    }
}

/// Statements are found again in the innermost scope around their user: iterations, rounds and attempts have their own.
type Scope = usize;

struct Builder<'a> {
    program: &'a Program,
    plan: &'a mut dyn FnMut(WorkflowId) -> Arc<Plan>,
    graph: UndoGraph,
    open: Vec<Opened>,
    /// For each scope, the one around it.
    scopes: Vec<Option<Scope>>,
    /// The beginnings of statements.
    places: HashMap<(Scope, StatementId), usize>,
    /// The end of a user, and what it waited for in another body.
    outside: Vec<(usize, Scope, WorkflowId, StatementId)>,
}

struct Opened {
    body: BodyTrace,
    scope: Scope,
    start: usize,
    finish: usize,
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, plan: &'a mut dyn FnMut(WorkflowId) -> Arc<Plan>) -> Self {
        Self {
            program,
            plan,
            graph: UndoGraph::default(),
            open: Vec::new(),
            scopes: vec![None],
            places: HashMap::new(),
            outside: Vec::new(),
        }
    }

    fn vertex(&mut self, work: Option<Box<Undoable>>) -> usize {
        self.graph.vertices.push(Vertex { work, ..Vertex::default() });
        self.graph.vertices.len() - 1
    }

    /// Puts bodies between two vertices: the last first, or side by side.
    fn arrange(
        &mut self,
        bodies: Vec<BodyTrace>,
        side_by_side: Option<usize>,
        around: Scope,
        own_scopes: bool,
        start: usize,
        finish: usize,
    ) {
        let mut before = start;
        let mut ends = Vec::with_capacity(bodies.len());
        for (index, body) in bodies.into_iter().rev().enumerate() {
            let scope = if own_scopes { self.scope(Some(around)) } else { around };
            let (first, last) = (self.vertex(None), self.vertex(None));
            self.graph.connect(before, first);
            match side_by_side {
                None => before = last,
                Some(max) => {
                    self.graph.connect(last, finish);
                    if let Some(&earlier) = index.checked_sub(max.max(1)).and_then(|index| ends.get(index)) {
                        self.graph.follow(earlier, first);
                    }
                }
            }
            ends.push(last);
            self.open.push(Opened { body, scope, start: first, finish: last });
        }
        if side_by_side.is_none() || ends.is_empty() {
            self.graph.connect(before, finish);
        }
    }

    fn scope(&mut self, around: Option<Scope>) -> Scope {
        self.scopes.push(around);
        self.scopes.len() - 1
    }

    fn expand(&mut self, opened: Opened) {
        let Opened { mut body, scope, start, finish } = opened;
        if body.stuck
            && let Some(vertex) = self.graph.vertices.get_mut(finish)
        {
            vertex.stuck = true;
        }
        let program = self.program;
        let plan = (self.plan)(body.workflow);
        let bodies = program.workflows.get(body.workflow).map(|workflow| &workflow.bodies);
        let statements = bodies.and_then(|bodies| bodies.get(body.body)).map_or(&[][..], |body| &body.statements);
        let mut pairs = Vec::with_capacity(statements.len());
        for (position, &statement) in statements.iter().enumerate() {
            let trace = body.statements.remove(&position);
            let traced = trace.is_some();
            let (first, last) = self.statement(body.workflow, statement, trace.unwrap_or_default(), scope);
            self.places.insert((scope, statement), first);
            let Some(place) = plan.place(statement) else { continue };
            let within = if traced { &[][..] } else { &place.outside_inside };
            let targets = place.outside.iter().chain(within);
            self.outside.extend(targets.map(|&target| (last, scope, body.workflow, target)));
            pairs.push((first, last, place));
        }
        for &(first, last, place) in &pairs {
            for &(_, user, _) in place.successors.iter().filter_map(|&successor| pairs.get(successor)) {
                self.graph.connect(user, first);
            }
            if place.successors.is_empty() {
                self.graph.connect(start, first);
            }
            if place.predecessors == 0 {
                self.graph.connect(last, finish);
            }
        }
    }

    /// The vertices of a statement.
    fn statement(&mut self, workflow: WorkflowId, id: StatementId, trace: Trace, scope: Scope) -> (usize, usize) {
        let Trace { own, inside, side_by_side, stuck } = trace;
        let first = self.vertex(own);
        if inside.is_empty() && !stuck {
            return (first, first);
        }
        let last = self.vertex(None);
        if let Some(vertex) = self.graph.vertices.get_mut(last) {
            vertex.stuck = stuck;
        }
        let (scope, own_scopes) = match self.scoping(workflow, id) {
            Scoping::Child => (self.scope(None), true),
            Scoping::Many => (scope, true),
            Scoping::Same => (scope, false),
        };
        self.arrange(inside, side_by_side, scope, own_scopes, first, last);
        (first, last)
    }

    fn scoping(&self, workflow: WorkflowId, id: StatementId) -> Scoping {
        let workflow = self.program.workflows.get(workflow);
        let Some(kind) = workflow.and_then(|workflow| workflow.statements.get(id)).map(|statement| &statement.kind) else {
            return Scoping::Same;
        };
        let again = |body| {
            let body = workflow.and_then(|workflow| workflow.bodies.get(body));
            body.is_some_and(|body| body.clauses.retry.is_some())
        };
        match kind {
            StatementKind::Step(step) if matches!(step.invocation.callee, Callee::Workflow(_)) => Scoping::Child,
            StatementKind::ForEach(_) | StatementKind::Repeat(_) => Scoping::Many,
            kind if kind.bodies().into_iter().any(again) => Scoping::Many,
            _ => Scoping::Same,
        }
    }

    fn finish(mut self) -> UndoGraph {
        let outside = std::mem::take(&mut self.outside);
        let edges: Vec<(usize, usize)> = outside
            .into_iter()
            .filter_map(|(user, scope, workflow, target)| Some((user, self.place(scope, workflow, target)?)))
            .collect();
        for &(user, target) in &edges {
            self.graph.connect(user, target);
        }
        // A run that did this was in order, so this is too; but a rollback must come to its end even where that is wrong.
        if !self.graph.is_acyclic() {
            for &(user, target) in edges.iter().rev() {
                self.graph.disconnect(user, target);
            }
        }
        self.graph
    }

    /// Where the undoing of a statement, or of the block around it that did something, begins.
    fn place(&mut self, scope: Scope, workflow: WorkflowId, target: StatementId) -> Option<usize> {
        let plan = (self.plan)(workflow);
        let mut statement = Some(target);
        while let Some(current) = statement {
            let mut at = Some(scope);
            while let Some(scope) = at {
                if let Some(&place) = self.places.get(&(scope, current)) {
                    return Some(place);
                }
                at = self.scopes.get(scope).copied().flatten();
            }
            statement = plan.block_around(current);
        }
        None
    }
}

/// Which names the bodies of a statement see.
enum Scoping {
    /// Those around it; there is one body.
    Same,
    /// Those around it; there are several.
    Many,
    /// Only their own.
    Child,
}
