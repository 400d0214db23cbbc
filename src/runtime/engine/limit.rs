//! What is said of a block, or of a called workflow, that ran out of time.

use super::Engine;
use super::node::statement_of;
use super::state::{BodyRun, Node, NodeState, Owner};
use super::undo::action_of;
use wf_model::event::{Instance, InstanceId, Timer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Callee, Statement, StatementKind, WorkflowId};
use wf_model::span::Span;
use wf_model::unit::Duration;

impl Engine {
    /// The failure of a body whose `timeout` ran out; another attempt does not mend it.
    pub(super) fn body_out_of_time(&self, run: &BodyRun) -> Failure {
        let (what, span) = match run.owner {
            Owner::Run | Owner::Call(_) => self.workflow_at(run.workflow),
            Owner::Block => self.block_at(run.instance.id, None),
            Owner::Iteration(node, _) => self.block_at(node, None),
            Owner::Round(node, round) => self.block_at(node, Some(round)),
            Owner::Handler(..) => ("handler".to_owned(), None),
        };
        out_of_time(&what, run.timeout, span)
    }

    /// The failure of a step whose called workflow ran out of time; another attempt may mend it.
    pub(super) fn call_out_of_time(&self, id: InstanceId) -> Failure {
        let statement = self.nodes.get(&id).and_then(|node| self.statement_at(node));
        let action = self.nodes.get(&id).and_then(|node| action_of(&self.program, node));
        let callee = match action.map(|action| &action.invocation.callee) {
            Some(Callee::Workflow(workflow)) => self.workflow_at(*workflow).0,
            Some(Callee::Kind(_)) | None => "step".to_owned(),
        };
        let limit = match self.nodes.get(&id).map(|node| &node.state) {
            Some(NodeState::Step(step)) => step.limit,
            _ => None,
        };
        let failure = out_of_time(&callee, limit, statement.map(|statement| statement.span));
        Failure { retryable: true, ..failure }
    }

    /// The bodies around a step, and the calls of workflows, whose time runs; the innermost one first.
    pub(crate) fn limited_around(&self, id: InstanceId) -> Vec<Instance> {
        let instance = |id: InstanceId| {
            let body = self.bodies.get(&id).map(|run| run.instance.clone());
            body.or_else(|| self.nodes.get(&id).map(|node| node.instance.clone()))
        };
        let around = std::iter::successors(self.around(id), |id| self.around(*id));
        around.filter(|id| self.timers.contains_key(&(*id, Timer::Timeout))).filter_map(instance).collect()
    }

    fn statement_at(&self, node: &Node) -> Option<&Statement> {
        statement_of(&self.program, node.workflow, node.statement)
    }

    fn workflow_at(&self, id: WorkflowId) -> (String, Option<Span>) {
        let workflow = self.program.workflows.get(id);
        let what = workflow.map_or_else(|| "workflow".to_owned(), |workflow| format!("workflow `{}`", workflow.name));
        (what, workflow.map(|workflow| workflow.span))
    }

    fn block_at(&self, node: InstanceId, round: Option<u64>) -> (String, Option<Span>) {
        let statement = self.nodes.get(&node).and_then(|node| self.statement_at(node));
        let round = round.map_or(0, |round| round.saturating_add(1));
        let what = statement.map_or_else(|| "block".to_owned(), |statement| block(&statement.kind, round));
        (what, statement.map(|statement| statement.span))
    }
}

/// What people call a block; of a loop what its clauses count for.
fn block(kind: &StatementKind, round: u64) -> String {
    match kind {
        StatementKind::If(_) => "branch of the `if`".to_owned(),
        StatementKind::Stage(_) => "stage".to_owned(),
        StatementKind::Parallel(_) => "parallel block".to_owned(),
        StatementKind::ForEach(_) => "iteration of the loop".to_owned(),
        StatementKind::Repeat(_) => format!("round {round} of the loop"),
        StatementKind::Let(_)
        | StatementKind::Step(_)
        | StatementKind::Rollback(_)
        | StatementKind::Checkpoint(_)
        | StatementKind::Commit => "block".to_owned(),
    }
}

fn out_of_time(what: &str, limit: Option<Duration>, span: Option<Span>) -> Failure {
    let message = match limit {
        Some(limit) => format!("{what} took longer than {limit}"),
        None => format!("{what} ran out of time"),
    };
    Failure { span, ..Failure::final_of(FailureKind::Timeout, &message) }
}
