//! `wfc why RUN STEP`: why a step ran when it did, waited, was skipped or tried again, as its events tell.

mod condition;
mod loops;
mod story;
mod waiting;

use crate::drive::again::named;
use crate::exit::Exit;
use crate::files;
use crate::logs::wanted::{Wanted, meant, steps};
use crate::report::run::rounded;
use crate::report::{Output, printable_line};
use crate::runs;
use crate::store::{self, Problem};
use condition::Conditions;
use serde_json::json;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
pub(crate) use story::missed;
use story::{Stories, Story, stories};
use wf_store::RunRow;

/// Says why a step ran when it did, waited, was skipped or tried again.
#[derive(Debug, clap::Args)]
pub struct Why {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// The step by its path, with its places in loops or without.
    step: String,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = runs::Format::Human, env = "WFC_WHY_FORMAT")]
    format: runs::Format,
}

impl Why {
    /// Says it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let outcome = self.show(output);
        store::ended(outcome, output)
    }

    fn show(&self, output: &mut Output) -> Result<Exit, Problem> {
        let (store, run) = store::found(&self.run)?;
        let definition = store.definition(&run.id)?;
        let compilation = files::compiled(&definition);
        // Without the program only the texts of conditions are missing.
        let program = compilation.program.as_ref().and_then(|program| Some((program, named(program, &run.workflow)?)));
        let sources = &compilation.sources;
        let conditions = program.map(|(program, workflow)| Conditions { program, workflow, sources, definition: &definition });
        let wanted = Wanted { step: Some(&self.step), attempt: None, stream: None };
        let stories = stories(store.history(&run.id)?, &wanted, definition.jobs, conditions.as_ref())?;
        if stories.told.is_empty() {
            let known = steps(store.history(&run.id)?, &self.step)?;
            return Ok(self.tell_nothing(&run, &known, conditions.as_ref(), output)?);
        }
        match self.format {
            runs::Format::Human => output.result(&human(&stories)),
            runs::Format::Json => {
                let told: Vec<_> = stories.told.iter().map(object).collect();
                let object = json!({ "run": run.id, "stories": told, "more": stories.more });
                let text = serde_json::to_string_pretty(&object).unwrap_or_default();
                output.result(&(text + "\n"))
            }
        }?;
        Ok(Exit::Done)
    }

    /// Says why nothing is known of the step.
    fn tell_nothing(
        &self,
        run: &RunRow,
        known: &BTreeSet<Arc<str>>,
        conditions: Option<&Conditions<'_>>,
        output: &mut Output,
    ) -> io::Result<Exit> {
        let step = printable_line(&self.step);
        let inside = |known: &&Arc<str>| known.rsplit('.').next() == Some(&*self.step);
        let help = if let Some(inside) = known.iter().find(inside) {
            format!("Perhaps `{}` is meant.", printable_line(inside))
        } else if conditions.and_then(|conditions| conditions.statement(&self.step)).is_some() {
            if run.state.is_final() {
                "The run ended before it was its turn, or what stands around it did not run.".to_owned()
            } else {
                "It is not its turn yet: what stands before it or around it has not come that far.".to_owned()
            }
        } else {
            match meant(&self.step, known) {
                Some(near) => format!("Perhaps `{}` is meant.", printable_line(near)),
                None => format!("`wfc status {}` shows the steps that it came to.", run.id),
            }
        };
        output.error(format!("run `{}` came to no step `{step}`", run.id), &help).map(|()| Exit::Usage)
    }
}

fn human(stories: &Stories) -> String {
    let mut text = String::new();
    for story in &stories.told {
        let distinction = story.distinction.as_ref().map(|distinction| format!(", {distinction}")).unwrap_or_default();
        text += &format!("{}{distinction}\n", printable_line(&story.path));
        let times: Vec<String> = story.chapters.iter().map(|chapter| format!("+{}", rounded(chapter.after))).collect();
        let width = times.iter().map(String::len).max().unwrap_or(0);
        for (chapter, time) in story.chapters.iter().zip(times) {
            text += &format!("  {time:<width$}  {}\n", printable_line(&chapter.text));
        }
    }
    if stories.more > 0 {
        text += &format!("… and {} more: name one with its places in loops, as these are named\n", stories.more);
    }
    text
}

fn object(story: &Story) -> serde_json::Value {
    let chapters = story
        .chapters
        .iter()
        .map(|chapter| json!({ "after_ms": chapter.after.milliseconds, "what": chapter.what, "text": chapter.text }));
    json!({ "step": story.path, "undo": story.is_undo, "chapters": chapters.collect::<Vec<_>>() })
}
