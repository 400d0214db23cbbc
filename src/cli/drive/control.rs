//! How a run that goes on in another process is asked for something: a Unix socket in its folder, one line of JSON each way.
//!
//! The folder belongs to its owner alone, so nobody else can ask. A path of a socket has to be short, so both sides name it by the
//! open folder that it is in.

use rustix::fs::{Mode, OFlags, open};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use wf_model::event::CancelCause;
use wf_runtime::dispatcher::Canceller;

/// The socket in the folder of a run.
const SOCKET: &str = "control";

/// The longest line that is listened to.
const LONGEST: u64 = 4 * 1024;

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a run can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// To end; once more, at once.
    Cancel,
    /// To start nothing more, and to wait.
    Pause,
    /// To look at its messages.
    Messages,
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reply {
    Taken,
    Unknown,
}

/// Where the socket is, and the open folder that its path goes through.
fn place(folder: &Path) -> io::Result<(File, PathBuf)> {
    let folder = File::from(open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?);
    let path = format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()).into();
    Ok((folder, path))
}

/// Listens for what the run is asked for, until its process ends; the caller holds the lock of the run and runs inside tokio.
///
/// # Errors
/// When there can be no socket; the run goes on without one.
pub(super) fn listen(folder: &Path, canceller: &Canceller) -> io::Result<()> {
    let (_folder, path) = place(folder)?;
    // One that is there belonged to a process that is gone.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    let canceller = canceller.clone();
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, canceller.clone()))),
                // As when too many files are open: later there is room again.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(())
}

/// Takes the socket away: nobody listens any more.
pub(super) fn close(folder: &Path) {
    // A process that is killed leaves it as well.
    let _ = std::fs::remove_file(folder.join(SOCKET));
}

async fn answer(mut stream: tokio::net::UnixStream, canceller: Canceller) -> io::Result<()> {
    let mut line = String::new();
    let (read, mut write) = stream.split();
    tokio::io::BufReader::new(read.take(LONGEST)).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(Request::Cancel) => {
            canceller.ask(CancelCause::Request);
            Reply::Taken
        }
        Ok(Request::Pause) => {
            canceller.pause();
            Reply::Taken
        }
        Ok(Request::Messages) => {
            canceller.has_mail();
            Reply::Taken
        }
        Err(_) => Reply::Unknown,
    };
    let reply = serde_json::to_string(&reply).map_err(io::Error::other)?;
    write.write_all(format!("{reply}\n").as_bytes()).await
}

/// Asks the process that goes on with a run for something.
///
/// # Errors
/// When there is none, or it does not answer.
pub(crate) fn ask(folder: &Path, request: Request) -> io::Result<()> {
    let (_folder, path) = place(folder)?;
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    writeln!(stream, "{}", serde_json::to_string(&request).map_err(io::Error::other)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    match serde_json::from_str(&line) {
        Ok(Reply::Taken) => Ok(()),
        Ok(Reply::Unknown) => Err(io::Error::other("its version does not know this request")),
        Err(error) => Err(io::Error::other(error)),
    }
}
