//! Named locks that the runs of a store share: at most so many hold one at a time, and who came first is first.
//!
//! One folder holds them all as the names of files: `<lock>.<number>.<owner>.waits` or `.holds`, where the lock is the BLAKE3
//! of its name; in them stands what only matters where runs wait for each other. Whoever reads or changes them holds the file `guard` meanwhile. A run that takes part is an owner: it holds the file
//! `<owner>.owner`, in which its id stands, as long as its process lives, so that nobody waits for the dead. What a dead owner held
//! is free when its steps are dead as well, which takes a moment. A run that can do nothing but wait has the file `<owner>.still`.

mod deadlock;

use crate::Store;
use deadlock::{Claim, Deadlock, Note, StillOwner};
use futures_util::future::BoxFuture;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;
use wf_model::event::LockRefusal;
use wf_runtime::dispatcher::{HeldLock, LockRequest, Locks, OnWait};
use wf_runtime::engine::Standstill;

/// How often who waits first looks whether the lock is free; those behind look less often.
const LOOK: Duration = Duration::from_millis(50);

/// How often everybody looks at least.
const RAREST_LOOK: Duration = Duration::from_secs(1);

/// What the file of a run ends with that can do nothing but wait.
const STILL: &str = "still";

/// How long the steps of a process that was killed may live on.
const DYING: Duration = Duration::from_secs(1);

/// The named locks of a store, for one run.
#[derive(Debug)]
pub struct NamedLocks {
    folder: PathBuf,
    run: Arc<str>,
    /// Takes part once there is something to take part in.
    owner: Mutex<Option<Arc<Owner>>>,
}

/// A run that takes part as long as its process lives.
#[derive(Debug)]
struct Owner {
    folder: PathBuf,
    id: Arc<str>,
    // Locked for as long as it is open; programs that are started do not inherit it.
    _file: File,
    /// Woken where this run has let a lock go.
    let_go: Notify,
    /// What the run holds and waits for where it can do nothing else.
    still: Mutex<Option<Standstill>>,
    search: Mutex<Search>,
}

/// What a run knows of runs that wait for each other. To look for them takes all tickets, so of many that wait one looks for all.
#[derive(Debug, Default)]
struct Search {
    looked_at: Option<Instant>,
    /// The ticket that is to be given up, for it to look itself.
    found: Option<Ticket>,
}

impl Search {
    /// Whether it is time for a ticket to look for them.
    fn is_due(&mut self, ticket: &Ticket) -> bool {
        let due = self.found.take_if(|found| found == ticket).is_some()
            || self.looked_at.is_none_or(|looked_at| looked_at.elapsed() >= RAREST_LOOK);
        if due {
            self.looked_at = Some(Instant::now());
        }
        due
    }
}

/// A place in the queue for a lock, or the lock itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    lock: String,
    number: u64,
    owner: String,
}

/// A ticket that is given back when this is dropped.
struct Hold {
    ticket: Ticket,
    owner: Arc<Owner>,
}

/// How a ticket stands.
enum Standing {
    Holds,
    /// How many are before it, and who holds the lock.
    Waits(usize, Option<Arc<str>>),
    /// It has to be given up for this reason, and was.
    GivesWay(Arc<str>),
}

impl Store {
    /// The named locks for a run, which gives back what it still holds when this and the locks are dropped.
    #[must_use]
    pub fn named_locks(&self, run: &str) -> NamedLocks {
        NamedLocks { folder: self.root().join("locks"), run: run.into(), owner: Mutex::default() }
    }
}

impl NamedLocks {
    fn owner(&self) -> io::Result<Arc<Owner>> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = &*owner {
            return Ok(Arc::clone(owner));
        }
        let new = Arc::new(Owner::new(self.folder.clone(), &self.run)?);
        *owner = Some(Arc::clone(&new));
        Ok(new)
    }
}

impl Owner {
    fn new(folder: PathBuf, run: &str) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let id = crate::new_id();
        let _guard = guard(&folder)?;
        sweep(&folder)?;
        let path = folder.join(format!("{id}.owner"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        std::fs::write(&path, run)?;
        Ok(Self { folder, id, _file: file, let_go: Notify::new(), still: Mutex::default(), search: Mutex::default() })
    }

    /// Takes a place in the queue for a lock; `None` where the lock is held and the wish is not to wait.
    fn ask(&self, request: &LockRequest) -> io::Result<(Option<Ticket>, Standing)> {
        let _guard = guard(&self.folder)?;
        let lock = blake3::hash(request.lock.as_bytes()).to_hex().to_string();
        let before = tickets(&self.folder, &lock)?;
        let number = before.keys().last().map_or(0, |ticket| ticket.number.saturating_add(1));
        let ticket = Ticket { lock, number, owner: self.id.to_string() };
        let standing = standing(&self.folder, &before, &ticket, request.max);
        let holds = matches!(standing, Standing::Holds);
        if !holds && !request.waits {
            return Ok((None, standing));
        }
        let note = Note { max: request.max, insists: request.insists, name: request.lock.clone() };
        File::create_new(ticket.path(&self.folder, holds))?.write_all(note.text().as_bytes())?;
        Ok((Some(ticket), standing))
    }

    /// Looks whether it is a ticket's turn, and takes the lock then; gives it up where it would never be.
    fn look(&self, ticket: &Ticket, max: u32) -> io::Result<Standing> {
        let _guard = guard(&self.folder)?;
        let standing = standing(&self.folder, &tickets(&self.folder, &ticket.lock)?, ticket, max);
        if matches!(standing, Standing::Holds) {
            self.moves();
            std::fs::rename(ticket.path(&self.folder, false), ticket.path(&self.folder, true))?;
        } else if let Some(reason) = self.reason_to_give_up(ticket)? {
            self.moves();
            std::fs::remove_file(ticket.path(&self.folder, false))?;
            return Ok(Standing::GivesWay(reason.into()));
        }
        Ok(standing)
    }

    /// Why a ticket has to be given up, where it does, and it is time to look for that.
    fn reason_to_give_up(&self, ticket: &Ticket) -> io::Result<Option<String>> {
        let due = self.search().is_due(ticket);
        if due && self.stands_still()? { self.gives_way(ticket) } else { Ok(None) }
    }

    fn search(&self) -> MutexGuard<'_, Search> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn still(&self) -> MutexGuard<'_, Option<Standstill>> {
        self.still.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self) -> PathBuf {
        self.folder.join(format!("{}.{STILL}", self.id))
    }

    /// The run goes on, or is about to be told that it can.
    fn moves(&self) {
        *self.still() = None;
        // Mostly there is none.
        let _ = std::fs::remove_file(self.mark());
    }

    /// Whether the run can do nothing but wait; says so to the others. What it knows of its locks has to be all that there is: it may
    /// not have heard yet that it got one, or not have let one go yet.
    fn stands_still(&self) -> io::Result<bool> {
        let Some(known) = *self.still() else { return Ok(false) };
        let own = all_tickets(&self.folder)?.into_iter().filter(|(ticket, _)| *ticket.owner == *self.id);
        let (held, awaited): (Vec<_>, Vec<_>) = own.partition(|(_, holds)| *holds);
        let stands = known == Standstill { held: held.len(), awaited: awaited.len() };
        if stands {
            File::create(self.mark())?;
        }
        Ok(stands)
    }

    /// Why a ticket has to be given up, where it does.
    fn gives_way(&self, ticket: &Ticket) -> io::Result<Option<String>> {
        let mut owners: BTreeMap<String, Option<Arc<str>>> = BTreeMap::new();
        let mut claims = Vec::new();
        for (claimed, holds) in all_tickets(&self.folder)? {
            let note = std::fs::read_to_string(claimed.path(&self.folder, holds)).ok().and_then(|text| Note::read(&text));
            // Who cannot be read may go on.
            let (Some(note), Some(_)) = (note, owners.entry(claimed.owner.clone()).or_insert_with(|| self.owner_of(&claimed)))
            else {
                return Ok(None);
            };
            claims.push(Claim { lock: claimed.lock, number: claimed.number, owner: claimed.owner, holds, note });
        }
        let still =
            owners.into_iter().filter_map(|(owner, run)| Some((owner.clone(), self.still_owner(&owner, run?)?))).collect();
        let deadlock = Deadlock::among(&claims, &still);
        let Some((claim, reason)) = deadlock.and_then(|deadlock| deadlock.gives_way()) else { return Ok(None) };
        let found = Ticket { lock: claim.lock.clone(), number: claim.number, owner: claim.owner.clone() };
        if found == *ticket {
            return Ok(Some(reason));
        }
        if *found.owner == *self.id {
            self.search().found = Some(found);
            self.let_go.notify_waiters();
        }
        Ok(None)
    }

    /// The run of a ticket.
    fn owner_of(&self, ticket: &Ticket) -> Option<Arc<str>> {
        std::fs::read_to_string(self.folder.join(format!("{}.owner", ticket.owner))).ok().map(Arc::from)
    }

    /// An owner that lives and stands still.
    fn still_owner(&self, owner: &str, run: Arc<str>) -> Option<StillOwner> {
        let path = self.folder.join(format!("{owner}.owner"));
        let stands = self.folder.join(format!("{owner}.{STILL}")).exists() && is_alive(&path);
        let since = std::fs::metadata(path).and_then(|found| found.modified()).ok()?;
        stands.then_some(StillOwner { run, since })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // What stays is removed by the next who looks.
        let _ = std::fs::remove_file(self.mark());
        let _ = std::fs::remove_file(self.folder.join(format!("{}.owner", self.id)));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        for holds in [true, false] {
            // What stays is removed once this run has ended.
            let _ = std::fs::remove_file(self.ticket.path(&self.owner.folder, holds));
        }
        self.owner.let_go.notify_waiters();
    }
}

impl Ticket {
    fn path(&self, folder: &Path, holds: bool) -> PathBuf {
        let state = if holds { "holds" } else { "waits" };
        folder.join(format!("{}.{:020}.{}.{state}", self.lock, self.number, self.owner))
    }

    /// Reads the name of a file; whether it holds the lock.
    fn read(name: &str) -> Option<(Self, bool)> {
        let mut parts = name.split('.');
        let (lock, number) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let (owner, state) = (parts.next()?.to_owned(), parts.next()?);
        Some((Self { lock, number, owner }, state == "holds"))
    }
}

/// Keeps all others out until it is dropped.
fn guard(folder: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join("guard"))?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// All tickets in an order that is the same for all, those of dead owners too, each with whether it holds its lock.
fn all_tickets(folder: &Path) -> io::Result<BTreeMap<Ticket, bool>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_str().and_then(Ticket::read)));
    names.filter_map(io::Result::transpose).collect()
}

/// The tickets of a lock, in their order, each with whether it holds the lock; those of dead owners are removed.
fn tickets(folder: &Path, lock: &str) -> io::Result<BTreeMap<Ticket, bool>> {
    let mut found = BTreeMap::new();
    let mut alive: BTreeMap<String, bool> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some((ticket, holds)) = name.to_str().and_then(Ticket::read).filter(|(ticket, _)| ticket.lock == lock) else {
            continue;
        };
        let lives = *alive.entry(ticket.owner.clone()).or_insert_with(|| takes_part(folder, &ticket.owner));
        if lives {
            found.insert(ticket, holds);
        } else {
            let _ = std::fs::remove_file(ticket.path(folder, holds));
        }
    }
    for (owner, _) in alive.iter().filter(|(_, lives)| !**lives) {
        remove(folder, owner);
    }
    Ok(found)
}

/// Removes the files of owners who are dead.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let owner = name.to_str().and_then(|name| name.strip_suffix(".owner"));
        if let Some(owner) = owner.filter(|owner| !takes_part(folder, owner)) {
            remove(folder, owner);
        }
    }
    Ok(())
}

fn remove(folder: &Path, owner: &str) {
    for end in ["owner", "dead", STILL] {
        // What stays is in nobody's way.
        let _ = std::fs::remove_file(folder.join(format!("{owner}.{end}")));
    }
}

/// Whether an owner lives, or died so short ago that its steps may.
fn takes_part(folder: &Path, owner: &str) -> bool {
    let Ok(file) = File::open(folder.join(format!("{owner}.owner"))) else { return false };
    if is_locked(&file) {
        return true;
    }
    let dead = folder.join(format!("{owner}.dead"));
    if File::create_new(&dead).is_ok() {
        return true;
    }
    let found_at = std::fs::metadata(dead).and_then(|dead| dead.modified());
    let since = found_at.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    since.is_some_and(|since| since < DYING)
}

/// Whether somebody holds a file locked.
fn is_locked(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockShared).is_err()
}

/// Whether the process of an owner lives.
fn is_alive(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| is_locked(&file))
}

/// How a ticket stands among the others: it is its turn where nobody waits before it and few enough hold the lock.
fn standing(folder: &Path, all: &BTreeMap<Ticket, bool>, ticket: &Ticket, max: u32) -> Standing {
    let before = all.iter().filter(|(other, holds)| !**holds && other.number < ticket.number).count();
    let mut holders = all.iter().filter(|(_, holds)| **holds).map(|(holder, _)| holder);
    if before == 0 && holders.clone().count() < max as usize {
        return Standing::Holds;
    }
    let run = holders.find_map(|holder| std::fs::read_to_string(folder.join(format!("{}.owner", holder.owner))).ok());
    Standing::Waits(before, run.map(Arc::from))
}

fn failed(error: &io::Error) -> LockRefusal {
    LockRefusal::Failed(error.to_string().into())
}

impl Locks for NamedLocks {
    fn acquire(&self, request: LockRequest, on_wait: OnWait) -> BoxFuture<'static, Result<HeldLock, LockRefusal>> {
        // In the calling thread, so that those of one run keep their order; what is guarded takes no time worth mentioning.
        let asked = self.owner().and_then(|owner| {
            let (ticket, standing) = owner.ask(&request)?;
            Ok((ticket.map(|ticket| Hold { ticket, owner }), standing))
        });
        Box::pin(async move {
            let hold = match asked.map_err(|error| failed(&error))? {
                (Some(hold), Standing::Holds) => hold,
                (Some(hold), Standing::Waits(before, holder)) => {
                    on_wait(holder);
                    wait(hold, request.max, before).await?
                }
                (None, Standing::Waits(_, holder)) => return Err(LockRefusal::Held(holder)),
                (None, Standing::Holds) => return Err(LockRefusal::Held(None)),
                (_, Standing::GivesWay(reason)) => return Err(LockRefusal::Failed(reason)),
            };
            Ok(Box::new(hold) as HeldLock)
        })
    }

    fn stands_still(&self, standstill: Option<Standstill>) {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(owner) = owner else { return };
        if *owner.still() == standstill {
            return;
        }
        if standstill.is_some() {
            // It is said to the others where the run looks whether it got a lock.
            *owner.still() = standstill;
        } else if let Ok(_guard) = guard(&owner.folder) {
            owner.moves();
        }
    }
}

/// Waits until it is a ticket's turn.
async fn wait(hold: Hold, max: u32, before: usize) -> Result<Hold, LockRefusal> {
    let owner = Arc::clone(&hold.owner);
    let (mut hold, mut before) = (hold, before);
    loop {
        let pause = LOOK.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)).min(RAREST_LOOK);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = owner.let_go.notified() => {}
        }
        let looking = tokio::task::spawn_blocking(move || {
            let standing = hold.owner.look(&hold.ticket, max);
            (hold, standing)
        });
        let Ok((looked, standing)) = looking.await else {
            return Err(LockRefusal::Failed("it could not be looked at".into()));
        };
        hold = looked;
        match standing.map_err(|error| failed(&error))? {
            Standing::Holds => return Ok(hold),
            Standing::Waits(now, _) => before = now,
            Standing::GivesWay(reason) => return Err(LockRefusal::Failed(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{File, HeldLock, LockRefusal, LockRequest, Locks, NamedLocks, OnWait, OpenOptions, Store};
    use std::sync::Arc;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        (folder, store)
    }

    fn request(max: u32, waits: bool) -> LockRequest {
        LockRequest { lock: "deploy / prod".into(), max, waits, insists: false }
    }

    fn quiet() -> OnWait {
        Box::new(|_| {})
    }

    async fn take(locks: &NamedLocks, max: u32) -> Result<HeldLock, LockRefusal> {
        locks.acquire(request(max, false), quiet()).await
    }

    #[tokio::test]
    async fn at_most_so_many_runs_hold_a_lock() {
        let (_folder, store) = store();
        let [a, b, c] = ["a", "b", "c"].map(|run| store.named_locks(run));
        let first = take(&a, 2).await.unwrap();
        let second = take(&b, 2).await.unwrap();
        assert_eq!(take(&c, 2).await.map(drop), Err(LockRefusal::Held(Some("a".into()))));
        drop(first);
        let third = take(&c, 2).await.unwrap();
        drop((second, third));
        assert!(take(&a, 1).await.is_ok());
    }

    #[tokio::test]
    async fn who_came_first_is_first_and_who_gives_up_is_in_nobodys_way() {
        let (folder, store) = store();
        let [a, b] = ["a", "b"].map(|run| store.named_locks(run));
        let first = take(&a, 1).await.unwrap();
        let (told, seen) = tokio::sync::oneshot::channel();
        let second = b.acquire(request(1, true), Box::new(|holder| drop(told.send(holder))));
        let given_up = a.acquire(request(1, true), quiet());
        let last = a.acquire(request(1, true), quiet());
        let second = tokio::spawn(second);
        assert_eq!(seen.await.unwrap(), Some(Arc::from("a")));
        drop(given_up);
        drop(first);
        let second = second.await.unwrap().unwrap();
        // Nobody overtakes who waits.
        assert_eq!(take(&b, 2).await.map(drop), Err(LockRefusal::Held(Some("b".into()))));
        drop(second);
        drop(last.await.unwrap());
        drop((a, b));
        let left: Vec<_> =
            std::fs::read_dir(folder.path().join("locks")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["guard"]);
    }

    #[tokio::test]
    async fn what_the_dead_held_is_free() {
        let (folder, store) = store();
        let (a, b) = (store.named_locks("a"), store.named_locks("b"));
        std::mem::forget(take(&a, 1).await.unwrap());
        let held = take(&b, 1).await.map(drop);
        assert_eq!(held, Err(LockRefusal::Held(Some("a".into()))));
        // Its process is gone, and with it what it had locked.
        let dead = Arc::clone(&a.owner().unwrap().id);
        let path = folder.path().join(format!("locks/{dead}.owner"));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "a").unwrap();
        let still = take(&b, 1).await.map(drop);
        assert_eq!(still, Err(LockRefusal::Held(Some("a".into()))), "its steps may live");
        let found = OpenOptions::new().write(true).open(path.with_extension("dead")).unwrap();
        found.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert!(b.acquire(request(1, true), quiet()).await.is_ok());
        assert!(File::open(path).is_err());
    }

    #[tokio::test]
    async fn many_who_wait_hold_it_one_after_the_other() {
        let (_folder, store) = store();
        let all: Vec<NamedLocks> = (0..8).map(|run| store.named_locks(&run.to_string())).collect();
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let holders = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let waiting: Vec<_> = (all.iter().enumerate())
            .map(|(number, locks)| {
                let acquiring = locks.acquire(request(1, true), quiet());
                let (order, holders) = (Arc::clone(&order), Arc::clone(&holders));
                tokio::spawn(async move {
                    let held = acquiring.await.unwrap();
                    assert_eq!(holders.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    order.lock().unwrap().push(number);
                    tokio::task::yield_now().await;
                    holders.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    drop(held);
                })
            })
            .collect();
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
    }
}
