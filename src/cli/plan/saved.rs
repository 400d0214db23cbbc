//! Plans that are kept: `wfc run PLAN` runs just that, or says in what it would be another run.

use super::of;
use crate::difference::{of_sources, unified};
use crate::drive::secrets;
use crate::exit::Exit;
use crate::files::Current;
use crate::report::diagnostics::Format;
use crate::report::{Output, printable};
use crate::run::asked::{Found, Prepared, Ready, Secrets};
use crate::run::findings;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;
use wf_compiler::compile;
use wf_model::diagnostic::Level;
use wf_model::plan::{Plan, State};
use wf_runtime::mask::Masker;
use wf_store::{Definition, new_id};

/// The form of kept plans.
const FORMAT: u32 = 1;

/// What helps where a kept plan cannot be used.
pub(crate) const AGAIN: &str = "Make another plan with `wfc plan … --out`.";

/// What every kept plan begins with.
const BEGINNING: &str = "{\"wfc_plan\":";

/// A plan with all that it was made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// The form of this JSON.
    wfc_plan: u32,
    /// BLAKE3, in hex, of what follows.
    hash: Arc<str>,
    workflow: Arc<str>,
    /// Texts and arguments.
    definition: Definition,
    plan: Plan,
}

impl Saved {
    /// Keeps a plan; `None` where an argument holds a secret.
    pub(super) fn of(found: &Found, prepared: &Prepared, plan: &Plan) -> Option<Self> {
        let secret = |text: &str| prepared.masker.text(text) != text;
        if prepared.arguments.iter().any(|argument| secret(&argument.value.to_json().to_string())) {
            return None;
        }
        let definition = found.definition(prepared, plan.jobs);
        let mut saved =
            Self { wfc_plan: FORMAT, hash: "".into(), workflow: plan.workflow.clone(), definition, plan: plan.clone() };
        saved.hash = saved.hash_of_content();
        Some(saved)
    }

    /// Writes it to a file.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, serde_json::to_string(self)? + "\n")
    }

    /// Reads a kept plan; `None` where the file is none.
    ///
    /// # Errors
    /// Says why it cannot be run.
    pub(crate) fn read(path: &str) -> Option<Result<Self, &'static str>> {
        let text = std::fs::read_to_string(path).ok().filter(|text| text.starts_with(BEGINNING))?;
        Some(match serde_json::from_str::<Self>(&text) {
            Err(_) => Err("it was written by another version of wfc, or is damaged"),
            Ok(saved) if saved.wfc_plan != FORMAT => Err("it was written by another version of wfc"),
            Ok(saved) if saved.hash != saved.hash_of_content() => Err("it was changed after it was made"),
            Ok(saved) => Ok(saved),
        })
    }

    /// What it is known by.
    pub(crate) const fn hash(&self) -> &Arc<str> {
        &self.hash
    }

    /// The plan itself.
    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    fn hash_of_content(&self) -> Arc<str> {
        let content = serde_json::to_vec(&(&self.workflow, &self.definition, &self.plan)).unwrap_or_default();
        blake3::hash(&content).to_hex().as_str().into()
    }

    /// What would run now, and with what; shows in what it differs from the plan.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(crate) fn find(
        &self,
        name: &str,
        wanted: Secrets,
        format: Format,
        output: &mut Output,
    ) -> io::Result<Result<Ready, Exit>> {
        let again = "Make another plan with `wfc plan … --out`, and look at it.";
        let Some(current) = Current::of(&self.definition) else {
            return output
                .error("the plan was made of a text from stdin, which is not there any more", again)
                .map(|()| Err(Exit::Usage));
        };
        let compilation = compile(&self.definition.file, &current, wf_steps::registry(), Level::Standard);
        let (sources, resolutions) = current.take();
        let changes = of_sources(&self.definition.sources, &sources);
        if !changes.is_empty() {
            output.note(&printable(&changes))?;
            return output.error(format!("{name} is the plan of other texts than these"), again).map(|()| Err(Exit::Usage));
        }
        findings::show(format, &compilation, &compilation.diagnostics, output)?;
        let Some(found) = Found::named(compilation, &self.workflow, &self.definition.file, (sources, resolutions)) else {
            return Ok(Err(Exit::Usage));
        };
        let secrets = match secrets::read(&found.program, found.workflow, wanted != Secrets::Read) {
            Ok(secrets) => secrets,
            Err(problems) => return findings::show(format, &found.compilation, &problems, output).map(|()| Err(Exit::Usage)),
        };
        let known: Vec<_> = secrets.values.values().cloned().collect();
        let prepared = Prepared {
            id: new_id(),
            arguments: self.definition.arguments.clone(),
            secrets,
            folder: self.definition.folder.to_string().into(),
            masker: Masker::of_values(&known),
            plan: Some(self.hash.clone()),
        };
        let now = of(&found, &prepared, usize::try_from(self.plan.jobs).unwrap_or(usize::MAX));
        let (planned, now) = (content(&self.plan), content(&now));
        if planned != now {
            output.note(&printable(&unified(("planned", "now"), &planned, &now)))?;
            return output.error(format!("{name} would be another run now"), again).map(|()| Err(Exit::Usage));
        }
        Ok(Ok((found, prepared)))
    }
}

/// Says why a kept plan cannot be used.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn refuse(name: &str, problem: &str, output: &mut Output) -> io::Result<Exit> {
    output.error(format!("{name} cannot be used: {problem}"), AGAIN).map(|()| Exit::Usage)
}

/// What a plan says of what happens, without what it says of time.
fn content(plan: &Plan) -> String {
    let mut text = String::new();
    for node in &plan.nodes {
        let state = match node.state {
            State::Runs { .. } => "",
            State::NotTaken { .. } => " (not taken)",
            State::Open { .. } => " (decided at run time)",
        };
        let times = node.times.filter(|times| !times.assumed).map_or_else(String::new, |times| format!(" ×{}", times.count));
        let times = times + &node.iterations.map_or_else(String::new, |share| format!(" in {} of {}", share.runs, share.of));
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{} {}{state}{times}: {}", node.path, node.kind.word(), node.action.as_deref().unwrap_or_default());
        if let Some(undo) = &node.undo {
            let _ = writeln!(text, "  undo {}", undo.action);
        }
        for line in node.preview.iter().flat_map(|preview| preview.lines()) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
