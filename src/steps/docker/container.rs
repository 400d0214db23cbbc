//! The life of one container: made, watched, ended, removed.

use super::archive;
use super::log::Log;
use super::request::{FOLDER, OUTPUT, Request};
use super::trouble;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::ContainerWaitResponse;
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, DownloadFromContainerOptions, KillContainerOptions, RemoveContainerOptions,
    StopContainerOptions, UploadToContainerOptions, WaitContainerOptions,
};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use wf_model::failure::{Failure, FailureKind};
use wf_runtime::executor::Stop;
use wf_runtime::process::{Exit, GRACE, KEPT, Outlet};

/// How long the end of the output may come after that of the container.
const OUTPUT_WINDOW: Duration = Duration::from_secs(5);

/// How long an engine may take to remove a container.
const REMOVING: Duration = Duration::from_secs(30);

/// A container of an attempt.
pub(super) struct Container<'a> {
    pub(super) docker: &'a Docker,
    pub(super) name: String,
    pub(super) log: &'a Log,
}

/// How a container ended.
pub(super) struct Ending {
    pub(super) exit: Exit,
    /// Whether the system killed something in it for want of memory.
    pub(super) out_of_memory: bool,
}

impl Container<'_> {
    /// Makes it, with its files; it does not run yet.
    pub(super) async fn make(&self, request: Request, platform: Option<&str>) -> Result<(), Error> {
        let options = CreateContainerOptions { name: Some(self.name.clone()), platform: platform.unwrap_or_default().to_owned() };
        let made = self.docker.create_container(Some(options), request.body).await?;
        for warning in made.warnings {
            self.log.line(&warning);
        }
        if !request.files.is_empty() {
            let options = UploadToContainerOptions { path: "/".to_owned(), ..UploadToContainerOptions::default() };
            let archive = archive::of_files(FOLDER, &request.files)?;
            self.docker.upload_to_container(&self.name, Some(options), bollard::body_full(archive.into())).await?;
        }
        Ok(())
    }

    /// Starts it and follows it to its end; asks it to end when `stop` does.
    pub(super) async fn run(
        &self,
        out: &mut Outlet,
        error: &mut Outlet,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<Ending, Failure> {
        let failed = |error: Error| trouble::of(&error, "container does not start");
        let options = AttachContainerOptions { stdout: true, stderr: true, stream: true, ..AttachContainerOptions::default() };
        let attached = self.docker.attach_container(&self.name, Some(options)).await.map_err(failed)?;
        if *stop.borrow() != Stop::No {
            return Err(unstarted());
        }
        self.docker.start_container(&self.name, None).await.map_err(failed)?;
        let code = tokio::select! {
            code = self.followed(attached.output, out, error) => code.map_err(|error| trouble::lost(&error))?,
            () = self.asked(stop) => return Err(Failure::final_of(FailureKind::Engine, "container cannot be asked to end")),
        };
        // Only what failed is looked at again.
        let out_of_memory = code != 0 && self.was_out_of_memory().await;
        Ok(Ending { exit: Exit::Code(i32::try_from(code).unwrap_or(i32::MAX)), out_of_memory })
    }

    /// Passes on its output until it has ended; gives its exit code.
    async fn followed(
        &self,
        output: impl StreamExt<Item = Result<LogOutput, Error>> + Unpin,
        out: &mut Outlet,
        error: &mut Outlet,
    ) -> Result<i64, Error> {
        let mut output = output.fuse();
        let drained = async {
            while let Some(Ok(piece)) = output.next().await {
                match piece {
                    LogOutput::StdErr { message } => error.take(&message),
                    LogOutput::StdOut { message } | LogOutput::Console { message } => out.take(&message),
                    LogOutput::StdIn { .. } => {}
                }
            }
        };
        tokio::pin!(drained);
        let ended = self.ended();
        tokio::pin!(ended);
        tokio::select! {
            () = &mut drained => ended.await,
            code = &mut ended => {
                let code = code?;
                let _ = timeout(OUTPUT_WINDOW, drained).await;
                Ok(code)
            }
        }
    }

    /// Waits for its end.
    async fn ended(&self) -> Result<i64, Error> {
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut waiting: BoxStream<'_, Result<ContainerWaitResponse, Error>> =
            self.docker.wait_container(&self.name, Some(options)).boxed();
        match waiting.next().await {
            Some(Ok(ended)) => Ok(ended.status_code),
            // Not an error: the client tells of each exit code but 0 like this.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(error),
            None => Err(Error::IOError { err: std::io::ErrorKind::UnexpectedEof.into() }),
        }
    }

    /// Waits until its end is asked for, and asks it; never returns.
    async fn asked(&self, stop: &mut watch::Receiver<Stop>) {
        let asked = stop.wait_for(|stop| *stop != Stop::No).await.is_ok();
        if asked {
            let grace = i32::try_from(GRACE.as_secs()).ok();
            let options = StopContainerOptions { t: grace, ..StopContainerOptions::default() };
            let killed = async {
                if stop.wait_for(|stop| *stop == Stop::Now).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                _ = self.docker.stop_container(&self.name, Some(options)) => {}
                () = killed => self.kill().await,
            }
        }
        std::future::pending().await
    }

    async fn kill(&self) {
        let options = KillContainerOptions { signal: "KILL".to_owned() };
        // One that has ended meanwhile needs no signal.
        let _ = self.docker.kill_container(&self.name, Some(options)).await;
    }

    async fn was_out_of_memory(&self) -> bool {
        let inspected = self.docker.inspect_container(&self.name, None).await;
        inspected.ok().and_then(|inspected| inspected.state?.oom_killed).unwrap_or_default()
    }

    /// Fetches what the container wrote to the file of `$WF_OUTPUT`.
    pub(super) async fn fetch_output(&self, to: &Path) -> Result<(), Failure> {
        let failed =
            |why: &str| Failure::final_of(FailureKind::Decode, &format!("the file of `$WF_OUTPUT` cannot be read: {why}"));
        let options = DownloadFromContainerOptions { path: format!("{FOLDER}/{OUTPUT}") };
        let mut archive = Vec::new();
        let mut stream = self.docker.download_from_container(&self.name, Some(options));
        loop {
            match stream.try_next().await {
                Ok(Some(piece)) => archive.extend_from_slice(&piece),
                Ok(None) => break,
                // Whoever took it away wrote nothing.
                Err(Error::DockerResponseServerError { status_code: 404, .. }) => return Ok(()),
                Err(error) => return Err(failed(&error.to_string())),
            }
            if archive.len() > KEPT + 4096 {
                return Err(Failure::final_of(
                    FailureKind::Decode,
                    &format!("the file of `$WF_OUTPUT` is larger than {KEPT} bytes"),
                ));
            }
        }
        archive::unpack_file(&archive, to).map_err(|error| failed(&error.to_string()))
    }

    /// Ends it where it still runs, and removes it with its volumes that have no name; says where one that `was_made` stays.
    pub(super) async fn remove(&self, was_made: bool) {
        let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
        let removed = timeout(REMOVING, self.docker.remove_container(&self.name, Some(options))).await;
        let why = match removed {
            Ok(Ok(()) | Err(Error::DockerResponseServerError { status_code: 404 | 409, .. })) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the engine does not answer".to_owned(),
        };
        if was_made {
            self.log.line(&format!("container {} is not removed: {why}", self.name));
        }
    }
}

/// The failure of a step that was asked to end before its container ran.
pub(super) fn unstarted() -> Failure {
    Failure::final_of(FailureKind::Signal, "was ended before its container ran")
}
