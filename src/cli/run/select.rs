//! Which workflow of a file runs.

use crate::files::STDIN;
use crate::text;
use std::path::Path;
use wf_model::program::{Program, Workflow, WorkflowId};
use wf_model::span::SourceId;
use wf_model::suggest::nearest;

/// `FILE` and `WORKFLOW` of `FILE:WORKFLOW`; a file whose name has a colon is taken as it is.
pub(crate) fn split(argument: &str) -> (&str, Option<&str>) {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match argument.rsplit_once(':') {
        Some((STDIN, name)) if is_name(name) => ("-", Some(name)),
        Some((file, name)) if !file.is_empty() && is_name(name) && !Path::new(argument).exists() => (file, Some(name)),
        _ => (argument, None),
    }
}

/// The workflow of this name; without one the only workflow, or the one named like the file, or `main`.
pub(crate) fn workflow<'a>(program: &'a Program, file: &str, wanted: Option<&str>) -> Result<(WorkflowId, &'a Workflow), String> {
    let own: Vec<(WorkflowId, &Workflow)> =
        program.workflows.iter().filter(|(_, workflow)| workflow.span.source == SourceId(0)).collect();
    let named = |name: &str| own.iter().copied().find(|(_, workflow)| &*workflow.name == name);
    let names = || own.iter().map(|(_, workflow)| &*workflow.name);
    let listed = names().collect::<Vec<_>>().join(", ");
    let told = text::name(file);
    if let Some(wanted) = wanted {
        let help =
            nearest(wanted, names()).map_or_else(|| format!("It has {listed}."), |near| format!("Did you mean {file}:{near}?"));
        return named(wanted).ok_or_else(|| format!("error: {told} has no workflow `{wanted}`\nhelp: {help}\n"));
    }
    let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    let only = match own.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    only.or_else(|| named(&stem)).or_else(|| named("main")).ok_or_else(|| match own.as_slice() {
        [] => format!("error: {told} has no workflow\nhelp: Write one: `workflow main {{ … }}`.\n"),
        [(_, first), ..] => {
            format!("error: {told} has several workflows: {listed}\nhelp: Name one, such as `{file}:{}`.\n", first.name)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_workflow_stands_behind_the_last_colon() {
        assert_eq!(split("deploy.wf"), ("deploy.wf", None));
        assert_eq!(split("deploy.wf:eu"), ("deploy.wf", Some("eu")));
        assert_eq!(split("a:b/deploy.wf"), ("a:b/deploy.wf", None));
        assert_eq!(split(":eu"), (":eu", None));
        assert_eq!(split("<stdin>:eu"), ("-", Some("eu")));
    }
}
