//! What the steps of a program need that only connecting to it can tell: databases, servers.

use crate::foresight::Foresight;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::runtime::Builder;
use wf_model::program::{Callee, Program, Step};
use wf_model::span::Span;
use wf_runtime::executor::{Executor, Known};
use wf_runtime::need::Need;

/// Asks for everything that the steps of a program need, all at once; each is asked once, and stands where it is first needed.
pub(super) fn of_steps(program: &Program) -> Vec<(Need, Span)> {
    let executors = wf_steps::executors();
    let mut asked: Vec<(Arc<dyn Executor>, Known, Span)> = Vec::new();
    let mut seen: HashSet<(Arc<str>, Known)> = HashSet::new();
    for (id, workflow) in program.workflows.iter() {
        let foresight = Foresight::of(program, id);
        for (_, statement) in workflow.statements.iter() {
            for invocation in statement.kind.step().into_iter().flat_map(Step::invocations) {
                let Callee::Kind(name) = &invocation.callee else { continue };
                let Some(executor) = executors.get(name) else { continue };
                let known = foresight.known(program, workflow, invocation).only(executor.needs_by());
                if seen.insert((Arc::clone(name), known.clone())) {
                    asked.push((Arc::clone(executor), known, invocation.span));
                }
            }
        }
    }
    answers(asked)
}

/// What the kinds need that the machine has or lacks, whatever steps say.
pub(crate) fn of_kinds() -> Vec<(&'static str, Vec<Need>)> {
    let executors = wf_steps::executors();
    let asked: Vec<_> = executors.registry().iter().filter_map(|kind| Some((kind.name, executors.get(kind.name)?))).collect();
    let found = together(asked.iter().map(|(_, executor)| executor.needs(None)).collect());
    asked.iter().map(|(name, _)| *name).zip(found).collect()
}

fn answers(asked: Vec<(Arc<dyn Executor>, Known, Span)>) -> Vec<(Need, Span)> {
    let spans: Vec<Span> = asked.iter().map(|(_, _, span)| *span).collect();
    let found = together(asked.into_iter().map(|(executor, known, _)| executor.needs(Some(known))).collect());
    let mut seen = HashSet::new();
    let needs = found.into_iter().zip(spans).flat_map(|(found, span)| found.into_iter().map(move |need| (need, span)));
    needs.filter(|(need, _)| seen.insert(need.clone())).collect()
}

fn together(asking: Vec<futures_util::future::BoxFuture<'static, Vec<Need>>>) -> Vec<Vec<Need>> {
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(futures_util::future::join_all(asking)),
        Err(error) => {
            let remedy = wf_runtime::need::Remedy::Do("Try again when the machine has less to do.".to_owned());
            asking.iter().map(|_| vec![Need::lacking("machine", &format!("cannot be asked: {error}"), remedy.clone())]).collect()
        }
    }
}
