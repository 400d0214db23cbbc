//! `wfc resume RUN`: goes on with a run whose process ended before the run did.

mod current;
mod unknown;

use crate::drive::again::Again;
use crate::drive::{Manner, Resumed, Way};
use crate::exit::Exit;
use crate::guarded::guarded;
use crate::report::Output;
use crate::store;
use current::{Changing, Now, agreed};
use std::collections::BTreeMap;
use std::io;
use unknown::{Decided, Said, SaidValue, Unknown, said, said_value};
use wf_model::program::Program;
use wf_store::Definition;

/// Goes on with a run whose process ended before the run did.
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// What became of a step that was running when the process ended: `NAME=done`, `NAME=rerun` or `NAME=fail`. Without places, the name
    /// of a step in a loop means all of them.
    #[arg(long = "step", value_name = "NAME=ANSWER", value_parser = said)]
    steps: Vec<Said>,
    /// The value of a step that is said to be done; `NAME=JSON` where there are several.
    #[arg(long = "value", value_name = "JSON", value_parser = said_value, requires = "steps")]
    values: Vec<SaidValue>,
    /// Go on by the file as it is now, if all that happened stands in it; shows in what it differs.
    #[arg(long, env = "WFC_WITH_CURRENT")]
    with_current: bool,
    /// Do not ask whether the run may go on by the changed file.
    #[arg(long, requires = "with_current")]
    yes: bool,
    #[command(flatten)]
    manner: Manner,
}

impl Resume {
    /// Goes on with it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let Some(guarded) = guarded(output)? else { return Ok(Exit::Failed) };
        let again = match Again::take(&self.run) {
            Ok(again) => again,
            Err(error) => return store::refuse(&error, output),
        };
        if again.run.state.is_final() {
            let (run, state) = (&again.run.id, again.run.state.name());
            let help = format!("`wfc status {run}` shows how. A new run begins with `wfc run {}`.", again.file());
            return output.error(format!("run `{run}` has ended: {state}"), &help).map(|()| Exit::Usage);
        }
        let waits = match again.waits_for_rollback() {
            Ok(waits) => waits,
            Err(error) => return store::refuse(&error, output),
        };
        if waits {
            let run = &again.run.id;
            let help = format!("`wfc rollback {run}` undoes what it did, `wfc cancel {run}` ends it without.");
            return output.error(format!("run `{run}` waits for its rollback"), &help).map(|()| Exit::Waiting);
        }
        let (again, change) = match self.current(again, output)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        let ready = match again.ready(guarded, &self.manner, output)? {
            Ok(ready) => ready,
            Err(exit) => return Ok(exit),
        };
        if !ready.has_begun {
            // Its process died before anything happened.
            return ready.drive.begin(&self.manner, output);
        }
        let (program, run) = (ready.program.clone(), ready.run.clone());
        let resumed = match ready.recall(&self.manner, output)? {
            Ok(resumed) => resumed,
            Err(exit) => return Ok(exit),
        };
        match self.changed(resumed, change, &run, output)? {
            Ok(resumed) => self.decided(resumed, &program, &run, output),
            Err(exit) => Ok(exit),
        }
    }

    /// The run with its file as it is now, where that is asked for and it is another one.
    fn current(&self, again: Again, output: &mut Output) -> io::Result<Result<(Again, Option<Definition>), Exit>> {
        let Some(kept) = again.definition().filter(|_| self.with_current) else { return Ok(Ok((again, None))) };
        let run = &again.run;
        if !again.has_begun {
            let help = format!("Begin a new one, `wfc run {}`, or leave `--with-current` out.", again.file());
            return output.error(format!("nothing happened in run `{}` yet", run.id), &help).map(|()| Err(Exit::Usage));
        }
        let changing = Changing { run: &run.id, workflow: &run.workflow, directory: &again.directory(), kept };
        match changing.read(output)? {
            Ok(Now::Same) => Ok(Ok((again, None))),
            Ok(Now::Other(definition)) => Ok(Ok((again.changed_to(definition.clone()), Some(definition)))),
            Err(exit) => Ok(Err(exit)),
        }
    }

    /// The run that changes what it goes by, once somebody agreed and that is kept.
    fn changed(
        &self,
        resumed: Resumed,
        change: Option<Definition>,
        run: &str,
        output: &mut Output,
    ) -> io::Result<Result<Resumed, Exit>> {
        let Some(definition) = change else { return Ok(Ok(resumed)) };
        if !self.yes && !agreed(run, output)? {
            return Ok(Err(Exit::Usage));
        }
        match store::open().and_then(|store| store.keep_definition(run, &definition)) {
            Ok(kept) => Ok(Ok(resumed.by(kept))),
            Err(error) => store::refuse(&error, output).map(Err),
        }
    }

    /// Goes on once it is known what became of what was under way.
    fn decided(&self, mut resumed: Resumed, program: &Program, run: &str, output: &mut Output) -> io::Result<Exit> {
        let kinds = wf_steps::registry();
        let running = resumed.running();
        let checked = BTreeMap::new();
        let mut unknown = Unknown { program, kinds, said: &self.steps, values: &self.values, checked };
        for attempt in &running {
            if unknown.is_to_be_checked(attempt)
                && let Some(checked) = resumed.check(attempt)
            {
                unknown.note(attempt, checked, output)?;
            }
        }
        match unknown.decide(&running, output)? {
            Decided::All(answers) => resumed.go_on(Way::Forward(answers), &self.manner, output),
            Decided::Wrong { message, help } => output.error(message, &help).map(|()| Exit::Usage),
            Decided::Open(steps) => {
                let (plural, whose) = if steps.len() == 1 { ("", "its") } else { ("s", "their") };
                let names: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
                let message = format!(
                    "nobody knows whether step{plural} {} had {whose} effect before the run's process ended",
                    names.join(", ")
                );
                let answers: Vec<String> = steps.iter().map(|step| format!(" --step '{step}=done|rerun|fail'")).collect();
                let current = if self.with_current { " --with-current" } else { "" };
                let help = format!("Look, then say so: wfc resume {run}{current}{}", answers.concat());
                output.error(message, &help).map(|()| Exit::Waiting)
            }
        }
    }
}
