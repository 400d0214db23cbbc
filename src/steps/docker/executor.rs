//! Runs `docker` steps.

use super::build::{Build, Wanted};
use super::container::{Container, Ending, unstarted};
use super::engine::Engine;
use super::image::{self, Pull};
use super::log::Log;
use super::need;
use super::request::{Request, text, texts};
use super::trouble;
use crate::process::{Judge, folder, not_started};
use bollard::Docker as Client;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;
use wf_model::event::Timestamp;
use wf_model::failure::Failure;
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::value::{Map, Value};
use wf_runtime::executor::{Attempt, Ended, Executor, Known, Stop, Stream};
use wf_runtime::guard::leave;
use wf_runtime::mask::Masker;
use wf_runtime::need::Need;
use wf_runtime::process::{Captured, Exit, Finished, GRACE, KEPT, KEPT_UNREAD, Outlet, unless_given_up};
use wf_runtime::simulation::Course;

/// Runs `docker` steps; clones share their connection.
#[derive(Clone, Debug, Default)]
pub struct Docker {
    engine: Arc<Engine>,
}

impl Executor for Docker {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        let engine = Arc::clone(&self.engine);
        async move {
            let log = Log::new(Masker::of_values(&attempt.secrets), Arc::clone(&attempt.output));
            let performed = perform(&attempt, &engine, &log).await;
            let told = log.finish();
            // What a dead run's containers come to is told by whoever resumes it.
            unless_given_up().await;
            performed.unwrap_or_else(|failure| {
                let failure = log.masker.failure(failure);
                let stderr = if failure.stderr.is_empty() { told.into() } else { failure.stderr };
                Ended { outcome: Err(Failure { stderr, ..failure }), decoded: None, leaked: false }
            })
        }
        .boxed()
    }

    fn simulate(&self, _: &Call, _: Timestamp, made: Course) -> Course {
        made.with("exit_code", Value::Int(0))
    }

    fn needs(&self, _: Option<Known>) -> BoxFuture<'static, Vec<Need>> {
        need::engine().map(|need| vec![need]).boxed()
    }
}

async fn perform(attempt: &Attempt, engine: &Engine, log: &Log) -> Result<Ended, Failure> {
    let client = engine.client()?;
    let step = Step { attempt, client: &client, log };
    let image = match attempt.call.value("build") {
        Some(Value::Map(build)) => step.built(build).await?,
        _ => text(&attempt.call, "image").ok_or_else(|| not_started("there is neither `image` nor `build`"))?,
    };
    let runs = attempt.call.value("build").is_none() || attempt.call.argument("run").is_some();
    let ended = if runs { step.contained(&image).await? } else { step.judge().ended(nothing_run()) };
    Ok(with_image(ended, &image))
}

/// What a step gives that only builds.
fn nothing_run() -> Finished {
    Finished { exit: Exit::Code(0), out: Captured::default(), error: Captured::default(), leaked: false }
}

/// The same end, with the image in its result.
fn with_image(ended: Ended, image: &str) -> Ended {
    let outcome = ended.outcome.map(|result| match result {
        Value::Map(map) => {
            let entries = map.iter().map(|(name, value)| (Arc::clone(name), value.clone()));
            Value::Map(Arc::new(entries.chain([("image".into(), Value::string(image))]).collect()))
        }
        other => other,
    });
    Ended { outcome, ..ended }
}

/// How a container ended, with what it wrote.
struct Ran {
    finished: Finished,
    out_of_memory: bool,
}

/// An attempt with what it works by.
struct Step<'a> {
    attempt: &'a Attempt,
    client: &'a Client,
    log: &'a Log,
}

impl Step<'_> {
    fn judge(&self) -> Judge {
        Judge::new(self.attempt, self.log.masker.clone())
    }

    /// Builds an image and gives it its names; gives its id.
    async fn built(&self, build: &Arc<Map>) -> Result<String, Failure> {
        let call = &self.attempt.call;
        let build = Build::of(build, &folder(call, &self.attempt.folder))?;
        let mut tags = texts(call, "tag").unwrap_or_default().into_iter();
        let request = Wanted { tag: tags.next(), pull: pull(call) == Pull::Always, platform: text(call, "platform") };
        let mut stop = self.attempt.stop.clone();
        let image = tokio::select! {
            image = build.made(self.client, request, self.log) => image?,
            // An engine gives up a build that nobody listens to.
            () = stopped(&mut stop) => return Err(unstarted()),
        };
        for tag in tags {
            image::tag(self.client, &image, &tag).await?;
        }
        Ok(image)
    }

    /// Runs a container of an image to its end, and removes it.
    async fn contained(&self, image: &str) -> Result<Ended, Failure> {
        let attempt = self.attempt;
        let mut stop = attempt.stop.clone();
        let container = Container { docker: self.client, name: name(attempt), log: self.log };
        // Before the engine hears of it: whatever becomes of this process, somebody looks for the container.
        leave(attempt.variable("WF_RUN"));
        let making = self.made(&container, image);
        tokio::pin!(making);
        let made = tokio::select! {
            made = &mut making => made,
            // What is given up while the engine makes it might never be removed.
            () = stopped(&mut stop) => timeout(GRACE, making).await.unwrap_or_else(|_| Err(unstarted())),
        };
        let was_made = made.is_ok();
        let ran = match made {
            Ok(()) => self.ran(&container, &mut stop).await,
            Err(failure) => Err(failure),
        };
        // While the engine removes it, there is time to read what may be much.
        let ((), ended) = join(container.remove(was_made), async { ran.map(|ran| self.ended(ran)) }).await;
        ended
    }

    /// Makes the container, with the image that it needs.
    async fn made(&self, container: &Container<'_>, image: &str) -> Result<(), Failure> {
        let call = &self.attempt.call;
        let pull = pull(call);
        let platform = text(call, "platform");
        let around = folder(call, &self.attempt.folder);
        let request = || Request::of(self.attempt, image, &around);
        if pull == Pull::Always {
            self.pulled(image, platform.as_deref()).await?;
        }
        let mut made = container.make(request()?, platform.as_deref()).await;
        if made.as_ref().is_err_and(image::is_missing) && pull == Pull::Missing {
            self.pulled(image, platform.as_deref()).await?;
            made = container.make(request()?, platform.as_deref()).await;
        }
        match made {
            Err(error) if image::is_missing(&error) && pull == Pull::Never => Err(image::missing(image)),
            made => made.map_err(|error| trouble::of(&error, "container is not made")),
        }
    }

    /// Fetches the image, unless the attempt is asked to end.
    async fn pulled(&self, image: &str, platform: Option<&str>) -> Result<(), Failure> {
        let mut stop = self.attempt.stop.clone();
        tokio::select! {
            pulled = image::pull(self.client, image, platform, self.log) => pulled,
            () = stopped(&mut stop) => Err(unstarted()),
        }
    }

    async fn ran(&self, container: &Container<'_>, stop: &mut watch::Receiver<Stop>) -> Result<Ran, Failure> {
        let attempt = self.attempt;
        let judge = self.judge();
        let limit = if attempt.call.is_unread { KEPT_UNREAD } else { KEPT };
        let shown = || Some((self.log.masker.stream(), Arc::clone(&attempt.output)));
        let mut out = Outlet::new(Stream::Out, if judge.is_secret() { None } else { shown() }, limit);
        let mut error = Outlet::new(Stream::Error, shown(), limit);
        let ran = container.run(&mut out, &mut error, stop).await;
        let (out, error) = (out.finish(), error.finish());
        let Ending { exit, out_of_memory } = ran?;
        if exit == Exit::Code(0) && attempt.call.decode.is_some() {
            container.fetch_output(judge.output_file()).await?;
        }
        Ok(Ran { finished: Finished { exit, out, error, leaked: false }, out_of_memory })
    }

    fn ended(&self, Ran { finished, out_of_memory }: Ran) -> Ended {
        let ended = self.judge().ended(finished);
        if out_of_memory { for_want_of_memory(ended, &self.attempt.call) } else { ended }
    }
}

/// Waits until an attempt is asked to end.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A name that no other container has, so that it is known before the engine has answered.
fn name(attempt: &Attempt) -> String {
    let unique = Uuid::new_v4().simple().to_string();
    format!("wfc-{}-{}-{}", attempt.variable("WF_KEY"), attempt.variable("WF_ATTEMPT"), unique.get(..8).unwrap_or_default())
}

fn pull(call: &Call) -> Pull {
    match text(call, "pull").as_deref() {
        Some("always") => Pull::Always,
        Some("never") => Pull::Never,
        _ => Pull::Missing,
    }
}

/// A failure that says that there was not enough memory.
fn for_want_of_memory(ended: Ended, call: &Call) -> Ended {
    let way = match call.value("memory") {
        Some(Value::Size(size)) => format!("container ran out of its memory of {size}: raise `memory`"),
        _ => "machine of the engine ran out of memory".to_owned(),
    };
    let told = |failure: Failure| Failure { message: format!("{}: {way}", failure.message).into(), ..failure };
    Ended { outcome: ended.outcome.map_err(told), ..ended }
}
