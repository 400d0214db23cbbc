//! The condition of a step in the source that its run kept, and what its names were.

use super::loops::Lists;
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

impl<'a> Conditions<'a> {
    /// The statement at a path, with its workflow.
    pub(super) fn statement(&self, path: &str) -> Option<(&'a Workflow, &'a Statement)> {
        self.place(path).map(|(workflow, _, statement)| (workflow, statement))
    }

    fn place(&self, path: &str) -> Option<(&'a Workflow, StatementId, &'a Statement)> {
        let mut workflow = self.program.workflows.get(self.workflow)?;
        let mut found = None;
        for name in without_places(path).split('.') {
            let mut statements = workflow.statements.iter();
            let (id, statement) = statements.find(|(_, statement)| statement.name.as_deref() == Some(name))?;
            found = Some((workflow, id, statement));
            if let StatementKind::Step(step) = &statement.kind
                && let Callee::Workflow(callee) = step.invocation.callee
            {
                workflow = self.program.workflows.get(callee)?;
            }
        }
        found
    }

    /// The names that the conditions of a step and of its undo look at.
    pub(super) fn names(&self, path: &str) -> BTreeSet<&'a str> {
        let Some((workflow, statement)) = self.statement(path) else { return BTreeSet::new() };
        let both = [condition(statement, false), condition(statement, true)].into_iter().flatten();
        let named = both.flat_map(|when| when.walk().filter_map(Expression::named_value));
        named.filter_map(|id| Some(&*workflow.values.get(id)?.name)).collect()
    }

    /// `when who == "x"`, and what its names were.
    pub(super) fn of(&self, record: &RunRecord, lists: &Lists, path: &str, is_undo: bool) -> Option<String> {
        let (workflow, step, statement) = self.place(path)?;
        let when = condition(statement, is_undo)?;
        let text = self.sources.slice(when.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let names: BTreeSet<_> = when.walk().filter_map(Expression::named_value).collect();
        let values: Vec<String> = names
            .into_iter()
            .filter_map(|id| {
                let declared = workflow.values.get(id)?;
                let value = match declared.origin {
                    ValueOrigin::LoopVariable => cut(lists.value(workflow, step, path, id)?.to_json().to_string()),
                    origin => self.value(record, path, &declared.name, origin)?,
                };
                Some(format!("{} was {value}", declared.name))
            })
            .collect();
        let values = if values.is_empty() { String::new() } else { format!("; {}", values.join(", ")) };
        Some(format!("`{text}`{values}"))
    }

    fn value(&self, record: &RunRecord, path: &str, name: &str, origin: ValueOrigin) -> Option<String> {
        let around = without_places(path).rsplit_once('.').map_or("", |(around, _)| around);
        match origin {
            ValueOrigin::Secret => Some("***".to_owned()),
            ValueOrigin::Parameter if around.is_empty() => {
                let given = self.definition.arguments.iter().find(|given| *given.name == *name)?;
                Some(cut(given.value.to_json().to_string()))
            }
            ValueOrigin::Parameter | ValueOrigin::LoopVariable => None,
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
