//! `for each` and `repeat until`. Iterations come to be only as they can go on, so a loop over a million elements is as small as
//! what goes on at a time.

use super::Engine;
use super::body::{EndedBody, Opening, body_of};
use super::evaluate::{Extras, Hindrance, Spot};
use super::node::statement_of;
use super::numbering::Origin;
use super::state::{Closing, FrameId, LoopRun, Node, NodeState, Outcome, Owner, RaceRun, RepeatRun, Task};
use super::trace::BodyTrace;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::event::{EventKind, FailedInstance, Instance, InstanceId, SkipReason, Timer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{ForEach, Program, Repeat, StatementKind, Wait, WorkflowId};
use wf_model::value::{Map, Value};

/// How many iterations of one loop go on at most, so that memory stays bounded where steps hold no slot.
const MOST_OPEN: usize = 10_000;

/// How many locks, and answers of the cache, are waited for while further iterations are opened.
const MOST_WAITS: usize = 256;

fn loop_of<'a>(program: &'a Program, node: &Node) -> Option<&'a ForEach> {
    match &statement_of(program, node.workflow, node.statement)?.kind {
        StatementKind::ForEach(each) => Some(each),
        _ => None,
    }
}

fn repeat_of<'a>(program: &'a Program, node: &Node) -> Option<&'a Repeat> {
    match &statement_of(program, node.workflow, node.statement)?.kind {
        StatementKind::Repeat(repeat) => Some(repeat),
        _ => None,
    }
}

impl LoopRun {
    fn takes_more(&self) -> bool {
        self.closed.is_none() && self.next < self.total && self.open.len() < self.limit
    }

    fn is_over(&self) -> bool {
        self.open.is_empty() && (self.closed.is_some() || self.next >= self.total)
    }
}

impl Engine {
    pub(super) fn prepare_loop(&mut self, id: InstanceId, spot: Spot, each: &ForEach) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let mut lists = Vec::with_capacity(each.iterators.len());
        for iterator in &each.iterators {
            lists.push(self.evaluate(spot, &Extras::default(), &iterator.list)?);
        }
        let total = lists.iter().try_fold(1_u64, |total, list| total.checked_mul(length(list)?));
        let Some(total) = total else { return Err(Hindrance::failed("loop goes through something that is no list or map")) };
        let max = self.evaluate_max(spot, each.max.as_ref())?;
        let limit = if each.parallel.is_some() { max.min(MOST_OPEN) } else { 1 };
        self.tell_ready(id);
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let run = LoopRun {
            lists: lists.clone(),
            total,
            next: 0,
            limit,
            wait: each.parallel.unwrap_or_default(),
            fail_fast: body_of(&program, node.workflow, each.body).is_some_and(|body| body.clauses.fail_fast),
            open: BTreeSet::new(),
            exports: vec![Vec::new(); each.exports.len()],
            race: RaceRun::default(),
            closed: None,
            failure: None,
            winner: None,
        };
        node.trace.side_by_side = each.parallel.map(|_| limit);
        node.state = NodeState::Loop(Box::new(run));
        let instance = node.instance.clone();
        self.conclude(EventKind::ListEvaluated { instance, lists, iterations: total });
        self.keep_expanding(id);
        Ok(())
    }

    /// Remembers whether a loop has more iterations to open, and ends it when it is over.
    fn keep_expanding(&mut self, id: InstanceId) {
        let Some(node) = self.nodes.get(&id) else { return };
        let NodeState::Loop(run) = &node.state else { return };
        let entry = (Reverse(node.rank), id);
        let (more, over) = (run.takes_more(), run.is_over());
        if more {
            self.expandable.insert(entry);
        } else {
            self.expandable.remove(&entry);
        }
        if over {
            self.agenda.push_back(Task::LoopOver(id));
        }
    }

    /// Opens one iteration of the loop with the longest way behind it, unless enough is waiting for a slot; whether it did.
    pub(super) fn expand_loop(&mut self) -> bool {
        if self.is_retelling() || self.queue.len() >= self.options.jobs || self.awaited_locks + self.caching >= MOST_WAITS {
            return false;
        }
        let Some(&(_, id)) = self.expandable.first() else { return false };
        self.open_iteration(id);
        self.keep_expanding(id);
        true
    }

    /// Opens the iteration that a story tells of next; whether it may.
    pub(super) fn open_told_iteration(&mut self, id: InstanceId, index: u64) -> bool {
        let Some(NodeState::Loop(run)) = self.nodes.get(&id).map(|node| &node.state) else { return false };
        if !self.is_retelling() || run.next != index || !run.takes_more() {
            return false;
        }
        self.open_iteration(id);
        self.keep_expanding(id);
        true
    }

    fn open_iteration(&mut self, id: InstanceId) {
        let program = Arc::clone(&self.program);
        let Some(NodeState::Loop(run)) = self.nodes.get(&id).map(|node| &node.state) else { return };
        let origin = Origin::Iteration(id, run.next);
        let (iteration, frame) = (self.next_id(origin), self.new_frame(self.workflow, None));
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let (Some(each), NodeState::Loop(run)) = (loop_of(&program, node), &mut node.state) else { return };
        let index = run.next;
        run.next += 1;
        run.open.insert(iteration);
        let variables = variables(each, &run.lists, index);
        let (instance, workflow, rank) = (node.instance.clone(), node.workflow, node.rank);
        if let Some(inner) = self.frames.get_mut(&frame) {
            (inner.workflow, inner.parent, inner.around) = (workflow, Some(node.frame), Some(node.statement));
            inner.values.extend(variables);
        }
        let name = statement_of(&program, workflow, node.statement).and_then(|statement| statement.name.as_deref());
        let Some(around) = self.bodies.get(&node.body) else { return };
        let way = around.way.inside(name).at(index);
        let iteration = Instance { id: iteration, path: way.to(None) };
        self.conclude(EventKind::IterationOpened { instance, iteration: iteration.clone(), index });
        let (owner, wait, max) = (Owner::Iteration(id, index), Wait::All, usize::MAX);
        self.open_body(Opening { instance: iteration, owner, workflow, body: each.body, frame, way, rank, wait, max });
    }

    pub(super) fn iteration_ended(&mut self, id: InstanceId, index: u64, ended: EndedBody) {
        let program = Arc::clone(&self.program);
        let EndedBody { instance: iteration, frame, outcome, traces } = ended;
        let succeeded = matches!(outcome, Outcome::Succeeded(_));
        if let Some(instance) = self.nodes.get(&id).map(|node| node.instance.clone()) {
            let open = iteration.id;
            self.conclude(EventKind::IterationEnded { instance, iteration, index, succeeded });
            self.take_iteration(&program, id, open, index, frame, outcome);
            self.keep_iteration(id, traces);
        }
        self.frames.remove(&frame);
        self.keep_expanding(id);
    }

    fn take_iteration(
        &mut self,
        program: &Program,
        id: InstanceId,
        open: InstanceId,
        index: u64,
        frame: FrameId,
        outcome: Outcome,
    ) {
        let Some(each) = self.nodes.get(&id).and_then(|node| loop_of(program, node)) else { return };
        let values: Vec<Value> = each.exports.iter().map(|export| self.value_in(frame, export.value)).collect();
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Loop(run) = &mut node.state else { return };
        run.open.remove(&open);
        match (outcome, run.wait) {
            (Outcome::Succeeded(_) | Outcome::Continued(_) | Outcome::Skipped(_), Wait::All) => keep(run, index, values),
            (Outcome::Succeeded(_), Wait::Any | Wait::First) | (Outcome::Continued(_), Wait::First) => {
                self.win_loop(program, id, each, index, values);
            }
            (Outcome::Failed(cause) | Outcome::Continued(cause), Wait::Any) => {
                run.race.failed.get_or_insert(cause);
            }
            (Outcome::Failed(cause), Wait::All | Wait::First) => {
                let stop = run.fail_fast || run.wait == Wait::First;
                let reason = if run.wait == Wait::First { SkipReason::LostRace } else { SkipReason::BodyFailed };
                run.failure.get_or_insert(cause);
                run.closed.get_or_insert(Closing::Failed);
                if stop {
                    self.stop_iterations(id, reason);
                }
            }
            (Outcome::Cancelled(_), _) | (Outcome::Skipped(_), Wait::Any | Wait::First) => {}
        }
    }

    /// The first iteration of a race has succeeded.
    fn win_loop(&mut self, program: &Program, id: InstanceId, each: &ForEach, index: u64, values: Vec<Value>) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Loop(run) = &mut node.state else { return };
        if run.closed.is_some() {
            return;
        }
        let mut elements: Vec<Value> =
            indexes(&run.lists, index).into_iter().zip(&run.lists).map(|(index, list)| element(list, index).1).collect();
        let winner = match elements.len() {
            1 => elements.pop().unwrap_or(Value::Null),
            _ => Value::Map(Arc::new(item_names(program, node.workflow, each).zip(elements).collect())),
        };
        let exports = each.exports.iter().map(|export| export.name.clone()).zip(values);
        let record: Map = std::iter::once((Arc::from("winner"), winner.clone())).chain(exports).collect();
        run.race.won = Some(Value::Map(Arc::new(record)));
        run.closed = Some(Closing::Decided);
        let instance = node.instance.clone();
        self.conclude(EventKind::RaceWon { instance, winner });
        self.stop_iterations(id, SkipReason::LostRace);
    }

    /// Ends a loop in which nothing goes on any more.
    pub(super) fn loop_over(&mut self, id: InstanceId) {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let (path, each) = (node.instance.path.clone(), loop_of(&program, node));
        let (Some(each), NodeState::Loop(run)) = (each, &mut node.state) else { return };
        if !run.is_over() || self.rollbacks.contains_key(&id) {
            return;
        }
        let outcome = match (&run.closed, run.failure.take(), run.race.won.take(), run.race.failed.take()) {
            (Some(Closing::Cancelled(reason)), ..) => Outcome::Cancelled(*reason),
            (_, Some(cause), ..) => Outcome::Failed(cause),
            (_, None, Some(won), _) => Outcome::Succeeded(won),
            (_, None, None, Some(first)) => {
                let message = format!("no iteration succeeded; the first failure: {}", first.failure.message);
                Outcome::Failed(FailedInstance { path, failure: Failure::final_of(FailureKind::Race, &message), attempts: 1 })
            }
            // What uses the winner may rely on it.
            (_, None, None, None) if run.wait != Wait::All => {
                let failure = Failure::final_of(FailureKind::Race, "nothing raced: the loop has no iterations");
                Outcome::Failed(FailedInstance { path, failure, attempts: 1 })
            }
            (_, None, None, None) => Outcome::Succeeded(record(each, run)),
        };
        let entry = (Reverse(node.rank), id);
        self.expandable.remove(&entry);
        match run.winner.take() {
            Some(winner) => {
                let losers = std::mem::replace(&mut node.trace.inside, winner);
                let instance = node.instance.clone();
                self.undo_losers(id, instance, losers, outcome);
            }
            None => self.end_statement(id, outcome),
        }
    }

    /// Keeps what an iteration did: that of a winner apart from what will be undone.
    fn keep_iteration(&mut self, id: InstanceId, traces: Vec<BodyTrace>) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Loop(run) = &mut node.state else { return };
        if run.race.won.is_some() && run.winner.is_none() {
            run.winner = Some(traces);
        } else {
            node.trace.inside.extend(traces);
        }
    }

    pub(super) fn prepare_repeat(&mut self, id: InstanceId, spot: Spot, repeat: &Repeat) -> Result<(), Hindrance> {
        let max = u64::from(self.evaluate_count(spot, &repeat.max, 1)?);
        self.tell_ready(id);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.state = NodeState::Repeat(RepeatRun { round: 0, max, open: None });
        }
        self.agenda.push_back(Task::Round(id));
        Ok(())
    }

    /// Begins a round of a `repeat`.
    pub(super) fn round(&mut self, id: InstanceId) {
        let program = Arc::clone(&self.program);
        let Some(NodeState::Repeat(run)) = self.nodes.get(&id).map(|node| &node.state) else { return };
        let round_id = self.next_id(Origin::Iteration(id, run.round));
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let (Some(repeat), NodeState::Repeat(run)) = (repeat_of(&program, node), &mut node.state) else { return };
        let index = run.round;
        run.open = Some(round_id);
        let (instance, workflow, frame, rank) = (node.instance.clone(), node.workflow, node.frame, node.rank);
        let name = statement_of(&program, workflow, node.statement).and_then(|statement| statement.name.as_deref());
        let Some(around) = self.bodies.get(&node.body) else { return };
        let way = around.way.inside(name).in_round(index);
        if let (true, Some(body)) = (index > 0, body_of(&program, workflow, repeat.body)) {
            self.reset(workflow, frame, body);
        }
        let iteration = Instance { id: round_id, path: way.to(None) };
        self.conclude(EventKind::IterationOpened { instance, iteration: iteration.clone(), index });
        let (owner, wait, max) = (Owner::Round(id, index), Wait::All, usize::MAX);
        self.open_body(Opening { instance: iteration, owner, workflow, body: repeat.body, frame, way, rank, wait, max });
    }

    pub(super) fn round_ended(&mut self, id: InstanceId, iteration: Instance, index: u64, outcome: Outcome) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Repeat(run) = &mut node.state else { return };
        run.open = None;
        let instance = node.instance.clone();
        let succeeded = matches!(outcome, Outcome::Succeeded(_));
        self.conclude(EventKind::IterationEnded { instance, iteration, index, succeeded });
        match outcome {
            Outcome::Succeeded(_) | Outcome::Continued(_) | Outcome::Skipped(_) => self.agenda.push_back(Task::Until(id)),
            Outcome::Failed(_) | Outcome::Cancelled(_) => self.end_statement(id, outcome),
        }
    }

    /// Looks at the condition of a `repeat`.
    pub(super) fn until(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let Some(repeat) = repeat_of(&program, node) else { return Ok(()) };
        let (spot, instance) = (node.spot(), node.instance.clone());
        if self.evaluate_bool(spot, &Extras::default(), &repeat.until)? {
            self.end_statement(id, Outcome::Succeeded(Value::Null));
            return Ok(());
        }
        let pause = self.evaluate_duration_of(spot, repeat.pause.as_ref())?.unwrap_or_default();
        let Some(NodeState::Repeat(run)) = self.nodes.get_mut(&id).map(|node| &mut node.state) else { return Ok(()) };
        run.round += 1;
        if run.round >= run.max {
            let message = format!("the condition does not hold after {} rounds", run.max);
            let failure = Failure { span: Some(repeat.until.span), ..Failure::final_of(FailureKind::Loop, &message) };
            self.fail_node(id, failure, false);
        } else if pause.milliseconds > 0 {
            let due = self.now.after(pause);
            self.set_timer(instance, Timer::Round, due);
        } else {
            self.agenda.push_back(Task::Round(id));
        }
        Ok(())
    }
}

/// Number of elements or keys.
fn length(list: &Value) -> Option<u64> {
    match list {
        Value::List(list) => u64::try_from(list.len()).ok(),
        Value::Map(map) => u64::try_from(map.len()).ok(),
        _ => None,
    }
}

/// The place in each list of iteration `index`: the last list goes fastest.
fn indexes(lists: &[Value], index: u64) -> Vec<u64> {
    let mut rest = index;
    let mut places: Vec<u64> = Vec::with_capacity(lists.len());
    for list in lists.iter().rev() {
        let length = length(list).unwrap_or(1).max(1);
        places.push(rest % length);
        rest /= length;
    }
    places.reverse();
    places
}

/// The index or key, and the element or value, at a place of a list or map.
fn element(list: &Value, index: u64) -> (Value, Value) {
    let place = usize::try_from(index).unwrap_or(usize::MAX);
    match list {
        Value::Map(map) => {
            map.get_index(place).map_or((Value::Null, Value::Null), |(key, value)| (Value::String(key.clone()), value.clone()))
        }
        Value::List(list) => {
            (Value::Int(i64::try_from(index).unwrap_or(i64::MAX)), list.get(place).cloned().unwrap_or(Value::Null))
        }
        _ => (Value::Null, Value::Null),
    }
}

/// The names of a loop's elements.
fn item_names<'a>(program: &'a Program, workflow: WorkflowId, each: &'a ForEach) -> impl Iterator<Item = Arc<str>> + 'a {
    let values = program.workflows.get(workflow).map(|workflow| &workflow.values);
    let name = move |item| values.and_then(|values| values.get(item)).map_or_else(|| "".into(), |value| value.name.clone());
    each.iterators.iter().map(move |iterator| name(iterator.item))
}

fn variables(each: &ForEach, lists: &[Value], index: u64) -> Vec<(wf_model::expression::ValueId, Value)> {
    let mut variables = Vec::new();
    for ((iterator, list), place) in each.iterators.iter().zip(lists).zip(indexes(lists, index)) {
        let (key, item) = element(list, place);
        variables.extend(iterator.index.map(|index| (index, key)));
        variables.push((iterator.item, item));
    }
    variables
}

/// Keeps what an iteration exports, at its place.
fn keep(run: &mut LoopRun, index: u64, values: Vec<Value>) {
    let Ok(place) = usize::try_from(index) else { return };
    for (list, value) in run.exports.iter_mut().zip(values) {
        if list.len() <= place {
            list.resize(place + 1, Value::Null);
        }
        if let Some(slot) = list.get_mut(place) {
            *slot = value;
        }
    }
}

/// The value of a loop: a list for each export, as long as the loop.
fn record(each: &ForEach, run: &mut LoopRun) -> Value {
    let total = usize::try_from(run.total).unwrap_or(usize::MAX);
    let lists = run.exports.iter_mut().map(|list| {
        list.resize(total, Value::Null);
        Value::List(Arc::new(std::mem::take(list)))
    });
    Value::Map(Arc::new(each.exports.iter().map(|export| export.name.clone()).zip(lists).collect()))
}
