//! The queue of tasks that one event leads to.

use super::Engine;
use super::command::Command;
use super::evaluate::Hindrance;
use super::state::{Parked, Task};
use wf_model::event::{FailedInstance, InstanceId};
use wf_model::failure::{Failure, FailureKind};
use wf_model::run::RunState;

/// The run itself has the first number.
pub(super) const RUN: InstanceId = InstanceId(0);

impl Engine {
    /// Works until nothing is left to do without something happening outside.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(task) = self.agenda.pop_front() {
                self.perform(task);
            } else if !self.start_queued() && !self.expand_loop() && (self.is_retelling() || !self.unblock()) {
                break;
            }
        }
        if self.is_abandoned() && self.going == 0 && self.state == RunState::Running {
            self.command(Command::Suspend);
        }
        // What only waits goes on waiting once somebody goes on with the run.
        if self.pausing && self.taken == 0 && self.state == RunState::Running {
            self.state = RunState::Paused;
            self.conclude(wf_model::event::EventKind::Paused);
            self.command(Command::Suspend);
        }
    }

    fn perform(&mut self, task: Task) {
        let outcome = self.attempt(&task);
        let Some(subject) = subject(&task) else { return };
        match outcome {
            Ok(()) => {
                self.observations.remove(&subject);
            }
            Err(Hindrance::Pending(wanted)) => {
                let command = Command::Observe {
                    instance: self.named(subject),
                    place: wanted.place,
                    occurrence: wanted.occurrence,
                    function: wanted.function,
                    arguments: wanted.arguments.clone(),
                };
                self.command(command);
                self.parked.insert(subject, Parked { task, wanted });
            }
            Err(Hindrance::Failed(failure)) => {
                self.observations.remove(&subject);
                self.give_up(task, failure);
            }
        }
    }

    fn attempt(&mut self, task: &Task) -> Result<(), Hindrance> {
        match task {
            Task::Begin => self.begin(),
            Task::Conclude => self.conclude_run(),
            Task::Due(body, position) => {
                self.due(*body, *position);
                Ok(())
            }
            Task::Prepare(node) => self.prepare(*node),
            Task::Act(node) => self.act(*node),
            Task::Recheck(node) => self.recheck(*node),
            Task::Judge(node) => self.judge(*node),
            Task::Reconsider(node, cause) => self.reconsider(*node, cause),
            Task::Excuse(node, cause) => self.excuse(*node, cause),
            Task::Forgive(body, cause) => self.forgive_body(*body, cause.clone()),
            Task::Enter(node) => self.enter(*node),
            Task::Leave(node, frame) => self.leave(*node, *frame),
            Task::Open(body) => self.open(*body),
            Task::Drained(body) => self.drained(*body),
            Task::Ended { body, node, position, outcome } => {
                self.ended(*body, *node, *position, outcome);
                Ok(())
            }
            Task::Never(body, position, cause) => {
                self.never(*body, *position, cause);
                Ok(())
            }
            Task::Stranded(waiter, cause) => {
                self.strand(*waiter, cause);
                Ok(())
            }
            Task::Until(node) => self.until(*node),
            Task::Round(node) => {
                self.round(*node);
                Ok(())
            }
            Task::LoopOver(node) => {
                self.loop_over(*node);
                Ok(())
            }
            Task::Handle(owner) => {
                self.handle(*owner);
                Ok(())
            }
            Task::RollbackOver(rollback) => {
                self.rollback_over(*rollback);
                Ok(())
            }
        }
    }

    /// What becomes of a task whose expressions failed.
    fn give_up(&mut self, task: Task, failure: Failure) {
        match task {
            Task::Begin | Task::Conclude => self.fail_run(FailedInstance { path: "".into(), failure, attempts: 0 }),
            Task::Prepare(node) | Task::Act(node) | Task::Until(node) => self.fail_node(node, failure, true),
            Task::Judge(node) | Task::Enter(node) | Task::Leave(node, _) => self.attempt_failed(node, failure),
            Task::Recheck(node) => {
                self.stop_waiting(node);
                self.attempt_failed(node, failure);
            }
            Task::Reconsider(node, _) | Task::Excuse(node, _) => self.fail_node(node, failure, false),
            Task::Open(body) | Task::Drained(body) => self.fail_body(body, failure),
            Task::Forgive(body, _) => self.fail_settled_body(body, failure),
            // These evaluate nothing.
            Task::Due(..)
            | Task::Ended { .. }
            | Task::Never(..)
            | Task::Stranded(..)
            | Task::Round(_)
            | Task::LoopOver(_)
            | Task::Handle(_)
            | Task::RollbackOver(_) => {}
        }
    }

    /// Nothing goes on outside, and nothing is left to do: only locks, or dependencies that no checked program has, lead here.
    pub(super) fn is_stuck(&self) -> bool {
        self.going == 0
            && self.drawing == 0
            && self.timers.is_empty()
            && self.parked.is_empty()
            && self.caching == 0
            && self.waits.is_empty()
    }

    /// Helps a run on in which everything waits for something inside; whether there is more to do.
    pub(super) fn unblock(&mut self) -> bool {
        if self.state != RunState::Running || self.holds_back() || !self.is_stuck() {
            return false;
        }
        if self.may_get_lock() {
            return false;
        }
        if self.begin_held() || self.give_up_lock() {
            return true;
        }
        self.fail_stuck();
        false
    }

    fn fail_stuck(&mut self) {
        let failure = Failure::final_of(FailureKind::Engine, "statements wait for each other");
        self.fail_run(FailedInstance { path: "".into(), failure, attempts: 0 });
    }
}

/// Whose observations a task sees; `None` where it evaluates nothing.
fn subject(task: &Task) -> Option<InstanceId> {
    match task {
        Task::Begin | Task::Conclude => Some(RUN),
        Task::Prepare(id)
        | Task::Act(id)
        | Task::Recheck(id)
        | Task::Judge(id)
        | Task::Reconsider(id, _)
        | Task::Excuse(id, _)
        | Task::Forgive(id, _)
        | Task::Enter(id)
        | Task::Leave(id, _)
        | Task::Open(id)
        | Task::Drained(id)
        | Task::Until(id) => Some(*id),
        Task::Due(..)
        | Task::Ended { .. }
        | Task::Never(..)
        | Task::Stranded(..)
        | Task::Round(_)
        | Task::LoopOver(_)
        | Task::Handle(_)
        | Task::RollbackOver(_) => None,
    }
}
