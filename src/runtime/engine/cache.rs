//! `cache`: a step whose earlier success counts does not run. It has done nothing, so none of its handlers runs, and there is nothing
//! to undo.

use super::Engine;
use super::command::{CacheQuery, CachedAction, CalledWorkflow, Command};
use super::evaluate::{Extras, Hindrance, Spot};
use super::given::{Checked, refuse};
use super::state::{Node, NodeState, Outcome, StepPhase, StepRun, Task};
use std::sync::Arc;
use wf_model::event::{Instance, InstanceId};
use wf_model::expression::Expression;
use wf_model::program::{Cache, WorkflowId};
use wf_model::script::Argument;
use wf_model::value::Value;

/// What the `cache` of a step says.
#[derive(Debug)]
pub(super) struct CacheRun {
    inputs: Vec<Arc<str>>,
    outputs: Vec<Arc<str>>,
    key: Option<Value>,
    /// The workflow that the step calls, unless it calls a kind.
    called: Option<CalledWorkflow>,
    /// What is looked for, once the attributes are there.
    query: Option<Arc<CacheQuery>>,
    /// What a success is kept under.
    digest: Option<Arc<str>>,
    /// Whether the step's result is that of an earlier success.
    hit: bool,
}

impl StepPhase {
    /// Whether an answer of the cache is waited for.
    pub(super) const fn is_caching(self) -> bool {
        matches!(self, Self::Looking | Self::Keeping)
    }
}

impl Node {
    /// Whether its value is that of an earlier success.
    pub(super) fn is_cached(&self) -> bool {
        self.step().and_then(|step| step.cache.as_ref()).is_some_and(|cache| cache.hit)
    }
}

impl Engine {
    pub(super) fn evaluate_cache(&self, spot: Spot, cache: Option<&Cache>) -> Result<Option<Box<CacheRun>>, Hindrance> {
        let Some(cache) = cache else { return Ok(None) };
        let inputs = self.evaluate_patterns(spot, &cache.inputs)?;
        let outputs = self.evaluate_patterns(spot, &cache.outputs)?;
        let key = cache.key.as_ref().map(|key| self.evaluate(spot, &Extras::default(), key)).transpose()?;
        Ok(Some(Box::new(CacheRun { inputs, outputs, key, called: None, query: None, digest: None, hit: false })))
    }

    /// Adds to a `cache` what counts of a called workflow.
    pub(super) fn cache_call(
        &mut self,
        spot: Spot,
        (caller, called): (WorkflowId, WorkflowId),
        run: &mut StepRun,
    ) -> Result<(), Hindrance> {
        let Some(cache) = &mut run.cache else { return Ok(()) };
        let settings = self.settings(spot, caller)?;
        let folder = settings.iter().find_map(|(name, setting)| match setting {
            Argument::Value(Value::String(folder)) if **name == *"cwd" => Some(folder.as_ref().into()),
            _ => None,
        });
        let program = &self.program;
        let contents = self.contents.entry(called).or_insert_with(|| Arc::new(program.contents(called))).clone();
        cache.called = Some(CalledWorkflow { given: run.given.clone(), contents, folder });
        Ok(())
    }

    fn evaluate_patterns(&self, spot: Spot, patterns: &Expression) -> Result<Vec<Arc<str>>, Hindrance> {
        let no_list = || Hindrance::at(patterns.span, "patterns are no list of texts");
        let Value::List(list) = self.evaluate(spot, &Extras::default(), patterns)? else { return Err(no_list()) };
        let text = |pattern: &Value| match pattern {
            Value::String(text) => Ok(text.as_ref().into()),
            _ => Err(no_list()),
        };
        list.iter().map(text).collect()
    }

    fn step_of(&mut self, id: InstanceId) -> Option<(&Instance, &mut StepRun)> {
        let node = self.nodes.get_mut(&id)?;
        match &mut node.state {
            NodeState::Step(step) => Some((&node.instance, step)),
            _ => None,
        }
    }

    /// Looks whether an earlier success of a step counts; whether there is something to look for.
    pub(super) fn look_up(&mut self, id: InstanceId) -> bool {
        let workflow = self.nodes.get(&id).and_then(|node| self.program.workflows.get(node.workflow));
        let workflow = workflow.map_or_else(|| "".into(), |workflow| workflow.name.clone());
        let Some((instance, step)) = self.step_of(id) else { return false };
        let Some(cache) = &mut step.cache else { return false };
        let action = cache.called.take().map(CachedAction::Workflow);
        let Some(action) = action.or_else(|| step.call.clone().map(CachedAction::Kind)) else { return false };
        let query = Arc::new(CacheQuery {
            place: format!("{workflow} {}", instance.path).into(),
            action,
            inputs: std::mem::take(&mut cache.inputs),
            outputs: std::mem::take(&mut cache.outputs),
            key: cache.key.take(),
        });
        cache.query = Some(query.clone());
        step.phase = StepPhase::Looking;
        let instance = instance.clone();
        self.caching += 1;
        self.command(Command::LookUp { instance, query });
        true
    }

    /// Refuses an answer of the cache that nobody waits for.
    pub(super) fn check_caching(&self, instance: &Instance, phase: StepPhase) -> Checked {
        let waits = self.nodes.get(&instance.id).filter(|node| node.instance == *instance);
        if waits.and_then(|node| node.step()).is_some_and(|step| step.phase == phase) {
            Ok(())
        } else {
            refuse(format!("step `{}` does not ask the cache at this point", instance.path))
        }
    }

    fn answered(&mut self, id: InstanceId) -> Option<&mut StepRun> {
        self.caching = self.caching.saturating_sub(1);
        let (_, step) = self.step_of(id)?;
        step.phase = StepPhase::Idle;
        Some(step)
    }

    pub(super) fn cache_hit(&mut self, id: InstanceId, (result, decoded): (&Value, Option<&Value>), digest: &Arc<str>) {
        let Some(step) = self.answered(id) else { return };
        step.result = Some((result.clone(), decoded.unwrap_or(result).clone()));
        if let Some(cache) = &mut step.cache {
            (cache.hit, cache.digest) = (true, Some(digest.clone()));
        }
        self.agenda.push_back(Task::Judge(id));
    }

    pub(super) fn cache_missed(&mut self, id: InstanceId, digest: Option<&Arc<str>>) {
        let Some(step) = self.answered(id) else { return };
        if let Some(cache) = &mut step.cache {
            cache.digest = digest.cloned();
        }
        self.enqueue(id);
    }

    /// Runs a step whose earlier success is not what it expects now; whether it is one.
    pub(super) fn distrust_cache(&mut self, id: InstanceId) -> bool {
        let Some((_, step)) = self.step_of(id) else { return false };
        let Some(cache) = step.cache.as_mut().filter(|cache| cache.hit) else { return false };
        (cache.hit, step.result) = (false, None);
        self.enqueue(id);
        true
    }

    /// A step has a result that holds: it ends, or is kept before anybody hears of it.
    pub(super) fn step_succeeded(&mut self, id: InstanceId, value: Value) {
        let Some(node) = self.nodes.get(&id) else { return };
        if node.is_cached() {
            return self.end_statement(id, Outcome::Succeeded(value));
        }
        let Some(keep) = self.keep_of(node) else { return self.settle_step(id, Outcome::Succeeded(value)) };
        if let Some((_, step)) = self.step_of(id) {
            step.phase = StepPhase::Keeping;
        }
        self.caching += 1;
        self.command(keep);
    }

    /// Lets no call around a step be kept, because somebody gave what the step is said to have done.
    pub(super) fn keep_nothing_around(&mut self, id: InstanceId) {
        let mut around = self.around(id);
        while let Some(outer) = around {
            if let Some((_, StepRun { cache: Some(cache), .. })) = self.step_of(outer) {
                cache.digest = None;
            }
            around = self.around(outer);
        }
    }

    fn keep_of(&self, node: &Node) -> Option<Command> {
        let step = node.step()?;
        let cache = step.cache.as_ref()?;
        let (query, digest) = (cache.query.clone()?, cache.digest.clone()?);
        let (result, value) = step.result.clone()?;
        let decoded = query.action.decode().is_some().then_some(value);
        Some(Command::Keep { instance: node.instance.clone(), query, digest, result, decoded })
    }

    pub(super) fn cache_kept(&mut self, id: InstanceId) {
        let value = self.answered(id).and_then(|step| step.result.as_ref().map(|(_, value)| value.clone()));
        if let Some(value) = value {
            self.settle_step(id, Outcome::Succeeded(value));
        }
    }

    /// What was asked of the cache for a step and not answered.
    pub(super) fn caching_of(&self, node: &Node) -> Option<Command> {
        let step = node.step()?;
        match step.phase {
            StepPhase::Looking => {
                let query = step.cache.as_ref()?.query.clone()?;
                Some(Command::LookUp { instance: node.instance.clone(), query })
            }
            StepPhase::Keeping => self.keep_of(node),
            _ => None,
        }
    }
}
