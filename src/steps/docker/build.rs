//! `build`: makes an image from a Dockerfile.

use super::auth;
use super::context::Context;
use super::log::Log;
use super::trouble::{self, not_started, trimmed};
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::BuildInfo;
use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wf_model::failure::{Failure, FailureKind};
use wf_model::value::{Map, Value};

/// Bytes of the context that go to the engine at once.
const BLOCK: usize = 256 * 1024;

/// Blocks of the context that wait for the engine.
const WAITING: usize = 8;

/// An image as it is asked for.
#[derive(Debug)]
pub(super) struct Build {
    context: Context,
    arguments: HashMap<String, String>,
    target: Option<String>,
}

impl Build {
    /// Reads the attribute `build`; paths are seen from `folder`.
    pub(super) fn of(build: &Arc<Map>, folder: &Path) -> Result<Self, Failure> {
        let text = |name: &str| build.get(name).filter(|value| !matches!(value, Value::Null)).map(Value::exposed);
        let context = text("context").ok_or_else(|| not_started("`build` has no `context`", false))?;
        let file = text("file").map(|file| folder.join(file));
        let context = Context::of(&folder.join(context), file.as_deref()).map_err(|why| not_started(&why, false))?;
        let arguments = match build.get("args") {
            Some(Value::Map(arguments)) => arguments.iter().map(|(name, value)| (name.to_string(), value.exposed())).collect(),
            _ => HashMap::new(),
        };
        Ok(Self { context, arguments, target: text("target") })
    }

    /// Makes the image, and gives its id.
    pub(super) async fn made(self, docker: &Docker, request: Wanted, log: &Log) -> Result<String, Failure> {
        let options = BuildImageOptions {
            dockerfile: self.context.dockerfile.clone(),
            t: request.tag,
            rm: true,
            forcerm: true,
            pull: request.pull.then(|| "true".to_owned()),
            buildargs: (!self.arguments.is_empty()).then_some(self.arguments),
            platform: request.platform.unwrap_or_default(),
            target: self.target.unwrap_or_default(),
            version: BuilderVersion::BuilderV1,
            ..BuildImageOptions::default()
        };
        let (archive, unread) = sent(self.context);
        let mut stream =
            Box::pin(docker.build_image(options, Some(auth::of_all().await), Some(bollard::body_try_stream(archive))));
        let mut built = None;
        while let Some(told) = stream.next().await {
            match told {
                Ok(told) => built = tell(&told, log)?.or(built),
                Err(error) => {
                    let why = unread.await.ok().flatten();
                    return Err(why.map_or_else(|| failed(&error), |why| not_started(&format!("context: {why}"), false)));
                }
            }
        }
        built.ok_or_else(|| not_built("the engine does not say which image it made", None))
    }
}

/// What is asked of a build beside what it is made from.
pub(super) struct Wanted {
    pub(super) tag: Option<String>,
    pub(super) pull: bool,
    pub(super) platform: Option<String>,
}

/// The archive of a context as it is read, and what is said where it cannot be.
fn sent(context: Context) -> (impl Stream<Item = io::Result<Bytes>> + Send + 'static, JoinHandle<Option<String>>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || {
        let mut pipe = io::BufWriter::with_capacity(BLOCK, Pipe(sender.clone()));
        let error = context.write(&mut pipe).and_then(|()| pipe.flush()).err()?;
        let told = (error.kind() != io::ErrorKind::BrokenPipe).then(|| error.to_string());
        // The archive must not look whole.
        let _ = sender.blocking_send(Err(error));
        told
    });
    let pieces = unfold(receiver, |mut receiver| async { receiver.recv().await.map(|piece| (piece, receiver)) });
    (pieces, writing)
}

/// Takes bytes to a request under way.
struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes on what an engine tells; gives the id of the image once there is one.
fn tell(told: &BuildInfo, log: &Log) -> Result<Option<String>, Failure> {
    if let Some(error) = &told.error_detail {
        return Err(not_built(error.message.as_deref().unwrap_or_default(), error.code));
    }
    if let Some(text) = &told.stream {
        log.text(text);
    }
    // The progress of what is pulled would be a line for each bar that moves.
    if let (Some(status), None) = (&told.status, &told.progress_detail) {
        log.line(&told.id.as_ref().map_or_else(|| status.clone(), |id| format!("{id}: {status}")));
    }
    Ok(told.aux.as_ref().and_then(|aux| aux.id.clone()))
}

fn failed(error: &Error) -> Failure {
    match error {
        Error::DockerStreamError { error } => not_built(error, None),
        _ => trouble::of(error, "image is not built"),
    }
}

/// A build that began and failed.
fn not_built(message: &str, code: Option<i64>) -> Failure {
    let message = trimmed(message);
    let advice = if message.contains("requires BuildKit") || message.contains("Unknown flag: mount") {
        ": build it by `shell \"docker buildx build …\"`"
    } else {
        ""
    };
    let code = code.and_then(|code| i32::try_from(code).ok());
    Failure {
        exit_code: code,
        retryable: true,
        ..Failure::final_of(FailureKind::Exit, &format!("image is not built: {message}{advice}"))
    }
}
