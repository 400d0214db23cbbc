//! Named locks, which runs share: who asks first gets them first.

use super::Dispatcher;
use crate::engine::{Command, Standstill};
use futures_util::future::BoxFuture;
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use wf_model::event::{EventKind, Instance, InstanceId, LockRefusal};

/// A lock that is held until this is dropped.
pub type HeldLock = Box<dyn Any + Send>;

/// Is told one of the runs that hold a lock, where that is known.
pub type OnWait = Box<dyn FnOnce(Option<Arc<str>>) + Send>;

/// A wish for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRequest {
    /// Its name.
    pub lock: Arc<str>,
    /// How many may hold it at a time: at least one.
    pub max: u32,
    /// Whether to wait where others hold it.
    pub waits: bool,
    /// Whether others give way first where runs wait for each other.
    pub insists: bool,
}

/// Gives locks to a run.
pub trait Locks: Send + Sync {
    /// Takes a lock. The place in the queue is taken before this returns; who drops the future, or what came of it, gives both up.
    /// Where the lock is not free, and the wish is to wait, `on_wait` is called once.
    ///
    /// # Errors
    /// When others hold it and the wish is not to wait, or when it cannot be taken.
    fn acquire(&self, request: LockRequest, on_wait: OnWait) -> BoxFuture<'static, Result<HeldLock, LockRefusal>>;

    /// Is told what the run holds and waits for while it can do nothing but wait, so that runs that wait for each other are found.
    fn stands_still(&self, _standstill: Option<Standstill>) {}
}

/// Numbers wishes in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// A wish that waits or was granted.
#[derive(Clone, Debug)]
struct Entry {
    lock: Arc<str>,
    max: u32,
    run: Arc<str>,
    holds: bool,
}

/// What comes of a wish at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It is granted.
    Holds(Ticket),
    /// It waits; one of the runs that hold the lock.
    Waits(Ticket, Option<Arc<str>>),
    /// It is not granted: one of the runs that hold the lock.
    Refused(Option<Arc<str>>),
}

/// Who holds which lock, and who waits for it.
#[derive(Debug, Default)]
pub struct LockTable {
    entries: BTreeMap<Ticket, Entry>,
    next: u64,
}

impl LockTable {
    /// Takes in a wish of a run. It is granted where nobody waits for the lock and fewer than `max` hold it.
    pub fn ask(&mut self, run: &Arc<str>, request: &LockRequest) -> Asking {
        let ticket = Ticket(self.next);
        let same = || self.entries.values().filter(|entry| entry.lock == request.lock);
        let holders = same().filter(|entry| entry.holds).count();
        let holds = same().all(|entry| entry.holds) && holders < request.max as usize;
        let holder = same().find(|entry| entry.holds).map(|entry| entry.run.clone());
        if !holds && !request.waits {
            return Asking::Refused(holder);
        }
        self.next += 1;
        self.entries.insert(ticket, Entry { lock: request.lock.clone(), max: request.max, run: run.clone(), holds });
        if holds { Asking::Holds(ticket) } else { Asking::Waits(ticket, holder) }
    }

    /// Lets a lock go, or gives up waiting for it; the wishes that are granted by this.
    pub fn let_go(&mut self, ticket: Ticket) -> Vec<Ticket> {
        let Some(gone) = self.entries.remove(&ticket) else { return Vec::new() };
        let same = || self.entries.iter().filter(|(_, entry)| entry.lock == gone.lock);
        let holders = same().filter(|(_, entry)| entry.holds).count();
        let waiting = same().filter(|(_, entry)| !entry.holds).enumerate();
        let free = waiting.take_while(|(place, (_, entry))| holders + place < entry.max as usize);
        let granted: Vec<Ticket> = free.map(|(_, (ticket, _))| *ticket).collect();
        for ticket in &granted {
            if let Some(entry) = self.entries.get_mut(ticket) {
                entry.holds = true;
            }
        }
        granted
    }

    /// Whether nobody holds or wants anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Locks for the runs of one process.
#[derive(Clone, Debug, Default)]
pub struct LocalLocks {
    /// The run that asks.
    run: Arc<str>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    table: LockTable,
    waiting: BTreeMap<Ticket, oneshot::Sender<()>>,
}

/// Gives its ticket back when it is dropped.
struct TicketHold {
    shared: Arc<Mutex<Shared>>,
    ticket: Ticket,
}

fn shared(mutex: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for TicketHold {
    fn drop(&mut self) {
        let mut shared = shared(&self.shared);
        shared.waiting.remove(&self.ticket);
        for granted in shared.table.let_go(self.ticket) {
            if let Some(sender) = shared.waiting.remove(&granted) {
                // Who has given up gives the ticket back as well.
                let _ = sender.send(());
            }
        }
    }
}

impl LocalLocks {
    /// The same locks for another run.
    #[must_use]
    pub fn of_run(&self, run: &str) -> Self {
        Self { run: run.into(), shared: Arc::clone(&self.shared) }
    }
}

impl Locks for LocalLocks {
    fn acquire(&self, request: LockRequest, on_wait: OnWait) -> BoxFuture<'static, Result<HeldLock, LockRefusal>> {
        let mut state = shared(&self.shared);
        let asking = state.table.ask(&self.run, &request);
        let (ticket, granted, holder) = match asking {
            Asking::Refused(holder) => return Box::pin(async { Err(LockRefusal::Held(holder)) }),
            Asking::Holds(ticket) => (ticket, None, None),
            Asking::Waits(ticket, holder) => {
                let (sender, granted) = oneshot::channel();
                state.waiting.insert(ticket, sender);
                (ticket, Some(granted), holder)
            }
        };
        drop(state);
        let hold = TicketHold { shared: Arc::clone(&self.shared), ticket };
        Box::pin(async move {
            if let Some(granted) = granted {
                on_wait(holder);
                // The sender lives as long as the ticket is not granted.
                let _ = granted.await;
            }
            Ok(Box::new(hold) as HeldLock)
        })
    }
}

/// The locks of a run that are held or waited for, by who asked for which. Who has let one go may ask for it again before it is free,
/// because that waits until it is durable: what was asked for first is let go first.
#[derive(Clone, Default)]
pub(super) struct Holdings(Arc<Mutex<HoldingsByAsker>>);

type HoldingsByAsker = BTreeMap<(InstanceId, Arc<str>), VecDeque<Holding>>;

enum Holding {
    Waiting(Option<AbortHandle>),
    // Kept until it is dropped.
    Held(#[allow(dead_code)] HeldLock),
}

impl Holding {
    const fn waits(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    fn give_up(self) {
        if let Self::Waiting(Some(handle)) = self {
            handle.abort();
        }
    }
}

impl Holdings {
    fn all(&self) -> MutexGuard<'_, HoldingsByAsker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, id: InstanceId, lock: &Arc<str>) {
        self.all().entry((id, lock.clone())).or_default().push_back(Holding::Waiting(None));
    }

    fn can_be_aborted(&self, id: InstanceId, lock: &Arc<str>, handle: AbortHandle) {
        let mut all = self.all();
        let last = all.get_mut(&(id, lock.clone())).and_then(VecDeque::back_mut);
        if let Some(Holding::Waiting(slot)) = last {
            *slot = Some(handle);
        }
    }

    /// Keeps a lock, unless it was given up meanwhile; whether it did.
    fn keep(&self, id: InstanceId, lock: &Arc<str>, held: HeldLock) -> bool {
        let mut all = self.all();
        let last = all.get_mut(&(id, lock.clone())).and_then(VecDeque::back_mut).filter(|last| last.waits());
        let Some(waiting) = last else { return false };
        *waiting = Holding::Held(held);
        true
    }

    fn let_go_of_all(&self) {
        let all = std::mem::take(&mut *self.all());
        all.into_values().flatten().for_each(Holding::give_up);
    }

    pub(super) fn let_go(&self, id: InstanceId, lock: &Arc<str>) {
        let mut all = self.all();
        let Some(holdings) = all.get_mut(&(id, lock.clone())) else { return };
        let first = holdings.pop_front();
        if holdings.is_empty() {
            all.remove(&(id, lock.clone()));
        }
        drop(all);
        if let Some(first) = first {
            first.give_up();
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        // What waits for a lock would wait on.
        self.holdings.let_go_of_all();
    }
}

impl Dispatcher {
    /// Takes a lock for a step or body; its answer comes with the post.
    pub(super) fn acquire(&self, instance: Instance, request: LockRequest) {
        let (post, waiting, holdings) = (self.post.clone(), self.post.clone(), self.holdings.clone());
        let (id, lock) = (instance.id, request.lock.clone());
        holdings.wait(id, &lock);
        let (waits_for, waiter) = (lock.clone(), instance.clone());
        let on_wait: OnWait = Box::new(move |holder| {
            waiting.send(EventKind::LockAwaited { instance: waiter, lock: waits_for, holder });
        });
        let acquiring = self.locks.acquire(request, on_wait);
        let asked_for = lock.clone();
        let task = tokio::spawn(async move {
            let answer = match acquiring.await {
                Ok(held) => match holdings.keep(id, &lock, held) {
                    true => EventKind::LockAcquired { instance, lock },
                    false => return,
                },
                Err(refusal) => EventKind::LockRefused { instance, lock, refusal },
            };
            post.send(answer);
        });
        self.holdings.can_be_aborted(id, &asked_for, task.abort_handle());
    }

    /// Says whether the run can do nothing but wait for locks, once all that it let go is free.
    pub(super) fn tell_standstill(&self) {
        let standstill = if self.held.is_empty() { self.engine.standstill() } else { None };
        self.locks.stands_still(standstill);
    }

    /// Takes the locks again that a run held whose process died; whether it was asked to end meanwhile. What it waits for is told.
    pub(super) async fn acquire_again(&mut self) -> Result<bool, LockRefusal> {
        for (held, command) in self.engine.held_locks().into_iter().enumerate() {
            let Command::Acquire { instance, lock, max, waits, insists } = command else { continue };
            let (reporter, waiter, name) = (Arc::clone(&self.reporter), instance.clone(), lock.clone());
            let at = self.now();
            let on_wait: OnWait = Box::new(move |holder| {
                let kind = EventKind::LockAwaited { instance: waiter, lock: name, holder };
                reporter.event(&wf_model::event::Event { at, kind });
            });
            self.holdings.wait(instance.id, &lock);
            let acquiring = self.locks.acquire(LockRequest { lock: lock.clone(), max, waits, insists }, on_wait);
            self.locks.stands_still(Some(Standstill { held, awaited: 1 }));
            tokio::select! {
                biased;
                held = acquiring => drop(self.holdings.keep(instance.id, &lock, held?)),
                Ok(_) = self.asked.wait_for(|asked| asked.times > 0 || asked.pause) => return Ok(true),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asking, LocalLocks, LockRefusal, LockRequest, LockTable, Locks, Ticket};
    use std::sync::Arc;

    fn request(lock: &str, max: u32, waits: bool) -> LockRequest {
        LockRequest { lock: lock.into(), max, waits, insists: false }
    }

    fn ask(table: &mut LockTable, run: &str, max: u32, waits: bool) -> Asking {
        table.ask(&Arc::from(run), &request("x", max, waits))
    }

    #[test]
    fn who_comes_first_holds_first() {
        let mut table = LockTable::default();
        let holder = Some(Arc::from("a"));
        assert_eq!(ask(&mut table, "a", 1, true), Asking::Holds(Ticket(0)));
        assert_eq!(ask(&mut table, "b", 1, true), Asking::Waits(Ticket(1), holder.clone()));
        assert_eq!(ask(&mut table, "c", 1, true), Asking::Waits(Ticket(2), holder.clone()));
        assert_eq!(ask(&mut table, "d", 1, false), Asking::Refused(holder));
        assert_eq!(table.let_go(Ticket(0)), [Ticket(1)]);
        assert_eq!(table.let_go(Ticket(1)), [Ticket(2)]);
        assert_eq!(table.let_go(Ticket(2)), []);
        assert!(table.is_empty());
    }

    #[test]
    fn nobody_overtakes_who_wants_a_lock_with_fewer() {
        let mut table = LockTable::default();
        assert_eq!(ask(&mut table, "a", 2, true), Asking::Holds(Ticket(0)));
        assert_eq!(ask(&mut table, "b", 2, true), Asking::Holds(Ticket(1)));
        assert_eq!(ask(&mut table, "c", 1, true), Asking::Waits(Ticket(2), Some("a".into())));
        assert_eq!(ask(&mut table, "d", 3, true), Asking::Waits(Ticket(3), Some("a".into())));
        assert_eq!(ask(&mut table, "e", 9, false), Asking::Refused(Some("a".into())));
        assert_eq!(table.let_go(Ticket(0)), []);
        assert_eq!(table.let_go(Ticket(2)), [Ticket(3)]);
    }

    #[tokio::test]
    async fn a_lock_that_is_dropped_or_given_up_goes_to_the_next() {
        let locks = LocalLocks::default().of_run("a");
        let first = locks.acquire(request("x", 1, true), Box::new(|_| {})).await.unwrap();
        let given_up = locks.acquire(request("x", 1, true), Box::new(|_| {}));
        let other = locks.of_run("b");
        let third = other.acquire(request("x", 1, true), Box::new(|holder| assert_eq!(holder.as_deref(), Some("a"))));
        drop(given_up);
        let third = tokio::spawn(third);
        drop(first);
        let third = third.await.unwrap().unwrap();
        let refused = locks.acquire(request("x", 1, false), Box::new(|_| {})).await.map(drop);
        assert_eq!(refused, Err(LockRefusal::Held(Some("b".into()))));
        drop(third);
        assert!(locks.acquire(request("x", 1, false), Box::new(|_| {})).await.is_ok());
    }
}
