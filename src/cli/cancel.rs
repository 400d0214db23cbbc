//! `wfc cancel RUN` and `wfc pause RUN`: ask the process of a run, from another terminal, to end it or to let it wait.

use crate::drive::again::Again;
use crate::drive::control::{self, Request};
use crate::drive::{Manner, Way};
use crate::exit::Exit;
use crate::guarded::guarded;
use crate::report::Output;
use crate::{runs, store};
use std::io;
use std::time::Duration;
use wf_store::{RunRow, Store};

/// How often it is looked whether the other process let go of the run.
const LOOK: Duration = Duration::from_millis(20);

/// Ends a run: nothing new starts, running steps are asked to end, handlers run. A second time ends everything at once.
#[derive(Debug, clap::Args)]
pub struct Cancel {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// Do not wait until it has ended.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    manner: Manner,
}

/// Lets a run wait: nothing new starts, and its process ends once what runs has ended.
#[derive(Debug, clap::Args)]
pub struct Pause {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// Do not wait until nothing runs any more.
    #[arg(long)]
    no_wait: bool,
}

impl Cancel {
    /// Cancels it; where no process goes on with it, this one does, for its handlers.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let (store, run) = match store::found(&self.run) {
            Ok(found) => found,
            Err(error) => return store::refuse(&error, output),
        };
        if run.state.is_final() {
            return output.error(ended(&run), "There is nothing to cancel.").map(|()| Exit::Usage);
        }
        if store.is_held(&run.id) {
            return ask(&store, &run, Request::Cancel, self.no_wait, output);
        }
        drop(store);
        // No thread runs yet.
        let Some(guarded) = guarded(output)? else { return Ok(Exit::Failed) };
        let again = match Again::take(&run.id) {
            Ok(again) => again,
            Err(error) => return store::refuse(&error, output),
        };
        if !again.has_begun {
            let help = format!("`wfc delete {}` forgets it.", run.id);
            return output.error(format!("run `{}` did nothing yet", run.id), &help).map(|()| Exit::Usage);
        }
        match again.resumed(guarded, &self.manner, output)? {
            Ok(resumed) => resumed.go_on(Way::End, &self.manner, output).map(|exit| match exit {
                // Somebody asked for just this.
                Exit::Failed => Exit::Done,
                exit => exit,
            }),
            Err(exit) => Ok(exit),
        }
    }
}

impl Pause {
    /// Lets it wait.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let (store, run) = match store::found(&self.run) {
            Ok(found) => found,
            Err(error) => return store::refuse(&error, output),
        };
        if run.state.is_final() {
            return output.error(ended(&run), "There is nothing to pause.").map(|()| Exit::Usage);
        }
        if !store.is_held(&run.id) {
            let help = format!("`wfc resume {}` goes on with it.", run.id);
            return output
                .error(format!("no process goes on with run `{}`, so it waits already", run.id), &help)
                .map(|()| Exit::Usage);
        }
        ask(&store, &run, Request::Pause, self.no_wait, output)
    }
}

fn ended(run: &RunRow) -> String {
    format!("run `{}` has ended: {}", run.id, run.state.name())
}

/// Asks the process of a run, and waits until it let go of it.
fn ask(store: &Store, run: &RunRow, request: Request, no_wait: bool, output: &mut Output) -> io::Result<Exit> {
    if let Err(error) = control::ask(&store.folder(&run.id), request) {
        // It may have come to its end meanwhile.
        if store.is_held(&run.id) {
            let help = "A signal to its process does the same.";
            return output
                .error(format!("the process of run `{}` does not answer: {error}", run.id), help)
                .map(|()| Exit::Failed);
        }
    }
    if no_wait {
        return Ok(Exit::Done);
    }
    while store.is_held(&run.id) {
        std::thread::sleep(LOOK);
    }
    match store.find(&run.id) {
        Ok(run) => {
            output.note(&format!("run {} is {}\n", run.id, runs::standing(store, &run)))?;
            Ok(Exit::Done)
        }
        Err(error) => store::refuse(&error, output),
    }
}
