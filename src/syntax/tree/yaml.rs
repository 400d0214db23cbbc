//! Files of other tools, which are told apart by their first line.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// Keys that such files begin with; no file of this language begins with any key.
const KEYS: [&str; 30] = [
    "name",
    "run-name",
    "on",
    "jobs",
    "job",
    "version",
    "stages",
    "stage",
    "steps",
    "tasks",
    "services",
    "env",
    "image",
    "images",
    "pipeline",
    "pipelines",
    "hosts",
    "kind",
    "apiVersion",
    "variables",
    "vars",
    "default",
    "defaults",
    "before_script",
    "script",
    "include",
    "includes",
    "permissions",
    "trigger",
    "workflow",
];

/// A file that another tool reads.
struct LooksLikeYaml {
    line: Span,
}

impl Finding for LooksLikeYaml {
    const SLUG: &'static str = "looks-like-yaml";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.line, "this looks like YAML")
            .labelled("no file begins like this")
            .with_help("Write a workflow: `workflow main { … }`, and in it a line `step build: shell \"make\"` for each step.")
    }
}

/// What to say of a file whose first line is YAML's.
pub(super) fn recognised(source: SourceId, text: &str) -> Option<Diagnostic> {
    let (start, line) = first_line(text)?;
    let key = line.trim_start_matches("- ").split_once(':').filter(|(_, behind)| behind.is_empty() || behind.starts_with(' '));
    let is_yaml = line == "---" || key.is_some_and(|(key, _)| KEYS.contains(&key.trim_matches(['"', '\''])));
    is_yaml.then(|| LooksLikeYaml { line: Span::new(source, start, start + line.len()) }.diagnostic())
}

/// The first line that is neither blank nor a comment, and where it begins; one that is indented is none of a file.
fn first_line(text: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let shown = line.trim_end();
        if !shown.is_empty() && !shown.starts_with(['#', '\u{feff}']) {
            return Some((at, shown));
        }
        at += line.len();
    }
    None
}
