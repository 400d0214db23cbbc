//! A model behind a program, which reads the question on its standard input and writes the answer.

use super::answer::Answer;
use super::conversation::Conversation;
use crate::process::{self, Command};
use crate::shell::started;
use std::fs;
use std::path::{Path, PathBuf};
use wf_model::failure::{Failure, FailureKind};
use wf_runtime::executor::Attempt;
use wf_runtime::process::KEPT;

/// The program of a step, ready to be started as often as it is asked.
pub(super) struct Program<'a> {
    attempt: &'a Attempt,
    command: Command,
}

impl<'a> Program<'a> {
    /// That of an attempt.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(super) fn of(attempt: &'a Attempt) -> Result<Self, Failure> {
        let command = started(&attempt.call, "command", &attempt.scratch)?.kept(&attempt.scratch)?;
        Ok(Self { attempt, command })
    }

    /// Asks a question; whether a process that it left behind had to be ended.
    pub(super) async fn ask(&self, conversation: &Conversation) -> Result<(Answer, bool), Failure> {
        let (output, tokens) = (self.file("output"), self.file("tokens"));
        for file in [&output, &tokens] {
            // What an earlier answer has left is none of this one.
            let _ = fs::remove_file(file);
        }
        let mut command = self.command.clone();
        command.variables.push(("WF_TOKENS".to_owned(), tokens.as_os_str().as_encoded_bytes().to_vec()));
        command.input = Some(conversation.text().into_bytes());
        let (out, leaked) = process::finished(self.attempt, command, &output).await?;
        if out.dropped > 0 {
            let message = format!("answer is larger than the {KEPT} bytes that are kept");
            return Err(Failure::final_of(FailureKind::Decode, &message));
        }
        let answer = Answer { text: out.text(), tokens: counted(&tokens)?, written: written(&output)? };
        Ok((answer, leaked))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.attempt.scratch.join(name)
    }
}

/// What the program has written to a file, if it has.
fn written(path: &Path) -> Result<Option<String>, Failure> {
    match process::written(path) {
        Ok(text) => Ok(text),
        Err(message) => Err(Failure::final_of(FailureKind::Decode, &message)),
    }
}

/// How many tokens the program says that it took; a program that says nothing took none.
fn counted(path: &Path) -> Result<i64, Failure> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(0) };
    let number = text.trim();
    if number.is_empty() {
        return Ok(0);
    }
    let fault = || Failure::final_of(FailureKind::Decode, "the file of `$WF_TOKENS` holds no number");
    number.parse().ok().filter(|number| *number >= 0).ok_or_else(fault)
}
