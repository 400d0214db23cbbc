//! What a step calls: attributes and settings as data, and workflows with their parameters and outputs.

use super::Engine;
use super::agenda::RUN;
use super::body::Opening;
use super::evaluate::{Extras, Hindrance, Spot};
use super::node::statement_of;
use super::numbering::Origin;
use super::state::{Frame, FrameId, NodeState, Owner, Settings, StepPhase, Task};
use super::table::{NumberMap, NumberSet};
use super::undo::action_of;
use std::sync::Arc;
use wf_model::event::{EventKind, Instance, InstanceId};
use wf_model::program::{AttributeValue, Callee, Invocation, Parameter, Wait, WorkflowId};
use wf_model::script::{Argument, Call, add_setting};
use wf_model::types::Type;
use wf_model::value::{Map, Value};

/// Arguments by name.
type Given = Vec<(Arc<str>, Value)>;

impl Engine {
    /// Evaluates an invocation of a kind; settings of the workflow stand before its own attributes.
    pub(super) fn build_call(
        &mut self,
        spot: Spot,
        workflow: WorkflowId,
        kind: &Arc<str>,
        invocation: &Invocation,
    ) -> Result<Call, Hindrance> {
        let settings = self.settings(spot, workflow)?;
        let mut arguments = Vec::with_capacity(settings.len() + invocation.attributes.len());
        for attribute in &invocation.attributes {
            let argument = match &attribute.value {
                AttributeValue::Expression(expression) => Argument::Value(self.evaluate(spot, &Extras::default(), expression)?),
                AttributeValue::Script(script) => {
                    Argument::Script(script.try_map(|expression| self.evaluate(spot, &Extras::default(), expression))?)
                }
            };
            arguments.push((attribute.name.clone(), argument));
        }
        for (name, setting) in settings.iter() {
            add_setting(&mut arguments, name, setting);
        }
        Ok(Call { kind: kind.clone(), arguments, decode: invocation.decode.clone(), is_unread: false, undoes: None })
    }

    /// The settings of a workflow, evaluated when its first step needs them.
    pub(super) fn settings(&mut self, spot: Spot, workflow: WorkflowId) -> Result<Settings, Hindrance> {
        let program = Arc::clone(&self.program);
        let root = self.root_of(spot.frame);
        if let Some(settings) = self.frames.get(&root).and_then(|frame| frame.settings.clone()) {
            return Ok(settings);
        }
        let mut settings = Vec::new();
        if let Some(declared) = program.workflows.get(workflow).map(|workflow| &workflow.settings) {
            for (name, expression) in declared.named() {
                let value = self.evaluate(spot, &Extras::default(), expression)?;
                settings.push((name.into(), Argument::Value(value)));
            }
        }
        let settings = Arc::new(settings);
        if let Some(frame) = self.frames.get_mut(&root) {
            frame.settings = Some(settings.clone());
        }
        Ok(settings)
    }

    /// The settings of the workflow, where a step has asked for them.
    pub(super) fn settings_of(&self, frame: FrameId) -> Option<Settings> {
        self.frames.get(&self.root_of(frame)).and_then(|frame| frame.settings.clone())
    }

    fn root_of(&self, frame: FrameId) -> FrameId {
        let mut root = frame;
        while let Some(parent) = self.frames.get(&root).and_then(|frame| frame.parent) {
            root = parent;
        }
        root
    }

    /// Evaluates what a step gives to the workflow that it calls.
    pub(super) fn build_given(&self, spot: Spot, invocation: &Invocation) -> Result<Given, Hindrance> {
        let mut given = Vec::with_capacity(invocation.attributes.len());
        for attribute in &invocation.attributes {
            match &attribute.value {
                AttributeValue::Expression(expression) => {
                    given.push((attribute.name.clone(), self.evaluate(spot, &Extras::default(), expression)?));
                }
                AttributeValue::Script(_) => return Err(Hindrance::failed("workflow takes no shell text")),
            }
        }
        Ok(given)
    }

    pub(super) fn new_frame(&mut self, workflow: WorkflowId, parent: Option<FrameId>) -> FrameId {
        let id = FrameId(self.next_frame);
        self.next_frame += 1;
        let frame = Frame {
            workflow,
            parent,
            around: None,
            values: NumberMap::default(),
            satisfied: NumberSet::default(),
            waiters: NumberMap::default(),
            lost: NumberMap::default(),
            settings: None,
            failure: None,
            result: None,
        };
        self.frames.insert(id, frame);
        id
    }

    /// Makes the frame of a call with its parameters and secrets; leaves none behind where that fails or has to wait.
    pub(super) fn enter_workflow(
        &mut self,
        instance: InstanceId,
        workflow: WorkflowId,
        given: &[(Arc<str>, Value)],
    ) -> Result<FrameId, Hindrance> {
        let frame = self.new_frame(workflow, None);
        let outcome = self.fill(Spot { instance, frame }, workflow, given);
        if outcome.is_err() {
            self.frames.remove(&frame);
        }
        outcome.map(|()| frame)
    }

    fn fill(&mut self, spot: Spot, workflow: WorkflowId, given: &[(Arc<str>, Value)]) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(declared) = program.workflows.get(workflow) else {
            return Err(Hindrance::failed("workflow is not part of the program"));
        };
        for secret in &declared.secrets {
            if let Some(value) = self.options.secrets.get(&(workflow, secret.value)).cloned() {
                self.set(spot.frame, secret.value, value);
            }
        }
        for parameter in &declared.parameters {
            let value = self.argument(spot, parameter, given)?;
            self.set(spot.frame, parameter.value, value);
            let Some(constraint) = &parameter.constraint else { continue };
            if !self.evaluate_bool(spot, &Extras::default(), constraint)? {
                let message = format!("parameter `{}` does not fit its condition", parameter.name);
                return Err(Hindrance::at(constraint.span, &message));
            }
        }
        Ok(())
    }

    fn argument(&self, spot: Spot, parameter: &Parameter, given: &[(Arc<str>, Value)]) -> Result<Value, Hindrance> {
        if let Some((_, value)) = given.iter().find(|(name, _)| *name == parameter.name) {
            return Ok(value.clone());
        }
        match &parameter.default {
            Some(default) => self.evaluate(spot, &Extras::default(), default),
            None if matches!(parameter.type_, Type::Optional(_) | Type::Json) => Ok(Value::Null),
            None => Err(Hindrance::failed(&format!("parameter `{}` is missing", parameter.name))),
        }
    }

    pub(super) fn set(&mut self, frame: FrameId, id: wf_model::expression::ValueId, value: Value) {
        if let Some(frame) = self.frames.get_mut(&frame) {
            frame.values.insert(id, value);
        }
    }

    /// Enters the workflow that a step calls.
    pub(super) fn enter(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let NodeState::Step(run) = &node.state else { return Ok(()) };
        let Some(action) = action_of(&program, node) else { return Ok(()) };
        let Callee::Workflow(workflow) = action.invocation.callee else { return Ok(()) };
        let (given, path, rank) = (run.given.clone(), node.instance.path.clone(), node.rank);
        let name = statement_of(&program, node.workflow, node.statement).and_then(|statement| statement.name.as_deref());
        let around = match &node.undo {
            Some(undo) => Some(&undo.way),
            None => self.bodies.get(&node.body).map(|around| &around.way),
        };
        let Some(way) = around.map(|around| around.inside(name)) else { return Ok(()) };
        let frame = self.enter_workflow(id, workflow, &given)?;
        let Some(body) = program.workflows.get(workflow).map(|workflow| workflow.root) else { return Ok(()) };
        let instance = Instance { id: self.next_id(Origin::Call(id)), path };
        if let Some(node) = self.nodes.get_mut(&id)
            && let NodeState::Step(run) = &mut node.state
        {
            (run.phase, run.touched) = (StepPhase::Calling(instance.id), true);
        }
        let (owner, wait, max) = (Owner::Call(id), Wait::All, usize::MAX);
        self.open_body(Opening { instance, owner, workflow, body, frame, way, rank, wait, max });
        Ok(())
    }

    /// Takes the outputs of the workflow that a step called as its result.
    pub(super) fn leave(&mut self, id: InstanceId, frame: FrameId) -> Result<(), Hindrance> {
        let Some(workflow) = self.frames.get(&frame).map(|frame| frame.workflow) else { return Ok(()) };
        let outputs = match self.evaluate_outputs(Spot { instance: id, frame }, workflow) {
            Err(Hindrance::Failed(failure)) => {
                self.frames.remove(&frame);
                return Err(Hindrance::Failed(failure));
            }
            outcome => outcome?,
        };
        self.frames.remove(&frame);
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let instance = node.instance.clone();
        if let NodeState::Step(run) = &mut node.state {
            run.result = Some((outputs.clone(), outputs.clone()));
        }
        self.forget_timer(&instance, wf_model::event::Timer::Timeout);
        self.conclude(EventKind::OutputsEvaluated { instance: Some(instance), outputs });
        self.agenda.push_back(Task::Judge(id));
        Ok(())
    }

    /// The outputs of a workflow as a record.
    pub(super) fn evaluate_outputs(&self, spot: Spot, workflow: WorkflowId) -> Result<Value, Hindrance> {
        let mut outputs = Map::new();
        for output in self.program.workflows.get(workflow).map_or(&[][..], |workflow| &workflow.outputs) {
            outputs.insert(output.name.clone(), self.evaluate(spot, &Extras::default(), &output.expression)?);
        }
        Ok(Value::Map(Arc::new(outputs)))
    }

    /// Whom an event about an instance names: nobody for the run itself.
    pub(super) fn named(&self, id: InstanceId) -> Option<Instance> {
        if id == RUN {
            return None;
        }
        let node = self.nodes.get(&id).map(|node| node.instance.clone());
        node.or_else(|| self.bodies.get(&id).map(|run| run.instance.clone()))
    }
}
