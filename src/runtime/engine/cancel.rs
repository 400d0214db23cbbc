//! Asking what goes on to end: a cancelled run, a lost race, a block that fails fast or ran out of time.

use super::Engine;
use super::agenda::RUN;
use super::command::Command;
use super::state::{Closing, NodeState, Outcome, StepPhase, Task};
use crate::executor::{Stop, StopSignal};
use wf_model::event::{CancelCause, FailedInstance, InstanceId, SkipReason};
use wf_model::failure::{Failure, FailureKind};
use wf_model::run::RunState;

const TERMINATE: Stop = Stop::Gracefully(StopSignal::Terminate);

const fn signal_of(cause: CancelCause) -> StopSignal {
    match cause {
        CancelCause::Hangup => StopSignal::Hangup,
        CancelCause::Interrupt => StopSignal::Interrupt,
        CancelCause::Terminate | CancelCause::Request => StopSignal::Terminate,
    }
}

impl Engine {
    /// The run is to end: gracefully at first, at once when it is asked again.
    pub(super) fn cancel(&mut self, cause: CancelCause) {
        self.cancelled += 1;
        // Its handlers have to run.
        self.pausing = false;
        if self.cancelled > 1 {
            return self.stop_at_once();
        }
        if let Some(waiting) = self.waits_for_rollback.take() {
            self.state = RunState::Running;
            // What stands behind it in the handler runs all the same.
            let path = self.named(waiting).map_or_else(|| "".into(), |instance| instance.path);
            let failure = Failure::final_of(FailureKind::Engine, "run was cancelled before anybody asked for the rollback");
            self.end_statement(waiting, Outcome::Failed(FailedInstance { path, failure, attempts: 0 }));
        } else if self.bodies.contains_key(&RUN) {
            self.close(RUN, Closing::Cancelled(SkipReason::Cancelled), SkipReason::Cancelled);
            self.stop_body_with(RUN, SkipReason::Cancelled, Stop::Gracefully(signal_of(cause)));
        } else {
            self.parked.remove(&RUN);
            self.finish(RunState::Cancelled, None);
        }
    }

    /// Whether everything that runs was ended at once: then nothing more is begun, not even what would clean up.
    pub(super) const fn is_abandoned(&self) -> bool {
        self.cancelled > 1
    }

    /// Whether nothing new is started.
    pub(super) const fn holds_back(&self) -> bool {
        self.is_abandoned() || self.pausing
    }

    fn stop_at_once(&mut self) {
        let running = self.nodes.values().filter(|node| node.step().is_some_and(|step| is_outside(step.phase)));
        let commands: Vec<Command> =
            running.map(|node| Command::Stop { instance: node.instance.clone(), stop: Stop::Now }).collect();
        self.commands.extend(commands);
    }

    /// Stops what goes on in a body that is closed already.
    pub(super) fn stop_live(&mut self, body: InstanceId, reason: SkipReason) {
        let live = self.bodies.get(&body).map(|run| run.live.iter().copied().collect()).unwrap_or_default();
        self.stop_nodes(live, reason, TERMINATE);
    }

    /// Stops what goes on in a body that is closed already, and ends it also where it only waits.
    pub(super) fn stop_body(&mut self, body: InstanceId, reason: SkipReason) {
        self.stop_body_with(body, reason, TERMINATE);
    }

    fn stop_body_with(&mut self, body: InstanceId, reason: SkipReason, stop: Stop) {
        let live = self.interrupt(body);
        self.stop_nodes(live, reason, stop);
    }

    /// Stops all iterations of a loop that go on.
    pub(super) fn stop_iterations(&mut self, id: InstanceId, reason: SkipReason) {
        let Some(NodeState::Loop(run)) = self.nodes.get(&id).map(|node| &node.state) else { return };
        let open: Vec<InstanceId> = run.open.iter().copied().collect();
        for body in open {
            self.close(body, Closing::Cancelled(reason), reason);
            self.stop_body(body, reason);
        }
    }

    /// A step that calls a workflow ran out of time.
    pub(super) fn call_timed_out(&mut self, id: InstanceId) {
        match self.phase(id) {
            Some(StepPhase::Calling(body)) => {
                if let Some(NodeState::Step(step)) = self.nodes.get_mut(&id).map(|node| &mut node.state) {
                    step.timed_out = true;
                }
                self.close(body, Closing::Cancelled(SkipReason::Cancelled), SkipReason::Cancelled);
                self.stop_body(body, SkipReason::Cancelled);
            }
            Some(StepPhase::Idle) => {
                if let Some(instance) = self.nodes.get(&id).map(|node| node.instance.clone()) {
                    self.drop_waits(&instance);
                }
                let failure = self.call_out_of_time(id);
                self.attempt_failed(id, failure);
            }
            Some(StepPhase::Waiting) => self.wait_expired(id),
            Some(
                StepPhase::Looking
                | StepPhase::Queued
                | StepPhase::Starting
                | StepPhase::Announced
                | StepPhase::Running
                | StepPhase::Keeping
                | StepPhase::Settling,
            )
            | None => {}
        }
    }

    fn stop_nodes(&mut self, nodes: Vec<InstanceId>, reason: SkipReason, stop: Stop) {
        let mut open = nodes;
        while let Some(id) = open.pop() {
            // What has come to its handlers goes on to its end.
            if self.is_settling(id) {
                continue;
            }
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            let instance = node.instance.clone();
            match &mut node.state {
                NodeState::Rollback => {}
                NodeState::Preparing => self.end_statement(id, Outcome::Cancelled(reason)),
                NodeState::Step(step) => match step.phase {
                    StepPhase::Starting | StepPhase::Announced | StepPhase::Running => {
                        step.stopping.get_or_insert(reason);
                        self.command(Command::Stop { instance, stop });
                    }
                    StepPhase::Calling(body) => {
                        step.stopping.get_or_insert(reason);
                        open.extend(self.close_and_interrupt(body, reason));
                    }
                    StepPhase::Idle | StepPhase::Looking | StepPhase::Queued | StepPhase::Waiting => {
                        self.settle_step(id, Outcome::Cancelled(reason));
                    }
                    // What has succeeded is kept, which takes no time worth mentioning.
                    StepPhase::Keeping | StepPhase::Settling => {}
                },
                NodeState::Block => open.extend(self.close_and_interrupt(id, reason)),
                NodeState::Loop(run) => {
                    run.closed = Some(Closing::Cancelled(reason));
                    let bodies: Vec<InstanceId> = run.open.iter().copied().collect();
                    let entry = (std::cmp::Reverse(node.rank), id);
                    self.expandable.remove(&entry);
                    if bodies.is_empty() {
                        self.agenda.push_back(Task::LoopOver(id));
                    }
                    for body in bodies {
                        open.extend(self.close_and_interrupt(body, reason));
                    }
                }
                NodeState::Repeat(run) => match run.open {
                    Some(body) => open.extend(self.close_and_interrupt(body, reason)),
                    None => self.end_statement(id, Outcome::Cancelled(reason)),
                },
            }
        }
    }

    fn close_and_interrupt(&mut self, body: InstanceId, reason: SkipReason) -> Vec<InstanceId> {
        self.close(body, Closing::Cancelled(reason), reason);
        self.interrupt(body)
    }

    /// Makes a closed body end where nothing goes on in it; gives what still does.
    fn interrupt(&mut self, id: InstanceId) -> Vec<InstanceId> {
        if self.is_settling(id) {
            return Vec::new();
        }
        let Some(run) = self.bodies.get(&id) else { return Vec::new() };
        if run.running {
            let live = run.live.iter().copied().collect();
            self.advance(id);
            return live;
        }
        let instance = run.instance.clone();
        self.drop_waits(&instance);
        self.agenda.push_back(Task::Drained(id));
        Vec::new()
    }
}

const fn is_outside(phase: StepPhase) -> bool {
    match phase {
        StepPhase::Starting | StepPhase::Announced | StepPhase::Running => true,
        StepPhase::Idle
        | StepPhase::Looking
        | StepPhase::Queued
        | StepPhase::Waiting
        | StepPhase::Calling(_)
        | StepPhase::Keeping
        | StepPhase::Settling => false,
    }
}
