//! `wfc fmt [FILE…]`: the one way a file looks.

use crate::difference::unified;
use crate::exit::Exit;
use crate::report::diagnostics;
use crate::report::{Look, Output};
use crate::text::{self, Unreadable};
use std::io;
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::source::{Source, Sources};

/// Formats workflow files; there are no options of taste.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Files to format in place; `-`, or none, formats stdin to stdout.
    files: Vec<String>,
    /// Change nothing; list the files that are not formatted, and exit with 1 if there are any.
    #[arg(long, env = "WFC_FMT_CHECK")]
    check: bool,
    /// Change nothing; show what would change.
    #[arg(long, env = "WFC_FMT_DIFF")]
    diff: bool,
}

/// What became of one file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Formatted,
    Changed,
    Refused,
}

impl Fmt {
    /// Formats every file, also behind one that cannot be formatted.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let stdin = ["-".to_owned()];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        let mut outcomes = Vec::new();
        for file in files {
            outcomes.push(self.file(file, output)?);
        }
        Ok(if outcomes.contains(&Outcome::Refused) {
            Exit::Usage
        } else if self.check && outcomes.contains(&Outcome::Changed) {
            Exit::Failed
        } else {
            Exit::Done
        })
    }

    fn file(&self, file: &str, output: &mut Output) -> io::Result<Outcome> {
        let before = match text::read(file) {
            Ok(before) => before,
            Err(Unreadable { message, help }) => {
                output.error(message, &help)?;
                return Ok(Outcome::Refused);
            }
        };
        match wf_syntax::format(&before) {
            Ok(after) => self.formatted(file, &before, &after, output),
            Err(diagnostics) => refused(file, before, &diagnostics, output),
        }
    }

    fn formatted(&self, file: &str, before: &str, after: &str, output: &mut Output) -> io::Result<Outcome> {
        let changed = before != after;
        if self.diff && changed {
            let name = text::name(file);
            output.result(&unified((&name, &name), before, after))?;
        }
        if self.check && changed {
            output.result(&format!("{}\n", text::name(file)))?;
        }
        if !self.check && !self.diff {
            if file == "-" {
                output.result(after)?;
            } else if changed && let Err(error) = text::replace(file, after) {
                output.error(format!("{} cannot be written: {error}", text::name(file)), "Nothing in it was changed.")?;
                return Ok(Outcome::Refused);
            }
        }
        Ok(if changed { Outcome::Changed } else { Outcome::Formatted })
    }
}

/// Shows why a file cannot be formatted; it stays as it is.
fn refused(file: &str, text: String, found: &[Diagnostic], output: &mut Output) -> io::Result<Outcome> {
    let mut sources = Sources::default();
    sources.add(Source::new(&text::name(file), "", text.into()));
    output.note(&diagnostics::text(found, &sources, Level::Basic, Look::of(&io::stderr())))?;
    Ok(Outcome::Refused)
}
