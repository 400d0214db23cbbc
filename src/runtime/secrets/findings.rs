//! What can be wrong with a secret.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::{SecretDeclaration, SecretSource};

/// A source that gave nothing, and why.
pub(super) struct FailedSource {
    pub(super) source: SecretSource,
    pub(super) problem: String,
}

impl FailedSource {
    fn sentence(&self) -> String {
        let source = match &self.source {
            SecretSource::Environment(name) => format!("environment variable {name}"),
            SecretSource::File(path) => format!("file {path}"),
            SecretSource::Command(words) => format!("command `{}`", words.first().map_or("", |word| word)),
        };
        format!("{source} {}", self.problem)
    }
}

pub(super) struct SecretMissing<'a> {
    pub(super) declaration: &'a SecretDeclaration,
    pub(super) failed: Vec<FailedSource>,
}

impl Finding for SecretMissing<'_> {
    const SLUG: &'static str = "secret-missing";

    fn diagnostic(&self) -> Diagnostic {
        let problems: Vec<String> = self.failed.iter().map(FailedSource::sentence).collect();
        let help = match self.failed.first().map(|failed| &failed.source) {
            Some(SecretSource::Environment(name)) => format!("Set {name}, or add another source with `or`."),
            Some(SecretSource::File(_)) => "Write the secret into that file, or add another source with `or`.".to_owned(),
            _ => "Run the command by hand to see what it lacks, or add another source with `or`.".to_owned(),
        };
        Self::at(self.declaration.span, format!("secret `{}` has no value", self.declaration.name))
            .labelled(problems.join("; "))
            .with_help(help)
    }
}
