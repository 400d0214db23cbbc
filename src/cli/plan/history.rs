//! How long steps took in earlier runs of a workflow.

use crate::drive::again::named;
use crate::files::compiled;
use crate::run::asked::Found;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wf_compiler::plan::StepName;
use wf_model::estimate::{Basis, Distribution, RunTimes, Samples, Seen};
use wf_model::program::{Program, StatementId, WorkflowId};
use wf_store::{Definition, RunRow, Store, StoreError};

/// So many of the latest runs count; the weight of one halves behind each ten.
const RUNS: u32 = 20;

/// So many journals are read at a time to know the times of their runs.
const READ: usize = 20;

/// What earlier runs say.
#[derive(Default)]
pub(super) struct History {
    /// By what a step is.
    same: HashMap<Arc<str>, Vec<Seen>>,
    /// By its path and what it is.
    exact: HashMap<(Arc<str>, Arc<str>), Vec<Seen>>,
    /// By its path.
    former: HashMap<Arc<str>, Vec<Seen>>,
    /// How often the bodies of loops ran, by their paths, the latest first.
    rounds: HashMap<Arc<str>, Vec<u64>>,
}

impl History {
    /// What the store knows of the workflow; nothing where it cannot be read. Journals of runs that have ended since are read for so long.
    pub(super) fn of(found: &Found, store: &Store, patience: Duration) -> Self {
        let known = found.declared().zip(found.compilation.sources.iter().next());
        let Some((workflow, (_, source))) = known else { return Self::default() };
        // Times that cannot be kept are read again the next time.
        let _ = keep(store, (&workflow.name, &found.file), patience);
        let mut history = Self::default();
        let times = store.times(&workflow.name, &source.path, RUNS).unwrap_or_default();
        for (age, times) in (0..).zip(times) {
            history.add(age, times);
        }
        history
    }

    fn add(&mut self, age: u32, times: RunTimes) {
        for (path, times) in times.steps {
            let took: Vec<f64> = times.took.iter().map(|took| f64::from(u32::try_from(*took).unwrap_or(u32::MAX))).collect();
            let seen = Seen { age, took };
            if !times.digest.is_empty() {
                self.same.entry(times.digest.clone()).or_default().push(seen.clone());
                self.exact.entry((path.clone(), times.digest)).or_default().push(seen.clone());
            }
            self.former.entry(path).or_default().push(seen);
        }
        for (path, rounds) in times.rounds {
            self.rounds.entry(path).or_default().push(rounds);
        }
    }

    /// How long a step took: as it is now, else what had its path.
    pub(super) fn takes(&self, program: &Program, step: &StepName<'_>) -> Option<(Distribution, Basis)> {
        let digest = program.step_digest(step.workflow, step.statement).unwrap_or_default();
        let path: Arc<str> = step.path.into();
        let same = self.exact.get(&(path.clone(), digest.clone())).or_else(|| self.same.get(&digest));
        let (seen, is_same) = same.map(|seen| (seen, true)).or_else(|| Some((self.former.get(&path)?, false)))?;
        let runs = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        let basis = if is_same { Basis::History { runs } } else { Basis::Former { runs } };
        Some((Distribution::Seen(Samples::of(seen)?), basis))
    }

    /// How often the body of a loop usually ran.
    pub(super) fn rounds(&self, path: &str) -> Option<u64> {
        let mut rounds = self.rounds.get(path)?.clone();
        rounds.sort_unstable();
        rounds.get(rounds.len() / 2).copied()
    }
}

/// Keeps the times of runs that have ended since, as many as can be read in the time; a file of another name has other steps.
fn keep(store: &Store, (workflow, file): (&str, &str), patience: Duration) -> Result<(), StoreError> {
    let began = Instant::now();
    let name = Path::new(file).file_name();
    let unknown = store.runs_without_times(workflow, usize::MAX)?.into_iter();
    for run in unknown.filter(|run| Path::new(&*run.file).file_name() == name).take(READ) {
        if began.elapsed() > patience {
            break;
        }
        // A damaged run says nothing of times; whoever asks for it is told.
        let times = store.read_times(&run.id).unwrap_or_default();
        let definition = store.definition(&run.id)?;
        let times = with_digests(times, &run, &definition);
        store.keep_times(&run, source(&definition), &times)?;
    }
    Ok(())
}

/// The path of the file that was started.
fn source(definition: &Definition) -> &str {
    let started = |known: &&wf_store::Resolution| known.folder.is_empty() && known.written == definition.file;
    definition.resolutions.iter().find(started).map_or("", |started| &started.path)
}

/// The times with what their steps were.
fn with_digests(mut times: RunTimes, run: &RunRow, definition: &Definition) -> RunTimes {
    let compilation = compiled(definition);
    let Some((program, main)) = compilation.program.as_ref().and_then(|program| Some((program, named(program, &run.workflow)?)))
    else {
        return times;
    };
    let mut statements: HashMap<(WorkflowId, &str), StatementId> = HashMap::new();
    for (workflow, declared) in program.workflows.iter() {
        for (id, statement) in declared.statements.iter() {
            if let Some(name) = &statement.name {
                statements.insert((workflow, name), id);
            }
        }
    }
    for (path, times) in &mut times.steps {
        let mut workflow = main;
        let mut digest = None;
        for name in path.split('.') {
            let Some(id) = statements.get(&(workflow, name)).copied() else { break };
            digest = program.step_digest(workflow, id);
            let step = program.workflows.get(workflow).and_then(|declared| declared.statements.get(id)?.kind.step());
            workflow = step.and_then(|step| step.invocation.workflow()).unwrap_or(workflow);
        }
        times.digest = digest.unwrap_or_default();
    }
    times
}
