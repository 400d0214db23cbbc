//! `wfc check FILE…`: everything that is wrong with workflow files, before anything runs.

use crate::exit::Exit;
use crate::files::Disk;
use crate::fix;
use crate::machine::{self, Machine};
use crate::report::diagnostics::{Format, write};
use crate::report::{Look, Output};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use wf_compiler::{Compilation, compile};
use wf_model::diagnostic::{Diagnostic, Level, Severity};
use wf_model::source::Sources;
use wf_model::span::SourceId;

/// Checks workflow files: names, types, units, effects, secrets and quoting.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Files to check; `-` is stdin.
    #[arg(required = true)]
    files: Vec<String>,
    /// How much is asked of a file.
    #[arg(long, value_enum, default_value_t = Strictness::Standard, env = "WFC_LEVEL")]
    level: Strictness,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text, env = "WFC_CHECK_FORMAT")]
    format: Format,
    /// Change the files where a finding has a change that surely mends it.
    #[arg(long, env = "WFC_FIX")]
    fix: bool,
}

/// How much is asked of a file; each includes the ones before it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Strictness {
    /// Errors only.
    Basic,
    /// Adds warnings.
    Standard,
    /// Adds what a production workflow should say.
    Strict,
    /// Adds checks that look at the machine.
    Paranoid,
}

impl From<Strictness> for Level {
    fn from(strictness: Strictness) -> Self {
        match strictness {
            Strictness::Basic => Self::Basic,
            Strictness::Standard => Self::Standard,
            Strictness::Strict => Self::Strict,
            Strictness::Paranoid => Self::Paranoid,
        }
    }
}

impl Check {
    /// Checks every file, also behind one that has errors.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let level = Level::from(self.level);
        let kinds = wf_steps::registry();
        let mut failed = false;
        let mut compilations = Vec::new();
        for file in &self.files {
            let mut compilation = compile(file, &Disk::default(), kinds, level);
            if self.fix && fix::apply(file, &compilation, level, output)? {
                compilation = compile(file, &Disk::default(), kinds, level);
            }
            if level >= Level::Paranoid
                && let Some(program) = &compilation.program
            {
                compilation.diagnostics.extend(machine::check(program, kinds, &Machine::this()));
                compilation.diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.span, diagnostic.slug));
            }
            failed |= has_error(&compilation.diagnostics, level);
            compilations.push(compilation);
        }
        let (sources, diagnostics) = merged(compilations);
        output.result(&write(self.format, &diagnostics, &sources, level, Look::of(&io::stdout())))?;
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }
}

/// The findings of several files as one list, those of a file that several of them use once.
fn merged(compilations: Vec<Compilation>) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut known: HashMap<Arc<str>, SourceId> = HashMap::new();
    for compilation in compilations {
        let mut moved: HashMap<SourceId, SourceId> = HashMap::new();
        let mut shared: HashSet<SourceId> = HashSet::new();
        for (id, source) in compilation.sources.iter() {
            let before = known.get(&source.path).copied();
            shared.extend(before);
            let Some(place) = before.or_else(|| sources.add(source.clone())) else { continue };
            known.insert(source.path.clone(), place);
            moved.insert(id, place);
        }
        // The process ends with the report: to take a large program apart first would only keep people waiting.
        std::mem::forget(compilation.program);
        for mut diagnostic in compilation.diagnostics {
            diagnostic.each_span(|span| span.source = moved.get(&span.source).copied().unwrap_or(span.source));
            if !shared.contains(&diagnostic.primary.span.source) || !diagnostics.contains(&diagnostic) {
                diagnostics.push(diagnostic);
            }
        }
    }
    (sources, diagnostics)
}

/// Whether the level refuses a file with these findings.
pub(crate) fn has_error(diagnostics: &[Diagnostic], level: Level) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity(level) == Some(Severity::Error))
}
