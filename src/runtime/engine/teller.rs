//! Tells a run whose definition changed on its way: each definition hears what happened before it as well, and says whether that stands
//! in it.

use super::Engine;
use super::command::IllegalTransition;
use super::node::{kind_of, statement_of};
use super::numbering::{Numbers, Origin};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind};
use wf_model::program::{Correspondence, Program, StatementId, WorkflowId};
use wf_model::value::Value;

/// How many things that do not stand are told.
const MOST_TOLD: usize = 10;

/// A run as far as it was told.
#[derive(Debug)]
pub struct Teller {
    engine: Engine,
    /// The engines of later definitions, in the order in which the run changed to them.
    later: VecDeque<Engine>,
    /// What happened, where a later definition has to hear it, each with what it relied on.
    told: Vec<(Event, Option<u64>)>,
    /// The first numbers that instances had under each definition but the first.
    bounds: VecDeque<u64>,
}

impl Teller {
    /// A run before anything happened, with an engine for its first definition and one for each that it changed to.
    #[must_use]
    pub fn new(mut first: Engine, later: impl IntoIterator<Item = Engine>) -> Self {
        let later: VecDeque<Engine> = later.into_iter().collect();
        if !later.is_empty() {
            first.keep_numbers();
        }
        Self { engine: first, later, told: Vec::new(), bounds: VecDeque::new() }
    }

    /// The engine of the definition that the run goes by.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The same, once all is told.
    #[must_use]
    pub fn into_engine(self) -> Engine {
        self.engine
    }

    /// As [`Self::tell`], with `secret` in the place of what steps gave as secrets, which is kept nowhere: it is given the step's path
    /// with the fields behind it.
    ///
    /// # Errors
    /// When it is not what happens in such a run.
    pub fn tell_with(&mut self, event: &Event, secret: &dyn Fn(&str) -> Value) -> Result<(), IllegalTransition> {
        match self.engine.with_placeholder(event, secret) {
            Some(event) => self.tell(&event),
            None => self.tell(event),
        }
    }

    /// Takes in what happened next, as the journal tells it.
    ///
    /// # Errors
    /// When it is not what happens in such a run.
    pub fn tell(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        if matches!(event.kind, EventKind::DefinitionChanged { .. }) {
            self.turn().map_err(|reasons| IllegalTransition::new(reasons.join("; ")))?;
        }
        let witness = if self.later.is_empty() { None } else { self.engine.witness(&event.kind) };
        self.engine.apply(event)?;
        // They were done, or are among what is outstanding.
        self.engine.commands.clear();
        if !self.later.is_empty() {
            self.told.push((event.clone(), witness));
        }
        Ok(())
    }

    /// Tells the next definition what happened so far. What it has to be told next is that the run changed to it.
    ///
    /// # Errors
    /// Where that does not stand in it: all reasons that can be told apart, each one lower case fact.
    pub fn turn(&mut self) -> Result<(), Vec<String>> {
        let Some(mut next) = self.later.pop_front() else { return Err(vec!["nothing is known of a definition".to_owned()]) };
        let correspondence = Correspondence::between(&self.engine.program, &next.program);
        let Some(numbers) = self.engine.numbers().cloned() else { return Err(Vec::new()) };
        let gone = self.gone(&next.program, &correspondence, &numbers);
        if !gone.is_empty() {
            return Err(gone);
        }
        self.bounds.push_back(self.engine.next_number());
        next.begin_retelling(numbers, correspondence, self.bounds.clone());
        let mut changed = Vec::new();
        for (event, witness) in &mut self.told {
            let now = next.witness(&event.kind);
            if let Some(reason) =
                Some(&event.kind).filter(|_| witness.is_some() && now.is_some() && now != *witness).and_then(other)
            {
                changed.push(reason);
            }
            *witness = now;
            changed.extend(next.misses(&event.kind));
            if let Err(refused) = next.retell(event) {
                changed.push(stands_not(&event.kind, &refused));
                break;
            }
            next.commands.clear();
        }
        changed.truncate(MOST_TOLD);
        if !changed.is_empty() {
            return Err(changed);
        }
        self.engine = next;
        if self.later.is_empty() {
            self.told = Vec::new();
        }
        Ok(())
    }

    /// What ran and is not in the program any more, or is something else there.
    fn gone(&self, program: &Program, correspondence: &Correspondence, numbers: &Numbers) -> Vec<String> {
        let places = places(numbers);
        let mut gone: BTreeMap<(WorkflowId, StatementId), String> = BTreeMap::new();
        for (event, _) in &self.told {
            let (instance, kind) = match &event.kind {
                EventKind::Ready { instance, kind, .. } => (instance, kind),
                EventKind::LetEvaluated { instance, .. } => (instance, &InstanceKind::Let),
                _ => continue,
            };
            let Some(&(workflow, statement)) = places.get(&instance.id) else { continue };
            let path = &instance.path;
            let later = correspondence.later(workflow, statement);
            let now = later.and_then(|(workflow, statement)| statement_of(program, workflow, statement));
            let reason = match now.map(|now| kind_of(program, now)) {
                None => format!("{} is not in the file any more", began(kind, path)),
                Some(now) if now != *kind => format!("{} is {} in the file now", began(kind, path), sort(&now)),
                Some(_) => continue,
            };
            gone.entry((workflow, statement)).or_insert(reason);
        }
        gone.into_values().take(MOST_TOLD).collect()
    }
}

/// Which statements instances are of.
fn places(numbers: &Numbers) -> HashMap<InstanceId, (WorkflowId, StatementId)> {
    let mut places = HashMap::new();
    for (origin, ids) in numbers {
        if let Origin::Statement { workflow, statement, .. } = origin {
            places.extend(ids.iter().map(|id| (*id, (*workflow, *statement))));
        }
    }
    places
}

/// What an event relied on that is not so any more.
fn other(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Observed { instance: Some(instance), function, .. } => {
            format!("{} asked `{}` for something else", named(&instance.path), function.name())
        }
        EventKind::Observed { instance: None, function, .. } => {
            format!("the file asked `{}` for something else", function.name())
        }
        kind => format!("{} was done, with another text than it has in the file now", named(&kind.instance()?.path)),
    })
}

/// What happened where it could not have happened.
fn stands_not(kind: &EventKind, refused: &IllegalTransition) -> String {
    let path = kind.instance().map_or_else(|| "the run".to_owned(), |instance| named(&instance.path));
    match kind {
        EventKind::Ready { .. } | EventKind::Started { .. } | EventKind::Announced { .. } => {
            format!("{path} had begun, and would not have by then")
        }
        EventKind::Skipped { .. } => format!("{path} was skipped, and would not have been by then"),
        EventKind::LetEvaluated { .. } => format!("{path} has another value"),
        EventKind::Succeeded { .. } | EventKind::Cached { .. } => {
            format!("{path} had succeeded, and would not have by then, or with another value")
        }
        EventKind::Failed { .. } => format!("{path} had failed, and would not have by then, or in another way"),
        EventKind::Cancelled { .. } => format!("{path} was cancelled, and would not have been"),
        EventKind::BranchTaken { .. } => format!("{path} had taken another branch"),
        EventKind::ListEvaluated { .. } => format!("{path} goes through another list"),
        EventKind::IterationOpened { index, .. } => format!("iteration {index} of {path} had begun, and would not have by then"),
        EventKind::RunEnded { .. } => "the run would not have ended".to_owned(),
        _ => format!("what happened to {path} does not fit: {}", refused.reason),
    }
}

fn named(path: &str) -> String {
    if path.is_empty() { "a block without a name".to_owned() } else { format!("`{path}`") }
}

/// What has begun, by its kind.
fn began(kind: &InstanceKind, path: &Arc<str>) -> String {
    let ended = if matches!(kind, InstanceKind::Let) { "has its value and" } else { "has begun and" };
    if path.is_empty() { format!("{} {ended}", sort(kind)) } else { format!("{} `{path}` {ended}", word(kind)) }
}

fn word(kind: &InstanceKind) -> &'static str {
    match kind {
        InstanceKind::Let => "value",
        InstanceKind::Step(_) | InstanceKind::Call(_) => "step",
        InstanceKind::ForEach | InstanceKind::Repeat => "loop",
        InstanceKind::Stage => "stage",
        InstanceKind::If | InstanceKind::Parallel => "block",
        InstanceKind::Undo(_) => "undo of step",
        InstanceKind::Rollback => "rollback",
        InstanceKind::Checkpoint => "checkpoint",
        InstanceKind::Commit => "commit",
    }
}

fn sort(kind: &InstanceKind) -> String {
    match kind {
        InstanceKind::Let => "a `let`".to_owned(),
        InstanceKind::Step(kind) => format!("a `{kind}` step"),
        InstanceKind::Call(workflow) => format!("a call of workflow `{workflow}`"),
        InstanceKind::If => "an `if`".to_owned(),
        InstanceKind::Stage => "a `stage`".to_owned(),
        InstanceKind::Parallel => "a `parallel` block".to_owned(),
        InstanceKind::ForEach => "a `for each`".to_owned(),
        InstanceKind::Repeat => "a `repeat`".to_owned(),
        InstanceKind::Undo(_) => "an undo".to_owned(),
        InstanceKind::Rollback => "a `rollback`".to_owned(),
        InstanceKind::Checkpoint => "a `checkpoint`".to_owned(),
        InstanceKind::Commit => "a `commit`".to_owned(),
    }
}
