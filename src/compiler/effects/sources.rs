//! The source of a secret that is read beside it, so that what it gives is no secret.

use super::Check;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind, Function};
use wf_model::program::{SecretDeclaration, SecretSource};
use wf_model::span::Span;

/// Reports `env(…)` and `read(…)` of what a secret of the workflow comes from.
pub(super) fn check(check: &mut Check<'_, '_>) {
    let workflow = check.room.workflow;
    if workflow.secrets.is_empty() {
        return;
    }
    for part in workflow.expressions().flat_map(Expression::walk) {
        let ExpressionKind::Call(function, arguments, _) = &part.kind else { continue };
        let Some(read) = arguments.first().and_then(Expression::constant_text) else { continue };
        let gives = |secret: &&SecretDeclaration| secret.sources.iter().any(|source| reads(*function, &read, source));
        if let Some(secret) = workflow.secrets.iter().find(gives) {
            check.report(&SecretReadBeside { span: part.span, secret });
        }
    }
}

/// Whether a function with this argument reads a source.
fn reads(function: Function, read: &str, source: &SecretSource) -> bool {
    match (function, source) {
        (Function::Env, SecretSource::Environment(name)) => **name == *read,
        (Function::Read, SecretSource::File(path)) => {
            let relative = path.trim_start_matches("./");
            **path == *read || read.strip_suffix(relative).is_some_and(|folder| folder.ends_with('/'))
        }
        _ => false,
    }
}

/// What is read beside the secret that comes from it.
struct SecretReadBeside<'a> {
    span: Span,
    secret: &'a SecretDeclaration,
}

impl Finding for SecretReadBeside<'_> {
    const SLUG: &'static str = "secret-read-beside";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.secret.name;
        Self::at(self.span, format!("this reads what secret `{name}` comes from"))
            .labelled("a plain text, which journal and logs show")
            .with_label(self.secret.span, "declared to be secret here")
            .with_help(format!("Use `{name}`, which is kept out of journal and logs."))
    }
}
