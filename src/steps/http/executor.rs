//! Runs `http` steps.

use super::exchange::Exchange;
use super::request::Request;
use super::save::Download;
use crate::process;
use crate::web::client::Clients;
use crate::web::log::Log;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use std::sync::Arc;
use wf_model::event::Timestamp;
use wf_model::failure::Failure;
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor, Known, Stop};
use wf_runtime::mask::Masker;
use wf_runtime::need::{Need, Remedy};
use wf_runtime::process::KEPT_UNREAD;
use wf_runtime::simulation::Course;

/// Runs `http` steps; clones share their connections.
#[derive(Clone, Debug, Default)]
pub struct Http {
    clients: Arc<Clients>,
}

impl Executor for Http {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        let clients = Arc::clone(&self.clients);
        async move {
            let masker = Masker::of_values(&attempt.secrets);
            // What is asked for as a secret is shown nowhere.
            let open = !attempt.call.decode.as_ref().is_some_and(Type::holds_secret);
            let mut log = Log::new(masker.clone(), Arc::clone(&attempt.output), open);
            let mut stop = attempt.stop.clone();
            let outcome = tokio::select! {
                outcome = perform(&attempt, &clients, &mut log) => outcome,
                Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => Err(log.ended()),
            };
            match outcome {
                Ok((result, decoded)) => Ended { outcome: Ok(result), decoded, leaked: false },
                Err(failure) => Ended { outcome: Err(masker.failure(failure)), decoded: None, leaked: false },
            }
        }
        .boxed()
    }

    fn simulate(&self, _: &Call, _: Timestamp, made: Course) -> Course {
        made.with("status", Value::Int(200))
    }

    fn needs(&self, step: Option<Known>) -> BoxFuture<'static, Vec<Need>> {
        ready(if step.is_none() { vec![authorities()] } else { Vec::new() }).boxed()
    }
}

/// The authorities that `https` relies on.
fn authorities() -> Need {
    let what = "certificate authorities";
    match rustls_native_certs::load_native_certs().certs.len() {
        0 => Need::lacking(what, "none are installed, so `https` trusts nobody", Remedy::Install("ca-certificates")),
        number => Need::found(what, &number.to_string()),
    }
}

async fn perform(attempt: &Attempt, clients: &Clients, log: &mut Log) -> Result<(Value, Option<Value>), Failure> {
    let key = attempt.variable("WF_KEY");
    let folder = process::folder(&attempt.call, &attempt.folder);
    let request = Request::of(&attempt.call, &folder, key)?;
    let download = request.save.clone().map(|target| Download::new(target, key)).transpose()?;
    // What somebody reads is whole; a body that is too large is refused.
    let kept = if attempt.call.is_unread { KEPT_UNREAD } else { usize::MAX };
    let answer = Exchange { request: &request, clients, log, download, kept }.answer().await?;
    answer.result(&attempt.call, &log.masker)
}
