//! What the failure of one statement means for those around it.

use super::Engine;
use super::body::body_of;
use super::plan::Place;
use super::state::{Closing, FrameId, Owner, Task, Waiter};
use std::sync::Arc;
use wf_model::event::{FailedInstance, InstanceId, SkipReason};
use wf_model::program::{StatementId, Wait};
use wf_model::value::Value;

impl Engine {
    /// A statement has failed in a body, and `on failure continue` takes it: only a race has to know.
    pub(super) fn forgive(&mut self, id: InstanceId, position: usize, cause: &FailedInstance) {
        let Some(run) = self.bodies.get_mut(&id) else { return };
        match run.wait {
            Wait::All => {}
            Wait::Any => {
                run.race.failed.get_or_insert_with(|| cause.clone());
            }
            Wait::First => self.win(id, position, &Value::Null),
        }
    }

    /// A statement has failed in a body.
    pub(super) fn lose(&mut self, id: InstanceId, position: usize, cause: &FailedInstance) {
        let program = Arc::clone(&self.program);
        self.agenda.push_back(Task::Never(id, position, cause.clone()));
        let Some(run) = self.bodies.get_mut(&id) else { return };
        if run.wait == Wait::Any {
            run.race.failed.get_or_insert_with(|| cause.clone());
            return;
        }
        if run.closed.is_none() {
            run.attempts.cause = Some(cause.clone());
        }
        let clauses = body_of(&program, run.workflow, run.body).map(|body| &body.clauses);
        let first = run.wait == Wait::First;
        let fast = clauses.is_some_and(|clauses| clauses.fail_fast);
        let reason = if first { SkipReason::LostRace } else { SkipReason::BodyFailed };
        self.close(id, Closing::Failed, reason);
        if first || fast {
            self.stop_live(id, reason);
        }
    }

    /// A statement that was to start was skipped because of a failure in its body.
    pub(super) fn give_up_at(&mut self, id: InstanceId, position: usize) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id).filter(|run| run.closed == Some(Closing::Failed)) else { return };
        let statement = body_of(&program, run.workflow, run.body).and_then(|body| body.statements.get(position).copied());
        self.give_up_on(id, statement.as_slice());
    }

    /// Statements of a failed body will not run: those of other bodies that wait for them will not either.
    pub(super) fn give_up_on(&mut self, id: InstanceId, statements: &[StatementId]) {
        let Some(run) = self.bodies.get(&id) else { return };
        let Some(cause) = run.attempts.cause.clone() else { return };
        let plan = self.plan(run.workflow);
        for place in statements.iter().filter_map(|statement| plan.place(*statement)) {
            if place.watched || !place.watched_inside.is_empty() {
                self.agenda.push_back(Task::Never(id, place.position, cause.clone()));
            }
        }
    }

    /// A statement will not end well: what waits for it inside the same body will not run, and bodies further in that wait for it
    /// fail with it. What waits further out may still go on, where the failure is taken on the way there.
    pub(super) fn never(&mut self, id: InstanceId, position: usize, cause: &FailedInstance) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id) else { return };
        let (workflow, frame) = (run.workflow, run.frame);
        let Some(&statement) = body_of(&program, workflow, run.body).and_then(|body| body.statements.get(position)) else {
            return;
        };
        let plan = self.plan(workflow);
        let Some(place) = plan.place(statement) else { return };
        for &successor in &place.successors {
            if self.skip_one(id, successor) {
                self.agenda.push_back(Task::Never(id, successor, cause.clone()));
            }
        }
        for waiter in self.waiters_inside(id, frame, statement, place, cause) {
            self.strand(waiter, cause);
        }
        self.advance(id);
    }

    /// Fails the body of a statement that waits for another which will not end well.
    pub(super) fn strand(&mut self, waiter: Waiter, cause: &FailedInstance) {
        let current = self.bodies.get(&waiter.body).is_some_and(|run| run.attempts.number == waiter.attempt);
        if current && self.skip_one(waiter.body, waiter.position) {
            self.lose(waiter.body, waiter.position, cause);
            self.advance(waiter.body);
        }
    }

    /// Whom a statement that begins to wait strands on, where what it waits for is lost already.
    pub(super) fn stranding(&self, frame: FrameId, target: StatementId, waiter: Waiter) -> Option<FailedInstance> {
        let (id, cause) = self.frames.get(&frame)?.lost.get(&target)?;
        self.is_inside(waiter, *id).then(|| cause.clone())
    }

    /// Takes those who wait for a statement, or for something inside it, and stand inside the body `id`.
    fn waiters_inside(
        &mut self,
        id: InstanceId,
        frame: FrameId,
        statement: StatementId,
        place: &Place,
        cause: &FailedInstance,
    ) -> Vec<Waiter> {
        let mut inside = Vec::new();
        let watched = place.watched.then_some(&statement).into_iter().chain(&place.watched_inside);
        for target in watched {
            let all = self.frames.get_mut(&frame).and_then(|frame| frame.waiters.remove(target)).unwrap_or_default();
            let (here, elsewhere): (Vec<Waiter>, Vec<Waiter>) = all.into_iter().partition(|waiter| self.is_inside(*waiter, id));
            inside.extend(here);
            let Some(frame) = self.frames.get_mut(&frame) else { continue };
            if !elsewhere.is_empty() {
                frame.waiters.insert(*target, elsewhere);
            }
            if !frame.satisfied.contains(target) {
                frame.lost.insert(*target, (id, cause.clone()));
            }
        }
        inside
    }

    /// Whether a statement that waits stands inside the body `id`, at any depth.
    fn is_inside(&self, waiter: Waiter, id: InstanceId) -> bool {
        let mut body = waiter.body;
        while body != id {
            let Some(run) = self.bodies.get(&body) else { return false };
            if body == waiter.body && run.attempts.number != waiter.attempt {
                return false;
            }
            let node = match run.owner {
                Owner::Run => return false,
                Owner::Block => body,
                Owner::Call(node) | Owner::Iteration(node, _) | Owner::Round(node, _) => node,
                // Handlers wait for nobody outside of them.
                Owner::Handler(..) => return false,
            };
            let Some(node) = self.nodes.get(&node) else { return false };
            body = node.body;
        }
        true
    }

    /// Skips a statement that has not begun because of a failure before it; whether it had not.
    fn skip_one(&mut self, id: InstanceId, position: usize) -> bool {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get_mut(&id).filter(|run| run.running) else { return false };
        let Some(begun) = run.begun.get_mut(position).filter(|begun| !**begun) else { return false };
        *begun = true;
        run.unfinished = run.unfinished.saturating_sub(1);
        let (workflow, way, attempt) = (run.workflow, run.way.clone(), run.attempts.number);
        let statement = body_of(&program, workflow, run.body).and_then(|body| body.statements.get(position).copied());
        self.skip((id, attempt), workflow, statement.as_slice(), &way, SkipReason::BodyFailed);
        true
    }
}
