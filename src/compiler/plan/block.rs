//! Blocks of a plan: choices, and bodies that run side by side or again and again.

use super::build::{Around, Builder, Frame, Mode};
use wf_model::expression::Expression;
use wf_model::plan::{Certainty, NodeId, NodeKind, State, Times};
use wf_model::program::{BodyId, ForEach, If, Iterator, Parallel, Repeat};
use wf_model::value::Value;

/// How many conditions of an `if` were looked at, and what they said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// None holds so far.
    Open,
    /// One may hold.
    Perhaps,
    /// One holds.
    Made,
}

impl<'a> Builder<'a, '_> {
    pub(super) fn choice(&mut self, frame: &mut Frame<'a>, choice: &'a If, around: &Around) {
        let mut made = Choice::Open;
        for (index, branch) in choice.branches.iter().enumerate() {
            let (state, sure) = match (around.mode, made) {
                (Mode::NotTaken, _) | (_, Choice::Made) => (State::NotTaken { condition: None }, Certainty::Known),
                (mode, Choice::Open) => self.decided(frame, &branch.condition, mode),
                (_, Choice::Perhaps) => self.decided(frame, &branch.condition, Mode::Open),
            };
            made = match (&state, made) {
                (_, Choice::Made) | (State::Runs { .. }, _) => Choice::Made,
                // What stands in something open, or behind an open condition, and holds is the last that may be taken.
                (State::Open { condition: None }, _) => Choice::Made,
                (State::Open { condition: Some(_) }, _) => Choice::Perhaps,
                (State::NotTaken { .. }, made) => made,
            };
            let word = if index == 0 { "if" } else { "else if" };
            let text = format!("{word} {}", self.words().written(&branch.condition));
            self.branch(frame, (branch.body, Some(&branch.condition)), text, (state, sure), around);
        }
        if let Some(body) = choice.otherwise {
            let state = match (around.mode, made) {
                (Mode::NotTaken, _) | (_, Choice::Made) => State::NotTaken { condition: None },
                (mode, Choice::Open) => mode.state(),
                (_, Choice::Perhaps) => State::Open { condition: None },
            };
            self.branch(frame, (body, None), "else".to_owned(), (state, Certainty::Known), around);
        }
    }

    fn branch(
        &mut self,
        frame: &mut Frame<'a>,
        (body, condition): (BodyId, Option<&Expression>),
        text: String,
        (state, sure): (State, Certainty),
        around: &Around,
    ) {
        let mode = Mode::of(&state);
        let span = condition.map(|condition| condition.span).or_else(|| Some(frame.workflow.bodies.get(body)?.span));
        let node = self.push(around, NodeKind::Branch, state, span.unwrap_or_default());
        self.tell_failure(node);
        self.change(node, |node| {
            node.action = Some(text.into());
            node.certainty = node.certainty.max(sure);
        });
        let mark = frame.values.mark();
        self.body(frame, body, &Around { parent: Some(node), mode, depth: around.depth + 1, ..around.clone() });
        if mode == Mode::Open {
            frame.values.forget_since(mark);
        }
        self.close(node);
    }

    pub(super) fn parallel(&mut self, frame: &mut Frame<'a>, parallel: &'a Parallel, node: NodeId, inside: &Around) {
        let bound = self.count(frame, parallel.max.as_ref());
        self.change(node, |node| node.kind = NodeKind::Parallel { wait: parallel.wait, max: bound });
        self.body(frame, parallel.body, inside);
    }

    /// An int that is known and at least one.
    fn count(&mut self, frame: &Frame<'_>, expression: Option<&Expression>) -> Option<u32> {
        match self.fold(frame, expression?)?.0 {
            Value::Int(count) => u32::try_from(count).ok().filter(|count| *count > 0),
            _ => None,
        }
    }

    pub(super) fn for_each(&mut self, frame: &mut Frame<'a>, each: &'a ForEach, node: NodeId, inside: &Around) {
        let bound = self.count(frame, each.max.as_ref());
        let mark = frame.values.mark();
        let mut sure = Certainty::Known;
        let mut elements = Some(1_u64);
        for iterator in &each.iterators {
            let list = self.fold(frame, &iterator.list);
            let length = list.as_ref().and_then(|(list, _)| length(list));
            sure = sure.max(list.as_ref().map_or(Certainty::Assumed, |(_, sure)| *sure));
            elements = elements.zip(length).map(|(all, length)| all.saturating_mul(length));
            if let (Some((list, sure)), Some(1)) = (list, length) {
                bind(frame, iterator, &list, sure);
            }
        }
        self.tell_failure(node);
        let count = elements.unwrap_or_else(|| self.outlook.rounds(&inside.path).unwrap_or(1));
        self.change(node, |node| node.kind = NodeKind::ForEach { parallel: each.parallel, max: bound });
        self.rounds(frame, (each.body, node), Times { count, assumed: sure != Certainty::Known }, inside);
        frame.values.forget_since(mark);
    }

    pub(super) fn repeat(&mut self, frame: &mut Frame<'a>, repeat: &'a Repeat, node: NodeId, inside: &Around) {
        let most = self.count(frame, Some(&repeat.max)).map_or(u64::MAX, u64::from);
        let count = self.outlook.rounds(&inside.path).unwrap_or(1).clamp(1, most);
        let mark = frame.values.mark();
        self.rounds(frame, (repeat.body, node), Times { count, assumed: true }, inside);
        frame.values.forget_since(mark);
    }

    fn rounds(&mut self, frame: &mut Frame<'a>, (body, node): (BodyId, NodeId), times: Times, inside: &Around) {
        self.change(node, |node| {
            node.times = Some(times);
            let assumed = if times.assumed { Certainty::Assumed } else { Certainty::Known };
            node.certainty = node.certainty.max(assumed);
        });
        let mode = if times.count == 0 { Mode::NotTaken } else { inside.mode };
        let all = inside.times.saturating_mul(times.count);
        self.body(frame, body, &Around { mode, times: all, ..inside.clone() });
    }
}

fn length(list: &Value) -> Option<u64> {
    match list {
        Value::List(list) => u64::try_from(list.len()).ok(),
        Value::Map(map) => u64::try_from(map.len()).ok(),
        _ => None,
    }
}

/// Gives the variables of a loop the only element that there is.
fn bind(frame: &mut Frame<'_>, iterator: &Iterator, list: &Value, sure: Certainty) {
    let only = match list {
        Value::List(list) => list.first().map(|item| (Value::Int(0), item.clone())),
        Value::Map(map) => map.first().map(|(key, item)| (Value::String(key.clone()), item.clone())),
        _ => None,
    };
    let Some((index, item)) = only else { return };
    frame.values.set(iterator.item, (item, sure));
    if let Some(id) = iterator.index {
        frame.values.set(id, (index, sure));
    }
}
