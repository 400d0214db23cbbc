//! The rehearsal (§10): every step fails, runs out of time, is cancelled and crashes in turn, and so does every undo; each scenario
//! says how the run ended, what was undone and what was left behind.

mod arrangement;
mod fault;
mod finding;
mod safe_twice;
mod scenario;
mod together;

pub use fault::{Fault, FaultSort};
pub use finding::{Finding, FindingSort};
pub use scenario::Scenario;

use super::subject::Subject;
use crate::engine::IllegalTransition;
use arrangement::Arrangement;
use fault::{Seen, Waits};
use finding::{of_handlers, rolls_back};
use scenario::{Performed, perform};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use together::{Shown, Stage, Wanted};
use wf_model::event::{Event, InstanceId, without_places};
use wf_model::program::{Effect, EffectClause, StatementId, UnknownAnswer, Workflow, WorkflowId};
use wf_model::run::RunState;
use wf_model::span::Span;
use wf_model::test::Test;
use wf_model::value::Value;

/// How a rehearsal goes.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Parameters by name; the others have their defaults, or values that are made.
    pub arguments: Vec<(Arc<str>, Value)>,
    /// No more scenarios are performed.
    pub most: usize,
    /// How many faults a scenario has: one, or pairs of them too. What happens in handlers and undos is always a second one.
    pub depth: u32,
    /// The only scenario that is wanted.
    pub seed: Option<String>,
}

/// What a rehearsal showed.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// The scenarios, those without a fault first.
    pub scenarios: Vec<Scenario>,
    /// What is wrong, each with the scenario of the fewest faults that shows it, by its place in the list of scenarios.
    pub findings: Vec<(Finding, usize)>,
    /// Steps that no scenario reached.
    pub unreached: Vec<(Arc<str>, Span)>,
    /// How many steps changed something.
    pub changing: usize,
    /// How many of them an undo covers, or they undo themselves.
    pub undone: usize,
    /// How many say why nothing has to be undone.
    pub excused: usize,
    /// How many scenarios were left out, because there are more than were wanted.
    pub left_out: usize,
}

/// Why a workflow cannot be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrehearsable {
    /// It is not part of the program.
    #[error("workflow is not part of the program")]
    NoWorkflow,
    /// Of these parameters no value was given, and none that was made fits.
    #[error("no value of its own fits {}", list(.0))]
    Parameters(Vec<Arc<str>>),
    /// The run fails before anything goes wrong.
    #[error("the run fails with values that are made: {message}")]
    Fails {
        /// What fails.
        message: String,
    },
    /// There is no scenario of that name.
    #[error("no scenario is called {0}")]
    NoScenario(String),
    /// The engine refuses what follows from its own conclusions.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
}

fn list(names: &[Arc<str>]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Bases beside the first: more are not tried, however many conditions there are.
const MOST_BASES: usize = 64;

/// Rehearses a workflow; the tests of it give further runs to begin with, and `told` is called, from any thread, behind each scenario.
///
/// # Errors
/// Where no run of it can be begun, or the wanted scenario is not there.
pub fn rehearse(
    subject: &Arc<Subject>,
    workflow: WorkflowId,
    manner: &Manner,
    tests: &[Test],
    told: &(dyn Fn() + Sync),
) -> Result<Rehearsal, Unrehearsable> {
    let subject = Arc::new(subject.for_rehearsal());
    let Some(declared) = subject.program.workflows.get(workflow) else { return Err(Unrehearsable::NoWorkflow) };
    let stage = Stage {
        rolls_back: rolls_back(&subject),
        of_handlers: of_handlers(&subject),
        subject: subject.clone(),
        workflow,
        manner,
        told,
    };
    let mut rehearsing = Rehearsing { stage, rehearsal: Rehearsal::default(), done: BTreeSet::new(), reached: BTreeSet::new() };
    let bases = rehearsing.bases(declared, tests)?;
    for base in &bases {
        rehearsing.around(base)?;
    }
    if let Some(seed) = manner.seed.as_ref().filter(|_| rehearsing.rehearsal.scenarios.is_empty()) {
        return Err(Unrehearsable::NoScenario(seed.clone()));
    }
    Ok(rehearsing.finish())
}

/// A run without a fault.
struct Base {
    arrangement: Arrangement,
    performed: Performed,
}

struct Rehearsing<'a> {
    stage: Stage<'a>,
    rehearsal: Rehearsal,
    /// Scenarios that were performed, by seed.
    done: BTreeSet<String>,
    reached: BTreeSet<(WorkflowId, StatementId)>,
}

impl Rehearsing<'_> {
    /// Runs without a fault that reach as many steps as can be reached.
    fn bases(&mut self, declared: &Workflow, tests: &[Test]) -> Result<Vec<Base>, Unrehearsable> {
        let plain = arrangement::plain(&self.stage.subject, declared, &self.stage.manner.arguments);
        let of_tests = tests.iter().filter(|test| test.workflow == self.stage.workflow);
        let of_tests: Vec<Arrangement> = of_tests.filter_map(|test| arrangement::of_test(&self.stage.subject, test)).collect();
        let mut bases = Vec::new();
        let mut why = None;
        for arrangement in plain.clone().into_iter().chain(of_tests) {
            let performed = perform(&arrangement, self.stage.workflow, &[], None)?;
            if performed.scenario.state == RunState::Succeeded {
                let known = self.reached.len();
                self.reach(&performed.seen);
                if bases.is_empty() || self.reached.len() > known {
                    bases.push(Base { arrangement, performed });
                }
            } else {
                why.get_or_insert_with(|| ending(&performed));
            }
        }
        let Some(first) = bases.first().map(|base| base.arrangement.clone()) else {
            return Err(match (plain, why) {
                (Err(names), _) => Unrehearsable::Parameters(names),
                (_, why) => Unrehearsable::Fails { message: why.unwrap_or_default() },
            });
        };
        let mut left = MOST_BASES;
        while let Some(base) = self.further(declared, &first, &mut left)? {
            bases.push(base);
        }
        Ok(bases)
    }

    /// A run without a fault that reaches what none before has reached.
    fn further(&mut self, declared: &Workflow, first: &Arrangement, left: &mut usize) -> Result<Option<Base>, Unrehearsable> {
        let workflows: BTreeSet<WorkflowId> =
            self.reached.iter().map(|(workflow, _)| *workflow).chain([self.stage.workflow]).collect();
        for way in arrangement::ways_to(&self.stage.subject, &workflows, &self.reached) {
            if *left == 0 {
                return Ok(None);
            }
            *left -= 1;
            let arrangement = first.towards(self.stage.workflow, declared, &way);
            let performed = perform(&arrangement, self.stage.workflow, &[], None)?;
            let known = self.reached.len();
            if performed.scenario.state == RunState::Succeeded {
                self.reach(&performed.seen);
            }
            if self.reached.len() > known {
                return Ok(Some(Base { arrangement, performed }));
            }
        }
        Ok(None)
    }

    fn reach(&mut self, seen: &BTreeMap<InstanceId, Seen>) {
        let began = seen.values().filter(|seen| !seen.is_undo);
        self.reached.extend(began.map(|seen| (seen.workflow, seen.statement)));
    }

    /// Performs every scenario of a base.
    fn around(&mut self, base: &Base) -> Result<(), Unrehearsable> {
        let (arrangement, events) = (&base.arrangement, base.performed.events.as_slice());
        let of_faults = |faults: &[Fault]| Wanted { faults: faults.to_vec(), dies_behind: None };
        let firsts = self.faults(&base.performed.seen, |seen| !seen.is_undo);
        let firsts: Vec<Wanted> = firsts.iter().map(|fault| of_faults(std::slice::from_ref(fault))).collect();
        let shown = self.stage.all_shown(arrangement, events, firsts.get(..firsts.len().min(self.room())).unwrap_or_default())?;
        let shown = shown.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let known: BTreeSet<Arc<str>> = base.performed.seen.values().map(|seen| seen.step.clone()).collect();
        let mut undos: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut all = vec![(of_faults(&[]), None)];
        for (wanted, first) in firsts.into_iter().zip(shown) {
            let seen = first.as_ref().map(|first| first.seen.clone()).unwrap_or_default();
            all.push((wanted.clone(), first));
            // What only runs because of the fault goes wrong too: handlers, and each undo once.
            let is_known = |seen: &Seen| match seen.is_undo {
                true => undos.contains(&*seen.step),
                false => known.contains(&seen.step),
            };
            let mut seconds = self.faults(&seen, |seen| !is_known(seen));
            undos.extend(seen.values().filter(|seen| seen.is_undo).map(|seen| seen.step.clone()));
            if self.stage.manner.depth > 1 {
                seconds.extend(self.faults(&seen, |_| true).into_iter().filter(|second| !wanted.faults.contains(second)));
            }
            let both = |second| [wanted.faults.as_slice(), &[second]].concat();
            all.extend(seconds.into_iter().map(|second| (of_faults(&both(second)), None)));
        }
        all.extend((1..events.len()).map(|until| (Wanted { faults: Vec::new(), dies_behind: Some(until) }, None)));
        self.take_all(arrangement, events, all)
    }

    /// Performs what was not performed yet, and takes all down in its order.
    fn take_all(
        &mut self,
        arrangement: &Arrangement,
        events: &[Event],
        all: Vec<(Wanted, Option<Shown>)>,
    ) -> Result<(), Unrehearsable> {
        let open: Vec<Wanted> =
            all.iter().take(self.room()).filter(|(_, shown)| shown.is_none()).map(|(wanted, _)| wanted.clone()).collect();
        let mut performed = self.stage.all_shown(arrangement, events, &open)?.into_iter();
        for (wanted, shown) in all {
            if self.room() == 0 {
                self.rehearsal.left_out += 1;
                continue;
            }
            match shown.or_else(|| performed.next()) {
                Some(shown) => self.take(shown),
                // One that was met twice takes no room.
                None => self.take(self.stage.shown(arrangement, events, &wanted)?),
            }
        }
        Ok(())
    }

    /// How many scenarios are still wanted.
    fn room(&self) -> usize {
        self.stage.manner.most.saturating_sub(self.rehearsal.scenarios.len())
    }

    /// Takes down what a scenario showed, unless it was met before or is not asked for.
    fn take(&mut self, shown: Shown) {
        let Shown { scenario, findings, seen } = shown;
        if !self.done.insert(scenario.seed.clone()) {
            return;
        }
        self.reach(&seen);
        if !self.stage.is_wanted(&scenario) {
            return;
        }
        let place = self.rehearsal.scenarios.len();
        for finding in findings {
            self.rehearsal.find(finding, place, scenario.faults.len());
        }
        self.rehearsal.scenarios.push(scenario);
    }

    /// What can go wrong with the steps and undos that a run has seen: of a loop with its first and its last iteration.
    fn faults(&self, seen: &BTreeMap<InstanceId, Seen>, wanted: impl Fn(&Seen) -> bool) -> Vec<Fault> {
        let mut ends: BTreeMap<(bool, &str), (&Seen, &Seen)> = BTreeMap::new();
        let mut order = Vec::new();
        for seen in seen.values().filter(|seen| wanted(seen)) {
            let key = (seen.is_undo, without_places(&seen.step));
            ends.entry(key).and_modify(|(_, last)| *last = seen).or_insert_with(|| {
                order.push(key);
                (seen, seen)
            });
        }
        let both = order.iter().filter_map(|key| ends.get(key)).flat_map(|(first, last)| {
            let last = (first.step != last.step).then_some(*last);
            [Some(*first), last].into_iter().flatten()
        });
        both.flat_map(|seen| self.sorts(seen).into_iter().map(|sort| fault_of(seen, sort))).collect()
    }

    /// What can go wrong with a step or undo.
    fn sorts(&self, seen: &Seen) -> Vec<FaultSort> {
        use FaultSort as Sort;
        let statement = self.stage.subject.statement_at(seen.workflow, seen.statement);
        let Some(step) = statement.and_then(|statement| statement.kind.step()) else { return Vec::new() };
        if seen.is_undo {
            return vec![Sort::Fails, Sort::Crashes];
        }
        match seen.waits {
            Some(Waits::Answer) => return vec![Sort::Rejected, Sort::Unanswered, Sort::Cancelled],
            Some(Waits::Signal) => return vec![Sort::Unanswered, Sort::Cancelled],
            None => {}
        }
        let mut sorts = vec![Sort::Fails];
        if step.clauses.retry.is_some() {
            sorts.push(Sort::FailsOnce);
        }
        if seen.has_timeout {
            sorts.push(Sort::TimesOut);
        }
        // What waits for an answer and gets none lets the time of what is around it run out by itself.
        sorts.extend((!seen.limited.is_empty()).then_some(Sort::BlockTimesOut));
        sorts.extend((seen.limited.len() > 1).then_some(Sort::OuterBlockTimesOut));
        sorts.push(Sort::Cancelled);
        let repeatable = step.effect(self.stage.subject.kinds()).may_run_twice();
        match &step.clauses.unknown {
            _ if repeatable => sorts.push(Sort::Crashes),
            Some(UnknownAnswer::Rerun | UnknownAnswer::Fail | UnknownAnswer::Done) => sorts.push(Sort::Crashes),
            Some(UnknownAnswer::Check(_)) => sorts.extend([Sort::CrashesDone, Sort::CrashesUndone]),
            Some(UnknownAnswer::Ask) | None => sorts.extend([Sort::CrashesDone, Sort::CrashesUndone, Sort::CrashesFailed]),
        }
        sorts
    }

    fn finish(mut self) -> Rehearsal {
        let mut workflows: BTreeSet<WorkflowId> = self.reached.iter().map(|(workflow, _)| *workflow).collect();
        workflows.insert(self.stage.workflow);
        for id in workflows {
            let Some(workflow) = self.stage.subject.program.workflows.get(id) else { continue };
            for (statement_id, statement) in workflow.statements.iter() {
                let Some(step) = statement.kind.step() else { continue };
                if !self.reached.contains(&(id, statement_id)) {
                    if !matches!(step.effect(self.stage.subject.kinds()), Effect::Inside(_)) {
                        self.rehearsal.unreached.push((statement.name.clone().unwrap_or_default(), statement.span));
                    }
                    continue;
                }
                self.rehearsal.count(step.effect(self.stage.subject.kinds()), &step.clauses.effect);
            }
        }
        self.rehearsal
    }
}

impl Rehearsal {
    /// Takes a finding down, unless a scenario with as few faults showed it before.
    fn find(&mut self, finding: Finding, place: usize, faults: usize) {
        let is_same = |(known, _): &&mut (Finding, usize)| {
            known.sort == finding.sort && without_places(&known.step) == without_places(&finding.step)
        };
        match self.findings.iter_mut().find(is_same) {
            None => self.findings.push((finding, place)),
            Some(known) => {
                let least = self.scenarios.get(known.1).map(|scenario| scenario.faults.len());
                if least.is_some_and(|least| faults < least) {
                    *known = (finding, place);
                }
            }
        }
    }

    fn count(&mut self, effect: Effect, clause: &EffectClause) {
        match effect {
            Effect::Reads | Effect::Inside(_) => {}
            Effect::UndoesItself => (self.changing, self.undone) = (self.changing + 1, self.undone + 1),
            Effect::Changes { .. } => {
                self.changing += 1;
                match clause {
                    EffectClause::Undo(_) | EffectClause::UndoesItself => self.undone += 1,
                    EffectClause::NoUndo(_) => self.excused += 1,
                    EffectClause::Unstated | EffectClause::ReadsOnly => {}
                }
            }
        }
    }
}

fn fault_of(seen: &Seen, sort: FaultSort) -> Fault {
    Fault { step: seen.step.clone(), is_undo: seen.is_undo, sort }
}

/// How a run ended that was to succeed.
fn ending(performed: &Performed) -> String {
    match &performed.record.cause {
        Some(cause) if cause.path.is_empty() => cause.failure.message.to_string(),
        Some(cause) => format!("step {}: {}", cause.path, cause.failure.message),
        None => format!("it is {}", performed.scenario.state.name()),
    }
}
