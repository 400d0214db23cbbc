//! Locks: a step or body takes its lock before its first attempt and holds it until it has ended, handlers included.
//!
//! What did not get its lock has not begun: its handlers do not run. A lock of a name that something around it holds is held
//! already. The undo of a step takes the locks under which the step ran, in the order in which they were taken then, but those that
//! the rollback stands under.

use super::Engine;
use super::command::Command;
use super::evaluate::{Extras, Hindrance, Spot};
use super::given::{Checked, refuse};
use super::node::statement_of;
use super::state::{NodeState, Outcome, Owner, Task};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{EventKind, Instance, InstanceId, LockRefusal, SkipReason};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Lock, LockElse, StatementKind};
use wf_model::run::RunState;
use wf_model::value::Value;

/// How often an undo lets others go first. Only programs that take the same locks in different orders make it do so at all.
const MOST_YIELDS: u32 = 16;

/// What a run holds and waits for that can do nothing but wait for locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standstill {
    /// How many locks it holds.
    pub held: usize,
    /// How many it waits for.
    pub awaited: usize,
}

/// A lock that a step or body asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedLock {
    name: Arc<str>,
    max: u32,
    otherwise: LockElse,
}

/// A lock that was asked for.
#[derive(Clone, Debug)]
pub(super) struct LockRun {
    instance: Instance,
    /// What an undo holds that it took before.
    before: Vec<WantedLock>,
    wanted: WantedLock,
    state: LockState,
    /// Whether it is for an undo.
    undoes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LockState {
    /// Nobody has answered yet.
    Asked,
    /// It is held.
    Held,
    /// It is not to be had.
    Refused,
}

impl LockRun {
    /// What is asked for.
    fn ask(&self) -> Command {
        let waits = self.wanted.otherwise == LockElse::Wait;
        let WantedLock { name, max, .. } = self.wanted.clone();
        Command::Acquire { instance: self.instance.clone(), lock: name, max, waits, insists: self.undoes }
    }

    /// Something that is held, as if it were asked for once more.
    fn ask_again(&self, held: &WantedLock) -> Command {
        let WantedLock { name, max, .. } = held.clone();
        Command::Acquire { instance: self.instance.clone(), lock: name, max, waits: true, insists: true }
    }

    /// What was asked for, in this order.
    fn all(&self) -> impl Iterator<Item = &WantedLock> {
        self.before.iter().chain([&self.wanted])
    }

    /// What is held, in the order in which it was taken.
    fn held(&self) -> impl Iterator<Item = &WantedLock> {
        self.before.iter().chain(Some(&self.wanted).filter(|_| self.state == LockState::Held))
    }
}

impl Engine {
    /// The lock that a step or body takes first, unless it says none or is inside of what holds it.
    pub(super) fn lock_to_take(&self, id: InstanceId, spot: Spot, lock: Option<&Lock>) -> Result<Option<WantedLock>, Hindrance> {
        let Some(lock) = lock else { return Ok(None) };
        let Value::String(name) = self.evaluate(spot, &Extras::default(), &lock.key)? else {
            return Err(Hindrance::at(lock.key.span, "name of the lock is no text"));
        };
        if name.is_empty() {
            return Err(Hindrance::at(lock.key.span, "name of the lock is empty"));
        }
        let max = lock.max.as_ref().map(|max| self.evaluate_count(spot, max, 1)).transpose()?.unwrap_or(1);
        let wanted = WantedLock { name: name.as_ref().into(), max, otherwise: lock.otherwise };
        Ok(Some(wanted).filter(|wanted| !self.is_held_around(id, &wanted.name)))
    }

    /// Whether something around a step or body holds a lock of this name.
    fn is_held_around(&self, id: InstanceId, name: &str) -> bool {
        self.locks_around(id).any(|lock| &*lock.name == name)
    }

    /// The locks of what is around a step or body, the innermost first.
    fn locks_around(&self, id: InstanceId) -> impl Iterator<Item = &WantedLock> {
        let around = std::iter::successors(self.around(id), |inside| self.around(*inside));
        around.filter_map(|at| self.locks.get(&at)).flat_map(LockRun::all)
    }

    /// The locks under which a step runs, in the order in which they were taken. What undoes it waits for them, whatever the step did.
    pub(super) fn locks_over(&self, id: InstanceId) -> Vec<WantedLock> {
        let own = self.locks.get(&id).map(|lock| &lock.wanted);
        let all = own.into_iter().chain(self.locks_around(id));
        let mut locks: Vec<_> = all.map(|lock| WantedLock { otherwise: LockElse::Wait, ..lock.clone() }).collect();
        locks.reverse();
        locks
    }

    /// The lock that an undo takes next, of those under which its step ran.
    pub(super) fn lock_of_undo(&self, id: InstanceId) -> Option<WantedLock> {
        let undo = self.nodes.get(&id)?.undo.as_ref()?;
        let has = |name: &str| self.locks.get(&id).is_some_and(|own| own.all().any(|lock| &*lock.name == name));
        undo.locks.iter().find(|lock| !has(&lock.name) && !self.is_held_around(id, &lock.name)).cloned()
    }

    /// The body that a statement stands in, or what a body belongs to.
    pub(super) fn around(&self, id: InstanceId) -> Option<InstanceId> {
        let of_node = |id| self.nodes.get(&id).map(|node| node.body);
        match self.bodies.get(&id).map(|run| run.owner) {
            None | Some(Owner::Block) => of_node(id),
            Some(Owner::Run) => None,
            Some(Owner::Call(node) | Owner::Iteration(node, _) | Owner::Round(node, _) | Owner::Handler(node, _)) => Some(node),
        }
    }

    /// Asks for the lock of a step or body, which goes on once it is there.
    pub(super) fn ask_for_lock(&mut self, id: InstanceId, wanted: WantedLock) {
        let body = self.bodies.get(&id).map(|run| run.instance.clone());
        let Some(instance) = body.or_else(|| self.nodes.get(&id).map(|node| node.instance.clone())) else { return };
        let before = self.locks.get(&id).map_or_else(Vec::new, |own| own.all().cloned().collect());
        let undoes = self.nodes.get(&id).is_some_and(|node| node.undo.is_some());
        let lock = LockRun { instance, before, wanted, state: LockState::Asked, undoes };
        self.command(lock.ask());
        self.locks.insert(id, lock);
        self.awaited_locks += 1;
    }

    /// Refuses what is said of a lock that nobody waits for.
    pub(super) fn check_lock(&self, instance: &Instance, name: &str) -> Checked {
        let asked = self.locks.get(&instance.id).filter(|lock| lock.state == LockState::Asked);
        let fits = asked.is_some_and(|lock| lock.instance == *instance && &*lock.wanted.name == name);
        if fits { Ok(()) } else { refuse(format!("nobody waits for lock `{name}` at this point")) }
    }

    fn is_this_run(&self, id: &str) -> bool {
        matches!(&self.run, Value::Map(run) if run.get("id") == Some(&Value::string(id)))
    }

    fn lock_answered(&mut self, id: InstanceId, state: LockState) {
        let Some(lock) = self.locks.get_mut(&id) else { return };
        lock.state = state;
        self.awaited_locks = self.awaited_locks.saturating_sub(1);
    }

    pub(super) fn lock_acquired(&mut self, id: InstanceId) {
        self.lock_answered(id, LockState::Held);
        if self.bodies.contains_key(&id) {
            self.start_body(id);
        } else if let Some(next) = self.lock_of_undo(id) {
            self.ask_for_lock(id, next);
        } else {
            self.agenda.push_back(Task::Act(id));
        }
    }

    /// Gets a step going whose lock is held.
    pub(super) fn act(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id).filter(|node| matches!(node.state, NodeState::Preparing)) else { return Ok(()) };
        let (spot, workflow) = (node.spot(), node.workflow);
        if node.undo.is_some() {
            return self.act_to_undo(id, spot);
        }
        match statement_of(&program, workflow, node.statement).map(|statement| &statement.kind) {
            Some(StatementKind::Step(step)) => self.prepare_step(id, spot, workflow, step),
            _ => Ok(()),
        }
    }

    pub(super) fn lock_refused(&mut self, id: InstanceId, refusal: &LockRefusal) {
        self.lock_answered(id, LockState::Refused);
        let Some(LockRun { wanted, .. }) = self.locks.get(&id).cloned() else { return };
        let is_body = self.bodies.contains_key(&id);
        let message = match refusal {
            LockRefusal::Held(_) if wanted.otherwise == LockElse::Skip => {
                let outcome = Outcome::Skipped(SkipReason::Locked);
                return if is_body { self.end_body(id, outcome) } else { self.end_statement(id, outcome) };
            }
            LockRefusal::Held(None) => format!("lock `{}` is held", wanted.name),
            LockRefusal::Held(Some(run)) if self.is_this_run(run) => {
                format!("lock `{}` is held by this run", wanted.name)
            }
            LockRefusal::Held(Some(run)) => format!("lock `{}` is held by run {run}", wanted.name),
            LockRefusal::Failed(reason) => format!("lock `{}` cannot be taken: {reason}", wanted.name),
        };
        // Whoever holds it may let it go before something around this is tried again.
        self.fail_without_lock(id, Failure { retryable: true, ..Failure::final_of(FailureKind::Engine, &message) });
    }

    fn fail_without_lock(&mut self, id: InstanceId, failure: Failure) {
        if self.bodies.contains_key(&id) {
            self.fail_body(id, failure);
        } else {
            self.fail_node(id, failure, true);
        }
    }

    /// Whether a lock that is waited for may still come: this run alone does not hold it as often as may be.
    pub(super) fn may_get_lock(&self) -> bool {
        let mut held: BTreeMap<&str, usize> = BTreeMap::new();
        for lock in self.locks.values().filter(|_| self.awaited_locks > 0).flat_map(LockRun::held) {
            *held.entry(&*lock.name).or_default() += 1;
        }
        let held = |lock: &LockRun| held.get(&*lock.wanted.name).copied().unwrap_or_default();
        let mut asked = self.locks.values().filter(|lock| self.awaited_locks > 0 && lock.state == LockState::Asked);
        asked.any(|lock| held(lock) < lock.wanted.max as usize)
    }

    /// Lets somebody give way where those who hold the locks that everybody waits for wait as well; whether there was one. Undos give
    /// back what they have and ask again, as long as that may help; else what came last fails, and undos are the last to fail.
    pub(super) fn give_up_lock(&mut self) -> bool {
        if let Some(id) = self.who_yields() {
            self.yield_locks(id);
            return true;
        }
        let asked = self.locks.iter().rev().filter(|(_, lock)| lock.state == LockState::Asked);
        let Some((&id, LockRun { instance, wanted, .. })) = asked.min_by_key(|(_, lock)| lock.undoes) else { return false };
        let (instance, lock) = (instance.clone(), wanted.name.clone());
        let mut holders = self.locks.values().filter(|run| run.held().any(|held| held.name == lock));
        let holder = holders.next().map_or_else(|| "".into(), |holder| holder.instance.path.clone());
        let message = format!("lock `{lock}` never comes: `{holder}` of this run holds it and waits for something behind it");
        self.command(Command::Release { instance, lock });
        self.lock_answered(id, LockState::Refused);
        self.fail_without_lock(id, Failure::final_of(FailureKind::Engine, &message));
        true
    }

    /// The undo that has a lock for which others wait while it waits itself: who did least often before, then who came last.
    fn who_yields(&self) -> Option<InstanceId> {
        let asked = || self.locks.iter().filter(|(_, lock)| lock.state == LockState::Asked);
        let is_awaited = |name: &str| asked().any(|(_, lock)| &*lock.wanted.name == name);
        let yields = |id: &InstanceId| self.nodes.get(id).and_then(|node| node.undo.as_ref()).map(|undo| undo.yields);
        let in_the_way = asked().filter(|(_, lock)| lock.before.iter().any(|held| is_awaited(&held.name)));
        let who = in_the_way.filter_map(|(id, _)| Some((yields(id)?, Reverse(*id))));
        who.filter(|(yields, _)| *yields < MOST_YIELDS).min().map(|(_, Reverse(id))| id)
    }

    /// Lets an undo give back the locks that it has, and ask for all of them again.
    fn yield_locks(&mut self, id: InstanceId) {
        self.let_go(id);
        if let Some(undo) = self.nodes.get_mut(&id).and_then(|node| node.undo.as_mut()) {
            undo.yields += 1;
        }
        if let Some(first) = self.lock_of_undo(id) {
            self.ask_for_lock(id, first);
        }
    }

    /// Whether a step or body has a lock that it did not get.
    pub(super) fn lacks_lock(&self, id: InstanceId) -> bool {
        self.locks.get(&id).is_some_and(|lock| lock.state != LockState::Held)
    }

    /// Lets the locks of a step or body go that has ended, the last first, or gives up waiting for one.
    pub(super) fn let_go(&mut self, id: InstanceId) {
        let Some(run) = self.locks.remove(&id) else { return };
        if run.state == LockState::Asked {
            self.awaited_locks = self.awaited_locks.saturating_sub(1);
            self.command(Command::Release { instance: run.instance.clone(), lock: run.wanted.name.clone() });
        }
        let held: Vec<Arc<str>> = run.held().map(|lock| lock.name.clone()).collect();
        for lock in held.into_iter().rev() {
            self.conclude(EventKind::LockReleased { instance: run.instance.clone(), lock: lock.clone() });
            self.command(Command::Release { instance: run.instance.clone(), lock });
        }
    }

    pub(super) fn let_go_of_all(&mut self) {
        while let Some(id) = self.locks.keys().next().copied() {
            self.let_go(id);
        }
    }

    /// The locks that were asked for and not given.
    pub(super) fn locks_asked_for(&self) -> impl Iterator<Item = Command> + '_ {
        self.locks.values().filter(|lock| lock.state == LockState::Asked).map(LockRun::ask)
    }

    /// The locks that are held, as commands that wait for them: a process that goes on with the run takes them before it does
    /// anything else.
    #[must_use]
    pub fn held_locks(&self) -> Vec<Command> {
        self.locks.values().flat_map(|run| run.held().map(|lock| run.ask_again(lock))).collect()
    }

    /// What the run holds and waits for, where it can do nothing but wait for locks that others hold.
    pub(crate) fn standstill(&self) -> Option<Standstill> {
        let awaited = self.awaited_locks;
        let stands = awaited > 0 && self.state == RunState::Running && !self.holds_back() && self.is_stuck();
        stands.then(|| Standstill { held: self.locks.values().flat_map(LockRun::held).count(), awaited })
    }
}
