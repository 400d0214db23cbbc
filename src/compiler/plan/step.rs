//! Steps of a plan: what they do, what undoes them, how long they take.

use super::build::{Around, Builder, Frame, Mode};
use super::elements::Elements;
use super::words::one_line;
use super::{CacheQuestion, CachedAction, StepName, StepOutline};
use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::estimate::{Basis, Distribution, claimed, prior};
use wf_model::expression::Expression;
use wf_model::kind::{Kind, Waits, only_waits};
use wf_model::plan::{CacheOutlook, Certainty, Effect, Forecast, NodeId, NodeKind, UndoOutlook};
use wf_model::program::{
    AttributeValue, Cache, Callee, Effect as ProgramEffect, EffectClause, Invocation, StatementId, Step, ValueOrigin, WorkflowId,
};
use wf_model::script::{Argument, Call, add_setting};
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Attributes as far as they are known.
type Attributes = Vec<(Arc<str>, Option<Value>)>;

impl<'a> Builder<'a, '_> {
    pub(super) fn kind_of_step(&self, step: &Step) -> NodeKind {
        match &step.invocation.callee {
            Callee::Kind(kind) => NodeKind::Step { kind: kind.clone() },
            Callee::Workflow(id) => {
                let workflow = self.request.program.workflows.get(*id);
                NodeKind::Call { workflow: workflow.map_or_else(|| "".into(), |workflow| workflow.name.clone()), folded: false }
            }
        }
    }

    pub(super) fn step(&mut self, frame: &mut Frame<'a>, step: &'a Step, node: NodeId, inside: &Around) {
        self.describe(frame, step, node);
        match &step.invocation.callee {
            Callee::Kind(kind) => self.act(frame, step, kind, node, inside),
            Callee::Workflow(id) => self.call(frame, step, *id, node, inside),
        }
        self.handlers(frame, &step.clauses.handlers, inside);
    }

    /// What a step does and what undoes it, in words.
    fn describe(&mut self, frame: &Frame<'_>, step: &Step, node: NodeId) {
        let (words, kinds) = (self.words(), self.request.kinds);
        let action = words.invocation(&step.invocation, &mut self.sight(frame)).into();
        let undo = match &step.clauses.effect {
            EffectClause::Undo(undo) => Some(UndoOutlook {
                action: words.invocation(&undo.invocation, &mut self.sight(frame)).into(),
                when: undo.when.as_ref().map(|when| words.written(when).into()),
            }),
            EffectClause::UndoesItself => Some(UndoOutlook { action: "undoes itself".into(), when: None }),
            EffectClause::Unstated | EffectClause::ReadsOnly | EffectClause::NoUndo(_) => None,
        };
        let effect = match (step.effect(kinds), &step.clauses.effect) {
            (ProgramEffect::Reads, _) => Effect::Reads,
            (ProgramEffect::Inside(_), EffectClause::Unstated) => Effect::Inside,
            (_, EffectClause::NoUndo(reason)) => Effect::NoUndo { reason: one_line(reason).into() },
            (ProgramEffect::UndoesItself, _) => Effect::UndoesItself,
            (ProgramEffect::Changes { .. } | ProgramEffect::Inside(_), _) => Effect::Changes,
        };
        let secrets = secrets(frame, step, self.descriptor(step));
        let waits = self.descriptor(step).and_then(|kind| waits(kind, &step.invocation));
        self.change(node, |node| {
            (node.action, node.undo, node.effect) = (Some(action), undo, Some(effect));
            (node.secrets, node.waits) = (secrets, waits);
        });
    }

    fn descriptor(&self, step: &Step) -> Option<&'a Kind> {
        match &step.invocation.callee {
            Callee::Kind(kind) => self.request.kinds.get(kind),
            Callee::Workflow(_) => None,
        }
    }

    /// A step of a kind.
    fn act(&mut self, frame: &mut Frame<'a>, step: &Step, kind: &Arc<str>, node: NodeId, inside: &Around) {
        let (attributes, sure) = self.attributes(frame, &step.invocation);
        self.tell_failure(node);
        let settings = &frame.workflow.settings;
        let own = attributes.iter().find(|(name, _)| &**name == "cwd").map(|(_, value)| value.clone());
        let set = || settings.cwd.as_ref().map(|cwd| self.fold(frame, cwd).map(|(cwd, _)| cwd));
        let cwd = own.or_else(set).map(|cwd| cwd.and_then(|cwd| cwd.render()));
        // Where the directory is not known, nothing can be looked at.
        let preview = if cwd == Some(None) || inside.mode == Mode::NotTaken {
            None
        } else {
            let cwd = cwd.flatten();
            self.outlook.preview(&StepOutline { kind, attributes: &attributes, cwd: cwd.as_deref() })
        };
        let cache = step.clauses.cache.as_ref().filter(|_| inside.mode != Mode::NotTaken);
        let cache = cache.map(|cache| self.cached(frame, &step.invocation, cache, &inside.path));
        let is_hit = is_hit(cache.as_ref());
        let statement = self.details.get(node.index()).and_then(|detail| detail.origin);
        let (takes, basis) = if is_hit {
            (Distribution::Fixed(Duration::default()), Basis::Known)
        } else {
            self.takes(frame, step, (kind, &attributes), statement, inside)
        };
        let preview = preview.map(|preview| self.outlook.mask(&preview).into());
        self.change(node, |node| {
            (node.preview, node.cache) = (preview, cache);
            node.certainty = node.certainty.max(sure);
            let forecast = Forecast { p50: takes.duration(0.5), p90: takes.duration(0.9), basis };
            node.forecast = node.state.may_run().then_some(forecast);
        });
        // What else was looked at fails a step only where it comes to it.
        self.failure = None;
        let slot = !only_waits(kind) && !is_hit;
        let may_run = inside.mode != Mode::NotTaken;
        // On average over the iterations, which come one behind the other.
        let share = inside.elements.as_ref().and_then(Elements::part);
        let takes = share.map_or_else(|| takes.clone(), |share| takes.scaled(share));
        self.detail(node, |detail| (detail.takes, detail.slot) = (may_run.then_some(takes), slot));
    }

    /// The attributes as far as they are known, and how sure they are.
    fn attributes(&mut self, frame: &Frame<'_>, invocation: &Invocation) -> (Attributes, Certainty) {
        let mut sure = Certainty::Known;
        let mut attributes = Vec::new();
        for attribute in &invocation.attributes {
            let known = match &attribute.value {
                AttributeValue::Expression(expression) => self.fold(frame, expression),
                AttributeValue::Script(script) => {
                    for value in script.values() {
                        sure = sure.max(self.fold(frame, value).map_or(Certainty::AtRunTime, |(_, sure)| sure));
                    }
                    attributes.push((attribute.name.clone(), None));
                    continue;
                }
            };
            sure = sure.max(known.as_ref().map_or(Certainty::AtRunTime, |(_, sure)| *sure));
            attributes.push((attribute.name.clone(), known.map(|(value, _)| value)));
        }
        (attributes, sure)
    }

    /// How long a step takes once.
    fn takes(
        &mut self,
        frame: &Frame<'_>,
        step: &Step,
        (kind, attributes): (&str, &Attributes),
        statement: Option<(WorkflowId, StatementId)>,
        inside: &Around,
    ) -> (Distribution, Basis) {
        if kind == "sleep"
            && let Some((_, Some(Value::Duration(duration)))) = attributes.iter().find(|(name, _)| &**name == "duration")
        {
            return (Distribution::Fixed(*duration), Basis::Known);
        }
        if let Some((workflow, statement)) = statement
            && let Some(seen) = self.outlook.history(&StepName { workflow, statement, path: &inside.path })
        {
            return seen;
        }
        match step.clauses.estimate.as_ref().and_then(|estimate| self.fold(frame, estimate)) {
            Some((Value::Duration(median), _)) => (claimed(median), Basis::Clause),
            _ => (prior(kind), Basis::Prior),
        }
    }

    /// Whether an earlier success of a step counts.
    fn cached(&mut self, frame: &Frame<'_>, invocation: &Invocation, cache: &Cache, path: &str) -> CacheOutlook {
        let unknown = |reason: &str| CacheOutlook { hit: None, reason: reason.into() };
        let later = "what counts is known only when it runs";
        let action = match &invocation.callee {
            Callee::Kind(kind) => self.call_of(frame, invocation, kind).map(CachedAction::Kind),
            Callee::Workflow(id) => self.workflow_of(frame, invocation, *id),
        };
        let Some(action) = action else { return unknown(later) };
        let patterns = [&cache.inputs, &cache.outputs].map(|patterns| self.patterns(frame, patterns));
        let [Some(inputs), Some(outputs)] = patterns else { return unknown(later) };
        let key = match &cache.key {
            None => None,
            Some(key) => match self.stood_in(frame, key) {
                Some(key) => Some(key),
                None => return unknown(later),
            },
        };
        let place = format!("{} {path}", frame.workflow.name);
        let told = self.outlook.cached(CacheQuestion { place, action, inputs, outputs, key });
        told.unwrap_or_else(|| unknown("nobody looked"))
    }

    /// The value of an expression in which secrets do not count.
    fn stood_in(&mut self, frame: &Frame<'_>, expression: &Expression) -> Option<Value> {
        self.sight(frame).with_stand_ins(frame.workflow).fold(expression).map(|(value, _)| value)
    }

    fn patterns(&mut self, frame: &Frame<'_>, patterns: &Expression) -> Option<Vec<Arc<str>>> {
        let Value::List(list) = self.fold(frame, patterns)?.0 else { return None };
        let text = |pattern: &Value| match pattern {
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        list.iter().map(text).collect()
    }

    /// What the engine would start, where all of it is known: settings of the workflow stand behind the step's own.
    fn call_of(&mut self, frame: &Frame<'_>, invocation: &Invocation, kind: &Arc<str>) -> Option<Call> {
        let mut arguments = Vec::new();
        for attribute in &invocation.attributes {
            let argument = match &attribute.value {
                AttributeValue::Expression(expression) => Argument::Value(self.stood_in(frame, expression)?),
                AttributeValue::Script(script) => {
                    Argument::Script(script.try_map(|value| self.stood_in(frame, value).ok_or(())).ok()?)
                }
            };
            arguments.push((attribute.name.clone(), argument));
        }
        for (name, setting) in frame.workflow.settings.named() {
            add_setting(&mut arguments, &name.into(), &Argument::Value(self.stood_in(frame, setting)?));
        }
        Some(Call { kind: kind.clone(), arguments, decode: invocation.decode.clone(), is_unread: false, undoes: None })
    }

    /// What a step that calls a workflow does, where what it gives is known.
    fn workflow_of(&mut self, frame: &Frame<'_>, invocation: &Invocation, workflow: WorkflowId) -> Option<CachedAction> {
        let mut given = Vec::new();
        for attribute in &invocation.attributes {
            let AttributeValue::Expression(expression) = &attribute.value else { return None };
            given.push((attribute.name.clone(), self.stood_in(frame, expression)?));
        }
        let folder = match &frame.workflow.settings.cwd {
            Some(cwd) => Some(self.stood_in(frame, cwd)?.render()?.into()),
            None => None,
        };
        Some(CachedAction::Workflow { workflow, given, folder })
    }

    /// A step that calls a workflow: what is inside it is the workflow's.
    fn call(&mut self, frame: &Frame<'a>, step: &Step, id: WorkflowId, node: NodeId, inside: &Around) {
        let Some(workflow) = self.request.program.workflows.get(id) else { return };
        let cache = step.clauses.cache.as_ref().filter(|_| inside.mode != Mode::NotTaken);
        let cache = cache.map(|cache| self.cached(frame, &step.invocation, cache, &inside.path));
        let is_hit = is_hit(cache.as_ref());
        self.change(node, |node| node.cache = cache);
        if self.is_full(inside.depth) {
            self.change(node, |node| node.kind = NodeKind::Call { workflow: workflow.name.clone(), folded: true });
            self.detail(node, |detail| detail.takes = Some(prior("")));
            return;
        }
        let mut given = Vec::new();
        for attribute in &step.invocation.attributes {
            let AttributeValue::Expression(expression) = &attribute.value else { continue };
            given.push((attribute.name.clone(), self.fold(frame, expression)));
        }
        let mut called = self.frame(id, workflow, given);
        let first = self.nodes.len();
        let elements = inside.elements.as_ref().map(Elements::nameless);
        self.body(&mut called, workflow.root, &Around { elements, ..inside.clone() });
        self.settle(called);
        if is_hit {
            self.take_no_time(first);
        }
    }

    /// Nothing from a node on has to run: an earlier success counts.
    fn take_no_time(&mut self, first: usize) {
        let nothing = Duration::default();
        for (node, detail) in self.nodes.iter_mut().zip(&mut self.details).skip(first) {
            if detail.takes.is_some() {
                (detail.takes, detail.slot) = (Some(Distribution::Fixed(nothing)), false);
                node.forecast = node.forecast.take().map(|_| Forecast { p50: nothing, p90: nothing, basis: Basis::Known });
            }
        }
    }
}

/// Whether an earlier success counts.
fn is_hit(cache: Option<&CacheOutlook>) -> bool {
    cache.is_some_and(|cache| cache.hit == Some(true))
}

/// The secrets that a step uses, by their names: those of settings too, where its kind takes them.
fn secrets(frame: &Frame<'_>, step: &Step, kind: Option<&Kind>) -> Vec<Arc<str>> {
    let takes_settings = kind.is_some_and(|kind| kind.attribute("env").is_some());
    let settings = frame.workflow.settings.env.iter().filter(|_| takes_settings);
    let own = step.invocation.expressions().chain(step.clauses.expressions()).chain(step.clauses.expressions_with_result());
    let declared = own.chain(settings).flat_map(Expression::walk).filter_map(Expression::named_value);
    let declared = declared.filter_map(|id| frame.workflow.values.get(id));
    let secret = declared.filter(|value| value.origin == ValueOrigin::Secret || Type::holds_secret(&value.type_));
    secret.map(|value| value.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// For whom a step waits.
fn waits(kind: &Kind, invocation: &Invocation) -> Option<Arc<str>> {
    match kind.waits {
        Waits::Never => None,
        Waits::Always => Some(kind.name.into()),
        Waits::Unless { attribute, values } => {
            let given = invocation.attribute(attribute)?.value.constant_text();
            let waits = given.is_none_or(|given| !values.contains(&&*given));
            waits.then(|| kind.name.into())
        }
    }
}
