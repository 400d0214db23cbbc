//! How bodies and statements of a workflow nest.

use wf_model::program::{Body, BodyId, Place, Statement, StatementId, StatementKind, Table, Wait, Workflow};

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The workflow.
    Workflow,
    /// A block.
    Block(StatementId),
    /// A handler of a step.
    StepHandler(StatementId),
    /// A handler of another body.
    BodyHandler(BodyId),
}

/// Where a body stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// What it belongs to.
    pub(crate) owner: Owner,
    /// How many bodies it stands in.
    pub(crate) depth: u32,
    /// Whether its statements start together.
    pub(crate) parallel: bool,
    /// Whether a statement inside may end and start again, or may be cancelled by another, before the block has ended.
    pub(crate) unsettled: Unsettled,
}

/// Whether what a statement of a body gives can still change while the block goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsettled {
    /// It cannot.
    No,
    /// Its value can: another attempt of the block, or the end of a race.
    Value,
    /// There is one of each iteration.
    Iterations,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// The body that it stands in.
    pub(crate) body: BodyId,
    /// Its place there.
    pub(crate) position: u32,
}

/// How everything nests; statements of no body have no seat.
#[derive(Debug)]
pub(crate) struct Tree {
    seats: Vec<Option<Seat>>,
    rooms: Vec<Room>,
}

/// Where the ways from two statements up to the workflow meet: in the innermost body that holds both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting {
    /// The statement of that body that is or holds the first one.
    pub(crate) first: StatementId,
    /// The statement of that body that is or holds the second one; another one than `first`.
    pub(crate) second: StatementId,
}

impl Tree {
    /// Takes the nesting of `workflow` in.
    pub(crate) fn new(workflow: &Workflow) -> Self {
        let outer = Room { owner: Owner::Workflow, depth: 0, parallel: false, unsettled: Unsettled::No };
        let mut tree = Self { seats: vec![None; workflow.statements.len()], rooms: vec![outer; workflow.bodies.len()] };
        for (id, body) in workflow.bodies.iter() {
            tree.seat(id, body);
            for handler in &body.handlers {
                tree.own(handler.body, Owner::BodyHandler(id));
            }
        }
        for (id, statement) in workflow.statements.iter() {
            tree.own_blocks(id, statement, &workflow.bodies);
        }
        tree.measure(workflow);
        tree
    }

    /// Where a statement stands.
    pub(crate) fn seat_of(&self, statement: StatementId) -> Option<Seat> {
        self.seats.get(statement.index()).copied().flatten()
    }

    /// Where a body stands.
    pub(crate) fn room(&self, body: BodyId) -> Option<Room> {
        self.rooms.get(body.index()).copied()
    }

    /// The statement that a statement stands in, as part of its block or of a handler.
    pub(crate) fn holder(&self, statement: StatementId) -> Option<StatementId> {
        self.container(self.seat_of(statement)?.body)
    }

    /// The statement that holds a body, directly or as a handler of a body of its.
    pub(crate) fn container(&self, body: BodyId) -> Option<StatementId> {
        let mut body = body;
        loop {
            match self.room(body)?.owner {
                Owner::Workflow => return None,
                Owner::Block(statement) | Owner::StepHandler(statement) => return Some(statement),
                Owner::BodyHandler(outer) => body = outer,
            }
        }
    }

    /// The bodies around a statement from the innermost on, up to that of the workflow or of a handler, each with what it belongs to.
    pub(crate) fn bodies_around(&self, statement: StatementId) -> impl Iterator<Item = (BodyId, Owner)> {
        let at = |statement| {
            let body = self.seat_of(statement)?.body;
            Some((body, self.room(body)?.owner))
        };
        std::iter::successors(at(statement), move |(_, owner)| match owner {
            Owner::Block(block) => at(*block),
            Owner::Workflow | Owner::StepHandler(_) | Owner::BodyHandler(_) => None,
        })
    }

    /// The innermost body that holds both statements, and how it does; `None` where a handler parts them, where one holds the
    /// other, or where they stand in different parts of one statement.
    pub(crate) fn meet(&self, first: StatementId, second: StatementId) -> Option<Meeting> {
        let mut one = (Some(first), self.seat_of(first)?.body);
        let mut other = (Some(second), self.seat_of(second)?.body);
        while one.1 != other.1 {
            let (depth, other_depth) = (self.room(one.1)?.depth, self.room(other.1)?.depth);
            if depth >= other_depth {
                one = self.climb(one.1)?;
            }
            if other_depth >= depth {
                other = self.climb(other.1)?;
            }
        }
        let (first, second) = (one.0?, other.0?);
        (first != second).then_some(Meeting { first, second })
    }

    /// Whether `outer` is `inner` or holds it as part of a block; what stands in its handlers does not count.
    pub(crate) fn holds(&self, outer: StatementId, inner: StatementId) -> bool {
        let mut current = inner;
        loop {
            if current == outer {
                return true;
            }
            let owner = self.seat_of(current).and_then(|seat| self.room(seat.body)).map(|room| room.owner);
            let Some(Owner::Block(statement)) = owner else { return false };
            current = statement;
        }
    }

    /// The body around `body`, with the statement there that holds it; a handler is not held by a statement of its body.
    fn climb(&self, body: BodyId) -> Option<(Option<StatementId>, BodyId)> {
        match self.room(body)?.owner {
            Owner::Workflow => None,
            Owner::Block(statement) | Owner::StepHandler(statement) => Some((Some(statement), self.seat_of(statement)?.body)),
            Owner::BodyHandler(outer) => Some((None, outer)),
        }
    }

    fn seat(&mut self, id: BodyId, body: &Body) {
        for (statement, position) in body.statements.iter().zip(0_u32..) {
            if let Some(seat) = self.seats.get_mut(statement.index()) {
                *seat = Some(Seat { body: id, position });
            }
        }
    }

    fn own(&mut self, body: BodyId, owner: Owner) {
        if let Some(room) = self.rooms.get_mut(body.index()) {
            room.owner = owner;
        }
    }

    fn own_blocks(&mut self, id: StatementId, statement: &Statement, bodies: &Table<BodyId, Body>) {
        for body in statement.kind.bodies() {
            self.own(body, Owner::Block(id));
            let retried = bodies.get(body).is_some_and(|body| body.clauses.retry.is_some());
            if let Some(room) = self.rooms.get_mut(body.index()) {
                room.parallel = matches!(statement.kind, StatementKind::Parallel(_));
                room.unsettled = unsettled(&statement.kind, retried);
            }
        }
        for handler in statement.kind.handlers() {
            self.own(handler.body, Owner::StepHandler(id));
        }
    }

    /// Fills the depths, outer bodies before inner ones.
    fn measure(&mut self, workflow: &Workflow) {
        let outermost = |room: &Room| room.owner == Owner::Workflow;
        let mut left: Vec<_> =
            workflow.bodies.iter().map(|(id, _)| id).filter(|id| self.room(*id).is_some_and(|r| outermost(&r))).collect();
        while let Some(body) = left.pop() {
            let Some(inside) = self.room(body).map(|room| room.depth + 1) else { continue };
            for inner in bodies_inside(workflow, body) {
                if let Some(room) = self.rooms.get_mut(inner.index()) {
                    room.depth = inside;
                }
                left.push(inner);
            }
        }
    }
}

fn unsettled(kind: &StatementKind, retried: bool) -> Unsettled {
    match kind {
        StatementKind::ForEach(_) | StatementKind::Repeat(_) => Unsettled::Iterations,
        StatementKind::Parallel(parallel) if parallel.wait != Wait::All => Unsettled::Value,
        _ if retried => Unsettled::Value,
        _ => Unsettled::No,
    }
}

/// Bodies that stand directly inside `body`: of its handlers, its blocks and the handlers of its steps.
fn bodies_inside(workflow: &Workflow, body: BodyId) -> Vec<BodyId> {
    let Some(body) = workflow.bodies.get(body) else { return Vec::new() };
    let mut inside: Vec<_> = body.handlers.iter().map(|handler| handler.body).collect();
    for statement in body.statements.iter().filter_map(|id| workflow.statements.get(*id)) {
        inside.extend(statement.kind.bodies());
        inside.extend(statement.kind.handlers().iter().map(|handler| handler.body));
    }
    inside
}
