//! The condition of a step in the source that its run kept, and what its names were.

use super::loops::{Lists, blocks_around};
use std::collections::BTreeSet;
use wf_model::event::without_places;
use wf_model::expression::Expression;
use wf_model::program::{Callee, Program, Statement, StatementId, StatementKind, ValueOrigin, Workflow, WorkflowId};
use wf_model::run::{RunRecord, Status};
use wf_model::source::Sources;
use wf_store::Definition;

/// A longer value is cut.
const LONGEST_VALUE: usize = 80;

/// What conditions are read from.
pub(super) struct Conditions<'a> {
    pub(super) program: &'a Program,
    pub(super) workflow: WorkflowId,
    pub(super) sources: &'a Sources,
    pub(super) definition: &'a Definition,
}

/// Where a step stands.
struct Place<'a> {
    /// Whether its workflow is called by another.
    is_called: bool,
    workflow: &'a Workflow,
    step: StatementId,
    statement: &'a Statement,
}

impl<'a> Place<'a> {
    /// The condition of the branch of the innermost `if` around it, and the words before it: for `else` the last condition that did not hold.
    fn branch(&self) -> Option<(&'static str, &'a Expression)> {
        let around = blocks_around(self.workflow, self.step);
        let (choice, body) = around.iter().find_map(|(statement, body)| match &statement.kind {
            StatementKind::If(choice) => Some((choice, *body)),
            _ => None,
        })?;
        match choice.branches.iter().position(|branch| branch.body == body) {
            Some(0) => Some(("if", &choice.branches.first()?.condition)),
            Some(index) => Some(("else if", &choice.branches.get(index)?.condition)),
            None => Some(("else behind if", &choice.branches.last()?.condition)),
        }
    }
}

impl<'a> Conditions<'a> {
    /// The statement at a path.
    pub(super) fn statement(&self, path: &str) -> Option<&'a Statement> {
        self.place(path).map(|place| place.statement)
    }

    fn place(&self, path: &str) -> Option<Place<'a>> {
        let (mut id, mut found) = (self.workflow, None);
        for name in without_places(path).split('.') {
            let workflow = self.program.workflows.get(id)?;
            let mut statements = workflow.statements.iter();
            let (step, statement) = statements.find(|(_, statement)| statement.name.as_deref() == Some(name))?;
            found = Some(Place { is_called: id != self.workflow, workflow, step, statement });
            if let StatementKind::Step(step) = &statement.kind
                && let Callee::Workflow(callee) = step.invocation.callee
            {
                id = callee;
            }
        }
        found
    }

    /// The names that the conditions of a step, of its undo and of its branch look at.
    pub(super) fn names(&self, path: &str) -> BTreeSet<&'a str> {
        let Some(place) = self.place(path) else { return BTreeSet::new() };
        let own = [condition(place.statement, false), condition(place.statement, true)].into_iter().flatten();
        let all = own.chain(place.branch().map(|(_, when)| when));
        let named = all.flat_map(|when| when.walk().filter_map(Expression::named_value));
        named.filter_map(|id| Some(&*place.workflow.values.get(id)?.name)).collect()
    }

    /// `when who == "x"`, and what its names were.
    pub(super) fn of(&self, record: &RunRecord, lists: &Lists, path: &str, is_undo: bool) -> Option<String> {
        let place = self.place(path)?;
        let when = condition(place.statement, is_undo)?;
        Some(format!("`{}`{}", self.text(when), self.values(record, lists, path, &place, when)))
    }

    /// The condition of the branch that a step stands in, and what its names were.
    pub(super) fn of_branch(&self, record: &RunRecord, lists: &Lists, path: &str) -> Option<String> {
        let place = self.place(path)?;
        let (word, when) = place.branch()?;
        Some(format!("`{word} {}`{}", self.text(when), self.values(record, lists, path, &place, when)))
    }

    fn text(&self, when: &Expression) -> String {
        self.sources.slice(when.span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn values(&self, record: &RunRecord, lists: &Lists, path: &str, place: &Place<'_>, when: &Expression) -> String {
        let names: BTreeSet<_> = when.walk().filter_map(Expression::named_value).collect();
        let values = names.into_iter().filter_map(|id| {
            let declared = place.workflow.values.get(id)?;
            let value = match declared.origin {
                ValueOrigin::LoopVariable => cut(lists.value(place.workflow, place.step, path, id)?.to_json().to_string()),
                ValueOrigin::Parameter if place.is_called => return None,
                origin => self.value(record, path, &declared.name, origin)?,
            };
            Some(format!("{} was {value}", declared.name))
        });
        let values: Vec<String> = values.collect();
        if values.is_empty() { String::new() } else { format!("; {}", values.join(", ")) }
    }

    fn value(&self, record: &RunRecord, path: &str, name: &str, origin: ValueOrigin) -> Option<String> {
        let around = without_places(path).rsplit_once('.').map_or("", |(around, _)| around);
        match origin {
            ValueOrigin::Secret => Some("***".to_owned()),
            ValueOrigin::Parameter => {
                let given = self.definition.arguments.iter().find(|given| *given.name == *name)?;
                Some(cut(given.value.to_json().to_string()))
            }
            ValueOrigin::LoopVariable => None,
            ValueOrigin::Let | ValueOrigin::Step | ValueOrigin::Block => {
                let places = path.strip_prefix(without_places(path)).unwrap_or("");
                // It stands beside the step, or in a block around it.
                let mut around = Some(around);
                while let Some(prefix) = around {
                    let plain = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
                    let found = record.at(&format!("{plain}{places}")).or_else(|| record.at(&plain));
                    if let Some(found) = found {
                        return shown(&found.status);
                    }
                    around = (!prefix.is_empty()).then(|| prefix.rsplit_once('.').map_or("", |(outer, _)| outer));
                }
                None
            }
        }
    }
}

fn condition(statement: &Statement, is_undo: bool) -> Option<&Expression> {
    if is_undo { statement.kind.step()?.clauses.undo()?.when.as_ref() } else { statement.when.as_ref() }
}

fn shown(status: &Status) -> Option<String> {
    match status {
        Status::Succeeded(value) | Status::Cached(value) => Some(cut(value.to_json().to_string())),
        Status::Skipped(_) | Status::Failed { .. } | Status::Cancelled(_) => Some("null".to_owned()),
        Status::Ready | Status::Locked { .. } | Status::Waiting { .. } | Status::Running | Status::Retrying(_) => None,
    }
}

fn cut(text: String) -> String {
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    text.chars().take(LONGEST_VALUE).collect::<String>() + "…"
}
