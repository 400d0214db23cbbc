//! Answers whose status fails a step.

use super::retry_after::retry_after;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use wf_model::failure::{Failure, FailureKind};
use wf_model::unit::Duration;
use wf_runtime::mask::Masker;

/// Bytes that are read of the body of an answer whose status fails the step.
const LARGEST_REFUSAL: usize = 64 * 1024;

/// Characters of a body that a message shows at most.
const LONGEST_EXCERPT: usize = 200;

/// Bytes of a body that a failure keeps at most.
const LONGEST_KEPT: usize = 8 * 1024;

/// The longest time that a server may ask a retry to wait.
const LONGEST_WAIT: Duration = Duration::from_seconds(60 * 60);

/// What there is of the body of an answer that fails a step.
pub(crate) async fn refusal(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LARGEST_REFUSAL
        && let Ok(Some(piece)) = response.chunk().await
    {
        let room = LARGEST_REFUSAL - body.len();
        body.extend(piece.iter().take(room));
    }
    body
}

/// The failure of a step whose server answered with a status that it does not take; `asked` is the method and the host.
pub(crate) fn refused(asked: &str, status: StatusCode, headers: &HeaderMap, body: &[u8], masker: &Masker) -> Failure {
    let body = String::from_utf8_lossy(&masker.bytes(body)).into_owned();
    let wait = headers.get(RETRY_AFTER).and_then(|wait| retry_after(wait.to_str().ok()?, Timestamp::now()));
    let too_long = wait.filter(|wait| *wait > LONGEST_WAIT);
    let mut message = format!("{asked} is answered by {status}");
    if let Some(wait) = too_long {
        message.push_str(&format!(", to be tried again in {wait}, which is longer than the {LONGEST_WAIT} that a retry waits"));
    }
    let excerpt = excerpt(&body);
    if !excerpt.is_empty() {
        message.push_str(&format!(": {excerpt}"));
    }
    Failure {
        status: Some(status.as_u16().into()),
        stderr: beginning(&body, LONGEST_KEPT).into(),
        retryable: is_passing(status) && too_long.is_none(),
        retry_after: wait,
        ..Failure::final_of(FailureKind::Exit, &masker.text(&message))
    }
}

/// Whether what a status says may have passed when the same is asked again.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// The beginning of a text in one line, without what a terminal would obey.
fn excerpt(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let beginning: String = line.chars().take(LONGEST_EXCERPT).collect();
    if beginning.len() < line.len() { format!("{beginning}…") } else { beginning }
}

fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
