//! `wfc runbook RUN`: what a run did, and the commands that undo it, as a script for a shell.

mod command;
mod done;
mod names;
mod script;

use crate::drive::definition::Compiled;
use crate::exit::Exit;
use crate::report::{Output, printable_line};
use crate::time::local;
use crate::{runs, store};
use command::{Part, Undoing, one_line};
use done::Done;
use names::Names;
use script::{script, secrets};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use wf_model::program::{Program, WorkflowId};
use wf_model::run::{RunState, waits_for_rollback};
use wf_model::source::Sources;
use wf_runtime::dispatcher::{boot, kept_beside};
use wf_runtime::engine::{IllegalTransition, Planned, Teller};
use wf_store::{Definition, History, RunRow, Store, StoreError};

/// Writes what a run did and the commands that undo it, as a script for a shell.
#[derive(Debug, clap::Args)]
pub struct Runbook {
    /// The run: the beginning of its name, or `last`.
    run: String,
}

/// What is known of a run beside its history.
struct Told {
    run: RunRow,
    held: bool,
    standing: &'static str,
    /// Where its steps keep what undoes them.
    kept: PathBuf,
    /// What it went by, in order.
    definitions: Vec<Definition>,
}

/// Why nothing is written down.
enum Problem {
    Store(StoreError),
    Engine(IllegalTransition),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IllegalTransition> for Problem {
    fn from(error: IllegalTransition) -> Self {
        Self::Engine(error)
    }
}

impl Runbook {
    /// Writes it; nothing is locked, read from outside or changed.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let (store, told) = match self.told() {
            Ok(told) => told,
            Err(error) => return store::refuse(&error, output),
        };
        let compiled = told.definitions.iter().map(|definition| Compiled::of(definition, &told.run.workflow));
        let compiled: Option<Vec<Compiled>> = compiled.collect();
        let Some(book) = compiled.as_deref().and_then(|compiled| Book::of(&told, compiled)) else {
            return output
                .error("the file of the run does not check with this version", "Use the wfc that ran it.")
                .map(|()| Exit::Failed);
        };
        let text = store.history(&told.run.id).map_err(Problem::from).and_then(|history| book.text(history));
        match text {
            Ok(text) => output.result(&text).map(|()| Exit::Done),
            Err(Problem::Store(error)) => store::refuse(&error, output),
            Err(Problem::Engine(error)) => {
                let help = format!(
                    "`wfc rollback {}` undoes it; this is where the way of a run depends on a secret, or another wfc, {}, ran it.",
                    told.run.id, book.definition.version
                );
                output.error(format!("the run cannot be told again without its secrets: {error}"), &help)?;
                Ok(Exit::Failed)
            }
        }
    }

    fn told(&self) -> Result<(Store, Told), StoreError> {
        let (store, run) = store::found(&self.run)?;
        let (held, standing) = (store.is_held(&run.id), runs::standing(&store, &run));
        let definitions = store.definitions(&run.id)?;
        let kept = kept_beside(&store.scratch_path(&run.id));
        Ok((store, Told { run, held, standing, kept, definitions }))
    }
}

/// A run that is written down.
struct Book<'a> {
    told: &'a Told,
    /// All that it went by.
    compiled: &'a [Compiled],
    definition: &'a Definition,
    program: &'a Program,
    workflow: WorkflowId,
    sources: &'a Sources,
}

impl<'a> Book<'a> {
    fn of(told: &'a Told, compiled: &'a [Compiled]) -> Option<Self> {
        let (definition, last) = (told.definitions.last()?, compiled.last()?);
        let Compiled { program, workflow, sources } = last;
        Some(Self { told, compiled, definition, program, workflow: *workflow, sources })
    }

    fn text(&self, mut history: History<'_>) -> Result<String, Problem> {
        let run = &self.told.run;
        let (mut done, mut waits) = (Done::default(), false);
        for events in history.by_ref() {
            for event in events? {
                done.apply(&event);
                waits = waits_for_rollback(&event.kind).unwrap_or(waits);
            }
        }
        let undone = match done.state() {
            // Nothing is left that a rollback would do.
            RunState::Succeeded | RunState::RolledBack => String::new(),
            _ => self.undoing(&mut history)?,
        };
        let mut text = "#!/bin/sh\n".to_owned();
        let line = |text: &mut String, line: &str| _ = writeln!(text, "{}", format!("# {}", printable_line(line)).trim_end());
        line(
            &mut text,
            &format!("Runbook of run {} of {}, workflow `{}`: {}", run.id, run.file, run.workflow, self.standing(waits)),
        );
        line(&mut text, &format!("It began {}.", local(run.created_at)));
        if self.told.held {
            line(&mut text, "The run goes on: this is how it stood when this was written. Undo nothing before it has ended.");
        }
        line(&mut text, "");
        line(&mut text, "What was done:");
        done.lines().iter().for_each(|done| line(&mut text, done));
        line(&mut text, "");
        match (done.state(), undone.is_empty()) {
            (RunState::Succeeded, true) => line(&mut text, "It succeeded: there is nothing to roll back."),
            (RunState::RolledBack, true) => line(&mut text, "It was rolled back: there is nothing left to undo."),
            (_, true) => line(&mut text, "Nothing of it is to be undone."),
            (_, false) => {
                line(
                    &mut text,
                    "What undoes it, in this order. It stops at the first command that fails, and before what is to be done by",
                );
                line(
                    &mut text,
                    "hand, because what comes behind may stand on it; then it says how to go on, by the variable WFC_FROM.",
                );
                let instead = format!("`wfc rollback {}` does the same and keeps what came of it: do one of both.", run.id);
                line(&mut text, &instead);
                text.push_str(&undone);
            }
        }
        Ok(text)
    }

    fn standing(&self, waits: bool) -> &'static str {
        if waits && self.told.run.state == RunState::Paused { "waits for its rollback" } else { self.told.standing }
    }

    /// The commands; empty where there are none.
    fn undoing(&self, history: &mut History<'_>) -> Result<String, Problem> {
        if history.is_empty() {
            return Ok(String::new());
        }
        // Each secret is a mark that is replaced by its name. What changes a mark gives another text with other marks.
        let (names, other) = (Names::small(), Names::large());
        let planned = self.planned(&names, history)?;
        if planned.is_empty() {
            return Ok(String::new());
        }
        let again = self.planned(&other, history)?;
        let withheld = self.withheld();
        let undoing = |names| Undoing {
            names,
            run: &self.told.run.id,
            folder: Path::new(&*self.definition.folder),
            kept: &self.told.kept,
            withheld: &withheld,
            sources: self.sources,
            program: self.program,
        };
        let part = |(planned, again)| {
            let (part, other) = (undoing(&names).text(planned), undoing(&other).text(again));
            if part == other { part } else { undoing(&names).hidden(planned) }
        };
        let parts: Vec<Part> = planned.iter().zip(&again).map(part).collect();
        Ok(script(&names.demands(&secrets(&parts)), &parts))
    }

    fn planned(&self, names: &Names, history: &mut History<'_>) -> Result<Vec<Planned>, Problem> {
        let mut engines = self.compiled.iter().zip(&self.told.definitions).map(|(compiled, definition)| {
            let secrets = names.declared(&compiled.program, compiled.workflow);
            compiled.engine(definition, usize::try_from(definition.jobs).unwrap_or(1), secrets)
        });
        let Some(first) = engines.next() else { return Ok(Vec::new()) };
        let mut teller = Teller::new(first, engines);
        history.rewind();
        for events in history {
            for event in events? {
                teller.tell_with(&event, &|path| names.given(path))?;
            }
        }
        Ok(teller.into_engine().runbook(boot().as_deref())?)
    }

    /// Variables of this process that steps do not inherit.
    fn withheld(&self) -> BTreeSet<String> {
        names::variables(self.program, self.workflow)
    }
}

/// A text of the source on one line.
fn excerpt(sources: &Sources, span: wf_model::span::Span) -> String {
    one_line(sources.slice(span))
}
