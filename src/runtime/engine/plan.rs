//! What follows from a workflow's tables alone: who waits for whom, and how much stands behind each statement.

use std::collections::BTreeSet;
use wf_model::expression::{Expression, ValueId};
use wf_model::program::{BodyId, Handler, StatementId, StatementKind, Table, Wait, Workflow};

/// Tables beside those of a workflow.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// For each statement.
    statements: Table<StatementId, Place>,
    /// For each body, the block that it belongs to; `None` for the workflow's own and for bodies that nothing reaches.
    owners: Table<BodyId, Option<StatementId>>,
    /// The bodies of handlers.
    handlers: BTreeSet<BodyId>,
}

/// Where a statement stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The body, and the place in it.
    pub(super) body: Option<BodyId>,
    /// The place in its body.
    pub(super) position: usize,
    /// The innermost `for each` around it.
    pub(super) around: Option<StatementId>,
    /// Statements of the same body that wait for it, by their positions.
    pub(super) successors: Vec<usize>,
    /// For how many of the same body it waits.
    pub(super) predecessors: u32,
    /// Statements of other bodies that it waits for.
    pub(super) outside: Vec<StatementId>,
    /// Whether statements of other bodies wait for it.
    pub(super) watched: bool,
    /// Of a block: statements inside it that others wait for.
    pub(super) watched_inside: Vec<StatementId>,
    /// Of a block: statements outside it that those inside wait for.
    pub(super) outside_inside: Vec<StatementId>,
    /// How many statements come behind it on the longest path.
    pub(super) rank: u32,
    /// Values that the undo of a step uses, its own among them.
    pub(super) undo_uses: Vec<ValueId>,
    /// Of a step: whether nobody reads its value.
    pub(super) is_unread: bool,
}

impl Plan {
    /// Reads the tables; linear in their size, times the depth of blocks for dependencies that leave a body.
    pub(super) fn new(workflow: &Workflow) -> Self {
        let mut plan = Self::default();
        for _ in workflow.statements.iter() {
            plan.statements.add(Place::default());
        }
        for _ in workflow.bodies.iter() {
            plan.owners.add(None);
        }
        let order = plan.place_bodies(workflow);
        plan.find_undo_uses(workflow);
        plan.find_unread(workflow);
        plan.link(workflow);
        plan.rank(workflow, &order);
        plan
    }

    /// Where a statement stands.
    pub(super) fn place(&self, statement: StatementId) -> Option<&Place> {
        self.statements.get(statement)
    }

    /// Walks down from the root; gives the bodies, each before those inside it.
    fn place_bodies(&mut self, workflow: &Workflow) -> Vec<BodyId> {
        let mut order = Vec::new();
        let mut open = vec![(workflow.root, None)];
        let mut seen = BTreeSet::new();
        while let Some((body, around)) = open.pop() {
            let Some(content) = workflow.bodies.get(body) else { continue };
            if !seen.insert(body) {
                continue;
            }
            order.push(body);
            let owner = self.owner(body);
            for handler in &content.handlers {
                self.place_handler(handler, owner, around, &mut open);
            }
            for (position, &id) in content.statements.iter().enumerate() {
                let (Some(place), Some(statement)) = (self.statements.get_mut(id), workflow.statements.get(id)) else { continue };
                (place.body, place.position, place.around) = (Some(body), position, around);
                for handler in statement.kind.handlers() {
                    self.place_handler(handler, Some(id), around, &mut open);
                }
                let inside = if matches!(statement.kind, StatementKind::ForEach(_)) { Some(id) } else { around };
                for inner in statement.kind.bodies() {
                    open.push((inner, inside));
                    if let Some(owner) = self.owners.get_mut(inner) {
                        *owner = Some(id);
                    }
                }
            }
        }
        order
    }

    fn place_handler(
        &mut self,
        handler: &Handler,
        owner: Option<StatementId>,
        around: Option<StatementId>,
        open: &mut Vec<(BodyId, Option<StatementId>)>,
    ) {
        self.handlers.insert(handler.body);
        if let Some(slot) = self.owners.get_mut(handler.body) {
            *slot = owner;
        }
        open.push((handler.body, around));
    }

    fn find_undo_uses(&mut self, workflow: &Workflow) {
        for (id, statement) in workflow.statements.iter() {
            let Some(undo) = statement.kind.step().and_then(|step| step.clauses.undo()) else { continue };
            let uses: BTreeSet<ValueId> =
                undo.expressions().flat_map(Expression::walk).filter_map(Expression::named_value).collect();
            if let Some(place) = self.statements.get_mut(id) {
                place.undo_uses = uses.into_iter().collect();
            }
        }
    }

    /// Finds steps whose value goes nowhere: no expression names it, it is no result of a race, and no later run can take it over.
    fn find_unread(&mut self, workflow: &Workflow) {
        let named: BTreeSet<ValueId> = workflow.statements.iter().filter_map(|(_, statement)| statement.value).collect();
        let used = workflow.first_uses(&named);
        let races = workflow.statements.iter().filter_map(|(_, statement)| match &statement.kind {
            StatementKind::Parallel(parallel) if parallel.wait != Wait::All => Some(parallel.body),
            _ => None,
        });
        let races: BTreeSet<BodyId> = races.collect();
        for (id, statement) in workflow.statements.iter() {
            let (Some(step), Some(place)) = (statement.kind.step(), self.statements.get_mut(id)) else { continue };
            let is_used = statement.value.is_some_and(|value| used.contains_key(&value));
            let races = place.body.is_some_and(|body| races.contains(&body));
            let own = statement.expressions_with_result().flat_map(Expression::walk);
            let is_own = |expression: &Expression| {
                expression.is_result() || expression.named_value().is_some_and(|value| statement.value == Some(value))
            };
            let is_kept = step.invocation.decode.is_some() || step.clauses.cache.is_some();
            place.is_unread = !(is_used || races || is_kept || own.into_iter().any(is_own));
        }
    }

    fn link(&mut self, workflow: &Workflow) {
        for (user, statement) in workflow.statements.iter() {
            let targets: BTreeSet<StatementId> =
                statement.after.iter().filter_map(|edge| self.lifted(workflow, user, edge.on)).collect();
            for target in targets {
                self.connect(user, target);
            }
        }
    }

    fn connect(&mut self, user: StatementId, target: StatementId) {
        let body = |plan: &Self, id| plan.place(id).and_then(|place| place.body);
        let position = self.place(user).map_or(0, |place| place.position);
        if body(self, user) == body(self, target) {
            if let Some(place) = self.statements.get_mut(target) {
                place.successors.push(position);
            }
            if let Some(place) = self.statements.get_mut(user) {
                place.predecessors += 1;
            }
            return;
        }
        if let Some(place) = self.statements.get_mut(user) {
            place.outside.push(target);
        }
        let around = self.bodies_around(target);
        let mut body = self.place(user).and_then(|place| place.body);
        while let Some(owner) = body.filter(|body| !around.contains(body)).and_then(|body| self.owner(body)) {
            let Some(place) = self.statements.get_mut(owner) else { break };
            place.outside_inside.push(target);
            body = place.body;
        }
        self.watch(target);
    }

    /// The block or step that the body of a statement belongs to.
    pub(super) fn block_around(&self, statement: StatementId) -> Option<StatementId> {
        self.place(statement)?.body.and_then(|body| self.owner(body))
    }

    fn watch(&mut self, target: StatementId) {
        let Some(place) = self.statements.get_mut(target).filter(|place| !place.watched) else { return };
        place.watched = true;
        let mut owner = place.body.and_then(|body| self.owner(body));
        while let Some(place) = owner.and_then(|owner| self.statements.get_mut(owner)) {
            place.watched_inside.push(target);
            owner = place.body.and_then(|body| self.owner(body));
        }
    }

    fn owner(&self, body: BodyId) -> Option<StatementId> {
        self.owners.get(body).copied().flatten()
    }

    /// What `user` has to wait for where it names `target`: what stands inside a loop or a body that is tried again has ended only
    /// with that; a block around the user never ends before it.
    fn lifted(&self, workflow: &Workflow, user: StatementId, target: StatementId) -> Option<StatementId> {
        if self.place(user)?.body == self.place(target)?.body {
            return (user != target).then_some(target);
        }
        let around = self.bodies_around(user);
        // A handler runs when everything that it can name has ended.
        let handler = around.iter().find(|body| self.handlers.contains(body));
        if handler.is_some_and(|handler| !self.bodies_around(target).contains(handler)) {
            return None;
        }
        let (mut current, mut candidate) = (target, target);
        loop {
            let body = self.place(current)?.body?;
            if around.contains(&body) {
                break;
            }
            current = self.owner(body)?;
            let again = workflow.bodies.get(body).is_some_and(|body| body.clauses.retry.is_some());
            let kind = &workflow.statements.get(current)?.kind;
            if again || matches!(kind, StatementKind::ForEach(_) | StatementKind::Repeat(_)) {
                candidate = current;
            }
        }
        let encloses = around.iter().any(|&body| self.owner(body) == Some(candidate));
        (!encloses && candidate != user).then_some(candidate)
    }

    /// The bodies around a statement, innermost first.
    fn bodies_around(&self, statement: StatementId) -> Vec<BodyId> {
        let mut bodies = Vec::new();
        let mut body = self.place(statement).and_then(|place| place.body);
        while let Some(current) = body {
            bodies.push(current);
            body = self.owner(current).and_then(|owner| self.place(owner)).and_then(|place| place.body);
        }
        bodies
    }

    /// Longest paths: inner bodies first for their lengths, then outer ones first for what stands behind.
    fn rank(&mut self, workflow: &Workflow, order: &[BodyId]) {
        let mut lengths: Vec<u32> = vec![0; workflow.bodies.len()];
        let mut tails: Vec<u32> = vec![0; workflow.statements.len()];
        for &body in order.iter().rev() {
            let length = self.measure(workflow, body, &lengths, &mut tails);
            if let Some(slot) = lengths.get_mut(body.0 as usize) {
                *slot = length;
            }
        }
        for &body in order {
            let behind = self.owner(body).and_then(|owner| self.place(owner)).map_or(0, |place| place.rank);
            for &id in workflow.bodies.get(body).map_or(&[][..], |body| &body.statements) {
                let tail = tails.get(id.0 as usize).copied().unwrap_or_default();
                if let Some(place) = self.statements.get_mut(id) {
                    place.rank = tail.saturating_add(behind);
                }
            }
        }
    }

    /// Fills in how long the way behind each statement of `body` is inside it, and gives the length of its longest path.
    fn measure(&self, workflow: &Workflow, body: BodyId, lengths: &[u32], tails: &mut [u32]) -> u32 {
        let statements = workflow.bodies.get(body).map_or(&[][..], |body| &body.statements);
        let weight = |id: StatementId| {
            let inner = workflow.statements.get(id).map(|statement| statement.kind.bodies()).unwrap_or_default();
            inner.iter().filter_map(|body| lengths.get(body.0 as usize)).max().map_or(1, |longest| longest.saturating_add(1))
        };
        let mut longest = 0;
        for &position in self.topological(statements).iter().rev() {
            let Some(&id) = statements.get(position) else { continue };
            let successors = self.place(id).map_or(&[][..], |place| &place.successors);
            let behind = successors.iter().filter_map(|&successor| statements.get(successor));
            let tail =
                behind.map(|&next| weight(next).saturating_add(tails.get(next.0 as usize).copied().unwrap_or_default())).max();
            if let Some(slot) = tails.get_mut(id.0 as usize) {
                *slot = tail.unwrap_or_default();
            }
            longest = longest.max(weight(id).saturating_add(tail.unwrap_or_default()));
        }
        longest
    }

    /// Positions of a body's statements that come before the one at `position`, at any distance.
    pub(super) fn before(&self, statements: &[StatementId], position: usize) -> BTreeSet<usize> {
        let mut predecessors: Vec<Vec<usize>> = vec![Vec::new(); statements.len()];
        for (index, &statement) in statements.iter().enumerate() {
            for &successor in self.place(statement).map_or(&[][..], |place| &place.successors) {
                if let Some(slot) = predecessors.get_mut(successor) {
                    slot.push(index);
                }
            }
        }
        let mut found = BTreeSet::new();
        let mut open = vec![position];
        while let Some(position) = open.pop() {
            for &before in predecessors.get(position).map_or(&[][..], Vec::as_slice) {
                if found.insert(before) {
                    open.push(before);
                }
            }
        }
        found
    }

    /// Positions of a body's statements, each behind what it waits for (Kahn); what stands on a cycle is left out.
    fn topological(&self, statements: &[StatementId]) -> Vec<usize> {
        let place = |position: usize| statements.get(position).and_then(|&id| self.place(id));
        let mut waiting: Vec<u32> =
            (0..statements.len()).map(|position| place(position).map_or(0, |place| place.predecessors)).collect();
        let mut order: Vec<usize> =
            waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(position, _)| position).collect();
        let mut next = 0;
        while let Some(&position) = order.get(next) {
            next += 1;
            for &successor in place(position).map_or(&[][..], |place| &place.successors) {
                let Some(count) = waiting.get_mut(successor) else { continue };
                *count = count.saturating_sub(1);
                if *count == 0 {
                    order.push(successor);
                }
            }
        }
        order
    }
}
