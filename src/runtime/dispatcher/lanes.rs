//! The threads on which attempts run.

use super::attempt::Performed;
use super::driver::Post;
use std::cell::Cell;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How much stack a thread has on which the dispatcher may run, in bytes: as much as the first thread of a process.
pub const STACK: usize = 8 * 1024 * 1024;

/// Threads that each wait for their own attempts. Starting a process stops a thread until the process has become its program; how an
/// attempt ends is seen, and leads to the next one, on one thread.
pub(super) struct Lanes {
    most: usize,
    lanes: Vec<Lane>,
}

struct Lane {
    handle: Handle,
    /// How many attempts it has.
    attempts: Arc<AtomicUsize>,
    /// Ends the thread when it falls; the first lane is the thread of whoever runs the dispatcher.
    _ends: Option<oneshot::Sender<()>>,
}

thread_local! {
    /// Which lane this thread is.
    static LANE: Cell<usize> = const { Cell::new(0) };
}

impl Lanes {
    /// At most so many; further ones than the first are begun when there is something for them.
    pub(super) const fn new(most: NonZero<usize>) -> Self {
        Self { most: most.get(), lanes: Vec::new() }
    }

    /// Begins an attempt: on this thread where that has none, else where there are the fewest; to be called inside tokio.
    pub(super) fn begin(&mut self, attempt: impl Future<Output = Performed> + Send + 'static, post: Post) {
        let Some(lane) = self.next() else { return };
        let counted = Counted::new(&lane.attempts);
        drop(lane.handle.spawn(async move {
            let Performed { ended, lent } = attempt.await;
            // What follows from its end may begin here.
            drop(counted);
            post.send_and_run(ended);
            drop(lent);
        }));
    }

    fn next(&mut self) -> Option<&Lane> {
        if self.lanes.is_empty() {
            self.lanes.push(Lane { handle: Handle::current(), attempts: Arc::default(), _ends: None });
        }
        let own = LANE.get();
        let busy = |lane: &Lane| lane.attempts.load(Ordering::Relaxed);
        let order = |(number, lane): &(usize, &Lane)| (busy(lane), *number != own);
        let (best, load) = self.lanes.iter().enumerate().min_by_key(order).map(|(number, lane)| (number, busy(lane)))?;
        if load > 0
            && self.lanes.len() < self.most
            && let Ok(lane) = Lane::begin(self.lanes.len())
        {
            self.lanes.push(lane);
            return self.lanes.last();
        }
        self.lanes.get(best)
    }
}

impl Lane {
    fn begin(number: usize) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (ends, ended) = oneshot::channel::<()>();
        let work = move || {
            LANE.set(number);
            // It ends when the other side falls.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("lane".to_owned()).stack_size(STACK).spawn(work)?;
        Ok(Self { handle, attempts: Arc::default(), _ends: Some(ends) })
    }
}

/// One attempt of a lane.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(attempts: &Arc<AtomicUsize>) -> Self {
        attempts.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(attempts))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
