//! What a run of a workflow would do, in what order and how long it would take: a pure function of the program, its arguments and what
//! an [`Outlook`] tells of the world.

mod advice;
mod block;
mod build;
mod elements;
mod remaining;
mod schedule;
mod sight;
mod step;
#[cfg(test)]
mod tests;
mod words;

use build::{Build, Detail};
pub use remaining::{Left, Progress, Remaining};
use schedule::Graph;
use std::sync::Arc;
use wf_model::estimate::{Basis, Distribution};
use wf_model::expression::Function;
use wf_model::kind::Registry;
use wf_model::plan::{CacheOutlook, FORMAT, Outlook as Times, Plan};
use wf_model::program::{Program, StatementId, WorkflowId};
use wf_model::script::Call;
use wf_model::source::Sources;
use wf_model::value::Value;

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The program.
    pub program: &'a Program,
    /// The workflow that would run.
    pub workflow: WorkflowId,
    /// The texts of the program.
    pub sources: &'a Sources,
    /// The kinds of its steps.
    pub kinds: &'a Registry,
    /// The file as it was named.
    pub file: &'a str,
    /// What the workflow is given, by name; the others have their defaults.
    pub arguments: &'a [(Arc<str>, Value)],
    /// How many steps run at a time.
    pub jobs: u32,
}

/// What the world looks like before a run; who implements it says what it knows.
pub trait Outlook {
    /// What a call that looks outside would see now.
    fn observe(&mut self, _function: Function, _arguments: &[Value]) -> Option<Value> {
        None
    }

    /// What a step would change.
    fn preview(&mut self, _step: &StepOutline<'_>) -> Option<String> {
        None
    }

    /// Whether an earlier success of a step counts.
    fn cached(&mut self, _question: CacheQuestion) -> Option<CacheOutlook> {
        None
    }

    /// How long a step took in earlier runs, and from how many that is known.
    fn history(&mut self, _step: &StepName<'_>) -> Option<(Distribution, Basis)> {
        None
    }

    /// How often the body of a loop ran in earlier runs.
    fn rounds(&mut self, _path: &str) -> Option<u64> {
        None
    }

    /// A text that is shown, without secrets.
    fn mask(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// What is known of a step before it runs.
#[derive(Debug)]
pub struct StepOutline<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Attributes that are given; `None` where only the run knows the value.
    pub attributes: &'a [(Arc<str>, Option<Value>)],
    /// Where it would run, relative to the directory of the file that is started.
    pub cwd: Option<&'a str>,
}

/// What decides whether an earlier success of a step counts.
#[derive(Debug)]
pub struct CacheQuestion {
    /// Workflow and path of the step.
    pub place: String,
    /// What it does.
    pub action: CachedAction,
    /// Patterns of what it reads.
    pub inputs: Vec<Arc<str>>,
    /// Patterns of what it writes.
    pub outputs: Vec<Arc<str>>,
    /// What else counts.
    pub key: Option<Value>,
}

/// What a step with a `cache` does; secrets in it have no value.
#[derive(Debug)]
pub enum CachedAction {
    /// It calls a kind.
    Kind(Call),
    /// It calls a workflow.
    Workflow {
        /// Which.
        workflow: WorkflowId,
        /// What it is given, by name.
        given: Vec<(Arc<str>, Value)>,
        /// `cwd` of the workflow that the step stands in.
        folder: Option<Arc<str>>,
    },
}

/// Which step it is.
#[derive(Clone, Copy, Debug)]
pub struct StepName<'a> {
    /// The workflow that it stands in.
    pub workflow: WorkflowId,
    /// The statement.
    pub statement: StatementId,
    /// Its path in a run, without places of loops.
    pub path: &'a str,
}

/// Plans a run; linear in the size of the program with each call counted, which ends at a million nodes.
pub fn plan(request: &Request<'_>, outlook: &mut dyn Outlook) -> Plan {
    let Build { mut nodes, details, parameters, outputs } = build::build(request, outlook);
    let graph = Graph::folded(&nodes, &details);
    let way = graph.longest(&details);
    way.tell(&graph, &mut nodes, &details);
    let draws = schedule::simulate(&nodes, &details, request.jobs);
    let runs = |detail: &&Detail| detail.is_counted();
    let outlook_of = Times {
        p50: draws.quantile(0.5),
        p90: draws.quantile(0.9),
        critical_path: way.length(),
        steps: details.iter().filter(runs).map(|detail| detail.times).fold(0, u64::saturating_add),
        waves: way.waves(),
        draws: draws.count(),
    };
    let advice = advice::of(request, &nodes, &details);
    let workflow = request.program.workflows.get(request.workflow);
    Plan {
        format: FORMAT,
        workflow: workflow.map_or_else(|| "".into(), |workflow| workflow.name.clone()),
        doc: workflow.and_then(|workflow| workflow.doc.clone()),
        file: request.file.into(),
        definition: definition(request.program, request.workflow),
        parameters,
        jobs: request.jobs,
        nodes,
        outputs,
        outlook: outlook_of,
        advice,
    }
}

/// BLAKE3, in hex, of what a workflow and all that it calls are made of.
#[must_use]
pub fn definition(program: &Program, workflow: WorkflowId) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    for (name, hash) in program.contents(workflow) {
        for text in [&name, &hash] {
            hasher.update(&text.len().to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize().to_hex().as_str().into()
}
