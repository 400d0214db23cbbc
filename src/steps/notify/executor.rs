//! Runs `notify` steps.

use super::channel::{Destination, confidential_parts};
use super::message::{Message, result};
use super::post::Post;
use super::receipts::Receipts;
use super::throttle::{Answer, Throttle};
use super::{desktop, need, throttle};
use crate::process;
use crate::web::client::Clients;
use crate::web::trust::Trust;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use jiff::Timestamp;
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::value::{Channel, Value};
use wf_runtime::executor::{Attempt, Ended, Executor, Known, Stop, Stream};
use wf_runtime::mask::Masker;
use wf_runtime::need::Need;

/// Runs `notify` steps.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    clients: Arc<Clients>,
}

impl Executor for Notify {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        let clients = Arc::clone(&self.clients);
        async move {
            let channels = channels(attempt.call.value("to"));
            let parts = channels.iter().flat_map(|channel| confidential_parts(channel));
            let secrets: Vec<Value> = attempt.secrets.iter().cloned().chain(parts).collect();
            let masker = Masker::of_values(&secrets);
            let outcome = perform(&attempt, &channels, &clients, &masker).await;
            let outcome = outcome.map(result).map_err(|failure| masker.failure(failure));
            Ended { outcome, decoded: None, leaked: false }
        }
        .boxed()
    }

    fn needs_by(&self) -> &'static [&'static str] {
        &["to", "ca"]
    }

    fn needs(&self, step: Option<Known>) -> BoxFuture<'static, Vec<Need>> {
        async move {
            match step {
                Some(step) => need::of_step(&step).await,
                None => Vec::new(),
            }
        }
        .boxed()
    }
}

/// A message on its way.
struct Delivery<'a> {
    attempt: &'a Attempt,
    message: Message,
    post: Post<'a>,
    receipts: Receipts,
}

/// A channel that has not taken the message.
struct Refused {
    name: String,
    failure: Failure,
}

pub(super) fn channels(to: Option<&Value>) -> Vec<Arc<Channel>> {
    let listed = match to {
        Some(Value::List(channels)) => channels.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    listed.iter().filter_map(|value| if let Value::Channel(channel) = value { Some(Arc::clone(channel)) } else { None }).collect()
}

/// Whether the message went out.
async fn perform(attempt: &Attempt, channels: &[Arc<Channel>], clients: &Clients, masker: &Masker) -> Result<bool, Failure> {
    if channels.is_empty() {
        attempt.output.write(Stream::Error, b"there is no channel in `to`, so nobody is told\n");
        return Ok(false);
    }
    let destinations = channels.iter().map(|channel| Destination::of(channel)).collect::<Result<Vec<_>, _>>()?;
    let folder = process::folder(&attempt.call, &attempt.folder);
    let trust = Trust::of(attempt.call.value("ca"), None, &folder)?;
    let message = Message::of(attempt);
    let throttle = match attempt.call.value("throttle") {
        Some(Value::Duration(time)) => Some(Throttle::new(&attempt.shared, &message.step, &message.key, *time)),
        _ => None,
    };
    let delivery = Delivery {
        attempt,
        message,
        post: Post { clients, trust: &trust, masker },
        receipts: Receipts::new(attempt.kept.clone()),
    };
    let mut stop = attempt.stop.clone();
    let turn = match throttle {
        None => None,
        Some(throttle) => {
            let answer = tokio::select! {
                answer = throttle.answer(now) => answer?,
                Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => return Err(delivery.ended(&destinations)),
            };
            match answer {
                Answer::Send(turn) => Some(turn),
                Answer::Leave { own: true } => return Ok(true),
                Answer::Leave { own: false } => {
                    delivery.say("left out: the last message of this step is not so long ago as `throttle` says");
                    return Ok(false);
                }
            }
        }
    };
    delivery.sent(&destinations).await?;
    if let Some(turn) = turn {
        turn.sent(now()).map_err(|error| throttle::unkept_turn(&error))?;
    }
    Ok(true)
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

impl Delivery<'_> {
    fn say(&self, line: &str) {
        self.attempt.output.write(Stream::Error, format!("{}\n", self.post.masker.text(line)).as_bytes());
    }

    /// Sends the message to all channels that have not taken it, at the same time.
    async fn sent(&self, destinations: &[Destination]) -> Result<(), Failure> {
        let ends = join_all(destinations.iter().enumerate().map(|(place, destination)| self.one(place, destination))).await;
        let refused: Vec<Refused> = ends.into_iter().filter_map(Result::err).collect();
        match refused.is_empty() {
            true => Ok(()),
            false if *self.attempt.stop.borrow() != Stop::No => Err(self.ended(destinations)),
            false => Err(failed(refused, destinations.len())),
        }
    }

    async fn one(&self, place: usize, destination: &Destination) -> Result<(), Refused> {
        let name = destination.name();
        if self.receipts.has(place) {
            self.say(&format!("{name} has the message of an earlier attempt"));
            return Ok(());
        }
        match self.handed(destination).await {
            Ok(()) => {
                self.say(&format!("{name} has taken the message"));
                let unkept = |error| format!("the message was taken, but that cannot be kept: {error}");
                let kept = self.receipts.keep(place).map_err(unkept);
                kept.map_err(|message| Refused { failure: Failure::final_of(FailureKind::Exit, &message), name })
            }
            Err(failure) => {
                self.say(&format!("{name}: {}", failure.message));
                Err(Refused { name, failure })
            }
        }
    }

    /// Hands the message to a channel; ends early where the step is asked to end.
    async fn handed(&self, destination: &Destination) -> Result<(), Failure> {
        if matches!(destination, Destination::Desktop) {
            // Its process hears itself that it is to end, and is not left alone before it has.
            return desktop::show(&self.message, self.attempt, self.post.masker).await;
        }
        let mut stop = self.attempt.stop.clone();
        tokio::select! {
            outcome = self.post.send(destination, &self.message) => outcome,
            Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => {
                Err(Failure::final_of(FailureKind::Signal, "was ended before it had taken the message"))
            }
        }
    }

    /// The failure of a step that was asked to end; the output says what has not happened yet.
    fn ended(&self, destinations: &[Destination]) -> Failure {
        let open = destinations.iter().enumerate().filter(|(place, _)| !self.receipts.has(*place));
        let open: Vec<String> = open.map(|(_, destination)| destination.name()).collect();
        let stage = format!("not taken yet by {}", open.join(", "));
        self.say(&stage);
        Failure {
            stderr: stage.as_str().into(),
            ..Failure::final_of(FailureKind::Signal, "was ended before its message was taken")
        }
    }
}

/// The failure of a step with channels that have not taken its message, of so many.
fn failed(refused: Vec<Refused>, all: usize) -> Failure {
    let told: Vec<String> = refused.iter().map(|refused| format!("{}: {}", refused.name, refused.failure.message)).collect();
    let message = match (told.as_slice(), all) {
        ([told], 1) => format!("message is not delivered to {told}"),
        (told, all) => format!("message is not delivered to {} of {all} channels: {}", told.len(), told.join("; ")),
    };
    let unsent = refused.len() == all && refused.iter().all(|refused| refused.failure.kind == FailureKind::Spawn);
    let kind = if unsent { FailureKind::Spawn } else { FailureKind::Exit };
    let stderr = refused.iter().map(|refused| &*refused.failure.stderr).filter(|stderr| !stderr.is_empty()).collect::<Vec<_>>();
    Failure {
        status: refused.iter().find_map(|refused| refused.failure.status),
        retryable: refused.iter().any(|refused| refused.failure.retryable),
        retry_after: refused.iter().filter_map(|refused| refused.failure.retry_after).max(),
        stderr: stderr.join("\n").into(),
        ..Failure::final_of(kind, &message)
    }
}
