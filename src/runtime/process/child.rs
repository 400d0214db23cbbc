//! A process that was started: its pipes, and how it ends.

use super::Exit;
use crate::system::{self, Start};
use rustix::fs::{OFlags, fcntl_setfl, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, WaitIdStatus, pidfd_open, waitid};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Sender;
use tokio::task::JoinHandle;

/// A file with its arguments, variables and folder, ready to be started.
pub(super) struct Prepared<'a> {
    pub(super) file: CString,
    pub(super) arguments: Vec<CString>,
    pub(super) environment: Vec<&'a CStr>,
    pub(super) folder: CString,
    /// Whether it is to read from a pipe.
    pub(super) reads: bool,
}

/// A process of this one.
pub(super) struct Child {
    pub(super) leader: Pid,
    /// What it reads from, where it does.
    pub(super) input: Option<Sender>,
    /// What it writes to; to read from them never blocks.
    pub(super) output: Option<(OwnedFd, OwnedFd)>,
    /// The numbers of both pipes.
    pub(super) pipes: Vec<u64>,
    end: End,
}

/// What tells the end of a process.
enum End {
    Descriptor(AsyncFd<OwnedFd>),
    /// Where the system gives no descriptor of a process.
    Thread(JoinHandle<io::Result<Option<WaitIdStatus>>>),
}

impl Child {
    /// Starts a process, which leads a group; to be called inside tokio.
    pub(super) fn start(prepared: &Prepared<'_>) -> io::Result<Self> {
        let (output, into_output) = pipe()?;
        let (error, into_error) = pipe()?;
        fcntl_setfl(&output, OFlags::NONBLOCK)?;
        fcntl_setfl(&error, OFlags::NONBLOCK)?;
        let (from_input, input) = prepared.reads.then(pipe).transpose()?.unzip();
        // Whatever may fail does before there is a process.
        let input = input.map(sender).transpose()?;
        let pipes = vec![fstat(&output)?.st_ino, fstat(&error)?.st_ino];
        let leader = system::spawn(&Start {
            file: &prepared.file,
            arguments: prepared.arguments.iter().map(|argument| &**argument).collect(),
            environment: &prepared.environment,
            folder: &prepared.folder,
            streams: [
                if let Some(pipe) = &from_input { pipe.as_fd() } else { nothing()? },
                into_output.as_fd(),
                into_error.as_fd(),
            ],
        })?;
        Ok(Self { leader, input, output: Some((output, error)), pipes, end: End::of(leader) })
    }

    /// Waits for its end; may be dropped and asked for again.
    pub(super) async fn ended(&mut self) -> io::Result<Exit> {
        let status = match &mut self.end {
            End::Descriptor(descriptor) => descriptor.async_io(Interest::READABLE, status).await?,
            End::Thread(thread) => thread.await.map_err(io::Error::other)??.ok_or(io::ErrorKind::NotFound)?,
        };
        Ok(match status.exit_status() {
            Some(code) => Exit::Code(code),
            None => Exit::Signal(status.terminating_signal().unwrap_or(0)),
        })
    }
}

impl End {
    fn of(leader: Pid) -> Self {
        let descriptor = pidfd_open(leader, PidfdFlags::NONBLOCK).ok().and_then(|descriptor| system::watched(descriptor).ok());
        let wait = move || Ok(waitid(WaitId::Pid(leader), WaitIdOptions::EXITED)?);
        descriptor.map_or_else(|| Self::Thread(tokio::task::spawn_blocking(wait)), Self::Descriptor)
    }
}

fn status(descriptor: &OwnedFd) -> io::Result<WaitIdStatus> {
    let ended = waitid(WaitId::PidFd(descriptor.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG)?;
    ended.ok_or_else(|| io::ErrorKind::WouldBlock.into())
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

fn sender(pipe: OwnedFd) -> io::Result<Sender> {
    fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
    Sender::from_owned_fd_unchecked(pipe)
}

/// The device that holds nothing.
fn nothing() -> io::Result<BorrowedFd<'static>> {
    static NOTHING: OnceLock<File> = OnceLock::new();
    if let Some(file) = NOTHING.get() {
        return Ok(file.as_fd());
    }
    let file = File::open("/dev/null")?;
    Ok(NOTHING.get_or_init(|| file).as_fd())
}
