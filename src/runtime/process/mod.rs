//! Runs one process for a step, and leaves nothing of it behind.

mod all;
mod child;
mod environment;
mod output;
mod standstill;
mod start;
mod stopping;
mod survivors;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use all::{end_all, give_up, stand_still};
pub use environment::Environment;
pub use output::{Captured, Outlet, is_cut};
pub use standstill::Deadline;
pub use start::DEFAULT_PATH;
pub use survivors::end_survivors;
pub(crate) use table::own_children;
pub use tree::become_subreaper;

use crate::executor::{OutputSink, Stop, Stream};
use crate::mask::Masker;
use child::Child;
use rustix::process::Signal;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stopping::{Order, Stopping};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::Sender;
use tokio::sync::watch;
use tree::{Leader, Tree};
use wf_model::failure::{Failure, FailureKind};

/// How long a process may take to end after it was asked to.
pub const GRACE: Duration = Duration::from_secs(10);

/// Bytes that are kept of each stream for the result.
pub const KEPT: usize = 64 * 1024 * 1024;

/// Bytes that are kept of each stream where nobody reads the result: its beginning and its end, for people.
pub const KEPT_UNREAD: usize = 64 * 1024;

/// How long others may hold the pipes, or go on running, after the process itself has ended.
const LEAK_WINDOW: Duration = Duration::from_millis(200);

/// How long nobody reads what a process writes, unless it ends: most end sooner, and whoever reads then is woken once, not for each pipe.
const UNWATCHED: Duration = Duration::from_millis(5);

/// How often it is looked whether anything still runs within that time.
const LOOK: Duration = Duration::from_millis(5);

/// How often a process is looked at again that just becomes another program, so that it cannot be told whose it is.
const DOUBTS: usize = 20;

/// How long what was killed may still hold the pipes.
const KILLED_WINDOW: Duration = Duration::from_secs(1);

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Program {
    /// A name on its `PATH`, or a path seen from `folder`.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables that it gets.
    pub inherited: Arc<Environment>,
    /// Variables that win over those; of two with one name the later counts.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it runs.
    pub folder: PathBuf,
    /// What it reads on stdin; `None` is an empty device.
    pub input: Option<Vec<u8>>,
}

/// Where the output of a process goes, and how it is asked to end.
pub struct Surroundings {
    /// Keeps secrets out of what is shown and kept.
    pub masker: Masker,
    /// Takes the masked output.
    pub sink: Arc<dyn OutputSink>,
    /// Whether stdout is a secret itself: it is kept as it is and goes nowhere.
    pub secret_out: bool,
    /// Bytes that are kept of each stream: [`KEPT`], or [`KEPT_UNREAD`].
    pub kept: usize,
    /// Asks it to end.
    pub stop: watch::Receiver<Stop>,
    /// How long it may take to: [`GRACE`].
    pub grace: Duration,
}

/// A process that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How.
    pub exit: Exit,
    /// What it wrote to stdout: masked, unless it is a secret.
    pub out: Captured,
    /// What it wrote to stderr: masked.
    pub error: Captured,
    /// Whether a process that was left behind had to be ended.
    pub leaked: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Runs a program until it has ended and its pipes are closed; processes that it leaves behind are ended soon after.
/// When the future is dropped, all of them are killed.
///
/// # Errors
/// Says why the program does not start.
pub async fn run(program: Program, surroundings: Surroundings) -> Result<Finished, Failure> {
    let (child, tree, listed) = started(&program).await?;
    let mut running = Running { child, tree, stopping: Stopping::new(surroundings.stop, surroundings.grace), over: false };
    let mask = &surroundings.masker;
    let shown = || Some((mask.stream(), surroundings.sink.clone()));
    let mut out = Outlet::new(Stream::Out, if surroundings.secret_out { None } else { shown() }, surroundings.kept);
    let mut error = Outlet::new(Stream::Error, shown(), surroundings.kept);
    let (input, pipes) = (running.child.input.take(), running.child.output.take().unzip());
    let drained = async { tokio::join!(out.drain(pipes.0), error.drain(pipes.1)) };
    let ended = running.until_end(drained, feed(input, program.input)).await;
    unless_given_up().await;
    running.over = true;
    drop(listed);
    let (exit, leaked) = ended.map_err(|error| lost(&error))?;
    Ok(Finished { exit, out: out.finish(), error: error.finish(), leaked })
}

/// Starts a program, unless no one is to be started any more.
async fn started(program: &Program) -> Result<(Child, Tree, Leader), Failure> {
    {
        let may_start = all::may_start();
        if *may_start {
            // Until it is listed, it looks like something that another step left behind.
            return start::start(program).map(listed);
        }
    }
    std::future::pending().await
}

fn listed((mut child, mark): (Child, String)) -> (Child, Tree, Leader) {
    let (tree, listed) = Tree::new(child.leader, mark, std::mem::take(&mut child.pipes));
    (child, tree, listed)
}

/// Goes on, unless what becomes of processes, and of what they started, is told to nobody any more.
pub async fn unless_given_up() {
    let given_up = !*all::may_start();
    if given_up {
        std::future::pending::<()>().await;
    }
}

/// A process that may still have to be ended.
struct Running {
    child: Child,
    tree: Tree,
    stopping: Stopping,
    /// Whether it is known that nothing of it runs any more.
    over: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over {
            self.tree.kill_once();
        }
    }
}

impl Running {
    /// Waits for the leader, then for the pipes and for what it left behind; returns whether that had to be ended.
    async fn until_end(
        &mut self,
        drained: impl Future<Output = ((), ())>,
        fed: impl Future<Output = ()>,
    ) -> io::Result<(Exit, bool)> {
        tokio::pin!(drained, fed);
        let (mut begins, mut open, mut hungry) = (true, true, true);
        let exit = loop {
            tokio::select! {
                exit = self.child.ended() => break exit?,
                () = tokio::time::sleep(UNWATCHED), if begins => begins = false,
                _ = &mut drained, if open && !begins => open = false,
                () = &mut fed, if hungry => hungry = false,
                order = self.stopping.order() => self.obey(order).await,
            }
        };
        if self.stopping.deadline().is_some() {
            // What a shell runs in the background does not hear an interrupt.
            self.tree.signal(Signal::TERM);
        }
        let end = self.stopping.deadline().unwrap_or_else(|| Deadline::after(LEAK_WINDOW));
        let rest = async {
            if open {
                drained.as_mut().await;
                open = false;
            }
        };
        let leaked = !self.rest_ends(rest, end).await;
        if leaked {
            self.tree.kill().await;
        }
        if open {
            // Whoever holds the pipes now cannot be found; the step does not wait for it.
            let _ = tokio::time::timeout(KILLED_WINDOW, drained).await;
        }
        Ok((exit, leaked))
    }

    /// Waits until the pipes are closed and nothing runs; `false` when that takes too long.
    async fn rest_ends(&mut self, drained: impl Future<Output = ()>, end: Deadline) -> bool {
        let tree = self.tree.clone();
        let gone = async {
            drained.await;
            let mut looks = 0;
            while !tree.is_empty(looks < DOUBTS) {
                looks += 1;
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::pin!(gone);
        loop {
            tokio::select! {
                // At the end of its patience an attempt is killed by order; what that ends was not left behind.
                biased;
                () = &mut gone => return true,
                order = self.stopping.order() => {
                    self.obey(order).await;
                    if self.stopping.has_killed() {
                        // Whoever holds the pipes now cannot be found.
                        return self.tree.is_empty(false);
                    }
                }
                () = end.passed() => return self.stopping.has_killed() && self.tree.is_empty(false),
            }
        }
    }

    async fn obey(&self, order: Order) {
        match order {
            Order::Signal(signal) => self.tree.signal(signal),
            Order::Kill => self.tree.kill().await,
        }
    }
}

/// Writes to stdin and closes it; a process that does not read ends this, which is no failure.
async fn feed(pipe: Option<Sender>, bytes: Option<Vec<u8>>) {
    if let (Some(mut pipe), Some(bytes)) = (pipe, bytes) {
        let _ = pipe.write_all(&bytes).await;
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::final_of(FailureKind::Engine, &format!("the end of the process is not known: {error}"))
}
