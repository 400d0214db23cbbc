//! Lets whoever has news for the dispatcher run it, so that a step that has ended leads to the next one on the same thread.
//!
//! A task of its own would be woken on another thread for each step, and would wake a third one to start what follows; on a machine that
//! is busy with the steps themselves, that waiting takes as long as all else that is done for a step. So nobody waits here: who has news
//! puts it into the inbox and runs the dispatcher, unless somebody does so already, who then sees the news. ("Flat combining", Hendler,
//! Incze, Shavit, Tzafrir 2010.)

use super::RunBroken;
use futures_util::future::BoxFuture;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tokio::sync::{mpsc, oneshot};
use wf_model::event::EventKind;

/// There is news.
const WOKEN: u8 = 1;

/// Somebody runs the dispatcher.
const DRIVEN: u8 = 2;

/// Runs the dispatcher: on the thread of whoever has news, or on that of whoever waits for its end.
#[derive(Default)]
pub(super) struct Driver {
    state: AtomicU8,
    run: Mutex<Option<BoxFuture<'static, ()>>>,
    /// Who waits for its end, and is told of news that come without a thread of their own.
    waits: Mutex<Option<Waker>>,
}

impl Driver {
    /// Runs to the end; others may go on with it meanwhile.
    ///
    /// # Errors
    /// Those of the run, and where it panics on the thread of another.
    pub(super) async fn until_end<T: Send + 'static>(
        self: Arc<Self>,
        run: impl Future<Output = Result<T, RunBroken>> + Send + 'static,
    ) -> Result<T, RunBroken> {
        let (sender, mut ended) = oneshot::channel();
        let run = async move {
            // Who would take it may have gone.
            let _ = sender.send(run.await);
        };
        // What a task of tokio may do before it lets others go on does not count for what is run beside it.
        *lock(&self.run) = Some(Box::pin(tokio::task::coop::unconstrained(run)));
        self.state.fetch_or(WOKEN, Ordering::SeqCst);
        std::future::poll_fn(|context| {
            *lock(&self.waits) = Some(context.waker().clone());
            if self.begin() {
                self.go_on();
            }
            let mut context = Context::from_waker(context.waker());
            std::pin::Pin::new(&mut ended).poll(&mut context)
        })
        .await
        .unwrap_or(Err(RunBroken::GaveUp))
    }

    /// Takes the turn, unless somebody has it.
    fn begin(&self) -> bool {
        self.state.fetch_or(DRIVEN, Ordering::SeqCst) & DRIVEN == 0
    }

    /// Goes on as long as there is news, then lets go of the turn.
    fn go_on(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        loop {
            while self.state.fetch_and(!WOKEN, Ordering::SeqCst) & WOKEN != 0 {
                self.poll(&waker);
            }
            // News that came in between are seen here.
            if self.state.compare_exchange(DRIVEN, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return;
            }
        }
    }

    /// Runs until it waits again; to be called by who has the turn.
    fn poll(&self, waker: &Waker) {
        let mut run = lock(&self.run);
        let Some(future) = run.as_mut() else { return };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(waker))));
        if !matches!(polled, Ok(Poll::Pending)) {
            // Whoever waits for the end hears of it, also where the end is a panic on the thread of somebody else.
            *run = None;
        }
        drop(run);
        if let Err(panic) = polled {
            self.state.store(0, Ordering::SeqCst);
            resume_unwind(panic);
        }
    }
}

impl Wake for Driver {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Who has the turn sees it.
        if self.state.fetch_or(WOKEN, Ordering::SeqCst) == 0
            && let Some(waiting) = &*lock(&self.waits)
        {
            waiting.wake_by_ref();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes news for the dispatcher.
#[derive(Clone)]
pub(super) struct Post {
    inbox: mpsc::UnboundedSender<EventKind>,
    driver: Arc<Driver>,
}

impl Post {
    /// The post, and where it arrives.
    pub(super) fn new(driver: Arc<Driver>) -> (Self, mpsc::UnboundedReceiver<EventKind>) {
        let (inbox, arrives) = mpsc::unbounded_channel();
        (Self { inbox, driver }, arrives)
    }

    pub(super) fn driver(&self) -> Arc<Driver> {
        Arc::clone(&self.driver)
    }

    /// Sends news; once the run is over, nobody takes it any more.
    pub(super) fn send(&self, news: EventKind) {
        drop(self.inbox.send(news));
    }

    /// Sends news and runs the dispatcher with it, unless somebody does; the caller holds nothing that others wait for.
    pub(super) fn send_and_run(&self, news: EventKind) {
        let turn = self.driver.begin();
        self.send(news);
        if turn {
            self.driver.go_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Driver, Post, RunBroken};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use wf_model::event::EventKind;

    const EACH: usize = 500;

    #[tokio::test]
    async fn news_of_many_threads_is_taken_once() {
        let driver = Arc::<Driver>::default();
        let (post, mut inbox) = Post::new(Arc::clone(&driver));
        for number in 0..8 {
            let post = post.clone();
            let send = move |news| if number % 2 == 0 { post.send_and_run(news) } else { post.send(news) };
            thread::spawn(move || (0..EACH).for_each(|_| send(EventKind::Paused)));
        }
        let run = async move {
            for _ in 0..8 * EACH {
                inbox.recv().await.unwrap();
            }
            Ok(inbox.try_recv().is_err())
        };
        assert_eq!(driver.until_end(run).await, Ok(true));
    }

    #[tokio::test]
    async fn a_panic_on_the_thread_of_another_ends_whoever_waits() {
        let driver = Arc::<Driver>::default();
        let (post, mut inbox) = Post::new(Arc::clone(&driver));
        let (begins, begun) = channel();
        let run = async move {
            begins.send(()).unwrap();
            inbox.recv().await;
            panic!("a mistake");
        };
        let other = Arc::clone(&driver);
        let other = thread::spawn(move || {
            begun.recv().unwrap();
            while !other.begin() {
                thread::yield_now();
            }
            post.send(EventKind::Paused);
            catch_unwind(AssertUnwindSafe(|| other.go_on())).is_err()
        });
        assert_eq!(driver.until_end::<()>(run).await, Err(RunBroken::GaveUp));
        assert!(other.join().unwrap());
    }
}
