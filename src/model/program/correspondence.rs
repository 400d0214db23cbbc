//! Which statements of a program are those of another one that it was changed from.

use crate::program::{Body, BodyId, Handler, Program, Statement, StatementId, StatementKind, Workflow, WorkflowId};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem::Discriminant;
use std::sync::Arc;

/// A statement of a program.
type Place = (WorkflowId, StatementId);

/// What a statement is known by in its body: its name, or where it has none its sort and the names in it.
type Mark = (Discriminant<StatementKind>, Vec<Arc<str>>);

/// For statements of a program the ones of a former program that they come from.
///
/// Workflows and what has a name are known by their names, in the block that they stand in. What has no name is known by the names
/// inside it where they are the same, otherwise by its place among those of its sort.
#[derive(Clone, Debug, Default)]
pub struct Correspondence {
    former: BTreeMap<Place, Place>,
    later: BTreeMap<Place, Place>,
}

impl Correspondence {
    /// Compares two programs; linear in their sizes, times the depth of blocks without names.
    #[must_use]
    pub fn between(former: &Program, later: &Program) -> Self {
        let mut found = Self::default();
        let mut known: HashMap<&str, VecDeque<(WorkflowId, &Workflow)>> = HashMap::new();
        for (id, workflow) in former.workflows.iter() {
            known.entry(&*workflow.name).or_default().push_back((id, workflow));
        }
        for (id, workflow) in later.workflows.iter() {
            if let Some((before, source)) = known.get_mut(&*workflow.name).and_then(VecDeque::pop_front) {
                found.compare((before, source), (id, workflow));
            }
        }
        found
    }

    /// The statement of the former program.
    #[must_use]
    pub fn former(&self, workflow: WorkflowId, statement: StatementId) -> Option<(WorkflowId, StatementId)> {
        self.former.get(&(workflow, statement)).copied()
    }

    /// The statement that one of the former program has become.
    #[must_use]
    pub fn later(&self, workflow: WorkflowId, statement: StatementId) -> Option<(WorkflowId, StatementId)> {
        self.later.get(&(workflow, statement)).copied()
    }

    fn compare(&mut self, (before, source): (WorkflowId, &Workflow), (after, target): (WorkflowId, &Workflow)) {
        let mut open = vec![(source.root, target.root)];
        while let Some((old, new)) = open.pop() {
            let (Some(old), Some(new)) = (source.bodies.get(old), target.bodies.get(new)) else { continue };
            open.extend(handlers(&old.handlers, &new.handlers));
            for (old, new) in pairs((source, old), (target, new)) {
                self.former.insert((after, new), (before, old));
                self.later.insert((before, old), (after, new));
                if let (Some(old), Some(new)) = (source.statements.get(old), target.statements.get(new)) {
                    open.extend(inside(&old.kind, &new.kind));
                    open.extend(handlers(old.kind.handlers(), new.kind.handlers()));
                }
            }
        }
    }
}

/// The bodies of two blocks of one sort.
fn inside(old: &StatementKind, new: &StatementKind) -> Vec<(BodyId, BodyId)> {
    match (old, new) {
        (StatementKind::If(old), StatementKind::If(new)) => {
            let branches = old.branches.iter().zip(&new.branches).map(|(old, new)| (old.body, new.body));
            branches.chain(old.otherwise.zip(new.otherwise)).collect()
        }
        _ => old.bodies().into_iter().zip(new.bodies()).collect(),
    }
}

/// The bodies of handlers that run for the same cause, in their order.
fn handlers(old: &[Handler], new: &[Handler]) -> Vec<(BodyId, BodyId)> {
    let mut left: Vec<&Handler> = old.iter().rev().collect();
    let mut take = |handler: &Handler| {
        let place = left.iter().rposition(|old| old.cause == handler.cause)?;
        Some((left.remove(place).body, handler.body))
    };
    new.iter().filter_map(&mut take).collect()
}

/// The statements of two bodies that are the same.
fn pairs((source, old): (&Workflow, &Body), (target, new): (&Workflow, &Body)) -> Vec<(StatementId, StatementId)> {
    let mut named: HashMap<&str, VecDeque<StatementId>> = HashMap::new();
    let mut marked: HashMap<Mark, VecDeque<StatementId>> = HashMap::new();
    for (id, statement) in statements(source, old) {
        match &statement.name {
            Some(name) => named.entry(&**name).or_default().push_back(id),
            None => marked.entry(mark(source, statement)).or_default().push_back(id),
        }
    }
    let (mut pairs, mut strange) = (Vec::new(), Vec::new());
    for (id, statement) in statements(target, new) {
        let before = match &statement.name {
            Some(name) => {
                let before = named.get_mut(&**name).and_then(VecDeque::pop_front);
                before.filter(|before| is_alike(source, *before, statement))
            }
            None => marked.get_mut(&mark(target, statement)).and_then(VecDeque::pop_front),
        };
        match before {
            Some(before) => pairs.push((before, id)),
            None if statement.name.is_none() => strange.push((id, statement)),
            None => {}
        }
    }
    let mut left: Vec<StatementId> = marked.into_values().flatten().collect();
    left.sort_unstable();
    for (id, statement) in strange {
        if let Some(place) = left.iter().position(|before| is_alike(source, *before, statement)) {
            pairs.push((left.remove(place), id));
        }
    }
    pairs
}

fn statements<'a>(workflow: &'a Workflow, body: &'a Body) -> impl Iterator<Item = (StatementId, &'a Statement)> {
    body.statements.iter().filter_map(|id| Some((*id, workflow.statements.get(*id)?)))
}

fn is_alike(workflow: &Workflow, former: StatementId, statement: &Statement) -> bool {
    let former = workflow.statements.get(former);
    former.is_some_and(|former| std::mem::discriminant(&former.kind) == std::mem::discriminant(&statement.kind))
}

/// The sort of a statement, and every name inside it.
fn mark(workflow: &Workflow, statement: &Statement) -> Mark {
    let mut names = Vec::new();
    if let StatementKind::Checkpoint(name) = &statement.kind {
        names.push(name.clone());
    }
    let mut open = statement.kind.bodies();
    while let Some(body) = open.pop() {
        let Some(body) = workflow.bodies.get(body) else { continue };
        for (_, statement) in statements(workflow, body) {
            names.extend(statement.name.clone());
            open.extend(statement.kind.bodies());
        }
    }
    (std::mem::discriminant(&statement.kind), names)
}

#[cfg(test)]
mod tests {
    use super::Correspondence;
    use crate::expression::{Expression, ExpressionKind};
    use crate::program::{
        Body, BodyId, Branch, If, Let, Program, Statement, StatementId, StatementKind, Table, Workflow, WorkflowId,
    };
    use crate::span::Span;
    use crate::types::Type;
    use crate::value::Value;

    fn statement(name: Option<&str>, kind: StatementKind) -> Statement {
        let name = name.map(Into::into);
        Statement { name, doc: None, value: None, after: Vec::new(), when: None, kind, span: Span::default() }
    }

    fn literal() -> Expression {
        Expression { kind: ExpressionKind::Literal(Value::Null), type_: Type::Unknown, span: Span::default() }
    }

    /// A program of `let`s, and of `if`s that each hold one `let`, which are written with `?`.
    fn program(text: &str) -> Program {
        let mut workflow = Workflow::empty("main".into(), "/".into(), Span::default());
        workflow.root = workflow.bodies.add(Body::default());
        for word in text.split_whitespace() {
            let (is_if, name) = word.strip_prefix('?').map_or((false, word), |name| (true, name));
            let binding = statement(Some(name), StatementKind::Let(Let { expression: literal() }));
            let mut id = workflow.statements.add(binding);
            if is_if {
                let body = workflow.bodies.add(Body { statements: vec![id], ..Body::default() });
                let branches = vec![Branch { condition: literal(), body }];
                id = workflow.statements.add(statement(None, StatementKind::If(If { branches, otherwise: None })));
            }
            workflow.bodies.get_mut(BodyId(0)).unwrap().statements.push(id);
        }
        let mut workflows = Table::default();
        workflows.add(workflow);
        Program { workflows, globals: Table::default(), sources: Vec::new() }
    }

    /// For the statements of the later program, the numbers of those that they were.
    fn compared(former: &str, later: &str) -> Vec<Option<u32>> {
        let (former, later) = (program(former), program(later));
        let found = Correspondence::between(&former, &later);
        let main = WorkflowId(0);
        let count = later.workflows.get(main).unwrap().statements.len();
        let one = |number| {
            let before = found.former(main, StatementId(number));
            assert!(before.is_none_or(|(_, before)| found.later(main, before) == Some((main, StatementId(number)))));
            before.map(|(_, before)| before.0)
        };
        (0..u32::try_from(count).unwrap()).map(one).collect()
    }

    #[test]
    fn what_has_a_name_is_known_by_it() {
        assert_eq!(compared("a b c", "c x a"), [Some(2), None, Some(0)]);
    }

    #[test]
    fn what_has_none_is_known_by_what_is_inside_else_by_its_place() {
        assert_eq!(compared("?a ?b", "?x ?a ?b"), [None, None, Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(compared("?a ?b", "?a ?c"), [Some(0), Some(1), None, Some(3)]);
        assert_eq!(compared("?a", "a"), [None]);
    }
}
