//! Whether the servers and programs that a step sends by are there.

use super::channel::{Destination, confidential_parts};
use super::desktop;
use super::executor::channels;
use super::mail::Mail;
use crate::web::trust::Trust;
use tokio::time::timeout;
use wf_model::value::{Channel, Secret, Value};
use wf_runtime::executor::Known;
use wf_runtime::mask::Masker;
use wf_runtime::need::{self, Need, PATIENCE, Remedy};

/// What the channels of a step need, as far as the file tells which they are. Webhooks are not asked: a request would be a message.
pub(super) async fn of_step(step: &Known) -> Vec<Need> {
    let mut needs = Vec::new();
    for channel in channels(step.value("to")) {
        match Destination::of(&channel) {
            Ok(Destination::Mail(mail)) => needs.push(server(&mail, &channel, step).await),
            Ok(Destination::Desktop) => needs.push(need::program(desktop::PROGRAM).await),
            Ok(Destination::Slack(_) | Destination::Webhook(..)) => {}
            Err(failure) => needs.push(lacking(&format!("channel `{}`", channel.kind), &failure.message, &channel)),
        }
    }
    needs
}

async fn server(mail: &Mail, channel: &Channel, step: &Known) -> Need {
    let what = mail.server();
    let reached = async { mail.reach(&Trust::of(step.value("ca"), None, &step.folder)?).await };
    match timeout(PATIENCE, reached).await {
        Ok(Ok(())) => Need::found(&what, "takes mail"),
        Ok(Err(failure)) => lacking(&what, &failure.message, channel),
        Err(_) => lacking(&what, &format!("does not answer within {}s", PATIENCE.as_secs()), channel),
    }
}

fn lacking(what: &str, problem: &str, channel: &Channel) -> Need {
    let whole = channel.arguments.iter().map(|argument| Value::Secret(Secret::new(&argument.exposed())));
    let secrets: Vec<Value> = confidential_parts(channel).into_iter().chain(whole).collect();
    let problem = Masker::of_values(&secrets).text(problem);
    Need::lacking(what, &problem, Remedy::Do("Start the server, or look at the arguments of the channel.".to_owned()))
}
