//! What the variables of loops were around a step, as its path and the lists of the loops tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{Event, EventKind, without_places};
use wf_model::expression::ValueId;
use wf_model::program::{BodyId, ForEach, Statement, StatementId, StatementKind, Workflow};
use wf_model::value::Value;

/// The lists that loops went through last, by the paths of the loops.
#[derive(Debug, Default)]
pub(super) struct Lists(BTreeMap<Arc<str>, Vec<Value>>);

impl Lists {
    /// Keeps what a loop goes through that stands around a step with such names.
    pub(super) fn note(&mut self, event: &Event, step: &str) {
        let EventKind::ListEvaluated { instance, lists, .. } = &event.kind else { return };
        let names = without_places(&instance.path);
        let rest = without_places(step).strip_prefix(names);
        if names.is_empty() || rest.is_some_and(|rest| rest.starts_with('.')) {
            self.0.insert(instance.path.clone(), lists.clone());
        }
    }

    /// What a variable of a loop around the step at `path` was; nothing where loops without names cannot be told apart.
    pub(super) fn value(&self, workflow: &Workflow, step: StatementId, path: &str, variable: ValueId) -> Option<Value> {
        let around = Around::of(workflow, step)?;
        let place = around.loops.iter().position(|(_, each)| declares(each, variable))?;
        let (names, each) = around.loops.get(place)?;
        let places: Vec<u64> = places(path)?;
        // Loops around the calls that lead here come first.
        let outer = places.len().checked_sub(around.loops.len())?;
        let index = *places.get(outer + place)?;
        let own = around.names.len() + 1;
        let all: Vec<&str> = without_places(path).split('.').collect();
        let callers = all.get(..all.len().checked_sub(own)?)?;
        let way: Vec<&str> = callers.iter().copied().chain(names.iter().copied()).collect();
        let written: String = places.iter().take(outer + place).map(|place| format!("[{place}]")).collect();
        let lists = self.0.get(&*format!("{}{written}", way.join(".")))?;
        element(each, lists, index, variable)
    }
}

/// What stands around a statement in its workflow.
struct Around<'a> {
    /// The names of blocks, outermost first.
    names: Vec<&'a str>,
    /// The loops, outermost first, each with the names up to it.
    loops: Vec<(Vec<&'a str>, &'a ForEach)>,
}

impl<'a> Around<'a> {
    /// `None` where loops without names stand side by side, which share their paths.
    fn of(workflow: &'a Workflow, step: StatementId) -> Option<Self> {
        let mut around = Self { names: Vec::new(), loops: Vec::new() };
        for (statement, _) in blocks_around(workflow, step).into_iter().rev() {
            around.names.extend(statement.name.as_deref());
            if let StatementKind::ForEach(each) = &statement.kind {
                let is_alike = |other: &Statement| other.name.is_none() && matches!(other.kind, StatementKind::ForEach(_));
                let others = workflow.statements.iter().filter(|(_, other)| is_alike(other));
                if statement.name.is_none() && others.count() > 1 {
                    return None;
                }
                around.loops.push((around.names.clone(), each));
            }
        }
        Some(around)
    }
}

/// The blocks around a statement, innermost first, each with the body of it that the statement stands in.
pub(super) fn blocks_around(workflow: &Workflow, step: StatementId) -> Vec<(&Statement, BodyId)> {
    let mut owners: BTreeMap<BodyId, StatementId> = BTreeMap::new();
    let mut homes: BTreeMap<StatementId, BodyId> = BTreeMap::new();
    for (id, body) in workflow.bodies.iter() {
        homes.extend(body.statements.iter().map(|statement| (*statement, id)));
    }
    for (id, statement) in workflow.statements.iter() {
        owners.extend(statement.kind.bodies().into_iter().map(|body| (body, id)));
    }
    let outer = |step: StatementId| {
        let body = *homes.get(&step)?;
        let owner = *owners.get(&body)?;
        Some((owner, workflow.statements.get(owner)?, body))
    };
    let chain = std::iter::successors(outer(step), |(owner, ..)| outer(*owner));
    chain.map(|(_, statement, body)| (statement, body)).collect()
}

fn declares(each: &ForEach, variable: ValueId) -> bool {
    each.iterators.iter().any(|iterator| iterator.item == variable || iterator.index == Some(variable))
}

/// `[1, 2]` of `ship.health[1][2]`
fn places(path: &str) -> Option<Vec<u64>> {
    let places = path.strip_prefix(without_places(path))?;
    let parts = places.split(['[', ']']).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// The element, or the index or key, of iteration `index`: the last list goes fastest.
fn element(each: &ForEach, lists: &[Value], index: u64, variable: ValueId) -> Option<Value> {
    let mut rest = usize::try_from(index).ok()?;
    for (iterator, list) in each.iterators.iter().zip(lists).rev() {
        let length = match list {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            _ => return None,
        };
        let place = rest.checked_rem(length)?;
        rest = rest.checked_div(length)?;
        let (key, item) = match list {
            Value::List(list) => (Value::Int(i64::try_from(place).ok()?), list.get(place)?.clone()),
            Value::Map(map) => map.get_index(place).map(|(key, value)| (Value::String(key.clone()), value.clone()))?,
            _ => return None,
        };
        if iterator.item == variable {
            return Some(item);
        }
        if iterator.index == Some(variable) {
            return Some(key);
        }
    }
    None
}
