//! The nodes of a plan: statements in written order, with their conditions folded.

use super::elements::Elements;
use super::sight::{Known, Sight, Values};
use super::words::{Words, one_line};
use super::{Outlook, Request};
use foldhash::HashMap;
use std::sync::Arc;
use wf_model::estimate::Distribution;
use wf_model::expression::{Expression, GlobalId, ValueId};
use wf_model::plan::{Certainty, Condition, Iterations, Location, Named, Node, NodeId, NodeKind, State};
use wf_model::program::{
    BodyId, Dependency, Handler, HandlerCause, Place as _, Statement, StatementId, StatementKind, ValueOrigin, Workflow,
    WorkflowId,
};
use wf_model::span::Span;
use wf_model::value::Value;

/// A plan has no more nodes than these; calls behind them are not opened.
const MOST_NODES: usize = 1_000_000;

/// Calls in calls are not opened deeper than this.
const DEEPEST: usize = 100;

/// What is known of a node beside what is shown of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    /// Of a step that would run: how long it takes once.
    pub(super) takes: Option<Distribution>,
    /// Whether it holds a slot while it runs.
    pub(super) slot: bool,
    /// How often it runs in all, where it does.
    pub(super) times: u64,
    /// The statement that it is.
    pub(super) origin: Option<(WorkflowId, StatementId)>,
    /// Of a handler, and of all inside it: whether it runs only when something goes wrong.
    pub(super) is_spare: bool,
}

impl Detail {
    /// Whether it is a step that counts.
    pub(super) const fn is_counted(&self) -> bool {
        self.takes.is_some() && !self.is_spare
    }
}

/// Everything that was found.
pub(super) struct Build {
    pub(super) nodes: Vec<Node>,
    pub(super) details: Vec<Detail>,
    pub(super) parameters: Vec<Named>,
    pub(super) outputs: Vec<Named>,
}

/// A workflow that is gone through, once for each call.
pub(super) struct Frame<'a> {
    pub(super) id: WorkflowId,
    pub(super) workflow: &'a Workflow,
    pub(super) values: Values,
    /// The nodes of its statements, by their numbers.
    placed: Vec<Option<NodeId>>,
    /// What nodes wait for.
    waiting: Vec<(NodeId, &'a [Dependency])>,
}

/// Where statements stand.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) parent: Option<NodeId>,
    pub(super) path: Arc<str>,
    /// Whether what stands there runs.
    pub(super) mode: Mode,
    /// In which iterations of the loops around, where these are known.
    pub(super) elements: Option<Elements>,
    /// How often it runs.
    pub(super) times: u64,
    pub(super) is_spare: bool,
    pub(super) depth: usize,
}

impl Around {
    /// The same in fewer iterations of the loops around.
    pub(super) fn only(&self, elements: Elements) -> Self {
        let count = |elements: &Elements| u64::try_from(elements.len()).unwrap_or(u64::MAX);
        let all = self.elements.as_ref().map_or(1, count).max(1);
        Self { times: self.times / all * count(&elements), elements: Some(elements), ..self.clone() }
    }
}

/// What a condition says of what stands behind it.
pub(super) struct Decision {
    pub(super) state: State,
    /// How sure that is.
    pub(super) sure: Certainty,
    /// In how many iterations it holds, where it does so in some.
    pub(super) iterations: Option<Iterations>,
    /// Where what stands behind it stands.
    pub(super) inside: Around,
    /// Where what comes in its place stands, where there are iterations left for that.
    pub(super) rest: Option<Around>,
}

impl Decision {
    /// Of what has no condition.
    pub(super) fn unconditional(around: &Around) -> Self {
        let state = around.mode.state();
        Self { state, sure: Certainty::Known, iterations: None, inside: around.clone(), rest: None }
    }

    /// Of what another branch was taken for.
    pub(super) fn not_taken(around: &Around) -> Self {
        Self { state: State::NotTaken { condition: None }, ..Self::unconditional(around) }
    }

    /// Of what comes in the place of branches that are taken in other iterations.
    pub(super) fn of_rest(left: &Around, all: &Around) -> Self {
        let share = |around: &Around| around.elements.as_ref().map(Elements::share);
        let share = share(left).filter(|_| share(left) != share(all));
        Self { iterations: share, ..Self::unconditional(left) }
    }

    /// Of what runs in some iterations of the loops around.
    fn of_iterations(told: Option<Condition>, sure: Certainty, around: &Around, (inside, rest): (Elements, Elements)) -> Self {
        let iterations = (inside.len() > 0 && rest.len() > 0).then(|| inside.share());
        let state = if inside.len() > 0 { State::Runs { condition: told } } else { State::NotTaken { condition: told } };
        let rest = (inside.len() > 0 && rest.len() > 0).then(|| around.only(rest));
        Self { state, sure, iterations, inside: around.only(inside), rest }
    }
}

/// Whether what stands somewhere runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Runs,
    Open,
    NotTaken,
}

impl Mode {
    pub(super) const fn of(state: &State) -> Self {
        match state {
            State::Runs { .. } => Self::Runs,
            State::Open { .. } => Self::Open,
            State::NotTaken { .. } => Self::NotTaken,
        }
    }

    /// The state of what has no condition of its own.
    pub(super) const fn state(self) -> State {
        match self {
            Self::Runs => State::Runs { condition: None },
            Self::Open => State::Open { condition: None },
            Self::NotTaken => State::NotTaken { condition: None },
        }
    }
}

pub(super) struct Builder<'a, 'o> {
    pub(super) request: &'a Request<'a>,
    pub(super) outlook: &'o mut dyn Outlook,
    pub(super) globals: HashMap<GlobalId, Known>,
    pub(super) nodes: Vec<Node>,
    pub(super) details: Vec<Detail>,
    /// Why an expression will fail that was evaluated last.
    pub(super) failure: Option<String>,
}

pub(super) fn build(request: &Request<'_>, outlook: &mut dyn Outlook) -> Build {
    let mut builder =
        Builder { request, outlook, globals: HashMap::default(), nodes: Vec::new(), details: Vec::new(), failure: None };
    builder.take_globals();
    let (mut parameters, mut outputs) = (Vec::new(), Vec::new());
    if let Some(workflow) = request.program.workflows.get(request.workflow) {
        let given =
            request.arguments.iter().map(|(name, value)| (name.clone(), Some((value.clone(), Certainty::Known)))).collect();
        let mut frame = builder.frame(request.workflow, workflow, given);
        let named = |builder: &Builder<'_, '_>, id: ValueId| {
            frame.values.get(id).map(|(value, _)| builder.outlook.mask(&value.write_literal()).into())
        };
        let parameter = |parameter: &wf_model::program::Parameter| Named {
            name: parameter.name.clone(),
            value: named(&builder, parameter.value),
        };
        parameters = workflow.parameters.iter().map(parameter).collect();
        let around =
            Around { parent: None, path: "".into(), mode: Mode::Runs, elements: None, times: 1, is_spare: false, depth: 0 };
        builder.body(&mut frame, workflow.root, &around);
        for output in &workflow.outputs {
            let value = builder.fold(&frame, &output.expression);
            let value = value.map(|(value, _)| builder.outlook.mask(&value.write_literal()).into());
            outputs.push(Named { name: output.name.clone(), value });
        }
        builder.settle(frame);
    }
    Build { nodes: builder.nodes, details: builder.details, parameters, outputs }
}

impl<'a> Builder<'a, '_> {
    fn take_globals(&mut self) {
        for (id, global) in self.request.program.globals.iter() {
            let nothing = Values::default();
            if let Some(known) = Sight::new(&nothing, &self.globals, self.outlook).fold(&global.expression) {
                self.globals.insert(id, known);
            }
        }
    }

    pub(super) const fn words(&self) -> Words<'a> {
        Words { program: self.request.program, sources: self.request.sources, kinds: self.request.kinds }
    }

    pub(super) fn sight<'s>(&'s mut self, frame: &'s Frame<'_>) -> Sight<'s> {
        Sight::new(&frame.values, &self.globals, self.outlook)
    }

    /// The value of an expression, where it is known before the run.
    pub(super) fn fold(&mut self, frame: &Frame<'_>, expression: &Expression) -> Option<Known> {
        let mut sight = self.sight(frame);
        let known = sight.fold(expression);
        if let Some(failure) = sight.failure.take() {
            self.failure = Some(failure);
        }
        known
    }

    /// Writes down that what was evaluated for a node will fail.
    pub(super) fn tell_failure(&mut self, id: NodeId) {
        if let Some(failure) = self.failure.take() {
            let failure = self.outlook.mask(&failure);
            self.change(id, |node| node.fails = node.state.may_run().then(|| failure.into()));
        }
    }

    /// A workflow with its parameters; an argument without a value is one that only the run knows.
    pub(super) fn frame(&mut self, id: WorkflowId, workflow: &'a Workflow, given: Vec<(Arc<str>, Option<Known>)>) -> Frame<'a> {
        let placed = vec![None; workflow.statements.len()];
        let mut frame = Frame { id, workflow, values: Values::default(), placed, waiting: Vec::new() };
        for parameter in &workflow.parameters {
            let known = match given.iter().find(|(name, _)| *name == parameter.name) {
                Some((_, known)) => known.clone(),
                None => parameter.default.as_ref().and_then(|default| self.fold(&frame, default)),
            };
            if let Some(known) = known {
                frame.values.set(parameter.value, known);
            }
        }
        frame
    }

    /// Writes down what the nodes of a workflow wait for, once all of them have their places.
    pub(super) fn settle(&mut self, frame: Frame<'_>) {
        for (node, dependencies) in frame.waiting {
            let on = |dependency: &Dependency| frame.placed.get(dependency.on.index()).copied().flatten();
            if let Some(node) = self.nodes.get_mut(node.index()) {
                node.after = dependencies.iter().filter_map(on).collect();
            }
        }
    }

    pub(super) fn is_full(&self, depth: usize) -> bool {
        self.nodes.len() >= MOST_NODES || depth >= DEEPEST
    }

    pub(super) fn location(&self, span: Span) -> Location {
        let source = self.request.sources.get(span.source);
        let line = source.map_or(0, |source| source.position(span.start).line);
        Location { file: source.map_or_else(|| "".into(), |source| source.name.clone()), line }
    }

    /// Adds a node that nothing is said of yet.
    pub(super) fn push(&mut self, around: &Around, kind: NodeKind, state: State, span: Span) -> NodeId {
        let id = NodeId::of(self.nodes.len());
        let certainty = match state {
            State::Open { .. } => Certainty::AtRunTime,
            State::Runs { .. } | State::NotTaken { .. } => Certainty::Known,
        };
        let times = if state.may_run() { around.times } else { 0 };
        let location = self.location(span);
        self.nodes.push(Node {
            id,
            parent: around.parent,
            end: id,
            path: around.path.clone(),
            name: None,
            doc: None,
            kind,
            location,
            state,
            certainty,
            action: None,
            times: None,
            iterations: None,
            effect: None,
            undo: None,
            cache: None,
            secrets: Vec::new(),
            waits: None,
            preview: None,
            fails: None,
            after: Vec::new(),
            forecast: None,
            timing: None,
        });
        self.details.push(Detail { times, is_spare: around.is_spare, ..Detail::default() });
        id
    }

    /// Everything that is inside a node has been added.
    pub(super) fn close(&mut self, id: NodeId) {
        let end = NodeId::of(self.nodes.len());
        self.change(id, |node| node.end = end);
    }

    pub(super) fn change(&mut self, id: NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(id.index()) {
            change(node);
        }
    }

    pub(super) fn detail(&mut self, id: NodeId, change: impl FnOnce(&mut Detail)) {
        if let Some(detail) = self.details.get_mut(id.index()) {
            change(detail);
        }
    }

    pub(super) fn body(&mut self, frame: &mut Frame<'a>, body: BodyId, around: &Around) {
        let Some(body) = frame.workflow.bodies.get(body) else { return };
        for id in &body.statements {
            if let Some(statement) = frame.workflow.statements.get(*id) {
                self.statement(frame, *id, statement, around);
            }
        }
        self.handlers(frame, &body.handlers, around);
    }

    pub(super) fn handlers(&mut self, frame: &mut Frame<'a>, handlers: &[Handler], around: &Around) {
        for handler in handlers {
            let spare = match handler.cause {
                HandlerCause::Success | HandlerCause::Finally => false,
                HandlerCause::Failure | HandlerCause::Cancel | HandlerCause::FailureOrCancel => true,
            };
            let mode = if spare && around.mode == Mode::Runs { Mode::Open } else { around.mode };
            let inside = Around { mode, is_spare: around.is_spare || spare, ..around.clone() };
            let node = self.push(&inside, NodeKind::Handler { cause: handler.cause }, mode.state(), handler.span);
            let mark = frame.values.mark();
            self.body(frame, handler.body, &Around { parent: Some(node), depth: around.depth + 1, ..inside });
            frame.values.forget_since(mark);
            self.close(node);
        }
    }

    fn statement(&mut self, frame: &mut Frame<'a>, id: StatementId, statement: &'a Statement, around: &Around) {
        let mut decision = match &statement.when {
            Some(when) if around.mode != Mode::NotTaken => self.decided(frame, when, around),
            _ => Decision::unconditional(around),
        };
        if let (Some(inside), Some(around)) = (&mut decision.inside.elements, &around.elements) {
            inside.count_in(around);
        }
        let Decision { state, sure: certainty, .. } = decision;
        let around = &decision.inside;
        let mode = Mode::of(&state);
        let mark = frame.values.mark();
        let path: Arc<str> = match &statement.name {
            None => around.path.clone(),
            Some(name) if around.path.is_empty() => name.clone(),
            Some(name) => format!("{}.{name}", around.path).into(),
        };
        let inside = Around { mode, path, ..around.clone() };
        let node = self.push(&inside, self.kind(statement), state, statement.span);
        self.tell_failure(node);
        self.change(node, |node| {
            (node.name, node.doc) = (statement.name.clone(), statement.doc.clone());
            node.certainty = node.certainty.max(certainty);
            node.iterations = decision.iterations;
        });
        self.detail(node, |detail| detail.origin = Some((frame.id, id)));
        if let Some(place) = frame.placed.get_mut(id.index()) {
            *place = Some(node);
        }
        frame.waiting.push((node, &statement.after));
        match statement.value {
            Some(value) if mode == Mode::NotTaken => frame.values.leave_empty(value, certainty),
            Some(value) => frame.values.hold(value),
            None => {}
        }
        let inside = Around { parent: Some(node), depth: around.depth + 1, ..inside };
        self.content(frame, statement, node, &inside);
        self.close(node);
        // What runs in some iterations only has no value in the others.
        if mode == Mode::Open && around.mode != Mode::Open || decision.iterations.is_some() {
            frame.values.forget_since(mark);
        }
    }

    fn kind(&self, statement: &Statement) -> NodeKind {
        match &statement.kind {
            StatementKind::Let(_) => NodeKind::Let,
            StatementKind::Step(step) => self.kind_of_step(step),
            StatementKind::If(_) => NodeKind::If,
            StatementKind::Stage(_) => NodeKind::Stage,
            StatementKind::Parallel(parallel) => NodeKind::Parallel { wait: parallel.wait, max: None },
            StatementKind::ForEach(each) => NodeKind::ForEach { parallel: each.parallel, max: None },
            StatementKind::Repeat(_) => NodeKind::Repeat,
            StatementKind::Rollback(_) => NodeKind::Rollback,
            StatementKind::Checkpoint(_) => NodeKind::Checkpoint,
            StatementKind::Commit => NodeKind::Commit,
        }
    }

    fn content(&mut self, frame: &mut Frame<'a>, statement: &'a Statement, node: NodeId, inside: &Around) {
        match &statement.kind {
            StatementKind::Step(step) => return self.step(frame, step, node, inside),
            StatementKind::Let(binding) => {
                let known = self.fold(frame, &binding.expression).filter(|_| inside.mode != Mode::NotTaken);
                self.tell_failure(node);
                let (words, value) = (self.words(), statement.value);
                let shown = words.expression(&binding.expression, &mut self.sight(frame));
                let shown = self.outlook.mask(&shown);
                self.change(node, |node| {
                    node.action = Some(shown.into());
                    node.certainty = node.certainty.max(known.as_ref().map_or(Certainty::AtRunTime, |(_, sure)| *sure));
                });
                if let Some((value, known)) = value.zip(known) {
                    frame.values.set(value, known);
                }
                return;
            }
            _ => {
                let head = Some(one_line(self.request.sources.slice(statement.span)).into());
                self.change(node, |node| node.action = head);
            }
        }
        match &statement.kind {
            StatementKind::If(choice) => self.choice(frame, choice, inside),
            StatementKind::Stage(body) => self.body(frame, *body, inside),
            StatementKind::Parallel(parallel) => self.parallel(frame, parallel, node, inside),
            StatementKind::ForEach(each) => self.for_each(frame, each, node, inside),
            StatementKind::Repeat(repeat) => self.repeat(frame, repeat, node, inside),
            StatementKind::Let(_)
            | StatementKind::Step(_)
            | StatementKind::Rollback(_)
            | StatementKind::Checkpoint(_)
            | StatementKind::Commit => {}
        }
    }

    /// What a condition says of what stands behind it.
    pub(super) fn decided(&mut self, frame: &Frame<'_>, condition: &Expression, around: &Around) -> Decision {
        let told = Some(self.condition(frame, condition));
        let (state, sure) = match self.fold(frame, condition) {
            Some((Value::Bool(true), sure)) if around.mode == Mode::Runs => (State::Runs { condition: told }, sure),
            Some((Value::Bool(false), sure)) => (State::NotTaken { condition: told }, sure),
            Some((Value::Bool(true), _)) => (State::Open { condition: None }, Certainty::AtRunTime),
            _ => {
                let split = around.elements.as_ref().filter(|_| around.mode == Mode::Runs);
                if let Some((inside, rest, sure)) = split.and_then(|elements| self.split(frame, condition, elements)) {
                    return Decision::of_iterations(told, sure, around, (inside, rest));
                }
                (State::Open { condition: told }, Certainty::AtRunTime)
            }
        };
        Decision { state, sure, ..Decision::unconditional(around) }
    }

    /// The iterations in which a condition holds, and the others; `None` where only the run knows it of one.
    fn split(
        &mut self,
        frame: &Frame<'_>,
        condition: &Expression,
        elements: &Elements,
    ) -> Option<(Elements, Elements, Certainty)> {
        let (mut holds, mut sure) = (Vec::with_capacity(elements.len()), Certainty::Known);
        for bindings in elements.iter() {
            let (value, known) = self.sight(frame).in_iteration(bindings).fold(condition)?;
            holds.push(value == Value::Bool(true));
            sure = sure.max(known);
        }
        let (inside, rest) = elements.split(&holds);
        Some((inside, rest, sure))
    }

    /// A condition as it is written, with what its names are.
    pub(super) fn condition(&self, frame: &Frame<'_>, condition: &Expression) -> Condition {
        let mut values: Vec<Named> = Vec::new();
        for id in condition.walk().filter_map(Expression::named_value) {
            let Some(declared) = frame.workflow.values.get(id) else { continue };
            if values.iter().any(|known| known.name == declared.name) {
                continue;
            }
            let known = frame.values.get(id).filter(|_| declared.origin != ValueOrigin::Secret);
            let value = known.map(|(value, _)| self.outlook.mask(&one_line(&value.write_literal())).into());
            values.push(Named { name: declared.name.clone(), value });
        }
        Condition { text: self.words().written(condition).into(), values }
    }
}
