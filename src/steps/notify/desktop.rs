//! Messages on the desktop, by the program `notify-send`, which desktops have for that.

use super::message::Message;
use crate::process::not_started;
use crate::text::one_line;
use std::ffi::OsString;
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_runtime::executor::Attempt;
use wf_runtime::mask::Masker;
use wf_runtime::process::{self, Exit, GRACE, KEPT_UNREAD, Program, Surroundings};

/// The program.
pub(super) const PROGRAM: &str = "notify-send";

/// More characters no desktop shows, and a longer argument Linux does not take.
const LONGEST: usize = 4_000;

/// Shows a message.
///
/// # Errors
/// Why it could not be shown.
pub(super) async fn show(message: &Message, attempt: &Attempt, masker: &Masker) -> Result<(), Failure> {
    let program = Program {
        name: PROGRAM.into(),
        arguments: arguments(message),
        inherited: Arc::clone(&attempt.inherited),
        environment: Vec::new(),
        folder: attempt.folder.clone(),
        input: None,
    };
    let surroundings = Surroundings {
        masker: masker.clone(),
        sink: Arc::clone(&attempt.output),
        secret_out: false,
        kept: KEPT_UNREAD,
        stop: attempt.stop.clone(),
        grace: GRACE,
    };
    let finished = process::run(program, surroundings).await.map_err(|failure| missing(&failure))?;
    if finished.exit == Exit::Code(0) {
        return Ok(());
    }
    let told = finished.error.text();
    let told = one_line(&told);
    let message = format!("`{PROGRAM}` finds no desktop that shows messages: run it within a session of one ({told})");
    Err(Failure { retryable: true, stderr: told.as_str().into(), ..Failure::final_of(FailureKind::Exit, &message) })
}

fn missing(failure: &Failure) -> Failure {
    not_started(&format!("{}: install it (Debian has it in `libnotify-bin`)", failure.message))
}

fn arguments(message: &Message) -> Vec<OsString> {
    let heading = message.heading().unwrap_or_else(|| "wfc".to_owned());
    ["--app-name=wfc".to_owned(), "--".to_owned(), cut(&heading), body(&message.text)].map(OsString::from).into()
}

/// The body as the program reads it: with escapes as C has them, and marks as HTML has them.
fn body(text: &str) -> String {
    let text = cut(text).replace('\\', "\\\\");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The beginning of a text, without what ends an argument.
fn cut(text: &str) -> String {
    let mut beginning: String = text.chars().take(LONGEST).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        beginning.push('…');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, body, cut};

    #[test]
    fn values_are_no_marks() {
        assert_eq!(body("<b>a</b> & \\n \0 'x'"), "&lt;b&gt;a&lt;/b&gt; &amp; \\\\n \u{fffd} 'x'");
        assert_eq!(cut(&"é".repeat(LONGEST + 1)).chars().count(), LONGEST + 1);
        assert_eq!(cut("abc"), "abc");
    }
}
