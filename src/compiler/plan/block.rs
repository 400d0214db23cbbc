//! Blocks of a plan: choices, and bodies that run side by side or again and again.

use super::build::{Around, Builder, Decision, Frame, Mode};
use super::elements::{Elements, bindings};
use wf_model::expression::Expression;
use wf_model::plan::{Certainty, NodeId, NodeKind, State, Times};
use wf_model::program::{BodyId, ForEach, If, Parallel, Repeat};
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
        // Where the branches stand that are left, in fewer and fewer iterations of the loops around.
        let mut left = around.clone();
        for (index, branch) in choice.branches.iter().enumerate() {
            let decision = match (left.mode, made) {
                (Mode::NotTaken, _) | (_, Choice::Made) => Decision::not_taken(&left),
                (_, Choice::Open) => self.decided(frame, &branch.condition, &left),
                (_, Choice::Perhaps) => self.decided(frame, &branch.condition, &Around { mode: Mode::Open, ..left.clone() }),
            };
            made = match (&decision.state, made) {
                (State::Runs { .. }, Choice::Open) if decision.rest.is_some() => Choice::Open,
                (_, Choice::Made) | (State::Runs { .. }, _) => Choice::Made,
                // What stands in something open, or behind an open condition, and holds is the last that may be taken.
                (State::Open { condition: None }, _) => Choice::Made,
                (State::Open { condition: Some(_) }, _) => Choice::Perhaps,
                (State::NotTaken { .. }, made) => made,
            };
            left = decision.rest.clone().unwrap_or(left);
            let word = if index == 0 { "if" } else { "else if" };
            let text = format!("{word} {}", self.words().written(&branch.condition));
            self.branch(frame, (branch.body, Some(&branch.condition)), text, decision);
        }
        if let Some(body) = choice.otherwise {
            let decision = match (left.mode, made) {
                (Mode::NotTaken, _) | (_, Choice::Made) => Decision::not_taken(&left),
                (_, Choice::Open) => Decision::of_rest(&left, around),
                (_, Choice::Perhaps) => Decision { state: State::Open { condition: None }, ..Decision::unconditional(&left) },
            };
            self.branch(frame, (body, None), "else".to_owned(), decision);
        }
    }

    fn branch(
        &mut self,
        frame: &mut Frame<'a>,
        (body, condition): (BodyId, Option<&Expression>),
        text: String,
        decision: Decision,
    ) {
        let Decision { state, sure, iterations, inside, .. } = decision;
        let mode = Mode::of(&state);
        let span = condition.map(|condition| condition.span).or_else(|| Some(frame.workflow.bodies.get(body)?.span));
        let node = self.push(&inside, NodeKind::Branch, state, span.unwrap_or_default());
        self.tell_failure(node);
        self.change(node, |node| {
            (node.action, node.iterations) = (Some(text.into()), iterations);
            node.certainty = node.certainty.max(sure);
        });
        let mark = frame.values.mark();
        self.body(frame, body, &Around { parent: Some(node), mode, depth: inside.depth + 1, ..inside });
        if mode == Mode::Open || iterations.is_some() {
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
        let (mut elements, mut loops) = (Some(1_u64), Some(Vec::new()));
        for iterator in &each.iterators {
            let list = self.fold(frame, &iterator.list);
            let length = list.as_ref().and_then(|(list, _)| length(list));
            sure = sure.max(list.as_ref().map_or(Certainty::Assumed, |(_, sure)| *sure));
            elements = elements.zip(length).map(|(all, length)| all.saturating_mul(length));
            let bound = list.and_then(|(list, sure)| bindings(iterator.item, iterator.index, &list, sure));
            if let Some([only]) = bound.as_deref() {
                only.iter().for_each(|(id, known)| frame.values.set(*id, known.clone()));
            }
            loops = loops.zip(bound).map(|(mut loops, bound)| {
                loops.push(bound);
                loops
            });
        }
        self.tell_failure(node);
        let count = elements.unwrap_or_else(|| self.outlook.rounds(&inside.path).unwrap_or(1));
        self.change(node, |node| node.kind = NodeKind::ForEach { parallel: each.parallel, max: bound });
        let elements =
            Elements::inside(inside.elements.as_ref(), loops.filter(|_| count > 1).as_deref(), each.parallel.is_none());
        let inside = Around { elements, ..inside.clone() };
        self.rounds(frame, (each.body, node), Times { count, assumed: sure != Certainty::Known }, &inside);
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
